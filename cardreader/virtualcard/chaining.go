package virtualcard

import "postecpx/cardreader/iso7816"

// chaining is the bit of the class that announces another part of the same
// command (ISO/IEC 7816-4).
const chaining = 0x10

// maxChained is more than any command of these cards takes: a block of the
// modulus and its padding indicator.
const maxChained = 512

// chain is a command of which the last part has not come yet.
type chain struct {
	header [3]byte // INS, P1, P2
	data   []byte
}

// link adds a part to the chain, and gives the whole command once it is there.
// Any other command in between breaks the chain.
func (c *Card) link(cmd iso7816.Command) (whole iso7816.Command, sw iso7816.StatusWord) {
	header := [3]byte{cmd.INS, cmd.P1, cmd.P2}
	begun := c.chain
	c.chain = chain{}
	if begun.header != header {
		begun = chain{header: header}
	}
	if len(begun.data)+len(cmd.Data) > maxChained {
		return cmd, iso7816.SWWrongLength
	}
	begun.data = append(begun.data, cmd.Data...)
	if cmd.CLA&chaining == 0 {
		cmd.Data = begun.data
		return cmd, iso7816.SWOK
	}
	if cmd.INS != insSecurityOperation {
		return cmd, swNoChaining
	}
	c.chain = begun
	return cmd, iso7816.SWOK
}
