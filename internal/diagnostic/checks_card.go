package diagnostic

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
)

// cardDeadline leaves a card that is read slowly the time that the Session
// gives it, and macOS the time to say that a token driver has it.
const cardDeadline = cryptolibDeadline

var cardChecks = []Check{
	{
		Code: "card.present", Group: GroupCard, Requires: []Code{"reader.present"}, Card: true,
		Outcomes: map[string]Outcome{
			"absent":        {Status: Error, Waits: true},
			"reader-absent": untold(),
			"present":       ok(),
		},
		Run: cardPresent,
	},
	{
		Code: "card.readable", Group: GroupCard, Requires: []Code{"card.present"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{
			"mute":          failure(),
			"exclusive":     failure(),
			"shared":        failure(),
			"slow":          failure(),
			"refused":       failure("pcsc-polkit"),
			"service-lost":  failure(),
			"removed-early": {Status: Error, Waits: true},
			"unreadable":    failure(),
			"gaps":          warning(),
			heldByToken:     untold(),
			"answers":       ok(),
		},
		Run: cardReadable,
	},
	{
		Code: "card.family", Group: GroupCard, Requires: []Code{"card.readable"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{
			"foreign":            {Status: Error, Waits: true},
			"unrecognised":       failure(),
			"unknown-generation": warning("socle-technique"),
			heldByToken:          untold(),
			"known":              ok(),
		},
		Run: cardFamily,
	},
	{
		Code: "card.expiry", Group: GroupCard, Requires: []Code{"card.family"}, After: []Code{"system.clock"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{
			"expired":   failure("demarches"),
			"not-yet":   failure(),
			"soon":      warning("demarches"),
			"unknown":   untold(),
			heldByToken: untold(),
			"valid":     ok(),
		},
		Run: withCard(cardExpiry),
	},
	{
		Code: "card.test", Group: GroupCard, Requires: []Code{"card.family"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{"test": ok(), "real": ok(), "unknown": untold(), heldByToken: untold()},
		Run:      withCard(cardTest),
	},
	{
		Code: "card.interface", Group: GroupCard, Requires: []Code{"card.family"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{"contactless": warning(), "contact": ok(), heldByToken: untold()},
		Run:      withCard(cardInterface),
	},
	{
		Code: "pin.state", Group: GroupCard, Requires: []Code{"card.family"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{
			"blocked":   failure("assistance"),
			"last-try":  warning(),
			"low":       warning(),
			"unknown":   untold(),
			heldByToken: untold(),
			"full":      ok(),
		},
		Run: withCard(pinState),
	},
}

func cardPresent(ctx context.Context, s *Session) Result {
	status, _, found := s.Reader(ctx)
	switch {
	case !found && ctx.Err() != nil:
		return late(s)
	case !found: // none of the name that was asked for
		return Result{Outcome: "reader-absent"}
	case status.Stage == cardreader.NoCard:
		return Result{Outcome: "absent", Facts: []Fact{local("reader", status.Reader)}}
	}
	return Result{Outcome: "present", Facts: []Fact{local("reader", status.Reader)}}
}

func cardReadable(ctx context.Context, s *Session) Result {
	status, _, found := s.Reader(ctx)
	facts := []Fact{local("reader", status.Reader)}
	switch {
	case !found || status.Stage == cardreader.NoCard: // it was there a moment ago
		return Result{Outcome: "removed-early", Facts: facts}
	case status.Stage == cardreader.Mute:
		return unlessToken(ctx, s, Result{Outcome: "mute", Facts: facts})
	case status.Stage == cardreader.NotCPx: // it answered to reset; nothing more is asked of it
		return Result{Outcome: "answers", Facts: facts}
	}
	card, err := s.Card(ctx)
	switch {
	case err == nil && len(gaps(card)) > 0:
		for _, part := range gaps(card) {
			facts = append(facts, public("part", part))
		}
		return Result{Outcome: "gaps", Facts: facts}
	case err == nil, errors.Is(err, cps.ErrNotCPx):
		return Result{Outcome: "answers", Facts: facts}
	case ctx.Err() != nil:
		return late(s)
	}
	outcome := unreadable(err)
	if outcome == "exclusive" || outcome == "shared" {
		names, listed := holders(ctx, s)
		if errors.Is(err, pcsc.ErrTimeout) && listed && len(names) == 0 {
			outcome = "slow" // it was waited for, and nobody is seen who would hold it
		}
		facts = append(facts, names...)
	}
	return unlessToken(ctx, s, Result{Outcome: outcome, Facts: append(facts, local("detail", err.Error()))})
}

// unreadable is the outcome of an error of cardreader.ReadCard. The order
// matters: an error may hold what a call met on the way out.
func unreadable(err error) string {
	for _, e := range []struct {
		kind    error
		outcome string
	}{
		{pcsc.ErrAccess, "refused"},
		{pcsc.ErrRemoved, "removed-early"}, {pcsc.ErrNoCard, "removed-early"}, {pcsc.ErrNoReader, "removed-early"},
		{cardreader.ErrShared, "shared"}, {pcsc.ErrReset, "shared"},
		{pcsc.ErrBusy, "exclusive"}, {pcsc.ErrMute, "mute"}, {pcsc.ErrService, "service-lost"},
		{pcsc.ErrTimeout, "slow"}, {context.DeadlineExceeded, "slow"},
	} {
		if errors.Is(err, e.kind) {
			return e.outcome
		}
	}
	return "unreadable"
}

// gaps are the parts that the card should have given and did not. That it
// lists no certificate is for certificates.card to say.
func gaps(c *cps.Card) []string {
	var parts []string
	for _, g := range c.Gaps {
		if !errors.Is(g, cps.ErrNoCertificate) && !slices.Contains(parts, g.Part) {
			parts = append(parts, g.Part)
		}
	}
	return parts
}

func cardFamily(ctx context.Context, s *Session) Result {
	if isHeldByToken(s) {
		return Result{Outcome: heldByToken}
	}
	status, _, _ := s.Reader(ctx)
	if status.Stage == cardreader.NotCPx {
		if status.CardName.French == "" {
			return Result{Outcome: "unrecognised", Facts: []Fact{local("reader", status.Reader)}}
		}
		// The name of the card is data of the table of ATRs, in both languages.
		return Result{Outcome: "foreign", Facts: []Fact{
			local("reader", status.Reader), public("cardFrench", status.CardName.French), public("cardEnglish", status.CardName.English),
		}}
	}
	card, err := s.Card(ctx)
	switch {
	case errors.Is(err, cps.ErrNotCPx): // its ATR promised one
		return Result{Outcome: "unrecognised", Facts: []Fact{local("reader", status.Reader)}}
	case err != nil && ctx.Err() != nil:
		return late(s)
	case err != nil:
		return Result{Because: "card.readable"}
	}
	var facts []Fact
	if card.Kind != "" {
		facts = append(facts, public("kind", string(card.Kind)))
	}
	facts = append(facts, public("generation", string(card.Generation)), public("interface", string(card.Interface)))
	// The label of a token is the product and the number of the card.
	if product, _, _ := strings.Cut(card.Product, "-"); product != "" {
		facts = append(facts, public("product", product))
	}
	if card.Generation == cps.GenerationUnknown {
		return Result{Outcome: "unknown-generation", Facts: facts}
	}
	return Result{Outcome: "known", Facts: facts}
}

// withCard gives a check the card that card.family has found to be a CPx.
func withCard(look func(s *Session, c *cps.Card) Result) func(context.Context, *Session) Result {
	return func(ctx context.Context, s *Session) Result {
		if isHeldByToken(s) {
			return Result{Outcome: heldByToken}
		}
		card, err := s.Card(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return late(s)
		case err != nil:
			return Result{Because: "card.readable"}
		}
		return look(s, card)
	}
}

// late is the result of a check whose time is over, or whose diagnosis was
// ended by the person.
func late(s *Session) Result {
	if s.run.Err() != nil {
		return Result{Outcome: OutcomeCancelled}
	}
	return Result{Outcome: OutcomeTimeout}
}

// CardEndsSoon is how many days before its end a card is spoken of: time enough to
// have the next one made.
const CardEndsSoon = 90

func cardExpiry(s *Session, c *cps.Card) Result {
	if clockDoubtful(s) {
		return Result{Because: "system.clock"}
	}
	now := s.Now()
	facts := []Fact{public("today", now.Format(time.DateOnly))}
	if !c.Issued.IsZero() {
		facts = append(facts, public("issued", c.Issued.String()))
	}
	if !c.Expires.IsZero() {
		facts = append(facts, public("expires", c.Expires.String()))
	}
	facts = append(facts, orderedBy(c)...)
	tomorrow := now.AddDate(0, 0, 1) // the card may have been made in another time zone
	days := int(day(c.Expires).Sub(day(dateOf(now))).Hours() / 24)
	switch {
	case !c.Issued.IsZero() && day(c.Issued).After(day(dateOf(tomorrow))):
		return Result{Outcome: "not-yet", Facts: facts}
	case c.Expires.IsZero():
		return Result{Outcome: "unknown", Facts: facts}
	case c.Expires.Before(now):
		return Result{Outcome: "expired", Facts: facts}
	case days <= CardEndsSoon:
		return Result{Outcome: "soon", Facts: append(facts, public("daysLeft", strconv.Itoa(days)))}
	}
	return Result{Outcome: "valid", Facts: facts}
}

func dateOf(t time.Time) cps.Date {
	y, m, d := t.Date()
	return cps.Date{Year: y, Month: m, Day: d}
}

func day(d cps.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// orderedBy says that a structure ordered the card for its employee or its
// director: what there is to do about it goes through that structure.
func orderedBy(c *cps.Card) []Fact {
	switch c.Kind {
	case cps.CPE, cps.CDE, cps.CPA, cps.CDA:
		return []Fact{public("orderedBy", "structure")}
	}
	return nil
}

func cardTest(_ *Session, c *cps.Card) Result {
	switch {
	case c.Test == nil:
		return Result{Outcome: "unknown"}
	case *c.Test:
		return Result{Outcome: "test"}
	}
	return Result{Outcome: "real"}
}

func cardInterface(_ *Session, c *cps.Card) Result {
	facts := []Fact{public("interface", string(c.Interface))}
	if c.Interface == cps.Contactless {
		return Result{Outcome: "contactless", Facts: facts}
	}
	return Result{Outcome: "contact", Facts: facts}
}

// usualTries is the number of tries of a CPx, for a card that gives no maximum.
const usualTries = 3

func pinState(_ *Session, c *cps.Card) Result {
	if !c.PIN.Known {
		return Result{Outcome: "unknown"}
	}
	most := c.PIN.TriesMax
	if most == 0 {
		most = usualTries
	}
	facts := append([]Fact{public("triesLeft", strconv.Itoa(c.PIN.TriesLeft)), public("triesMax", strconv.Itoa(most))}, orderedBy(c)...)
	switch {
	case c.PIN.Blocked():
		return Result{Outcome: "blocked", Facts: facts}
	case c.PIN.TriesLeft == 1:
		return Result{Outcome: "last-try", Facts: facts}
	case c.PIN.TriesLeft < most:
		return Result{Outcome: "low", Facts: facts}
	}
	return Result{Outcome: "full", Facts: facts}
}
