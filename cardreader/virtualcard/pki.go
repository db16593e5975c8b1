package virtualcard

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"sync"
	"time"

	"postecpx/cardreader/cps"
)

// keySize is that of the keys of a CPS3 and a CPS4, in bits.
const keySize = 2048

// keys are made once in a process, on first use: a card's keys protect nothing,
// and making an RSA key is slow.
var keys = sync.OnceValues(func() (*keyRing, error) {
	var ring keyRing
	for _, k := range []**rsa.PrivateKey{&ring.authority, &ring.authentication, &ring.signature, &ring.technical} {
		key, err := rsa.GenerateKey(rand.Reader, keySize)
		if err != nil {
			return nil, fmt.Errorf("make the keys of a virtual card: %w", err)
		}
		*k = key
	}
	return &ring, nil
})

type keyRing struct{ authority, authentication, signature, technical *rsa.PrivateKey }

// role is what a key and its certificate are for.
type role byte

const (
	forSigning role = iota
	forProving
	forContactless
)

func (r role) of(ring *keyRing) *rsa.PrivateKey {
	return []*rsa.PrivateKey{ring.signature, ring.authentication, ring.technical}[r]
}

// purposes are the commands that take the key. The applet of a CPS4 has no
// INTERNAL AUTHENTICATE: its authentication key deciphers a block that the
// host has padded, or signs with PSS.
func (r role) purposes(g cps.Generation) purpose {
	switch {
	case r == forSigning:
		return sign
	case r == forContactless:
		return authenticate
	case g == cps.CPS4:
		return sign | decipher
	}
	return authenticate | decipher
}

var (
	oidCountry        = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrganisation   = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidUnit           = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidTitle          = asn1.ObjectIdentifier{2, 5, 4, 12}
	oidCommonName     = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname        = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName      = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidResponsibility = asn1.ObjectIdentifier{1, 2, 250, 1, 71, 1, 2, 12}
)

// rdn makes one relative distinguished name of type and value pairs.
func rdn(pairs ...any) pkix.RelativeDistinguishedNameSET {
	var set pkix.RelativeDistinguishedNameSET
	for i := 0; i+1 < len(pairs); i += 2 {
		set = append(set, pkix.AttributeTypeAndValue{Type: pairs[i].(asn1.ObjectIdentifier), Value: pairs[i+1]})
	}
	return set
}

// authorityName is honest: nobody can take it for an authority of ANS.
var authorityName = pkix.RDNSequence{
	rdn(oidCountry, "FR"),
	rdn(oidOrganisation, "TEST"),
	rdn(oidUnit, "CARTE VIRTUELLE"),
	rdn(oidCommonName, "TEST AC POSTE CPX"),
}

// subject is the name of the holder in the form of ANS: the last RDN holds CN,
// SN and GN together.
func (d *Description) subject() pkix.RDNSequence {
	name := pkix.RDNSequence{rdn(oidCountry, "FR")}
	if d.Certificates.Organisation != "" {
		name = append(name, rdn(oidOrganisation, d.Certificates.Organisation), rdn(oidUnit, d.Certificates.Unit))
	}
	if d.Certificates.Title != "" {
		name = append(name, rdn(oidTitle, d.Certificates.Title))
	}
	common := d.Identifier
	if d.Certificates.CommonName != "" {
		common = d.Certificates.CommonName
	}
	return append(name, rdn(oidCommonName, common, oidSurname, d.FamilyName, oidGivenName, d.GivenName))
}

// technicalSubject names the card, not the person.
func (d *Description) technicalSubject() pkix.RDNSequence {
	return pkix.RDNSequence{rdn(oidCountry, "FR"), rdn(oidOrganisation, "TEST"), rdn(oidCommonName, issuerID+"/"+d.Number)}
}

// issuerID is ANS as an issuer of cards.
const issuerID = "8025000001"

// certificate makes a certificate of the card, signed by the test authority.
func (d *Description) certificate(role string, subject pkix.RDNSequence, key *rsa.PrivateKey, usage x509.KeyUsage, from, to time.Time) ([]byte, error) {
	ring, err := keys()
	if err != nil {
		return nil, err
	}
	rawSubject, err := asn1.Marshal(subject)
	if err != nil {
		return nil, fmt.Errorf("subject of the %s certificate: %w", role, err)
	}
	rawIssuer, err := asn1.Marshal(authorityName)
	if err != nil {
		return nil, fmt.Errorf("name of the test authority: %w", err)
	}
	serial := sha256.Sum256([]byte(role + d.Number))
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(append([]byte{0x11, 0x20}, serial[:14]...)),
		RawSubject:   rawSubject,
		NotBefore:    from,
		NotAfter:     to,
		KeyUsage:     usage,
	}
	if r := d.Certificates.Responsibility; r != "" {
		value, err := asn1.MarshalWithParams(r, "utf8")
		if err != nil {
			return nil, err
		}
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidResponsibility, Value: value})
	}
	parent := &x509.Certificate{RawSubject: rawIssuer, SubjectKeyId: []byte("virtual card authority")[:20]}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, ring.authority)
	if err != nil {
		return nil, fmt.Errorf("%s certificate: %w", role, err)
	}
	return der, nil
}

// privateKeys are the keys that the card of d holds, by their reference on the
// wire.
func (d *Description) privateKeys() (map[byte]*privateKey, error) {
	held := make(map[byte]*privateKey)
	for _, p := range d.pairs() {
		ring, err := keys()
		if err != nil {
			return nil, err
		}
		held[p.reference] = &privateKey{p.role.of(ring), p.role.purposes(d.Generation), p.protected}
	}
	return held, nil
}
