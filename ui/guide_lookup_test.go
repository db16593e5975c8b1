package ui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/internal/annuaire"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// fakeDirectory has the answer that it was given, and remembers what it was
// asked.
type fakeDirectory struct {
	noKey   error // why there is no key
	answer  annuaire.Answer
	err     error
	located int
	asked   []annuaire.Question
	latest  context.Context // of the last question
}

func (f *fakeDirectory) Locate(context.Context) (annuaire.KeySource, error) {
	f.located++
	return annuaire.FromKeyring, f.noKey
}

func (f *fakeDirectory) Host() string { return "gateway.api.esante.gouv.fr" }

func (f *fakeDirectory) Lookup(ctx context.Context, q annuaire.Question) (annuaire.Answer, error) {
	f.asked, f.latest = append(f.asked, q), ctx
	if ctx.Err() != nil {
		return annuaire.Answer{}, &annuaire.Failure{Code: annuaire.CodeCancelled, Err: ctx.Err()}
	}
	return f.answer, f.err
}

// claire is the holder of the card of the tests, as the directory knows her.
func claire(change ...func(*annuaire.Person)) annuaire.Answer {
	yes := true
	p := annuaire.Person{
		ID: "003-1", Active: &yes, Identifier: "899700218896", RPPS: "99700218896", Title: "DR", FamilyName: "SPECIALISTE0021889", GivenNames: []string{"CLAIRE"},
		Professions: []annuaire.Coded{{Code: "40", Label: "Chirurgien-Dentiste"}},
		Cards:       []annuaire.Card{{Type: "CPS", Number: "2900999999", Start: cps.Date{Year: 2024, Month: time.February, Day: 21}, End: cps.Date{Year: 2027, Month: time.February, Day: 21}}},
		Places:      []annuaire.Place{{Name: "HOPITAL DE TEST", FINESS: "990000010", Address: []string{"9 R DE L'ESSAI", "99000 VILLE FICTIVE"}}},
		Updated:     time.Date(2026, time.June, 29, 0, 0, 0, 0, time.UTC),
	}
	for _, f := range change {
		f(&p)
	}
	return annuaire.Answer{Outcome: annuaire.Found, People: []annuaire.Person{p}, By: annuaire.ByIdentifier, At: today(), Host: "gateway.api.esante.gouv.fr"}
}

// crowd is more of everything than is shown.
func crowd() annuaire.Answer {
	a := claire(func(p *annuaire.Person) {
		p.FamilyName = strings.Repeat("TRÈS-LONG-", 12)
		for range 100 {
			p.Places = append(p.Places, annuaire.Place{Name: strings.Repeat("A", 120), Address: []string{strings.Repeat("B", 120)}})
		}
	})
	for range 9 {
		a.People = append(a.People, a.People[0])
	}
	a.Outcome, a.More = annuaire.Several, true
	return a
}

type lookupState struct {
	name      string
	directory fakeDirectory
	card      func(*cps.Card)
	wait      bool // do not let it end
	says, not []string
}

// lookupStates are what the look-up must say in words, once it was asked for.
var lookupStates = []lookupState{
	{name: "no-key", directory: fakeDirectory{noKey: &annuaire.Failure{Code: annuaire.CodeNoKey}},
		says: []string{"à ranger dans Réglages"}, not: []string{"Interroger l'Annuaire Santé", "envoyés"}},
	{name: "under-way", wait: true, says: []string{"En cours : L'Annuaire Santé est interrogé", "Arrêter", "30 secondes"}, not: []string{"Interroger l'Annuaire Santé"}},
	{name: "same", directory: fakeDirectory{answer: claire()},
		says: []string{"Rien ne part avant que vous pressiez ce bouton.", "envoyés à gateway.api.esante.gouv.fr : l'identifiant 899700218896, le numéro de carte 2900999999, votre clé d'API", "Bon : L'Annuaire Santé connaît ce professionnel.", "les 7 points", "Rien à faire",
			"DR CLAIRE SPECIALISTE0021889", "Chirurgien-Dentiste (40)", "en exercice", "La carte et l'annuaire", "pareil", "HOPITAL DE TEST", "Licence Ouverte 2.0", "29/06/2026"},
		not: []string{"différent"}},
	{name: "differs", directory: fakeDirectory{answer: claire(func(p *annuaire.Person) {
		no := false
		p.FamilyName, p.Active = "AUTRE", &no
		p.Cards[0].End.Year = 2028
	})}, says: []string{"Attention : La carte et l'annuaire diffèrent sur 3 points, montrés ci-dessous.", "L'Annuaire Santé connaît ce professionnel.", "exercice terminé",
		"différent : CLAIRE SPECIALISTE0021889 sur la carte, CLAIRE AUTRE dans l'annuaire", "21/02/2028", "À faire : Vérifiez ce qui diffère"}, not: []string{"Rien à faire"}},
	{name: "silent", directory: fakeDirectory{answer: claire(func(p *annuaire.Person) { *p = annuaire.Person{ID: "1", Identifier: "899700218896"} })},
		card: func(c *cps.Card) { c.Identifier.Identifier = rpps("99700366240") }, says: []string{"diffèrent sur un point", "inconnu : la carte ou l'annuaire ne le dit pas"}},
	{name: "crowd", directory: fakeDirectory{answer: crowd()}, says: []string{"Attention : L'Annuaire Santé donne 10 réponses", "l'annuaire en a d'autres"}},
	{name: "not-found", directory: fakeDirectory{answer: annuaire.Answer{Outcome: annuaire.NotFound, At: today(), Host: "gateway.api.esante.gouv.fr"}},
		says: []string{"Attention : L'Annuaire Santé ne connaît pas ce professionnel.", "À faire : C'est attendu : cet identifiant est un identifiant de test"}},
	{name: "nobody", directory: fakeDirectory{answer: annuaire.Answer{Outcome: annuaire.NotFound, At: today()}}, card: nobody,
		says: []string{"À faire : Vérifiez l'identifiant sur la carte."}},
	{name: "no-network", directory: fakeDirectory{err: &annuaire.Failure{Code: annuaire.CodeNetwork, Err: errors.New("dial tcp: no such host")}},
		says: []string{"Problème : L'Annuaire Santé n'a pas pu être joint.", "À faire : Vérifiez la connexion", "Détail technique : dial tcp: no such host"}},
	{name: "key-refused", directory: fakeDirectory{err: &annuaire.Failure{Code: annuaire.CodeKeyRefused, Status: 401}},
		says: []string{"Problème : La clé d'API est refusée (HTTP 401).", "rangez-la de nouveau dans Réglages"}, not: []string{"cpx annuaire"}},
	{name: "quota", directory: fakeDirectory{err: &annuaire.Failure{Code: annuaire.CodeQuota, Status: 429, RetryAfter: 3 * time.Minute}},
		says: []string{"Problème : Trop de questions", "attendre 3 minutes", "À faire : Recommencez plus tard"}},
	{name: "key-gone", directory: fakeDirectory{err: &annuaire.Failure{Code: annuaire.CodeNoKey}},
		says: []string{"Il n'y a pas de clé d'API.", "Rangez la vôtre dans Réglages"}, not: []string{"cpx annuaire", "Interroger l'Annuaire Santé"}},
	{name: "hostile", directory: fakeDirectory{err: errors.New(foreignName)}, says: []string{"Problème : L'Annuaire Santé n'a pas pu être interrogé."}},
}

// showLookup asks about the card in the reader, as far as there is a key.
func showLookup(t *testing.T, tag, name string) (*Window, *fakeDirectory, *[]func()) {
	t.Helper()
	at := slices.IndexFunc(lookupStates, func(st lookupState) bool { return st.name == name })
	st := lookupStates[at]
	w, work := guideWindow(t, tag, &fakeGuide{book: littleBook(0), directory: &st.directory}, &fakeDoctor{})
	if st.card == nil {
		st.card = func(*cps.Card) {}
	}
	w.Show(read(st.card))
	toGuide(t, w)
	finish(work)
	if len(st.directory.asked) != 0 {
		t.Fatal("it was asked by itself")
	}
	w.guide.lookup.Start()
	if !st.wait {
		finish(work)
	}
	w.window.Canvas().Unfocus()
	wrap(w)
	return w, &st.directory, work
}

func TestLookup(t *testing.T) {
	for _, st := range lookupStates {
		t.Run(st.name, func(t *testing.T) {
			w, _, _ := showLookup(t, "fr", st.name)
			golden(t, "guide-lookup-"+st.name, test.RenderObjectToMarkup(w.guide.lookup.box))
			said := words(w) + buttons(w)
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
}

// TestLookupSpeaksAndStaysInside, in both languages.
func TestLookupSpeaksAndStaysInside(t *testing.T) {
	for _, tag := range language.Supported {
		for _, st := range lookupStates {
			t.Run(tag+"/"+st.name, func(t *testing.T) {
				w, _, _ := showLookup(t, tag, st.name)
				if said := words(w) + buttons(w); strings.Contains(said, "<no value>") || strings.Contains(said, "{{") || strings.Contains(said, "guide.lookup") {
					t.Errorf("a hole in %s", said)
				}
				staysInside(t, w)
				fitsLeastWidth(t, w)
			})
		}
	}
}

// TestEveryFailureOfALookup: each has its sentences, and none names a command to
// one who has a window.
func TestEveryFailureOfALookup(t *testing.T) {
	w, directory, work := showLookup(t, "fr", "no-network")
	for _, code := range annuaire.Codes() {
		switch code {
		case annuaire.CodeBaseURL, annuaire.CodeKeyElsewhere, annuaire.CodeQuestion, annuaire.CodeStructure:
			continue // the window has one address, and asks about persons only
		}
		directory.err = &annuaire.Failure{Code: code, Host: "proxy.example"}
		w.guide.lookup.key = true
		w.guide.lookup.Start()
		finish(work)
		wrap(w)
		said := words(w)
		want := directory.err.(*annuaire.Failure).Say(w.speaker).Title
		if !strings.Contains(said, want) || !strings.Contains(said, "À faire : ") || strings.Contains(said, "cpx annuaire") || strings.Contains(said, "--base-url") {
			t.Errorf("%s:\n%s", code, said)
		}
	}
}

// TestLookupIsAskedFor: nothing is sent unasked, and what is said is of the card
// in the reader.
func TestLookupIsAskedFor(t *testing.T) {
	directory := &fakeDirectory{answer: claire()}
	w, work := guideWindow(t, "fr", &fakeGuide{book: littleBook(0), directory: directory}, &fakeDoctor{found: []diagnostic.Diagnosis{workstation(expiring)}})
	l, screen := w.guide.lookup, w.window.Canvas()
	// Without a card, with that of the demonstration, and elsewhere than in the
	// place, not even the key is looked for.
	w.Show(one(cardreader.NoCard))
	w.ShowDemonstration(*dentist())
	toGuide(t, w)
	l.Start()
	if finish(work); l.box.Visible() || directory.located != 0 {
		t.Errorf("offered without a card, the key looked for %d times", directory.located)
	}
	press(t, w, "1", fyne.KeyModifierAlt)
	w.Show(one(cardreader.Identified, with(justIdentified())))
	w.Show(read())
	if finish(work); directory.located != 0 {
		t.Error("the key is looked for elsewhere")
	}
	toGuide(t, w)
	w.Show(read())
	visit(w)
	finish(work)
	toGuide(t, w)
	finish(work)
	wrap(w)
	if len(directory.asked) != 0 || buttonOf(w, "Interroger l'Annuaire Santé") == nil {
		t.Fatalf("asked %d times; the button is %v", len(directory.asked), buttonOf(w, "Interroger l'Annuaire Santé"))
	}
	// By the keyboard, stopped with Escape: the keyboard is where it was.
	screen.Focus(l.start)
	typeKeys(w, fyne.KeyReturn)
	if screen.Focused() != fyne.Focusable(l.stop) {
		t.Errorf("while it is asked the keyboard is on %T", screen.Focused())
	}
	typeKeys(w, fyne.KeyReturn)
	finish(work)
	wrap(w)
	if got := words(w); screen.Focused() != fyne.Focusable(l.start) || !strings.Contains(got, "À savoir : La recherche a été arrêtée.") || len(directory.asked) != 1 || directory.latest.Err() == nil {
		t.Errorf("stopped, the keyboard on %T:\n%s", screen.Focused(), got)
	}
	typeKeys(w, fyne.KeyReturn, fyne.KeyEscape)
	finish(work)
	wrap(w)
	if got := words(w); !strings.Contains(got, "La recherche a été arrêtée.") {
		t.Errorf("Escape does not stop it:\n%s", got)
	}
	typeKeys(w, fyne.KeyReturn)
	l.Start() // a second time at once
	finish(work)
	wrap(w)
	want := annuaire.Question{Identifier: rpps("99700218896"), CardNumber: "2900999999"}
	if len(directory.asked) != 3 || directory.asked[2] != want {
		t.Errorf("asked %+v", directory.asked)
	}
	if got := words(w); !strings.Contains(got, "DR CLAIRE") || screen.Focused() != fyne.Focusable(l.start) {
		t.Errorf("answered, the keyboard on %T:\n%s", screen.Focused(), got)
	}
	driver := fyne.CurrentApp().Driver()
	if y := driver.AbsolutePositionForObject(l.state).Y - driver.AbsolutePositionForObject(w.guide.listScroll).Y; y < 0 || y > w.guide.listScroll.Size().Height/2 {
		t.Errorf("the answer is at %.0f", y)
	}
	// The same card leaves it; another takes it away, and what still comes of it.
	w.Show(read())
	wrap(w)
	if got := words(w); !strings.Contains(got, "DR CLAIRE") {
		t.Error("the answer went with no cause")
	}
	l.Start()
	w.Show(cardreader.Snapshot{Readers: []cardreader.ReaderStatus{otherCard()}})
	if directory.answer = claire(); l.cancel != nil {
		t.Error("it goes on about a card that has left")
	}
	finish(work)
	wrap(w)
	if got := words(w); directory.latest.Err() == nil || strings.Contains(got, "DR CLAIRE") || strings.Contains(got, "arrêtée") {
		t.Errorf("of another card:\n%s", got)
	}
	w.Show(one(cardreader.NoCard))
	if l.box.Visible() {
		t.Error("it stays without a card")
	}
}

// TestKeyOfALookup: a key that is stored or taken away meanwhile is seen.
func TestKeyOfALookup(t *testing.T) {
	w, directory, work := showLookup(t, "fr", "no-key")
	offered := func() bool { return buttonOf(w, "Interroger l'Annuaire Santé") != nil }
	again := func() {
		press(t, w, "1", fyne.KeyModifierAlt)
		toGuide(t, w)
		toGuide(t, w)
		finish(work)
		wrap(w)
	}
	if offered() || len(directory.asked) != 0 {
		t.Error("offered without a key")
	}
	directory.noKey = nil
	if again(); !offered() {
		t.Error("not offered with a key")
	}
	directory.noKey = &annuaire.Failure{Code: annuaire.CodeNoKey}
	if again(); offered() {
		t.Error("offered without a key again")
	}
	// A card that gives nothing to ask with, and one that gives its number only.
	directory.noKey = nil
	absent := func(c *cps.Card) { c.Identifier = cps.Identifier{Status: cps.Absent} }
	w.Show(read(absent, func(c *cps.Card) { c.Number = "" }))
	if again(); offered() {
		t.Error("offered with nothing to ask")
	}
	w.Show(read(absent))
	if again(); !offered() || !strings.Contains(words(w), ": le numéro de carte 2900999999, votre clé") {
		t.Errorf("the number of the card alone:\n%s", words(w))
	}
}
