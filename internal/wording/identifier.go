package wording

import (
	"slices"
	"strings"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/language"
)

// aspect is which of the three checks a problem belongs to.
type aspect int

const (
	form aspect = iota
	key
	sources
)

// problem is how a problem of the identifier is said.
type problem struct {
	aspect aspect
	tone   Tone
	text   string // key: what it is and what it means
	next   string // key: what to do
}

// problems is the catalogue of them, by stable code.
var problems = map[nationalid.Problem]problem{
	nationalid.ProblemTypeUnknown:     {form, Warning, "problem.type-unknown", "next.problem.form"},
	nationalid.ProblemLength:          {form, Warning, "problem.length", "next.problem.form"},
	nationalid.ProblemCharacters:      {form, Warning, "problem.characters", "next.problem.form"},
	nationalid.ProblemRegisterMissing: {form, Warning, "problem.register-missing", "next.problem.form"},
	nationalid.ProblemZeros:           {form, Warning, "problem.all-zeros", "next.problem.form"},
	nationalid.ProblemLuhn:            {key, Bad, "problem.luhn", "next.problem.luhn"},
	nationalid.ProblemKeyUnknown:      {key, Plain, "problem.check-digit-unknown", "next.problem.check-digit-unknown"},

	nationalid.Problem(nationalid.FormEmpty):         {form, Warning, "problem.empty", "next.problem.form"},
	nationalid.Problem(nationalid.FormTooLong):       {form, Warning, "problem.too-long", "next.problem.form"},
	nationalid.Problem(nationalid.FormUnreadable):    {form, Warning, "problem.unreadable", "next.problem.form"},
	nationalid.Problem(nationalid.FormTypeDigit):     {form, Warning, "problem.type-digit", "next.problem.form"},
	nationalid.Problem(nationalid.FormNumberMissing): {form, Warning, "problem.number-missing", "next.problem.form"},
	nationalid.Problem(nationalid.FormMailAddress):   {form, Warning, "problem.mail-address", "next.problem.form"},
	nationalid.Problem(nationalid.FormCardSerial):    {form, Warning, "problem.card-serial", "next.problem.form"},

	cps.ProblemDisagree:    {sources, Bad, "problem.sources-disagree", "next.problem.sources-disagree"},
	cps.ProblemInfoPS:      {sources, Warning, "problem.info-ps-unreadable", reinsert},
	cps.ProblemCertificate: {sources, Warning, "problem.certificate-unreadable", reinsert},
}

// reinsert is the next step when a source could not be read.
const reinsert = "next.problem.source-unreadable"

// pressing is the next step of the most pressing problem: "" when none has one.
// Between two alike, the last of the three checks decides: while the sources
// are in doubt, nothing that they say is certain.
func pressing(codes []nationalid.Problem) string {
	var most problem
	for _, code := range codes {
		p, ok := problems[code]
		if ok && (p.tone > most.tone || p.tone == most.tone && p.aspect >= most.aspect) {
			most = p
		}
	}
	return most.next
}

// Problem explains a problem of an identifier by its stable code: what it is
// and what it means, and what to do next, in whole sentences. A code that has
// no sentence yet is named as it is.
func Problem(s *language.Speaker, code nationalid.Problem) (text, next string) {
	p, ok := problems[code]
	if !ok {
		return s.Say("problem.other", "Code", foreign(string(code))), s.Say("next.problem.form")
	}
	return s.Say(p.text), s.Say(p.next)
}

// typeKeys name each type of identifier.
var typeKeys = map[nationalid.Type]string{
	nationalid.RPPS:         "identifier.type.rpps",
	nationalid.ADELI:        "identifier.type.adeli",
	nationalid.FINESS:       "identifier.type.finess",
	nationalid.SIREN:        "identifier.type.siren",
	nationalid.SIRET:        "identifier.type.siret",
	nationalid.CabinetRPPS:  "identifier.type.cabinet-rpps",
	nationalid.CabinetADELI: "identifier.type.cabinet-adeli",
	nationalid.DRASS:        "identifier.type.drass",
	nationalid.Student:      "identifier.type.student",
}

// Type names the register that gave an identifier.
func Type(s *language.Speaker, t nationalid.Type) string {
	if k, ok := typeKeys[t]; ok {
		return s.Say(k)
	}
	return s.Say("identifier.type.unknown")
}

// IsRPPS tells whether the value has the form that ANS gives for a CPx: 8 and
// the 11 digits of the RPPS, which can then be taken alone.
func IsRPPS(id nationalid.Identifier) bool {
	return id.Type == nationalid.RPPS && len(id.Value) == 12 && len(id.Number) == 11
}

// IsVerified tells whether the form and the check digit hold and no source on
// the card says otherwise, after all of them were asked.
func IsVerified(id cps.Identifier) bool {
	return id.Status == cps.Verified && len(id.Problems) == 0
}

// Sides are the two identifiers of a card whose sources disagree, each under its
// source; nil when nothing on the card says another one.
func Sides(s *language.Speaker, id cps.Identifier) []Fact {
	if id.Value == "" || id.CertificateValue == "" && !slices.Contains(id.Problems, cps.ProblemDisagree) {
		return nil
	}
	first, second := s.Say("identifier.side.certificate"), s.Say("identifier.side.certificate")
	if slices.Contains(id.Sources, cps.SourceInfoPS) {
		first = s.Say("identifier.side.info-ps")
	} else {
		second = s.Say("identifier.side.other-certificate")
	}
	said := func(label, value string) Fact {
		if value = foreign(nationalid.Grouped(value)); value == "" {
			value = s.Say("card.unknown")
		}
		return Fact{Tone: Warning, Label: label, Value: value}
	}
	return []Fact{said(first, id.Value), said(second, id.CertificateValue)}
}

// Checks are the three that an identifier passes, or does not: its form, its
// check digit, and whether the sources on the card agree. While the reading
// goes on (not complete), the certificate is awaited. A check that passes, or is
// under way, is said after its Label; any other in whole sentences that can do
// without it. What to do about a problem is said by the answer of the Account.
func Checks(s *language.Speaker, id cps.Identifier, complete bool) []Fact {
	var found [3]Fact
	for _, code := range id.Problems {
		text, next := Problem(s, code)
		p, ok := problems[code]
		if !ok {
			p.tone = Warning
		}
		f := &found[p.aspect]
		if p.tone > f.Tone {
			f.Tone = p.tone
		}
		f.Value = strings.TrimSpace(f.Value + " " + text)
		if p.tone == Plain { // the answer asks for nothing
			f.Value += " " + next
		}
	}
	return []Fact{
		checkForm(s, id, found[form]),
		checkKey(s, id, found[key], found[form].Value == ""),
		checkSources(s, id, found[sources], complete),
	}
}

func checkForm(s *language.Speaker, id cps.Identifier, found Fact) Fact {
	found.Label = s.Say("identifier.form")
	switch {
	case found.Value != "":
	case IsRPPS(id.Identifier):
		found.Value = s.Say("identifier.form.rpps")
	default:
		found.Value = s.Say("identifier.form.other", "Type", Type(s, id.Type))
	}
	return found
}

func checkKey(s *language.Speaker, id cps.Identifier, found Fact, formHolds bool) Fact {
	found.Label = s.Say("identifier.key")
	switch {
	case found.Value != "":
	case formHolds:
		found.Value = s.Say("identifier.key.holds")
	default:
		found.Tone, found.Value = Warning, s.Say("identifier.key.not-checked")
	}
	return found
}

func checkSources(s *language.Speaker, id cps.Identifier, found Fact, complete bool) Fact {
	found.Label = s.Say("identifier.sources")
	if id.CertificateValue != "" {
		found.Tone = Bad
		found.Value = strings.TrimSpace(found.Value + " " + s.Say("identifier.sources.certificate-says", "Value", foreign(id.CertificateValue)))
	}
	switch {
	case found.Value != "":
	case len(id.Sources) > 1:
		found.Value = s.Say("identifier.sources.agree")
	case !complete, id.Status == cps.Pending:
		found.Tone, found.Value = Working, s.Say("identifier.sources.awaited")
	case len(id.Sources) == 1 && id.Sources[0] == cps.SourceCertificate:
		found.Tone, found.Value = Plain, s.Say("identifier.sources.certificate-only")
	default:
		found.Tone, found.Value = Plain, s.Say("identifier.sources.info-ps-only")
	}
	return found
}
