package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/internal/diagnostic"
	"postecpx/internal/wording"
)

// answer is the one answer in words of the place Poste.
func (p *posteScreen) answer() wording.Statement {
	s := p.speaker
	switch {
	case p.checking:
		st := wording.Statement{Code: "checking", Tone: wording.Working, Title: s.Say("poste.checking"), Meaning: s.Say("poste.checking.begins")}
		if p.one != "" {
			st.Title = s.Say("poste.checking.one", "Check", p.check(p.one))
		}
		if at := p.progress; at.All > 0 {
			st.Meaning = s.Say("poste.checking.at", "Done", at.Done, "All", at.All, "Check", p.check(at.Finding.Code))
		}
		return st
	case p.diagnosis == nil:
		return wording.Statement{Code: "not-checked", Tone: wording.Plain, Title: s.Say("poste.not-checked"),
			Meaning: s.Say("poste.not-checked.meaning"), Next: s.Say("poste.not-checked.next")}
	case p.outdated:
		return wording.Statement{Code: "outdated", Tone: wording.Plain, Title: s.Say("poste.outdated"),
			Meaning: s.Say("poste.outdated.meaning"), Next: s.Say("poste.outdated.next")}
	}
	st := wording.Verdict(s, *p.diagnosis)
	st.Next = "" // all the steps stand under it
	if root, any := p.diagnosis.Root(); any && root.Status != diagnostic.Crashed {
		st.Meaning = p.say(root, p.diagnosis.GOOS).Summary
	}
	return st
}

// made says when the diagnosis was made, and whether it came to its end.
func (p *posteScreen) made() string {
	d := p.diagnosis
	if d == nil || p.checking {
		return ""
	}
	s := p.speaker
	said := s.Say("poste.made", "Day", wording.Date(s, cps.Date{Year: d.At.Year(), Month: d.At.Month(), Day: d.At.Day()}), "Time", d.At.Format("15:04"), "Seconds", seconds(s.Tag(), d.Duration))
	if d.Network {
		said += " " + s.Say("poste.made.network")
	}
	if d.Partial || p.stopped {
		said += " " + s.Say("poste.made.stopped")
	}
	return said
}

// seconds writes a duration in seconds as the language does.
func seconds(tag string, d time.Duration) string {
	text := fmt.Sprintf("%.1f", d.Seconds())
	if tag == "fr" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// withFollowers is a check and those that wait for it, by whatever way.
func withFollowers(code diagnostic.Code) []diagnostic.Code {
	all := []diagnostic.Code{code}
	for grown := true; grown; {
		grown = false
		for _, c := range diagnostic.Catalogue() {
			waits := slices.ContainsFunc(slices.Concat(c.Requires, c.After), func(r diagnostic.Code) bool { return slices.Contains(all, r) })
			if waits && !slices.Contains(all, c.Code) {
				all, grown = append(all, c.Code), true
			}
		}
	}
	return all
}

// renewed is a diagnosis with what was found again in place of what was found
// before.
func renewed(before, again diagnostic.Diagnosis) diagnostic.Diagnosis {
	merged := before
	merged.Findings = slices.Clone(before.Findings)
	for _, f := range again.Findings {
		at := slices.IndexFunc(merged.Findings, func(old diagnostic.Finding) bool { return old.Code == f.Code })
		if at < 0 {
			merged.Findings = append(merged.Findings, f)
		} else {
			merged.Findings[at] = f
		}
	}
	if again.Card != nil {
		merged.Card, merged.Reader = again.Card, again.Reader
	}
	if len(again.Persons) > 0 {
		merged.Persons = again.Persons
	}
	return merged
}
