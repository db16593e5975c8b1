package wording

import (
	"strings"

	"postecpx/cardreader"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/language"
)

// phrase is a tone and a catalogue key.
type phrase struct {
	tone Tone
	key  string
}

// moduleStatuses say what became of a module.
var moduleStatuses = map[pkcs11.Status]phrase{
	pkcs11.OK:                {Good, "module.ok"},
	pkcs11.Missing:           {Bad, "module.missing"},
	pkcs11.Unreadable:        {Bad, "module.unreadable"},
	pkcs11.WrongArchitecture: {Bad, "module.wrong-architecture"},
	pkcs11.MissingLibrary:    {Bad, "module.missing-library"},
	pkcs11.NoSymbol:          {Bad, "module.no-symbol"},
	pkcs11.Failed:            {Bad, "module.failed"},
	pkcs11.Crashed:           {Bad, "module.crashed"},
	pkcs11.TimedOut:          {Bad, "module.timed-out"},
}

// ModuleStatus says what became of a module, with the call where it happened.
func ModuleStatus(s *language.Speaker, p pkcs11.Probe) Fact {
	found, ok := moduleStatuses[p.Status]
	if !ok {
		found = moduleStatuses[pkcs11.Failed]
	}
	call := p.Call
	if p.Code != "" {
		call += " (" + p.Code + ")"
	}
	return Fact{Tone: found.tone, Label: foreign(p.Module.Name), Value: s.Say(found.key, "Call", foreign(call), "Lacks", foreign(strings.Join(p.File.Lacks, ", ")), "Arch", foreign(strings.Join(p.File.Arch, ", ")))}
}

// ModuleDetail is the technical detail on one line, "" for none, in the words
// of what failed.
func ModuleDetail(p pkcs11.Probe) string {
	detail := p.Detail
	if detail == "" && p.Status != pkcs11.OK {
		detail = p.File.Detail
	}
	return foreign(detail)
}

// Declarations say what names a module.
func Declarations(s *language.Speaker, m pkcs11.Module) []string {
	keys := map[string]string{
		"known-place": "module.by.known-place", "p11-kit": "module.by.p11-kit", "mozilla-manifest": "module.by.mozilla-manifest",
		"firefox-profile": "module.by.firefox-profile", "firefox-policy": "module.by.firefox-policy", "nss-database": "module.by.nss-database", "given": "module.by.given",
	}
	var all []string
	for _, d := range m.DeclaredBy {
		key, ok := keys[d.By]
		if !ok {
			continue
		}
		all = append(all, strings.TrimSpace(s.Say(key)+" "+foreign(d.File)))
	}
	return all
}

// Writable warns that anyone may change what the module trusts, "" when not.
func Writable(s *language.Speaker, f pkcs11.File) string {
	if len(f.WorldWritable) == 0 {
		return ""
	}
	return s.Say("module.world-writable", "Paths", foreign(strings.Join(f.WorldWritable, ", ")))
}

// factKeys name what is compared.
var factKeys = map[cardreader.Fact]string{
	cardreader.FactNumber:         "compare.number",
	cardreader.FactIdentifier:     "compare.identifier",
	cardreader.FactHolder:         "compare.holder",
	cardreader.FactAuthentication: "compare.authentication-certificate",
	cardreader.FactSignature:      "compare.signature-certificate",
	cardreader.FactTries:          "compare.tries",
}

// triesKeys say the state of the code porteur.
var triesKeys = map[string]string{
	"blocked": "compare.tries.blocked", "last-try": "compare.tries.last-try", "low": "compare.tries.low", "full": "compare.tries.full",
}

// ComparedFact names a fact.
func ComparedFact(s *language.Speaker, f cardreader.Fact) string { return s.Say(factKeys[f]) }

// ComparedValue is the value of a fact as a witness tells it.
func ComparedValue(s *language.Speaker, f cardreader.Fact, value string) string {
	if key, ok := triesKeys[value]; ok && f == cardreader.FactTries {
		return s.Say(key)
	}
	if value == "" {
		return s.Say("compare.silent")
	}
	return foreign(value)
}

// Disagreement says who contradicts the card, and the usual cause.
func Disagreement(s *language.Speaker, d cardreader.Disagreement) Statement {
	st := Statement{
		Code: "disagreement", Tone: Bad,
		Title: s.Say("compare.disagree", "Module", foreign(d.Module.Name), "Fact", ComparedFact(s, d.Fact),
			"Says", ComparedValue(s, d.Fact, d.Says), "Card", ComparedValue(s, d.Fact, d.Card)),
	}
	if d.AllFiles != "" {
		st.Meaning = s.Say("compare.cache")
		if len(d.Files) > 0 {
			st.Meaning += " " + s.Say("compare.cache.file", "Files", foreign(strings.Join(d.Files, ", ")))
		}
		st.Next = s.Say("compare.cache.next", "Files", foreign(d.AllFiles))
	}
	return st
}

// loginOutcomes say what became of a code porteur that was to be presented.
var loginOutcomes = map[pkcs11.LoginOutcome]keys{
	pkcs11.LoginOK:          {Good, "proof.login.ok", "", ""},
	pkcs11.LoginWrongCode:   {Bad, "proof.login.wrong-code", "proof.login.wrong-code.meaning", "proof.login.wrong-code.next"},
	pkcs11.LoginBlocked:     {Bad, "proof.login.blocked", "proof.login.blocked.meaning", "next.blocked"},
	pkcs11.LoginWrongLength: {Bad, "proof.login.wrong-length", "proof.login.refused", "proof.login.wrong-length.next"},
	pkcs11.LoginLastTry:     {Warning, "proof.login.last-try", "proof.login.refused", "proof.login.last-try.next"},
	pkcs11.LoginNoCode:      {Warning, "proof.login.no-code", "proof.login.refused", ""},
	pkcs11.LoginCardRemoved: {Bad, "proof.login.card-removed", "", "proof.login.card-removed.next"},
	pkcs11.LoginOther:       {Bad, "proof.login.other", "", "proof.login.other.next"},
	pkcs11.LoginUnknown:     {Bad, "proof.login.unknown", "proof.login.unknown.meaning", "proof.login.other.next"},
}

// Login says what became of the code porteur; left are the tries that the card
// has now, nil when that is not known.
func Login(s *language.Speaker, p pkcs11.Proof, left *int) Statement {
	k, ok := loginOutcomes[p.Login]
	if !ok {
		k = loginOutcomes[pkcs11.LoginOther]
	}
	st := Statement{Code: string(p.Login), Tone: k.tone, Title: s.Say(k.title, "Code", foreign(p.LoginCode))}
	switch {
	case !p.Presented && p.Login != pkcs11.LoginOK:
		st.Meaning = s.Say("proof.login.refused")
	case k.meaning != "" && k.meaning != "proof.login.refused":
		st.Meaning = s.Say(k.meaning)
	}
	if k.next != "" {
		st.Next = s.Say(k.next)
	}
	if p.Login == pkcs11.LoginWrongCode && left != nil && *left == 0 {
		st.Meaning, st.Next = s.Say("proof.login.wrong-code.blocked"), s.Say("next.blocked")
	}
	return st
}

// KeyProof says what one private key did.
func KeyProof(s *language.Speaker, k pkcs11.KeyProof) Fact {
	f := Fact{Label: s.Say("proof.key." + string(k.Role))}
	switch {
	case k.OK:
		f.Tone, f.Value = Good, s.Say("proof.key.ok", "Mechanism", foreign(k.Mechanism))
	case k.Failure != nil:
		f.Tone, f.Value = Bad, s.Say("proof.key.failed", "Call", foreign(k.Failure.Call), "Code", foreign(k.Failure.Code))
	default:
		f.Tone, f.Value = Bad, s.Say("proof.key.problem", "Problem", foreign(k.Problem))
	}
	return f
}

// verdicts say where the chain of a certificate leads.
var verdicts = map[igcsante.Verdict]phrase{
	igcsante.ChainedToIGCSante:  {Good, "chain.igc-sante"},
	igcsante.TestHierarchy:      {Plain, "chain.test"},
	igcsante.IssuerMissing:      {Warning, "chain.issuer-missing"},
	igcsante.UnknownIssuer:      {Warning, "chain.unknown-issuer"},
	igcsante.SignatureWrong:     {Bad, "chain.signature-wrong"},
	igcsante.SignatureUnchecked: {Warning, "chain.signature-unchecked"},
	igcsante.Unparsable:         {Bad, "chain.unparsable"},
}

// Chain says where the chain of a certificate leads.
func Chain(s *language.Speaker, e igcsante.Examination) Fact {
	v, ok := verdicts[e.Verdict]
	if !ok {
		v = verdicts[igcsante.Unparsable]
	}
	missing := ""
	if e.Missing != nil {
		missing = strings.TrimSpace(foreign(e.Missing.Name) + " " + foreign(e.Missing.Published))
	}
	return Fact{Tone: v.tone, Label: s.Say("chain"), Value: s.Say(v.key, "Gamme", foreign(string(e.Gamme)), "Missing", missing, "Issuer", foreign(e.Issuer))}
}

// CertificateValidity says whether the certificate is of this day.
func CertificateValidity(s *language.Speaker, v igcsante.Validity) Fact {
	f := Fact{Label: s.Say("chain.validity")}
	day := "2006-01-02"
	switch v.State {
	case igcsante.Valid:
		f.Tone, f.Value = Good, s.Say("chain.valid", "To", v.NotAfter.Format(day), "Days", v.DaysLeft)
	case igcsante.Expired:
		f.Tone, f.Value = Bad, s.Say("chain.expired", "To", v.NotAfter.Format(day))
	case igcsante.NotYetValid:
		f.Tone, f.Value = Bad, s.Say("chain.not-yet", "From", v.NotBefore.Format(day))
	default:
		f.Tone, f.Value = Warning, s.Say("chain.validity.unknown")
	}
	return f
}

// revocations say the outcome of a check that the person asked for.
var revocations = map[igcsante.RevocationStatus]phrase{
	igcsante.Good:            {Good, "revocation.good"},
	igcsante.Revoked:         {Bad, "revocation.revoked"},
	igcsante.UnknownToIssuer: {Warning, "revocation.unknown"},
	igcsante.NotChecked:      {Warning, "revocation.not-checked"},
}

// Revocation says the outcome; "not checked" says why.
func Revocation(s *language.Speaker, r igcsante.RevocationResult) Fact {
	p, ok := revocations[r.Status]
	if !ok {
		p = revocations[igcsante.NotChecked]
	}
	why := ""
	if r.Status == igcsante.NotChecked {
		why = foreign(string(r.Why))
		if key := "revocation.why." + string(r.Why); s.Has(key) {
			why = s.Say(key)
		}
	}
	return Fact{Tone: p.tone, Label: s.Say("revocation"), Value: s.Say(p.key, "Why", why, "Date", r.RevokedAt.Format("2006-01-02"), "Reason", foreign(r.Reason))}
}
