package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// openCard opens a window from which the place Poste can be gone to.
func openCard(t *testing.T, tag string) *Window {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	w := New(test.NewTempApp(t), s, Options{Now: today, Doctor: &fakeDoctor{}, Later: func(time.Duration, func()) {}})
	t.Cleanup(w.Close)
	makeAll(w)
	w.poste.spawn = func(func()) {} // no diagnosis is waited for
	w.Open()
	settle(w, 1024, 600)
	return w
}

// begin brings a window that showed another state to that one.
func begin(w *Window, demonstration bool, snapshots []cardreader.Snapshot) {
	w.snapshot, w.memory, w.demonstration, w.demonstrating = nil, memory{}, nil, false
	if demonstration {
		w.ShowDemonstration(*dentist())
	}
	for _, s := range snapshots {
		w.Show(s)
	}
	w.update()
}

// narrowest is the width in which every state of the place Carte fits with
// large text: a screen of 1024 pixels at 200 %, less the bar of the places.
const narrowest = 400

func TestLargeTextFitsANarrowScreen(t *testing.T) {
	for _, tag := range language.Supported {
		w := openCard(t, tag)
		w.app.Settings().SetTheme(scaledTheme(largeScale))
		for _, s := range states {
			begin(w, s.demonstration, s.snapshots)
			fits := func(when string) {
				t.Helper()
				settle(w, narrowest, 600)
				if least := w.card.content.MinSize().Width; least > narrowest {
					t.Errorf("%s/%s, %s, needs a width of %.0f", tag, s.name, when, least)
				}
			}
			fits("as it comes")
			w.card.CopyRPPS()
			fits("its RPPS copied")
			w.card.CopyIdentifier()
			fits("copied")
			w.demonstrate(false)
			fits("without the demonstration")
		}
	}
}

// TestAllOfALowWindowCanBeReached: in a low window the answer scrolls with the
// rest, and its end can be reached; in a high one it keeps its place.
func TestAllOfALowWindowCanBeReached(t *testing.T) {
	for _, tag := range language.Supported {
		w := openCard(t, tag)
		w.app.Settings().SetTheme(scaledTheme(largeScale))
		for _, s := range states {
			begin(w, s.demonstration, s.snapshots)
			settle(w, 512, 300)
			if least := w.card.content.MinSize().Height; least > 100 {
				t.Errorf("%s/%s needs a height of %.0f", tag, s.name, least)
			}
			if room := w.card.scroll.Size().Height; room < 100 {
				t.Errorf("%s/%s leaves %.0f to what scrolls", tag, s.name, room)
			}
			w.card.scrollKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
			end := lowest(w.card.scroll.Content)
			if bottom := top(w.card.scroll) + w.card.scroll.Size().Height; end > bottom+1 {
				t.Errorf("%s/%s ends at %.0f, the window at %.0f", tag, s.name, end, bottom)
			}
		}
	}
	w := openCard(t, "fr")
	showState(t, w, "test-card")
	settle(w, 512, 300)
	settle(w, 1000, 540)
	w.card.scrollKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	if at := top(w.card.title); at < 0 || w.card.scroll.Offset.Y == 0 {
		t.Errorf("the answer is at %.0f in a window of the usual size, scrolled by %.0f", at, w.card.scroll.Offset.Y)
	}
	settle(w, 512, 200)
	w.Show(one(cardreader.Mute))
	if at := top(w.card.title); at < 0 {
		t.Errorf("a new answer stands at %.0f", at)
	}
}

func top(o fyne.CanvasObject) float32 {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y
}

// labelOf is the label that o is, nil when it is none.
func labelOf(o fyne.CanvasObject) *widget.Label {
	switch o := o.(type) {
	case *widget.Label:
		return o
	case *prose:
		return &o.Label
	case *tappableLabel:
		return &o.Label
	}
	return nil
}

// lowest is where the words end.
func lowest(o fyne.CanvasObject) (end float32) {
	walk(o, 0, func(o fyne.CanvasObject, _ float32) {
		if l := labelOf(o); l != nil {
			end = max(end, top(l)+l.MinSize().Height)
		}
	})
	return end
}

// TestHostileWordsBreakNoLayout: nothing stands over something else, nor beyond
// the edge, in a narrow window with large text.
func TestHostileWordsBreakNoLayout(t *testing.T) {
	for _, state := range []string{"hostile", "gaps", "empty-card", "all-at-once", "employee"} {
		w := openCard(t, "fr")
		w.app.Settings().SetTheme(scaledTheme(largeScale))
		showState(t, w, state)
		for range 2 { // what is nested needs several looks
			settle(w, 480, 600)
		}
		walk(w.card.content, 0, func(o fyne.CanvasObject, right float32) {
			if right > 481 {
				t.Errorf("%s: %T ends at %.0f", state, o, right)
			}
			if l := labelOf(o); l != nil && l.Size().Height+1 < l.MinSize().Height {
				t.Errorf("%s: %q needs a height of %.0f, there are %.0f", state, l.Text, l.MinSize().Height, l.Size().Height)
			}
		})
	}
}

// TestAtAGlance: what is asked for most needs no scrolling in the window that
// opens on a screen of 1024×600, beside the bar of the places.
func TestAtAGlance(t *testing.T) {
	for _, tag := range language.Supported {
		for _, state := range []string{"verified", "test-card", "sources-disagree", "employee"} {
			w := openCard(t, tag)
			showState(t, w, state)
			settle(w, defaultSize.Width, defaultSize.Height)
			seen := []fyne.CanvasObject{w.card.title, w.card.digits, w.card.copyAll, w.card.refusal, w.card.sides}
			for _, fact := range w.card.facts.Objects[:2] { // the holder and the profession
				seen = append(seen, fact)
			}
			for _, o := range seen {
				if bottom := top(o) + o.MinSize().Height; o.Visible() && bottom > defaultSize.Height {
					t.Errorf("%s/%s: %T ends at %.0f of %.0f", tag, state, o, bottom, defaultSize.Height)
				}
			}
			for _, notice := range w.card.notices.Objects {
				if high := notice.MinSize().Height; high > 45 {
					t.Errorf("%s/%s: the notice takes %.0f, more than a line", tag, state, high)
				}
			}
		}
	}
}

// TestNothingIsCopiedWhenTheSourcesDisagree: each identifier stands with its
// source, none as the one, and none is copied by any way.
func TestNothingIsCopiedWhenTheSourcesDisagree(t *testing.T) {
	const asked = "Non copié : les deux identifiants se contredisent."
	w := openCard(t, "fr")
	w.Show(read()) // what was said of the card before must not stay
	showState(t, w, "sources-disagree")
	got := words(w)
	for _, want := range []string{"La carte donne deux identifiants différents", "Selon la puce (CPS_INFO_PS)\n8 997 002 188 96",
		"Selon un certificat de la carte\n8 997 003 662 40", "Ni l'un ni l'autre ne peut être copié"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
	if w.card.digits.Visible() || w.card.copyBox.Visible() || strings.Contains(got, "Ctrl+C") {
		t.Errorf("one of the two is offered:\n%s", got)
	}
	w.app.Clipboard().SetContent("before")
	for _, keys := range []fyne.Shortcut{&fyne.ShortcutCopy{}, &desktop.CustomShortcut{KeyName: fyne.KeyC, Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift}} {
		w.card.Confirm("")
		if strings.Contains(words(w), asked) {
			t.Fatal("said before anything was asked")
		}
		if !w.run(keys) || !strings.Contains(words(w), asked) {
			t.Errorf("%s does not say why nothing is copied", keys.ShortcutName())
		}
	}
	test.Tap(w.card.digits)
	if got := w.app.Clipboard().Content(); got != "before" {
		t.Errorf("%q was copied", got)
	}
	w.Show(read())
	if got := words(w); !w.card.digits.Visible() || !w.card.copyBox.Visible() || strings.Contains(got, "contredisent") || strings.Contains(got, "Selon ") {
		t.Errorf("what was said of the card before stays:\n%s", got)
	}
	w.run(&fyne.ShortcutCopy{})
	if got := w.app.Clipboard().Content(); got != "899700218896" {
		t.Errorf("of the next card, %q was copied", got)
	}
}

// TestTheWayToTheDiagnosis stands wherever there is no card to show.
func TestTheWayToTheDiagnosis(t *testing.T) {
	const button, quiet = "Lancer le diagnostic (Alt+2)", "Carte insérée, et rien ne se passe ?"
	for state, want := range map[string]string{
		"no-service": button, "service-refused": button, "no-reader": button, "mute": button, "unreadable": button, "busy": button,
		"demonstration-no-service": button, "demonstration": button, "no-card": quiet, "removed": quiet,
		"starting": "", "reading": "", "verified": "", "sources-disagree": "", "blocked": "",
	} {
		for _, leads := range []bool{true, false} {
			var w *Window
			if leads {
				w = openCard(t, "fr")
			} else {
				w, _ = open(t, "fr")
			}
			showState(t, w, state)
			if got := w.card.diagnoseBox.Visible(); got != (leads && want == button) {
				t.Errorf("%s, with a place Poste %v: the button is seen: %v", state, leads, got)
			}
			if got := strings.Contains(words(w), quiet); got != (leads && want == quiet) {
				t.Errorf("%s, with a place Poste %v: the quiet way is seen: %v", state, leads, got)
			}
			if want == "" || !leads {
				continue
			}
			if want == button {
				test.Tap(w.card.diagnose)
			} else {
				w.card.doubt.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
			}
			if !w.poste.content.Visible() {
				t.Errorf("%s: the way does not lead to the place Poste", state)
			}
		}
	}
}

// TestTheGuideStandsWhereItIsNeeded: above a card with which something is
// wrong, and after what is known of one that is fine.
func TestTheGuideStandsWhereItIsNeeded(t *testing.T) {
	for state, above := range map[string]bool{"verified": false, "blocked": true, "sources-disagree": true} {
		w := openCard(t, "fr")
		showState(t, w, state)
		w.card.showSignpost(&signpost{question: "Une question ?"})
		w.card.content.Refresh()
		settle(w, 1024, 600)
		if got := top(w.card.way) < top(w.card.card); got != above {
			t.Errorf("%s: above the card: %v", state, got)
		}
	}
}

// TestDigitsStayTogether: however narrow the window and large the words, a
// number stands on one line.
func TestDigitsStayTogether(t *testing.T) {
	for _, state := range []string{"verified", "employee", "demonstration"} {
		for _, large := range []bool{false, true} {
			w := openCard(t, "fr")
			w.app.Settings().SetTheme(themeFor(large))
			showState(t, w, state)
			for range 3 {
				settle(w, 512, 300)
			}
			d := w.card.digits
			width := fyne.MeasureText(d.Text, d.Theme().Size(d.SizeName), d.TextStyle).Width
			if room := d.Size().Width - 2*theme.Size(theme.SizeNameInnerPadding); d.Text == "" || width > room {
				t.Errorf("%s, large %v: %q is %.0f wide, there are %.0f", state, large, d.Text, width, room)
			}
			settle(w, 1024, 600)
			settle(w, 1024, 600)
			if state == "verified" && d.SizeName != sizeIdentifier {
				t.Errorf("%s: the digits stay at %s", state, d.SizeName)
			}
		}
	}
}

// TestKeyboardOfCarteStaysInSight: what has the keyboard is scrolled to, also
// where the answer scrolls with the rest.
func TestKeyboardOfCarteStaysInSight(t *testing.T) {
	for _, state := range []string{"verified", "demonstration", "no-card", "mute", "not-cpx"} {
		w := openCard(t, "fr")
		showState(t, w, state)
		for range 3 {
			settle(w, 512, 300)
		}
		for range 8 {
			test.FocusNext(w.window.Canvas())
			inSight(t, w.window.Canvas().Focused(), w.card.scroll)
		}
	}
}

// TestAFalseNumberIsCopiedWithAWarning: it may be asked for by a support desk.
func TestAFalseNumberIsCopiedWithAWarning(t *testing.T) {
	w := openCard(t, "fr")
	showState(t, w, "bad-check-digit")
	w.card.CopyIdentifier()
	if got := w.card.copyAll.Text; got != "Copié, mais non vérifié" {
		t.Errorf("the button says %q", got)
	}
}

// TestTheDiagnosisIsMadeAnew when it is asked for on Carte, and the last one is
// of another card.
func TestTheDiagnosisIsMadeAnew(t *testing.T) {
	w := openCard(t, "fr")
	begun := 0
	w.poste.spawn = func(func()) { begun++ }
	showState(t, w, "mute")
	test.Tap(w.card.diagnose)
	if begun != 1 || !w.poste.content.Visible() {
		t.Fatalf("%d diagnoses begun", begun)
	}
	w.poste.checking, w.poste.diagnosis, w.poste.outdated = false, &diagnostic.Diagnosis{}, true
	w.toCard()
	test.Tap(w.card.diagnose)
	if begun != 2 {
		t.Errorf("%d diagnoses begun", begun)
	}
}
