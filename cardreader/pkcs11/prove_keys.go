package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"strings"
)

// RoleOf is the role of a private key or certificate, "" when it cannot be
// told. The labels of ANS come first (ANS, Cryptolib CPS, object labels), then
// the usage in the certificate. The last byte of CKA_ID is not asked: it
// differs between the CPS3 and the CPS4.
func RoleOf(o Object) Role {
	label := strings.ToLower(strings.Trim(o.Label, " \x00"))
	switch label {
	case "cps_priv_aut", "certificat d'authentification cps":
		return Authentication
	case "cps_priv_sig", "certificat de signature cps":
		return Signature
	}
	if o.Class != "certificate" {
		return ""
	}
	cert, err := x509.ParseCertificate(o.Value)
	switch {
	case err != nil || cert.IsCA:
		return ""
	case cert.KeyUsage&x509.KeyUsageContentCommitment != 0: // nonRepudiation
		return Signature
	case cert.KeyUsage&x509.KeyUsageDigitalSignature != 0:
		return Authentication
	}
	return ""
}

// KeyPair is a private key with the certificate of the same CKA_ID, as places
// in a list of objects. Certificate is -1 when there is none.
type KeyPair struct {
	Role             Role
	Key, Certificate int
}

// KeyPairs finds the private keys of both roles: by their own label, or by that
// or the usage of the certificate with their CKA_ID. A role that no key has is
// left out; of several keys of a role the first counts.
func KeyPairs(objects []Object) []KeyPair {
	var pairs []KeyPair
	for _, role := range []Role{Authentication, Signature} {
		if p, ok := keyPair(objects, role); ok {
			pairs = append(pairs, p)
		}
	}
	return pairs
}

func keyPair(objects []Object, role Role) (KeyPair, bool) {
	found := KeyPair{Key: -1}
	for i, o := range objects {
		if o.Class != "private-key" {
			continue
		}
		cert := certificateOf(objects, o.ID)
		own := RoleOf(o)
		if own == role {
			return KeyPair{role, i, cert}, true
		}
		if own == "" && cert >= 0 && RoleOf(objects[cert]) == role && found.Key < 0 {
			found = KeyPair{role, i, cert}
		}
	}
	return found, found.Key >= 0
}

// certificateOf is the place of the certificate with that CKA_ID, or -1.
func certificateOf(objects []Object, id []byte) int {
	for i, o := range objects {
		if o.Class == "certificate" && len(id) > 0 && bytes.Equal(o.ID, id) {
			return i
		}
	}
	return -1
}

// verify says whether the public key of the certificate verifies the signature
// of the challenge (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 §8.2).
func verify(k *KeyProof, challenge []byte) {
	k.OK = false
	if k.Failure != nil || k.Problem != "" {
		return
	}
	cert, err := x509.ParseCertificate(k.Certificate)
	switch {
	case len(k.Certificate) == 0:
		k.Problem = "no certificate belongs to the key"
		return
	case err != nil:
		k.Problem = "the certificate cannot be read: " + err.Error()
		return
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		k.Problem = "the certificate holds no RSA key"
		return
	}
	digest := sha256.Sum256(challenge)
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], k.Signature); err != nil {
		k.Problem = "the certificate does not verify the signature: " + err.Error()
		return
	}
	k.OK = true
}
