package pkcs11

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// certificateFor makes a certificate with that usage.
func certificateFor(t *testing.T, usage x509.KeyUsage, public any, signer any) []byte {
	t.Helper()
	template := x509.Certificate{SerialNumber: big.NewInt(1), KeyUsage: usage, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestKeyPairs(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signs := certificateFor(t, x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment, key.Public(), key)
	proves := certificateFor(t, x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment, key.Public(), key)
	private := func(label, id string) Object {
		return Object{Class: "private-key", Label: label, ID: []byte(id)}
	}
	cert := func(label, id string, value []byte) Object {
		return Object{Class: "certificate", Label: label, ID: []byte(id), Value: value}
	}
	for name, c := range map[string]struct {
		objects []Object
		want    string
	}{
		"own labels": {
			[]Object{private("CPS_PRIV_SIG", "a"), private("CPS_PRIV_AUT", "b"), cert("", "a", nil), cert("", "b", nil)},
			"[{authentication 1 3} {signature 0 2}]"},
		"own label without a certificate": {[]Object{private("CPS_PRIV_SIG ", "a")}, "[{signature 0 -1}]"},
		"label of the certificate": {
			[]Object{private("k", "a"), cert("Certificat d'Authentification CPS", "a", nil)}, "[{authentication 0 1}]"},
		"usage in the certificate": {
			[]Object{cert("x", "a", signs), cert("y", "b", proves), private("k", "b"), private("l", "a")},
			"[{authentication 2 1} {signature 3 0}]"},
		"the label goes before the usage": {
			[]Object{private("k", "a"), cert("Certificat d'Authentification CPS", "a", signs)}, "[{authentication 0 1}]"},
		"own label before another's certificate": {
			[]Object{private("k", "a"), cert("", "a", signs), private("CPS_PRIV_SIG", "b"), cert("", "b", proves)}, "[{signature 2 3}]"},
		"the last byte says nothing": {[]Object{private("k", "\x02"), private("l", "\x10")}, "[]"},
		"no identifier pairs nothing": {
			[]Object{private("k", ""), cert("Certificat de Signature CPS", "", nil)}, "[]"},
		"the technical key has no role": {[]Object{private("CPS_PRIV_TECH_AUT", "a"), cert("Certificat Technique CPS", "a", nil)}, "[]"},
		"garbage":                       {[]Object{private("k", "a"), cert("x", "a", []byte{0x30, 0x80})}, "[]"},
	} {
		if got := fmt.Sprint(KeyPairs(c.objects)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	elliptic256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for want, k := range map[string]KeyProof{
		"no certificate":     {},
		"cannot be read":     {Certificate: []byte("x")},
		"no RSA key":         {Certificate: certificateFor(t, 0, elliptic256.Public(), elliptic256)},
		"does not verify":    {Certificate: certificateFor(t, 0, key.Public(), key), Signature: make([]byte, 256)},
		"an earlier problem": {Problem: "an earlier problem"},
	} {
		k.OK = true // what a child says of itself counts for nothing
		verify(&k, []byte("challenge"))
		if k.OK || !strings.Contains(k.Problem, want) {
			t.Errorf("%s: %v %q", want, k.OK, k.Problem)
		}
	}
}

func TestProofOK(t *testing.T) {
	both := []KeyProof{{Role: Authentication, OK: true}, {Role: Signature, OK: true}}
	for name, c := range map[string]struct {
		proof Proof
		want  bool
	}{
		"both keys":    {Proof{Login: LoginOK, Keys: both}, true},
		"one key":      {Proof{Login: LoginOK, Keys: both[:1]}, false},
		"one is wrong": {Proof{Login: LoginOK, Keys: append([]KeyProof{{Role: Signature}}, both...)}, false},
		"no login":     {Proof{Login: LoginUnknown, Keys: both}, false},
		"nothing":      {Proof{}, false},
	} {
		if c.proof.OK() != c.want {
			t.Errorf("%s: %v", name, c.proof.OK())
		}
	}
}

func TestModuleError(t *testing.T) {
	err := error(&ModuleError{Status: Crashed, Call: "C_Sign", Detail: "why"})
	if !errors.Is(err, ErrModule) || err.Error() != "the module failed: crashed: C_Sign: why" {
		t.Errorf("%v", err)
	}
}
