// Package diagnostic finds out why a CPx card cannot be used on a workstation.
//
// Its checks form one catalogue (Catalogue). Each asks the workstation through
// an Environment and comes to one of the outcomes that it declares; Run runs
// them side by side in the order of their dependencies, so that what follows
// from a cause is skipped and names it. What comes out, a Diagnosis, is data:
// codes, outcomes and facts. The sentences are in the catalogue of
// translations, under "check.CODE.OUTCOME"; package wording says them.
//
// The package is pure: nothing on the workstation is changed, and nothing is
// asked of the network unless the person wants it.
package diagnostic

import (
	"slices"
	"time"

	"postecpx/cardreader/cps"
)

// Code names a check: "pcsc.service". Codes are stable: reports, scripts and
// the guide refer to them.
type Code string

// Group is the part of the workstation that a check looks at. The groups stand
// in the order of the catalogue, from the system up to the network.
type Group string

// Groups.
const (
	GroupSystem       Group = "system"
	GroupPCSC         Group = "pcsc"
	GroupReader       Group = "reader"
	GroupCard         Group = "card"
	GroupIdentifier   Group = "identifier"
	GroupCryptolib    Group = "cryptolib"
	GroupCertificates Group = "certificates"
	GroupBrowser      Group = "browser"
	GroupNetwork      Group = "network"
)

// Status of a finding.
type Status string

// Statuses. An Error keeps the card from being used until it is solved; with a
// Warning it can be used, and there is something to do. Skipped: its cause
// failed, or it cannot be told here (the Outcome says which). Crashed: the
// check itself broke, or ran out of time.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Error   Status = "error"
	Skipped Status = "skipped"
	Crashed Status = "crashed"
)

// stops tells whether what requires the check cannot be looked at: it failed,
// or was itself not reached. A check that has no answer here stops nothing.
func (f Finding) stops() bool {
	return f.Status == Error || f.Status == Crashed || f.Because != "" || f.Outcome == OutcomeCancelled
}

// Outcomes that the engine gives by itself; every check can have them.
const (
	OutcomeBecause   = "because"    // Skipped: the finding Because failed
	OutcomeUnasked   = "unasked"    // Skipped: it asks the network, and was not allowed to
	OutcomeElsewhere = "elsewhere"  // Skipped: it has no meaning on this system
	OutcomeTimeout   = "timeout"    // Crashed: out of time
	OutcomePanic     = "panic"      // Crashed: the check broke
	OutcomeCancelled = "cancelled"  // Skipped: the person ended the diagnosis
	OutcomeUndefined = "undeclared" // Crashed: the check came to an outcome that it does not declare
)

// Sensitivity says who may see a fact.
type Sensitivity string

// Sensitivities. Public: says nothing of anybody (a version, a state).
// Workstation: how this workstation is made (paths, reader names). Person: says
// who somebody is (identifier, name, card number, certificate, user name, host
// name, serial number). Secret: never shown, whatever is asked.
const (
	Public      Sensitivity = "public"
	Workstation Sensitivity = "workstation"
	Person      Sensitivity = "person"
	Secret      Sensitivity = "secret"
)

// Fact is one thing that a check found: the evidence. Facts also fill the
// sentences, by their Key: "{{.service}}". Several facts of one finding may have
// the same Key. A fact with the Key "Count" chooses singular or plural.
type Fact struct {
	Key         string // stable, camelCase, English: "serviceState"
	Value       string
	Sensitivity Sensitivity
}

// Finding is what one check came to.
type Finding struct {
	Code    Code
	Group   Group
	Status  Status
	Outcome string
	// Advice: a Warning because of which nothing fails today.
	Advice bool
	Facts  []Fact
	// Because is the root cause, when Outcome is OutcomeBecause: the first
	// failed finding of the chain, never one that was itself skipped.
	Because Code
	// Links are those of package assets/links, by their ID.
	Links    []string
	Duration time.Duration
}

// Get gives the value of the first fact with that key, "" when there is none.
func (f Finding) Get(key string) string {
	for _, fact := range f.Facts {
		if fact.Key == key {
			return fact.Value
		}
	}
	return ""
}

// Diagnosis is everything that was found at one moment.
type Diagnosis struct {
	At   time.Time // by the clock of the workstation
	GOOS string    // decides which remedy is said
	// System is what the workstation runs, as far as it says so.
	System System
	// Findings in the order of the catalogue.
	Findings []Finding
	// Card is the one that was read, nil when none was; Reader is its reader.
	Card   *cps.Card
	Reader string
	// Network tells whether the network was asked.
	Network bool
	// Partial: only some checks were asked for, or the person ended it.
	Partial  bool
	Duration time.Duration
	// Persons are further facts that say who somebody is (user name, host name,
	// home folder), not shown but taken out of every text of a report.
	Persons []Fact
}

// Verdict is the one answer to "can the card be used on this workstation?".
type Verdict string

// Verdicts. Todo: it works and there is something to do, or it only waits for
// the person (no card is inserted). Unknown: nothing failed, and something
// could not be looked at.
const (
	AllWell   Verdict = "all-well"
	Todo      Verdict = "todo"
	CannotUse Verdict = "cannot-use"
	Unknown   Verdict = "unknown"
)

// pressing ranks findings by how much they matter to a reader in a hurry, the
// most first.
func pressing(f Finding) int {
	switch {
	case f.Status == Error && !f.Waits():
		return 0
	case f.Status == Error: // what is broken comes before what only waits
		return 1
	case f.Status == Warning && !f.Advice:
		return 2
	case f.Status == Crashed:
		return 3
	case f.Status == Warning:
		return 4
	case f.Status == Skipped:
		return 5
	}
	return 6
}

// Root is the finding to begin with: the first error (what is broken before
// what only waits for the person), else the first warning that is more than
// advice, else the first crash; false when there is none of them.
func (d Diagnosis) Root() (Finding, bool) {
	if all := d.Pressing(); len(all) > 0 && pressing(all[0]) < 4 {
		return all[0], true
	}
	return Finding{}, false
}

// Verdict judges the whole.
func (d Diagnosis) Verdict() Verdict {
	root, any := d.Root()
	switch {
	case !any && (d.Partial || d.unread()):
		return Unknown
	case !any:
		return AllWell
	case root.Status == Crashed:
		return Unknown
	case root.Status == Error && !root.Waits():
		return CannotUse
	}
	return Todo
}

// unread tells whether the card itself could not be looked at, though nothing
// is wrong: a driver of the system keeps it.
func (d Diagnosis) unread() bool {
	f, ok := d.Finding("card.readable")
	return ok && f.Status == Skipped
}

// Waits tells whether a finding only asks the person to go on: nothing is
// broken.
func (f Finding) Waits() bool {
	c, ok := Find(f.Code)
	return ok && c.Outcomes[f.Outcome].Waits
}

// Finding gives the one of that code.
func (d Diagnosis) Finding(code Code) (Finding, bool) {
	for _, f := range d.Findings {
		if f.Code == code {
			return f, true
		}
	}
	return Finding{}, false
}

// Pressing orders the findings for a reader in a hurry: errors, warnings,
// crashes, advice, then what could not be looked at, then what is well, each in
// the order of the catalogue.
func (d Diagnosis) Pressing() []Finding {
	all := slices.Clone(d.Findings)
	slices.SortStableFunc(all, func(a, b Finding) int { return pressing(a) - pressing(b) })
	return all
}
