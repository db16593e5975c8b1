package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/language"
)

// Workbench does the work of the place Intégration. Its methods are called
// outside of the toolkit's goroutine, one at a time.
type Workbench interface {
	// Survey asks the PKCS#11 modules of the workstation, reads the card in that
	// reader ("" for none) and judges its certificates. It presents no code.
	// progress is called as it goes on. The error is that of ctx: whatever else
	// goes wrong is in the Survey.
	Survey(ctx context.Context, reader string, progress func(Step)) (Survey, error)
	// Revocation asks the authorities, through the network, whether these
	// certificates are revoked: it is called only when the person asks. answer
	// is called for each of them in turn. The error is that of ctx: what else
	// stands in the way is in the answers. It has a deadline of its own.
	Revocation(ctx context.Context, certificates []Certificate, answer func(at int, result igcsante.RevocationResult)) error
	// Prove presents the code porteur once through one module, has the keys of
	// the card sign, and resets the card. It wipes the code. At an error, the
	// Proof still tells whether the code was presented.
	Prove(ctx context.Context, order ProveOrder) (cardreader.ProofResult, error)
}

// Step is where a Survey stands.
type Step string

// Steps, in turn.
const (
	StepCard         Step = "card"
	StepModules      Step = "modules"
	StepCertificates Step = "certificates"
)

// Survey is what the examination found.
type Survey struct {
	Probes []pkcs11.Probe
	// Undeclared are the files that name modules and could not be read.
	Undeclared []error
	// Comparison is nil when no card was read; CardErr says why, when there
	// was one.
	Comparison   *cardreader.Comparison
	CardErr      error
	Certificates []Certificate
}

// Certificate is one certificate of the card, judged.
type Certificate struct {
	Role  cps.Role
	Label string
	igcsante.Examination
}

// ProveOrder is the test that the person asked for, of the card on the screen,
// with the code that was typed.
type ProveOrder struct {
	cardreader.ProofOrder
	Code []byte
}

// stage is where the examination stands.
type stage int

const (
	notExamined stage = iota
	examining
	interrupted // by the person
	outdated    // another card, or none, is in the reader since
	examined
)

// integrationScreen is the place Intégration: one answer, and sections that are
// folded or open. All of it scrolls, as in Poste.
type integrationScreen struct {
	pane
	now   func() time.Time
	bench Workbench
	// spawn runs work beside the toolkit, post brings its news back.
	spawn, post func(func())

	sign                       *widget.Icon
	title, meaning, next       *prose
	run, stop                  *action
	runBox, stopBox, buttonBox fyne.CanvasObject
	findings                   *fyne.Container    // modules, comparison, certificates
	revocation                 *revocationSection // nil without certificates that were examined
	proof                      *proofSection
	virtual                    *virtualSection // nil without a Simulator
	exchanges                  *traceSection   // nil without a Tracer
	desk                       desk

	stage   stage
	step    Step
	survey  Survey
	of      presence // the card that the survey speaks of
	cancel  context.CancelFunc
	present presence
	reader  string
	card    *cps.Card // the one in the reader, once it was read
	proving bool
}

// presence is which card is in the reader: "" while it is not known.
type presence string

const noCardPresent presence = "none"

func presenceOf(c *cps.Card) presence { return presence("card " + c.Number) }

func newIntegrationScreen(s *language.Speaker, now func() time.Time, bench Workbench) *integrationScreen {
	i := &integrationScreen{
		pane: pane{speaker: s}, now: now, bench: bench, step: StepCard,
		spawn: func(work func()) { go work() }, post: fyne.Do,
	}
	i.onKey = i.press
	i.findings = container.NewVBox()
	i.proof = newProofSection(i)
	sections := container.NewVBox(i.buildAnswer(), i.findings, i.proof.content)
	if i.exchanges = newTraceSection(i); i.exchanges != nil {
		sections.Add(i.exchanges.content)
	}
	if i.virtual = newVirtualSection(i); i.virtual != nil {
		sections.Add(i.virtual.content)
	}
	i.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(6, gap, gap, gap), sections))
	i.content = i.scroll
	i.update()
	return i
}

func (i *integrationScreen) buildAnswer() fyne.CanvasObject {
	s := i.speaker
	i.sign = widget.NewIcon(nil)
	i.title = newHeading("", sizeAnswer)
	i.meaning, i.next = newWords(""), newWords("")
	i.next.TextStyle.Bold = true
	i.run, i.runBox = newAction(s.Say("integration.examine"), theme.SearchIcon(), i.Examine, i.key)
	i.stop, i.stopBox = newAction(s.Say("integration.cancel"), theme.CancelIcon(), i.Interrupt, i.key)
	i.run.onFocus, i.stop.onFocus = i.reveal, i.reveal
	return container.NewVBox(signed(i.sign, 40, 6, tight(i.title, i.meaning, i.next)),
		container.New(layout.NewCustomPaddedLayout(0, 0, 54, 0), container.NewHBox(i.runBox, i.stopBox)))
}

// busy tells whether the workbench is at work.
func (i *integrationScreen) busy() bool {
	return i.stage == examining || i.proving || i.exchanges.working() || i.revocation.working()
}

// Examine begins an examination, unless one is under way.
func (i *integrationScreen) Examine() {
	if i.busy() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	i.stage, i.step, i.survey, i.cancel = examining, StepCard, Survey{}, cancel
	i.proof.forget()
	i.rebuild()
	reader, of := i.reader, i.present
	i.spawn(func() {
		defer cancel()
		survey, err := i.bench.Survey(ctx, reader, func(step Step) {
			i.post(func() {
				if i.stage == examining {
					i.step = step
					i.update()
				}
			})
		})
		i.post(func() { i.examined(survey, of, err) })
	})
}

// Interrupt ends what is under way and can be ended.
func (i *integrationScreen) Interrupt() {
	switch {
	case i.stage == examining:
		i.cancel()
	case i.exchanges.working():
		i.exchanges.cancel()
	default:
		i.revocation.Stop()
	}
}

// examined takes the outcome. of is the card that was there at the beginning.
func (i *integrationScreen) examined(survey Survey, of presence, err error) {
	i.stage, i.survey, i.of = examined, survey, of
	if survey.Comparison != nil {
		i.of = presenceOf(&survey.Comparison.Witnesses[0].Card)
	}
	if err != nil {
		i.stage, i.survey = interrupted, Survey{}
	}
	i.compareWithReader()
	i.rebuild()
	i.scroll.ScrollToTop()
}

// Follow takes what is known of the reader that the place Carte shows; without
// a reader, status is nil.
func (i *integrationScreen) Follow(status *cardreader.ReaderStatus) {
	reader, present, card := "", noCardPresent, (*cps.Card)(nil)
	if status != nil {
		switch status.Stage {
		case cardreader.NoCard, cardreader.Mute, cardreader.NotCPx:
		case cardreader.Read:
			if status.Card != nil {
				reader, present, card = status.Reader, presenceOf(status.Card), status.Card
			}
		default:
			reader, present = status.Reader, ""
		}
	}
	if reader == i.reader && present == i.present && card == i.card {
		return
	}
	i.reader, i.present = reader, present
	i.proof.follow(i.card, card)
	i.card = card
	if i.compareWithReader() {
		i.rebuild()
		i.scroll.ScrollToTop()
		return
	}
	i.update()
}

// compareWithReader forgets what was found when the card in the reader is no
// longer the one that it speaks of, and tells whether it did.
func (i *integrationScreen) compareWithReader() bool {
	if i.stage != examined || i.present == "" {
		return false
	}
	if i.of == "" { // nothing was known at the time, and no card was read
		i.of = i.present
	}
	if i.of == i.present {
		return false
	}
	i.stage, i.survey = outdated, Survey{}
	return true
}

// rebuild shows what was found anew.
func (i *integrationScreen) rebuild() {
	i.findings.RemoveAll()
	i.revocation.leave()
	i.revocation = nil
	if i.stage == examined {
		sections := []fyne.CanvasObject{i.modulesSection(), i.comparisonSection(), i.certificatesSection()}
		switch i.answer().Code { // what the answer speaks of comes first
		case "contradiction":
			sections[0], sections[1] = sections[1], sections[0]
		case "certificate":
			sections = []fyne.CanvasObject{sections[2], sections[0], sections[1]}
		}
		for _, section := range sections {
			if section != nil {
				i.findings.Add(section)
			}
		}
	}
	i.update()
}

func (i *integrationScreen) update() {
	a := i.answer()
	i.sign.SetResource(toneIcon(a.Tone))
	say(i.title, a.Title)
	say(i.meaning, a.Meaning)
	next := a.Next
	if next != "" {
		next = i.speaker.Say("ui.next", "Step", next)
	}
	say(i.next, next)
	if i.stage == examining {
		i.stopBox.Show()
		handOver(i.run, i.stop)
		i.runBox.Hide()
	} else {
		i.runBox.Show()
		handOver(i.stop, i.run)
		i.stopBox.Hide()
	}
	enable(i.run, !i.busy() || i.stage == examining)
	i.run.Importance = widget.HighImportance
	if i.stage == examined {
		i.run.Importance = widget.MediumImportance
	}
	i.run.Refresh()
	i.revocation.update()
	i.proof.update()
	i.exchanges.update()
	i.virtual.update()
	i.content.Refresh()
}

// press does what the keys do that no part of the screen takes.
func (i *integrationScreen) press(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyF5:
		i.Examine()
	case fyne.KeyEscape:
		i.Interrupt()
	default:
		i.scrollKey(key)
	}
}
