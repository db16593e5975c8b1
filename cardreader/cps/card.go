// Package cps knows the cards of the CPx family that the Agence du Numérique
// en Santé issues: which card is in the reader, what is where on it, and how
// to decode it. It reads through an iso7816.Transmitter, sends only what reads,
// and never presents a code porteur. It is pure: no reader, no clock.
package cps

import (
	"fmt"
	"time"

	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/nationalid"
)

// Generation of a card, as ANS names it.
type Generation string

// Generations that exist. GenerationUnknown is a CPx whose ATR says no more
// than its family.
const (
	CPS2ter           Generation = "CPS2ter"
	CPS3              Generation = "CPS3"
	CPS4              Generation = "CPS4"
	GenerationUnknown Generation = "unknown"
)

// Interface is how the card is reached.
type Interface string

// The two interfaces of a CPx.
const (
	Contact     Interface = "contact"
	Contactless Interface = "contactless"
)

// Kind of card: table G02, refined by the niveau de responsabilité G04.
type Kind string

// Kinds of CPx. An empty Kind is unknown.
const (
	CPS Kind = "CPS" // professionnel de santé
	CPF Kind = "CPF" // professionnel en formation
	CPE Kind = "CPE" // personnel d'établissement
	CDE Kind = "CDE" // directeur d'établissement
	CPA Kind = "CPA" // personnel autorisé
	CDA Kind = "CDA" // directeur de structure autorisée
)

// Card is all that a CPx tells without a code porteur. A zero field is
// unknown; when the card should have given it, a Gap says why it did not.
type Card struct {
	ATR        iso7816.ATR
	Generation Generation
	Interface  Interface
	Product    string // label of EF.TokenInfo, "CPS3v3-2900999999"

	Kind Kind
	// Test is true when the card says so (category G01), when its number range
	// or its certificates are those of ANS's test cards; false when the card
	// says that it is real; nil when nothing tells.
	Test *bool
	// Number is the card number, 10 digits.
	Number  string
	Issued  Date
	Expires Date

	Identifier   Identifier
	Holder       Holder
	PIN          PIN
	Certificates []Certificate

	// Paths tells where the data objects and the certificates lie that were
	// read, by their labels: "3F000001A071".
	Paths map[string]string
	// Gaps are the parts that the card should have given and did not.
	Gaps []Gap
	// Exchanges counts the APDU pairs that this reading took.
	Exchanges int
}

// IdentifierStatus says how far the identifier can be trusted.
type IdentifierStatus string

// Verified: the form and the check digit hold and all sources agree.
// Unverified: it was read, with Problems. Absent: the card gave none.
// Pending: it was read from CPS_INFO_PS and shows no problem, and the
// certificate has not been compared yet.
const (
	Verified   IdentifierStatus = "verified"
	Unverified IdentifierStatus = "unverified"
	Absent     IdentifierStatus = "absent"
	Pending    IdentifierStatus = "pending"
)

// Source is where on the card an identifier was read.
type Source string

// Sources of the identifier.
const (
	SourceInfoPS      Source = "CPS_INFO_PS"
	SourceCertificate Source = "certificate"
)

// Identifier is the identifiant national of the holder and what supports it.
type Identifier struct {
	nationalid.Identifier
	Status  IdentifierStatus
	Sources []Source
	// Problems are stable codes: those of nationalid, and those below.
	Problems []nationalid.Problem
	// CertificateValue is what the authentication certificate says, when that
	// differs from Value.
	CertificateValue string
}

// Problems found when the sources are compared.
const (
	ProblemDisagree    nationalid.Problem = "sources-disagree"
	ProblemInfoPS      nationalid.Problem = "info-ps-unreadable"
	ProblemCertificate nationalid.Problem = "certificate-unreadable"
)

// Coded is a code of an ANS nomenclature with its label; Label is empty when
// the code is not in the table.
type Coded struct{ Code, Label string }

// Holder is the person.
type Holder struct {
	Civility   Coded // G03
	FamilyName string
	GivenName  string
	Profession Coded // G15
	// FutureProfession is that of a CPF (G16).
	FutureProfession Coded
	Speciality       Coded // R01
	// Responsibility is the niveau de responsabilité (G04), known from some
	// certificates only.
	Responsibility Coded
}

// PIN is the state of the code porteur, read without presenting it.
type PIN struct {
	Known     bool
	TriesLeft int
	TriesMax  int // 0 when the card does not say
}

// Blocked tells whether no try is left.
func (p PIN) Blocked() bool { return p.Known && p.TriesLeft == 0 }

// Role of a certificate on the card.
type Role string

// Roles.
const (
	Authentication Role = "authentication"
	Signature      Role = "signature"
	Technical      Role = "technical" // contactless
	RoleUnknown    Role = "unknown"
)

// Certificate is an X.509 certificate of the card. When it could not be
// parsed, Raw holds what was read and Err says what is wrong.
type Certificate struct {
	Role  Role
	Label string // of the PKCS#15 object
	Raw   []byte
	Subject
	Issuer    string // RFC 4514 form
	Serial    string // hexadecimal
	NotBefore time.Time
	NotAfter  time.Time
	Usage     []string // X.509 names: digitalSignature, nonRepudiation …
	Err       error

	issuer []igcsante.Attribute
}

// Subject is a certificate subject as ANS writes it: the last RDN holds
// CN, SN and GN together.
type Subject struct {
	DN         string // RFC 4514 form, "+" between the values of one RDN
	CommonName string // the identifiant national of a person
	Surname    string
	GivenName  string
	Title      string // profession in words
	// Attributes are all of them, in the order of the certificate.
	Attributes []igcsante.Attribute
}

// Gap is a part of the card that could not be read, and why.
type Gap struct {
	Part string // the ANS or PKCS#15 name: "CPS_NAME_PS", "EF.SN.ICC" …
	Err  error
}

func (g Gap) Error() string { return fmt.Sprintf("%s: %v", g.Part, g.Err) }

func (g Gap) Unwrap() error { return g.Err }

// Date is a day of the calendar, without hour or zone. The zero Date is unknown.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// IsZero tells whether the date is unknown.
func (d Date) IsZero() bool { return d == Date{} }

// String gives the ISO 8601 form, 2027-02-21, or "" when unknown.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Before tells whether d ends before the day that t falls in, in t's zone: a
// card is valid through the whole of its last day.
func (d Date) Before(t time.Time) bool {
	y, m, day := t.Date()
	switch {
	case d.Year != y:
		return d.Year < y
	case d.Month != m:
		return d.Month < m
	}
	return d.Day < day
}
