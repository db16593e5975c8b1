package ui

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"postecpx/assets/hosts"
	"postecpx/assets/licences"
	"postecpx/internal/language"
	"postecpx/internal/version"
	"postecpx/internal/wording"
)

// settingsScreen is the place Réglages: the few choices, the key of the API, and
// what the program is.
type settingsScreen struct {
	pane
	settings Settings
	// changed is called with the choices after each change.
	changed func(Choices)
	// browse shows an address in the browser, outside of the toolkit's goroutine;
	// confirm asks a question.
	browse  func(address string) error
	confirm func(title, question, yes, no string, answer func(bool))
	// revision and works are what the program knows of itself.
	revision string
	works    func() []licences.Work
	// spawn runs work beside the toolkit, post brings its news back.
	spawn, post func(func())

	language               *selector
	large, masked, network *tick
	note                   *fyne.Container // what could not be done
	apiKey                 *keySection     // nil without a Keyring
	about, licences        *fold
}

func newSettingsScreen(s *language.Speaker, settings Settings, ring Keyring, changed func(Choices), browse func(address string) error,
	confirm func(title, question, yes, no string, answer func(bool))) *settingsScreen {
	p := &settingsScreen{
		pane: pane{speaker: s}, settings: settings, changed: changed, browse: browse, confirm: confirm,
		revision: version.Revision(), works: licences.Linked,
		spawn: func(work func()) { go work() }, post: fyne.Do,
	}
	p.onKey = p.scrollKey
	p.note = container.NewVBox()
	title := newWords(s.Say("settings.title"))
	title.SizeName, title.TextStyle.Bold = sizeAnswer, true
	all := container.New(layout.NewCustomPaddedVBoxLayout(8),
		tight(title, newWords(s.Say("settings.kept"))), p.note,
		p.buildSeen(), p.buildChecks())
	if ring != nil {
		p.apiKey = newKeySection(p, ring)
		all.Add(p.apiKey.content)
	}
	all.Add(p.buildAbout())
	p.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(6, gap, gap, gap), all))
	p.content = p.scroll
	p.show(settings.Get())
	return p
}

// languages are the choices of a language, in the order of their selector.
var languages = append([]string{""}, language.Supported...)

// buildSeen is what the person sees of the program: its language, its letters.
func (p *settingsScreen) buildSeen() fyne.CanvasObject {
	s := p.speaker
	var choice fyne.CanvasObject
	p.language, choice = newSelector(func(string) {
		if at := p.language.SelectedIndex(); at >= 0 {
			p.change(func(c *Choices) { c.Language = languages[at] })
		}
	})
	p.language.onFocus, p.language.onOther = p.reveal, p.key
	p.language.Options = []string{s.Say("settings.language.system"), s.Say("settings.language.fr"), s.Say("settings.language.en")}
	var large fyne.CanvasObject
	p.large, large = p.newTick(s.Say("settings.large"), func(on bool) { p.change(func(c *Choices) { c.LargeText = on }) })
	return newPanel(container.NewVBox(newTitle(s.Say("settings.seen")),
		container.New(&fill{least: 240, gap: gap, most: 2},
			tight(newCaption(s.Say("settings.language")), choice),
			newCaption(s.Say("settings.language.next"))),
		large))
}

// buildChecks is what the diagnosis asks, and what its reports may say.
func (p *settingsScreen) buildChecks() fyne.CanvasObject {
	s := p.speaker
	var masked, network fyne.CanvasObject
	p.masked, masked = p.newTick(s.Say("settings.masked"), func(on bool) { p.change(func(c *Choices) { c.AlwaysMasked = on }) })
	p.network, network = p.newTick(s.Say("settings.network"), func(on bool) { p.change(func(c *Choices) { c.Network = on }) })
	var names []string
	for _, h := range hosts.All() {
		names = append(names, h.Name)
	}
	return newPanel(container.NewVBox(newTitle(s.Say("settings.checks")),
		tight(masked, p.under(s.Say("settings.masked.what"))),
		tight(network, p.under(s.Say("settings.network.what", "Hosts", strings.Join(names, ", "))))))
}

// under are words under those of a box to tick.
func (p *settingsScreen) under(text string) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 46, 0), newCaption(text))
}

// show makes the choices seen, without a change of them.
func (p *settingsScreen) show(c Choices) {
	p.language.Selected = p.language.Options[max(slices.Index(languages, c.Language), 0)]
	p.language.Refresh()
	for t, on := range map[*tick]bool{p.large: c.LargeText, p.masked: c.AlwaysMasked, p.network: c.Network} {
		t.Checked = on
		t.Refresh()
	}
}

// change keeps a choice that is new.
func (p *settingsScreen) change(do func(*Choices)) {
	before := p.settings.Get()
	now := before
	do(&now)
	if now != before {
		p.settings.Set(now)
		p.changed(now)
	}
}

// tell says at the top what could not be done, or nothing any more.
func (p *settingsScreen) tell(all ...wording.Statement) {
	p.note.RemoveAll()
	for _, st := range all {
		p.note.Add(p.newStatement(st))
	}
	if len(all) > 0 {
		p.scroll.ScrollToTop()
	}
	p.content.Refresh()
}

// newButton is a button that takes part in the keyboard of the place.
func (p *settingsScreen) newButton(text string, icon fyne.Resource, pressed func()) (*action, fyne.CanvasObject) {
	a, box := newAction(text, icon, pressed, p.key)
	a.onFocus = p.reveal
	return a, box
}

// newLink leads to an address.
func (p *settingsScreen) newLink(label string, follow func()) fyne.CanvasObject {
	l := &link{ring: canvas.NewRectangle(color.Transparent), onOther: p.key, onFocus: p.reveal}
	l.Text, l.Wrapping, l.OnTapped = label, fyne.TextWrapWord, follow
	l.ExtendBaseWidget(l)
	return ringed(l, l.ring)
}
