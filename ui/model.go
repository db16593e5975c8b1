package ui

import (
	"errors"
	"slices"
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
	held      bool   // a CPx was in it then
	hadCard   bool   // a card had been read there, and nothing came after
	left      string // reader that the card shown before has left, "" for none
	// presented is a card whose code was presented since it was read; since is
	// that card with what is known of its code now. Both nil for none.
	presented, since *cps.Card
}

// present remembers what a presentation of its code has left of that card: pin,
// which is not Known when nothing tells.
func (m memory) present(card *cps.Card, pin cps.PIN) memory {
	now := *card
	now.PIN = pin
	if !pin.Known {
		now.Gaps = append(slices.Clone(card.Gaps), cps.Gap{Part: "code porteur", Err: errTriesChanged})
	}
	m.presented, m.since = card, &now
	return m
}

// errTriesChanged: what was read of the code porteur no longer holds.
var errTriesChanged = errors.New("the code was presented after the card was read")

// upToDate puts into the Readers what is known since they were read, and
// forgets that as soon as the card is gone or was read again.
func (m memory) upToDate(readers []cardreader.ReaderStatus) ([]cardreader.ReaderStatus, memory) {
	at := slices.IndexFunc(readers, func(r cardreader.ReaderStatus) bool { return r.Card != nil && r.Card == m.presented })
	if at < 0 {
		m.presented, m.since = nil, nil
		return readers, m
	}
	readers = slices.Clone(readers) // the Snapshot is not changed
	readers[at].Card = m.since
	return readers, m
}

// look works out what to show of the true readers, and what to remember. A nil
// Snapshot is the moment before the first one.
func (m memory) look(s *language.Speaker, snapshot *cardreader.Snapshot, now time.Time) (model, memory) {
	switch {
	case snapshot == nil:
		return model{account: wording.Starting(s)}, m
	case snapshot.Service != nil:
		m = m.forget()
		return model{account: wording.Service(s, snapshot.Service), cause: wording.Cause(snapshot.Service)}, m
	case len(snapshot.Readers) == 0:
		m = m.forget()
		return model{account: wording.NoReader(s)}, m
	}
	readers, m := m.upToDate(snapshot.Readers)
	at := m.pick(readers)
	r := readers[at]
	removed := r.Stage == cardreader.NoCard && r.Reader == m.shown && m.hadCard
	m.left = m.leftFor(readers, r)
	m.shown, m.held, m.hadCard = r.Reader, holdsCPx(r), holdsCPx(r) || removed

	out := model{account: wording.Reader(s, r, now), reader: wording.ReaderName(s, r.Reader)}
	if removed {
		out.account = wording.Removed(s)
	}
	if m.left != "" {
		out.account.Notices = append([]wording.Statement{wording.Replaced(s, m.left, r.Reader)}, out.account.Notices...)
	}
	if r.Stage == cardreader.Unreadable || r.Stage == cardreader.Busy {
		out.cause = wording.Cause(r.Err)
	}
	if r.Card != nil && holdsCPx(r) {
		out.card, out.complete = r.Card, r.Stage == cardreader.Read
	}
	for i, other := range readers {
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

// forget keeps what the person asked for, and nothing of any reader.
func (m memory) forget() memory { return memory{preferred: m.preferred, chosen: m.chosen} }

// leftFor is the reader that lost the card shown before, when the one in now
// took its place on the screen by that; "" otherwise, and as soon as another
// card comes or goes.
func (m memory) leftFor(readers []cardreader.ReaderStatus, now cardreader.ReaderStatus) string {
	left := m.left
	if now.Reader != m.shown {
		left = ""
		if m.held {
			left = m.shown
		}
	}
	if !holdsCPx(now) {
		return ""
	}
	for _, r := range readers {
		if r.Reader == left && r.Stage != cardreader.NoCard {
			return "" // it did not leave, or another one came
		}
	}
	return left
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
