package cps

import (
	"fmt"
	"strings"

	"postecpx/assets/nomenclature"
	"postecpx/cardreader/iso7816"
)

// Containers of the business data that are readable after the code porteur.
const (
	tagActivity iso7816.Tag = 0xEE // CPS_ACTIVITY_01_PS to CPS_ACTIVITY_16_PS
	tagBilling  iso7816.Tag = 0xE0 // CPS_SIT_FACT
)

// Field is one data element of a business file, decoded for a person to read
// beside its bytes.
type Field struct {
	// Tag as it stands in the file; nested ones are joined: "A0.81".
	Tag string
	// Name is stable: "identifier", "mode-exercice", "raison-sociale" … and ""
	// for an element that ANS does not publish.
	Name string
	// Value in words or digits; the hexadecimal of the bytes when it is not
	// published how they are coded.
	Value string
	// Label of the Value in its nomenclature, "" when there is none.
	Label string
	Raw   []byte
}

// element says how one tag of a container is decoded.
type element struct {
	name   string
	decode func([]byte) (value, label string)
}

func asText(b []byte) (string, string) { return text(b), "" }
func asHex(b []byte) (string, string)  { return fmt.Sprintf("%X", b), "" }

func asBCD(b []byte) (string, string) {
	digits, err := bcd(b)
	if err != nil {
		return asHex(b)
	}
	return digits, ""
}

func asDate(b []byte) (string, string) {
	d, err := bcdDate(b)
	if err != nil {
		return asHex(b)
	}
	return d.String(), ""
}

// inTable decodes one binary byte that is a code of a nomenclature.
func inTable(table nomenclature.Table) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		c := binaryCode(table, b)
		if c.Code == "" {
			return asHex(b)
		}
		return c.Code, c.Label
	}
}

// textIn decodes text that is a code of a nomenclature.
func textIn(table nomenclature.Table) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		c := coded(table, text(b))
		return c.Code, c.Label
	}
}

func asCardType(b []byte) (string, string) {
	if len(b) == 0 {
		return "", ""
	}
	return inTable(nomenclature.G02)(b[:1])
}

func asCategory(b []byte) (string, string) {
	if len(b) != 1 {
		return asHex(b)
	}
	code := fmt.Sprintf("%02X", b[0]) // 80 is the code of a test card as it stands
	label, _ := nomenclature.Label(nomenclature.G01, code)
	return code, label
}

func asFirstNames(b []byte) (string, string) {
	var names []string
	for _, part := range strings.Split(string(b), "\xFF") {
		if n := text([]byte(part)); n != "" {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", "), ""
}

// containers holds the elements of each business file, as ANS's own tool
// decodes them. Its tag is the outer one.
var containers = map[iso7816.Tag]map[iso7816.Tag]element{
	tagIDCard: {
		0x80: {"issuer", asBCD}, 0x81: {"card-number", asBCD}, 0x82: {"category", asCategory},
		0x83: {"issued", asDate}, 0x84: {"expires", asDate},
	},
	tagNamePS: {
		0x80: {"civility", inTable(nomenclature.G03)}, 0x81: {"name", asText}, 0x82: {"name", asText},
		0x83: {"first-names", asFirstNames}, 0x84: {"given-name", asText},
	},
	tagInfoPS: {
		0x80: {"card-type", asCardType}, 0x81: {"identifier", asText}, 0x82: {"profession", inTable(nomenclature.G15)},
		0x83: {"future-profession", inTable(nomenclature.G16)}, 0x84: {"exercise-name", asText},
		0x85: {"speciality", textIn(nomenclature.R01)},
	},
	tagActivity: {
		0x80: {"mode-exercice", inTable(nomenclature.G17)}, 0x81: {"adeli-codes", asHex},
		0x82: {"pharmacists-table", textIn(nomenclature.G05)}, 0x83: {"signature-rights", asHex},
		0x84: {"raison-sociale", asText}, 0x85: {"structure", asText}, 0x86: {"secteur", textIn(nomenclature.R02)},
	},
	tagBilling: {
		0x80: {"situation", asHex}, 0x81: {"billing-identifier", asBCD}, 0x82: {"convention", asBCD},
		0x83: {"agreements", asBCD}, 0x84: {"rights", asHex},
	},
}

// Decode decodes a business file of the card, whatever its name: CPS_ID_CARD,
// CPS_NAME_PS, CPS_INFO_PS, CPS_ACTIVITY_nn_PS, CPS_SIT_FACT. An element that
// is not published is given in hexadecimal. A file of another kind, or one
// that is cut short, is an error; the elements before it are returned with it.
func Decode(value []byte) ([]Field, error) {
	if len(value) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrTruncated)
	}
	outer, _, err := iso7816.NextTLV(value)
	if err != nil {
		return nil, err
	}
	elements, known := containers[outer.Tag]
	if !known {
		return nil, fmt.Errorf("tag %v is not of a published business file", outer.Tag)
	}
	objects, err := iso7816.ParseTLV(outer.Value)
	var fields []Field
	for _, o := range objects {
		if outer.Tag == tagBilling && o.Tag == 0xA0 {
			inner, innerErr := iso7816.ParseTLV(o.Value)
			for _, i := range inner {
				fields = append(fields, field(elements, i, "A0."))
			}
			if innerErr != nil && err == nil {
				err = innerErr
			}
			continue
		}
		fields = append(fields, field(elements, o, ""))
	}
	return fields, err
}

func field(elements map[iso7816.Tag]element, o iso7816.TLV, prefix string) Field {
	f := Field{Tag: prefix + o.Tag.String(), Raw: o.Value}
	e, ok := elements[o.Tag]
	if !ok {
		f.Value, _ = asHex(o.Value)
		return f
	}
	f.Name = e.name
	f.Value, f.Label = e.decode(o.Value)
	return f
}
