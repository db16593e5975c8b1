package report

import (
	"fmt"
	"slices"
	"strings"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// page collects lines of text. All that is written to it is inert.
type page struct {
	b       strings.Builder
	blank   bool // a blank line is due before the next
	started bool
}

// longestLine is how much of one text is written.
const longestLine = 2000

// line writes one line, indented by so many steps.
func (p *page) line(indent int, text string) {
	if p.blank && p.started {
		p.b.WriteByte('\n')
	}
	p.blank, p.started = false, true
	p.b.WriteString(strings.Repeat("  ", indent))
	p.b.WriteString(plaintext.Line(text, longestLine))
	p.b.WriteByte('\n')
}

// gap leaves a blank line before what follows.
func (p *page) gap() { p.blank = true }

// Text writes a report to be read from the top, over the telephone too: the
// answer and its root cause, what to do, what else there is, what could not be
// looked at, and in few words what is well. s speaks the language of the report.
func Text(s *language.Speaker, r Report) string {
	p := new(page)
	root, any := r.Root()
	writeAnswer(p, s, r, root, any)
	for _, f := range r.todo() {
		if any && f.Code == root.Code {
			continue
		}
		p.gap()
		p.line(0, bracketed(s, f)+" "+titled(s, f)+"  ("+f.Code+")")
		writeHelp(p, s, f)
	}
	writeUnseen(p, s, r)
	writeWell(p, s, r)
	p.gap()
	for _, line := range about(s, r) {
		p.line(0, line)
	}
	return p.b.String()
}

// writeAnswer writes the first lines: in them stands the root cause.
func writeAnswer(p *page, s *language.Speaker, r Report, root Finding, any bool) {
	if !any {
		p.line(0, r.Answer.Title)
		if r.Answer.Summary != "" {
			p.line(1, r.Answer.Summary)
		}
		return
	}
	p.line(0, s.Say("report.answer", "Answer", r.Answer.Title, "Cause", root.Summary))
	p.line(1, bracketed(s, root)+" "+root.Title+"  ("+root.Code+")")
	writeHelp(p, s, root)
}

// titled is what was looked at and what was found.
func titled(s *language.Speaker, f Finding) string {
	return s.Say("report.finding", "Title", f.Title, "Summary", f.Summary)
}

// writeHelp writes what a finding means and what to do.
func writeHelp(p *page, s *language.Speaker, f Finding) {
	if f.Meaning != "" {
		p.line(1, f.Meaning)
	}
	for i, step := range f.Steps() {
		p.line(2, fmt.Sprintf("%d. %s", i+1, step))
	}
	if f.Command != "" {
		p.line(1, s.Say("report.command", "Command", f.Command))
	}
	for _, l := range f.Links {
		p.line(1, s.Say("report.link", "Label", l.Label, "URL", l.URL))
	}
}

// unseen are the skipped findings that say the same: a cause, and what could not
// be looked at for it.
type unseen struct {
	Why    string
	Titles []string
}

// unlooked puts the skipped findings together by their cause, in their order.
// What has no meaning on this system comes last.
func unlooked(s *language.Speaker, r Report) []unseen {
	var all []unseen
	for _, f := range r.Findings {
		if f.Status != string(diagnostic.Skipped) {
			continue
		}
		i := slices.IndexFunc(all, func(u unseen) bool { return u.Why == f.Summary })
		if i < 0 {
			i, all = len(all), append(all, unseen{Why: f.Summary})
		}
		all[i].Titles = append(all[i].Titles, f.Title)
	}
	elsewhere := s.Say("diagnosis.elsewhere")
	slices.SortStableFunc(all, func(a, b unseen) int {
		return btoi(a.Why == elsewhere) - btoi(b.Why == elsewhere)
	})
	return all
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func writeUnseen(p *page, s *language.Speaker, r Report) {
	all := unlooked(s, r)
	if last := len(all) - 1; last >= 0 && all[last].Why == s.Say("diagnosis.elsewhere") {
		all = all[:last] // of no use to who reads this one
	}
	if len(all) == 0 {
		return
	}
	p.gap()
	p.line(0, s.Say("report.unseen"))
	for _, u := range all {
		name, what := u.Why, strings.Join(u.Titles, ", ")
		if len(u.Titles) == 1 {
			name, what = what, name
		}
		p.line(1, s.Say("report.group", "Name", name, "What", what))
	}
}

// well are the findings of a group that are well.
type well struct {
	Group    string
	Findings []Finding
}

func fine(s *language.Speaker, r Report) []well {
	var all []well
	for _, f := range r.Findings {
		if f.Status != string(diagnostic.OK) {
			continue
		}
		name := wording.GroupTitle(s, diagnostic.Group(f.Group))
		i := slices.IndexFunc(all, func(w well) bool { return w.Group == name })
		if i < 0 {
			i, all = len(all), append(all, well{Group: name})
		}
		all[i].Findings = append(all[i].Findings, f)
	}
	return all
}

// writeWell writes one line a group: enough to tell that it was looked at.
func writeWell(p *page, s *language.Speaker, r Report) {
	all := fine(s, r)
	if len(all) == 0 {
		return
	}
	count := 0
	for _, w := range all {
		count += len(w.Findings)
	}
	p.gap()
	p.line(0, s.Say("report.well", "Count", count))
	for _, w := range all {
		var titles []string
		for _, f := range w.Findings {
			titles = append(titles, f.Title)
		}
		p.line(1, s.Say("report.group", "Name", w.Group, "What", strings.Join(titles, ", ")))
	}
}

// about are the lines on the report itself: when, where, by what, and what was
// left out.
func about(s *language.Speaker, r Report) []string {
	system := strings.TrimSpace(strings.Join([]string{r.System.Name, r.System.Version, r.System.Arch}, " "))
	if r.System.Name == "" {
		system = strings.TrimSpace(r.System.OS + " " + r.System.Arch)
	}
	lines := []string{s.Say("report.about", "Version", r.Program.Version, "System", system, "Time", r.GeneratedAt)}
	lines = append(lines, s.Say(redactionKeys[r.Redaction]))
	if r.Placeholders == OfReport {
		lines = append(lines, s.Say("report.placeholders.report"))
	}
	if r.Partial {
		lines = append(lines, s.Say("report.partial"))
	}
	return lines
}

var redactionKeys = map[Redaction]string{
	Partial: "report.redaction.partial", Full: "report.redaction.full", None: "report.redaction.none",
}

// bracketed is a status in a word that stands out without colour.
func bracketed(s *language.Speaker, f Finding) string { return "[" + mark(s, f) + "]" }

// mark is the status of a finding in a word; a report of before there were
// marks has none.
func mark(s *language.Speaker, f Finding) string {
	if f.Mark != "" {
		return f.Mark
	}
	word, _ := wording.StatusWord(s, diagnostic.Status(f.Status))
	return word
}
