package ui

import (
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"postecpx/cardreader"
	"postecpx/internal/wording"
)

// handing brings a window to where a report can be handed on.
func handing(t *testing.T, state string) (w *Window, doctor *fakeDoctor, work *[]func(), opened *[]string) {
	t.Helper()
	w, doctor = showPoste(t, "fr", state)
	work, opened = new([]func()), new([]string)
	w.poste.spawn = func(do func()) { *work = append(*work, do) }
	w.poste.desk.openURL = func(u *url.URL) error { *opened = append(*opened, u.String()); return nil }
	return w, doctor, work, opened
}

func TestReportsAreHandedOnRedacted(t *testing.T) {
	w, doctor, work, opened := handing(t, "warnings")
	r := w.poste.report
	test.Tap(r.buttons[0])
	test.Tap(r.buttons[0]) // while it is made
	finish(work)
	if got := w.app.Clipboard().Content(); got != "txt redacted" {
		t.Errorf("copied %q", got)
	}
	test.Tap(r.buttons[1])
	finish(work)
	if !slices.Equal(*opened, []string{"file:///tmp/rapport%201.html"}) {
		t.Errorf("opened %q", *opened)
	}
	w.poste.desk.choosePath = func(name string, folders []string, chosen func(string)) { chosen(folders[0] + "/" + name) }
	for at := range forms {
		r.form.SetSelectedIndex(at)
		test.Tap(r.buttons[2])
		finish(work)
	}
	const file = "/home/camille/Documents/rapport-poste-cpx-2026-11-23."
	if want := []string{file + "html html redacted", file + "txt txt redacted", file + "json json redacted"}; !slices.Equal(doctor.saved, want) {
		t.Errorf("saved %q", doctor.saved)
	}
	if got := words(w); !strings.Contains(got, "Le rapport est enregistré") || !strings.Contains(got, file+"json") {
		t.Errorf("not said:\n%s", got)
	}
	if want := []string{"txt redacted", "html redacted", "html redacted", "txt redacted", "json redacted"}; !slices.Equal(doctor.reports, want) {
		t.Errorf("reports %q", doctor.reports)
	}
}

// TestNamesAreAskedForTwiceAndOnce: without the second yes there are none, and
// with it in one report alone.
func TestNamesAreAskedForTwiceAndOnce(t *testing.T) {
	w, doctor, work, _ := handing(t, "warnings")
	r := w.poste.report
	answer := false
	asked := 0
	w.poste.desk.confirm = func(_, question, _, _ string, answered func(bool)) {
		asked++
		if !strings.Contains(question, "pourra les lire") {
			t.Errorf("it is not said who can read it: %q", question)
		}
		answered(answer)
	}
	report := func() string {
		test.Tap(r.buttons[0])
		finish(work)
		return w.app.Clipboard().Content()
	}
	r.redaction.SetSelectedIndex(1)
	if got := report(); got != "txt redacted" || asked != 1 || r.redaction.SelectedIndex() != 0 {
		t.Errorf("no: %q, asked %d", got, asked)
	}
	answer = true
	r.redaction.SetSelectedIndex(1)
	if got := report(); got != "txt with names" || asked != 2 {
		t.Errorf("yes: %q, asked %d", got, asked)
	}
	if got := report(); got != "txt redacted" || r.redaction.SelectedIndex() != 0 {
		t.Errorf("after it: %q", got)
	}
	for name, change := range map[string]func(){
		"chosen back":              func() { r.redaction.SetSelectedIndex(0) },
		"the reader changed":       func() { w.Show(one(cardreader.NoCard)) },
		"looked at anew":           func() { w.poste.Check(); finish(work) },
		"the report was not saved": func() { doctor.reportErr = errors.New("x"); report(); doctor.reportErr = nil },
	} {
		r.redaction.SetSelectedIndex(1)
		if change(); r.whole || r.redaction.SelectedIndex() != 0 {
			t.Errorf("%s: names are still told", name)
		}
	}
}

func TestWhatFailsWithAReportIsSaid(t *testing.T) {
	w, doctor, work, _ := handing(t, "warnings")
	r := w.poste.report
	says := func(want ...string) {
		t.Helper()
		finish(work)
		for _, part := range want {
			if got := words(w); !strings.Contains(got, part) {
				t.Errorf("%q is not said:\n%s", part, got)
			}
		}
		if r.busy {
			t.Error("it stays busy")
		}
	}
	doctor.pageErr = errors.New("no space left on device")
	r.open()
	says("n'a pas pu être remis", "no space left on device")
	doctor.pageErr = nil
	w.poste.desk.openURL = func(*url.URL) error { return errors.New("no browser") }
	r.open()
	says("Le navigateur ne s'ouvre pas", "/tmp/rapport 1.html")
	w.poste.desk.choosePath = func(_ string, _ []string, chosen func(string)) { chosen("/full/r.html") }
	doctor.saveErr = errors.New("disk full")
	r.save()
	says("Détail technique : disk full")
	for why, err := range map[string]error{
		"vous n'avez pas les droits":   fs.ErrPermission,
		"le disque est plein":          syscall.ENOSPC,
		"en lecture seule":             syscall.EROFS,
		"n'existe pas":                 fs.ErrNotExist,
		"c'est un dossier":             syscall.EISDIR,
		"ne peut pas porter ce nom":    syscall.ENAMETOOLONG,
		"son chemin n'est pas complet": wording.ErrPartialPath,
	} {
		doctor.saveErr = &fs.PathError{Op: "write", Path: "/full/r.html", Err: err}
		r.save()
		says("Raison : ", why, "Détail technique : write /full/r.html: "+err.Error(), "Choisissez un autre dossier")
	}
	doctor.saveErr = fs.ErrExist
	var question string
	w.poste.desk.confirm = func(_, q, _, _ string, answer func(bool)) { question = q; answer(false) }
	r.save()
	says("existe déjà")
	if len(doctor.saved) != 0 || !strings.Contains(question, "/full/r.html") {
		t.Errorf("replaced without a yes: %q, asked %q", doctor.saved, question)
	}
	var answered func(bool)
	w.poste.desk.confirm = func(_, _, _, _ string, answer func(bool)) { answered = answer }
	r.whole = true
	r.save()
	says("existe déjà")
	answered(true)
	says("enregistré")
	if !slices.Equal(doctor.saved, []string{"/full/r.html html with names"}) {
		t.Errorf("saved %q", doctor.saved)
	}
}

// TestDialogs: questions are answered with the keyboard, Escape does nothing,
// and they stay inside a small window.
func TestDialogs(t *testing.T) {
	w, _, _, _ := handing(t, "warnings")
	screen := w.window.Canvas()
	var answers []bool
	ask := func() {
		w.confirm("Titre", w.speaker.Say("poste.report.whole.question"), "Oui", "Non", func(yes bool) { answers = append(answers, yes) })
	}
	press := func(name fyne.KeyName) { screen.Focused().TypedKey(&fyne.KeyEvent{Name: name}) }
	ask()
	press(fyne.KeyReturn) // the keyboard is on what does nothing
	ask()
	press(fyne.KeyEscape)
	ask()
	test.FocusNext(screen)
	press(fyne.KeyReturn)
	if !slices.Equal(answers, []bool{false, false, true}) || screen.Overlays().Top() != nil {
		t.Errorf("answers %v", answers)
	}

	var chosen []string
	choose := func() {
		w.choosePath("r.html", []string{"/a/b", "/c"}, func(path string) { chosen = append(chosen, path) })
	}
	choose()
	press(fyne.KeyEscape)
	if !slices.Equal(chosen, []string{""}) || screen.Overlays().Top() != nil {
		t.Errorf("Escape chose %q", chosen)
	}
	chosen = nil
	choose()
	field := screen.Focused().(*pathField)
	field.OnSubmitted(field.Text)
	choose()
	walk(screen.Overlays().Top(), 0, func(o fyne.CanvasObject, _ float32) {
		if s, ok := o.(*selector); ok {
			s.SetSelectedIndex(1)
		}
	})
	field = screen.Focused().(*pathField)
	field.OnSubmitted(field.Text)
	choose()
	field = screen.Focused().(*pathField)
	field.SetText("  ")
	field.OnSubmitted(field.Text)
	press(fyne.KeyEscape)
	if !slices.Equal(chosen, []string{"/a/b/r.html", "/c/r.html", ""}) {
		t.Errorf("chosen %q", chosen)
	}

	settle(w, 512, 300)
	ask()
	top := screen.Overlays().Top().(fyne.Widget)
	if size := w.poste.content.Size(); size.Width > 512 {
		t.Errorf("the window grew to %v", size)
	}
	walk(top, 0, func(o fyne.CanvasObject, right float32) {
		if right > 513 {
			t.Errorf("%T ends at %.0f", o, right)
		}
	})
}

func TestFileURL(t *testing.T) {
	for path, want := range map[string]string{
		"/tmp/é 1.html": "file:///tmp/%C3%A9%201.html",
		"C:/a b.html":   "file:///C:/a%20b.html",
	} {
		if got := fileURL(path).String(); got != want {
			t.Errorf("fileURL(%q) = %s", path, got)
		}
	}
}
