package trace

import (
	"encoding/hex"
	"fmt"
	"strings"

	"postecpx/cardreader/iso7816"
)

// instructions of ISO/IEC 7816-4 table 4.2, 7816-8 and 7816-9.
var instructions = map[byte]string{
	0x04: "DEACTIVATE FILE", 0x0C: "ERASE RECORD", 0x0E: "ERASE BINARY", 0x0F: "ERASE BINARY",
	0x10: "PERFORM SCQL OPERATION", 0x12: "PERFORM TRANSACTION OPERATION", 0x14: "PERFORM USER OPERATION",
	0x20: "VERIFY", 0x21: "VERIFY", 0x22: "MANAGE SECURITY ENVIRONMENT", 0x24: "CHANGE REFERENCE DATA",
	0x25: "CHANGE REFERENCE DATA", 0x26: "DISABLE VERIFICATION REQUIREMENT", 0x28: "ENABLE VERIFICATION REQUIREMENT",
	0x2A: "PERFORM SECURITY OPERATION", 0x2C: "RESET RETRY COUNTER", 0x2D: "RESET RETRY COUNTER",
	0x44: "ACTIVATE FILE", 0x46: "GENERATE ASYMMETRIC KEY PAIR", 0x47: "GENERATE ASYMMETRIC KEY PAIR",
	0x70: "MANAGE CHANNEL", 0x82: "EXTERNAL AUTHENTICATE", 0x84: "GET CHALLENGE",
	0x86: "GENERAL AUTHENTICATE", 0x87: "GENERAL AUTHENTICATE", 0x88: "INTERNAL AUTHENTICATE",
	0xA0: "SEARCH BINARY", 0xA1: "SEARCH BINARY", 0xA2: "SEARCH RECORD", 0xA4: "SELECT",
	0xB0: "READ BINARY", 0xB1: "READ BINARY", 0xB2: "READ RECORD", 0xB3: "READ RECORD",
	0xC0: "GET RESPONSE", 0xC2: "ENVELOPE", 0xC3: "ENVELOPE", 0xCA: "GET DATA", 0xCB: "GET DATA",
	0xD0: "WRITE BINARY", 0xD1: "WRITE BINARY", 0xD2: "WRITE RECORD", 0xD6: "UPDATE BINARY", 0xD7: "UPDATE BINARY",
	0xDA: "PUT DATA", 0xDB: "PUT DATA", 0xDC: "UPDATE RECORD", 0xDD: "UPDATE RECORD",
	0xE0: "CREATE FILE", 0xE2: "APPEND RECORD", 0xE4: "DELETE FILE", 0xE6: "TERMINATE DF",
	0xE8: "TERMINATE EF", 0xFE: "TERMINATE CARD USAGE",
}

// How a SELECT names what it selects (P1, ISO/IEC 7816-4 table 39; 09 is a
// habit of the CPS3).
const (
	ByIdentifier = "identifier"
	ByChildDF    = "child-df"
	ByChildEF    = "child-ef"
	ByParent     = "parent"
	ByName       = "name"
	ByPathMF     = "path-from-mf"
	ByPathDF     = "path-from-df"
)

var selections = map[byte]string{
	0x00: ByIdentifier, 0x01: ByChildDF, 0x02: ByChildEF, 0x03: ByParent, 0x04: ByName, 0x08: ByPathMF, 0x09: ByPathDF,
}

// What a SELECT wants for an answer (P2 bits 4 and 3).
var answers = map[byte]string{0x00: "fci", 0x04: "fcp", 0x08: "fmd", 0x0C: "none"}

// Named is something with its place or name on the card, and what it is called.
type Named struct {
	ID   string `json:"id"`             // hexadecimal
	Name string `json:"name,omitempty"` // left out when unknown
}

// Decoded is what an exchange means. What does not apply is left out.
type Decoded struct {
	// Instruction is its name in ISO/IEC 7816-4; "GET RESPONSE" has in Of the
	// name of the command whose answer it fetches.
	Instruction string `json:"instruction"`
	Of          string `json:"of,omitempty"`
	Channel     int    `json:"channel"`

	// Of SELECT: how, what, and the answer asked for (fci, fcp, fmd, none).
	By          string `json:"by,omitempty"`
	Application *Named `json:"application,omitempty"`
	Answer      string `json:"answer,omitempty"`
	// File that is selected, or being read.
	File *Named `json:"file,omitempty"`
	// Offset of READ BINARY.
	Offset *int `json:"offset,omitempty"`
	// Object that GET DATA asks for: "tries" for the counters of a code, else
	// the tag.
	Object string `json:"object,omitempty"`
	// Reference of the code of VERIFY, and whether one was presented.
	Reference *int `json:"reference,omitempty"`
	Presents  bool `json:"presents,omitempty"`
	// Expected is the length asked for (Le), Length that of the answer without
	// its status word.
	Expected int `json:"expected,omitempty"`
	Length   int `json:"length"`
	// Status word, in hexadecimal, and its sense in ISO/IEC 7816-4.
	Status  string `json:"status,omitempty"`
	Meaning string `json:"meaning,omitempty"`
	// TriesLeft as the status word tells them.
	TriesLeft *int `json:"triesLeft,omitempty"`
}

// Decode says what each exchange means.
func (r Recording) Decode() []Decoded {
	names := r.fileNames()
	all := make([]Decoded, len(r.Exchanges))
	for i, s := range r.walk() {
		all[i] = s.decode(r.Exchanges[i], names)
	}
	return all
}

func (s step) decode(e Exchange, names map[string]string) Decoded {
	var d Decoded
	d.response(e.Response)
	if len(e.Command) < 4 {
		d.Instruction = "?"
		return d
	}
	cla, ins, p1, p2 := e.Command[0], e.Command[1], e.Command[2], e.Command[3]
	if cla < 0x80 {
		d.Channel = int(cla & 0x03)
	}
	d.Instruction = nameOfInstruction(cla, ins)
	switch ins {
	case 0x20, 0x21, 0x24, 0x25, 0x2C, 0x2D:
		reference := int(p2)
		d.Reference, d.Presents = &reference, len(e.Command) > 4
	}
	if !s.known || cla >= 0x80 {
		return d
	}
	d.Expected = s.command.Le
	switch ins {
	case iso7816.InsSelect:
		d.By, d.Answer = selections[p1], answers[p2&0x0C]
		if p1 == 0x04 {
			name := strings.ToUpper(hex.EncodeToString(s.command.Data))
			d.Application = &Named{name, applications[name].code}
		} else {
			d.File = s.file(names)
		}
	case iso7816.InsReadBinary:
		if p1&0x80 == 0 {
			offset := int(p1)<<8 | int(p2)
			d.Offset, d.File = &offset, s.file(names)
		}
	case iso7816.InsReadRecord:
		d.File = s.file(names)
	case iso7816.InsGetData, iso7816.InsGetDataBER:
		d.Object = s.origin.object()
	case iso7816.InsGetResponse:
		if s.origin.INS != 0 {
			d.Of = nameOfInstruction(s.origin.CLA, s.origin.INS)
		}
		if s.origin.INS == iso7816.InsReadBinary && s.origin.P1&0x80 == 0 {
			d.File = s.file(names)
		}
	}
	return d
}

func (d *Decoded) response(raw []byte) {
	r, err := iso7816.ParseResponse(raw)
	if err != nil {
		d.Length = len(raw)
		return
	}
	d.Length, d.Status, d.Meaning = len(r.Data), r.SW.String(), r.SW.Meaning()
	if n, ok := r.SW.TriesLeft(); ok {
		d.TriesLeft = &n
	}
}

func nameOfInstruction(cla, ins byte) string {
	if name, ok := instructions[ins]; ok && cla < 0x80 {
		return name
	}
	return fmt.Sprintf("INS %02X", ins)
}

func (s step) file(names map[string]string) *Named {
	place := s.at.place()
	if place == "" {
		return nil
	}
	return &Named{place, nameOf(names, place)}
}

// object is what a GET DATA asks for.
func (o origin) object() string {
	switch {
	case o.isCounter():
		return "tries"
	case o.INS == iso7816.InsGetData:
		return strings.TrimPrefix(fmt.Sprintf("%02X%02X", o.P1, o.P2), "00")
	}
	return hexOf(o.Data)
}

func hexOf(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
