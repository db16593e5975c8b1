package guide

import (
	"time"

	"postecpx/cardreader/cps"
	"postecpx/internal/diagnostic"
)

// Situation is what is known of the person's card and workstation: what the
// rules are held against. A zero field is unknown, but for Card.
type Situation struct {
	// Card is nil when none was read.
	Card *cps.Card
	// Expired tells of the card, by the clock of the workstation; ExpiresSoon
	// that its end is near. Where a diagnosis looked at the dates, its finding
	// counts and not these.
	Expired, ExpiresSoon bool
	// PrivatePractice is the mode d'exercice of a professional: nil when it is
	// unknown, as it is without the code porteur.
	PrivatePractice *bool
	// System is the GOOS of the workstation.
	System string
	// Findings are those of the last diagnosis, none when there was none.
	Findings []diagnostic.Finding
}

// OfCard is the situation of a card that was read at that moment, nil for none.
// Its end is near when the check card.expiry would say so.
func OfCard(card *cps.Card, now time.Time) Situation {
	s := Situation{Card: card}
	if card != nil && !card.Expires.IsZero() {
		s.Expired = card.Expires.Before(now)
		s.ExpiresSoon = !s.Expired && card.Expires.Before(now.AddDate(0, 0, diagnostic.CardEndsSoon+1))
	}
	return s
}

// OfDiagnosis is the situation that a diagnosis found.
func OfDiagnosis(d diagnostic.Diagnosis) Situation {
	s := OfCard(d.Card, d.At)
	s.System, s.Findings = d.GOOS, d.Findings
	return s
}

// Suggestion is an entry that fits, and why.
type Suggestion struct {
	Entry Entry
	// Because is the reason, in a sentence of the language asked for.
	Because string
	// From are the findings that called for it, by their codes; none when it
	// was the card.
	From []diagnostic.Code
}
