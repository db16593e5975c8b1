package cps

import (
	"bytes"
	"errors"
	"fmt"

	"postecpx/cardreader/iso7816"
)

// ErrNotCPx says that the ATR carries no sign of a CPx: nothing was sent to
// the card.
var ErrNotCPx = errors.New("not a CPx card")

// Recognition is what an ATR alone says of a CPx.
type Recognition struct {
	ATR        iso7816.ATR
	Generation Generation
	Interface  Interface
}

// Published ATRs, byte for byte, as ANS's own library compares them
// (Cryptolib CPS 5.2, card drivers cps3 and cps4), and one more contact ATR
// seen on cards in the field.
var published = []struct {
	atr        string
	generation Generation
	reached    Interface
}{
	{"\x3B\xAC\x00\x40\x2A\x00\x12\x25\x00\x64\x80\x00\x03\x10\x00\x90\x00", CPS3, Contact},
	{"\x3B\x8F\x80\x01\x00\x31\xB8\x64\x04\xB0\xEC\xC1\x73\x94\x01\x80\x82\x90\x00\x0E", CPS3, Contactless},
	{"\x3B\x9B\x18\x80\x01\x00\x12\x25\x00\x64\x80\x04\x01\x00\x00\x90\x44", CPS4, Contact},
	{"\x3B\x9B\x18\x80\x01\x00\x12\x25\x00\x64\x80\x00\x04\x01\x00\x90\x44", CPS4, Contact},
	{"\x3B\xDC\x18\xFF\x00\x00\x12\x25\x00\x64\x80\x00\x04\x01\x00\x90\x00", CPS4, Contact},
}

// The historical bytes of every contact CPx begin with the category indicator
// 00, the country 250 (tag 1) and the issuer data 64 (ISO/IEC 7816-4 §8.1.1).
var historicalContact = []byte{0x00, 0x12, 0x25, 0x00, 0x64}

// Historical bytes of the contactless IAS ECC application, and the mask of the
// bits that vary, as ANS's driver publishes it; some readers moreover replace
// the three status bytes at the end by FF.
var (
	historicalContactless = []byte{0x00, 0x31, 0xB8, 0x64, 0x00, 0x00, 0xEC, 0xC0, 0x73, 0x94, 0x01, 0x80, 0x82, 0x90, 0x00}
	maskContactless       = []byte{0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0xFF, 0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00}
)

// Recognise tells from an ATR whether a card may be a CPx, and which. It sends
// nothing. The answer is a presumption: opening the card confirms it by its
// application or its serial number file. Every other ATR gives ErrNotCPx.
func Recognise(raw []byte) (Recognition, error) {
	for _, p := range published {
		if string(raw) == p.atr {
			atr, err := iso7816.ParseATR(raw)
			if err != nil {
				return Recognition{}, err
			}
			return Recognition{atr, p.generation, p.reached}, nil
		}
	}
	atr, err := iso7816.ParseATR(raw)
	if err != nil {
		return Recognition{}, fmt.Errorf("%w: %w", ErrNotCPx, err)
	}
	switch h := atr.Historical; {
	case bytes.HasPrefix(h, historicalContact):
		return Recognition{atr, contactGeneration(h), Contact}, nil
	case matches(h, historicalContactless, maskContactless):
		return Recognition{atr, CPS3, Contactless}, nil
	}
	return Recognition{ATR: atr}, ErrNotCPx
}

// contactGeneration reads the generation out of the version bytes that follow
// the tag 8x: 00 03 1x on a CPS3, a 04 in the first two bytes on a CPS4.
func contactGeneration(historical []byte) Generation {
	version := historical[len(historicalContact):]
	if len(version) < 3 || version[0] != 0x80 {
		return GenerationUnknown
	}
	switch v := version[1:]; {
	case v[0] == 0x00 && v[1] == 0x03:
		return CPS3
	case v[0] == 0x04, v[0] == 0x00 && v[1] == 0x04:
		return CPS4
	}
	return GenerationUnknown
}

func matches(b, want, mask []byte) bool {
	if len(b) != len(want) {
		return false
	}
	for i := range b {
		if b[i]&mask[i] != want[i]&mask[i] {
			return false
		}
	}
	return true
}
