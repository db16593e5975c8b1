package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"

	"postecpx/cardreader/cps"
	"postecpx/internal/diagnostic"
	"postecpx/internal/guide"
)

// signpost leads from a place to an entry of the guide, and back.
type signpost struct {
	question, because string
	follow            func(byKey bool, back func())
}

// newSignpost is the signpost on the screen.
func newSignpost(label string, to signpost, back func(), other func(*fyne.KeyEvent)) *row {
	r := newRow(theme.NewPrimaryThemedResource(theme.QuestionIcon()), func(r *row) { to.follow(r.byKey, back) }, other)
	r.set(label, "")
	return r
}

// guideShortcuts lead to the search, and back from an entry.
func (w *Window) guideShortcuts() []shortcut {
	if w.guide == nil {
		return nil
	}
	return []shortcut{
		{&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault}, func() {
			w.toGuide()
			w.guide.Search()
		}},
		{&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierAlt}, func() {
			if w.guide.content.Visible() {
				w.guide.Back()
			}
		}},
	}
}

// lead makes the ways between the guide and the other places. to leads to each
// place; the card is the first, and Poste the one after it.
func (w *Window) lead(to []shortcut, atGuide int) {
	if w.guide == nil {
		return
	}
	w.toCard, w.toPoste, w.toGuide = to[0].do, to[1].do, to[atGuide].do
	w.guide.search.onShortcut = w.run
	w.guide.loaded = func() {
		if w.poste != nil {
			w.poste.rebuild()
		}
		w.followGuide()
	}
	if w.poste != nil {
		w.guide.diagnose = w.toPoste
		w.poste.guidance, w.poste.changed = w.signposts, w.followGuide
	}
	w.guide.showSituation()
}

// run does what a shortcut of the window does, and tells whether there is one.
func (w *Window) run(s fyne.Shortcut) bool {
	for _, own := range w.shortcuts {
		if own.keys.ShortcutName() == s.ShortcutName() {
			own.do()
			return true
		}
	}
	return false
}

// followGuide tells the guide what is known now, and has the place Carte show
// the way to what fits its card.
func (w *Window) followGuide() {
	if w.guide == nil {
		return
	}
	var card *cps.Card
	if !w.card.subject.demonstration && w.complete {
		card = w.card.shown
	}
	k := known{card: card}
	if w.poste != nil {
		k.diagnosis, k.outdated = w.poste.diagnosis, w.poste.diagnosis != nil && w.poste.outdated
	}
	w.guide.Follow(k)
	w.card.showSignpost(w.cardSignpost(card))
}

// cardSignpost leads to what fits the card best, nil when nothing does.
func (w *Window) cardSignpost(card *cps.Card) *signpost {
	if card == nil || w.guide.book == nil {
		return nil
	}
	for _, fit := range w.guide.book.Match(guide.OfCard(card, w.options.Now()), w.speaker.Tag()) {
		to := w.signpost(fit, w.speaker.Say("guide.back.card"), w.toCard)
		return &to
	}
	return nil
}

// signposts lead from the findings of a diagnosis to what fits them best.
func (w *Window) signposts(d diagnostic.Diagnosis) map[diagnostic.Code]signpost {
	ways := map[diagnostic.Code]signpost{}
	if w.guide.book == nil {
		return ways
	}
	for _, fit := range w.guide.book.Match(guide.OfDiagnosis(d), w.speaker.Tag()) {
		for _, code := range fit.From {
			if _, better := ways[code]; !better {
				ways[code] = w.signpost(fit, w.speaker.Say("guide.back.poste"), w.toPoste)
			}
		}
	}
	return ways
}

// signpost leads to what fits, and back to the place that it stands in.
func (w *Window) signpost(fit guide.Suggestion, label string, home func()) signpost {
	return signpost{question: w.guide.text(fit.Entry).Question, because: fit.Because, follow: func(byKey bool, back func()) {
		w.toGuide()
		w.guide.show(fit.Entry.ID, byKey, stop{label: label, because: fit.Because, back: func() {
			w.guide.showList()
			home()
			back()
		}})
	}}
}

// findWays finds the ways to the guide anew, before they are shown.
func (p *posteScreen) findWays() {
	p.ways, p.wayRows = nil, map[diagnostic.Code]*row{}
	if p.diagnosis != nil && p.guidance != nil {
		p.ways = p.guidance(*p.diagnosis)
	}
	if p.changed != nil {
		p.changed()
	}
}

// addGuide adds to a finding the way to the entry that fits it.
func (p *posteScreen) addGuide(all *fyne.Container, code diagnostic.Code) {
	to, fits := p.ways[code]
	if !fits {
		return
	}
	r := newSignpost(p.speaker.Say("guide.way", "Question", to.question), to, func() {
		if r := p.wayRows[code]; r != nil {
			p.focus(r)
		}
	}, p.key)
	r.onFocus = p.reveal
	p.wayRows[code] = r
	all.Add(r)
}

// showSignpost shows the way to what fits the card, nil for none.
func (c *cardScreen) showSignpost(to *signpost) {
	wayTo := ""
	if to != nil {
		wayTo = to.question + "\n" + to.because
	}
	if wayTo == c.wayTo {
		return
	}
	c.wayTo = wayTo
	c.way.RemoveAll()
	c.way.Hide()
	if to == nil {
		return
	}
	var r *row
	r = newSignpost(c.speaker.Say("guide.way", "Question", to.question), *to, func() {
		if screen := fyne.CurrentApp().Driver().CanvasForObject(c.content); screen != nil && c.wayTo == wayTo {
			screen.Focus(r) // the same card is still there
		}
	}, c.scrollKey)
	r.onFocus = (&pane{scroll: c.scroll}).reveal
	c.way.Add(r)
	c.way.Show()
}
