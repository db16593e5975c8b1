package annuaire

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// Say says why there is no answer, and what to do.
func (f *Failure) Say(s *language.Speaker) wording.Statement {
	key := "annuaire.failure." + string(f.Code)
	status := ""
	if f.Status != 0 {
		status = fmt.Sprintf(" (HTTP %d)", f.Status)
	}
	title := key
	if f.Code == CodeRedirect && f.Host == "" {
		title = "annuaire.redirect-nowhere"
	}
	statement := wording.Statement{
		Tone:  wording.Bad,
		Title: s.Say(title, "Status", status, "Host", f.Host, "Variable", KeyVariable),
		Next:  s.Say(key+".next", "Variable", KeyVariable),
	}
	if f.RetryAfter > 0 {
		statement.Meaning = sayWait(s, f.RetryAfter)
	}
	if f.Detail != "" {
		statement.Meaning = strings.TrimSpace(statement.Meaning + " " + s.Say("annuaire.detail", "Detail", f.Detail))
	}
	return statement
}

// sayWait says how long to wait, in the unit that a person would use.
func sayWait(s *language.Speaker, wait time.Duration) string {
	key, unit := "annuaire.wait", time.Second
	switch {
	case wait >= 2*time.Hour:
		key, unit = "annuaire.wait.hours", time.Hour
	case wait >= 2*time.Minute:
		key, unit = "annuaire.wait.minutes", time.Minute
	}
	return s.Say(key, "Count", int(math.Ceil(wait.Seconds()/unit.Seconds())))
}

// SayPage says what the page is, what to type there, and that there is none for
// an identifier of the test range.
func SayPage(s *language.Speaker, a Address) []string {
	said := []string{s.Say("annuaire.page." + string(a.Kind))}
	if a.Type != "" {
		said = append(said, s.Say("annuaire.page.type", "Text", a.Type))
	}
	if a.Test {
		said = append(said, s.Say("annuaire.page.test"))
	}
	return said
}

// SayQuestion says what a look-up sends, and to whom.
func SayQuestion(s *language.Speaker, q Question, host string) string {
	var values []string
	identifier, cardNumber := q.sent()
	if identifier != "" {
		values = append(values, s.Say("annuaire.sends.identifier", "Identifier", identifier))
	}
	if cardNumber != "" {
		values = append(values, s.Say("annuaire.sends.card-number", "Number", cardNumber))
	}
	return s.Say("annuaire.sends", "Values", strings.Join(values, ", "), "Host", host, "Program", userAgent)
}

// Say says what came of a look-up.
func (a Answer) Say(s *language.Speaker, q Question) wording.Statement {
	statement := wording.Statement{Tone: wording.Warning, Title: s.Say("annuaire.outcome."+string(a.Outcome), "Count", len(a.People))}
	switch a.Outcome {
	case NotFound:
		statement.Next = s.Say("annuaire.outcome.not-found.next")
		if q.Identifier.TestRange() {
			statement.Next = s.Say("annuaire.outcome.not-found.test")
		}
		if a.Unsure {
			statement.Title = s.Say("annuaire.outcome.unsure")
		}
	case Several:
		statement.Next = s.Say("annuaire.outcome.several.next")
	case Found:
		ended := func(p Person) bool { return p.Active != nil && !*p.Active }
		if !a.More && !slices.ContainsFunc(a.People, ended) {
			statement.Tone = wording.Good
		}
	}
	switch {
	case a.CardFailure != nil:
		statement.Tone, statement.Meaning = wording.Warning, s.Say("annuaire.card-not-asked", "Why", a.CardFailure.Say(s).Title)
	case a.By == ByCardNumber && len(a.People) > 0 && q.Identifier.Value != "":
		statement.Tone, statement.Meaning = wording.Warning, s.Say("annuaire.by-card-number")
	case len(a.CardHolders) > 0:
		statement.Tone, statement.Meaning = wording.Warning, s.Say("annuaire.card-of-others", "Who", strings.Join(a.CardHolders, ", "))
	case a.CardUnclear:
		statement.Tone, statement.Meaning = wording.Warning, s.Say("annuaire.card-unclear")
	}
	return statement
}

// Facts are what the directory says of a person, a line each.
func (p Person) Facts(s *language.Speaker) []wording.Fact {
	var facts []wording.Fact
	put := func(name, value string) {
		if value != "" {
			facts = append(facts, wording.Fact{Tone: wording.Plain, Label: s.Say("annuaire.fact." + name), Value: value})
		}
	}
	put("name", p.Name())
	put("identifier", first(p.Identifier, p.RPPS))
	facts = append(facts, p.activity(s))
	put("profession", joined(p.Professions))
	put("speciality", joined(p.Specialities))
	for _, c := range p.Cards {
		put("card", c.say(s))
	}
	for _, place := range p.Places {
		put("place", place.say(s))
	}
	switch {
	case p.PlacesFailure != nil:
		facts = append(facts, wording.Fact{Label: s.Say("annuaire.fact.place"), Tone: wording.Warning,
			Value: s.Say("annuaire.places-unknown", "Why", p.PlacesFailure.Say(s).Title)})
	case p.MorePlaces:
		put("place", s.Say("annuaire.more"))
	case len(p.Places) == 0:
		put("place", s.Say("annuaire.none"))
	}
	return facts
}

func (p Person) activity(s *language.Speaker) wording.Fact {
	f := wording.Fact{Tone: wording.Plain, Label: s.Say("annuaire.fact.active"), Value: s.Say("annuaire.active.unknown")}
	if p.Active != nil {
		f.Tone, f.Value = wording.Good, s.Say("annuaire.active.yes")
		if !*p.Active {
			f.Tone, f.Value = wording.Warning, s.Say("annuaire.active.no")
		}
	}
	return f
}

func (c Card) say(s *language.Speaker) string {
	text := strings.TrimSpace(c.Type + " " + c.Number)
	if c.Start.IsZero() && c.End.IsZero() {
		return text
	}
	return s.Say("annuaire.card.period", "Card", text, "Start", dayOrUnknown(s, c.Start), "End", dayOrUnknown(s, c.End))
}

func dayOrUnknown(s *language.Speaker, d cps.Date) string {
	return first(wording.Date(s, d), "?")
}

func (p Place) say(s *language.Speaker) string {
	parts := []string{first(p.Name, s.Say("annuaire.place.unnamed"))}
	if p.FINESS != "" {
		parts = append(parts, "FINESS "+p.FINESS)
	}
	parts = append(parts, p.Address...)
	if mode := p.Mode.say(); mode != "" {
		parts = append(parts, s.Say("annuaire.place.mode", "Mode", mode))
	}
	if p.Active != nil && !*p.Active {
		parts = append(parts, s.Say("annuaire.place.closed"))
	}
	return strings.Join(parts, ", ")
}

func (c Coded) say() string {
	if c.Label == "" || c.Code == "" {
		return c.Code
	}
	return fmt.Sprintf("%s (%s)", c.Label, c.Code)
}

func joined(all []Coded) string {
	var texts []string
	for _, c := range all {
		texts = append(texts, c.say())
	}
	return strings.Join(texts, ", ")
}

// Say says what a comparison came to.
func (c Comparison) Say(s *language.Speaker) wording.Fact {
	f := wording.Fact{
		Tone: wording.Plain, Label: s.Say("annuaire.compare." + string(c.Aspect)), Value: s.Say("annuaire.agreement." + string(c.Agreement)),
	}
	switch c.Agreement {
	case Same:
		f.Tone = wording.Good
	case Different:
		f.Tone = wording.Warning
		if c.Card != "" {
			f.Value = s.Say("annuaire.agreement.both", "Card", days(s, c.Card), "Directory", days(s, c.Directory))
		}
	}
	return f
}

// days writes those days of a text that stand alone, or between commas, as the
// language has them.
func days(s *language.Speaker, text string) string {
	parts := strings.Split(text, ", ")
	for i, p := range parts {
		if t, err := time.Parse(time.DateOnly, p); err == nil {
			parts[i] = wording.Date(s, cps.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()})
		}
	}
	return strings.Join(parts, ", ")
}

// SaySource names the source, the day of the data and the licence, as the
// licence asks for.
func (a Answer) SaySource(s *language.Speaker) []string {
	last := time.Time{}
	for _, p := range a.People {
		if p.Updated.After(last) {
			last = p.Updated
		}
	}
	date := func(t time.Time) string {
		y, m, d := t.Local().Date()
		return wording.Date(s, cps.Date{Year: y, Month: m, Day: d})
	}
	said := []string{s.Say("annuaire.source", "Owner", Owner, "Host", a.Host, "Day", date(a.At), "Licence", Licence)}
	if !last.IsZero() {
		said = append(said, s.Say("annuaire.updated", "Day", date(last)))
	}
	return said
}

// Say says what became of an address.
func (r LinkResult) Say(s *language.Speaker) wording.Fact {
	f := wording.Fact{Label: r.Link.ID, Value: s.Say("annuaire.link."+string(r.State), "Location", r.Location)}
	switch r.State {
	case LinkOK:
		f.Tone = wording.Good
	case LinkDead, LinkUnreachable:
		f.Tone = wording.Bad
	default:
		f.Tone = wording.Warning
	}
	if r.Status != 0 {
		f.Value += fmt.Sprintf(" (HTTP %d)", r.Status)
	}
	if r.IGCSante {
		f.Value += " " + s.Say("annuaire.link.igc-sante")
	}
	if r.Failure != nil && r.State == LinkUnreachable {
		f.Value += " " + s.Say("annuaire.link.failure."+string(linkFailure(r.Failure.Code)))
	}
	if r.Intercepted {
		f.Tone = wording.Bad
		if r.State != LinkUnreachable { // which has said so
			f.Value += " " + s.Say("annuaire.link.intercepted")
		}
	}
	return f
}

// linkFailures are those that have a sentence about an address.
var linkFailures = []Code{CodeTimeout, CodeProxyRefused, CodeProxyDown, CodeNetwork, CodeWebPage, CodeCancelled}

func linkFailure(c Code) Code {
	if slices.Contains(linkFailures, c) {
		return c
	}
	return CodeNetwork
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
