package ui

import (
	"fyne.io/fyne/v2"

	"postecpx/cardreader"
)

// followReader tells the place Intégration, when there is one, of the reader
// that the place Carte shows.
func (w *Window) followReader() {
	if w.integration == nil {
		return
	}
	if w.integration.desk.choosePath == nil {
		w.integration.desk = w.newDesk()
	}
	var status *cardreader.ReaderStatus
	if w.snapshot != nil && w.snapshot.Service == nil {
		for n, r := range w.snapshot.Readers {
			if r.Reader == w.memory.shown {
				status = &w.snapshot.Readers[n]
			}
		}
	}
	w.integration.Follow(status)
}

// typedKey gives a key that nothing took to the place that is seen.
func (w *Window) typedKey(key *fyne.KeyEvent) {
	switch {
	case w.poste != nil && w.poste.content.Visible():
		w.poste.key(key)
	case w.guide != nil && w.guide.content.Visible():
		w.guide.key(key)
	case w.integration != nil && w.integration.content.Visible():
		w.integration.key(key)
	case w.settings != nil && w.settings.content.Visible():
		w.settings.key(key)
	default:
		w.card.scrollKey(key)
	}
}

// leave takes the keyboard from a place that is left, and wipes the code that
// was being typed there.
func (w *Window) leave() {
	w.window.Canvas().Unfocus()
	if w.integration != nil {
		w.integration.proof.code.Wipe()
	}
	w.leaveSettings()
}
