package ui

import (
	"postecpx/cardreader"
	"postecpx/cardreader/cps"
)

// followReader tells the place Intégration, when there is one, of the reader
// that the place Carte shows.
func (w *Window) followReader() {
	if w.integration == nil {
		return
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

// makeIntegration makes the place Intégration.
func (w *Window) makeIntegration() screen {
	w.integration = newIntegrationScreen(w.speaker, w.options.Now, w.options.Workbench)
	w.integration.desk = w.newDesk()
	w.integration.proof.presented = w.present
	w.followReader()
	return w.integration
}

// present has the place Carte tell what a presentation of its code has left of
// that card: nothing else reads it again.
func (w *Window) present(card *cps.Card, pin cps.PIN) {
	w.memory = w.memory.present(card, pin)
	w.update()
}

// leave wipes the code that was being typed.
func (i *integrationScreen) leave() { i.proof.code.Wipe() }
