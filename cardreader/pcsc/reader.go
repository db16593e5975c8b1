// Package pcsc is PC/SC made safe: readers, card events, connections and
// transactions through github.com/ebfe/scard, each call guarded and bounded in
// time. It shares every card with the other programs of the workstation.
//
// On Linux and macOS it uses the system's library by cgo; without cgo it
// compiles and says that the service is not available. On Windows it calls the
// winscard.dll of the system folder itself.
package pcsc

import "slices"

// Reader is one PC/SC reader and what is in it.
type Reader struct {
	Name string
	// ATR of the card, nil when there is none or it does not answer.
	ATR []byte
	// Present: a card is in the reader.
	Present bool
	// Mute: the card does not answer to reset (upside down, damaged).
	Mute bool
	// Exclusive: another program holds the card for itself alone.
	Exclusive bool
	// InUse: at least one program is connected to the card.
	InUse bool
	// Events counts insertions and removals since the service started, modulo
	// 65536, where the service counts them: two cards never share a count.
	Events uint16
}

func (r Reader) equal(o Reader) bool {
	return r.Name == o.Name && slices.Equal(r.ATR, o.ATR) && r.Present == o.Present && r.Mute == o.Mute &&
		r.Exclusive == o.Exclusive && r.InUse == o.InUse && r.Events == o.Events
}

// readersOf makes Readers of states. The pseudo-reader and readers that are
// gone are left out.
func readersOf(states []state) []Reader {
	var readers []Reader
	for _, s := range states {
		if s.reader == pnpReader || s.event.has(stateUnknown) || s.event.has(stateIgnore) {
			continue
		}
		r := Reader{
			Name:      s.reader,
			Present:   s.event.has(statePresent),
			Mute:      s.event.has(stateMute),
			Exclusive: s.event.has(stateExclusive),
			InUse:     s.event.has(stateInUse),
			Events:    s.event.events(),
		}
		if r.Present && len(s.atr) > 0 {
			r.ATR = slices.Clone(s.atr)
		}
		readers = append(readers, r)
	}
	return readers
}
