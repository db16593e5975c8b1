package ui

import (
	"strings"
	"testing"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
)

// TestTriesAfterAProof: what a presentation of the code has left of the card is
// what the place Carte tells from then on, until the card is read again.
func TestTriesAfterAProof(t *testing.T) {
	sees := func(t *testing.T, w *Window, want, not string) {
		t.Helper()
		if got := words(w); !strings.Contains(got, want) || not != "" && strings.Contains(got, not) {
			t.Errorf("want %q and not %q:\n%s", want, not, got)
		}
	}
	prove := func(proof cardreader.ProofResult, meanwhile func(w *Window)) (*Window, cardreader.Snapshot) {
		bench := &fakeBench{survey: fine(), proof: proof}
		w, work := openIntegration(t, "fr", bench)
		card := read()
		w.Show(card)
		w.integration.Examine()
		finish(work)
		typeCode(w, "1234")
		w.integration.proof.present()
		if meanwhile != nil {
			meanwhile(w)
		}
		finish(work)
		w.shortcuts[len(w.shortcuts)-2].do() // Alt+1
		return w, card
	}
	wrong := func(left *int) cardreader.ProofResult {
		return cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginWrongCode, Presented: true}, TriesAfter: left}
	}

	w, card := prove(wrong(count(2)), nil)
	sees(t, w, "2 essais restants", "3 essais restants")
	w.Show(card) // another reader came or went
	sees(t, w, "2 essais restants", "3 essais restants")
	if card.Readers[0].Card.PIN.TriesLeft != 3 {
		t.Error("the Snapshot was changed")
	}
	w.Show(read(func(c *cps.Card) { c.PIN.TriesLeft = 1 }))
	sees(t, w, "1 essai restant", "2 essais restants")

	w, _ = prove(wrong(count(0)), nil)
	if w.card.title.Text != w.speaker.Say("card.blocked") {
		t.Errorf("of a card that was just blocked: %q", w.card.title.Text)
	}

	w, _ = prove(wrong(nil), nil)
	sees(t, w, "Non lu : code porteur", "3 essais restants")

	// Another card took its place while the code was on its way.
	w, _ = prove(wrong(count(2)), func(w *Window) {
		w.Show(read(func(c *cps.Card) { c.Number = "2900999998" }))
	})
	sees(t, w, "3 essais restants", "2 essais restants")
	if got := w.integration.proof.pin.TriesLeft; got != 3 {
		t.Errorf("the other card is said to have %d tries", got)
	}

	// Nothing was presented.
	w, _ = prove(cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginUnknown}}, nil)
	sees(t, w, "3 essais restants", "Non lu")
}
