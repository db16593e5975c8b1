package main

import (
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
	"postecpx/internal/guide"
	"postecpx/internal/report"
)

// situationOf takes from a report what the rules ask for. Who it is about is
// hidden in most; what kind of card it is never is.
func situationOf(r report.Report) guide.Situation {
	at, _ := time.Parse(time.RFC3339, r.GeneratedAt) // report.Parse accepts no other
	s := guide.OfCard(cardOf(r.Card), at)
	s.System = r.System.OS
	for _, f := range r.Findings {
		s.Findings = append(s.Findings, diagnostic.Finding{
			Code: diagnostic.Code(f.Code), Group: diagnostic.Group(f.Group), Status: diagnostic.Status(f.Status), Outcome: f.Outcome,
			Because: diagnostic.Code(f.Because),
		})
	}
	return s
}

// cardOf makes of the document of a card what the rules ask of one.
func cardOf(d *report.Card) *cps.Card {
	if d == nil {
		return nil
	}
	c := &cps.Card{
		Generation: cps.Generation(d.Generation), Interface: cps.Interface(d.Interface), Kind: cps.Kind(d.Kind), Test: d.Test,
	}
	if day, err := time.Parse(time.DateOnly, d.Expires); err == nil {
		c.Expires = cps.Date{Year: day.Year(), Month: day.Month(), Day: day.Day()}
	}
	c.Identifier.Status = cps.IdentifierStatus(d.Identifier.Status)
	c.Identifier.Type = nationalid.Type(d.Identifier.Type)
	for _, p := range d.Identifier.Problems {
		c.Identifier.Problems = append(c.Identifier.Problems, nationalid.Problem(p))
	}
	if d.Holder != nil && d.Holder.Responsibility != nil {
		c.Holder.Responsibility.Code = d.Holder.Responsibility.Code
	}
	if d.PIN != nil {
		c.PIN = cps.PIN{Known: true, TriesLeft: d.PIN.TriesLeft, TriesMax: d.PIN.TriesMax}
	}
	for _, g := range d.Unread {
		// Of the parts that a card did not give, a rule asks for this one.
		if g.Reason == cps.ErrNoCertificate.Error() {
			c.Gaps = append(c.Gaps, cps.Gap{Part: g.Part, Err: cps.ErrNoCertificate})
		}
	}
	return c
}
