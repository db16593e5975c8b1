package annuaire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	zalando "github.com/zalando/go-keyring"

	"postecpx/assets/links"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/annuaire/annuairetest"
	"postecpx/internal/language"
)

var speakers = sync.OnceValue(func() map[string]*language.Speaker {
	all := map[string]*language.Speaker{}
	for _, tag := range language.Supported {
		s, err := language.New(tag)
		if err != nil {
			panic(err)
		}
		all[tag] = s
	}
	return all
})

func speaker(t testing.TB, tag string) *language.Speaker {
	t.Helper()
	return speakers()[tag]
}

func TestPage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		identifier string
		want       Address
	}{
		{"899700218896", Address{KindPerson, personPage + "99700218896", "", true}},
		{"810003461034", Address{KindPerson, personPage + "10003461034", "", false}},
		{"899700218897", Address{KindPerson, personPage + "99700218897", "", true}}, // its check digit fails: the directory tells
		{"800000000000", Address{KindSearch, searchPage, "00000000000", false}},
		{"89970021889", Address{KindSearch, searchPage, "", true}}, // a digit is missing
		{"89970021889X", Address{KindSearch, searchPage, "", true}},
		{"3990000010/000000018", Address{KindStructure, searchPage, "990000010", false}},
		{"500000000029751/CPAT0001", Address{KindStructure, searchPage, "00000000029751", true}},
		{"3990000010/a b&c=d", Address{KindStructure, searchPage, "990000010", false}},
		{"399/1", Address{KindStructure, searchPage, "", false}},
		{"00B7010446", Address{KindSearch, searchPage, "0B7010446", true}},
		{"7123", Address{KindSearch, searchPage, "", false}},
	}
	for _, tt := range tests {
		id, err := nationalid.Parse(tt.identifier)
		if err != nil {
			t.Fatal(err)
		}
		if got := Page(id); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.identifier, got, tt.want)
		}
	}
	if got := Page(nationalid.Identifier{}); got != (Address{KindSearch, searchPage, "", false}) {
		t.Errorf("no identifier: %+v", got)
	}
}

// Whatever stands on a card, the page may be opened and holds no more than the
// digits of an RPPS.
func FuzzPage(f *testing.F) {
	for _, s := range []string{"899700218896", "3990000010/1", "8/../../x", "8?x=1#y0000", "899700218896/x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, _ := nationalid.Parse(s)
		a := Page(id)
		if _, err := Allowed(a.URL); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if rest, ok := strings.CutPrefix(a.URL, personPage); ok && !hasDigits(rest, 11) || !ok && a.URL != searchPage {
			t.Errorf("%q: %s", s, a.URL)
		}
	})
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]error{
		"https://annuaire.esante.gouv.fr/pp/detail/99700218896":                    nil,
		"https://ANNUAIRE.esante.gouv.fr":                                          nil,
		"https://esante.gouv.fr/assistance?a=1&b[0]=2#c":                           nil,
		"http://annuaire.esante.gouv.fr/":                                          ErrNotHTTPS,
		"http://igc-sante.esante.gouv.fr/PC/":                                      ErrNotHTTPS,
		"http://igc-sante.esante.gouv.fr/AC/Chaine_de_certification-IGC-Sante.p7b": ErrNotHTTPS, // of the table, and shown only
		"https://github.com/ansforge/dops-cryptolib":                               nil,
		"https://github.com/ansforge/dops-cryptolib/releases":                      nil,
		"https://GITHUB.com/LudovicRousseau/PCSC/issues/224?a=b#c":                 nil,
		"https://github.com/ansforge/dops-cryptolib-evil":                          ErrForeign,
		"https://github.com/":                                                      ErrForeign,
		"https://github.com/evil/malware/releases/download/x.exe":                  ErrForeign,
		"https://github.com/ansforge/dops-cryptolib/../../evil":                    ErrForeign,
		"https://github.com/ansforge/dops-cryptolib/%2e%2E/..%2f../evil":           ErrForeign,
		"https://github.com/ansforge/dops-cryptolib/..%5c..%5cevil":                ErrForeign,
		"https://github.com/ansforge%2fdops-cryptolib/x":                           ErrForeign,
		"https://blog.apdu.fr/":                                                    ErrForeign,
		"https://documentation.ubuntu.com/other":                                   ErrForeign,
		"https://cnda.ameli.fr/any/page":                                           nil,
		"https://igc-sante.esante.gouv.fr/PC/":                                     nil,
		"javascript:alert(1)":                                                      ErrForm,
		"file:///etc/passwd":                                                       ErrNotHTTPS,
		"//annuaire.esante.gouv.fr":                                                ErrNotHTTPS,
		"annuaire.esante.gouv.fr":                                                  ErrNotHTTPS,
		"https:annuaire.esante.gouv.fr":                                            ErrForm,
		"https://":                                                                 ErrForeign,
		"https:///annuaire.esante.gouv.fr":                                         ErrForeign,
		"":                                                                         ErrForm,
		"https://annuaire.esante.gouv.fr:443/":                                     ErrNamesPort,
		"https://annuaire.esante.gouv.fr:/":                                        ErrNamesPort,
		"https://a:b@annuaire.esante.gouv.fr/":                                     ErrUserInfo,
		"https://annuaire.esante.gouv.fr@evil.example/":                            ErrUserInfo,
		"https://annuaire.esante.gouv.fr.evil.example/":                            ErrForeign,
		"https://evil.example/annuaire.esante.gouv.fr":                             ErrForeign,
		"https://annuaire.esante.gouv.fr./":                                        ErrForeign,
		"https://xannuaire.esante.gouv.fr/":                                        ErrForeign,
		"https://annuaire.esante.gouv.fr%2eevil.example/":                          ErrForm,
		`https://annuaire.esante.gouv.fr\@evil.example/`:                           ErrForm,
		"https://annuaire.esante.gouv.fr/\x00":                                     ErrForm,
		"https://annuaire.esante.gouv.fr/\n--x":                                    ErrForm,
		" https://annuaire.esante.gouv.fr/":                                        ErrForm,
		"https://annuaire.esante.gouv.fr/ x":                                       ErrForm,
		`https://annuaire.esante.gouv.fr/"&calc`:                                   ErrForm,
		"https://annuaire.esante.gouv.fr/\u202e":                                   ErrForm,
		"https://annuaire.esante.gouv.fr/\u00e9":                                   ErrForm,
		"https://annuaire.esante.gouv.fr/`id`":                                     ErrForm,
		"https://annuaire.esante.gouv.fr/%zz":                                      ErrForm,
		"-https://annuaire.esante.gouv.fr/":                                        ErrForm,
		"https://annuaire.esante.gouv.fr/" + strings.Repeat("a", maxAddress):       ErrForm,
	} {
		u, err := Allowed(address)
		if want == nil && (err != nil || u.String() == "") || !errors.Is(err, want) {
			t.Errorf("%q: %v, %v, want %v", address, u, err, want)
		}
	}
}

// Every https address of the table may be opened, and no other.
func TestTableOfLinks(t *testing.T) {
	t.Parallel()
	for _, l := range links.All() {
		if _, err := Allowed(l.URL); (err == nil) != strings.HasPrefix(l.URL, "https://") {
			t.Errorf("%s %s: %v", l.ID, l.URL, err)
		}
	}
}

// ownFiles open a report that the program wrote itself: a file, no address.
var ownFiles = []string{filepath.Join("cmd", "postecpx", "fallback.go"), filepath.Join("ui", "poste.go"),
	filepath.Join("ui", "poste_report.go"), filepath.Join("ui", "poste_window.go")}

// TestOpeners: an address is opened by Open, which asks Allowed, and by nothing
// else. A link of the toolkit's that has an address opens it by itself.
func TestOpeners(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	signs := []string{"OpenURL", "openURL", "NewHyperlink(", "widget.Hyperlink{", "SetURL", `"xdg-open"`, "FileProtocolHandler"}
	seen := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || filepath.Dir(name) == filepath.Join("internal", "annuaire") || slices.Contains(ownFiles, name) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for _, sign := range signs {
			if strings.Contains(string(text), sign) {
				t.Errorf("%s: %s beside annuaire.Open", name, sign)
			}
		}
		return nil
	})
	if err != nil || seen < 50 {
		t.Fatal(seen, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://evil.example/", "http://annuaire.esante.gouv.fr", "-x"} {
		if err := Open(t.Context(), address); err == nil || errors.Is(err, ErrNoOpener) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// The address reaches the opener as one argument, and what fails is said.
func TestOpen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the opener is a program of Linux desktops here")
	}
	folder := t.TempDir()
	t.Setenv("PATH", folder)
	if err := Open(t.Context(), personPage+"99700218896"); !errors.Is(err, ErrNoOpener) {
		t.Errorf("without an opener: %v", err)
	}
	script := "#!/bin/sh\n[ $# = 1 ] && printf %s \"$1\" > " + filepath.Join(folder, "opened") + "\n"
	if err := os.WriteFile(filepath.Join(folder, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Open(t.Context(), personPage+"99700218896"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(folder, "opened"))
	if err != nil || string(got) != "https://annuaire.esante.gouv.fr/pp/detail/99700218896" {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "xdg-open"), []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Open(t.Context(), searchPage); !errors.Is(err, ErrNoOpener) {
		t.Errorf("an opener that fails: %v", err)
	}
}

func TestKeyNeverShows(t *testing.T) {
	t.Parallel()
	key := mustKey(t, "  "+annuairetest.Key+"\r\n")
	if *key.secret != annuairetest.Key {
		t.Fatal("spaces were kept")
	}
	text, err := key.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	secretless(t, string(text), key.String(), fmt.Sprintf("%v %+v %#v %s %q %x %d", key, key, key, key, key, key, key), fmt.Sprintf("%+v", struct{ K Key }{key}))
	for _, wrong := range []string{"", " ", "a b", "clé", "a\x00b", "a\nb", strings.Repeat("k", maxKey+1)} {
		if _, err := NewKey(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		} else if len(wrong) > 2 && strings.Contains(err.Error(), wrong) {
			t.Errorf("%v", err)
		}
	}
}

// fakeKeyring is a keyring that keeps, fails, breaks or hangs.
type fakeKeyring struct {
	mu     sync.Mutex
	secret string
	opened int          // how often the secret was asked for
	do     func() error // before everything
	loses  bool
}

func (k *fakeKeyring) before() error {
	if k.do != nil {
		return k.do()
	}
	return nil
}

func (k *fakeKeyring) Find(service, user string) error {
	if err := k.before(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if service != "postecpx" || user != "ESANTE-API-KEY" || k.secret == "" {
		return zalando.ErrNotFound
	}
	return nil
}

func (k *fakeKeyring) Get(service, user string) (string, error) {
	if err := k.before(); err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened++
	if service != "postecpx" || user != "ESANTE-API-KEY" || k.secret == "" {
		return "", zalando.ErrNotFound
	}
	return k.secret, nil
}

func (k *fakeKeyring) Set(_, _, secret string) error {
	if err := k.before(); err != nil {
		return fmt.Errorf("storing %s: %w", secret, err) // as a careless one would
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.loses {
		k.secret = secret
	}
	return nil
}

func (k *fakeKeyring) Delete(_, _ string) error {
	if err := k.before(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.secret == "" {
		return zalando.ErrNotFound
	}
	k.secret = ""
	return nil
}

// use puts a keyring in the place of the system's, for one test that does not
// run beside others.
func use(t *testing.T, k keyring) {
	t.Helper()
	t.Setenv(KeyVariable, "")
	before := ring
	ring = func() (keyring, error) { return k, nil }
	t.Cleanup(func() { ring = before })
}

func codeOf(err error) Code {
	if err == nil {
		return ""
	}
	return asFailure(err).Code
}

func TestKeyring(t *testing.T) {
	use(t, &fakeKeyring{})
	if _, _, err := FindKey(t.Context(), ""); codeOf(err) != CodeNoKey {
		t.Errorf("empty: %v", err)
	}
	if err := DeleteKey(t.Context()); codeOf(err) != CodeNoKey {
		t.Errorf("delete nothing: %v", err)
	}
	if err := StoreKey(t.Context(), mustKey(t, annuairetest.Key)); err != nil {
		t.Fatal(err)
	}
	key, source, err := FindKey(t.Context(), DefaultBase+"/")
	if err != nil || source != FromKeyring || *key.secret != annuairetest.Key {
		t.Errorf("%v from %s, %v", key, source, err)
	}
	// The key of the keyring goes to ANS, and nowhere else.
	if _, _, err := FindKey(t.Context(), "https://test.example"); codeOf(err) != CodeKeyElsewhere {
		t.Errorf("elsewhere: %v", err)
	}
	t.Setenv(KeyVariable, "from-environment")
	for _, base := range []string{"", "https://test.example"} {
		if key, source, err := FindKey(t.Context(), base); err != nil || source != FromEnvironment || *key.secret != "from-environment" {
			t.Errorf("%v from %s, %v", key, source, err)
		}
	}
	t.Setenv(KeyVariable, "not a key")
	if _, source, err := FindKey(t.Context(), ""); codeOf(err) != CodeKeyForm || source != FromEnvironment {
		t.Errorf("%s, %v", source, err)
	}
	if err := DeleteKey(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLocateKey: a look-up takes the key from where it is said to be, and the
// keyring need not be opened to say so.
func TestLocateKey(t *testing.T) {
	k := &fakeKeyring{}
	use(t, k)
	if source, err := LocateKey(t.Context()); codeOf(err) != CodeNoKey || source != "" {
		t.Errorf("empty: %q, %v", source, err)
	}
	k.secret = annuairetest.Key
	if source, err := LocateKey(t.Context()); err != nil || source != FromKeyring || k.opened != 0 {
		t.Errorf("in the keyring: %q, %v, opened %d times", source, err, k.opened)
	}
	k.do = func() error { return errors.New("no such service") }
	if source, err := LocateKey(t.Context()); codeOf(err) != CodeKeyringAbsent || source != "" {
		t.Errorf("no keyring: %q, %v", source, err)
	}
	t.Setenv(KeyVariable, "from-environment")
	if source, err := LocateKey(t.Context()); err != nil || source != FromEnvironment {
		t.Errorf("in the environment: %q, %v", source, err)
	}
	t.Setenv(KeyVariable, "not a key")
	if _, err := LocateKey(t.Context()); codeOf(err) != CodeKeyForm {
		t.Errorf("no key in the environment: %v", err)
	}
}

func TestKeyringThatFails(t *testing.T) {
	fail := errors.New("no such service")
	hang := make(chan struct{})
	defer close(hang)
	for name, tt := range map[string]struct {
		ring *fakeKeyring
		code Code
	}{
		"fails":  {&fakeKeyring{do: func() error { return fail }}, CodeKeyringAbsent},
		"breaks": {&fakeKeyring{do: func() error { panic("of another type") }}, CodeKeyringAbsent},
		"loses":  {&fakeKeyring{loses: true, secret: "another"}, CodeKeyringAbsent},
	} {
		use(t, tt.ring)
		err := StoreKey(t.Context(), mustKey(t, annuairetest.Key))
		if codeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
		secretless(t, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	use(t, &fakeKeyring{do: func() error { <-hang; return fail }})
	start := time.Now()
	_, err := keep(t.Context(), 50*time.Millisecond, func(k keyring) (string, error) { return k.Get("", "") })
	if codeOf(err) != CodeKeyringSilent || time.Since(start) > 5*time.Second {
		t.Errorf("hangs: %v after %v", err, time.Since(start))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := FindKey(ctx, ""); codeOf(err) != CodeCancelled {
		t.Errorf("cancelled: %v", err)
	}
}

// The library itself, on a session bus that takes the connection and says
// nothing, and without a bus.
func TestSystemKeyring(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the keyring of this system is not on a bus")
	}
	socket := filepath.Join(t.TempDir(), "bus")
	silent, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+socket)
	_, err = keep(t.Context(), 200*time.Millisecond, func(k keyring) (string, error) { return k.Get(keyringService, keyringUser) })
	if codeOf(err) != CodeKeyringSilent {
		t.Errorf("silent bus: %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid())); err == nil {
		return // there is one all the same
	}
	if _, _, err := FindKey(t.Context(), ""); codeOf(err) != CodeKeyringAbsent {
		t.Errorf("no bus: %v", err)
	}
	if _, err := LocateKey(t.Context()); codeOf(err) != CodeKeyringAbsent {
		t.Errorf("no bus: %v", err)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	card := &cps.Card{
		Kind: cps.CPS, Number: "2900999999", Issued: cps.Date{Year: 2025, Month: 10, Day: 19}, Expires: cps.Date{Year: 2028, Month: 10, Day: 19},
		Holder:     cps.Holder{FamilyName: "LECOEUR-TEST", GivenName: "JEAN PIERRE"},
		Identifier: cps.Identifier{Identifier: nationalid.Identifier{Value: "899700218896"}},
	}
	person := Person{
		Active: &yes, Identifier: "899700218896", FamilyName: "Lecœur Test", GivenNames: []string{"Jéan-Pierre"},
		Cards: []Card{
			{Type: "CPF", Number: "2900000001", End: cps.Date{Year: 2020, Month: 1, Day: 1}},
			{Type: "CPS", Number: "2900999999", Start: card.Issued, End: card.Expires},
		},
	}
	told := func(c *cps.Card, expired bool, p Person) string {
		var all []string
		for _, x := range Compare(c, expired, p) {
			all = append(all, string(x.Aspect)+" "+string(x.Agreement))
		}
		return strings.Join(all, ", ")
	}
	if got, want := told(card, false, person), "identifier same, name same, active same, number same, type same, start same, end same"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// Nothing on one side is unknown, and never a difference.
	unknown := "identifier unknown, name unknown, active unknown, number unknown, type unknown, start unknown, end unknown"
	if got := told(card, false, Person{}); got != unknown {
		t.Errorf("empty directory: %s", got)
	}
	if got := told(&cps.Card{}, true, person); got != unknown {
		t.Errorf("empty card: %s", got)
	}
	other := person
	other.Active, other.Identifier, other.FamilyName = &no, "899700366240", "Autre"
	other.Cards = []Card{{Type: "CPE", Number: "2900000001", Start: card.Issued, End: card.Expires}}
	if got, want := told(card, false, other), "identifier different, name different, active different, number different, type unknown, start unknown, end unknown"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	other.Cards = []Card{{Type: "CPE", Number: "2900999999", Start: card.Expires, End: card.Issued}}
	if got, want := told(card, true, other), "identifier different, name different, active unknown, number same, type different, start different, end different"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	director := *card
	director.Kind = cps.CDE
	if got := Compare(&director, false, other)[4]; got.Agreement != Same {
		t.Errorf("a director's card is one of the establishment: %+v", got)
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-02-21": "2024-02-21", "2024-02-21T00:00:00+01:00": "2024-02-21", "2024-02-21T00:00:00.000Z": "2024-02-21",
		"2024": "", "2024-02": "", "2024-02-20T23:00:00Z": "", "2024-02-30": "", "": "", "hier": "", "T00:00:00": "",
	} {
		if got := day(text).String(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestAddressLines(t *testing.T) {
	t.Parallel()
	street := "R DU MORVAN"
	c := &Client{}
	for _, tt := range []struct {
		a    address
		want []string
	}{
		{address{}, nil},
		{address{Text: "9 rue de l'Essai"}, []string{"9 rue de l'Essai"}},
		{address{Line: []*string{&street}, PostalCode: "99000"}, []string{street, "99000"}},
		{address{Line: []*string{nil}, LineParts: []*extension{nil, {Extension: []extension{
			{URL: "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-postBox", ValueString: "BP 9"},
			{URL: "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-careOf", ValueString: "ACCUEIL"},
			{URL: "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-lieu-dit", ValueString: "LE MOULIN"},
		}}}, City: "VILLE"}, []string{"ACCUEIL LE MOULIN BP 9", "VILLE"}},
	} {
		if got := c.address(tt.a); !slices.Equal(got, tt.want) {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
