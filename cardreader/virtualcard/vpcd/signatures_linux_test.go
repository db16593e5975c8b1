package vpcd_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keyID is the CKA_ID of a key: the AID of the application, and one byte.
func keyID(last string) string { return "E828BD080F8025000001FF0010" + last }

// digestInfo is the DER around a SHA-256 value (RFC 8017 §9.2).
func digestInfo(digest []byte) []byte {
	prefix, err := hex.DecodeString("3031300d060960864801650304020105000420")
	if err != nil {
		panic(err) // a constant
	}
	return append(prefix, digest...)
}

// certificateKey reads the certificate of a key through a module.
func certificateKey(t *testing.T, module []string, id string) *rsa.PublicKey {
	t.Helper()
	file := filepath.Join(t.TempDir(), "certificate")
	tool(t, "pkcs11-tool", append(module, "--read-object", "--type", "cert", "--id", id, "-o", file)...)
	der, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.PublicKey.(*rsa.PublicKey)
}

// signed has pkcs11-tool sign; code is "" for a key that wants none.
func signed(t *testing.T, module []string, code, mechanism, id string, data []byte) []byte {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "signature")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(module, "--sign", "--mechanism", mechanism, "--id", id, "-i", in, "-o", out)
	if code != "" {
		args = append(args, "--login", "--pin", code)
	}
	tool(t, "pkcs11-tool", args...)
	signature, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// Messages: shorter than a block of the hash, a whole block, and several with
// a rest, of which the card hashes only the last.
var messages = [][]byte{[]byte("defi"), bytes.Repeat([]byte("m"), 64), bytes.Repeat([]byte("message "), 40)}

// TestCryptolibSigns: what the card signs for ANS's own library verifies with
// the certificate's key, for each key and mechanism.
func TestCryptolibSigns(t *testing.T) {
	module := []string{"--module", cryptolib}
	sha256Of := func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }
	sha1Of := func(b []byte) []byte { h := sha1.Sum(b); return h[:] }
	type use struct {
		id, mechanism string
		hash          crypto.Hash
		prepare       func([]byte) []byte // of the message, nil for none
	}
	information := func(b []byte) []byte { return digestInfo(sha256Of(b)) }
	for name, uses := range map[string][]use{
		"medecin": {
			{"01", "SHA256-RSA-PKCS", crypto.SHA256, nil}, {"01", "SHA1-RSA-PKCS", crypto.SHA1, nil},
			{"01", "RSA-PKCS", crypto.SHA256, information}, {"02", "RSA-PKCS", crypto.SHA256, information},
		},
		"pharmacien": {
			{"10", "SHA256-RSA-PKCS", crypto.SHA256, nil}, {"10", "SHA1-RSA-PKCS", crypto.SHA1, nil},
			{"10", "RSA-PKCS", crypto.SHA256, information},
			{"10", "SHA256-RSA-PKCS-PSS", crypto.SHA256, nil}, {"10", "SHA1-RSA-PKCS-PSS", crypto.SHA1, nil},
			{"20", "SHA256-RSA-PKCS-PSS", crypto.SHA256, nil},
		},
		"sans-contact": {{"03", "RSA-PKCS", crypto.SHA256, information}},
	} {
		t.Run(name, func(t *testing.T) {
			card := present(t, name)
			withCryptolib(t)
			code, presented := "1234", 0
			if name == "sans-contact" {
				code = ""
			}
			for _, u := range uses {
				key := certificateKey(t, module, keyID(u.id))
				for _, message := range messages {
					data := message
					if u.prepare != nil {
						data = u.prepare(message)
					}
					signature := signed(t, module, code, u.mechanism, keyID(u.id), data)
					if code != "" {
						presented++
					}
					digest := sha256Of(message)
					if u.hash == crypto.SHA1 {
						digest = sha1Of(message)
					}
					var err error
					if strings.HasSuffix(u.mechanism, "PSS") {
						err = rsa.VerifyPSS(key, u.hash, digest, signature, &rsa.PSSOptions{SaltLength: u.hash.Size()})
					} else {
						err = rsa.VerifyPKCS1v15(key, u.hash, digest, signature)
					}
					if err != nil {
						t.Errorf("%s %s, %d bytes: %v", u.id, u.mechanism, len(message), err)
					}
				}
			}
			if n := card.Counts().Presented; n != presented {
				t.Errorf("%d codes presented for %d signatures with one", n, presented)
			}
		})
	}
}

// TestOpenSCSigns: OpenSC logs in and signs with the authentication key of a
// CPS3. Built with OpenSSL 3, OpenSC cannot sign with the other key.
func TestOpenSCSigns(t *testing.T) {
	card := present(t, "medecin")
	digest := sha256.Sum256(messages[0])
	key := certificateKey(t, nil, keyID("02"))
	signature := signed(t, nil, "1234", "RSA-PKCS", keyID("02"), digestInfo(digest[:]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
		t.Error(err)
	}
	if n := card.Counts().Presented; n != 1 {
		t.Errorf("%d codes presented", n)
	}
	expect(t, tool(t, "pkcs11-tool", "--login", "--pin", "1234", "--list-objects", "--type", "data"),
		"CPS_ACTIVITY_01_PS", "CPS_ACTIVITY_02_PS")
	if output, err := try(t, "pkcs11-tool", "--login", "--pin", "9999", "--list-objects"); err == nil {
		t.Errorf("a wrong code logs in:\n%s", output)
	} else {
		expect(t, output, "CKR_PIN_INCORRECT")
	}
}
