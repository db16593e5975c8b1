package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"postecpx/internal/guide"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// Guide does the work of the place Guide. Its methods are called outside of the
// toolkit's goroutine.
type Guide interface {
	// Load reads the guidance.
	Load() (Guidebook, error)
}

// Guidebook is the guidance; *guide.Catalogue is one. It answers at once, and
// to several goroutines.
type Guidebook interface {
	Entry(id string) (guide.Entry, bool)
	Facets() []guide.FacetValues
	Search(words, tag string, f guide.Filter) []guide.Hit
	Silence(words, tag string) guide.Silence
	Counts(words, tag string, f guide.Filter) map[guide.Facet]map[string]int
	Match(s guide.Situation, tag string) []guide.Suggestion
}

// guideScreen is the place Guide. It shows one of two pages: what fits and what
// was found, under the search that never scrolls away; or an entry, under the
// way back.
type guideScreen struct {
	pane
	// book is nil until it is loaded; failed says why it never will be.
	book   Guidebook
	failed error
	// browse shows an address in the browser.
	browse func(address string) error
	now    func() time.Time
	later  func(time.Duration, func())
	// copy puts words on the clipboard.
	copy func(string)
	// canvas is what has the keyboard: that of an object is not known before it
	// was painted.
	canvas func() fyne.Canvas
	// spawn runs work beside the toolkit, post brings its news back.
	spawn, post func(func())
	// text gives the words of an entry.
	text func(guide.Entry) guide.Text
	// diagnose leads to where the workstation is looked at, nil for nowhere.
	diagnose func()

	list, page             fyne.CanvasObject
	listScroll, pageScroll *container.Scroll
	listNote, pageNote     *fyne.Container // what could not be done

	known       known
	suggestions []guide.Suggestion
	drawn       string // what the situation was drawn from
	situation   *fyne.Container
	lookup      *lookup

	searchPart
	entryPart
}

func newGuideScreen(s *language.Speaker, o Options, copy func(string), canvas func() fyne.Canvas) *guideScreen {
	g := &guideScreen{
		pane: pane{speaker: s}, browse: o.Open, now: o.Now, later: o.Later, copy: copy, canvas: canvas,
		spawn: func(work func()) { go work() }, post: fyne.Do,
		text: func(e guide.Entry) guide.Text { return e.In(s.Tag()) },
	}
	g.onKey = g.press
	g.lookup = newLookup(g, o.Directory)
	g.list, g.page = g.buildList(), g.buildPage()
	g.page.Hide()
	g.scroll = g.listScroll
	g.content = container.NewStack(g.list, g.page)
	g.showSituation()
	g.find()
	return g
}

// take takes the book from the shelf, or why there is none.
func (g *guideScreen) take(on *shelf) {
	g.book, g.failed = on.book, on.failed
	if g.book != nil {
		g.fillFacets()
	}
	g.match()
	g.find()
}

// buildList is the page of what fits and what was found. The keyboard goes
// through it from the top down.
func (g *guideScreen) buildList() fyne.CanvasObject {
	bar := g.buildSearch()
	g.situation, g.listNote = container.NewVBox(), container.NewVBox()
	g.listScroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, gap, gap, gap),
		container.NewVBox(g.listNote, g.situation, g.buildFound())))
	top := container.New(layout.NewCustomPaddedLayout(8, 4, gap-4, gap), bar)
	return container.New(layout.NewBorderLayout(top, nil, nil, nil), top, g.listScroll)
}

// arrive has the search wait for words.
func (g *guideScreen) arrive() {
	g.lookup.Locate()
	if g.shown == "" {
		g.focus(g.search)
	}
}

// Search leads to the search, from wherever in the place.
func (g *guideScreen) Search() {
	g.showList()
	g.focus(g.search)
}

// showList shows the list as it was left.
func (g *guideScreen) showList() {
	g.forgetEntry()
	g.page.Hide()
	g.list.Show()
	g.scroll = g.listScroll
	g.content.Refresh()
}

// press does what the keys do that no part of the place takes.
func (g *guideScreen) press(key *fyne.KeyEvent) {
	switch {
	case key.Name != fyne.KeyEscape:
		g.scrollKey(key)
	case g.shown != "":
		g.Back()
	case g.lookup.cancel != nil && g.situation.Visible():
		g.lookup.Stop()
	default:
		g.clearWords()
	}
}

// open shows an address in the browser; when that fails it says so, with the
// address to type.
func (g *guideScreen) open(address string) {
	g.spawn(func() {
		err := g.browse(address)
		g.post(func() {
			if err == nil {
				g.tell()
				return
			}
			g.tell(wording.Statement{Tone: wording.Warning, Title: g.speaker.Say("guide.link.failed"),
				Meaning: g.speaker.Say("ui.cause", "Cause", wording.Cause(err)), Next: g.speaker.Say("guide.link.failed.next", "Address", address)})
		})
	})
}

// tell says at the top of the page what could not be done, or nothing any more.
func (g *guideScreen) tell(all ...wording.Statement) {
	for _, note := range []*fyne.Container{g.listNote, g.pageNote} {
		note.RemoveAll()
		for _, st := range all {
			note.Add(g.newStatement(st))
		}
	}
	if len(all) > 0 {
		g.scroll.ScrollToTop()
	}
	g.content.Refresh()
}

// focus gives the keyboard to a part of the place that is on the screen.
func (g *guideScreen) focus(o fyne.Focusable) { g.canvas().Focus(o) }

// newRow is a row that takes part in the keyboard of the place.
func (g *guideScreen) newRow(icon fyne.Resource, pressed func(*row)) *row {
	r := newRow(icon, pressed, g.key)
	r.onFocus, r.onMove = g.reveal, g.move
	return r
}

// move takes the keyboard to the next part of the place, or the one before.
func (g *guideScreen) move(next bool) {
	if next {
		g.canvas().FocusNext()
	} else {
		g.canvas().FocusPrevious()
	}
}

// newAction is a button that takes part in the keyboard of the place.
func (g *guideScreen) newAction(text string, icon fyne.Resource, pressed func()) (*action, fyne.CanvasObject) {
	a, box := newAction(text, icon, pressed, g.key)
	a.onFocus = g.reveal
	return a, container.NewHBox(box)
}

// newTitle is a title of the second rank.
func newTitle(text string) *prose {
	return newHeading(text, theme.SizeNameSubHeadingText)
}
