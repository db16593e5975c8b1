package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"postecpx/assets/atr"
	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/cardreader/pcsc"
)

// today is the day of every test.
func today() time.Time { return time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC) }

const readerName = "Lecteur Exemple 00 00"

func rpps(number string) nationalid.Identifier {
	return nationalid.Identifier{Value: "8" + number, Type: nationalid.RPPS, Number: number}
}

// dentist is a card of a fictitious person, all checks passed; change alters it.
func dentist(change ...func(*cps.Card)) *cps.Card {
	test := true
	c := &cps.Card{
		Generation: cps.CPS3,
		Interface:  cps.Contact,
		Kind:       cps.CPS,
		Test:       &test,
		Number:     "2900999999",
		Issued:     cps.Date{Year: 2024, Month: time.February, Day: 21},
		Expires:    cps.Date{Year: 2027, Month: time.February, Day: 21},
		Identifier: cps.Identifier{
			Identifier: rpps("99700218896"),
			Status:     cps.Verified,
			Sources:    []cps.Source{cps.SourceInfoPS, cps.SourceCertificate},
		},
		Holder: cps.Holder{
			Civility:   cps.Coded{Code: "22", Label: "Madame"},
			FamilyName: "SPECIALISTE0021889",
			GivenName:  "CLAIRE",
			Profession: cps.Coded{Code: "40", Label: "Chirurgien-Dentiste"},
			Speciality: cps.Coded{Code: "SCD01", Label: "Orthopédie dento-faciale"},
		},
		PIN:       cps.PIN{Known: true, TriesLeft: 3, TriesMax: 3},
		Exchanges: 8,
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func unverified(problems ...nationalid.Problem) func(*cps.Card) {
	return func(c *cps.Card) {
		c.Identifier.Status = cps.Unverified
		c.Identifier.Problems = problems
	}
}

// justIdentified is what is known when the identifier is and the rest is not.
func justIdentified() *cps.Card {
	return &cps.Card{Generation: cps.CPS3, Interface: cps.Contact, Kind: cps.CPS,
		Identifier: cps.Identifier{Identifier: rpps("99700218896"), Status: cps.Pending, Sources: []cps.Source{cps.SourceInfoPS}}}
}

// employee makes it the card of an employee of an establishment.
func employee(c *cps.Card) {
	c.Kind = cps.CPE
	c.Identifier.Identifier = nationalid.Identifier{Value: "300000000029751/CPET00012", Type: nationalid.FINESS, Number: "00000000029751/CPET00012"}
}

// otherCard is a second reader with the card of another person.
func otherCard() cardreader.ReaderStatus {
	return cardreader.ReaderStatus{Reader: "Lecteur bi-fente 01 00", Stage: cardreader.Read, Card: dentist(func(c *cps.Card) {
		c.Identifier.Identifier = rpps("99700366240")
		c.Holder.GivenName = "PAUL"
	})}
}

func one(stage cardreader.Stage, change ...func(*cardreader.ReaderStatus)) cardreader.Snapshot {
	r := cardreader.ReaderStatus{Reader: readerName, Stage: stage}
	for _, f := range change {
		f(&r)
	}
	return cardreader.Snapshot{Readers: []cardreader.ReaderStatus{r}}
}

func with(c *cps.Card) func(*cardreader.ReaderStatus) {
	return func(r *cardreader.ReaderStatus) { r.Card = c }
}

func because(err error) func(*cardreader.ReaderStatus) {
	return func(r *cardreader.ReaderStatus) { r.Err = err }
}

func read(change ...func(*cps.Card)) cardreader.Snapshot {
	return one(cardreader.Read, with(dentist(change...)))
}

func failed(kind pcsc.Kind) error { return &pcsc.Error{Op: "SCardEstablishContext", Kind: kind} }

// hostile drives a terminal, turns the direction and does not end.
var hostile = "\x1b[31mROUGE\x07\u202eEVERS\u2066\n<b>" + strings.Repeat("TRÈS-LONG-", 400)

// states are the situations that the screen must say in words: the Snapshots
// that lead there, in turn.
var states = []struct {
	name          string
	demonstration bool
	snapshots     []cardreader.Snapshot
}{
	{"starting", false, nil},
	{"no-service", false, []cardreader.Snapshot{{Service: failed(pcsc.ErrService)}}},
	{"service-refused", false, []cardreader.Snapshot{{Service: failed(pcsc.ErrAccess)}}},
	{"service-mismatch", false, []cardreader.Snapshot{{Service: failed(pcsc.ErrProtocolMismatch)}}},
	{"no-reader", false, []cardreader.Snapshot{{}}},
	{"no-card", false, []cardreader.Snapshot{one(cardreader.NoCard)}},
	{"mute", false, []cardreader.Snapshot{one(cardreader.Mute)}},
	{"not-cpx", false, []cardreader.Snapshot{one(cardreader.NotCPx, func(r *cardreader.ReaderStatus) {
		r.CardName = atr.Name{Kind: atr.Vitale, French: "carte Vitale", English: "carte Vitale"}
	})}},
	{"not-cpx-unnamed", false, []cardreader.Snapshot{one(cardreader.NotCPx)}},
	{"reading", false, []cardreader.Snapshot{one(cardreader.Reading)}},
	{"identified", false, []cardreader.Snapshot{one(cardreader.Identified, with(justIdentified()))}},
	{"verified", false, []cardreader.Snapshot{read(func(c *cps.Card) { no := false; c.Test = &no })}},
	{"test-card", false, []cardreader.Snapshot{read()}},
	{"bad-check-digit", false, []cardreader.Snapshot{read(unverified(nationalid.ProblemLuhn), func(c *cps.Card) { c.Identifier.Identifier = rpps("99700218897") })}},
	{"sources-disagree", false, []cardreader.Snapshot{read(unverified(cps.ProblemDisagree), func(c *cps.Card) { c.Identifier.CertificateValue = "899700366240" })}},
	{"employee", false, []cardreader.Snapshot{read(employee)}},
	{"employee-expired", false, []cardreader.Snapshot{read(employee, func(c *cps.Card) {
		c.Expires = cps.Date{Year: 2026, Month: time.November, Day: 22}
		c.PIN.TriesLeft = 0
	})}},
	{"no-certificate", false, []cardreader.Snapshot{read(func(c *cps.Card) {
		c.Identifier.Sources = c.Identifier.Sources[:1]
		c.Gaps = []cps.Gap{{Part: "CDF", Err: cps.ErrNoCertificate}}
	})}},
	{"adeli", false, []cardreader.Snapshot{read(unverified(nationalid.ProblemKeyUnknown), func(c *cps.Card) {
		c.Identifier.Identifier = nationalid.Identifier{Value: "00B7010446", Type: nationalid.ADELI, Number: "0B7010446"}
	})}},
	{"in-training", false, []cardreader.Snapshot{read(func(c *cps.Card) {
		c.Kind = cps.CPF
		c.Holder.Profession, c.Holder.Speciality = cps.Coded{}, cps.Coded{}
		c.Holder.FutureProfession = cps.Coded{Code: "10", Label: "Médecin en formation"}
	})}},
	{"absent", false, []cardreader.Snapshot{read(func(c *cps.Card) { c.Identifier = cps.Identifier{Status: cps.Absent} })}},
	{"absent-contactless", false, []cardreader.Snapshot{read(func(c *cps.Card) {
		c.Interface = cps.Contactless
		c.Identifier = cps.Identifier{Status: cps.Absent}
		c.PIN = cps.PIN{}
	})}},
	{"expired", false, []cardreader.Snapshot{read(func(c *cps.Card) { c.Expires = cps.Date{Year: 2026, Month: time.November, Day: 22} })}},
	{"blocked", false, []cardreader.Snapshot{read(func(c *cps.Card) { c.PIN.TriesLeft = 0 })}},
	{"last-try", false, []cardreader.Snapshot{read(func(c *cps.Card) { c.PIN.TriesLeft = 1 })}},
	{"all-at-once", false, []cardreader.Snapshot{read(unverified(nationalid.ProblemLuhn, cps.ProblemDisagree), func(c *cps.Card) {
		c.Identifier.CertificateValue = "899700366240"
		c.Expires = cps.Date{Year: 2020, Month: time.March, Day: 1}
		c.PIN.TriesLeft = 0
		c.Gaps = []cps.Gap{{Part: "CPS_NAME_PS", Err: errors.New("6982")}, {Part: "EF.SN.ICC", Err: errors.New("6A82")}}
	})}},
	{"gaps", false, []cardreader.Snapshot{read(func(c *cps.Card) {
		c.Holder, c.Number = cps.Holder{}, ""
		c.Gaps = []cps.Gap{{Part: "CPS_NAME_PS", Err: errors.New("6982")}}
	})}},
	{"empty-card", false, []cardreader.Snapshot{one(cardreader.Read, with(&cps.Card{}))}},
	{"unreadable", false, []cardreader.Snapshot{one(cardreader.Unreadable, because(fmt.Errorf("select EF.DIR: %w", cps.ErrUnreadable)))}},
	{"busy", false, []cardreader.Snapshot{one(cardreader.Busy, because(failed(pcsc.ErrBusy)))}},
	{"shared", false, []cardreader.Snapshot{one(cardreader.Busy, because(fmt.Errorf("%w: %w", cardreader.ErrShared, failed(pcsc.ErrReset))))}},
	{"slow", false, []cardreader.Snapshot{one(cardreader.Unreadable, because(failed(pcsc.ErrTimeout)))}},
	{"removed-early", false, []cardreader.Snapshot{one(cardreader.Unreadable, because(failed(pcsc.ErrRemoved)))}},
	{"removed", false, []cardreader.Snapshot{read(), one(cardreader.NoCard)}},
	{"several-readers", false, []cardreader.Snapshot{{Readers: []cardreader.ReaderStatus{
		{Reader: "Lecteur intégré 00 00", Stage: cardreader.NoCard},
		{Reader: readerName, Stage: cardreader.Read, Card: dentist()},
		{Reader: "Lecteur bi-fente 01 00", Stage: cardreader.NotCPx, CardName: atr.Name{Kind: atr.Vitale, French: "carte Vitale", English: "carte Vitale"}},
	}}}},
	{"two-cards", false, []cardreader.Snapshot{{Readers: []cardreader.ReaderStatus{
		{Reader: readerName, Stage: cardreader.Read, Card: dentist()},
		otherCard(),
	}}}},
	{"replaced", false, []cardreader.Snapshot{
		{Readers: []cardreader.ReaderStatus{{Reader: readerName, Stage: cardreader.Read, Card: dentist()}, otherCard()}},
		{Readers: []cardreader.ReaderStatus{{Reader: readerName, Stage: cardreader.NoCard}, otherCard()}},
	}},
	{"hostile", false, []cardreader.Snapshot{{Readers: []cardreader.ReaderStatus{
		{Reader: hostile, Stage: cardreader.Read, Card: dentist(unverified("unheard-of\x1b"), func(c *cps.Card) {
			c.Number, c.Kind = hostile, cps.Kind(hostile)
			c.Identifier.Identifier = nationalid.Identifier{Value: hostile[:64]}
			c.Identifier.CertificateValue = hostile
			c.Holder = cps.Holder{FamilyName: hostile, GivenName: strings.Repeat("A", 3000), Profession: cps.Coded{Code: hostile}}
			c.Gaps = []cps.Gap{{Part: hostile, Err: errors.New(hostile)}}
		})},
		{Reader: hostile + "2", Stage: cardreader.Unreadable, Err: errors.New(hostile)},
	}}}},
	{"demonstration", true, []cardreader.Snapshot{{}}},
	{"demonstration-no-service", true, []cardreader.Snapshot{{Service: failed(pcsc.ErrService)}}},
}
