package ui

import (
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/plaintext"
)

// dialog is a question over the window, that waits for its answer. Escape is
// the answer that does nothing.
type dialog struct {
	over   *widget.PopUp
	cancel func()
	closed func()
}

// newDialog shows a question; body brings what is to be answered.
func (w *Window) newDialog(title string, body func(d *dialog) (content fyne.CanvasObject, first fyne.Focusable)) *dialog {
	d := &dialog{}
	content, first := body(d)
	heading := newWords(title)
	heading.SizeName, heading.TextStyle.Bold = theme.SizeNameSubHeadingText, true
	screen := w.window.Canvas()
	all := container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), container.NewVBox(heading, content))
	room := screen.Size().Subtract(fyne.NewSquareSize(24))
	width := min(600, room.Width)
	for range 3 { // the words wrap
		all.Resize(fyne.NewSize(width, all.MinSize().Height))
	}
	size := fyne.NewSize(width, min(all.MinSize().Height, room.Height))
	w.asked = container.NewGridWrap(size, container.NewVScroll(all))
	d.closed = func() { w.asked, w.refuse = nil, nil }
	w.refuse = func() { d.cancel() }
	d.over = widget.NewModalPopUp(w.asked, screen)
	d.over.Show()
	screen.Focus(first)
	return d
}

func (d *dialog) close() {
	d.over.Hide()
	d.closed()
}

// key ends the question with Escape.
func (d *dialog) key(key *fyne.KeyEvent) {
	if key.Name == fyne.KeyEscape {
		d.cancel()
	}
}

// confirm asks a question. The keyboard is on the answer that does nothing.
func (w *Window) confirm(title, question, yes, no string, answer func(bool)) {
	w.newDialog(title, func(d *dialog) (fyne.CanvasObject, fyne.Focusable) {
		end := func(with bool) func() {
			return func() {
				d.close()
				answer(with)
			}
		}
		d.cancel = end(false)
		noButton, noBox := newAction(no, theme.CancelIcon(), end(false), d.key)
		_, yesBox := newAction(yes, theme.WarningIcon(), end(true), d.key)
		return container.NewVBox(newWords(question), container.New(&fill{least: 200, most: 2}, noBox, yesBox)), noButton
	})
}

// pathField is where a path is typed.
type pathField struct {
	widget.Entry
	onOther func(*fyne.KeyEvent)
}

// TypedKey is called by the toolkit.
func (f *pathField) TypedKey(key *fyne.KeyEvent) {
	if key.Name == fyne.KeyEscape {
		f.onOther(key)
		return
	}
	f.Entry.TypedKey(key)
}

// choosePath asks where to save a file: in one of these folders, or where the
// person says.
func (w *Window) choosePath(name string, folders []string, chosen func(path string)) {
	s := w.speaker
	w.newDialog(s.Say("poste.save"), func(d *dialog) (fyne.CanvasObject, fyne.Focusable) {
		field := &pathField{onOther: d.key}
		field.ExtendBaseWidget(field)
		d.cancel = func() {
			d.close()
			chosen("")
		}
		save := func() {
			path := strings.TrimSpace(field.Text)
			if path == "" {
				return
			}
			d.close()
			chosen(path)
		}
		field.OnSubmitted = func(string) { save() }
		field.Text = name
		all := container.NewVBox()
		if len(folders) > 0 {
			field.Text = filepath.Join(folders[0], name)
			var shown []string
			for _, f := range folders {
				shown = append(shown, plaintext.Line(f, longName))
			}
			choice, box := newSelector(func(text string) {
				if at := slices.Index(shown, text); at >= 0 {
					field.SetText(filepath.Join(folders[at], filepath.Base(field.Text)))
				}
			})
			choice.Options, choice.Selected = shown, shown[0]
			choice.onOther = d.key
			all.Add(tight(newCaption(s.Say("poste.save.folder")), box))
		}
		_, noBox := newAction(s.Say("poste.report.whole.no"), theme.CancelIcon(), d.cancel, d.key)
		_, saveBox := newAction(s.Say("poste.save.yes"), theme.DocumentSaveIcon(), save, d.key)
		all.Add(tight(newCaption(s.Say("poste.save.path")), container.New(layout.NewCustomPaddedLayout(4, 4, 4, 4), field)))
		all.Add(container.New(&fill{least: 200, most: 2}, saveBox, noBox))
		return all, field
	})
}
