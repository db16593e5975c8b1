package pcsc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// callLimit bounds one call into PC/SC when the caller's context does not end
// earlier. A reader that works answers in milliseconds, a card in at most a few
// seconds; beyond ten nobody in front of the screen still waits.
const callLimit = 10 * time.Second

// System is the PC/SC service of the workstation. Its methods may be called
// from several goroutines at a time.
type System struct {
	driver   driver
	notifies bool // the driver knows pnpReader
	times    times
	watching atomic.Bool
}

// times are the delays of a watch; tests shorten them.
type times struct {
	call         time.Duration   // callLimit
	firstRetry   time.Duration   // of a service that does not answer
	longestRetry time.Duration   // each retry waits twice as long, up to this
	recheck      []time.Duration // after a wait began: see watcher.wait
	relist       time.Duration   // where the system does not notify
	cancel       time.Duration   // a wait has to end after SCardCancel
	removal      time.Duration   // the service needs to notice that a card left
}

var usualTimes = times{
	call:         callLimit,
	firstRetry:   250 * time.Millisecond,
	longestRetry: 2 * time.Second,
	recheck:      []time.Duration{50 * time.Millisecond, time.Second},
	relist:       2 * time.Second,
	cancel:       time.Second,
	removal:      time.Second,
}

var workstation = &System{driver: systemDriver(), notifies: notifies, times: usualTimes}

// New returns the PC/SC service of the workstation. There is one, and every
// call returns it; nothing is opened before it is used.
func New() *System { return workstation }

// Readers lists the readers and the state of each, in the order of the
// service. No reader at all is an empty list and no error.
func (s *System) Readers(ctx context.Context) ([]Reader, error) {
	h := &holding{}
	l := newLane(h.release)
	defer l.end()
	if err := s.establish(ctx, l, h); err != nil {
		if s.isDormant(err) {
			return nil, nil
		}
		return nil, err
	}
	for tries := 1; ; tries++ {
		names, err := s.list(ctx, l, h)
		if err != nil || len(names) == 0 {
			return nil, err
		}
		states := make([]state, len(names))
		for i, n := range names {
			states[i].reader = n
		}
		states, err = s.stateOf(ctx, l, h, states)
		if errors.Is(err, ErrNoReader) && tries < 3 {
			continue // one was unplugged since it was listed
		}
		if err != nil {
			return nil, err
		}
		return readersOf(states), nil
	}
}

// stateOf asks for the present state, without waiting.
func (s *System) stateOf(ctx context.Context, l *lane, h *holding, states []state) ([]state, error) {
	return call(ctx, l, opWait, s.times.call, func() ([]state, error) { return checkedWait(h.session, states, 0) })
}

// checkedWait keeps from the driver what it does not bear, and its results
// within their bounds. It leaves states alone.
func checkedWait(s session, states []state, limit time.Duration) ([]state, error) {
	if len(states) == 0 {
		return nil, errors.New("no reader to wait for")
	}
	states = slices.Clone(states)
	if err := s.wait(states, limit); err != nil {
		return nil, err
	}
	for i := range states {
		if a := states[i].atr; len(a) > maxATR {
			states[i].atr = a[:maxATR]
		}
	}
	return states, nil
}

// establish opens a PC/SC context on the lane, into h. A service that is just
// ending can cut the connection, which looks like a refusal: one more try
// tells.
func (s *System) establish(ctx context.Context, l *lane, h *holding) error {
	if n := stuck.Load(); n >= maxStuck {
		return &Error{Op: opEstablish, Kind: ErrService, Err: &Error{Op: opEstablish, Kind: ErrTimeout,
			Err: fmt.Errorf("%d earlier calls are still blocked", n)}}
	}
	open := func() (err error) {
		h.session, err = s.driver.establish()
		return err
	}
	err := do(ctx, l, opEstablish, s.times.call, open)
	var e *Error
	if errors.As(err, &e) && (e.Code == uint32(codeSecurity) || e.Code == uint32(codeCommunication)) {
		err = do(ctx, l, opEstablish, s.times.call, open)
	}
	return unanswered(ctx, err)
}

func (s *System) list(ctx context.Context, l *lane, h *holding) ([]string, error) {
	names, err := call(ctx, l, opList, s.times.call, func() ([]string, error) { return h.session.list() })
	var e *Error
	if errors.As(err, &e) && e.Code == uint32(codeNoReaders) {
		return nil, nil
	}
	return names, unanswered(ctx, err)
}

// unanswered says of a call which no reader and no other program can delay that
// the service is to blame when it takes too long. A deadline of the caller's
// own blames nobody.
func unanswered(ctx context.Context, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == ErrTimeout && ctx.Err() == nil {
		return &Error{Op: e.Op, Kind: ErrService, Err: err}
	}
	return err
}

// isDormant tells whether err is only that the system starts its service with
// the first reader.
func (s *System) isDormant(err error) bool {
	return errors.Is(err, ErrService) && s.driver.dormant()
}

// validName keeps from C a name that it would read otherwise.
func validName(reader string) bool { return reader != "" && !strings.ContainsRune(reader, 0) }

// holding is what a lane has open. Only calls on the lane change it.
type holding struct {
	session session
	card    handle
	begun   bool        // a transaction
	reset   atomic.Bool // the card on disconnect
}

// release closes what is open. Nobody is left to hear of an error, and the
// service cleans up after a connection that ends.
func (h *holding) release() {
	if h.card != nil {
		if h.begun {
			_, _ = protect(opEnd, func() (struct{}, error) { return struct{}{}, h.card.end() })
		}
		_, _ = protect(opDisconnect, func() (struct{}, error) { return struct{}{}, h.card.disconnect(h.reset.Load()) })
	}
	if h.session != nil {
		_, _ = protect(opRelease, func() (struct{}, error) { return struct{}{}, h.session.release() })
	}
	h.card, h.session, h.begun = nil, nil, false
}
