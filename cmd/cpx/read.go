package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/plaintext"
	"postecpx/internal/report"
	"postecpx/internal/wording"
)

func readCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var w where
	w.declare(set)
	asJSON := set.Bool("json", false, "")
	only := set.String("only", "", "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		if *only != "" && *only != "identifier" {
			t.fail(t.say("cli.only.unknown", "Name", *only), "")
			return exitUsage
		}
		if *only != "" && *asJSON {
			t.fail(t.say("cli.only.json"), "")
			return exitUsage
		}
		if *only != "" {
			w.depth = cps.IdentifierOnly
		}
		name, card, code := t.readFor(ctx, &w)
		if card == nil {
			return code
		}
		switch {
		case *only != "":
			return t.printIdentifier(card)
		case *asJSON:
			document := report.NewCard(name, card, t.now())
			document.Demonstration = w.demo.name != ""
			t.printJSON(document)
		default:
			if w.demo.name != "" {
				t.out(t.say("cli.demo.band"), "")
			}
			t.printCard(name, card)
		}
		if !t.fine(card) {
			return exitProblems
		}
		return exitOK
	}
}

// printJSON writes one document. One that cannot be made is a result that was
// not written.
func (t *terminal) printJSON(document any) {
	text, err := report.JSON(document, "  ")
	if err != nil {
		t.unwritten = err
		return
	}
	t.out(text)
}

// printIdentifier writes the identifier alone: nothing when there is none, or
// when what stands in its place is none.
func (t *terminal) printIdentifier(c *cps.Card) int {
	if _, err := nationalid.Parse(c.Identifier.Value); err == nil {
		t.out(plaintext.Line(c.Identifier.Value, 120))
	}
	if c.Identifier.Status == cps.Pending || c.Identifier.Status == cps.Verified {
		return exitOK
	}
	account := wording.Reader(t.Speaker, cardreader.ReaderStatus{Stage: cardreader.Read, Card: c}, t.now())
	next := []string{account.Answer.Meaning, account.Answer.Next}
	if len(c.Identifier.Problems) > 0 {
		next = nil
	}
	for _, p := range c.Identifier.Problems {
		text, todo := wording.Problem(t.Speaker, p)
		next = append(next, text, todo)
	}
	t.fail(account.Answer.Title, strings.Join(next, "\n"))
	return exitProblems
}

// printCard writes the card for a person: the answer, then what supports it.
func (t *terminal) printCard(reader string, c *cps.Card) {
	if v := c.Identifier.Value; v != "" {
		clean := plaintext.Line(v, 120)
		line := clean
		if grouped := nationalid.Grouped(clean); grouped != clean {
			line += "   (" + grouped + ")"
		}
		t.out(t.say("cli.read.identifier")+"  "+line, "")
	}
	status := cardreader.ReaderStatus{Reader: reader, Stage: cardreader.Read, Card: c}
	account := wording.Reader(t.Speaker, status, t.now())
	for _, s := range append([]wording.Statement{account.Answer}, account.Notices...) {
		t.printStatement(s)
	}
	if c.Identifier.Value != "" {
		t.out("", t.say("cli.read.checks"))
		t.printFacts(wording.Checks(t.Speaker, c.Identifier, true))
	}
	t.out("", t.say("cli.read.card"))
	t.printFacts(append(wording.Facts(t.Speaker, c, true, t.now()),
		wording.Fact{Label: t.say("cli.read.reader"), Value: wording.ReaderName(t.Speaker, reader)}))
}

func (t *terminal) printStatement(s wording.Statement) {
	t.out(fmt.Sprintf("%s %s", t.tone(s.Tone), s.Title))
	for _, line := range []string{s.Meaning, s.Next} {
		if line != "" {
			t.out("    " + line)
		}
	}
}

func (t *terminal) printFacts(facts []wording.Fact) {
	width := 0
	for _, f := range facts {
		width = max(width, len([]rune(f.Label)))
	}
	for _, f := range facts {
		pad := strings.Repeat(" ", width-len([]rune(f.Label)))
		mark := ""
		if f.Tone == wording.Warning || f.Tone == wording.Bad {
			mark = t.tone(f.Tone) + " "
		}
		t.out("  " + f.Label + pad + "  " + mark + f.Value)
	}
}

// tone is a word: colours alone say nothing to many.
func (t *terminal) tone(tone wording.Tone) string {
	keys := map[wording.Tone]string{
		wording.Good: "cli.tone.good", wording.Plain: "cli.tone.plain", wording.Working: "cli.tone.working",
		wording.Warning: "cli.tone.warning", wording.Bad: "cli.tone.bad",
	}
	return "[" + t.say(keys[tone]) + "]"
}
