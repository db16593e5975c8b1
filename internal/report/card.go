// Package report writes what was found as documents that other programs read.
package report

import (
	"cmp"
	"fmt"
	"time"

	"postecpx/cardreader/cps"
)

// CardSchema names the form of the card document. Paths are only ever added
// to it.
const CardSchema = "postecpx.card/1"

// Card is the card document. A value that is unknown is left out.
type Card struct {
	Schema        string        `json:"schema"`
	Reader        string        `json:"reader"`
	Interface     string        `json:"interface"`
	ATR           string        `json:"atr"`
	Generation    string        `json:"generation"`
	Product       string        `json:"product,omitempty"`
	Kind          string        `json:"kind,omitempty"`
	Number        string        `json:"number,omitempty"`
	Test          *bool         `json:"test,omitempty"`
	Demonstration bool          `json:"demonstration,omitempty"`
	Issued        string        `json:"issued,omitempty"`
	Expires       string        `json:"expires,omitempty"`
	Identifier    Identifier    `json:"identifier"`
	Holder        *Holder       `json:"holder,omitempty"`
	PIN           *PIN          `json:"pin,omitempty"`
	Certificates  []Certificate `json:"certificates,omitempty"`
	Unread        []Gap         `json:"unread,omitempty"`
	Exchanges     int           `json:"exchanges"`
}

// Identifier is the identifiant national and what supports it.
type Identifier struct {
	Value    string   `json:"value,omitempty"`
	Type     string   `json:"type,omitempty"`
	Number   string   `json:"number,omitempty"`
	Status   string   `json:"status"`
	Sources  []string `json:"sources"`
	Problems []string `json:"problems"`
	// Certificate is what the certificate says when that is something else.
	Certificate string `json:"certificateValue,omitempty"`
}

// Holder is the person.
type Holder struct {
	Civility         string `json:"civility,omitempty"` // in words, or its code (G03)
	FamilyName       string `json:"familyName,omitempty"`
	GivenName        string `json:"givenName,omitempty"`
	Profession       *Coded `json:"profession,omitempty"`
	FutureProfession *Coded `json:"futureProfession,omitempty"`
	Speciality       *Coded `json:"speciality,omitempty"`
	Responsibility   *Coded `json:"responsibility,omitempty"`
}

// Coded is a nomenclature code and its label.
type Coded struct {
	Code  string `json:"code"`
	Label string `json:"label,omitempty"`
}

// PIN is the counter of the code porteur.
type PIN struct {
	TriesLeft int `json:"triesLeft"`
	TriesMax  int `json:"triesMax,omitempty"`
}

// Certificate is one certificate of the card.
type Certificate struct {
	Role      string   `json:"role"`
	Label     string   `json:"label,omitempty"`
	Subject   string   `json:"subject,omitempty"`
	Issuer    string   `json:"issuer,omitempty"`
	Serial    string   `json:"serial,omitempty"`
	NotBefore string   `json:"notBefore,omitempty"`
	NotAfter  string   `json:"notAfter,omitempty"`
	Usage     []string `json:"usage,omitempty"`
	// Status is about the dates only: valid, expired, not-yet-valid, or
	// unreadable.
	Status string `json:"status"`
}

// Gap is a part of the card that was not read.
type Gap struct {
	Part   string `json:"part"`
	Reason string `json:"reason"`
}

// NewCard makes the document of a card read at that time.
func NewCard(reader string, c *cps.Card, now time.Time) Card {
	d := Card{
		Schema:     CardSchema,
		Reader:     reader,
		Interface:  string(c.Interface),
		ATR:        fmt.Sprintf("%X", c.ATR.Raw),
		Generation: string(c.Generation),
		Product:    c.Product,
		Kind:       string(c.Kind),
		Number:     c.Number,
		Test:       c.Test,
		Issued:     c.Issued.String(),
		Expires:    c.Expires.String(),
		Identifier: newIdentifier(c.Identifier),
		Holder:     newHolder(c.Holder),
		Exchanges:  c.Exchanges,
	}
	if c.PIN.Known {
		d.PIN = &PIN{c.PIN.TriesLeft, c.PIN.TriesMax}
	}
	for _, certificate := range c.Certificates {
		d.Certificates = append(d.Certificates, newCertificate(certificate, now))
	}
	for _, g := range c.Gaps {
		d.Unread = append(d.Unread, Gap{g.Part, g.Err.Error()})
	}
	return d
}

func newIdentifier(id cps.Identifier) Identifier {
	d := Identifier{
		Value: id.Value, Type: string(id.Type), Number: id.Number, Status: string(id.Status),
		Sources: make([]string, 0, 2), Problems: make([]string, 0), Certificate: id.CertificateValue,
	}
	for _, s := range id.Sources {
		d.Sources = append(d.Sources, string(s))
	}
	for _, p := range id.Problems {
		d.Problems = append(d.Problems, string(p))
	}
	return d
}

func newHolder(h cps.Holder) *Holder {
	if h == (cps.Holder{}) {
		return nil
	}
	coded := func(c cps.Coded) *Coded {
		if c.Code == "" {
			return nil
		}
		return &Coded{c.Code, c.Label}
	}
	return &Holder{
		Civility: cmp.Or(h.Civility.Label, h.Civility.Code), FamilyName: h.FamilyName, GivenName: h.GivenName,
		Profession: coded(h.Profession), FutureProfession: coded(h.FutureProfession),
		Speciality: coded(h.Speciality), Responsibility: coded(h.Responsibility),
	}
}

func newCertificate(c cps.Certificate, now time.Time) Certificate {
	d := Certificate{
		Role: string(c.Role), Label: c.Label, Subject: c.DN, Issuer: c.Issuer, Serial: c.Serial, Usage: c.Usage,
		Status: "unreadable",
	}
	if c.NotAfter.IsZero() {
		return d
	}
	d.NotBefore, d.NotAfter = c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339)
	switch {
	case c.Err != nil:
	case now.Before(c.NotBefore):
		d.Status = "not-yet-valid"
	case now.After(c.NotAfter):
		d.Status = "expired"
	default:
		d.Status = "valid"
	}
	return d
}
