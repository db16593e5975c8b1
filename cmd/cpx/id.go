package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"postecpx/cardreader/nationalid"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// idDocument is what "cpx id --json" prints.
type idDocument struct {
	Schema     string        `json:"schema"`
	Input      string        `json:"input"`
	Certain    bool          `json:"certain"`
	Candidates []idCandidate `json:"candidates"`
	Doubts     []string      `json:"doubts"`
}

type idCandidate struct {
	Of       string   `json:"of"` // person, structure
	Value    string   `json:"value"`
	Type     string   `json:"type"`
	Number   string   `json:"number"`
	Status   string   `json:"status"` // verified, unverified
	Repairs  []string `json:"repairs"`
	Problems []string `json:"problems"`
	// ExpectedKey is the check digit that the others call for, given when
	// the one that stands there is another.
	ExpectedKey *int `json:"expectedKey,omitempty"`
}

func idCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	asJSON := set.Bool("json", false, "")
	return func(_ context.Context, t *terminal, args []string) int {
		if len(args) == 0 {
			t.fail(t.say("cli.id.missing"), t.usage("id", set))
			return exitUsage
		}
		// An identifier typed in groups arrives as several words.
		text := strings.Join(args, " ")
		found := nationalid.Interpret(text)
		if *asJSON {
			t.printJSON(newIDDocument(text, found))
		} else {
			t.printInterpretation(found)
		}
		if found.Certain() {
			return exitOK
		}
		return exitProblems
	}
}

func newIDDocument(text string, found nationalid.Interpretation) idDocument {
	d := idDocument{
		Schema: "postecpx.identifier/1", Input: text, Certain: found.Certain(),
		Candidates: []idCandidate{}, Doubts: codes(found.Doubts),
	}
	for _, c := range found.Candidates {
		status := "verified"
		if len(c.Problems) > 0 {
			status = "unverified"
		}
		candidate := idCandidate{
			Of: string(c.Of), Value: c.Value, Type: string(c.Type), Number: c.Number, Status: status,
			Repairs: codes(c.Repairs), Problems: codes(c.Problems),
		}
		if key, ok := wrongKey(c); ok {
			candidate.ExpectedKey = &key
		}
		d.Candidates = append(d.Candidates, candidate)
	}
	return d
}

// wrongKey is the check digit that would hold, when the one there does not.
func wrongKey(c nationalid.Candidate) (int, bool) {
	for _, p := range c.Problems {
		if p == nationalid.ProblemLuhn {
			return c.ExpectedKey()
		}
	}
	return 0, false
}

func codes[T ~string](all []T) []string {
	list := make([]string, 0, len(all))
	for _, c := range all {
		list = append(list, string(c))
	}
	return list
}

func (t *terminal) printInterpretation(found nationalid.Interpretation) {
	for i, c := range found.Candidates {
		if i > 0 {
			t.out("")
		}
		t.printCandidate(c)
	}
	if len(found.Doubts) > 0 && len(found.Candidates) > 0 {
		t.out("")
	}
	for _, d := range found.Doubts {
		if d != nationalid.DoubtProblems { // said with the candidate
			t.out(t.say("cli.id.doubt." + string(d)))
		}
	}
}

func (t *terminal) printCandidate(c nationalid.Candidate) {
	value := plaintext.Line(c.Value, 120)
	line := value
	if grouped := nationalid.Grouped(value); c.Of == nationalid.Person && grouped != value {
		line += "   (" + grouped + ")"
	}
	t.out(line)
	kind := wording.Type(t.Speaker, c.Type)
	if c.Of == nationalid.StructureOnly {
		kind = t.say("cli.id.structure", "Type", kind)
	}
	t.out("    " + kind)
	for _, r := range c.Repairs {
		t.out("    " + t.say("cli.id.repair."+string(r)))
	}
	if len(c.Problems) == 0 {
		t.out("    " + t.tone(wording.Good) + " " + t.say("cli.id.holds"))
	}
	for _, p := range c.Problems {
		text, next := wording.Problem(t.Speaker, p)
		t.out(fmt.Sprintf("    %s %s", t.tone(wording.Warning), text))
		if key, ok := wrongKey(c); ok && p == nationalid.ProblemLuhn {
			t.out("        " + t.say("cli.id.key", "Key", key))
		}
		if next != "" {
			t.out("        " + next)
		}
	}
}
