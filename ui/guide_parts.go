package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// row is a button of words that wrap: a question, and a line or a reason under
// it. Space and Enter press it, the arrows go to the next one and the one
// before.
type row struct {
	widget.BaseWidget
	label, more *prose
	icon        fyne.Resource
	ring        *canvas.Rectangle
	pressed     func(*row)
	onOther     func(*fyne.KeyEvent)
	onFocus     func(fyne.CanvasObject) // nil where nothing is to be done
	onMove      func(next bool)         // nil where the arrows mean something else
	byKey       bool                    // it is being pressed with the keyboard
}

func newRow(icon fyne.Resource, pressed func(*row), other func(*fyne.KeyEvent)) *row {
	r := &row{label: newWords(""), more: newWords(""), icon: icon, ring: canvas.NewRectangle(color.Transparent), pressed: pressed, onOther: other}
	r.label.TextStyle.Bold = true
	r.more.Hide()
	r.ExtendBaseWidget(r)
	return r
}

// set writes on the row; it does nothing when that stands there.
func (r *row) set(label, more string) {
	if r.label.Text != label {
		r.label.SetText(label)
	}
	if r.more.Text != more {
		r.more.Text = more
		say(r.more, more)
	}
}

// CreateRenderer is called by the toolkit.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	words := tight(r.label, r.more)
	return widget.NewSimpleRenderer(ringed(signed(widget.NewIcon(r.icon), 20, 9, words), r.ring))
}

// Tapped is called by the toolkit.
func (r *row) Tapped(*fyne.PointEvent) { r.pressed(r) }

// Cursor shows that it can be clicked.
func (r *row) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained is called by the toolkit.
func (r *row) FocusGained() {
	showRing(r.ring, r)
	if r.onFocus != nil {
		r.onFocus(r)
	}
}

// FocusLost is called by the toolkit.
func (r *row) FocusLost() { r.ring.Hide() }

// TypedRune is called by the toolkit.
func (r *row) TypedRune(rune) {}

// TypedKey is called by the toolkit.
func (r *row) TypedKey(key *fyne.KeyEvent) {
	switch {
	case key.Name == fyne.KeySpace || key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter:
		r.byKey = true
		r.pressed(r)
		r.byKey = false
	case key.Name == fyne.KeyDown && r.onMove != nil:
		r.onMove(true)
	case key.Name == fyne.KeyUp && r.onMove != nil:
		r.onMove(false)
	default:
		r.onOther(key)
	}
}

// searchField is where words are typed. Keys and shortcuts that mean nothing to
// it go on to the place and the window, which the toolkit's own entry keeps.
type searchField struct {
	widget.Entry
	ring       *canvas.Rectangle
	onOther    func(*fyne.KeyEvent)
	onDown     func()
	onShortcut func(fyne.Shortcut) bool
}

func newSearchField(hint string) (*searchField, fyne.CanvasObject) {
	f := &searchField{ring: canvas.NewRectangle(color.Transparent), onShortcut: func(fyne.Shortcut) bool { return false }}
	f.PlaceHolder = hint
	f.Icon = theme.SearchIcon()
	f.ExtendBaseWidget(f)
	return f, framed(f, f.ring)
}

// FocusGained is called by the toolkit.
func (f *searchField) FocusGained() {
	f.ring.Show()
	f.Entry.FocusGained()
}

// FocusLost is called by the toolkit.
func (f *searchField) FocusLost() {
	f.ring.Hide()
	f.Entry.FocusLost()
}

// TypedKey is called by the toolkit.
func (f *searchField) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyDown:
		f.onDown()
	case fyne.KeyEscape, fyne.KeyUp, fyne.KeyPageUp, fyne.KeyPageDown:
		f.onOther(key)
	default:
		f.Entry.TypedKey(key)
	}
}

// TypedShortcut is called by the toolkit. To copy and paste means the words
// here; the others are first those of the window.
func (f *searchField) TypedShortcut(s fyne.Shortcut) {
	if _, own := s.(*desktop.CustomShortcut); own && f.onShortcut(s) {
		return
	}
	f.Entry.TypedShortcut(s)
}

// choice is a value of a facet: a box to tick, its words with the number of
// entries, which can change, and all that.
type choice struct {
	tick  *tick
	words *tappableLabel
	box   *fyne.Container
}

// newChoice is a choice of that pane.
func (p *pane) newChoice(changed func(bool)) *choice {
	c := &choice{tick: &tick{ring: canvas.NewRectangle(color.Transparent), onOther: p.key, onFocus: p.reveal}, words: &tappableLabel{}}
	c.tick.OnChanged = changed
	c.tick.ExtendBaseWidget(c.tick)
	c.words.tapped = func() { c.tick.SetChecked(!c.tick.Checked) }
	c.words.Wrapping = fyne.TextWrapWord
	c.words.ExtendBaseWidget(c.words)
	c.box = container.NewBorder(nil, nil, container.NewVBox(ringed(c.tick, c.tick.ring)), nil,
		container.NewVBox(c.words))
	return c
}
