//go:build cgo && !windows

package pcsc

import (
	"errors"
	"runtime"
	"strconv"
	"time"

	"github.com/ebfe/scard"
)

const (
	// pcscLite: macOS has a service of its own, with other habits.
	pcscLite = runtime.GOOS != "darwin"
	// notifies: macOS does not know the pseudo-reader that tells of readers
	// plugged in and out.
	notifies = runtime.GOOS != "darwin"
)

func systemDriver() driver { return scardDriver{} }

// fromScard turns the errors of the module into codes.
func fromScard(err error) error {
	var e scard.Error
	if errors.As(err, &e) {
		return code(e)
	}
	return err
}

type scardDriver struct{}

func (scardDriver) establish() (session, error) {
	ctx, err := scard.EstablishContext()
	if err != nil {
		return nil, fromScard(err)
	}
	return scardSession{ctx}, nil
}

func (scardDriver) dormant() bool { return false }

type scardSession struct{ ctx *scard.Context }

// listTries bounds a list that grows between the two calls that read it.
const listTries = 3

func (s scardSession) list() (readers []string, err error) {
	for range listTries {
		if readers, err = s.ctx.ListReaders(); !errors.Is(err, scard.ErrInsufficientBuffer) {
			break
		}
	}
	if errors.Is(err, scard.ErrNoReadersAvailable) {
		return nil, nil
	}
	return readers, fromScard(err)
}

// slots are numbers of which each is held by one wait at a time. The module
// hands the address of each reader's name to C and keeps the name alive in a
// map whose key is the name: a second wait on that reader takes the first
// one's place there, and C goes on with freed memory. A zero byte ends the
// name for C but not for the map, so a number after it keeps them apart; the
// numbers are few because the map never forgets.
var slots = func() chan int {
	c := make(chan int, 32)
	for n := range cap(c) {
		c <- n
	}
	return c
}()

var errSlots = errors.New("too many waits at once")

func (s scardSession) wait(states []state, limit time.Duration) error {
	var slot int
	select {
	case slot = <-slots:
	default:
		return errSlots
	}
	defer func() { slots <- slot }()

	suffix := "\x00" + strconv.Itoa(slot)
	sys := make([]scard.ReaderState, len(states))
	for i, st := range states {
		sys[i] = scard.ReaderState{Reader: st.reader + suffix, CurrentState: scard.StateFlag(st.current)}
	}
	if err := s.ctx.GetStatusChange(sys, limit); err != nil {
		return fromScard(err)
	}
	for i := range states {
		states[i].event, states[i].atr = flags(sys[i].EventState), sys[i].Atr
	}
	return nil
}

func (s scardSession) cancel() error  { return fromScard(s.ctx.Cancel()) }
func (s scardSession) release() error { return fromScard(s.ctx.Release()) }

const anyProtocol = scard.ProtocolT0 | scard.ProtocolT1

func (s scardSession) connect(reader string) (handle, error) {
	card, err := s.ctx.Connect(reader, scard.ShareShared, anyProtocol)
	if err != nil {
		return nil, fromScard(err)
	}
	return scardHandle{card}, nil
}

type scardHandle struct{ card *scard.Card }

func (h scardHandle) status() ([]byte, error) {
	s, err := h.card.Status()
	if err != nil {
		return nil, fromScard(err)
	}
	return s.Atr, nil
}

func (h scardHandle) transmit(command []byte) ([]byte, error) {
	response, err := h.card.Transmit(command)
	return response, fromScard(err)
}

func (h scardHandle) begin() error { return fromScard(h.card.BeginTransaction()) }
func (h scardHandle) end() error   { return fromScard(h.card.EndTransaction(scard.LeaveCard)) }

func (h scardHandle) reconnect() error {
	return fromScard(h.card.Reconnect(scard.ShareShared, anyProtocol, scard.LeaveCard))
}

func (h scardHandle) disconnect(reset bool) error {
	if reset {
		return fromScard(h.card.Disconnect(scard.ResetCard))
	}
	return fromScard(h.card.Disconnect(scard.LeaveCard))
}
