package igcsante

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"postecpx/cardreader/iso7816"
)

// outline is a certificate (RFC 5280 §4.1) read field by field from its
// encoding, far laxer than crypto/x509: a field that is wrong does not hide
// those before it, nor those after it where the structure still holds.
type outline struct {
	raw       []byte // the certificate alone, without what follows it
	trailing  int    // bytes that follow it
	tbs       []byte // tbsCertificate, header included
	version   int    // 1 to 3; 0 unknown
	serial    *big.Int
	algorithm string // of the signature, dotted
	issuer    []byte
	subject   []byte
	notBefore time.Time
	notAfter  time.Time
	spki      []byte
	signature []byte

	extensions []rawExtension
	problems   []error
}

type rawExtension struct {
	oid      string
	critical bool
	value    []byte // content of extnValue
}

// ErrNotCertificate is wrapped when bytes do not even begin like a certificate.
var ErrNotCertificate = errors.New("not an X.509 certificate")

// readOutline reads what it can; it fails only when there is no outer
// structure at all.
func readOutline(der []byte) (outline, error) {
	var o outline
	certificate, rest, err := iso7816.NextTLV(der)
	if err != nil {
		return o, fmt.Errorf("%w: %w", ErrNotCertificate, err)
	}
	if certificate.Tag != tagSequence {
		return o, fmt.Errorf("%w: tag %v where a SEQUENCE is expected", ErrNotCertificate, certificate.Tag)
	}
	o.raw, o.trailing = der[:len(der)-len(rest)], len(rest)
	tbs, afterTBS, err := iso7816.NextTLV(certificate.Value)
	if err != nil || tbs.Tag != tagSequence {
		return o, fmt.Errorf("%w: no tbsCertificate", ErrNotCertificate)
	}
	o.tbs = certificate.Value[:len(certificate.Value)-len(afterTBS)]
	o.readSignature(afterTBS)
	o.readTBS(tbs.Value)
	return o, nil
}

func (o *outline) problem(field string, err error) {
	if err == nil {
		err = errors.New("unexpected type")
	}
	o.problems = append(o.problems, fmt.Errorf("%s: %w", field, err))
}

func (o *outline) readSignature(b []byte) {
	algorithm, b, err := iso7816.NextTLV(b)
	if err != nil || algorithm.Tag != tagSequence {
		o.problem("signatureAlgorithm", err)
		return
	}
	if oid, _, err := iso7816.NextTLV(algorithm.Value); err == nil && oid.Tag == tagOID {
		o.algorithm = dotted(oid.Value)
	}
	bits, _, err := iso7816.NextTLV(b)
	if err != nil || bits.Tag != tagBitString || len(bits.Value) < 1 {
		o.problem("signatureValue", err)
		return
	}
	o.signature = bits.Value[1:]
}

// readTBS walks through the tbsCertificate, whose fields have a fixed order.
func (o *outline) readTBS(b []byte) {
	o.version = 1
	if v, rest, err := iso7816.NextTLV(b); err == nil && v.Tag == 0xA0 {
		o.version = 0
		if n, _, err := iso7816.NextTLV(v.Value); err == nil && n.Tag == tagInteger && len(n.Value) == 1 && n.Value[0] < 3 {
			o.version = int(n.Value[0]) + 1
		} else {
			o.problem("version", err)
		}
		b = rest
	}
	for _, field := range []struct {
		name string
		tag  iso7816.Tag
		take func(value, whole []byte) error
	}{
		{"serialNumber", tagInteger, func(v, _ []byte) error { o.serial = integer(v); return nil }},
		{"signature", tagSequence, func(_, _ []byte) error { return nil }},
		{"issuer", tagSequence, func(_, whole []byte) error { o.issuer = whole; return nil }},
		{"validity", tagSequence, func(v, _ []byte) error { return o.readValidity(v) }},
		{"subject", tagSequence, func(_, whole []byte) error { o.subject = whole; return nil }},
		{"subjectPublicKeyInfo", tagSequence, func(_, whole []byte) error { o.spki = whole; return nil }},
	} {
		tlv, rest, err := iso7816.NextTLV(b)
		if err != nil {
			o.problem(field.name, err)
			return
		}
		if tlv.Tag != field.tag {
			o.problem(field.name, fmt.Errorf("tag %v where %v is expected", tlv.Tag, field.tag))
		} else if err := field.take(tlv.Value, b[:len(b)-len(rest)]); err != nil {
			o.problem(field.name, err)
		}
		b = rest
	}
	for len(b) > 0 {
		tlv, rest, err := iso7816.NextTLV(b)
		if err != nil {
			o.problem("extensions", err)
			return
		}
		if tlv.Tag == 0xA3 {
			o.readExtensions(tlv.Value)
		}
		b = rest
	}
}

func (o *outline) readValidity(b []byte) error {
	for _, t := range []*time.Time{&o.notBefore, &o.notAfter} {
		tlv, rest, err := iso7816.NextTLV(b)
		if err != nil {
			return err
		}
		if *t, err = readTime(tlv); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// readTime reads a Time (RFC 5280 §4.1.2.5), with or without seconds.
func readTime(v iso7816.TLV) (time.Time, error) {
	layouts := []string{"20060102150405Z0700", "200601021504Z0700"}
	text := string(v.Value)
	switch v.Tag {
	case tagUTCTime:
		if len(text) < 2 {
			return time.Time{}, fmt.Errorf("date %q", text)
		}
		// Years of two digits from 50 on are of the last century.
		century := "20"
		if text[0] >= '5' {
			century = "19"
		}
		text = century + text
	case tagGenTime:
	default:
		return time.Time{}, fmt.Errorf("tag %v where a date is expected", v.Tag)
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("date %q", text)
}

// maxExtensions bounds what a certificate made to tire its reader may hold.
const maxExtensions = 128

func (o *outline) readExtensions(b []byte) {
	list, _, err := iso7816.NextTLV(b)
	if err != nil || list.Tag != tagSequence {
		o.problem("extensions", err)
		return
	}
	for rest := list.Value; len(rest) > 0; {
		if len(o.extensions) == maxExtensions {
			o.problem("extensions", fmt.Errorf("more than %d", maxExtensions))
			return
		}
		var one iso7816.TLV
		if one, rest, err = iso7816.NextTLV(rest); err != nil {
			o.problem("extensions", err)
			return
		}
		e, err := readExtension(one)
		if err != nil {
			o.problem("extension", err)
			continue
		}
		o.extensions = append(o.extensions, e)
	}
}

func readExtension(one iso7816.TLV) (rawExtension, error) {
	var e rawExtension
	oid, rest, err := iso7816.NextTLV(one.Value)
	if err != nil || oid.Tag != tagOID {
		return e, errors.New("no object identifier")
	}
	e.oid = dotted(oid.Value)
	value, rest, err := iso7816.NextTLV(rest)
	if err == nil && value.Tag == tagBoolean {
		e.critical = len(value.Value) == 1 && value.Value[0] != 0
		value, _, err = iso7816.NextTLV(rest)
	}
	if err != nil || value.Tag != tagOctetString {
		return e, fmt.Errorf("%s has no value", e.oid)
	}
	e.value = value.Value
	return e, nil
}

// integer reads the content of an INTEGER: two's complement, any length.
func integer(content []byte) *big.Int {
	n := new(big.Int).SetBytes(content)
	if len(content) > 0 && content[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(content))))
	}
	return n
}

// find returns the value of the first extension with that OID.
func (o *outline) find(oid string) ([]byte, bool) {
	for _, e := range o.extensions {
		if e.oid == oid {
			return e.value, true
		}
	}
	return nil, false
}
