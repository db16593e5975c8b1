package main

import (
	"context"

	"postecpx/internal/annuaire"
	"postecpx/internal/guide"
	"postecpx/ui"
)

// guidance does the work of the place Guide: the guide that is embedded in the
// program, and the browser of the person.
type guidance struct{ ctx context.Context }

var _ ui.Guide = guidance{}

// Load reads the guide.
func (guidance) Load() (ui.Guidebook, error) {
	catalogue, err := guide.Load()
	if err != nil {
		return nil, err
	}
	return catalogue, nil
}

// Open shows an address in the browser, when the program knows its host.
func (g guidance) Open(address string) error { return annuaire.Open(g.ctx, address) }
