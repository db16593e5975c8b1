package pcsc

import (
	"context"
	"errors"
	"fmt"
)

// Kind is what an error of PC/SC means to a caller. Every kind is itself an
// error, to be found in another with errors.Is(err, pcsc.ErrRemoved).
type Kind uint8

// Kinds of errors.
const (
	// ErrOther is everything that has no kind of its own.
	ErrOther Kind = iota
	// ErrService: the PC/SC service is not running, or was lost.
	ErrService
	// ErrAccess: the system refuses this user or session the service or the
	// card (polkit on Linux, a policy on Windows).
	ErrAccess
	// ErrProtocolMismatch: the pcsc-lite library and the pcscd daemon are of
	// versions that do not understand each other, as in a container or a snap.
	ErrProtocolMismatch
	// ErrNoReader: there is no reader, or none of that name, or no longer.
	ErrNoReader
	// ErrNoCard: the reader is empty.
	ErrNoCard
	// ErrRemoved: the card left the reader after the connection was made. The
	// connection is of no more use.
	ErrRemoved
	// ErrReset: another program reset the card, which forgot what was selected
	// in it. The connection is usable again; what was read so far has to be
	// read anew.
	ErrReset
	// ErrMute: the card does not answer, or nothing that is an answer.
	ErrMute
	// ErrBusy: another program holds the card for itself.
	ErrBusy
	// ErrTimeout: a call did not end in its time.
	ErrTimeout
	// ErrWatching: this process already watches the readers.
	ErrWatching
	// ErrClosed: the connection was closed, or given up after a call that did
	// not end.
	ErrClosed
	// ErrCommand: the command is no short APDU; it was not sent.
	ErrCommand
)

var kindTexts = map[Kind]string{
	ErrOther:            "PC/SC failed",
	ErrService:          "the PC/SC service is not available",
	ErrAccess:           "the system refuses access to the PC/SC service or to the card",
	ErrProtocolMismatch: "the PC/SC library and the pcscd daemon are of versions that do not understand each other",
	ErrNoReader:         "no such reader",
	ErrNoCard:           "no card in the reader",
	ErrRemoved:          "the card was removed",
	ErrReset:            "the card was reset by another program",
	ErrMute:             "the card does not answer",
	ErrBusy:             "the card is held by another program",
	ErrTimeout:          "no answer in time",
	ErrWatching:         "this process already watches the readers",
	ErrClosed:           "the connection is closed",
	ErrCommand:          "not a short command APDU",
}

// Error is the text of the kind.
func (k Kind) Error() string {
	if text, ok := kindTexts[k]; ok {
		return text
	}
	return fmt.Sprintf("pcsc error kind %d", uint8(k))
}

// Error is what every function of this package returns when PC/SC fails.
type Error struct {
	// Op is the PC/SC function that failed, such as SCardConnect.
	Op string
	// Kind is what the failure means here; the same code can mean different
	// things in different functions.
	Kind Kind
	// Code that PC/SC returned, and its Name, such as SCARD_E_NO_SERVICE; 0 and
	// empty when the failure did not come from PC/SC.
	Code uint32
	Name string
	// Err is the cause when there is one other than Code.
	Err error
}

func (e *Error) Error() string {
	text := e.Op + ": " + e.Kind.Error()
	if e.Name != "" {
		text += " (" + e.Name + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is tells whether target is the Kind of e.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// code is a result of a PC/SC function as a driver returns it.
type code uint32

func (c code) Error() string { return c.name() }

func (c code) name() string {
	if d, ok := codes[c]; ok {
		return d.name
	}
	return fmt.Sprintf("0x%08X", uint32(c))
}

// Codes that this package decides on. They are the same in pcsc-lite, in
// macOS and in Windows.
const (
	codeCancelled       code = 0x80100002
	codeInvalidHandle   code = 0x80100003
	codeBuffer          code = 0x80100008
	codeTimeout         code = 0x8010000A
	codeUnknownReader   code = 0x80100009
	codeSharing         code = 0x8010000B
	codeNoCard          code = 0x8010000C
	codeProtocol        code = 0x8010000F
	codeNotTransacted   code = 0x80100016
	codeNoService       code = 0x8010001D
	codeServiceStopped  code = 0x8010001E
	codeNoReaders       code = 0x8010002E
	codeCommunication   code = 0x80100013
	codeCardDataLost    code = 0x8010002F
	codeReset           code = 0x80100068
	codeRemoved         code = 0x80100069
	codeSecurity        code = 0x8010006A
	codeUnresponsive    code = 0x80100066
	codeUnpowered       code = 0x80100067
	codeReaderVanished  code = 0x80100017
	codeUnsupportedCard code = 0x80100065
)

// codes name what the PC/SC functions return (winscard.h of pcsc-lite and
// winerror.h) and say what it means unless the function tells otherwise. Codes
// below 0x80000000 are those of the Windows system, which winscard passes on.
var codes = map[code]struct {
	name string
	kind Kind
}{
	0x80100001:          {"SCARD_F_INTERNAL_ERROR", ErrOther},
	codeCancelled:       {"SCARD_E_CANCELLED", ErrOther},
	codeInvalidHandle:   {"SCARD_E_INVALID_HANDLE", ErrService},
	0x80100004:          {"SCARD_E_INVALID_PARAMETER", ErrOther},
	0x80100005:          {"SCARD_E_INVALID_TARGET", ErrOther},
	0x80100006:          {"SCARD_E_NO_MEMORY", ErrOther},
	0x80100007:          {"SCARD_F_WAITED_TOO_LONG", ErrTimeout},
	codeBuffer:          {"SCARD_E_INSUFFICIENT_BUFFER", ErrOther},
	codeUnknownReader:   {"SCARD_E_UNKNOWN_READER", ErrNoReader},
	codeTimeout:         {"SCARD_E_TIMEOUT", ErrTimeout},
	codeSharing:         {"SCARD_E_SHARING_VIOLATION", ErrBusy},
	codeNoCard:          {"SCARD_E_NO_SMARTCARD", ErrNoCard},
	0x8010000D:          {"SCARD_E_UNKNOWN_CARD", ErrOther},
	0x8010000E:          {"SCARD_E_CANT_DISPOSE", ErrOther},
	codeProtocol:        {"SCARD_E_PROTO_MISMATCH", ErrOther},
	0x80100010:          {"SCARD_E_NOT_READY", ErrOther},
	0x80100011:          {"SCARD_E_INVALID_VALUE", ErrOther},
	0x80100012:          {"SCARD_E_SYSTEM_CANCELLED", ErrService},
	codeCommunication:   {"SCARD_F_COMM_ERROR", ErrService},
	0x80100014:          {"SCARD_F_UNKNOWN_ERROR", ErrOther},
	0x80100015:          {"SCARD_E_INVALID_ATR", ErrMute},
	codeNotTransacted:   {"SCARD_E_NOT_TRANSACTED", ErrMute},
	codeReaderVanished:  {"SCARD_E_READER_UNAVAILABLE", ErrNoReader},
	0x80100018:          {"SCARD_P_SHUTDOWN", ErrService},
	0x80100019:          {"SCARD_E_PCI_TOO_SMALL", ErrOther},
	0x8010001A:          {"SCARD_E_READER_UNSUPPORTED", ErrOther},
	0x8010001B:          {"SCARD_E_DUPLICATE_READER", ErrOther},
	0x8010001C:          {"SCARD_E_CARD_UNSUPPORTED", ErrOther},
	codeNoService:       {"SCARD_E_NO_SERVICE", ErrService},
	codeServiceStopped:  {"SCARD_E_SERVICE_STOPPED", ErrService},
	0x8010001F:          {"SCARD_E_UNEXPECTED", ErrOther},
	0x80100022:          {"SCARD_E_UNSUPPORTED_FEATURE", ErrOther},
	0x80100027:          {"SCARD_E_NO_ACCESS", ErrAccess},
	codeNoReaders:       {"SCARD_E_NO_READERS_AVAILABLE", ErrNoReader},
	codeCardDataLost:    {"SCARD_E_COMM_DATA_LOST", ErrMute},
	0x80100031:          {"SCARD_E_SERVER_TOO_BUSY", ErrBusy},
	codeUnsupportedCard: {"SCARD_W_UNSUPPORTED_CARD", ErrMute},
	codeUnresponsive:    {"SCARD_W_UNRESPONSIVE_CARD", ErrMute},
	codeUnpowered:       {"SCARD_W_UNPOWERED_CARD", ErrMute},
	codeReset:           {"SCARD_W_RESET_CARD", ErrReset},
	codeRemoved:         {"SCARD_W_REMOVED_CARD", ErrRemoved},
	codeSecurity:        {"SCARD_W_SECURITY_VIOLATION", ErrAccess},
	5:                   {"ERROR_ACCESS_DENIED", ErrAccess},
	6:                   {"ERROR_INVALID_HANDLE", ErrService},
	21:                  {"ERROR_NOT_READY", ErrMute},
	22:                  {"ERROR_BAD_COMMAND", ErrNoReader},
	31:                  {"ERROR_GEN_FAILURE", ErrMute},
	109:                 {"ERROR_BROKEN_PIPE", ErrService},
	121:                 {"ERROR_SEM_TIMEOUT", ErrMute},
	995:                 {"ERROR_OPERATION_ABORTED", ErrOther},
	1117:                {"ERROR_IO_DEVICE", ErrMute},
	1167:                {"ERROR_DEVICE_NOT_CONNECTED", ErrNoReader},
	1617:                {"ERROR_DEVICE_REMOVED", ErrNoReader},
	1722:                {"RPC_S_SERVER_UNAVAILABLE", ErrService},
	1726:                {"RPC_S_CALL_FAILED", ErrService},
}

// The functions of PC/SC, as errors name them.
const (
	opEstablish  = "SCardEstablishContext"
	opList       = "SCardListReaders"
	opWait       = "SCardGetStatusChange"
	opConnect    = "SCardConnect"
	opStatus     = "SCardStatus"
	opBegin      = "SCardBeginTransaction"
	opTransmit   = "SCardTransmit"
	opEnd        = "SCardEndTransaction"
	opReconnect  = "SCardReconnect"
	opDisconnect = "SCardDisconnect"
	opRelease    = "SCardReleaseContext"
	opWatch      = "watch the readers"
)

// failure makes an *Error of what a driver returned from that function.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	var c code
	if !errors.As(err, &c) {
		return &Error{Op: op, Kind: ErrOther, Err: err}
	}
	kind, ok := meaning(op, c)
	if !ok {
		kind = codes[c].kind // ErrOther for a code that nobody documents
	}
	return &Error{Op: op, Kind: kind, Code: uint32(c), Name: c.name()}
}

// meaning is the kind of a code whose sense depends on the function.
func meaning(op string, c code) (Kind, bool) {
	switch op {
	case opEstablish:
		// pcscd has this one answer for a client of another protocol version;
		// Windows says it of a service that is stopped.
		if c == codeServiceStopped && pcscLite {
			return ErrProtocolMismatch, true
		}
		// Without a context nothing can be asked of any reader: whatever the
		// reason, the service is what fails.
		if codes[c].kind == ErrOther {
			return ErrService, true
		}
	case opConnect:
		// The ATR offers neither T=0 nor T=1, or is none.
		if c == codeProtocol {
			return ErrMute, true
		}
	default:
		// pcsc-lite says so of a connection that a dying pcscd cut off. A
		// refusal comes only from the two functions above.
		if c == codeSecurity && pcscLite {
			return ErrService, true
		}
	}
	switch op {
	case opStatus, opBegin, opTransmit, opEnd, opReconnect, opDisconnect:
		if c == codeNoCard {
			return ErrRemoved, true
		}
	}
	return 0, false
}

// interrupted is the error of a call that ctx ended.
func interrupted(op string, ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.DeadlineExceeded) {
		return &Error{Op: op, Kind: ErrTimeout, Err: cause}
	}
	return &Error{Op: op, Kind: ErrOther, Err: cause}
}
