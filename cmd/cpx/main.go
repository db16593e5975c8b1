// Command cpx reads the cards of the CPx family from the terminal.
//
// Rules of its output: results go to standard output, everything else to
// standard error with "cpx:" in front; what comes from a card is made inert
// before it is shown; nothing is ever asked of the person; the exit code says
// how it ended:
//
//	0 fine · 1 done, problems found · 2 wrong usage · 3 no reader · 4 no card
//	5 card unreadable or not a CPx · 6 PC/SC service unavailable
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/pkcs11/worker"
	"postecpx/internal/annuaire"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
)

// Exit codes.
const (
	exitOK = iota
	exitProblems
	exitUsage
	exitNoReader
	exitNoCard
	exitUnreadable
	exitNoService

	exitInterrupted = 128 + int(syscall.SIGINT) // as shells have it
)

// errInterrupted is why the context of a command ended when the person, or the
// system, asked the program to stop.
var errInterrupted = errors.New("interrupted")

func main() {
	annuaire.HoldKey() // before anything is started that would inherit it
	if len(os.Args) == 2 && os.Args[1] == pkcs11.WorkerArgument {
		os.Exit(worker.Main()) // the child that loads a PKCS#11 module
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // the next one ends what does not end by itself
		cancel(errInterrupted)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A command is one verb.
type command struct {
	name string
	// flags declares the options and returns what runs with them.
	flags func(*flag.FlagSet) func(ctx context.Context, t *terminal, args []string) int
}

// commands in the order of the help text; each has a line "cli.help.NAME" in
// the catalogue.
var commands = []command{
	{"read", readCommand},
	{"watch", watchCommand},
	{"readers", readersCommand},
	{"id", idCommand},
	{"modules", modulesCommand},
	{"verify", verifyCommand},
	{"certificates", certificatesCommand},
	{"doctor", doctorCommand},
	{"compare", compareCommand},
	{"guide", guideCommand},
	{"annuaire", annuaireCommand},
	{"links", linksCommand},
	{"trace", traceCommand},
	{"simulate", simulateCommand},
	{"version", versionCommand},
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	t, args, err := newTerminal(args, stdout, stderr)
	if err != nil {
		t.fail(err.Error(), "")
		return exitUsage
	}
	if len(args) == 0 {
		t.help()
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		t.out(t.helpText())
		return exitOK
	case "-version", "--version":
		args[0] = "version"
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		set := flag.NewFlagSet(c.name, flag.ContinueOnError)
		set.SetOutput(io.Discard)
		do := c.flags(set)
		rest, err := parseFlags(set, args[1:])
		if errors.Is(err, flag.ErrHelp) {
			t.out(t.usage(c.name, set))
			return exitOK
		}
		if err != nil {
			reason := t.flagError(err)
			if c.name == "verify" {
				reason = t.say("cli.verify.no-argument") // what was typed may be a code
			}
			if c.name == "annuaire" {
				reason = t.say("cli.annuaire.usage") // it may be a key
			}
			t.fail(reason, t.usage(c.name, set))
			return exitUsage
		}
		code := do(ctx, t, rest)
		if t.unwritten != nil {
			t.fail(t.say("cli.unwritten", "Reason", t.reason(t.unwritten)), "")
			return max(code, exitProblems)
		}
		return code
	}
	t.fail(t.say("cli.command.unknown", "Name", args[0]), t.helpText())
	return exitUsage
}

// parseFlags lets options stand before and after the other arguments; "--"
// ends them.
func parseFlags(set *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if err := set.Parse(args); err != nil {
			return nil, err
		}
		taken := len(args) - set.NArg()
		if taken > 0 && args[taken-1] == "--" {
			return append(rest, set.Args()...), nil
		}
		if args = set.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	return rest, nil
}

// flagErrors are the sentences of package flag, which has no types for them.
var flagErrors = map[string]string{
	"flag provided but not defined: -": "cli.usage.undefined",
	"flag needs an argument: -":        "cli.usage.value-missing",
}

func (t *terminal) flagError(err error) string {
	for prefix, key := range flagErrors {
		if name, ok := strings.CutPrefix(err.Error(), prefix); ok {
			return t.say(key, "Name", "--"+name)
		}
	}
	if value, rest, ok := strings.Cut(strings.TrimPrefix(err.Error(), "invalid value "), " for flag -"); ok {
		name, reason, _ := strings.Cut(rest, ": ")
		if reason == "parse error" {
			reason = ""
		}
		return strings.TrimSpace(t.say("cli.usage.value", "Value", plaintext.Line(value, 60), "Name", "--"+name) + " " + plaintext.Line(reason, 120))
	}
	return t.say("cli.usage.wrong", "Reason", plaintext.Line(err.Error(), 120))
}

// terminal is where a command speaks: its streams, its language, its clock.
type terminal struct {
	*language.Speaker
	stdout, stderr io.Writer
	now            func() time.Time
	// unwritten is why a result could not be written, nil when all were.
	unwritten error
}

// newTerminal takes --lang out of the arguments, wherever it stands before
// "--", and speaks French without it.
func newTerminal(args []string, stdout, stderr io.Writer) (*terminal, []string, error) {
	t := &terminal{stdout: stdout, stderr: stderr, now: time.Now}
	tag := language.Default
	var rest []string
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		if args[i] == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if name != "--lang" && name != "-lang" {
			rest = append(rest, args[i])
			continue
		}
		if !given && i+1 < len(args) {
			i++
			value = args[i]
		}
		tag = value
	}
	speaker, err := language.New(tag)
	if err != nil {
		t.Speaker, _ = language.New(language.Default)
		if slices.Contains(args, "annuaire") || slices.Contains(args, "verify") {
			tag = "…" // what was typed may be a key or a code
		}
		return t, nil, errors.New(t.say("cli.language.unknown", "Name", tag))
	}
	t.Speaker = speaker
	return t, rest, nil
}

func (t *terminal) say(key string, pairs ...any) string { return t.Say(key, pairs...) }

// out writes a result.
func (t *terminal) out(lines ...string) {
	for _, l := range lines {
		if _, err := fmt.Fprintln(t.stdout, strings.TrimRight(l, "\n")); err != nil && t.unwritten == nil {
			t.unwritten = err
		}
	}
}

// talk writes what is not a result.
func (t *terminal) talk(text string) { fmt.Fprintf(t.stderr, "cpx: %s\n", plaintext.Clean(text)) }

// fail says what went wrong and, on lines of its own, what to do.
func (t *terminal) fail(text, next string) {
	t.talk(text)
	if next != "" {
		fmt.Fprintln(t.stderr, strings.Map(inert, strings.TrimRight(next, "\n")))
	}
}

// inert keeps the layout of a text and takes from it what a terminal obeys.
func inert(r rune) rune {
	if r != '\n' && unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

func (t *terminal) help() { fmt.Fprintln(t.stderr, t.helpText()) }

func (t *terminal) helpText() string {
	var b strings.Builder
	fmt.Fprintln(&b, t.say("cli.help.head"))
	for _, c := range commands {
		fmt.Fprintf(&b, "  cpx %-12s %s\n", c.name, t.say("cli.help."+c.name))
	}
	fmt.Fprint(&b, t.say("cli.help.foot"))
	return b.String()
}

// usage lists the options of one command, each with its line
// "cli.flag.COMMAND.NAME" in the catalogue.
func (t *terminal) usage(name string, set *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cpx %s%s\n  %s\n", name, t.arguments(name), t.say("cli.help."+name))
	set.VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(&b, "  --%-12s %s\n", f.Name, t.say("cli.flag."+name+"."+f.Name))
	})
	fmt.Fprintf(&b, "  --%-12s %s", "lang", t.say("cli.flag.lang"))
	return b.String()
}

func (t *terminal) arguments(name string) string {
	if key := "cli.arguments." + name; t.Has(key) {
		return " " + t.say(key)
	}
	return ""
}

// noArguments refuses words that a command does not take.
func (t *terminal) noArguments(args []string) bool {
	if len(args) == 0 {
		return true
	}
	t.fail(t.say("cli.arguments.none", "Name", args[0]), "")
	return false
}
