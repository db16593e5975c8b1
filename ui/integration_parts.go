package ui

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// fold is a title that opens and closes what stands under it. Space and Enter
// turn it, the right arrow opens it, the left one closes it. What is under it
// is made when it is opened first.
type fold struct {
	widget.BaseWidget
	label   *prose
	more    *prose // a second line, nil for none
	arrow   *widget.Icon
	sign    fyne.Resource // nil for none
	shown   *widget.Icon  // that sign, once it is on the screen
	ring    *canvas.Rectangle
	detail  *fyne.Container
	build   func() fyne.CanvasObject
	open    bool
	turned  func()
	onOther func(*fyne.KeyEvent)
	onFocus func(fyne.CanvasObject)
}

// Open shows what stands under the title.
func (f *fold) Open() {
	if f.open {
		return
	}
	f.open = true
	if f.build != nil {
		f.detail.Add(f.build())
		f.build = nil
	}
	f.arrow.SetResource(theme.MenuDropDownIcon())
	f.detail.Show()
	f.turned()
}

// Close hides it again.
func (f *fold) Close() {
	f.open = false
	f.arrow.SetResource(theme.MenuExpandIcon())
	f.detail.Hide()
	f.turned()
}

func (f *fold) turn() {
	if f.open {
		f.Close()
	} else {
		f.Open()
	}
}

// setSign changes the sign of a title that has one.
func (f *fold) setSign(sign fyne.Resource) {
	f.sign = sign
	if f.shown != nil {
		f.shown.SetResource(sign)
	}
}

// CreateRenderer is called by the toolkit.
func (f *fold) CreateRenderer() fyne.WidgetRenderer {
	var words fyne.CanvasObject = f.label
	top := float32(9)
	if f.label.SizeName == theme.SizeNameSubHeadingText {
		top = 12
	}
	if f.more != nil {
		words = tight(f.label, f.more)
	}
	if f.sign != nil {
		f.shown = widget.NewIcon(f.sign)
		words = signed(f.shown, 20, top, words)
	}
	return widget.NewSimpleRenderer(ringed(signed(f.arrow, 20, top, words), f.ring))
}

// Tapped is called by the toolkit.
func (f *fold) Tapped(*fyne.PointEvent) { f.turn() }

// Cursor shows that it can be clicked.
func (f *fold) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained is called by the toolkit.
func (f *fold) FocusGained() {
	showRing(f.ring, f)
	f.onFocus(f)
}

// FocusLost is called by the toolkit.
func (f *fold) FocusLost() { f.ring.Hide() }

// TypedRune is called by the toolkit.
func (f *fold) TypedRune(rune) {}

// TypedKey is called by the toolkit.
func (f *fold) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		f.turn()
	case fyne.KeyRight:
		f.Open()
	case fyne.KeyLeft:
		f.Close()
	default:
		f.onOther(key)
	}
}

// handOver gives the keyboard of a button that is about to go to the one that
// takes its place, and is there already.
func handOver(from, to *action) {
	screen := fyne.CurrentApp().Driver().CanvasForObject(from)
	// The toolkit has taken it from a button that is being pressed.
	if screen != nil && (from.byKey || screen.Focused() == from) {
		screen.Focus(to)
	}
}

// tick is a box to tick, with a ring around it while it has the keyboard.
type tick struct {
	widget.Check
	name    string // the words beside it
	ring    *canvas.Rectangle
	onOther func(*fyne.KeyEvent)
	onFocus func(fyne.CanvasObject)
}

// FocusGained is called by the toolkit.
func (t *tick) FocusGained() {
	t.ring.Show()
	t.Check.FocusGained()
	t.onFocus(t)
}

// FocusLost is called by the toolkit.
func (t *tick) FocusLost() {
	t.ring.Hide()
	t.Check.FocusLost()
}

// TypedKey is called by the toolkit. Space comes as a rune.
func (t *tick) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeySpace:
	case fyne.KeyReturn, fyne.KeyEnter:
		t.Check.TypedRune(' ')
	default:
		t.onOther(key)
	}
}

// mostTyped is more than any code porteur: what is longer is refused, not cut.
const mostTyped = 32

// codeField takes the code porteur. It keeps it in bytes that it can wipe, not
// in strings as the toolkit's own entry does, which also keeps what it held to
// undo. Nothing can be copied out of it.
type codeField struct {
	widget.BaseWidget
	typed    [mostTyped]byte
	length   int
	enabled  bool
	label    *widget.Label
	ring     *canvas.Rectangle
	done     func()
	onOther  func(*fyne.KeyEvent)
	onChange func()
	onFocus  func(fyne.CanvasObject)
}

func (i *integrationScreen) newCodeField(done, changed func()) (*codeField, fyne.CanvasObject) {
	c := &codeField{
		label: widget.NewLabel(""), ring: canvas.NewRectangle(color.Transparent), enabled: true,
		done: done, onChange: changed, onOther: i.key, onFocus: i.reveal,
	}
	c.label.TextStyle.Monospace = true
	c.label.Truncation = fyne.TextTruncateClip
	c.ExtendBaseWidget(c)
	return c, ringed(c, c.ring)
}

// Take gives what was typed, for the caller to wipe, and wipes the field.
func (c *codeField) Take() []byte {
	code := append([]byte(nil), c.typed[:c.length]...)
	c.Wipe()
	return code
}

// Wipe empties the field.
func (c *codeField) Wipe() {
	clear(c.typed[:])
	c.length = 0
	c.show()
}

// Enable lets it be typed in, or not.
func (c *codeField) Enable(on bool) {
	c.enabled = on
	if !on && c.length > 0 {
		c.Wipe()
	}
}

func (c *codeField) show() {
	c.label.SetText(strings.Repeat("•", c.length))
	c.onChange()
}

// CreateRenderer is called by the toolkit.
func (c *codeField) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.Transparent)
	ground.CornerRadius, ground.StrokeWidth = 8, 1
	ground.SetMinSize(fyne.NewSize(180, 0))
	return widget.NewSimpleRenderer(newPainted(container.NewStack(ground, c.label), func(of colours) {
		ground.FillColor, ground.StrokeColor = of(theme.ColorNameInputBackground), of(theme.ColorNameInputBorder)
	}))
}

// Tapped gives it the keyboard.
func (c *codeField) Tapped(*fyne.PointEvent) {
	if screen := fyne.CurrentApp().Driver().CanvasForObject(c); screen != nil {
		screen.Focus(c)
	}
}

// Cursor shows that it can be typed in.
func (c *codeField) Cursor() desktop.Cursor { return desktop.TextCursor }

// FocusGained is called by the toolkit.
func (c *codeField) FocusGained() {
	showRing(c.ring, c)
	c.onFocus(c)
}

// FocusLost is called by the toolkit.
func (c *codeField) FocusLost() { c.ring.Hide() }

// TypedRune is called by the toolkit. What is no digit is kept too, as one byte
// that is none: the code is then refused, not shortened.
func (c *codeField) TypedRune(r rune) {
	if !c.enabled || c.length == mostTyped {
		return
	}
	if r > '~' || r < ' ' {
		r = '?'
	}
	c.typed[c.length] = byte(r)
	c.length++
	c.show()
	c.onFocus(c) // what was said last may have pushed it out of sight
}

// TypedKey is called by the toolkit.
func (c *codeField) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyBackspace, fyne.KeyDelete:
		if c.length > 0 {
			c.length--
			c.typed[c.length] = 0
			c.show()
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		c.done()
	case fyne.KeyEscape:
		c.Wipe()
	case fyne.KeySpace: // comes as a rune too
	default:
		c.onOther(key)
	}
}

// Bounds on what is shown of foreign bytes and names.
const (
	longText  = 240
	mostBytes = 4096
	mostItems = 200
)

// newPrint shows text of fixed width that breaks anywhere: bytes, paths.
func newPrint(text string) *widget.Label {
	return &widget.Label{Text: text, SizeName: theme.SizeNameCaptionText, TextStyle: fyne.TextStyle{Monospace: true}, Wrapping: fyne.TextWrapBreak}
}

// dump writes bytes in lines of sixteen, in groups of four, each line with its
// offset: narrow enough to stand beside what they mean.
func dump(b []byte) string {
	var lines []string
	for at := 0; at < min(len(b), mostBytes); at += 16 {
		row := fmt.Sprintf("%04X ", at)
		for group := range slices.Chunk(b[at:min(at+16, len(b), mostBytes)], 4) {
			row += fmt.Sprintf(" %X", group)
		}
		lines = append(lines, row)
	}
	if len(b) > mostBytes {
		lines = append(lines, fmt.Sprintf("… (%d)", len(b)))
	}
	return strings.Join(lines, "\n")
}

// line is a foreign string, made fit to be shown.
func line(s string) string { return plaintext.Line(s, longText) }

// newFacts shows facts side by side; those without a value are left out.
func newFacts(least float32, facts ...wording.Fact) fyne.CanvasObject {
	box := container.New(&fill{least: least, gap: 2, most: 4})
	for _, f := range facts {
		if f.Value != "" {
			box.Add(newFact(f))
		}
	}
	return box
}

// plain is a foreign string under its name.
func plain(label, value string) wording.Fact {
	return wording.Fact{Tone: wording.Plain, Label: label, Value: line(value)}
}
