package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"golang.org/x/term"

	"postecpx/internal/diagnostic"
	"postecpx/internal/plaintext"
	"postecpx/internal/report"
	"postecpx/internal/wording"
	"postecpx/internal/workstation"
)

// doctorOptions are those of "cpx doctor".
type doctorOptions struct {
	list, asJSON bool
	html         string
	redaction    report.Redaction
	diagnostic.Options
}

// toStandardOutput is the name of a file that is none.
const toStandardOutput = "-"

func doctorCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var o doctorOptions
	set.BoolVar(&o.list, "list-checks", false, "")
	set.BoolVar(&o.asJSON, "json", false, "")
	set.BoolVar(&o.Network, "network", false, "")
	set.StringVar(&o.html, "html", "", "")
	set.StringVar(&o.Reader, "reader", "", "")
	set.DurationVar(&o.Limit, "timeout", 0, "")
	redact := set.String("redact", string(report.Partial), "")
	given := func(name string) bool {
		found := false
		set.Visit(func(f *flag.Flag) { found = found || f.Name == name })
		return found
	}
	return func(ctx context.Context, t *terminal, args []string) int {
		var err error
		if o.redaction, err = report.ParseRedaction(*redact); err != nil {
			t.fail(t.say("cli.doctor.redact", "Name", plaintext.Line(*redact, 60)), "")
			return exitUsage
		}
		if given("timeout") && o.Limit <= 0 {
			t.fail(t.say("cli.timeout.wrong"), "")
			return exitUsage
		}
		if given("html") && strings.TrimSpace(o.html) == "" {
			t.fail(t.say("cli.doctor.html.empty"), "")
			return exitUsage
		}
		if o.html == toStandardOutput && o.asJSON {
			t.fail(t.say("cli.doctor.html.json"), "")
			return exitUsage
		}
		if !t.chooseChecks(&o, args) {
			return exitUsage
		}
		if o.list {
			t.listChecks(o)
			return exitOK
		}
		return t.doctor(ctx, o)
	}
}

// chooseChecks takes the codes of the command line, and refuses those that are
// none, or could not be looked at as asked.
func (t *terminal) chooseChecks(o *doctorOptions, args []string) bool {
	for _, a := range args {
		code := diagnostic.Code(strings.ToLower(strings.TrimSpace(a)))
		check, ok := diagnostic.Find(code)
		switch {
		case !ok:
			t.fail(t.say("cli.doctor.unknown", "Code", plaintext.Line(a, 60)), t.near(code))
			return false
		case check.Network && !o.Network && !o.list:
			// Skipped and a 0 would look like an answer.
			t.fail(t.say("cli.doctor.unasked", "Code", string(code)), "")
			return false
		case !slices.Contains(o.Only, code):
			o.Only = append(o.Only, code)
		}
	}
	return true
}

// near lists the codes that may have been meant.
func (t *terminal) near(code diagnostic.Code) string {
	type candidate struct {
		line     string
		distance int
	}
	var found []candidate
	group, _, _ := strings.Cut(string(code), ".")
	for _, c := range diagnostic.Catalogue() {
		name := string(c.Code)
		of, _, _ := strings.Cut(name, ".")
		d := distance(string(code), name)
		if d <= 3 || of == group || string(c.Group) == group || len(code) > 2 && strings.Contains(name, string(code)) {
			found = append(found, candidate{fmt.Sprintf("  %-24s %s", name, wording.CheckTitle(t.Speaker, c.Code)), d})
		}
	}
	if len(found) == 0 {
		return t.say("cli.doctor.list")
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	lines := []string{t.say("cli.doctor.near")}
	for _, c := range found {
		lines = append(lines, c.line)
	}
	return strings.Join(lines, "\n")
}

// distance counts the letters to change, add or leave out to come from one word
// to the other (Levenshtein).
func distance(a, b string) int {
	if len(a) > 80 {
		return len(a)
	}
	return levenshtein.ComputeDistance(a, b)
}

// checksDocument is what "cpx doctor --list-checks --json" prints.
type checksDocument struct {
	Schema string          `json:"schema"`
	Checks []checkDocument `json:"checks"`
}

type checkDocument struct {
	Code      string            `json:"code"`
	Group     string            `json:"group"`
	Title     string            `json:"title"`
	Requires  []diagnostic.Code `json:"requires,omitempty"`
	Platforms []string          `json:"platforms,omitempty"` // all when it is left out
	Network   bool              `json:"network"`
	Card      bool              `json:"card"`
}

func (t *terminal) listChecks(o doctorOptions) {
	document := checksDocument{Schema: "postecpx.checks/1"}
	var group diagnostic.Group
	for _, c := range diagnostic.Catalogue() {
		if len(o.Only) > 0 && !slices.Contains(o.Only, c.Code) {
			continue
		}
		title := wording.CheckTitle(t.Speaker, c.Code)
		document.Checks = append(document.Checks, checkDocument{string(c.Code), string(c.Group), title, c.Requires, c.Platforms, c.Network, c.Card})
		if o.asJSON {
			continue
		}
		if c.Group != group {
			group = c.Group
			t.out(wording.GroupTitle(t.Speaker, group))
		}
		line := fmt.Sprintf("  %-24s %s", c.Code, title)
		if c.Network {
			line += " (--network)"
		}
		t.out(line)
	}
	if o.asJSON {
		t.printJSON(document)
	}
}

// doctor diagnoses the workstation and hands the report over.
func (t *terminal) doctor(ctx context.Context, o doctorOptions) int {
	env := workstation.New()
	progress := t.newProgress()
	o.Progress = progress.show
	d, err := diagnostic.Run(ctx, env, o.Options)
	progress.clear()
	switch {
	case ctx.Err() != nil:
		t.talk(t.say("cli.interrupted"))
		return exitInterrupted
	case err != nil: // the codes were looked up before
		t.talk(err.Error())
		return exitUsage
	}
	id, err := env.MachineID()
	if err != nil {
		id = nil // the report says that its placeholders are its own
	}
	document := report.New(t.Speaker, d, report.Options{Redaction: o.redaction, Key: report.Key(id)})
	code := doctorExit(d)
	// The answer first: the file may be a pipe that nobody reads.
	switch {
	case o.asJSON:
		t.printJSON(document)
	case o.html != toStandardOutput:
		t.out(report.Text(t.Speaker, document))
	}
	if o.html != "" && !t.writeHTML(ctx, document, o.html) {
		code = max(code, exitProblems)
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	return code
}

// writeHTML writes the page to a file, or to standard output; false when the
// file could not be written.
func (t *terminal) writeHTML(ctx context.Context, document report.Report, name string) bool {
	var page bytes.Buffer
	err := report.HTML(&page, t.Speaker, document)
	if err == nil && name == toStandardOutput {
		t.out(page.String())
		return true
	}
	if err == nil {
		_, err = unless(ctx, func() (struct{}, error) { return struct{}{}, report.WriteFile(name, page.Bytes()) })
	}
	if ctx.Err() != nil {
		t.talk(t.say("cli.interrupted"))
		return false
	}
	if err != nil {
		t.fail(t.say("cli.doctor.html.failed", "File", plaintext.Line(name, 240), "Reason", t.reason(err)), "")
		return false
	}
	t.talk(t.say("cli.doctor.html.written", "File", plaintext.Line(name, 240)))
	return true
}

// rootExits are the exit codes of a root cause that has one of its own.
var rootExits = map[diagnostic.Code]int{
	"reader.present": exitNoReader, "card.present": exitNoCard, "card.readable": exitUnreadable, "card.family": exitUnreadable,
}

// doctorExit is the exit code of a diagnosis: that of its root cause.
func doctorExit(d diagnostic.Diagnosis) int {
	root, _ := d.Root()
	if root.Status == diagnostic.Error {
		if root.Group == diagnostic.GroupPCSC || strings.HasPrefix(string(root.Code), "pcsc.") {
			return exitNoService
		}
		if code, ok := rootExits[root.Code]; ok {
			return code
		}
		return exitProblems
	}
	for _, f := range d.Findings {
		if f.Status == diagnostic.Crashed {
			return exitProblems
		}
	}
	return exitOK
}

// progress shows on one line of a terminal how far the diagnosis is.
type progress struct {
	t     *terminal
	shown bool
	began time.Time
}

// newProgress shows nothing where standard error is no terminal.
func (t *terminal) newProgress() *progress {
	p := &progress{t: t, began: time.Now()}
	if f, ok := t.stderr.(*os.File); ok {
		p.shown = term.IsTerminal(int(f.Fd()))
	}
	return p
}

// quiet is how long a diagnosis may last before it says how far it is.
const quiet = 300 * time.Millisecond

// clearLine brings a terminal back to the beginning of an empty line.
const clearLine = "\r\x1b[2K"

func (p *progress) show(at diagnostic.Progress) {
	if p.shown && time.Since(p.began) > quiet {
		title := plaintext.Line(wording.CheckTitle(p.t.Speaker, at.Finding.Code), 50)
		fmt.Fprintf(p.t.stderr, "%s%d/%d %s", clearLine, at.Done, at.All, title)
	}
}

func (p *progress) clear() {
	if p.shown && time.Since(p.began) > quiet {
		fmt.Fprint(p.t.stderr, clearLine)
	}
}
