package ui

import "fyne.io/fyne/v2"

// fill lays objects out in as many equal columns as fit, each at least least
// wide and at most most of them, row after row. Wrapped words are as high as
// their width makes them, so the layout keeps the width that it was given last.
type fill struct {
	least, gap float32
	most       int
	width      float32
}

func (f *fill) columns() int {
	return max(1, min(f.most, int((f.width+f.gap)/(f.least+f.gap))))
}

// rows calls place with each visible object and its row and column, and gives
// the height of all rows.
func (f *fill) rows(objects []fyne.CanvasObject, place func(o fyne.CanvasObject, column int, y, height float32)) float32 {
	objects = visible(objects)
	columns := f.columns()
	var y float32
	for start := 0; start < len(objects); start += columns {
		if start > 0 {
			y += f.gap
		}
		row := objects[start:min(start+columns, len(objects))]
		var height float32
		for _, o := range row {
			height = max(height, o.MinSize().Height)
		}
		for i, o := range row {
			place(o, i, y, height)
		}
		y += height
	}
	return y
}

func (f *fill) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	n := f.columns()
	width := (size.Width - float32(n-1)*f.gap) / float32(n)
	for _, o := range visible(objects) {
		o.Resize(fyne.NewSize(width, o.MinSize().Height)) // the words wrap
	}
	f.rows(objects, func(o fyne.CanvasObject, column int, y, height float32) {
		o.Move(fyne.NewPos(float32(column)*(width+f.gap), y))
		o.Resize(fyne.NewSize(width, height))
	})
}

func (f *fill) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var width float32
	for _, o := range visible(objects) {
		width = max(width, o.MinSize().Width)
	}
	return fyne.NewSize(width, f.rows(objects, func(fyne.CanvasObject, int, float32, float32) {}))
}

// beside puts the second object to the right of the first when the width
// reaches both, at its own smallest width, and under it otherwise.
type beside struct {
	first, gap float32 // smallest width of the first object when they share a line
	width      float32
}

func (b *beside) share(second fyne.CanvasObject) bool {
	return b.width >= b.first+b.gap+second.MinSize().Width
}

func (b *beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	b.width = size.Width
	one, two := objects[0], objects[1]
	one.Move(fyne.NewPos(0, 0))
	if b.share(two) {
		right := two.MinSize().Width
		one.Resize(fyne.NewSize(size.Width-b.gap-right, one.MinSize().Height))
		height := max(one.MinSize().Height, two.MinSize().Height)
		one.Resize(fyne.NewSize(size.Width-b.gap-right, height))
		two.Move(fyne.NewPos(size.Width-right, 0))
		two.Resize(fyne.NewSize(right, height))
		return
	}
	one.Resize(fyne.NewSize(size.Width, one.MinSize().Height))
	one.Resize(fyne.NewSize(size.Width, one.MinSize().Height))
	two.Resize(fyne.NewSize(size.Width, two.MinSize().Height))
	two.Move(fyne.NewPos(0, one.Size().Height+b.gap))
	two.Resize(fyne.NewSize(size.Width, two.MinSize().Height))
}

func (b *beside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	one, two := objects[0].MinSize(), objects[1].MinSize()
	width := max(one.Width, two.Width)
	if b.share(objects[1]) {
		return fyne.NewSize(width, max(one.Height, two.Height))
	}
	return fyne.NewSize(width, one.Height+b.gap+two.Height)
}

func visible(objects []fyne.CanvasObject) []fyne.CanvasObject {
	var shown []fyne.CanvasObject
	for _, o := range objects {
		if o.Visible() {
			shown = append(shown, o)
		}
	}
	return shown
}

// lid keeps the head of a place above what scrolls, as long as it leaves room
// for that; in a low window the head scrolls along, so that all of it and all
// under it can be reached. Its objects are above and the scroll; inside stands
// first in the scroll, and head is in one of the two.
type lid struct {
	head          fyne.CanvasObject
	above, inside *fyne.Container
}

// most is the part of the height that the head may take for itself.
const most = 0.6

func (l *lid) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for range 2 { // the words wrap
		l.head.Resize(fyne.NewSize(size.Width, l.head.MinSize().Height))
	}
	high := l.head.MinSize().Height
	place, other := l.above, l.inside
	if high > most*size.Height {
		place, other, high = l.inside, l.above, 0
	}
	if len(place.Objects) == 0 {
		other.RemoveAll()
		place.Add(l.head)
	}
	objects[0].Resize(fyne.NewSize(size.Width, high))
	objects[0].Move(fyne.NewPos(0, 0))
	objects[1].Resize(fyne.NewSize(size.Width, size.Height-high))
	objects[1].Move(fyne.NewPos(0, high))
	if high == 0 {
		l.inside.Refresh()
	}
}

// MinSize asks for no height: what does not fit scrolls.
func (l *lid) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(max(l.head.MinSize().Width, objects[1].MinSize().Width), objects[1].MinSize().Height)
}
