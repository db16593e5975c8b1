package virtualcard

import (
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// Classes of security data objects of IAS ECC, the second byte of their tag.
const (
	classCode       = 0x81
	classPrivateKey = 0x90
)

// getData gives the public part of a security data object of a CPS3 (IAS ECC):
// the counters of a code, or the size and the access rules of a private key.
// The request is an extended header list: 4D L 70 L BF class reference L A0 80.
func (c *Card) getData(cmd iso7816.Command) []byte {
	if c.description.Generation != cps.CPS3 || cmd.P1 != 0x3F || cmd.P2 != 0xFF {
		return status(iso7816.SWWrongP1P2)
	}
	request, err := iso7816.ParseTLV(cmd.Data)
	if err != nil || len(request) != 1 || request[0].Tag != 0x4D {
		return status(swWrongData)
	}
	list := request[0].Value
	if len(list) < 8 || list[0] != 0x70 || list[2] != 0xBF {
		return status(iso7816.SWDataNotFound)
	}
	class, reference := list[3], list[4]
	parameters := c.parameters(class, reference)
	switch {
	case parameters == nil:
		return status(iso7816.SWDataNotFound)
	case list[6] != 0xA0:
		return status(swWrongData) // the value itself is never given
	}
	tag := 0xBF0000 | iso7816.Tag(class)<<8 | iso7816.Tag(reference)
	return c.give(cmd, node(0x70, node(tag, node(0xA0, parameters))))
}

// parameters are the data object control parameters, nil when there is no such
// object. The access rules are those published from a real card.
func (c *Card) parameters(class, reference byte) []byte {
	rules := func(conditions ...byte) []byte { return node(0xA1, leaf(0x8C, conditions...)) }
	switch {
	case class == classCode && reference == referencePorteur:
		return join(leaf(0x9A, byte(c.porteur.most)), leaf(0x9B, byte(c.porteur.left)),
			rules(0xF3, 0x00, 0x00, 0x13, 0xFF, 0x00))
	case class == classCode && reference == referenceUnblock:
		uses := c.unblock.uses
		return join(leaf(0x9A, byte(c.unblock.most)), leaf(0x9B, byte(c.unblock.left)), leaf(0x9D, byte(uses>>8), byte(uses)),
			rules(0xF3, 0xFF, 0x00, 0xFF, 0xFF, 0x00))
	case class == classPrivateKey:
		k := c.keys[reference|0x80]
		if k == nil {
			return nil
		}
		// Compute a signature, authenticate, decipher; then generate, put
		// and get data.
		allowed := func(p purpose) byte {
			switch {
			case k.purposes&p == 0:
				return 0xFF
			case k.protected:
				return 0x11 // after the code porteur
			}
			return 0x00
		}
		return join(leaf(0x80, keySize/8>>8, keySize/8&0xFF),
			rules(0x7B, allowed(sign), allowed(authenticate), allowed(decipher), 0xFF, 0xFF, 0x00))
	}
	return nil
}
