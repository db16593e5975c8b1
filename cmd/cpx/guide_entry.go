package main

import (
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"postecpx/assets/links"
	"postecpx/cardreader/cps"
	"postecpx/internal/guide"
	"postecpx/internal/report"
	"postecpx/internal/wording"
)

// guideDocument is what "cpx guide --json" prints. Paths are only ever added.
type guideDocument struct {
	Schema  string          `json:"schema"`
	Entries []guideEntry    `json:"entries"` // best first
	Facets  []facetDocument `json:"facets,omitempty"`
	// Demonstration: the card was virtual.
	Demonstration bool `json:"demonstration,omitempty"`
}

type guideEntry struct {
	ID       string                   `json:"id"`
	Question string                   `json:"question"`
	Answer   string                   `json:"answer"`
	Facets   map[guide.Facet][]string `json:"facets"`
	Link     string                   `json:"link"` // the official page
	Links    []report.Link            `json:"links"`
	FactDate string                   `json:"factDate"`
	Sources  []string                 `json:"sources"`
	Because  string                   `json:"because,omitempty"`
	From     []string                 `json:"from,omitempty"` // codes of findings
}

type facetDocument struct {
	ID     string          `json:"id"`
	Label  string          `json:"label"`
	Values []valueDocument `json:"values"`
}

type valueDocument struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Count int    `json:"count"`
}

func (g guidance) printEntries(all []guide.Suggestion, facets []guide.FacetValues, counts map[guide.Facet]map[string]int) int {
	d := guideDocument{Schema: "postecpx.guide/1", Entries: []guideEntry{}, Demonstration: g.demo.name != ""}
	for _, s := range all {
		text := s.Entry.In(g.Tag())
		e := guideEntry{
			ID: s.Entry.ID, Question: text.Question, Answer: text.Answer, Facets: s.Entry.Facets, Links: g.links(s.Entry),
			FactDate: s.Entry.FactDate.Format(time.DateOnly), Sources: s.Entry.Sources, Because: s.Because, From: codes(s.From),
		}
		if len(e.Links) > 0 {
			e.Link = e.Links[0].URL
		}
		d.Entries = append(d.Entries, e)
	}
	for _, f := range facets {
		of := facetDocument{ID: string(f.Facet), Label: f.Label.In(g.Tag())}
		for _, v := range f.Values {
			of.Values = append(of.Values, valueDocument{v.ID, v.Label.In(g.Tag()), counts[f.Facet][v.ID]})
		}
		d.Facets = append(d.Facets, of)
	}
	g.printJSON(d)
	return exitOK
}

func (g guidance) links(e guide.Entry) []report.Link {
	all := []report.Link{}
	for _, id := range e.Links {
		if l, ok := links.Find(id); ok {
			all = append(all, report.Link{Label: l.Label(g.Tag()), URL: l.URL})
		}
	}
	return all
}

// printEntry prints one entry in full.
func (g guidance) printEntry(e guide.Entry) {
	text := e.In(g.Tag())
	g.out(g.wrapped(text.Question, "", ""), "")
	for _, line := range strings.Split(text.Answer, "\n") {
		mark := listMark.FindString(line)
		g.out(g.wrapped(line[len(mark):], "  "+mark, "  "+strings.Repeat(" ", utf8.RuneCountInString(mark))))
	}
	g.out("")
	for _, l := range g.links(e) {
		// An address stays on one line: it is to be copied.
		g.out("  "+l.Label, "    "+l.URL)
	}
	day := wording.Date(g.Speaker, cps.Date{Year: e.FactDate.Year(), Month: e.FactDate.Month(), Day: e.FactDate.Day()})
	g.out("", g.wrapped(g.say("cli.guide.sources", "Date", day, "Sources", strings.Join(e.Sources, " ; ")), "  ", "  "))
}

// listMark begins a line of a list.
var listMark = regexp.MustCompile(`^(- |[0-9]+\. )`)

// Widths of a terminal. Lines longer than widest are hard to read.
const (
	usualWidth = 80
	narrowest  = 20
	widest     = 100
)

// width is that of the terminal.
func (t *terminal) width() int {
	if f, ok := t.stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return max(narrowest, min(w, widest))
		}
	}
	return usualWidth
}

func (g guidance) wrapped(text, first, others string) string {
	return wrap(text, first, others, g.width())
}

// wrap breaks a paragraph into lines of no more than width, but for words that
// are longer, with what stands before the first and before the others. French
// punctuation stays with its word.
func wrap(text, first, others string, width int) string {
	var b strings.Builder
	b.WriteString(first)
	at, begun := utf8.RuneCountInString(first), false
	for _, word := range words(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case begun && at+1+n > width:
			b.WriteString("\n" + others)
			at = utf8.RuneCountInString(others)
		case begun:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at, begun = at+n, true
	}
	return strings.TrimRight(b.String(), " ")
}

// words splits a text between its words, and not before ":" or inside « ».
func words(text string) []string {
	var all []string
	glue := false
	for _, w := range strings.Fields(text) {
		leading, _ := utf8.DecodeRuneInString(w)
		if last := len(all) - 1; last >= 0 && (glue || strings.ContainsRune(":;?!»", leading)) {
			all[last] += " " + w
		} else {
			all = append(all, w)
		}
		glue = w == "«" || strings.HasSuffix(w, "(«")
	}
	return all
}
