package cps

import (
	"context"
	"errors"
	"fmt"

	"postecpx/cardreader/iso7816"
)

// MaxExchanges bounds one reading: a card that never comes to an end is given
// up after as many APDU pairs.
const MaxExchanges = 200

// Errors of a reading that a caller decides on.
var (
	// ErrUnreadable: the card is a CPx by its ATR, and its content makes no
	// sense or is missing.
	ErrUnreadable = errors.New("card unreadable")
	// ErrTooLong: MaxExchanges was reached.
	ErrTooLong = fmt.Errorf("%w: more than %d exchanges", ErrUnreadable, MaxExchanges)
	// ErrForbidden: a command outside the allow-list was about to be sent. It
	// cannot happen without a defect in this package.
	ErrForbidden = errors.New("command refused: it is not a reading command")
)

// TransportError is a failure below the card: reader gone, card pulled out,
// reset by another program, deadline. It ends a reading at once.
type TransportError struct{ Err error }

func (e *TransportError) Error() string { return e.Err.Error() }

// Unwrap gives the error of the Transmitter.
func (e *TransportError) Unwrap() error { return e.Err }

// fatal tells the errors that end the whole reading from those that only cost
// one file.
func fatal(err error) bool {
	var te *TransportError
	return errors.As(err, &te) || errors.Is(err, ErrTooLong) || errors.Is(err, ErrForbidden)
}

// exchange is the one door to the card: it refuses what does not read, counts,
// and settles 61xx and 6Cxx.
type exchange struct {
	transmitter iso7816.Transmitter
	count       int
}

// allowed is the allow-list of instructions. VERIFY is let through only in its
// empty form, four bytes long, which asks the CPS4 for the counter of the code
// porteur and presents nothing (ISO/IEC 7816-4 §7.5.6).
func allowed(c iso7816.Command) bool {
	if c.CLA != 0x00 && c.CLA != 0x01 {
		return false
	}
	switch c.INS {
	case iso7816.InsSelect, iso7816.InsReadBinary, iso7816.InsReadRecord,
		iso7816.InsGetData, iso7816.InsGetDataBER, iso7816.InsGetResponse:
		return true
	case iso7816.InsVerify:
		return len(c.Data) == 0 && c.Le == 0 && c.P1 == 0
	}
	return false
}

// send transmits one command and fetches all of its answer. A status word
// other than 9000 is not an error here.
func (x *exchange) send(ctx context.Context, c iso7816.Command) (iso7816.Response, error) {
	r, err := x.once(ctx, c)
	if err != nil {
		return iso7816.Response{}, err
	}
	if n, ok := r.SW.RightLe(); ok && c.Le != n && c.INS != iso7816.InsVerify {
		c.Le = n
		if r, err = x.once(ctx, c); err != nil {
			return iso7816.Response{}, err
		}
	}
	data := r.Data
	for {
		n, more := r.SW.MoreData()
		if !more {
			break
		}
		get := iso7816.Command{CLA: c.CLA, INS: iso7816.InsGetResponse, Le: n}
		if r, err = x.once(ctx, get); err != nil {
			return iso7816.Response{}, err
		}
		if n, ok := r.SW.RightLe(); ok {
			get.Le = n
			if r, err = x.once(ctx, get); err != nil {
				return iso7816.Response{}, err
			}
		}
		data = append(data[:len(data):len(data)], r.Data...)
	}
	return iso7816.Response{Data: data, SW: r.SW}, nil
}

func (x *exchange) once(ctx context.Context, c iso7816.Command) (iso7816.Response, error) {
	if !allowed(c) {
		return iso7816.Response{}, fmt.Errorf("%w: CLA %02X INS %02X", ErrForbidden, c.CLA, c.INS)
	}
	if x.count >= MaxExchanges {
		return iso7816.Response{}, ErrTooLong
	}
	raw, err := c.Bytes()
	if err != nil {
		return iso7816.Response{}, err
	}
	x.count++
	answer, err := x.transmitter.Transmit(ctx, raw)
	if err != nil {
		return iso7816.Response{}, &TransportError{err}
	}
	return iso7816.ParseResponse(answer)
}
