package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/vpcd"
)

func simulateCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	list := set.Bool("list", false, "")
	asJSON := set.Bool("json", false, "")
	address := set.String("address", vpcd.DefaultAddress, "")
	file := set.String("file", "", "")
	replay := set.String("replay", "", "")
	duration := set.Duration("for", 0, "")
	faults := virtualcard.Faults{Status: make(map[int]iso7816.StatusWord), Truncate: make(map[string]int)}
	set.IntVar(&faults.RemoveAt, "remove-at", 0, "")
	set.IntVar(&faults.MuteAt, "mute-at", 0, "")
	set.DurationVar(&faults.Delay, "delay", 0, "")
	set.BoolVar(&faults.StrictLe, "strict-le", false, "")
	set.Func("status", "", faultStatus(faults.Status))
	set.Func("truncate", "", faultTruncate(faults.Truncate))
	set.Func("atr", "", func(v string) (err error) {
		faults.ATR, err = hex.DecodeString(strings.ReplaceAll(v, " ", ""))
		return err
	})
	return func(ctx context.Context, t *terminal, args []string) int {
		if *list && len(args) > 0 {
			t.fail(t.say("cli.arguments.none", "Name", args[0]), "")
			return exitUsage
		}
		if *duration < 0 || faults.Delay < 0 || faults.RemoveAt < 0 || faults.MuteAt < 0 {
			t.fail(t.say("cli.simulate.negative"), "")
			return exitUsage
		}
		if *list {
			return t.listCards(*asJSON)
		}
		if *duration > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, *duration)
			defer cancel()
		}
		if given(set, "replay") {
			if len(args) > 0 || !onlyGiven(set, "replay", "address", "for", "json") {
				t.fail(t.say("cli.simulate.replay.alone"), "")
				return exitUsage
			}
			return t.replay(ctx, *address, *replay, *asJSON)
		}
		description, err := t.description(*file, args)
		if err != nil {
			t.fail(t.cardError(err), "")
			return exitUsage
		}
		card, err := virtualcard.New(description, t.now(), faults)
		if err != nil {
			t.fail(err.Error(), "")
			return exitUsage
		}
		return t.simulate(ctx, *address, simulated{Card: card, name: description.Name, counts: card.Counts}, *asJSON)
	}
}

// faultStatus reads N=SW: that status word at exchange N.
func faultStatus(into map[int]iso7816.StatusWord) func(string) error {
	return func(v string) error {
		at, sw, ok := strings.Cut(v, "=")
		n, err := strconv.Atoi(at)
		word, err2 := strconv.ParseUint(sw, 16, 16)
		if !ok || err != nil || err2 != nil || n < 1 || len(sw) != 4 {
			return fmt.Errorf("%q: N=SW, as in 3=6A82", v)
		}
		into[n] = iso7816.StatusWord(word)
		return nil
	}
}

// faultTruncate reads FILE=BYTES.
func faultTruncate(into map[string]int) func(string) error {
	return func(v string) error {
		name, size, ok := strings.Cut(v, "=")
		n, err := strconv.Atoi(size)
		if !ok || err != nil || n < 0 {
			return fmt.Errorf("%q: FILE=BYTES, as in CPS_INFO_PS=20", v)
		}
		into[name] = n
		return nil
	}
}

// description is the card asked for: shipped, by name, or in a file.
func (t *terminal) description(file string, args []string) (virtualcard.Description, error) {
	switch {
	case file != "" && len(args) > 0, len(args) > 1:
		return virtualcard.Description{}, errors.New(t.say("cli.simulate.one"))
	case file != "":
		data, err := os.ReadFile(file)
		if err != nil {
			return virtualcard.Description{}, err
		}
		return virtualcard.Parse(strings.TrimSuffix(filepath.Base(file), ".toml"), data)
	case len(args) == 1:
		return virtualcard.Shipped(args[0])
	}
	return virtualcard.Shipped(demonstrationCard)
}

// cardDocument is one card of "cpx simulate --list --json".
type cardDocument struct {
	Name       string `json:"name"`
	Summary    string `json:"summary"`
	Generation string `json:"generation"`
	Interface  string `json:"interface"`
	Identifier string `json:"identifier"`
}

func (t *terminal) listCards(asJSON bool) int {
	var documents []cardDocument
	for _, name := range virtualcard.Names() {
		d, err := virtualcard.Shipped(name)
		if err != nil {
			t.fail(err.Error(), "")
			return exitProblems
		}
		documents = append(documents, cardDocument{name, d.Summary[t.Tag()], string(d.Generation), string(d.Interface), d.Identifier})
	}
	if asJSON {
		t.printJSON(map[string]any{"schema": "postecpx.cards/1", "cards": documents})
		return exitOK
	}
	for _, d := range documents {
		t.out(fmt.Sprintf("%-24s %s", d.Name, d.Summary))
	}
	return exitOK
}

// simulated is a card to put into the reader.
type simulated struct {
	vpcd.Card
	name   string
	counts func() virtualcard.Counts
	// unknown counts the commands that a recording does not hold; nil when the
	// card is not of one.
	unknown func() int
}

// simulate keeps the card in the reader until the person or a fault takes it
// out, then says what it saw.
func (t *terminal) simulate(ctx context.Context, address string, card simulated, asJSON bool) int {
	began := time.Now()
	err := vpcd.Insert(ctx, address, card, func() {
		t.talk(t.say("cli.simulate.inserted", "Name", card.name, "Address", address))
	})
	counts := card.counts()
	if errors.Is(err, vpcd.ErrNoReader) && counts.Exchanges == 0 && time.Since(began) < time.Second {
		t.fail(t.say("cli.simulate.no-reader", "Address", address), t.say("cli.simulate.no-reader.next"))
		return exitNoReader
	}
	if asJSON {
		document := map[string]any{
			"schema": "postecpx.simulation/1", "card": card.name,
			"exchanges": counts.Exchanges, "getResponses": counts.GetResponses,
			"bytesToCard": counts.BytesIn, "bytesFromCard": counts.BytesOut,
			"codesPresented": counts.Presented, "resets": counts.Resets,
		}
		if card.unknown != nil {
			document["unknownCommands"] = card.unknown()
		}
		t.printJSON(document)
	} else {
		t.talk(t.say("cli.simulate.counts", "Exchanges", counts.Exchanges, "GetResponses", counts.GetResponses, "Presented", counts.Presented))
		if card.unknown != nil && card.unknown() > 0 {
			t.talk(t.say("cli.simulate.replay.unknown", "Count", card.unknown()))
		}
	}
	switch {
	case ctx.Err() != nil:
		return exitOK
	case errors.Is(err, virtualcard.ErrRemoved):
		t.talk(t.say("cli.simulate.removed"))
		return exitOK
	case errors.Is(err, vpcd.ErrNoReader):
		t.fail(t.say("cli.simulate.gone", "Address", address), "")
		return exitNoReader
	}
	t.talk(err.Error())
	return exitProblems
}
