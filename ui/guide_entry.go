package ui

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/assets/links"
	"postecpx/cardreader/cps"
	"postecpx/internal/annuaire"
	"postecpx/internal/guide"
	"postecpx/internal/wording"
)

// entryPart is the page of one entry.
type entryPart struct {
	shown    string // the ID of the entry, "" for none
	trail    []stop // how one came here
	backward *action
	whyBox   *fyne.Container
	body     *fyne.Container
}

// stop is where one came from to an entry.
type stop struct {
	label   string // on the way back
	back    func()
	because string // why the entry fits there, "" for what is known now
}

func (g *guideScreen) buildPage() fyne.CanvasObject {
	var box fyne.CanvasObject
	g.backward, box = newAction("", theme.NavigateBackIcon(), g.Back, g.key)
	g.pageNote, g.whyBox, g.body = container.NewVBox(), container.NewVBox(), container.NewVBox()
	g.pageScroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, gap, gap, gap),
		container.New(&column{most: 760}, container.NewVBox(g.pageNote, g.whyBox, g.body))))
	top := container.New(layout.NewCustomPaddedLayout(8, 0, gap-4, gap), container.NewHBox(box))
	return container.New(layout.NewBorderLayout(top, nil, nil, nil), top, g.pageScroll)
}

// column keeps the lines of a text short enough to be read.
type column struct{ most float32 }

func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(fyne.NewSize(min(c.most, size.Width), size.Height))
	}
}

func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// show shows an entry to one who came from there, with the keyboard or not.
func (g *guideScreen) show(id string, byKey bool, from stop) {
	g.trail = []stop{from}
	g.showEntry(id, byKey)
}

// showEntry shows an entry under the way back that was laid.
func (g *guideScreen) showEntry(id string, byKey bool) {
	if g.book == nil {
		return
	}
	e, known := g.book.Entry(id)
	if !known {
		return
	}
	g.shown = id
	g.tell()
	g.backward.SetText(g.trail[len(g.trail)-1].label)
	g.showWhy()
	g.body.RemoveAll()
	g.fillBody(e)
	g.list.Hide()
	g.page.Show()
	g.scroll = g.pageScroll
	g.pageScroll.ScrollToTop()
	g.content.Refresh()
	g.canvas().Unfocus()
	if byKey {
		g.focus(g.backward)
	}
}

// Back leads to where one came from.
func (g *guideScreen) Back() {
	if g.shown == "" || len(g.trail) == 0 {
		return
	}
	last := g.trail[len(g.trail)-1]
	g.trail = g.trail[:len(g.trail)-1]
	last.back()
}

// forgetEntry takes the entry from the page.
func (g *guideScreen) forgetEntry() {
	g.shown, g.trail = "", nil
	g.whyBox.RemoveAll()
	g.body.RemoveAll()
	g.tell()
}

// showWhy says why the entry is shown, when it fits the situation.
func (g *guideScreen) showWhy() {
	g.whyBox.RemoveAll()
	if g.shown == "" {
		return
	}
	because := g.because(g.shown)
	if n := len(g.trail); n > 0 && g.trail[n-1].because != "" {
		because = g.trail[n-1].because
	}
	if because != "" {
		g.whyBox.Add(signed(widget.NewIcon(toneIcon(wording.Plain)), 20, 9, newWords(g.speaker.Say("guide.why", "Reason", because))))
	}
}

// fillBody writes the entry: question, answer, links, other entries, and where
// the facts are from.
func (g *guideScreen) fillBody(e guide.Entry) {
	s, text := g.speaker, g.text(e)
	g.body.Add(newHeading(text.Question, sizeAnswer))
	g.body.Add(newAnswer(text.Answer))
	if len(e.Links) > 0 {
		g.body.Add(newTitle(s.Say("guide.links", "Count", len(e.Links))))
		for _, id := range e.Links {
			if l, known := links.Find(id); known {
				g.body.Add(g.newLink(l))
			}
		}
	}
	if others := g.named(e, text.Answer); len(others) > 0 {
		g.body.Add(newTitle(s.Say("guide.others")))
		for _, other := range others {
			g.body.Add(g.newOther(e, other))
		}
	}
	day := wording.Date(s, cps.Date{Year: e.FactDate.Year(), Month: e.FactDate.Month(), Day: e.FactDate.Day()})
	g.body.Add(newCaption(s.Say("guide.source", "Day", day, "Sources", strings.Join(e.Sources, " ; "), "Count", len(e.Sources))))
	var copying *action
	copying, box := g.newAction(s.Say("guide.copy"), theme.ContentCopyIcon(), func() {
		g.copy(g.plainly(e))
		copying.SetIcon(theme.ConfirmIcon())
		copying.SetText(s.Say("guide.copied"))
		g.later(confirmed, func() {
			copying.SetIcon(theme.ContentCopyIcon())
			copying.SetText(s.Say("guide.copy"))
		})
	})
	g.body.Add(box)
}

// newLink shows what an address is, and the address, which can be typed
// elsewhere. One that the program does not open is only shown.
func (g *guideScreen) newLink(to links.Link) fyne.CanvasObject {
	s := g.speaker
	icon := widget.NewIcon(theme.NewPrimaryThemedResource(theme.ComputerIcon()))
	if _, err := annuaire.Allowed(to.URL); err != nil {
		return signed(icon, 20, 12, underRing(tight(newWords(to.Label(s.Tag())), newPrint(to.URL), newCaption(s.Say("guide.link.unopened")))))
	}
	l := &link{ring: canvas.NewRectangle(color.Transparent), onOther: g.key}
	l.Text, l.Wrapping = to.Label(s.Tag()), fyne.TextWrapWord
	l.OnTapped = func() { g.open(to.URL) }
	l.ExtendBaseWidget(l)
	box := signed(icon, 20, 12, tight(ringed(l, l.ring), underRing(newPrint(to.URL))))
	l.onFocus = func(fyne.CanvasObject) { g.reveal(box) }
	return box
}

// newOther leads to another entry; the way back leads here.
func (g *guideScreen) newOther(here, other guide.Entry) fyne.CanvasObject {
	r := g.newRow(theme.NewPrimaryThemedResource(theme.DocumentIcon()), func(r *row) {
		g.trail = append(g.trail, stop{label: g.speaker.Say("guide.back.entry"), back: func() { g.showEntry(here.ID, true) }})
		g.showEntry(other.ID, r.byKey)
	})
	r.set(g.text(other).Question, "")
	return r
}

// leastNamed is how long a name in an answer is when it is that of an entry,
// and not a word of a form.
const leastNamed = 15

// named gives the entries that an answer names: in quotation marks, by the
// beginning of their questions.
func (g *guideScreen) named(e guide.Entry, answer string) []guide.Entry {
	var all []guide.Entry
	for _, name := range quoted(answer) {
		if len(name) < leastNamed {
			continue
		}
		for _, hit := range g.book.Search("", g.speaker.Tag(), nil) {
			already := slices.ContainsFunc(all, func(o guide.Entry) bool { return o.ID == hit.Entry.ID })
			if !already && hit.Entry.ID != e.ID && strings.HasPrefix(spaced(g.text(hit.Entry).Question), name) {
				all = append(all, hit.Entry)
			}
		}
	}
	return all
}

// plainly writes an entry for a message.
func (g *guideScreen) plainly(e guide.Entry) string {
	text := g.text(e)
	all := []string{text.Question, text.Answer}
	for _, id := range e.Links {
		if l, known := links.Find(id); known {
			all = append(all, l.Label(g.speaker.Tag())+"\n"+l.URL)
		}
	}
	return strings.Join(all, "\n\n") + "\n"
}
