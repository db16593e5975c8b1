package ui

import (
	"slices"
	"strings"

	"postecpx/cardreader"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// longName is how much of the name of a module is shown in a sentence.
const longName = 48

// answer is the one answer in words of the place Intégration.
func (i *integrationScreen) answer() wording.Statement {
	s := i.speaker
	switch i.stage {
	case notExamined:
		return wording.Statement{Code: "not-examined", Tone: wording.Plain, Title: s.Say("integration.not-examined"),
			Meaning: s.Say("integration.not-examined.meaning"), Next: s.Say("integration.not-examined.next")}
	case examining:
		st := wording.Statement{Code: "examining", Tone: wording.Working, Title: s.Say("integration.examining"), Meaning: s.Say("integration.step.card")}
		switch i.step {
		case StepModules:
			st.Meaning = s.Say("integration.step.modules")
		case StepCertificates:
			st.Meaning = s.Say("integration.step.certificates")
		}
		return st
	case interrupted:
		return wording.Statement{Code: "interrupted", Tone: wording.Plain, Title: s.Say("integration.interrupted"), Next: s.Say("integration.again")}
	case outdated:
		return wording.Statement{Code: "outdated", Tone: wording.Plain, Title: s.Say("integration.outdated"),
			Meaning: s.Say("integration.outdated.meaning"), Next: s.Say("integration.again")}
	}
	return i.verdict()
}

// verdict says what the examination found, the most pressing first.
func (i *integrationScreen) verdict() wording.Statement {
	s := i.speaker
	if len(i.survey.Probes) == 0 {
		return wording.Statement{Code: "none", Tone: wording.Warning, Title: s.Say("integration.none"),
			Meaning: s.Say("integration.none.meaning"), Next: s.Say("integration.none.next")}
	}
	answering, broken := split(i.survey.Probes)
	agreeing, contradicting, blind := opinions(i.survey.Comparison)
	told := i.tell(answering, agreeing, blind)
	switch {
	case len(contradicting) > 0:
		return wording.Statement{Code: "contradiction", Tone: wording.Bad,
			Title:   s.Say("integration.contradiction", "Count", len(contradicting), "Modules", namesOf(contradicting)),
			Meaning: s.Say("integration.contradiction.meaning"), Next: s.Say("integration.contradiction.next")}
	case len(broken) > 0:
		st := wording.Statement{Code: "broken", Tone: wording.Warning, Title: s.Say("integration.broken", "Count", len(broken), "Modules", namesOfProbes(broken)), Next: s.Say("integration.broken.next")}
		if len(answering) == 0 || slices.ContainsFunc(broken, isCryptolib) {
			st.Tone = wording.Bad
		}
		var what []string
		for _, p := range broken[:min(len(broken), 3)] {
			status := wording.ModuleStatus(s, p)
			what = append(what, s.Say("ui.labelled", "Label", plaintext.Line(status.Label, longName), "Value", status.Value)+".")
		}
		if len(answering) > 0 {
			what = append(what, told.Title+".")
		}
		st.Meaning = strings.Join(what, " ")
		return st
	}
	return told
}

// tell says what the modules that answer tell of the card.
func (i *integrationScreen) tell(answering []pkcs11.Probe, agreeing, blind []pkcs11.Module) wording.Statement {
	s := i.speaker
	switch {
	case i.survey.Comparison == nil && i.survey.CardErr != nil:
		return wording.Statement{Code: "card-unread", Tone: wording.Warning, Title: s.Say("integration.card-unread"),
			Meaning: s.Say("integration.answer-only", "Count", len(answering)) + ".\n" + s.Say("ui.cause", "Cause", wording.Cause(i.survey.CardErr)),
			Next:    s.Say("integration.card-unread.next")}
	case i.survey.Comparison == nil:
		return wording.Statement{Code: "no-card", Tone: wording.Plain, Title: s.Say("integration.answer-only", "Count", len(answering)),
			Meaning: s.Say("integration.no-card"), Next: s.Say("integration.no-card.next")}
	case len(agreeing) == 0:
		return wording.Statement{Code: "blind", Tone: wording.Bad, Title: s.Say("integration.blind"),
			Meaning: s.Say("integration.blind.meaning"), Next: s.Say("integration.blind.next")}
	}
	// What is well is the answer only where nothing is wrong: else it stands
	// under what is.
	agree := s.Say("integration.agree", "Count", len(agreeing))
	var others string
	if len(blind) > 0 {
		others = s.Say("integration.some-blind", "Count", len(blind), "Modules", namesOf(blind))
	}
	if worst, count := i.worstCertificate(); count > 0 {
		return wording.Statement{Code: "certificate", Tone: worst.Tone, Title: s.Say("integration.certificates.attention", "Count", count),
			Meaning: joined(s.Say("ui.labelled", "Label", worst.Label, "Value", worst.Value)+".", agree+".", others),
			Next:    s.Say("integration.certificates.next")}
	}
	if slices.ContainsFunc(blind, func(m pkcs11.Module) bool { return m.Family == pkcs11.Cryptolib }) {
		return wording.Statement{Code: "cryptolib-blind", Tone: wording.Warning, Title: s.Say("integration.cryptolib-blind"),
			Meaning: joined(agree+".", others), Next: s.Say("integration.blind.next")}
	}
	return wording.Statement{Code: "agree", Tone: wording.Good, Title: agree, Meaning: others}
}

// joined puts sentences one after the other.
func joined(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// worstCertificate is what is said of the certificate that needs attention most,
// under its role, and how many need some.
func (i *integrationScreen) worstCertificate() (worst wording.Fact, count int) {
	for at, c := range i.survey.Certificates {
		f := i.pressing(at)
		if f.Tone < wording.Warning {
			continue
		}
		count++
		if f.Tone > worst.Tone || count == 1 {
			worst = f
			worst.Label = i.roleOf(c)
		}
	}
	return worst, count
}

// split parts the modules that answer from those that do not.
func split(probes []pkcs11.Probe) (answering, broken []pkcs11.Probe) {
	for _, p := range probes {
		if p.Status == pkcs11.OK {
			answering = append(answering, p)
		} else {
			broken = append(broken, p)
		}
	}
	return answering, broken
}

func isCryptolib(p pkcs11.Probe) bool { return p.Module.Family == pkcs11.Cryptolib }

// opinions parts the modules that answer by what they tell of the card. To
// agree, a module must tell at least one fact as the card does.
func opinions(c *cardreader.Comparison) (agreeing, contradicting, blind []pkcs11.Module) {
	if c == nil {
		return nil, nil, nil
	}
	for at, w := range c.Witnesses {
		if w.Module == nil {
			continue
		}
		same := slices.ContainsFunc(c.Rows, func(r cardreader.Row) bool { return r.Values[at] != "" && r.Values[at] == r.Values[0] })
		switch {
		case slices.ContainsFunc(c.Disagreements, func(d cardreader.Disagreement) bool { return d.Module.Path == w.Module.Path }):
			contradicting = append(contradicting, *w.Module)
		case w.Status != pkcs11.OK: // said elsewhere
		case w.Sees && same:
			agreeing = append(agreeing, *w.Module)
		default:
			blind = append(blind, *w.Module)
		}
	}
	return agreeing, contradicting, blind
}

func namesOf(modules []pkcs11.Module) string {
	var all []string
	for _, m := range modules {
		all = append(all, plaintext.Line(m.Name, longName))
	}
	return plaintext.Line(strings.Join(all, ", "), 3*longName)
}

func namesOfProbes(probes []pkcs11.Probe) string {
	var all []pkcs11.Module
	for _, p := range probes {
		all = append(all, p.Module)
	}
	return namesOf(all)
}
