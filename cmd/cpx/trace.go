package main

import (
	"context"
	"flag"
	"strings"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/trace"
	"postecpx/internal/plaintext"
	"postecpx/internal/report"
	"postecpx/internal/wording"
)

func traceCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var w where
	w.declare(set)
	asJSON := set.Bool("json", false, "")
	asText := set.Bool("text", false, "")
	file := set.String("out", "", "")
	unmask := set.Bool("unmask", false, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		switch {
		case *asJSON && *asText:
			t.fail(t.say("cli.trace.form"), "")
			return exitUsage
		case given(set, "out") && *file == "":
			t.fail(t.say("cli.usage.value-missing", "Name", "--out"), "")
			return exitUsage
		}
		// A form that was not asked for follows the name of the file.
		form := *asJSON || !*asText && strings.HasSuffix(strings.ToLower(*file), ".json")
		recording, code := t.record(ctx, &w)
		if recording == nil {
			return code
		}
		if err := t.printTrace(*recording, form, *unmask, *file); err != nil {
			t.fail(t.say("cli.unwritten", "Reason", plaintext.Line(err.Error(), 240)), "")
			return max(code, exitProblems)
		}
		return code
	}
}

// record reads the card that the options choose, and keeps the exchanges. A
// card that cannot be read to its end is when they are wanted most: they are
// given all the same, with the code to exit with.
func (t *terminal) record(ctx context.Context, w *where) (*trace.Recording, int) {
	if w.timeout <= 0 {
		t.fail(t.say("cli.timeout.wrong"), "")
		return nil, exitUsage
	}
	source, err := w.source(t)
	if err != nil {
		t.fail(t.cardError(err), "")
		return nil, exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	name, status, err := w.choose(ctx, source)
	if err != nil {
		return nil, t.failed(name, err)
	}
	if code, ok := t.unready(status); !ok {
		return nil, code
	}
	if w.others > 0 {
		t.talk(t.say("cli.read.several", "Reader", wording.ReaderName(t.Speaker, name)))
	}
	recorder := trace.NewRecorder(t.now)
	card, err := cardreader.ReadCard(ctx, cardreader.Record(source, recorder), name, cps.Options{})
	recording := recorder.Recording()
	recording.Demonstration = w.demo.name != ""
	switch {
	case err != nil && len(recording.Exchanges) == 0:
		return nil, t.failed(name, err)
	case err != nil:
		code := t.failed(name, err)
		t.talk(t.say("cli.trace.partial"))
		return &recording, code
	case wording.Gaps(card) != "":
		// The parts alone: a reason may quote what the card holds.
		t.talk(t.say("cli.trace.gap", "Parts", wording.Gaps(card)))
		return &recording, exitProblems
	}
	return &recording, exitOK
}

// printTrace writes the recording to the file, or to standard output when that
// is "" or "-".
func (t *terminal) printTrace(r trace.Recording, asJSON, unmask bool, file string) error {
	if unmask {
		t.talk(t.say("cli.trace.unmasked"))
	}
	document := r.Document(unmask)
	text := wording.Trace(t.Speaker, document)
	if asJSON {
		var err error
		if text, err = report.JSON(document, "  "); err != nil {
			return err
		}
	}
	if file == "" || file == "-" {
		t.out(text)
		return nil
	}
	if err := report.WriteFile(file, []byte(strings.TrimRight(text, "\n")+"\n")); err != nil {
		return err
	}
	t.talk(t.say("cli.trace.saved", "Count", len(document.Exchanges), "File", plaintext.Line(file, 200)))
	return nil
}
