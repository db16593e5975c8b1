package virtualcard

import (
	"context"

	"postecpx/cardreader/iso7816"
)

// Transaction runs do with the card, in this process: there is no other
// program to keep away.
func (c *Card) Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error {
	return do(c)
}

// Insert starts the count of exchanges again, for the faults, as a card that
// is put into a reader.
func (c *Card) Insert() {
	c.Reset()
	c.mu.Lock()
	c.inserted = 0
	c.mu.Unlock()
}
