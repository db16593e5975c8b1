package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
	"postecpx/internal/wording"
)

// readersDocument is what "cpx readers --json" prints.
type readersDocument struct {
	Schema  string           `json:"schema"`
	Readers []readerDocument `json:"readers"`
}

type readerDocument struct {
	Name  string `json:"name"`
	State string `json:"state"` // empty, mute, busy, cpx, other-card
	ATR   string `json:"atr,omitempty"`
	// Generation and Interface of a CPx, as its ATR tells them.
	Generation string `json:"generation,omitempty"`
	Interface  string `json:"interface,omitempty"`
	CardName   string `json:"cardName,omitempty"`
	InUse      bool   `json:"inUse"`
}

func readersCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	asJSON := set.Bool("json", false, "")
	timeout := set.Duration("timeout", 15*time.Second, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		if *timeout <= 0 {
			t.fail(t.say("cli.timeout.wrong"), "")
			return exitUsage
		}
		ctx, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		readers, err := cardreader.PCSC().Readers(ctx)
		if err == nil && len(readers) == 0 {
			err = pcsc.ErrNoReader
		}
		if *asJSON && err == nil {
			document := readersDocument{Schema: "postecpx.readers/1"}
			for _, r := range readers {
				document.Readers = append(document.Readers, describe(r, t.Tag()))
			}
			t.printJSON(document)
			return exitOK
		}
		if err != nil {
			return t.failed("", err)
		}
		for _, r := range readers {
			status := cardreader.Look(r)
			if status.Stage == cardreader.Reading {
				status.Stage = cardreader.Read // nothing is being read: it is a CPx by its ATR
			}
			t.out(wording.ReaderLine(t.Speaker, status))
			if len(r.ATR) > 0 {
				t.out(fmt.Sprintf("    ATR %X", r.ATR))
			}
		}
		return exitOK
	}
}

func describe(r pcsc.Reader, language string) readerDocument {
	d := readerDocument{Name: r.Name, InUse: r.InUse || r.Exclusive}
	if len(r.ATR) > 0 {
		d.ATR = fmt.Sprintf("%X", r.ATR)
	}
	status := cardreader.Look(r)
	switch status.Stage {
	case cardreader.NoCard:
		d.State = "empty"
	case cardreader.Mute:
		d.State = "mute"
	case cardreader.Busy:
		d.State = "busy"
	case cardreader.NotCPx:
		d.State, d.CardName = "other-card", status.CardName.In(language)
	default:
		d.State = "cpx"
	}
	if c, err := cps.Recognise(r.ATR); err == nil {
		d.Generation, d.Interface = string(c.Generation), string(c.Interface)
	}
	return d
}
