package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// gap separates what does not belong together.
const gap float32 = 16

// tight draws lines of words together: a label brings its own padding.
func tight(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(-11), objects...)
}

// colours gives the colours of the theme and variant in use.
type colours func(fyne.ThemeColorName) color.Color

// painted is a widget around canvas objects, which do not follow the theme by
// themselves: paint colours them at first and each time that the theme changes.
type painted struct {
	widget.BaseWidget
	content fyne.CanvasObject
	paint   func(colours)
}

func newPainted(content fyne.CanvasObject, paint func(colours)) *painted {
	p := &painted{content: content, paint: paint}
	p.ExtendBaseWidget(p)
	return p
}

func (p *painted) repaint() {
	p.paint(func(name fyne.ThemeColorName) color.Color { return theme.ColorForWidget(name, p) })
}

// CreateRenderer is called by the toolkit.
func (p *painted) CreateRenderer() fyne.WidgetRenderer {
	p.repaint()
	return &paintedRenderer{widget.NewSimpleRenderer(p.content), p}
}

type paintedRenderer struct {
	fyne.WidgetRenderer
	of *painted
}

// Refresh is called by the toolkit.
func (r *paintedRenderer) Refresh() {
	r.of.repaint()
	r.WidgetRenderer.Refresh()
}

// newPanel puts content on a quiet surface of its own.
func newPanel(content fyne.CanvasObject) *painted {
	ground := canvas.NewRectangle(color.Transparent)
	ground.CornerRadius = 10
	ground.StrokeWidth = 1
	inside := container.New(layout.NewCustomPaddedLayout(8, 10, 10, 10), content)
	return newPainted(container.NewStack(ground, inside), func(c colours) {
		ground.FillColor, ground.StrokeColor = c(colorPanel), c(colorOutline)
	})
}

// newCaption is a small quiet title.
func newCaption(text string) *prose {
	w := newWords(text)
	w.SizeName, w.Importance = theme.SizeNameCaptionText, widget.LowImportance
	return w
}

// richWords are words in styles of their own, which wrap and can be read aloud.
type richWords struct{ widget.RichText }

func newRichWords(segments ...widget.RichTextSegment) *richWords {
	r := &richWords{widget.RichText{Segments: segments, Wrapping: fyne.TextWrapWord, Scroll: container.ScrollNone}}
	r.ExtendBaseWidget(r)
	return r
}

// AccessibilityLabel says the words.
func (r *richWords) AccessibilityLabel() string { return r.String() }

// AccessibilityRole is that of words.
func (r *richWords) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// say sets the words of a label and hides it when there are none.
func say(l speaking, text string) {
	if text == "" {
		l.Hide()
		return
	}
	l.SetText(text)
	l.Show()
}

// toneIcon is the sign of a tone; its shape differs as well as its colour.
func toneIcon(t wording.Tone) fyne.Resource {
	switch t {
	case wording.Good:
		return theme.NewSuccessThemedResource(theme.ConfirmIcon())
	case wording.Working:
		return theme.NewPrimaryThemedResource(theme.ViewRefreshIcon())
	case wording.Warning:
		return theme.NewWarningThemedResource(theme.WarningIcon())
	case wording.Bad:
		return theme.NewErrorThemedResource(theme.ErrorIcon())
	}
	return theme.NewPrimaryThemedResource(theme.InfoIcon())
}

// toneWord says a tone in one word, for those who do not see its sign.
func toneWord(s *language.Speaker, t wording.Tone) string {
	switch t {
	case wording.Good:
		return s.Say("ui.tone.good")
	case wording.Working:
		return s.Say("ui.tone.working")
	case wording.Warning:
		return s.Say("ui.tone.warning")
	case wording.Bad:
		return s.Say("ui.tone.bad")
	}
	return s.Say("ui.tone.plain")
}

// sign is an icon of that size, at the height of the first line of the words
// that stand beside it.
func sign(icon fyne.CanvasObject, size, top float32) fyne.CanvasObject {
	box := container.NewGridWrap(fyne.NewSquareSize(size), icon)
	return container.New(layout.NewCustomPaddedLayout(top, 0, 0, 0), container.NewVBox(box))
}

// signed puts a sign before words that may wrap.
func signed(icon fyne.CanvasObject, size, top float32, words fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 6, 0),
		container.NewBorder(nil, nil, sign(icon, size, top), nil, words))
}

// action is a button that Space and Enter press, with a ring around it while it
// has the keyboard. Other keys go on to the window.
type action struct {
	widget.Button
	ring    *canvas.Rectangle
	onOther func(*fyne.KeyEvent)
	onFocus func(fyne.CanvasObject) // nil where nothing is to be done
	byKey   bool                    // it is being pressed with the keyboard
}

// newAction returns the button and what to put on the screen: it and its ring.
func newAction(text string, icon fyne.Resource, pressed func(), other func(*fyne.KeyEvent)) (*action, fyne.CanvasObject) {
	a := &action{ring: canvas.NewRectangle(color.Transparent), onOther: other}
	a.Text, a.Icon, a.OnTapped = text, icon, pressed
	a.ExtendBaseWidget(a)
	return a, ringed(a, a.ring)
}

// ringed puts a ring around what can have the keyboard, hidden until it has it.
func ringed(o fyne.CanvasObject, ring *canvas.Rectangle) fyne.CanvasObject {
	return container.NewStack(container.New(layout.NewCustomPaddedLayout(4, 4, 4, 4), o), newRing(ring, 10))
}

// underRing puts words under those of what is ringed: at the same distance from
// the left.
func underRing(words fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 4, 0), words)
}

// framed puts the ring over the frame that an entry has of its own while it has
// the keyboard, so that there is one. It takes as much room as what is ringed.
func framed(o fyne.CanvasObject, ring *canvas.Rectangle) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(4, 4, 4, 4), container.NewStack(o, newRing(ring, sizes[theme.SizeNameInputRadius])))
}

// showRing shows the ring around what has the keyboard now. The toolkit repaints
// nothing for a ring that it never painted: what the ring is around has it do so.
func showRing(ring *canvas.Rectangle, around fyne.Widget) {
	ring.Show()
	around.Refresh()
}

func newRing(ring *canvas.Rectangle, radius float32) fyne.CanvasObject {
	ring.CornerRadius = radius
	ring.StrokeWidth = 3
	ring.Hide()
	return newPainted(ring, func(c colours) { ring.StrokeColor = c(theme.ColorNameForeground) })
}

// FocusGained is called by the toolkit.
func (a *action) FocusGained() {
	a.ring.Show()
	a.Button.FocusGained()
	if a.onFocus != nil {
		a.onFocus(a)
	}
}

// FocusLost is called by the toolkit.
func (a *action) FocusLost() {
	a.ring.Hide()
	a.Button.FocusLost()
}

// TypedKey is called by the toolkit.
func (a *action) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		a.byKey = true
		a.Button.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		a.byKey = false
		// The toolkit takes the keyboard from a button that is pressed, and Tab
		// would begin anew.
		if c := fyne.CurrentApp().Driver().CanvasForObject(a); c != nil && c.Focused() == nil {
			c.Focus(a)
		}
	default:
		if a.onOther != nil {
			a.onOther(key)
		}
	}
}

// selector is a choice of one among several, with a ring around it while it has
// the keyboard.
type selector struct {
	widget.Select
	ring    *canvas.Rectangle
	onOther func(*fyne.KeyEvent)    // takes the keys that mean nothing here, nil for nobody
	onFocus func(fyne.CanvasObject) // nil where nothing is to be done
}

// newSelector returns the choice and what to put on the screen: it and its ring.
func newSelector(chosen func(string)) (*selector, fyne.CanvasObject) {
	s := &selector{ring: canvas.NewRectangle(color.Transparent)}
	s.OnChanged = chosen
	s.ExtendBaseWidget(s)
	// Its ground is that of a panel: without an edge it would look like words.
	edge := canvas.NewRectangle(color.Transparent)
	edge.CornerRadius, edge.StrokeWidth = 8, 1
	outline := newPainted(edge, func(c colours) { edge.StrokeColor = c(theme.ColorNameInputBorder) })
	return s, ringed(container.NewStack(s, outline), s.ring)
}

// FocusGained is called by the toolkit.
func (s *selector) FocusGained() {
	s.ring.Show()
	s.Select.FocusGained()
	if s.onFocus != nil {
		s.onFocus(s)
	}
}

// FocusLost is called by the toolkit.
func (s *selector) FocusLost() {
	s.ring.Hide()
	s.Select.FocusLost()
}

// TypedKey is called by the toolkit. Space and Enter show the choices, the arrows
// to the sides take the next one; the others are not for it.
func (s *selector) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		s.Select.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	case fyne.KeySpace, fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight:
		s.Select.TypedKey(key)
	default:
		if s.onOther != nil {
			s.onOther(key)
		}
	}
}

// tappableLabel is a label that can be clicked.
type tappableLabel struct {
	prose
	tapped func()
}

// Tapped is called by the toolkit.
func (l *tappableLabel) Tapped(*fyne.PointEvent) { l.tapped() }

// Cursor shows that it can be clicked.
func (l *tappableLabel) Cursor() desktop.Cursor { return desktop.PointerCursor }
