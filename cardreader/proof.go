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

// ProofReady is a card that may be shown its code.
type ProofReady struct {
	Card *cps.Card
	Slot pkcs11.Slot
	// Refused says why nothing is to be presented, LoginOK when it may be.
	Refused pkcs11.LoginOutcome
}

// ReadyForProof reads the card and asks the module, and refuses what would lose
// a try that nobody agreed to. It presents nothing.
func ReadyForProof(ctx context.Context, exe pkcs11.Executable, o ProofOrder) (ProofReady, error) {
	readContext, cancel := context.WithTimeout(ctx, proofReading)
	defer cancel()
	card, err := ReadCard(readContext, PCSC(), o.Reader, cps.Options{})
	if err != nil {
		return ProofReady{}, err
	}
	if card.Number == "" || card.Number != o.Number {
		return ProofReady{}, ErrCardChanged
	}
	ready := ProofReady{Card: card, Refused: pkcs11.LoginOK}
	probes, _ := pkcs11.Survey(ctx, pkcs11.Local(), exe, []string{o.Module.Path}, pkcs11.Options{Objects: true})
	seen := false
	for _, p := range probes {
		if ready.Slot, seen = SlotOf(o.Reader, card.Number, p); seen {
			break
		}
	}
	if !seen {
		return ready, fmt.Errorf("%w: %s", ErrModuleBlind, o.Module.Path)
	}
	flags := ready.Slot.Token.Flags
	switch {
	case !slices.Contains(flags, "CKF_LOGIN_REQUIRED"):
		ready.Refused = pkcs11.LoginNoCode
	case card.PIN.Blocked(), slices.Contains(flags, "CKF_USER_PIN_LOCKED"):
		ready.Refused = pkcs11.LoginBlocked
	case o.AllowLastTry:
	case card.PIN.Known && card.PIN.TriesLeft == 1, slices.Contains(flags, "CKF_USER_PIN_FINAL_TRY"):
		ready.Refused = pkcs11.LoginLastTry
	}
	return ready, nil
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
	ready, err := ReadyForProof(ctx, exe, o)
	if err != nil {
		return ProofResult{}, err
	}
	if ready.Refused != pkcs11.LoginOK {
		return ProofResult{Proof: pkcs11.Proof{Login: ready.Refused}}, nil
	}
	if !codeForm(code) {
		return ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginWrongLength}}, nil
	}
	var r ProofResult
	r.Proof, err = pkcs11.Prove(ctx, exe, pkcs11.ProveRequest{
		Module: o.Module, Code: code, AllowLastTry: o.AllowLastTry,
		Token: pkcs11.Selector{
			Slot: &ready.Slot.ID, Reader: ready.Slot.Description,
			Label: ready.Slot.Token.Label, Serial: ready.Slot.Token.Serial,
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

// codeForm tells whether a text can be a code porteur: 4 to 8 digits. What
// cannot be one is not presented, and costs no try.
func codeForm(code []byte) bool {
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
