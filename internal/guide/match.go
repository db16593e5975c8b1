package guide

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync"

	assets "postecpx/assets/guide"
	"postecpx/cardreader/cps"
	"postecpx/internal/diagnostic"
)

// embeddedRules are read when first asked for: a search needs none.
var embeddedRules = sync.OnceValue(func() []rule {
	all, err := loadRules(assets.Files, "rules.toml")
	if err != nil {
		panic(err) // the rules are part of the program, and tested
	}
	return all
})

// Match gives the entries that fit the situation, best first, each once and
// with its best reason. Nothing that does not fit is among them: there may be
// none. The same situation always gives the same.
func (c *Catalogue) Match(s Situation, tag string) []Suggestion {
	return c.match(embeddedRules(), s, tag)
}

// match holds the rules against the situation. The heavier come first, then
// those that a finding nearer to the root called for, then the earlier ones.
func (c *Catalogue) match(rules []rule, s Situation, tag string) []Suggestion {
	type held struct {
		rule
		from  []int // of the findings
		first int   // of them: those of a card stand after
	}
	var all []held
	found := false
	for _, r := range rules {
		if from, ok := r.holds(s); ok {
			all = append(all, held{r, from, slices.Min(append(from, len(s.Findings)))})
			found = found || len(from) > 0
		}
	}
	if found {
		all = slices.DeleteFunc(all, func(h held) bool { return h.Filler })
	}
	slices.SortStableFunc(all, func(a, b held) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.first, b.first))
	})
	var suggestions []Suggestion
	from := map[string][]int{}
	for _, h := range all {
		e, known := c.Entry(h.Entry)
		if !known {
			continue
		}
		if _, twice := from[h.Entry]; !twice {
			suggestions = append(suggestions, Suggestion{Entry: e, Because: h.why(tag)})
		}
		from[h.Entry] = append(from[h.Entry], h.from...)
	}
	for i, suggestion := range suggestions {
		places := from[suggestion.Entry.ID]
		slices.Sort(places)
		for _, place := range slices.Compact(places) {
			suggestions[i].From = append(suggestions[i].From, s.Findings[place].Code)
		}
	}
	return suggestions
}

// holds tells whether one of the conditions does, and which findings made it.
func (r rule) holds(s Situation) (from []int, ok bool) {
	for _, c := range r.When {
		if places, holds := c.holds(s); holds {
			from, ok = append(from, places...), true
		}
	}
	return from, ok
}

// holds tells whether all that the condition names is true of the situation.
// What is unknown is not true, and not false either.
func (c condition) holds(s Situation) (from []int, ok bool) {
	if c.Card != nil && *c.Card != (s.Card != nil) || !oneOf(c.Systems, s.System) {
		return nil, false
	}
	if c.ofCard() && (s.Card == nil || !c.holdsOf(s)) {
		return nil, false
	}
	if len(c.Findings) > 0 {
		if from = s.called(c.Findings); len(from) == 0 {
			return nil, false
		}
	}
	if len(c.With) > 0 && len(s.called(c.With)) == 0 || len(s.called(c.Unless)) > 0 || slices.ContainsFunc(c.Unless, s.is) {
		return nil, false
	}
	return from, true
}

// holdsOf looks at what the condition names of the card, which is there.
func (c condition) holdsOf(s Situation) bool {
	card := s.Card
	return oneOf(c.Kinds, string(card.Kind)) && oneOf(c.Generations, string(card.Generation)) &&
		oneOf(c.Interfaces, string(card.Interface)) && oneOf(c.Pin, pinState(card.PIN)) && oneOf(c.Certificates, s.certificates()) &&
		oneOf(c.IdentifierStatuses, string(card.Identifier.Status)) && oneOf(c.IdentifierTypes, string(card.Identifier.Type)) &&
		oneOf(c.IdentifierProblems, texts(card.Identifier.Problems)...) &&
		c.holdsOfFacts(s)
}

// holdsOfFacts looks at the facts that are true, false or unknown.
func (c condition) holdsOfFacts(s Situation) bool {
	for _, fact := range []struct {
		name          string
		wanted, known *bool
	}{
		{"test", c.Test, s.Card.Test},
		{"expired", c.Expired, s.expiry("expired", s.Expired)},
		{"expiresSoon", c.ExpiresSoon, s.expiry("soon", s.ExpiresSoon)},
		{"employee", c.Employee, employee(s.Card)},
		{"director", c.Director, director(s.Card)},
		{"privatePractice", c.PrivatePractice, s.PrivatePractice},
	} {
		if fact.wanted != nil && (fact.known == nil || *fact.known != *fact.wanted) {
			return false
		}
		if fact.known != nil && slices.Contains(c.Unknown, fact.name) {
			return false
		}
	}
	return true
}

// oneOf tells whether one of the values is wanted; everything is when nothing
// is named. What is unknown, "", is never among the wanted.
func oneOf(wanted []string, values ...string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(values, func(v string) bool { return v != "" && slices.Contains(wanted, v) })
}

func texts[T ~string](all []T) []string {
	list := make([]string, len(all))
	for i, t := range all {
		list[i] = string(t)
	}
	return list
}

// States of the code porteur that rules name.
const (
	pinBlocked = "blocked"
	pinLastTry = "last-try"
	pinLow     = "low" // a wrong code was typed
)

func pinState(p cps.PIN) string {
	switch {
	case p.Blocked():
		return pinBlocked
	case p.Known && p.TriesLeft == 1:
		return pinLastTry
	case p.Known && p.TriesLeft < p.TriesMax:
		return pinLow
	}
	return ""
}

// certificatesNone is the state of a card on which there is no certificate.
const certificatesNone = "none"

// certificates tells of a card without one what the diagnosis says, else what
// the card does; "" of any other. Without contact a card shows none, and one
// that could not be listed may have some.
func (s Situation) certificates() string {
	for _, f := range s.Findings {
		if f.Code == "certificates.card" && told(f) {
			if f.Outcome == "none" {
				return certificatesNone
			}
			return ""
		}
	}
	if s.Card != nil && s.Card.Interface != cps.Contactless && len(s.Card.Certificates) == 0 &&
		slices.ContainsFunc(s.Card.Gaps, func(g cps.Gap) bool { return errors.Is(g, cps.ErrNoCertificate) }) {
		return certificatesNone
	}
	return ""
}

// States of the card that "unless" names: in each, what a sound card allows is
// not to be promised.
const (
	stateExpired      = "expired"
	stateBlocked      = "blocked"
	stateCertificates = "no-certificates"
	stateTest         = "test"
)

var states = []string{stateExpired, stateBlocked, stateCertificates, stateTest}

// is tells whether the card, or a finding about it, says that it is in that
// state. Of what is no state it is false.
func (s Situation) is(state string) bool {
	switch state {
	case stateExpired:
		past := s.expiry("expired", s.Expired)
		return past != nil && *past || s.found("card.expiry", "expired") || s.found("certificates.card", "expired")
	case stateBlocked:
		return s.Card != nil && s.Card.PIN.Blocked() || s.found("pin.state", "blocked")
	case stateCertificates:
		return s.certificates() == certificatesNone
	case stateTest:
		return s.Card != nil && s.Card.Test != nil && *s.Card.Test || s.found("card.test", "test")
	}
	return false
}

// found tells whether the diagnosis has that outcome.
func (s Situation) found(code diagnostic.Code, outcome string) bool {
	return slices.ContainsFunc(s.Findings, func(f diagnostic.Finding) bool {
		return f.Code == code && f.Outcome == outcome && told(f)
	})
}

// employee tells whether a structure ordered the card: by its kind, or by its
// identifier when the card does not give the kind.
func employee(c *cps.Card) *bool {
	var is bool
	switch c.Kind {
	case cps.CPE, cps.CDE, cps.CPA, cps.CDA:
		is = true
	case cps.CPS, cps.CPF:
	default:
		if c.Identifier.Type == "" {
			return nil
		}
		is = c.Identifier.Type.Employee()
	}
	return &is
}

// director tells whether the card is that of a director, or of anybody with
// the niveau de responsabilité of one. An employee's card that does not give
// that level may be a director's: both have one code in table G02.
func director(c *cps.Card) *bool {
	var is bool
	switch {
	case c.Kind == cps.CDE, c.Kind == cps.CDA, c.Holder.Responsibility.Code == "01":
		is = true
	case c.Kind == cps.CPS, c.Kind == cps.CPF, c.Holder.Responsibility.Code != "":
	default:
		return nil
	}
	return &is
}

// expiry gives what the diagnosis says of the dates, else what the clock of the
// workstation says. It is unknown when the diagnosis could not tell, because
// that clock is wrong for one.
func (s Situation) expiry(outcome string, byClock bool) *bool {
	for _, f := range s.Findings {
		if f.Code == "card.expiry" {
			if !told(f) {
				return nil
			}
			byClock = f.Outcome == outcome
		}
	}
	if s.Card == nil || s.Card.Expires.IsZero() {
		return nil
	}
	return &byClock
}

// told tells whether a finding is an answer: a check that was skipped or broke
// has none.
func told(f diagnostic.Finding) bool {
	return f.Status == diagnostic.OK || f.Status == diagnostic.Warning || f.Status == diagnostic.Error
}

// called gives the places of the findings that one of the patterns names.
func (s Situation) called(patterns []string) []int {
	var places []int
	for i, f := range s.Findings {
		if told(f) && slices.ContainsFunc(patterns, func(p string) bool { return names(p, f) }) {
			places = append(places, i)
		}
	}
	return places
}

// names tells whether a pattern of a rule names the finding: "pin.state.blocked"
// by its outcome, "pin.state:warning" by its status, "pin.state" and "pcsc.*"
// when it is an error or a warning.
func names(pattern string, f diagnostic.Finding) bool {
	if area, all := strings.CutSuffix(pattern, ".*"); all {
		return strings.HasPrefix(string(f.Code), area+".") && f.Status != diagnostic.OK
	}
	if code, status, given := strings.Cut(pattern, ":"); given {
		return code == string(f.Code) && status == string(f.Status)
	}
	outcome, is := strings.CutPrefix(pattern, string(f.Code))
	return is && (outcome == "" && f.Status != diagnostic.OK || outcome == "."+f.Outcome)
}
