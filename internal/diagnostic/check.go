package diagnostic

import (
	"context"
	"slices"
	"time"
)

// Check is one question to the workstation. It is data but for Run.
type Check struct {
	Code  Code
	Group Group
	// Requires are the checks without which this one has no meaning: when one
	// of them failed, this one is skipped because of it.
	Requires []Code
	// After are checks that must have ended before this one runs, whatever
	// they found: Run may ask the Session what.
	After []Code
	// Platforms are the GOOS where the check has a meaning; none is all.
	Platforms []string
	// Network: the check asks the network, and runs only when that is allowed.
	Network bool
	// Card: the check needs a card in a reader. It only informs.
	Card bool
	// Deadline is counted from the beginning of the diagnosis, so that the
	// whole never takes longer than the longest; 0 is usualDeadline.
	Deadline time.Duration
	// Outcomes are all that Run may come to, by name.
	Outcomes map[string]Outcome
	// Run asks the workstation. It should end with ctx; a Run that does not is
	// left behind, and is out of time.
	Run func(ctx context.Context, s *Session) Result
}

// Outcome is how a check may end.
type Outcome struct {
	Status Status
	// Links are those of package assets/links, by their ID.
	Links []string
	// Waits: nothing is broken, the person has something to do first (insert
	// the card).
	Waits bool
	// Advice: a Warning because of which nothing fails today (a newer version,
	// traces left on). It comes after those that matter, and all is well with it.
	Advice bool
}

// Result is what a Run came to: one of the declared outcomes and its facts.
type Result struct {
	Outcome string
	Facts   []Fact
	// Because, when set, says that the check could not tell because of that
	// other check, which failed: the finding is skipped.
	Because Code
}

// usualDeadline bounds a check that names none.
const usualDeadline = 10 * time.Second

// Catalogue lists all checks, from the system up to the network: what stands
// first is the likelier root cause.
func Catalogue() []Check { return slices.Clone(catalogue) }

// Find gives the check of that code.
func Find(code Code) (Check, bool) {
	for _, c := range catalogue {
		if c.Code == code {
			return c, true
		}
	}
	return Check{}, false
}

func init() {
	catalogue = slices.Concat(systemChecks, pcscChecks, readerChecks, cardChecks, identifierChecks,
		cryptolibChecks, certificateChecks, browserChecks, networkChecks)
}

// catalogue is put together in init: the checks refer to it by way of Session.
var catalogue []Check

// ok, warning and failure make the outcomes of a table short to write.
func ok(links ...string) Outcome      { return Outcome{Status: OK, Links: links} }
func warning(links ...string) Outcome { return Outcome{Status: Warning, Links: links} }
func advice(links ...string) Outcome  { return Outcome{Status: Warning, Links: links, Advice: true} }
func failure(links ...string) Outcome { return Outcome{Status: Error, Links: links} }

// untold is the outcome of a check that has no answer on this workstation.
func untold(links ...string) Outcome { return Outcome{Status: Skipped, Links: links} }

// public, local and person make facts.
func public(key, value string) Fact { return Fact{key, value, Public} }
func local(key, value string) Fact  { return Fact{key, value, Workstation} }
func person(key, value string) Fact { return Fact{key, value, Person} }
