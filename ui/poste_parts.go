package ui

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/assets/links"
	"postecpx/internal/wording"
)

// link leads to an address, with a ring around it while it has the keyboard.
type link struct {
	widget.Hyperlink
	ring    *canvas.Rectangle
	onOther func(*fyne.KeyEvent)
	onFocus func(fyne.CanvasObject)
}

// newLink shows where to read more: what it is, and the address, which can be
// typed elsewhere when this workstation has no browser.
func (p *posteScreen) newLink(to wording.Link) fyne.CanvasObject {
	l := &link{ring: canvas.NewRectangle(color.Transparent), onOther: p.key, onFocus: p.reveal}
	l.Text, l.Wrapping = to.Label, fyne.TextWrapWord
	l.OnTapped = func() { p.follow(to) }
	l.ExtendBaseWidget(l)
	return signed(widget.NewIcon(theme.NewPrimaryThemedResource(theme.ComputerIcon())), 20, 12,
		tight(ringed(l, l.ring), underRing(newPrint(to.URL))))
}

// follow opens an address of the table of links, and no other.
func (p *posteScreen) follow(to wording.Link) {
	if !slices.ContainsFunc(links.All(), func(l links.Link) bool { return l.URL == to.URL }) {
		return
	}
	p.spawn(func() {
		err := p.desk.open(to.URL)
		p.post(func() {
			if err != nil {
				p.tell(wording.Statement{Tone: wording.Warning, Title: p.speaker.Say("poste.link.failed"),
					Meaning: p.speaker.Say("ui.cause", "Cause", wording.Cause(err)), Next: p.speaker.Say("poste.link.failed.next", "Address", to.URL)})
			}
		})
	})
}

// FocusGained is called by the toolkit, whose own frame would be a second one.
func (l *link) FocusGained() {
	l.ring.Show()
	l.onFocus(l)
}

// FocusLost is called by the toolkit.
func (l *link) FocusLost() {
	l.ring.Hide()
}

// TypedKey is called by the toolkit.
func (l *link) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		l.OnTapped()
	default:
		l.onOther(key)
	}
}

// newCommand is the command for a support desk, and a button that copies it. Its
// words cannot be selected: what can be has the keyboard without a sign of it,
// and keeps all the keys of the place to itself.
func (p *posteScreen) newCommand(command string) fyne.CanvasObject {
	s := p.speaker
	var copying *action
	copying, box := newAction(s.Say("poste.copy.command"), theme.ContentCopyIcon(), func() {
		p.desk.copy(command)
		p.confirm(copying, s.Say("poste.copy.command"), theme.ContentCopyIcon())
	}, p.key)
	copying.onFocus = p.reveal
	return container.New(layout.NewCustomPaddedVBoxLayout(0), newCaption(s.Say("poste.command")), newPanel(newPrint(command)), container.NewHBox(box))
}

// confirm says for a while on its button that something was copied.
func (p *posteScreen) confirm(button *action, before string, icon fyne.Resource) {
	button.SetIcon(theme.ConfirmIcon())
	button.SetText(p.speaker.Say("poste.copied"))
	p.later(confirmed, func() {
		button.SetIcon(icon)
		button.SetText(before)
	})
}
