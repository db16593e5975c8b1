package cps

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"postecpx/assets/nomenclature"
	"postecpx/cardreader/iso7816"
)

// Containers of the business data ("données métier") of ANS, readable without
// the code porteur.
const (
	tagIDCard iso7816.Tag = 0xE3
	tagNamePS iso7816.Tag = 0xE4
	tagInfoPS iso7816.Tag = 0xED
)

// Object labels in the DODF (ANS, external specifications of the PKCS#11
// library for CPS3, table 3).
const (
	labelIDCard = "CPS_ID_CARD"
	labelNamePS = "CPS_NAME_PS"
	labelInfoPS = "CPS_INFO_PS"
)

// container opens the one data object of a business file. Bytes after it are
// padding.
func container(b []byte, want iso7816.Tag) ([]iso7816.TLV, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrTruncated)
	}
	outer, _, err := iso7816.NextTLV(b)
	if err != nil {
		if n, lengthErr := iso7816.HeaderLength(b); lengthErr == nil && n > len(b) {
			return nil, fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(b), n)
		}
		return nil, err
	}
	if outer.Tag != want {
		return nil, fmt.Errorf("tag %v where %v is expected", outer.Tag, want)
	}
	return iso7816.ParseTLV(outer.Value)
}

// infoPS is CPS_INFO_PS.
type infoPS struct {
	kind             []byte // G02, then right flags
	identifier       string
	profession       Coded
	futureProfession Coded
	exerciseName     string
	speciality       Coded
}

// parseInfoPS decodes CPS_INFO_PS. An identifier that stands there twice, with
// two values, is an error: nothing tells which is right.
func parseInfoPS(b []byte) (infoPS, error) {
	fields, err := container(b, tagInfoPS)
	if err != nil {
		return infoPS{}, err
	}
	var info infoPS
	seen := false
	for _, f := range fields {
		switch f.Tag {
		case 0x80:
			info.kind = f.Value
		case 0x81:
			v := text(f.Value)
			if seen && v != info.identifier {
				return infoPS{}, fmt.Errorf("two identifiers")
			}
			info.identifier, seen = v, true
		case 0x82:
			info.profession = binaryCode(nomenclature.G15, f.Value)
		case 0x83:
			info.futureProfession = binaryCode(nomenclature.G16, f.Value)
		case 0x84:
			info.exerciseName = text(f.Value)
		case 0x85:
			info.speciality = coded(nomenclature.R01, text(f.Value))
		}
	}
	if info.identifier == "" {
		return info, fmt.Errorf("no identifier in it")
	}
	return info, nil
}

// idCard is CPS_ID_CARD.
type idCard struct {
	number  string
	test    *bool
	issued  Date
	expires Date
}

func parseIDCard(b []byte) (idCard, error) {
	fields, err := container(b, tagIDCard)
	if err != nil {
		return idCard{}, err
	}
	var card idCard
	var wrong []string
	if twice(fields) {
		return idCard{}, fmt.Errorf("the same element twice, with two values")
	}
	for _, f := range fields {
		var err error
		switch f.Tag {
		case 0x81:
			if card.number, err = bcd(f.Value); err != nil {
				wrong = append(wrong, "card number: "+err.Error())
			}
		case 0x82:
			card.test = testCategory(f.Value)
		case 0x83:
			if card.issued, err = bcdDate(f.Value); err != nil {
				wrong = append(wrong, "date of issue: "+err.Error())
			}
		case 0x84:
			if card.expires, err = bcdDate(f.Value); err != nil {
				wrong = append(wrong, "end of validity: "+err.Error())
			}
		}
	}
	if wrong != nil {
		return card, fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return card, nil
}

// twice tells whether an element stands there again with another value.
func twice(fields []iso7816.TLV) bool {
	for i, f := range fields {
		if first, _ := iso7816.Find(fields[:i+1], f.Tag); !bytes.Equal(first, f.Value) {
			return true
		}
	}
	return false
}

// testCategory reads the catégorie (G01): 00 card, 02 module, 03 software
// certificate, and 8x the same for tests.
func testCategory(b []byte) *bool {
	if len(b) != 1 {
		return nil
	}
	var test bool
	switch b[0] {
	case 0x00, 0x02, 0x03:
	case 0x80, 0x82, 0x83:
		test = true
	default:
		return nil
	}
	return &test
}

// namePS is CPS_NAME_PS.
type namePS struct {
	civility   Coded
	names      [2]string // which of the two is the nom d'usage is not published
	firstNames []string
	usualFirst string
}

func parseNamePS(b []byte) (namePS, error) {
	fields, err := container(b, tagNamePS)
	if err != nil {
		return namePS{}, err
	}
	var n namePS
	for _, f := range fields {
		switch f.Tag {
		case 0x80:
			n.civility = binaryCode(nomenclature.G03, f.Value)
		case 0x81:
			n.names[0] = text(f.Value)
		case 0x82:
			n.names[1] = text(f.Value)
		case 0x83:
			for _, first := range bytes.Split(f.Value, []byte{0xFF}) {
				if t := text(first); t != "" {
					n.firstNames = append(n.firstNames, t)
				}
			}
		case 0x84:
			n.usualFirst = text(f.Value)
		}
	}
	return n, nil
}

// binaryCode reads a nomenclature code that stands as one binary byte and is
// written with two decimal digits: 28 hexadecimal is code 40.
func binaryCode(table nomenclature.Table, b []byte) Coded {
	if len(b) != 1 {
		return Coded{}
	}
	return coded(table, fmt.Sprintf("%02d", b[0]))
}

func coded(table nomenclature.Table, code string) Coded {
	if code == "" {
		return Coded{}
	}
	label, _ := nomenclature.Label(table, code)
	return Coded{Code: code, Label: label}
}

// text decodes the text of a card: UTF-8 where it is valid, ISO 8859-1
// otherwise, without the NUL and blanks that pad it.
func text(b []byte) string {
	b = bytes.Trim(b, "\x00 ")
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// bcd reads packed decimal digits; F fills the last half byte.
func bcd(b []byte) (string, error) {
	digits := make([]byte, 0, 2*len(b))
	for i, v := range b {
		for _, nibble := range []byte{v >> 4, v & 0x0F} {
			switch {
			case nibble <= 9:
				digits = append(digits, '0'+nibble)
			case nibble == 0x0F && i == len(b)-1:
			default:
				return "", fmt.Errorf("%X is not decimal", b)
			}
		}
	}
	return string(digits), nil
}

// bcdDate reads YYYYMMDD on four bytes. Four zero bytes are no date.
func bcdDate(b []byte) (Date, error) {
	if len(b) == 4 && bytes.Equal(b, make([]byte, 4)) {
		return Date{}, nil
	}
	digits, err := bcd(b)
	if err != nil {
		return Date{}, err
	}
	t, err := time.Parse("20060102", digits)
	if err != nil {
		return Date{}, fmt.Errorf("%X is not a date", b)
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}
