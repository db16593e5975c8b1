package ui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postecpx/cardreader/igcsante"
	"postecpx/internal/wording"
)

// revocationSection is where the person has ANS asked whether the certificates
// that were examined are revoked. It lives as long as they are shown.
type revocationSection struct {
	on           *integrationScreen
	certificates []Certificate
	content      fyne.CanvasObject

	state     *fyne.Container
	ask, stop *action
	askBox    fyne.CanvasObject
	stopBox   fyne.CanvasObject
	facts     []*fyne.Container // what is said under each certificate
	answers   []*igcsante.RevocationResult
	underWay  bool
	stopped   bool // the last time, by the person
	cancel    context.CancelFunc
	around    *fold // the section of the certificates
}

func newRevocationSection(on *integrationScreen, certificates []Certificate) *revocationSection {
	s := on.speaker
	r := &revocationSection{
		on: on, certificates: certificates, state: container.NewVBox(),
		answers: make([]*igcsante.RevocationResult, len(certificates)),
	}
	for range certificates {
		r.facts = append(r.facts, container.NewVBox())
	}
	r.ask, r.askBox = newAction(s.Say("integration.revocation.ask"), theme.SearchIcon(), r.Ask, on.key)
	r.stop, r.stopBox = newAction(s.Say("integration.cancel"), theme.CancelIcon(), r.Stop, on.key)
	r.ask.onFocus, r.stop.onFocus = on.reveal, on.reveal
	what := s.Say("integration.revocation.what", "Hosts", strings.Join(igcsante.RevocationHosts(), ", "))
	r.content = container.NewVBox(container.NewHBox(r.askBox, r.stopBox), newCaption(what), r.state)
	r.update()
	return r
}

// Ask has the authorities asked, of each certificate in turn.
func (r *revocationSection) Ask() {
	if r.on.busy() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.underWay, r.stopped, r.cancel = true, false, cancel
	clear(r.answers)
	r.on.update()
	r.on.spawn(func() {
		defer cancel()
		err := r.on.bench.Revocation(ctx, r.certificates, func(at int, answer igcsante.RevocationResult) {
			r.on.post(func() {
				r.answers[at] = &answer
				r.on.update()
			})
		})
		r.on.post(func() {
			r.underWay, r.stopped = false, err != nil
			r.on.update()
		})
	})
}

// Stop ends it; what was answered until then is shown.
func (r *revocationSection) Stop() {
	if r.working() {
		r.cancel()
	}
}

// working tells whether the authorities are being asked.
func (r *revocationSection) working() bool { return r != nil && r.underWay }

// leave ends what is under way for certificates that are shown no more.
func (r *revocationSection) leave() {
	r.Stop()
	if r != nil {
		r.underWay = false
	}
}

// answer is what is known of that certificate: nil when nobody asked, or nobody
// could say.
func (r *revocationSection) answer(at int) *wording.Fact {
	if r == nil || r.answers[at] == nil || r.answers[at].Status == igcsante.NotChecked {
		return nil
	}
	fact := wording.Revocation(r.on.speaker, *r.answers[at])
	return &fact
}

// statement is where it stands, or what it came to; false before it was asked.
func (r *revocationSection) statement() (st wording.Statement, asked bool) {
	s := r.on.speaker
	count := func(of ...igcsante.RevocationStatus) (n int) {
		for _, a := range r.answers {
			if a != nil && slices.Contains(of, a.Status) {
				n++
			}
		}
		return n
	}
	all, done := len(r.answers), count(igcsante.Good, igcsante.Revoked, igcsante.UnknownToIssuer, igcsante.NotChecked)
	switch revoked := count(igcsante.Revoked); {
	case r.underWay:
		return wording.Statement{Tone: wording.Working, Title: s.Say("integration.revocation.working", "Done", done, "All", all),
			Meaning: s.Say("integration.revocation.working.meaning")}, true
	case revoked > 0:
		return wording.Statement{Tone: wording.Bad, Title: s.Say("integration.revocation.revoked", "Count", revoked),
			Next: s.Say("integration.revocation.revoked.next")}, true
	case r.stopped:
		return wording.Statement{Tone: wording.Plain, Title: s.Say("integration.revocation.stopped")}, true
	case done == 0:
		return wording.Statement{}, false
	case count(igcsante.Good) == all:
		return wording.Statement{Tone: wording.Good, Title: s.Say("integration.revocation.good", "Count", all)}, true
	}
	return wording.Statement{Tone: wording.Warning, Title: s.Say("integration.revocation.unknown", "Count", all-count(igcsante.Good)),
		Meaning: s.Say("integration.revocation.unknown.meaning")}, true
}

func (r *revocationSection) update() {
	if r == nil {
		return
	}
	r.state.RemoveAll()
	if st, asked := r.statement(); asked {
		r.state.Add(r.on.newStatement(st))
	}
	for at, a := range r.answers {
		r.facts[at].RemoveAll()
		if a != nil {
			r.facts[at].Add(newFacts(340, wording.Revocation(r.on.speaker, *a)))
		}
	}
	enable(r.ask, !r.on.busy())
	if r.underWay {
		r.stopBox.Show()
		handOver(r.ask, r.stop)
		r.askBox.Hide()
	} else {
		r.askBox.Show()
		handOver(r.stop, r.ask)
		r.stopBox.Hide()
	}
	if r.around != nil {
		r.around.setSign(toneIcon(r.on.certificatesTone()))
	}
}
