package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/plaintext"
	"postecpx/internal/report"
	"postecpx/internal/wording"
)

// maxCode bounds a code porteur on standard input.
const maxCode = 64

func verifyCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var w where
	w.declareReader(set)
	asJSON := set.Bool("json", false, "")
	modulePath := set.String("module", "", "")
	lastTry := set.Bool("last-try", false, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			t.talk(t.say("cli.verify.no-argument"))
			return exitUsage
		}
		reader, card, code := t.readFor(ctx, &w)
		if card == nil {
			return code
		}
		probe, slot, err := t.moduleFor(ctx, card, *modulePath)
		if err != nil {
			t.fail(err.Error(), "")
			return exitProblems
		}
		proof, presented := t.prove(ctx, card, probe.Module, slot, *lastTry)
		document := report.NewProof(reader, probe.Module, proof)
		if card.PIN.Known {
			document.TriesBefore = &card.PIN.TriesLeft
		}
		removed := proof.CardRemoved()
		if presented {
			// Without the reset, the card would stay open to the next program.
			switch err := cardreader.ResetCard(context.WithoutCancel(ctx), reader); {
			case err == nil:
				document.Reset = true
			case cardreader.StageOf(err) == cardreader.NoCard:
				removed = true // a card without power has forgotten the code
			default:
				t.talk(t.say("cli.verify.reset-failed", "Cause", wording.Cause(err)))
			}
			document.TriesAfter = triesAfter(context.WithoutCancel(ctx), reader)
		}
		if *asJSON {
			t.printJSON(document)
		} else {
			t.printProof(proof, document)
		}
		if removed && proof.Login != pkcs11.LoginCardRemoved {
			t.fail(t.say("proof.login.card-removed"), t.say("proof.login.card-removed.next"))
		}
		switch {
		case proof.OK():
			return exitOK
		case removed:
			return exitNoCard
		}
		return exitProblems
	}
}

// moduleFor chooses the module to prove, and the slot in which it shows the
// card: the one that was asked for, or the Cryptolib, or OpenSC.
func (t *terminal) moduleFor(ctx context.Context, card *cps.Card, path string) (pkcs11.Probe, uint, error) {
	var paths []string
	if path != "" {
		paths = []string{path}
	}
	probes, _ := pkcs11.Survey(ctx, pkcs11.Local(), pkcs11.Executable{}, paths, pkcs11.Options{Objects: true})
	for _, family := range []pkcs11.Family{pkcs11.Cryptolib, pkcs11.OpenSC, pkcs11.Other} {
		for _, p := range probes {
			if p.Module.Family != family || family == pkcs11.Other && path == "" {
				continue
			}
			if slot, ok := cardreader.SlotOf(card.Number, p); ok && p.Status == pkcs11.OK {
				return p, slot.ID, nil
			}
			status := wording.ModuleStatus(t.Speaker, p)
			t.talk(t.say("cli.modules.line", "Name", status.Label, "What", status.Value))
		}
	}
	return pkcs11.Probe{}, 0, errors.New(t.say("cli.verify.no-module"))
}

// prove says what is about to happen, takes the code porteur, and has it
// presented once. Nothing is presented when the card has no try to lose.
func (t *terminal) prove(ctx context.Context, card *cps.Card, module pkcs11.Module, slot uint, lastTry bool) (proof pkcs11.Proof, presented bool) {
	switch {
	case card.PIN.Blocked():
		return pkcs11.Proof{Login: pkcs11.LoginBlocked}, false
	case card.PIN.Known && card.PIN.TriesLeft == 1 && !lastTry:
		return pkcs11.Proof{Login: pkcs11.LoginLastTry}, false
	}
	if card.PIN.Known {
		t.talk(t.say("cli.verify.tries", "Count", card.PIN.TriesLeft, "Module", plaintext.Line(module.Name, 60)))
	} else {
		t.talk(t.say("cli.verify.tries-unknown", "Module", plaintext.Line(module.Name, 60)))
	}
	code, err := t.readCode()
	if err != nil {
		t.talk(err.Error())
		return pkcs11.Proof{Login: pkcs11.LoginWrongLength}, false
	}
	defer clear(code)
	proof, err = pkcs11.Prove(ctx, pkcs11.Executable{}, pkcs11.ProveRequest{
		Module: module, Token: pkcs11.Selector{Slot: &slot}, Code: code, AllowLastTry: lastTry,
	})
	if err != nil {
		t.talk(err.Error())
	}
	if errors.Is(err, pkcs11.ErrNoToken) && !proof.Presented {
		proof.Login = pkcs11.LoginCardRemoved // it was there a moment ago
	}
	return proof, proof.Presented
}

// readCode asks the code porteur at the terminal, without showing it, or takes
// the first line of standard input where that is no terminal. It is never taken
// from an argument or from the environment.
func (t *terminal) readCode() ([]byte, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		fmt.Fprint(t.stderr, t.say("cli.verify.prompt")+" ")
		code, err := term.ReadPassword(fd)
		fmt.Fprintln(t.stderr)
		return code, err
	}
	line := make([]byte, 0, maxCode)
	input := bufio.NewReaderSize(io.LimitReader(os.Stdin, maxCode), 16)
	for {
		b, err := input.ReadByte()
		switch {
		case b == '\n' || errors.Is(err, io.EOF):
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			if len(line) == 0 {
				return nil, errors.New(t.say("cli.verify.no-code"))
			}
			return line, nil
		case err != nil:
			return nil, err
		}
		line = append(line, b)
	}
}

// triesAfter reads the counter again, nil when it cannot be had.
func triesAfter(ctx context.Context, reader string) *int {
	card, err := cardreader.ReadCard(ctx, cardreader.PCSC(), reader, cps.Options{})
	if err != nil || !card.PIN.Known {
		return nil
	}
	return &card.PIN.TriesLeft
}

func (t *terminal) printProof(p pkcs11.Proof, d report.Proof) {
	t.printStatement(wording.Login(t.Speaker, p))
	var facts []wording.Fact
	for _, k := range p.Keys {
		facts = append(facts, wording.KeyProof(t.Speaker, k))
	}
	t.printFacts(facts)
	if p.OK() {
		t.out(t.tone(wording.Good) + " " + t.say("cli.verify.proved"))
	}
	for _, o := range d.Objects {
		t.out("", plaintext.Line(o.Label, 60))
		for _, f := range o.Fields {
			t.out(strings.TrimRight(fmt.Sprintf("    %-20s %s  %s", cmp.Or(f.Name, f.Tag), plaintext.Line(f.Value, 80), plaintext.Line(f.Label, 80)), " "))
		}
	}
	if d.TriesAfter != nil {
		t.out(t.say("cli.verify.after", "Count", *d.TriesAfter))
	}
}
