package cardreader

import (
	"bytes"
	"context"
	"errors"
	"time"

	"postecpx/assets/atr"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
)

// readingTime bounds one reading: a CPS3 at the speed of its ATR takes about
// six seconds for everything.
const readingTime = 45 * time.Second

// A card that another program holds, or a service that went away in the middle
// of a reading, is tried again after a while, and each time after a longer one:
// the service does not always tell when a card is let go.
const (
	firstRetry = time.Second
	lastRetry  = 15 * time.Second
)

// Monitor watches the readers of the source, reads each CPx that is inserted,
// and calls changed with what is known, at once and then at each change. It
// calls from one goroutine, never twice at a time, and returns when ctx ends.
//
//	       ┌──────────── no card ◄───────────── removed ─────────────┐
//	       ▼                                                          │
//	inserted: mute · not a CPx · busy · reading ─► identified ─► read │ unreadable
//	                             ▲        └──────► unreadable · busy ─┘
//	                             └─ let go by the other program, or tried again
func Monitor(ctx context.Context, source Source, changed func(Snapshot)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := &monitor{source: source, results: make(chan result), retries: make(chan retry), cards: make(map[string]*watched)}
	events := make(chan event)
	ended := make(chan error, 1)
	go func() {
		ended <- source.Watch(ctx, func(readers []pcsc.Reader, err error) {
			select {
			case events <- event{readers, err}:
			case <-ctx.Done():
			}
		})
	}()
	for {
		select {
		case e := <-events:
			m.update(ctx, e)
		case r := <-m.results:
			if !m.accept(ctx, r) {
				continue
			}
		case w := <-m.retries:
			if !m.again(ctx, w) {
				continue
			}
		case err := <-ended:
			m.stopAll()
			return err
		}
		changed(m.snapshot())
	}
}

type event struct {
	readers []pcsc.Reader
	err     error
}

// result is news of one reading.
type result struct {
	of     *watched
	number int // of the reading
	status ReaderStatus
}

// watched is one reader and the reading under way there.
type watched struct {
	reader   pcsc.Reader
	status   ReaderStatus
	number   int // of the last reading
	attempts int // to read the card that is in
	stop     context.CancelFunc
}

type monitor struct {
	source  Source
	results chan result
	retries chan retry
	service error
	order   []string
	cards   map[string]*watched
}

func (m *monitor) snapshot() Snapshot {
	s := Snapshot{Service: m.service}
	for _, name := range m.order {
		s.Readers = append(s.Readers, m.cards[name].status)
	}
	return s
}

// update takes the new list of readers: it forgets those that are gone, and
// reads the cards that are new.
func (m *monitor) update(ctx context.Context, e event) {
	m.service = e.err
	m.order = nil
	listed := make(map[string]bool)
	for _, r := range e.readers {
		m.order = append(m.order, r.Name)
		listed[r.Name] = true
		w := m.cards[r.Name]
		if w == nil {
			w = &watched{stop: func() {}, status: ReaderStatus{Reader: r.Name, Stage: NoCard}}
			m.cards[r.Name] = w
		}
		before := w.reader
		w.reader = r
		switch {
		case !sameCard(before, r):
			w.stop()
			w.attempts = 0
			m.begin(ctx, w)
		case w.status.Stage == Busy && letGo(before, r):
			w.stop()
			m.begin(ctx, w)
		}
	}
	for name, w := range m.cards {
		if !listed[name] {
			w.stop()
			delete(m.cards, name)
		}
	}
}

func sameCard(a, b pcsc.Reader) bool {
	return a.Present == b.Present && a.Mute == b.Mute && a.Events == b.Events && bytes.Equal(a.ATR, b.ATR)
}

// letGo tells whether another program has just released the card.
func letGo(before, now pcsc.Reader) bool {
	return before.Exclusive && !now.Exclusive || before.InUse && !now.InUse
}

// begin looks at the card in a reader, and starts to read it when it may be a
// CPx.
func (m *monitor) begin(ctx context.Context, w *watched) {
	w.number++
	w.attempts++
	w.stop = func() {}
	w.status = Look(w.reader)
	if w.status.Stage != Reading {
		return
	}
	readContext, stop := context.WithTimeout(ctx, readingTime)
	w.stop = stop
	number, reader := w.number, w.reader
	go func() {
		defer stop()
		m.read(readContext, reader, func(status ReaderStatus) {
			status.Reader = reader.Name
			select {
			case m.results <- result{w, number, status}:
			case <-ctx.Done():
			}
		})
	}()
}

// read reads the card and tells each stage. News of a card that has left come
// too late and are dropped by accept.
func (m *monitor) read(ctx context.Context, r pcsc.Reader, tell func(ReaderStatus)) {
	card, err := ReadCard(ctx, m.source, r.Name, cps.Options{
		Identified: func(c cps.Card) { tell(ReaderStatus{Stage: Identified, Card: &c}) },
	})
	if err == nil {
		tell(ReaderStatus{Stage: Read, Card: card})
		return
	}
	status := ReaderStatus{Stage: StageOf(err), Err: err}
	if status.Stage == NotCPx {
		status.CardName = otherCard(r.ATR)
	}
	tell(status)
}

// Look says what a reader alone tells of its card: nothing is sent. Reading
// means that the card may be a CPx and has to be read.
func Look(r pcsc.Reader) ReaderStatus {
	status := ReaderStatus{Reader: r.Name, Stage: Reading}
	switch {
	case !r.Present:
		status.Stage = NoCard
	case r.Mute || len(r.ATR) == 0:
		status.Stage = Mute
	default:
		if _, err := cps.Recognise(r.ATR); err != nil {
			status.Stage, status.CardName = NotCPx, otherCard(r.ATR)
		}
	}
	return status
}

// StageOf says where an error of ReadCard leaves a reader.
func StageOf(err error) Stage {
	switch {
	case errors.Is(err, cps.ErrNotCPx):
		return NotCPx
	case errors.Is(err, pcsc.ErrRemoved), errors.Is(err, pcsc.ErrNoCard):
		return NoCard // first: what a call met on the way out is in the error too
	case errors.Is(err, pcsc.ErrMute):
		return Mute
	case errors.Is(err, pcsc.ErrBusy), errors.Is(err, ErrShared):
		return Busy
	}
	return Unreadable
}

// otherCard names what a card that is not a CPx is, from its ATR alone.
func otherCard(raw []byte) atr.Name {
	name, _ := atr.Identify(raw)
	return name
}

func (m *monitor) accept(ctx context.Context, r result) bool {
	w := r.of
	if w.number != r.number || m.cards[w.reader.Name] != w {
		return false
	}
	w.status = r.status
	if w.status.Stage == Busy || errors.Is(w.status.Err, pcsc.ErrService) {
		m.retryLater(ctx, w)
	}
	return true
}

// retry is a reading whose turn has come again.
type retry struct {
	of     *watched
	number int // of the reading that failed
}

func (m *monitor) retryLater(ctx context.Context, w *watched) {
	wait := min(firstRetry<<min(w.attempts-1, 8), lastRetry)
	again := retry{w, w.number}
	timer := time.AfterFunc(wait, func() {
		select {
		case m.retries <- again:
		case <-ctx.Done():
		}
	})
	w.stop = func() { timer.Stop() }
}

// again begins a reading once more, unless something else happened meanwhile.
// The reader keeps its stage until the outcome is known.
func (m *monitor) again(ctx context.Context, r retry) bool {
	w := r.of
	if w.number != r.number || m.cards[w.reader.Name] != w || m.service != nil {
		return false
	}
	before := w.status
	m.begin(ctx, w)
	if w.status.Stage != Reading {
		return true
	}
	w.status = before
	return false
}

func (m *monitor) stopAll() {
	for _, w := range m.cards {
		w.stop()
	}
}
