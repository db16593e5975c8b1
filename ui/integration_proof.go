package ui

import (
	"context"
	"errors"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// proofSection is where the person has the code porteur presented, once.
type proofSection struct {
	on      *integrationScreen
	content fyne.CanvasObject

	state     *fyne.Container // tries left, or why there is nothing to press
	form      fyne.CanvasObject
	through   *prose
	choice    *selector
	choiceBox fyne.CanvasObject
	code      *codeField
	confirm   *tick
	ticked    fyne.CanvasObject
	button    *action
	results   *fyne.Container

	modules []pkcs11.Module // that show the card
	pin     cps.PIN         // as it was read last
	result  *proofResult
	// presented is told of a card whose code was presented, and what is known of
	// its code since; nil where nobody asks.
	presented func(card *cps.Card, pin cps.PIN)
}

// proofResult is what the last proof came to.
type proofResult struct {
	statement wording.Statement
	proof     cardreader.ProofResult
	cause     string
}

func newProofSection(on *integrationScreen) *proofSection {
	p := &proofSection{on: on}
	s := on.speaker
	p.state, p.results = container.NewVBox(), container.NewVBox()
	p.through = newWords("")
	p.choice, p.choiceBox = newSelector(func(string) { on.update() })
	p.choice.onOther = on.key
	var field, button fyne.CanvasObject
	p.code, field = on.newCodeField(p.present, func() { p.press() })
	p.confirm, p.ticked = on.newTick(s.Say("integration.proof.confirm"), func(bool) { p.press() })
	p.button, button = newAction(s.Say("integration.proof.present"), theme.LoginIcon(), p.present, on.key)
	p.choice.onFocus, p.button.onFocus = on.reveal, on.reveal
	p.form = container.NewVBox(
		p.through,
		container.New(&fill{least: 280, gap: 4, most: 3}, p.choiceBox),
		newCaption(s.Say("integration.proof.code")),
		container.NewHBox(field),
		p.ticked,
		container.NewHBox(button),
	)
	title, content := on.newSection(s.Say("integration.proof"), wording.Plain, func() fyne.CanvasObject {
		return newPanel(container.NewVBox(p.results, newWords(s.Say("integration.proof.what")), p.state, p.form))
	})
	p.content = content
	title.turned = func() {
		on.content.Refresh()
		if title.open {
			p.lead()
		}
	}
	return p
}

// follow takes the card that is in the reader now. What was found on another
// one is forgotten; what became of the code is still said when the card left.
func (p *proofSection) follow(before, now *cps.Card) {
	if before == now {
		return
	}
	p.code.Wipe()
	p.confirm.SetChecked(false)
	p.pin = cps.PIN{}
	if now != nil {
		p.pin = now.PIN
	}
	switch {
	case p.result == nil:
	case now == nil:
		p.result.bare()
	case before == nil || before.Number != now.Number:
		p.result = nil
	}
}

// bare keeps of a result what says nothing of the person.
func (r *proofResult) bare() {
	r.proof = cardreader.ProofResult{Proof: pkcs11.Proof{Presented: r.proof.Presented}, ResetErr: r.proof.ResetErr}
}

// forget empties the section before a new examination.
func (p *proofSection) forget() {
	p.code.Wipe()
	p.confirm.SetChecked(false)
	p.result = nil
}

// find lists the modules through which the card can be reached: the Cryptolib
// first, then OpenSC.
func (p *proofSection) find() {
	p.modules = nil
	if p.on.stage != examined || p.on.card == nil {
		return
	}
	for _, family := range []pkcs11.Family{pkcs11.Cryptolib, pkcs11.OpenSC, pkcs11.Other} {
		for _, probe := range p.on.survey.Probes {
			if probe.Module.Family != family || probe.Status != pkcs11.OK {
				continue
			}
			if _, ok := cardreader.SlotOf(p.on.reader, p.on.card.Number, probe); ok {
				p.modules = append(p.modules, probe.Module)
			}
		}
	}
}

// module is the one that is to be proved.
func (p *proofSection) module() pkcs11.Module {
	if at := p.choice.SelectedIndex(); at > 0 && at < len(p.modules) {
		return p.modules[at]
	}
	return p.modules[0]
}

// hindrance says why no code can be presented now; ok when one can.
func (p *proofSection) hindrance() (st wording.Statement, ok bool) {
	s := p.on.speaker
	switch {
	case p.on.proving:
		return wording.Statement{Tone: wording.Working, Title: s.Say("integration.proof.working"), Meaning: s.Say("integration.proof.working.meaning")}, false
	case p.on.card == nil:
		return wording.Statement{Tone: wording.Plain, Title: s.Say("integration.proof.no-card"), Next: s.Say("integration.no-card.next")}, false
	case p.pin.Blocked():
		return wording.Login(s, pkcs11.Proof{Login: pkcs11.LoginBlocked, Presented: true}, nil), false
	case p.on.stage != examined:
		return wording.Statement{Tone: wording.Plain, Title: s.Say("integration.proof.not-examined"), Next: s.Say("integration.not-examined.next")}, false
	case len(p.modules) == 0:
		return wording.Statement{Tone: wording.Warning, Title: s.Say("integration.proof.no-module"), Next: s.Say("integration.blind.next")}, false
	}
	return wording.Statement{}, true
}

// lastTry tells whether a wrong code would block the card.
func (p *proofSection) lastTry() bool { return p.pin.Known && p.pin.TriesLeft == 1 }

func (p *proofSection) update() {
	s := p.on.speaker
	p.find()
	p.state.RemoveAll()
	st, ok := p.hindrance()
	switch {
	case !ok:
	case !p.pin.Known:
		st = wording.Statement{Tone: wording.Warning, Title: s.Say("integration.proof.tries-unknown")}
	case p.lastTry():
		st = wording.Statement{Tone: wording.Warning, Title: s.Say("integration.proof.last-try"), Next: s.Say("integration.proof.last-try.next")}
	default:
		st = wording.Statement{Tone: wording.Plain, Title: s.Say("integration.proof.tries", "Count", p.pin.TriesLeft)}
	}
	p.state.Add(p.on.newStatement(st))
	p.code.Enable(ok)
	if ok {
		p.updateChoice()
		p.form.Show()
	} else {
		p.form.Hide()
	}
	if ok && p.lastTry() {
		p.ticked.Show()
	} else {
		p.ticked.Hide()
	}
	p.press()
	p.showResult()
}

// updateChoice offers the modules when there are several.
func (p *proofSection) updateChoice() {
	s := p.on.speaker
	seen := map[string]int{}
	for _, m := range p.modules {
		seen[m.Name]++
	}
	var options []string
	for _, m := range p.modules {
		name := plaintext.Line(m.Name, longName)
		if seen[m.Name] > 1 {
			name += " · " + plaintext.Line(m.Path, longName)
		}
		options = append(options, name)
	}
	if len(options) == 1 {
		p.choiceBox.Hide()
		say(p.through, s.Say("integration.proof.through", "Module", options[0]))
		return
	}
	say(p.through, s.Say("integration.proof.choose"))
	p.choiceBox.Show()
	if !slices.Equal(p.choice.Options, options) {
		p.choice.Options = options
		p.choice.Selected = options[0]
		p.choice.Refresh()
	}
}

// press lets the button be pressed when it would do something.
func (p *proofSection) press() {
	if p.button == nil {
		return // while the section is made
	}
	_, ok := p.hindrance()
	if ok && !p.on.busy() && p.code.length > 0 && (!p.lastTry() || p.confirm.Checked) {
		p.button.Enable()
	} else {
		p.button.Disable()
	}
}

// present has the code presented, once.
func (p *proofSection) present() {
	on := p.on
	if _, ok := p.hindrance(); !ok || on.busy() || p.code.length == 0 {
		return
	}
	if p.lastTry() && !p.confirm.Checked {
		p.code.Wipe()
		p.finish(cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginLastTry}}, nil)
		return
	}
	order := ProveOrder{
		ProofOrder: cardreader.ProofOrder{Reader: on.reader, Number: on.card.Number, Module: p.module(), AllowLastTry: p.lastTry()},
		Code:       p.code.Take(),
	}
	p.confirm.SetChecked(false)
	if !cardreader.CodeForm(order.Code) {
		clear(order.Code)
		p.finish(cardreader.ProofResult{Proof: pkcs11.Proof{Login: pkcs11.LoginWrongLength}}, nil)
		return
	}
	p.result = nil
	on.proving = true
	on.update()
	p.lead()
	on.spawn(func() {
		defer clear(order.Code)
		// A code that is on its way is not called back.
		proof, err := on.bench.Prove(context.Background(), order)
		on.post(func() {
			on.proving = false
			same := on.card != nil && on.card.Number == order.Number
			if same {
				p.recount(proof)
			}
			p.finish(proof, err)
			if !same {
				p.result.bare()
				on.update()
			}
		})
	})
}

// finish takes the outcome.
func (p *proofSection) finish(proof cardreader.ProofResult, err error) {
	p.result = &proofResult{statement: p.say(proof, err), proof: proof}
	if err != nil {
		p.result.cause = wording.Cause(err)
	}
	p.on.update()
	p.lead()
}

// recount takes what the code of the card is known to have left after a proof.
func (p *proofSection) recount(proof cardreader.ProofResult) {
	switch {
	case proof.TriesAfter != nil:
		p.pin.Known, p.pin.TriesLeft = true, *proof.TriesAfter
	case proof.Presented:
		p.pin = cps.PIN{} // it is not what it was
	default:
		return
	}
	if p.presented != nil {
		p.presented(p.on.card, p.pin)
	}
}

// lead scrolls to the section: what it says last stands first.
func (p *proofSection) lead() { p.on.scroll.ScrollToOffset(fyne.NewPos(0, p.content.Position().Y)) }

// say is what became of the code, with steps that fit a window.
func (p *proofSection) say(proof cardreader.ProofResult, err error) wording.Statement {
	s := p.on.speaker
	if err != nil && !proof.Presented {
		st := wording.Statement{Code: "not-presented", Tone: wording.Warning, Title: s.Say("integration.proof.not-presented"), Meaning: s.Say("proof.login.refused")}
		if errors.Is(err, cardreader.ErrCardChanged) || errors.Is(err, cardreader.ErrModuleBlind) {
			st.Next = s.Say("integration.again")
		}
		return st
	}
	st := wording.Login(s, proof.Proof, proof.TriesAfter)
	switch proof.Login {
	case pkcs11.LoginLastTry:
		st.Next = s.Say("integration.proof.last-try.next")
	case pkcs11.LoginOther, pkcs11.LoginUnknown:
		st.Next = s.Say("integration.proof.look")
	}
	return st
}

func (p *proofSection) showResult() {
	p.results.RemoveAll()
	r := p.result
	if r == nil {
		return
	}
	s := p.on.speaker
	p.results.Add(p.on.newStatement(r.statement))
	if r.cause != "" {
		p.results.Add(newCaption(s.Say("ui.cause", "Cause", r.cause)))
	}
	if r.proof.OK() {
		p.results.Add(p.on.newStatement(wording.Statement{Tone: wording.Good, Title: s.Say("integration.proof.proved")}))
	}
	var facts []wording.Fact
	for _, k := range r.proof.Keys[:min(len(r.proof.Keys), mostItems)] {
		facts = append(facts, wording.KeyProof(s, k))
	}
	if r.proof.TriesAfter != nil {
		facts = append(facts, wording.Fact{Tone: wording.Plain, Label: s.Say("integration.proof.after"), Value: s.Say("card.pin.tries", "Count", *r.proof.TriesAfter)})
	}
	if len(facts) > 0 {
		p.results.Add(newFacts(260, facts...))
	}
	if r.proof.ResetErr != nil {
		p.results.Add(p.on.newStatement(wording.Statement{Tone: wording.Warning, Title: s.Say("integration.proof.not-reset"),
			Meaning: s.Say("ui.cause", "Cause", wording.Cause(r.proof.ResetErr)), Next: s.Say("integration.proof.not-reset.next")}))
	}
	if len(r.proof.Objects) > 0 {
		p.results.Add(newWords(s.Say("integration.proof.objects")))
		p.on.addObjects(p.results, r.proof.Objects)
	}
	p.results.Add(widget.NewSeparator())
}
