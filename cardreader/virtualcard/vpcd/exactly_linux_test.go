//go:build cgo

package vpcd_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/miekg/pkcs11"
)

// TestCryptolibAuthenticatesCPS4: the library takes this mechanism only with a
// buffer of just the size of a signature, which pkcs11-tool does not give.
func TestCryptolibAuthenticatesCPS4(t *testing.T) {
	present(t, "pharmacien")
	withCryptolib(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(messages[0])
	var complaint bytes.Buffer
	child := exec.Command(self)
	child.Env = append(os.Environ(), signRequest+"="+keyID("20"))
	child.Stdin, child.Stderr = bytes.NewReader(digestInfo(digest[:])), &complaint
	signature, err := child.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &complaint)
	}
	key := certificateKey(t, []string{"--module", cryptolib}, keyID("20"))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
		t.Error(err)
	}
}

// signRequest asks this program, started again by a test, to sign with the key
// of that CKA_ID: a foreign library must not end the tests.
const signRequest = "POSTECPX_TEST_SIGN"

func init() {
	if id := os.Getenv(signRequest); id != "" {
		signExactly(id)
	}
}

// signExactly signs what comes on standard input, by RSA-PKCS, into a buffer of
// 256 bytes, writes the signature, and ends the process.
func signExactly(id string) {
	signature, err := func() ([]byte, error) {
		var data bytes.Buffer
		if _, err := data.ReadFrom(os.Stdin); err != nil {
			return nil, err
		}
		ckaID, err := hex.DecodeString(id)
		if err != nil {
			return nil, err
		}
		module := pkcs11.New(cryptolib)
		if module == nil {
			return nil, fmt.Errorf("%s does not load", cryptolib)
		}
		if err := module.Initialize(); err != nil {
			return nil, err
		}
		defer module.Finalize()
		slots, err := module.GetSlotList(true)
		if err != nil || len(slots) == 0 {
			return nil, fmt.Errorf("%d slots, %v", len(slots), err)
		}
		session, err := module.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION)
		if err != nil {
			return nil, err
		}
		if err := module.Login(session, pkcs11.CKU_USER, "1234"); err != nil {
			return nil, err
		}
		if err := module.FindObjectsInit(session, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_ID, ckaID),
		}); err != nil {
			return nil, err
		}
		keys, _, err := module.FindObjects(session, 1)
		if err != nil || len(keys) == 0 {
			return nil, fmt.Errorf("%d keys, %v", len(keys), err)
		}
		if err := module.FindObjectsFinal(session); err != nil {
			return nil, err
		}
		if err := module.SignInit(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil)}, keys[0]); err != nil {
			return nil, err
		}
		return module.Sign(session, data.Bytes())
	}()
	if err == nil {
		_, err = os.Stdout.Write(signature)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
