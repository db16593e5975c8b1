package guide

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	assets "postecpx/assets/guide"
	"postecpx/internal/diagnostic"
)

// TestRules holds the rules against the catalogue of checks: a rule that names
// a check or an outcome that does not exist would never hold, in silence.
func TestRules(t *testing.T) {
	t.Parallel()
	all, err := loadRules(assets.Files, "rules.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		for _, reason := range []string{r.Fr, r.En} {
			if !strings.HasSuffix(reason, ".") || strings.TrimSpace(reason) != reason || strings.Contains(reason, "\n") {
				t.Errorf("%s: %q is no sentence", r.Entry, reason)
			}
		}
		for _, c := range r.When {
			for _, list := range [][]string{c.Findings, c.With, c.Unless} {
				for _, p := range list {
					if !canBeFound(p) && !slices.Contains(states, p) {
						t.Errorf("%s: %q names no finding that a diagnosis can have", r.Entry, p)
					}
				}
			}
		}
	}
}

// canBeFound tells whether some check has an outcome that the pattern names.
func canBeFound(p string) bool {
	for _, check := range diagnostic.Catalogue() {
		for name, outcome := range check.Outcomes {
			f := diagnostic.Finding{Code: check.Code, Outcome: name, Status: outcome.Status}
			if told(f) && names(p, f) {
				return true
			}
		}
	}
	return false
}

func TestWrongRules(t *testing.T) {
	t.Parallel()
	const good = "entry = \"known\"\nweight = 10\nwhen = [{ kinds = [\"CPS\"] }]\nfr = \"Oui.\"\nen = \"Yes.\"\n"
	change := func(from, to string) string { return "[[rule]]\n" + strings.Replace(good, from, to, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"no rules":          {"", "no rules"},
		"not TOML":          {"[[rule]]\nentry = \n", "line 2"},
		"unknown key":       {change("weight", "wieght"), "wieght"},
		"unknown fact":      {change("kinds", "kind"), "kind: unknown key"},
		"unknown entry":     {change(`"known"`, `"nobody"`), `rule 1: entry: "nobody" is none`},
		"entry elsewhere":   {change(`"known"`, `"../entries/known"`), "is none"},
		"no weight":         {change("10", "0"), "weight: from 1 to 100"},
		"too heavy":         {change("10", "101"), "weight"},
		"no French":         {change("Oui.", ""), "fr: missing"},
		"no English":        {change("Yes.", " "), "en: missing"},
		"no condition":      {change(`[{ kinds = ["CPS"] }]`, "[]"), "when: missing"},
		"empty condition":   {change(`kinds = ["CPS"]`, ""), "neither a fact of the card nor a finding"},
		"system alone":      {change(`kinds = ["CPS"]`, `systems = ["linux"]`), "neither a fact of the card nor a finding"},
		"unknown kind":      {change("CPS", "CPX"), `when.kinds: unknown value "CPX"; the values are CPS, CPF`},
		"unknown state":     {change(`kinds = ["CPS"]`, `pin = ["wrong"]`), "when.pin: unknown value"},
		"unknown holding":   {change(`kinds = ["CPS"]`, `certificates = ["two"]`), "when.certificates"},
		"state, as finding": {change(`kinds = ["CPS"]`, `findings = ["expired"]`), "when.findings"},
		"unknown unless":    {change(`kinds = ["CPS"]`, `kinds = ["CPS"], unless = ["broken"]`), "when.unless"},
		"unknown type":      {change(`kinds = ["CPS"]`, `identifierTypes = ["NIR"]`), "when.identifierTypes"},
		"unknown problem":   {change(`kinds = ["CPS"]`, `identifierProblems = ["luck"]`), "when.identifierProblems"},
		"unknown unknown":   {change(`kinds = ["CPS"]`, `unknown = ["name"]`), "when.unknown"},
		"no pattern":        {change(`kinds = ["CPS"]`, `findings = ["pcsc"]`), `when.findings: "pcsc" is no pattern`},
		"skipped":           {change(`kinds = ["CPS"]`, `findings = ["pin.state:skipped"]`), "is no pattern"},
		"no pattern, with":  {change(`kinds = ["CPS"]`, `kinds = ["CPS"], with = ["*"]`), "when.with"},
		"no card, and kind": {change(`kinds = ["CPS"]`, `kinds = ["CPS"], card = true`), "when.card"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{"rules.toml": {Data: []byte(c.text)}, "entries/known.toml": {}}
			if _, err := loadRules(files, "rules.toml"); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "rules.toml") {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	files := fstest.MapFS{"rules.toml": {Data: []byte("[[rule]]\n" + good)}, "entries/known.toml": {}}
	if all, err := loadRules(files, "rules.toml"); err != nil || len(all) != 1 {
		t.Errorf("the good one: %v, %v", all, err)
	}
	if _, err := loadRules(fstest.MapFS{}, "rules.toml"); err == nil {
		t.Error("no file, no error")
	}
}
