package diagnostic

import (
	"context"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
)

// heldByToken is the outcome of card.readable, and of all that needs the card
// to be read, while a token driver of macOS (CryptoTokenKit) has the card: it
// works, and PC/SC cannot reach it.
const heldByToken = "held-by-token"

// isHeldByToken tells whether card.readable, which has ended, came to that.
func isHeldByToken(s *Session) bool {
	f, _ := s.Found("card.readable")
	return f.Outcome == heldByToken
}

// hiddenByToken are the outcomes of a reading that a token driver can be the
// reason of: each call on the card may fail, or wait.
var hiddenByToken = []string{"mute", "exclusive", "shared", "slow", "unreadable"}

// tokenLimit leaves the check the time to say what it has found otherwise.
const tokenLimit = time.Second

// unlessToken is that result, unless a token driver is its reason.
func unlessToken(ctx context.Context, s *Session, r Result) Result {
	if s.GOOS() != "darwin" || !slices.Contains(hiddenByToken, r.Outcome) {
		return r
	}
	if deadline, ok := ctx.Deadline(); ok {
		limited, cancel := context.WithDeadline(ctx, deadline.Add(-tokenLimit))
		defer cancel()
		ctx = limited
	}
	switch status, _, _ := s.Reader(ctx); {
	case tokenListed(ctx, s, status.Reader):
		return Result{Outcome: heldByToken, Facts: append(r.Facts, public("tokenDriver", tokenDriver))}
	case status.Stage == cardreader.Reading:
		if module, ok := showsToken(ctx, s, status.Reader); ok {
			return Result{Outcome: heldByToken, Facts: append(r.Facts, local("module", module))}
		}
	}
	return r
}

// tokenListed tells whether macOS lists a token of ANS's driver. The list names
// no reader: with a CPx in another one, it says nothing of this one.
func tokenListed(ctx context.Context, s *Session, reader string) bool {
	readers, err := s.Readers(ctx)
	if err != nil || slices.ContainsFunc(readers, func(r pcsc.Reader) bool {
		return r.Name != reader && cardreader.Look(r).Stage == cardreader.Reading
	}) {
		return false
	}
	out, err := s.Command(ctx, "security", "list-smartcards")
	return err == nil && strings.Contains(string(out), tokenDriver)
}

// showsToken finds a module that shows a card with what it holds in that
// reader.
func showsToken(ctx context.Context, s *Session, reader string) (string, bool) {
	probes, _, err := s.Modules(ctx)
	if err != nil {
		return "", false
	}
	for _, p := range probes {
		slot, ok := cardreader.SlotOf(reader, "", p)
		if ok && p.Status == pkcs11.OK && slot.Token != nil && len(slot.Token.Objects) > 0 {
			return p.Module.Path, true
		}
	}
	return "", false
}
