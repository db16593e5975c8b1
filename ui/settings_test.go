package ui

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"github.com/google/go-cmp/cmp"

	"postecpx/assets/licences"
	"postecpx/internal/annuaire"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

type fakeSettings struct {
	kept Choices
	sets int
}

func (f *fakeSettings) Get() Choices { return f.kept }

func (f *fakeSettings) Set(c Choices) {
	f.kept = c
	f.sets++
}

type fakeRing struct {
	source  annuaire.KeySource
	err     error
	asked   int
	stored  annuaire.Key
	deleted int
}

func (f *fakeRing) Find(context.Context) (annuaire.KeySource, error) {
	f.asked++
	return f.source, f.err
}

func (f *fakeRing) Store(_ context.Context, k annuaire.Key) error {
	f.stored = k
	return f.err
}

func (f *fakeRing) Delete(context.Context) error {
	f.deleted++
	return f.err
}

// foreignName is a name or a cause that would do harm, were it not inert.
const foreignName = "\x1b[31m\u202e" + "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW\r\n"

// settingsWindow opens a window with all places.
func settingsWindow(t *testing.T, tag string, kept Choices, ring Keyring) (w *Window, settings *fakeSettings, work *[]func()) {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	work = new([]func())
	settings = &fakeSettings{kept: kept}
	w = New(test.NewTempApp(t), s, Options{Now: today, Doctor: &fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}, Guide: &fakeGuide{book: littleBook(0)}, Workbench: &fakeBench{},
		Settings: settings, Keyring: ring, Open: openNothing, Later: func(time.Duration, func()) {}})
	t.Cleanup(w.Close)
	spawn, post := func(do func()) { *work = append(*work, do) }, func(do func()) { do() }
	w.shelf.spawn, w.shelf.post = spawn, post
	makeAll(w)
	w.poste.spawn, w.poste.post = spawn, post
	w.guide.spawn, w.guide.post = spawn, post
	w.settings.spawn, w.settings.post = spawn, post
	w.settings.revision = "unknown"
	w.settings.works = func() []licences.Work {
		return []licences.Work{{Name: "Go", Version: "1.26.0", Licence: "BSD-3-Clause"}, {Name: "example.org/module", Version: "v1.2.3", Licence: "MIT"}}
	}
	if w.settings.apiKey != nil {
		w.settings.apiKey.spawn, w.settings.apiKey.post = spawn, post
	}
	w.Open()
	finish(work)
	return w, settings, work
}

func toSettings(t *testing.T, w *Window) { press(t, w, "5", fyne.KeyModifierAlt) }

// openKey opens the section of the key.
func openKey(w *Window, work *[]func()) {
	w.settings.apiKey.fold.Open()
	finish(work)
}

var settingsStates = []struct {
	name string
	kept Choices
	ring *fakeRing
	do   func(t *testing.T, w *Window, work *[]func())
	says []string
	not  []string
}{
	{"first", Choices{}, &fakeRing{}, func(t *testing.T, w *Window, _ *[]func()) { toSettings(t, w) },
		[]string{"Réglages", "Grands caractères", "Rapports toujours sans noms ni numéros", "essaie une connexion vers", "au prochain démarrage", "version 0.1.0", "Révision inconnue"},
		[]string{"J'ai compris", "Collez la clé"}},
	{"welcome", Choices{}, &fakeRing{}, func(*testing.T, *Window, *[]func()) {},
		[]string{"Bienvenue", "J'ai compris", "il n'envoie rien et ne garde rien", "jamais le code porteur de lui-même"}, nil},
	{"key-none", Choices{Welcomed: true}, &fakeRing{err: &annuaire.Failure{Code: annuaire.CodeNoKey}}, func(t *testing.T, w *Window, work *[]func()) {
		toSettings(t, w)
		openKey(w, work)
	}, []string{"Aucune clé n'est rangée", "Ranger la clé", "seulement quand vous le demandez"}, nil},
	{"key-there", Choices{Welcomed: true}, &fakeRing{source: annuaire.FromKeyring}, func(t *testing.T, w *Window, work *[]func()) {
		toSettings(t, w)
		openKey(w, work)
	}, []string{"Une clé est rangée", "jamais montrée"}, nil},
	{"key-variable", Choices{Welcomed: true}, &fakeRing{source: annuaire.FromEnvironment}, func(t *testing.T, w *Window, work *[]func()) {
		toSettings(t, w)
		openKey(w, work)
	}, []string{"La clé vient de la variable ESANTE_API_KEY"}, nil},
	{"key-absent", Choices{Welcomed: true}, &fakeRing{err: &annuaire.Failure{Code: annuaire.CodeKeyringAbsent, Err: errors.New("no session bus" + foreignName)}},
		func(t *testing.T, w *Window, work *[]func()) {
			toSettings(t, w)
			openKey(w, work)
		}, []string{"n'a pas de trousseau de clés", "no session bus", "ESANTE_API_KEY"}, nil},
	{"about", Choices{Welcomed: true, LargeText: true, AlwaysMasked: true, Network: true, Language: "en"}, &fakeRing{}, func(t *testing.T, w *Window, _ *[]func()) {
		w.settings.revision = "0123456789ab"
		toSettings(t, w)
		w.settings.about.Open()
		w.settings.licences.Open()
	}, []string{"Poste CPx lit la carte", "pas un logiciel de l'ANS ni de l'État", "Assistance de l'ANS", "example.org/module v1.2.3", "BSD-3-Clause"}, nil},
}

func showSettings(t *testing.T, tag, name string) (*Window, *fakeSettings) {
	t.Helper()
	for _, st := range settingsStates {
		if st.name == name {
			ring := *st.ring
			w, settings, work := settingsWindow(t, tag, st.kept, &ring)
			wrap(w)
			st.do(t, w, work)
			w.window.Canvas().Unfocus()
			wrap(w)
			return w, settings
		}
	}
	t.Fatalf("there is no state %q", name)
	return nil, nil
}

func TestSettingsScreens(t *testing.T) {
	for _, st := range settingsStates {
		t.Run(st.name, func(t *testing.T) {
			w, _ := showSettings(t, "fr", st.name)
			shown := w.settings.content
			if !shown.Visible() {
				shown = w.card.content
			}
			golden(t, "settings-"+st.name, test.RenderObjectToMarkup(shown))
			said := words(w) + buttons(w)
			if w.settings.apiKey.field != nil {
				said += w.settings.apiKey.field.PlaceHolder
			}
			for _, want := range st.says {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not said:\n%s", want, said)
				}
			}
			for _, not := range st.not {
				if strings.Contains(said, not) {
					t.Errorf("%q is said:\n%s", not, said)
				}
			}
		})
	}
	w, _ := showSettings(t, "en", "about")
	golden(t, "settings-about-en", test.RenderObjectToMarkup(w.settings.content))
}

func TestSettingsSpeakAndStayInside(t *testing.T) {
	hole := regexp.MustCompile(`^(settings|ui|poste)\.[a-z0-9.-]+$`)
	for _, tag := range language.Supported {
		for _, st := range settingsStates {
			t.Run(tag+"/"+st.name, func(t *testing.T) {
				w, _ := showSettings(t, tag, st.name)
				for _, l := range strings.Split(words(w)+buttons(w), "\n") {
					if strings.Contains(l, "<no value>") || strings.Contains(l, "{{") || hole.MatchString(l) {
						t.Errorf("a hole in %q", l)
					}
					if strings.ContainsAny(l, "\x1b\x07\u202e\u2066\r") {
						t.Errorf("not inert: %q", l)
					}
				}
				staysInside(t, w)
				fitsNarrow(t, w, &w.settings.pane)
			})
		}
	}
}

// TestForeignNamesOfAbout: what the build says of itself is shown inert.
func TestForeignNamesOfAbout(t *testing.T) {
	w, _, _ := settingsWindow(t, "fr", Choices{Welcomed: true}, nil)
	w.settings.works = func() []licences.Work {
		return []licences.Work{{Name: foreignName, Version: foreignName, Licence: foreignName}}
	}
	toSettings(t, w)
	w.settings.licences.Open()
	wrap(w)
	if said := words(w); strings.ContainsAny(said, "\x1b\u202e\r") || !strings.Contains(said, "WWWW") {
		t.Errorf("said %q", said)
	}
	staysInside(t, w)
	if w.settings.apiKey != nil {
		t.Error("without a keyring, there is a section of the key")
	}
}

func TestChoicesTakeEffect(t *testing.T) {
	w, settings, _ := settingsWindow(t, "fr", Choices{Welcomed: true}, &fakeRing{})
	toSettings(t, w)
	text := func() float32 { return w.app.Settings().Theme().Size(theme.SizeNameText) }
	before := text()
	if w.poste.network.Checked || len(w.poste.report.redaction.Options) != 2 {
		t.Fatal("the choices of a first start are others")
	}
	p := w.settings
	p.large.SetChecked(true)
	p.network.SetChecked(true)
	p.masked.SetChecked(true)
	p.language.SetSelectedIndex(2)
	if d := cmp.Diff(Choices{Language: "en", LargeText: true, AlwaysMasked: true, Network: true, Welcomed: true}, settings.kept); d != "" {
		t.Error(d)
	}
	if text() <= before || !w.poste.network.Checked || len(w.poste.report.redaction.Options) != 1 || !w.poste.report.redaction.Disabled() {
		t.Errorf("text of %.1f, network %v, %q", text(), w.poste.network.Checked, w.poste.report.redaction.Options)
	}
	sets := settings.sets
	p.show(settings.kept)
	if settings.sets != sets {
		t.Error("to be shown changed the choices")
	}
	p.large.SetChecked(false)
	p.masked.SetChecked(false)
	p.network.SetChecked(false)
	p.language.SetSelectedIndex(0)
	if settings.kept != (Choices{Welcomed: true}) || text() != before || w.poste.network.Checked || len(w.poste.report.redaction.Options) != 2 || w.poste.report.redaction.Disabled() {
		t.Errorf("not taken back: %+v", settings.kept)
	}
}

// TestMaskedTakesTheWholeReportBack: a consent that was given is over.
func TestMaskedTakesTheWholeReportBack(t *testing.T) {
	w, _, _ := settingsWindow(t, "fr", Choices{Welcomed: true}, &fakeRing{})
	w.poste.report.whole = true
	w.settings.masked.SetChecked(true)
	if w.poste.report.whole {
		t.Error("the next report would show names")
	}
}

// TestLargeTextStaysInside looks at every place with large words.
func TestLargeTextStaysInside(t *testing.T) {
	w, _, work := settingsWindow(t, "fr", Choices{LargeText: true}, &fakeRing{})
	w.Show(read())
	wrap(w)
	for n := range w.shortcuts {
		if !strings.HasPrefix(w.shortcuts[n].keys.ShortcutName(), "CustomDesktop:Alt+") {
			continue
		}
		w.shortcuts[n].do()
		finish(work)
		for range 3 {
			settle(w, 512, 300)
		}
		walk(w.window.Content(), 0, func(o fyne.CanvasObject, right float32) {
			if right > 513 {
				t.Errorf("%s: %T ends at %.0f", w.shortcuts[n].keys.ShortcutName(), o, right)
			}
		})
	}
}

func TestWelcomeOnce(t *testing.T) {
	w, settings, _ := settingsWindow(t, "fr", Choices{}, nil)
	wrap(w)
	button := buttonOf(w, "J'ai compris")
	if button == nil {
		t.Fatal("no word of welcome")
	}
	w.Show(read())
	if !w.card.welcome.Visible() {
		t.Error("a card took the word of welcome away")
	}
	w.window.Canvas().Focus(button)
	typeKeys(w, fyne.KeySpace)
	if w.card.welcome.Visible() || !settings.kept.Welcomed || w.window.Canvas().Focused() != nil {
		t.Errorf("not dismissed: %+v, the keyboard on %T", settings.kept, w.window.Canvas().Focused())
	}
	again, _, _ := settingsWindow(t, "fr", settings.kept, nil)
	if again.card.welcome.Visible() {
		t.Error("it is said again at the next start")
	}
	s, _ := language.New("fr")
	quiet := New(test.NewTempApp(t), s, Options{Settings: &fakeSettings{}, Quiet: true})
	t.Cleanup(quiet.Close)
	if quiet.card.welcome.Visible() {
		t.Error("it is said though quiet was asked for")
	}
}

// TestKey: the keyring is asked when its section is opened and not before; a key
// leaves the window as it is stored, and never comes back.
func TestKey(t *testing.T) {
	ring := &fakeRing{err: &annuaire.Failure{Code: annuaire.CodeNoKey}}
	w, settings, work := settingsWindow(t, "fr", Choices{Welcomed: true}, ring)
	toSettings(t, w)
	k := w.settings.apiKey
	if finish(work); ring.asked != 0 {
		t.Fatal("the keyring was asked before anybody wanted it")
	}
	openKey(w, work)
	if ring.asked != 1 || !k.store.Disabled() || k.remove.Disabled() {
		t.Errorf("asked %d times, store disabled %v", ring.asked, k.store.Disabled())
	}
	const key = "8997abcdef-fictitious"
	ring.err = nil
	w.window.Canvas().Focus(k.field)
	for _, r := range key {
		k.field.TypedRune(r)
	}
	k.field.TypedShortcut(&fyne.ShortcutSelectAll{})
	k.field.TypedShortcut(&fyne.ShortcutCopy{Clipboard: w.app.Clipboard()})
	if w.app.Clipboard().Content() == key || strings.Contains(test.RenderObjectToMarkup(w.settings.content), key) {
		t.Error("the key can be copied or seen")
	}
	typeKeys(w, fyne.KeyReturn)
	if k.field.Text != "" {
		t.Error("the key stays in the window")
	}
	finish(work)
	k.field.TypedShortcut(&fyne.ShortcutUndo{})
	if ring.stored.IsZero() || fmt.Sprint(ring.stored) == key {
		t.Errorf("stored %v", ring.stored)
	}
	if k.field.Text != "" || settings.sets != 0 || !strings.Contains(words(w), "La clé est rangée") {
		t.Errorf("%q in the field, %d settings kept", k.field.Text, settings.sets)
	}
	// What can be no key is refused before the keyring.
	k.field.SetText("not a key")
	k.keep()
	if len(*work) != 0 || k.field.Text != "" {
		t.Error("what can be no key went to the keyring, or stays")
	}
	// To leave the place wipes what was typed; to fold the section too.
	k.field.SetText("abc")
	press(t, w, "1", fyne.KeyModifierAlt)
	if k.field.Text != "" {
		t.Error("the key stays when the place is left")
	}
	toSettings(t, w)
	k.field.SetText("abc")
	k.fold.Close()
	if k.field.Text != "" {
		t.Error("the key stays when its section is folded")
	}
	// It is taken away after a question.
	openKey(w, work)
	for _, yes := range []bool{false, true} {
		w.settings.confirm = func(_, _, _, _ string, answer func(bool)) { answer(yes) }
		k.remove.OnTapped()
		finish(work)
		if got := ring.deleted == 1; got != yes {
			t.Errorf("answered %v, deleted %d times", yes, ring.deleted)
		}
	}
	// Without a keyring there is nothing to store in.
	ring.err = &annuaire.Failure{Code: annuaire.CodeKeyringAbsent}
	k.look()
	finish(work)
	if !k.field.Disabled() || !k.store.Disabled() || !k.remove.Disabled() {
		t.Error("a key can be typed though there is no keyring")
	}
}

// TestSettingsByKeyboard goes through the place without a mouse, in the order of
// the screen.
func TestSettingsByKeyboard(t *testing.T) {
	w, settings, work := settingsWindow(t, "fr", Choices{Welcomed: true}, &fakeRing{source: annuaire.FromKeyring})
	toSettings(t, w)
	p, screen := w.settings, w.window.Canvas()
	openKey(w, work)
	p.apiKey.field.SetText("abc")
	p.about.Open()
	wrap(w)
	var order []fyne.Focusable
	for range 14 {
		test.FocusNext(screen)
		at := screen.Focused()
		inSight(t, at, p.scroll)
		order = append(order, at)
	}
	want := []fyne.Focusable{p.language, p.large, p.masked, p.network, p.apiKey.fold, p.apiKey.field, p.apiKey.store, p.apiKey.remove, p.about}
	for n, f := range want {
		if order[n] != f {
			t.Errorf("%d: the keyboard is on %T, want %T", n, order[n], f)
		}
	}
	screen.Focus(p.large)
	p.large.TypedRune(' ')
	if !settings.kept.LargeText {
		t.Error("Space does not tick")
	}
	p.about.Close()
	wrap(w)
	p.scroll.ScrollToTop()
	screen.Focus(p.about)
	before := p.scroll.Offset.Y
	typeKeys(w, fyne.KeyReturn)
	if p.scroll.Offset.Y <= before {
		t.Error("what was unfolded stays out of sight")
	}
	screen.Unfocus()
	typeKeys(w, fyne.KeyEnd)
	if p.scroll.Offset.Y == 0 {
		t.Error("End does not scroll")
	}
}

func TestOfficialLinks(t *testing.T) {
	w, _, work := settingsWindow(t, "fr", Choices{Welcomed: true}, nil)
	toSettings(t, w)
	var opened []string
	failed := error(nil)
	w.settings.browse = func(address string) error {
		opened = append(opened, address)
		return failed
	}
	w.settings.about.Open()
	wrap(w)
	follow := func() {
		walk(w.settings.content, 0, func(o fyne.CanvasObject, _ float32) {
			if l, is := o.(*link); is {
				l.OnTapped()
			}
		})
		if len(*work) != len(official) {
			t.Errorf("%d pages are opened while the window waits", len(official)-len(*work))
		}
		finish(work)
	}
	follow()
	if len(opened) != len(official) {
		t.Errorf("%q were opened, want %q", opened, official)
	}
	failed = errors.New("no browser")
	follow()
	if said := words(w); !strings.Contains(said, "La page n'a pas pu être ouverte") || !strings.Contains(said, "https://esante.gouv.fr/assistance") {
		t.Errorf("said %q", said)
	}
}

func TestPreferences(t *testing.T) {
	p := test.NewTempApp(t).Preferences()
	kept := Preferences(p)
	if got := kept.Get(); got != (Choices{}) {
		t.Errorf("a first start has %+v", got)
	}
	want := Choices{Language: "en", LargeText: true, AlwaysMasked: true, Network: true, Welcomed: true}
	kept.Set(want)
	if got := Preferences(p).Get(); got != want {
		t.Errorf("kept %+v", got)
	}
	p.SetString(keptLanguage, foreignName)
	if got := kept.Get().Language; got != "" {
		t.Errorf("language %q", got)
	}
}
