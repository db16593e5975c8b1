package virtualcard

import (
	"strings"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// How often each code of a card may be tried and used, as published from a
// real card.
const (
	maxTries         = 3
	maxUnblockTries  = 10
	maxUnblockUses   = 100
	unlimited        = -1
	leastCode        = 4
	mostCode         = 8
	defaultUnblock   = "12345678"
	referencePorteur = 0x01
	referenceUnblock = 0x02
)

// code is the code porteur or the code de déblocage, with its counters.
type code struct {
	value     string
	most      int // tries, once it was right
	left      int // tries, now
	uses      int // how often it may still be right, or unlimited
	presented bool
}

func (k *code) blocked() bool { return k.left == 0 || k.uses == 0 }

// present compares what was presented; a wrong code costs one try.
func (k *code) present(value []byte) iso7816.StatusWord {
	switch {
	case k.blocked():
		return iso7816.SWBlocked
	case string(value) == k.value:
		k.left, k.presented = k.most, true
		if k.uses > 0 {
			k.uses--
		}
		return iso7816.SWOK
	}
	k.left--
	k.presented = false
	return k.triesLeft()
}

func (k *code) triesLeft() iso7816.StatusWord { return 0x63C0 | iso7816.StatusWord(k.left) }

// isCode tells whether a code porteur may have that value.
func isCode(value string) bool {
	return len(value) >= leastCode && len(value) <= mostCode && strings.Trim(value, "0123456789") == ""
}

// code finds a code by its reference. P2 may say that it belongs to the
// application (ISO/IEC 7816-4), as ANS's library does on a CPS4.
func (c *Card) code(reference byte) *code {
	switch reference &^ 0x80 {
	case referencePorteur:
		return &c.porteur
	case referenceUnblock:
		return &c.unblock
	}
	return nil
}

// verify is VERIFY (ISO/IEC 7816-4). Without data it asks for the state, and
// costs nothing.
func (c *Card) verify(cmd iso7816.Command) iso7816.StatusWord {
	k := c.code(cmd.P2)
	switch {
	case cmd.P1 != 0 || k == nil:
		return iso7816.SWDataNotFound
	case len(cmd.Data) > 0:
		return k.present(cmd.Data)
	case k.blocked() && !k.presented:
		return iso7816.SWBlocked
	case k.presented:
		return iso7816.SWOK
	}
	return k.triesLeft()
}

// changeCode is CHANGE REFERENCE DATA (ISO/IEC 7816-4): the old code and the
// new one, or with P1 = 01 the new one alone, after the old one was presented.
// A CPS4 lets the code de déblocage stand for the old code.
func (c *Card) changeCode(cmd iso7816.Command) iso7816.StatusWord {
	k := c.code(cmd.P2)
	switch {
	case k == nil:
		return iso7816.SWDataNotFound
	case k == &c.unblock:
		return iso7816.SWSecurityStatus // never
	case len(cmd.Data) == 0:
		return iso7816.SWWrongLength
	}
	value := string(cmd.Data)
	switch cmd.P1 {
	case 0x00:
		// Without padding only the length of the old code tells the two apart.
		n := min(len(k.value), len(value))
		if sw := k.present(cmd.Data[:n]); sw != iso7816.SWOK {
			return sw
		}
		value = value[n:]
	case 0x01:
		if !k.presented && !(c.description.Generation == cps.CPS4 && c.unblock.presented) {
			return iso7816.SWSecurityStatus
		}
	default:
		return iso7816.SWWrongP1P2
	}
	return k.replace(value)
}

func (k *code) replace(value string) iso7816.StatusWord {
	if !isCode(value) {
		return swWrongData
	}
	k.value = value
	return iso7816.SWOK
}

// resetRetryCounter is RESET RETRY COUNTER (ISO/IEC 7816-4) in its four forms:
// P1 says whether the code de déblocage (00, 01) and the new code
// porteur (00, 02) are in the data. The code de déblocage is presented before
// where it is not in them.
func (c *Card) resetRetryCounter(cmd iso7816.Command) iso7816.StatusWord {
	k := c.code(cmd.P2)
	switch {
	case k == nil:
		return iso7816.SWDataNotFound
	case k == &c.unblock:
		return iso7816.SWSecurityStatus // never
	case cmd.P1 > 0x03:
		return iso7816.SWWrongP1P2
	case (cmd.P1 == 0x03) != (len(cmd.Data) == 0):
		return iso7816.SWWrongLength
	}
	value := string(cmd.Data)
	if cmd.P1&0x02 == 0 {
		n := min(len(c.unblock.value), len(value))
		if sw := c.unblock.present(cmd.Data[:n]); sw != iso7816.SWOK {
			return sw
		}
		value = value[n:]
	} else if !c.unblock.presented {
		return iso7816.SWSecurityStatus
	}
	if cmd.P1&0x01 == 0 {
		if sw := k.replace(value); sw != iso7816.SWOK {
			return sw
		}
	} else if value != "" {
		return swWrongData
	}
	k.left, k.presented = k.most, false
	return iso7816.SWOK
}

// presents tells whether a command carries a code, and counts it. It looks at
// the raw bytes: what is in a command of a wrong length is a code as well.
func (n *Counts) presents(raw []byte) bool {
	if len(raw) < 6 {
		return false
	}
	forUnblock := raw[3]&^0x80 == referenceUnblock
	switch raw[1] {
	case iso7816.InsVerify, insChangeCode:
	case insResetRetryCounter:
		forUnblock = raw[2]&0x02 == 0
	default:
		return false
	}
	n.Presented++
	if forUnblock {
		n.PresentedPUK++
	}
	return true
}
