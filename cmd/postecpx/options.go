package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"postecpx/internal/language"
)

// options are what the command line asks for.
type options struct {
	demonstration string // name of a shipped card
	reader        string // part of a reader's name
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
	wrong := set.Parse(args)
	s, err := language.New(*tag)
	if err != nil {
		if s, _ = language.New(language.Default); s == nil {
			fmt.Fprintf(stderr, "postecpx: %v\n", err)
			return o, nil, exitUsage, false
		}
		wrong = errors.New(s.Say("ui.language-unknown", "Name", *tag))
	}
	switch {
	case errors.Is(wrong, flag.ErrHelp):
		usage(stderr, s)
		return o, s, exitOK, false
	case wrong != nil:
		fmt.Fprintf(stderr, "postecpx: %v\n", wrong)
	case set.NArg() > 0:
		say(stderr, s, "ui.extra-arguments", "Argument", set.Arg(0))
	default:
		return o, s, exitOK, true
	}
	usage(stderr, s)
	return o, s, exitUsage, false
}

func usage(w io.Writer, s *language.Speaker) {
	fmt.Fprintf(w, "%s\n  --lang fr|en    %s\n  --demo[=NAME]   %s\n  --reader TEXT   %s\n",
		s.Say("ui.help"), s.Say("ui.flag.lang"), s.Say("ui.flag.demo"), s.Say("ui.flag.reader"))
}

// say writes a sentence of the catalogue on one line.
func say(w io.Writer, s *language.Speaker, key string, pairs ...any) {
	fmt.Fprintf(w, "postecpx: %s\n", s.Say(key, pairs...))
}
