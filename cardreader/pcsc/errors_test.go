package pcsc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestKindsOfCodes(t *testing.T) {
	for _, test := range []struct {
		op   string
		code code
		want Kind
		name string
	}{
		{opEstablish, codeNoService, ErrService, "SCARD_E_NO_SERVICE"},
		{opEstablish, codeSecurity, ErrAccess, "SCARD_W_SECURITY_VIOLATION"},
		{opEstablish, 0x80100001, ErrService, "SCARD_F_INTERNAL_ERROR"},
		{opEstablish, 0xDEADBEEF, ErrService, "0xDEADBEEF"},
		{opConnect, codeSecurity, ErrAccess, "SCARD_W_SECURITY_VIOLATION"},
		{opConnect, codeUnknownReader, ErrNoReader, "SCARD_E_UNKNOWN_READER"},
		{opConnect, codeReaderVanished, ErrNoReader, "SCARD_E_READER_UNAVAILABLE"},
		{opConnect, codeNoCard, ErrNoCard, "SCARD_E_NO_SMARTCARD"},
		{opConnect, codeUnpowered, ErrMute, "SCARD_W_UNPOWERED_CARD"},
		{opConnect, codeUnresponsive, ErrMute, "SCARD_W_UNRESPONSIVE_CARD"},
		{opConnect, codeProtocol, ErrMute, "SCARD_E_PROTO_MISMATCH"},
		{opTransmit, codeProtocol, ErrOther, "SCARD_E_PROTO_MISMATCH"},
		{opConnect, codeSharing, ErrBusy, "SCARD_E_SHARING_VIOLATION"},
		{opTransmit, codeNoCard, ErrRemoved, "SCARD_E_NO_SMARTCARD"},
		{opTransmit, codeRemoved, ErrRemoved, "SCARD_W_REMOVED_CARD"},
		{opBegin, codeReset, ErrReset, "SCARD_W_RESET_CARD"},
		{opWait, codeTimeout, ErrTimeout, "SCARD_E_TIMEOUT"},
		{opList, codeInvalidHandle, ErrService, "SCARD_E_INVALID_HANDLE"},
		{opTransmit, 109, ErrService, "ERROR_BROKEN_PIPE"},
		{opTransmit, 0xDEADBEEF, ErrOther, "0xDEADBEEF"},
	} {
		err := failure(test.op, fmt.Errorf("wrapped: %w", test.code))
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s %v: %#v", test.op, test.code, err)
		}
		if !errors.Is(err, test.want) || e.Code != uint32(test.code) || e.Name != test.name || e.Op != test.op {
			t.Errorf("%s: %+v, want kind %v, name %s", test.op, e, test.want, test.name)
		}
		if text := err.Error(); !strings.Contains(text, test.op) || !strings.Contains(text, test.name) {
			t.Errorf("%q does not name %s and %s", text, test.op, test.name)
		}
	}
}

// Two codes of pcsc-lite mean something else than their name.
func TestKindsOfPCSCLite(t *testing.T) {
	if !pcscLite {
		t.Skip("this program was not built for pcsc-lite")
	}
	if err := failure(opEstablish, codeServiceStopped); !errors.Is(err, ErrProtocolMismatch) {
		t.Errorf("%v, want ErrProtocolMismatch", err)
	}
	if err := failure(opTransmit, codeSecurity); !errors.Is(err, ErrService) {
		t.Errorf("%v, want ErrService", err)
	}
}

func TestEveryKindHasItsText(t *testing.T) {
	seen := map[string]Kind{}
	for k := ErrOther; k <= ErrCommand; k++ {
		text := k.Error()
		if other, ok := seen[text]; ok || kindTexts[k] == "" {
			t.Errorf("kind %d has the text %q, as has kind %d", uint8(k), text, uint8(other))
		}
		seen[text] = k
	}
}

func TestEveryCodeHasItsOwnName(t *testing.T) {
	seen := map[string]code{}
	for c, d := range codes {
		if other, ok := seen[d.name]; ok {
			t.Errorf("%08X and %08X are both %s", uint32(c), uint32(other), d.name)
		}
		seen[d.name] = c
	}
}

func TestErrorIsItsKindOnly(t *testing.T) {
	err := failure(opConnect, codeNoCard)
	for k := ErrOther; k <= ErrCommand; k++ {
		if got, want := errors.Is(err, k), k == ErrNoCard; got != want {
			t.Errorf("errors.Is(%v, %v) = %v", err, k, got)
		}
	}
	wrapped := &Error{Op: opBegin, Kind: ErrBusy, Err: &Error{Op: opBegin, Kind: ErrTimeout, Err: context.DeadlineExceeded}}
	for _, want := range []error{ErrBusy, ErrTimeout, context.DeadlineExceeded} {
		if !errors.Is(wrapped, want) {
			t.Errorf("%v is not %v", wrapped, want)
		}
	}
}

// What the module returns has to pass unchanged through errors that a driver
// made itself.
func TestFailureKeepsErrors(t *testing.T) {
	if failure(opList, nil) != nil {
		t.Error("an error was made of none")
	}
	own := &Error{Op: opEstablish, Kind: ErrService}
	if got := failure(opList, own); got != own {
		t.Errorf("%v became %v", own, got)
	}
}
