package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strings"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
	"postecpx/internal/workstation"
)

// certificatesDocument is what "cpx certificates --json" prints.
type certificatesDocument struct {
	Schema        string                `json:"schema"`
	Reader        string                `json:"reader"`
	Demonstration bool                  `json:"demonstration,omitempty"`
	Certificates  []certificateDocument `json:"certificates"`
}

type certificateDocument struct {
	Role  string `json:"role"`
	Label string `json:"label"`
	igcsante.Examination
	// Revocation stands there only when it was asked for.
	Revocation *igcsante.RevocationResult `json:"revocation,omitempty"`
}

func certificatesCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var w where
	w.declare(set)
	asJSON := set.Bool("json", false, "")
	revocation := set.Bool("revocation", false, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		name, card, code := t.readFor(ctx, &w)
		if card == nil {
			return code
		}
		document := certificatesDocument{
			Schema: "postecpx.certificates/1", Reader: name, Demonstration: w.demo.name != "",
			Certificates: make([]certificateDocument, 0, len(card.Certificates)),
		}
		pool := workstation.New().Authorities(ctx)
		for _, c := range card.Certificates {
			d := certificateDocument{Role: string(c.Role), Label: c.Label, Examination: igcsante.Examine(c.Raw, pool, t.now())}
			if *revocation {
				result := igcsante.Revocation(ctx, http.DefaultClient, d.Certificate(), d.IssuerCertificate(), igcsante.RevocationOptions{})
				d.Revocation = &result
			}
			document.Certificates = append(document.Certificates, d)
		}
		if *asJSON {
			t.printJSON(document)
		} else {
			if document.Demonstration {
				t.out(t.say("cli.demo.band"), "")
			}
			t.printCertificates(document)
		}
		return certificatesExit(document)
	}
}

// readFor reads the card that the options choose. Without a card, what is
// wrong has been said, and the code is the one to exit with.
func (t *terminal) readFor(ctx context.Context, w *where) (reader string, card *cps.Card, code int) {
	if w.timeout <= 0 {
		t.fail(t.say("cli.timeout.wrong"), "")
		return "", nil, exitUsage
	}
	source, err := w.source(t)
	if err != nil {
		t.fail(t.cardError(err), "")
		return "", nil, exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	name, status, err := w.choose(ctx, source)
	if err != nil {
		return "", nil, t.failed(name, err)
	}
	if code, ok := t.unready(status); !ok {
		return "", nil, code
	}
	if w.others > 0 {
		t.talk(t.say("cli.read.several", "Reader", wording.ReaderName(t.Speaker, name)))
	}
	card, err = cardreader.ReadCard(ctx, source, name, cps.Options{Depth: w.depth})
	if err != nil {
		return "", nil, t.failed(name, err)
	}
	return name, card, exitOK
}

// certificatesExit: every certificate is of this day, leads where it should,
// and is not revoked. A test certificate is no problem of the card's.
func certificatesExit(d certificatesDocument) int {
	if len(d.Certificates) == 0 {
		return exitProblems
	}
	for _, c := range d.Certificates {
		known := c.Verdict == igcsante.ChainedToIGCSante || c.Verdict == igcsante.TestHierarchy
		revoked := c.Revocation != nil && c.Revocation.Status != igcsante.Good
		if !known || c.Validity.State != igcsante.Valid || revoked {
			return exitProblems
		}
	}
	return exitOK
}

func (t *terminal) printCertificates(d certificatesDocument) {
	if len(d.Certificates) == 0 {
		t.out(t.say("cli.certificates.none"))
	}
	for i, c := range d.Certificates {
		if i > 0 {
			t.out("")
		}
		t.out(plaintext.Line(c.Label, 120))
		facts := []wording.Fact{
			{Label: t.say("cli.certificates.subject"), Value: plaintext.Line(c.Subject, 240)},
			{Label: t.say("cli.certificates.issuer"), Value: plaintext.Line(c.Issuer, 240)},
			wording.Chain(t.Speaker, c.Examination),
			wording.CertificateValidity(t.Speaker, c.Validity),
			{Label: t.say("cli.certificates.usage"), Value: plaintext.Line(strings.Join(c.KeyUsage, ", "), 120)},
			{Label: t.say("cli.certificates.serial"), Value: plaintext.Line(c.Serial, 80)},
		}
		if c.Revocation != nil {
			facts = append(facts, wording.Revocation(t.Speaker, *c.Revocation))
		}
		t.printFacts(facts)
		for _, l := range c.Chain {
			t.out("    < " + plaintext.Line(l.Subject, 200))
		}
		for _, e := range c.Extensions {
			label := e.Label.French
			if t.Tag() != "fr" {
				label = e.Label.English
			}
			value := strings.Join(e.Text, "; ")
			if value == "" {
				value = fmt.Sprintf("%X", e.Value)
			}
			t.out(fmt.Sprintf("    %-24s %s  %s", e.OID, plaintext.Line(label, 60), plaintext.Line(value, 160)))
		}
		if c.Err != nil {
			t.out("    " + plaintext.Line(c.Err.Error(), 240))
		}
	}
}
