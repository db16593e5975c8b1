package report

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"postecpx/internal/diagnostic"
)

// Redaction is how much a report leaves out.
type Redaction string

// Redactions. Partial leaves out who somebody is; Full also how the workstation
// is made (paths, names of readers); None nothing but secrets.
const (
	Partial Redaction = "partial"
	Full    Redaction = "full"
	None    Redaction = "none"
)

// Redactions lists them, the usual one first.
func Redactions() []Redaction { return []Redaction{Partial, Full, None} }

// hides tells whether a fact of that sensitivity is left out. What is not known
// is treated as a person's.
func (r Redaction) hides(s diagnostic.Sensitivity) bool {
	switch s {
	case diagnostic.Public:
		return false
	case diagnostic.Workstation:
		return r != Partial && r != None
	case diagnostic.Secret:
		return true
	}
	return r != None
}

// Key makes the key of the placeholders from the machine identifier of the
// workstation, so that its reports can be compared with one another. Without an
// identifier there is none, and New takes one at random.
func Key(machineID []byte) []byte {
	if len(machineID) == 0 {
		return nil
	}
	return sum([]byte("postecpx.report/1 placeholders"), string(machineID))
}

func sum(key []byte, value string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))
	return h.Sum(nil)
}

// secretPlaceholder has no digits: they would tell two codes apart.
const secretPlaceholder = "‹secret›"

// redactor takes out of a report what it must not show. It is a pure function
// of the redaction, the key and what is known of the persons.
type redactor struct {
	redaction Redaction
	key       []byte
	sweep     *sweeper
}

func newRedactor(d diagnostic.Diagnosis, o Options) *redactor {
	r := &redactor{redaction: o.Redaction, key: o.Key}
	r.sweep = newSweeper(d, r)
	return r
}

// digits stand for a value, in whatever form it is written: equal values of one
// workstation have equal digits.
func (r *redactor) digits(value string) string {
	return hex.EncodeToString(sum(r.key, lettersOf(value)))[:3]
}

func placeholder(kind, digits string) string { return "‹" + kind + "-" + digits + "›" }

// mark names the workstation without saying which it is.
func (r *redactor) mark() string {
	return "‹workstation-" + hex.EncodeToString(sum(r.key, "postecpx.report/1 workstation"))[:8] + "›"
}

// text makes a foreign text fit for the report: every person's value known is
// replaced wherever it stands.
func (r *redactor) text(s string) string { return r.sweep.text(s) }

// fact makes a fact fit for the report; false when it is not to be shown. A path
// that every workstation has is shown: remedies are of no use without.
func (r *redactor) fact(f diagnostic.Fact) (diagnostic.Fact, bool) {
	swept := func() string { return r.text(f.Value) }
	switch {
	case f.Sensitivity == diagnostic.Secret:
		return diagnostic.Fact{}, false
	case r.redaction.hides(f.Sensitivity) && f.Value != "":
		if f.Sensitivity == diagnostic.Workstation && isPublic(f.Value) && swept() == f.Value {
			break
		}
		f.Value = r.hidden(f.Key, f.Value)
	default:
		f.Value = swept()
	}
	return f, true
}

// hidden is the placeholder of a value under its kind.
func (r *redactor) hidden(kind, value string) string {
	if value == "" {
		return ""
	}
	return placeholder(kind, r.sweep.digitsOf(value))
}

// diagnosis redacts the facts before they fill any sentence: the sentences of
// the catalogue themselves hold nobody's name, and are never touched.
func (r *redactor) diagnosis(d diagnostic.Diagnosis) diagnostic.Diagnosis {
	findings := make([]diagnostic.Finding, 0, len(d.Findings))
	for _, f := range d.Findings {
		var facts []diagnostic.Fact
		for _, fact := range f.Facts {
			if shown, ok := r.fact(fact); ok {
				facts = append(facts, shown)
			}
		}
		f.Facts = facts
		findings = append(findings, f)
	}
	d.Findings, d.Persons, d.Card = findings, nil, nil
	d.Reader = r.reader(d.Reader)
	d.System.Name, d.System.ID, d.System.Like = r.text(d.System.Name), r.text(d.System.ID), r.text(d.System.Like)
	d.System.Version, d.System.Arch = r.text(d.System.Version), r.text(d.System.Arch)
	return d
}

func (r *redactor) reader(name string) string {
	if r.redaction.hides(diagnostic.Workstation) {
		return r.hidden("reader", name)
	}
	return r.text(name)
}

// card redacts the document of the card. What stays says which card it is for a
// support desk, and not whose.
func (r *redactor) card(c Card) Card {
	c.Reader = r.reader(c.Reader)
	c.Product = r.text(c.Product)
	c.Unread = mapped(c.Unread, func(g Gap) Gap { return Gap{r.text(g.Part), r.text(g.Reason)} })
	if r.redaction == None {
		return c
	}
	of := r.sweep.ofCard
	value := cmp.Or(c.Identifier.Value, c.Identifier.Number)
	c.Number = of("number", c.Number, c.Number)
	c.Identifier.Value = of("identifier", c.Identifier.Value, value)
	c.Identifier.Number = of("identifier", c.Identifier.Number, value)
	c.Identifier.Certificate = of("identifier", c.Identifier.Certificate, c.Identifier.Certificate)
	if c.Holder != nil {
		h := *c.Holder
		h.Civility = ""
		h.FamilyName = of("familyName", h.FamilyName, h.FamilyName)
		h.GivenName = of("givenName", h.GivenName, h.GivenName)
		c.Holder = &h
	}
	c.Certificates = mapped(c.Certificates, func(x Certificate) Certificate {
		x.Label, x.Issuer = r.text(x.Label), r.text(x.Issuer)
		x.Subject, x.Serial = of("subject", x.Subject, x.Subject), of("serial", x.Serial, x.Serial)
		x.NotBefore, x.NotAfter = day(x.NotBefore), day(x.NotAfter)
		x.Usage = mapped(x.Usage, r.text)
		return x
	})
	return c
}

// day leaves the time of day out: to the second, the dates of a certificate are
// as good as its serial number.
func day(moment string) string {
	date, _, _ := strings.Cut(moment, "T")
	return date
}

func mapped[T any](all []T, change func(T) T) []T {
	var changed []T
	for _, v := range all {
		changed = append(changed, change(v))
	}
	return changed
}

// ParseRedaction reads the name of a redaction.
func ParseRedaction(name string) (Redaction, error) {
	for _, r := range Redactions() {
		if string(r) == name {
			return r, nil
		}
	}
	return "", fmt.Errorf("no redaction is called %q", name)
}
