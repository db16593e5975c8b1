package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
)

//go:embed report.html.tmpl
var pageTemplate string

// HTML writes a report as one file that needs nothing else: no script, no
// picture, no font, no address that is asked. s speaks the language of the
// report.
func HTML(w io.Writer, s *language.Speaker, r Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"say":   func(key string, pairs ...any) string { return s.Say(key, pairs...) },
		"shown": func(text string) string { return plaintext.Line(text, longestLine) },
		"prose": func(text string) string { return guillemets.Replace(plaintext.Line(text, longestLine)) },
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("template of the report: %w", err)
	}
	return t.Execute(w, newSheet(s, r))
}

// guillemets keep what they quote on their line. Other spaces stay as they are:
// a step may hold what is to be copied.
var guillemets = strings.NewReplacer("« ", "«\u00a0", " »", "\u00a0»")

// sheet is what the template shows.
type sheet struct {
	Lang   string
	Tone   string // names the colours and the picture of the answer
	Report Report
	Root   *item
	Others []item
	Unseen []unseen
	// UnseenCount and WellCount count the checks.
	UnseenCount, WellCount int
	Well                   []wellItems
	Card                   []row
	Certificates           []Certificate
	About                  []string
}

// item is a finding with its status in a word.
type item struct {
	Finding
	Mark, Tone string
	Links      []Link
	// Pressing: its evidence is not folded, so that every browser prints it.
	Pressing bool
}

type wellItems struct {
	Group string
	Items []item
}

type row struct{ Label, Value string }

func newSheet(s *language.Speaker, r Report) sheet {
	v := sheet{Lang: s.Tag(), Report: r, Tone: verdictTone(r.Answer.Verdict), Unseen: unlooked(s, r), About: about(s, r)}
	for _, u := range v.Unseen {
		v.UnseenCount += len(u.Titles)
	}
	for _, f := range r.todo() {
		if f.Code == r.Answer.Code {
			root := newItem(s, f)
			v.Root = &root
			continue
		}
		v.Others = append(v.Others, newItem(s, f))
	}
	for _, w := range fine(s, r) {
		group := wellItems{Group: w.Group}
		for _, f := range w.Findings {
			group.Items = append(group.Items, newItem(s, f))
		}
		v.Well = append(v.Well, group)
		v.WellCount += len(w.Findings)
	}
	if r.Card != nil {
		v.Card, v.Certificates = cardRows(s, *r.Card), r.Card.Certificates
	}
	return v
}

func newItem(s *language.Speaker, f Finding) item {
	i := item{Finding: f}
	i.Mark, i.Tone = mark(s, f), f.Status
	i.Pressing = !f.Advice && f.Status != string(diagnostic.OK) && f.Status != string(diagnostic.Skipped)
	if f.Advice {
		i.Tone = string(diagnostic.Skipped) // nothing is wrong
	}
	for _, l := range f.Links {
		if u, err := url.Parse(l.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			i.Links = append(i.Links, l)
		}
	}
	return i
}

func verdictTone(verdict string) string {
	switch diagnostic.Verdict(verdict) {
	case diagnostic.AllWell:
		return string(diagnostic.OK)
	case diagnostic.Todo:
		return string(diagnostic.Warning)
	case diagnostic.CannotUse:
		return string(diagnostic.Error)
	}
	return string(diagnostic.Skipped)
}

// cardRows are the parts of the card that are known, with their names.
func cardRows(s *language.Speaker, c Card) []row {
	var rows []row
	add := func(key string, parts ...string) {
		var known []string
		for _, p := range parts {
			if p = plaintext.Line(p, longestLine); p != "" {
				known = append(known, p)
			}
		}
		if len(known) > 0 {
			rows = append(rows, row{s.Say(key), strings.Join(known, ", ")})
		}
	}
	add("report.card.kind", c.Kind, c.Generation, c.Interface)
	add("report.card.number", c.Number)
	add("report.card.identifier", c.Identifier.Value, c.Identifier.Type, c.Identifier.Status)
	add("report.card.problems", c.Identifier.Problems...)
	if h := c.Holder; h != nil {
		add("report.card.holder", h.Civility, h.GivenName, h.FamilyName)
		for _, coded := range []struct {
			key  string
			what *Coded
		}{{"report.card.profession", h.Profession}, {"report.card.future", h.FutureProfession}, {"report.card.speciality", h.Speciality}} {
			if coded.what != nil {
				add(coded.key, coded.what.Label, coded.what.Code)
			}
		}
	}
	add("report.card.issued", c.Issued)
	add("report.card.expires", c.Expires)
	if c.PIN != nil {
		add("report.card.tries", fmt.Sprint(c.PIN.TriesLeft))
	}
	if c.Test != nil && *c.Test {
		add("report.card.test", s.Say("report.yes"))
	}
	add("report.card.reader", c.Reader)
	add("report.card.atr", c.ATR)
	for _, g := range c.Unread {
		add("report.card.unread", g.Part+" : "+g.Reason)
	}
	return rows
}
