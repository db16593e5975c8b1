// Package guide turns what the card says and what the diagnosis found into the
// next step: the guidance that fits, and a search through all of it. It reads
// the entries, the facets and the rules of assets/guide, and asks nothing of
// the network.
package guide

import "time"

// Facet is one of the five questions by which ANS sorts its FAQ.
type Facet string

// The facets, in ANS's order.
const (
	Offre      Facet = "offre"      // type d'offre
	Couloir    Facet = "couloir"    // couloir Ségur
	Dispositif Facet = "dispositif" // dispositif Ségur
	Produit    Facet = "produit"    // produit ou service
	Thematique Facet = "thematique" // thématique
)

// Entry is one piece of guidance.
type Entry struct {
	ID string // of its file: "identifiant-national"
	// Facets are the values under which it is sorted, by their IDs.
	Facets map[Facet][]string
	// Links are those of package assets/links; the first is the official page.
	Links []string
	// FactDate is the day when the facts were last read in their source.
	FactDate time.Time
	// Sources name where the facts are from.
	Sources []string
	texts   map[string]Text // by language
}

// Text is an entry in one language.
type Text struct {
	Question string
	// Answer is paragraphs with an empty line between them; lines that begin
	// with "- " are a list, with "1. " a numbered one. Nothing else is markup.
	Answer string
	// Words are other words under which people look for it.
	Words []string
}

// In gives the text in that language, the French one when there is none.
func (e Entry) In(tag string) Text {
	if t, ok := e.texts[tag]; ok {
		return t
	}
	return e.texts["fr"]
}
