package virtualcard_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
)

var today = cardtest.Today

// publicKey reads a certificate from the card and returns the key in it.
func publicKey(t *testing.T, c *virtualcard.Card, label string) *rsa.PublicKey {
	t.Helper()
	read := func(path string) []byte {
		form := "00A4090C06 3F00"
		if c.Description().Generation == cps.CPS4 {
			form = "01A4080C04"
		}
		walk(t, c, []step{{form + path, "9000"}})
		var content []byte
		for {
			part, err := hex.DecodeString(send(t, c, fmt.Sprintf("%.2sB0%04X00", form, len(content))))
			if err != nil {
				t.Fatal(err)
			}
			content = append(content, part[:len(part)-2]...)
			if len(part) < 258 {
				return content
			}
		}
	}
	df := "0001"
	if c.Description().Interface == cps.Contactless {
		df = "0002"
	}
	_, entry, found := strings.Cut(hex.EncodeToString(read(df+"7005")), hex.EncodeToString([]byte(label)))
	_, path, found2 := strings.Cut(entry, "04063f00")
	if !found || !found2 {
		t.Fatalf("no certificate %q", label)
	}
	certificate, err := x509.ParseCertificate(read(path[:8]))
	if err != nil {
		t.Fatal(err)
	}
	return certificate.PublicKey.(*rsa.PublicKey)
}

// result sends a command whose answer is 256 bytes, and GET RESPONSE where the
// card wants it.
func result(t *testing.T, c *virtualcard.Card, command string) []byte {
	t.Helper()
	answer := send(t, c, command)
	if answer == "6100" {
		answer = send(t, c, command[:2]+"C0000000")
	}
	data, ok := strings.CutSuffix(answer, "9000")
	if !ok || len(data) != 512 {
		t.Fatalf("%s: %s", command, answer)
	}
	b, err := hex.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	labelSignature      = "Certificat de Signature CPS"
	labelAuthentication = "Certificat d'Authentification CPS"
	selectCPS4          = "01A4040C08 8025000001FF0100"
)

func TestSignatureOfHashCPS3(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	key := publicKey(t, c, labelSignature)
	digest := sha256.Sum256([]byte("un message"))
	environment := step{"002241B606 800142 840181", "9000"}
	command := "002A9E9A20" + hex.EncodeToString(digest[:])
	walk(t, c, []step{
		{command, "6985"}, // no environment
		environment,
		{command, "6982"}, // no code
		{"0020000104" + code1234, "9000"},
		{"002A9E9A14" + strings.Repeat("00", 20), "6A80"}, // no SHA-256
		{"002A9E9A00", "6985"},                            // no hash before
		{command, "6100"},
	})
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], result(t, c, command+"00")); err != nil {
		t.Error(err)
	}
	c.Reset()
	walk(t, c, []step{{command, "6985"}, environment, {command, "6982"}})
}

// TestSignatureOfStateCPS3: the card closes the hash that the host began. The
// states are those after 128 times "a".
func TestSignatureOfStateCPS3(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	key := publicKey(t, c, labelSignature)
	long, short := []byte(strings.Repeat("a", 192)), []byte("a")
	sum1 := func(b []byte) []byte { h := sha1.Sum(b); return h[:] }
	sum256 := func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }
	block := "8040" + strings.Repeat("61", 64)
	for name, s := range map[string]struct {
		hash                  crypto.Hash
		digest                []byte
		template, environment string
		data                  string
	}{
		"SHA-256": {crypto.SHA256, sum256(long), "40", "42",
			"9028EAC1AFFF7E2FE3745215A1576AEA3C451DF0539E97F91D40F96170A75B4DC721 0000000000000400" + block},
		"SHA-1": {crypto.SHA1, sum1(long), "10", "12",
			"901C0BA02949DE712838689E76E5885BF88117BA3444 0000000000000400" + block},
		"SHA-256, one block": {crypto.SHA256, sum256(short), "40", "42", "9000 800161"},
		"SHA-1, one block":   {crypto.SHA1, sum1(short), "10", "12", "9000 800161"},
	} {
		data := strings.ReplaceAll(s.data, " ", "")
		walk(t, c, []step{
			{"0020000104" + code1234, "9000"},
			{"002241AA03 8001" + s.template, "9000"},
			{fmt.Sprintf("002A90A0%02X", len(data)/2) + data, "9000"},
			{"00A4090C04 3F000001", "9000"},
			{"002241B606 8001" + s.environment + "840181", "9000"},
		})
		if err := rsa.VerifyPKCS1v15(key, s.hash, s.digest, result(t, c, "002A9E9A00")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		walk(t, c, []step{{"002A9E9A00", "6985"}}) // a hash serves once
	}
	state := "EAC1AFFF7E2FE3745215A1576AEA3C451DF0539E97F91D40F96170A75B4DC721"
	walk(t, c, []step{
		{"002241AA03 800140", "9000"},
		{"002A90A02D 9028" + state + "0000000000000401 800161", "6A80"}, // half a block
		{"002A90A02C 9027" + state + "00000000000400 800161", "6A80"},
		{"002A90A045 9000 8041" + strings.Repeat("61", 65), "6A80"},
		{"002A90A003 800161", "6A80"},
		{"002241AA03 800199", "9000"}, {"002A90A005 9000 800161", "6985"},
	})
}

func TestAuthenticationCPS3(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	key := publicKey(t, c, labelAuthentication)
	data := bytes.Repeat([]byte{0xA5}, 102)
	command := "0088000066" + hex.EncodeToString(data)
	walk(t, c, []step{
		{command, "6985"},
		{"002241A406 800102 840182", "9000"}, {command, "6982"},
		{"0020000104" + code1234, "9000"},
		{"0088000067" + strings.Repeat("A5", 103), "6700"},
		{"00880000", "6700"}, {"0088010001A5", "6A86"},
		{"002241A406 800142 840182", "9000"}, {command, "6985"}, // no such algorithm
		{"002241A406 800102 840181", "9000"}, {command, "6985"}, // the key of signature
		{"002241A406 800102 840183", "6A88"}, {"002241A403 800102", "6A88"}, // no such key
		{"002241A406 840182 800102", "9000"}, {command, "6100"},
	})
	if err := rsa.VerifyPKCS1v15(key, 0, data, result(t, c, command)); err != nil {
		t.Error(err)
	}
}

// TestContactlessKey: it asks for no code.
func TestContactlessKey(t *testing.T) {
	t.Parallel()
	c := card(t, "sans-contact", virtualcard.Faults{})
	key := publicKey(t, c, "Certificat Technique CPS")
	walk(t, c, []step{{"002241A406 800102 840183", "9000"}})
	if err := rsa.VerifyPKCS1v15(key, 0, []byte("defi"), result(t, c, "0088000004 64656669 00")); err != nil {
		t.Error(err)
	}
	walk(t, c, []step{{"A0A40000023F00", "6E00"}})
}

func TestDecipherCPS3(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	message := []byte("un secret")
	cryptogram, err := rsa.EncryptPKCS1v15(rand.Reader, publicKey(t, c, labelAuthentication), message)
	if err != nil {
		t.Fatal(err)
	}
	block := hex.EncodeToString(append([]byte{0x81}, cryptogram...))
	first, last := "102A8086FF"+block[:510], "002A808602"+block[510:]+"00"
	environment := step{"002241B806 80011A 840182", "9000"}
	walk(t, c, []step{
		environment, {first, "9000"}, {last, "6982"},
		{"0020000104" + code1234, "9000"},
		{first, "9000"},
	})
	if got, want := send(t, c, last), strings.ToUpper(hex.EncodeToString(message))+"9000"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	walk(t, c, []step{
		{first, "9000"}, {"00200001", "9000"}, {last, "6A80"}, // the chain is broken
		{"102A8086FF82" + block[2:510], "9000"}, {last, "6A80"}, // padding indicator
		{first, "9000"}, {first, "9000"}, {first, "6700"}, // longer than any command
		{"1088000004 64656669", "6884"},
	})
}

func TestSignatureCPS4(t *testing.T) {
	t.Parallel()
	c := card(t, "pharmacien", virtualcard.Faults{})
	walk(t, c, []step{{selectCPS4, "9000"}})
	keys := map[string]*rsa.PublicKey{
		"90": publicKey(t, c, labelSignature), "A0": publicKey(t, c, labelAuthentication),
	}
	h1, h256 := sha1.Sum([]byte("un message")), sha256.Sum256([]byte("un message"))
	for _, s := range []struct {
		algorithm string
		hash      crypto.Hash
		digest    []byte
		pss       bool
	}{
		{"28", crypto.SHA256, h256[:], false}, {"0A", crypto.SHA1, h1[:], false},
		{"2C", crypto.SHA256, h256[:], true}, {"15", crypto.SHA1, h1[:], true},
	} {
		for reference, key := range keys {
			command := fmt.Sprintf("012A9E9A%02X%X00", len(s.digest), s.digest)
			walk(t, c, []step{
				{"012281B604 9102" + s.algorithm + reference, "9000"}, {command, "6982"},
				{"0120000104" + code1234, "9000"},
			})
			signature := result(t, c, command)
			var err error
			if s.pss {
				err = rsa.VerifyPSS(key, s.hash, s.digest, signature, &rsa.PSSOptions{SaltLength: s.hash.Size()})
			} else {
				err = rsa.VerifyPKCS1v15(key, s.hash, s.digest, signature)
			}
			if err != nil {
				t.Errorf("%s %s: %v", s.algorithm, reference, err)
			}
			c.Reset()
			walk(t, c, []step{{selectCPS4, "9000"}})
		}
	}
	walk(t, c, []step{
		{"0120000104" + code1234, "9000"},
		{"012281B604 91022891", "6A88"}, {"012281B603 910128", "6A80"}, {"012281B6", "6A80"},
		{"012241A406 800102 840120", "6A86"}, // a form of the CPS3
		{"012281B604 9102FF90", "9000"}, {"012A9E9A20" + strings.Repeat("00", 32), "6985"},
		{"012A000001 00", "6A86"},
	})
}

// TestRawCPS4: the authentication key applied to a block that the host padded,
// as ANS's library sends it.
func TestRawCPS4(t *testing.T) {
	t.Parallel()
	c := card(t, "pharmacien", virtualcard.Faults{})
	walk(t, c, []step{{selectCPS4, "9000"}})
	key := publicKey(t, c, labelAuthentication)
	data := []byte("defi")
	block := "0001" + strings.Repeat("FF", 256-3-len(data)) + "00" + hex.EncodeToString(data)
	first, last := "112A8086FF"+block[:510], "012A808601"+block[510:]+"00"
	walk(t, c, []step{
		{"012241B803 830120", "9000"}, {first, "9000"}, {last, "6982"},
		{"0120000104" + code1234, "9000"}, {first, "9000"},
	})
	if err := rsa.VerifyPKCS1v15(key, 0, data, result(t, c, last)); err != nil {
		t.Error(err)
	}
	walk(t, c, []step{
		{last, "6700"}, // a part alone
		{"112A8086FF" + strings.Repeat("FF", 255), "9000"}, {"012A808601FF", "6A80"}, // more than the modulus
		{"012241B803 830110", "9000"}, {first, "9000"}, {last, "6985"}, // the key of signature
	})
}

func TestBillingSituations(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	content := "E019 A017 800101 8105991000017F 8203110100 8303000000 840180"
	walk(t, c, []step{
		{"A0B0000004", "9400"},                                               // nothing selected
		{"A0A40000024000", "9404"},                                           // not a child of the MF
		{"A0A40000023F00", "9F07"}, {"A0C0000007", "8505 0000 3F00 01 9000"}, // the MF
		{"A0A40000027F01", "9F07"}, {"A0A40000024000", "9F07"}, // one after the other
		{"A0C0000007", "8505 001B 4000 04 9000"}, {"A0B000001B", "9804"}, // no code
		{"0020000104" + code1234, "9000"}, {"A0B000001B", content + "9000"}, //
		{"A0B0000202", "A017 9000"}, {"A0B0001B01", "9402"}, {"A0B00000", "6700"}, //
		{"A0A40000027F02", "9404"}, {"A0A4040002 7F01", "6B00"}, {"A0A4000001 7F", "6700"},
		{"A0A40000024010", "9F07"}, {"A0B0000001", "EE 9000"}, // an activity, from anywhere
		{"A0D6000001 00", "6D00"},
	})
	c.Reset()
	walk(t, c, []step{{"A0B0000001", "9400"}})

	c = card(t, "pharmacien", virtualcard.Faults{})
	walk(t, c, []step{{selectCPS4, "9000"}, {"A0A40000023F00", "6E00"}})
}

func TestBillingErrors(t *testing.T) {
	t.Parallel()
	good := "generation = \"CPS3\"\ninterface = \"contact\"\nnumber = \"2900999999\"\nvalid_days = 10\n[pin]\ncode = \"1234\"\ntries_left = 3\n"
	one := "[[billing]]\nidentifier = \"991000017\"\n"
	for name, text := range map[string]string{
		"nine":          strings.Repeat(one, 9),
		"long":          "[[billing]]\nidentifier = \"12345678901\"\n",
		"no digits":     "[[billing]]\nconvention = \"12A\"\n",
		"long approval": "[[billing]]\napprovals = \"1234567\"\n",
	} {
		if d, err := virtualcard.Parse("bad", []byte(good+text)); err == nil {
			t.Errorf("%s: %+v", name, d.Billing)
		}
	}
	if _, err := virtualcard.Parse("good", []byte(good+one)); err != nil {
		t.Error(err)
	}
}

// TestKeyObjects: what OpenSC asks of a key before it uses it.
func TestKeyObjects(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	walk(t, c, []step{
		{"00CB3FFF0A 4D087006BF900102A080 00", "7015 BF900111 A00F 80020100 A109 8C077B11FFFFFFFF00 9000"},
		{"00CB3FFF0A 4D087006BF900202A080 00", "7015 BF900211 A00F 80020100 A109 8C077BFF1111FFFF00 9000"},
		{"00CB3FFF0A 4D087006BF900402A080 00", "6A88"},
		{"00CB3FFF0B 4D097007BF9002037F4880 00", "6A80"}, // the value
		{"00CB3FFF04 4D027000", "6A88"},
		{"00A4020C02 3F00", "9000"},
	})
}
