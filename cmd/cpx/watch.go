package main

import (
	"context"
	"errors"
	"flag"
	"reflect"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/pcsc"
	"postecpx/internal/plaintext"
	"postecpx/internal/report"
	"postecpx/internal/wording"
)

// eventDocument is one line of "cpx watch --jsonl".
type eventDocument struct {
	Schema string `json:"schema"`
	Time   string `json:"time"`
	// Event is a stage of the reader (no-card, mute, not-cpx, reading,
	// identified, read, unreadable, busy), or of the whole: service,
	// no-service, no-reader, reader-gone.
	Event         string             `json:"event"`
	Demonstration bool               `json:"demonstration,omitempty"`
	Reader        string             `json:"reader,omitempty"`
	CardName      string             `json:"cardName,omitempty"`
	Reason        string             `json:"reason,omitempty"`
	ID            *report.Identifier `json:"identifier,omitempty"`
	Card          *report.Card       `json:"card,omitempty"`
}

const eventSchema = "postecpx.event/1"

func watchCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var demo demonstration
	set.Var(&demo, "demo", "")
	asLines := set.Bool("jsonl", false, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		source, err := (&where{demo: demo}).source(t)
		if err != nil {
			t.fail(t.cardError(err), "")
			return exitUsage
		}
		ctx, end := context.WithCancel(ctx)
		defer end()
		w := &watcher{terminal: t, lines: *asLines, demo: demo.name != "", end: end}
		if !w.lines {
			t.talk(t.say("cli.watch.begin"))
			if w.demo {
				t.out(t.say("cli.demo.band"))
			}
		}
		err = cardreader.Monitor(ctx, source, w.show)
		switch {
		case err == nil, ctx.Err() != nil:
			return exitOK
		case errors.Is(err, pcsc.ErrService):
			return t.failed("", err)
		}
		t.talk(err.Error())
		return exitNoService
	}
}

// watcher turns Snapshots into one line for each thing that changed.
type watcher struct {
	*terminal
	lines  bool
	demo   bool
	end    context.CancelFunc
	last   map[string]cardreader.ReaderStatus
	whole  string // the last event that is not of one reader
	begun  bool
	reason error
}

func (w *watcher) show(s cardreader.Snapshot) {
	whole := "service"
	switch {
	case s.Service != nil:
		whole = "no-service"
	case len(s.Readers) == 0:
		whole = "no-reader"
	}
	now := make(map[string]cardreader.ReaderStatus, len(s.Readers))
	for _, r := range s.Readers {
		now[r.Reader] = r
	}
	for name := range w.last {
		if _, there := now[name]; !there {
			w.tell(eventDocument{Event: "reader-gone", Reader: name}, w.say("cli.watch.reader-gone", "Name", plaintext.Line(name, 120)))
		}
	}
	if whole != w.whole && (w.begun || whole != "service") {
		account := wording.Account{Answer: wording.Statement{Title: w.say("cli.watch.service")}}
		event := eventDocument{Event: whole}
		switch whole {
		case "no-service":
			account = wording.Service(w.Speaker, s.Service)
			event.Reason = s.Service.Error()
		case "no-reader":
			account = wording.NoReader(w.Speaker)
		}
		w.tell(event, account.Answer.Title)
	}
	w.whole, w.begun = whole, true
	for _, r := range s.Readers {
		if before, known := w.last[r.Reader]; !known || !reflect.DeepEqual(before, r) {
			w.reader(r)
		}
	}
	w.last = now
}

func (w *watcher) reader(r cardreader.ReaderStatus) {
	event := eventDocument{Event: string(r.Stage), Reader: r.Reader, CardName: r.CardName.In(w.Tag())}
	if r.Err != nil {
		event.Reason = r.Err.Error()
	}
	account := wording.Reader(w.Speaker, r, w.now())
	line := w.say("cli.watch.line", "Reader", wording.ReaderName(w.Speaker, r.Reader), "What", account.Answer.Title)
	if name := r.CardName.In(w.Tag()); name != "" {
		line += " (" + name + ")"
	}
	if r.Card != nil {
		card := report.NewCard(r.Reader, r.Card, w.now())
		card.Demonstration = w.demo
		event.ID = &card.Identifier
		if r.Stage == cardreader.Read {
			event.Card = &card
		}
		if v := r.Card.Identifier.Value; v != "" {
			line += "  " + plaintext.Line(v, 120)
		}
	}
	w.tell(event, line)
}

// check ends the watch when nobody can read its lines any more.
func (w *watcher) check() {
	if w.unwritten != nil {
		w.end()
	}
}

func (w *watcher) tell(event eventDocument, line string) {
	at := w.now()
	if !w.lines {
		w.out(at.Format("15:04:05") + "  " + line)
		w.check()
		return
	}
	event.Schema, event.Time, event.Demonstration = eventSchema, at.Format(time.RFC3339Nano), w.demo
	text, err := report.JSON(event, "")
	if err != nil {
		w.talk(err.Error())
		return
	}
	w.out(text)
	w.check()
}
