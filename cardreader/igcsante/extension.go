package igcsante

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"postecpx/cardreader/iso7816"
)

// Extension is one extension of a certificate (RFC 5280 §4.2).
type Extension struct {
	OID      string `json:"oid"`
	Label    Label  `json:"label"` // zero when the OID is not in the table
	Critical bool   `json:"critical"`
	// Text is the value decoded, in the words of its norm; empty when it
	// could not be decoded, or holds what should not be shown as it is.
	Text []string `json:"text,omitempty"`
	// Value is the encoded value: the content of extnValue.
	Value []byte `json:"value"`
}

// String is the decoded value on one line, or the encoded one in hexadecimal.
func (e Extension) String() string {
	if len(e.Text) > 0 {
		return strings.Join(e.Text, ", ")
	}
	return upperHex(e.Value)
}

// Extensions that this package acts on.
const (
	oidSubjectKeyID     = "2.5.29.14"
	oidKeyUsage         = "2.5.29.15"
	oidBasicConstraints = "2.5.29.19"
	oidAuthorityKeyID   = "2.5.29.35"
	oidExtKeyUsage      = "2.5.29.37"
)

// decoders by OID; what is not there is decoded by its ASN.1 type alone, which
// is how the extensions of ANS are read: their templates are not public.
var decoders = map[string]func([]byte) ([]string, bool){
	oidSubjectKeyID:         subjectKeyID,
	oidKeyUsage:             keyUsage,
	"2.5.29.17":             generalNames,
	"2.5.29.18":             generalNames,
	oidBasicConstraints:     basicConstraints,
	"2.5.29.31":             distributionPoints,
	"2.5.29.32":             policies,
	oidAuthorityKeyID:       authorityKeyIDText,
	oidExtKeyUsage:          extKeyUsage,
	"2.5.29.46":             distributionPoints,
	"1.3.6.1.5.5.7.1.1":     accessDescriptions,
	"1.3.6.1.5.5.7.1.11":    accessDescriptions,
	"2.16.840.1.113730.1.1": netscapeType,
}

func newExtension(raw rawExtension) Extension {
	e := Extension{OID: raw.oid, Critical: raw.critical, Value: raw.value}
	e.Label, _ = LabelOf(raw.oid)
	decode, ok := decoders[raw.oid]
	if !ok {
		decode = generic
	}
	if text, ok := decode(raw.value); ok && showable(text) {
		e.Text = text
	}
	return e
}

// maxText bounds the characters of an extension that are shown.
const maxText = 4096

// showable tells whether every line is text that a screen or a terminal may
// show as it is.
func showable(lines []string) bool {
	total := 0
	for _, line := range lines {
		total += len(line)
		if line == "" || total > maxText || strings.ContainsFunc(line, func(r rune) bool { return !visible(r) }) {
			return false
		}
	}
	return len(lines) > 0
}

// children reads the data objects of a constructed value; ok is false when it
// does not end where it should.
func children(content []byte) (all []iso7816.TLV, ok bool) {
	for rest := content; len(rest) > 0; {
		tlv, next, err := iso7816.NextTLV(rest)
		if err != nil {
			return nil, false
		}
		all, rest = append(all, tlv), next
	}
	return all, true
}

// sequence reads a value that is one SEQUENCE and nothing after.
func sequence(value []byte) ([]iso7816.TLV, bool) {
	tlv, ok := single(value)
	if !ok || tlv.Tag != tagSequence {
		return nil, false
	}
	return children(tlv.Value)
}

func single(value []byte) (iso7816.TLV, bool) {
	tlv, rest, err := iso7816.NextTLV(value)
	return tlv, err == nil && len(rest) == 0
}

// generic decodes by ASN.1 type. The value of an ANS extension may also be bare
// text, without a type.
func generic(value []byte) ([]string, bool) {
	if tlv, ok := single(value); ok {
		if line, ok := scalar(tlv); ok {
			return []string{line}, true
		}
		if tlv.Tag != tagSequence && tlv.Tag != tagSet {
			return nil, false
		}
		inner, ok := children(tlv.Value)
		if !ok {
			return nil, false
		}
		lines := make([]string, 0, len(inner))
		for _, one := range inner {
			line, ok := scalar(one)
			if !ok {
				return nil, false
			}
			lines = append(lines, line)
		}
		return lines, true
	}
	for _, c := range value {
		if c < 0x20 || c > 0x7E {
			return nil, false
		}
	}
	return []string{string(value)}, len(value) > 0
}

// scalar decodes a primitive type.
func scalar(v iso7816.TLV) (string, bool) {
	switch v.Tag {
	case tagBoolean:
		return strings.ToUpper(strconv.FormatBool(len(v.Value) == 1 && v.Value[0] != 0)), len(v.Value) == 1
	case tagInteger, tagEnumerated:
		return integer(v.Value).String(), len(v.Value) > 0 && len(v.Value) <= 32
	case tagNull:
		return "NULL", len(v.Value) == 0
	case tagOID:
		return nameOf(dotted(v.Value)), true
	case tagUTCTime, tagGenTime:
		t, err := readTime(v)
		return t.Format("2006-01-02T15:04:05Z"), err == nil
	case tagOctetString:
		return upperHex(v.Value), len(v.Value) > 0
	}
	return characterString(v)
}

// Names of the bits, from the most significant bit of the first byte.
var (
	keyUsageNames = []string{ // RFC 5280 §4.2.1.3
		"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
		"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
	}
	netscapeNames = []string{
		"sslClient", "sslServer", "smime", "objectSigning", "reserved", "sslCA", "smimeCA", "objectSigningCA",
	}
)

func keyUsage(value []byte) ([]string, bool)     { return namedBits(value, keyUsageNames) }
func netscapeType(value []byte) ([]string, bool) { return namedBits(value, netscapeNames) }

func namedBits(value []byte, names []string) (set []string, ok bool) {
	tlv, ok := single(value)
	if !ok || tlv.Tag != tagBitString || len(tlv.Value) < 1 {
		return nil, false
	}
	for i, name := range names {
		if at := 1 + i/8; at < len(tlv.Value) && tlv.Value[at]&(0x80>>(i%8)) != 0 {
			set = append(set, name)
		}
	}
	return set, true
}

func subjectKeyID(value []byte) ([]string, bool) {
	tlv, ok := single(value)
	if !ok || tlv.Tag != tagOctetString {
		return nil, false
	}
	return []string{upperHex(tlv.Value)}, true
}

// authorityKeyID is the keyIdentifier of RFC 5280 §4.2.1.1.
func authorityKeyID(value []byte) ([]byte, bool) {
	fields, ok := sequence(value)
	if !ok {
		return nil, false
	}
	return iso7816.Find(fields, 0x80)
}

func authorityKeyIDText(value []byte) ([]string, bool) {
	id, ok := authorityKeyID(value)
	return []string{"keyIdentifier=" + upperHex(id)}, ok
}

func basicConstraints(value []byte) ([]string, bool) {
	fields, ok := sequence(value)
	if !ok {
		return nil, false
	}
	lines := []string{"cA=FALSE"}
	for _, f := range fields {
		text, ok := scalar(f)
		switch {
		case ok && f.Tag == tagBoolean:
			lines[0] = "cA=" + text
		case ok && f.Tag == tagInteger:
			lines = append(lines, "pathLenConstraint="+text)
		default:
			return nil, false
		}
	}
	return lines, true
}

func extKeyUsage(value []byte) (names []string, ok bool) {
	purposes, ok := sequence(value)
	for _, p := range purposes {
		if p.Tag != tagOID {
			return nil, false
		}
		names = append(names, nameOf(dotted(p.Value)))
	}
	return names, ok
}

func policies(value []byte) (lines []string, ok bool) {
	all, ok := sequence(value)
	for _, policy := range all {
		fields, ok := children(policy.Value)
		if !ok || len(fields) == 0 || fields[0].Tag != tagOID {
			return nil, false
		}
		lines = append(lines, nameOf(dotted(fields[0].Value)))
		if len(fields) < 2 {
			continue
		}
		qualifiers, ok := children(fields[1].Value)
		if !ok {
			return nil, false
		}
		for _, q := range qualifiers {
			pair, ok := children(q.Value)
			if !ok || len(pair) != 2 || pair[0].Tag != tagOID {
				return nil, false
			}
			name := nameOf(dotted(pair[0].Value))
			if text, ok := characterString(pair[1]); ok {
				lines = append(lines, name+"="+text)
			} else {
				lines = append(lines, name)
			}
		}
	}
	return lines, ok
}

func accessDescriptions(value []byte) (lines []string, ok bool) {
	all, ok := sequence(value)
	for _, one := range all {
		pair, ok := children(one.Value)
		if !ok || len(pair) != 2 || pair[0].Tag != tagOID {
			return nil, false
		}
		name, ok := generalName(pair[1])
		if !ok {
			return nil, false
		}
		lines = append(lines, nameOf(dotted(pair[0].Value))+": "+name)
	}
	return lines, ok
}

// distributionPoints reads cRLDistributionPoints (RFC 5280 §4.2.1.13).
func distributionPoints(value []byte) (lines []string, ok bool) {
	points, ok := sequence(value)
	for _, point := range points {
		fields, ok := children(point.Value)
		if !ok {
			return nil, false
		}
		for _, f := range fields {
			switch f.Tag {
			case 0xA0: // distributionPoint
				name, ok := single(f.Value)
				if !ok || name.Tag != 0xA0 { // fullName
					return nil, false
				}
				names, ok := namesOf(name.Value)
				if !ok {
					return nil, false
				}
				lines = append(lines, names...)
			case 0x81:
				lines = append(lines, "reasons="+upperHex(f.Value))
			case 0xA2:
				names, ok := namesOf(f.Value)
				if !ok {
					return nil, false
				}
				for _, n := range names {
					lines = append(lines, "cRLIssuer="+n)
				}
			default:
				return nil, false
			}
		}
	}
	return lines, ok
}

func generalNames(value []byte) ([]string, bool) {
	tlv, ok := single(value)
	if !ok || tlv.Tag != tagSequence {
		return nil, false
	}
	return namesOf(tlv.Value)
}

func namesOf(content []byte) (lines []string, ok bool) {
	all, ok := children(content)
	for _, one := range all {
		line, ok := generalName(one)
		if !ok {
			return nil, false
		}
		lines = append(lines, line)
	}
	return lines, ok
}

// generalName writes a GeneralName (RFC 5280 §4.2.1.6) under the name of its
// choice.
func generalName(v iso7816.TLV) (string, bool) {
	ascii := func(kind string) (string, bool) {
		text, ok := characterString(iso7816.TLV{Tag: tagIA5, Value: v.Value})
		return kind + "=" + text, ok
	}
	switch v.Tag {
	case 0xA0:
		return otherName(v.Value)
	case 0x81:
		return ascii("rfc822Name")
	case 0x82:
		return ascii("dNSName")
	case 0xA4:
		dn, _ := DN(v.Value)
		return "directoryName=" + dn, dn != ""
	case 0x86:
		return ascii("uniformResourceIdentifier")
	case 0x87:
		ip, ok := netip.AddrFromSlice(v.Value)
		return "iPAddress=" + ip.String(), ok
	case 0x88:
		return "registeredID=" + dotted(v.Value), true
	}
	return "", false
}

func otherName(content []byte) (string, bool) {
	fields, ok := children(content)
	if !ok || len(fields) != 2 || fields[0].Tag != tagOID || fields[1].Tag != 0xA0 {
		return "", false
	}
	value, ok := single(fields[1].Value)
	if !ok {
		return "", false
	}
	name := nameOf(dotted(fields[0].Value))
	if text, ok := characterString(value); ok {
		return fmt.Sprintf("%s=%s", name, text), true
	}
	return fmt.Sprintf("%s=#%s", name, upperHex(fields[1].Value)), true
}

// usageOf lists the bits of keyUsage; nil when there are none to read.
func (o *outline) usageOf() []string {
	value, ok := o.find(oidKeyUsage)
	if !ok {
		return nil
	}
	names, _ := keyUsage(value)
	return names
}

func (o *outline) extUsageOf() []string {
	value, ok := o.find(oidExtKeyUsage)
	if !ok {
		return nil
	}
	names, _ := extKeyUsage(value)
	return names
}

// certifies tells whether the certificate says that it is an authority's.
func (o *outline) certifies() bool {
	value, _ := o.find(oidBasicConstraints)
	lines, ok := basicConstraints(value)
	return ok && slices.Contains(lines, "cA=TRUE")
}
