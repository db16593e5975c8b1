package docs

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"postecpx/assets/links"
	"postecpx/internal/diagnostic"
)

// systems are those that a remedy may differ on, with their names.
var systems = []struct{ goos, name string }{{"windows", "Windows"}, {"darwin", "macOS"}, {"linux", "Linux"}}

// page is what the template of the checks is filled with.
type page struct {
	Words  map[string]string
	Groups []group
}

type group struct {
	Title  string
	Checks []check
}

type check struct {
	Code, Title     string
	Requires, After []string
	Systems         []string // all when there is none
	Network, Card   bool
	Outcomes        []outcome
}

type outcome struct {
	Name, Status, Summary, Meaning string
	// Remedies has one entry without a system where they are the same on all.
	Remedies []remedy
	Links    []link
}

type remedy struct {
	System, Command string
	Steps           []string
}

type link struct{ Label, URL string }

// Checks is the document of the checks in that language, "fr" or "en".
func Checks(tag string) (string, error) {
	said, err := sentences(tag)
	if err != nil {
		return "", err
	}
	w, err := words(tag)
	if err != nil {
		return "", err
	}
	p := page{Words: w}
	var last diagnostic.Group
	for _, c := range diagnostic.Catalogue() {
		if c.Group != last {
			last = c.Group
			p.Groups = append(p.Groups, group{Title: said["diagnosis.group."+string(c.Group)]})
		}
		described, err := describe(said, tag, c)
		if err != nil {
			return "", err
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Checks = append(g.Checks, described)
	}
	layout, err := template.ParseFS(files, "checks.md.tmpl")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = layout.Execute(&b, p)
	return blank.ReplaceAllString(b.String(), "\n\n"), err
}

// blank are the lines that the template leaves where it has nothing to say.
var blank = regexp.MustCompile(`\n{3,}`)

func describe(said map[string]string, tag string, c diagnostic.Check) (check, error) {
	d := check{Code: string(c.Code), Title: said["check."+string(c.Code)], Network: c.Network, Card: c.Card}
	for _, code := range c.Requires {
		d.Requires = append(d.Requires, string(code))
	}
	for _, code := range c.After {
		d.After = append(d.After, string(code))
	}
	for _, s := range systems {
		if slices.Contains(c.Platforms, s.goos) {
			d.Systems = append(d.Systems, s.name)
		}
	}
	names := slices.SortedFunc(maps.Keys(c.Outcomes), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(c.Outcomes[a]), rank(c.Outcomes[b])), cmp.Compare(a, b))
	})
	for _, name := range names {
		o, err := describeOutcome(said, tag, c, name)
		if err != nil {
			return d, err
		}
		d.Outcomes = append(d.Outcomes, o)
	}
	return d, nil
}

// rank puts what is wrong first.
func rank(o diagnostic.Outcome) int {
	order := []diagnostic.Status{diagnostic.Error, diagnostic.Warning, diagnostic.OK, diagnostic.Skipped}
	at := 2 * slices.Index(order, o.Status)
	if o.Advice {
		at++
	}
	return at
}

func describeOutcome(said map[string]string, tag string, c diagnostic.Check, name string) (outcome, error) {
	declared, key := c.Outcomes[name], "check."+string(c.Code)+"."+name
	o := outcome{Name: name, Status: said["diagnosis.status."+string(declared.Status)]}
	switch {
	case declared.Waits:
		o.Status = said["diagnosis.status.waits"]
	case declared.Advice:
		o.Status = said["diagnosis.status.advice"]
	}
	var err error
	say := func(key string, of func(said map[string]string, text string) (string, error)) string {
		if err != nil || said[key] == "" {
			return ""
		}
		var text string
		text, err = of(said, said[key])
		return strings.TrimSpace(text)
	}
	o.Summary, o.Meaning = say(key, prose), say(key+".meaning", prose)
	for _, s := range systems {
		if len(c.Platforms) > 0 && !slices.Contains(c.Platforms, s.goos) {
			continue
		}
		own := func(part string, of func(map[string]string, string) (string, error)) string {
			return cmp.Or(say(key+part+"."+s.goos, of), say(key+part, of))
		}
		r := remedy{System: s.name, Command: own(".command", plain)}
		for _, step := range strings.Split(own(".remedy", prose), "\n") {
			if step = strings.TrimSpace(step); step != "" {
				r.Steps = append(r.Steps, step)
			}
		}
		if len(r.Steps) > 0 || r.Command != "" {
			o.Remedies = append(o.Remedies, r)
		}
	}
	if len(o.Remedies) > 0 && !slices.ContainsFunc(o.Remedies, func(r remedy) bool {
		return r.Command != o.Remedies[0].Command || !slices.Equal(r.Steps, o.Remedies[0].Steps)
	}) {
		o.Remedies = o.Remedies[:1]
		o.Remedies[0].System = ""
	}
	for _, id := range declared.Links {
		if l, ok := links.Find(id); ok {
			o.Links = append(o.Links, link{l.Label(tag), l.URL})
		}
	}
	return o, err
}
