package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// digits are a number that is read at arm's length, on one line: a part of a
// number alone on a line would look like another number. They are as large as
// the width lets them be.
type digits struct {
	tappableLabel
	number bool
}

func newDigits(tapped func()) *digits {
	d := &digits{tappableLabel: tappableLabel{tapped: tapped}}
	d.TextStyle.Bold = true
	d.ExtendBaseWidget(d)
	return d
}

// digitSizes are the sizes of a number, from the one that is wished for down.
var digitSizes = []fyne.ThemeSizeName{sizeIdentifier, sizeMiddle, sizeLong, theme.SizeNameText}

// Number shows a number, Words what stands in the place of one; with "",
// nothing.
func (d *digits) Number(text string) { d.show(text, true) }

// Words shows words.
func (d *digits) Words(text string) { d.show(text, false) }

func (d *digits) show(text string, number bool) {
	d.number, d.Text = number, text
	d.Wrapping, d.SizeName = fyne.TextWrapWord, sizeLong
	if number {
		d.Wrapping = fyne.TextWrapBreak // where even the smallest does not fit
	}
	d.fit(d.Size().Width)
	d.Refresh()
	d.Hidden = text == ""
}

// Resize is called by the toolkit.
func (d *digits) Resize(size fyne.Size) {
	if d.fit(size.Width) {
		d.Refresh()
	}
	d.tappableLabel.Resize(size)
}

// fit chooses the size for that width, and tells whether it is another one.
func (d *digits) fit(width float32) bool {
	if !d.number {
		return false
	}
	before, room := d.SizeName, width-2*d.Theme().Size(theme.SizeNameInnerPadding)
	for _, name := range digitSizes {
		d.SizeName = name
		if room <= 0 || fyne.MeasureText(d.Text, d.Theme().Size(name), d.TextStyle).Width <= room {
			break
		}
	}
	return d.SizeName != before
}
