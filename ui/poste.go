package ui

import (
	"context"
	"net/url"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/assets/hosts"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// Doctor does the work of the place Poste. Its methods are called outside of
// the toolkit's goroutine, one at a time.
type Doctor interface {
	// Diagnose looks at the workstation; it changes nothing there.
	Diagnose(ctx context.Context, o diagnostic.Options) (diagnostic.Diagnosis, error)
	// Report writes a diagnosis down. Redacted, it does not say who anybody is.
	Report(d diagnostic.Diagnosis, form Form, redacted bool) ([]byte, error)
	// Folders are where the user may want to save a report, the usual one
	// first.
	Folders() []string
	// Save puts a report into that file, for the user alone: whole, or not at
	// all. A file that is there is only replaced when that is said; the error
	// is fs.ErrExist otherwise.
	Save(path string, report []byte, replace bool) error
	// Page puts a report in HTML into a new file that only the user can read
	// and a browser can open.
	Page(report []byte) (path string, err error)
}

// Form is how a report is written.
type Form string

// Forms, by the ending of their files.
const (
	Text Form = "txt"
	HTML Form = "html"
	JSON Form = "json"
)

// posteScreen is the place Poste: one answer, where to begin, and all the rest
// folded. All of it scrolls, the answer first, so that there is room for the
// steps on a small screen.
type posteScreen struct {
	pane
	doctor Doctor
	later  func(time.Duration, func())
	desk   desk
	// spawn runs work beside the toolkit, post brings its news back.
	spawn, post func(func())
	// say puts a finding in words.
	say func(f diagnostic.Finding, goos string) wording.FindingWords

	sign                       *widget.Icon
	title, meaning, next, when *prose
	note                       *fyne.Container // what could not be done
	bar                        *widget.ProgressBar
	run, stop                  *action
	runBox, stopBox            fyne.CanvasObject
	root, rest                 *fyne.Container
	network                    *tick
	networkBox                 fyne.CanvasObject
	report                     *reportSection

	checking bool
	one      diagnostic.Code // the one that is looked at again, "" for all
	progress diagnostic.Progress
	cancel   context.CancelFunc
	stopped  bool // the last time, by the person

	diagnosis *diagnostic.Diagnosis // nil until there is one
	again     map[diagnostic.Code]time.Time
	of        *situation // what the readers held when it was made
	readers   *situation // what they hold now
	outdated  bool

	// opened are the folds that the person opened, buttons how each check is
	// looked at again.
	opened  map[string]bool
	buttons map[diagnostic.Code]*action

	// guidance gives the ways from findings to the guide, nil without one;
	// changed is called when there is something new to be known here.
	guidance func(diagnostic.Diagnosis) map[diagnostic.Code]signpost
	changed  func()
	ways     map[diagnostic.Code]signpost
	wayRows  map[diagnostic.Code]*row
}

// desk is what the place asks of the window and the system.
type desk struct {
	copy func(string)
	// open shows a page of the Web, outside of the toolkit's goroutine; openURL
	// shows a report that the program wrote.
	open    func(address string) error
	openURL func(*url.URL) error
	// confirm asks a question that is answered with yes or no.
	confirm func(title, question, yes, no string, answer func(bool))
	// choosePath asks where to put a file of that name, with some folders to
	// choose from; "" is nowhere.
	choosePath func(name string, folders []string, chosen func(path string))
}

func newPosteScreen(s *language.Speaker, later func(time.Duration, func()), doctor Doctor, d desk) *posteScreen {
	p := &posteScreen{
		pane: pane{speaker: s}, doctor: doctor, later: later, desk: d,
		spawn: func(work func()) { go work() }, post: fyne.Do,
		say: func(f diagnostic.Finding, goos string) wording.FindingWords {
			return wording.Finding(s, f, goos)
		},
		opened: map[string]bool{},
	}
	p.onKey = p.press
	p.root, p.rest = container.NewVBox(), container.NewVBox()
	p.report = newReportSection(p)
	top := p.buildAnswer()
	network := p.buildNetwork()
	p.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(6, gap, gap, gap),
		container.NewVBox(top, p.root, p.report.content, p.rest, network)))
	p.content = p.scroll
	p.update()
	return p
}

func (p *posteScreen) buildAnswer() fyne.CanvasObject {
	s := p.speaker
	p.sign = widget.NewIcon(nil)
	p.title = newHeading("", sizeAnswer)
	p.meaning, p.next, p.when = newWords(""), newWords(""), newCaption("")
	p.next.TextStyle.Bold = true
	p.note = container.NewVBox()
	p.bar = widget.NewProgressBar()
	p.run, p.runBox = newAction(s.Say("poste.check"), theme.ViewRefreshIcon(), p.Check, p.key)
	p.stop, p.stopBox = newAction(s.Say("poste.cancel"), theme.CancelIcon(), p.Cancel, p.key)
	p.run.onFocus, p.stop.onFocus = p.reveal, p.reveal
	return container.NewVBox(
		signed(p.sign, 40, 6, tight(p.title, p.meaning, p.next, p.when)),
		container.New(layout.NewCustomPaddedLayout(0, 0, 54, 0),
			container.NewVBox(p.bar, container.NewHBox(p.runBox, p.stopBox), p.note)))
}

// buildNetwork is the choice to ask the network too, with what that means.
func (p *posteScreen) buildNetwork() fyne.CanvasObject {
	s := p.speaker
	p.network, p.networkBox = p.newTick(s.Say("poste.network"), func(bool) { p.update() })
	var names []string
	for _, h := range hosts.All() {
		names = append(names, h.Name)
	}
	return newPanel(container.NewVBox(p.networkBox, newCaption(s.Say("poste.network.what", "Hosts", strings.Join(names, ", ")))))
}

// arrive has the workstation looked at the first time that the person comes:
// that reads and changes nothing.
func (p *posteScreen) arrive() {
	if p.diagnosis == nil && !p.stopped {
		p.Check()
	}
}

// Check looks at the whole workstation, unless that is under way.
func (p *posteScreen) Check() {
	if p.checking {
		return
	}
	p.diagnosis, p.again, p.of, p.outdated = nil, map[diagnostic.Code]time.Time{}, p.readers, false
	p.report.forget()
	p.begin("", diagnostic.Options{Network: p.network.Checked}, func(d diagnostic.Diagnosis) {
		p.diagnosis = &d
		p.compare()
		p.rebuild()
		p.scroll.ScrollToTop()
	})
	p.scroll.ScrollToTop()
}

// CheckAgain looks at one check again, and at those that follow from it: what
// they said before may no longer be true. The network is asked when it was.
func (p *posteScreen) CheckAgain(code diagnostic.Code) {
	if p.checking || p.diagnosis == nil {
		return
	}
	if p.outdated {
		p.Check() // nothing of what is shown may still be true
		return
	}
	pressed := p.buttons[code]
	keyboard := pressed != nil && pressed.byKey
	before := *p.diagnosis
	p.begin(code, diagnostic.Options{Only: withFollowers(code), Network: before.Network}, func(d diagnostic.Diagnosis) {
		if !p.stopped {
			merged := renewed(before, d)
			p.diagnosis = &merged
			for _, f := range d.Findings {
				p.again[f.Code] = d.At
			}
		}
		p.compare()
		p.rebuild()
		if keyboard {
			p.lead(code)
		}
	})
}

// begin has the doctor look, and take what came.
func (p *posteScreen) begin(one diagnostic.Code, o diagnostic.Options, take func(diagnostic.Diagnosis)) {
	ctx, cancel := context.WithCancel(context.Background())
	p.checking, p.one, p.stopped, p.cancel, p.progress = true, one, false, cancel, diagnostic.Progress{}
	p.note.RemoveAll()
	p.rebuild()
	o.Progress = func(now diagnostic.Progress) {
		p.post(func() {
			if p.checking && now.Done > p.progress.Done {
				p.progress = now
				p.update()
			}
		})
	}
	p.spawn(func() {
		defer cancel()
		d, err := p.doctor.Diagnose(ctx, o)
		stopped := ctx.Err() != nil
		p.post(func() {
			p.checking, p.stopped = false, stopped
			if err != nil {
				p.tell(wording.Statement{Tone: wording.Bad, Title: p.speaker.Say("poste.failed"), Meaning: p.speaker.Say("ui.cause", "Cause", wording.Cause(err))})
				p.rebuild()
				return
			}
			take(d)
		})
	})
}

// Cancel ends what is under way; what was found until then is shown.
func (p *posteScreen) Cancel() {
	if p.checking {
		p.cancel()
	}
}

// press does what the keys do that no part of the screen takes.
func (p *posteScreen) press(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyF5:
		p.Check()
	case fyne.KeyEscape:
		p.Cancel()
	default:
		p.scrollKey(key)
	}
}

// tell says at the top what could not be done.
func (p *posteScreen) tell(st wording.Statement) {
	p.note.RemoveAll()
	p.note.Add(p.newStatement(st))
	p.scroll.ScrollToTop()
}

// lead brings the keyboard to the check that was looked at again, or, when
// there is nothing to do for it any more, to the top.
func (p *posteScreen) lead(code diagnostic.Code) {
	button := p.buttons[code]
	if button == nil {
		button = p.run
	}
	p.focus(button)
}

// focus gives the keyboard to a part of the place.
func (p *posteScreen) focus(o fyne.Focusable) {
	if screen := fyne.CurrentApp().Driver().CanvasForObject(p.content); screen != nil {
		screen.Focus(o)
	}
}

// rebuild shows what was found anew.
func (p *posteScreen) rebuild() {
	p.root.RemoveAll()
	p.rest.RemoveAll()
	p.buttons = map[diagnostic.Code]*action{}
	p.findWays()
	if p.diagnosis != nil {
		p.showFindings()
	}
	p.update()
}

func (p *posteScreen) update() {
	s := p.speaker
	a := p.answer()
	p.sign.SetResource(toneIcon(a.Tone))
	say(p.title, a.Title)
	say(p.meaning, a.Meaning)
	next := a.Next
	if next != "" {
		next = s.Say("ui.next", "Step", next)
	}
	say(p.next, next)
	say(p.when, p.made())
	p.bar.Max = float64(max(p.progress.All, 1))
	p.bar.SetValue(float64(p.progress.Done))
	if p.checking {
		p.bar.Show()
		p.stopBox.Show()
		handOver(p.run, p.stop)
		p.runBox.Hide()
		p.network.Disable()
	} else {
		p.bar.Hide()
		p.runBox.Show()
		handOver(p.stop, p.run)
		p.stopBox.Hide()
		p.network.Enable()
	}
	p.run.SetText(s.Say("poste.check"))
	p.run.Importance = widget.HighImportance
	if p.diagnosis != nil {
		p.run.SetText(s.Say("poste.check.again"))
		if !p.outdated {
			p.run.Importance = widget.MediumImportance
		}
	}
	p.run.Refresh()
	for _, b := range p.buttons {
		if p.checking {
			b.Disable()
		} else {
			b.Enable()
		}
	}
	p.report.update()
	p.content.Refresh()
}
