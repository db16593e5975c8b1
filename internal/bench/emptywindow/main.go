// Command emptywindow opens a window of the toolkit with nothing in it, of the
// size of the product's. It is what package bench measures the product beside:
// the least that any program of this toolkit costs. Alt+4, which leads to a
// place of the product, colours it here.
package main

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

func main() {
	program := app.NewWithID("fr.postecpx.emptywindow")
	window := program.NewWindow("Empty")
	ground := canvas.NewRectangle(color.Gray{Y: 0x80})
	window.SetContent(ground)
	window.SetPadded(false)
	window.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.Key4, Modifier: fyne.KeyModifierAlt}, func(fyne.Shortcut) {
		ground.FillColor = color.Gray{Y: 0xC0}
		ground.Refresh()
	})
	window.Resize(fyne.NewSize(1000, 540))
	window.ShowAndRun()
}
