package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// pane is what the places with an answer and sections have in common: what
// scrolls, and what the keyboard does there.
type pane struct {
	speaker *language.Speaker
	content fyne.CanvasObject
	scroll  *container.Scroll
	// onKey takes the keys that no part of the pane takes.
	onKey func(*fyne.KeyEvent)
}

func (p *pane) object() fyne.CanvasObject { return p.content }

// key gives a key on.
func (p *pane) key(key *fyne.KeyEvent) { p.onKey(key) }

// arrive and leave do nothing where the place has nothing to do.
func (p *pane) arrive() {}
func (p *pane) leave()  {}

// scrollKey moves the sections with the keys that move a page.
func (p *pane) scrollKey(key *fyne.KeyEvent) {
	const line = 40
	page := p.scroll.Size().Height - line
	by := func(dy float32) { p.scroll.ScrollToOffset(fyne.NewPos(0, p.scroll.Offset.Y+dy)) }
	switch key.Name {
	case fyne.KeyDown:
		by(line)
	case fyne.KeyUp:
		by(-line)
	case fyne.KeyPageDown:
		by(page)
	case fyne.KeyPageUp:
		by(-page)
	case fyne.KeyHome:
		p.scroll.ScrollToTop()
	case fyne.KeyEnd:
		p.scroll.ScrollToBottom()
	}
}

// reveal scrolls to what the keyboard has come to.
func (p *pane) reveal(o fyne.CanvasObject) {
	if p.scroll == nil {
		return
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y - fyne.CurrentApp().Driver().AbsolutePositionForObject(p.scroll).Y
	to := p.scroll.Offset.Y
	if over := at + o.Size().Height + gap - p.scroll.Size().Height; over > 0 {
		to += over
		at -= over
	}
	if at < gap {
		to += at - gap
	}
	if to != p.scroll.Offset.Y {
		p.scroll.ScrollToOffset(fyne.NewPos(0, max(to, 0)))
	}
}

// newFold returns the title and what to put on the screen: it and its detail.
func (p *pane) newFold(title string, sign fyne.Resource, build func() fyne.CanvasObject) (*fold, *fyne.Container) {
	f := &fold{
		label: newWords(title), arrow: widget.NewIcon(theme.MenuExpandIcon()), sign: sign,
		ring: canvas.NewRectangle(color.Transparent), build: build,
		turned: func() { p.content.Refresh() }, onOther: p.key, onFocus: p.reveal,
	}
	f.detail = container.New(layout.NewCustomPaddedLayout(0, 4, 22, 0))
	f.detail.Hide()
	f.ExtendBaseWidget(f)
	return f, container.New(layout.NewCustomPaddedVBoxLayout(0), f, f.detail)
}

// newSection is a fold of the first rank.
func (p *pane) newSection(title string, tone wording.Tone, build func() fyne.CanvasObject) (*fold, fyne.CanvasObject) {
	f, box := p.newFold(title, toneIcon(tone), build)
	f.label.SizeName = theme.SizeNameSubHeadingText
	f.label.TextStyle.Bold = true
	return f, box
}

// newTick returns the box and what to put on the screen: it, its ring, and its
// words, which can wrap as the toolkit's own cannot.
func (p *pane) newTick(text string, changed func(bool)) (*tick, fyne.CanvasObject) {
	t := &tick{name: text, ring: canvas.NewRectangle(color.Transparent), onOther: p.key, onFocus: p.reveal}
	t.OnChanged = changed
	t.ExtendBaseWidget(t)
	words := &tappableLabel{tapped: func() { t.SetChecked(!t.Checked) }}
	words.Text, words.Wrapping = text, fyne.TextWrapWord
	words.ExtendBaseWidget(words)
	return t, container.NewBorder(nil, nil, container.NewVBox(ringed(t, t.ring)), nil, container.New(layout.NewCustomPaddedLayout(5, 0, 0, 0), words))
}

// newStatement shows what is to be said under the answer.
func (p *pane) newStatement(st wording.Statement) fyne.CanvasObject {
	s := p.speaker
	title := newWords(s.Say("ui.labelled", "Label", toneWord(s, st.Tone), "Value", st.Title))
	title.TextStyle.Bold = true
	lines := []fyne.CanvasObject{title}
	if st.Meaning != "" {
		lines = append(lines, newWords(st.Meaning))
	}
	if st.Next != "" {
		next := newWords(s.Say("ui.next", "Step", st.Next))
		next.TextStyle.Bold = true
		lines = append(lines, next)
	}
	return signed(widget.NewIcon(toneIcon(st.Tone)), 20, 8, tight(lines...))
}
