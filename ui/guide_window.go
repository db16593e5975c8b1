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

// shelf holds the book of the guide, which is read when somebody first needs
// it: the place Guide, or a card or a finding that it may have something for.
type shelf struct {
	guide Guide
	asked bool
	// book is nil until it is there; failed says why it never will be.
	book   Guidebook
	failed error
	// spawn runs work beside the toolkit, post brings its news back.
	spawn, post func(func())
	// stocked is called once the book is there, or never will be.
	stocked func()
}

// need has the book read, once, and searched once: what a search needs is made
// by the first one, and no keystroke should wait for it.
func (s *shelf) need(tag string) {
	if s.asked {
		return
	}
	s.asked = true
	s.spawn(func() {
		book, err := s.guide.Load()
		if err == nil {
			book.Search("", tag, nil)
		}
		s.post(func() {
			if s.failed = err; err == nil {
				s.book = book
			}
			s.stocked()
		})
	})
}

// stocked tells the places that the book is there.
func (w *Window) stocked() {
	if w.guide != nil {
		w.guide.take(w.shelf)
	}
	if w.poste != nil {
		w.poste.rebuild()
	}
	w.followGuide()
}

// makeGuide makes the place Guide.
func (w *Window) makeGuide() screen {
	w.guide = newGuideScreen(w.speaker, w.options, w.app.Clipboard().SetContent, w.window.Canvas)
	w.guide.search.onShortcut = w.run
	if w.options.Doctor != nil {
		w.guide.diagnose = w.toPoste
	}
	w.shelf.need(w.speaker.Tag())
	w.guide.take(w.shelf)
	w.guide.Follow(w.known())
	return w.guide
}

// guideShortcuts lead to the search, and back from an entry.
func (w *Window) guideShortcuts() []shortcut {
	if w.options.Guide == nil {
		return nil
	}
	return []shortcut{
		{&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault}, func() {
			w.toGuide()
			w.guide.Search()
		}},
		{&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierAlt}, func() {
			if w.guide != nil && w.guide.content.Visible() {
				w.guide.Back()
			}
		}},
	}
}

// run does what a shortcut of the window does, and tells whether there is one.
// Nothing is done while a question waits for its answer.
func (w *Window) run(s fyne.Shortcut) bool {
	for _, own := range w.shortcuts {
		if own.keys.ShortcutName() == s.ShortcutName() {
			if w.asked == nil {
				own.do()
			}
			return true
		}
	}
	return false
}

// known is what the places Carte and Poste know now.
func (w *Window) known() known {
	k := known{}
	if !w.card.subject.demonstration && w.complete {
		k.card = w.card.shown
	}
	if w.poste != nil {
		k.diagnosis, k.outdated = w.poste.diagnosis, w.poste.diagnosis != nil && w.poste.outdated
	}
	return k
}

// followGuide tells the guide what is known now, and has the place Carte show
// the way to what fits its card.
func (w *Window) followGuide() {
	if w.options.Guide == nil {
		return
	}
	k := w.known()
	if k.card != nil || k.diagnosis != nil {
		w.shelf.need(w.speaker.Tag())
	}
	if w.guide != nil {
		w.guide.Follow(k)
	}
	w.card.showSignpost(w.cardSignpost(k.card))
}

// cardSignpost leads to what fits the card best, nil when nothing does.
func (w *Window) cardSignpost(card *cps.Card) *signpost {
	if card == nil || w.shelf.book == nil {
		return nil
	}
	for _, fit := range w.shelf.book.Match(guide.OfCard(card, w.options.Now()), w.speaker.Tag()) {
		to := w.signpost(fit, w.speaker.Say("guide.back.card"), w.toCard)
		return &to
	}
	return nil
}

// signposts lead from the findings of a diagnosis to what fits them best.
func (w *Window) signposts(d diagnostic.Diagnosis) map[diagnostic.Code]signpost {
	ways := map[diagnostic.Code]signpost{}
	if w.shelf.book == nil {
		return ways
	}
	for _, fit := range w.shelf.book.Match(guide.OfDiagnosis(d), w.speaker.Tag()) {
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
	return signpost{question: w.text(fit.Entry).Question, because: fit.Because, follow: func(byKey bool, back func()) {
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
