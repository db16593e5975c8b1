package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postecpx/internal/diagnostic"
)

// ComparisonSchema names the form of the comparison of two reports.
const ComparisonSchema = "postecpx.comparison/1"

// Changes is what is not the same in two reports.
type Changes struct {
	Schema   string          `json:"schema"`
	Same     bool            `json:"same"`
	Before   Side            `json:"before"`
	After    Side            `json:"after"`
	Notes    []Note          `json:"notes"` // what keeps the two from being compared in full
	Findings []FindingChange `json:"findings"`
	Card     []ValueChange   `json:"card"`
	System   []ValueChange   `json:"system"`
	Program  []ValueChange   `json:"program"`
}

// Side is one of the two reports.
type Side struct {
	GeneratedAt string    `json:"generatedAt"`
	Workstation string    `json:"workstation,omitempty"`
	Language    string    `json:"language,omitempty"`
	Redaction   Redaction `json:"redaction,omitempty"`
	Answer      Answer    `json:"answer"`
}

// Note is what a reader of the comparison should know.
type Note string

// Notes.
const (
	NoteReversed     Note = "reversed"            // the second report is the older one
	NoteWorkstation  Note = "other-workstation"   // they are of two workstations
	NoteUnknown      Note = "workstation-unknown" // nothing tells whether it is the same
	NotePlaceholders Note = "placeholders"        // what was redacted cannot be compared
	NoteRedaction    Note = "other-redaction"
	NoteLanguage     Note = "other-language"
	NoteNetwork      Note = "other-network" // the network was asked in one of them
	NotePartial      Note = "partial"       // not all was looked at in one of them
)

// Notes lists them.
func Notes() []Note {
	return []Note{NoteReversed, NoteWorkstation, NoteUnknown, NotePlaceholders, NoteRedaction, NoteLanguage, NoteNetwork, NotePartial}
}

// Direction is what a change is worth.
type Direction string

// Directions. Unseen: it was looked at before, and is not any more. Changed:
// neither better nor worse. Appeared and Disappeared: one of the reports does
// not have that check.
const (
	Worse       Direction = "worse"
	Better      Direction = "better"
	Unseen      Direction = "unseen"
	Changed     Direction = "changed"
	Appeared    Direction = "appeared"
	Disappeared Direction = "disappeared"
)

// Directions lists them, the most pressing first.
func Directions() []Direction {
	return []Direction{Worse, Better, Unseen, Appeared, Disappeared, Changed}
}

// FindingChange is one finding that is not the same.
type FindingChange struct {
	Code     string        `json:"code"`
	Title    string        `json:"title"`
	Change   Direction     `json:"change"`
	Before   *State        `json:"before,omitempty"`
	After    *State        `json:"after,omitempty"`
	Evidence []ValueChange `json:"evidence,omitempty"`
}

// State is what one of the reports says of a finding.
type State struct {
	Status  string `json:"status"`
	Outcome string `json:"outcome"`
	Summary string `json:"summary"`
	Because string `json:"because,omitempty"`
}

// ValueChange is one value that was added (no Before), removed (no After), or
// changed.
type ValueChange struct {
	Key    string  `json:"key"`
	Label  string  `json:"label,omitempty"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
}

// Compare says what changed from one report to the other. How long a check took
// and how many exchanges a reading needed are no changes, nor is the time.
func Compare(before, after Report) Changes {
	as := newSameness(before, after)
	c := Changes{
		Schema: ComparisonSchema, Before: side(before), After: side(after), Notes: notes(before, after),
		Findings: compareFindings(as, before.Findings, after.Findings),
		Card:     compareCards(as, before.Card, after.Card),
		System:   compareValues(as, flat("", before.System), flat("", after.System)),
		Program:  compareValues(as, flat("", before.Program), flat("", after.Program)),
	}
	c.Same = len(c.Findings)+len(c.Card)+len(c.System)+len(c.Program) == 0
	return c
}

func side(r Report) Side {
	return Side{r.GeneratedAt, r.Workstation, r.Language, r.Redaction, r.Answer}
}

func notes(a, b Report) []Note {
	found := map[Note]bool{
		NoteReversed:    moment(b).Before(moment(a)),
		NoteWorkstation: a.Workstation != "" && b.Workstation != "" && a.Workstation != b.Workstation,
		NoteUnknown:     a.Workstation == "" || b.Workstation == "",
		NoteRedaction:   a.Redaction != b.Redaction,
		NoteLanguage:    a.Language != b.Language,
		NoteNetwork:     a.Network != b.Network,
		NotePartial:     a.Partial || b.Partial,
	}
	hidden := a.Redaction != None && b.Redaction != None
	found[NotePlaceholders] = hidden && !samePlaceholders(a, b)
	said := make([]Note, 0)
	for _, n := range Notes() {
		if found[n] {
			said = append(said, n)
		}
	}
	return said
}

func compareFindings(as sameness, before, after []Finding) []FindingChange {
	changes := make([]FindingChange, 0)
	old := map[string]Finding{}
	for _, f := range before {
		old[f.Code] = f
	}
	for _, f := range after {
		was, ok := old[f.Code]
		delete(old, f.Code)
		if !ok {
			changes = append(changes, FindingChange{Code: f.Code, Title: f.Title, Change: Appeared, After: state(f)})
			continue
		}
		evidence := compareEvidence(as, was.Evidence, f.Evidence)
		if was.Status == f.Status && was.Outcome == f.Outcome && was.Because == f.Because && len(evidence) == 0 {
			continue
		}
		changes = append(changes, FindingChange{f.Code, f.Title, direction(was, f), state(was), state(f), evidence})
	}
	for _, f := range before {
		if _, gone := old[f.Code]; gone {
			changes = append(changes, FindingChange{Code: f.Code, Title: f.Title, Change: Disappeared, Before: state(f)})
		}
	}
	slices.SortStableFunc(changes, func(a, b FindingChange) int {
		return slices.Index(Directions(), a.Change) - slices.Index(Directions(), b.Change)
	})
	return changes
}

func state(f Finding) *State { return &State{f.Status, f.Outcome, f.Summary, f.Because} }

// badness orders the statuses that were looked at.
var badness = map[string]int{string(diagnostic.OK): 1, string(diagnostic.Warning): 2, string(diagnostic.Error): 3}

func direction(before, after Finding) Direction {
	was, is := badness[before.Status], badness[after.Status]
	switch {
	case was == is:
		return Changed
	case is == 0:
		return Unseen
	case was == 0 && is == 1:
		return Better
	case is > was:
		return Worse
	}
	return Better
}

// moments are facts that say when the report was made: no two have the same.
var moments = map[string]bool{"clock": true, "today": true, "bootClock": true, "serverClock": true}

// compareEvidence compares the values of each key; several facts may have one.
func compareEvidence(as sameness, before, after []Evidence) []ValueChange {
	var changes []ValueChange
	var keys []string
	labels := map[string]string{}
	values := map[string][2][]string{}
	for i, side := range [][]Evidence{before, after} {
		for _, e := range side {
			if moments[e.Key] {
				continue
			}
			if _, seen := values[e.Key]; !seen {
				keys = append(keys, e.Key)
			}
			both := values[e.Key]
			both[i] = append(both[i], e.Value)
			values[e.Key], labels[e.Key] = both, e.Label
		}
	}
	for _, key := range keys {
		gone, come := as.without(values[key][0], values[key][1])
		for i := range max(len(gone), len(come)) {
			changes = append(changes, ValueChange{key, labels[key], nth(gone, i), nth(come, i)})
		}
	}
	return changes
}

func nth(all []string, i int) *string {
	if i < len(all) {
		return &all[i]
	}
	return nil
}

func compareCards(as sameness, before, after *Card) []ValueChange {
	switch {
	case before == nil && after == nil:
		return []ValueChange{}
	case before == nil:
		return []ValueChange{{Key: "card", After: family(after)}}
	case after == nil:
		return []ValueChange{{Key: "card", Before: family(before)}}
	}
	was, is := flat("", before), flat("", after)
	for _, values := range []map[string]string{was, is} {
		delete(values, "exchanges")
		delete(values, "schema")
		if as.redacted {
			delete(values, "holder.civility") // left out, and not replaced
		}
	}
	return compareValues(as, was, is)
}

// family says in short which card it is.
func family(c *Card) *string {
	text := strings.TrimSpace(c.Kind + " " + c.Generation)
	return &text
}

func compareValues(as sameness, before, after map[string]string) []ValueChange {
	changes := make([]ValueChange, 0)
	paths := map[string]bool{}
	for _, values := range []map[string]string{before, after} {
		for p := range values {
			paths[p] = true
		}
	}
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		was, had := before[p]
		is, has := after[p]
		c := ValueChange{Key: p}
		if had {
			c.Before = &was
		}
		if has {
			c.After = &is
		}
		if had != has || !as.same(was, is) {
			changes = append(changes, c)
		}
	}
	return changes
}

// flat gives the values of a document by their paths: "certificates.0.role".
func flat(path string, document any) map[string]string {
	values := map[string]string{}
	data, err := json.Marshal(document)
	var tree any
	if err != nil || json.Unmarshal(data, &tree) != nil {
		return values // these documents always can
	}
	flatten(path, tree, values)
	return values
}

func flatten(path string, tree any, into map[string]string) {
	under := func(step string) string {
		if path == "" {
			return step
		}
		return path + "." + step
	}
	switch v := tree.(type) {
	case nil:
	case map[string]any:
		for key, inner := range v {
			flatten(under(key), inner, into)
		}
	case []any:
		for i, inner := range v {
			flatten(under(fmt.Sprint(i)), inner, into)
		}
	default:
		into[path] = fmt.Sprint(v)
	}
}
