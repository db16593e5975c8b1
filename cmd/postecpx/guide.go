package main

import (
	"postecpx/internal/guide"
	"postecpx/ui"
)

// guidance is the guide that is embedded in the program.
type guidance struct{}

var _ ui.Guide = guidance{}

// Load reads the guide.
func (guidance) Load() (ui.Guidebook, error) {
	catalogue, err := guide.Load()
	if err != nil {
		return nil, err
	}
	return catalogue, nil
}
