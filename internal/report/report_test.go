package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

var update = flag.Bool("update", false, "write the golden files anew")

func speaker(t testing.TB, tag string) *language.Speaker {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var machine = Key([]byte("0123456789abcdef"))

// exampleCard is a card of nobody.
func exampleCard() *cps.Card {
	yes := true
	return &cps.Card{
		ATR:        iso7816.ATR{Raw: []byte{0x3B, 0xAC, 0x00, 0x40, 0x2A, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x03, 0x10, 0x00, 0x90, 0x00}},
		Generation: cps.CPS3, Interface: cps.Contact, Product: "CPS3v3-2900999999", Kind: cps.CPS, Test: &yes, Number: "2900999999",
		Issued: cps.Date{Year: 2024, Month: 2, Day: 21}, Expires: cps.Date{Year: 2027, Month: 2, Day: 21},
		Identifier: cps.Identifier{
			Identifier: nationalid.Identifier{Value: "899700218896", Type: nationalid.RPPS, Number: "99700218896"},
			Status:     cps.Verified, Sources: []cps.Source{cps.SourceInfoPS, cps.SourceCertificate},
		},
		Holder: cps.Holder{
			Civility: cps.Coded{Code: "1", Label: "Monsieur"}, FamilyName: "DUPRÉ-MARTIN", GivenName: "Loïc",
			Profession: cps.Coded{Code: "10", Label: "Médecin"}, Speciality: cps.Coded{Code: "SM26", Label: "Qualifié en médecine générale"},
		},
		PIN: cps.PIN{Known: true, TriesLeft: 3},
		Certificates: []cps.Certificate{{
			Role: cps.Authentication, Label: "Certificat d'Authentification CPS", Issuer: "CN=TEST AC IGC-SANTE ELEMENTAIRE PERSONNES", Serial: "0A1B2C3D4E5F",
			Subject:   cps.Subject{DN: "CN=899700218896+SN=DUPRÉ-MARTIN+GN=Loïc,T=Médecin,O=ASIP-SANTE,C=FR", CommonName: "899700218896", Surname: "DUPRÉ-MARTIN", GivenName: "Loïc"},
			NotBefore: time.Date(2024, 2, 21, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 2, 21, 0, 0, 0, 0, time.UTC),
		}},
		Gaps:      []cps.Gap{{Part: "EF.SN.ICC", Err: errors.New("6A82 in /home/camille/2900999999")}},
		Exchanges: 8,
	}
}

// examplePersons are what says who somebody is, as it stands in exampleCard
// and in the account.
var examplePersons = []string{
	"899700218896", "99700218896", "8 9970021889 6", "2900999999", "29009999", "Dupré-Martin", "DUPRE MARTIN", "LOÏC", "loic",
	"0a1b2c3d4e5f", "0A:1B:2C:3D:4E:5F", "camille", "poste-7", "POSTE-7",
}

func example() diagnostic.Diagnosis {
	fact := func(key, value string, s diagnostic.Sensitivity) diagnostic.Fact {
		return diagnostic.Fact{Key: key, Value: value, Sensitivity: s}
	}
	return diagnostic.Diagnosis{
		At: time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC), GOOS: "linux", Duration: 1234 * time.Millisecond,
		System: diagnostic.System{Name: "Debian GNU/Linux", Version: "12", Arch: "amd64"},
		Reader: "Gemalto PC Twin Reader (21A0BC77) 00 00", Card: exampleCard(),
		Persons: []diagnostic.Fact{
			fact("user", "camille", diagnostic.Person), fact("host", "poste-7", diagnostic.Person), fact("home", "/home/camille", diagnostic.Person),
		},
		Findings: []diagnostic.Finding{
			{Code: "system.clock", Group: diagnostic.GroupSystem, Status: diagnostic.OK, Outcome: "ok"},
			{Code: "pcsc.service", Group: diagnostic.GroupPCSC, Status: diagnostic.Error, Outcome: "stopped", Duration: 3 * time.Millisecond,
				Links: []string{"assistance"}, Facts: []diagnostic.Fact{
					fact("service", "pcscd.service", diagnostic.Public),
					fact("path", "/home/camille/.local/pcscd", diagnostic.Workstation),
					fact("identifier", "899700218896", diagnostic.Person),
					fact("code", "4242", diagnostic.Secret),
					fact("detail", "slot CPS3v3-2900999999 of Dr Dupre Martin (LOÏC), tried 4242", diagnostic.Public),
				}},
			{Code: "reader.present", Group: diagnostic.GroupReader, Status: diagnostic.Skipped, Outcome: diagnostic.OutcomeBecause, Because: "pcsc.service"},
			{Code: "card.expiry", Group: diagnostic.GroupCard, Status: diagnostic.Warning, Outcome: "soon"},
			{Code: "roots.old", Group: diagnostic.GroupCertificates, Status: diagnostic.Crashed, Outcome: diagnostic.OutcomeTimeout},
			{Code: "firefox.module", Group: diagnostic.GroupBrowser, Status: diagnostic.Skipped, Outcome: diagnostic.OutcomeElsewhere},
			{Code: "network.hosts", Group: diagnostic.GroupNetwork, Status: diagnostic.Skipped, Outcome: diagnostic.OutcomeUnasked},
		},
	}
}

// said are all forms of a report in one text each.
func said(t *testing.T, r Report) map[string]string {
	t.Helper()
	s := speaker(t, r.Language)
	document, err := JSON(r, "  ")
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := HTML(&page, s, r); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"text": Text(s, r), "json": document, "html": page.String()}
}

// TestGolden shows the report as it is read.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		r := New(speaker(t, tag), example(), Options{Key: machine})
		r.Program = Program{Version: "9.9.9"}
		// The sentences of the checks are tested where they are; here they would
		// only change this file.
		for i, f := range r.Findings {
			f.Title, f.Summary = "«"+f.Code+"»", "«"+f.Code+"."+f.Outcome+"»"
			for k := range f.Evidence {
				f.Evidence[k].Label = ""
			}
			f.Meaning, f.Remedy, f.Command = "", "", ""
			if f.Status == string(diagnostic.Error) {
				f.Meaning, f.Remedy, f.Command = "«meaning»", "«first»\n«second»", "systemctl start pcscd.socket"
			}
			r.Findings[i] = f
		}
		r.Answer.Summary = "«summary»"
		for form, got := range said(t, r) {
			file := filepath.Join("testdata", "report."+tag+"."+form)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", file, diff)
			}
		}
	}
}

func TestFirstLineIsTheRootCause(t *testing.T) {
	t.Parallel()
	s := speaker(t, "fr")
	r := New(s, example(), Options{Key: machine})
	first, _, _ := strings.Cut(Text(s, r), "\n")
	root, ok := r.Root()
	if !ok || root.Code != "pcsc.service" || first != r.Answer.Title+" : "+root.Summary {
		t.Errorf("the first line is %q, the root %q", first, root.Code)
	}
}
