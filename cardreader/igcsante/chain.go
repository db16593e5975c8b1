package igcsante

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Signature says whether the signature on a certificate is its issuer's.
type Signature string

// States of a signature.
const (
	SignatureVerified   Signature = "verified"
	SignatureIsWrong    Signature = "wrong"
	SignatureNotChecked Signature = "not-checked" // SignatureErr says why
)

var (
	errNoIssuer   = errors.New("the certificate of the issuer is not here")
	errNoAuthor   = errors.New("the issuer may not sign certificates")
	errAlgorithm  = errors.New("the signature algorithm is not one that can be verified here")
	errWeakHash   = errors.New("the signature is made with MD5 or SHA-1, which proves nothing")
	errKeySize    = errors.New("the key of the issuer is of a size that is not used here")
	errUnreadable = errors.New("the signature could not be read")
)

// Link is one certificate of a chain.
type Link struct {
	Subject string `json:"subject"` // RFC 4514
	SHA256  string `json:"sha256"`
	// Where are the files or stores that hold it; none for the certificate
	// that is examined.
	Where []string `json:"where,omitempty"`
	// Authority is the one of IGC-Santé that it is, by its fingerprint; nil
	// for every other.
	Authority *Authority `json:"authority,omitempty"`
	// Signature is that on this certificate, checked with the next link, or
	// with itself when it is SelfSigned.
	Signature    Signature `json:"signature"`
	SignatureErr error     `json:"-"`
	SelfSigned   bool      `json:"selfSigned,omitempty"`
	Validity     Validity  `json:"validity"`
	// Certificate is nil when crypto/x509 refuses it.
	Certificate *x509.Certificate `json:"-"`
}

// Bounds on the search for issuers; a real chain has three links.
const (
	maxLinks      = 8
	maxCandidates = 8 // issuers of one name that are tried
)

// signed is what is needed of a certificate to look for its issuer.
type signed struct {
	subject, issuer []byte
	authorityKeyID  []byte
	certificate     *x509.Certificate // nil when crypto/x509 refuses it
	outline         *outline          // set when certificate is nil
}

// judge builds the chain and gives the verdict.
func (e *Examination) judge(o *outline, certificate *x509.Certificate, pool *Pool, now time.Time) {
	first := Link{Subject: e.Subject, SHA256: e.SHA256, Validity: e.Validity, Certificate: certificate}
	if a, ok := AuthorityBySHA256(e.SHA256); ok {
		first.Authority = &a
	}
	at := signed{subject: o.subject, issuer: o.issuer, certificate: certificate, outline: o}
	if value, ok := o.find(oidAuthorityKeyID); ok {
		at.authorityKeyID, _ = authorityKeyID(value)
	}
	e.Chain = []Link{first}
	e.climb(at, pool, now)
	e.conclude()
	if e.Err != nil {
		e.Verdict, e.Gamme, e.Use, e.Detail = Unparsable, "", "", e.Err.Error()
	}
}

// climb adds issuer after issuer to the chain, and says on each link what its
// signature is worth.
func (e *Examination) climb(at signed, pool *Pool, now time.Time) {
	for {
		last := &e.Chain[len(e.Chain)-1]
		last.Signature, last.SignatureErr = SignatureNotChecked, errNoIssuer
		if bytes.Equal(at.subject, at.issuer) && at.certificate != nil {
			if s, _ := at.verify(at.certificate); s == SignatureVerified {
				last.Signature, last.SignatureErr, last.SelfSigned = s, nil, true
				return
			}
		}
		issuer, signature, err := pool.issuer(at)
		if issuer == nil {
			e.Missing = missing(at)
			return
		}
		last.Signature, last.SignatureErr = signature, err
		if signature != SignatureVerified || len(e.Chain) == maxLinks || e.holds(issuer.SHA256) {
			return
		}
		c := issuer.Certificate
		name, _ := DN(c.RawSubject)
		e.Chain = append(e.Chain, Link{
			Subject: name, SHA256: issuer.SHA256, Where: slices.Clone(issuer.Where), Authority: issuer.Authority,
			Validity: validity(c.NotBefore, c.NotAfter, now), Certificate: c,
		})
		at = signed{subject: c.RawSubject, issuer: c.RawIssuer, authorityKeyID: c.AuthorityKeyId, certificate: c}
	}
}

func (e *Examination) holds(fingerprint string) bool {
	return slices.ContainsFunc(e.Chain, func(l Link) bool { return l.SHA256 == fingerprint })
}

// missing names the issuer that was not found.
func missing(at signed) *Missing {
	name, attributes := DN(at.issuer)
	m := &Missing{Name: name}
	if a, ok := authorityByDN(name); ok && a.fits(at.authorityKeyID) {
		m.Authority, m.Published = &a, a.Published
	} else if ofTestHierarchy(attributes) {
		m.Published = TestPublished
	}
	return m
}

// fits tells whether the key that a certificate names as its issuer's can be
// that of the authority.
func (a Authority) fits(authorityKeyID []byte) bool {
	return len(authorityKeyID) == 0 || upperHex(authorityKeyID) == a.SubjectKeyID
}

// issuer finds who signed a certificate among those of its issuer's name: the
// one whose signature holds, authorities of IGC-Santé first. When none holds it
// returns the best one with what is wrong; when there is none, nil.
func (p *Pool) issuer(at signed) (*Found, Signature, error) {
	if p == nil {
		return nil, SignatureNotChecked, errNoIssuer
	}
	var candidates []*Found
	for _, f := range p.found {
		c := f.Certificate
		if !bytes.Equal(c.RawSubject, at.issuer) ||
			len(at.authorityKeyID) > 0 && len(c.SubjectKeyId) > 0 && !bytes.Equal(at.authorityKeyID, c.SubjectKeyId) {
			continue
		}
		if f.Authority != nil {
			candidates = slices.Insert(candidates, 0, f)
		} else {
			candidates = append(candidates, f)
		}
	}
	var best *Found
	var signature Signature
	var why error
	for i, f := range candidates {
		if i == maxCandidates {
			break
		}
		s, err := at.verify(f.Certificate)
		if s == SignatureVerified {
			return f, s, nil
		}
		if best == nil || signature == SignatureIsWrong && s == SignatureNotChecked && best.Authority == nil {
			best, signature, why = f, s, err
		}
	}
	// A stranger that bears the name of an authority of IGC-Santé and did not
	// sign says nothing: that authority is what is missing.
	if best != nil && best.Authority == nil {
		if m := missing(at); m.Authority != nil {
			return nil, SignatureNotChecked, errNoIssuer
		}
	}
	return best, signature, why
}

// verify checks the signature with the key of parent, and that parent may sign
// certificates (RFC 5280 §6.1.4).
func (s signed) verify(parent *x509.Certificate) (Signature, error) {
	key, _ := keyOf(parent.PublicKey)
	// crypto/rsa takes no key under 1024 bits.
	if key.Bits > mostBits || key.Type == "RSA" && key.Bits < 1024 {
		return SignatureNotChecked, fmt.Errorf("%w: %d bits", errKeySize, key.Bits)
	}
	var err error
	if s.certificate != nil {
		err = s.certificate.CheckSignatureFrom(parent)
	} else {
		err = s.outline.checkSignatureFrom(parent)
	}
	if err == nil {
		return SignatureVerified, nil
	}
	var weak x509.InsecureAlgorithmError
	if errors.As(err, &weak) || errors.Is(err, errWeakHash) {
		return SignatureNotChecked, errWeakHash
	}
	if errors.Is(err, x509.ErrUnsupportedAlgorithm) || errors.Is(err, errAlgorithm) || errors.Is(err, errUnreadable) {
		return SignatureNotChecked, err
	}
	return SignatureIsWrong, err
}

// checkSignatureFrom does for a certificate that crypto/x509 refuses what its
// method of that name does for the others.
func (o *outline) checkSignatureFrom(parent *x509.Certificate) error {
	a := signatureAlgorithms[o.algorithm]
	switch {
	case o.signature == nil:
		return errUnreadable
	case a.weak != "":
		return errWeakHash
	case a.algorithm == x509.UnknownSignatureAlgorithm:
		return errAlgorithm
	case !parent.BasicConstraintsValid || !parent.IsCA,
		parent.KeyUsage != 0 && parent.KeyUsage&x509.KeyUsageCertSign == 0:
		return errNoAuthor
	}
	return parent.CheckSignature(a.algorithm, o.tbs, o.signature)
}

// conclude gives the verdict on the chain.
func (e *Examination) conclude() {
	first := e.Chain[0]
	if a := first.Authority; a != nil {
		e.chained(a)
		return
	}
	// The authorities that issue to persons and organisations have a path
	// length of 0: only the direct issuer counts. One that is not of
	// IGC-Santé gains nothing by an issuer that is.
	if first.Signature == SignatureVerified && len(e.Chain) > 1 && e.Chain[1].Authority != nil {
		e.chained(e.Chain[1].Authority)
		return
	}
	_, named := authorityByDN(e.Issuer)
	switch {
	case first.Signature == SignatureIsWrong:
		e.Verdict, e.Detail = SignatureWrong, fmt.Sprintf("not signed by %s: %v", e.Issuer, first.SignatureErr)
	case first.Signature == SignatureNotChecked && !errors.Is(first.SignatureErr, errNoIssuer):
		e.Verdict, e.Detail = SignatureUnchecked, fmt.Sprintf("signature not checked: %v", first.SignatureErr)
	case len(e.Chain) == 1 && e.Missing != nil && e.Missing.Authority != nil:
		e.Verdict, e.Detail = IssuerMissing, "the certificate of its issuer is not on this workstation: "+e.Missing.Authority.File
	case named:
		e.Verdict, e.Detail = UnknownIssuer, "it names an authority of IGC-Santé, but was not signed with that authority's key"
	case e.namesTestHierarchy():
		e.Verdict, e.Detail = TestHierarchy, "it says that it is of the TEST hierarchy of ANS"
	default:
		e.Verdict, e.Detail = UnknownIssuer, "its issuer is no authority of IGC-Santé: "+e.Issuer
	}
}

func (e *Examination) chained(a *Authority) {
	e.Verdict, e.Gamme, e.Use = ChainedToIGCSante, a.Gamme, a.Use
	if e.Missing != nil {
		e.Detail = "the chain is not complete on this workstation: " + e.Missing.Name
	}
}

// namesTestHierarchy tells whether an issuer in the chain bears a name of the
// TEST hierarchy.
func (e *Examination) namesTestHierarchy() bool {
	for _, l := range e.Chain[1:] {
		if _, attributes := DN(l.Certificate.RawSubject); ofTestHierarchy(attributes) {
			return true
		}
	}
	return e.Missing != nil && e.Missing.Published == TestPublished
}

// ofTestHierarchy tells whether a name is that of a TEST authority of ANS:
// in its unit, or the name of a real one after TEST.
func ofTestHierarchy(name []Attribute) bool {
	return slices.ContainsFunc(name, func(a Attribute) bool {
		return a.Name == "OU" && a.Value == TestUnit ||
			a.Name == "CN" && (strings.HasPrefix(a.Value, TestPrefix+"AC IGC-SANTE ") || strings.HasPrefix(a.Value, TestPrefix+"AC RACINE IGC-SANTE "))
	})
}
