package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"

	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/internal/plaintext"
)

// given tells whether an option was given.
func given(set *flag.FlagSet, name string) bool {
	found := false
	set.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// onlyGiven tells whether no other option than these was given.
func onlyGiven(set *flag.FlagSet, names ...string) bool {
	only := true
	set.Visit(func(f *flag.Flag) { only = only && slices.Contains(names, f.Name) })
	return only
}

// replay puts the card of a recording into the reader.
func (t *terminal) replay(ctx context.Context, address, file string, asJSON bool) int {
	recording, err := readRecording(file)
	var card *trace.Replay
	if err == nil {
		card, err = trace.NewReplay(recording)
	}
	if err != nil {
		t.fail(t.say("cli.simulate.replay.unusable", "File", plaintext.Line(file, 200), "Reason", t.recordingError(err)), t.recordingHint(err))
		return exitUsage
	}
	counts := func() virtualcard.Counts {
		c := card.Counts()
		return virtualcard.Counts{
			Exchanges: c.Exchanges, GetResponses: c.GetResponses, BytesIn: c.BytesIn, BytesOut: c.BytesOut,
			Presented: c.Presented, Resets: c.Resets,
		}
	}
	return t.simulate(ctx, address, simulated{
		Card: card, name: plaintext.Line(filepath.Base(file), 120), counts: counts,
		unknown: func() int { return card.Counts().Unknown },
	}, asJSON)
}

// readRecording reads a file, no more of it than a recording can have.
func readRecording(name string) (trace.Recording, error) {
	f, err := os.Open(name)
	if err != nil {
		return trace.Recording{}, err
	}
	defer f.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, trace.Largest+1))
	if err != nil {
		return trace.Recording{}, err
	}
	return trace.Parse(data)
}

func (t *terminal) recordingError(err error) string {
	for _, known := range []struct {
		err error
		key string
	}{
		{trace.ErrMasked, "cli.trace.masked"},
		{trace.ErrNothing, "cli.trace.nothing"},
		{trace.ErrTooLarge, "cli.trace.too-large"},
		{trace.ErrNotJSON, "cli.trace.not-json"},
		{trace.ErrNewerSchema, "cli.trace.newer"},
		{trace.ErrOtherSchema, "cli.trace.other"},
	} {
		if errors.Is(err, known.err) {
			return t.say(known.key)
		}
	}
	return plaintext.Line(err.Error(), 240)
}

func (t *terminal) recordingHint(err error) string {
	if errors.Is(err, trace.ErrMasked) {
		return t.say("cli.trace.masked.next")
	}
	return ""
}
