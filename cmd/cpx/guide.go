package main

import (
	"context"
	"flag"
	"os"
	"strings"

	"postecpx/internal/guide"
	"postecpx/internal/plaintext"
)

// guideOptions are those of "cpx guide".
type guideOptions struct {
	facets       facetFlag
	forCard, all bool
	forReport    string
	asJSON       bool
	where
}

// facetFlag is --facet name=value, as often as wanted.
type facetFlag []string

func (f *facetFlag) String() string     { return strings.Join(*f, " ") }
func (f *facetFlag) Set(v string) error { *f = append(*f, v); return nil }

func guideCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	var o guideOptions
	set.Var(&o.facets, "facet", "")
	set.BoolVar(&o.forCard, "for-card", false, "")
	set.StringVar(&o.forReport, "for-report", "", "")
	set.BoolVar(&o.asJSON, "json", false, "")
	set.BoolVar(&o.all, "all", false, "")
	o.declare(set)
	return func(ctx context.Context, t *terminal, args []string) int {
		given := map[string]bool{}
		set.Visit(func(f *flag.Flag) { given[f.Name] = true })
		words := strings.TrimSpace(strings.Join(args, " "))
		forReport := given["for-report"]
		switch {
		case o.forCard && forReport:
			t.fail(t.say("cli.guide.one-situation"), "")
			return exitUsage
		case (o.forCard || forReport) && (words != "" || len(o.facets) > 0):
			t.fail(t.say("cli.guide.situation-alone"), "")
			return exitUsage
		case !o.forCard && (given["reader"] || given["demo"] || given["timeout"]):
			t.fail(t.say("cli.guide.card-options"), "")
			return exitUsage
		}
		catalogue, err := guide.Load()
		if err != nil {
			t.talk(err.Error())
			return exitProblems
		}
		g := guidance{t, catalogue, o}
		switch {
		case o.forCard:
			return g.suggestForCard(ctx)
		case forReport:
			return g.suggestForReport()
		}
		return g.search(words)
	}
}

// guidance is one "cpx guide".
type guidance struct {
	*terminal
	catalogue *guide.Catalogue
	guideOptions
}

// suggestForCard suggests what fits the card in the reader.
func (g guidance) suggestForCard(ctx context.Context) int {
	_, card, code := g.readFor(ctx, &g.where)
	if card == nil {
		return code
	}
	return g.suggest(guide.OfCard(card, g.now()))
}

// suggestForReport suggests what fits the report of a diagnosis, redacted or not.
func (g guidance) suggestForReport() int {
	r, err := readReport(g.forReport)
	if err != nil {
		reason := g.unreadReport(err)
		if info, statErr := os.Stat(g.forReport); statErr == nil && info.IsDir() {
			reason = g.say("cli.guide.folder")
		}
		g.fail(g.say("cli.compare.unreadable", "File", plaintext.Line(g.forReport, 240), "Reason", reason), "")
		return exitUsage
	}
	return g.suggest(situationOf(r))
}
