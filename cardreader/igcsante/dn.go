package igcsante

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"postecpx/cardreader/iso7816"
)

// ASN.1 tags (ITU-T X.680 §8).
const (
	tagBoolean     iso7816.Tag = 0x01
	tagInteger     iso7816.Tag = 0x02
	tagBitString   iso7816.Tag = 0x03
	tagOctetString iso7816.Tag = 0x04
	tagNull        iso7816.Tag = 0x05
	tagOID         iso7816.Tag = 0x06
	tagEnumerated  iso7816.Tag = 0x0A
	tagUTF8        iso7816.Tag = 0x0C
	tagNumeric     iso7816.Tag = 0x12
	tagPrintable   iso7816.Tag = 0x13
	tagTeletex     iso7816.Tag = 0x14
	tagIA5         iso7816.Tag = 0x16
	tagUTCTime     iso7816.Tag = 0x17
	tagGenTime     iso7816.Tag = 0x18
	tagVisible     iso7816.Tag = 0x1A
	tagUniversal   iso7816.Tag = 0x1C
	tagBMP         iso7816.Tag = 0x1E
	tagSequence    iso7816.Tag = 0x30
	tagSet         iso7816.Tag = 0x31
)

// attributeNames are the attribute types of the names that ANS writes (ITU-T
// X.520), under the keywords of RFC 4514 §3 or else the usual ones.
var attributeNames = map[string]string{
	"2.5.4.3":                    "CN",
	"2.5.4.4":                    "SN",
	"2.5.4.5":                    "serialNumber",
	"2.5.4.6":                    "C",
	"2.5.4.7":                    "L",
	"2.5.4.8":                    "ST",
	"2.5.4.9":                    "STREET",
	"2.5.4.10":                   "O",
	"2.5.4.11":                   "OU",
	"2.5.4.12":                   "title",
	"2.5.4.17":                   "postalCode",
	"2.5.4.42":                   "GN",
	"2.5.4.65":                   "pseudonym",
	"2.5.4.97":                   "organizationIdentifier",
	"0.9.2342.19200300.100.1.1":  "UID",
	"0.9.2342.19200300.100.1.25": "DC",
	"1.2.840.113549.1.9.1":       "emailAddress",
}

// Attribute is one value of a distinguished name.
type Attribute struct {
	Type string `json:"type"` // dotted object identifier
	Name string `json:"name"` // keyword: "CN", "SN", "GN", "title" …; Type when there is none
	// Value is the text as the certificate has it, nothing escaped, or "#" and
	// the hexadecimal of its encoding when that is no text.
	Value string `json:"value"`
	// RDN is the index of the relative distinguished name, from 0 in the order
	// of the certificate: ANS puts CN, SN and GN in one.
	RDN int `json:"rdn"`
}

// DN reads a distinguished name (RFC 5280 §4.1.2.4) from its DER encoding and
// gives it in the form of RFC 4514, with "+" between the values of one RDN, and
// its attributes in the order of the certificate. Characters that are not
// printable, or that change the direction of writing, are escaped. It is lax
// where crypto/x509 is strict, so that a name badly encoded is still shown:
// accented letters in a string type that has none are read as UTF-8, else as
// ISO 8859-1. What comes before an error in the structure is returned; nothing
// at all when raw is no name.
func DN(raw []byte) (string, []Attribute) {
	name, _, err := iso7816.NextTLV(raw)
	if err != nil || name.Tag != tagSequence {
		return "", nil
	}
	var attributes []Attribute
	var relative []string
	for rest := name.Value; len(rest) > 0; {
		var set iso7816.TLV
		if set, rest, err = iso7816.NextTLV(rest); err != nil || set.Tag != tagSet {
			break
		}
		var values []string
		for inner := set.Value; len(inner) > 0; {
			var pair iso7816.TLV
			if pair, inner, err = iso7816.NextTLV(inner); err != nil || pair.Tag != tagSequence {
				break
			}
			a, written, ok := attribute(pair.Value)
			if !ok {
				break
			}
			a.RDN = len(relative)
			attributes = append(attributes, a)
			values = append(values, a.Name+"="+written)
		}
		if len(values) > 0 {
			relative = append(relative, strings.Join(values, "+"))
		}
	}
	// RFC 4514 §2.1 writes the sequence from its end.
	var b strings.Builder
	for i := len(relative) - 1; i >= 0; i-- {
		b.WriteString(relative[i])
		if i > 0 {
			b.WriteByte(',')
		}
	}
	return b.String(), attributes
}

// attribute reads one type and value, and writes the value for the RFC 4514
// form: escaped when it is a text, else in hexadecimal.
func attribute(pair []byte) (a Attribute, written string, ok bool) {
	kind, encoded, err := iso7816.NextTLV(pair)
	if err != nil || kind.Tag != tagOID {
		return Attribute{}, "", false
	}
	value, _, err := iso7816.NextTLV(encoded)
	if err != nil {
		return Attribute{}, "", false
	}
	a.Type = dotted(kind.Value)
	a.Name = a.Type
	if name, known := attributeNames[a.Type]; known {
		a.Name = name
	}
	if text, isText := characterString(value); isText {
		a.Value = text
		return a, escape(text), true
	}
	a.Value = "#" + upperHex(encoded)
	return a, a.Value, true
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// escape writes a text as RFC 4514 §2.4 asks.
func escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		last := i+utf8.RuneLen(r) == len(text)
		switch {
		case strings.ContainsRune(`,+"\<>;=`, r), r == '#' && i == 0, r == ' ' && (i == 0 || last):
			b.WriteByte('\\')
			b.WriteRune(r)
		case !visible(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\%02X`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// visible tells whether a character can be shown as it is. Controls, and marks
// that are not seen or that change the direction of writing, cannot.
func visible(r rune) bool { return r != utf8.RuneError && unicode.IsGraphic(r) }

// characterString reads a value of one of the character string types.
func characterString(v iso7816.TLV) (string, bool) {
	switch v.Tag {
	case tagUTF8:
		return string(v.Value), utf8.Valid(v.Value)
	case tagPrintable, tagIA5, tagNumeric, tagVisible, tagTeletex:
		if utf8.Valid(v.Value) {
			return string(v.Value), true
		}
		latin := make([]rune, len(v.Value))
		for i, c := range v.Value {
			latin[i] = rune(c)
		}
		return string(latin), true
	case tagBMP:
		if len(v.Value)%2 != 0 {
			return "", false
		}
		units := make([]uint16, len(v.Value)/2)
		for i := range units {
			units[i] = uint16(v.Value[2*i])<<8 | uint16(v.Value[2*i+1])
		}
		return string(utf16.Decode(units)), true
	case tagUniversal:
		if len(v.Value)%4 != 0 {
			return "", false
		}
		var b strings.Builder
		for i := 0; i < len(v.Value); i += 4 {
			c := v.Value[i : i+4]
			b.WriteRune(rune(uint32(c[0])<<24 | uint32(c[1])<<16 | uint32(c[2])<<8 | uint32(c[3])))
		}
		return b.String(), true
	}
	return "", false
}

// dotted gives the dotted form of the content of an OBJECT IDENTIFIER, or "#"
// and its hexadecimal when that is none.
func dotted(content []byte) string {
	var oid x509.OID
	if err := oid.UnmarshalBinary(content); err != nil {
		return "#" + upperHex(content)
	}
	return oid.String()
}
