package ui

import (
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// model is all that the screen Carte shows, worked out from what is known; the
// screen only displays it.
type model struct {
	account wording.Account
	cause   string // technical reason, for a support desk
	reader  string // name of the reader that is shown, "" for none
	others  []string
	// choices are the readers that hold a CPx, when there are several.
	choices []string

	card          *cps.Card // nil when none is to be shown
	complete      bool      // card is all that will be read
	demonstration bool      // card is the demonstration
	offer         bool      // a demonstration can be shown
}

// memory is what a model needs beside the Snapshot.
type memory struct {
	preferred string // part of a reader's name that the person asked for at start
	chosen    string // reader that the person chose in the window
	shown     string // reader that was shown last
	hadCard   bool   // a card had been read there, and nothing came after
}

// look works out what to show of the true readers, and what to remember. A nil
// Snapshot is the moment before the first one.
func (m memory) look(s *language.Speaker, snapshot *cardreader.Snapshot, now time.Time) (model, memory) {
	switch {
	case snapshot == nil:
		return model{account: wording.Starting(s)}, m
	case snapshot.Service != nil:
		m.shown, m.hadCard = "", false
		return model{account: wording.Service(s, snapshot.Service), cause: wording.Cause(snapshot.Service)}, m
	case len(snapshot.Readers) == 0:
		m.shown, m.hadCard = "", false
		return model{account: wording.NoReader(s)}, m
	}
	at := m.pick(snapshot.Readers)
	r := snapshot.Readers[at]
	removed := r.Stage == cardreader.NoCard && r.Reader == m.shown && m.hadCard
	m.shown, m.hadCard = r.Reader, holdsCPx(r) || removed

	out := model{account: wording.Reader(s, r, now), reader: wording.ReaderName(s, r.Reader)}
	if removed {
		out.account = wording.Removed(s)
	}
	if r.Stage == cardreader.Unreadable || r.Stage == cardreader.Busy {
		out.cause = wording.Cause(r.Err)
	}
	if r.Card != nil && holdsCPx(r) {
		out.card, out.complete = r.Card, r.Stage == cardreader.Read
	}
	for i, other := range snapshot.Readers {
		if i != at {
			out.others = append(out.others, wording.ReaderLine(s, other))
		}
		if holdsCPx(other) {
			out.choices = append(out.choices, other.Reader)
		}
	}
	if len(out.choices) < 2 {
		out.choices = nil
	}
	return out, m
}

// pick is the index of the reader to show: the one that the person chose, while
// it holds a CPx; then the one asked for at start; then the one that says most;
// then the one already shown, so that the screen does not jump.
func (m memory) pick(readers []cardreader.ReaderStatus) int {
	best, most := 0, -1
	for i, r := range readers {
		weight := 2 * rank(r.Stage)
		if r.Reader == m.shown {
			weight++
		}
		if m.preferred != "" && strings.Contains(strings.ToLower(r.Reader), strings.ToLower(m.preferred)) {
			weight += 100
		}
		if r.Reader == m.chosen && holdsCPx(r) {
			weight += 200
		}
		if weight > most {
			best, most = i, weight
		}
	}
	return best
}

func rank(s cardreader.Stage) int {
	switch s {
	case cardreader.Read, cardreader.Identified, cardreader.Reading:
		return 4
	case cardreader.Unreadable, cardreader.Busy:
		return 3
	case cardreader.Mute:
		return 2
	case cardreader.NotCPx:
		return 1
	}
	return 0
}

func holdsCPx(r cardreader.ReaderStatus) bool { return rank(r.Stage) == 4 }

// anyCard tells whether a card, of whatever kind, is in a reader.
func anyCard(s *cardreader.Snapshot) bool {
	if s == nil || s.Service != nil {
		return false
	}
	for _, r := range s.Readers {
		if r.Stage != cardreader.NoCard {
			return true
		}
	}
	return false
}
