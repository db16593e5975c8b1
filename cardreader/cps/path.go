package cps

import (
	"bytes"
	"fmt"
)

// path is a file path from the MF, 3F00 left out: 0001 5031. One that begins
// with 3FFF starts from the application's DF instead, wherever that lies
// (ISO/IEC 7816-15 §8.2.5).
type path []byte

func (p path) String() string {
	if p.relative() {
		return fmt.Sprintf("%X", []byte(p))
	}
	return fmt.Sprintf("3F00%X", []byte(p))
}

func (p path) relative() bool { return bytes.HasPrefix(p, currentDF) }

// currentDF begins a path from the DF of the application.
var currentDF = path{0x3F, 0xFF}

func (p path) child(id ...byte) path { return append(p[:len(p):len(p)], id...) }

// Established paths and names (ANS, internal specifications of the PKCS#11
// library for CPS3, and ISO/IEC 7816-15 §8.4 for EF.ODF and EF.TokenInfo).
// Everything else is found through them.
var (
	efDir         = path{0x2F, 0x00}
	efSN          = path{0xD0, 0x03}
	dfIAS         = path{0x00, 0x01}
	fidODF        = []byte{0x50, 0x31}
	fidTokenInfo  = []byte{0x50, 0x32}
	aidRoot       = []byte{0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00}
	aidContact    = []byte{0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10}
	aidContactles = []byte{0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x20}
	aidCPS2ter    = []byte{0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x02}
	aidCardMgr    = []byte{0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00}
)

// resolve makes a path of the card's own directories absolute (ISO/IEC
// 7816-15 §8.2.5): from 3F00, from the application's DF, from its name, or a
// file identifier alone.
func resolve(p []byte, df path) (path, error) {
	switch {
	case len(p) == 0 || len(p)%2 != 0 && !bytes.HasPrefix(p, aidContact[:5]):
		return nil, fmt.Errorf("file path %X is not made of file identifiers", p)
	case bytes.HasPrefix(p, []byte{0x3F, 0x00}):
		return path(p[2:]), nil
	case bytes.HasPrefix(p, currentDF):
		return df.child(p[2:]...), nil
	case bytes.HasPrefix(p, aidContact), bytes.HasPrefix(p, aidContactles):
		return df.child(p[len(aidContact):]...), nil
	case len(p) > 2 && bytes.HasPrefix(p, df):
		return path(p), nil
	}
	return df.child(p...), nil
}
