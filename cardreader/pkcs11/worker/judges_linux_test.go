//go:build cgo

package worker_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/pcscd"
)

// Modules of others, where their packages put them.
const (
	softHSM        = "/usr/lib/softhsm/libsofthsm2.so"
	openSC         = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"
	cryptolib      = "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"
	cryptolibCache = "/etc/opt/santesocial/CPS/cache"
)

func installed(t testing.TB, path, how string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: %s", path, how)
	}
	return path
}

// tool runs an outside program, which must succeed.
func tool(t testing.TB, exe pkcs11.Executable, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (`make test` installs it)", name)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = exe.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

const (
	softCode  = "1234"
	softLabel = "CPS3v3-2900999999"
)

// softToken makes a token of SoftHSM with the keys and certificates of a CPx,
// in a configuration of its own.
func softToken(t testing.TB) pkcs11.Executable {
	t.Helper()
	installed(t, softHSM, "package softhsm2")
	dir := t.TempDir()
	config := filepath.Join(dir, "softhsm2.conf")
	tokens := filepath.Join(dir, "tokens")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, config, []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\nlog.level = ERROR\n"))
	exe := with("SOFTHSM2_CONF=" + config)
	tool(t, exe, "softhsm2-util", "--init-token", "--free", "--label", softLabel, "--so-pin", "12345678", "--pin", softCode)
	for _, k := range []struct {
		key, cert, id string
		usage         x509.KeyUsage
	}{
		{"CPS_PRIV_SIG", "Certificat de Signature CPS", "e82801", x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment},
		{"CPS_PRIV_AUT", "Certificat d'Authentification CPS", "e82802", x509.KeyUsageDigitalSignature},
	} {
		key, cert := certified(t, k.usage)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		keyFile, certFile := filepath.Join(dir, k.key), filepath.Join(dir, k.key+".cer")
		write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		write(t, certFile, cert)
		tool(t, exe, "softhsm2-util", "--import", keyFile, "--token", softLabel, "--label", k.key, "--id", k.id, "--pin", softCode)
		tool(t, exe, "pkcs11-tool", "--module", softHSM, "--token-label", softLabel, "--login", "--pin", softCode,
			"--write-object", certFile, "--type", "cert", "--label", k.cert, "--id", k.id)
	}
	secret := filepath.Join(dir, "activity")
	write(t, secret, []byte{0xEE, 0x03, 0x80, 0x01, 0x00})
	tool(t, exe, "pkcs11-tool", "--module", softHSM, "--token-label", softLabel, "--login", "--pin", softCode,
		"--write-object", secret, "--type", "data", "--label", "CPS_ACTIVITY_01_PS", "--application-label", "CPS", "--private")
	return exe
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func certified(t testing.TB, usage x509.KeyUsage) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "899700218896"}, KeyUsage: usage,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

// tokenOf is the token with that label, which the probe must have.
func tokenOf(t *testing.T, p pkcs11.Probe, label string) pkcs11.Token {
	t.Helper()
	for _, s := range p.Slots {
		if s.Token != nil && s.Token.Label == label {
			return *s.Token
		}
	}
	t.Fatalf("no token %q: %s in %s %s: %s, slots %+v", label, p.Status, p.Call, p.Code, p.Detail, p.Slots)
	return pkcs11.Token{}
}

// labels are those of the objects of one class, in order.
func labels(objects []pkcs11.Object, class string) []string {
	var all []string
	for _, o := range objects {
		if o.Class == class {
			all = append(all, o.Label)
		}
	}
	slices.Sort(all)
	return all
}

func hasAll(t *testing.T, what string, have []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(have, w) {
			t.Errorf("%s: %q is missing in %q", what, w, have)
		}
	}
}

// provedByOpenSC: OpenSC that was built with OpenSSL 3 gives up the signature
// key of the CPS3 before it sends anything (card-iasecc.c,
// iasecc_qsign_data_sha256). An older build, or a later one, signs.
func provedByOpenSC(t *testing.T, p pkcs11.Proof, err error) {
	t.Helper()
	if err != nil || p.Login != pkcs11.LoginOK || len(p.Keys) != 2 {
		t.Fatalf("%v, %+v", err, p)
	}
	if k := p.Keys[0]; k.Role != pkcs11.Authentication || !k.OK {
		t.Errorf("%s: %v %s", k.Label, k.Failure, k.Problem)
	}
	known := pkcs11.Failure{Call: "C_Sign", Code: "CKR_FUNCTION_NOT_SUPPORTED"}
	if k := p.Keys[1]; k.Role != pkcs11.Signature || !k.OK && (k.Failure == nil || *k.Failure != known) {
		t.Errorf("%s: %v %s", k.Label, k.Failure, k.Problem)
	}
}

func TestSoftHSM(t *testing.T) {
	exe := softToken(t)
	p := probe(exe, softHSM, everything)
	token := tokenOf(t, p, softLabel)
	if p.Status != pkcs11.OK || p.Info.Manufacturer != "SoftHSM" || len(token.Failures) != 0 {
		t.Errorf("%s in %s %s %s; %+v %+v", p.Status, p.Call, p.Code, p.Detail, p.Info, token.Failures)
	}
	hasAll(t, "certificates", labels(token.Objects, "certificate"), "Certificat de Signature CPS", "Certificat d'Authentification CPS")
	if seen := labels(token.Objects, "data"); len(seen) != 0 {
		t.Errorf("private objects seen without a login: %q", seen)
	}
	for _, o := range token.Objects {
		if o.Class == "certificate" {
			if _, err := x509.ParseCertificate(o.Value); err != nil {
				t.Errorf("%s: %v", o.Label, err)
			}
		}
	}
	i := slices.IndexFunc(token.Mechanisms, func(m pkcs11.Mechanism) bool { return m.Name == "CKM_SHA256_RSA_PKCS" })
	if i < 0 || !slices.Contains(token.Mechanisms[i].Flags, "CKF_SIGN") {
		t.Errorf("%v", token.Mechanisms)
	}
}

// prove asks for a proof with a code, and checks that the code is wiped.
func prove(t *testing.T, exe pkcs11.Executable, path, label, code string, lastTry bool) (pkcs11.Proof, error) {
	t.Helper()
	secret := []byte(code)
	proof, err := pkcs11.Prove(context.Background(), exe, pkcs11.ProveRequest{
		Module: pkcs11.Module{Path: path}, Token: pkcs11.Selector{Label: label}, Code: secret, AllowLastTry: lastTry,
	})
	if !bytes.Equal(secret, make([]byte, len(code))) {
		t.Errorf("the code is not wiped: % x", secret)
	}
	return proof, err
}

// proved checks that both keys proved themselves, by those mechanisms.
func proved(t *testing.T, p pkcs11.Proof, err error) {
	t.Helper()
	if err != nil || !p.OK() || !p.Presented {
		t.Errorf("%v; login %s %s, failures %v", err, p.Login, p.LoginCode, p.Failures)
		for _, k := range p.Keys {
			t.Errorf("%s %s by %s: %v, %v %s", k.Role, k.Label, k.Mechanism, k.OK, k.Failure, k.Problem)
		}
		return
	}
	for i, want := range []pkcs11.KeyProof{
		{Role: pkcs11.Authentication, Label: "CPS_PRIV_AUT", Mechanism: "CKM_RSA_PKCS"},
		{Role: pkcs11.Signature, Label: "CPS_PRIV_SIG", Mechanism: "CKM_SHA256_RSA_PKCS"},
	} {
		if k := p.Keys[i]; k.Role != want.Role || k.Label != want.Label || k.Mechanism != want.Mechanism {
			t.Errorf("%s %s by %s", k.Role, k.Label, k.Mechanism)
		}
	}
}

func TestProveOnSoftHSM(t *testing.T) {
	exe := softToken(t)
	p, err := prove(t, exe, softHSM, softLabel, softCode, false)
	proved(t, p, err)
	if len(p.Objects) != 1 || p.Objects[0].Label != "CPS_ACTIVITY_01_PS" || !bytes.Equal(p.Objects[0].Value, []byte{0xEE, 0x03, 0x80, 0x01, 0x00}) {
		t.Errorf("%+v", p.Objects)
	}
	if !p.Before.Known || p.Before.Low || p.Before.Locked || len(p.Challenge) != 32 {
		t.Errorf("%+v", p)
	}
	again, err := prove(t, exe, softHSM, softLabel, softCode, false)
	proved(t, again, err)
	if bytes.Equal(p.Challenge, again.Challenge) {
		t.Error("the challenge is the same twice")
	}
	p, err = prove(t, exe, softHSM, softLabel, "4321", false)
	if err != nil || p.Login != pkcs11.LoginWrongCode || !p.Presented || len(p.Keys) != 0 || !p.After.Low {
		t.Errorf("%v, %+v", err, p)
	}
	p, err = prove(t, exe, softHSM, softLabel, "123", false)
	if err != nil || p.Login != pkcs11.LoginWrongLength || p.Presented {
		t.Errorf("%v, %+v", err, p)
	}
	p, err = prove(t, exe, softHSM, "no such token", softCode, false)
	if p.Presented || err == nil {
		t.Errorf("%v, %+v", err, p)
	}
}

// insert puts a shipped card into a reader of a pcscd of its own. presented is
// how many codes the card may see until the end of the test.
func insert(t *testing.T, name string, change func(*virtualcard.Description)) *virtualcard.Card {
	t.Helper()
	server := pcscd.Start(t)
	description, err := virtualcard.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&description)
	}
	card, err := virtualcard.New(description, time.Now(), virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	cardtest.Plug(t, server.Address(0), card)
	cardtest.Powered(t, card)
	return card
}

func presented(t *testing.T, card *virtualcard.Card, want int) {
	t.Helper()
	if n := card.Counts().Presented; n != want {
		t.Errorf("the card saw %d codes, not %d", n, want)
	}
}

// hideCache puts an empty file system over the cache of the Cryptolib, which
// could answer in place of the card.
func hideCache(t *testing.T) {
	t.Helper()
	if err := syscall.Mount("tmpfs", cryptolibCache, "tmpfs", 0, "mode=0777"); err != nil {
		t.Skipf("the cache of the Cryptolib cannot be hidden: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(cryptolibCache, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenSC(t *testing.T) {
	installed(t, openSC, "package opensc-pkcs11")
	card := insert(t, "medecin", nil)
	p := probe(with(), openSC, everything)
	if p.Status != pkcs11.OK {
		t.Errorf("%s in %s %s: %s", p.Status, p.Call, p.Code, p.Detail)
	}
	var objects []pkcs11.Object
	found := false
	for _, s := range p.Slots {
		if s.Token != nil {
			objects = append(objects, s.Token.Objects...)
			found = found || strings.HasPrefix(s.Token.Label, "CPS3v3-2900999999")
		}
	}
	if !found {
		t.Errorf("%+v", p.Slots)
	}
	hasAll(t, "certificates", labels(objects, "certificate"), "Certificat de Signature CPS", "Certificat d'Authentification CPS")
	hasAll(t, "data", labels(objects, "data"), "CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS")
	presented(t, card, 0)
}

func TestCryptolib(t *testing.T) {
	installed(t, cryptolib, "the package of ANS")
	for name, want := range map[string]struct{ label, serial string }{
		"medecin": {"CPS3v3-2900999999", "29009999"}, "pharmacien": {"CPS4v1-8042990299", "80429902"},
	} {
		t.Run(name, func(t *testing.T) {
			hideCache(t)
			card := insert(t, name, nil)
			p := probe(with(), cryptolib, everything)
			token := tokenOf(t, p, want.label)
			if p.Status != pkcs11.OK || token.Serial != want.serial || token.Model != "IAS ECC" || p.Info.Manufacturer != "ANS" {
				t.Errorf("%s in %s %s: %s; %+v %+v", p.Status, p.Call, p.Code, p.Detail, token, p.Info)
			}
			hasAll(t, "certificates", labels(token.Objects, "certificate"), "Certificat de Signature CPS", "Certificat d'Authentification CPS")
			hasAll(t, "data", labels(token.Objects, "data"), "CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS", "CPS_DATA")
			presented(t, card, 0)
		})
	}
}

// TestProveOnCards: the virtual cards sign through the official library, and
// through OpenSC, which only knows the CPS3.
func TestProveOnCards(t *testing.T) {
	for _, c := range []struct{ card, module, label string }{
		{"medecin", cryptolib, "CPS3v3-2900999999"}, {"pharmacien", cryptolib, "CPS4v1-8042990299"}, {"medecin", openSC, ""},
	} {
		t.Run(c.card+"/"+filepath.Base(c.module), func(t *testing.T) {
			installed(t, c.module, "its tests need it")
			if c.module == cryptolib {
				hideCache(t)
			}
			card := insert(t, c.card, nil)
			label := c.label
			if label == "" {
				for _, s := range probe(with(), c.module, pkcs11.Options{Objects: true}).Slots {
					if s.Token != nil && len(labels(s.Token.Objects, "certificate")) > 0 {
						label = s.Token.Label
					}
				}
			}
			p, err := prove(t, with(), c.module, label, "1234", false)
			if c.module == openSC {
				provedByOpenSC(t, p, err)
			} else {
				proved(t, p, err)
			}
			presented(t, card, 1)
			hasAll(t, "private data", labels(p.Objects, "data"), "CPS_ACTIVITY_01_PS")
			card.Reset() // the part of the caller
			// A wrong code goes out once.
			p, err = prove(t, with(), c.module, label, "4321", false)
			if err != nil || p.Login != pkcs11.LoginWrongCode || !p.Presented {
				t.Errorf("wrong code: %v, %+v", err, p)
			}
			presented(t, card, 2)
			// Too short: nothing goes out.
			p, err = prove(t, with(), c.module, label, "12", false)
			if err != nil || p.Login != pkcs11.LoginWrongLength || p.Presented {
				t.Errorf("short code: %v, %+v", err, p)
			}
			presented(t, card, 2)
		})
	}
}

// TestProveRefuses: with one try left, or none, nothing goes out unasked.
func TestProveRefuses(t *testing.T) {
	installed(t, cryptolib, "the package of ANS")
	for _, c := range []struct {
		card  string
		want  pkcs11.LoginOutcome
		tries pkcs11.Tries
	}{
		{"un-essai", pkcs11.LoginLastTry, pkcs11.Tries{Known: true, Low: true, Final: true}},
		{"code-bloque", pkcs11.LoginBlocked, pkcs11.Tries{Known: true, Locked: true}},
	} {
		t.Run(c.card, func(t *testing.T) {
			hideCache(t)
			card := insert(t, c.card, nil)
			p, err := prove(t, with(), cryptolib, "", "1234", false)
			if err != nil || p.Login != c.want || p.Presented || p.Before.Final != c.tries.Final || p.Before.Locked != c.tries.Locked {
				t.Errorf("%v, %+v", err, p)
			}
			presented(t, card, 0)
			if c.want != pkcs11.LoginLastTry {
				return
			}
			p, err = prove(t, with(), cryptolib, "", "1234", true)
			proved(t, p, err)
			presented(t, card, 1)
		})
	}
}

// BenchmarkProbe is a healthy module, probed for everything that it has.
func BenchmarkProbe(b *testing.B) {
	exe := softToken(b)
	for b.Loop() {
		if p := probe(exe, softHSM, everything); p.Status != pkcs11.OK {
			b.Fatalf("%+v", p)
		}
	}
}

// BenchmarkProcess is the child process with a module that does nothing: what a
// probe costs on top of the module's own time.
func BenchmarkProcess(b *testing.B) {
	path, exe := build(b), with()
	for b.Loop() {
		if p := probe(exe, path, everything); p.Status != pkcs11.OK {
			b.Fatalf("%+v", p)
		}
	}
}
