package ui

import (
	"postecpx/cardreader"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// makePoste makes the place Poste.
func (w *Window) makePoste() screen {
	w.poste = newPosteScreen(w.speaker, w.options.Later, w.options.Doctor, w.newDesk())
	if w.options.Guide != nil {
		w.poste.guidance, w.poste.changed = w.signposts, w.followGuide
	}
	if w.options.Settings != nil {
		chosen := w.options.Settings.Get()
		w.poste.report.offerWhole(!chosen.AlwaysMasked)
		w.poste.network.SetChecked(chosen.Network)
	}
	if w.snapshot != nil {
		w.poste.Follow(*w.snapshot)
	}
	return w.poste
}

// newDesk is what the place Poste asks of this window and the system.
func (w *Window) newDesk() desk {
	return desk{
		copy:       w.app.Clipboard().SetContent,
		open:       w.options.Open,
		openURL:    w.app.OpenURL,
		confirm:    w.confirm,
		choosePath: w.choosePath,
	}
}

// situation is what the readers hold: of each its state, with the number of a
// card that was read.
type situation struct {
	service string
	readers map[string]held
}

type held struct{ state, number string }

// situationOf tells what a Snapshot says of the readers.
func situationOf(s *language.Speaker, snapshot cardreader.Snapshot) *situation {
	now := &situation{readers: map[string]held{}}
	if snapshot.Service != nil {
		now.service = wording.Service(s, snapshot.Service).Answer.Code
		return now
	}
	for _, r := range snapshot.Readers {
		switch r.Stage {
		case cardreader.NoCard:
			now.readers[r.Reader] = held{state: "empty"}
		case cardreader.Mute:
			now.readers[r.Reader] = held{state: "mute"}
		case cardreader.NotCPx:
			now.readers[r.Reader] = held{state: "other"}
		default: // being read, read, or used by another program
			h := held{state: "card"}
			if r.Card != nil {
				h.number = r.Card.Number
			}
			now.readers[r.Reader] = h
		}
	}
	return now
}

// follows tells whether now is still the same situation, and takes the numbers
// that were not known yet.
func (was *situation) follows(now *situation) bool {
	if was.service != now.service || len(was.readers) != len(now.readers) {
		return false
	}
	for name, before := range was.readers {
		h, there := now.readers[name]
		if !there || h.state != before.state || h.number != "" && before.number != "" && h.number != before.number {
			return false
		}
	}
	for name, h := range now.readers {
		if h.number != "" {
			was.readers[name] = h
		}
	}
	return true
}

// Follow takes what is known of the readers now.
func (p *posteScreen) Follow(snapshot cardreader.Snapshot) {
	p.readers = situationOf(p.speaker, snapshot)
	if p.compare() {
		p.rebuild()
	}
}

// compare finds out whether the readers still are as they were when the
// diagnosis was made, and tells whether that is new.
func (p *posteScreen) compare() bool {
	if p.readers == nil || p.outdated || p.diagnosis == nil && !p.checking {
		return false
	}
	if p.of == nil { // nothing was known yet
		copied := *p.readers
		p.of = &copied
	}
	if p.of.follows(p.readers) || p.checking {
		return false
	}
	p.outdated = true
	p.report.forget()
	return true
}
