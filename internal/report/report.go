package report

import (
	"crypto/rand"
	"strings"
	"time"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/version"
	"postecpx/internal/wording"
)

// Schema names the form of the report of a diagnosis. Paths are only ever added
// to it.
const Schema = "postecpx.report/1"

// Report is a diagnosis in words, fit to be handed over: all that its redaction
// hides has been taken out. A value that is unknown is left out.
type Report struct {
	Schema      string  `json:"schema"`
	GeneratedAt string  `json:"generatedAt"` // RFC 3339, UTC, by the clock of the workstation
	Program     Program `json:"program"`
	System      System  `json:"system"`
	// Workstation is the same mark in all reports of one workstation; empty
	// when it could not be told apart from others.
	Workstation string    `json:"workstation,omitempty"`
	Language    string    `json:"language"`
	Redaction   Redaction `json:"redaction"`
	// Placeholders says with what the placeholders can be compared: "workstation",
	// all reports of it; "report", this one alone.
	Placeholders string `json:"placeholders,omitempty"`
	Network      bool   `json:"network"` // the network was asked
	// Partial: only some checks were asked for, or the person ended it.
	Partial    bool      `json:"partial"`
	Answer     Answer    `json:"answer"`
	Findings   []Finding `json:"findings"`
	Card       *Card     `json:"card,omitempty"`
	DurationMs int64     `json:"durationMs"`
}

// Reaches of placeholders.
const (
	OfWorkstation = "workstation"
	OfReport      = "report"
)

// Program is the build that made the report.
type Program struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
}

// System is what the workstation runs.
type System struct {
	OS      string `json:"os"` // GOOS
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Arch    string `json:"arch,omitempty"`
	Server  bool   `json:"server,omitempty"`
	Remote  bool   `json:"remote,omitempty"`
}

// Answer is the one answer of the diagnosis.
type Answer struct {
	Verdict string `json:"verdict"`
	// Code is the finding to begin with, empty when there is none.
	Code    string `json:"code,omitempty"`
	Title   string `json:"title"`
	Summary string `json:"summary,omitempty"`
}

// Finding is one finding in words.
type Finding struct {
	Code    string `json:"code"`
	Group   string `json:"group"`
	Status  string `json:"status"`
	Outcome string `json:"outcome"`
	// Mark is the status in a word.
	Mark string `json:"mark,omitempty"`
	// Advice: a warning because of which nothing fails today.
	Advice  bool   `json:"advice,omitempty"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Meaning string `json:"meaning,omitempty"`
	// Remedy are the steps, one a line.
	Remedy   string     `json:"remedy,omitempty"`
	Command  string     `json:"command,omitempty"`
	Because  string     `json:"because,omitempty"`
	Links    []Link     `json:"links,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	// DurationMs is how long the check took.
	DurationMs int64 `json:"durationMs"`
}

// Link is an address and what it is.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Evidence is one fact of a finding.
type Evidence struct {
	Key         string `json:"key"`
	Label       string `json:"label,omitempty"`
	Value       string `json:"value"`
	Sensitivity string `json:"sensitivity"`
}

// Options of a report.
type Options struct {
	// Redaction is Partial when empty.
	Redaction Redaction
	// Key makes the placeholders, see Key; without one they are those of this
	// report alone.
	Key []byte
}

// New makes the report of a diagnosis in the language of the speaker.
func New(s *language.Speaker, d diagnostic.Diagnosis, o Options) Report {
	if o.Redaction == "" {
		o.Redaction = Partial
	}
	reach := OfWorkstation
	if len(o.Key) == 0 {
		reach, o.Key = OfReport, []byte(rand.Text())
	}
	hide := newRedactor(d, o)
	r := Report{
		Schema: Schema, GeneratedAt: d.At.UTC().Format(time.RFC3339), Language: s.Tag(), Redaction: o.Redaction,
		Network: d.Network, Partial: d.Partial, Findings: make([]Finding, 0, len(d.Findings)), DurationMs: d.Duration.Milliseconds(),
		Program: Program{Version: version.Number, Revision: version.Revision()},
	}
	if r.Program.Revision == "unknown" {
		r.Program.Revision = ""
	}
	if reach == OfWorkstation {
		r.Workstation = hide.mark()
	}
	if o.Redaction != None {
		r.Placeholders = reach
	}
	if d.Card != nil {
		card := hide.card(NewCard(d.Reader, d.Card, d.At))
		r.Card = &card
	}
	// From here on only what may be shown is at hand.
	d = hide.diagnosis(d)
	r.System = System{d.GOOS, d.System.Name, d.System.Version, d.System.Arch, d.System.Server, d.System.Remote}
	for _, f := range d.Findings {
		r.Findings = append(r.Findings, newFinding(s, f, d.GOOS))
	}
	r.Answer = newAnswer(s, d)
	return r
}

func newAnswer(s *language.Speaker, d diagnostic.Diagnosis) Answer {
	said := wording.Verdict(s, d)
	a := Answer{Verdict: string(d.Verdict()), Title: said.Title, Summary: said.Meaning}
	if root, ok := d.Root(); ok {
		a.Code = string(root.Code)
	}
	return a
}

func newFinding(s *language.Speaker, f diagnostic.Finding, goos string) Finding {
	w := wording.Finding(s, f, goos)
	d := Finding{
		Code: string(f.Code), Group: string(f.Group), Status: string(f.Status), Outcome: f.Outcome, Mark: w.Mark, Advice: f.Advice, Title: w.Title, Summary: w.Summary,
		Meaning: w.Meaning, Remedy: strings.Join(w.Steps, "\n"), Command: w.Command, Because: string(f.Because), DurationMs: f.Duration.Milliseconds(),
	}
	for _, l := range w.Links {
		d.Links = append(d.Links, Link{l.Label, l.URL})
	}
	for _, e := range w.Evidence {
		d.Evidence = append(d.Evidence, Evidence{e.Key, e.Label, e.Value, string(e.Sensitivity)})
	}
	return d
}

// Steps are the steps of the remedy.
func (f Finding) Steps() []string {
	if f.Remedy == "" {
		return nil
	}
	return strings.Split(f.Remedy, "\n")
}

// Root is the finding to begin with, false when there is none.
func (r Report) Root() (Finding, bool) {
	for _, f := range r.Findings {
		if f.Code == r.Answer.Code {
			return f, true
		}
	}
	return Finding{}, false
}

// todo are the findings that ask for something, the most pressing first: errors,
// warnings, checks that broke, advice.
func (r Report) todo() []Finding {
	var all []Finding
	for _, rank := range []struct {
		status diagnostic.Status
		advice bool
	}{{diagnostic.Error, false}, {diagnostic.Warning, false}, {diagnostic.Crashed, false}, {diagnostic.Warning, true}} {
		for _, f := range r.Findings {
			if f.Status == string(rank.status) && f.Advice == rank.advice {
				all = append(all, f)
			}
		}
	}
	return all
}
