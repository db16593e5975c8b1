package cps

import (
	"bytes"
	"context"
	"fmt"

	"postecpx/cardreader/iso7816"
)

// refPIN is the reference of the code porteur; 02 is the code de déblocage.
const refPIN = 0x01

// Tags of an IAS ECC security data object: tries allowed and tries left.
const (
	sdoTriesMax  iso7816.Tag = 0x9A
	sdoTriesLeft iso7816.Tag = 0x9B
	sdoUsages    iso7816.Tag = 0x9D // uses left of the code; none blocks it
)

// readPIN reads the counter of the code porteur without presenting it, in the
// form that ANS's own library uses for the generation.
func (s *session) readPIN(ctx context.Context) (PIN, error) {
	if s.cla == 0x01 {
		return s.pinByVerify(ctx)
	}
	return s.pinBySDO(ctx)
}

// pinByVerify asks a CPS4: VERIFY without data presents nothing and answers
// with the tries left (ISO/IEC 7816-4 §7.5.6).
func (s *session) pinByVerify(ctx context.Context) (PIN, error) {
	r, err := s.send(ctx, iso7816.Command{CLA: s.cla, INS: iso7816.InsVerify, P2: refPIN})
	if err != nil {
		return PIN{}, err
	}
	if n, ok := r.SW.TriesLeft(); ok {
		return PIN{Known: true, TriesLeft: n}, nil
	}
	if r.SW == iso7816.SWBlocked {
		return PIN{Known: true}, nil
	}
	if r.SW == iso7816.SWOK {
		return PIN{}, fmt.Errorf("the code is presented already by another program: the card gives no counter")
	}
	return PIN{}, &iso7816.StatusError{Command: "tries left", SW: r.SW}
}

// pinBySDO asks a CPS3: GET DATA of the public part of the security data
// object of the code, from the MF.
func (s *session) pinBySDO(ctx context.Context) (PIN, error) {
	if _, err := s.selectFile(ctx, nil, false); err != nil {
		return PIN{}, err
	}
	c := iso7816.Command{
		CLA: s.cla, INS: iso7816.InsGetDataBER, P1: 0x3F, P2: 0xFF,
		Data: []byte{0x4D, 0x08, 0x70, 0x06, 0xBF, 0x81, refPIN, 0x02, 0xA0, 0x80},
	}
	// ANS's library sends no Le, as T=0 wants it; over T=1 the answer then is
	// empty or a wrong length.
	r, err := s.send(ctx, c)
	if err != nil {
		return PIN{}, err
	}
	if r.SW == iso7816.SWWrongLength || r.SW == iso7816.SWOK && len(r.Data) == 0 {
		c.Le = iso7816.MaxShort
		if r, err = s.send(ctx, c); err != nil {
			return PIN{}, err
		}
	}
	if r.SW != iso7816.SWOK {
		return PIN{}, &iso7816.StatusError{Command: "GET DATA, tries left", SW: r.SW}
	}
	return parseSDO(r.Data)
}

// parseSDO finds the counters in the answer, at any depth.
func parseSDO(b []byte) (PIN, error) {
	left, ok := findDeep(b, sdoTriesLeft, maxNesting)
	if !ok || len(left) != 1 || left[0] > 15 {
		return PIN{}, fmt.Errorf("no counter in the %d bytes of the security data object", len(b))
	}
	pin := PIN{Known: true, TriesLeft: int(left[0])}
	if most, ok := findDeep(b, sdoTriesMax, maxNesting); ok && len(most) == 1 {
		pin.TriesMax = int(most[0])
		if pin.TriesLeft > pin.TriesMax {
			return PIN{}, fmt.Errorf("counter of %d tries left of %d", pin.TriesLeft, pin.TriesMax)
		}
	}
	if usages, ok := findDeep(b, sdoUsages, maxNesting); ok && len(usages) > 0 && len(bytes.Trim(usages, "\x00")) == 0 {
		pin.TriesLeft = 0
	}
	return pin, nil
}

func findDeep(b []byte, tag iso7816.Tag, depth int) ([]byte, bool) {
	objects, _ := iso7816.ParseTLV(b)
	if v, ok := iso7816.Find(objects, tag); ok || depth == 0 {
		return v, ok
	}
	for _, o := range objects {
		if o.Tag.Constructed() {
			if v, ok := findDeep(o.Value, tag, depth-1); ok {
				return v, true
			}
		}
	}
	return nil, false
}
