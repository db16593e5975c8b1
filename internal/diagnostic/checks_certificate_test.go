package diagnostic_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/virtualcard"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

//go:embed testdata/igc-sante.pem
var igcSante []byte

// authorityFiles are the certificates of igcsante.Authorities, in its order.
var authorityFiles = sync.OnceValue(func() (all [][]byte) {
	for block, rest := pem.Decode(igcSante); block != nil; block, rest = pem.Decode(rest) {
		all = append(all, block.Bytes)
	}
	return all
})

func TestAuthorityFiles(t *testing.T) {
	t.Parallel()
	for i, a := range igcsante.Authorities() {
		if e := igcsante.Examine(authorityFiles()[i], nil, time.Now()); e.SHA256 != a.SHA256 {
			t.Errorf("%d is not %s", i, a.File)
		}
	}
}

// made makes a certificate with that subject and issuer, signed by nobody in
// particular.
func made(t testing.TB, subject, issuer pkix.Name, from, to time.Time, change func(*x509.Certificate)) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: subject, NotBefore: from, NotAfter: to,
		BasicConstraintsValid: true}
	parent := &x509.Certificate{Subject: issuer}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func inCoffre(w *imagined.Workstation, folder string, certificates [][]byte) *imagined.Workstation {
	for i, der := range certificates {
		w.File(folder+igcsante.Authorities()[i].File+"_20130625.cer", string(der))
	}
	return w
}

const linuxCoffre = "/etc/opt/santesocial/CPS/Coffre/"

func TestRootsInstalled(t *testing.T) {
	t.Parallel()
	some := func(goos string) *imagined.Workstation {
		w := withAuthorities(goos)
		w.Stores[diagnostic.Roots] = w.Stores[diagnostic.Roots][:2]
		return w
	}
	unseen := func(goos string) *imagined.Workstation {
		w := withAuthorities(goos)
		w.Errs["Certificates"] = fs.ErrPermission
		return w
	}
	for _, test := range []struct {
		name, want string
		because    diagnostic.Code
		facts      []string
		w          *imagined.Workstation
	}{
		{"Windows", "complete", "", nil, withAuthorities("windows")},
		{"Windows, one root less", "missing", "", []string{"authority=AC RACINE IGC-SANTE FORT"}, some("windows")},
		{"Windows, none and no Cryptolib", "because", "cryptolib.installed", nil, imagined.New("windows")},
		{"Windows, none", "missing", "", nil, withCryptolib("windows")},
		// An intermediate in the store of roots is installed all the same.
		{"Windows, all among the roots", "complete", "", nil, func() *imagined.Workstation {
			w := withCryptolib("windows")
			w.Stores[diagnostic.Roots] = authorityFiles()
			return w
		}()},
		{"Windows, not seen", "unseen", "", nil, unseen("windows")},
		{"macOS", "complete", "", nil, withAuthorities("darwin")},
		{"macOS, none", "missing", "", nil, withCryptolib("darwin")},
		{"Linux, in the system", "complete", "", nil, func() *imagined.Workstation {
			w := withCryptolib("linux")
			w.Stores[diagnostic.Roots] = authorityFiles()
			return w
		}()},
		{"Linux, in the Coffre", "coffre", "", nil, inCoffre(withCryptolib("linux"), linuxCoffre, authorityFiles())},
		{"Linux, the Coffre lacks one", "coffre-missing", "", []string{"authority=AC IGC-SANTE FORT ORGANISATIONS"},
			inCoffre(withCryptolib("linux"), linuxCoffre, authorityFiles()[:8])},
		// A file of the right name is no proof.
		{"Linux, another file in its place", "coffre-missing", "", nil,
			inCoffre(withCryptolib("linux"), linuxCoffre, authorityFiles()).File(linuxCoffre+"ACR_FORT_20130625.cer", string(authorityFiles()[0]))},
		{"Linux, no Cryptolib", "because", "cryptolib.installed", nil, imagined.New("linux")},
		{"Linux, the Coffre may not be read", "unseen", "", nil, withCryptolib("linux").Denied(strings.TrimSuffix(linuxCoffre, "/"), fs.ErrPermission)},
		{"Linux, the system may not be read", "coffre", "", nil, inCoffre(unseen("linux"), linuxCoffre, authorityFiles())},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := diagnose(t, test.w, "roots.installed")
			if f.Outcome != test.want || f.Because != test.because {
				t.Errorf("%s %q, want %s %q: %v", f.Outcome, f.Because, test.want, test.because, f.Facts)
			}
			holds(t, f, test.facts...)
		})
	}
}

func TestRootsOld(t *testing.T) {
	t.Parallel()
	gip := pkix.Name{Country: []string{"FR"}, Organization: []string{"GIP-CPS"}, OrganizationalUnit: []string{"PROFESSIONNEL"}}
	authority := func(c *x509.Certificate) { c.IsCA = true }
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	old := made(t, gip, gip, year(2004), year(2020), authority)
	for _, test := range []struct {
		name, want string
		der        []byte
	}{
		{"left", "left", old},
		{"still valid", "none", made(t, gip, gip, year(2004), year(2030), authority)},
		{"no authority", "none", made(t, gip, gip, year(2004), year(2020), nil)},
		{"another expired authority", "none", made(t, pkix.Name{CommonName: "Old CA"}, gip, year(2004), year(2020), authority)},
		{"IGC-Santé", "none", authorityFiles()[0]},
		{"no certificate", "none", []byte("x")},
	} {
		for _, goos := range []string{"windows", "darwin", "linux"} {
			w := imagined.New(goos)
			w.Stores[diagnostic.Roots] = [][]byte{test.der}
			if f := diagnose(t, w, "roots.old"); f.Outcome != test.want {
				t.Errorf("%s, %s: %s, want %s", test.name, goos, f.Outcome, test.want)
			}
		}
	}
	w := imagined.New("windows")
	w.Stores[diagnostic.Intermediates] = [][]byte{old, old}
	if f := diagnose(t, w, "roots.old"); f.Outcome != "left" || len(f.Facts) != 1 {
		t.Errorf("%s %v", f.Outcome, f.Facts)
	}
	w.Errs["Certificates"] = errors.ErrUnsupported
	if f := diagnose(t, w, "roots.old"); f.Outcome != "unseen" {
		t.Errorf("not seen: %s", f.Outcome)
	}
}

// withCard puts a shipped virtual card into a reader of a workstation where
// nothing is wrong.
func withCard(t *testing.T, goos, name string, change func(*virtualcard.Description)) *imagined.Workstation {
	t.Helper()
	w := withAuthorities(goos)
	d, err := virtualcard.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&d)
	}
	card, err := virtualcard.New(d, w.Time, virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	v := cardreader.NewVirtual("Reader 00 00")
	v.Insert("Reader 00 00", card)
	w.Source = v
	for service, state := range map[string]diagnostic.Service{
		"SCardSvr": {Running: true, Start: "automatic"}, "pcscd.service": {Running: true, Start: "automatic"},
		"pcscd.socket": {Running: true, Start: "automatic"}, "com.apple.ifdreader": {Running: true, Start: "on-demand"},
	} {
		w.Services[service] = state
	}
	return w
}

func TestCardCertificates(t *testing.T) {
	t.Parallel()
	later := func(w *imagined.Workstation, days int) *imagined.Workstation {
		w.Time = w.Time.AddDate(0, 0, days)
		return w
	}
	for _, test := range []struct {
		name, want string
		w          *imagined.Workstation
	}{
		{"test card", "test", withCard(t, "linux", "medecin", nil)},
		{"CPS4", "test", withCard(t, "windows", "chirurgien-dentiste-cps4", nil)},
		{"no certificate", "none", withCard(t, "linux", "sans-certificat", nil)},
		// card.expiry says it of the card first.
		{"expired", "because", later(withCard(t, "linux", "medecin", nil), 3000)},
		{"no card", "because", func() *imagined.Workstation {
			w := withCard(t, "linux", "medecin", nil)
			w.Source.(*cardreader.Virtual).Remove("Reader 00 00")
			return w
		}()},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := diagnose(t, test.w, "certificates.card")
			if f.Outcome != test.want {
				t.Errorf("%s %q, want %s: %v", f.Outcome, f.Because, test.want, f.Facts)
			}
			for _, fact := range f.Facts {
				if strings.Contains(fact.Value, "8997") && fact.Sensitivity != diagnostic.Person {
					t.Errorf("%s shows the identifier", fact.Key)
				}
			}
		})
	}
}

func TestCCM(t *testing.T) {
	t.Parallel()
	const exe = `C:\Program Files\santesocial\CPS\CCM.exe`
	running := func(w *imagined.Workstation) *imagined.Workstation {
		w.Running = append(w.Running, diagnostic.Process{Name: "ccm.EXE"})
		return w
	}
	set := func(w *imagined.Workstation, value string) *imagined.Workstation {
		w.RegistryOf[`HKLM\SOFTWARE\ASIP Sante\CCM`] = pkcs11.RegistryKey{Values: map[string]string{"autodetect": value}}
		return w
	}
	for _, test := range []struct {
		name, want string
		w          *imagined.Workstation
	}{
		{"running", "running", running(withCryptolib("windows"))},
		{"running by hand", "manual", set(running(withCryptolib("windows")), "0")},
		{"running by itself", "running", set(running(withCryptolib("windows")), "1")},
		{"stopped", "stopped", withCryptolib("windows").File(exe, "")},
		{"stopped, 32 bits", "stopped", withCryptolib("windows").File(`C:\Program Files (x86)\santesocial\CPS\CCM.exe`, "")},
		{"absent", "absent", withCryptolib("windows")},
		{"may not be seen", "unseen", withCryptolib("windows").Denied(exe, fs.ErrPermission)},
		{"no Cryptolib", "because", imagined.New("windows")},
		{"Linux", "elsewhere", withCryptolib("linux")},
	} {
		if f := diagnose(t, test.w, "certificates.ccm"); f.Outcome != test.want {
			t.Errorf("%s: %s, want %s", test.name, f.Outcome, test.want)
		}
	}
	w := withCryptolib("windows")
	w.Errs["Processes"] = errors.ErrUnsupported
	if f := diagnose(t, w, "certificates.ccm"); f.Outcome != "unseen" {
		t.Errorf("processes not seen: %s", f.Outcome)
	}
}

func TestPropagation(t *testing.T) {
	t.Parallel()
	with := func(s diagnostic.Service, ccm bool) *imagined.Workstation {
		w := withCryptolib("windows")
		w.Services["CertPropSvc"] = s
		if ccm {
			w.Running = []diagnostic.Process{{Name: "CCM.exe"}}
		}
		return w
	}
	for _, test := range []struct {
		want string
		w    *imagined.Workstation
	}{
		{"running", with(diagnostic.Service{Running: true, Start: "automatic"}, false)},
		{"on-demand", with(diagnostic.Service{Start: "on-demand"}, false)},
		{"unneeded", with(diagnostic.Service{Start: "disabled"}, true)},
		// CCM would do, and is what is missed.
		{"because", with(diagnostic.Service{Start: "disabled"}, false)},
		{"disabled", with(diagnostic.Service{Start: "disabled"}, false).Denied(`C:\Program Files\santesocial\CPS\CCM.exe`, fs.ErrPermission)},
		{"unseen", with(diagnostic.Service{}, false)},
		{"unseen", withCryptolib("windows")},
	} {
		if f := diagnose(t, test.w, "certificates.propagation"); f.Outcome != test.want {
			t.Errorf("%s, want %s: %v", f.Outcome, test.want, f.Facts)
		}
	}
}

// inStore puts the first certificates of the card in the reader into the
// personal store.
func inStore(t *testing.T, w *imagined.Workstation, keep int) *imagined.Workstation {
	t.Helper()
	card, err := cardreader.ReadCard(t.Context(), w.Source, "Reader 00 00", cps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range card.Certificates[:keep] {
		w.Stores[diagnostic.Personal] = append(w.Stores[diagnostic.Personal], c.Raw)
	}
	return w
}

// Where Windows has the certificates, its service is not to blame for anything.
func TestPropagationIsNotNeeded(t *testing.T) {
	t.Parallel()
	for keep, want := range map[int]string{2: "present", 1: "because"} {
		w := inStore(t, withCard(t, "windows", "medecin", nil), keep)
		w.Services["CertPropSvc"] = diagnostic.Service{Start: "disabled"}
		f := diagnose(t, w, "certificates.propagation")
		if f.Outcome != want || want == "because" && f.Because != "certificates.ccm" {
			t.Errorf("%d certificates: %s %q, want %s", keep, f.Outcome, f.Because, want)
		}
	}
}

// The service is what is missed when nothing is known of CCM.
func TestPersonalStoreWithoutPropagation(t *testing.T) {
	t.Parallel()
	w := withCard(t, "windows", "medecin", nil)
	w.Errs["Processes"] = errors.ErrUnsupported
	w.Services["CertPropSvc"] = diagnostic.Service{Start: "disabled"}
	if f := diagnose(t, w, "certificates.personal"); f.Because != "certificates.propagation" {
		t.Errorf("%s %q", f.Outcome, f.Because)
	}
}

func TestPersonalStore(t *testing.T) {
	t.Parallel()
	with := func(ccm bool, keep int) *imagined.Workstation {
		w := withCard(t, "windows", "medecin", nil)
		if ccm {
			w.Running = []diagnostic.Process{{Name: "CCM.exe"}}
		}
		return inStore(t, w, keep)
	}
	for _, test := range []struct {
		name, want string
		because    diagnostic.Code
		w          *imagined.Workstation
	}{
		{"both", "present", "", with(true, 2)},
		{"one", "missing", "", with(true, 1)},
		{"none, CCM does not run", "because", "certificates.ccm", with(false, 0)},
		{"both, put there by something else", "present", "", with(false, 2)},
		{"no certificate", "none", "", withCard(t, "windows", "sans-certificat", nil)},
	} {
		if f := diagnose(t, test.w, "certificates.personal"); f.Outcome != test.want || f.Because != test.because {
			t.Errorf("%s: %s %q, want %s %q: %v", test.name, f.Outcome, f.Because, test.want, test.because, f.Facts)
		}
	}
}

func TestTokenDriver(t *testing.T) {
	t.Parallel()
	const asked = "security list-smartcards"
	w := withCard(t, "darwin", "medecin", nil)
	if f := diagnose(t, w, "certificates.token"); f.Outcome != "unseen" {
		t.Errorf("the command fails: %s", f.Outcome)
	}
	w.Commands[asked] = "No smartcards found\n"
	if f := diagnose(t, w, "certificates.token"); f.Outcome != "absent" {
		t.Errorf("absent: %s", f.Outcome)
	}
	w.Commands[asked] = "com.apple.pivtoken:1\nfr.asip.esante.CPSToken:8025000001\n"
	f := diagnose(t, w, "certificates.token")
	if f.Outcome != "present" {
		t.Errorf("present: %s", f.Outcome)
	}
	if slices.ContainsFunc(f.Facts, func(f diagnostic.Fact) bool { return strings.Contains(f.Value, "8025000001") }) {
		t.Errorf("the number of the card is shown: %v", f.Facts)
	}
}

// Nothing is trusted but the three roots, whatever a download brings.
func TestCommandTrustsTheRootsAlone(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		command := sentences(t, tag)["check.roots.installed.missing.command.darwin"]
		for _, a := range igcsante.Authorities() {
			if strings.Contains(command, a.SHA256) != (a.Kind == igcsante.Root) {
				t.Errorf("%s: %s: %s", tag, a.CommonName, command)
			}
		}
	}
}

func TestDatesAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"fr": "19/10/2026", "en": "2026-10-19"} {
		speaker, err := language.New(tag)
		if err != nil {
			t.Fatal(err)
		}
		for outcome, key := range map[string]string{"soon": "until", "expired": "until", "not-yet": "from"} {
			f := diagnostic.Finding{Code: "certificates.card", Outcome: outcome, Facts: []diagnostic.Fact{{Key: key, Value: "2026-10-19", Sensitivity: diagnostic.Public}}}
			if words := wording.Finding(speaker, f, "linux"); !strings.HasSuffix(words.Summary, want) {
				t.Errorf("%s: %s", tag, words.Summary)
			}
		}
	}
}

// A summary is a title, and has no full stop; a meaning and a step have one.
func TestFullStops(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		for key, text := range sentences(t, tag) {
			_, rest, _ := strings.Cut(strings.TrimPrefix(key, "check."), ".")
			parts := strings.Split(rest, ".") // NAME, OUTCOME, PART, GOOS
			if group, _, _ := strings.Cut(strings.TrimPrefix(key, "check."), "."); !slices.Contains([]string{"certificates", "roots", "firefox", "network"}, group) || key == text {
				continue
			}
			switch {
			case len(parts) <= 2:
				if strings.HasSuffix(text, ".") {
					t.Errorf("%s: %s: %s", tag, key, text)
				}
			case parts[2] != "command":
				for line := range strings.Lines(text) {
					line = strings.TrimSpace(strings.ReplaceAll(line, "{{end}}", ""))
					if !strings.HasSuffix(line, ".") && !strings.Contains(line, "http://") && !strings.HasSuffix(line, "}}") {
						t.Errorf("%s: %s: %s", tag, key, line)
					}
				}
			}
		}
	}
}
