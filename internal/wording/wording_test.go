package wording

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/assets/atr"
	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/cardreader/pcsc"
	"postecpx/internal/language"
)

func speaker(t *testing.T, tag string) *language.Speaker {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var today = time.Date(2026, time.November, 23, 23, 59, 0, 0, time.UTC)

func example(change func(*cps.Card)) *cps.Card {
	c := &cps.Card{
		Kind:   cps.CPS,
		Number: "2900999999",
		Identifier: cps.Identifier{
			Identifier: nationalid.Identifier{Value: "899700218896", Type: nationalid.RPPS, Number: "99700218896"},
			Status:     cps.Verified,
			Sources:    []cps.Source{cps.SourceInfoPS, cps.SourceCertificate},
		},
		Expires: cps.Date{Year: 2026, Month: time.November, Day: 23},
		PIN:     cps.PIN{Known: true, TriesLeft: 3},
	}
	if change != nil {
		change(c)
	}
	return c
}

func codes(a Account) string {
	all := a.Answer.Code
	for _, n := range a.Notices {
		all += " " + n.Code
	}
	return all
}

func TestReaderChoosesTheStatement(t *testing.T) {
	s := speaker(t, "fr")
	failed := func(k pcsc.Kind) error { return fmt.Errorf("read: %w", &pcsc.Error{Op: "SCardTransmit", Kind: k}) }
	yes := true
	reader := func(stage cardreader.Stage, c *cps.Card, err error) cardreader.ReaderStatus {
		return cardreader.ReaderStatus{Stage: stage, Card: c, Err: err}
	}
	for name, c := range map[string]struct {
		status cardreader.ReaderStatus
		want   string
	}{
		"empty":                   {reader(cardreader.NoCard, nil, nil), "no-card"},
		"mute":                    {reader(cardreader.Mute, nil, nil), "mute"},
		"named":                   {cardreader.ReaderStatus{Stage: cardreader.NotCPx, CardName: atr.Name{Kind: atr.Bank, French: "carte bancaire", English: "bank card"}}, "not-cpx"},
		"unnamed":                 {reader(cardreader.NotCPx, nil, nil), "not-cpx-unnamed"},
		"named by nothing":        {cardreader.ReaderStatus{Stage: cardreader.NotCPx, CardName: atr.Name{French: " \n", English: " \n"}}, "not-cpx-unnamed"},
		"reading":                 {reader(cardreader.Reading, nil, nil), "reading"},
		"identified without card": {reader(cardreader.Identified, nil, nil), "reading"},
		"read without card":       {reader(cardreader.Read, nil, nil), "unreadable"},
		"stage of tomorrow":       {reader("tomorrow", nil, nil), "unreadable"},
		"busy":                    {reader(cardreader.Busy, nil, failed(pcsc.ErrBusy)), "busy"},
		"shared":                  {reader(cardreader.Busy, nil, fmt.Errorf("%w: %w", cardreader.ErrShared, failed(pcsc.ErrReset))), "shared"},
		"unreadable":              {reader(cardreader.Unreadable, nil, errors.New("6F00")), "unreadable"},
		"unreadable, reset":       {reader(cardreader.Unreadable, nil, failed(pcsc.ErrReset)), "shared"},
		"unreadable, removed":     {reader(cardreader.Unreadable, nil, failed(pcsc.ErrRemoved)), "removed-early"},
		"unreadable, reader gone": {reader(cardreader.Unreadable, nil, failed(pcsc.ErrNoReader)), "removed-early"},
		"unreadable, slow":        {reader(cardreader.Unreadable, nil, failed(pcsc.ErrTimeout)), "slow"},
		"unreadable, mute":        {reader(cardreader.Unreadable, nil, failed(pcsc.ErrMute)), "mute"},
		"unreadable, refused":     {reader(cardreader.Unreadable, nil, failed(pcsc.ErrAccess)), "service-refused"},
		"identified":              {reader(cardreader.Identified, example(nil), nil), "identified"},
		"not compared, all read": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Status, c.Identifier.Sources = cps.Pending, c.Identifier.Sources[:1]
		}), nil), "identified"},
		"one source": {reader(cardreader.Read, example(func(c *cps.Card) { c.Identifier.Sources = c.Identifier.Sources[:1] }), nil), "verified-alone"},
		"no certificate": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Sources = c.Identifier.Sources[:1]
			c.Gaps = []cps.Gap{{Part: "CDF", Err: cps.ErrNoCertificate}}
		}), nil), "verified-alone no-certificate"},
		"no certificate, a gap too": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Sources = c.Identifier.Sources[:1]
			c.Gaps = []cps.Gap{{Part: "CDF", Err: cps.ErrNoCertificate}, {Part: "EF.SN", Err: errors.New("6A82")}}
		}), nil), "verified-alone no-certificate gaps"},
		"no certificate, contactless": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Interface = cps.Contactless
			c.Gaps = []cps.Gap{{Part: "CDF", Err: cps.ErrNoCertificate}}
		}), nil), "verified"},
		"certificate alone": {reader(cardreader.Read, example(func(c *cps.Card) { c.Identifier.Sources = c.Identifier.Sources[1:] }), nil), "verified-certificate"},
		"expired, one source": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Sources = c.Identifier.Sources[:1]
			c.Expires.Year--
		}), nil), "expired"},
		"verified on its last day": {reader(cardreader.Read, example(nil), nil), "verified"},
		"expired yesterday":        {reader(cardreader.Read, example(func(c *cps.Card) { c.Expires.Day-- }), nil), "expired"},
		"end unknown":              {reader(cardreader.Read, example(func(c *cps.Card) { c.Expires = cps.Date{} }), nil), "verified"},
		"blocked":                  {reader(cardreader.Read, example(func(c *cps.Card) { c.PIN.TriesLeft = 0 }), nil), "blocked"},
		"tries unknown":            {reader(cardreader.Read, example(func(c *cps.Card) { c.PIN = cps.PIN{} }), nil), "verified"},
		"last try, test":           {reader(cardreader.Read, example(func(c *cps.Card) { c.PIN.TriesLeft = 1; c.Test = &yes }), nil), "verified last-try test"},
		"absent":                   {reader(cardreader.Read, example(func(c *cps.Card) { c.Identifier = cps.Identifier{Status: cps.Absent} }), nil), "absent"},
		"absent, contactless": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier = cps.Identifier{Status: cps.Absent}
			c.Interface = cps.Contactless
		}), nil), "absent-contactless"},
		"absent so far": {reader(cardreader.Identified, example(func(c *cps.Card) { c.Identifier = cps.Identifier{} }), nil), "reading"},
		"unverified, the rest too": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Status, c.Identifier.Problems = cps.Unverified, []nationalid.Problem{nationalid.ProblemLuhn}
			c.Expires.Year--
			c.PIN.TriesLeft = 0
			c.Gaps = []cps.Gap{{Part: "EF.SN"}}
		}), nil), "unverified expired blocked gaps"},
		"expired and absent": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier = cps.Identifier{Status: cps.Absent}
			c.Expires.Year--
		}), nil), "expired absent"},
		"gaps while reading": {reader(cardreader.Identified, example(func(c *cps.Card) { c.Gaps = []cps.Gap{{Part: "EF.SN"}} }), nil), "identified"},
		"no rule for the key": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Status, c.Identifier.Problems = cps.Unverified, []nationalid.Problem{nationalid.ProblemKeyUnknown}
		}), nil), "unverifiable"},
		"unverified for a reason unsaid": {reader(cardreader.Read, example(func(c *cps.Card) { c.Identifier.Status = cps.Unverified }), nil), "unverified"},
		"verified with a problem": {reader(cardreader.Read, example(func(c *cps.Card) {
			c.Identifier.Problems = []nationalid.Problem{nationalid.ProblemLuhn}
		}), nil), "unverified"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := codes(Reader(s, c.status, today)); got != c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}

func TestServiceChoosesTheStatement(t *testing.T) {
	s := speaker(t, "fr")
	for kind, want := range map[error]string{
		pcsc.ErrService:          "no-service",
		pcsc.ErrAccess:           "service-refused",
		pcsc.ErrProtocolMismatch: "service-mismatch",
		pcsc.ErrNoReader:         "no-reader",
		errors.New("anything"):   "no-service",
	} {
		if got := codes(Service(s, fmt.Errorf("watch: %w", kind))); got != want {
			t.Errorf("%v: said %q, want %q", kind, got, want)
		}
	}
}

// TestEveryStatementIsWhole holds that nothing but what is fine goes without a
// next step, and that each sentence is there.
func TestEveryStatementIsWhole(t *testing.T) {
	for _, tag := range language.Supported {
		s := speaker(t, tag)
		for code, k := range states {
			got := state(s, code, "Name", "N", "Date", "D", "Parts", "P", "From", "F", "To", "T")
			for _, text := range []string{got.Title, got.Meaning, got.Next} {
				if strings.Contains(text, "<no value>") || text == k.title || text == k.meaning || k.next != "" && text == k.next {
					t.Errorf("%s %s: %q", tag, code, text)
				}
			}
			if fine := strings.HasPrefix(code, "verified") || code == "unverifiable"; (got.Next == "") != fine {
				t.Errorf("%s %s: next step %q", tag, code, got.Next)
			}
		}
	}
}

func TestEveryProblemIsExplained(t *testing.T) {
	all := append(nationalid.Problems(), cps.ProblemDisagree, cps.ProblemInfoPS, cps.ProblemCertificate)
	for _, f := range nationalid.FormCodes() {
		all = append(all, nationalid.Problem(f))
	}
	for _, tag := range language.Supported {
		s := speaker(t, tag)
		other, _ := Problem(s, "unheard-of")
		if !strings.Contains(other, "unheard-of") {
			t.Errorf("%s: a code without a sentence is not named: %q", tag, other)
		}
		for _, code := range all {
			text, next := Problem(s, code)
			if text == "" || next == "" || strings.HasPrefix(text, "problem.") || strings.HasPrefix(next, "next.") || strings.Contains(text, "<no value>") {
				t.Errorf("%s %s: %q, %q", tag, code, text, next)
			}
		}
	}
}

func TestChecks(t *testing.T) {
	s := speaker(t, "fr")
	for name, c := range map[string]struct {
		change   func(*cps.Card)
		complete bool
		tones    [3]Tone
		says     string
	}{
		"all hold":           {nil, true, [3]Tone{Good, Good, Good}, "la puce et le certificat donnent le même identifiant"},
		"certificate next":   {func(c *cps.Card) { c.Identifier.Sources = c.Identifier.Sources[:1] }, false, [3]Tone{Good, Good, Working}, "certificat en cours de lecture"},
		"one source":         {func(c *cps.Card) { c.Identifier.Sources = c.Identifier.Sources[:1] }, true, [3]Tone{Good, Good, Plain}, "sans certificat"},
		"certificate only":   {func(c *cps.Card) { c.Identifier.Sources = c.Identifier.Sources[1:] }, true, [3]Tone{Good, Good, Plain}, "du seul certificat"},
		"no source":          {func(c *cps.Card) { c.Identifier.Sources = nil }, true, [3]Tone{Good, Good, Plain}, "sans certificat"},
		"check digit":        {problemsOf(nationalid.ProblemLuhn), true, [3]Tone{Good, Bad, Good}, "La clé de contrôle ne correspond pas : un chiffre au moins est faux, sans qu'on puisse dire lequel.\n"},
		"key without a rule": {problemsOf(nationalid.ProblemKeyUnknown), true, [3]Tone{Good, Plain, Good}, "pas le signe d'une erreur"},
		"not compared":       {func(c *cps.Card) { c.Identifier.Status, c.Identifier.Sources = cps.Pending, c.Identifier.Sources[:1] }, true, [3]Tone{Good, Good, Working}, "certificat en cours de lecture"},
		"form":               {problemsOf(nationalid.ProblemLength), true, [3]Tone{Warning, Warning, Good}, "n'est pas vérifiée"},
		"unheard of":         {problemsOf("unheard-of"), true, [3]Tone{Warning, Warning, Good}, "unheard-of"},
		"disagree": {func(c *cps.Card) {
			problemsOf(cps.ProblemDisagree)(c)
			c.Identifier.CertificateValue = "899700366240"
		}, true, [3]Tone{Good, Good, Bad}, "899700366240"},
		"disagree, unnamed": {func(c *cps.Card) { c.Identifier.CertificateValue = "899700366240" }, true, [3]Tone{Good, Good, Bad}, "899700366240"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := Checks(s, example(c.change).Identifier, c.complete)
			var all []string
			for i, f := range facts {
				if f.Tone != c.tones[i] {
					t.Errorf("%s has tone %d, want %d", f.Label, f.Tone, c.tones[i])
				}
				if f.Value == "" || f.Label == "" {
					t.Errorf("check %d says nothing", i)
				}
				if whole := strings.HasSuffix(f.Value, "."); whole != (f.Tone != Good && f.Tone != Working) {
					t.Errorf("%q with tone %d: a whole sentence is %v", f.Value, f.Tone, whole)
				}
				all = append(all, f.Value)
			}
			if said := strings.Join(all, "\n"); !strings.Contains(said, c.says) {
				t.Errorf("%q is not said in\n%s", c.says, said)
			}
		})
	}
}

func problemsOf(p ...nationalid.Problem) func(*cps.Card) {
	return func(c *cps.Card) { c.Identifier.Status, c.Identifier.Problems = cps.Unverified, p }
}

func TestFactsSayWhatIsUnknown(t *testing.T) {
	s := speaker(t, "en")
	for complete, want := range map[bool]string{true: "not given by the card", false: "being read"} {
		facts := Facts(s, &cps.Card{}, complete, today)
		if len(facts) != 7 {
			t.Fatalf("%d facts", len(facts))
		}
		for _, f := range facts {
			if f.Value != want || f.Tone != Plain {
				t.Errorf("%s: %q with tone %d, want %q", f.Label, f.Value, f.Tone, want)
			}
		}
	}
}

// TestFactsSayWhatWasNotRead tells what the card does not hold from what could
// not be read of it.
func TestFactsSayWhatWasNotRead(t *testing.T) {
	s := speaker(t, "fr")
	for part, want := range map[string][]string{
		"CPS_NAME_PS":  {"Titulaire"},
		"CPS_INFO_PS":  {"Profession", "Carte"},
		"CPS_ID_CARD":  {"Validité", "Numéro de la carte", "Délivrée le"},
		"EF.SN.ICC":    {"Numéro de la carte"},
		"code porteur": {"Code porteur"},
		"EF.TokenInfo": nil,
	} {
		var got []string
		for _, f := range Facts(s, &cps.Card{Gaps: []cps.Gap{{Part: part, Err: errors.New("6982")}}}, true, today) {
			if f.Value == "non lu" {
				got = append(got, f.Label)
			} else if f.Value != "non communiqué par la carte" {
				t.Errorf("%s: %s: %q", part, f.Label, f.Value)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q were not read, want %q", part, got, want)
		}
	}
}

func TestPressingFactsComeFirst(t *testing.T) {
	facts := Facts(speaker(t, "fr"), example(func(c *cps.Card) { c.Holder.Speciality = cps.Coded{Label: "x"} }), true, today)
	var labels []string
	for _, f := range facts[:4] {
		labels = append(labels, f.Label)
	}
	if got := strings.Join(labels, ", "); got != "Titulaire, Profession, Code porteur, Validité" {
		t.Errorf("first row: %s", got)
	}
}

// TestNextStepOfADoubt: the answer says what to do about the most pressing
// problem, and the checks beside it do not say something else.
func TestNextStepOfADoubt(t *testing.T) {
	s := speaker(t, "fr")
	for name, c := range map[string]struct {
		problems []nationalid.Problem
		want     string
	}{
		"luhn":                {[]nationalid.Problem{nationalid.ProblemLuhn}, "next.problem.luhn"},
		"form":                {[]nationalid.Problem{nationalid.ProblemLength}, "next.problem.form"},
		"source":              {[]nationalid.Problem{cps.ProblemCertificate}, reinsert},
		"source and form":     {[]nationalid.Problem{cps.ProblemCertificate, nationalid.ProblemLength}, reinsert},
		"source and luhn":     {[]nationalid.Problem{cps.ProblemCertificate, nationalid.ProblemLuhn}, "next.problem.luhn"},
		"luhn and sources":    {[]nationalid.Problem{nationalid.ProblemLuhn, cps.ProblemDisagree}, "next.problem.sources-disagree"},
		"sources and luhn":    {[]nationalid.Problem{cps.ProblemDisagree, nationalid.ProblemLuhn}, "next.problem.sources-disagree"},
		"source without rule": {[]nationalid.Problem{nationalid.ProblemKeyUnknown, cps.ProblemCertificate}, reinsert},
		"unheard of":          {[]nationalid.Problem{"unheard-of"}, "next.problem.form"},
		"unsaid":              {nil, "next.problem.form"},
	} {
		card := example(problemsOf(c.problems...))
		said := Reader(s, cardreader.ReaderStatus{Stage: cardreader.Read, Card: card}, today).Answer
		if said.Next != s.Say(c.want) {
			t.Errorf("%s: %q", name, said.Next)
		}
		for _, f := range Checks(s, card.Identifier, true) {
			if strings.Contains(f.Value, "Comparez") || strings.Contains(f.Value, "Retirez") {
				t.Errorf("%s: the checks have a next step of their own: %q", name, f.Value)
			}
		}
		card.Kind = cps.CPE
		said = Reader(s, cardreader.ReaderStatus{Stage: cardreader.Read, Card: card}, today).Answer
		if strings.Contains(said.Next, "première ligne") || strings.Contains(said.Next, "Agence") {
			t.Errorf("%s, an employee: %q", name, said.Next)
		}
	}
}

// TestRemediesOfAnEmployee: the structure, not ANS, answers for these cards.
func TestRemediesOfAnEmployee(t *testing.T) {
	for _, tag := range language.Supported {
		s := speaker(t, tag)
		for code := range employeeNext {
			for _, kind := range []cps.Kind{cps.CPE, cps.CDE, cps.CPA, cps.CDA} {
				if next := of(s, &cps.Card{Kind: kind}, code).Next; next == "" || strings.HasPrefix(next, "next.") || strings.Contains(next, "Agence") {
					t.Errorf("%s %s %s: %q", tag, kind, code, next)
				}
			}
			if got := of(s, &cps.Card{Kind: cps.CPS}, code).Next; got != state(s, code).Next {
				t.Errorf("%s CPS %s: %q", tag, code, got)
			}
		}
	}
}

func TestFactsInWords(t *testing.T) {
	fr, en := speaker(t, "fr"), speaker(t, "en")
	c := example(func(c *cps.Card) {
		c.Holder = cps.Holder{
			Civility: cps.Coded{Code: "31", Label: "Monsieur"}, GivenName: "PAUL\n", FamilyName: "EXEMPLE\x1b[0m",
			FutureProfession: cps.Coded{Code: "10", Label: "Médecin en formation"}, Speciality: cps.Coded{Code: "ZZ9"},
		}
		c.Generation, c.Interface, c.PIN.TriesLeft = cps.CPS3, cps.Contactless, 1
	})
	want := map[string]string{
		"Titulaire":          "Monsieur PAUL EXEMPLE\uFFFD[0m",
		"Profession":         "Médecin en formation",
		"Spécialité":         "code ZZ9, sans libellé connu",
		"Code porteur":       "1 essai restant",
		"Carte":              "CPS, professionnel de santé",
		"Numéro de la carte": "2900999999 (CPS3, sans contact)",
		"Délivrée le":        "non communiqué par la carte",
		"Validité":           "valable jusqu'au 23/11/2026",
	}
	for _, f := range Facts(fr, c, true, today) {
		if f.Value != want[f.Label] {
			t.Errorf("%s: %q, want %q", f.Label, f.Value, want[f.Label])
		}
		delete(want, f.Label)
	}
	if len(want) > 0 {
		t.Errorf("not said: %v", want)
	}
	for n, text := range map[int]string{0: "blocked, no try left", 1: "1 try left", 3: "3 tries left"} {
		c.PIN.TriesLeft = n
		if got := Facts(en, c, true, today)[2].Value; got != text {
			t.Errorf("%d tries: %q, want %q", n, got, text)
		}
	}
}

func TestReaderLine(t *testing.T) {
	s := speaker(t, "fr")
	for stage := range shortKeys {
		if got := ReaderLine(s, cardreader.ReaderStatus{Reader: "R\x1b", Stage: stage}); !strings.HasPrefix(got, "R\uFFFD : ") {
			t.Errorf("%s: %q", stage, got)
		}
	}
	vitale := cardreader.ReaderStatus{Reader: "R", Stage: cardreader.NotCPx, CardName: atr.Name{French: "carte Vitale", English: "carte Vitale"}}
	if got := ReaderLine(s, vitale); got != "R : autre carte : carte Vitale" {
		t.Errorf("another card: %q", got)
	}
	vitale.CardName = atr.Name{}
	if got := ReaderLine(s, vitale); got != "R : carte non reconnue" {
		t.Errorf("an unknown card: %q", got)
	}
	if got := ReaderLine(s, cardreader.ReaderStatus{}); got != "lecteur sans nom : carte illisible" {
		t.Errorf("nothing known: %q", got)
	}
}

// TestSides: each identifier under the source that gave it, only when they are two.
func TestSides(t *testing.T) {
	const chip, certificate, other = "Selon la puce (CPS_INFO_PS)", "Selon un certificat de la carte", "Selon un autre certificat de la carte"
	s := speaker(t, "fr")
	for name, tt := range map[string]struct {
		sources     []cps.Source
		certificate string
		problems    []nationalid.Problem
		want        [][2]string
	}{
		"they agree":             {[]cps.Source{cps.SourceInfoPS, cps.SourceCertificate}, "", nil, nil},
		"only a wrong key":       {[]cps.Source{cps.SourceInfoPS}, "", []nationalid.Problem{nationalid.ProblemLuhn}, nil},
		"the chip":               {[]cps.Source{cps.SourceInfoPS, cps.SourceCertificate}, "899700366240", []nationalid.Problem{cps.ProblemDisagree}, [][2]string{{chip, "8 997 002 188 96"}, {certificate, "8 997 003 662 40"}}},
		"two certificates":       {[]cps.Source{cps.SourceCertificate}, "899700366240", []nationalid.Problem{cps.ProblemDisagree}, [][2]string{{certificate, "8 997 002 188 96"}, {other, "8 997 003 662 40"}}},
		"the other is not known": {[]cps.Source{cps.SourceInfoPS}, "", []nationalid.Problem{cps.ProblemDisagree}, [][2]string{{chip, "8 997 002 188 96"}, {certificate, "non communiqué par la carte"}}},
		"hostile":                {[]cps.Source{cps.SourceInfoPS}, "\x1b[31m8", nil, [][2]string{{chip, "8 997 002 188 96"}, {certificate, "\ufffd[31m8"}}},
	} {
		var got [][2]string
		for _, f := range Sides(s, cps.Identifier{Identifier: nationalid.Identifier{Value: "899700218896"}, Sources: tt.sources, CertificateValue: tt.certificate, Problems: tt.problems}) {
			got = append(got, [2]string{f.Label, f.Value})
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := Sides(s, cps.Identifier{Problems: []nationalid.Problem{cps.ProblemDisagree}}); got != nil {
		t.Errorf("of no identifier: %v", got)
	}
}
