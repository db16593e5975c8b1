package cps

import (
	"fmt"

	"postecpx/cardreader/iso7816"
)

// Tags of the references in EF.ODF (ISO/IEC 7816-15 §8.3, CIOChoice).
const (
	odfCertificates iso7816.Tag = 0xA4
	odfDataObjects  iso7816.Tag = 0xA7
)

// DER tags of the directories.
const (
	derOctetString iso7816.Tag = 0x04
	derUTF8String  iso7816.Tag = 0x0C
	derSequence    iso7816.Tag = 0x30
	typeAttributes iso7816.Tag = 0xA1
)

// parseODF reads EF.ODF: for each kind of object, the raw paths of its
// directories. What comes before a coding error is kept.
func parseODF(b []byte) (map[iso7816.Tag][][]byte, error) {
	references, err := iso7816.ParseTLV(b)
	directories := make(map[iso7816.Tag][][]byte)
	for _, r := range references {
		if p := findPath(r.Value); p != nil {
			directories[r.Tag] = append(directories[r.Tag], p)
		}
	}
	if len(directories) == 0 && err == nil {
		err = fmt.Errorf("no directory in %d bytes", len(b))
	}
	if err != nil {
		err = fmt.Errorf("EF.ODF: %w", err)
	}
	return directories, err
}

// object is an entry of a DODF or a CDF.
type object struct {
	label string
	id    []byte // of a certificate
	path  []byte // raw, as the directory gives it
}

// parseDirectory reads the entries of a DODF or a CDF (ISO/IEC 7816-15 §8.7,
// §8.8): each a SEQUENCE of common attributes (label first), class attributes
// and, under [1], the type attributes with the path. The label is optional
// (§8.1.1); entries without a path, which hold their object themselves, are
// left out. What comes before a coding error is returned with it.
func parseDirectory(b []byte) ([]object, error) {
	entries, err := iso7816.ParseTLV(b)
	var objects []object
	for _, e := range entries {
		o, broken := parseEntry(e.Value)
		if o.path != nil {
			objects = append(objects, o)
		} else if broken != nil && err == nil {
			err = fmt.Errorf("an entry: %w", broken)
		}
	}
	return objects, err
}

func parseEntry(b []byte) (object, error) {
	parts, err := iso7816.ParseTLV(b)
	var o object
	sequences := 0
	for _, p := range parts {
		switch p.Tag {
		case derSequence:
			fields, _ := iso7816.ParseTLV(p.Value)
			if sequences++; sequences == 1 {
				label, _ := iso7816.Find(fields, derUTF8String)
				o.label = text(label)
			} else if id, ok := iso7816.Find(fields, derOctetString); ok {
				o.id = id
			}
		case typeAttributes:
			o.path = findPath(p.Value)
		}
	}
	return o, err
}

// maxNesting bounds findPath: a Path lies three SEQUENCEs deep at the most.
const maxNesting = 4

// findPath returns the OCTET STRING of the first Path, SEQUENCE { path OCTET
// STRING, … }, in b.
func findPath(b []byte) []byte { return pathWithin(b, maxNesting) }

func pathWithin(b []byte, depth int) []byte {
	if depth == 0 {
		return nil
	}
	parts, _ := iso7816.ParseTLV(b)
	for _, p := range parts {
		if p.Tag != derSequence {
			continue
		}
		if first, _, err := iso7816.NextTLV(p.Value); err == nil && first.Tag == derOctetString && len(first.Value) >= 2 {
			return first.Value
		}
		if found := pathWithin(p.Value, depth-1); found != nil {
			return found
		}
	}
	return nil
}

// application is one template of EF.DIR (ISO/IEC 7816-4 §12.1.1).
type application struct {
	aid   []byte
	label string
	path  []byte
}

func parseDIR(b []byte) []application {
	templates, _ := iso7816.ParseTLV(b)
	var all []application
	for _, t := range templates {
		if t.Tag != 0x61 {
			continue
		}
		fields, _ := iso7816.ParseTLV(t.Value)
		var a application
		a.aid, _ = iso7816.Find(fields, 0x4F)
		a.path, _ = iso7816.Find(fields, 0x51)
		label, _ := iso7816.Find(fields, 0x50)
		a.label = text(label)
		all = append(all, a)
	}
	return all
}

// tokenLabel reads the label, [0], of EF.TokenInfo (ISO/IEC 7816-15 §8.10).
func tokenLabel(b []byte) (string, error) {
	info, _, err := iso7816.NextTLV(b)
	if err != nil {
		return "", err
	}
	fields, err := iso7816.ParseTLV(info.Value)
	label, ok := iso7816.Find(fields, 0x80)
	if !ok {
		if err == nil {
			err = fmt.Errorf("no label")
		}
		return "", err
	}
	return text(label), nil
}
