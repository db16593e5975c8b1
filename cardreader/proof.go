package cardreader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
)

// Reasons not to begin a proof.
var (
	// ErrCardChanged: another card is in the reader than the one that the
	// person saw. Nothing was presented to it.
	ErrCardChanged = errors.New("another card is in the reader")
	// ErrModuleBlind: the module does not show the card in that reader.
	ErrModuleBlind = errors.New("the module does not show this card")
)

// proofReading bounds each reading of the card around a proof.
const proofReading = 45 * time.Second

// ProofOrder is the test that a person asked for: of this card, in this reader,
// by this module.
type ProofOrder struct {
	Reader string
	Number string // of the card that the person saw
	Module pkcs11.Module
	// AllowLastTry: the person confirmed that a wrong code may block the card.
	AllowLastTry bool
}

// proofReady is where the module shows the card, and why nothing is to be
// presented to it, LoginOK when it may be.
type proofReady struct {
	slot    pkcs11.Slot
	refused pkcs11.LoginOutcome
}

// readyForProof reads the card and asks the module, and refuses what would lose
// a try that nobody agreed to. It presents nothing.
func readyForProof(ctx context.Context, exe pkcs11.Executable, o ProofOrder) (proofReady, error) {
	readContext, cancel := context.WithTimeout(ctx, proofReading)
	defer cancel()
	card, err := ReadCard(readContext, PCSC(), o.Reader, cps.Options{})
	if err != nil {
		return proofReady{}, err
	}
	if card.Number == "" || card.Number != o.Number {
		return proofReady{}, ErrCardChanged
	}
	var ready proofReady
	probes, _ := pkcs11.Survey(ctx, pkcs11.Local(), exe, []string{o.Module.Path}, pkcs11.Options{Objects: true})
	seen := false
	for _, p := range probes {
		if ready.slot, seen = SlotOf(o.Reader, card.Number, p); seen {
			break
		}
	}
	if !seen {
		return ready, fmt.Errorf("%w: %s", ErrModuleBlind, o.Module.Path)
	}
	ready.refused = ProofRefusal(card, *ready.slot.Token, o.AllowLastTry)
	return ready, nil
}

// ProofRefusal says why nothing is to be presented to that card through that
// token, LoginOK when a code may be: what PC/SC or the module says of the tries
// is enough to refuse.
func ProofRefusal(card *cps.Card, token pkcs11.Token, allowLastTry bool) pkcs11.LoginOutcome {
	switch flags := token.Flags; {
	case !slices.Contains(flags, "CKF_LOGIN_REQUIRED"):
		return pkcs11.LoginNoCode
	case card.PIN.Blocked(), slices.Contains(flags, "CKF_USER_PIN_LOCKED"):
		return pkcs11.LoginBlocked
	case allowLastTry:
	case card.PIN.Known && card.PIN.TriesLeft == 1, slices.Contains(flags, "CKF_USER_PIN_FINAL_TRY"):
		return pkcs11.LoginLastTry
	}
	return pkcs11.LoginOK
}

// ProofResult is what a proof found, and what became of the card.
type ProofResult struct {
	pkcs11.Proof
	TriesAfter *int
	// Reset: the card was reset, and has forgotten the code.
	Reset bool
	// ResetErr is why it could not be; the code stays presented on it.
	ResetErr error
	// Removed: the card left in the middle.
	Removed bool
}

// Prove makes sure that the card is still the one that the person saw, presents
// the code porteur to it once, has both keys sign, and resets it. It wipes the
// code.
func Prove(ctx context.Context, exe pkcs11.Executable, o ProofOrder, code []byte) (ProofResult, error) {
	defer clear(code)
	ready, err := readyForProof(ctx, exe, o)
	if err != nil {
		return ProofResult{}, err
	}
	if ready.refused != pkcs11.LoginOK {
		return ProofResult{Proof: pkcs11.Proof{Login: ready.refused}}, nil
	}
	if !CodeForm(code) {
		return ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginWrongLength}}, nil
	}
	var r ProofResult
	r.Proof, err = pkcs11.Prove(ctx, exe, pkcs11.ProveRequest{
		Module: o.Module, Code: code, AllowLastTry: o.AllowLastTry,
		Token: pkcs11.Selector{
			Slot: &ready.slot.ID, Reader: ready.slot.Description,
			Label: ready.slot.Token.Label, Serial: ready.slot.Token.Serial,
		},
	})
	r.Removed = r.CardRemoved() || errors.Is(err, pkcs11.ErrNoToken)
	if errors.Is(err, pkcs11.ErrNoToken) && !r.Presented {
		r.Login, err = pkcs11.LoginCardRemoved, nil // it was there a moment ago
	}
	if !r.Presented {
		return r, err
	}
	// Also when the person stops: the card must not stay open.
	after := context.WithoutCancel(ctx)
	switch r.ResetErr = ResetCard(after, o.Reader); {
	case r.ResetErr == nil:
		r.Reset = true
	case StageOf(r.ResetErr) == NoCard:
		r.Removed, r.ResetErr = true, nil // without power it has forgotten the code
	}
	after, cancel := context.WithTimeout(after, proofReading)
	defer cancel()
	if again, readErr := ReadCard(after, PCSC(), o.Reader, cps.Options{}); readErr == nil && again.Number == o.Number && again.PIN.Known {
		r.TriesAfter = &again.PIN.TriesLeft
	}
	return r, err
}

// CodeForm tells whether a text can be a code porteur: 4 to 8 digits. What
// cannot be one is not presented, and costs no try.
func CodeForm(code []byte) bool {
	if len(code) < 4 || len(code) > 8 {
		return false
	}
	for _, c := range code {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
