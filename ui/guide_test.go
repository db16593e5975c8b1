package ui

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/google/go-cmp/cmp"

	"postecpx/assets/links"
	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
	"postecpx/internal/guide"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// fakeGuide has the book that it was given, and remembers what it opened.
type fakeGuide struct {
	book    Guidebook
	loadErr error
	openErr error
	opened  []string
	// directory is nil for no look-up.
	directory *fakeDirectory
}

func (f *fakeGuide) Load() (Guidebook, error) { return f.book, f.loadErr }

func (f *fakeGuide) browse(address string) error {
	f.opened = append(f.opened, address)
	return f.openErr
}

// fakeBook is a little guide: words are found by their letters, a finding calls
// for the entry of its name, a card for "carte".
type fakeBook struct {
	entries []guide.Entry
	texts   map[string]guide.Text
}

func (b fakeBook) Entry(id string) (guide.Entry, bool) {
	for _, e := range b.entries {
		if e.ID == id {
			return e, true
		}
	}
	return guide.Entry{}, false
}

func (b fakeBook) Facets() []guide.FacetValues {
	return []guide.FacetValues{
		{Facet: guide.Produit, Label: guide.Label{French: "Produit ou service", English: "Product or service"}, Values: []guide.Value{
			{ID: "cps", Label: guide.Label{French: "CPS et e-CPS", English: "CPS and e-CPS"}},
			{ID: "annuaire", Label: guide.Label{French: "Annuaire Santé", English: "Health directory"}},
			{ID: "nobody", Label: guide.Label{French: "Sans questions", English: "Without questions"}},
		}},
		{Facet: guide.Thematique, Label: guide.Label{French: "Thématique", English: "Theme"}, Values: []guide.Value{
			{ID: "carte", Label: guide.Label{French: "Carte et identifiant", English: "Card and identifier"}},
			{ID: "poste", Label: guide.Label{French: "Poste de travail", English: "Workstation"}},
		}},
	}
}

func (b fakeBook) Silence(words, _ string) guide.Silence {
	if len(words) > 7 && strings.Trim(words, "0123456789") == "" {
		return guide.OnlyNumber
	}
	return guide.Searchable
}

func (b fakeBook) Search(words, _ string, f guide.Filter) []guide.Hit {
	var hits []guide.Hit
	for _, e := range b.entries {
		text := b.texts[e.ID]
		if strings.Contains(strings.ToLower(text.Question+text.Answer), strings.ToLower(words)) && allowed(e, f, "") {
			hits = append(hits, guide.Hit{Entry: e})
		}
	}
	return hits
}

func allowed(e guide.Entry, f guide.Filter, but guide.Facet) bool {
	for facet, values := range f {
		if facet != but && !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(e.Facets[facet], v) }) {
			return false
		}
	}
	return true
}

func (b fakeBook) Counts(words, tag string, f guide.Filter) map[guide.Facet]map[string]int {
	counts := map[guide.Facet]map[string]int{}
	for _, facet := range b.Facets() {
		counts[facet.Facet] = map[string]int{}
		for _, hit := range b.Search(words, tag, nil) {
			for _, v := range hit.Entry.Facets[facet.Facet] {
				if allowed(hit.Entry, f, facet.Facet) {
					counts[facet.Facet][v]++
				}
			}
		}
	}
	return counts
}

func (b fakeBook) Match(s guide.Situation, _ string) []guide.Suggestion {
	var all []guide.Suggestion
	for _, f := range s.Findings {
		if e, fits := b.Entry(string(f.Code)); fits && f.Status != diagnostic.OK && f.Status != diagnostic.Skipped {
			all = append(all, guide.Suggestion{Entry: e, Because: "Le diagnostic a trouvé : " + string(f.Code) + ".", From: []diagnostic.Code{f.Code}})
		}
	}
	if e, fits := b.Entry("carte"); fits && s.Card != nil {
		because := "Votre carte est celle d'un professionnel."
		if wording.IsEmployee(s.Card) {
			because = "Votre carte est celle d'un membre du personnel."
		}
		all = append(all, guide.Suggestion{Entry: e, Because: because})
	}
	return all
}

// littleBook is the guide of the tests, with that many more questions.
func littleBook(more int) fakeBook {
	b := fakeBook{texts: map[string]guide.Text{}}
	add := func(id, question, answer string, facets map[guide.Facet][]string, links ...string) {
		b.entries = append(b.entries, guide.Entry{ID: id, Facets: facets, Links: links, Sources: []string{"FAQ des industriels, ANS"}, FactDate: time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)})
		b.texts[id] = guide.Text{Question: question, Answer: answer}
	}
	add("carte", "Où trouver mon identifiant national ?", "Il est imprimé sur la première ligne de la carte.\n\n- Le chiffre 8.\n- Les 11 chiffres du RPPS.\n\nVoir « Le service carte à puce est arrêté ».",
		map[guide.Facet][]string{guide.Produit: {"cps"}, guide.Thematique: {"carte"}}, "faq-industriels", "igc-sante-chain")
	add("pcsc.service", "Le service carte à puce est arrêté : que faire ?", "1. Redémarrez.\n2. Demandez à votre support.",
		map[guide.Facet][]string{guide.Produit: {"cps"}, guide.Thematique: {"poste"}}, "assistance")
	add("card.expiry", "Ma carte expire : que faire ?", "Elle se renouvelle.", map[guide.Facet][]string{guide.Produit: {"cps", "annuaire"}, guide.Thematique: {"carte"}})
	add("annuaire", "Comment chercher dans l'annuaire ?", "Par Qui, Quoi et Où.", map[guide.Facet][]string{guide.Produit: {"annuaire"}, guide.Thematique: {"carte"}})
	for n := range more {
		add("autre-"+strconv.Itoa(n), "Autre question "+strconv.Itoa(n)+" ?", "Une réponse.", map[guide.Facet][]string{guide.Thematique: {"poste"}})
	}
	return b
}

// guideWindow opens a window at the place Guide, with all others.
func guideWindow(t *testing.T, tag string, f *fakeGuide, doctor *fakeDoctor) (w *Window, work *[]func()) {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	work = new([]func())
	spawn := func(do func()) { *work = append(*work, do) }
	book, little := f.book.(fakeBook)
	o := Options{Now: today, Doctor: doctor, Guide: f, Open: f.browse, Workbench: &fakeBench{}, Later: func(time.Duration, func()) {}}
	if f.directory != nil {
		o.Directory = f.directory
	}
	w = New(test.NewTempApp(t), s, o)
	t.Cleanup(w.Close)
	w.shelf.spawn, w.shelf.post = spawn, func(do func()) { do() }
	makeAll(w)
	w.poste.spawn, w.poste.post = spawn, func(do func()) { do() }
	w.poste.say = func(f diagnostic.Finding, goos string) wording.FindingWords { return said(s, f, goos) }
	w.guide.spawn, w.guide.post = spawn, func(do func()) { do() }
	if little {
		w.text = func(e guide.Entry) guide.Text { return book.texts[e.ID] }
		w.guide.text = w.text
	}
	w.Open()
	finish(work)
	return w, work
}

// press does what these keys of the window do.
func press(t *testing.T, w *Window, key fyne.KeyName, modifier fyne.KeyModifier) {
	t.Helper()
	if !w.run(&desktop.CustomShortcut{KeyName: key, Modifier: modifier}) {
		t.Fatalf("no shortcut for %s", key)
	}
	wrap(w)
}

func toGuide(t *testing.T, w *Window) { press(t, w, "3", fyne.KeyModifierAlt) }

// rowOf is the row on the screen with that label.
func rowOf(t *testing.T, w *Window, label string) *row {
	t.Helper()
	var found *row
	walk(w.window.Content(), 0, func(o fyne.CanvasObject, _ float32) {
		if r, is := o.(*row); is && r.label.Text == label && found == nil {
			found = r
		}
	})
	if found == nil {
		t.Fatalf("no row %q:\n%s", label, words(w))
	}
	return found
}

func tap(t *testing.T, w *Window, label string) {
	t.Helper()
	rowOf(t, w, label).Tapped(nil)
	wrap(w)
}

// buttonOf is the button on the screen with that label, nil for none.
func buttonOf(w *Window, label string) *action {
	var found *action
	walk(w.window.Content(), 0, func(o fyne.CanvasObject, _ float32) {
		if a, is := o.(*action); is && a.Text == label {
			found = a
		}
	})
	return found
}

// nobody makes it a card with an identifier outside of the test range that
// nobody has: its check digit is wrong.
func nobody(c *cps.Card) {
	c.Identifier.Identifier, c.Identifier.Status, c.Identifier.Problems = rpps("10003461033"), cps.Unverified, []nationalid.Problem{nationalid.ProblemLuhn}
}

// guideStates are what the place Guide must say in words.
var guideStates = []struct {
	name string
	do   func(t *testing.T, w *Window, work *[]func())
	says []string
	not  []string
}{
	{"unknown", func(t *testing.T, w *Window, _ *[]func()) { toGuide(t, w) },
		[]string{"insérez une carte ou lancez le diagnostic", "Les 24 questions", "Autre question 7"}, []string{"Autre question 8", "D'après"}},
	{"card", func(t *testing.T, w *Window, _ *[]func()) { w.Show(read()); toGuide(t, w) },
		[]string{"D'après la carte dans le lecteur.", "celle d'un professionnel", "l'Annuaire Santé n'a pas de page pour lui"},
		[]string{"Lancer le diagnostic", "annuaire.esante.gouv.fr", "Voir la page"}},
	{"page", func(t *testing.T, w *Window, _ *[]func()) { w.Show(read(nobody)); toGuide(t, w) },
		[]string{"Voir la page dans l'Annuaire Santé", "https://annuaire.esante.gouv.fr/pp/detail/10003461033"}, []string{"identifiant de test"}},
	{"employee", func(t *testing.T, w *Window, _ *[]func()) { w.Show(read(employee)); toGuide(t, w) },
		[]string{"celle d'un membre du personnel", "https://annuaire.esante.gouv.fr/search"}, []string{"pp/detail"}},
	{"diagnosis", func(t *testing.T, w *Window, work *[]func()) {
		w.Show(read())
		visit(w)
		finish(work)
		toGuide(t, w)
	}, []string{"D'après la carte et le diagnostic de 10:00.", "Le diagnostic a trouvé : card.expiry."}, nil},
	{"outdated", func(t *testing.T, w *Window, work *[]func()) {
		w.Show(read())
		visit(w)
		finish(work)
		w.Show(one(cardreader.NoCard))
		toGuide(t, w)
	}, []string{"Le lecteur a changé depuis le diagnostic", "insérez une carte ou lancez"}, []string{"Le diagnostic a trouvé", "99700218896"}},
	{"search", func(t *testing.T, w *Window, _ *[]func()) { toGuide(t, w); w.guide.search.SetText("service") },
		[]string{"2 questions pour « service »"}, []string{"Pour votre situation"}},
	{"none", func(t *testing.T, w *Window, _ *[]func()) { toGuide(t, w); w.guide.search.SetText("zzz") },
		[]string{"Aucune question pour « zzz »", "Essayez un seul mot"}, nil},
	{"facets", func(t *testing.T, w *Window, _ *[]func()) {
		toGuide(t, w)
		for range 2 {
			for _, f := range folds(w.guide.content) {
				f.Open()
			}
		}
		choose(t, w, "annuaire")
	}, []string{"2 questions sous ce filtre", "Enlever : Produit ou service, Annuaire Santé", "CPS et e-CPS (3)", "Carte et identifiant (2)", "Enlever tous les filtres"},
		[]string{"Poste de travail (", "Sans questions"}},
	{"none-filtered", func(t *testing.T, w *Window, _ *[]func()) {
		toGuide(t, w)
		choose(t, w, "annuaire")
		w.guide.search.SetText("Redémarrez")
	}, []string{"Aucune question pour « Redémarrez »", "Sans les filtres, une question répond"}, nil},
	{"entry", func(t *testing.T, w *Window, _ *[]func()) {
		toGuide(t, w)
		tap(t, w, "Où trouver mon identifiant national ?")
	}, []string{"Retour à la liste", "Les 11 chiffres du RPPS.", "Pages officielles", "FAQ des industriels (ANS)", "http://igc-sante.esante.gouv.fr/AC/Chaine_de_certification-IGC-Sante.p7b", "ne l'ouvre pas", "relevées le 01/10/2026", "Voir aussi"}, []string{"Pourquoi cette page"}},
	{"from-finding", func(t *testing.T, w *Window, work *[]func()) {
		w.Show(read())
		visit(w)
		finish(work)
		wrap(w)
		tap(t, w, "Guide : Ma carte expire : que faire ?")
	}, []string{"Retour au diagnostic", "Pourquoi cette page : Le diagnostic a trouvé : card.expiry.", "Elle se renouvelle."}, nil},
	{"back-at-finding", func(t *testing.T, w *Window, work *[]func()) {
		w.Show(read())
		visit(w)
		finish(work)
		wrap(w)
		rowOf(t, w, "Guide : Ma carte expire : que faire ?").TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		typeKeys(w, fyne.KeyEscape)
	}, []string{"Une chose à faire", "Guide : Ma carte expire"}, nil},
}

// choose ticks a value of a facet.
func choose(t *testing.T, w *Window, id string) {
	t.Helper()
	for _, v := range w.guide.values {
		if v.value.ID == id {
			v.tick.SetChecked(!v.tick.Checked)
			wrap(w)
			return
		}
	}
	t.Fatalf("no value %q", id)
}

func showGuide(t *testing.T, tag, name string) *Window {
	t.Helper()
	for _, st := range guideStates {
		if st.name == name {
			w, work := guideWindow(t, tag, &fakeGuide{book: littleBook(20)}, &fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}})
			st.do(t, w, work)
			w.window.Canvas().Unfocus() // the cursor blinks
			wrap(w)
			return w
		}
	}
	t.Fatalf("there is no state %q", name)
	return nil
}

func TestGuideScreens(t *testing.T) {
	for _, st := range guideStates {
		t.Run(st.name, func(t *testing.T) {
			w := showGuide(t, "fr", st.name)
			shown := w.guide.content
			if !shown.Visible() {
				shown = w.poste.content
			}
			golden(t, "guide-"+st.name, test.RenderObjectToMarkup(shown))
			said := words(w)
			for _, want := range st.says {
				if !strings.Contains(said, want) && buttonOf(w, want) == nil && !strings.Contains(buttons(w), want) {
					t.Errorf("%q is not said:\n%s%s", want, said, buttons(w))
				}
			}
			for _, not := range st.not {
				if strings.Contains(said+buttons(w), not) {
					t.Errorf("%q is said:\n%s", not, said)
				}
			}
		})
	}
	w, work := guideWindow(t, "en", &fakeGuide{book: littleBook(20)}, &fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}})
	w.Show(read())
	visit(w)
	finish(work)
	toGuide(t, w)
	w.window.Canvas().Unfocus()
	golden(t, "guide-en", test.RenderObjectToMarkup(w.guide.content))
	tap(t, w, "Où trouver mon identifiant national ?")
	golden(t, "guide-entry-en", test.RenderObjectToMarkup(w.guide.content))
}

// buttons are the words on the buttons and the links that are seen.
func buttons(w *Window) string {
	var all []string
	walk(w.window.Content(), 0, func(o fyne.CanvasObject, _ float32) {
		switch o := o.(type) {
		case *action:
			all = append(all, o.Text)
		case *link:
			all = append(all, o.Text)
		}
	})
	return strings.Join(all, "\n") + "\n"
}

func TestGuideSpeaksAndStaysInside(t *testing.T) {
	hole := regexp.MustCompile(`^(guide|annuaire|ui)\.[a-z0-9.-]+$`)
	for _, tag := range language.Supported {
		for _, st := range guideStates {
			if tag != "fr" && strings.Contains(st.name, "finding") || st.name == "back-at-finding" {
				continue // pressed by their French words
			}
			t.Run(tag+"/"+st.name, func(t *testing.T) {
				w := showGuide(t, tag, st.name)
				for _, l := range strings.Split(words(w)+buttons(w), "\n") {
					if strings.Contains(l, "<no value>") || strings.Contains(l, "{{") || hole.MatchString(l) {
						t.Errorf("a hole in %q", l)
					}
				}
				staysInside(t, w)
				fitsLeastWidth(t, w)
			})
		}
	}
}

// leastWidth is how narrow the place can be, with large text.
const leastWidth = 400

// fitsLeastWidth holds that everything wraps.
func fitsLeastWidth(t *testing.T, w *Window) {
	t.Helper()
	fyne.CurrentApp().Settings().SetTheme(scaledTheme(largeScale))
	wrap(w)
	if least := w.guide.content.MinSize().Width; least > leastWidth {
		t.Errorf("it needs a width of %.0f", least)
	}
}

// TestEveryEntryFits shows the whole true guide in a small window, with large
// text.
func TestEveryEntryFits(t *testing.T) {
	book, err := guide.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range language.Supported {
		w, _ := guideWindow(t, tag, &fakeGuide{book: book}, &fakeDoctor{})
		fyne.CurrentApp().Settings().SetTheme(scaledTheme(largeScale))
		toGuide(t, w)
		w.guide.showAll()
		if n := len(w.guide.rowsBox.Objects); n != len(book.Entries()) {
			t.Errorf("%d of %d questions are on the screen", n, len(book.Entries()))
		}
		for range 2 {
			for _, f := range folds(w.guide.content) {
				f.Open()
			}
		}
		for range 3 {
			settle(w, 512, 300)
		}
		inside := func(what string) {
			w.guide.page.Refresh() // words wrap: the layout needs two looks
			if least := w.guide.content.MinSize().Width; least > leastWidth {
				t.Errorf("%s %s: it needs a width of %.0f", tag, what, least)
			}
			walk(w.window.Content(), 0, func(o fyne.CanvasObject, right float32) {
				if right > 513 {
					t.Errorf("%s %s: %T ends at %.0f", tag, what, o, right)
				}
			})
		}
		inside("list")
		w.guide.search.SetText("zzzzzz") // the list is not what takes the time
		for _, e := range book.Entries() {
			w.guide.show(e.ID, false, stop{label: "x", back: func() {}})
			inside(e.ID)
			if said := words(w); !strings.Contains(said, e.In(tag).Question[:12]) {
				t.Errorf("%s %s: the question is not there", tag, e.ID)
			}
			if got := strings.Join(strings.Fields(plainBlocks(e.In(tag).Answer)), " "); got != strings.Join(strings.Fields(e.In(tag).Answer), " ") {
				t.Errorf("%s %s: words were lost: %s", tag, e.ID, got)
			}
		}
	}
}

// plainBlocks writes the blocks of an answer as their markup was.
func plainBlocks(answer string) string {
	var all []string
	for _, b := range blocksOf(answer) {
		all = append(all, strings.ReplaceAll(b.mark, "•", "-")+" "+b.text)
	}
	return strings.Join(all, "\n")
}

func TestBlocksOf(t *testing.T) {
	got := blocksOf("Un\nparagraphe.\n\n- a\n- b\n\n1. c\n12. d\nFin.\n2026. Non")
	want := []block{{"", "Un paragraphe.", true}, {"•", "a", true}, {"•", "b", false}, {"1.", "c", true}, {"12.", "d Fin.", false}, {"2026.", "Non", false}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(block{})); d != "" {
		t.Error(d)
	}
	for answer, want := range map[string]string{"- a": "a", "Qui :\n\n- moi ;\n- toi.": "Qui : moi ;", "Un.\n\nDeux :": "Un."} {
		if got := firstLine(answer); got != want {
			t.Errorf("the first line of %q is %q, not %q", answer, got, want)
		}
	}
	if blocksOf(" \n") != nil || firstLine("") != "" {
		t.Error("something came of nothing")
	}
}

// TestGuideByKeyboard goes everywhere without a mouse.
func TestGuideByKeyboard(t *testing.T) {
	f := &fakeGuide{book: littleBook(20)}
	w, work := guideWindow(t, "fr", f, &fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}})
	g, screen := w.guide, w.window.Canvas()
	var copied string
	g.copy = func(text string) { copied = text }
	press(t, w, fyne.KeyF, fyne.KeyModifierShortcutDefault)
	if !g.content.Visible() || screen.Focused() != fyne.Focusable(g.search) {
		t.Fatalf("Ctrl+F leads to %T", screen.Focused())
	}
	// Words, then Enter for the first hit; back to its row, and on with arrows.
	for _, r := range "arrêté" {
		g.search.TypedRune(r)
	}
	wrap(w)
	typeKeys(w, fyne.KeyDown)
	if screen.Focused() != fyne.Focusable(g.rows[0]) {
		t.Errorf("from the words, Down leads to %T", screen.Focused())
	}
	typeKeys(w, fyne.KeyUp)
	if screen.Focused() != fyne.Focusable(g.search) {
		t.Errorf("from the first hit, Up leads to %T", screen.Focused())
	}
	typeKeys(w, fyne.KeyReturn)
	if g.shown != "carte" || screen.Focused() != fyne.Focusable(g.backward) {
		t.Fatalf("Enter shows %q, with the keyboard on %T", g.shown, screen.Focused())
	}
	typeKeys(w, fyne.KeyEscape)
	wrap(w)
	if screen.Focused() != fyne.Focusable(g.rows[0]) || g.search.Text != "arrêté" {
		t.Errorf("Escape leads to %T", screen.Focused())
	}
	typeKeys(w, fyne.KeyDown)
	if screen.Focused() != fyne.Focusable(g.rows[1]) {
		t.Errorf("Down leads to %T", screen.Focused())
	}
	typeKeys(w, fyne.KeySpace)
	if g.shown != "pcsc.service" {
		t.Errorf("Space shows %q", g.shown)
	}
	press(t, w, fyne.KeyLeft, fyne.KeyModifierAlt)
	if g.shown != "" || screen.Focused() != fyne.Focusable(g.rows[1]) {
		t.Errorf("Alt+Left leaves %q, on %T", g.shown, screen.Focused())
	}
	press(t, w, fyne.KeyF, fyne.KeyModifierShortcutDefault)
	typeKeys(w, fyne.KeyEscape)
	if g.search.Text != "" {
		t.Errorf("Escape leaves the words %q", g.search.Text)
	}
	// Everything on the list is reached, and in sight.
	w.Show(read(nobody))
	g.folded.Open()
	wrap(w)
	seen := map[fyne.Focusable]bool{}
	for range 60 {
		test.FocusNext(screen)
		at := screen.Focused()
		if fold, is := at.(*fold); is && !seen[at] {
			typeKeys(w, fyne.KeyRight)
			if !fold.open {
				t.Error("a facet does not unfold")
			}
			wrap(w)
		}
		seen[at] = true
		inSight(t, at, g.listScroll)
	}
	for _, want := range []fyne.Focusable{g.search, g.folded, g.values[0].tick, g.values[3].tick, g.rows[0], g.rows[11], g.more,
		buttonOf(w, "Voir la page dans l'Annuaire Santé"), rowOf(t, w, "Où trouver mon identifiant national ?")} {
		if !seen[want] {
			t.Errorf("the keyboard does not reach %T", want)
		}
	}
	screen.Focus(g.more)
	typeKeys(w, fyne.KeyReturn)
	wrap(w)
	if len(g.rowsBox.Objects) != 24 || screen.Focused() != fyne.Focusable(g.rows[12]) {
		t.Errorf("%d rows, the keyboard on %T", len(g.rowsBox.Objects), screen.Focused())
	}
	// An entry: its links, another entry and back, the copy.
	rowOf(t, w, "Où trouver mon identifiant national ?").TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	wrap(w)
	var other *row
	reached := map[string]bool{}
	for range 8 {
		test.FocusNext(screen)
		switch o := screen.Focused().(type) {
		case *link:
			if !reached[o.Text] {
				typeKeys(w, fyne.KeyReturn)
				finish(work)
			}
			reached[o.Text] = true
		case *row:
			other = o
		case *action:
			if o.Text == "Copier cette page" {
				typeKeys(w, fyne.KeyReturn)
			}
		}
	}
	want := "https://industriels.esante.gouv.fr/faq-des-industriels?f[0]=theme:577&f[1]=theme:620&f[2]=theme:2608&f[3]=theme:2671"
	if !slices.Equal(f.opened, []string{want}) {
		t.Errorf("opened %q", f.opened)
	}
	if !strings.Contains(copied, "- Le chiffre 8.") || !strings.Contains(copied, want) {
		t.Errorf("copied %q", copied)
	}
	if other == nil {
		t.Fatal("the other entry is not reached")
	}
	screen.Focus(other)
	typeKeys(w, fyne.KeyReturn)
	if g.shown != "pcsc.service" {
		t.Errorf("the other entry is %q", g.shown)
	}
	typeKeys(w, fyne.KeyEscape)
	if g.shown != "carte" {
		t.Errorf("Escape leads to %q", g.shown)
	}
	typeKeys(w, fyne.KeyEscape)
	if g.shown != "" {
		t.Errorf("Escape stays at %q", g.shown)
	}
}

// TestThereAndBack: one press leads from a place to the entry, one back to
// where the keyboard was.
func TestThereAndBack(t *testing.T) {
	w, work := guideWindow(t, "fr", &fakeGuide{book: littleBook(3)}, &fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}})
	screen := w.window.Canvas()
	w.Show(read())
	wrap(w)
	card := rowOf(t, w, "Guide : Où trouver mon identifiant national ?")
	for range 3 {
		settle(w, 512, 300)
	}
	screen.Focus(card)
	driver := fyne.CurrentApp().Driver()
	if y := driver.AbsolutePositionForObject(card).Y; y+card.Size().Height > 300 {
		t.Errorf("the keyboard is at %.0f, out of sight", y)
	}
	typeKeys(w, fyne.KeyReturn)
	if !w.guide.page.Visible() || w.guide.shown != "carte" || w.card.content.Visible() {
		t.Fatalf("it leads to %q", w.guide.shown)
	}
	typeKeys(w, fyne.KeySpace) // on the way back
	wrap(w)
	if !w.card.content.Visible() || screen.Focused() != fyne.Focusable(card) || w.guide.shown != "" {
		t.Errorf("back on %T", screen.Focused())
	}

	visit(w)
	finish(work)
	wrap(w)
	finding := rowOf(t, w, "Guide : Ma carte expire : que faire ?")
	screen.Focus(finding)
	typeKeys(w, fyne.KeyReturn)
	press(t, w, fyne.KeyLeft, fyne.KeyModifierAlt)
	if !w.poste.content.Visible() || screen.Focused() != fyne.Focusable(finding) {
		t.Errorf("back on %T", screen.Focused())
	}
	// From another place, the keys of the guide's way back do nothing.
	press(t, w, fyne.KeyLeft, fyne.KeyModifierAlt)
	if !w.poste.content.Visible() {
		t.Error("Alt+Left leaves the place Poste")
	}
	// What is found anew meanwhile makes other rows.
	screen.Focus(finding)
	typeKeys(w, fyne.KeyReturn)
	w.Show(one(cardreader.NoCard))
	typeKeys(w, fyne.KeyEscape)
	wrap(w)
	if at, is := screen.Focused().(*row); !is || at == finding || at.label.Text != finding.label.Text {
		t.Errorf("back on %T", screen.Focused())
	}
	// Nothing stays of the card that has left.
	if got := words(w); strings.Contains(got, "99700218896") {
		t.Error("the identifier stays")
	}
	press(t, w, "1", fyne.KeyModifierAlt)
	if got := words(w); strings.Contains(got, "Guide : Où") {
		t.Error("the way of the card stays")
	}
}

// TestGuideFollows: only what is true and complete makes a situation.
func TestGuideFollows(t *testing.T) {
	w, work := guideWindow(t, "fr", &fakeGuide{book: littleBook(3)}, &fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}})
	ids := func() string {
		var all []string
		for _, s := range w.guide.suggestions {
			all = append(all, s.Entry.ID)
		}
		return strings.Join(all, " ")
	}
	check := func(when, want string) {
		t.Helper()
		if got := ids(); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	check("at first", "")
	w.Show(one(cardreader.NoCard))
	w.ShowDemonstration(*dentist())
	check("the demonstration", "")
	if got := words(w); strings.Contains(got, "Guide : ") {
		t.Error("the demonstration leads to the guide")
	}
	w.Show(one(cardreader.Identified, with(justIdentified())))
	check("half read", "")
	w.Show(read())
	check("read", "carte")
	visit(w)
	finish(work)
	check("diagnosed", "card.expiry carte")
	w.Show(one(cardreader.NoCard))
	check("removed", "")
	w.Show(read(employee))
	check("another card", "carte")
	toGuide(t, w)
	tap(t, w, "Où trouver mon identifiant national ?")
	if got := words(w); !strings.Contains(got, "un membre du personnel") {
		t.Errorf("it is not said why:\n%s", got)
	}
	w.Show(one(cardreader.NoCard))
	wrap(w)
	if got := words(w); strings.Contains(got, "un membre du personnel") {
		t.Error("the card has left, and is still the reason")
	}

	// The keyboard stays on a suggestion while nothing changes.
	w.Show(read())
	typeKeys(w, fyne.KeyEscape)
	wrap(w)
	first := rowOf(t, w, "Où trouver mon identifiant national ?")
	w.window.Canvas().Focus(first)
	w.Show(read())
	if rowOf(t, w, "Où trouver mon identifiant national ?") != first {
		t.Error("the same card made other rows")
	}
}

func TestGuideFilters(t *testing.T) {
	w, _ := guideWindow(t, "fr", &fakeGuide{book: littleBook(20)}, &fakeDoctor{})
	g := w.guide
	toGuide(t, w)
	g.showAll()
	for range 2 {
		for _, f := range folds(g.content) {
			f.Open()
		}
	}
	wrap(w)
	g.listScroll.ScrollToOffset(fyne.NewPos(0, 150))
	at := func() float32 { return fyne.CurrentApp().Driver().AbsolutePositionForObject(g.values[0].tick).Y }
	before := at()
	choose(t, w, "cps")
	if after := at(); after < before-1 || after > before+1 {
		t.Errorf("what was ticked goes from %.0f to %.0f", before, after)
	}
	choose(t, w, "annuaire")
	if len(g.hits) != 4 || g.all {
		t.Errorf("two of one facet: %d", len(g.hits))
	}
	choose(t, w, "carte")
	if len(g.hits) != 3 {
		t.Errorf("and one of another: %d", len(g.hits))
	}
	g.folded.Open()
	tap(t, w, "Enlever : Produit ou service, CPS et e-CPS")
	if len(g.hits) != 2 || g.values[0].tick.Checked || !g.values[1].tick.Checked {
		t.Errorf("one taken away: %d", len(g.hits))
	}
	choose(t, w, "carte")
	if _, left := g.filter[guide.Thematique]; left {
		t.Errorf("unticked: %v", g.filter)
	}
	g.search.SetText("Autre question 3")
	if len(g.hits) != 0 {
		t.Error("the filter does not hold for words")
	}
	buttonOf(w, "Enlever tous les filtres").OnTapped()
	if len(g.hits) != 1 || len(g.filter) != 0 || g.values[1].tick.Checked {
		t.Errorf("cleared: %d, %v", len(g.hits), g.filter)
	}
	buttonOf(w, "Effacer").OnTapped()
	if g.search.Text != "" || !g.situation.Visible() {
		t.Error("the words stay")
	}
}

// TestGuideThatFails: what cannot be read or opened is said.
// TestGuideSearchOfANumber: a number finds nothing, and it is said why.
func TestGuideSearchOfANumber(t *testing.T) {
	w, _ := guideWindow(t, "fr", &fakeGuide{book: littleBook(0)}, nil)
	w.Open()
	toGuide(t, w)
	g := w.guide
	g.search.SetText("899700218896")
	if len(g.hits) != 0 || g.advice.Text != g.speaker.Say("guide.none.number") {
		t.Errorf("%d hits, %q", len(g.hits), g.advice.Text)
	}
}

func TestGuideThatFails(t *testing.T) {
	w, _ := guideWindow(t, "fr", &fakeGuide{loadErr: errors.New("facets.toml: broken")}, &fakeDoctor{})
	w.Show(read())
	toGuide(t, w)
	w.guide.search.SetText("x")
	w.guide.search.OnSubmitted("x")
	w.guide.search.SetText("")
	wrap(w)
	if got := words(w); !strings.Contains(got, "Le guide n'a pas pu être lu : facets.toml: broken") {
		t.Errorf("it is not said:\n%s", got)
	}

	f := &fakeGuide{book: littleBook(0), openErr: errors.New("no browser")}
	w, work := guideWindow(t, "fr", f, &fakeDoctor{})
	w.Show(read(nobody))
	toGuide(t, w)
	if finish(work); len(f.opened) != 0 {
		t.Error("something was opened that nobody asked for")
	}
	buttonOf(w, "Voir la page dans l'Annuaire Santé").OnTapped()
	finish(work)
	wrap(w)
	if got := words(w); !slices.Equal(f.opened, []string{"https://annuaire.esante.gouv.fr/pp/detail/10003461033"}) || !strings.Contains(got, "Tapez cette adresse") || !strings.Contains(got, "no browser") {
		t.Errorf("opened %q:\n%s", f.opened, got)
	}
	f.openErr = nil
	buttonOf(w, "Voir la page dans l'Annuaire Santé").OnTapped()
	finish(work)
	if got := words(w); strings.Contains(got, "Tapez cette adresse") {
		t.Error("it is said that it failed, and it did not")
	}
	w.Show(read(func(c *cps.Card) { c.Identifier = cps.Identifier{Status: cps.Absent} }))
	if strings.Contains(buttons(w), "Annuaire") {
		t.Error("it leads to the page of nobody")
	}
}

// TestTheSearchKeepsTheKeysOfTheWindow: those of a text are its own.
func TestTheSearchKeepsTheKeysOfTheWindow(t *testing.T) {
	w, _ := guideWindow(t, "fr", &fakeGuide{book: littleBook(20)}, &fakeDoctor{})
	toGuide(t, w)
	g := w.guide
	if w.window.Canvas().Focused() != fyne.Focusable(g.search) {
		t.Fatal("the search does not wait for words")
	}
	typeKeys(w, fyne.KeyPageDown)
	if g.listScroll.Offset.Y == 0 {
		t.Error("PageDown does not move the list")
	}
	g.search.SetText("a b")
	g.search.TypedShortcut(&fyne.ShortcutSelectAll{})
	if g.search.SelectedText() != "a b" {
		t.Error("Ctrl+A does not select")
	}
	g.search.TypedShortcut(&desktop.CustomShortcut{KeyName: "1", Modifier: fyne.KeyModifierAlt})
	if !w.card.content.Visible() {
		t.Error("Alt+1 does not leave")
	}
}

// TestGuideLines: an address stands under the name of its page, and what has the
// keyboard has one frame around it.
func TestGuideLines(t *testing.T) {
	w := showGuide(t, "fr", "entry")
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject
	lefts := map[string]float32{}
	var first *link
	var address *widget.Label // under it
	walk(w.guide.content, 0, func(o fyne.CanvasObject, _ float32) {
		switch o := o.(type) {
		case *link:
			lefts[o.Text] = at(o).X
			if first == nil {
				first = o
			}
		case *prose:
			lefts[o.Text] = at(o).X
		case *widget.Label:
			lefts[o.Text] = at(o).X
			if first != nil && address == nil && strings.HasPrefix(o.Text, "https://") {
				address = o
			}
		}
	})
	for _, id := range []string{"faq-industriels", "igc-sante-chain"} {
		to, _ := links.Find(id)
		if name, there := lefts[to.Label("fr")]; !there || name == 0 || name != lefts[to.URL] {
			t.Errorf("%s is at %.0f, its address at %.0f", id, name, lefts[to.URL])
		}
	}
	// A link comes into sight with its address.
	for range 3 {
		settle(w, 683, 300)
	}
	w.window.Canvas().Focus(first)
	if bottom := at(address).Y + address.Size().Height; !first.ring.Visible() || bottom > 300 || at(first).Y < 0 {
		t.Errorf("the address of the link ends at %.0f", bottom)
	}
	walk(first, 0, func(o fyne.CanvasObject, _ float32) {
		if frame, is := o.(*canvas.Rectangle); is && frame.StrokeWidth > 0 {
			t.Error("the link has another frame inside of its ring")
		}
	})
	w.guide.Search()
	wrap(w)
	field := w.guide.search
	if !field.ring.Visible() || at(field.ring) != at(field) || field.ring.Size() != field.Size() {
		t.Errorf("the field is at %v %v, its frame at %v %v", at(field), field.Size(), at(field.ring), field.ring.Size())
	}
}

// BenchmarkTyping is one keystroke in the true guide, until the screen is laid
// out, with the facets open.
func BenchmarkTyping(b *testing.B) {
	book, err := guide.Load()
	if err != nil {
		b.Fatal(err)
	}
	s, err := language.New("fr")
	if err != nil {
		b.Fatal(err)
	}
	app := test.NewTempApp(b)
	w := New(app, s, Options{Now: today, Doctor: &fakeDoctor{}, Guide: &fakeGuide{book: book}})
	defer w.Close()
	w.shelf.spawn, w.shelf.post = func(do func()) { do() }, func(do func()) { do() }
	makeAll(w)
	g := w.guide
	g.spawn, g.post = func(do func()) { do() }, func(do func()) { do() }
	w.Open()
	w.toGuide()
	wrap(w)
	text := []rune("carte bloquée ")
	for _, facets := range []bool{false, true} {
		b.Run(map[bool]string{true: "facets", false: "folded"}[facets], func(b *testing.B) {
			if facets {
				for range 2 {
					for _, f := range folds(g.content) {
						f.Open()
					}
				}
				wrap(w)
			}
			n := 0
			for b.Loop() {
				if n%len(text) == 0 {
					g.search.Entry.SetText("")
				}
				g.search.TypedRune(text[n%len(text)])
				n++
			}
		})
	}
}
