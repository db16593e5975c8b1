package vpcd_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/cardreader/virtualcard/vpcd"
	"postecpx/internal/pcscd"
)

func TestMain(m *testing.M) { pcscd.Main(m) }

// Where the package of ANS puts the Cryptolib CPS.
const (
	cryptolib      = "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"
	cryptolibCache = "/etc/opt/santesocial/CPS/cache"
)

// insert puts a shipped card into the first reader of a pcscd of its own.
func insert(t *testing.T, name string) *virtualcard.Card {
	t.Helper()
	server := pcscd.Start(t)
	card := cardtest.New(t, name, time.Now(), virtualcard.Faults{})
	cardtest.Plug(t, server.Address(0), card)
	cardtest.Powered(t, card)
	return card
}

// present is insert for a card to which the test presents codes.
func present(t *testing.T, name string) *virtualcard.Card {
	t.Helper()
	server := pcscd.Start(t)
	description, err := virtualcard.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	card, err := virtualcard.New(description, time.Now(), virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	cardtest.Plug(t, server.Address(0), card)
	cardtest.Powered(t, card)
	return card
}

// withCryptolib skips the test where the Cryptolib is not installed, and hides
// its cache: what it kept of a card could answer in place of the card.
func withCryptolib(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(cryptolib); err != nil {
		t.Skipf("the Cryptolib CPS is not installed at %s: its judgement is not asked for", cryptolib)
	}
	// An empty file system, of this namespace alone.
	if err := syscall.Mount("tmpfs", cryptolibCache, "tmpfs", 0, "mode=0777"); err != nil {
		t.Skipf("the cache of the Cryptolib cannot be hidden: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(cryptolibCache, 0) })
}

// tool runs an outside program and returns what it says.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	output, err := try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return output
}

// try is tool for a program that is expected to fail.
func try(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (`make test` installs it: package opensc)", name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	output, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	return string(output), err
}

func expect(t *testing.T, output string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(output, w) {
			t.Errorf("%q is missing in:\n%s", w, output)
		}
	}
}

// TestOpenSC: OpenSC knows the CPS3 by its contact interface, and lists its
// objects.
func TestOpenSC(t *testing.T) {
	insert(t, "medecin")
	expect(t, tool(t, "pkcs15-tool", "-D"),
		"CPS3v3-2900999999", "Code porteur", "CPS_PRIV_SIG", "CPS_PRIV_AUT",
		"Certificat de Signature CPS", "Certificat d'Authentification CPS",
		"CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS", "CPS_ACTIVITY_01_PS")
	expect(t, tool(t, "pkcs15-tool", "--read-data-object", "CPS_INFO_PS"), "81 0C 38 39 39 37 30 30 32 31 38 38 39 36")
	expect(t, tool(t, "pkcs11-tool", "--list-objects", "--type", "cert"), "899700218896", "SPECIALISTE0021889")
}

// TestCryptolib: ANS's own library shows the token and its objects, for each
// generation and interface that it knows.
func TestCryptolib(t *testing.T) {
	for name, words := range map[string][]string{
		"medecin": {"CPS3v3-2900999999", "29009999", "login required", "899700218896", "Certificat de Signature CPS",
			"Certificat d'Authentification CPS", "CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS", "CPS_DATA"},
		"pharmacien": {"CPS4v1-8042990299", "80429902", "login required", "899700075122", "Certificat de Signature CPS",
			"Certificat d'Authentification CPS", "CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS", "CPS_DATA"},
		"sans-contact": {"CPS3v3_CL", "29009914", "Certificat Technique CPS", "CPS_PRIV_TECH_AUT"},
	} {
		t.Run(name, func(t *testing.T) {
			insert(t, name)
			withCryptolib(t)
			expect(t, tool(t, "pkcs11-tool", "--module", cryptolib, "-L", "-O"), words...)
		})
	}
}

func TestNoReader(t *testing.T) {
	card := cardtest.New(t, "medecin", time.Now(), virtualcard.Faults{})
	if err := vpcd.Insert(context.Background(), "127.0.0.1:1", card, nil); !errors.Is(err, vpcd.ErrNoReader) {
		t.Errorf("%v", err)
	}
}
