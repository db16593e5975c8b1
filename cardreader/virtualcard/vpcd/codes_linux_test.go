package vpcd_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCryptolibCodes: ANS's own library shows what is left of the tries, sees
// the card block, and unblocks it with the code de déblocage.
func TestCryptolibCodes(t *testing.T) {
	for _, name := range []string{"medecin", "pharmacien"} {
		t.Run(name, func(t *testing.T) {
			card := present(t, name)
			withCryptolib(t)
			run := func(args ...string) (string, error) {
				return try(t, "pkcs11-tool", append([]string{"--module", cryptolib}, args...)...)
			}
			login := func(code, complaint string) {
				t.Helper()
				output, err := run("--login", "--pin", code, "--list-objects", "--type", "privkey")
				switch {
				case complaint == "" && err != nil:
					t.Fatalf("%s does not log in:\n%s", code, output)
				case complaint == "":
					expect(t, output, "CPS_PRIV_SIG", "CPS_PRIV_AUT")
				case err == nil:
					t.Fatalf("%s logs in", code)
				default:
					expect(t, output, complaint)
				}
			}
			flags := func(there string, missing ...string) {
				t.Helper()
				output, err := run("--list-token-slots")
				if err != nil {
					t.Fatalf("%v\n%s", err, output)
				}
				expect(t, output, there)
				for _, m := range missing {
					if strings.Contains(output, m) {
						t.Errorf("%q is in:\n%s", m, output)
					}
				}
			}
			const low, final, locked = "user PIN count low", "final user PIN try", "user PIN locked"
			// The third wrong code is told apart by the CPS4 driver only.
			third := "CKR_PIN_INCORRECT"
			if name == "pharmacien" {
				third = "CKR_PIN_LOCKED"
			}
			flags("PIN initialized", low, final, locked)
			login("1234", "")
			login("9999", "CKR_PIN_INCORRECT")
			flags(low, final, locked)
			login("1234", "")
			flags("PIN initialized", low, final, locked)
			login("9999", "CKR_PIN_INCORRECT")
			login("9999", "CKR_PIN_INCORRECT")
			flags(final, locked)
			login("9999", third)
			flags(locked)
			login("1234", "CKR_PIN_LOCKED")

			before := card.Counts()
			if output, err := run("--login", "--login-type", "so", "--so-pin", "99999999", "--init-pin", "--new-pin", "5678"); err == nil {
				t.Errorf("unblocked by a wrong code:\n%s", output)
			}
			flags(locked)
			if output, err := run("--login", "--login-type", "so", "--so-pin", "12345678", "--init-pin", "--new-pin", "5678"); err != nil {
				t.Fatalf("not unblocked: %v\n%s", err, output)
			}
			after := card.Counts()
			if n := after.PresentedPUK - before.PresentedPUK; n != 2 {
				t.Errorf("%d codes de déblocage presented", n)
			}
			flags("PIN initialized", low, final, locked)
			login("5678", "")
			if output, err := run("--login", "--pin", "5678", "--change-pin", "--new-pin", "135790"); err != nil {
				t.Fatalf("not changed: %v\n%s", err, output)
			}
			login("135790", "")
			login("5678", "CKR_PIN_INCORRECT")
		})
	}
}

// TestCryptolibPrivateData: the situations d'exercice and de facturation are
// there after the code porteur, and only then.
func TestCryptolibPrivateData(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"medecin": {
			"CPS_ACTIVITY_01_PS": "80010084194341", "CPS_ACTIVITY_02_PS": "800101840f484f",
			"CPS_SIT_FACT": "e019a0178001018105991000017f", "CPS2TER_ACTIVITY_02_PS": "ee2b",
		},
		"pharmacien": {"CPS_ACTIVITY_01_PS": "8001008411504841", "CPS_SIT_FACT": "e019a0178001018105992000015f"},
	} {
		t.Run(name, func(t *testing.T) {
			present(t, name)
			withCryptolib(t)
			module := []string{"--module", cryptolib}
			public := tool(t, "pkcs11-tool", append(module, "--list-objects", "--type", "data")...)
			private := tool(t, "pkcs11-tool", append(module, "--list-objects", "--type", "data", "--login", "--pin", "1234")...)
			for label, want := range values {
				expect(t, private, "'"+label+"'")
				if strings.Contains(public, label) {
					t.Errorf("%s is there without the code porteur", label)
				}
				file := filepath.Join(t.TempDir(), "value")
				tool(t, "pkcs11-tool", append(module, "--login", "--pin", "1234", "--read-object", "--type", "data", "--label", label, "-o", file)...)
				value, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got := hex.EncodeToString(value); !strings.Contains(got, want) {
					t.Errorf("%s: %s, want %s in it", label, got, want)
				}
			}
		})
	}
}
