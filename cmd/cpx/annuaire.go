package main

import (
	"context"
	"errors"
	"flag"
	"strings"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/annuaire"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// annuaireDocument is what "cpx annuaire --json" prints.
type annuaireDocument struct {
	Schema        string                  `json:"schema"`
	Demonstration bool                    `json:"demonstration,omitempty"`
	Identifier    *annuaireIdentifier     `json:"identifier,omitempty"`
	Page          annuaire.Address        `json:"page"`
	Opened        bool                    `json:"opened,omitempty"`
	Lookup        *annuaireLookup         `json:"lookup,omitempty"`
	Comparison    [][]annuaire.Comparison `json:"comparison,omitempty"` // of each person, in their order
}

type annuaireIdentifier struct {
	Of       string   `json:"of"` // person, structure
	Value    string   `json:"value"`
	Type     string   `json:"type"`
	Number   string   `json:"number"`
	Test     bool     `json:"test"`
	Repairs  []string `json:"repairs,omitempty"`
	Problems []string `json:"problems,omitempty"`
}

type annuaireLookup struct {
	Host        string           `json:"host,omitempty"`
	At          *time.Time       `json:"at,omitempty"`
	Outcome     string           `json:"outcome"` // found, not-found, several, failed
	By          string           `json:"by,omitempty"`
	People      []annuairePerson `json:"people,omitempty"`
	CardHolders []string         `json:"cardHolders,omitempty"`
	CardUnclear bool             `json:"cardUnclear,omitempty"`
	CardFailure *annuaireFailure `json:"cardFailure,omitempty"`
	Unsure      bool             `json:"unsure,omitempty"`
	More        bool             `json:"more,omitempty"`
	Failure     *annuaireFailure `json:"failure,omitempty"`
	Licence     string           `json:"licence,omitempty"`
	Owner       string           `json:"owner,omitempty"`
}

type annuairePerson struct {
	annuaire.Person
	PlacesFailure *annuaireFailure `json:"placesFailure,omitempty"`
}

type annuaireFailure struct {
	Code       string `json:"code"`
	Status     int    `json:"status,omitempty"`
	RetryAfter int    `json:"retryAfterSeconds,omitempty"`
	Host       string `json:"host,omitempty"`
	Detail     string `json:"detail,omitempty"`
}

// annuaireOrder is what was asked for.
type annuaireOrder struct {
	where
	lookup, open, asJSON bool
	base, number         string
	whole                time.Duration // of a look-up; 0 when none was asked for
}

func annuaireCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var o annuaireOrder
	o.declare(set)
	set.BoolVar(&o.lookup, "lookup", false, "")
	set.BoolVar(&o.open, "open", false, "")
	set.BoolVar(&o.asJSON, "json", false, "")
	set.StringVar(&o.base, "base-url", "", "")
	set.StringVar(&o.number, "card-number", "", "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if len(args) > 0 && args[0] == "key" {
			return t.annuaireKey(ctx, args[1:], o.asJSON)
		}
		set.Visit(func(f *flag.Flag) {
			if f.Name == "timeout" {
				o.whole = o.timeout
			}
		})
		if _, err := annuaire.ParseBase(o.base); err != nil {
			t.annuaireFailed(err)
			return exitUsage
		}
		if o.timeout <= 0 {
			t.fail(t.say("cli.timeout.wrong"), "")
			return exitUsage
		}
		if o.number != "" && (len(o.number) != 10 || strings.Trim(o.number, "0123456789") != "") {
			t.fail(t.say("cli.annuaire.card-number"), "")
			return exitUsage
		}
		subject, code := t.annuaireSubject(ctx, &o, args)
		if code != exitOK && subject == nil {
			return code
		}
		return max(code, t.annuaireAnswer(ctx, &o, subject))
	}
}

// annuaireSubject is who it is about.
type annuaireSubject struct {
	document annuaireDocument
	question annuaire.Question
	card     *cps.Card // nil when none was read
}

// annuaireSubject takes the identifier typed, or the card in the reader. A
// number that fails its check is a subject all the same, and a problem.
func (t *terminal) annuaireSubject(ctx context.Context, o *annuaireOrder, args []string) (*annuaireSubject, int) {
	s := &annuaireSubject{document: annuaireDocument{Schema: "postecpx.annuaire/1"}}
	s.question.CardNumber = o.number
	if len(args) > 0 {
		return t.annuaireTyped(s, strings.Join(args, " "), o.lookup || o.open)
	}
	if o.number != "" { // by its number alone: no card is needed
		s.document.Page = annuaire.Page(nationalid.Identifier{})
		return s, exitOK
	}
	if !o.lookup { // else the whole card is compared
		o.depth = cps.IdentifierOnly
	}
	_, card, code := t.readFor(ctx, &o.where)
	if card == nil {
		return nil, code
	}
	s.card, s.document.Demonstration = card, o.demo.name != ""
	id := card.Identifier.Identifier
	s.question.CardNumber, s.question.Identifier = card.Number, id
	s.document.Page = annuaire.Page(id)
	if id.Value == "" {
		t.talk(t.say("cli.annuaire.no-identifier"))
		return s, exitProblems
	}
	s.document.Identifier = &annuaireIdentifier{
		Of: string(nationalid.Person), Value: id.Value, Type: string(id.Type), Number: id.Number,
		Test: id.TestRange(), Problems: codes(card.Identifier.Problems),
	}
	return s, t.annuaireProblems(card.Identifier.Problems)
}

// annuaireTyped reads an identifier as "cpx id" does. Where something is sent or
// opened, one reading of several is no answer: it may be somebody else's.
func (t *terminal) annuaireTyped(s *annuaireSubject, text string, certain bool) (*annuaireSubject, int) {
	found := nationalid.Interpret(text)
	if certain && len(found.Candidates) > 1 {
		t.fail(t.say("cli.annuaire.several"), t.say("cli.id.doubt."+string(nationalid.DoubtSeveral)))
		return nil, exitUsage
	}
	if len(found.Candidates) == 0 {
		for _, d := range found.Doubts {
			t.talk(t.say("cli.id.doubt." + string(d))) // the text is not repeated: it may be anything
		}
		return nil, exitUsage
	}
	c := found.Candidates[0]
	s.document.Identifier = &annuaireIdentifier{
		Of: string(c.Of), Value: c.Value, Type: string(c.Type), Number: c.Number,
		Repairs: codes(c.Repairs), Problems: codes(c.Problems),
	}
	if structure, err := nationalid.ParseStructure(c.Value); c.Of == nationalid.StructureOnly && err == nil {
		s.document.Page = annuaire.StructurePage(structure)
	} else if id, err := nationalid.Parse(c.Value); err == nil {
		s.question.Identifier = id
		s.document.Page = annuaire.Page(id)
	}
	s.document.Identifier.Test = s.document.Page.Test
	for _, r := range c.Repairs {
		t.talk(t.say("cli.id.repair." + string(r)))
	}
	for _, d := range found.Doubts {
		if d != nationalid.DoubtProblems {
			t.talk(t.say("cli.id.doubt." + string(d)))
		}
	}
	return s, t.annuaireProblems(c.Problems)
}

// annuaireProblems tells what is wrong with the identifier. A check digit whose
// rule is not published is no problem.
func (t *terminal) annuaireProblems(problems []nationalid.Problem) int {
	code := exitOK
	for _, p := range problems {
		if p != nationalid.ProblemKeyUnknown {
			text, _ := wording.Problem(t.Speaker, p)
			t.talk(text)
			code = exitProblems
		}
	}
	return code
}

// annuaireAnswer looks up, opens and prints, as far as it was asked for.
func (t *terminal) annuaireAnswer(ctx context.Context, o *annuaireOrder, s *annuaireSubject) int {
	code := exitOK
	var answer annuaire.Answer
	var failure error
	if o.lookup {
		answer, failure = t.annuaireLookup(ctx, o, s)
		s.document.Lookup = newAnnuaireLookup(answer, failure)
		if failure != nil || !t.annuaireSettled(s, answer) {
			code = exitProblems
		}
	}
	if o.open {
		if err := annuaire.Open(ctx, s.document.Page.URL); err != nil {
			t.fail(t.say("cli.annuaire.not-opened"), "("+wording.Cause(err)+")")
			code = exitProblems
		} else {
			s.document.Opened = true
		}
	}
	switch {
	case o.asJSON:
		t.printJSON(s.document)
	default:
		t.printAnnuaire(o, s, answer, failure)
	}
	var f *annuaire.Failure
	if errors.As(failure, &f) {
		t.annuaireFailed(f)
		if f.Code == annuaire.CodeCancelled {
			return exitInterrupted
		}
	}
	return code
}

// annuaireLookup asks the directory, after saying what it sends. A time that was
// asked for is that of the whole, the keyring with it.
func (t *terminal) annuaireLookup(ctx context.Context, o *annuaireOrder, s *annuaireSubject) (annuaire.Answer, error) {
	q := s.question
	if q.IsEmpty() {
		code := annuaire.CodeQuestion
		if id := s.document.Identifier; id != nil && id.Of == string(nationalid.StructureOnly) {
			code = annuaire.CodeStructure
		}
		return annuaire.Answer{}, &annuaire.Failure{Code: code}
	}
	if o.whole > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.whole)
		defer cancel()
	}
	key, _, err := annuaire.FindKey(ctx, o.base)
	if err != nil {
		return annuaire.Answer{}, err
	}
	client, err := annuaire.New(annuaire.Options{Key: key, Base: o.base, Timeout: o.whole})
	if err != nil {
		return annuaire.Answer{}, err
	}
	t.talk(annuaire.SayQuestion(t.Speaker, q, client.Host()))
	return client.Lookup(ctx, q)
}

// annuaireSettled compares, and tells whether the answer leaves nothing to look
// at: one person, who is not said to have ended, and nothing different on the
// card.
func (t *terminal) annuaireSettled(s *annuaireSubject, a annuaire.Answer) bool {
	settled := a.Outcome == annuaire.Found && !a.More && len(a.CardHolders) == 0 && !a.CardUnclear && a.CardFailure == nil
	for _, p := range a.People {
		settled = settled && (p.Active == nil || *p.Active) && p.PlacesFailure == nil
		if s.card == nil {
			continue
		}
		compared := annuaire.Compare(s.card, wording.Expired(s.card, t.now()), p)
		s.document.Comparison = append(s.document.Comparison, compared)
		for _, c := range compared {
			settled = settled && c.Agreement != annuaire.Different
		}
	}
	return settled
}

func newAnnuaireLookup(a annuaire.Answer, failure error) *annuaireLookup {
	d := &annuaireLookup{Host: a.Host, Outcome: string(a.Outcome), CardHolders: a.CardHolders, More: a.More, Licence: annuaire.Licence, Owner: annuaire.Owner}
	d.CardUnclear, d.CardFailure, d.Unsure = a.CardUnclear, newAnnuaireFailure(a.CardFailure), a.Unsure
	if !a.At.IsZero() {
		at := a.At.UTC().Truncate(time.Second)
		d.At = &at
	}
	if len(a.People) > 0 {
		d.By = a.By
	}
	for _, p := range a.People {
		d.People = append(d.People, annuairePerson{p, newAnnuaireFailure(p.PlacesFailure)})
	}
	var f *annuaire.Failure
	if errors.As(failure, &f) {
		// Nothing of the directory's is shown then: neither people nor whose they are.
		return &annuaireLookup{Host: d.Host, At: d.At, Outcome: "failed", Failure: newAnnuaireFailure(f)}
	}
	return d
}

func newAnnuaireFailure(f *annuaire.Failure) *annuaireFailure {
	if f == nil {
		return nil
	}
	return &annuaireFailure{Code: string(f.Code), Status: f.Status, RetryAfter: int(f.RetryAfter.Seconds()), Host: f.Host, Detail: f.Detail}
}

// printAnnuaire writes the address alone to standard output when nothing more
// was asked for: what it is goes to standard error.
func (t *terminal) printAnnuaire(o *annuaireOrder, s *annuaireSubject, a annuaire.Answer, failure error) {
	if s.document.Demonstration {
		t.talk(t.say("cli.demo.band"))
	}
	for _, line := range annuaire.SayPage(t.Speaker, s.document.Page) {
		t.talk(line)
	}
	t.out(s.document.Page.URL)
	if !o.lookup || failure != nil {
		return
	}
	t.out("")
	t.printStatement(a.Say(t.Speaker, s.question))
	for i, p := range a.People {
		t.out("")
		t.printFacts(p.Facts(t.Speaker))
		if i < len(s.document.Comparison) {
			t.out("", t.say("annuaire.compare.title"))
			var facts []wording.Fact
			for _, c := range s.document.Comparison[i] {
				facts = append(facts, c.Say(t.Speaker))
			}
			t.printFacts(facts)
		}
	}
	if a.More {
		t.out("", t.say("annuaire.more"))
	}
	t.out("")
	t.out(a.SaySource(t.Speaker)...)
}

// annuaireFailed explains on standard error why there is no answer.
func (t *terminal) annuaireFailed(err error) {
	var f *annuaire.Failure
	if !errors.As(err, &f) {
		t.fail(plaintext.Line(err.Error(), 240), "")
		return
	}
	said := f.Say(t.Speaker)
	next := strings.TrimSpace(said.Meaning + "\n" + said.Next)
	if f.Err != nil {
		next += "\n(" + wording.Cause(f.Err) + ")"
	}
	t.fail(said.Title, next)
}
