package ui

import (
	"image/color"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// cardScreen is the place Carte. What is true of the reader stands at the top,
// and scrolls away in a low window only; under it the band, when the card below it is the
// demonstration; then the card, or where to find the identifier without one.
type cardScreen struct {
	speaker *language.Speaker
	now     func() time.Time
	// copied is called with what was asked to be copied.
	copied func(value string)

	content fyne.CanvasObject
	scroll  *container.Scroll
	body    *fyne.Container // what scrolls

	reader, others *prose
	chooser        fyne.CanvasObject
	choice         *selector
	choices        []string // the readers' true names, in the order of choice

	sign                       *widget.Icon
	title, meaning, next, note *prose
	notices                    *fyne.Container
	diagnose                   *action // to the place Poste, when something is wrong
	diagnoseBox                fyne.CanvasObject
	doubt                      *row // there too, when all seems well and no card is seen
	leads                      bool // the place Poste can be gone to

	band fyne.CanvasObject

	card, where        fyne.CanvasObject
	kindOf             *prose
	stamp              *widget.Label
	digits             *digits
	copyAll            *action
	copyRPPS           *action
	rppsBox            fyne.CanvasObject
	copyBox            *fyne.Container
	sides              *fyne.Container // what each source says, when they disagree
	refusal            fyne.CanvasObject
	refusalSign        *widget.Icon
	refusalWords       *prose
	checks, facts      *fyne.Container
	drawings           []*drawing
	captions           []*widget.Label // under each drawing
	offer              *action         // the demonstration
	offerBox           fyne.CanvasObject
	leaveDemonstration *action
	way                *fyne.Container // to what the guide has for the card
	welcome            *fyne.Container // the word at the first start
	wayTo              string

	subject subject
	shown   *cps.Card
	lately  string // what was asked to be copied a moment ago
}

// subject is what the screen speaks of: another one is another card, or none.
type subject struct {
	reader, identifier  string
	card, demonstration bool
}

func subjectOf(m model) subject {
	s := subject{reader: m.reader, card: m.card != nil, demonstration: m.demonstration}
	if s.card {
		s.identifier = m.card.Identifier.Value
	}
	return s
}

// callbacks are what the person can ask for on the screen.
type callbacks struct {
	choose            func(reader string)
	copy              func(value string)
	showDemonstration func()
	endDemonstration  func()
	// toPoste leads to the diagnosis; nil when there is no such place.
	toPoste func()
}

func newCardScreen(s *language.Speaker, now func() time.Time, do callbacks) *cardScreen {
	c := &cardScreen{speaker: s, now: now, copied: do.copy, leads: do.toPoste != nil}
	c.notices = container.New(layout.NewCustomPaddedVBoxLayout(-8))
	c.way = container.NewVBox()
	c.way.Hide()
	c.welcome = container.NewVBox()
	c.welcome.Hide()
	c.body = container.NewVBox(c.welcome, c.notices, c.buildCard(), c.way, c.buildWhere(do.showDemonstration))
	padded := container.New(layout.NewCustomPaddedLayout(2, gap, gap, gap), c.body)
	head := container.NewVBox(c.buildAnswer(do), c.buildBand(do.endDemonstration))
	l := &lid{head: head, above: container.NewStack(), inside: container.NewStack()}
	c.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedVBoxLayout(0), l.inside, padded))
	reveal := (&pane{scroll: c.scroll}).reveal
	c.copyAll.onFocus, c.copyRPPS.onFocus, c.offer.onFocus = reveal, reveal, reveal
	inHead := func(o fyne.CanvasObject) {
		if len(l.inside.Objects) > 0 { // else it does not scroll
			reveal(o)
		}
	}
	c.choice.onFocus, c.choice.onOther = inHead, c.scrollKey
	c.diagnose.onFocus, c.doubt.onFocus, c.leaveDemonstration.onFocus = inHead, inHead, inHead
	// The keyboard goes from object to object in this order, which is that of
	// the screen.
	c.content = container.New(l, l.above, c.scroll)
	return c
}

// buildAnswer is the one answer in words, with the reader it speaks of and the
// way to the diagnosis when there is one to make.
func (c *cardScreen) buildAnswer(do callbacks) fyne.CanvasObject {
	c.reader, c.others = newCaption(""), newCaption("")
	var choice fyne.CanvasObject
	c.choice, choice = newSelector(func(string) {
		if i := c.choice.SelectedIndex(); i >= 0 && i < len(c.choices) {
			do.choose(c.choices[i])
		}
	})
	c.chooser = container.New(&fill{least: 280, gap: 4, most: 2}, newWords(c.speaker.Say("ui.readers.choose")), choice)
	c.chooser.Hide()

	c.sign = widget.NewIcon(nil)
	c.title = newHeading("", sizeAnswer)
	c.meaning, c.next = newWords(""), newWords("")
	c.next.TextStyle.Bold = true
	c.note = newCaption("")
	c.diagnose, c.diagnoseBox = newAction(c.speaker.Say("ui.diagnose"), theme.ComputerIcon(), do.toPoste, c.scrollKey)
	c.doubt = newRow(theme.NewPrimaryThemedResource(theme.ComputerIcon()), func(*row) { do.toPoste() }, c.scrollKey)
	c.doubt.label.TextStyle.Bold = false
	c.doubt.set(c.speaker.Say("ui.diagnose.quiet"), "")
	return container.New(layout.NewCustomPaddedLayout(6, 0, gap, gap),
		container.New(layout.NewCustomPaddedVBoxLayout(-2),
			container.New(&fill{least: 300, gap: 0, most: 2}, c.reader, c.others),
			c.chooser,
			signed(c.sign, 40, 6, container.New(layout.NewCustomPaddedVBoxLayout(0),
				tight(c.title, c.meaning, c.next, c.note),
				container.NewHBox(c.diagnoseBox), c.doubt))))
}

// buildBand crosses the whole window while what is under it is fictitious.
func (c *cardScreen) buildBand(end func()) fyne.CanvasObject {
	ground := canvas.NewRectangle(color.Transparent)
	words := newRichWords(
		&widget.TextSegment{Text: c.speaker.Say("ui.demonstration"), Style: widget.RichTextStyle{ColorName: colorOnBand, SizeName: theme.SizeNameSubHeadingText, TextStyle: fyne.TextStyle{Bold: true}}},
		&widget.TextSegment{Text: c.speaker.Say("ui.demonstration.meaning"), Style: widget.RichTextStyle{ColorName: colorOnBand}},
	)
	var leave fyne.CanvasObject
	c.leaveDemonstration, leave = newAction(c.speaker.Say("ui.demonstration.leave"), theme.CancelIcon(), end, c.scrollKey)
	middle := container.New(layout.NewCustomPaddedVBoxLayout(0), layout.NewSpacer(), leave, layout.NewSpacer())
	inside := container.New(layout.NewCustomPaddedLayout(0, 0, gap, gap), container.New(&beside{first: 350, gap: gap}, words, middle))
	c.band = newPainted(container.NewStack(ground, inside), func(of colours) { ground.FillColor = of(colorDemonstration) })
	c.band.Hide()
	return c.band
}

// buildCard is the identifier and what is known of its card.
func (c *cardScreen) buildCard() fyne.CanvasObject {
	c.kindOf = newCaption("")
	c.stamp = &widget.Label{SizeName: theme.SizeNameCaptionText, TextStyle: fyne.TextStyle{Bold: true}, Alignment: fyne.TextAlignTrailing}
	c.digits = newDigits(c.CopyIdentifier)
	var all fyne.CanvasObject
	c.copyAll, all = newAction("", theme.ContentCopyIcon(), c.CopyIdentifier, c.scrollKey)
	c.copyRPPS, c.rppsBox = newAction("", theme.ContentCopyIcon(), c.CopyRPPS, c.scrollKey)
	c.copyBox = container.New(&fill{least: 200, gap: 0, most: 2}, all, c.rppsBox)
	c.sides = container.New(&fill{least: 230, gap: 8, most: 2})
	c.refusalSign, c.refusalWords = widget.NewIcon(nil), newWords("")
	c.refusal = signed(c.refusalSign, 20, 8, c.refusalWords)
	c.checks = container.New(layout.NewCustomPaddedVBoxLayout(-9))
	heading := container.NewBorder(nil, nil, nil, c.stamp, c.kindOf)
	identifier := newPanel(container.NewVBox(
		tight(heading, c.digits),
		c.sides,
		c.copyBox,
		c.refusal,
		c.checks,
	))
	c.facts = container.New(&fill{least: 200, gap: 2, most: 4})
	return c.keep(&c.card, container.New(layout.NewCustomPaddedVBoxLayout(12),
		container.New(&beside{first: 420, gap: gap}, identifier, c.newDrawing()),
		newPanel(c.facts),
	))
}

// buildWhere is shown when there is no card: where the identifier is printed.
func (c *cardScreen) buildWhere(show func()) fyne.CanvasObject {
	s := c.speaker
	c.offer, c.offerBox = newAction(s.Say("ui.demonstration.show"), theme.VisibilityIcon(), show, c.scrollKey)
	title := newHeading(s.Say("ui.where"), theme.SizeNameSubHeadingText)
	words := container.NewVBox(title, newWords(s.Say("ui.where.text")), newWords(s.Say("ui.where.employee")), container.NewHBox(c.offerBox))
	return c.keep(&c.where, container.New(&beside{first: 420, gap: gap}, newPanel(words), c.newDrawing()))
}

func (c *cardScreen) object() fyne.CanvasObject { return c.content }
func (c *cardScreen) key(key *fyne.KeyEvent)    { c.scrollKey(key) }
func (c *cardScreen) arrive()                   {}
func (c *cardScreen) leave()                    {}

func (c *cardScreen) keep(place *fyne.CanvasObject, o fyne.CanvasObject) fyne.CanvasObject {
	*place = o
	return o
}

// newDrawing is the drawn card with the words that belong under it.
func (c *cardScreen) newDrawing() fyne.CanvasObject {
	d, caption := newDrawing(), widget.NewLabel("")
	c.drawings, c.captions = append(c.drawings, d), append(c.captions, caption)
	swatch := canvas.NewRectangle(color.Transparent)
	swatch.CornerRadius, swatch.StrokeWidth = 3, 2
	key := newPainted(swatch, func(of colours) {
		swatch.FillColor, swatch.StrokeColor = of(colorMark), of(theme.ColorNameWarning)
	})
	under := container.NewCenter(container.NewHBox(
		container.NewCenter(container.NewGridWrap(fyne.NewSize(22, 14), key)),
		caption))
	return container.NewVBox(d, under)
}

// Update shows a model.
func (c *cardScreen) Update(m model) {
	if s := subjectOf(m); s != c.subject {
		c.subject, c.lately = s, ""
		c.scroll.ScrollToTop()
	}
	answer := c.title.Text
	c.updateAnswer(m)
	if c.title.Text != answer { // in a low window it scrolls
		c.scroll.ScrollToTop()
	}
	if m.demonstration {
		c.band.Show()
	} else {
		c.band.Hide()
	}
	if m.card != nil {
		c.updateCard(m)
		c.card.Show()
		c.where.Hide()
	} else {
		c.forget()
		c.card.Hide()
		c.where.Show()
	}
	if m.offer {
		c.offerBox.Show()
	} else {
		c.offerBox.Hide()
	}
	c.updateDrawings(m)
	c.updateWays(m)
	c.content.Refresh()
}

// updateWays says where to go from here. To the diagnosis, while there is no
// card to show: at once when something is wrong, in passing when all that is
// known is that none was seen. What the guide has for a card stands above it
// when something is wrong with it, else after all that is known of it.
func (c *cardScreen) updateWays(m model) {
	tone, lost := m.account.Answer.Tone, c.leads && (m.card == nil || m.demonstration)
	c.diagnoseBox.Hide()
	c.doubt.Hide()
	switch {
	case lost && tone >= wording.Warning:
		c.diagnoseBox.Show()
	case lost && tone == wording.Plain:
		c.doubt.Show()
	}
	if tone >= wording.Warning {
		c.body.Objects = []fyne.CanvasObject{c.welcome, c.notices, c.way, c.card, c.where}
	} else {
		c.body.Objects = []fyne.CanvasObject{c.welcome, c.notices, c.card, c.way, c.where}
	}
}

func (c *cardScreen) updateAnswer(m model) {
	s, a := c.speaker, m.account.Answer
	reader := m.reader
	if reader != "" {
		reader = s.Say("ui.reader", "Reader", reader)
	}
	say(c.reader, reader)
	others := ""
	if n := len(m.others); n > 0 {
		others = s.Say("ui.readers.others", "Count", n, "Readers", plaintext.Line(strings.Join(m.others, " · "), 200))
	}
	say(c.others, others)
	c.updateChoice(m)
	c.sign.SetResource(toneIcon(a.Tone))
	say(c.title, a.Title)
	say(c.meaning, a.Meaning)
	next := a.Next
	if next != "" {
		next = s.Say("ui.next", "Step", next)
	}
	say(c.next, next)
	note := m.cause
	if note != "" {
		note = s.Say("ui.cause", "Cause", note)
	}
	say(c.note, note)
	c.notices.RemoveAll()
	for _, n := range m.account.Notices {
		words := s.Say("ui.notice", "Tone", toneWord(s, n.Tone), "Title", n.Title, "Meaning", n.Meaning, "Next", n.Next)
		c.notices.Add(signed(widget.NewIcon(toneIcon(n.Tone)), 20, 8, newWords(words)))
	}
}

func (c *cardScreen) updateChoice(m model) {
	if m.choices == nil {
		c.chooser.Hide()
		return
	}
	if !slices.Equal(c.choices, m.choices) {
		c.choices = m.choices
		names := make([]string, len(m.choices))
		for i, reader := range m.choices {
			names[i] = wording.ReaderName(c.speaker, reader)
		}
		c.choice.SetOptions(names)
	}
	for i, name := range c.choice.Options {
		if name == m.reader && c.choice.SelectedIndex() != i {
			c.choice.SetSelectedIndex(i)
			break
		}
	}
	c.chooser.Show()
}

func (c *cardScreen) updateCard(m model) {
	s, card := c.speaker, m.card
	c.shown = card
	id := card.Identifier
	say(c.kindOf, s.Say("ui.identifier"))
	if id.Type != nationalid.Unknown {
		say(c.kindOf, s.Say("ui.identifier.typed", "Type", wording.Type(s, id.Type)))
	}
	say(c.stamp, c.stampOf(m))
	c.updateIdentifier(m)
	c.facts.RemoveAll()
	for _, f := range wording.Facts(s, card, m.complete, c.now()) {
		c.facts.Add(newFact(f))
	}
}

// updateIdentifier shows the identifier and what judged it. When the sources on
// the card disagree there is no such thing as the identifier: each is shown
// with its source, and none as large as a truth or to be copied.
func (c *cardScreen) updateIdentifier(m model) {
	s, id := c.speaker, m.card.Identifier
	c.updateCopy()
	c.checks.RemoveAll()
	c.sides.RemoveAll()
	c.sides.Hide()
	c.refusal.Hide()
	c.copyBox.Hide()
	sides := wording.Sides(s, id)
	value := plaintext.Clean(id.Value)
	switch {
	case sides != nil:
		c.digits.Words("")
		say(c.kindOf, s.Say("ui.identifier.disagree"))
		for _, side := range sides {
			number := &widget.Label{Text: side.Value, SizeName: sizeLong, Wrapping: fyne.TextWrapBreak}
			c.sides.Add(tight(newWords(side.Label), number))
		}
		c.sides.Show()
		c.refusal.Show()
		for _, f := range wording.Checks(s, id, m.complete)[:2] {
			if f.Tone != wording.Good { // that one of the two is well formed does not make it the right one
				c.addCheck(f)
			}
		}
		return
	case value == "":
		c.digits.Words(s.Say("card.awaited"))
		if m.complete {
			c.digits.Words(s.Say("card.unknown"))
			where := s.Say("ui.where.text")
			if wording.IsEmployee(m.card) {
				where = s.Say("ui.where.employee")
			}
			c.checks.Add(newWords(where))
		}
	default:
		c.digits.Number(nationalid.Grouped(value))
		c.copyBox.Show()
		for _, f := range wording.Checks(s, id, m.complete) {
			c.addCheck(f)
		}
	}
}

func (c *cardScreen) addCheck(f wording.Fact) {
	words := f.Value
	if f.Tone == wording.Good || f.Tone == wording.Working {
		words = c.speaker.Say("ui.labelled", "Label", f.Label, "Value", f.Value)
	}
	c.checks.Add(signed(widget.NewIcon(toneIcon(f.Tone)), 18, 9, newWords(words)))
}

// forget takes what was read of a card out of the window, which would only hide
// it otherwise.
func (c *cardScreen) forget() {
	c.shown, c.lately = nil, ""
	c.digits.Words("")
	c.copyAll.SetText("")
	c.copyRPPS.SetText("")
	c.checks.RemoveAll()
	c.sides.RemoveAll()
	c.facts.RemoveAll()
}

// newFact is what the card says under its name, with a sign when it is judged.
func newFact(f wording.Fact) fyne.CanvasObject {
	var value fyne.CanvasObject = newWords(f.Value)
	if f.Tone != wording.Plain {
		value = signed(widget.NewIcon(toneIcon(f.Tone)), 18, 9, value)
	}
	return tight(newCaption(f.Label), value)
}

// updateDrawings draws the card. Its first line holds the identifier only when
// it is known to be printed there: an RPPS that every check confirms. What a
// card of another kind prints is not published.
func (c *cardScreen) updateDrawings(m model) {
	s := c.speaker
	number, caption, described := unknownNumber, s.Say("ui.drawing.here"), s.Say("ui.drawing.described")
	if m.demonstration {
		caption = s.Say("ui.drawing.here.demonstration")
	}
	if m.card != nil {
		id := m.card.Identifier
		switch rpps := wording.IsRPPS(id.Identifier); {
		case wording.IsEmployee(m.card) || id.Value != "" && !rpps:
			number = unpublishedNumber
			caption, described = s.Say("ui.drawing.here.unpublished"), s.Say("ui.drawing.described.unpublished")
		case rpps && wording.IsVerified(id):
			number = nationalid.Grouped(id.Value)
		}
	}
	for i, d := range c.drawings {
		d.show(number, c.stampOf(m), described)
		c.captions[i].SetText(caption)
	}
}

// stampOf says in capitals that a card is no real one, "" when it may be.
func (c *cardScreen) stampOf(m model) string {
	switch {
	case m.demonstration:
		return c.speaker.Say("ui.drawing.demonstration")
	case m.card != nil && wording.IsTest(m.card):
		return c.speaker.Say("ui.drawing.test")
	}
	return ""
}

// CopyIdentifier asks for the whole identifier to be copied.
func (c *cardScreen) CopyIdentifier() {
	if c.shown != nil {
		c.copyValue(c.shown.Identifier.Value)
	}
}

// CopyRPPS asks for the 11 digits of the RPPS to be copied, when it is one.
func (c *cardScreen) CopyRPPS() {
	if c.shown != nil && wording.IsRPPS(c.shown.Identifier.Identifier) {
		c.copyValue(c.shown.Identifier.Number)
	}
}

func (c *cardScreen) copyValue(value string) {
	if value = plaintext.Clean(value); value == "" {
		return
	}
	if wording.Sides(c.speaker, c.shown.Identifier) != nil {
		c.Confirm(value) // says that nothing was copied
		return
	}
	c.copied(value)
}

// Confirm says on its button that value was copied, or that it was not since it
// is that of the demonstration; with "", how to copy.
func (c *cardScreen) Confirm(value string) {
	c.lately = value
	c.updateCopy()
}

func (c *cardScreen) updateCopy() {
	if c.shown == nil {
		return
	}
	c.refuse(c.lately != "")
	id := c.shown.Identifier.Identifier
	if wording.IsRPPS(id) {
		c.rppsBox.Show()
	} else {
		c.rppsBox.Hide()
	}
	c.copyAll.Importance = widget.MediumImportance
	if wording.IsVerified(c.shown.Identifier) {
		c.copyAll.Importance = widget.HighImportance
	}
	for _, button := range []*action{c.copyAll, c.copyRPPS} {
		if c.subject.demonstration {
			button.Disable()
		} else {
			button.Enable()
		}
	}
	c.label(c.copyAll, "ui.copy", plaintext.Clean(id.Value))
	c.label(c.copyRPPS, "ui.copy.rpps", plaintext.Clean(id.Number))
}

// refuse says why nothing can be copied, with more weight to who asked for it.
func (c *cardScreen) refuse(asked bool) {
	tone, key := wording.Plain, "ui.copy.disagree"
	if asked {
		tone, key = wording.Warning, "ui.copy.disagree.asked"
	}
	c.refusalSign.SetResource(toneIcon(tone))
	c.refusalWords.TextStyle.Bold = asked
	c.refusalWords.SetText(c.speaker.Say(key))
}

// label writes on a button what it copies, or what became of that a moment ago.
func (c *cardScreen) label(button *action, key, value string) {
	if value != "" && value == c.lately {
		if c.subject.demonstration {
			button.SetIcon(theme.InfoIcon())
			button.SetText(c.speaker.Say("ui.copy.refused"))
			return
		}
		if slices.ContainsFunc(wording.Checks(c.speaker, c.shown.Identifier, false), func(f wording.Fact) bool { return f.Tone >= wording.Warning }) {
			button.SetIcon(theme.WarningIcon())
			button.SetText(c.speaker.Say("ui.copy.unverified"))
			return
		}
		button.SetIcon(theme.ConfirmIcon())
		if utf8.RuneCountInString(value) > 16 {
			button.SetText(c.speaker.Say("ui.copy.whole"))
			return
		}
		button.SetText(c.speaker.Say("ui.copy.done", "Value", value))
		return
	}
	button.SetIcon(theme.ContentCopyIcon())
	button.SetText(c.speaker.Say(key, "Control", controlKey))
}

// scrollKey moves the screen with the keys that move a page.
func (c *cardScreen) scrollKey(key *fyne.KeyEvent) {
	const line = 40
	page := c.scroll.Size().Height - line
	switch key.Name {
	case fyne.KeyDown:
		c.scrollBy(line)
	case fyne.KeyUp:
		c.scrollBy(-line)
	case fyne.KeyPageDown:
		c.scrollBy(page)
	case fyne.KeyPageUp:
		c.scrollBy(-page)
	case fyne.KeyHome:
		c.scroll.ScrollToTop()
	case fyne.KeyEnd:
		c.scroll.ScrollToBottom()
	}
}

func (c *cardScreen) scrollBy(dy float32) {
	c.scroll.ScrollToOffset(fyne.NewPos(0, c.scroll.Offset.Y+dy))
}
