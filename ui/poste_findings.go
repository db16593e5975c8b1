package ui

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/diagnostic"
	"postecpx/internal/wording"
)

// showFindings shows where to begin, and under it the rest, the most pressing
// first.
func (p *posteScreen) showFindings() {
	s, d := p.speaker, p.diagnosis
	root, any := d.Root()
	if any {
		p.root.Add(p.newRoot(root))
	}
	var problems, advice, untold, well []diagnostic.Finding
	missed := 0 // of those that are untold, those that have a meaning here
	for _, f := range d.Pressing() {
		switch {
		case any && f.Code == root.Code:
		case f.Status == diagnostic.OK:
			well = append(well, f)
		case f.Advice:
			advice = append(advice, f)
		case f.Status == diagnostic.Error || f.Status == diagnostic.Warning:
			problems = append(problems, f)
		default:
			untold = append(untold, f)
			if f.Outcome != diagnostic.OutcomeElsewhere {
				missed++
			}
		}
	}
	if n := len(problems); n > 0 {
		tone := p.say(problems[0], d.GOOS).Tone
		section := p.newList("problems", s.Say("poste.others", "Count", n), tone, func() fyne.CanvasObject { return p.newFindings(problems) })
		p.rest.Add(section)
	}
	if n := len(advice); n > 0 {
		p.rest.Add(p.newList("advice", s.Say("poste.advice", "Count", n), wording.Plain, func() fyne.CanvasObject { return p.newFindings(advice) }))
	}
	if missed > 0 {
		p.rest.Add(p.newList("untold", s.Say("poste.untold", "Count", missed), wording.Plain, func() fyne.CanvasObject { return p.newUntold(untold) }))
	}
	if n := len(well); n > 0 {
		p.rest.Add(p.newList("well", s.Say("poste.well", "Count", n), wording.Good, func() fyne.CanvasObject { return p.newWell(well) }))
	}
}

// newList is a section that is as the person left it: at first, problems are
// open and the rest is folded.
func (p *posteScreen) newList(name, title string, tone wording.Tone, build func() fyne.CanvasObject) fyne.CanvasObject {
	f, box := p.newSection(title, tone, build)
	if _, known := p.opened[name]; !known {
		p.opened[name] = name == "problems"
	}
	p.keep(name, f, box)
	return box
}

// keep remembers whether a fold is open, and opens it when it was. What a
// person opens is brought in sight.
func (p *posteScreen) keep(name string, f *fold, box fyne.CanvasObject) {
	f.turned = func() {} // until it is on the screen
	if p.opened[name] {
		f.Open()
	}
	f.turned = func() {
		p.opened[name] = f.open
		p.content.Refresh()
		if f.open {
			p.reveal(box)
		}
	}
}

// newRoot is the finding to begin with, with all that is to be done.
func (p *posteScreen) newRoot(f diagnostic.Finding) fyne.CanvasObject {
	w := p.words(f)
	title := newWords(p.marked(w))
	title.SizeName, title.TextStyle.Bold = theme.SizeNameSubHeadingText, true
	all := container.NewVBox(title)
	if p.outdated || f.Status == diagnostic.Crashed { // the answer says something else
		all.Add(newWords(w.Summary))
	}
	p.addRemedy(all, f, w)
	if details := p.newDetails(f, w); details != nil {
		fold, box := p.newFold(p.speaker.Say("poste.details"), nil, func() fyne.CanvasObject { return details })
		p.keep("details", fold, box)
		all.Add(box)
	}
	return newPanel(signed(widget.NewIcon(toneIcon(w.Tone)), 24, 9, all))
}

// newFindings shows findings one under the other, each folded.
func (p *posteScreen) newFindings(findings []diagnostic.Finding) fyne.CanvasObject {
	all := container.NewVBox()
	for _, f := range findings {
		all.Add(p.newFinding(f))
	}
	return all
}

// newFinding is what was found, and under it, folded, what to do about it.
func (p *posteScreen) newFinding(f diagnostic.Finding) fyne.CanvasObject {
	w := p.words(f)
	fold, box := p.newFold(p.marked(w), toneIcon(w.Tone), func() fyne.CanvasObject {
		all := container.NewVBox()
		p.addRemedy(all, f, w)
		if details := p.newDetails(f, w); details != nil {
			all.Add(details)
		}
		return all
	})
	fold.label.TextStyle.Bold = true
	fold.more = newWords(w.Summary)
	p.keep(string(f.Code), fold, box)
	return box
}

// newWell lists what is well, group by group.
func (p *posteScreen) newWell(findings []diagnostic.Finding) fyne.CanvasObject {
	all := container.NewVBox()
	var group diagnostic.Group
	for _, f := range findings {
		if f.Group != group {
			group = f.Group
			all.Add(newCaption(wording.GroupTitle(p.speaker, group)))
		}
		all.Add(p.newFinding(f))
	}
	return all
}

// newUntold lists what could not be looked at: first what broke or has no
// answer here, then the rest under its reason.
func (p *posteScreen) newUntold(findings []diagnostic.Finding) fyne.CanvasObject {
	s := p.speaker
	all := container.NewVBox()
	var reasons []string
	of := map[string][]string{}
	for _, f := range findings {
		var reason string
		switch f.Outcome {
		case diagnostic.OutcomeBecause:
			reason = s.Say("poste.untold.because", "Check", p.check(f.Because))
		case diagnostic.OutcomeUnasked:
			reason = s.Say("poste.untold.unasked")
		case diagnostic.OutcomeElsewhere:
			reason = s.Say("poste.untold.elsewhere")
		case diagnostic.OutcomeCancelled:
			reason = s.Say("poste.untold.cancelled")
		default:
			all.Add(p.newFinding(f))
			continue
		}
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
		of[reason] = append(of[reason], p.check(f.Code))
	}
	for _, reason := range reasons {
		title := newWords(reason)
		title.TextStyle.Bold = true
		all.Add(signed(widget.NewIcon(toneIcon(wording.Plain)), 20, 9, tight(title, newWords(strings.Join(of[reason], "\n")))))
	}
	return all
}

// words puts a finding in words. When the reader has changed since, the card
// may be that of somebody who has gone: what says who that is, is not shown.
func (p *posteScreen) words(f diagnostic.Finding) wording.FindingWords {
	if p.outdated {
		f.Facts = slices.Clone(f.Facts)
		for n, fact := range f.Facts {
			if fact.Sensitivity == diagnostic.Person {
				f.Facts[n].Value = "•••"
			}
		}
	}
	return p.say(f, p.diagnosis.GOOS)
}

// check says what a check looks at.
func (p *posteScreen) check(code diagnostic.Code) string {
	return p.say(diagnostic.Finding{Code: code}, "").Title
}

// marked is what was looked at, and in a word how it is.
func (p *posteScreen) marked(w wording.FindingWords) string {
	return p.speaker.Say("poste.marked", "Check", w.Title, "Mark", w.Mark)
}

// addRemedy adds what a finding means and what to do: the steps, the command
// for a support desk, the links, and to look again.
func (p *posteScreen) addRemedy(all *fyne.Container, f diagnostic.Finding, w wording.FindingWords) {
	s := p.speaker
	if w.Meaning != "" {
		all.Add(newWords(w.Meaning))
	}
	if len(w.Steps) > 0 {
		title := newWords(s.Say("poste.steps", "Count", len(w.Steps)))
		title.TextStyle.Bold = true
		all.Add(tight(title, newSteps(w.Steps)))
	}
	if w.Command != "" {
		all.Add(p.newCommand(w.Command))
	}
	for _, l := range w.Links {
		all.Add(p.newLink(l))
	}
	p.addGuide(all, f.Code)
	if f.Because != "" {
		return // its cause is to be looked at again
	}
	again, box := newAction(s.Say("poste.again"), theme.ViewRefreshIcon(), func() { p.CheckAgain(f.Code) }, p.key)
	again.onFocus = p.reveal
	if p.checking {
		again.Disable()
	}
	p.buttons[f.Code] = again
	all.Add(container.NewHBox(box))
	if at, ok := p.again[f.Code]; ok {
		all.Add(newCaption(s.Say("poste.again.made", "Time", at.Format("15:04"))))
	}
}

// newSteps numbers what is to be done.
func newSteps(steps []string) fyne.CanvasObject {
	all := container.NewVBox()
	for n, step := range steps {
		number := widget.NewLabel(strconv.Itoa(n+1) + ".")
		number.TextStyle.Bold = true
		all.Add(container.NewBorder(nil, nil, container.NewVBox(number), nil, newWords(step)))
	}
	return tight(all.Objects...)
}

// newDetails is the evidence, and the code to tell on the telephone.
func (p *posteScreen) newDetails(f diagnostic.Finding, w wording.FindingWords) fyne.CanvasObject {
	facts := []wording.Fact{plain(p.speaker.Say("poste.code"), string(f.Code)+" ("+f.Outcome+")")}
	for _, e := range w.Evidence {
		facts = append(facts, plain(line(e.Label), e.Value))
	}
	return newFacts(260, facts...)
}
