package ui

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postecpx/cardreader/cps"
	"postecpx/internal/annuaire"
	"postecpx/internal/diagnostic"
	"postecpx/internal/guide"
	"postecpx/internal/wording"
)

// mostSuggestions is how many entries are shown for a situation.
const mostSuggestions = 3

// known is what the other places know: the card that was read, nil for none,
// never the demonstration; and the last diagnosis, nil for none.
type known struct {
	card      *cps.Card
	diagnosis *diagnostic.Diagnosis
	// outdated: what the diagnosis found may no longer be true.
	outdated bool
}

// counts gives the diagnosis when it still tells of what is there.
func (k known) counts() *diagnostic.Diagnosis {
	if k.outdated {
		return nil
	}
	return k.diagnosis
}

// Follow takes what is known now.
func (g *guideScreen) Follow(k known) {
	if k == g.known {
		return
	}
	g.known = k
	g.match()
	g.lookup.about(k.card)
}

// match finds the entries that fit. The card of a diagnosis is the one that its
// findings tell of.
func (g *guideScreen) match() {
	g.suggestions = nil
	if g.book != nil {
		situation := guide.OfCard(g.known.card, g.now())
		if d := g.known.counts(); d != nil {
			of := guide.OfDiagnosis(*d)
			if of.Card == nil {
				of.Card, of.Expired, of.ExpiresSoon = situation.Card, situation.Expired, situation.ExpiresSoon
			}
			situation = of
		}
		if situation.Card != nil || len(situation.Findings) > 0 {
			g.suggestions = g.book.Match(situation, g.speaker.Tag())
		}
	}
	g.showSituation()
	g.showWhy()
}

// because says why the entry fits now, "" when it does not particularly.
func (g *guideScreen) because(id string) string {
	at := slices.IndexFunc(g.suggestions, func(s guide.Suggestion) bool { return s.Entry.ID == id })
	if at < 0 {
		return ""
	}
	return g.suggestions[at].Because
}

// showSituation shows what fits, or how to make the situation known.
func (g *guideScreen) showSituation() {
	s := g.speaker
	if said := g.said(); said == g.drawn {
		return // the keyboard may be on it
	} else {
		g.drawn = said
	}
	g.situation.RemoveAll()
	title := newHeading(s.Say("guide.situation"), sizeAnswer)
	lines := []fyne.CanvasObject{title, newWords(g.from())}
	if g.known.outdated {
		lines = append(lines, newWords(s.Say("guide.situation.outdated")))
	}
	if g.failed != nil {
		lines = append(lines, newWords(s.Say("guide.failed", "Cause", wording.Cause(g.failed))))
	}
	g.situation.Add(tight(lines...))
	fitting := container.NewVBox()
	for _, suggestion := range g.suggestions[:min(mostSuggestions, len(g.suggestions))] {
		r := g.newRow(theme.NewPrimaryThemedResource(theme.DocumentIcon()), func(r *row) {
			g.show(suggestion.Entry.ID, r.byKey, stop{label: s.Say("guide.back.list"), back: func() {
				g.showList()
				g.focusOn(r)
			}})
		})
		r.set(g.text(suggestion.Entry).Question, suggestion.Because)
		fitting.Add(r)
	}
	if len(fitting.Objects) > 0 {
		g.situation.Add(newPanel(fitting))
	}
	if g.diagnose != nil && g.known.counts() == nil && (g.known.card == nil || g.known.outdated) {
		_, box := g.newAction(s.Say("guide.situation.diagnose"), theme.ComputerIcon(), g.diagnose)
		g.situation.Add(box)
	}
	if page := g.newDirectory(); page != nil {
		g.situation.Add(page)
	}
	g.situation.Add(g.lookup.box)
	if g.shown == "" && g.situation.Visible() {
		g.listScroll.ScrollToTop() // it is news
	}
	g.content.Refresh()
}

// said is all that the situation depends on.
func (g *guideScreen) said() string {
	all := []string{g.from(), fmt.Sprint(g.known.outdated, g.failed, g.diagnose != nil, g.known.card == nil)}
	for _, suggestion := range g.suggestions {
		all = append(all, suggestion.Entry.ID, suggestion.Because)
	}
	if g.known.card != nil {
		all = append(all, g.known.card.Identifier.Value)
	}
	return strings.Join(all, "\n")
}

// from says what the suggestions are made from.
func (g *guideScreen) from() string {
	s, d, card := g.speaker, g.known.counts(), g.known.card
	switch {
	case card == nil && d == nil && g.diagnose != nil:
		return s.Say("guide.situation.unknown")
	case card == nil && d == nil:
		return s.Say("guide.situation.unknown.card")
	case g.book == nil:
		return ""
	case len(g.suggestions) == 0:
		return s.Say("guide.situation.none")
	case d == nil:
		return s.Say("guide.situation.card")
	case d.Card == nil && card == nil:
		return s.Say("guide.situation.diagnosis", "Time", d.At.Format("15:04"))
	}
	return s.Say("guide.situation.both", "Time", d.At.Format("15:04"))
}

// newDirectory leads to the Annuaire Santé for the identifier of the card in
// the reader, nil without one. The address is shown before anything is opened.
// Nobody has an identifier of the test range: then there is no page to lead to.
func (g *guideScreen) newDirectory() fyne.CanvasObject {
	if g.known.card == nil || g.known.card.Identifier.Value == "" {
		return nil
	}
	s, page := g.speaker, annuaire.Page(g.known.card.Identifier.Identifier)
	label := s.Say("guide.directory.search")
	if page.Kind == annuaire.KindPerson {
		label = s.Say("guide.directory.page")
	}
	said := tight()
	for _, line := range annuaire.SayPage(s, page)[1:] { // the button says the first
		said.Add(newCaption(line))
	}
	if page.Test {
		return said
	}
	_, box := g.newAction(label, theme.AccountIcon(), func() { g.open(page.URL) })
	said.Objects = append([]fyne.CanvasObject{underRing(newPrint(page.URL))}, said.Objects...)
	return container.NewVBox(box, said)
}

// focusOn gives the keyboard to a row, when it still is on the screen.
func (g *guideScreen) focusOn(r *row) {
	if isShown(g.content, r) {
		g.focus(r)
	}
}

// isShown tells whether an object stands in the tree of another.
func isShown(root, o fyne.CanvasObject) bool {
	if root == o {
		return true
	}
	var inside []fyne.CanvasObject
	switch at := root.(type) {
	case *fyne.Container:
		inside = at.Objects
	case *container.Scroll:
		inside = []fyne.CanvasObject{at.Content}
	case *painted:
		inside = []fyne.CanvasObject{at.content}
	}
	return root.Visible() && slices.ContainsFunc(inside, func(child fyne.CanvasObject) bool { return isShown(child, o) })
}
