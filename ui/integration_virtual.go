package ui

import (
	"context"
	"errors"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// A Simulator is a Workbench that can put virtual cards into the virtual reader
// of the workstation. Without it there is no such section.
type Simulator interface {
	// VirtualCards lists the cards that there are.
	VirtualCards() []VirtualCard
	// Simulate keeps the card in the reader until ctx ends or the fault takes it
	// out, which is no error. inserted is called once the reader has taken it.
	// It is called beside the other work, once at a time. Without such a reader the
	// error is ErrNoVirtualReader.
	Simulate(ctx context.Context, order SimulateOrder, inserted func()) (Simulation, error)
}

// ErrNoVirtualReader says that no driver of virtual readers is at work.
var ErrNoVirtualReader = errors.New("no virtual reader")

// VirtualCard is a card that can be simulated.
type VirtualCard struct {
	Name    string
	Summary map[string]string // by language
}

// Fault is how a virtual card misbehaves.
type Fault string

// Faults, in the order in which they are offered.
const (
	FaultNone      Fault = "none"
	FaultRemoved   Fault = "removed"   // taken out in the middle of the reading
	FaultMute      Fault = "mute"      // silent from the middle of the reading on
	FaultSlow      Fault = "slow"      // each answer takes a while
	FaultError     Fault = "error"     // one command fails
	FaultTruncated Fault = "truncated" // the identifier's file is cut short
	FaultStrictLe  Fault = "strict-le" // it refuses a length that is too long
)

var faults = []struct {
	fault Fault
	key   string
}{
	{FaultNone, "integration.virtual.fault.none"},
	{FaultRemoved, "integration.virtual.fault.removed"},
	{FaultMute, "integration.virtual.fault.mute"},
	{FaultSlow, "integration.virtual.fault.slow"},
	{FaultError, "integration.virtual.fault.error"},
	{FaultTruncated, "integration.virtual.fault.truncated"},
	{FaultStrictLe, "integration.virtual.fault.strict-le"},
}

// SimulateOrder is the card and the fault that the person chose.
type SimulateOrder struct {
	Card  string
	Fault Fault
}

// Simulation is what a virtual card saw while it was in the reader.
type Simulation struct {
	Exchanges int
	Presented int // codes
	Removed   bool
}

// virtualSection is where a virtual card is put into the reader, and taken out.
type virtualSection struct {
	on        *integrationScreen
	simulator Simulator
	content   fyne.CanvasObject

	state                 *fyne.Container
	card, fault           *selector
	put, take             *action
	choices               fyne.CanvasObject
	putBox, takeBox       fyne.CanvasObject
	cards                 []VirtualCard
	name                  string // of the card that is in, or on its way
	underWay, in, leaving bool
	cancel                context.CancelFunc
	last                  *wording.Statement // how the last one ended
}

// newVirtualSection returns nil where the bench has no virtual reader.
func newVirtualSection(on *integrationScreen) *virtualSection {
	simulator, ok := on.bench.(Simulator)
	if !ok {
		return nil
	}
	v := &virtualSection{on: on, simulator: simulator, cards: simulator.VirtualCards(), state: container.NewVBox()}
	s := on.speaker
	var cardBox, faultBox fyne.CanvasObject
	v.card, cardBox = newSelector(func(string) {})
	v.fault, faultBox = newSelector(func(string) {})
	for _, c := range v.cards {
		v.card.Options = append(v.card.Options, plaintext.Line(c.Summary[s.Tag()], longName))
	}
	for _, f := range faults {
		v.fault.Options = append(v.fault.Options, s.Say(f.key))
	}
	for _, choice := range []*selector{v.card, v.fault} {
		if len(choice.Options) > 0 {
			choice.Selected = choice.Options[0]
		}
		choice.onFocus, choice.onOther = on.reveal, on.key
	}
	if at := slices.IndexFunc(v.cards, func(c VirtualCard) bool { return c.Name == "medecin" }); at >= 0 {
		v.card.Selected = v.card.Options[at]
	}
	v.put, v.putBox = newAction(s.Say("integration.virtual.put"), theme.MediaPlayIcon(), v.Put, on.key)
	v.take, v.takeBox = newAction(s.Say("integration.virtual.take"), theme.MediaStopIcon(), v.Take, on.key)
	v.put.onFocus, v.take.onFocus = on.reveal, on.reveal
	v.choices = container.New(&fill{least: 280, gap: 4, most: 2},
		tight(newCaption(s.Say("integration.virtual.card")), cardBox),
		tight(newCaption(s.Say("integration.virtual.fault")), faultBox))
	_, v.content = on.newSection(s.Say("integration.virtual"), wording.Plain, func() fyne.CanvasObject {
		return newPanel(container.NewVBox(newWords(s.Say("integration.virtual.what")), v.state, v.choices,
			container.NewHBox(v.putBox, v.takeBox)))
	})
	return v
}

// Put puts the card that was chosen into the virtual reader.
func (v *virtualSection) Put() {
	at := v.card.SelectedIndex()
	if v.underWay || at < 0 || at >= len(v.cards) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	order := SimulateOrder{Card: v.cards[at].Name, Fault: faults[max(v.fault.SelectedIndex(), 0)].fault}
	v.underWay, v.in, v.leaving, v.cancel, v.name, v.last = true, false, false, cancel, v.card.Selected, nil
	v.on.update()
	v.on.spawn(func() {
		defer cancel()
		outcome, err := v.simulator.Simulate(ctx, order, func() {
			v.on.post(func() {
				v.in = v.underWay
				v.on.update()
			})
		})
		v.on.post(func() { v.ended(outcome, err) })
	})
}

// Take takes it out again.
func (v *virtualSection) Take() {
	if v.underWay && !v.leaving {
		v.leaving = true
		v.cancel()
		v.on.update()
	}
}

func (v *virtualSection) ended(outcome Simulation, err error) {
	s := v.on.speaker
	v.underWay, v.in, v.leaving = false, false, false
	counts := s.Say("integration.virtual.counts", "Exchanges", outcome.Exchanges, "Presented", outcome.Presented)
	st := wording.Statement{Tone: wording.Plain, Title: s.Say("integration.virtual.out"), Meaning: counts}
	switch {
	case errors.Is(err, ErrNoVirtualReader):
		st = wording.Statement{Tone: wording.Warning, Title: s.Say("integration.virtual.no-reader"),
			Meaning: s.Say("integration.virtual.no-reader.meaning"), Next: s.Say("integration.virtual.no-reader.next")}
	case err != nil && !errors.Is(err, context.Canceled):
		st = wording.Statement{Tone: wording.Bad, Title: s.Say("integration.virtual.failed"), Meaning: s.Say("ui.cause", "Cause", wording.Cause(err))}
	case outcome.Removed:
		st.Title = s.Say("integration.virtual.removed")
	}
	v.last = &st
	v.on.update()
}

func (v *virtualSection) update() {
	if v == nil {
		return
	}
	s := v.on.speaker
	var st wording.Statement
	switch {
	case v.leaving:
		st = wording.Statement{Tone: wording.Working, Title: s.Say("integration.virtual.leaving")}
	case v.in:
		st = wording.Statement{Tone: wording.Good, Title: s.Say("integration.virtual.in", "Card", v.name), Meaning: s.Say("integration.virtual.in.meaning")}
	case v.underWay:
		st = wording.Statement{Tone: wording.Working, Title: s.Say("integration.virtual.putting", "Card", v.name)}
	case v.last != nil:
		st = *v.last
	default:
		st = wording.Statement{Tone: wording.Plain, Title: s.Say("integration.virtual.none")}
	}
	v.state.RemoveAll()
	v.state.Add(v.on.newStatement(st))
	if v.underWay {
		v.choices.Hide()
		v.putBox.Hide()
		v.takeBox.Show()
	} else {
		v.choices.Show()
		v.putBox.Show()
		v.takeBox.Hide()
	}
	if v.leaving {
		v.take.Disable()
	} else {
		v.take.Enable()
	}
}
