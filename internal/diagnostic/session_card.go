package diagnostic

import (
	"context"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/iso7816"
)

// exchangeLimit bounds one command to the card: the longest answer takes a
// third of a second at the lowest speed of ISO/IEC 7816-3 (256 bytes at 9600
// bauds), and a file is found within the second. PC/SC itself waits longer,
// which a reading that nobody looks at can afford; a slow card is given all of
// cardLimit for the whole.
const exchangeLimit = 5 * time.Second

// hasty is a Source that does not wait longer than exchangeLimit for an answer
// of the card.
type hasty struct{ cardreader.Source }

func (h hasty) Connect(ctx context.Context, reader string) (cardreader.Connection, error) {
	connection, err := h.Source.Connect(ctx, reader)
	if err != nil {
		return nil, err
	}
	return hastyConnection{connection}, nil
}

type hastyConnection struct{ cardreader.Connection }

func (h hastyConnection) Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error {
	return h.Connection.Transaction(ctx, func(t iso7816.Transmitter) error { return do(hastyTransmitter{t}) })
}

type hastyTransmitter struct{ iso7816.Transmitter }

func (h hastyTransmitter) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	return h.Transmitter.Transmit(ctx, command)
}
