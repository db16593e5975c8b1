package diagnostic

import (
	"slices"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
)

var identifierChecks = []Check{
	{
		Code: "identifier.valid", Group: GroupIdentifier, Requires: []Code{"card.family"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{
			"absent":             failure("assistance"),
			"absent-contactless": untold(),
			"malformed":          failure("assistance"),
			"luhn":               failure("assistance"),
			heldByToken:          untold(),
			"unverifiable":       ok(),
			"valid":              ok(),
		},
		Run: withCard(identifierValid),
	},
	{
		Code: "identifier.sources", Group: GroupIdentifier, Requires: []Code{"identifier.valid"}, After: []Code{"card.readable"}, Card: true, Deadline: cardDeadline,
		Outcomes: map[string]Outcome{
			"disagree":   failure("assistance"),
			"unreadable": warning(),
			"none":       untold(),
			"one":        untold(),
			heldByToken:  untold(),
			"agree":      ok(),
		},
		Run: withCard(identifierSources),
	},
}

// sourceProblems are those that the two sources show together, and not the
// identifier alone.
var sourceProblems = []nationalid.Problem{cps.ProblemDisagree, cps.ProblemInfoPS, cps.ProblemCertificate}

func identifierValid(_ *Session, c *cps.Card) Result {
	id := c.Identifier
	switch {
	case id.Value == "" && c.Interface == cps.Contactless:
		return Result{Outcome: "absent-contactless"}
	case id.Value == "":
		return Result{Outcome: "absent", Facts: orderedBy(c)}
	}
	facts := append([]Fact{person("identifier", id.Value), public("identifierType", string(id.Type))}, orderedBy(c)...)
	outcome := "valid"
	for _, p := range id.Problems {
		if slices.Contains(sourceProblems, p) {
			continue
		}
		facts = append(facts, public("problem", string(p)))
		switch {
		case p == nationalid.ProblemKeyUnknown && outcome == "valid":
			outcome = "unverifiable"
		case p == nationalid.ProblemLuhn && outcome != "malformed":
			outcome = "luhn"
		case p != nationalid.ProblemKeyUnknown && p != nationalid.ProblemLuhn:
			outcome = "malformed"
		}
	}
	return Result{Outcome: outcome, Facts: facts}
}

func identifierSources(s *Session, c *cps.Card) Result {
	id := c.Identifier
	var facts []Fact
	for _, source := range id.Sources {
		facts = append(facts, public("source", string(source)))
	}
	facts = append(facts, orderedBy(c)...)
	switch {
	case slices.Contains(id.Problems, cps.ProblemDisagree):
		return Result{Outcome: "disagree", Facts: append(facts, person("identifier", id.Value), person("certificateIdentifier", id.CertificateValue))}
	case slices.Contains(id.Problems, cps.ProblemInfoPS):
		return unreadSource(s, append(facts, public("unreadSource", string(cps.SourceInfoPS))))
	case slices.Contains(id.Problems, cps.ProblemCertificate):
		return unreadSource(s, append(facts, public("unreadSource", string(cps.SourceCertificate))))
	case len(id.Sources) > 1:
		return Result{Outcome: "agree", Facts: facts}
	case len(id.Sources) == 1:
		return Result{Outcome: "one", Facts: facts}
	}
	return Result{Outcome: "none"}
}

// unreadSource says that a source could not be read, unless card.readable has
// already told of what the card did not give.
func unreadSource(s *Session, facts []Fact) Result {
	if read, _ := s.Found("card.readable"); read.Outcome == "gaps" {
		return Result{Because: read.Code, Facts: facts}
	}
	return Result{Outcome: "unreadable", Facts: facts}
}
