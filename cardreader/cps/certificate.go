package cps

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/iso7816"
)

// oidResponsibility is the extension of the niveau de responsabilité: the OID
// of table TRE_G04 of ANS.
var oidResponsibility = asn1.ObjectIdentifier{1, 2, 250, 1, 71, 1, 2, 12}

// x509Raw is the outline of a certificate (RFC 5280 §4.1), for those that
// crypto/x509 refuses: a field that it finds wrong must not hide the others.
type x509Raw struct {
	TBS struct {
		Version  int `asn1:"optional,explicit,default:0,tag:0"`
		Serial   *big.Int
		Alg      asn1.RawValue
		Issuer   asn1.RawValue
		Validity struct{ NotBefore, NotAfter time.Time }
		Subject  asn1.RawValue
	}
	Alg       asn1.RawValue
	Signature asn1.BitString
}

// parseCertificate reads a DER certificate. It never fails: what could not be
// read is left zero and Err says why. Bytes after the certificate are padding.
func parseCertificate(label string, der []byte) (c Certificate, responsibility string) {
	c = Certificate{Label: label, Role: RoleUnknown, Raw: der}
	outer, rest, err := iso7816.NextTLV(der)
	if err != nil || outer.Tag != derSequence {
		if n, lengthErr := iso7816.HeaderLength(der); lengthErr == nil && n > len(der) {
			err = fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(der), n)
		} else if err == nil {
			err = fmt.Errorf("tag %v where a certificate is expected", outer.Tag)
		}
		c.Err = fmt.Errorf("certificate: %w", err)
		return c, ""
	}
	c.Raw = der[:len(der)-len(rest)]
	parsed, err := x509.ParseCertificate(c.Raw)
	if err != nil {
		c.Err = fmt.Errorf("certificate: %w", err)
		c.readOutline()
		return c, ""
	}
	c.Subject = parseSubject(parsed.RawSubject)
	issuer := parseSubject(parsed.RawIssuer)
	c.Issuer, c.issuer = issuer.DN, issuer.Attributes
	c.Serial = fmt.Sprintf("%X", parsed.SerialNumber)
	c.NotBefore, c.NotAfter = parsed.NotBefore, parsed.NotAfter
	c.Usage = usages(parsed.KeyUsage)
	for _, e := range parsed.Extensions {
		if e.Id.Equal(oidResponsibility) {
			responsibility = extensionText(e.Value)
		}
	}
	return c, responsibility
}

// readOutline fills what asn1 alone can read of a certificate that
// crypto/x509 refuses.
func (c *Certificate) readOutline() {
	var raw x509Raw
	if _, err := asn1.Unmarshal(c.Raw, &raw); err != nil {
		return
	}
	c.Subject = parseSubject(raw.TBS.Subject.FullBytes)
	issuer := parseSubject(raw.TBS.Issuer.FullBytes)
	c.Issuer, c.issuer = issuer.DN, issuer.Attributes
	c.Serial = fmt.Sprintf("%X", raw.TBS.Serial)
	c.NotBefore, c.NotAfter = raw.TBS.Validity.NotBefore, raw.TBS.Validity.NotAfter
}

// parseSubject reads a distinguished name whose RDNs may hold several values:
// ANS puts CN, SN and GN together in the last one, in any order.
func parseSubject(der []byte) Subject {
	var s Subject
	s.DN, s.Attributes = igcsante.DN(der)
	for _, a := range s.Attributes {
		switch a.Name {
		case "CN":
			s.CommonName = a.Value
		case "SN":
			s.Surname = a.Value
		case "GN":
			s.GivenName = a.Value
		case "title":
			s.Title = a.Value
		}
	}
	return s
}

var usageNames = []struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageDigitalSignature, "digitalSignature"},
	{x509.KeyUsageContentCommitment, "nonRepudiation"},
	{x509.KeyUsageKeyEncipherment, "keyEncipherment"},
	{x509.KeyUsageDataEncipherment, "dataEncipherment"},
	{x509.KeyUsageKeyAgreement, "keyAgreement"},
	{x509.KeyUsageCertSign, "keyCertSign"},
	{x509.KeyUsageCRLSign, "cRLSign"},
}

func usages(u x509.KeyUsage) []string {
	var names []string
	for _, n := range usageNames {
		if u&n.bit != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// extensionText reads the value of an ANS extension, whose ASN.1 type is not
// published: a character string, a one-byte INTEGER or OCTET STRING, or bare
// text.
func extensionText(b []byte) string {
	v, rest, err := iso7816.NextTLV(b)
	if err != nil || len(rest) > 0 {
		return text(b)
	}
	if (v.Tag == 0x02 || v.Tag == derOctetString) && len(v.Value) == 1 && v.Value[0] < 0x30 {
		return fmt.Sprintf("%02d", v.Value[0])
	}
	return text(v.Value)
}

// role tells what a certificate is for: by its label where that is one of
// ANS's, else by its key usage, which holds for every generation, else unknown.
func role(c Certificate) Role {
	switch label := strings.ToLower(c.Label); {
	case strings.Contains(label, "technique"):
		return Technical
	case strings.Contains(label, "authentification"):
		return Authentication
	case strings.Contains(label, "signature"):
		return Signature
	}
	found := RoleUnknown
	for _, u := range c.Usage {
		switch u {
		case "nonRepudiation":
			return Signature
		case "digitalSignature":
			found = Authentication
		}
	}
	return found
}

// isTest recognises the certificates of a test hierarchy: ANS's test
// authorities are named "TEST …", their unit "IGC-SANTE TEST", and the
// organisation of their holders TEST. A person or a structure may well be
// called so in any other place.
func (c Certificate) isTest() bool {
	for _, a := range c.issuer {
		switch {
		case a.Name == "CN" && strings.HasPrefix(a.Value, "TEST "),
			a.Name == "OU" && strings.HasSuffix(a.Value, " TEST"),
			a.Name == "O" && a.Value == "TEST":
			return true
		}
	}
	for _, a := range c.Attributes {
		if a.Name == "O" && a.Value == "TEST" {
			return true
		}
	}
	return false
}

// ErrNoCertificate is the gap of a card that lists no certificate: a fact
// about the card, not a failure to read it.
var ErrNoCertificate = errors.New("the card holds no certificate")
