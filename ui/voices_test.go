package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// hear goes through a window as the toolkit does for a screen reader: what it
// finds in containers, from the top down.
func hear(o fyne.CanvasObject, at fyne.Position, said func(label string, role fyne.AccessibleRole, at fyne.Position, size fyne.Size)) {
	if !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	if a, ok := o.(fyne.Accessible); ok {
		if role := a.AccessibilityRole(); role != fyne.AccessibleRoleContainer {
			said(a.AccessibilityLabel(), role, at, o.Size())
		}
	}
	if c, ok := o.(*fyne.Container); ok {
		for _, child := range c.Objects {
			hear(child, at, said)
		}
	}
}

func heard(w *Window) (labels []string) {
	hear(w.window.Content(), fyne.NewPos(0, 0), func(label string, _ fyne.AccessibleRole, _ fyne.Position, _ fyne.Size) {
		labels = append(labels, label)
	})
	return labels
}

func voicedWindow(t *testing.T, tag string, voices bool) *Window {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	inline, post := func(do func()) {}, func(do func()) { do() }
	w := New(test.NewTempApp(t), s, Options{Now: today, Doctor: &fakeDoctor{found: []diagnostic.Diagnosis{workstation()}}, Guide: &fakeGuide{book: littleBook(0)}, Workbench: &fakeBench{},
		Settings: &fakeSettings{}, Keyring: &fakeRing{}, Voices: voices, Later: func(time.Duration, func()) {}})
	t.Cleanup(w.Close)
	w.shelf.spawn, w.shelf.post = inline, post
	makeAll(w)
	w.poste.spawn, w.guide.spawn = inline, inline
	w.settings.apiKey.spawn = inline
	w.Open()
	return w
}

// TestEverythingHasAVoice: in every place, all words that can be seen are said,
// and all that can have the keyboard, where it is.
func TestEverythingHasAVoice(t *testing.T) {
	for _, tag := range language.Supported {
		w := voicedWindow(t, tag, true)
		w.Show(read())
		for place := range w.places.all {
			w.GoTo(place)
			wrap(w)
			all := map[string]fyne.Position{}
			hear(w.window.Content(), fyne.NewPos(0, 0), func(label string, role fyne.AccessibleRole, at fyne.Position, size fyne.Size) {
				if label == "" || size.IsZero() || strings.Contains(label, "{{") {
					t.Errorf("%s %d: %q of %v", tag, place, label, size)
				}
				all[label] = at
			})
			voices := voices{speaker: w.speaker}
			place := w.places.screens[place].object()
			focusable := 0
			walk(place, 0, func(o fyne.CanvasObject, _ float32) {
				switch o := o.(type) {
				case *prose:
					if _, said := all[o.Text]; o.Text != "" && !said && !slices.ContainsFunc(heard(w), func(label string) bool { return strings.Contains(label, o.Text) }) {
						t.Errorf("%s: %q is not said", tag, o.Text)
					}
				case *canvas.Text:
				case fyne.Focusable:
					if _, disabled := o.(*widget.Entry); disabled {
						return
					}
					label, _, known := voices.say(o.(fyne.CanvasObject))
					at, said := all[label]
					if !known || !said {
						t.Errorf("%s: %T, %q, is not said", tag, o, label)
						return
					}
					focusable++
					if true := fyne.CurrentApp().Driver().AbsolutePositionForObject(o.(fyne.CanvasObject)); at != true && true != fyne.NewPos(0, 0) {
						t.Errorf("%s: %q is said at %v, it is at %v", tag, label, at, true)
					}
				}
			})
			if focusable == 0 && place != w.card.content {
				t.Errorf("%s: nothing in %T has the keyboard", tag, place)
			}
		}
	}
}

// TestVoicesOfABar: where one is, and how to go elsewhere.
func TestVoicesOfABar(t *testing.T) {
	w := voicedWindow(t, "fr", true)
	wrap(w)
	got := heard(w)
	for _, want := range []string{"Carte, lieu affiché, Alt+1", "Poste, Alt+2", "Réglages, Alt+5"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not said:\n%s", want, strings.Join(got, "\n"))
		}
	}
	if again := heard(w); !slices.Equal(got, again) {
		t.Error("the second time another thing is said")
	}
}

// TestNoVoiceSaysASecret: of a code or a key how much was typed at most.
func TestNoVoiceSaysASecret(t *testing.T) {
	w := voicedWindow(t, "fr", true)
	w.Show(read())
	w.GoTo(3)
	typeCode(w, "4711")
	unfold(w)
	w.GoTo(3)
	said := strings.Join(heard(w), "\n")
	w.GoTo(4)
	w.settings.apiKey.fold.Open()
	if w.settings.apiKey.field == nil {
		t.Fatal("no field for the key")
	}
	w.settings.apiKey.field.SetText("my-secret-key")
	wrap(w)
	said += strings.Join(heard(w), "\n")
	if strings.Contains(said, "4711") || strings.Contains(said, "my-secret-key") {
		t.Error("a screen reader says a secret")
	}
	if !strings.Contains(said, w.settings.apiKey.field.PlaceHolder) {
		t.Error("the field of the key says nothing")
	}
}

// TestVoicesOfAQuestion: what stands over the window is said alone.
func TestVoicesOfAQuestion(t *testing.T) {
	w := voicedWindow(t, "fr", true)
	w.confirm("Titre", "Que faire ?", "Oui", "Non", func(bool) {})
	got := heard(w)
	for _, want := range []string{"Titre", "Que faire ?", "Oui", "Non"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not said: %q", want, got)
		}
	}
	if slices.Contains(got, "Poste, Alt+2") {
		t.Error("what is under the question is said")
	}
	w.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !slices.Contains(heard(w), "Poste, Alt+2") {
		t.Error("what was under the question is not said after it")
	}
}

// TestNothingIsSaidUnasked: without voices, the toolkit finds nothing.
func TestNothingIsSaidUnasked(t *testing.T) {
	w := voicedWindow(t, "fr", false)
	w.Show(read())
	said := 0
	walk(w.window.Content(), 0, func(o fyne.CanvasObject, _ float32) {
		switch o.(type) {
		case *voice, *ear:
			said++
		}
	})
	if said > 0 {
		t.Errorf("there are %d voices", said)
	}
	if all := heard(w); len(all) > 0 {
		t.Errorf("the toolkit finds %q", all)
	}
}

// TestTheDemonstrationIsSaid: who does not see the band must not take its card
// for a true one.
func TestTheDemonstrationIsSaid(t *testing.T) {
	w := voicedWindow(t, "fr", true)
	w.options.Settings.Set(Choices{Welcomed: true})
	w.card.welcome.Hide()
	w.ShowDemonstration(*dentist())
	w.Show(one(cardreader.NoCard))
	if got := heard(w); !slices.ContainsFunc(got, func(label string) bool { return strings.Contains(label, w.speaker.Say("ui.demonstration")) }) {
		t.Errorf("the band is not said: %q", got)
	}
}
