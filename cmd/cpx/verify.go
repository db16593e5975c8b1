package main

import (
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
		if len(args) > 0 {
			t.talk(t.say("cli.verify.no-argument")) // and it is not repeated
			return exitUsage
		}
		reader, card, code := t.readFor(ctx, &w)
		if card == nil {
			return code
		}
		probe, slot, err := t.moduleFor(ctx, reader, card, *modulePath)
		if err != nil {
			t.fail(err.Error(), "")
			return exitProblems
		}
		order := cardreader.ProofOrder{Reader: reader, Number: card.Number, Module: probe.Module, AllowLastTry: *lastTry}
		proof, code := t.prove(ctx, card, *slot.Token, order)
		if code != exitOK {
			return code
		}
		document := report.NewProof(reader, probe.Module, proof.Proof)
		document.Reset, document.TriesAfter = proof.Reset, proof.TriesAfter
		if card.PIN.Known {
			document.TriesBefore = &card.PIN.TriesLeft
		}
		if proof.ResetErr != nil {
			t.talk(t.say("cli.verify.reset-failed", "Cause", wording.Cause(proof.ResetErr)))
		}
		if *asJSON {
			t.printJSON(document)
		} else {
			t.printProof(proof.Proof, document)
		}
		if proof.Removed && proof.Login != pkcs11.LoginCardRemoved {
			t.fail(t.say("proof.login.card-removed"), t.say("proof.login.card-removed.next"))
		}
		switch {
		case proof.OK():
			return exitOK
		case proof.Removed:
			return exitNoCard
		}
		return exitProblems
	}
}

// moduleFor chooses the module to prove, and the slot in which it shows the
// card: the one that was asked for, or the Cryptolib, or OpenSC.
func (t *terminal) moduleFor(ctx context.Context, reader string, card *cps.Card, path string) (pkcs11.Probe, pkcs11.Slot, error) {
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
			if slot, ok := cardreader.SlotOf(reader, card.Number, p); ok {
				return p, slot, nil
			}
			status := wording.ModuleStatus(t.Speaker, p)
			t.talk(t.say("cli.modules.line", "Name", status.Label, "What", status.Value))
		}
	}
	return pkcs11.Probe{}, pkcs11.Slot{}, errors.New(t.say("cli.verify.no-module"))
}

// prove says what is about to happen, takes the code porteur, and has it
// presented once. The code is not even asked for when the card has no try to
// lose. A code other than exitOK ends the command; it has been explained.
func (t *terminal) prove(ctx context.Context, card *cps.Card, token pkcs11.Token, order cardreader.ProofOrder) (cardreader.ProofResult, int) {
	if refused := cardreader.ProofRefusal(card, token, order.AllowLastTry); refused != pkcs11.LoginOK {
		return cardreader.ProofResult{Proof: pkcs11.Proof{Login: refused}}, exitOK
	}
	name := plaintext.Line(order.Module.Name, 60)
	if pin := card.PIN; pin.Known {
		t.talk(t.say("cli.verify.tries", "Count", pin.TriesLeft, "Module", name))
	} else {
		t.talk(t.say("cli.verify.tries-unknown", "Module", name))
	}
	code, err := t.readCode(ctx)
	if err != nil {
		return cardreader.ProofResult{}, t.unproved(order.Reader, err)
	}
	// What happened while the person typed is looked at again in Prove.
	result, err := cardreader.Prove(ctx, pkcs11.Executable{}, order, code)
	if err != nil && !result.Presented {
		return result, t.unproved(order.Reader, err)
	}
	if err != nil {
		t.talk(err.Error())
	}
	return result, exitOK
}

// errNoCode: standard input ended before a code.
var errNoCode = errors.New("no code")

// unproved explains why nothing was presented.
func (t *terminal) unproved(reader string, err error) int {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		t.talk(t.say("cli.interrupted"))
		return exitInterrupted
	case errors.Is(err, errNoCode):
		t.talk(t.say("cli.verify.no-code"))
		return exitUsage
	case errors.Is(err, cardreader.ErrCardChanged):
		t.fail(t.say("cli.verify.changed"), t.say("proof.login.refused"))
		return exitProblems
	case errors.Is(err, cardreader.ErrModuleBlind):
		t.fail(t.say("cli.verify.no-module"), "")
		return exitProblems
	case errors.Is(err, pkcs11.ErrModule):
		t.fail(err.Error(), t.say("proof.login.refused"))
		return exitProblems
	}
	return t.failed(reader, err)
}

// readCode asks the code porteur at the terminal, without showing it, or takes
// the first line of standard input where that is no terminal. It is never taken
// from an argument or from the environment. It returns as soon as ctx ends.
func (t *terminal) readCode(ctx context.Context) ([]byte, error) {
	type answer struct {
		code []byte
		err  error
	}
	answers := make(chan answer, 1)
	fd := int(os.Stdin.Fd())
	if term.IsTerminal(fd) {
		before, err := term.GetState(fd)
		if err != nil {
			return nil, err
		}
		defer func() { _ = term.Restore(fd, before) }() // the echo, when it was interrupted
		fmt.Fprint(t.stderr, t.say("cli.verify.prompt")+" ")
		go func() {
			code, err := term.ReadPassword(fd)
			answers <- answer{code, err}
		}()
	} else {
		go func() {
			code, err := firstLine(os.Stdin)
			answers <- answer{code, err}
		}()
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.stderr)
		return nil, context.Cause(ctx)
	case a := <-answers:
		if term.IsTerminal(fd) {
			fmt.Fprintln(t.stderr)
		}
		if a.err == nil && len(a.code) == 0 {
			a.err = errNoCode
		}
		return a.code, a.err
	}
}

// firstLine reads a line byte by byte, so that nothing but the result holds the
// code. A line that is too long is given longer than a code can be: it is
// refused, not cut into another code.
func firstLine(input io.Reader) ([]byte, error) {
	line := make([]byte, 0, maxCode+1)
	var b [1]byte
	defer clear(b[:])
	for len(line) <= maxCode {
		n, err := input.Read(b[:])
		if n == 1 && b[0] == '\n' || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			clear(line)
			return nil, err
		}
		if n == 1 {
			line = append(line, b[0])
		}
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

func (t *terminal) printProof(p pkcs11.Proof, d report.Proof) {
	t.printStatement(wording.Login(t.Speaker, p, d.TriesAfter))
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
