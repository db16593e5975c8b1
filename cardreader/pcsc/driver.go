package pcsc

import "time"

// A driver is a PC/SC library as this package needs it. Its methods return
// errors of type code where PC/SC gave one. They can block for ever and they
// can panic: only lane calls them.
type driver interface {
	establish() (session, error)
	// dormant tells whether a service that cannot be reached is in order and
	// merely waits for a first reader, as Windows does.
	dormant() bool
}

// session is one PC/SC context. Its methods are called one after the other,
// but cancel, which may be called at any time.
type session interface {
	// list names the readers; none is no error.
	list() ([]string, error)
	// wait returns when a reader is no longer as its state says, with event and
	// atr set in all of them, or with codeTimeout when the time is over. There
	// is at least one state; forever waits without limit.
	wait(states []state, limit time.Duration) error
	cancel() error
	connect(reader string) (handle, error)
	release() error
}

// handle is one connection to a card, shared, in T=0 or T=1.
type handle interface {
	status() (atr []byte, err error)
	begin() error
	transmit(command []byte) ([]byte, error)
	end() error
	// reconnect acknowledges a reset and leaves the card as it is.
	reconnect() error
	disconnect(reset bool) error
}

// state is SCARD_READERSTATE.
type state struct {
	reader  string
	current flags
	event   flags
	atr     []byte
}

// forever is the limit of a wait without end.
const forever time.Duration = -1

// pnpReader is the name whose state changes with the list of readers.
const pnpReader = `\\?PnP?\Notification`

// maxATR is the size of an ATR (ISO/IEC 7816-3 §8.2.1) and of the field for it
// in SCARD_READERSTATE.
const maxATR = 33

// flags are the bits of dwCurrentState and dwEventState. The upper half is a
// count of events.
type flags uint32

const (
	stateUnaware     flags = 0x0000
	stateIgnore      flags = 0x0001
	stateChanged     flags = 0x0002
	stateUnknown     flags = 0x0004
	stateUnavailable flags = 0x0008
	stateEmpty       flags = 0x0010
	statePresent     flags = 0x0020
	stateExclusive   flags = 0x0080
	stateInUse       flags = 0x0100
	stateMute        flags = 0x0200
)

func (f flags) has(bit flags) bool { return f&bit != 0 }

func (f flags) events() uint16 { return uint16(f >> 16) }
