// Package atr names the card in a reader from its Answer-To-Reset alone, when
// it is not a CPx: a carte Vitale, a bank card, an identity document, a badge.
// Nothing is sent to the card.
//
// An ATR is a hint, not a proof: it tells the chip and its system, and cards
// of different use may share it. Where that is known the name says so. No row
// names a CPx: package cps recognises those.
package atr

import (
	_ "embed"
	"sync"
)

// Kind is what a card is for.
type Kind string

// Kinds of card.
const (
	Vitale      Kind = "vitale"      // French health insurance
	Health      Kind = "health"      // health card of another country
	Staff       Kind = "staff"       // agent of a French administration
	Bank        Kind = "bank"        // payment
	EID         Kind = "eid"         // identity card, driving licence, residence permit
	Passport    Kind = "passport"    // passport, or a document with the same application
	Transport   Kind = "transport"   // public transport
	Token       Kind = "token"       // security key or certificate card
	SIM         Kind = "sim"         // mobile network
	Memory      Kind = "memory"      // badge, tag or memory card
	Blank       Kind = "blank"       // programmable card that says no use
	Contactless Kind = "contactless" // contactless card that says nothing
)

// Kinds lists every kind of card that Identify may give.
func Kinds() []Kind {
	return []Kind{Vitale, Health, Staff, Bank, EID, Passport, Transport, Token, SIM, Memory, Blank, Contactless}
}

// Name is what to call a card.
type Name struct {
	Kind    Kind
	French  string
	English string
}

// In is the name in that language: "fr", or else English. It is empty for the
// zero Name.
func (n Name) In(language string) string {
	if language == "fr" {
		return n.French
	}
	return n.English
}

// Identify names the card that answered atr, whole and as the reader gave it.
// Of the patterns that fit, the one with most fixed digits wins. ok is false
// when none does; the card may then be anything.
func Identify(atr []byte) (name Name, ok bool) {
	rows, _ := loaded()
	most := 0
	for _, r := range rows {
		if r.fixed > most && r.matches(atr) {
			name, most = r.name, r.fixed
		}
	}
	return name, most > 0
}

//go:embed atr.tsv
var file string

// loaded parses the table at the first question, once. It is part of the
// program and the tests parse it: an error here cannot reach a released one,
// where no card would have a name.
var loaded = sync.OnceValues(func() ([]row, error) { return parse(file) })
