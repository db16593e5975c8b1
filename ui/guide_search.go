package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"postecpx/internal/guide"
	"postecpx/internal/plaintext"
)

// mostHits is how many entries are shown until all are asked for.
const mostHits = 12

// searchPart is the search, the facets, and what was found.
type searchPart struct {
	search   *searchField
	clearBox fyne.CanvasObject

	filter  guide.Filter
	values  []facetValue
	facets  *fyne.Container
	folded  *fold
	chips   *fyne.Container
	unfilt  fyne.CanvasObject // "no filter any more"
	found   *prose
	advice  *prose
	rows    []*row // made when first needed, then written on again
	hits    []guide.Hit
	rowsBox *fyne.Container
	all     bool // not the first ones only
	more    *action
	moreBox fyne.CanvasObject
}

// facetValue is a value that can be chosen.
type facetValue struct {
	facet guide.Facet
	of    string // the name of its facet
	value guide.Value
	*choice
}

func (g *guideScreen) buildSearch() fyne.CanvasObject {
	s := g.speaker
	g.filter = guide.Filter{}
	var field fyne.CanvasObject
	g.search, field = newSearchField(s.Say("guide.search", "Control", controlKey))
	g.search.OnChanged = func(string) {
		g.all = false
		g.listScroll.ScrollToTop()
		g.find()
	}
	g.search.OnSubmitted = func(string) {
		if len(g.hits) > 0 {
			g.rows[0].byKey = true
			g.rows[0].pressed(g.rows[0])
			g.rows[0].byKey = false
		}
	}
	g.search.onOther, g.search.onDown = g.key, g.enterFound
	_, g.clearBox = newAction(s.Say("guide.search.clear"), theme.ContentClearIcon(), func() {
		g.clearWords()
		g.focus(g.search)
	}, g.key)
	return container.NewBorder(nil, nil, nil, g.clearBox, field)
}

// buildFound is what was found, and the facets to choose among it.
func (g *guideScreen) buildFound() fyne.CanvasObject {
	s := g.speaker
	g.found, g.advice = newTitle(""), newWords("")
	g.facets, g.rowsBox = container.NewVBox(), container.New(layout.NewCustomPaddedVBoxLayout(0))
	g.chips = container.New(&fill{least: 230, gap: 4, most: 4})
	_, g.unfilt = g.newAction(s.Say("guide.filter.clear"), theme.ContentClearIcon(), g.clearFilter)
	var section fyne.CanvasObject
	g.folded, section = g.newFold(s.Say("guide.filter"), nil, func() fyne.CanvasObject { return g.facets })
	g.folded.label.TextStyle.Bold = true
	g.folded.turned = func() {
		g.count()
		g.content.Refresh()
	}
	g.more, g.moreBox = g.newAction("", theme.MoreVerticalIcon(), g.showAll)
	return container.NewVBox(g.found, g.advice, section, g.chips, g.unfilt, g.rowsBox, g.moreBox)
}

// fillFacets makes the facets of the book, each folded. Values that no entry
// has are left out.
func (g *guideScreen) fillFacets() {
	tag := g.speaker.Tag()
	counts := g.book.Counts("", tag, nil)
	g.values = nil
	g.facets.RemoveAll()
	for _, f := range g.book.Facets() {
		values := container.New(&fill{least: 250, gap: 4, most: 3})
		for _, v := range f.Values {
			if counts[f.Facet][v.ID] == 0 {
				continue
			}
			var c *choice
			c = g.newChoice(func(on bool) { g.steady(c.tick, func() { g.choose(f.Facet, v.ID, on) }) })
			g.values = append(g.values, facetValue{f.Facet, f.Label.In(tag), v, c})
			values.Add(c.box)
		}
		fold, box := g.newFold(f.Label.In(tag), nil, func() fyne.CanvasObject { return values })
		fold.turned = func() { g.content.Refresh() }
		g.facets.Add(box)
	}
}

// steady does something that moves what stands above an object, and scrolls so
// that the object stays where it was on the screen.
func (g *guideScreen) steady(o fyne.CanvasObject, do func()) {
	driver := fyne.CurrentApp().Driver()
	before := driver.AbsolutePositionForObject(o).Y
	do()
	if moved := driver.AbsolutePositionForObject(o).Y - before; moved != 0 {
		g.listScroll.ScrollToOffset(fyne.NewPos(0, g.listScroll.Offset.Y+moved))
	}
}

// choose takes a value into the filter, or out of it.
func (g *guideScreen) choose(facet guide.Facet, value string, on bool) {
	chosen := slices.DeleteFunc(slices.Clone(g.filter[facet]), func(v string) bool { return v == value })
	if on {
		chosen = append(chosen, value)
	}
	g.filter[facet] = chosen
	if len(chosen) == 0 {
		delete(g.filter, facet)
	}
	g.all = false
	g.find()
}

// isChosen tells whether a value is in the filter.
func (g *guideScreen) isChosen(v facetValue) bool {
	return slices.Contains(g.filter[v.facet], v.value.ID)
}

func (g *guideScreen) clearFilter() {
	g.filter = guide.Filter{}
	g.find()
	g.focus(g.search)
}

func (g *guideScreen) clearWords() { g.search.SetText("") }

func (g *guideScreen) showAll() {
	g.all = true
	g.find()
	g.focusOn(g.rows[mostHits])
}

// find looks for the words under the filter, and shows what was found. While
// something is looked for, the situation is not in the way.
func (g *guideScreen) find() {
	s, words := g.speaker, strings.TrimSpace(g.search.Text)
	g.hits = nil
	number := false
	if g.book != nil {
		switch g.book.Silence(words, s.Tag()) {
		case guide.OnlyNoise:
			words = "" // the word is only being begun
		case guide.OnlyNumber:
			number = true
		}
		g.hits = g.book.Search(words, s.Tag(), g.filter)
	}
	said := plaintext.Line(words, 60)
	filtered := len(g.filter) > 0
	if g.search.Text == "" {
		g.clearBox.Hide()
	} else {
		g.clearBox.Show()
	}
	if words == "" && !filtered {
		g.situation.Show()
	} else {
		g.situation.Hide()
	}
	advice := ""
	switch {
	case g.book == nil && g.failed == nil:
		say(g.found, s.Say("guide.loading"))
	case g.book == nil:
		say(g.found, "")
	case len(g.hits) == 0 && words == "":
		say(g.found, s.Say("guide.none.filter"))
	case len(g.hits) == 0:
		say(g.found, s.Say("guide.none", "Words", said))
		advice = s.Say("guide.none.advice")
		if number {
			advice = s.Say("guide.none.number")
		}
	case words != "":
		say(g.found, s.Say("guide.found.words", "Count", len(g.hits), "Words", said))
	case filtered:
		say(g.found, s.Say("guide.found", "Count", len(g.hits)))
	default:
		say(g.found, s.Say("guide.all", "Count", len(g.hits)))
	}
	if g.book != nil && len(g.hits) == 0 && filtered {
		if n := len(g.book.Search(words, s.Tag(), nil)); n > 0 {
			advice = s.Say("guide.none.unfiltered", "Count", n)
		}
	}
	say(g.advice, advice)
	g.count()
	g.showChips()
	g.showHits()
	g.content.Refresh()
}

// count writes on each value how many entries it would leave; those that would
// leave none are not there to be chosen.
func (g *guideScreen) count() {
	if g.book == nil || !g.folded.open {
		return
	}
	s := g.speaker
	counts := g.book.Counts(strings.TrimSpace(g.search.Text), s.Tag(), g.filter)
	for _, v := range g.values {
		n, chosen := counts[v.facet][v.value.ID], g.isChosen(v)
		if text := s.Say("guide.value", "Value", v.value.Label.In(s.Tag()), "Count", n); v.words.Text != text {
			v.words.SetText(text)
		}
		if n > 0 || chosen {
			v.box.Show()
		} else {
			v.box.Hide()
		}
		if v.tick.Checked != chosen {
			v.tick.Checked = chosen // by a chip, or "clear"
			v.tick.Refresh()
		}
	}
}

// showChips shows what is chosen, each to be taken away.
func (g *guideScreen) showChips() {
	g.chips.RemoveAll()
	for _, v := range g.values {
		if !g.isChosen(v) {
			continue
		}
		r := g.newRow(theme.CancelIcon(), func(*row) {
			g.choose(v.facet, v.value.ID, false)
			g.focus(g.search)
		})
		r.set(g.speaker.Say("guide.chip", "Facet", v.of, "Value", v.value.Label.In(g.speaker.Tag())), "")
		g.chips.Add(newPanel(r))
	}
	if len(g.filter) > 0 {
		g.chips.Show()
		g.unfilt.Show()
	} else {
		g.chips.Hide()
		g.unfilt.Hide()
	}
}

// showHits writes the hits on the rows, for the caller to draw.
func (g *guideScreen) showHits() {
	shown := g.hits
	if !g.all {
		shown = shown[:min(mostHits, len(shown))]
	}
	for len(g.rows) < len(shown) {
		n := len(g.rows)
		r := g.newRow(theme.NewPrimaryThemedResource(theme.DocumentIcon()), func(r *row) { g.showHit(n, r) })
		r.more.Wrapping, r.more.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
		if n == 0 {
			r.onMove = g.leaveFirst
		}
		g.rows = append(g.rows, r)
	}
	for n, hit := range shown {
		text := g.text(hit.Entry)
		g.rows[n].set(text.Question, firstLine(text.Answer))
	}
	objects := make([]fyne.CanvasObject, len(shown))
	for n := range shown {
		objects[n] = g.rows[n]
	}
	g.rowsBox.Objects = objects
	if rest := len(g.hits) - len(shown); rest > 0 {
		g.more.SetText(g.speaker.Say("guide.more", "Count", rest))
		g.moreBox.Show()
	} else {
		g.moreBox.Hide()
	}
}

// enterFound takes the keyboard from the search to what it found.
func (g *guideScreen) enterFound() {
	if g.situation.Visible() || len(g.hits) == 0 {
		g.move(true)
		return
	}
	g.focus(g.rows[0])
}

// leaveFirst takes the keyboard from the first that was found to the next one,
// or back to the words.
func (g *guideScreen) leaveFirst(next bool) {
	if next || g.situation.Visible() {
		g.move(next)
		return
	}
	g.focus(g.search)
}

// showHit shows a hit; the way back leads to its row, and to the search.
func (g *guideScreen) showHit(n int, r *row) {
	if n >= len(g.hits) {
		return
	}
	g.show(g.hits[n].Entry.ID, r.byKey, stop{label: g.speaker.Say("guide.back.list"), back: func() {
		g.showList()
		g.focusOn(r)
	}})
}

// longestLine is about as much as one line shows; the toolkit takes long to
// find out where a longer one is to be cut.
const longestLine = 160

// firstLine is the beginning of an answer; one that announces what follows goes
// on with it.
func firstLine(answer string) string {
	begun := ""
	for _, b := range blocksOf(answer) {
		if begun = joined(begun, b.text); !strings.HasSuffix(begun, ":") {
			break
		}
	}
	return plaintext.Line(begun, longestLine)
}
