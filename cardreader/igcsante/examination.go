// Package igcsante judges the certificate of a CPx card: who issued it, up to
// the roots of IGC-Santé (the public key infrastructure of ANS), whether it is
// valid at that moment, what it is for, and all that it says. It never trusts a
// name: an authority of IGC-Santé is known by the SHA-256 fingerprint of its
// certificate, and that certificate comes from the workstation (Collect).
//
// Examine is pure and accepts any bytes; a certificate that crypto/x509 refuses
// is shown from its raw fields. Revocation asks the network, and is called only
// when the person wants it.
package igcsante

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Verdict says where a certificate comes from.
type Verdict string

// Verdicts. None of them speaks of dates or revocation.
const (
	// ChainedToIGCSante: signed by an authority of IGC-Santé, proven by the
	// signature and the fingerprint of that authority, or such an authority
	// itself.
	ChainedToIGCSante Verdict = "chained-to-igc-sante"
	// TestHierarchy: it names the TEST hierarchy of ANS as its issuer. That
	// is what it says of itself; there is no fingerprint to prove it by.
	TestHierarchy Verdict = "test-hierarchy"
	// IssuerMissing: it names an authority of IGC-Santé whose certificate is
	// not in the pool; Missing says which.
	IssuerMissing Verdict = "issuer-missing"
	// UnknownIssuer: its issuer is no authority of IGC-Santé.
	UnknownIssuer Verdict = "unknown-issuer"
	// SignatureWrong: the issuer that it names did not sign it.
	SignatureWrong Verdict = "signature-wrong"
	// SignatureUnchecked: its issuer is here, but the signature is of a kind
	// too weak to prove anything, or that cannot be verified here.
	SignatureUnchecked Verdict = "signature-unchecked"
	// Unparsable: crypto/x509 refuses it. What could be read is shown, the
	// signature of its issuer included.
	Unparsable Verdict = "unparsable"
)

// Examination is all that is known of one certificate. A zero field is unknown.
type Examination struct {
	Verdict Verdict `json:"verdict"`
	// Gamme and Use are those of the issuing authority, when Verdict is
	// ChainedToIGCSante.
	Gamme  Gamme  `json:"gamme,omitempty"`
	Use    Use    `json:"use,omitempty"`
	Detail string `json:"detail,omitempty"` // English, for a support desk
	// Err is why crypto/x509 refuses the certificate.
	Err error `json:"-"`
	// Missing is the first authority of the chain that is not in the pool.
	Missing *Missing `json:"missing,omitempty"`
	// Chain begins with the certificate itself.
	Chain []Link `json:"chain,omitempty"`
	// Test: a name in the certificate says that it is for tests.
	Test bool `json:"test"`

	SHA256     string      `json:"sha256,omitempty"` // of the certificate, upper-case hexadecimal
	Version    int         `json:"version,omitempty"`
	Serial     string      `json:"serial,omitempty"`     // upper-case hexadecimal; "-" before a negative one
	Subject    string      `json:"subject,omitempty"`    // RFC 4514
	Issuer     string      `json:"issuer,omitempty"`     // RFC 4514
	Attributes []Attribute `json:"attributes,omitempty"` // of the subject
	Validity   Validity    `json:"validity"`
	// KeyUsage and ExtKeyUsage are under the names of RFC 5280.
	KeyUsage    []string `json:"keyUsage,omitempty"`
	ExtKeyUsage []string `json:"extKeyUsage,omitempty"`
	Role        Role     `json:"role"`
	Key         Key      `json:"key"`
	Signature   string   `json:"signatureAlgorithm,omitempty"`
	// Weaknesses of its key and of its own signature.
	Weaknesses []Weakness  `json:"weaknesses,omitempty"`
	Extensions []Extension `json:"extensions,omitempty"`
	// Problems are the fields that could not be read.
	Problems []error `json:"-"`
	// Trailing counts the bytes that follow the certificate: padding of a
	// card's file.
	Trailing int `json:"trailing,omitempty"`
}

// Certificate is the certificate itself, nil when crypto/x509 refuses it.
func (e Examination) Certificate() *x509.Certificate { return e.link(0) }

// IssuerCertificate is that of the authority whose signature was verified on
// it, nil when there is none. Both are what Revocation asks for.
func (e Examination) IssuerCertificate() *x509.Certificate {
	if len(e.Chain) == 0 || e.Chain[0].Signature != SignatureVerified {
		return nil
	}
	if e.Chain[0].SelfSigned {
		return e.link(0)
	}
	return e.link(1)
}

func (e Examination) link(i int) *x509.Certificate {
	if i >= len(e.Chain) {
		return nil
	}
	return e.Chain[i].Certificate
}

// Missing is the certificate of an authority that the workstation lacks.
type Missing struct {
	Name string `json:"name"` // RFC 4514
	// Authority is set for one of IGC-Santé.
	Authority *Authority `json:"authority,omitempty"`
	// Published is where ANS publishes it; "" for an unknown authority.
	Published string `json:"published,omitempty"`
}

// ValidityState compares the dates of a certificate with now.
type ValidityState string

// States.
const (
	Valid           ValidityState = "valid"
	Expired         ValidityState = "expired"
	NotYetValid     ValidityState = "not-yet-valid"
	ValidityUnknown ValidityState = "unknown" // a date could not be read
)

// Validity is the period of a certificate (RFC 5280 §4.1.2.5).
type Validity struct {
	State     ValidityState `json:"state"`
	NotBefore time.Time     `json:"notBefore,omitzero"`
	NotAfter  time.Time     `json:"notAfter,omitzero"`
	// DaysLeft are the whole days until NotAfter, negative once it is past:
	// 0 on the last day, -1 on the first day after it.
	DaysLeft int `json:"daysLeft"`
}

func validity(notBefore, notAfter, now time.Time) Validity {
	v := Validity{State: Valid, NotBefore: notBefore, NotAfter: notAfter}
	if !notAfter.IsZero() {
		v.DaysLeft = int(math.Floor(notAfter.Sub(now).Hours() / 24))
	}
	switch {
	case notBefore.IsZero() || notAfter.IsZero():
		v.State = ValidityUnknown
	case now.After(notAfter):
		v.State = Expired
	case now.Before(notBefore):
		v.State = NotYetValid
	}
	return v
}

// Role is what a certificate seems to be for, by its key usage alone: a guess,
// since ANS does not publish the usage of each.
type Role string

// Roles.
const (
	RoleAuthentication Role = "authentication"
	RoleSignature      Role = "signature"
	RoleAuthority      Role = "authority"
	RoleUnknown        Role = "unknown"
)

func (o *outline) role() Role {
	usage := o.usageOf()
	switch {
	case o.certifies() || slices.Contains(usage, "keyCertSign"):
		return RoleAuthority
	case slices.Contains(usage, "nonRepudiation"):
		return RoleSignature
	case slices.Contains(usage, "digitalSignature"):
		return RoleAuthentication
	}
	return RoleUnknown
}

// Examine judges a certificate in DER at the moment now, with the authorities
// of pool (nil: none). It never fails: the verdict on bytes that are no
// certificate is Unparsable, and Err says why.
func Examine(raw []byte, pool *Pool, now time.Time) Examination {
	e := Examination{Verdict: Unparsable, Role: RoleUnknown, Validity: Validity{State: ValidityUnknown}}
	if len(raw) > maxCertificate {
		e.Err = fmt.Errorf("%w: %d bytes, more than %d", ErrNotCertificate, len(raw), maxCertificate)
		e.Detail = e.Err.Error()
		return e
	}
	o, err := readOutline(raw)
	if err != nil {
		e.Err, e.Detail = err, err.Error()
		return e
	}
	e.show(&o, now)
	certificate, err := x509.ParseCertificate(o.raw)
	if err != nil {
		e.Err = fmt.Errorf("certificate: %w", err)
	}
	e.judge(&o, certificate, pool, now)
	return e
}

// show fills in what the certificate says.
func (e *Examination) show(o *outline, now time.Time) {
	hash := sha256.Sum256(o.raw)
	e.SHA256 = upperHex(hash[:])
	e.Version, e.Trailing, e.Problems = o.version, o.trailing, o.problems
	if o.serial != nil {
		e.Serial = serialText(o.serial.Sign() < 0, o.serial.Bytes())
	}
	var issuer []Attribute
	e.Subject, e.Attributes = DN(o.subject)
	e.Issuer, issuer = DN(o.issuer)
	e.Test = namesTest(e.Attributes) || namesTest(issuer)
	e.Validity = validity(o.notBefore, o.notAfter, now)
	e.KeyUsage, e.ExtKeyUsage, e.Role = o.usageOf(), o.extUsageOf(), o.role()
	e.Key, e.Weaknesses = readKey(o.spki)
	e.Signature = algorithmName(o.algorithm)
	if weak := signatureAlgorithms[o.algorithm].weak; weak != "" {
		e.Weaknesses = append(e.Weaknesses, weak)
	}
	for _, raw := range o.extensions {
		e.Extensions = append(e.Extensions, newExtension(raw))
	}
}

func serialText(negative bool, magnitude []byte) string {
	text := upperHex(magnitude)
	if text == "" {
		text = "00"
	}
	if negative {
		return "-" + text
	}
	return text
}

// namesTest tells whether a name is one of those that ANS gives for tests:
// O=TEST, "TEST AC …", "IGC-SANTE TEST".
func namesTest(name []Attribute) bool {
	return slices.ContainsFunc(name, func(a Attribute) bool {
		switch a.Name {
		case "CN", "O", "OU":
			return a.Value == "TEST" || strings.HasPrefix(a.Value, TestPrefix) || strings.HasSuffix(a.Value, " TEST")
		}
		return false
	})
}
