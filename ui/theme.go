package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colours and sizes that this program adds to those of the toolkit.
const (
	colorPanel         fyne.ThemeColorName = "panel"         // what stands on the background
	colorOutline       fyne.ThemeColorName = "outline"       // edges of panels
	colorMark          fyne.ThemeColorName = "mark"          // highlighter on the drawn card
	colorOnMark        fyne.ThemeColorName = "onMark"        // ink under the highlighter
	colorPlastic       fyne.ThemeColorName = "plastic"       // body of the drawn card
	colorPrint         fyne.ThemeColorName = "print"         // lines printed on it
	colorChip          fyne.ThemeColorName = "chip"          // its contacts
	colorDemonstration fyne.ThemeColorName = "demonstration" // band
	colorOnBand        fyne.ThemeColorName = "onBand"        // words on the band

	sizeAnswer     fyne.ThemeSizeName = "answer"
	sizeIdentifier fyne.ThemeSizeName = "identifier"
	sizeMiddle     fyne.ThemeSizeName = "identifierMiddle"
	sizeLong       fyne.ThemeSizeName = "identifierLong"
)

// shade is a colour in the light and in the dark variant.
type shade struct{ light, dark uint32 }

// palette holds 0xRRGGBB. Every pair of words and ground that is used keeps the
// contrast of WCAG AA in both variants; theme_test.go proves it.
var palette = map[fyne.ThemeColorName]shade{
	theme.ColorNameBackground:          {0xF4F5F2, 0x15191C},
	theme.ColorNameForeground:          {0x1C2327, 0xE9EDEE},
	theme.ColorNamePlaceHolder:         {0x525E64, 0xA9B4B9},
	theme.ColorNameDisabled:            {0x525E64, 0xA9B4B9}, // the toolkit writes captions in it
	theme.ColorNameButton:              {0xE3E7E4, 0x2C343A},
	theme.ColorNameDisabledButton:      {0xE3E7E4, 0x2C343A},
	theme.ColorNameInputBackground:     {0xFFFFFF, 0x22292E},
	theme.ColorNameInputBorder:         {0x7A858A, 0x7F8A90},
	theme.ColorNameMenuBackground:      {0xFFFFFF, 0x22292E},
	theme.ColorNameOverlayBackground:   {0xFFFFFF, 0x22292E},
	theme.ColorNameSeparator:           {0xD5DAD6, 0x343D43},
	theme.ColorNamePrimary:             {0x0B5F6B, 0x7CCBD6},
	theme.ColorNameForegroundOnPrimary: {0xFFFFFF, 0x07262B},
	theme.ColorNameHyperlink:           {0x0B5F6B, 0x7CCBD6},
	theme.ColorNameFocus:               {0x0B5F6B, 0x7CCBD6},
	theme.ColorNameSuccess:             {0x1B6E3C, 0x7BD19A},
	theme.ColorNameWarning:             {0x8A5200, 0xF2BC62},
	theme.ColorNameError:               {0xA8281F, 0xFF9A8F},

	colorPanel:         {0xFFFFFF, 0x1F262A},
	colorOutline:       {0xD5DAD6, 0x343D43},
	colorMark:          {0xFFE08A, 0xFFE08A},
	colorOnMark:        {0x1C2327, 0x1C2327},
	colorPlastic:       {0xE4EDEE, 0x2B383D},
	colorPrint:         {0xB4C2C6, 0x51626A},
	colorChip:          {0xCDBB8A, 0xA8986A},
	colorDemonstration: {0x5A3A8C, 0x5A3A8C},
	colorOnBand:        {0xFFFFFF, 0xFFFFFF},
}

// translucent are laid over other colours: how much of them is seen, of 255.
var translucent = map[fyne.ThemeColorName]uint8{theme.ColorNameFocus: 0x38}

var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText:         15,
	theme.SizeNameCaptionText:  13,
	theme.SizeNameInlineIcon:   22,
	theme.SizeNameInputRadius:  8,
	theme.SizeNameButtonRadius: 8,
	theme.SizeNameScrollBar:    12,

	sizeAnswer:     25,
	sizeIdentifier: 50,
	sizeMiddle:     36,
	sizeLong:       26,
}

// scaled are the sizes that grow with large text. The digits of the identifier
// are large already.
var scaled = map[fyne.ThemeSizeName]bool{
	theme.SizeNameText:           true,
	theme.SizeNameCaptionText:    true,
	theme.SizeNameSubHeadingText: true,
	theme.SizeNameHeadingText:    true,
	theme.SizeNameInlineIcon:     true,
	sizeAnswer:                   true,
	sizeLong:                     true,
}

// largeScale is how much larger the words of the large text are: as much as a
// screen of 1024×600 still holds at 200 %.
const largeScale = 1.2

// look is the toolkit's theme in the colours of this program. It follows the
// light or dark variant of the system. Its words are text times as large.
type look struct {
	fyne.Theme
	text float32
}

// Theme is the look of the program.
func Theme() fyne.Theme { return scaledTheme(1) }

// scaledTheme is the look of the program with words of another size.
func scaledTheme(text float32) fyne.Theme { return look{theme.DefaultTheme(), text} }

func (l look) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	s, ok := palette[name]
	if !ok {
		return l.Theme.Color(name, variant)
	}
	rgb := s.light
	if variant == theme.VariantDark {
		rgb = s.dark
	}
	c := color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xFF}
	if a, ok := translucent[name]; ok {
		c.A = a
	}
	return c
}

func (l look) Size(name fyne.ThemeSizeName) float32 {
	size, ok := sizes[name]
	if !ok {
		size = l.Theme.Size(name)
	}
	if scaled[name] {
		size *= l.text
	}
	return size
}
