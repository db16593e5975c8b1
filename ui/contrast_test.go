package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// grounds are what words and signs stand on.
var grounds = []fyne.ThemeColorName{
	theme.ColorNameBackground, colorPanel, theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground,
}

// onGrounds are the colours of what stands on any ground, with the contrast
// that WCAG AA asks of it: 4.5 of words (1.4.3), 3 of signs (1.4.11).
var onGrounds = map[fyne.ThemeColorName]float64{
	theme.ColorNameForeground:  4.5,
	theme.ColorNamePlaceHolder: 4.5,
	theme.ColorNameDisabled:    4.5,
	theme.ColorNameHyperlink:   4.5,
	theme.ColorNamePrimary:     3,
	theme.ColorNameSuccess:     3,
	theme.ColorNameWarning:     3,
	theme.ColorNameError:       3,
	theme.ColorNameInputBorder: 3,
}

// onOne are those that stand on one colour only.
var onOne = []struct {
	front, ground fyne.ThemeColorName
	least         float64
}{
	{theme.ColorNameForeground, theme.ColorNameButton, 4.5},
	{theme.ColorNameForeground, theme.ColorNameInputBackground, 4.5},
	{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground, 4.5},
	{theme.ColorNameInputBorder, theme.ColorNameInputBackground, 3},
	{theme.ColorNameDisabled, theme.ColorNameInputBackground, 4.5},
	{theme.ColorNameDisabled, theme.ColorNameDisabledButton, 4.5},
	{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary, 4.5},
	{theme.ColorNameForeground, colorPlastic, 4.5},
	{colorOnMark, colorMark, 4.5},
	{colorOnBand, colorDemonstration, 4.5},
}

// decoration says nothing: to miss it is to miss nothing.
var decoration = map[fyne.ThemeColorName]bool{
	theme.ColorNameSeparator: true, colorOutline: true, colorPrint: true, colorChip: true,
	theme.ColorNameFocus: true, // the ring that shows the focus is in the colour of words
}

// TestEveryColourIsSeen holds every pair of the palette to WCAG AA, and finds a
// colour that no pair knows.
func TestEveryColourIsSeen(t *testing.T) {
	t.Parallel()
	look := look{theme.DefaultTheme(), 1}
	known := map[fyne.ThemeColorName]bool{}
	see := func(front, ground fyne.ThemeColorName, least float64) {
		known[front], known[ground] = true, true
		for variant, name := range map[fyne.ThemeVariant]string{theme.VariantLight: "light", theme.VariantDark: "dark"} {
			if got := contrast(look.Color(front, variant), look.Color(ground, variant)); got < least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", name, front, ground, got, least)
			}
		}
	}
	for front, least := range onGrounds {
		for _, ground := range grounds {
			see(front, ground, least)
		}
	}
	for _, p := range onOne {
		see(p.front, p.ground, p.least)
	}
	for name := range palette {
		if !known[name] && !decoration[name] {
			t.Errorf("%s is in the palette, and in no pair", name)
		}
	}
}

// TestLargeText: words grow, the rest keeps its size.
func TestLargeText(t *testing.T) {
	small, large := Theme(), scaledTheme(largeScale)
	for _, name := range []fyne.ThemeSizeName{theme.SizeNameText, theme.SizeNameCaptionText, theme.SizeNameSubHeadingText, sizeAnswer} {
		if s, l := small.Size(name), large.Size(name); l < 1.19*s {
			t.Errorf("%s: %.1f, large %.1f", name, s, l)
		}
	}
	for _, name := range []fyne.ThemeSizeName{theme.SizeNamePadding, theme.SizeNameScrollBar, sizeIdentifier} {
		if s, l := small.Size(name), large.Size(name); l != s {
			t.Errorf("%s: %.1f, large %.1f", name, s, l)
		}
	}
}
