package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"postecpx/assets/links"
	"postecpx/internal/annuaire"
	"postecpx/internal/wording"
)

// linksDocument is what "cpx links --json" prints.
type linksDocument struct {
	Schema    string         `json:"schema"`
	CheckedAt *time.Time     `json:"checkedAt,omitempty"`
	Links     []linkDocument `json:"links"`
}

type linkDocument struct {
	ID    string `json:"id"`
	URL   string `json:"url"`
	Label string `json:"label"`
	Seen  string `json:"seen"`
	// Opened: the programs open it; otherwise they only show it.
	Opened bool `json:"opened"`
	// State and what follows are of --check.
	State    string `json:"state,omitempty"`
	Status   int    `json:"status,omitempty"`
	Location string `json:"location,omitempty"`
	IGCSante bool   `json:"igcSante,omitempty"`
	// Intercepted: something on the way answered.
	Intercepted bool   `json:"intercepted,omitempty"`
	Failure     string `json:"failure,omitempty"`
}

func linksCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	asJSON := set.Bool("json", false, "")
	check := set.Bool("check", false, "")
	timeout := set.Duration("timeout", 15*time.Second, "")
	return func(ctx context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		if *timeout <= 0 {
			t.fail(t.say("cli.timeout.wrong"), "")
			return exitUsage
		}
		document := linksDocument{Schema: "postecpx.links/1"}
		for _, l := range links.All() {
			_, err := annuaire.Allowed(l.URL)
			document.Links = append(document.Links, linkDocument{
				ID: l.ID, URL: l.URL, Label: l.Label(t.Tag()), Seen: l.Seen.Format(time.DateOnly), Opened: err == nil,
			})
		}
		code := exitOK
		var results []annuaire.LinkResult
		if *check {
			at := t.now().UTC().Truncate(time.Second)
			document.CheckedAt = &at
			t.talk(t.say("cli.links.checking", "Count", len(document.Links)))
			results = annuaire.Check(ctx, links.All(), annuaire.CheckOptions{Timeout: *timeout})
			if ctx.Err() != nil {
				t.talk(t.say("cli.interrupted"))
				return exitInterrupted
			}
			code = document.add(results)
		}
		if *asJSON {
			t.printJSON(document)
		} else {
			t.printLinks(document, results)
		}
		return code
	}
}

// add puts the results in and gives the exit code.
func (d *linksDocument) add(results []annuaire.LinkResult) int {
	code := exitOK
	for i, r := range results {
		l := &d.Links[i]
		l.State, l.Status, l.Location, l.IGCSante, l.Intercepted = string(r.State), r.Status, r.Location, r.IGCSante, r.Intercepted
		if r.Failure != nil {
			l.Failure = string(r.Failure.Code)
		}
		if !r.Alive() {
			code = exitProblems
		}
	}
	return code
}

func (t *terminal) printLinks(d linksDocument, results []annuaire.LinkResult) {
	if len(results) > 0 {
		var facts []wording.Fact
		for _, r := range results {
			facts = append(facts, r.Say(t.Speaker))
		}
		t.printFacts(facts)
		return
	}
	for _, l := range d.Links {
		shown := ""
		if !l.Opened {
			shown = "  " + t.say("cli.links.shown-only")
		}
		t.out(fmt.Sprintf("%s  %s", l.ID, l.Label), fmt.Sprintf("    %s  (%s)%s", l.URL, l.Seen, shown))
	}
}
