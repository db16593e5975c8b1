package main

import (
	"context"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/virtualcard"
)

// defaultDemonstration is the shipped card that is shown when none is named.
const defaultDemonstration = "medecin"

// demonstrationCard reads a shipped virtual card in this process, as a true one
// is read.
func demonstrationCard(ctx context.Context, name string, now time.Time) (*cps.Card, error) {
	description, err := virtualcard.Shipped(name)
	if err != nil {
		return nil, err
	}
	card, err := virtualcard.New(description, now, virtualcard.Faults{})
	if err != nil {
		return nil, err
	}
	source := cardreader.NewVirtual(name)
	source.Insert(name, card)
	return cardreader.ReadCard(ctx, source, name, cps.Options{})
}
