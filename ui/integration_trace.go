package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postecpx/cardreader/trace"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// A Tracer is a Workbench that can record the exchanges of a reading. Without
// it there is no such section.
type Tracer interface {
	// Trace reads the card in that reader and gives what passed, also when the
	// reading fails.
	Trace(ctx context.Context, reader string) (trace.Recording, error)
	// TraceFolders are where the user may want to save them, the usual one first.
	TraceFolders() []string
	// SaveTrace puts the exchanges into a file, for the user alone: whole, or not
	// at all. The error is fs.ErrExist when there is one that must not be
	// replaced.
	SaveTrace(file TraceFile) error
}

// TraceFile is what to save of a recording, and where.
type TraceFile struct {
	Path     string
	Form     Form           // Text or JSON
	Document trace.Document // masked, or not, as the person chose
	Speaker  *language.Speaker
	Replace  bool
}

// traceForms are how exchanges are saved.
var traceForms = []Form{Text, JSON}

// traceSection is where a reading is recorded, looked at and saved.
type traceSection struct {
	on      *integrationScreen
	tracer  Tracer
	content fyne.CanvasObject

	state, list    *fyne.Container
	said           *fyne.Container // what became of the file
	record         *action
	kept           *fyne.Container // what there is to do with a recording
	unmask         *tick
	form           *selector
	save           *action
	recording      *trace.Recording
	err            error // why the reading ended early
	of             presence
	reader         string
	underWay, busy bool // recording, saving
	cancel         context.CancelFunc
	stale          bool // the list shows something else
}

// newTraceSection returns nil where the bench does not record.
func newTraceSection(on *integrationScreen) *traceSection {
	tracer, ok := on.bench.(Tracer)
	if !ok {
		return nil
	}
	t := &traceSection{on: on, tracer: tracer, state: container.NewVBox(), list: container.NewVBox(), said: container.NewVBox()}
	s := on.speaker
	var recordBox, unmaskBox, formBox, saveBox fyne.CanvasObject
	t.record, recordBox = newAction(s.Say("integration.trace.record"), theme.MediaRecordIcon(), t.Record, on.key)
	t.unmask, unmaskBox = on.newTick(s.Say("integration.trace.unmask"), func(bool) {
		t.stale = true
		on.update()
	})
	t.form, formBox = newSelector(func(string) {})
	t.form.onOther = on.key
	t.form.Options = []string{s.Say("integration.trace.form.text"), s.Say("integration.trace.form.json")}
	t.form.Selected = t.form.Options[0]
	t.save, saveBox = newAction(s.Say("integration.trace.save"), theme.DocumentSaveIcon(), t.Save, on.key)
	t.record.onFocus, t.form.onFocus, t.save.onFocus = on.reveal, on.reveal, on.reveal
	t.kept = container.NewVBox(unmaskBox, container.New(&fill{least: 280, gap: 4, most: 2},
		tight(newCaption(s.Say("integration.trace.form")), formBox)), container.NewHBox(saveBox), t.said, t.list)
	_, t.content = on.newSection(s.Say("integration.trace"), wording.Plain, func() fyne.CanvasObject {
		return newPanel(container.NewVBox(newWords(s.Say("integration.trace.what")), t.state, container.NewHBox(recordBox), t.kept))
	})
	return t
}

// working tells whether a reading is being recorded.
func (t *traceSection) working() bool { return t != nil && t.underWay }

// Record reads the card in the reader once.
func (t *traceSection) Record() {
	if t.on.busy() || t.on.reader == "" {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.forget()
	t.underWay, t.cancel = true, cancel
	reader, of := t.on.reader, t.on.present
	t.on.update()
	t.on.spawn(func() {
		defer cancel()
		recording, err := t.tracer.Trace(ctx, reader)
		t.on.post(func() {
			t.underWay, t.recording, t.err, t.reader, t.of, t.stale = false, &recording, err, reader, of, true
			t.on.update()
		})
	})
}

// forget takes away what was recorded, and the wish to see who the person is.
func (t *traceSection) forget() {
	t.recording, t.err = nil, nil
	t.said.RemoveAll()
	t.list.RemoveAll()
	t.unmask.SetChecked(false)
}

// follow forgets what was recorded of a card that is no longer there.
func (t *traceSection) follow() {
	switch {
	case t.recording == nil:
	case t.reader != t.on.reader:
		t.forget()
	case t.on.present == "": // it is being read
	case t.of == "":
		t.of = t.on.present
	case t.of != t.on.present:
		t.forget()
	}
}

func (t *traceSection) update() {
	if t == nil {
		return
	}
	t.follow()
	s := t.on.speaker
	var st wording.Statement
	switch {
	case t.underWay:
		st = wording.Statement{Tone: wording.Working, Title: s.Say("integration.trace.working")}
	case t.recording != nil && t.err != nil:
		st = wording.Statement{Tone: wording.Warning, Title: s.Say("integration.trace.failed", "Count", len(t.recording.Exchanges)), Meaning: s.Say("ui.cause", "Cause", wording.Cause(t.err))}
	case t.recording != nil:
		st = wording.Statement{Tone: wording.Good, Title: s.Say("integration.trace.recorded", "Count", len(t.recording.Exchanges))}
	case t.on.reader == "":
		st = wording.Statement{Tone: wording.Plain, Title: s.Say("integration.trace.no-card"), Next: s.Say("integration.no-card.next")}
	default:
		st = wording.Statement{Tone: wording.Plain, Title: s.Say("integration.trace.none")}
	}
	t.state.RemoveAll()
	t.state.Add(t.on.newStatement(st))
	// The one that was pressed stays: a button that is disabled loses the keyboard.
	enable(t.record, t.underWay || !t.on.busy() && t.on.reader != "")
	if t.recording == nil || len(t.recording.Exchanges) == 0 {
		t.kept.Hide()
		return
	}
	t.kept.Show()
	if t.stale {
		t.stale = false
		t.show()
	}
}

func enable(a *action, on bool) {
	if on {
		a.Enable()
	} else {
		a.Disable()
	}
}

// show lists the exchanges, each with its bytes folded under what it means.
func (t *traceSection) show() {
	s := t.on.speaker
	document := t.recording.Document(t.unmask.Checked)
	_, box := t.on.newFold(s.Say("integration.trace.exchanges", "Count", len(document.Exchanges)), nil, func() fyne.CanvasObject {
		all := container.NewVBox()
		for n, e := range document.Exchanges {
			if n == mostItems {
				all.Add(newWords(s.Say("integration.trace.more", "Count", len(document.Exchanges)-n)))
				break
			}
			all.Add(t.exchange(e))
		}
		return all
	})
	t.list.RemoveAll()
	if t.unmask.Checked {
		t.list.Add(t.on.newStatement(wording.Statement{Tone: wording.Warning, Title: s.Say("integration.trace.unmasked")}))
	}
	t.list.Add(box)
}

func (t *traceSection) exchange(e trace.ExchangeDocument) fyne.CanvasObject {
	s := t.on.speaker
	answered := s.Say("integration.trace.no-answer")
	if !e.NoAnswer {
		answered = wording.ExchangeAnswered(s, e)
	}
	title := fmt.Sprintf("%d. %s", e.Number, wording.ExchangeAsked(s, e))
	f, box := t.on.newFold(title, nil, func() fyne.CanvasObject {
		return newPrint(fmt.Sprintf("> %.*s\n< %.*s", 2*mostBytes, e.Command, 2*mostBytes, e.Response))
	})
	f.more = newWords(answered)
	return box
}

// Save asks where to, and saves the exchanges there.
func (t *traceSection) Save() {
	if t.recording == nil || t.busy {
		return
	}
	form := traceForms[max(t.form.SelectedIndex(), 0)]
	name := t.on.speaker.Say("integration.trace.file", "Day", t.recording.RecordedAt.Format("2006-01-02")) + "." + string(form)
	t.on.desk.choosePath(name, t.tracer.TraceFolders(), func(path string) {
		if path != "" {
			t.put(form, path, t.unmask.Checked, false)
		}
	})
}

// put saves them. It asks before it replaces a file.
func (t *traceSection) put(form Form, path string, unmask, replace bool) {
	if t.recording == nil || t.busy {
		return // the card left while the person chose
	}
	s := t.on.speaker
	file := TraceFile{Path: path, Form: form, Document: t.recording.Document(unmask), Speaker: s, Replace: replace}
	t.busy = true
	t.on.update()
	t.on.spawn(func() {
		err := t.tracer.SaveTrace(file)
		t.on.post(func() {
			t.busy = false
			switch {
			case errors.Is(err, fs.ErrExist) && !replace:
				t.on.desk.confirm(s.Say("integration.trace.exists"), s.Say("integration.trace.replace", "Path", line(path)),
					s.Say("integration.trace.replace.yes"), s.Say("integration.trace.replace.no"), func(yes bool) {
						if yes {
							t.put(form, path, unmask, true)
						}
					})
			case err != nil:
				t.tell(wording.Statement{Tone: wording.Bad, Title: s.Say("integration.trace.unsaved"), Meaning: wording.FileFailure(s, err)})
			default:
				t.tell(wording.Statement{Tone: wording.Good, Title: s.Say("integration.trace.saved"), Meaning: line(path)})
			}
			t.on.update()
		})
	})
}

func (t *traceSection) tell(st wording.Statement) {
	t.said.RemoveAll()
	t.said.Add(t.on.newStatement(st))
}
