package ui

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/url"
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
	"postecpx/cardreader/pcsc"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// fakeDoctor finds what it was told to, and remembers what it was asked.
type fakeDoctor struct {
	found   []diagnostic.Diagnosis // in turn; the last one stays
	err     error
	during  func()
	asked   []diagnostic.Options
	reports []string // form and whether redacted
	saved   []string
	// what goes wrong when a report is handed over
	reportErr, saveErr, pageErr error
}

func (d *fakeDoctor) Diagnose(ctx context.Context, o diagnostic.Options) (diagnostic.Diagnosis, error) {
	d.asked = append(d.asked, o)
	found := d.found[min(len(d.asked), len(d.found))-1]
	for n, f := range found.Findings {
		o.Progress(diagnostic.Progress{Done: n + 1, All: len(found.Findings), Finding: f})
		if n == 2 && d.during != nil {
			d.during()
		}
	}
	if ctx.Err() != nil {
		found.Partial = true
	}
	found.Network = o.Network
	return found, d.err
}

func (d *fakeDoctor) Report(_ diagnostic.Diagnosis, form Form, redacted bool) ([]byte, error) {
	report := string(form) + map[bool]string{true: " redacted", false: " with names"}[redacted]
	d.reports = append(d.reports, report)
	return []byte(report), d.reportErr
}

func (d *fakeDoctor) Folders() []string {
	return []string{"/home/camille/Documents", "/home/camille"}
}

func (d *fakeDoctor) Save(path string, report []byte, replace bool) error {
	if errors.Is(d.saveErr, fs.ErrExist) && replace {
		d.saveErr = nil
	}
	if d.saveErr == nil {
		d.saved = append(d.saved, path+" "+string(report))
	}
	return d.saveErr
}

func (d *fakeDoctor) Page([]byte) (string, error) { return "/tmp/rapport 1.html", d.pageErr }

// openNothing is the browser of tests that do not look at it.
func openNothing(string) error { return nil }

// openPoste opens a window at the place Poste. What it wants done beside the
// toolkit waits in work until finish.
func openPoste(t *testing.T, tag string, doctor *fakeDoctor) (w *Window, work *[]func()) {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	w = New(test.NewTempApp(t), s, Options{Now: today, Doctor: doctor, Workbench: &fakeBench{}, Open: openNothing, Later: func(time.Duration, func()) {}})
	t.Cleanup(w.Close)
	work = new([]func())
	makeAll(w)
	w.poste.spawn = func(do func()) { *work = append(*work, do) }
	w.poste.post = func(do func()) { do() }
	w.poste.say = func(f diagnostic.Finding, goos string) wording.FindingWords { return said(s, f, goos) }
	w.poste.desk.openURL = func(*url.URL) error { return nil }
	w.Open()
	return w, work
}

// visit goes to the place with Alt+2.
func visit(w *Window) {
	for _, s := range w.shortcuts {
		if s.keys.ShortcutName() == "CustomDesktop:Alt+2" {
			s.do()
		}
	}
	wrap(w)
}

// sentences stand for those of the checks, which have their own tests.
var sentences = map[diagnostic.Code]wording.FindingWords{
	"pcsc.service": {Title: "Service carte à puce", Summary: "Le service pcscd est arrêté.", Meaning: "Sans lui, aucun logiciel ne voit le lecteur.",
		Steps:   []string{"Redémarrez l'ordinateur.", "S'il est toujours arrêté, demandez à votre support de le démarrer avec la commande ci-dessous."},
		Command: "sudo systemctl enable --now pcscd.socket",
		Links:   []wording.Link{{Label: "Assistance de l'ANS", URL: "https://esante.gouv.fr/assistance"}}},
	"reader.present":    {Title: "Lecteur", Summary: "Un lecteur est branché."},
	"card.present":      {Title: "Carte", Summary: "Aucune carte n'est dans le lecteur.", Steps: []string{"Insérez votre carte, puce en avant."}},
	"card.expiry":       {Title: "Fin de validité", Summary: "La carte expire dans 20 jours.", Steps: []string{"Vérifiez que la nouvelle carte est commandée."}},
	"identifier.valid":  {Title: "Identifiant national", Summary: "L'identifiant est bien formé."},
	"cryptolib.version": {Title: "Version de la Cryptolib CPS", Summary: "La Cryptolib CPS n'est pas la dernière.", Meaning: "Elle lit votre carte.", Steps: []string{"Faites installer la version 5.2.4."}},
	"firefox.module":    {Title: "Firefox", Summary: "Firefox a été installé en snap et ne peut pas charger la Cryptolib.", Steps: []string{"Demandez à votre support un Firefox qui n'est pas en snap."}},
	"roots.installed":   {Title: "Autorités de l'IGC-Santé", Summary: "Le magasin du système ne peut pas être lu."},
	"network.hosts":     {Title: "Serveurs de l'ANS", Summary: "Les serveurs répondent."},
	"pcsc.protocol":     {Title: "Versions de PC/SC"},
	"hostile.check":     {Title: "Vérification", Links: []wording.Link{{Label: "x", URL: "https://example.org/evil"}}},
}

// said puts a finding in those words; the outcomes of the engine, in its own.
func said(s *language.Speaker, f diagnostic.Finding, goos string) wording.FindingWords {
	w := sentences[f.Code]
	own := wording.Finding(s, f, goos)
	w.Code, w.Mark, w.Tone, w.Evidence = f.Code, own.Mark, own.Tone, own.Evidence
	if f.Status == diagnostic.Crashed || f.Status == diagnostic.Skipped && f.Outcome != "unreadable" {
		w.Summary = own.Summary
	}
	if f.Outcome == "hostile" {
		w.Summary, w.Meaning, w.Command = own.Evidence[0].Value, own.Evidence[0].Value, own.Evidence[0].Value
		w.Steps = []string{own.Evidence[0].Value}
	}
	if f.Status == diagnostic.OK || f.Status == diagnostic.Skipped {
		w.Meaning, w.Steps, w.Command, w.Links = "", nil, "", nil
	}
	return w
}

func found(code diagnostic.Code, group diagnostic.Group, status diagnostic.Status, outcome string, facts ...diagnostic.Fact) diagnostic.Finding {
	return diagnostic.Finding{Code: code, Group: group, Status: status, Outcome: outcome, Facts: facts}
}

// workstation is a diagnosis of one where all is well, but for the changes.
func workstation(change ...diagnostic.Finding) diagnostic.Diagnosis {
	d := diagnostic.Diagnosis{At: today(), GOOS: "linux", Duration: 1300 * time.Millisecond, Card: dentist(), Reader: readerName, Findings: []diagnostic.Finding{
		found("pcsc.service", diagnostic.GroupPCSC, diagnostic.OK, "running", diagnostic.Fact{Key: "service", Value: "pcscd.service", Sensitivity: diagnostic.Public}),
		found("reader.present", diagnostic.GroupReader, diagnostic.OK, "there", diagnostic.Fact{Key: "reader", Value: readerName, Sensitivity: diagnostic.Workstation}),
		found("card.present", diagnostic.GroupCard, diagnostic.OK, "there"),
		found("card.expiry", diagnostic.GroupCard, diagnostic.OK, "valid"),
		found("identifier.valid", diagnostic.GroupIdentifier, diagnostic.OK, "valid", diagnostic.Fact{Key: "identifier", Value: "899700218896", Sensitivity: diagnostic.Person}),
		found("cryptolib.version", diagnostic.GroupCryptolib, diagnostic.OK, "latest"),
		found("roots.installed", diagnostic.GroupCertificates, diagnostic.OK, "installed"),
		found("firefox.module", diagnostic.GroupBrowser, diagnostic.OK, "loaded"),
		found("network.hosts", diagnostic.GroupNetwork, diagnostic.Skipped, diagnostic.OutcomeUnasked),
	}}
	for _, f := range change {
		at := slices.IndexFunc(d.Findings, func(old diagnostic.Finding) bool { return old.Code == f.Code })
		if at < 0 {
			d.Findings = append(d.Findings, f)
		} else {
			d.Findings[at] = f
		}
	}
	return d
}

func dueTo(code diagnostic.Code, group diagnostic.Group, cause diagnostic.Code) diagnostic.Finding {
	f := found(code, group, diagnostic.Skipped, diagnostic.OutcomeBecause)
	f.Because = cause
	return f
}

var (
	serviceStopped = found("pcsc.service", diagnostic.GroupPCSC, diagnostic.Error, "stopped",
		diagnostic.Fact{Key: "service", Value: "pcscd.service", Sensitivity: diagnostic.Public}, diagnostic.Fact{Key: "serviceState", Value: "inactive (dead)", Sensitivity: diagnostic.Public})
	stopped = workstation(serviceStopped,
		dueTo("reader.present", diagnostic.GroupReader, "pcsc.service"), dueTo("card.present", diagnostic.GroupCard, "pcsc.service"),
		dueTo("card.expiry", diagnostic.GroupCard, "pcsc.service"), dueTo("identifier.valid", diagnostic.GroupIdentifier, "pcsc.service"),
		found("roots.installed", diagnostic.GroupCertificates, diagnostic.Skipped, "unreadable"),
		found("pcsc.protocol", diagnostic.GroupPCSC, diagnostic.Crashed, diagnostic.OutcomeTimeout, diagnostic.Fact{Key: "deadline", Value: "10s", Sensitivity: diagnostic.Public}),
		found("firefox.module", diagnostic.GroupBrowser, diagnostic.Warning, "snap"))
	expiring = found("card.expiry", diagnostic.GroupCard, diagnostic.Warning, "soon")
	old      = found("cryptolib.version", diagnostic.GroupCryptolib, diagnostic.Warning, "old", diagnostic.Fact{Key: "version", Value: "5.2.1", Sensitivity: diagnostic.Public})
)

// advised is what could be better, and does no harm today.
var advised = func() diagnostic.Finding {
	f := old
	f.Advice = true
	return f
}()

func hostileDiagnosis() diagnostic.Diagnosis {
	evil := func(code diagnostic.Code, status diagnostic.Status, outcome string) diagnostic.Finding {
		return found(code, diagnostic.GroupSystem, status, outcome,
			diagnostic.Fact{Key: "name", Value: hostile, Sensitivity: diagnostic.Workstation}, diagnostic.Fact{Key: hostile, Value: hostile, Sensitivity: diagnostic.Person},
			diagnostic.Fact{Key: "code", Value: "1234", Sensitivity: diagnostic.Secret})
	}
	return workstation(evil("hostile.check", diagnostic.Error, "hostile"), evil("pcsc.protocol", diagnostic.Crashed, diagnostic.OutcomePanic),
		evil("card.expiry", diagnostic.Warning, "hostile"), evil("identifier.valid", diagnostic.OK, "valid"))
}

// posteStates are what the place Poste must say in words.
var posteStates = []struct {
	name   string
	doctor fakeDoctor
	wait   bool // it is still under way
	then   func(w *Window, work *[]func())
	says   string
	tone   wording.Tone
}{
	{name: "all-well", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}, says: "Tout va bien", tone: wording.Good},
	{name: "cannot-use", doctor: fakeDoctor{found: []diagnostic.Diagnosis{stopped}}, says: "La carte ne peut pas être utilisée", tone: wording.Bad},
	{name: "todo", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}}, says: "Une chose à faire", tone: wording.Warning},
	{name: "no-card", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(found("card.present", diagnostic.GroupCard, diagnostic.Error, "absent"))}},
		says: "Carte (à faire)", tone: wording.Warning},
	{name: "warnings", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring, old)}}, says: "Un autre point à régler ou à voir", tone: wording.Warning},
	{name: "advice", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(advised)}}, says: "Un conseil", tone: wording.Good},
	{name: "crashed", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(found("pcsc.protocol", diagnostic.GroupPCSC, diagnostic.Crashed, diagnostic.OutcomeTimeout))}},
		says: "Vérification incomplète", tone: wording.Plain},
	{name: "running", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}, wait: true, says: "Diagnostic en cours", tone: wording.Working},
	{name: "cancelled", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(found("roots.installed", diagnostic.GroupCertificates, diagnostic.Skipped, diagnostic.OutcomeCancelled))}}, wait: true,
		then: func(w *Window, work *[]func()) { typeKeys(w, fyne.KeyEscape); finish(work) }, says: "Arrêté avant la fin", tone: wording.Plain},
	{name: "network", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(found("network.hosts", diagnostic.GroupNetwork, diagnostic.OK, "reached"))}},
		then: func(w *Window, work *[]func()) {
			w.poste.network.SetChecked(true)
			typeKeys(w, fyne.KeyF5)
			finish(work)
		}, says: "Le réseau a été interrogé", tone: wording.Good},
	{name: "one-again", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring, old), {At: today().Add(5 * time.Minute), Findings: []diagnostic.Finding{
		found("card.expiry", diagnostic.GroupCard, diagnostic.OK, "valid")}}}},
		then: func(w *Window, work *[]func()) { w.poste.CheckAgain("card.expiry"); finish(work) }, says: "n'est pas la dernière", tone: wording.Warning},
	{name: "outdated", doctor: fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}},
		then: func(w *Window, _ *[]func()) { w.Show(one(cardreader.NoCard)) }, says: "Le lecteur a changé depuis", tone: wording.Plain},
	{name: "failed", doctor: fakeDoctor{found: []diagnostic.Diagnosis{{}}, err: errors.New("no check has the code x")}, says: "no check has the code x", tone: wording.Plain},
	{name: "hostile", doctor: fakeDoctor{found: []diagnostic.Diagnosis{hostileDiagnosis()}, reportErr: errors.New(hostile)},
		then: func(w *Window, work *[]func()) { w.poste.report.copy(); finish(work) }, says: "La carte ne peut pas être utilisée", tone: wording.Bad},
}

// showPoste brings a window to the state of that name.
func showPoste(t *testing.T, tag, name string) (*Window, *fakeDoctor) {
	t.Helper()
	for _, st := range posteStates {
		if st.name != name {
			continue
		}
		doctor := st.doctor
		w, work := openPoste(t, tag, &doctor)
		w.Show(read())
		visit(w)
		if !st.wait {
			finish(work)
		}
		if st.then != nil {
			st.then(w, work)
		}
		wrap(w)
		return w, &doctor
	}
	t.Fatalf("there is no state %q", name)
	return nil, nil
}

// unfoldPoste opens everything.
func unfoldPoste(w *Window) {
	for range 4 {
		for _, f := range folds(w.poste.content) {
			f.Open()
		}
	}
	wrap(w)
}

func TestPosteScreens(t *testing.T) {
	for _, st := range posteStates {
		t.Run(st.name, func(t *testing.T) {
			w, _ := showPoste(t, "fr", st.name)
			golden(t, "poste-"+st.name, test.RenderObjectToMarkup(w.poste.content))
			if said := words(w); !strings.Contains(said, st.says) {
				t.Errorf("%q is not said:\n%s", st.says, said)
			}
			if w.poste.sign.Resource.Name() != toneIcon(st.tone).Name() {
				t.Errorf("the sign is %s, want %s", w.poste.sign.Resource.Name(), toneIcon(st.tone).Name())
			}
			if unfoldPoste(w); st.name == "cannot-use" {
				golden(t, "poste-cannot-use-unfolded", test.RenderObjectToMarkup(w.poste.content))
			}
		})
	}
	w, _ := showPoste(t, "en", "cannot-use")
	golden(t, "poste-cannot-use-en", test.RenderObjectToMarkup(w.poste.content))
	doctor := &fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}
	w, _ = openPoste(t, "fr", doctor)
	golden(t, "poste-not-run", test.RenderObjectToMarkup(w.poste.content))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".xml")
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
}

func TestPosteSpeaksAndStaysInside(t *testing.T) {
	hole := regexp.MustCompile(`^(poste|diagnosis|check|ui)\.[a-z0-9.-]+$`)
	for _, tag := range language.Supported {
		for _, st := range posteStates {
			t.Run(tag+"/"+st.name, func(t *testing.T) {
				w, _ := showPoste(t, tag, st.name)
				unfoldPoste(w)
				for _, l := range strings.Split(words(w), "\n") {
					if strings.Contains(l, "<no value>") || strings.Contains(l, "{{") || hole.MatchString(l) {
						t.Errorf("a hole in %q", l)
					}
					if len(l) > 1600 {
						t.Errorf("%d bytes on one label", len(l))
					}
					if strings.ContainsAny(l, "\x1b\x07\u202e\u2066\r") {
						t.Errorf("not inert: %q", l)
					}
					if strings.Contains(l, "1234") {
						t.Errorf("a secret is shown: %q", l)
					}
				}
				staysInside(t, w)
				fitsNarrow(t, w, &w.poste.pane)
			})
		}
	}
}

// staysInside holds for the screens that are asked for: nothing leaves them.
func staysInside(t *testing.T, w *Window) {
	t.Helper()
	for _, size := range []fyne.Size{fyne.NewSize(1024, 600), fyne.NewSize(683, 400), fyne.NewSize(512, 300)} {
		for range 3 {
			settle(w, size.Width, size.Height)
		}
		if least := w.window.Content().MinSize().Width; least > size.Width {
			t.Errorf("at %v it needs a width of %.0f", size, least)
		}
		walk(w.window.Content(), 0, func(o fyne.CanvasObject, right float32) {
			if right > size.Width+1 {
				t.Errorf("at %v: %T ends at %.0f", size, o, right)
			}
		})
	}
}

// TestPosteBeginsOnce: the first visit looks at the workstation, without the
// network; nothing else does by itself.
func TestPosteBeginsOnce(t *testing.T) {
	doctor := &fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}
	w, work := openPoste(t, "fr", doctor)
	w.Show(read())
	if finish(work); len(doctor.asked) != 0 {
		t.Fatal("it began before anybody came")
	}
	visit(w)
	w.poste.Check()
	w.poste.CheckAgain("card.expiry")
	if len(*work) != 1 {
		t.Fatalf("%d at a time", len(*work))
	}
	finish(work)
	w.Show(one(cardreader.NoCard))
	w.Show(read())
	w.shortcuts[len(w.shortcuts)-1].do()
	visit(w)
	if finish(work); len(doctor.asked) != 1 || doctor.asked[0].Network || len(doctor.asked[0].Only) > 0 {
		t.Errorf("asked %+v", doctor.asked)
	}
	if !w.poste.outdated {
		t.Error("that the reader changed is not said")
	}
	w.poste.network.SetChecked(true)
	typeKeys(w, fyne.KeyF5)
	finish(work)
	if last := doctor.asked[len(doctor.asked)-1]; !last.Network || w.poste.outdated {
		t.Errorf("F5: %+v, outdated %v", last, w.poste.outdated)
	}
}

func TestPosteIsOutdatedByAnotherSituation(t *testing.T) {
	number := func(n string) cardreader.Snapshot { return read(func(c *cps.Card) { c.Number = n }) }
	for name, c := range map[string]struct {
		before, after []cardreader.Snapshot
		want          bool
	}{
		"nothing":                  {[]cardreader.Snapshot{read()}, []cardreader.Snapshot{read()}, false},
		"the card is read":         {[]cardreader.Snapshot{one(cardreader.Reading)}, []cardreader.Snapshot{number("1"), one(cardreader.Busy), number("1")}, false},
		"another card, unread":     {[]cardreader.Snapshot{one(cardreader.Reading)}, []cardreader.Snapshot{number("1"), number("2")}, true},
		"the first look":           {nil, []cardreader.Snapshot{read(), read()}, false},
		"removed":                  {[]cardreader.Snapshot{read()}, []cardreader.Snapshot{one(cardreader.NoCard)}, true},
		"inserted":                 {[]cardreader.Snapshot{one(cardreader.NoCard)}, []cardreader.Snapshot{one(cardreader.Reading)}, true},
		"another card":             {[]cardreader.Snapshot{number("1")}, []cardreader.Snapshot{number("2")}, true},
		"the reader is unplugged":  {[]cardreader.Snapshot{read()}, []cardreader.Snapshot{{}}, true},
		"the service stops":        {[]cardreader.Snapshot{read()}, []cardreader.Snapshot{{Service: failed(pcsc.ErrService)}}, true},
		"the service comes back":   {[]cardreader.Snapshot{{Service: failed(pcsc.ErrService)}}, []cardreader.Snapshot{one(cardreader.NoCard)}, true},
		"the service stays away":   {[]cardreader.Snapshot{{Service: failed(pcsc.ErrService)}}, []cardreader.Snapshot{{Service: failed(pcsc.ErrService)}}, false},
		"turned while it is asked": {[]cardreader.Snapshot{one(cardreader.Mute)}, []cardreader.Snapshot{read()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, work := openPoste(t, "fr", &fakeDoctor{found: []diagnostic.Diagnosis{workstation()}})
			for _, s := range c.before {
				w.Show(s)
			}
			visit(w)
			finish(work)
			for _, s := range c.after {
				w.Show(s)
			}
			if w.poste.outdated != c.want {
				t.Errorf("outdated: %v", w.poste.outdated)
			}
		})
	}
	doctor := &fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}
	w, work := openPoste(t, "fr", doctor)
	w.Show(read())
	doctor.during = func() { w.Show(one(cardreader.NoCard)) }
	visit(w)
	finish(work)
	if !w.poste.outdated {
		t.Error("the card left meanwhile, and that is not said")
	}
	unfoldPoste(w)
	if got := words(w); strings.Contains(got, "899700218896") {
		t.Error("the identifier stays when the card has left")
	}
}

// TestOneCheckAgain: its finding takes the place of the old one, the rest
// stays, and the keyboard with it.
func TestOneCheckAgain(t *testing.T) {
	w, doctor := showPoste(t, "fr", "one-again")
	if asked := doctor.asked[1]; !slices.Contains(asked.Only, "card.expiry") || asked.Network {
		t.Errorf("asked %+v", asked)
	}
	f, _ := w.poste.diagnosis.Finding("card.expiry")
	if f.Status != diagnostic.OK || len(w.poste.diagnosis.Findings) != 9 || !w.poste.diagnosis.At.Equal(today()) || w.poste.diagnosis.Card == nil {
		t.Errorf("%+v", w.poste.diagnosis)
	}
	unfoldPoste(w)
	if got := words(w); !strings.Contains(got, "Revérifié à 10:05") {
		t.Errorf("it is not said when:\n%s", got)
	}

	// One that is stopped changes nothing.
	doctor.during = w.poste.Cancel
	doctor.found = []diagnostic.Diagnosis{{Findings: []diagnostic.Finding{serviceStopped, serviceStopped, serviceStopped}}}
	before := *w.poste.diagnosis
	work := new([]func())
	w.poste.spawn = func(do func()) { *work = append(*work, do) }
	w.poste.CheckAgain("cryptolib.version")
	finish(work)
	if d := cmp.Diff(before.Findings, w.poste.diagnosis.Findings); d != "" {
		t.Error(d)
	}
	if got := words(w); !strings.Contains(got, "Arrêté avant la fin") {
		t.Error("that it was stopped is not said")
	}
}

func TestWithFollowers(t *testing.T) {
	all := withFollowers("pcsc.service")
	for code, want := range map[diagnostic.Code]bool{"pcsc.service": true, "reader.present": true, "card.expiry": true, "cryptolib.agrees": true, "pcsc.library": false, "system.supported": false} {
		if slices.Contains(all, code) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}

// TestEveryFindingFits shows all that the checks can come to, with a long word
// for each fact, in a small window.
func TestEveryFindingFits(t *testing.T) {
	d := diagnostic.Diagnosis{At: today(), GOOS: "linux"}
	open := map[string]bool{"problems": true, "advice": true, "untold": true, "well": true, "details": true}
	for _, c := range diagnostic.Catalogue() {
		open[string(c.Code)] = true
		for _, name := range slices.Sorted(maps.Keys(c.Outcomes)) {
			d.Findings = append(d.Findings, diagnostic.Finding{Code: c.Code, Group: c.Group, Status: c.Outcomes[name].Status, Outcome: name,
				Links: c.Outcomes[name].Links, Facts: []diagnostic.Fact{{Key: "path", Value: strings.Repeat("trop-long", 20), Sensitivity: diagnostic.Workstation}}})
		}
	}
	w, work := openPoste(t, "fr", &fakeDoctor{found: []diagnostic.Diagnosis{d}})
	w.poste.say = func(f diagnostic.Finding, goos string) wording.FindingWords {
		return wording.Finding(w.speaker, f, goos)
	}
	w.poste.opened = open
	visit(w)
	finish(work)
	for range 3 {
		settle(w, 512, 300)
	}
	root, _ := d.Root() // shown apart, once
	d.Findings = slices.DeleteFunc(d.Findings, func(f diagnostic.Finding) bool { return f.Code == root.Code })
	if n := len(folds(w.poste.content)); n < len(d.Findings) {
		t.Errorf("%d of %d findings are on the screen", n, len(d.Findings))
	}
	walk(w.window.Content(), 0, func(o fyne.CanvasObject, right float32) {
		if right > 513 {
			t.Errorf("%T ends at %.0f", o, right)
		}
	})
}

// TestRenewed: what was found again takes the place of what was found before.
func TestRenewed(t *testing.T) {
	again := workstation()
	merged := renewed(stopped, diagnostic.Diagnosis{Findings: again.Findings, Card: dentist(), Reader: "other", Persons: []diagnostic.Fact{{Key: "user"}}, Partial: true})
	if merged.Verdict() != diagnostic.Unknown { // the one that crashed was not asked again
		t.Errorf("verdict %s", merged.Verdict())
	}
	if merged.Partial || merged.Reader != "other" || len(merged.Persons) != 1 || len(merged.Findings) != len(stopped.Findings) {
		t.Errorf("%+v", merged)
	}
	if f, _ := stopped.Finding("pcsc.service"); f.Status != diagnostic.Error {
		t.Error("the old diagnosis was changed")
	}
}

func TestPosteByKeyboard(t *testing.T) {
	w, _ := showPoste(t, "fr", "cannot-use")
	p, screen := w.poste, w.window.Canvas()
	var copied string
	p.desk.copy = func(text string) { copied = text }
	var opened []string
	p.spawn = func(do func()) { do() }
	p.desk.open = func(address string) error { opened = append(opened, address); return nil }
	test.FocusNext(screen)
	if screen.Focused() != fyne.Focusable(p.run) {
		t.Fatalf("the keyboard is first on %T", screen.Focused())
	}
	seen := map[fyne.Focusable]bool{}
	folded := 0
	for range 80 {
		test.FocusNext(screen)
		at := screen.Focused()
		if !seen[at] {
			switch o := at.(type) {
			case *fold:
				typeKeys(w, fyne.KeyRight)
				folded++
				wrap(w)
			case *link:
				if !o.ring.Visible() {
					t.Error("the focus on a link cannot be seen")
				}
				typeKeys(w, fyne.KeyReturn)
			case *action:
				if o.Text == "Copier la commande" {
					typeKeys(w, fyne.KeyReturn)
				}
			}
		}
		seen[at] = true
		inSight(t, at, p.scroll)
	}
	for _, want := range []fyne.Focusable{p.run, p.report.redaction, p.report.form, p.report.buttons[0], p.report.buttons[1], p.report.buttons[2], p.buttons["pcsc.service"], p.buttons["firefox.module"]} {
		if !seen[want] {
			t.Errorf("the keyboard does not reach %T %v", want, want)
		}
	}
	if folded < 6 || copied != sentences["pcsc.service"].Command || !slices.Equal(opened, []string{"https://esante.gouv.fr/assistance"}) {
		t.Errorf("%d folds, copied %q, opened %q", folded, copied, opened)
	}
	screen.Focus(p.run)
	p.scroll.ScrollToTop()
	typeKeys(w, fyne.KeyEnd)
	if p.scroll.Offset.Y == 0 {
		t.Error("End does not move the screen")
	}
	p.network.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !p.network.Checked {
		t.Error("Enter does not tick")
	}
	// Where the keyboard was, it is again after the check.
	screen.Focus(p.buttons["pcsc.service"])
	work := new([]func())
	p.spawn = func(do func()) { *work = append(*work, do) }
	typeKeys(w, fyne.KeyReturn)
	finish(work)
	if screen.Focused() != fyne.Focusable(p.buttons["pcsc.service"]) {
		t.Errorf("the keyboard went to %T", screen.Focused())
	}
}

// TestOnlyKnownAddressesAreOpened: and what does not open is said, with the
// address to type.
func TestOnlyKnownAddressesAreOpened(t *testing.T) {
	w, _ := showPoste(t, "fr", "hostile")
	var opened int
	work := new([]func())
	w.poste.spawn = func(do func()) { *work = append(*work, do) }
	w.poste.desk.open = func(string) error { opened++; return errors.New("no browser") }
	w.poste.follow(wording.Link{Label: "x", URL: "https://example.org/evil"})
	w.poste.follow(wording.Link{Label: "x", URL: "file:///etc/passwd"})
	if finish(work); opened != 0 {
		t.Error("an address that is in no table was opened")
	}
	w.poste.follow(wording.Link{URL: "https://esante.gouv.fr/assistance"})
	if opened != 0 {
		t.Error("the window waits for the browser")
	}
	finish(work)
	if got := words(w); opened != 1 || !strings.Contains(got, "Le navigateur ne s'ouvre pas") || !strings.Contains(got, "https://esante.gouv.fr/assistance") {
		t.Errorf("opened %d:\n%s", opened, got)
	}
}
