package igcsante

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"
)

// now is the moment of every test.
var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

var (
	oidC     = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidO     = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOU    = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidTitle = asn1.ObjectIdentifier{2, 5, 4, 12}
	oidCN    = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSN    = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGN    = asn1.ObjectIdentifier{2, 5, 4, 42}
)

// rdn makes one relative distinguished name of types and values.
func rdn(pairs ...any) pkix.RelativeDistinguishedNameSET {
	var set pkix.RelativeDistinguishedNameSET
	for i := 0; i+1 < len(pairs); i += 2 {
		set = append(set, pkix.AttributeTypeAndValue{Type: pairs[i].(asn1.ObjectIdentifier), Value: pairs[i+1]})
	}
	return set
}

func rawName(t testing.TB, rdns ...pkix.RelativeDistinguishedNameSET) []byte {
	t.Helper()
	der, err := asn1.Marshal(pkix.RDNSequence(rdns))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// authorityName is a name as ANS gives its authorities.
func authorityName(t testing.TB, unit, common string) []byte {
	return rawName(t, rdn(oidC, "FR"), rdn(oidO, "ASIP-SANTE"), rdn(oidOU, "0002 187512751"), rdn(oidOU, unit), rdn(oidCN, common))
}

// holderName is a fictitious professional, CN, SN and GN in one RDN.
func holderName(t testing.TB) []byte {
	return rawName(t, rdn(oidC, "FR"), rdn(oidTitle, "Chirurgien-Dentiste"),
		rdn(oidCN, "899700218896", oidSN, "SPECIALISTE0021889", oidGN, "ROBERT"))
}

// testKeys are made once: no certificate here protects anything.
var testKeys = sync.OnceValue(func() (k struct {
	authority, holder, other *ecdsa.PrivateKey
	rsa                      *rsa.PrivateKey
	short                    *rsa.PrivateKey
}) {
	for _, key := range []**ecdsa.PrivateKey{&k.authority, &k.holder, &k.other} {
		*key = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	}
	k.rsa, k.short = must(rsa.GenerateKey(rand.Reader, 2048)), must(rsa.GenerateKey(rand.Reader, 1024))
	return k
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// authority is a made-up certification authority.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newAuthority(t testing.TB, name []byte, key crypto.Signer, change func(*x509.Certificate)) authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1120), RawSubject: name, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		NotBefore: now.AddDate(-10, 0, 0), NotAfter: now.AddDate(7, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return authority{must(x509.ParseCertificate(der)), key}
}

// issue makes the certificate of a card holder.
func (a authority) issue(t testing.TB, public crypto.PublicKey, change func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x11200102), RawSubject: holderName(t),
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// adopt makes a pool in which the authority stands for one of IGC-Santé: only
// ANS has the keys of the real ones.
func adopt(a authority, as Authority, others ...authority) *Pool {
	p := NewPool("/coffre/ac.cer", a.certificate.Raw)
	p.found[0].Authority = &as
	for _, o := range others {
		if err := p.add(o.certificate.Raw, "/pool/other.cer"); err != nil {
			panic(err)
		}
	}
	return p
}

func fortPersonnes(t testing.TB) Authority {
	t.Helper()
	for _, a := range Authorities() {
		if a.File == "AC_FORT_PERSONNES" {
			return a
		}
	}
	t.Fatal("AC_FORT_PERSONNES is not in the table")
	return Authority{}
}

// assemble signs a tbsCertificate, whatever it holds, with ECDSA and SHA-256.
func assemble(t testing.TB, tbs []byte, by authority) []byte {
	t.Helper()
	digest := sha256.Sum256(tbs)
	signature, err := by.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{
		asn1.RawValue{FullBytes: tbs},
		pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
		asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return der
}
