package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"postecpx/internal/annuaire"
)

// maxKeyLine bounds a key on standard input.
const maxKeyLine = 1024

// annuaireKey is "cpx annuaire key set|delete|status": the person's key of the
// API, in the keyring of the system. The key is never an argument: others see
// the arguments of a program.
func (t *terminal) annuaireKey(ctx context.Context, args []string, asJSON bool) int {
	if len(args) != 1 {
		t.fail(t.say("cli.annuaire.key.usage"), "") // what was typed may be the key
		return exitUsage
	}
	switch args[0] {
	case "set":
		return t.annuaireKeySet(ctx)
	case "delete":
		if err := annuaire.DeleteKey(ctx); err != nil {
			t.annuaireFailed(err)
			return exitProblems
		}
		t.talk(t.say("cli.annuaire.key.deleted"))
		return exitOK
	case "status":
		return t.annuaireKeyStatus(ctx, asJSON)
	}
	t.fail(t.say("cli.annuaire.key.usage"), "")
	return exitUsage
}

func (t *terminal) annuaireKeySet(ctx context.Context) int {
	line, err := t.readKey(ctx)
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		t.talk(t.say("cli.interrupted"))
		return exitInterrupted
	case err != nil:
		t.fail(t.say("cli.annuaire.key.unread"), "")
		return exitUsage
	}
	key, err := annuaire.NewKey(line)
	if err != nil {
		t.annuaireFailed(&annuaire.Failure{Code: annuaire.CodeKeyForm})
		return exitUsage
	}
	if err := annuaire.StoreKey(ctx, key); err != nil {
		t.annuaireFailed(err)
		return exitProblems
	}
	t.talk(t.say("cli.annuaire.key.stored"))
	return exitOK
}

// annuaireKeyStatus tells where a look-up would take the key from, never what
// it is.
func (t *terminal) annuaireKeyStatus(ctx context.Context, asJSON bool) int {
	_, source, err := annuaire.FindKey(ctx, "")
	var f *annuaire.Failure
	errors.As(err, &f)
	if asJSON {
		t.printJSON(struct {
			Schema  string           `json:"schema"`
			Source  string           `json:"source,omitempty"`
			Failure *annuaireFailure `json:"failure,omitempty"`
		}{"postecpx.annuaire-key/1", string(source), newAnnuaireFailure(f)})
	}
	if err != nil {
		t.annuaireFailed(err)
		return exitProblems
	}
	if !asJSON {
		t.out(t.say(map[annuaire.KeySource]string{
			annuaire.FromEnvironment: "cli.annuaire.key.in-environment",
			annuaire.FromKeyring:     "cli.annuaire.key.in-keyring",
		}[source], "Variable", annuaire.KeyVariable))
	}
	return exitOK
}

// readKey asks the key at the terminal, without showing it, or takes the first
// line of standard input where that is no terminal.
func (t *terminal) readKey(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	fd := int(os.Stdin.Fd())
	if term.IsTerminal(fd) {
		before, err := term.GetState(fd)
		if err != nil {
			return "", err
		}
		defer func() { _ = term.Restore(fd, before) }() // the echo, when it was interrupted
		fmt.Fprint(t.stderr, t.say("cli.annuaire.key.prompt")+" ")
		defer fmt.Fprintln(t.stderr)
		go func() {
			line, err := term.ReadPassword(fd)
			answers <- answer{string(line), err}
		}()
	} else {
		go func() {
			line, err := bufio.NewReader(io.LimitReader(os.Stdin, maxKeyLine)).ReadString('\n')
			if errors.Is(err, io.EOF) {
				err = nil
			}
			answers <- answer{line, err}
		}()
	}
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-answers:
		return a.line, a.err
	}
}
