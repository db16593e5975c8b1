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
	"replaced":         {Plain, "stage.replaced", "stage.replaced.meaning", "next.replaced"},
	"mute":             {Warning, "stage.mute", "stage.mute.meaning", "next.mute"},
	"not-cpx":          {Warning, "stage.not-cpx", "stage.not-cpx.meaning", "next.not-cpx"},
	"not-cpx-unnamed":  {Warning, "stage.not-cpx-unnamed", "stage.not-cpx-unnamed.meaning", "next.not-cpx-unnamed"},
	"reading":          {Working, "stage.reading", "stage.reading.meaning", "next.reading"},
	"identified":       {Working, "stage.identified", "stage.identified.meaning", "next.reading"},
	"unreadable":       {Bad, "stage.unreadable", "stage.unreadable.meaning", "next.unreadable"},
	"removed-early":    {Warning, "stage.removed-early", "stage.removed-early.meaning", "next.removed-early"},
	"shared":           {Warning, "stage.shared", "stage.shared.meaning", "next.shared"},
	"slow":             {Warning, "stage.slow", "stage.slow.meaning", "next.slow"},
	"busy":             {Warning, "stage.busy", "stage.busy.meaning", "next.busy"},

	"verified":             {Good, "stage.verified", "stage.verified.meaning", ""},
	"verified-alone":       {Good, "stage.verified", "stage.verified-alone.meaning", ""},
	"verified-certificate": {Good, "stage.verified", "stage.verified-certificate.meaning", ""},
	"unverified":           {Warning, "stage.unverified", "stage.unverified.meaning", "next.problem.form"},
	"disagree":             {Bad, "stage.disagree", "stage.disagree.meaning", "next.problem.sources-disagree"},
	"unverifiable":         {Plain, "stage.unverifiable", "stage.unverifiable.meaning", ""},
	"absent":               {Warning, "stage.absent", "stage.absent.meaning", "next.absent"},
	"absent-contactless":   {Warning, "stage.absent-contactless", "stage.absent-contactless.meaning", "next.absent-contactless"},

	"expired":        {Bad, "card.expired", "card.expired.meaning", "next.expired"},
	"blocked":        {Bad, "card.blocked", "card.blocked.meaning", "next.blocked"},
	"last-try":       {Warning, "card.last-try", "card.last-try.meaning", "next.last-try"},
	"no-certificate": {Warning, "card.no-certificate", "card.no-certificate.meaning", "next.no-certificate"},
	"gaps":           {Warning, "card.gaps", "card.gaps.meaning", "next.gaps"},
	"test":           {Plain, "card.test", "card.test.meaning", "next.test"},
}

// employeeNext stands for the next step on the card of an employee or of a
// director: the structure orders these cards, and what is printed on them is
// not published.
var employeeNext = map[string]string{
	"unverified":     "next.unverified.employee",
	"disagree":       "next.unverified.employee",
	"absent":         "next.absent.employee",
	"expired":        "next.expired.employee",
	"blocked":        "next.blocked.employee",
	"no-certificate": "next.no-certificate.employee",
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

// Replaced is said when the card that was shown has left its reader, and the
// one of another reader is shown in its place.
func Replaced(s *language.Speaker, from, to string) Statement {
	return state(s, "replaced", "From", ReaderName(s, from), "To", ReaderName(s, to))
}

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
	doubtful := identifier.Code == "unverified" || identifier.Code == "disagree"
	if doubtful {
		said = append(said, identifier)
	}
	if Expired(c, now) {
		said = append(said, of(s, c, "expired", "Date", Date(s, c.Expires)))
	}
	if c.PIN.Blocked() {
		said = append(said, of(s, c, "blocked"))
	}
	if !doubtful {
		said = append(said, identifier)
	}
	if c.PIN.Known && c.PIN.TriesLeft == 1 {
		said = append(said, state(s, "last-try"))
	}
	if complete && c.Interface != cps.Contactless && withoutCertificate(c) {
		said = append(said, of(s, c, "no-certificate"))
	}
	if parts := Gaps(c); complete && parts != "" {
		said = append(said, state(s, "gaps", "Parts", parts))
	}
	if IsTest(c) {
		said = append(said, state(s, "test"))
	}
	account := Account{Answer: said[0]}
	for _, n := range said[1:] {
		// That the identifier is fine is shown where the identifier stands.
		if n.Tone != Good && n.Code != "identified" {
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
		return of(s, c, "absent")
	case !complete, c.Identifier.Status == cps.Pending:
		return state(s, "identified")
	case Sides(s, c.Identifier) != nil:
		return of(s, c, "disagree")
	case IsVerified(c.Identifier) && len(c.Identifier.Sources) > 1:
		return state(s, "verified")
	case IsVerified(c.Identifier) && slices.Contains(c.Identifier.Sources, cps.SourceCertificate):
		return state(s, "verified-certificate")
	case IsVerified(c.Identifier):
		return state(s, "verified-alone")
	case slices.Equal(c.Identifier.Problems, []nationalid.Problem{nationalid.ProblemKeyUnknown}):
		return state(s, "unverifiable")
	}
	said := of(s, c, "unverified")
	if next := pressing(c.Identifier.Problems); next != "" && (!IsEmployee(c) || next == reinsert) {
		said.Next = s.Say(next)
	}
	return said
}

// of says that state of a card, with the next step that its holder can take.
func of(s *language.Speaker, c *cps.Card, code string, pairs ...any) Statement {
	said := state(s, code, pairs...)
	if next, ok := employeeNext[code]; ok && IsEmployee(c) {
		said.Next = s.Say(next)
	}
	return said
}

// IsEmployee tells whether the card is known to be one that a structure orders
// for its employees or its director.
func IsEmployee(c *cps.Card) bool {
	switch c.Kind {
	case cps.CPE, cps.CDE, cps.CPA, cps.CDA:
		return true
	}
	return false
}

// withoutCertificate tells whether the card lists no certificate.
func withoutCertificate(c *cps.Card) bool {
	return slices.ContainsFunc(c.Gaps, func(g cps.Gap) bool { return errors.Is(g, cps.ErrNoCertificate) })
}

// Expired tells whether the last day of the card lies before now. A card whose
// end is unknown is not called expired.
func Expired(c *cps.Card, now time.Time) bool {
	return !c.Expires.IsZero() && c.Expires.Before(now)
}

// IsTest tells whether the card is known to be a test card.
func IsTest(c *cps.Card) bool { return c.Test != nil && *c.Test }
