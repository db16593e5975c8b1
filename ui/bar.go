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
)

// bar leads to the places: one item for each, under each other.
type bar struct {
	content fyne.CanvasObject
	items   []*barItem
}

func newBar(s *language.Speaker, all []place, to func(int), other func(*fyne.KeyEvent)) *bar {
	b := &bar{}
	items := container.New(&barLayout{})
	for at, p := range all {
		i := &barItem{
			to: func() { to(at) }, move: func(by int) { b.move(at + by) }, onOther: other,
			icon: p.icon, name: newLine(p.title), keys: newLine(s.Say("ui.place.keys", "Number", at+1)),
			ring: canvas.NewRectangle(color.Transparent),
		}
		i.ExtendBaseWidget(i)
		b.items = append(b.items, i)
		items.Add(i)
	}
	ground, edge := canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)
	inside := container.New(layout.NewCustomPaddedLayout(0, 0, 0, 1), container.NewStack(ground, items))
	b.content = newPainted(container.NewStack(edge, inside), func(c colours) {
		ground.FillColor, edge.FillColor = c(colorPanel), c(colorOutline)
	})
	return b
}

func newLine(text string) *canvas.Text {
	return &canvas.Text{Text: text, Alignment: fyne.TextAlignCenter}
}

// show marks the item of the place that is seen.
func (b *bar) show(at int) {
	for n, item := range b.items {
		if chosen := n == at; item.chosen != chosen {
			item.chosen = chosen
			item.Refresh()
		}
	}
}

// move takes the keyboard to an item, when there is one.
func (b *bar) move(to int) {
	if to < 0 || to >= len(b.items) {
		return
	}
	if screen := fyne.CurrentApp().Driver().CanvasForObject(b.items[to]); screen != nil {
		screen.Focus(b.items[to])
	}
}

// barLayout puts the items under each other; where there is not the height for
// all of that, it leaves out the keys of each.
type barLayout struct{}

// Layout is called by the toolkit.
func (*barLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	roomy := size.Height >= float32(len(objects))*itemSize(objects, true).Height
	height := itemSize(objects, roomy).Height
	for n, o := range objects {
		o.(*barItem).keys.Hidden = !roomy
		o.Move(fyne.NewPos(0, float32(n)*height))
		o.Resize(fyne.NewSize(size.Width, height))
	}
}

// MinSize is called by the toolkit.
func (*barLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	least := itemSize(objects, false)
	return fyne.NewSize(least.Width, least.Height*float32(len(objects)))
}

// itemSize is the size of each item: that of the largest, with its keys or
// without.
func itemSize(objects []fyne.CanvasObject, keys bool) fyne.Size {
	var least fyne.Size
	for _, o := range objects {
		least = least.Max(o.(*barItem).size(keys))
	}
	return least
}

// barItem is a button of the bar: the sign of a place, its name, and the keys
// that lead there. The place that is seen has a mark at the edge and a ground of
// its own. Space and Enter press the item, the arrows go to its neighbours.
type barItem struct {
	widget.BaseWidget
	icon         fyne.Resource
	name, keys   *canvas.Text
	ring         *canvas.Rectangle
	chosen, over bool
	to           func()
	move         func(by int)
	onOther      func(*fyne.KeyEvent)
}

// Space around and between the parts of an item, and its sign, which does not
// grow with the words: the bar must fit the height.
const (
	itemSide  float32 = 8
	itemAbove float32 = 4
	itemSign  float32 = 22
	itemGap   float32 = 1
)

// size is how large the item is, with its keys or without.
func (i *barItem) size(keys bool) fyne.Size {
	text := theme.Size(theme.SizeNameCaptionText)
	name := fyne.MeasureText(i.name.Text, text, fyne.TextStyle{})
	height := 2*itemAbove + itemSign + itemGap + name.Height
	if keys {
		height += name.Height + 4*itemAbove
	}
	return fyne.NewSize(name.Width+2*itemSide, height)
}

// MinSize is called by the toolkit.
func (i *barItem) MinSize() fyne.Size { return i.size(false) }

// CreateRenderer is called by the toolkit.
func (i *barItem) CreateRenderer() fyne.WidgetRenderer {
	ground, mark := canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)
	sign := widget.NewIcon(i.icon)
	all := container.New(&itemLayout{}, ground, mark, sign, i.name, i.keys)
	i.ring.StrokeWidth, i.ring.CornerRadius = 3, 8
	i.ring.Hide()
	return widget.NewSimpleRenderer(newPainted(container.NewStack(all, i.ring), func(c colours) {
		ink := c(theme.ColorNameForeground)
		ground.FillColor, mark.FillColor = color.Transparent, color.Transparent
		sign.SetResource(i.icon)
		switch {
		case i.chosen:
			ink = c(theme.ColorNamePrimary)
			ground.FillColor, mark.FillColor = c(theme.ColorNameButton), ink
			sign.SetResource(theme.NewPrimaryThemedResource(i.icon))
		case i.over:
			ground.FillColor = c(theme.ColorNameHover)
		}
		i.name.Color, i.keys.Color = ink, c(theme.ColorNamePlaceHolder)
		i.name.TextSize = theme.Size(theme.SizeNameCaptionText)
		i.keys.TextSize = i.name.TextSize
		i.ring.StrokeColor = c(theme.ColorNameForeground)
	}))
}

// itemLayout lays out the parts of an item: its ground, the mark, and in the
// middle its sign, name and keys.
type itemLayout struct{}

// Layout is called by the toolkit.
func (*itemLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Resize(size)
	o[1].Resize(fyne.NewSize(4, size.Height))
	parts := o[3:]
	height := itemSign + itemGap
	for _, p := range visible(parts) {
		height += p.MinSize().Height
	}
	y := (size.Height - height) / 2
	o[2].Move(fyne.NewPos((size.Width-itemSign)/2, y))
	o[2].Resize(fyne.NewSquareSize(itemSign))
	y += itemSign + itemGap
	for _, p := range visible(parts) {
		p.Move(fyne.NewPos(0, y))
		p.Resize(fyne.NewSize(size.Width, p.MinSize().Height))
		y += p.MinSize().Height
	}
}

// MinSize is called by the toolkit; the item says its own.
func (*itemLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Tapped is called by the toolkit.
func (i *barItem) Tapped(*fyne.PointEvent) { i.to() }

// MouseIn is called by the toolkit.
func (i *barItem) MouseIn(*desktop.MouseEvent) { i.hover(true) }

// MouseMoved is called by the toolkit.
func (i *barItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the toolkit.
func (i *barItem) MouseOut() { i.hover(false) }

func (i *barItem) hover(on bool) {
	i.over = on
	i.Refresh()
}

// FocusGained is called by the toolkit.
func (i *barItem) FocusGained() { showRing(i.ring, i) }

// FocusLost is called by the toolkit.
func (i *barItem) FocusLost() { i.ring.Hide() }

// TypedRune is called by the toolkit.
func (i *barItem) TypedRune(rune) {}

// TypedKey is called by the toolkit.
func (i *barItem) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		i.to()
	case fyne.KeyUp:
		i.move(-1)
	case fyne.KeyDown:
		i.move(1)
	default:
		i.onOther(key)
	}
}
