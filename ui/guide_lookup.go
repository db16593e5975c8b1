package ui

import (
	"context"
	"errors"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postecpx/cardreader/cps"
	"postecpx/internal/annuaire"
	"postecpx/internal/wording"
)

// Directory asks the API of the Annuaire Santé with the person's key. Locate and
// Lookup are called outside of the toolkit's goroutine, and have deadlines of
// their own. Their errors are *annuaire.Failure.
type Directory interface {
	// Locate tells where the key is, and asks the person nothing.
	Locate(ctx context.Context) (annuaire.KeySource, error)
	// Host is where the questions go.
	Host() string
	// Lookup asks.
	Lookup(ctx context.Context, q annuaire.Question) (annuaire.Answer, error)
}

// Bounds of what is shown of an answer. More answer to one card only where
// something is wrong.
const (
	mostPeople = 3
	mostFacts  = 24
)

// lookup is where the Annuaire Santé is asked about the card in the reader, at
// the press of a button and never otherwise. It stays on the screen while the
// situation around it is drawn anew, so that the keyboard stays on it.
type lookup struct {
	on        *guideScreen
	directory Directory // nil for no look-up
	box       *fyne.Container

	card     *cps.Card
	question annuaire.Question // of that card; the zero one for none
	locating bool
	located  bool // it is known whether there is a key
	key      bool

	start, stop       *action
	startBox, stopBox fyne.CanvasObject
	state             *fyne.Container    // what is under way, or what came
	cancel            context.CancelFunc // nil unless something is under way
	turn              int                // of the question that counts
}

func newLookup(on *guideScreen, directory Directory) *lookup {
	l := &lookup{on: on, directory: directory, box: container.NewVBox(), state: container.NewVBox()}
	l.start, l.startBox = on.newAction(on.speaker.Say("guide.lookup"), theme.SearchIcon(), l.Start)
	l.stop, l.stopBox = on.newAction(on.speaker.Say("guide.lookup.stop"), theme.CancelIcon(), l.Stop)
	l.box.Hide()
	return l
}

// about takes the card in the reader, nil for none. What is known of another
// card is forgotten, and a question about it is taken back.
func (l *lookup) about(card *cps.Card) {
	var q annuaire.Question
	if card != nil {
		q = annuaire.Question{Identifier: card.Identifier.Identifier, CardNumber: card.Number}
		if q.IsEmpty() {
			q = annuaire.Question{}
		}
	}
	l.card = card
	if q == l.question {
		return
	}
	l.question = q
	l.Stop()
	l.cancel = nil
	l.turn++
	l.state.RemoveAll()
	l.draw()
	if l.on.content.Visible() {
		l.Locate()
	}
}

// Locate finds out whether there is a key: it may have been stored, or taken
// away, since.
func (l *lookup) Locate() {
	if l.directory == nil || l.locating || l.question == (annuaire.Question{}) {
		return
	}
	l.locating = true
	l.on.spawn(func() {
		_, err := l.directory.Locate(context.Background())
		l.on.post(func() {
			l.locating = false
			if now := err == nil; !l.located || now != l.key {
				l.located, l.key = true, now
				if now && l.cancel == nil {
					l.state.RemoveAll() // it may say that there is none
				}
				l.draw()
			}
		})
	})
}

// draw shows what can be done.
func (l *lookup) draw() {
	s := l.on.speaker
	l.box.RemoveAll()
	switch {
	case !l.located || l.question == (annuaire.Question{}):
		l.box.Hide()
		l.on.content.Refresh()
		return
	case l.key:
		l.startBox.Show()
		l.stopBox.Hide()
		if l.cancel != nil {
			l.startBox.Hide()
			l.stopBox.Show()
		}
		l.box.Add(container.NewVBox(container.NewStack(l.startBox, l.stopBox), tight(newCaption(s.Say("guide.lookup.when")),
			newCaption(annuaire.SayQuestion(s, l.question, l.directory.Host())))))
	case len(l.state.Objects) == 0:
		l.box.Add(newCaption(s.Say("guide.lookup.no-key")))
	}
	l.box.Add(l.state)
	l.box.Show()
	l.on.content.Refresh()
}

// Start asks.
func (l *lookup) Start() {
	if l.cancel != nil || !l.key || l.question == (annuaire.Question{}) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.turn++
	turn, q := l.turn, l.question
	l.tell(wording.Statement{Tone: wording.Working, Title: l.on.speaker.Say("guide.lookup.asking"), Meaning: l.on.speaker.Say("guide.lookup.patience")})
	l.swap(l.start, l.stop)
	l.on.spawn(func() {
		defer cancel()
		answer, err := l.directory.Lookup(ctx, q)
		l.on.post(func() {
			if turn != l.turn {
				return // the card has left
			}
			l.cancel = nil
			if err != nil {
				l.fail(err)
			} else {
				l.answer(q, answer)
			}
			l.swap(l.stop, l.start)
		})
	})
}

// Stop takes the question back.
func (l *lookup) Stop() {
	if l.cancel != nil {
		l.cancel()
	}
}

// swap draws anew with one button in the place of another, which gives the
// keyboard on, and has what came seen unless the person has gone elsewhere.
func (l *lookup) swap(from, to *action) {
	focused := l.on.canvas().Focused()
	onIt := focused == fyne.Focusable(from) || from.byKey // the toolkit takes it from a button that is pressed
	l.draw()
	if focused != nil && !onIt || !l.on.content.Visible() || !isShown(l.on.content, l.state) {
		return
	}
	if onIt {
		l.on.focus(to)
	}
	l.on.reveal(l.state)
}

func (l *lookup) tell(all ...wording.Statement) {
	l.state.RemoveAll()
	for _, st := range all {
		l.state.Add(newPanel(l.on.newStatement(st)))
	}
}

// nextHere says what to do in the window, where that is not what one does with
// the command line.
var nextHere = map[annuaire.Code]string{
	annuaire.CodeNoKey:         "guide.lookup.next.no-key",
	annuaire.CodeKeyRefused:    "guide.lookup.next.key-refused",
	annuaire.CodeKeyringAbsent: "guide.lookup.next.keyring-absent",
	annuaire.CodeKeyringSilent: "guide.lookup.next.keyring-silent",
	annuaire.CodeRejected:      "guide.lookup.next.rejected",
}

// fail says why there is no answer.
func (l *lookup) fail(err error) {
	s := l.on.speaker
	var failure *annuaire.Failure
	if !errors.As(err, &failure) {
		l.tell(wording.Statement{Tone: wording.Bad, Title: s.Say("guide.lookup.failed"), Meaning: s.Say("ui.cause", "Cause", wording.Cause(err))})
		return
	}
	st := failure.Say(s)
	if key, other := nextHere[failure.Code]; other {
		st.Next = s.Say(key, "Variable", annuaire.KeyVariable)
	}
	switch failure.Code {
	case annuaire.CodeCancelled:
		st.Tone = wording.Plain
	case annuaire.CodeNoKey:
		l.key = false // it was taken away meanwhile
	default:
		if failure.Err != nil {
			st.Meaning = joined(st.Meaning, s.Say("ui.cause", "Cause", wording.Cause(failure.Err)))
		}
	}
	l.tell(st)
}

// answer shows what the directory says of the holder, and whether the card says
// the same.
func (l *lookup) answer(q annuaire.Question, a annuaire.Answer) {
	s := l.on.speaker
	st := a.Say(s, q)
	people := a.People[:min(mostPeople, len(a.People))]
	all := container.NewVBox()
	same, different := 0, 0
	for _, p := range people {
		said := map[annuaire.Agreement][]wording.Fact{}
		for _, c := range annuaire.Compare(l.card, wording.Expired(l.card, l.on.now()), p) {
			said[c.Agreement] = append(said[c.Agreement], c.Say(s))
		}
		same += len(said[annuaire.Same])
		different += len(said[annuaire.Different])
		all.Add(newTitle(s.Say("annuaire.compare.title")))
		all.Add(newFacts(250, slices.Concat(said[annuaire.Different], said[annuaire.Same], said[annuaire.Unknown])...))
		all.Add(newTitle(s.Say("guide.lookup.record")))
		all.Add(someFacts(l.on, p.Facts(s)))
	}
	if a.Outcome == annuaire.Found {
		switch {
		case different > 0:
			st.Tone = max(st.Tone, wording.Warning)
			st.Title, st.Meaning = s.Say("guide.lookup.differs", "Count", different), joined(st.Title, st.Meaning)
			st.Next = s.Say("guide.lookup.differs.next")
		case same > 0:
			st.Meaning = joined(st.Meaning, s.Say("guide.lookup.agrees", "Count", same))
		}
	}
	if a.More || len(people) < len(a.People) {
		all.Add(newWords(s.Say("annuaire.more")))
	}
	sources := tight()
	for _, line := range a.SaySource(s) {
		sources.Add(newCaption(line))
	}
	all.Objects = append([]fyne.CanvasObject{l.on.newStatement(st)}, all.Objects...)
	all.Add(sources)
	l.state.RemoveAll()
	l.state.Add(newPanel(all))
}

// someFacts are facts, and that there are more than are shown.
func someFacts(g *guideScreen, facts []wording.Fact) fyne.CanvasObject {
	shown := newFacts(250, facts[:min(mostFacts, len(facts))]...)
	if len(facts) <= mostFacts {
		return shown
	}
	return container.NewVBox(shown, newWords(g.speaker.Say("annuaire.more")))
}
