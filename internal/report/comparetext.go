package report

import (
	"slices"
	"strings"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// ComparisonText writes a comparison to be read from the top: what got worse,
// what got better, then the rest.
func ComparisonText(s *language.Speaker, c Changes) string {
	p := new(page)
	if c.Same {
		p.line(0, s.Say("report.compare.same"))
	} else {
		p.line(0, s.Say("report.compare.answers", "Before", c.Before.Answer.Title, "After", c.After.Answer.Title))
	}
	p.line(1, s.Say("report.compare.sides", "Before", c.Before.GeneratedAt, "After", c.After.GeneratedAt))
	for _, n := range c.Notes {
		p.line(1, s.Say(noteKeys[n]))
	}
	for _, d := range Directions() {
		i := slices.IndexFunc(c.Findings, func(f FindingChange) bool { return f.Change == d })
		if i < 0 {
			continue
		}
		p.gap()
		p.line(0, s.Say(directionKeys[d]))
		for _, f := range c.Findings {
			if f.Change == d {
				writeFindingChange(p, s, f)
			}
		}
	}
	for _, part := range []struct {
		key    string
		values []ValueChange
	}{{"report.compare.card", c.Card}, {"report.compare.system", c.System}, {"report.compare.program", c.Program}} {
		if len(part.values) == 0 {
			continue
		}
		p.gap()
		p.line(0, s.Say(part.key))
		for _, v := range part.values {
			writeValueChange(p, s, 1, v)
		}
	}
	return p.b.String()
}

var noteKeys = map[Note]string{
	NoteReversed: "report.compare.note.reversed", NoteWorkstation: "report.compare.note.other-workstation",
	NoteUnknown: "report.compare.note.workstation-unknown", NotePlaceholders: "report.compare.note.placeholders",
	NoteRedaction: "report.compare.note.other-redaction", NoteLanguage: "report.compare.note.other-language",
	NoteNetwork: "report.compare.note.other-network", NotePartial: "report.compare.note.partial",
}

var directionKeys = map[Direction]string{
	Worse: "report.compare.worse", Better: "report.compare.better", Unseen: "report.compare.unseen",
	Changed: "report.compare.changed", Appeared: "report.compare.appeared", Disappeared: "report.compare.disappeared",
}

func writeFindingChange(p *page, s *language.Speaker, f FindingChange) {
	p.line(1, s.Say("report.compare.finding", "Title", f.Title, "Code", f.Code))
	before, after := stateLine(s, f.Before), stateLine(s, f.After)
	switch {
	case f.Before == nil:
		p.line(2, after)
	case f.After == nil:
		p.line(2, before)
	case before == after:
		p.line(2, after)
	default:
		p.line(2, s.Say("report.compare.before", "What", before))
		p.line(2, s.Say("report.compare.after", "What", after))
	}
	for _, v := range f.Evidence {
		writeValueChange(p, s, 2, v)
	}
}

func stateLine(s *language.Speaker, f *State) string {
	if f == nil {
		return ""
	}
	// A status of a file that is none of ours is shown as it stands.
	word := "[" + f.Status + "]"
	if slices.Contains([]diagnostic.Status{diagnostic.OK, diagnostic.Warning, diagnostic.Error, diagnostic.Skipped, diagnostic.Crashed}, diagnostic.Status(f.Status)) {
		said, _ := wording.StatusWord(s, diagnostic.Status(f.Status))
		word = "[" + said + "]"
	}
	return strings.TrimSpace(word + " " + f.Summary)
}

func writeValueChange(p *page, s *language.Speaker, indent int, v ValueChange) {
	name := v.Label
	if name == "" {
		name = v.Key
	}
	switch {
	case v.Before == nil && v.After == nil:
	case v.Before == nil:
		p.line(indent, s.Say("report.compare.value.added", "Name", name, "After", *v.After))
	case v.After == nil:
		p.line(indent, s.Say("report.compare.value.removed", "Name", name, "Before", *v.Before))
	default:
		p.line(indent, s.Say("report.compare.value.changed", "Name", name, "Before", *v.Before, "After", *v.After))
	}
}
