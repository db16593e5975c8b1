package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/assets/licences"
	"postecpx/assets/links"
	"postecpx/internal/version"
	"postecpx/internal/wording"
)

// official are the links of the table that say more of cards and of ANS.
var official = []string{"assistance", "demarches", "annuaire", "socle-technique", "status"}

// promises is what the program does, and what it never does.
func promises(say func(key string, pairs ...any) string) fyne.CanvasObject {
	all := container.New(layout.NewCustomPaddedVBoxLayout(-6))
	for _, p := range []struct {
		icon fyne.Resource
		text string
	}{
		{theme.AccountIcon(), say("settings.does")},
		{theme.VisibilityOffIcon(), say("settings.never.sends")},
		{theme.LoginIcon(), say("settings.never.code")},
	} {
		all.Add(signed(widget.NewIcon(theme.NewPrimaryThemedResource(p.icon)), 20, 8, newWords(p.text)))
	}
	return all
}

// buildAbout is what the program is: its version stands in sight, the rest
// unfolds.
func (p *settingsScreen) buildAbout() fyne.CanvasObject {
	s := p.speaker
	var about, works *fyne.Container
	p.about, about = p.newFold(s.Say("settings.about"), nil, func() fyne.CanvasObject {
		all := container.NewVBox(promises(s.Say), newWords(s.Say("settings.own")), newCaption(s.Say("settings.links")))
		for _, id := range official {
			if l, there := links.Find(id); there {
				all.Add(p.newOfficial(l))
			}
		}
		return all
	})
	p.licences, works = p.newFold(s.Say("settings.licences"), nil, func() fyne.CanvasObject {
		return container.NewVBox(newWords(s.Say("settings.licences.what")), newWorks(p.works()))
	})
	p.revealOpened(p.about, about)
	p.revealOpened(p.licences, works)
	revision := s.Say("settings.revision", "Revision", line(p.revision))
	if p.revision == version.Unknown {
		revision = s.Say("settings.revision.unknown")
	}
	name := newTitle(s.Say("settings.version", "Name", s.Say("program.name"), "Version", version.Number))
	return newPanel(container.New(layout.NewCustomPaddedVBoxLayout(0),
		tight(name, newCaption(revision)), about, works))
}

// revealOpened brings what a person unfolds in sight.
func (p *settingsScreen) revealOpened(f *fold, box fyne.CanvasObject) {
	f.turned = func() {
		p.content.Refresh()
		if f.open {
			p.reveal(box)
		}
	}
}

// newOfficial is a link with its address, which can be typed elsewhere when
// this workstation has no browser.
func (p *settingsScreen) newOfficial(l links.Link) fyne.CanvasObject {
	return signed(widget.NewIcon(theme.NewPrimaryThemedResource(theme.ComputerIcon())), 20, 12,
		tight(p.newLink(l.Label(p.speaker.Tag()), func() { p.follow(l) }), underRing(newPrint(l.URL))))
}

// follow opens an address of the table of links.
func (p *settingsScreen) follow(l links.Link) {
	p.spawn(func() {
		err := p.browse(l.URL)
		p.post(func() {
			if err == nil {
				p.tell()
				return
			}
			p.tell(wording.Statement{Tone: wording.Warning, Title: p.speaker.Say("settings.link.failed"),
				Meaning: p.speaker.Say("ui.cause", "Cause", wording.Cause(err)), Next: p.speaker.Say("settings.link.failed.next", "Address", l.URL)})
		})
	})
}

// newWorks lists the works of others, each with its licence.
func newWorks(works []licences.Work) fyne.CanvasObject {
	all := container.New(&fill{least: 300, gap: 2, most: 2})
	for _, w := range works {
		name := w.Name
		if w.Version != "" {
			name += " " + w.Version
		}
		text := newPrint(line(name))
		text.TextStyle.Monospace = false
		all.Add(tight(text, newCaption(line(w.Licence))))
	}
	return all
}
