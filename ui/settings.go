package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"postecpx/internal/language"
)

// Settings keep what the person chose, from one start to the next. Nothing of a
// card, of a person or of a workstation is kept, and no key.
type Settings interface {
	Get() Choices
	Set(Choices)
}

// Choices are all that is kept. The zero Choices are those of a first start.
type Choices struct {
	// Language is "fr" or "en", "" for that of the system. It takes effect at
	// the next start.
	Language string
	// LargeText makes all words larger.
	LargeText bool
	// AlwaysMasked offers no report with names and numbers.
	AlwaysMasked bool
	// Network has the diagnosis ask the network too, unless it is told not to.
	Network bool
	// Welcomed tells that what the program does and never does was read.
	Welcomed bool
}

// Under which names the choices are kept.
const (
	keptLanguage = "language"
	keptLarge    = "largeText"
	keptMasked   = "alwaysMasked"
	keptNetwork  = "networkChecks"
	keptWelcomed = "welcomed"
)

// Preferences are Settings that the toolkit keeps for the program.
func Preferences(p fyne.Preferences) Settings { return preferences{p} }

type preferences struct{ fyne.Preferences }

// Get reads the choices; what somebody else wrote there and means nothing is
// as if it were not there.
func (p preferences) Get() Choices {
	c := Choices{
		Language:     p.String(keptLanguage),
		LargeText:    p.Bool(keptLarge),
		AlwaysMasked: p.Bool(keptMasked),
		Network:      p.Bool(keptNetwork),
		Welcomed:     p.Bool(keptWelcomed),
	}
	if !slices.Contains(language.Supported, c.Language) {
		c.Language = ""
	}
	return c
}

// Set keeps them.
func (p preferences) Set(c Choices) {
	p.SetString(keptLanguage, c.Language)
	p.SetBool(keptLarge, c.LargeText)
	p.SetBool(keptMasked, c.AlwaysMasked)
	p.SetBool(keptNetwork, c.Network)
	p.SetBool(keptWelcomed, c.Welcomed)
}
