package cardreader

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/virtualcard"
)

// Virtual is a Source in this process: readers without PC/SC, in which virtual
// cards are put. It serves the demonstration and the tests.
type Virtual struct {
	mu      sync.Mutex
	names   []string
	slots   map[string]*slot
	failure error
	changed chan struct{} // closed and made anew at each change
}

type slot struct {
	card   *virtualcard.Card
	events uint16
}

// NewVirtual makes a Source with empty readers of those names.
func NewVirtual(readers ...string) *Virtual {
	v := &Virtual{slots: make(map[string]*slot), changed: make(chan struct{})}
	for _, name := range readers {
		v.names = append(v.names, name)
		v.slots[name] = new(slot)
	}
	return v
}

// Insert puts a card into a reader, in place of the one that is there.
func (v *Virtual) Insert(reader string, card *virtualcard.Card) {
	card.Insert()
	v.put(reader, card)
}

// Remove takes the card out of a reader.
func (v *Virtual) Remove(reader string) { v.put(reader, nil) }

func (v *Virtual) put(reader string, card *virtualcard.Card) {
	v.change(func() {
		if s := v.slots[reader]; s != nil {
			s.card = card
			s.events++
		}
	})
}

// Fail makes the service unavailable for that reason, and available again when
// it is nil.
func (v *Virtual) Fail(reason error) { v.change(func() { v.failure = reason }) }

func (v *Virtual) change(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
	close(v.changed)
	v.changed = make(chan struct{})
}

func (v *Virtual) state() ([]pcsc.Reader, error, <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failure != nil {
		return nil, v.failure, v.changed
	}
	readers := make([]pcsc.Reader, len(v.names))
	for i, name := range v.names {
		s := v.slots[name]
		readers[i] = pcsc.Reader{Name: name, Events: s.events, Present: s.card != nil}
		if s.card != nil {
			readers[i].ATR = s.card.ATR()
			readers[i].Mute = readers[i].ATR == nil
		}
	}
	return readers, nil, v.changed
}

// Readers lists the readers.
func (v *Virtual) Readers(context.Context) ([]pcsc.Reader, error) {
	readers, err, _ := v.state()
	return readers, err
}

// Watch calls changed at once and at each change, until ctx ends.
func (v *Virtual) Watch(ctx context.Context, changed func([]pcsc.Reader, error)) error {
	for {
		readers, err, next := v.state()
		changed(readers, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next:
		}
	}
}

// Connect shares the card in that reader.
func (v *Virtual) Connect(_ context.Context, reader string) (Connection, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.slots[reader]
	switch {
	case v.failure != nil:
		return nil, v.failure
	case s == nil:
		return nil, fmt.Errorf("%s: %w", reader, pcsc.ErrNoReader)
	case s.card == nil:
		return nil, fmt.Errorf("%s: %w", reader, pcsc.ErrNoCard)
	case s.card.ATR() == nil:
		return nil, fmt.Errorf("%s: %w", reader, pcsc.ErrMute)
	}
	return &virtualConnection{virtual: v, reader: reader, card: s.card, events: s.events}, nil
}

type virtualConnection struct {
	virtual *Virtual
	reader  string
	card    *virtualcard.Card
	events  uint16
}

func (c *virtualConnection) ATR() []byte { return c.card.ATR() }

func (c *virtualConnection) Transaction(_ context.Context, do func(iso7816.Transmitter) error) error {
	return do(c)
}

// Transmit fails as PC/SC does once the card has left the reader, or when it
// does not answer in time.
func (c *virtualConnection) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	c.virtual.mu.Lock()
	s := c.virtual.slots[c.reader]
	there := s != nil && s.card == c.card && s.events == c.events && c.virtual.failure == nil
	c.virtual.mu.Unlock()
	if !there {
		return nil, fmt.Errorf("%s: %w", c.reader, pcsc.ErrRemoved)
	}
	answer, err := c.card.Transmit(ctx, command)
	switch {
	case errors.Is(err, virtualcard.ErrRemoved):
		c.virtual.Remove(c.reader)
		return nil, fmt.Errorf("%s: %w", c.reader, pcsc.ErrRemoved)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", c.reader, pcsc.ErrTimeout, err)
	}
	return answer, nil
}

func (c *virtualConnection) Close() error { return nil }
