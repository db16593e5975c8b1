package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"postecpx/internal/plaintext"
	"postecpx/internal/report"
)

func compareCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	asJSON := set.Bool("json", false, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if len(args) != 2 {
			t.fail(t.say("cli.compare.two"), "")
			return exitUsage
		}
		var reports [2]report.Report
		for i, name := range args {
			var err error
			reports[i], err = unless(ctx, func() (report.Report, error) { return readReport(name) })
			if ctx.Err() != nil {
				t.talk(t.say("cli.interrupted"))
				return exitInterrupted
			}
			if err != nil {
				t.fail(t.say("cli.compare.unreadable", "File", plaintext.Line(name, 240), "Reason", t.unreadReport(err)), "")
				return exitUsage
			}
		}
		changes, err := unless(ctx, func() (report.Changes, error) { return report.Compare(reports[0], reports[1]), nil })
		if err != nil {
			t.talk(t.say("cli.interrupted"))
			return exitInterrupted
		}
		if *asJSON {
			t.printJSON(changes)
		} else {
			t.out(report.ComparisonText(t.Speaker, changes))
		}
		if !changes.Same {
			return exitProblems
		}
		return exitOK
	}
}

// unless does something that cannot be ended, and stops waiting for it when the
// context ends; the program is about to end then.
func unless[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := do()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// readReport reads the file of a report, no more of it than a report can have.
func readReport(name string) (report.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return report.Report{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, report.Largest+1))
	if err != nil {
		return report.Report{}, fmt.Errorf("read: %w", err)
	}
	return report.Parse(data)
}

// unreadReport says why a file is no report.
func (t *terminal) unreadReport(err error) string {
	for _, known := range []struct {
		err error
		key string
	}{
		{report.ErrTooLarge, "cli.compare.too-large"}, {report.ErrNotJSON, "cli.compare.not-json"},
		{report.ErrOtherSchema, "cli.compare.other-schema"}, {report.ErrNewerSchema, "cli.compare.newer-schema"},
		{report.ErrIncomplete, "cli.compare.incomplete"}, {os.ErrNotExist, "cli.compare.missing"},
	} {
		if errors.Is(err, known.err) {
			return t.say(known.key)
		}
	}
	return t.reason(err)
}
