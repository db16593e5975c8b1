package guide

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
)

// rule says when an entry fits, and why.
type rule struct {
	Entry  string
	Weight int
	// When holds when one of its conditions does.
	When []condition
	// Filler is said only when no finding called for anything.
	Filler bool
	Fr, En string // the reason, in a sentence
}

func (r rule) why(tag string) string {
	if tag == "en" {
		return r.En
	}
	return r.Fr
}

// condition holds when all that it names is true. Of a list, one is enough.
type condition struct {
	// Of the card: none holds when it was not read.
	Kinds, Generations, Interfaces                          []string
	IdentifierStatuses, IdentifierTypes, IdentifierProblems []string
	Pin, Certificates                                       []string
	Test, Expired, ExpiresSoon                              *bool
	Employee, Director, PrivatePractice                     *bool
	// Unknown are facts of the card, by their names here, that nothing tells.
	Unknown []string

	// Card tells whether one was read.
	Card *bool
	// Systems are those of the workstation, by their GOOS.
	Systems []string
	// Findings are patterns: the suggestion comes from those that they name.
	// With are others that must be there too, Unless those that must not; the
	// states of the card may stand in Unless as well.
	Findings, With, Unless []string
}

// ofCard tells whether the condition asks something of the card.
func (c condition) ofCard() bool {
	for _, list := range [][]string{c.Kinds, c.Generations, c.Interfaces, c.IdentifierStatuses, c.IdentifierTypes, c.IdentifierProblems, c.Pin, c.Certificates, c.Unknown} {
		if len(list) > 0 {
			return true
		}
	}
	for _, fact := range []*bool{c.Test, c.Expired, c.ExpiresSoon, c.Employee, c.Director, c.PrivatePractice} {
		if fact != nil {
			return true
		}
	}
	return false
}

// loadRules reads the rules, which lie beside the folder of the entries. All
// that is wrong with one is named by its place and its entry.
func loadRules(files fs.FS, name string) ([]rule, error) {
	var file struct{ Rule []rule }
	if _, err := decode(files, name, &file); err != nil {
		return nil, fmt.Errorf("guide: %w", err)
	}
	if len(file.Rule) == 0 {
		return nil, fmt.Errorf("guide: %s: no rules", name)
	}
	for i, r := range file.Rule {
		if _, err := fs.Stat(files, path.Join("entries", r.Entry+".toml")); err != nil || !validID.MatchString(r.Entry) {
			return nil, fmt.Errorf("guide: %s: rule %d: entry: %q is none", name, i+1, r.Entry)
		}
		if key, why := r.wrong(); key != "" {
			return nil, fmt.Errorf("guide: %s: rule %d, of %s: %s: %s", name, i+1, r.Entry, key, why)
		}
	}
	return file.Rule, nil
}

// wrong gives the key and the reason of what is wrong with a rule, "" when
// nothing is.
func (r rule) wrong() (key, why string) {
	switch {
	case r.Weight <= 0 || r.Weight > 100:
		return "weight", "from 1 to 100 is wanted"
	case strings.TrimSpace(r.Fr) == "":
		return "fr", "missing or empty"
	case strings.TrimSpace(r.En) == "":
		return "en", "missing or empty"
	case len(r.When) == 0:
		return "when", "missing: a list of conditions is wanted"
	}
	for _, c := range r.When {
		if !c.ofCard() && c.Card == nil && len(c.Findings) == 0 {
			return "when", "a condition names neither a fact of the card nor a finding"
		}
		if c.ofCard() && c.Card != nil {
			return "when.card", "is said already by what is asked of the card"
		}
		if key, why := c.wrong(); key != "" {
			return "when." + key, why
		}
	}
	return "", ""
}

// pattern is the form of what names findings; whether there is such a check is
// a matter of the tests.
var pattern = regexp.MustCompile(`^[a-z0-9]+\.(\*|[a-z0-9-]+(\.[a-z0-9-]+|:(ok|warning|error))?)$`)

// factNames are those of the facts that a card may leave unknown.
var factNames = []string{"test", "expired", "expiresSoon", "employee", "director", "privatePractice"}

var identifierTypes = []nationalid.Type{nationalid.RPPS, nationalid.ADELI, nationalid.FINESS, nationalid.SIREN, nationalid.SIRET,
	nationalid.CabinetRPPS, nationalid.CabinetADELI, nationalid.DRASS, nationalid.Student}

func (c condition) wrong() (key, why string) {
	for _, list := range []struct {
		key           string
		values, known []string
	}{
		{"kinds", c.Kinds, texts([]cps.Kind{cps.CPS, cps.CPF, cps.CPE, cps.CDE, cps.CPA, cps.CDA})},
		{"generations", c.Generations, texts([]cps.Generation{cps.CPS2ter, cps.CPS3, cps.CPS4, cps.GenerationUnknown})},
		{"interfaces", c.Interfaces, texts([]cps.Interface{cps.Contact, cps.Contactless})},
		{"identifierStatuses", c.IdentifierStatuses, texts([]cps.IdentifierStatus{cps.Verified, cps.Unverified, cps.Absent, cps.Pending})},
		{"identifierTypes", c.IdentifierTypes, texts(identifierTypes)},
		{"identifierProblems", c.IdentifierProblems, texts(append(nationalid.Problems(), cps.ProblemDisagree, cps.ProblemInfoPS, cps.ProblemCertificate))},
		{"pin", c.Pin, []string{pinBlocked, pinLastTry, pinLow}},
		{"certificates", c.Certificates, []string{certificatesNone}},
		{"unknown", c.Unknown, factNames},
		{"systems", c.Systems, []string{"windows", "darwin", "linux"}},
	} {
		for _, v := range list.values {
			if !slices.Contains(list.known, v) {
				return list.key, fmt.Sprintf("unknown value %q; the values are %s", v, joined(list.known))
			}
		}
	}
	for _, list := range []struct {
		key    string
		values []string
	}{{"findings", c.Findings}, {"with", c.With}, {"unless", c.Unless}} {
		for _, v := range list.values {
			if !pattern.MatchString(v) && (list.key != "unless" || !slices.Contains(states, v)) {
				return list.key, fmt.Sprintf("%q is no pattern: area.*, area.check, area.check.outcome or area.check:status", v)
			}
		}
	}
	return "", ""
}
