package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"postecpx/cardreader/iso7816"
)

// Card is a shared connection to the card in one reader, over a PC/SC context
// of its own. It is used by one goroutine at a time and has to be closed.
//
// When a call does not end in its time, the connection is given up: that call
// returns ErrTimeout, later ones ErrClosed, and the thread, the connection and
// the context are freed when the blocked call returns.
type Card struct {
	system *System
	reader string
	lane   *lane
	held   *holding
	atr    []byte
	events uint16 // of the reader, counted before the connection was made

	busy   sync.Mutex // a transaction
	closed atomic.Bool
}

// Connect shares the card in that reader with the other programs, in T=0 or
// T=1. An empty reader, a missing one and one that another program holds
// exclusively (ErrNoCard, ErrNoReader, ErrBusy) are told without a look at the
// card. A mute card is powered once more before it is ErrMute. While another program is in a
// transaction, Connect waits for its end, and for ten seconds at most: after
// that it is ErrBusy, which then wraps ErrTimeout.
func (s *System) Connect(ctx context.Context, reader string) (*Card, error) {
	if !validName(reader) {
		return nil, &Error{Op: opConnect, Kind: ErrNoReader, Err: fmt.Errorf("reader name %q", reader)}
	}
	h := &holding{}
	c := &Card{system: s, reader: reader, held: h, lane: newLane(h.release)}
	if err := c.connect(ctx); err != nil {
		c.lane.end()
		return nil, err
	}
	return c, nil
}

func (c *Card) connect(ctx context.Context) error {
	s, h := c.system, c.held
	if err := s.establish(ctx, c.lane, h); err != nil {
		if s.isDormant(err) {
			return &Error{Op: opConnect, Kind: ErrNoReader, Err: err}
		}
		return err
	}
	// The count is taken first: a card that is exchanged after it is noticed.
	states, err := s.stateOf(ctx, c.lane, h, []state{{reader: c.reader}})
	if err != nil {
		return err
	}
	now := states[0].event
	for _, hindrance := range []struct {
		hinders bool
		kind    Kind
	}{
		{now.has(stateUnknown) || now.has(stateIgnore), ErrNoReader},
		{!now.has(statePresent), ErrNoCard},
		{now.has(stateExclusive), ErrBusy},
	} {
		if hindrance.hinders {
			return &Error{Op: opConnect, Kind: hindrance.kind}
		}
	}
	c.events = now.events()
	err = do(ctx, c.lane, opConnect, s.times.call, func() (err error) {
		h.card, err = h.session.connect(c.reader)
		return err
	})
	if errors.Is(err, ErrTimeout) && now.has(stateInUse) {
		return &Error{Op: opConnect, Kind: ErrBusy, Err: err}
	}
	if err != nil {
		return err
	}
	c.atr, err = c.status(ctx)
	return err
}

// status returns the ATR of the card that is connected.
func (c *Card) status(ctx context.Context) ([]byte, error) {
	atr, err := call(ctx, c.lane, opStatus, c.system.times.call, func() ([]byte, error) { return c.held.card.status() })
	if err != nil {
		return nil, err
	}
	if len(atr) > maxATR {
		return nil, &Error{Op: opStatus, Kind: ErrOther, Err: fmt.Errorf("an ATR of %d bytes", len(atr))}
	}
	return slices.Clone(atr), nil
}

// ATR is the Answer-To-Reset of the card, 33 bytes at most.
func (c *Card) ATR() []byte { return slices.Clone(c.atr) }

// Transaction runs do while no other program can reach the card, and then lets
// the others in, the card as do left it. The Transmitter is good until do
// returns. do has to be short and to wait for nobody: Windows resets a card
// after five seconds without a command in a transaction.
//
// ErrReset means that the card forgot what was selected in it; do has to be
// run again from the start by the caller, on this same Card, which was
// reconnected. ErrRemoved means that it is of no more use. ErrBusy, which then
// wraps ErrTimeout, means that another program did not let the card go in ten
// seconds, or before ctx ended. The error of do is returned as it is; one of
// the card which do met and kept to itself is returned all the same.
func (c *Card) Transaction(ctx context.Context, do func(iso7816.Transmitter) error) (err error) {
	if !c.busy.TryLock() {
		return &Error{Op: opBegin, Kind: ErrBusy, Err: errors.New("this connection is already in a transaction")}
	}
	defer c.busy.Unlock()
	if err := c.begin(ctx); err != nil {
		return err
	}
	t := &transmitter{card: c}
	defer func() { err = c.finish(ctx, t, err) }() // also when do panics
	return do(t)
}

func (c *Card) begin(ctx context.Context) error {
	err := do(ctx, c.lane, opBegin, c.system.times.call, func() error {
		err := c.held.card.begin()
		c.held.begun = err == nil
		return err
	})
	switch {
	case errors.Is(err, ErrReset):
		return c.reconnect(ctx, err)
	case errors.Is(err, ErrTimeout):
		return &Error{Op: opBegin, Kind: ErrBusy, Err: err}
	case errors.Is(err, ErrMute):
		return c.explain(ctx, opBegin, err)
	}
	return err
}

// finish ends the transaction and returns what it comes to. It runs even when
// ctx has ended.
func (c *Card) finish(ctx context.Context, t *transmitter, err error) error {
	t.over.Store(true)
	lost := t.lost
	if err == nil {
		err = lost
	}
	ctx = context.WithoutCancel(ctx)
	endErr := do(ctx, c.lane, opEnd, c.system.times.call, func() error {
		c.held.begun = false
		return c.held.card.end()
	})
	if errors.Is(lost, ErrReset) {
		return c.reconnect(ctx, err)
	}
	if err != nil || endErr == nil || holdsNothing(endErr) {
		return err
	}
	return endErr
}

// holdsNothing tells the errors of SCardEndTransaction after which no
// transaction is left: do had all its answers before, so they do not matter to
// it, and the next call on the card meets them again.
func holdsNothing(err error) bool {
	for _, k := range []Kind{ErrReset, ErrRemoved, ErrNoReader, ErrService, ErrClosed} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// reconnect acknowledges a reset, which is the error err, and returns err: or
// an ErrRemoved when the card is no longer the same one, because reconnecting
// would also accept another card.
func (c *Card) reconnect(ctx context.Context, err error) error {
	failed := do(ctx, c.lane, opReconnect, c.system.times.call, func() error { return c.held.card.reconnect() })
	if failed == nil {
		failed = c.sameCard(ctx)
	}
	if failed != nil {
		c.lane.end()
		return failed
	}
	return err
}

func (c *Card) sameCard(ctx context.Context) error {
	atr, err := c.status(ctx)
	if err != nil {
		return err
	}
	states, err := c.system.stateOf(ctx, c.lane, c.held, []state{{reader: c.reader}})
	if err != nil {
		return err
	}
	if now := states[0].event; !bytes.Equal(atr, c.atr) || !now.has(statePresent) || now.events() != c.events {
		return &Error{Op: opReconnect, Kind: ErrRemoved, Err: errors.New("there is another card in the reader")}
	}
	return nil
}

// explain looks for the reason of a call that failed because the card did not
// answer: pcsc-lite learns of a removal only after the first call that fails.
func (c *Card) explain(ctx context.Context, op string, err error) error {
	deadline := time.Now().Add(c.system.times.removal)
	states := []state{{reader: c.reader, current: statePresent | stateInUse | flags(c.events)<<16}}
	for left := c.system.times.removal; left > 0; left = time.Until(deadline) {
		news, failed := call(ctx, c.lane, opWait, left+c.system.times.call, func() ([]state, error) {
			return checkedWait(c.held.session, states, left)
		})
		switch {
		case errors.Is(failed, ErrNoReader):
			return &Error{Op: op, Kind: ErrNoReader, Err: err}
		case failed != nil: // nothing happened in that time, or nobody knows
			return err
		case !news[0].event.has(statePresent) || news[0].event.events() != c.events:
			return &Error{Op: op, Kind: ErrRemoved, Err: err}
		}
		news[0].current = news[0].event &^ stateChanged
		states = news
	}
	return err
}

// Close ends the connection and leaves the card as it is. What is already gone,
// be it the card, the reader or the service, is closed. A second Close does
// nothing.
func (c *Card) Close() error { return c.close(false) }

// CloseReset ends the connection and resets the card, so that nothing which a
// code porteur opened stays open. Its error means that the card may not have
// been reset; a connection that was given up resets it when it can.
func (c *Card) CloseReset() error { return c.close(true) }

func (c *Card) close(reset bool) error {
	if !c.closed.CompareAndSwap(false, true) {
		return nil
	}
	ctx, s, h := context.Background(), c.system, c.held
	h.reset.Store(reset)
	err := do(ctx, c.lane, opDisconnect, s.times.call, func() error {
		card := h.card
		h.card = nil
		return card.disconnect(reset)
	})
	released := do(ctx, c.lane, opRelease, s.times.call, func() error {
		session := h.session
		h.session = nil
		return session.release()
	})
	c.lane.end()
	switch {
	case err != nil && !(holdsNothing(err) && !reset || isGone(err)):
		return err
	case released != nil && !holdsNothing(released):
		return released
	}
	return nil
}

// isGone tells the errors of a card that has no power any more.
func isGone(err error) bool { return errors.Is(err, ErrRemoved) || errors.Is(err, ErrNoReader) }

// transmitter is the Transmitter of one transaction.
type transmitter struct {
	card *Card
	over atomic.Bool
	// lost is the error after which the card can no longer be trusted to be in
	// the state in which the transaction left it. No command follows it.
	lost error
}

// Lengths of a response APDU in short form: 256 bytes and the status word
// (ISO/IEC 7816-4 §5.1).
const (
	minResponse = 2
	maxResponse = iso7816.MaxShort + minResponse
)

// Transmit sends a short command APDU and returns the response APDU, of 2 to
// 258 bytes. A command that is none is ErrCommand and is not sent.
func (t *transmitter) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if t.over.Load() {
		return nil, &Error{Op: opTransmit, Kind: ErrClosed, Err: errors.New("the transaction is over")}
	}
	if t.lost != nil {
		return nil, t.lost
	}
	if _, err := iso7816.ParseCommand(command); err != nil {
		return nil, &Error{Op: opTransmit, Kind: ErrCommand, Err: err}
	}
	c := t.card
	sent := slices.Clone(command) // the call may outlive its caller
	response, err := call(ctx, c.lane, opTransmit, c.system.times.call, func() ([]byte, error) {
		return c.held.card.transmit(sent)
	})
	if n := len(response); err == nil && (n < minResponse || n > maxResponse) {
		// Some drivers say so of a card that was pulled out meanwhile.
		err = &Error{Op: opTransmit, Kind: ErrMute,
			Err: fmt.Errorf("%w: %d bytes, expected %d to %d", iso7816.ErrResponseForm, n, minResponse, maxResponse)}
	}
	if errors.Is(err, ErrMute) {
		err = c.explain(ctx, opTransmit, err)
	}
	if err != nil {
		t.lost = err
		return nil, err
	}
	return response, nil
}
