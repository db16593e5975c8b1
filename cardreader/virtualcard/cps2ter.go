package virtualcard

import (
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// A CPS3 still holds the files of the card before it, the CPS2ter, in class A0:
// they are selected one identifier after the other, their header has its own
// form, and the status words are their own.
const classCPS2ter = 0xA0

// File identifiers of the CPS2ter side.
const (
	fidBilling     = 0x7F01
	fidSitFact     = 0x4000
	fidActivity2T  = 0x4010
	headerDF       = 0x02
	headerMF       = 0x01
	headerEF       = 0x04
	headerTemplate = 0x85
)

// Status words of the CPS2ter side.
const (
	swNoFileSelected iso7816.StatusWord = 0x9400
	swOutsideFile    iso7816.StatusWord = 0x9402
	swNoSuchFile     iso7816.StatusWord = 0x9404
	swNotPresented   iso7816.StatusWord = 0x9804
)

// cps2ter is the other half of a CPS3. It shares nothing with the first but
// the code porteur.
type cps2ter struct {
	files   map[string]*file // by path from the MF, 2-byte steps
	current string           // path of the current DF
	ef      *file
}

// oldFiles are the files of the CPS2ter side. How the activities are encoded
// there is not published: they are repeated as they stand on the other side.
func oldFiles(d Description) map[string]*file {
	files := make(map[string]*file)
	if d.Generation != cps.CPS3 || d.Interface != cps.Contact {
		return files
	}
	add := func(content []byte, path ...uint16) {
		files[key(path...)] = &file{content: content, size: len(content), private: true}
	}
	if len(d.Billing) > 0 {
		add(billing(d.Billing), fidBilling, fidSitFact)
	}
	for i, a := range d.Activities {
		add(activity(a), fidActivity2T+uint16(i))
	}
	return files
}

// old answers a command of class A0.
func (c *Card) old(cmd iso7816.Command, pending []byte) []byte {
	switch cmd.INS {
	case iso7816.InsSelect:
		return c.selectOld(cmd)
	case iso7816.InsReadBinary:
		return c.readOld(cmd)
	case iso7816.InsGetResponse:
		return c.getResponse(cmd, pending)
	}
	return status(iso7816.SWInsNotSupported)
}

// selectOld makes a child of the current DF current, or the MF, or the child of
// the MF.
func (c *Card) selectOld(cmd iso7816.Command) []byte {
	if cmd.P1 != 0 || cmd.P2 != 0 {
		return status(iso7816.SWWrongOffset) // 6B00: wrong P1 or P2
	}
	if len(cmd.Data) != 2 {
		return status(iso7816.SWWrongLength)
	}
	fid := string(cmd.Data)
	side := &c.side
	if fid == key(fidMF) {
		side.current, side.ef = "", nil
		return c.header(fid, headerMF, 0)
	}
	for _, path := range []string{side.current + fid, fid} {
		if path == key(fidBilling) {
			side.current, side.ef = path, nil
			return c.header(fid, headerDF, 0)
		}
		if f := side.files[path]; f != nil {
			side.ef = f
			return c.header(fid, headerEF, f.size)
		}
	}
	return status(swNoSuchFile)
}

// header leaves the header of a file for GET RESPONSE: 9Fxx says how long it
// is. Its size, its identifier and its kind are what ANS's library reads.
func (c *Card) header(fid string, kind byte, size int) []byte {
	c.pending = leaf(headerTemplate, byte(size>>8), byte(size), fid[0], fid[1], kind)
	return []byte{0x9F, byte(len(c.pending))}
}

func (c *Card) readOld(cmd iso7816.Command) []byte {
	f, offset := c.side.ef, int(cmd.P1)<<8|int(cmd.P2)
	switch {
	case f == nil:
		return status(swNoFileSelected)
	case !c.porteur.presented:
		return status(swNotPresented)
	case len(cmd.Data) > 0 || cmd.Le == 0:
		return status(iso7816.SWWrongLength)
	case offset >= len(f.content):
		return status(swOutsideFile)
	}
	rest := f.content[offset:]
	return append(append([]byte(nil), rest[:min(cmd.Le, len(rest))]...), 0x90, 0x00)
}
