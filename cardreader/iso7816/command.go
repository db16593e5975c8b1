// Package iso7816 holds what ISO/IEC 7816-3 and 7816-4 define and every card
// of the CPx family uses: command and response APDUs, status words, BER-TLV
// and the ATR. It is pure: it never talks to a reader.
package iso7816

import (
	"context"
	"errors"
	"fmt"
)

// A Transmitter sends one command APDU to a card and returns the response
// APDU, status word included. It adds nothing and retries nothing.
type Transmitter interface {
	Transmit(ctx context.Context, command []byte) (response []byte, err error)
}

// Instruction bytes (ISO/IEC 7816-4 §5.4.2).
const (
	InsVerify       = 0x20
	InsSelect       = 0xA4
	InsReadBinary   = 0xB0
	InsReadRecord   = 0xB2
	InsGetResponse  = 0xC0
	InsGetData      = 0xCA
	InsGetDataBER   = 0xCB
	InsManageSecEnv = 0x22
)

// MaxShort is the largest Le of a short APDU; it is written as 00.
const MaxShort = 256

// Command is a command APDU in short form (ISO/IEC 7816-4 §5.1).
type Command struct {
	CLA, INS, P1, P2 byte
	// Data is the command data field, 0 to 255 bytes.
	Data []byte
	// Le is the length expected in the answer, 1 to 256; 0 means that no Le
	// field is sent.
	Le int
}

// Bytes returns the APDU as it goes to the card. A command whose data or Le do
// not fit the short form is an error.
func (c Command) Bytes() ([]byte, error) {
	if len(c.Data) > 255 {
		return nil, fmt.Errorf("command %02X %02X: %d bytes of data, at most 255", c.CLA, c.INS, len(c.Data))
	}
	if c.Le < 0 || c.Le > MaxShort {
		return nil, fmt.Errorf("command %02X %02X: Le %d, expected 0 to 256", c.CLA, c.INS, c.Le)
	}
	b := make([]byte, 0, 6+len(c.Data))
	b = append(b, c.CLA, c.INS, c.P1, c.P2)
	if len(c.Data) > 0 {
		b = append(b, byte(len(c.Data)))
		b = append(b, c.Data...)
	}
	if c.Le > 0 {
		b = append(b, byte(c.Le)) // 256 is written 00
	}
	return b, nil
}

// ErrCommandForm is returned by ParseCommand for bytes that are no short APDU.
var ErrCommandForm = errors.New("not a short command APDU")

// ParseCommand reads a short command APDU, of any of the four cases.
func ParseCommand(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, fmt.Errorf("%w: %d bytes, at least 4", ErrCommandForm, len(b))
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	body := b[4:]
	switch {
	case len(body) == 0: // case 1
		return c, nil
	case len(body) == 1: // case 2
		c.Le = le(body[0])
		return c, nil
	}
	lc := int(body[0])
	switch {
	case lc == 0:
		return Command{}, fmt.Errorf("%w: Lc is 00 before %d bytes", ErrCommandForm, len(body)-1)
	case len(body) == 1+lc: // case 3
		c.Data = body[1:]
	case len(body) == 2+lc: // case 4
		c.Data = body[1 : 1+lc]
		c.Le = le(body[1+lc])
	default:
		return Command{}, fmt.Errorf("%w: Lc is %d before %d bytes", ErrCommandForm, lc, len(body)-1)
	}
	return c, nil
}

func le(b byte) int {
	if b == 0 {
		return MaxShort
	}
	return int(b)
}

// Response is a response APDU.
type Response struct {
	Data []byte
	SW   StatusWord
}

// ErrResponseForm is returned by ParseResponse for fewer than two bytes.
var ErrResponseForm = errors.New("not a response APDU")

// ParseResponse splits a response APDU into its data and its status word.
func ParseResponse(b []byte) (Response, error) {
	if len(b) < 2 {
		return Response{}, fmt.Errorf("%w: %d bytes, at least 2", ErrResponseForm, len(b))
	}
	n := len(b) - 2
	return Response{Data: b[:n:n], SW: StatusWord(b[n])<<8 | StatusWord(b[n+1])}, nil
}
