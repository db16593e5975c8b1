package annuaire

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"postecpx/cardreader/nationalid"
)

// Outcome is what the directory knows of a question.
type Outcome string

// Outcomes.
const (
	Found    Outcome = "found"
	NotFound Outcome = "not-found"
	Several  Outcome = "several"
)

// Outcomes lists every Outcome.
func Outcomes() []Outcome { return []Outcome{Found, NotFound, Several} }

// Question is what to look up: by the identifier, by the card number, or both.
type Question struct {
	Identifier nationalid.Identifier // its zero value for none
	CardNumber string                // 10 digits, "" for none
}

// Answer is what the directory says.
type Answer struct {
	Outcome Outcome
	People  []Person
	// By tells how they were found: "identifier", or "card-number" when the
	// identifier is not known there, or was not asked for.
	By string
	// CardHolders are the identifiers of those to whom the directory gives the
	// card, when they are none of People: the card is of somebody else there.
	CardHolders []string
	// CardUnclear: the directory gives the card to a record without identifier,
	// which may be of one of People or of somebody else.
	CardUnclear bool
	// CardFailure is why the card number could not be asked for, nil when it was,
	// or needed not be. People are those of the identifier all the same.
	CardFailure *Failure
	// Unsure: nothing came, and the answer does not say that this is all.
	Unsure bool
	// More: the directory has others, on further pages.
	More bool
	// At is when it was asked, Host where.
	At   time.Time
	Host string
}

// How people were found.
const (
	ByIdentifier = "identifier"
	ByCardNumber = "card-number"
)

// Licence under which the directory is open; source and date must be shown
// with it.
const (
	Licence = "Licence Ouverte 2.0"
	Owner   = "Agence du Numérique en Santé, Annuaire Santé"
)

// mostPeople whose places are asked for. More answer to one identifier only
// where something is wrong.
const mostPeople = 5

// Lookup asks the directory, within the time of the client. Not to be found, or
// to be found more than once, is an answer; the error is a *Failure, and then
// there are no people.
func (c *Client) Lookup(ctx context.Context, q Question) (Answer, error) {
	a := Answer{At: time.Now(), Host: c.Host(), By: ByIdentifier}
	identifier, number := q.sent()
	identified, byNumber := identifier != "", number != ""
	if q.IsEmpty() {
		return a, &Failure{Code: CodeQuestion}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if identified {
		found, failure := c.practitioners(ctx, "identifier", identifierQuery(q.Identifier), func(p *Person) bool { return p.answers(q.Identifier) })
		if failure != nil {
			return a, failure
		}
		a.People, a.More, a.Unsure = found.people, found.more, found.unsure
	}
	// The card may be known where the identifier is not, or under another.
	if byNumber && !slices.ContainsFunc(a.People, func(p Person) bool { return p.has(q.CardNumber) }) {
		found, failure := c.practitioners(ctx, "number-smartcard", q.CardNumber, func(p *Person) bool { return p.has(q.CardNumber) })
		switch {
		case failure != nil && (!identified || failure.Code == CodeCancelled):
			return a, failure
		case failure != nil:
			a.CardFailure = failure
		case len(a.People) == 0:
			a.People, a.More, a.Unsure, a.By = found.people, found.more, found.unsure || a.Unsure, ByCardNumber
		default:
			a.addHolders(found.people)
		}
	}
	switch len(a.People) {
	case 0:
		a.Outcome = NotFound
		return a, nil
	case 1:
		a.Outcome = Found
	default:
		a.Outcome = Several
	}
	a.Unsure = false
	c.addAllPlaces(ctx, &a)
	if errors.Is(ctx.Err(), context.Canceled) {
		return Answer{At: a.At, Host: a.Host, By: a.By}, &Failure{Code: CodeCancelled, Err: context.Cause(ctx)}
	}
	return a, nil
}

// addHolders takes in those to whom the directory gives the card that none of
// People has. Another record of one of them is theirs, and no one else's.
func (a *Answer) addHolders(holders []Person) {
	for _, h := range holders {
		known := slices.IndexFunc(a.People, func(p Person) bool { return p.ID == h.ID })
		switch {
		case known >= 0:
			a.People[known].merge(h)
		case slices.ContainsFunc(a.People, h.isAlso):
			a.People = append(a.People, h)
		case h.Identifier == "" && h.RPPS == "":
			a.CardUnclear = true
		default:
			a.CardHolders = append(a.CardHolders, first(h.Identifier, h.RPPS))
		}
	}
}

// addAllPlaces asks for the places of a few people; after a failure that the
// next question would meet too, no more.
func (c *Client) addAllPlaces(ctx context.Context, a *Answer) {
	failure := a.CardFailure
	for i := range a.People[:min(len(a.People), mostPeople)] {
		if failure != nil && failure.final() {
			a.People[i].PlacesFailure = failure
			continue
		}
		c.addPlaces(ctx, &a.People[i])
		failure = a.People[i].PlacesFailure
	}
}

// cards are those of that number: the directory may give one more than once.
func (p *Person) cards(number string) []Card {
	var all []Card
	for _, card := range p.Cards {
		if card.Number == number && number != "" {
			all = append(all, card)
		}
	}
	return all
}

func (p *Person) has(number string) bool { return len(p.cards(number)) > 0 }

// answers tells whether the person has that identifier, and then keeps that one
// of several.
func (p *Person) answers(id nationalid.Identifier) bool {
	if slices.Contains(p.identifiers, id.Value) {
		p.Identifier = id.Value
		return true
	}
	return id.Type == nationalid.RPPS && p.RPPS == id.Number
}

// isAlso tells whether two records name the same identifier.
func (p *Person) isAlso(other Person) bool {
	return p.RPPS != "" && p.RPPS == other.RPPS ||
		slices.ContainsFunc(p.identifiers, func(id string) bool { return slices.Contains(other.identifiers, id) })
}

// merge takes in what a record of the same id says beyond this one.
func (p *Person) merge(other Person) {
	for _, card := range other.Cards {
		if !slices.Contains(p.Cards, card) {
			p.Cards = append(p.Cards, card)
		}
	}
	for _, id := range other.identifiers {
		if !slices.Contains(p.identifiers, id) {
			p.identifiers = append(p.identifiers, id)
		}
	}
}

// identifierQuery names the identifier under each of its systems; a comma
// stands for "or". The form of the identifier leaves no character that FHIR
// would have escaped.
func identifierQuery(id nationalid.Identifier) string {
	query := token(systemIDNPS, id.Value)
	if id.Type == nationalid.RPPS {
		query += "," + token(systemRPPS, id.Number)
	}
	return query
}

// matches are the people of an answer.
type matches struct {
	people []Person
	more   bool // the directory has others
	unsure bool // none came, and it does not say that there are none
}

// practitioners searches, and keeps those that answer to the question, each
// once. A server that gives only others did not understand it, and has answered
// nothing.
func (c *Client) practitioners(ctx context.Context, name, value string, fits func(*Person) bool) (matches, *Failure) {
	var found matches
	b, err := c.search(ctx, "Practitioner", url.Values{name: {value}})
	if err != nil {
		return found, asFailure(err)
	}
	for _, p := range b.practitioners {
		if !idForm.MatchString(p.ID) {
			return matches{}, malformed("a Practitioner without an id")
		}
		person := c.person(p)
		if !fits(&person) {
			continue
		}
		if i := slices.IndexFunc(found.people, func(o Person) bool { return o.ID == person.ID }); i >= 0 {
			found.people[i].merge(person)
		} else {
			found.people = append(found.people, person)
		}
	}
	if len(found.people) == 0 && len(b.practitioners) > 0 {
		return matches{}, &Failure{Code: CodeUnrelated}
	}
	found.more = b.more(len(b.practitioners))
	found.unsure = len(found.people) == 0 && (b.Total == nil || found.more)
	return found, nil
}

// addPlaces asks where the person practises. That it fails leaves what is
// known of the person.
func (c *Client) addPlaces(ctx context.Context, p *Person) {
	b, err := c.search(ctx, "PractitionerRole", url.Values{
		"practitioner": {p.ID}, "_include": {"PractitionerRole:organization"}, "_count": {"100"},
	})
	if err != nil {
		p.PlacesFailure = asFailure(err)
		return
	}
	p.Places, p.MorePlaces = c.places(p.ID, b), b.more(len(b.roles))
	if len(p.Places) == 0 && len(b.Entry) > 0 { // of others, or none at all
		p.PlacesFailure = &Failure{Code: CodeUnrelated}
	}
}

// sent are the values that a look-up of q sends beside the key: "" for those that
// it does not.
func (q Question) sent() (identifier, cardNumber string) {
	if q.Identifier.Value != "" && wellFormed(q.Identifier.Check()) {
		identifier = q.Identifier.Value
	}
	if hasDigits(q.CardNumber, 10) {
		cardNumber = q.CardNumber
	}
	return identifier, cardNumber
}

// IsEmpty tells whether there is nothing to ask with.
func (q Question) IsEmpty() bool {
	identifier, cardNumber := q.sent()
	return identifier == "" && cardNumber == ""
}
