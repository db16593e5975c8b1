package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"postecpx/internal/guide"
	"postecpx/internal/plaintext"
)

// longestQuery is how much of what was typed is said again.
const longestQuery = 80

// search answers to words and facets. Neither is the way in: the facets.
func (g guidance) search(words string) int {
	filter, ok := g.filter()
	if !ok {
		return exitUsage
	}
	if words == "" && len(filter) == 0 && !g.all {
		return g.wayIn()
	}
	if e, ok := g.catalogue.Entry(strings.ToLower(words)); ok && len(filter) == 0 {
		return g.show([]guide.Suggestion{{Entry: e}}, true)
	}
	hits := g.catalogue.Search(words, g.Tag(), filter)
	if len(hits) == 0 {
		return g.nothing(words, filter)
	}
	entries := make([]guide.Suggestion, len(hits))
	for i, h := range hits {
		entries[i].Entry = h.Entry
	}
	// Without a score no entry is nearer than another.
	return g.show(entries, hits[0].Score > 0 || len(hits) == 1)
}

// filter reads the facets asked for, and refuses those that are none.
func (g guidance) filter() (guide.Filter, bool) {
	filter := guide.Filter{}
	for _, given := range g.facets {
		name, value, ok := strings.Cut(given, "=")
		if !ok {
			g.fail(g.say("cli.guide.facet.form", "Given", plaintext.Line(given, 60)), "")
			return nil, false
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
		facets := g.catalogue.Facets()
		i := slices.IndexFunc(facets, func(f guide.FacetValues) bool { return string(f.Facet) == name })
		if i < 0 {
			var known []string
			for _, f := range facets {
				known = append(known, fmt.Sprintf("  %-24s %s", f.Facet, f.Label.In(g.Tag())))
			}
			g.fail(g.say("cli.guide.facet.unknown", "Name", plaintext.Line(name, 60)), strings.Join(known, "\n"))
			return nil, false
		}
		if !slices.ContainsFunc(facets[i].Values, func(v guide.Value) bool { return v.ID == value }) {
			var known []string
			for _, v := range facets[i].Values {
				known = append(known, fmt.Sprintf("  %-24s %s", v.ID, v.Label.In(g.Tag())))
			}
			g.fail(g.say("cli.guide.value.unknown", "Name", name, "Value", plaintext.Line(value, 60)), strings.Join(known, "\n"))
			return nil, false
		}
		filter[guide.Facet(name)] = append(filter[guide.Facet(name)], value)
	}
	return filter, true
}

// wayIn shows how to ask, and the facets with what they hold.
func (g guidance) wayIn() int {
	facets, counts := g.catalogue.Facets(), g.catalogue.Counts("", g.Tag(), nil)
	if g.asJSON {
		return g.printEntries(g.suggestionsOf(g.catalogue.Entries()), facets, counts)
	}
	g.out(g.wrapped(g.say("cli.guide.how", "Count", len(g.catalogue.Entries())), "", ""))
	for _, f := range facets {
		g.out("", fmt.Sprintf("%s (--facet %s=…)", f.Label.In(g.Tag()), f.Facet))
		for _, v := range f.Values {
			if n := counts[f.Facet][v.ID]; n > 0 {
				g.out(fmt.Sprintf("  %-24s %3d  %s", v.ID, n, v.Label.In(g.Tag())))
			}
		}
	}
	return exitOK
}

func (g guidance) suggestionsOf(entries []guide.Entry) []guide.Suggestion {
	all := make([]guide.Suggestion, len(entries))
	for i, e := range entries {
		all[i].Entry = e
	}
	return all
}

// fewLines is how many further hits are listed without --all.
const fewLines = 8

// show prints the entries, the first in full when it is the best.
func (g guidance) show(entries []guide.Suggestion, best bool) int {
	if g.asJSON {
		return g.printEntries(entries, nil, nil)
	}
	rest := entries
	if best {
		g.printEntry(entries[0].Entry)
		if rest = entries[1:]; len(rest) > 0 {
			g.out("", g.say("cli.guide.also"))
		}
		if !g.all && len(rest) > fewLines {
			rest = rest[:fewLines]
		}
	}
	widest := 0
	for _, s := range rest {
		widest = max(widest, utf8.RuneCountInString(s.Entry.ID))
	}
	for _, s := range rest {
		g.out(listed(s.Entry.ID, s.Entry.In(g.Tag()).Question, widest, g.width()))
	}
	if left := len(entries) - len(rest) - 1; best && left > 0 {
		g.out(g.say("cli.guide.left", "Count", left))
	}
	if len(rest) > 0 {
		g.out("", g.say("cli.guide.open"))
	}
	return exitOK
}

// narrow is below how many columns a question stands under its name: beside it
// there is no room for more than a word or two.
const narrow = 60

// listed is the line, or the lines, of an entry in a list; the names take
// widest columns.
func listed(id, question string, widest, width int) string {
	if width < narrow {
		return "  " + id + "\n" + wrap(question, "    ", "    ", width)
	}
	return wrap(question, fmt.Sprintf("  %-*s  ", widest, id), strings.Repeat(" ", widest+4), width)
}

// nothing says that nothing was found, and what to try.
func (g guidance) nothing(words string, filter guide.Filter) int {
	if g.asJSON {
		g.printEntries(nil, nil, nil)
	}
	var try []string
	if len(filter) > 0 {
		if n := len(g.catalogue.Search(words, g.Tag(), nil)); n > 0 {
			try = append(try, g.say("cli.guide.nothing.facets", "Count", n))
		}
	}
	if near := g.catalogue.Near(words, g.Tag()); len(near) > 0 && len(try) == 0 {
		try = append(try, g.say("cli.guide.nothing.near", "Words", strings.Join(near, ", ")))
	}
	if key, silent := silences[g.catalogue.Silence(words, g.Tag())]; silent && words != "" {
		g.fail(g.say(key), "")
		return exitProblems
	}
	if words == "" {
		g.fail(g.say("cli.guide.nothing.facet"), strings.Join(append(try, g.say("cli.guide.nothing.try")), "\n"))
		return exitProblems
	}
	g.fail(g.say("cli.guide.nothing", "Words", plaintext.Line(words, longestQuery)), strings.Join(append(try, g.say("cli.guide.nothing.try")), "\n"))
	return exitProblems
}

// silences are the sentences for words in which there is nothing to look for.
var silences = map[guide.Silence]string{
	guide.OnlyNumber: "cli.guide.nothing.number", guide.OnlyNoise: "cli.guide.nothing.words",
}

// bestShown is how many suggestions are shown without --all.
const bestShown = 3

// suggest prints what fits a situation, with the reasons.
func (g guidance) suggest(s guide.Situation) int {
	all := g.catalogue.Match(s, g.Tag())
	switch {
	case g.asJSON:
		g.printEntries(all, nil, nil)
	case g.demo.name != "":
		g.out(g.wrapped(g.say("cli.demo.band"), "", ""), "")
	}
	if len(all) == 0 {
		g.fail(g.say("cli.guide.nothing.fits"), g.say("cli.guide.nothing.try"))
		return exitProblems
	}
	if g.asJSON {
		return exitOK
	}
	shown := all
	if !g.all {
		shown = all[:min(bestShown, len(all))]
	}
	for i, s := range shown {
		if i > 0 {
			g.out("")
		}
		g.out(g.wrapped(s.Entry.In(g.Tag()).Question, fmt.Sprintf("%d. ", i+1), "   "))
		reason := s.Because
		if len(s.From) > 0 {
			reason += " (" + plaintext.Line(strings.Join(codes(s.From), ", "), 200) + ")"
		}
		g.out(g.wrapped(reason, "   ", "   "), "   cpx guide "+s.Entry.ID)
	}
	if left := len(all) - len(shown); left > 0 {
		g.out("", g.say("cli.guide.left", "Count", left))
	}
	return exitOK
}
