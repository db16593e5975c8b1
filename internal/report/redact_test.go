package report

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// holds tells whether a text holds a value in any form that a person would know
// it by; it is written without the code under test.
func holds(text, value string) bool {
	squeeze := func(s string) string {
		s = strings.ToLower(s)
		s = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "ï", "i", "ë", "e", "ç", "c", "à", "a", "ô", "o").Replace(s)
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, s)
	}
	return strings.Contains(squeeze(text), squeeze(value))
}

func TestPartialHidesPersons(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		for _, redaction := range []Redaction{Partial, Full} {
			r := New(speaker(t, tag), example(), Options{Redaction: redaction, Key: machine})
			for form, text := range said(t, r) {
				for _, value := range append(slices.Clone(examplePersons), "Monsieur", "4242", "21A0BC77") {
					if holds(text, value) {
						t.Errorf("%s, %s, %s: %q is there", tag, redaction, form, value)
					}
				}
			}
		}
	}
}

func TestFullHidesTheWorkstation(t *testing.T) {
	t.Parallel()
	hidden := said(t, New(speaker(t, "fr"), example(), Options{Redaction: Full, Key: machine}))
	shown := said(t, New(speaker(t, "fr"), example(), Options{Redaction: Partial, Key: machine}))
	for form := range hidden {
		for _, value := range []string{".local/pcscd", "Gemalto"} {
			if strings.Contains(hidden[form], value) {
				t.Errorf("full, %s: %q is there", form, value)
			}
			if form != "text" && !strings.Contains(shown[form], value) {
				t.Errorf("partial, %s: %q is not there", form, value)
			}
		}
	}
}

func TestNoneHidesSecretsAlone(t *testing.T) {
	t.Parallel()
	r := New(speaker(t, "fr"), example(), Options{Redaction: None, Key: machine})
	text := said(t, r)
	for _, value := range []string{"899700218896", "2900999999", "DUPRÉ-MARTIN", "Loïc", "/home/camille/.local/pcscd", "0A1B2C3D4E5F"} {
		for _, form := range []string{"json", "html"} {
			if !strings.Contains(text[form], value) {
				t.Errorf("%s: %q is not there", form, value)
			}
		}
	}
	for form, all := range text {
		if strings.Contains(all, "4242") {
			t.Errorf("%s: the secret is there", form)
		}
	}
}

func TestWhatStaysOfTheCard(t *testing.T) {
	t.Parallel()
	c := New(speaker(t, "fr"), example(), Options{Key: machine}).Card
	if c.Kind != "CPS" || c.Generation != "CPS3" || c.Interface != "contact" || c.Expires != "2027-02-21" || c.Identifier.Status != "verified" ||
		c.Identifier.Type != "RPPS" || len(c.Identifier.Sources) != 2 || c.Holder.Profession.Code != "10" || c.Holder.Speciality.Code != "SM26" ||
		c.ATR != "3BAC00402A001225006480000310009000" || c.PIN.TriesLeft != 3 || c.Certificates[0].Role != "authentication" ||
		c.Certificates[0].Issuer != "CN=TEST AC IGC-SANTE ELEMENTAIRE PERSONNES" || c.Certificates[0].NotAfter != "2027-02-21" {
		t.Errorf("%+v", c)
	}
	if c.Identifier.Value != c.Identifier.Number || !strings.HasPrefix(c.Identifier.Value, "‹identifier-") || !strings.HasPrefix(c.Product, "CPS3v3-‹number-") {
		t.Errorf("identifier %q, number %q, product %q", c.Identifier.Value, c.Identifier.Number, c.Product)
	}
}

// TestPlaceholdersAreStable: the same value has the same placeholder in two
// reports of a workstation, another one elsewhere.
func TestPlaceholdersAreStable(t *testing.T) {
	t.Parallel()
	s := speaker(t, "fr")
	at := func(key []byte) (string, string) {
		r := New(s, example(), Options{Key: key})
		return r.Card.Number, r.Workstation
	}
	one, mark := at(machine)
	again, sameMark := at(machine)
	other, otherMark := at(Key([]byte("another machine")))
	if one != again || mark != sameMark || mark == otherMark || one == other {
		t.Errorf("%q %q %q, %q %q %q", one, again, other, mark, sameMark, otherMark)
	}
	lone := New(s, example(), Options{})
	if lone.Placeholders != OfReport || lone.Workstation != "" || !strings.Contains(Text(s, lone), s.Say("report.placeholders.report")) {
		t.Errorf("without a machine identifier: %q, %q", lone.Placeholders, lone.Workstation)
	}
	if second := New(s, example(), Options{}); second.Card.Number == lone.Card.Number && second.Card.Certificates[0].Serial == lone.Card.Certificates[0].Serial {
		t.Error("without a machine identifier, two reports have the same placeholders")
	}
}

// awkward names of persons, accounts and machines.
var awkward = struct{ families, givens, users, hosts []string }{
	families: []string{"DUPRÉ-MARTIN", "de La Tour d'Auvergne", "Carte", "Poste", "LE BON", "Œuvrard", "Straße", "O'Brien", "ŁUKASZ", "محمد", "Nguyễn", "Petit", "VÉRIFICATION"},
	givens:   []string{"Loïc", "Jean-Pierre", "Zoé", "Éléonore", "Guy", "Fatoumata", "Jean  Marie"},
	users:    []string{"root", "user", "admin", "doctor", "camille", "Jean Dupont", "é.martin", "DOMAINE\\c.durand", "a", "lib", "c.durand@cabinet.example"},
	hosts:    []string{"poste-7", "DESKTOP-4F7QK2A", "pc", "localhost", "accueil.cabinet-durand.example", "camille-portable"},
}

// wraps put a value where it may be met.
var wraps = []string{
	"%s", "CPS3v3-%s", "slot %s (token)", "/var/cache/%s.bin", `C:\ProgramData\santesocial\%s\x.dat`, "error: %s: denied", "«%s»",
	"<b>%s</b>", "\x1b[31m%s\x1b[0m", "prefix_%s_suffix", "%s\n%s", "CN=%s,O=X", "\u202e%s",
}

// TestRandomDiagnoses plants what says who somebody is in every field of random
// diagnoses, and looks for it in every form of the report.
func TestRandomDiagnoses(t *testing.T) {
	t.Parallel()
	speakers := map[string]*language.Speaker{}
	for _, tag := range language.Supported {
		speakers[tag] = speaker(t, tag)
	}
	for seed := range uint64(150) {
		dice := rand.New(rand.NewPCG(seed, 4))
		pick := func(all []string) string { return all[dice.IntN(len(all))] }
		d, persons := randomDiagnosis(dice, pick)
		redaction := []Redaction{Partial, Full}[dice.IntN(2)]
		s := speakers[pick(language.Supported)]
		// An ordinary word is in the sentences of the program, whoever bears it.
		sentences := said(t, New(s, diagnostic.Diagnosis{GOOS: d.GOOS, At: d.At, Findings: bare(d.Findings)}, Options{Key: machine}))
		for form, text := range said(t, New(s, d, Options{Redaction: redaction, Key: machine})) {
			for kind, value := range persons {
				if holds(text, value) && !holds(sentences[form], value) {
					t.Fatalf("seed %d, %s, %s: the %s %q is there:\n%s", seed, redaction, form, kind, value, text)
				}
			}
		}
	}
}

// bare are the findings without their facts.
func bare(all []diagnostic.Finding) []diagnostic.Finding {
	var without []diagnostic.Finding
	for _, f := range all {
		f.Facts = nil
		without = append(without, f)
	}
	return without
}

func randomDiagnosis(dice *rand.Rand, pick func([]string) string) (diagnostic.Diagnosis, map[string]string) {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('1' + dice.IntN(9)))
		}
		return b.String()
	}
	d := example()
	number, card, serial := "99700"+digits(6), digits(10), fmt.Sprintf("%X", dice.Uint64()|1<<60)
	c := d.Card
	c.Identifier.Identifier = nationalid.Identifier{Value: "8" + number, Type: nationalid.RPPS, Number: number}
	c.Number, c.Product = card, "CPS3v3-"+card
	c.Holder.FamilyName, c.Holder.GivenName = pick(awkward.families), pick(awkward.givens)
	x := &c.Certificates[0]
	x.Serial, x.CommonName, x.Surname, x.GivenName = serial, "8"+number, c.Holder.FamilyName, c.Holder.GivenName
	x.DN = "CN=8" + number + "+SN=" + c.Holder.FamilyName + "+GN=" + c.Holder.GivenName
	persons := map[string]string{
		"identifier": "8" + number, "RPPS": number, "card number": card, "serial": serial,
		"family name": c.Holder.FamilyName, "given name": c.Holder.GivenName,
	}
	if len(fold(persons["given name"])) < 3 {
		delete(persons, "given name")
	}
	forms := []string{"8" + number, number, nationalid.Grouped("8" + number), card, card[:8], serial, strings.ToLower(serial),
		c.Holder.FamilyName, strings.ToUpper(c.Holder.FamilyName), c.Holder.GivenName}
	user, host := pick(awkward.users), pick(awkward.hosts)
	name := user[strings.LastIndex(user, `\`)+1:]
	name, _, _ = strings.Cut(name, "@")
	home := "/home/" + name
	if dice.IntN(2) == 0 {
		d.GOOS, home = "windows", `C:\Users\`+name
	}
	d.Persons = []diagnostic.Fact{
		{Key: "user", Value: user, Sensitivity: diagnostic.Person}, {Key: "host", Value: host, Sensitivity: diagnostic.Person},
		{Key: "home", Value: home, Sensitivity: diagnostic.Person},
	}
	forms = append(forms, home, home+"/x", "file://"+home+"/.mozilla")
	if letters := fold(name); len(letters) >= 4 && !ordinary[plain(letters)] {
		persons["user"] = name
		forms = append(forms, name)
	}
	plant := func() string { return strings.ReplaceAll(pick(wraps), "%s", pick(forms)) }
	c.Gaps = []cps.Gap{{Part: plant(), Err: fmt.Errorf("%s", plant())}}
	d.Reader = plant()
	x.Label, x.Issuer = plant(), plant()
	d.System.Name = plant()
	for i := range d.Findings {
		f := &d.Findings[i]
		f.Facts = nil
		for range dice.IntN(5) {
			f.Facts = append(f.Facts, diagnostic.Fact{Key: pick([]string{"path", "service", "detail", "version", "user"}), Value: plant(),
				Sensitivity: []diagnostic.Sensitivity{diagnostic.Public, diagnostic.Workstation, diagnostic.Person}[dice.IntN(3)]})
		}
	}
	return d, persons
}

// TestOrdinaryWordsStay: whoever is called after a word of the sentences, no
// sentence is broken.
func TestOrdinaryWordsStay(t *testing.T) {
	t.Parallel()
	s := speaker(t, "fr")
	d := example()
	want := New(s, d, Options{Key: machine})
	for _, user := range []string{"root", "user", "admin", "doctor", "lecteur", "carte", "pcscd", "Debian"} {
		d.Persons = []diagnostic.Fact{
			{Key: "user", Value: user, Sensitivity: diagnostic.Person}, {Key: "host", Value: user, Sensitivity: diagnostic.Person},
			{Key: "home", Value: "/home/" + user, Sensitivity: diagnostic.Person},
		}
		got := New(s, d, Options{Key: machine})
		if got.Answer != want.Answer || user != "Debian" && got.System != want.System {
			t.Errorf("%s: %+v, %+v", user, got.Answer, got.System)
		}
		for i, f := range got.Findings {
			if f.Title != want.Findings[i].Title || user != "pcscd" && f.Summary != want.Findings[i].Summary || f.Remedy != want.Findings[i].Remedy {
				t.Errorf("%s: %s reads %q, %q, %q", user, f.Code, f.Title, f.Summary, f.Remedy)
			}
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	d := example()
	sweep := func(user, host, home string) *sweeper {
		d := d
		d.Persons = []diagnostic.Fact{{Key: "user", Value: user, Sensitivity: diagnostic.Person},
			{Key: "host", Value: host, Sensitivity: diagnostic.Person}, {Key: "home", Value: home, Sensitivity: diagnostic.Person}}
		return newRedactor(d, Options{Redaction: Partial, Key: machine}).sweep
	}
	// Placeholders are compared without their digits.
	plainly := func(s string) string { return placeholderForm.ReplaceAllString(s, "‹$1›") }
	camille, root := sweep("camille", "poste-7", "/home/camille"), sweep("root", "pc", "/root")
	doctor := sweep(`CABINET\doctor`, "CABINET", `C:\Users\doctor`)
	for _, c := range []struct {
		by         *sweeper
		text, want string
	}{
		{camille, "/home/camille", "~"},
		{camille, "/home/camille/.mozilla/firefox", "~/.mozilla/firefox"},
		{camille, "file:///home/camille/x", "file://~/x"},
		{camille, "/home/camille2/x", "/home/‹user›/x"},
		{camille, "/home/camille.old/x", "/home/‹user›/x"},
		{camille, "/home/", "/home/"},
		{camille, "read /home/camille.", "read ~."},
		{camille, "/mnt/camille-usb/x", "/mnt/‹user›-usb/x"},
		{camille, "owned by Camille", "owned by ‹user›"},
		{camille, "camilles", "camilles"},
		{camille, "/home/bob/x", "/home/‹user›/x"},
		{camille, "/Users/Shared/x", "/Users/Shared/x"},
		{camille, `C:\Users\Jean Dupont\AppData`, `C:\Users\‹user›\AppData`},
		{camille, `"C:\\Users\\bob\\x"`, `"C:\\Users\\‹user›\\x"`},
		{camille, `\\poste-7\partage`, `\\‹host›\partage`},
		{camille, "Gemalto (21A0BC77) 00 00", "Gemalto (‹serial›) 00 00"},
		{camille, "Gemalto (Contact Interface) 00 00", "Gemalto (Contact Interface) 00 00"},
		{camille, "loic.dupre@mssante.example", "‹givenName›.‹familyName›@mssante.example"},
		{camille, "c.martin@mssante.example", "c.‹familyName›@mssante.example"},
		{camille, "zoe@mssante.example", "‹mail›"},
		{camille, "8 99700 21889 6", "‹identifier›"},
		{camille, "8997002188961234", "‹identifier›1234"},
		{camille, "29009999_cache.bin", "‹number›_cache.bin"},
		{camille, "129009999", "129009999"},
		{camille, "of 810003746693", "of 810003746693"}, // no check digit of an RPPS holds
		{camille, "5.2.6 / 2026-06-15", "5.2.6 / 2026-06-15"},
		{camille, "3BAC00402A001225006480000310009000", "3BAC00402A001225006480000310009000"},
		{camille, "DUP\u200bRÉ", "‹familyName›"},
		{camille, "Dupre\u0301-Martin!", "‹familyName›!"},
		{camille, "duprémartin", "‹familyName›"},
		{camille, "00:0a:1b:2c:3d:4e:5f", "00:0‹serial›"},
		{camille, "", ""},
		{root, "/root/.mozilla", "~/.mozilla"},
		{root, "/chroot/root.d", "/chroot/‹user›.d"},
		{root, "not root, at the root of the disk", "not root, at the root of the disk"},
		{root, "this pc", "this pc"},
		{doctor, `c:\users\DOCTOR\AppData`, `~\AppData`},
		{doctor, "ask the doctor", "ask the doctor"},
		{doctor, `CABINET\doctor`, `‹host›\‹user›`},
	} {
		if got := plainly(c.by.text(c.text)); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

// TestSweepIsBounded: no text costs more than its beginning.
func TestSweepIsBounded(t *testing.T) {
	t.Parallel()
	hide := newRedactor(example(), Options{Redaction: Partial, Key: machine})
	if got := hide.text(strings.Repeat("é/home/camille 2900999999 ", 200_000)); len(got) > longestSwept*2 || strings.Contains(got, "29009") {
		t.Errorf("%d bytes", len(got))
	}
}
