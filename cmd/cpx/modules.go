package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/plaintext"
	"postecpx/internal/report"
	"postecpx/internal/wording"
)

func modulesCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var w where
	set.StringVar(&w.reader, "reader", "", "")
	asJSON := set.Bool("json", false, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		for _, path := range args {
			if strings.TrimSpace(path) == "" {
				t.fail(t.say("cli.modules.empty"), "")
				return exitUsage
			}
		}
		probes, errs := pkcs11.Survey(ctx, pkcs11.Local(), pkcs11.Executable{}, args, pkcs11.Everything())
		for _, err := range errs {
			t.talk(err.Error())
		}
		if ctx.Err() != nil {
			t.talk(t.say("cli.interrupted"))
			return exitInterrupted
		}
		comparison := t.compare(ctx, &w, probes)
		if *asJSON {
			t.printJSON(report.NewModules(probes, comparison))
		} else {
			t.printModules(probes, comparison)
		}
		return modulesExit(probes, comparison)
	}
}

// compare reads the card through PC/SC, when there is one, and puts it beside
// what the modules say.
func (t *terminal) compare(ctx context.Context, w *where, probes []pkcs11.Probe) *cardreader.Comparison {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	source := cardreader.PCSC()
	name, status, err := w.choose(ctx, source)
	if err != nil || status.Stage != cardreader.Reading {
		return nil // no card to compare with: "cpx read" says why
	}
	card, err := cardreader.ReadCard(ctx, source, name, cps.Options{})
	if err != nil {
		t.talk(err.Error())
		return nil
	}
	comparison := cardreader.Compare(name, card, probes)
	return &comparison
}

func modulesExit(probes []pkcs11.Probe, c *cardreader.Comparison) int {
	for _, p := range probes {
		if p.Status != pkcs11.OK {
			return exitProblems
		}
	}
	if c != nil && len(c.Disagreements) > 0 {
		return exitProblems
	}
	return exitOK
}

func (t *terminal) printModules(probes []pkcs11.Probe, c *cardreader.Comparison) {
	if len(probes) == 0 {
		t.out(t.say("cli.modules.none"))
	}
	for _, p := range probes {
		status := wording.ModuleStatus(t.Speaker, p)
		t.out(t.tone(status.Tone) + " " + t.say("cli.modules.line", "Name", status.Label, "What", status.Value))
		t.out("    " + plaintext.Line(p.Module.Path, 240))
		for _, by := range wording.Declarations(t.Speaker, p.Module) {
			t.out("    " + by)
		}
		if detail := wording.ModuleDetail(p); detail != "" {
			t.out("    " + detail)
		}
		if warning := wording.Writable(t.Speaker, p.File); warning != "" {
			t.out("    " + t.tone(wording.Warning) + " " + warning)
		}
		if p.Info.Description != "" {
			t.out("    " + plaintext.Line(strings.Join([]string{p.Info.Manufacturer, p.Info.Description, p.Info.Version}, ", "), 120))
		}
		for _, s := range p.Slots {
			t.printSlot(s)
		}
	}
	if c != nil {
		t.printComparison(*c)
	}
}

func (t *terminal) printSlot(s pkcs11.Slot) {
	name := plaintext.Line(s.Description, 60)
	switch {
	case s.Failure != nil:
		t.out("    " + t.say("cli.modules.slot.failed", "Slot", s.ID, "Name", name, "Call", s.Failure.Call, "Code", s.Failure.Code))
		return
	case s.Token == nil:
		t.out("    " + t.say("cli.modules.slot.empty", "Slot", s.ID, "Name", name))
		return
	}
	t.out("    " + t.say("cli.modules.slot", "Slot", s.ID, "Name", name, "Label", plaintext.Line(s.Token.Label, 60), "Serial", plaintext.Line(s.Token.Serial, 30)))
	for _, o := range s.Token.Objects {
		t.out(strings.TrimRight(fmt.Sprintf("        %-13s %s  %X", o.Class, plaintext.Line(o.Label, 60), o.ID[:min(len(o.ID), 32)]), " "))
	}
}

func (t *terminal) printComparison(c cardreader.Comparison) {
	t.out("", t.say("cli.modules.comparison"))
	for _, r := range c.Rows {
		t.out("  " + wording.ComparedFact(t.Speaker, r.Fact))
		for i, v := range r.Values {
			name := "PC/SC"
			if m := c.Witnesses[i].Module; m != nil {
				if !c.Witnesses[i].Sees {
					continue
				}
				name = plaintext.Line(m.Name, 40)
			}
			t.out(fmt.Sprintf("    %-18s %s", name, wording.ComparedValue(t.Speaker, r.Fact, v)))
		}
	}
	if len(c.Disagreements) == 0 && !c.Compared() {
		t.out(t.tone(wording.Warning) + " " + t.say("cli.modules.no-witness"))
	} else if len(c.Disagreements) == 0 {
		t.out(t.tone(wording.Good) + " " + t.say("cli.modules.agree"))
	}
	for _, d := range c.Disagreements {
		t.printStatement(wording.Disagreement(t.Speaker, d))
	}
}
