package main

import (
	"context"
	"errors"
	"flag"
	"strconv"
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/virtualcard"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// demonstration is the option --demo, or --demo=NAME.
type demonstration struct{ name string }

const demonstrationCard = "medecin"

func (d *demonstration) String() string   { return d.name }
func (d *demonstration) IsBoolFlag() bool { return true }
func (d *demonstration) Set(v string) error {
	switch v {
	case "true":
		d.name = demonstrationCard
	case "false":
		d.name = ""
	default:
		d.name = v
	}
	return nil
}

// where holds the options that say which card to read.
type where struct {
	demo    demonstration
	reader  string
	timeout time.Duration

	depth  cps.Depth
	others int // CPx cards that were not chosen
}

func (w *where) declare(set *flag.FlagSet) {
	set.Var(&w.demo, "demo", "")
	w.declareReader(set)
}

func (w *where) declareReader(set *flag.FlagSet) {
	set.StringVar(&w.reader, "reader", "", "")
	set.DurationVar(&w.timeout, "timeout", 45*time.Second, "")
}

// source is the workstation, or the demonstration card in this process.
func (w *where) source(t *terminal) (cardreader.Source, error) {
	if w.demo.name == "" {
		return cardreader.PCSC(), nil
	}
	d, err := virtualcard.Shipped(w.demo.name)
	if err != nil {
		return nil, err
	}
	card, err := virtualcard.New(d, t.now(), virtualcard.Faults{})
	if err != nil {
		return nil, err
	}
	name := t.say("cli.demo.reader")
	source := cardreader.NewVirtual(name)
	source.Insert(name, card)
	return source, nil
}

// choose finds the reader to read: the one asked for, else the first with a
// CPx, else the first with a card. status says what is wrong when the exit
// code is not 0.
func (w *where) choose(ctx context.Context, source cardreader.Source) (name string, status cardreader.ReaderStatus, err error) {
	readers, err := source.Readers(ctx)
	if err != nil {
		return "", status, err
	}
	var found []pcsc.Reader
	for _, r := range readers {
		if strings.EqualFold(r.Name, w.reader) {
			found = []pcsc.Reader{r} // the whole name beats those that hold it
			break
		}
		if strings.Contains(strings.ToLower(r.Name), strings.ToLower(w.reader)) {
			found = append(found, r)
		}
	}
	if len(found) == 0 && len(readers) > 0 {
		return "", status, &unknownReader{w.reader, readers}
	}
	if len(found) == 0 {
		return "", status, pcsc.ErrNoReader
	}
	best := cardreader.Look(found[0])
	w.others = -1
	for _, r := range found {
		s := cardreader.Look(r)
		if s.Stage.Rank() > best.Stage.Rank() {
			best = s
		}
		if s.Stage == cardreader.Reading {
			w.others++
		}
	}
	return best.Reader, best, nil
}

// unknownReader says that there are readers, and none by that name.
type unknownReader struct {
	name    string
	readers []pcsc.Reader
}

func (e *unknownReader) Error() string { return "no reader whose name holds " + strconv.Quote(e.name) }

// cardError says what is wrong with a virtual card that was asked for.
func (t *terminal) cardError(err error) string {
	var unknown *virtualcard.UnknownError
	if errors.As(err, &unknown) {
		return t.say("cli.demo.unknown", "Name", plaintext.Line(unknown.Name, 60), "Known", strings.Join(unknown.Known, ", "))
	}
	return plaintext.Line(err.Error(), 240)
}

// explain says on standard error why there is no result, and returns the exit
// code.
func (t *terminal) explain(account wording.Account, cause error, code int) int {
	a := account.Answer
	next := strings.TrimSpace(a.Meaning + "\n" + a.Next)
	if cause != nil {
		next += "\n(" + wording.Cause(cause) + ")"
	}
	t.fail(a.Title, next)
	return code
}

// failed explains an error of the readers or of a reading.
func (t *terminal) failed(reader string, err error) int {
	var unknown *unknownReader
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		t.talk(t.say("cli.interrupted"))
		return exitInterrupted
	case errors.As(err, &unknown):
		var names []string
		for _, r := range unknown.readers {
			names = append(names, "  "+wording.ReaderName(t.Speaker, r.Name))
		}
		t.fail(t.say("cli.reader.unknown", "Name", plaintext.Line(unknown.name, 60)), strings.Join(names, "\n"))
		return exitNoReader
	case errors.Is(err, pcsc.ErrService), errors.Is(err, pcsc.ErrAccess), errors.Is(err, pcsc.ErrProtocolMismatch):
		return t.explain(wording.Service(t.Speaker, err), err, exitNoService)
	case errors.Is(err, pcsc.ErrNoReader):
		return t.explain(wording.NoReader(t.Speaker), nil, exitNoReader)
	}
	status := cardreader.ReaderStatus{Reader: reader, Stage: cardreader.StageOf(err), Err: err}
	code := exitUnreadable
	if status.Stage == cardreader.NoCard {
		code = exitNoCard
		status.Stage = cardreader.Unreadable // it was there: the sentence says that it left
	}
	return t.explain(wording.Reader(t.Speaker, status, t.now()), err, code)
}

// unready explains a reader whose card cannot even be begun with; ok when it
// can.
func (t *terminal) unready(status cardreader.ReaderStatus) (code int, ok bool) {
	switch status.Stage {
	case cardreader.Reading:
		return exitOK, true
	case cardreader.NoCard:
		return t.explain(wording.Reader(t.Speaker, status, t.now()), nil, exitNoCard), false
	}
	return t.explain(wording.Reader(t.Speaker, status, t.now()), nil, exitUnreadable), false
}

// fine tells whether nothing of the card asks for attention.
func (t *terminal) fine(c *cps.Card) bool {
	return c.Identifier.Status == cps.Verified && !wording.Expired(c, t.now()) && !c.PIN.Blocked()
}
