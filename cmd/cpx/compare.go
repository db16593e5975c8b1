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
	return func(_ context.Context, t *terminal, args []string) int {
		if len(args) != 2 {
			t.fail(t.say("cli.compare.two"), "")
			return exitUsage
		}
		var reports [2]report.Report
		for i, name := range args {
			var err error
			if reports[i], err = readReport(name); err != nil {
				t.fail(t.say("cli.compare.unreadable", "File", plaintext.Line(name, 240), "Reason", t.unreadReport(err)), "")
				return exitUsage
			}
		}
		changes := report.Compare(reports[0], reports[1])
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
	return plaintext.Line(err.Error(), 240)
}
