// Package wording says in plain sentences what a Snapshot means: what it is,
// what it means, what to do next. It chooses the sentences, the catalogue holds
// them, and the window shows them. It draws nothing and needs no display.
package wording

import (
	"errors"
	"slices"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/language"
)

// Tone is how a sentence is meant. It is never shown as a colour alone.
type Tone int

// Tones, the most pressing last.
const (
	Good Tone = iota
	Plain
	Working
	Warning
	Bad
)

// Statement is one state in words. Next is empty when there is nothing to do.
type Statement struct {
	// Code is stable and is not shown: "no-reader", "expired" …
	Code    string
	Tone    Tone
	Title   string // what it is
	Meaning string // what it means
	Next    string // what to do now
}

// Account is all that is to be said at one moment: the one answer, then what
// else is worth knowing, the most pressing first.
type Account struct {
	Answer  Statement
	Notices []Statement
}

// keys are the catalogue entries of one state.
type keys struct {
	tone                 Tone
	title, meaning, next string
}

// states is the catalogue of what can be said. Every key is written out, so
// that a search finds where a sentence is used.
var states = map[string]keys{
	"starting":         {Working, "stage.starting", "stage.starting.meaning", "next.starting"},
	"no-service":       {Bad, "stage.no-service", "stage.no-service.meaning", "next.no-service"},
	"service-refused":  {Bad, "stage.service-refused", "stage.service-refused.meaning", "next.service-refused"},
	"service-mismatch": {Bad, "stage.service-mismatch", "stage.service-mismatch.meaning", "next.service-mismatch"},
	"no-reader":        {Warning, "stage.no-reader", "stage.no-reader.meaning", "next.no-reader"},
	"no-card":          {Plain, "stage.no-card", "stage.no-card.meaning", "next.no-card"},
	"removed":          {Plain, "stage.removed", "stage.removed.meaning", "next.removed"},
	"mute":             {Warning, "stage.mute", "stage.mute.meaning", "next.mute"},
	"not-cpx":          {Warning, "stage.not-cpx", "stage.not-cpx.meaning", "next.not-cpx"},
	"not-cpx-unnamed":  {Warning, "stage.not-cpx", "stage.not-cpx-unnamed.meaning", "next.not-cpx"},
	"reading":          {Working, "stage.reading", "stage.reading.meaning", "next.reading"},
	"identified":       {Working, "stage.identified", "stage.identified.meaning", "next.reading"},
	"unreadable":       {Bad, "stage.unreadable", "stage.unreadable.meaning", "next.unreadable"},
	"removed-early":    {Warning, "stage.removed-early", "stage.removed-early.meaning", "next.removed-early"},
	"shared":           {Warning, "stage.shared", "stage.shared.meaning", "next.shared"},
	"slow":             {Warning, "stage.slow", "stage.slow.meaning", "next.slow"},
	"busy":             {Warning, "stage.busy", "stage.busy.meaning", "next.busy"},

	"verified":           {Good, "stage.verified", "stage.verified.meaning", ""},
	"unverified":         {Warning, "stage.unverified", "stage.unverified.meaning", "next.unverified"},
	"unverifiable":       {Plain, "stage.unverifiable", "stage.unverifiable.meaning", ""},
	"absent":             {Warning, "stage.absent", "stage.absent.meaning", "next.absent"},
	"absent-contactless": {Warning, "stage.absent-contactless", "stage.absent-contactless.meaning", "next.absent-contactless"},

	"expired":  {Bad, "card.expired", "card.expired.meaning", "next.expired"},
	"blocked":  {Bad, "card.blocked", "card.blocked.meaning", "next.blocked"},
	"last-try": {Warning, "card.last-try", "card.last-try.meaning", "next.last-try"},
	"gaps":     {Warning, "card.gaps", "card.gaps.meaning", "next.gaps"},
	"test":     {Plain, "card.test", "card.test.meaning", "next.test"},
}

// state says that state; pairs fill its sentences.
func state(s *language.Speaker, code string, pairs ...any) Statement {
	k := states[code]
	said := Statement{Code: code, Tone: k.tone, Title: s.Say(k.title, pairs...), Meaning: s.Say(k.meaning, pairs...)}
	if k.next != "" {
		said.Next = s.Say(k.next, pairs...)
	}
	return said
}

// Starting is said before the first Snapshot.
func Starting(s *language.Speaker) Account { return Account{Answer: state(s, "starting")} }

// Removed is said when the card that was shown has left its reader.
func Removed(s *language.Speaker) Account { return Account{Answer: state(s, "removed")} }

// Service says why PC/SC cannot be used.
func Service(s *language.Speaker, err error) Account {
	return Account{Answer: state(s, service(err))}
}

// NoReader is said when no reader is plugged in.
func NoReader(s *language.Speaker) Account { return Account{Answer: state(s, "no-reader")} }

// Reader says what is known of that reader and of the card in it. now decides
// whether the card has expired.
func Reader(s *language.Speaker, r cardreader.ReaderStatus, now time.Time) Account {
	if r.Card != nil && (r.Stage == cardreader.Identified || r.Stage == cardreader.Read) {
		return card(s, r.Card, r.Stage == cardreader.Read, now)
	}
	switch r.Stage {
	case cardreader.NoCard:
		return Account{Answer: state(s, "no-card")}
	case cardreader.Mute:
		return Account{Answer: state(s, "mute")}
	case cardreader.NotCPx:
		if name := foreign(r.CardName.In(s.Tag())); name != "" {
			return Account{Answer: state(s, "not-cpx", "Name", name)}
		}
		return Account{Answer: state(s, "not-cpx-unnamed")}
	case cardreader.Reading, cardreader.Identified:
		return Account{Answer: state(s, "reading")}
	case cardreader.Busy:
		if errors.Is(r.Err, cardreader.ErrShared) {
			return Account{Answer: state(s, "shared")}
		}
		return Account{Answer: state(s, "busy")}
	}
	return Account{Answer: state(s, reading(r.Err))}
}

// card says what a card that was read tells. The first that applies is the
// answer; the others are notices.
func card(s *language.Speaker, c *cps.Card, complete bool, now time.Time) Account {
	var said []Statement
	identifier := identified(s, c, complete)
	if identifier.Code == "unverified" {
		said = append(said, identifier)
	}
	if Expired(c, now) {
		said = append(said, state(s, "expired", "Date", Date(s, c.Expires)))
	}
	if c.PIN.Blocked() {
		said = append(said, state(s, "blocked"))
	}
	if identifier.Code != "unverified" {
		said = append(said, identifier)
	}
	if c.PIN.Known && c.PIN.TriesLeft == 1 {
		said = append(said, state(s, "last-try"))
	}
	if complete && len(c.Gaps) > 0 {
		said = append(said, state(s, "gaps", "Parts", Gaps(c)))
	}
	if IsTest(c) {
		said = append(said, state(s, "test"))
	}
	account := Account{Answer: said[0]}
	for _, n := range said[1:] {
		// That the identifier is fine is shown where the identifier stands.
		if n.Code != "verified" && n.Code != "identified" {
			account.Notices = append(account.Notices, n)
		}
	}
	return account
}

func identified(s *language.Speaker, c *cps.Card, complete bool) Statement {
	switch {
	case c.Identifier.Value == "" && !complete:
		return state(s, "reading")
	case c.Identifier.Value == "" && c.Interface == cps.Contactless:
		return state(s, "absent-contactless")
	case c.Identifier.Value == "":
		return state(s, "absent")
	case !complete:
		return state(s, "identified")
	case c.Identifier.Status == cps.Verified && len(c.Identifier.Problems) == 0:
		return state(s, "verified")
	case slices.Equal(c.Identifier.Problems, []nationalid.Problem{nationalid.ProblemKeyUnknown}):
		return state(s, "unverifiable")
	}
	return state(s, "unverified")
}

// Expired tells whether the last day of the card lies before now. A card whose
// end is unknown is not called expired.
func Expired(c *cps.Card, now time.Time) bool {
	return !c.Expires.IsZero() && c.Expires.Before(now)
}

// IsTest tells whether the card is known to be a test card.
func IsTest(c *cps.Card) bool { return c.Test != nil && *c.Test }
