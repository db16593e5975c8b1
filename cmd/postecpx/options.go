package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"postecpx/cardreader/virtualcard"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
)

// options are what the command line asks for.
type options struct {
	demonstration string // name of a shipped card
	reader        string // part of a reader's name
	report        bool   // a report in place of the window
	voices        bool   // for a screen reader, even when none says that it runs
}

// demoFlag is --demo, or --demo=NAME.
type demoFlag struct{ name *string }

func (d demoFlag) String() string {
	if d.name == nil {
		return ""
	}
	return *d.name
}

// IsBoolFlag lets --demo stand without a value.
func (d demoFlag) IsBoolFlag() bool { return true }

// Set takes the name of a card; "true" is --demo alone.
func (d demoFlag) Set(v string) error {
	if v != "true" {
		*d.name = v
	}
	return nil
}

// parse reads the command line. When ok is false the program ends with code,
// and stderr has been told why. system is the language of the workstation.
func parse(args []string, system string, stderr io.Writer) (o options, s *language.Speaker, code int, ok bool) {
	o.demonstration = defaultDemonstration
	set := flag.NewFlagSet("postecpx", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	tag := set.String("lang", system, "")
	set.Var(demoFlag{&o.demonstration}, "demo", "")
	set.StringVar(&o.reader, "reader", "", "")
	set.BoolVar(&o.report, "report", false, "")
	set.BoolVar(&o.voices, "screen-reader", false, "")
	wrong, unknownLanguage := set.Parse(args), false
	s, err := language.New(*tag)
	if err != nil {
		if s, _ = language.New(language.Default); s == nil {
			fmt.Fprintf(stderr, "postecpx: %v\n", err)
			return o, nil, exitUsage, false
		}
		unknownLanguage = true
	}
	switch {
	case errors.Is(wrong, flag.ErrHelp):
		usage(stderr, s)
		return o, s, exitOK, false
	case unknownLanguage:
		say(stderr, s, "ui.language-unknown", "Name", plaintext.Line(*tag, longest))
	case wrong != nil:
		sayWrong(stderr, s, wrong)
	case set.NArg() > 0:
		say(stderr, s, "ui.extra-arguments", "Argument", plaintext.Line(set.Arg(0), longest))
	default:
		if unknown := unknownDemonstration(o.demonstration); unknown != nil {
			say(stderr, s, "ui.demo-unknown", "Name", plaintext.Line(unknown.Name, longest), "Known", strings.Join(unknown.Known, ", "))
			return o, s, exitUsage, false
		}
		return o, s, exitOK, true
	}
	usage(stderr, s)
	return o, s, exitUsage, false
}

// longest is how much of a word of the command line is repeated.
const longest = 60

// unknownDemonstration is nil when there is a card of that name. Any other
// error is said where the card is made: the window opens without it.
func unknownDemonstration(name string) *virtualcard.UnknownError {
	_, err := virtualcard.Shipped(name)
	var unknown *virtualcard.UnknownError
	if errors.As(err, &unknown) {
		return unknown
	}
	return nil
}

// flagErrors are the sentences of package flag, which has no types for them.
var flagErrors = map[string]string{
	"flag provided but not defined: -": "ui.usage.undefined",
	"flag needs an argument: -":        "ui.usage.value-missing",
}

func sayWrong(w io.Writer, s *language.Speaker, wrong error) {
	for prefix, key := range flagErrors {
		if name, ok := strings.CutPrefix(wrong.Error(), prefix); ok {
			say(w, s, key, "Name", "--"+plaintext.Line(name, longest))
			return
		}
	}
	say(w, s, "ui.usage.wrong", "Reason", plaintext.Line(wrong.Error(), 2*longest))
}

func usage(w io.Writer, s *language.Speaker) {
	fmt.Fprintln(w, s.Say("ui.help"))
	for _, f := range []struct{ form, meaning string }{
		{"--lang fr|en", s.Say("ui.flag.lang")},
		{"--demo[=" + s.Say("ui.flag.demo.value") + "]", s.Say("ui.flag.demo")},
		{"--reader " + s.Say("ui.flag.reader.value"), s.Say("ui.flag.reader")},
		{"--report", s.Say("poste.flag.report")},
		{"--screen-reader", s.Say("ui.flag.screen-reader")},
	} {
		fmt.Fprintf(w, "  %-17s %s\n", f.form, f.meaning)
	}
}

// say writes a sentence of the catalogue on one line.
func say(w io.Writer, s *language.Speaker, key string, pairs ...any) {
	fmt.Fprintf(w, "postecpx: %s\n", s.Say(key, pairs...))
}
