package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"

	"postecpx/internal/language"
)

// screen is what a place shows, and what it does with the keyboard.
type screen interface {
	object() fyne.CanvasObject
	// key takes a key that no part of the window took.
	key(*fyne.KeyEvent)
	// arrive is called when a person comes to the place, leave when they go.
	arrive()
	leave()
}

// place is one of the screens that a person can go to. It is made when they
// first do: what nobody looks at takes no time at the start, and no memory.
type place struct {
	title string
	icon  fyne.Resource
	make  func() screen
}

// places shows one of them, with a bar on the left that leads to each, as do
// Alt+1, Alt+2 … With a single place there is nowhere to go and no bar.
type places struct {
	content *fyne.Container
	all     []place
	screens []screen // nil while nobody was there
	stage   *fyne.Container
	bar     *bar // nil without a bar
	shown   int
	// between is called between a place that is left and the one that is shown.
	between func()
}

func newPlaces(s *language.Speaker, all []place, between func()) *places {
	p := &places{all: all, screens: make([]screen, len(all)), shown: -1, between: between}
	p.stage = container.NewStack()
	p.content = p.stage
	if len(all) > 1 {
		p.bar = newBar(s, all, p.to, p.key)
		// The keyboard goes through the place first, then through the bar.
		p.content = container.New(layout.NewBorderLayout(nil, nil, p.bar.content, nil), p.stage, p.bar.content)
	}
	return p
}

// screen gives what that place shows.
func (p *places) screen(at int) screen {
	if p.screens[at] == nil {
		p.screens[at] = p.all[at].make()
	}
	return p.screens[at]
}

// to goes to a place.
func (p *places) to(at int) {
	if at == p.shown {
		return
	}
	if p.shown >= 0 {
		p.screens[p.shown].leave()
		p.screens[p.shown].object().Hide()
		p.between()
	}
	p.shown = at
	now := p.screen(at)
	p.stage.Objects = []fyne.CanvasObject{now.object()}
	now.object().Show()
	p.stage.Refresh()
	if p.bar != nil {
		p.bar.show(at)
	}
	now.arrive()
}

// key gives a key to the place that is seen.
func (p *places) key(key *fyne.KeyEvent) { p.screens[p.shown].key(key) }

// shortcuts lead to the places.
func (p *places) shortcuts() []shortcut {
	if p.bar == nil {
		return nil
	}
	var keys []shortcut
	for at := range p.all {
		keys = append(keys, shortcut{
			&desktop.CustomShortcut{KeyName: fyne.KeyName(rune('1' + at)), Modifier: fyne.KeyModifierAlt},
			func() { p.to(at) },
		})
	}
	return keys
}
