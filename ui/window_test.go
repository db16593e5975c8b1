package ui

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/google/go-cmp/cmp"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

var update = flag.Bool("update", false, "write the screens of testdata anew")

func TestMain(m *testing.M) {
	os.Setenv("LANG", "fr_FR.UTF-8") // the toolkit looks at it
	flag.Parse()
	os.Exit(m.Run())
}

// open opens a window of that language in a test application. later holds what
// the window wants done after a while.
func open(t *testing.T, tag string) (w *Window, later *[]func()) {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	later = new([]func())
	w = New(test.NewTempApp(t), s, Options{Now: today, Later: func(_ time.Duration, do func()) { *later = append(*later, do) }})
	t.Cleanup(w.Close)
	w.Open()
	settle(w, 1024, 600)
	return w, later
}

// settle gives the window that size; words wrap, so the layout needs two looks.
func settle(w *Window, width, height float32) {
	w.window.Resize(fyne.NewSize(width-1, height))
	w.window.Resize(fyne.NewSize(width, height))
}

// walk visits what can be seen, and where its right edge lies.
func walk(o fyne.CanvasObject, left float32, visit func(o fyne.CanvasObject, right float32)) {
	if !o.Visible() {
		return
	}
	left += o.Position().X
	visit(o, left+o.Size().Width)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, left, visit)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, left, visit)
		}
	}
}

// words are all that can be read on the screen, one line for each run of text;
// in them, the words of a sentence that wraps stand on several lines.
func words(w *Window) string {
	var all []string
	walk(w.window.Content(), 0, func(o fyne.CanvasObject, _ float32) {
		switch o := o.(type) {
		case *canvas.Text:
			if o.Text != "" {
				all = append(all, o.Text)
			}
		case *widget.Label:
			all = append(all, o.Text)
		case *prose:
			all = append(all, o.Text)
		}
	})
	return strings.Join(all, "\n") + "\n"
}

// inSight holds when what has the keyboard is not scrolled away.
func inSight(t *testing.T, at fyne.Focusable, scroll *container.Scroll) {
	t.Helper()
	inside := false
	walk(scroll.Content, 0, func(o fyne.CanvasObject, _ float32) { inside = inside || o == at.(fyne.CanvasObject) })
	if !inside {
		return
	}
	driver := fyne.CurrentApp().Driver()
	y := driver.AbsolutePositionForObject(at.(fyne.CanvasObject)).Y - driver.AbsolutePositionForObject(scroll).Y
	if y < 0 || y+at.(fyne.CanvasObject).Size().Height > scroll.Size().Height {
		t.Errorf("the keyboard is on %T at %.0f, out of sight", at, y)
	}
}

func follow(w *Window, demonstration bool, snapshots []cardreader.Snapshot) {
	if demonstration {
		w.ShowDemonstration(*dentist())
	}
	for _, s := range snapshots {
		w.Show(s)
	}
	settle(w, 1024, 600)
}

// showState brings the window to the state of that name.
func showState(t *testing.T, w *Window, name string) {
	t.Helper()
	for _, s := range states {
		if s.name == name {
			follow(w, s.demonstration, s.snapshots)
			return
		}
	}
	t.Fatalf("there is no state %q", name)
}

func TestScreens(t *testing.T) {
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			w, _ := open(t, "fr")
			follow(w, s.demonstration, s.snapshots)
			got := test.RenderToMarkup(w.window.Canvas())
			path := filepath.Join("testdata", s.name+".xml")
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
		})
	}
}

// TestEveryStateSpeaks holds for every state, in both languages: there is an
// answer, a step to take unless all is fine, and no hole in a sentence.
func TestEveryStateSpeaks(t *testing.T) {
	for _, tag := range language.Supported {
		for _, s := range states {
			t.Run(tag+"/"+s.name, func(t *testing.T) {
				w, _ := open(t, tag)
				follow(w, s.demonstration, s.snapshots)
				if w.card.title.Text == "" || w.card.sign.Resource == nil {
					t.Error("there is no answer")
				}
				fine := w.card.title.Text == w.speaker.Say("stage.verified") || w.card.title.Text == w.speaker.Say("stage.unverifiable")
				if w.card.next.Visible() == fine {
					t.Errorf("next step shown: %v, all is fine: %v", w.card.next.Visible(), fine)
				}
				for _, line := range strings.Split(words(w), "\n") {
					if strings.Contains(line, "<no value>") || strings.Contains(line, "{{") || keyForm.MatchString(line) {
						t.Errorf("a hole in %q", line)
					}
					if len(line) > 1200 {
						t.Errorf("%d bytes on one label", len(line))
					}
					if strings.ContainsAny(line, "\x1b\x07\u202e\u2066\r") {
						t.Errorf("not inert: %q", line)
					}
				}
			})
		}
	}
}

// TestNothingLeavesTheWindow looks for words outside of what can be seen or
// scrolled to, at small sizes and with large text.
func TestNothingLeavesTheWindow(t *testing.T) {
	for _, size := range []fyne.Size{fyne.NewSize(1024, 600), fyne.NewSize(683, 400), fyne.NewSize(512, 300)} {
		for _, s := range states {
			w, _ := open(t, "fr")
			follow(w, s.demonstration, s.snapshots)
			settle(w, size.Width, size.Height)
			if least := w.window.Content().MinSize().Width; least > size.Width {
				t.Errorf("%s needs a width of %.0f, there are %.0f", s.name, least, size.Width)
			}
			walk(w.window.Content(), 0, func(o fyne.CanvasObject, right float32) {
				if right > size.Width+1 {
					t.Errorf("%s at %v: %T ends at %.0f", s.name, size, o, right)
				}
			})
		}
	}
}

// TestDefaultSize: the window fits a screen of 1024×600 with its bars, and shows
// what is asked for most without scrolling.
func TestDefaultSize(t *testing.T) {
	w, _ := open(t, "fr")
	showState(t, w, "test-card")
	if defaultSize.Width > 1024 || defaultSize.Height > 550 {
		t.Errorf("the window is %v", defaultSize)
	}
	settle(w, defaultSize.Width, defaultSize.Height)
	for _, label := range []string{"Code porteur", "Validité"} {
		found := false
		for _, fact := range w.card.facts.Objects {
			caption := fact.(*fyne.Container).Objects[0].(*prose)
			if caption.Text != label {
				continue
			}
			found = true
			bottom := fyne.CurrentApp().Driver().AbsolutePositionForObject(fact).Y + fact.MinSize().Height
			if bottom > defaultSize.Height {
				t.Errorf("%s ends at %.0f of %.0f", label, bottom, defaultSize.Height)
			}
		}
		if !found {
			t.Errorf("there is no %s", label)
		}
	}
}

func TestLife(t *testing.T) {
	w, _ := open(t, "fr")
	expect := func(step string, present, absent []string) {
		t.Helper()
		settle(w, 1024, 600)
		got := words(w)
		for _, p := range present {
			if !strings.Contains(got, p) {
				t.Errorf("%s: %q is not on the screen:\n%s", step, p, got)
			}
		}
		for _, a := range absent {
			if strings.Contains(got, a) {
				t.Errorf("%s: %q is on the screen", step, a)
			}
		}
	}
	const digits, person = "8 997 002 188 96", "SPECIALISTE0021889"
	w.Show(one(cardreader.NoCard))
	expect("empty", []string{"Insérez votre carte CPx"}, []string{digits})
	w.Show(one(cardreader.Reading))
	expect("reading", []string{"Lecture de la carte", "Laissez la carte"}, []string{digits})
	w.Show(one(cardreader.Identified, with(justIdentified())))
	w.card.CopyIdentifier()
	w.Show(one(cardreader.Identified, with(justIdentified())))
	expect("copied while the rest is read", []string{"Copié : 899700218896"}, nil)
	w.card.Confirm("")
	expect("identified", []string{digits, "certificat en cours de lecture", "en cours de lecture", unknownNumber}, []string{person, "Identifiant national lu et vérifié"})
	if w.card.copyAll.Importance == widget.HighImportance || w.card.sign.Resource.Name() == toneIcon(wording.Good).Name() {
		t.Error("what was not compared yet looks verified")
	}
	w.Show(read())
	expect("read", []string{digits, person, "lu et vérifié", "3 essais restants", "CARTE DE TEST"}, []string{"en cours de lecture"})
	if w.card.copyAll.Importance != widget.HighImportance || w.card.sign.Resource.Name() != toneIcon(wording.Good).Name() {
		t.Error("what is verified does not look so")
	}
	w.Show(one(cardreader.NoCard))
	expect("removed", []string{"La carte a été retirée"}, []string{digits, person})
	if w.card.shown != nil || w.card.digits.Text != "" || len(w.card.facts.Objects) > 0 || w.card.drawings[0].number.Text != unknownNumber {
		t.Error("what was read is only hidden, and still in the window")
	}
	w.Show(one(cardreader.Mute))
	expect("mute", []string{"La carte ne répond pas"}, []string{digits})
	w.Show(one(cardreader.NoCard))
	expect("mute removed", []string{"Insérez votre carte CPx"}, []string{digits})
	w.Show(cardreader.Snapshot{})
	expect("unplugged", []string{"Aucun lecteur"}, []string{digits})
	w.Show(cardreader.Snapshot{Service: failed(pcsc.ErrService)})
	expect("stopped", []string{"ne répond pas", "Détail technique"}, []string{digits})
}

func TestCopy(t *testing.T) {
	w, later := open(t, "fr")
	clipboard := w.app.Clipboard()
	press := func(s fyne.Shortcut) {
		for _, bound := range w.shortcuts {
			if bound.keys.ShortcutName() == s.ShortcutName() {
				bound.do()
			}
		}
	}
	rppsAlone := &desktop.CustomShortcut{KeyName: fyne.KeyC, Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift}

	clipboard.SetContent("before")
	press(&fyne.ShortcutCopy{})
	press(rppsAlone)
	if got := clipboard.Content(); got != "before" {
		t.Fatalf("without a card, %q was copied", got)
	}
	w.Show(read())
	for _, c := range []struct {
		by   string
		do   func()
		want string
	}{
		{"the copy key", func() { press(&fyne.ShortcutCopy{}) }, "899700218896"},
		{"its key for the RPPS", func() { press(rppsAlone) }, "99700218896"},
		{"the button", func() { test.Tap(w.card.copyAll) }, "899700218896"},
		{"the button of the RPPS", func() { test.Tap(w.card.copyRPPS) }, "99700218896"},
		{"a click on the digits", func() { test.Tap(w.card.digits) }, "899700218896"},
		{"Enter on the button", func() { w.card.copyRPPS.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) }, "99700218896"},
		{"Space on the button", func() { w.card.copyAll.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace}) }, "899700218896"},
	} {
		clipboard.SetContent("before")
		c.do()
		if got := clipboard.Content(); got != c.want {
			t.Errorf("%s copies %q, want %q", c.by, got, c.want)
		}
		if !strings.Contains(words(w), "Copié : "+c.want+"\n") {
			t.Errorf("%s does not confirm", c.by)
		}
	}
	// Only the end of the last confirmation takes it away.
	(*later)[0]()
	if !strings.Contains(words(w), "Copié : 899700218896") {
		t.Error("an older confirmation took the last one away")
	}
	(*later)[len(*later)-1]()
	if strings.Contains(words(w), "Copié") {
		t.Error("the confirmation stays")
	}

	press(&fyne.ShortcutCopy{})
	w.Show(read(func(c *cps.Card) { c.Identifier.Identifier = rpps("99700366240") }))
	if strings.Contains(words(w), "Copié") {
		t.Error("the confirmation of another card stays")
	}
}

func TestCopyOfAnEmployee(t *testing.T) {
	w, _ := open(t, "fr")
	showState(t, w, "employee")
	w.app.Clipboard().SetContent("before")
	w.card.CopyRPPS()
	if got := w.app.Clipboard().Content(); got != "before" {
		t.Errorf("an RPPS that is none was copied: %q", got)
	}
	test.Tap(w.card.copyAll)
	if got := w.app.Clipboard().Content(); got != "300000000029751/CPET00012" {
		t.Errorf("copied %q", got)
	}
	if strings.Contains(words(w), "RPPS seul") {
		t.Error("the RPPS is offered")
	}
}

// TestNothingIsCopiedFromTheDemonstration: its number might be sent somewhere.
func TestNothingIsCopiedFromTheDemonstration(t *testing.T) {
	const refused = "Démonstration : non copié"
	w, later := open(t, "fr")
	showState(t, w, "demonstration")
	w.app.Clipboard().SetContent("before")
	if !w.card.copyAll.Disabled() || !w.card.copyRPPS.Disabled() {
		t.Error("the buttons are not disabled")
	}
	test.Tap(w.card.copyAll)
	if strings.Contains(words(w), refused) {
		t.Error("a disabled button does something")
	}
	for i, do := range []func(){w.shortcuts[0].do, w.shortcuts[1].do, func() { test.Tap(w.card.digits) }} {
		do()
		if !strings.Contains(words(w), refused) {
			t.Errorf("%d: nothing says that it was not copied", i)
		}
		for _, width := range []float32{1000, 1024} {
			settle(w, width, 540)
			for _, button := range []*action{w.card.copyAll, w.card.copyRPPS} {
				if least := button.MinSize().Width; least > button.Size().Width {
					t.Errorf("%q needs %.0f, there are %.0f", button.Text, least, button.Size().Width)
				}
			}
		}
		(*later)[len(*later)-1]()
		if strings.Contains(words(w), refused) {
			t.Errorf("%d: the refusal stays", i)
		}
	}
	if got := w.app.Clipboard().Content(); got != "before" {
		t.Errorf("copied %q", got)
	}
	w.shortcuts[0].do()
	w.Show(read()) // a true card of the same number
	if got := words(w); strings.Contains(got, refused) || strings.Contains(got, "Copié") || w.card.copyAll.Disabled() {
		t.Errorf("the demonstration goes on:\n%s", got)
	}
	w.shortcuts[0].do()
	if got := w.app.Clipboard().Content(); got != "899700218896" {
		t.Errorf("of the true card, %q was copied", got)
	}
}

func TestDemonstration(t *testing.T) {
	const band, person = "DÉMONSTRATION", "SPECIALISTE0021889"
	w, _ := open(t, "fr")
	sees := func(step string, demonstration bool, truth string) {
		t.Helper()
		settle(w, 1024, 600)
		got := words(w)
		if strings.Contains(got, band) != demonstration || strings.Contains(got, person) != demonstration {
			t.Errorf("%s: demonstration %v, want %v:\n%s", step, !demonstration, demonstration, got)
		}
		if !strings.Contains(got, truth) {
			t.Errorf("%s: %q is not said", step, truth)
		}
	}
	w.ShowDemonstration(*dentist())
	sees("before the readers are known", false, "Recherche du lecteur")
	w.Show(cardreader.Snapshot{Service: failed(pcsc.ErrService)})
	sees("no service", true, "ne répond pas")
	w.Show(cardreader.Snapshot{})
	sees("no reader", true, "Aucun lecteur")
	w.Show(one(cardreader.NoCard))
	sees("no card", true, "Insérez votre carte CPx")
	w.Show(one(cardreader.NotCPx))
	sees("another card", false, "Carte non reconnue")
	w.Show(one(cardreader.NoCard))
	sees("taken out", false, "Voir une carte de démonstration")
	w.demonstrate(true)
	sees("asked for again", true, "Insérez votre carte CPx")
	w.demonstrate(false)
	sees("left", false, "Insérez votre carte CPx")
	w.demonstrate(true)
	w.Show(one(cardreader.Read, with(dentist(func(c *cps.Card) { c.Holder.FamilyName = "AUTRE" }))))
	sees("true card", false, "AUTRE")
	w.demonstrate(true)
	sees("asked for with a card in", false, "AUTRE")
}

func TestChooser(t *testing.T) {
	w, _ := open(t, "fr")
	showState(t, w, "two-cards")
	if got := words(w); !strings.Contains(got, "8 997 002 188 96") || !strings.Contains(got, "Lecteur bi-fente") {
		t.Fatalf("the first card is not shown, or the other reader is not named:\n%s", got)
	}
	w.card.choice.SetSelectedIndex(1)
	if got := words(w); !strings.Contains(got, "8 997 003 662 40") {
		t.Errorf("the chosen card is not shown:\n%s", got)
	}
	// The chosen one leaves; the other is shown, without a choice.
	w.Show(read())
	if got := words(w); !strings.Contains(got, "8 997 002 188 96") || w.card.chooser.Visible() {
		t.Errorf("the card that stays is not shown alone:\n%s", got)
	}
}

func TestPreferredReader(t *testing.T) {
	s, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	w := New(test.NewTempApp(t), s, Options{Now: today, Reader: "intégré"})
	defer w.Close()
	w.Open()
	showState(t, w, "several-readers")
	if got := words(w); !strings.Contains(got, "Lecteur : Lecteur intégré 00 00") || !strings.Contains(got, "Insérez votre carte") {
		t.Errorf("the reader that was asked for is not shown:\n%s", got)
	}
}

func TestKeyboard(t *testing.T) {
	w, _ := open(t, "fr")
	w.Show(read())
	settle(w, 1024, 400)
	screen := w.window.Canvas()
	for i, want := range []fyne.Focusable{w.card.copyAll, w.card.copyRPPS, w.card.copyAll} {
		test.FocusNext(screen)
		if got := screen.Focused(); got != want {
			t.Fatalf("step %d: the keyboard is on %T, want %T", i, got, want)
		}
		if !want.(*action).ring.Visible() {
			t.Errorf("step %d: the focus cannot be seen", i)
		}
	}
	if w.card.copyRPPS.ring.Visible() {
		t.Error("the ring stays where the focus was")
	}
	for _, key := range []fyne.KeyName{fyne.KeyDown, fyne.KeyPageDown, fyne.KeyEnd} {
		w.card.scroll.ScrollToTop()
		w.card.copyAll.TypedKey(&fyne.KeyEvent{Name: key})
		if w.card.scroll.Offset.Y == 0 {
			t.Errorf("%s does not move the screen", key)
		}
	}
	for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyPageUp, fyne.KeyHome} {
		w.card.scroll.ScrollToBottom()
		before := w.card.scroll.Offset.Y
		screen.OnTypedKey()(&fyne.KeyEvent{Name: key})
		if w.card.scroll.Offset.Y >= before {
			t.Errorf("%s does not move the screen", key)
		}
	}
}

// TestTabFollowsTheScreen: what stands above comes first.
func TestTabFollowsTheScreen(t *testing.T) {
	w, _ := open(t, "fr")
	showState(t, w, "two-cards")
	screen := w.window.Canvas()
	for i, want := range []fyne.Focusable{w.card.choice, w.card.copyAll, w.card.copyRPPS, w.card.choice} {
		test.FocusNext(screen)
		if got := screen.Focused(); got != want {
			t.Fatalf("step %d: the keyboard is on %T, want %T", i, got, want)
		}
		if w.card.choice.ring.Visible() != (want == w.card.choice) {
			t.Errorf("step %d: the focus on the choice cannot be seen, or stays", i)
		}
	}

	w, _ = open(t, "fr")
	showState(t, w, "demonstration")
	screen = w.window.Canvas()
	test.FocusNext(screen)
	if leave, ok := screen.Focused().(*action); !ok || leave.Text != w.speaker.Say("ui.demonstration.leave") {
		t.Errorf("the keyboard is first on %T", screen.Focused())
	}
}

// TestDrawnNumber: nothing that is doubtful or unpublished looks printed.
func TestDrawnNumber(t *testing.T) {
	for state, want := range map[string][2]string{
		"verified":         {"8 997 002 188 96", "Première ligne : votre identifiant"},
		"expired":          {"8 997 002 188 96", "Première ligne : votre identifiant"},
		"demonstration":    {"8 997 002 188 96", "Première ligne : l'identifiant"},
		"no-card":          {unknownNumber, "Première ligne : votre identifiant"},
		"identified":       {unknownNumber, "Première ligne : votre identifiant"},
		"bad-check-digit":  {unknownNumber, "Première ligne : votre identifiant"},
		"sources-disagree": {unknownNumber, "Première ligne : votre identifiant"},
		"absent":           {unknownNumber, "Première ligne : votre identifiant"},
		"employee":         {unpublishedNumber, "Première ligne : contenu non publié"},
		"adeli":            {unpublishedNumber, "Première ligne : contenu non publié"},
	} {
		w, _ := open(t, "fr")
		showState(t, w, state)
		for i, d := range w.card.drawings {
			if d.number.Text != want[0] || w.card.captions[i].Text != want[1] {
				t.Errorf("%s: drawn %q, %q", state, d.number.Text, w.card.captions[i].Text)
			}
		}
	}
}

func TestOnlyTheVerifiedIsOfferedFirst(t *testing.T) {
	for state, want := range map[string]widget.Importance{
		"verified": widget.HighImportance, "employee": widget.HighImportance, "no-certificate": widget.HighImportance,
		"identified": widget.MediumImportance, "bad-check-digit": widget.MediumImportance,
		"sources-disagree": widget.MediumImportance, "adeli": widget.MediumImportance,
	} {
		w, _ := open(t, "fr")
		w.Show(read()) // the importance of the card before must not stay
		showState(t, w, state)
		if got := w.card.copyAll.Importance; got != want {
			t.Errorf("%s: importance %v, want %v", state, got, want)
		}
	}
}

// TestAnotherCardIsSaid: a card that leaves while another one is there.
func TestAnotherCardIsSaid(t *testing.T) {
	const left = "Carte retirée de Lecteur Exemple 00 00 ; carte de Lecteur bi-fente 01 00 affichée"
	first := func(stage cardreader.Stage, c *cps.Card) cardreader.ReaderStatus {
		return cardreader.ReaderStatus{Reader: readerName, Stage: stage, Card: c}
	}
	show := func(w *Window, readers ...cardreader.ReaderStatus) bool {
		w.Show(cardreader.Snapshot{Readers: readers})
		return strings.Contains(words(w), left)
	}
	there, gone := first(cardreader.Read, dentist()), first(cardreader.NoCard, nil)
	nobody := otherCard()
	nobody.Stage, nobody.Card = cardreader.NoCard, nil

	w, _ := open(t, "fr")
	if show(w, there, otherCard()) {
		t.Error("said while both are there")
	}
	settle(w, 1024, 300)
	w.card.scroll.ScrollToBottom()
	if !show(w, gone, otherCard()) {
		t.Error("not said when the first left")
	}
	if w.card.scroll.Offset.Y != 0 {
		t.Error("the other card is shown from its middle")
	}
	w.update()
	if !show(w, gone, otherCard()) {
		t.Error("said for a moment only")
	}
	if show(w, there, otherCard()) {
		t.Error("said when a card is there again")
	}
	if show(w, gone, nobody) {
		t.Error("said when no card is left")
	}
	if show(w, gone, otherCard()) {
		t.Error("said of a card that had left before the other one came")
	}

	w, _ = open(t, "fr")
	show(w, there, otherCard())
	if !show(w, otherCard()) {
		t.Error("not said when the reader was unplugged with its card")
	}

	w, _ = open(t, "fr")
	show(w, there, otherCard())
	w.card.choice.SetSelectedIndex(1)
	if strings.Contains(words(w), left) {
		t.Error("said when the other card was chosen")
	}
}

// makeAll makes every place, as if somebody had been in each.
func makeAll(w *Window) {
	for at := range w.places.all {
		w.places.screen(at)
	}
}

// placeOf is a place that says what it is told.
type placeOf struct {
	pane
	said *[]string
}

func (p *placeOf) arrive() { *p.said = append(*p.said, "come") }
func (p *placeOf) leave()  { *p.said = append(*p.said, "gone") }

// TestPlacesAreMadeWhenSomebodyComes, once, and told when they come and go.
func TestPlacesAreMadeWhenSomebodyComes(t *testing.T) {
	test.NewTempApp(t)
	s, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	var keys []fyne.KeyName
	named := func(name string) place {
		return place{name, theme.AccountIcon(), func() screen {
			said = append(said, "made "+name)
			p := &placeOf{pane{content: widget.NewLabel(name)}, &said}
			p.onKey = func(k *fyne.KeyEvent) { keys = append(keys, k.Name) }
			return p
		}}
	}
	alone := newPlaces(s, []place{named("a")}, func() {})
	alone.to(0)
	if alone.bar != nil || alone.shortcuts() != nil {
		t.Error("one place has a bar")
	}
	said = nil
	two := newPlaces(s, []place{named("a"), named("b")}, func() { said = append(said, "between") })
	two.to(0)
	lead := two.shortcuts()
	if len(lead) != 2 || lead[1].keys.ShortcutName() != "CustomDesktop:Alt+2" {
		t.Fatalf("%d shortcuts", len(lead))
	}
	lead[1].do()
	lead[1].do()
	test.Tap(two.bar.items[0])
	if got := strings.Join(said, ", "); got != "made a, come, gone, between, made b, come, gone, between, come" {
		t.Errorf("the places were told %q", got)
	}
	if !two.screens[0].object().Visible() || two.screens[1].object().Visible() || !two.bar.items[0].chosen || two.bar.items[1].chosen {
		t.Error("another place is seen")
	}
	two.key(&fyne.KeyEvent{Name: fyne.KeyF5})
	two.bar.items[1].TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	two.bar.items[1].TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if two.shown != 1 || len(keys) != 2 {
		t.Errorf("place %d, keys %v", two.shown, keys)
	}
}

// TestBarByKeyboard: Tab reaches the bar after the place, the arrows go from
// item to item, and what has the keyboard can be seen.
func TestBarByKeyboard(t *testing.T) {
	w, _ := settingsWindowAt(t)
	screen := w.window.Canvas()
	items := w.places.bar.items
	for n := 0; screen.Focused() != fyne.Focusable(items[0]); n++ {
		if n > 40 {
			t.Fatal("Tab does not reach the bar")
		}
		test.FocusNext(screen)
	}
	if !items[0].ring.Visible() {
		t.Error("it cannot be seen that the bar has the keyboard")
	}
	typeKeys(w, fyne.KeyUp, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown)
	if screen.Focused() != fyne.Focusable(items[4]) {
		t.Errorf("the keyboard is on %v", screen.Focused())
	}
	typeKeys(w, fyne.KeyReturn)
	if w.places.shown != 4 || screen.Focused() != nil {
		t.Errorf("place %d, the keyboard is on %T", w.places.shown, screen.Focused())
	}
}

func settingsWindowAt(t *testing.T) (*Window, *fakeSettings) {
	t.Helper()
	w, settings, _ := settingsWindow(t, "fr", Choices{Welcomed: true}, nil)
	wrap(w)
	return w, settings
}

// TestBarFits: at 200 % with large text on a screen of 1024×600 every place can
// be chosen; where there is room, each item says its keys.
func TestBarFits(t *testing.T) {
	w, _ := settingsWindowAt(t)
	for _, c := range []struct {
		height float32
		large  bool
		keys   bool
	}{{540, false, true}, {540, true, true}, {275, true, false}, {270, false, false}} {
		w.apply(Choices{LargeText: c.large})
		settle(w, 1000, c.height)
		var bottom float32
		for _, item := range w.places.bar.items {
			bottom = max(bottom, item.Position().Y+item.Size().Height)
			if item.keys.Visible() != c.keys {
				t.Errorf("%+v: %s shows its keys: %v", c, item.name.Text, item.keys.Visible())
			}
		}
		if bottom > c.height {
			t.Errorf("%+v: the bar ends at %.0f", c, bottom)
		}
	}
}
