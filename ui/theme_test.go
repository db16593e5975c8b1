package ui

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// contrast is that of WCAG 2.2, from 1 to 21.
func contrast(a, b color.Color) float64 {
	l1, l2 := luminance(a), luminance(b)
	return (max(l1, l2) + 0.05) / (min(l1, l2) + 0.05)
}

func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		x := float64(v) / 0xFFFF
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestContrast(t *testing.T) {
	const words, signs = 4.5, 3.0 // WCAG AA: 1.4.3 and 1.4.11
	pairs := []struct {
		front, ground fyne.ThemeColorName
		least         float64
	}{
		{theme.ColorNameForeground, theme.ColorNameBackground, words},
		{theme.ColorNameForeground, colorPanel, words},
		{theme.ColorNameForeground, theme.ColorNameButton, words},
		{theme.ColorNameForeground, theme.ColorNameInputBackground, words},
		{theme.ColorNameForeground, colorPlastic, words},
		{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground, words},
		{theme.ColorNameDisabled, theme.ColorNameBackground, words},
		{theme.ColorNameDisabled, colorPanel, words},
		{theme.ColorNameDisabled, theme.ColorNameDisabledButton, words},
		{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary, words},
		{colorOnBand, colorDemonstration, words},
		{colorOnMark, colorMark, words},
		{theme.ColorNameSuccess, colorPanel, signs},
		{theme.ColorNameSuccess, theme.ColorNameBackground, signs},
		{theme.ColorNameWarning, colorPanel, signs},
		{theme.ColorNameWarning, theme.ColorNameBackground, signs},
		{theme.ColorNameError, colorPanel, signs},
		{theme.ColorNameError, theme.ColorNameBackground, signs},
		{theme.ColorNamePrimary, colorPanel, signs},
		{theme.ColorNamePrimary, theme.ColorNameBackground, signs},
		{theme.ColorNameInputBorder, theme.ColorNameBackground, signs},
	}
	look := Theme()
	for variant, name := range map[fyne.ThemeVariant]string{theme.VariantLight: "light", theme.VariantDark: "dark"} {
		for _, p := range pairs {
			if got := contrast(look.Color(p.front, variant), look.Color(p.ground, variant)); got < p.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", name, p.front, p.ground, got, p.least)
			}
		}
	}
}

func TestLookFallsBack(t *testing.T) {
	test.NewTempApp(t)
	look, plain := Theme(), theme.DefaultTheme()
	if got, want := look.Color(theme.ColorNameShadow, theme.VariantDark), plain.Color(theme.ColorNameShadow, theme.VariantDark); got != want {
		t.Errorf("shadow = %v, want the toolkit's %v", got, want)
	}
	if got, want := look.Size(theme.SizeNamePadding), plain.Size(theme.SizeNamePadding); got != want {
		t.Errorf("padding = %v, want the toolkit's %v", got, want)
	}
}
