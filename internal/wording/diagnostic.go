package wording

import (
	"regexp"
	"strings"

	"postecpx/assets/links"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
)

// Link is an address and what it is.
type Link struct{ Label, URL string }

// Evidence is one fact of a finding with its name in words.
type Evidence struct {
	Key, Label, Value string
	Sensitivity       diagnostic.Sensitivity
}

// FindingWords is a finding in words.
type FindingWords struct {
	Code diagnostic.Code
	Tone Tone
	// Mark is the status in a word: "à régler".
	Mark    string
	Title   string // what was looked at
	Summary string // what was found
	Meaning string // what that means, "" when the summary says all
	// Steps are what the person does, in order.
	Steps []string
	// Command is for a support desk, "" when there is none.
	Command  string
	Links    []Link
	Evidence []Evidence
}

// statusWords is how each status is shown.
var statusWords = map[diagnostic.Status]struct {
	tone Tone
	key  string
}{
	diagnostic.OK:      {Good, "diagnosis.status.ok"},
	diagnostic.Warning: {Warning, "diagnosis.status.warning"},
	diagnostic.Error:   {Bad, "diagnosis.status.error"},
	diagnostic.Skipped: {Plain, "diagnosis.status.skipped"},
	diagnostic.Crashed: {Warning, "diagnosis.status.crashed"},
}

// engineOutcomes are the sentences of the outcomes that any check can have.
var engineOutcomes = map[string]string{
	diagnostic.OutcomeBecause:   "diagnosis.because",
	diagnostic.OutcomeUnasked:   "diagnosis.unasked",
	diagnostic.OutcomeElsewhere: "diagnosis.elsewhere",
	diagnostic.OutcomeTimeout:   "diagnosis.timeout",
	diagnostic.OutcomePanic:     "diagnosis.panic",
	diagnostic.OutcomeCancelled: "diagnosis.cancelled",
	diagnostic.OutcomeUndefined: "diagnosis.panic",
}

// CheckTitle says what a check looks at.
func CheckTitle(s *language.Speaker, code diagnostic.Code) string {
	return s.Say("check." + string(code))
}

// GroupTitle names a group of checks.
func GroupTitle(s *language.Speaker, g diagnostic.Group) string {
	return s.Say("diagnosis.group." + string(g))
}

// StatusWord is a status in one word, with its tone.
func StatusWord(s *language.Speaker, status diagnostic.Status) (string, Tone) {
	w := statusWords[status]
	return s.Say(w.key), w.tone
}

// Finding says a finding. goos chooses the remedy of that system.
func Finding(s *language.Speaker, f diagnostic.Finding, goos string) FindingWords {
	w := FindingWords{Code: f.Code, Title: CheckTitle(s, f.Code)}
	w.Mark, w.Tone = StatusWord(s, f.Status)
	switch {
	case f.Waits():
		w.Mark, w.Tone = s.Say("diagnosis.status.waits"), Warning
	case f.Advice:
		w.Mark, w.Tone = s.Say("diagnosis.status.advice"), Plain
	}
	pairs := sentencePairs(s, f)
	if key, ok := engineOutcomes[f.Outcome]; ok {
		if f.Because != "" {
			pairs = append(pairs, "Because", CheckTitle(s, f.Because))
		}
		w.Summary = s.Say(key, pairs...)
	} else {
		key := "check." + string(f.Code) + "." + f.Outcome
		w.Summary = s.Say(key, pairs...)
		w.Meaning = sayIf(s, key+".meaning", pairs)
		w.Steps = lines(ofSystem(s, key+".remedy", goos, pairs))
		w.Command = commandLine(s, key+".command", goos, f)
	}
	for _, id := range f.Links {
		if l, ok := links.Find(id); ok {
			w.Links = append(w.Links, Link{l.Label(s.Tag()), l.URL})
		}
	}
	for _, fact := range f.Facts {
		if fact.Sensitivity != diagnostic.Secret {
			w.Evidence = append(w.Evidence, Evidence{fact.Key, factLabel(s, fact.Key), factValue(s, fact, longestFact), fact.Sensitivity})
		}
	}
	return w
}

// longestFact is how much of one fact is shown.
const longestFact = 400

func factLabel(s *language.Speaker, key string) string {
	if name := "fact." + key; s.Has(name) {
		return s.Say(name)
	}
	return key
}

// factValue is the value of a fact fit to be shown. One that is a stable word,
// such as the cause "denied", is said by the sentence "fact.KEY.WORD".
func factValue(s *language.Speaker, fact diagnostic.Fact, limit int) string {
	if name := "fact." + fact.Key + "." + fact.Value; fact.Sensitivity == diagnostic.Public && stableWord.MatchString(fact.Value) && s.Has(name) {
		return s.Say(name)
	}
	return plaintext.Line(fact.Value, limit)
}

var stableWord = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)

// sentencePairs are the facts that fill the sentences; facts of one key are
// put in a row.
func sentencePairs(s *language.Speaker, f diagnostic.Finding) []any {
	values := map[string][]string{}
	var keys []string
	for _, fact := range f.Facts {
		if fact.Sensitivity == diagnostic.Secret {
			continue
		}
		if len(values[fact.Key]) == 0 {
			keys = append(keys, fact.Key)
		}
		values[fact.Key] = append(values[fact.Key], factValue(s, fact, longest))
	}
	var pairs []any
	for _, k := range keys {
		pairs = append(pairs, k, strings.Join(values[k], ", "))
	}
	return pairs
}

// ofSystem says the sentence for that system, else the one for all.
func ofSystem(s *language.Speaker, key, goos string, pairs []any) string {
	if text := sayIf(s, key+"."+goos, pairs); text != "" {
		return text
	}
	return sayIf(s, key, pairs)
}

func sayIf(s *language.Speaker, key string, pairs []any) string {
	if !s.Has(key) {
		return ""
	}
	return s.Say(key, pairs...)
}

func lines(text string) []string {
	var all []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			all = append(all, l)
		}
	}
	return all
}

// Verdict is the one answer of a diagnosis, and the finding to begin with.
func Verdict(s *language.Speaker, d diagnostic.Diagnosis) Statement {
	said := Statement{Code: string(d.Verdict())}
	root, any := d.Root()
	words := Finding(s, root, d.GOOS)
	switch d.Verdict() {
	case diagnostic.AllWell:
		said.Tone, said.Title, said.Meaning = Good, s.Say("diagnosis.all-well"), s.Say("diagnosis.all-well.meaning")
	case diagnostic.Todo:
		said.Tone, said.Title = Warning, s.Say("diagnosis.todo")
	case diagnostic.CannotUse:
		said.Tone, said.Title = Bad, s.Say("diagnosis.cannot-use")
	default:
		said.Tone, said.Title, said.Meaning = Plain, s.Say("diagnosis.unknown"), s.Say("diagnosis.unknown.meaning")
	}
	if any && root.Status != diagnostic.Crashed { // a check that broke explains nothing
		said.Meaning = words.Summary
		if len(words.Steps) > 0 {
			said.Next = words.Steps[0]
		}
	}
	return said
}
