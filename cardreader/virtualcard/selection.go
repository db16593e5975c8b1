package virtualcard

import (
	"bytes"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// selectCommand is SELECT (ISO/IEC 7816-4 §7.1.1) with the habits that ANS's
// library counts on: P1 = 09 takes a path from 3F00, P1 = 08 one without it.
func (c *Card) selectCommand(cmd iso7816.Command) []byte {
	var path string
	switch p := string(cmd.Data); cmd.P1 {
	case 0x00:
		switch {
		case p == key(fidMF), p == "":
			path = ""
		case len(p) != 2:
			return status(swWrongData)
		case c.exists(c.current + p):
			path = c.current + p
		default:
			path = p // a child of the MF
		}
	case 0x01, 0x02:
		// 3F00 is the MF wherever the selection stands (ISO/IEC 7816-4);
		// OpenSC counts on it.
		if path = trimMF(p); path == p {
			path = c.current + p
		}
	case 0x03:
		path = ""
	case 0x04:
		return c.selectName(cmd)
	case 0x08:
		path = trimMF(p)
	case 0x09:
		if path = trimMF(p); path == p {
			path = c.current + p
		}
	default:
		return status(iso7816.SWWrongP1P2)
	}
	return c.selectPath(cmd, path)
}

func trimMF(p string) string {
	if len(p) >= 2 && p[:2] == key(fidMF) {
		return p[2:]
	}
	return p
}

func (c *Card) exists(path string) bool {
	return path == "" || path == key(c.df) || c.files[path] != nil
}

func (c *Card) selectName(cmd iso7816.Command) []byte {
	name := cmd.Data
	cps4 := c.description.Generation == cps.CPS4
	switch {
	case bytes.Equal(name, aidRoot):
		c.selected = true
		return c.selectPath(cmd, "")
	case bytes.Equal(name, c.aid) && (!cps4 || c.selected):
		return c.selectPath(cmd, key(c.df))
	case cps4 && (bytes.Equal(name, aidCardManager) || bytes.Equal(name, aidCPS2ter)):
		c.selected, c.current, c.ef = false, "", nil
		return status(iso7816.SWOK)
	}
	return status(iso7816.SWFileNotFound)
}

// selectPath makes a file or a DF current and answers with its FCP where P2
// asks for one.
func (c *Card) selectPath(cmd iso7816.Command, path string) []byte {
	if !c.exists(path) {
		return status(iso7816.SWFileNotFound)
	}
	f := c.files[path]
	c.ef = f
	if f == nil {
		c.current = path
	} else {
		c.current = path[:len(path)-2]
	}
	switch {
	case cmd.P2&0x0C == 0x0C:
		return status(iso7816.SWOK)
	case c.description.Generation == cps.CPS4:
		return c.give(cmd, c.controlParameters(0x6F, path, f))
	}
	return c.give(cmd, c.controlParameters(0x62, path, f))
}

// controlParameters is the FCP of a CPS3, or the FCI of a CPS4 with the same
// fields directly inside. The access rules allow reading.
func (c *Card) controlParameters(template iso7816.Tag, path string, f *file) []byte {
	fid := key(fidMF)
	if path != "" {
		fid = path[len(path)-2:]
	}
	rules := node(0xA1, leaf(0x8C, 0x01, 0x00))
	if f == nil {
		fields := [][]byte{leaf(0x82, 0x38), leaf(0x83, []byte(fid)...)}
		if path == key(c.df) {
			fields = append(fields, leaf(0x84, c.aid...))
		}
		return node(template, append(fields, leaf(0x8A, 0x05), rules)...)
	}
	return node(template,
		leaf(0x80, byte(f.size>>8), byte(f.size)), leaf(0x82, 0x01), leaf(0x83, []byte(fid)...), leaf(0x8A, 0x05), rules)
}
