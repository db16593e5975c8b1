package iso7816

import (
	"errors"
	"fmt"
)

// ATR is an Answer-To-Reset, read (ISO/IEC 7816-3 §8.2).
type ATR struct {
	Raw []byte
	// Protocols that the TD bytes announce, in their order, each once. An ATR
	// without TD1 announces T=0.
	Protocols []int
	// Historical bytes, 0 to 15.
	Historical []byte
	// CheckOK is false when the check character TCK is present and wrong.
	CheckOK bool
}

// ErrATR is wrapped by every error of ParseATR.
var ErrATR = errors.New("not an ATR")

// maxATR is TS and 32 characters (ISO/IEC 7816-3 §8.2.1).
const maxATR = 33

// ParseATR reads an ATR of 2 to 33 bytes. A wrong TCK is reported in CheckOK,
// not as an error: the card may answer all the same.
func ParseATR(b []byte) (ATR, error) {
	if len(b) < 2 || len(b) > maxATR {
		return ATR{}, fmt.Errorf("%w: %d bytes, expected 2 to %d", ErrATR, len(b), maxATR)
	}
	if b[0] != 0x3B && b[0] != 0x3F {
		return ATR{}, fmt.Errorf("%w: initial character %02X, expected 3B or 3F", ErrATR, b[0])
	}
	atr := ATR{Raw: append([]byte(nil), b...), CheckOK: true}
	historical := int(b[1] & 0x0F)
	pos := 2
	for y := b[1] >> 4; y != 0; {
		next := byte(0)
		for bit := byte(1); bit <= 8; bit <<= 1 { // TA, TB, TC, TD
			if y&bit == 0 {
				continue
			}
			if pos >= len(b) {
				return ATR{}, fmt.Errorf("%w: interface bytes cut short", ErrATR)
			}
			if bit == 8 {
				next = b[pos] >> 4
				atr.addProtocol(int(b[pos] & 0x0F))
			}
			pos++
		}
		y = next
	}
	if len(atr.Protocols) == 0 {
		atr.Protocols = []int{0}
	}
	if pos+historical > len(b) {
		return ATR{}, fmt.Errorf("%w: %d historical bytes announced, %d present", ErrATR, historical, len(b)-pos)
	}
	atr.Historical = atr.Raw[pos : pos+historical]
	pos += historical
	if atr.wantsTCK() {
		atr.CheckOK = pos < len(b) && xor(b[1:pos+1]) == 0
	}
	return atr, nil
}

func (a *ATR) addProtocol(t int) {
	for _, p := range a.Protocols {
		if p == t {
			return
		}
	}
	a.Protocols = append(a.Protocols, t)
}

// wantsTCK: TCK is absent only when T=0 is the one protocol (§8.2.5).
func (a *ATR) wantsTCK() bool { return len(a.Protocols) != 1 || a.Protocols[0] != 0 }

func xor(b []byte) (x byte) {
	for _, v := range b {
		x ^= v
	}
	return x
}
