package pcsc

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// fakeService is a PC/SC service in memory, with the habits of pcsc-lite and
// with faults that a test asks for.
type fakeService struct {
	mu      sync.Mutex
	change  *sync.Cond
	readers []*fakeReader

	down      error // of establish; nil when the service runs
	life      int   // of the service: connections do not outlive it
	counts    bool  // counts the changes of the list of readers, as from 2.3 on
	listings  uint16
	dormantIs bool

	calls     map[string]int
	errs      map[string][]error       // results of the next calls
	blocks    map[string]chan struct{} // a call waits until it is closed
	panics    map[string]bool
	beforeOp  map[string]func() // runs once, unlocked
	lostStops int               // SCardCancels that come too early

	contexts int // open now
	cards    int // connected now
	locked   bool
	resets   int // asked for on disconnect
	sent     [][]byte
	answer   []byte
}

type fakeReader struct {
	name   string
	atr    []byte // nil: empty
	extra  flags
	events uint16
}

func newFakeService(readers ...string) *fakeService {
	f := &fakeService{
		calls:    map[string]int{},
		errs:     map[string][]error{},
		blocks:   map[string]chan struct{}{},
		panics:   map[string]bool{},
		beforeOp: map[string]func(){},
		answer:   []byte{0x90, 0x00},
	}
	f.change = sync.NewCond(&f.mu)
	for _, r := range readers {
		f.plug(r)
	}
	return f
}

func (f *fakeService) system() *System {
	return &System{driver: f, notifies: true, times: usualTimes}
}

// set changes the service and wakes those who wait.
func (f *fakeService) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	f.change.Broadcast()
}

func (f *fakeService) plug(name string) {
	f.set(func() { f.readers = append(f.readers, &fakeReader{name: name}); f.listings++ })
}

func (f *fakeService) unplug(name string) {
	f.set(func() {
		f.readers = slices.DeleteFunc(f.readers, func(r *fakeReader) bool { return r.name == name })
		f.listings++
	})
}

func (f *fakeService) insert(name string, atr []byte, extra ...flags) {
	f.set(func() {
		r := f.reader(name)
		r.atr, r.extra = atr, 0
		for _, e := range extra {
			r.extra |= e
		}
		r.events++
	})
}

func (f *fakeService) remove(name string) {
	f.set(func() { r := f.reader(name); r.atr, r.extra = nil, 0; r.events++ })
}

// stop cuts every connection.
func (f *fakeService) stop(with error) { f.set(func() { f.down = with; f.life++ }) }
func (f *fakeService) start()          { f.set(func() { f.down = nil }) }

func (f *fakeService) fail(op string, errs ...error) {
	f.set(func() { f.errs[op] = append(f.errs[op], errs...) })
}

// block keeps the calls of that function from ending until unblock.
func (f *fakeService) block(op string) (unblock func()) {
	gate := make(chan struct{})
	f.set(func() { f.blocks[op] = gate })
	return func() {
		f.set(func() { delete(f.blocks, op) })
		close(gate)
	}
}

func (f *fakeService) reader(name string) *fakeReader {
	for _, r := range f.readers {
		if r.name == name {
			return r
		}
	}
	return nil
}

func (f *fakeService) counted() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.calls)
}

func (f *fakeService) opened() (contexts, cards int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.contexts, f.cards
}

// enter begins every function: it is called and left with f.mu held.
func (f *fakeService) enter(op string, life int) error {
	f.calls[op]++
	if before := f.beforeOp[op]; before != nil {
		delete(f.beforeOp, op)
		f.mu.Unlock()
		before()
		f.mu.Lock()
	}
	if gate := f.blocks[op]; gate != nil {
		f.mu.Unlock()
		<-gate
		f.mu.Lock()
	}
	if f.panics[op] {
		panic("scripted")
	}
	if next := f.errs[op]; len(next) > 0 {
		f.errs[op] = next[1:]
		if next[0] != nil {
			return next[0]
		}
	}
	if life != f.life {
		return codeInvalidHandle
	}
	return nil
}

func (f *fakeService) dormant() bool { return f.dormantIs }

func (f *fakeService) establish() (session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(opEstablish, f.life); err != nil {
		return nil, err
	}
	if f.down != nil {
		return nil, f.down
	}
	f.contexts++
	return &fakeSession{f: f, life: f.life}, nil
}

type fakeSession struct {
	f         *fakeService
	life      int
	waiting   bool
	cancelled bool
}

func (s *fakeSession) list() ([]string, error) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if err := s.f.enter(opList, s.life); err != nil {
		return nil, err
	}
	var names []string
	for _, r := range s.f.readers {
		names = append(names, r.name)
	}
	return names, nil
}

func (s *fakeSession) wait(states []state, limit time.Duration) error {
	f := s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(opWait, s.life); err != nil {
		return err
	}
	for _, st := range states {
		if st.reader != pnpReader && f.reader(st.reader) == nil {
			return codeUnknownReader
		}
	}
	var over bool
	if limit > 0 {
		timer := time.AfterFunc(limit, func() { f.set(func() { over = true }) })
		defer timer.Stop()
	}
	s.waiting, s.cancelled = true, false
	defer func() { s.waiting = false }()
	count := len(f.readers)
	for {
		changed := false
		for i := range states {
			changed = f.look(&states[i], count) || changed
		}
		switch {
		case changed:
			return nil
		case s.life != f.life:
			return codeInvalidHandle
		case s.cancelled:
			return codeCancelled
		case over || limit == 0:
			return codeTimeout
		}
		f.change.Wait()
	}
}

// look sets the event state as pcsc-lite does and tells whether it ends a wait.
func (f *fakeService) look(st *state, count int) bool {
	st.event = 0
	if st.reader == pnpReader {
		changed := count != len(f.readers)
		if f.counts {
			st.event = flags(f.listings) << 16
			changed = changed || st.current.events() != 0 && st.current.events() != f.listings
		}
		if changed {
			st.event |= stateChanged
		}
		return changed
	}
	r := f.reader(st.reader)
	if r == nil {
		st.event = stateUnknown | stateUnavailable | stateChanged
		return !st.current.has(stateUnknown)
	}
	st.event, st.atr = stateEmpty, nil
	if r.atr != nil || r.extra.has(stateMute) {
		st.event, st.atr = statePresent, slices.Clone(r.atr)
	}
	st.event |= r.extra | flags(r.events)<<16
	changed := st.current == stateUnaware || st.current.events() != 0 && st.current.events() != r.events ||
		st.current.has(stateEmpty) != st.event.has(stateEmpty)
	if changed {
		st.event |= stateChanged
	}
	return changed
}

func (s *fakeSession) cancel() error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if err := s.f.enter("SCardCancel", s.life); err != nil {
		return err
	}
	if s.f.lostStops > 0 {
		s.f.lostStops--
		return nil
	}
	if s.waiting {
		s.cancelled = true
		s.f.change.Broadcast()
	}
	return nil
}

func (s *fakeSession) release() error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.contexts--
	return s.f.enter(opRelease, s.life)
}

func (s *fakeSession) connect(reader string) (handle, error) {
	f := s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter(opConnect, s.life); err != nil {
		return nil, err
	}
	r := f.reader(reader)
	switch {
	case r == nil:
		return nil, codeUnknownReader
	case r.extra.has(stateMute):
		return nil, codeUnpowered
	case r.atr == nil:
		return nil, codeNoCard
	}
	f.cards++
	return &fakeHandle{s: s, reader: reader, events: r.events}, nil
}

type fakeHandle struct {
	s      *fakeSession
	reader string
	events uint16
}

// call begins a function on the card.
func (h *fakeHandle) call(op string, acknowledges bool) error {
	f := h.s.f
	if err := f.enter(op, h.s.life); err != nil {
		return err
	}
	r := f.reader(h.reader)
	switch {
	case r == nil:
		return codeReaderVanished
	case acknowledges:
		h.events = r.events
	case r.events != h.events:
		return codeRemoved
	}
	return nil
}

func (h *fakeHandle) status() ([]byte, error) {
	f := h.s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := h.call(opStatus, false); err != nil {
		return nil, err
	}
	return slices.Clone(f.reader(h.reader).atr), nil
}

func (h *fakeHandle) begin() error {
	f := h.s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := h.call(opBegin, false); err != nil {
		return err
	}
	f.locked = true
	return nil
}

func (h *fakeHandle) end() error {
	f := h.s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	err := h.call(opEnd, false)
	if !f.locked {
		return errors.Join(err, code(0x80100010))
	}
	f.locked = false
	return err
}

func (h *fakeHandle) transmit(command []byte) ([]byte, error) {
	f := h.s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := h.call(opTransmit, false); err != nil {
		return nil, err
	}
	f.sent = append(f.sent, slices.Clone(command))
	return slices.Clone(f.answer), nil
}

func (h *fakeHandle) reconnect() error {
	f := h.s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	return h.call(opReconnect, true)
}

func (h *fakeHandle) disconnect(reset bool) error {
	f := h.s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cards--
	f.locked = false
	if reset {
		f.resets++
	}
	return f.enter(opDisconnect, h.s.life)
}

// syncCond makes the condition again: one that is used under virtual time has
// to be made there.
func syncCond(f *fakeService) *sync.Cond { return sync.NewCond(&f.mu) }
