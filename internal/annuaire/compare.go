package annuaire

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/plaintext"
)

// Agreement is what a comparison came to. It is Unknown whenever one of the two
// does not say: nothing is guessed.
type Agreement string

// Agreements.
const (
	Same      Agreement = "same"
	Different Agreement = "different"
	Unknown   Agreement = "unknown"
)

// Agreements lists every Agreement.
func Agreements() []Agreement { return []Agreement{Same, Different, Unknown} }

// Aspect is what is compared.
type Aspect string

// Aspects.
const (
	AspectIdentifier Aspect = "identifier"
	AspectName       Aspect = "name"
	AspectActive     Aspect = "active" // a card in use, and a person in activity
	AspectNumber     Aspect = "number"
	AspectType       Aspect = "type"
	AspectStart      Aspect = "start"
	AspectEnd        Aspect = "end"
)

// Aspects lists every Aspect, in the order in which they are told.
func Aspects() []Aspect {
	return []Aspect{AspectIdentifier, AspectName, AspectActive, AspectNumber, AspectType, AspectStart, AspectEnd}
}

// Comparison is one aspect of the card and of the directory.
type Comparison struct {
	Aspect    Aspect    `json:"aspect"`
	Agreement Agreement `json:"agreement"`
	// Card and Directory are what each says, "" when it does not.
	Card      string `json:"card,omitempty"`
	Directory string `json:"directory,omitempty"`
}

// Compare holds the card against a person of the directory. expired tells of
// the card.
//
// The type and the days are compared with the card of the same number: a
// person with two professions has two. The directory may give one number more
// than once, with the periods that followed each other: one that agrees is
// enough.
func Compare(c *cps.Card, expired bool, p Person) []Comparison {
	twins := p.cards(c.Number)
	of := func(value func(Card) string) []string {
		var all []string
		for _, card := range twins {
			if v := value(card); v != "" && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
		return all
	}
	plain := strings.TrimSpace
	all := []Comparison{
		compare(AspectIdentifier, c.Identifier.Value, p.named(c.Identifier.Identifier), plain),
		compareName(c.Holder, p),
		compareActive(expired || c.Expires.IsZero(), p),
		compareNumber(c.Number, p),
		compare(AspectType, string(c.Kind), of(func(k Card) string { return k.Type }), family),
		compare(AspectStart, c.Issued.String(), of(func(k Card) string { return k.Start.String() }), plain),
		compare(AspectEnd, c.Expires.String(), of(func(k Card) string { return k.End.String() }), plain),
	}
	for i := range all {
		all[i].Card = plaintext.Line(all[i].Card, 120) // the card is foreign too
	}
	return all
}

// named are the identifiers of the person. A card that names the RPPS is
// answered with it: the directory may name another one beside it.
func (p *Person) named(card nationalid.Identifier) []string {
	all := p.identifiers
	if p.Identifier != "" && !slices.Contains(all, p.Identifier) {
		all = append(all[:len(all):len(all)], p.Identifier)
	}
	if card.Type == nationalid.RPPS && p.RPPS != "" && p.RPPS == card.Number {
		all = append(all[:len(all):len(all)], card.Value)
	}
	return all
}

// compareNumber finds a number different only where the directory has one of
// each card that it knows.
func compareNumber(number string, p Person) Comparison {
	result := Comparison{Aspect: AspectNumber, Agreement: Unknown, Card: number}
	var all []string
	for _, card := range p.Cards {
		if card.Number != "" {
			all = append(all, card.Number)
		}
	}
	switch result.Directory = strings.Join(all, ", "); {
	case number == "":
	case slices.Contains(all, number):
		result.Agreement, result.Directory = Same, number
	case len(all) > 0 && len(all) == len(p.Cards):
		result.Agreement = Different
	}
	return result
}

// compare holds what the card says against each thing that the directory says
// of it.
func compare(a Aspect, card string, directory []string, plain func(string) string) Comparison {
	result := Comparison{Aspect: a, Agreement: Unknown, Card: card, Directory: strings.Join(directory, ", ")}
	if card == "" || len(directory) == 0 {
		return result
	}
	result.Agreement = Different
	for _, d := range directory {
		if plain(card) == plain(d) {
			result.Agreement, result.Directory = Same, d
		}
	}
	return result
}

// family takes a director's card for one of the establishment: table R87 has
// one code for both.
func family(kind string) string {
	switch kind {
	case string(cps.CDE):
		return string(cps.CPE)
	case string(cps.CDA):
		return string(cps.CPA)
	}
	return kind
}

// compareActive: an expired card says nothing of the person, and neither does
// one of which it is not known.
func compareActive(mute bool, p Person) Comparison {
	result := Comparison{Aspect: AspectActive, Agreement: Unknown}
	switch {
	case p.Active == nil || mute:
	case *p.Active:
		result.Agreement = Same
	default:
		result.Agreement = Different
	}
	return result
}

// compareName compares letters, without accents, case and separators: a card
// has room for capitals only. A card gives the first given names, the directory
// may give all. A part of a compound name is neither the same nor another: some
// practise under a part of theirs.
func compareName(h cps.Holder, p Person) Comparison {
	result := Comparison{Aspect: AspectName, Agreement: Unknown}
	join := func(given, family string) string { return strings.TrimSpace(given + " " + family) }
	result.Card, result.Directory = join(h.GivenName, h.FamilyName), join(strings.Join(p.GivenNames, " "), p.FamilyName)
	names := strings.Fields(strings.Join(p.GivenNames, " "))
	if letters(h.FamilyName) == "" || letters(h.GivenName) == "" || letters(p.FamilyName) == "" || letters(strings.Join(names, "")) == "" {
		return result
	}
	given := compareWords(h.GivenName, strings.Join(names, " "))
	for n := range names {
		if letters(strings.Join(names[:n+1], "")) == letters(h.GivenName) {
			given = Same
		}
	}
	if initial := []rune(letters(h.GivenName)); given == Different && len(initial) == 1 && initial[0] == []rune(letters(names[0]) + "?")[0] {
		given = Unknown
	}
	switch family := compareWords(h.FamilyName, p.FamilyName); {
	case given == Different || family == Different:
		result.Agreement = Different
	case given == Same && family == Same:
		result.Agreement = Same
	}
	return result
}

// compareWords tells whether two names are the same, or all words of one are in
// the other.
func compareWords(a, b string) Agreement {
	if letters(a) == letters(b) {
		return Same
	}
	some, others := words(a), words(b)
	if len(some) > len(others) {
		some, others = others, some
	}
	if len(some) == len(others) || slices.ContainsFunc(some, func(w string) bool { return !slices.Contains(others, w) }) {
		return Different
	}
	return Unknown
}

// words are the parts of a compound name.
func words(name string) []string {
	var all []string
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '\'' || r == '’' || unicode.IsSpace(r) }) {
		if w = letters(w); w != "" {
			all = append(all, w)
		}
	}
	return all
}

// folded are the letters that Unicode does not take apart, as capitals without
// accents are written for them.
var folded = strings.NewReplacer("Œ", "OE", "Æ", "AE", "ß", "SS", "ẞ", "SS", "Ł", "L", "Ø", "O", "Đ", "D", "Ð", "D", "Þ", "TH")

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFD.String(folded.Replace(strings.ToUpper(s))))
}
