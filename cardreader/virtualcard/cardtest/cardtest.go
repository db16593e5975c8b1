// Package cardtest gives a test its virtual cards, in this process or in a real
// PC/SC reader, and holds the test to the promise of the whole program: no card
// ever sees a code porteur that nobody asked to present.
package cardtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/vpcd"
)

// Today is the day of tests that have no clock.
var Today = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// New makes a shipped card, with its dates counted from now. When the test ends
// it proves that no code was presented to the card.
func New(t testing.TB, name string, now time.Time, faults virtualcard.Faults) *virtualcard.Card {
	t.Helper()
	description, err := virtualcard.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	card, err := virtualcard.New(description, now, faults)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := card.Counts().Presented; n != 0 {
			t.Errorf("%s: the card saw %d VERIFY with data", name, n)
		}
	})
	return card
}

// Plug puts the card into the reader of vpcd at that address, and returns what
// takes it out; the end of the test does as well. It does not wait until the
// service has seen either.
func Plug(t testing.TB, address string, card *virtualcard.Card) (remove func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() { gone <- vpcd.Insert(ctx, address, card, nil) }()
	taken := false
	remove = func() {
		if taken {
			return
		}
		taken = true
		cancel()
		err := <-gone
		// A fault may have taken it out, or the service may have ended.
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, virtualcard.ErrRemoved) && !errors.Is(err, vpcd.ErrNoReader) {
			t.Errorf("the card left the reader: %v", err)
		}
	}
	t.Cleanup(remove)
	return remove
}

// Powered waits until the service has seen the card, after Plug.
func Powered(t testing.TB, card *virtualcard.Card) {
	t.Helper()
	for range 1000 {
		if card.Counts().Resets > 1 { // one is the insertion itself
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("pcscd does not see the card")
}
