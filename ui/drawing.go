package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// drawing is a card drawn in plain shapes, which shows where the identifier is
// printed: on the first line. It looks like no real card on purpose.
type drawing struct {
	widget.BaseWidget
	described string // for those who do not see it

	body, chip, mark *canvas.Rectangle
	contacts         []*canvas.Line
	lines            []*canvas.Rectangle // the other printed lines, without their words
	number, stamp    *canvas.Text
}

// Sides of a card (ISO/IEC 7810, ID-1) in millimetres, and how large it is drawn.
const (
	cardWidth, cardHeight = 85.6, 53.98
	drawnWidth            = 300
)

// unknownNumber stands on the first line until the identifier is known beyond
// doubt; unpublishedNumber where nothing tells what is printed.
const (
	unknownNumber     = "8 ••• ••• ••• ••"
	unpublishedNumber = "••• ••• •••"
)

func newDrawing() *drawing {
	d := &drawing{
		body:   &canvas.Rectangle{StrokeWidth: 1, CornerRadius: 14},
		chip:   &canvas.Rectangle{CornerRadius: 5},
		mark:   &canvas.Rectangle{CornerRadius: 4, StrokeWidth: 2},
		number: &canvas.Text{TextStyle: fyne.TextStyle{Bold: true}},
		stamp:  &canvas.Text{TextStyle: fyne.TextStyle{Bold: true}, Alignment: fyne.TextAlignTrailing},
	}
	for range 4 {
		d.contacts = append(d.contacts, &canvas.Line{StrokeWidth: 1})
	}
	for range 3 {
		d.lines = append(d.lines, &canvas.Rectangle{CornerRadius: 3})
	}
	d.ExtendBaseWidget(d)
	return d
}

// show writes that on the first line, and a stamp on the corner, which may be "".
func (d *drawing) show(number, stamp, described string) {
	d.number.Text, d.stamp.Text, d.described = number, stamp, described
	d.Refresh()
}

// AccessibilityLabel says what is drawn.
func (d *drawing) AccessibilityLabel() string { return d.described }

// AccessibilityRole is that of words: there is nothing to press.
func (d *drawing) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by the toolkit.
func (d *drawing) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{d.body, d.chip}
	for _, c := range d.contacts {
		objects = append(objects, c)
	}
	for _, l := range d.lines {
		objects = append(objects, l)
	}
	r := &drawingRenderer{d: d, objects: append(objects, d.mark, d.number, d.stamp)}
	r.paint()
	return r
}

type drawingRenderer struct {
	d       *drawing
	objects []fyne.CanvasObject
}

func (r *drawingRenderer) Destroy()                     {}
func (r *drawingRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *drawingRenderer) MinSize() fyne.Size {
	return fyne.NewSize(drawnWidth, drawnWidth*cardHeight/cardWidth)
}

// Layout places everything in millimetres from the upper left corner, in the
// middle of the room that there is.
func (r *drawingRenderer) Layout(size fyne.Size) {
	least := r.MinSize()
	left := max(0, (size.Width-least.Width)/2)
	const mm = drawnWidth / cardWidth
	at := func(o fyne.CanvasObject, x, y, w, h float32) {
		o.Move(fyne.NewPos(left+x*mm, y*mm))
		o.Resize(fyne.NewSize(w*mm, h*mm))
	}
	d := r.d
	at(d.body, 0, 0, cardWidth, cardHeight)
	at(d.chip, 9, 14, 13, 11.5)
	line := func(l *canvas.Line, x1, y1, x2, y2 float32) {
		l.Position1, l.Position2 = fyne.NewPos(left+x1*mm, y1*mm), fyne.NewPos(left+x2*mm, y2*mm)
	}
	line(d.contacts[0], 13.3, 14, 13.3, 25.5)
	line(d.contacts[1], 17.7, 14, 17.7, 25.5)
	line(d.contacts[2], 9, 17.8, 22, 17.8)
	line(d.contacts[3], 9, 21.6, 22, 21.6)
	at(d.mark, 6, 28.5, 73.6, 8.5)
	at(d.lines[0], 8.5, 40, 38, 2.2)
	at(d.lines[1], 8.5, 44, 30, 2.2)
	at(d.lines[2], 8.5, 48, 22, 2.2)

	// The number fills the marked line, whatever its length.
	room := float32(68 * mm)
	for d.number.TextSize = 20; d.number.TextSize > 6 && d.number.MinSize().Width > room; {
		d.number.TextSize--
	}
	high := d.number.MinSize().Height
	d.number.Move(fyne.NewPos(left+8.5*mm, 32.75*mm-high/2))
	d.number.Resize(fyne.NewSize(room, high))
	d.stamp.TextSize = 14
	at(d.stamp, 24, 5, cardWidth-30, 6)
}

// Refresh is called by the toolkit.
func (r *drawingRenderer) Refresh() {
	r.paint()
	r.Layout(r.d.Size())
	for _, o := range r.objects {
		o.Refresh()
	}
}

func (r *drawingRenderer) paint() {
	d := r.d
	c := func(name fyne.ThemeColorName) color.Color { return theme.ColorForWidget(name, d) }
	d.body.FillColor, d.body.StrokeColor = c(colorPlastic), c(colorPrint)
	d.chip.FillColor = c(colorChip)
	for _, l := range d.contacts {
		l.StrokeColor = c(colorPlastic)
	}
	for _, l := range d.lines {
		l.FillColor = c(colorPrint)
	}
	d.mark.FillColor, d.mark.StrokeColor = c(colorMark), c(theme.ColorNameWarning)
	d.number.Color = c(colorOnMark)
	d.stamp.Color = c(theme.ColorNameForeground)
}
