// Package vpcd puts a virtual card into a real PC/SC reader: it speaks the
// protocol of vsmartcard's vpcd driver, by which pcscd takes a card that
// connects over TCP. The driver listens; the card calls.
package vpcd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"postecpx/cardreader/iso7816"
)

// DefaultAddress is the first reader of the driver as Debian installs it.
const DefaultAddress = "127.0.0.1:35963"

// Requests of one byte; anything longer is a command APDU.
const (
	powerOff = 0x00
	powerOn  = 0x01
	reset    = 0x02
	getATR   = 0x04
)

// ErrNoReader: nothing listens at the address. pcscd is not running, or its
// vpcd driver is not installed.
var ErrNoReader = errors.New("no virtual reader")

// Card is what can be put into the reader: a *virtualcard.Card, a *trace.Replay.
type Card interface {
	iso7816.Transmitter
	// ATR is the Answer-To-Reset, or nil for a mute card.
	ATR() []byte
	// Insert is called once, before anything else.
	Insert()
	// Reset is a reset or a new power supply.
	Reset()
}

// Insert puts the card into the reader at that address, and answers for it
// until ctx ends, the card fails to answer (virtualcard.ErrRemoved, by a fault), or
// the reader goes away. inserted, when not nil, is called once the reader has
// taken the card.
func Insert(ctx context.Context, address string, card Card, inserted func()) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrNoReader, address, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	card.Insert()
	if inserted != nil {
		inserted()
	}
	err = serve(ctx, conn.(*net.TCPConn), card)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the reader at %s went away", ErrNoReader, address)
	}
	return err
}

func serve(ctx context.Context, conn *net.TCPConn, card Card) error {
	var size [2]byte
	buffer := make([]byte, 0xFFFF)
	for {
		if err := receive(conn, size[:]); err != nil {
			return err
		}
		request := buffer[:binary.BigEndian.Uint16(size[:])]
		if err := receive(conn, request); err != nil {
			return err
		}
		answer, err := respond(ctx, card, request)
		if err != nil {
			return err
		}
		if answer == nil {
			continue
		}
		if err := write(conn, answer); err != nil {
			return err
		}
	}
}

// receive fills b. The driver writes length and payload apart, and waits for
// the acknowledgement of the one before it sends the other: 40 ms, unless each
// is acknowledged at once. The kernel takes the option back after each read.
func receive(conn *net.TCPConn, b []byte) error {
	if err := quickAck(conn); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, b); err != nil {
		return err
	}
	return quickAck(conn)
}

// respond gives the answer to a request, nil for none.
func respond(ctx context.Context, card Card, request []byte) ([]byte, error) {
	if len(request) != 1 {
		return card.Transmit(ctx, request)
	}
	switch request[0] {
	case powerOff, powerOn, reset:
		card.Reset()
	case getATR:
		if atr := card.ATR(); atr != nil {
			return atr, nil
		}
		return []byte{}, nil // mute
	}
	return nil, nil
}

// write sends length and payload in one go: two would wait for each other.
func write(conn io.Writer, payload []byte) error {
	if len(payload) > 0xFFFF {
		return fmt.Errorf("answer of %d bytes: at most 65535", len(payload))
	}
	message := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(payload)), uint16(len(payload)))
	_, err := conn.Write(append(message, payload...))
	return err
}
