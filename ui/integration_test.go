package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// fakeBench gives what it was told to, and remembers what it was asked.
type fakeBench struct {
	survey  Survey
	proof   cardreader.ProofResult
	err     error
	during  func()
	surveys int
	readers []string
	orders  []ProveOrder
	codes   []string
	// what the authorities answer, in turn; asked counts the times.
	answers []igcsante.RevocationResult
	asked   int
}

func (b *fakeBench) Revocation(ctx context.Context, certificates []Certificate, answer func(int, igcsante.RevocationResult)) error {
	b.asked++
	for at := range certificates {
		if ctx.Err() != nil {
			break
		}
		answer(at, b.answers[at])
		if b.during != nil {
			b.during()
		}
	}
	return ctx.Err()
}

func (b *fakeBench) Survey(ctx context.Context, reader string, progress func(Step)) (Survey, error) {
	b.surveys++
	b.readers = append(b.readers, reader)
	for _, step := range []Step{StepCard, StepModules} {
		progress(step)
	}
	if b.during != nil {
		b.during()
	}
	return b.survey, ctx.Err()
}

func (b *fakeBench) Prove(_ context.Context, order ProveOrder) (cardreader.ProofResult, error) {
	b.orders, b.codes = append(b.orders, order), append(b.codes, string(order.Code))
	if b.during != nil {
		b.during()
	}
	return b.proof, b.err
}

// openIntegration opens a window at the place Intégration. What it wants done
// beside the toolkit waits in work until finish.
func openIntegration(t *testing.T, tag string, bench *fakeBench) (w *Window, work *[]func()) {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	w = New(test.NewTempApp(t), s, Options{Now: today, Workbench: bench, Later: func(time.Duration, func()) {}})
	t.Cleanup(w.Close)
	work = new([]func())
	makeAll(w)
	w.integration.spawn = func(do func()) { *work = append(*work, do) }
	w.integration.post = func(do func()) { do() }
	w.Open()
	w.shortcuts[len(w.shortcuts)-1].do() // Alt+2
	wrap(w)
	return w, work
}

func finish(work *[]func()) {
	for _, do := range *work {
		do()
	}
	*work = nil
}

// wrap lets the words wrap: what is nested needs several looks.
func wrap(w *Window) {
	for range 3 {
		settle(w, 1024, 600)
	}
}

func typeKeys(w *Window, names ...fyne.KeyName) {
	for _, n := range names {
		if f := w.window.Canvas().Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: n})
		} else {
			w.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: n})
		}
	}
}

func typeCode(w *Window, code string) {
	for _, r := range code {
		w.integration.proof.code.TypedRune(r)
	}
}

// folds are the titles in a place that open and close.
func folds(place fyne.CanvasObject) []*fold {
	var all []*fold
	walk(place, 0, func(o fyne.CanvasObject, _ float32) {
		if f, ok := o.(*fold); ok {
			all = append(all, f)
		}
	})
	return all
}

// unfold opens everything.
func unfold(w *Window) {
	for range 4 {
		for _, f := range folds(w.integration.content) {
			f.Open()
		}
	}
}

var (
	cryptolib = pkcs11.Module{Path: "/opt/exemple/libcps3_pkcs11.so", Name: "Cryptolib CPS", Family: pkcs11.Cryptolib, DeclaredBy: []pkcs11.Declaration{{By: "known-place"}}}
	opensc    = pkcs11.Module{Path: "/usr/lib/opensc-pkcs11.so", Name: "OpenSC", Family: pkcs11.OpenSC,
		DeclaredBy: []pkcs11.Declaration{{By: "p11-kit", File: "/usr/share/p11-kit/modules/opensc.module"}}}
)

// withNumber is the card of the tests as a file says it.
func withNumber(c *cps.Card) { c.Paths = map[string]string{"CPS_INFO_PS": "3F00D015"} }

func tokenOf(identifier string) *pkcs11.Token {
	info := "\x80\x01\x00\x81\x0C" + identifier + "\x82\x01\x28"
	return &pkcs11.Token{
		Label: "CPS3v3-2900999999", Serial: "29009999", Manufacturer: "GIP", Model: "CPS3",
		Flags:      []string{"CKF_LOGIN_REQUIRED", "CKF_USER_PIN_INITIALIZED"},
		Mechanisms: []pkcs11.Mechanism{{Name: "CKM_RSA_PKCS", LeastKB: 1024, MostKB: 2048, Flags: []string{"CKF_SIGN"}}},
		Objects: []pkcs11.Object{
			{Class: "data", Label: "CPS_INFO_PS", Application: "CPS", Value: append([]byte{0xED, byte(len(info))}, info...)},
			{Class: "private-key", Label: "CPS_PRIV_AUT", ID: []byte{1, 2}, KeyType: "RSA", Bits: 2048, Private: true, Usage: []string{"CKA_SIGN"}},
			{Class: "certificate", Label: "Certificat d'authentification", Value: []byte("no certificate")},
		},
	}
}

func probeOf(m pkcs11.Module, identifier string) pkcs11.Probe {
	return pkcs11.Probe{
		Module: m, Status: pkcs11.OK, File: pkcs11.File{Status: pkcs11.OK},
		Info:  pkcs11.Info{Manufacturer: "Exemple", Description: "Module", Cryptoki: "2.20", Version: "3.1"},
		Slots: []pkcs11.Slot{{ID: 0, Description: readerName, Token: tokenOf(identifier)}, {ID: 1, Description: "Lecteur vide"}},
	}
}

func brokenProbe(m pkcs11.Module, status pkcs11.Status, call string) pkcs11.Probe {
	return pkcs11.Probe{Module: m, Status: status, Call: call, Detail: "signal: segmentation fault", File: pkcs11.File{Status: pkcs11.OK, WorldWritable: []string{"/opt/exemple"}}}
}

func certificate(change ...func(*Certificate)) Certificate {
	c := Certificate{Role: cps.Authentication, Label: "Certificat d'authentification", Examination: igcsante.Examination{
		Verdict: igcsante.ChainedToIGCSante, Gamme: "fort", Subject: "CN=899700218896", Issuer: "CN=AC EXEMPLE", Serial: "0A",
		SHA256:   strings.Repeat("0F", 32),
		KeyUsage: []string{"digitalSignature"}, Key: igcsante.Key{Type: "RSA", Bits: 2048}, Signature: "sha256WithRSAEncryption",
		Validity: igcsante.Validity{State: igcsante.Valid, NotAfter: time.Date(2027, 2, 21, 0, 0, 0, 0, time.UTC), DaysLeft: 89},
		Chain:    []igcsante.Link{{Subject: "CN=899700218896"}, {Subject: "CN=AC EXEMPLE", SHA256: "0B", Where: []string{"/etc/exemple/ac.cer"}}},
		Extensions: []igcsante.Extension{
			{OID: "2.5.29.15", Label: igcsante.Label{Name: "keyUsage", French: "Usage de la clé", English: "Key usage"}, Critical: true, Text: []string{"digitalSignature"}, Value: []byte{3}},
			{OID: "1.2.3.4", Value: []byte{4, 1, 0xFF}},
		},
	}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func surveyOf(card *cps.Card, probes ...pkcs11.Probe) Survey {
	s := Survey{Probes: probes}
	if card != nil {
		c := cardreader.Compare(readerName, card, probes)
		s.Comparison = &c
		s.Certificates = []Certificate{certificate()}
	}
	return s
}

func fine() Survey {
	return surveyOf(dentist(withNumber), probeOf(cryptolib, "899700218896"), probeOf(opensc, "899700218896"))
}

func keysProved(ok bool) []pkcs11.KeyProof {
	signature := pkcs11.KeyProof{Role: pkcs11.Signature, Mechanism: "CKM_RSA_PKCS", OK: ok}
	if !ok {
		signature.Failure = &pkcs11.Failure{Call: "C_Sign", Code: "CKR_FUNCTION_FAILED"}
	}
	return []pkcs11.KeyProof{{Role: pkcs11.Authentication, Mechanism: "CKM_RSA_PKCS", OK: true}, signature}
}

func count(n int) *int { return &n }

// proving leads the person to a proof with that code.
func proving(code string, confirm bool) func(w *Window, work *[]func()) {
	return func(w *Window, work *[]func()) {
		typeCode(w, code)
		w.integration.proof.confirm.SetChecked(confirm)
		w.integration.proof.present()
		finish(work)
	}
}

// integrationStates are what the place Intégration must say in words.
var integrationStates = []struct {
	name     string
	snapshot cardreader.Snapshot
	bench    fakeBench
	examine  bool
	then     func(w *Window, work *[]func())
	says     string
	tone     wording.Tone
}{
	{name: "not-examined", snapshot: read(), says: "pas encore été examinés", tone: wording.Plain},
	{name: "under-way", snapshot: read(), says: "Examen en cours", tone: wording.Working,
		then: func(w *Window, _ *[]func()) { typeKeys(w, fyne.KeyF5) }},
	{name: "interrupted", snapshot: read(), says: "a été interrompu", tone: wording.Plain,
		then: func(w *Window, work *[]func()) { typeKeys(w, fyne.KeyF5, fyne.KeyEscape); finish(work) }},
	{name: "fine", snapshot: read(), bench: fakeBench{survey: fine()}, examine: true, says: "2 modules répondent, et disent la même chose que la carte", tone: wording.Good},
	{name: "fine-no-card", snapshot: one(cardreader.NoCard), bench: fakeBench{survey: surveyOf(nil, probeOf(cryptolib, "899700218896"))}, examine: true,
		says: "Aucune carte CPx n'est dans le lecteur", tone: wording.Plain},
	{name: "card-unread", snapshot: one(cardreader.Unreadable), bench: fakeBench{survey: Survey{Probes: []pkcs11.Probe{probeOf(cryptolib, "")}, CardErr: errors.New("6F00")}}, examine: true,
		says: "Détail technique : 6F00", tone: wording.Warning},
	{name: "disagreement", snapshot: read(withNumber), bench: fakeBench{survey: surveyOf(dentist(withNumber), probeOf(cryptolib, "899700366240"), probeOf(opensc, "899700218896"))}, examine: true,
		says: "Cryptolib CPS contredit la carte", tone: wording.Bad},
	{name: "crashed", snapshot: read(), bench: fakeBench{survey: surveyOf(dentist(), brokenProbe(cryptolib, pkcs11.Crashed, "C_Initialize"), brokenProbe(opensc, pkcs11.TimedOut, "C_GetSlotList"))}, examine: true,
		says: "Ne fonctionnent pas : Cryptolib CPS, OpenSC", tone: wording.Bad},
	{name: "one-crashed", snapshot: read(), bench: fakeBench{survey: surveyOf(dentist(), probeOf(cryptolib, "899700218896"), brokenProbe(opensc, pkcs11.TimedOut, "C_GetSlotList"))}, examine: true,
		says: "OpenSC ne fonctionne pas", tone: wording.Warning},
	{name: "no-module", snapshot: read(), examine: true, says: "Aucun module PKCS#11", tone: wording.Warning},
	{name: "blind", snapshot: read(), bench: fakeBench{survey: surveyOf(dentist(), pkcs11.Probe{Module: cryptolib, Status: pkcs11.OK})}, examine: true,
		says: "Aucun module ne voit cette carte", tone: wording.Bad},
	{name: "certificate-expired", snapshot: read(), bench: fakeBench{survey: func() Survey {
		s := fine()
		s.Certificates = []Certificate{certificate(func(c *Certificate) { c.Validity.State = igcsante.Expired })}
		return s
	}()}, examine: true, says: "Un certificat de la carte demande attention", tone: wording.Bad},
	{name: "authority-missing", snapshot: read(), bench: fakeBench{survey: func() Survey {
		s := fine()
		s.Certificates = []Certificate{certificate(), certificate(func(c *Certificate) { c.Role, c.Verdict = cps.Signature, igcsante.UnknownIssuer })}
		return s
	}()}, examine: true, says: "Signature : autorité inconnue", tone: wording.Warning},
	{name: "cryptolib-blind", snapshot: read(), bench: fakeBench{survey: surveyOf(dentist(), pkcs11.Probe{Module: cryptolib, Status: pkcs11.OK}, probeOf(opensc, "899700218896"))}, examine: true,
		says: "La Cryptolib CPS ne voit pas cette carte", tone: wording.Warning},
	{name: "revocation-good", snapshot: read(), bench: fakeBench{survey: twoCertificates(), answers: answered(igcsante.Good, igcsante.Good)}, examine: true,
		then: askingRevocation, says: "Aucun des 2 certificats n'est révoqué", tone: wording.Good},
	{name: "revocation-revoked", snapshot: read(), bench: fakeBench{survey: twoCertificates(), answers: answered(igcsante.Good, igcsante.Revoked)}, examine: true,
		then: askingRevocation, says: "révoqué le 2026-10-01 keyCompromise", tone: wording.Bad},
	{name: "revocation-unknown", snapshot: read(), bench: fakeBench{survey: twoCertificates(), answers: answered(igcsante.Good, igcsante.NotChecked)}, examine: true,
		then: askingRevocation, says: "non vérifiée : pas de réseau jusqu'à l'autorité", tone: wording.Good},
	{name: "revocation-under-way", snapshot: read(), bench: fakeBench{survey: twoCertificates(), answers: answered(igcsante.Good, igcsante.Good)}, examine: true,
		then: func(w *Window, _ *[]func()) { w.integration.revocation.Ask() }, says: "Certificats vérifiés : 0 sur 2", tone: wording.Good},
	{name: "undeclared", snapshot: read(), bench: fakeBench{survey: func() Survey {
		s := fine()
		s.Undeclared = []error{errors.New("pkcs11.txt: no right to read it")}
		return s
	}()}, examine: true, says: "n'a pas pu être lu", tone: wording.Good},
	{name: "outdated", snapshot: read(), bench: fakeBench{survey: fine()}, examine: true,
		then: func(w *Window, _ *[]func()) { w.Show(one(cardreader.NoCard)) }, says: "La carte a changé", tone: wording.Plain},
	{name: "hostile", snapshot: cardreader.Snapshot{Readers: []cardreader.ReaderStatus{{Reader: hostile, Stage: cardreader.Read, Card: dentist()}}},
		bench: fakeBench{survey: hostileSurvey(), err: errors.New(hostile), proof: cardreader.ProofResult{Proof: pkcs11.Proof{
			Login: pkcs11.LoginOther, LoginCode: hostile, Presented: true,
			Keys:    []pkcs11.KeyProof{{Role: pkcs11.Signature, Mechanism: hostile, OK: true}, {Role: pkcs11.Authentication, Problem: hostile}},
			Objects: []pkcs11.Object{{Class: hostile, Label: hostile, Value: []byte(hostile[:40]), KeyType: hostile}},
		}, ResetErr: errors.New(hostile)}}, examine: true, then: proving("1234", false), says: "contredit", tone: wording.Bad},
	{name: "proof-right", snapshot: read(), bench: fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{
		Login: pkcs11.LoginOK, Presented: true, Keys: keysProved(true),
		Objects: []pkcs11.Object{{Class: "data", Label: "CPS_ACTIVITY_01_PS", Value: []byte("\xEE\x0C\x80\x01\x00\x84\x07CABINET")}},
	}, TriesAfter: count(3)}}, examine: true, then: proving("1234", false), says: "Les deux clés ont signé", tone: wording.Good},
	{name: "proof-key-failed", snapshot: read(), bench: fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{
		Login: pkcs11.LoginOK, Presented: true, Keys: keysProved(false)}, TriesAfter: count(3), ResetErr: errors.New("SCARD_W_RESET_CARD")}}, examine: true,
		then: proving("1234", false), says: "C_Sign a échoué (CKR_FUNCTION_FAILED)", tone: wording.Good},
	{name: "proof-wrong-code", snapshot: read(), bench: fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{
		Login: pkcs11.LoginWrongCode, LoginCode: "CKR_PIN_INCORRECT", Presented: true}, TriesAfter: count(2)}}, examine: true,
		then: proving("9999", false), says: "Le code porteur est faux", tone: wording.Good},
	{name: "proof-last-try", snapshot: read(func(c *cps.Card) { c.PIN.TriesLeft = 1 }), bench: fakeBench{survey: fine()}, examine: true,
		then: proving("1234", false), says: "Il ne reste qu'un essai : le code n'a pas été présenté", tone: wording.Good},
	{name: "proof-blocked", snapshot: read(func(c *cps.Card) { c.PIN.TriesLeft = 0 }), bench: fakeBench{survey: fine()}, examine: true,
		then: proving("1234", false), says: "Le code porteur est bloqué", tone: wording.Good},
	{name: "proof-no-card", snapshot: one(cardreader.NoCard), bench: fakeBench{survey: surveyOf(nil, probeOf(cryptolib, ""))}, examine: true,
		then: proving("1234", false), says: "Aucune carte CPx lue n'est dans le lecteur", tone: wording.Plain},
	{name: "proof-other-card", snapshot: read(), bench: fakeBench{survey: fine(), err: cardreader.ErrCardChanged}, examine: true,
		then: proving("1234", false), says: "Le code n'a pas été présenté", tone: wording.Good},
	{name: "proof-under-way", snapshot: read(), bench: fakeBench{survey: fine()}, examine: true,
		then: func(w *Window, _ *[]func()) { typeCode(w, "1234"); w.integration.proof.present() }, says: "Laissez la carte dans le lecteur", tone: wording.Good},
}

// twoCertificates is a card whose two certificates can be asked about.
func twoCertificates() Survey {
	s := fine()
	s.Certificates = []Certificate{certificate(), certificate(func(c *Certificate) { c.Role = cps.Signature })}
	return s
}

// answered are what the authorities answer, in turn.
func answered(all ...igcsante.RevocationStatus) []igcsante.RevocationResult {
	var answers []igcsante.RevocationResult
	for _, status := range all {
		a := igcsante.Attempt{Status: status}
		switch status {
		case igcsante.Revoked:
			a.RevokedAt, a.Reason = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), "keyCompromise"
		case igcsante.NotChecked:
			a.Why = igcsante.WhyNoNetwork
		}
		answers = append(answers, igcsante.RevocationResult{Attempt: a})
	}
	return answers
}

func askingRevocation(w *Window, work *[]func()) {
	w.integration.revocation.Ask()
	finish(work)
}

func hostileSurvey() Survey {
	m := pkcs11.Module{Path: hostile, Name: hostile, Family: pkcs11.Other, DeclaredBy: []pkcs11.Declaration{{By: "p11-kit", File: hostile, Name: hostile}}}
	p := probeOf(m, "899700366240")
	p.Info = pkcs11.Info{Manufacturer: hostile, Description: hostile, Version: hostile, Cryptoki: hostile}
	p.File.WorldWritable, p.Detail = []string{hostile}, hostile
	token := p.Slots[0].Token
	token.Manufacturer, token.Model, token.Flags = hostile, hostile, []string{hostile}
	token.Mechanisms = []pkcs11.Mechanism{{Name: hostile, Flags: []string{hostile}}}
	token.Failures = []pkcs11.Failure{{Call: hostile, Code: hostile, Detail: hostile}}
	token.Objects = append(token.Objects, pkcs11.Object{Class: hostile, Label: hostile, KeyType: hostile, Application: hostile,
		Usage: []string{hostile}, Value: []byte(hostile), Failures: []pkcs11.Failure{{Call: hostile}}})
	p.Slots[0].Description = hostile
	p.Slots = append(p.Slots, pkcs11.Slot{ID: 2, Description: hostile, Failure: &pkcs11.Failure{Call: hostile, Code: hostile}})
	s := surveyOf(dentist(), p, brokenProbe(m, pkcs11.Crashed, hostile))
	s.Undeclared = []error{errors.New(hostile)}
	s.Certificates = []Certificate{certificate(func(c *Certificate) {
		c.Role, c.Label, c.Subject, c.Issuer, c.Serial, c.Err = cps.Role(hostile), hostile, hostile, hostile, hostile, errors.New(hostile)
		c.Verdict, c.KeyUsage, c.Key.Type, c.Signature = igcsante.UnknownIssuer, []string{hostile}, hostile, hostile
		c.Chain[1] = igcsante.Link{Subject: hostile, SHA256: hostile, Where: []string{hostile}}
		c.Extensions = []igcsante.Extension{{OID: hostile, Label: igcsante.Label{French: hostile, English: hostile}, Text: []string{hostile}}}
	})}
	return s
}

// showIntegration brings a window to the state of that name, all unfolded.
func showIntegration(t *testing.T, tag, name string) (*Window, *fakeBench) {
	t.Helper()
	for _, st := range integrationStates {
		if st.name != name {
			continue
		}
		bench := st.bench
		w, work := openIntegration(t, tag, &bench)
		w.Show(st.snapshot)
		if st.examine {
			typeKeys(w, fyne.KeyF5)
			finish(work)
		}
		if st.then != nil {
			st.then(w, work)
		}
		unfold(w)
		wrap(w)
		return w, &bench
	}
	t.Fatalf("there is no state %q", name)
	return nil, nil
}

func TestIntegrationScreens(t *testing.T) {
	for _, st := range integrationStates {
		t.Run(st.name, func(t *testing.T) {
			w, _ := showIntegration(t, "fr", st.name)
			got := test.RenderObjectToMarkup(w.integration.content)
			path := filepath.Join("testdata", "integration-"+st.name+".xml")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s differs (-update writes it anew):\n%s", path, d)
			}
			if said := words(w); !strings.Contains(said, st.says) {
				t.Errorf("%q is not said:\n%s", st.says, said)
			}
			if praise := strings.Contains(w.integration.title.Text, "la même chose que la carte"); praise != (w.integration.stage == examined && st.tone == wording.Good) {
				t.Errorf("the title says %q under the sign of %d", w.integration.title.Text, st.tone)
			}
			if st.then == nil && strings.Contains(w.integration.title.Text, "certificat de la carte demande") && w.integration.findings.Objects[0].(*fyne.Container).Objects[0].(*fold) != w.integration.revocation.around {
				t.Error("what the answer speaks of does not come first")
			}
			if w.integration.sign.Resource.Name() != toneIcon(st.tone).Name() {
				t.Errorf("the sign is %s, want %s", w.integration.sign.Resource.Name(), toneIcon(st.tone).Name())
			}
		})
	}
}

func TestIntegrationSpeaksAndStaysInside(t *testing.T) {
	hole := regexp.MustCompile(`^[a-z]+(\.[a-z0-9-]+)+$`)
	for _, tag := range language.Supported {
		for _, st := range integrationStates {
			t.Run(tag+"/"+st.name, func(t *testing.T) {
				w, _ := showIntegration(t, tag, st.name)
				for _, l := range strings.Split(words(w), "\n") {
					if strings.Contains(l, "<no value>") || strings.Contains(l, "{{") || hole.MatchString(l) && w.speaker.Say(l) == l && strings.HasPrefix(l, "integration.") {
						t.Errorf("a hole in %q", l)
					}
					if len(l) > 1600 {
						t.Errorf("%d bytes on one label", len(l))
					}
					if strings.ContainsAny(l, "\x1b\x07\u202e\u2066\r") {
						t.Errorf("not inert: %q", l)
					}
				}
				staysInside(t, w)
				fitsNarrow(t, w, &w.integration.pane)
			})
		}
	}
}

// TestNothingRunsByItself: neither opening, nor a card, nor a look at the place.
func TestNothingRunsByItself(t *testing.T) {
	bench := &fakeBench{survey: fine()}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read())
	w.Show(one(cardreader.NoCard))
	w.Show(read())
	if finish(work); bench.surveys > 0 || len(bench.orders) > 0 || bench.asked > 0 {
		t.Error("something ran that nobody asked for")
	}
	w.integration.Examine()
	w.integration.Examine()
	if len(*work) != 1 {
		t.Errorf("%d examinations at a time", len(*work))
	}
	if finish(work); !slices.Equal(bench.readers, []string{readerName}) {
		t.Errorf("the card was looked for in %q", bench.readers)
	}
	if unfold(w); bench.asked > 0 {
		t.Error("the authorities were asked by an examination")
	}
}

// TestRevocationIsAskedForOnceAndStops: it says first who will be asked, runs
// alone, ends with Escape, and with the card.
func TestRevocationIsAskedForOnceAndStops(t *testing.T) {
	bench := &fakeBench{survey: twoCertificates(), answers: answered(igcsante.Good, igcsante.Revoked)}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read())
	i := w.integration
	i.Examine()
	finish(work)
	wrap(w)
	r := i.revocation
	if said := words(w); !strings.Contains(said, "igc-sante.esante.gouv.fr, ocsp.esante.gouv.fr") || !strings.Contains(said, "numéro de série") {
		t.Errorf("who is asked, and what is sent, is not said:\n%s", said)
	}
	w.window.Canvas().Focus(r.ask)
	typeKeys(w, fyne.KeyReturn)
	r.Ask()
	i.Examine()
	if len(*work) != 1 || !i.run.Disabled() || w.window.Canvas().Focused() != fyne.Focusable(r.stop) {
		t.Errorf("%d at a time, the keyboard is on %T", len(*work), w.window.Canvas().Focused())
	}
	bench.during = func() { typeKeys(w, fyne.KeyEscape) }
	finish(work)
	if r.answers[0] == nil || r.answers[1] != nil || !strings.Contains(words(w), "La vérification a été interrompue") {
		t.Errorf("Escape did not end it:\n%s", words(w))
	}
	if w.window.Canvas().Focused() != fyne.Focusable(r.ask) || i.run.Disabled() {
		t.Error("nothing can be done after it was ended")
	}
	bench.during = nil
	r.Ask()
	finish(work)
	if st := i.answer(); st.Tone != wording.Bad || !strings.Contains(st.Meaning, "Signature : révoqué le 2026-10-01") {
		t.Errorf("the answer is %+v", st)
	}
	if i.findings.Objects[0].(*fyne.Container).Objects[0].(*fold) == r.around {
		t.Error("the section moved while the person was in it")
	}
	if r.around.sign.Name() != toneIcon(wording.Bad).Name() || r.around.shown.Resource.Name() != r.around.sign.Name() {
		t.Error("the section does not show that one is revoked")
	}
	var ctx context.Context
	bench.during = func() { w.Show(one(cardreader.NoCard)) }
	r.Ask()
	cancel := r.cancel
	r.cancel = func() { ctx = context.Background(); cancel() }
	finish(work)
	if ctx == nil || i.stage != outdated || i.revocation != nil || i.busy() {
		t.Error("it goes on without the card")
	}
}

// TestCodeIsPresentedOnceAndWiped follows the code from the keys to the card.
func TestCodeIsPresentedOnceAndWiped(t *testing.T) {
	bench := &fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginWrongCode, Presented: true}, TriesAfter: count(2)}}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read())
	w.integration.Examine()
	finish(work)
	unfold(w)
	p := w.integration.proof
	if !p.button.Disabled() {
		t.Error("the button can be pressed without a code")
	}
	typeCode(w, "12345")
	p.code.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	if p.button.Disabled() {
		t.Fatal("the button cannot be pressed")
	}
	test.Tap(p.button)
	if p.code.length != 0 || p.code.typed != [mostTyped]byte{} || p.code.label.Text != "" {
		t.Error("the code stays in its field")
	}
	p.present()
	p.code.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	typeCode(w, "1234")
	w.integration.Examine()
	if len(*work) != 1 || p.code.length != 0 {
		t.Errorf("%d pieces of work while the code is presented", len(*work))
	}
	finish(work)
	if !slices.Equal(bench.codes, []string{"1234"}) {
		t.Fatalf("presented %q", bench.codes)
	}
	o := bench.orders[0]
	if o.Reader != readerName || o.Number != "2900999999" || o.Module.Path != cryptolib.Path || o.AllowLastTry {
		t.Errorf("order %+v", o)
	}
	if !slices.Equal(o.Code, make([]byte, 4)) {
		t.Errorf("the code was not wiped: %q", o.Code)
	}
	if got := words(w); !strings.Contains(got, "2 essais restants") || !strings.Contains(got, "est faux") {
		t.Errorf("the loss of a try is not said:\n%s", got)
	}
	p.code.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(*work) != 0 {
		t.Error("presented again without a code")
	}
}

func TestWhatIsNoCodeIsNotPresented(t *testing.T) {
	for _, code := range []string{"123", "123456789", "12a4", "12é4", strings.Repeat("1", 40)} {
		bench := &fakeBench{survey: fine()}
		w, work := openIntegration(t, "fr", bench)
		w.Show(read())
		w.integration.Examine()
		finish(work)
		proving(code, false)(w, work)
		unfold(w)
		if got := words(w); len(bench.orders) > 0 || !strings.Contains(got, "n'a pas la longueur attendue") {
			t.Errorf("%q: %d presented", code, len(bench.orders))
		}
	}
}

func TestLastTryAsksForTheTick(t *testing.T) {
	bench := &fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginOK, Presented: true}}}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read(func(c *cps.Card) { c.PIN.TriesLeft = 1 }))
	w.integration.Examine()
	finish(work)
	unfold(w)
	p := w.integration.proof
	typeCode(w, "1234")
	if !p.button.Disabled() || !p.ticked.Visible() {
		t.Error("the last try can be spent without a tick")
	}
	p.code.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(*work) > 0 || p.code.length != 0 {
		t.Errorf("Enter presents it, or the refused code stays: %d, %d", len(*work), p.code.length)
	}
	typeCode(w, "1234")
	p.confirm.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !p.confirm.Checked || p.button.Disabled() {
		t.Fatal("the tick does not allow it")
	}
	test.Tap(p.button)
	finish(work)
	if len(bench.orders) != 1 || !bench.orders[0].AllowLastTry {
		t.Errorf("orders %+v", bench.orders)
	}
	if p.confirm.Checked {
		t.Error("the tick stays for the next time")
	}
}

// TestWhatWasReadLeavesWithTheCard: nothing of a card that left stays in the
// window, and what became of the code is still said.
func TestWhatWasReadLeavesWithTheCard(t *testing.T) {
	bench := &fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginCardRemoved, Presented: true, Keys: keysProved(false),
		Objects: []pkcs11.Object{{Class: "data", Label: "CPS_ACTIVITY_01_PS"}}}}}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read())
	w.integration.Examine()
	finish(work)
	w.Show(one(cardreader.Reading)) // the same card, read anew
	w.Show(read())
	if w.integration.stage != examined {
		t.Fatal("the same card made it forget")
	}
	bench.during = func() { w.Show(one(cardreader.NoCard)) }
	typeCode(w, "1234")
	w.integration.proof.present()
	finish(work)
	unfold(w)
	i := w.integration
	if i.stage != outdated || len(i.survey.Probes) > 0 || len(i.findings.Objects) > 0 || len(i.proof.result.proof.Objects) > 0 || len(i.proof.result.proof.Keys) > 0 {
		t.Error("what was read stays")
	}
	if got := words(w); !strings.Contains(got, "La carte a été retirée pendant le test") || strings.Contains(got, "CPS_ACTIVITY") {
		t.Errorf("the outcome is not said, or too much:\n%s", got)
	}
	w.Show(read(func(c *cps.Card) { c.Number = "2900999998" }))
	if i.proof.result != nil {
		t.Error("the outcome stays with another card")
	}

	bench.during = func() { w.Show(read()) } // another card comes while it examines
	i.Examine()
	finish(work)
	if i.stage != examined {
		t.Error("what was found on the card that is there was forgotten")
	}
	bench.during = func() { w.Show(one(cardreader.NoCard)) }
	i.Examine()
	finish(work)
	if i.stage != outdated {
		t.Error("what was found on a card that left meanwhile is shown")
	}
}

func TestModuleIsChosen(t *testing.T) {
	bench := &fakeBench{survey: fine()}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read())
	w.integration.Examine()
	finish(work)
	p := w.integration.proof
	if !slices.Equal(p.choice.Options, []string{"Cryptolib CPS", "OpenSC"}) {
		t.Fatalf("offered %q", p.choice.Options)
	}
	p.choice.SetSelectedIndex(1)
	proving("1234", false)(w, work)
	if len(bench.orders) != 1 || bench.orders[0].Module.Path != opensc.Path {
		t.Errorf("orders %+v", bench.orders)
	}
}

// TestIntegrationByKeyboard walks the screen with Tab and does all with keys.
func TestIntegrationByKeyboard(t *testing.T) {
	bench := &fakeBench{survey: fine(), proof: cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginOK, Presented: true}}}
	w, work := openIntegration(t, "fr", bench)
	w.Show(read())
	i, screen := w.integration, w.window.Canvas()
	test.FocusNext(screen)
	if screen.Focused() != fyne.Focusable(i.run) {
		t.Fatalf("the keyboard is first on %T", screen.Focused())
	}
	typeKeys(w, fyne.KeyReturn)
	finish(work)
	if i.stage != examined {
		t.Fatal("Enter does not examine")
	}
	seen := map[fyne.Focusable]bool{}
	opened := 0
	for range 200 {
		test.FocusNext(screen)
		at := screen.Focused()
		if f, ok := at.(*fold); ok && !seen[at] {
			if !f.ring.Visible() {
				t.Error("the focus on a title cannot be seen")
			}
			typeKeys(w, fyne.KeyRight)
			if !f.open {
				t.Errorf("%q does not open", f.label.Text)
			}
			wrap(w)
			opened++
		}
		inSight(t, at, i.scroll)
		seen[at] = true
	}
	p := i.proof
	for _, want := range []fyne.Focusable{i.run, p.choice, p.code} {
		if !seen[want] {
			t.Errorf("the keyboard does not reach %T", want)
		}
	}
	if opened < 12 {
		t.Errorf("%d titles were reached", opened)
	}
	screen.Focus(p.code)
	typeCode(w, "1234")
	typeKeys(w, fyne.KeyReturn)
	finish(work)
	if len(bench.orders) != 1 {
		t.Error("Enter does not present the code")
	}
	screen.Focus(i.run)
	wrap(w)
	i.scroll.ScrollToTop()
	typeKeys(w, fyne.KeyEnd)
	if i.scroll.Offset.Y == 0 {
		t.Error("End does not move the screen")
	}
	screen.Focus(p.code)
	typeCode(w, "12")
	w.shortcuts[len(w.shortcuts)-2].do() // Alt+1
	if p.code.length != 0 || screen.Focused() != nil {
		t.Error("the code, or the keyboard, stays in a place that was left")
	}
	typeKeys(w, fyne.KeyF5)
	if len(*work) != 0 {
		t.Error("F5 examines from another place")
	}
}
