package ui

import (
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postecpx/internal/wording"
)

// reportSection hands the diagnosis on: copied, saved, or in the browser.
// Without names and numbers, unless that is asked for twice; and then once.
type reportSection struct {
	on      *posteScreen
	content fyne.CanvasObject

	redaction, form *selector
	buttons         []*action
	said            *fyne.Container // what became of it

	whole bool // with the names and numbers, for the next report
	busy  bool
}

// forms are the ways to save a report, in the order of their selector.
var forms = []Form{HTML, Text, JSON}

func newReportSection(on *posteScreen) *reportSection {
	r := &reportSection{on: on, said: container.NewVBox()}
	s := on.speaker
	title := newWords(s.Say("poste.report"))
	title.SizeName, title.TextStyle.Bold = theme.SizeNameSubHeadingText, true

	var redaction, form fyne.CanvasObject
	r.redaction, redaction = newSelector(func(string) { r.choose() })
	r.redaction.Options = []string{s.Say("poste.report.redacted"), s.Say("poste.report.whole")}
	r.form, form = newSelector(nil)
	r.form.Options = []string{s.Say("poste.report.html"), s.Say("poste.report.text"), s.Say("poste.report.json")}
	r.redaction.onFocus, r.form.onFocus = on.reveal, on.reveal
	r.redaction.onOther, r.form.onOther = on.key, on.key
	r.redaction.Selected, r.form.Selected = r.redaction.Options[0], r.form.Options[0]

	actions := container.New(&fill{least: 240, gap: 0, most: 3})
	for _, a := range []struct {
		text string
		icon fyne.Resource
		do   func()
	}{
		{s.Say("poste.report.copy"), theme.ContentCopyIcon(), r.copy},
		{s.Say("poste.report.open"), theme.DocumentIcon(), r.open},
		{s.Say("poste.report.save"), theme.DocumentSaveIcon(), r.save},
	} {
		button, box := newAction(a.text, a.icon, a.do, on.key)
		button.onFocus = on.reveal
		r.buttons = append(r.buttons, button)
		actions.Add(box)
	}
	r.content = newPanel(container.NewVBox(title, newWords(s.Say("poste.report.what")),
		container.New(&fill{least: 270, gap: gap, most: 2},
			tight(newCaption(s.Say("poste.report.redaction")), redaction),
			tight(newCaption(s.Say("poste.report.form")), form)),
		actions, r.said))
	return r
}

func (r *reportSection) update() {
	if r.on.diagnosis == nil {
		r.content.Hide()
		return
	}
	for _, b := range r.buttons {
		if r.on.checking {
			b.Disable()
		} else {
			b.Enable()
		}
	}
	r.content.Show()
}

// forget goes back to reports without names, and to nothing said.
func (r *reportSection) forget() {
	r.said.RemoveAll()
	r.redact()
}

// redact goes back to reports without names.
func (r *reportSection) redact() {
	r.whole = false
	r.redaction.Selected = r.redaction.Options[0]
	r.redaction.Refresh()
}

// choose takes the choice of what a report says. With the names and numbers is
// asked for a second time.
func (r *reportSection) choose() {
	if r.redaction.SelectedIndex() == 0 {
		r.whole = false
		return
	}
	if r.whole {
		return
	}
	s := r.on.speaker
	r.on.desk.confirm(s.Say("poste.report.whole"), s.Say("poste.report.whole.question"),
		s.Say("poste.report.whole.yes"), s.Say("poste.report.whole.no"), func(yes bool) {
			r.on.focus(r.redaction)
			if !yes || r.on.diagnosis == nil {
				r.redact()
				return
			}
			r.whole = true
			r.tell(wording.Statement{Tone: wording.Warning, Title: s.Say("poste.report.whole.once")})
		})
}

// make has a report made, and given to take: beside the toolkit. What take
// gives back is said, on the toolkit's goroutine.
func (r *reportSection) make(form Form, take func(report []byte) (then func() wording.Statement, err error)) {
	d := *r.on.diagnosis
	redacted := !r.whole
	r.redact()
	r.busy = true
	r.on.update()
	r.on.spawn(func() {
		report, err := r.on.doctor.Report(d, form, redacted)
		var then func() wording.Statement
		if err == nil {
			then, err = take(report)
		}
		r.on.post(func() {
			r.busy = false
			if err != nil {
				r.fail(err)
			} else {
				r.tell(then())
			}
			r.on.update()
		})
	})
}

// ready tells whether a report can be asked for.
func (r *reportSection) ready() bool { return r.on.diagnosis != nil && !r.busy && !r.on.checking }

func (r *reportSection) tell(st wording.Statement) {
	r.said.RemoveAll()
	r.said.Add(r.on.newStatement(st))
	r.on.content.Refresh()
	r.on.reveal(r.content)
}

func (r *reportSection) fail(err error) {
	s := r.on.speaker
	r.tell(wording.Statement{Tone: wording.Bad, Title: s.Say("poste.report.failed"), Meaning: wording.FileFailure(s, err), Next: s.Say("poste.report.failed.next")})
}

func (r *reportSection) copy() {
	if !r.ready() {
		return
	}
	r.make(Text, func(report []byte) (func() wording.Statement, error) {
		return func() wording.Statement {
			r.on.desk.copy(string(report))
			return wording.Statement{Tone: wording.Good, Title: r.on.speaker.Say("poste.report.copied")}
		}, nil
	})
}

func (r *reportSection) open() {
	if !r.ready() {
		return
	}
	s := r.on.speaker
	r.make(HTML, func(report []byte) (func() wording.Statement, error) {
		path, err := r.on.doctor.Page(report)
		if err != nil {
			return nil, err
		}
		address := fileURL(path)
		err = r.on.desk.openURL(address)
		return func() wording.Statement {
			if err != nil {
				return wording.Statement{Tone: wording.Warning, Title: s.Say("poste.report.unopened"), Meaning: s.Say("ui.cause", "Cause", wording.Cause(err)),
					Next: s.Say("poste.report.unopened.next", "Path", line(path))}
			}
			return wording.Statement{Tone: wording.Good, Title: s.Say("poste.report.opened"), Meaning: s.Say("poste.report.at", "Path", line(path))}
		}, nil
	})
}

func (r *reportSection) save() {
	if !r.ready() {
		return
	}
	s := r.on.speaker
	form := forms[max(r.form.SelectedIndex(), 0)]
	button := r.buttons[len(r.buttons)-1]
	keyboard := button.byKey
	name := s.Say("poste.report.file", "Day", r.on.diagnosis.At.Format("2006-01-02")) + "." + string(form)
	r.on.desk.choosePath(name, r.on.doctor.Folders(), func(path string) {
		if keyboard {
			r.on.focus(button)
		}
		if path != "" && r.ready() {
			r.put(form, path, false)
		}
	})
}

// put saves the report there. It asks before it replaces a file.
func (r *reportSection) put(form Form, path string, replace bool) {
	s, whole := r.on.speaker, r.whole
	r.make(form, func(report []byte) (func() wording.Statement, error) {
		switch err := r.on.doctor.Save(path, report, replace); {
		case errors.Is(err, fs.ErrExist) && !replace:
			return func() wording.Statement {
				r.replace(form, path, whole)
				return wording.Statement{Tone: wording.Plain, Title: s.Say("poste.report.exists"), Meaning: line(path)}
			}, nil
		case err != nil:
			return nil, err
		}
		return func() wording.Statement {
			return wording.Statement{Tone: wording.Good, Title: s.Say("poste.report.saved"), Meaning: s.Say("poste.report.at", "Path", line(path))}
		}, nil
	})
}

// replace asks whether a file may be replaced.
func (r *reportSection) replace(form Form, path string, whole bool) {
	s := r.on.speaker
	r.on.desk.confirm(s.Say("poste.report.exists"), s.Say("poste.report.replace", "Path", line(path)),
		s.Say("poste.report.replace.yes"), s.Say("poste.report.whole.no"), func(yes bool) {
			if yes && r.ready() {
				r.whole = whole
				r.put(form, path, true)
			}
		})
}

// fileURL is the address of a file (RFC 8089).
func fileURL(path string) *url.URL {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/Users
	}
	return &url.URL{Scheme: "file", Path: path}
}
