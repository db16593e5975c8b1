package diagnostic

import (
	"context"
	"testing"
	"time"

	"postecpx/cardreader/igcsante"
)

// No certificate that IGC-Santé signed can be made here: what is judged is
// what package igcsante says of one.
func TestJudgeCertificate(t *testing.T) {
	t.Parallel()
	valid := igcsante.Validity{State: igcsante.Valid, NotAfter: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC), DaysLeft: 500}
	ending := igcsante.Validity{State: igcsante.Valid, DaysLeft: soonDays - 1}
	missing := &igcsante.Missing{Name: "CN=AC IGC-SANTE FORT PERSONNES,O=ASIP-SANTE,C=FR"}
	for _, test := range []struct {
		name  string
		e     igcsante.Examination
		found []Finding
		want  Result
	}{
		{"proven", igcsante.Examination{Verdict: igcsante.ChainedToIGCSante, Validity: valid}, nil, Result{Outcome: "proven"}},
		{"its root is missing", igcsante.Examination{Verdict: igcsante.ChainedToIGCSante, Validity: valid, Missing: missing}, nil, Result{Outcome: "no-issuer"}},
		{"its issuer is missing", igcsante.Examination{Verdict: igcsante.IssuerMissing, Validity: valid, Missing: missing}, nil, Result{Outcome: "no-issuer"}},
		{"its issuer is missing with the Cryptolib", igcsante.Examination{Verdict: igcsante.IssuerMissing, Validity: valid, Missing: missing},
			[]Finding{{Code: "cryptolib.installed", Status: Warning}}, Result{Because: "cryptolib.installed"}},
		{"TEST hierarchy", igcsante.Examination{Verdict: igcsante.TestHierarchy, Validity: valid}, nil, Result{Outcome: "test"}},
		{"names itself a test", igcsante.Examination{Verdict: igcsante.UnknownIssuer, Validity: valid, Test: true}, nil, Result{Outcome: "test"}},
		{"unknown issuer", igcsante.Examination{Verdict: igcsante.UnknownIssuer, Validity: valid}, nil, Result{Outcome: "unknown-issuer"}},
		{"wrong signature", igcsante.Examination{Verdict: igcsante.SignatureWrong, Validity: valid}, nil, Result{Outcome: "signature-wrong"}},
		{"signature not checked", igcsante.Examination{Verdict: igcsante.SignatureUnchecked, Validity: valid}, nil, Result{Outcome: "unchecked"}},
		{"unparsable", igcsante.Examination{Verdict: igcsante.Unparsable, Validity: valid}, nil, Result{Outcome: "unreadable"}},
		{"ends soon", igcsante.Examination{Verdict: igcsante.ChainedToIGCSante, Validity: ending}, nil, Result{Outcome: "soon"}},
		{"ends soon, like the card", igcsante.Examination{Verdict: igcsante.ChainedToIGCSante, Validity: ending},
			[]Finding{{Code: "card.expiry", Status: Warning}}, Result{Outcome: "proven"}},
		{"expired", igcsante.Examination{Validity: igcsante.Validity{State: igcsante.Expired}}, nil, Result{Outcome: "expired"}},
		{"expired with the card", igcsante.Examination{Validity: igcsante.Validity{State: igcsante.Expired}},
			[]Finding{{Code: "card.expiry", Status: Error}}, Result{Because: "card.expiry"}},
		{"expired by a wrong clock", igcsante.Examination{Validity: igcsante.Validity{State: igcsante.Expired}},
			[]Finding{{Code: "system.clock", Status: Error}, {Code: "card.expiry", Status: Error}}, Result{Because: "system.clock"}},
		{"not yet valid", igcsante.Examination{Validity: igcsante.Validity{State: igcsante.NotYetValid}}, nil, Result{Outcome: "not-yet"}},
		{"not yet valid by a wrong clock", igcsante.Examination{Validity: igcsante.Validity{State: igcsante.NotYetValid}},
			[]Finding{{Code: "system.clock", Status: Error}}, Result{Because: "system.clock"}},
	} {
		s := newSession(context.Background(), nil, Options{})
		for _, f := range test.found {
			s.found[f.Code] = f
		}
		if got := judgeCertificate(s, test.e); got.Outcome != test.want.Outcome || got.Because != test.want.Because {
			t.Errorf("%s: %q %q, want %q %q", test.name, got.Outcome, got.Because, test.want.Outcome, test.want.Because)
		}
	}
}
