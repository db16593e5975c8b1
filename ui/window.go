// Package ui is the desktop window. What is known comes in as a
// cardreader.Snapshot and the screen follows; nothing goes the other way. It
// imports neither a display driver nor PC/SC, so that it is tested anywhere.
//
// Every function and method must be called by the toolkit's goroutine: from
// another one, through fyne.Do.
package ui

import (
	"context"
	"runtime"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"

	"postecpx/assets"
	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/internal/annuaire"
	"postecpx/internal/guide"
	"postecpx/internal/language"
)

// Options of a window. The zero Options are good.
type Options struct {
	// Now tells the time, time.Now when nil. It decides what has expired.
	Now func() time.Time
	// Reader is a part of the name of the reader to prefer.
	Reader string
	// Later runs a function after a while, on the toolkit's goroutine; when
	// nil, by a timer and fyne.Do.
	Later func(time.Duration, func())
	// Workbench does the work of the place Intégration; without it there is no
	// such place.
	Workbench Workbench
	// Doctor does the work of the place Poste; without it there is no such
	// place.
	Doctor Doctor
	// Guide does the work of the place Guide; without it there is no such
	// place.
	Guide Guide
	// Settings keep what the person chose; without them there is no place
	// Réglages, and no word at the first start.
	Settings Settings
	// Keyring keeps the key of the API; nil where none is to be asked for.
	Keyring Keyring
	// Directory asks the API of the Annuaire Santé, from the place Guide; nil for
	// no look-up.
	Directory Directory
	// Open shows an address in the browser of the person, and refuses those that
	// the program does not know; annuaire.Open when nil. It is called outside of
	// the toolkit's goroutine.
	Open func(address string) error
	// Voices tell a screen reader what stands in the window.
	Voices bool
	// Quiet leaves out the word at the first start.
	Quiet bool
}

// confirmed is how long the window says that something was copied.
const confirmed = 4 * time.Second

// defaultSize fits a screen of 1024×600 with its bars.
var defaultSize = fyne.NewSize(1000, 540)

// Window is the window of the program.
type Window struct {
	window  fyne.Window
	app     fyne.App
	speaker *language.Speaker
	options Options
	large   bool // the words are large
	network bool // the diagnosis asks it too, unless it is told not to
	// asked is the question that stands over the window, nil for none.
	asked fyne.CanvasObject
	// refuse is the answer to it that does nothing.
	refuse func()

	card *cardScreen
	// The other places are nil until somebody comes there.
	poste       *posteScreen
	guide       *guideScreen
	integration *integrationScreen
	settings    *settingsScreen
	places      *places
	// These lead to places.
	toCard, toPoste, toGuide func()
	shelf                    *shelf
	// text gives the words of an entry of the guide.
	text func(guide.Entry) guide.Text

	snapshot *cardreader.Snapshot
	memory   memory
	complete bool // the card that is shown is all that will be read
	// demonstration is the fictitious card, nil when none was given; it is seen
	// while demonstrating and while no card is in a reader.
	demonstration *cps.Card
	demonstrating bool
	copies        int
	shortcuts     []shortcut
}

// New makes the window; Open puts it on the screen.
func New(app fyne.App, speaker *language.Speaker, options Options) *Window {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Later == nil {
		options.Later = func(d time.Duration, do func()) { time.AfterFunc(d, func() { fyne.Do(do) }) }
	}
	if options.Open == nil {
		options.Open = func(address string) error { return annuaire.Open(context.Background(), address) }
	}
	app.Settings().SetTheme(Theme())
	w := &Window{
		app:     app,
		window:  app.NewWindow(speaker.Say("program.name")),
		speaker: speaker,
		options: options,
		memory:  memory{preferred: options.Reader},
	}
	do := callbacks{
		choose:            w.choose,
		copy:              w.copy,
		showDemonstration: func() { w.demonstrate(true) },
		endDemonstration:  func() { w.demonstrate(false) },
	}
	if options.Doctor != nil {
		do.toPoste = func() {
			w.toPoste()
			if w.poste.diagnosis == nil || w.poste.outdated { // a new one was asked for
				w.poste.Check()
			}
		}
	}
	w.card = newCardScreen(speaker, options.Now, do)
	w.shelf = &shelf{guide: options.Guide, spawn: func(work func()) { go work() }, post: fyne.Do, stocked: w.stocked}
	w.text = func(e guide.Entry) guide.Text { return e.In(speaker.Tag()) }
	if options.Settings != nil {
		w.apply(options.Settings.Get())
	}
	w.places = newPlaces(speaker, w.offered(), w.window.Canvas().Unfocus)
	w.welcome()
	w.places.to(0)
	var content fyne.CanvasObject
	if options.Voices {
		content = newVoiced(speaker, w.places.content, func() fyne.CanvasObject { return w.asked })
	} else {
		content = newSilent(w.places.content)
	}
	w.window.SetContent(content)
	w.bind(slices.Concat(w.copyShortcuts(), w.guideShortcuts(), w.places.shortcuts()))
	w.window.SetPadded(false)
	w.window.SetIcon(fyne.NewStaticResource("icon.png", assets.Icon))
	w.window.Resize(defaultSize)
	w.update()
	return w
}

// offered are the places of the window, in the order of its bar. Another place
// of the program is a few more lines here.
func (w *Window) offered() []place {
	s := w.speaker
	var all []place
	add := func(there bool, title string, icon fyne.Resource, make func() screen) (lead func()) {
		at := len(all)
		if !there {
			return func() {}
		}
		all = append(all, place{title, icon, make})
		return func() { w.places.to(at) }
	}
	o := w.options
	w.toCard = add(true, s.Say("ui.place.card"), theme.AccountIcon(), func() screen { return w.card })
	w.toPoste = add(o.Doctor != nil, s.Say("poste.place"), theme.ComputerIcon(), w.makePoste)
	w.toGuide = add(o.Guide != nil, s.Say("guide.place"), theme.QuestionIcon(), w.makeGuide)
	add(o.Workbench != nil, s.Say("integration.place"), theme.SearchIcon(), w.makeIntegration)
	add(o.Settings != nil, s.Say("settings.place"), theme.SettingsIcon(), w.makeSettings)
	return all
}

// Open puts the window on the screen.
func (w *Window) Open() { w.window.Show() }

// GoTo goes to a place, counted from zero in the order of the bar.
func (w *Window) GoTo(place int) { w.places.to(place) }

// Close takes it away.
func (w *Window) Close() { w.window.Close() }

// Show follows what is known now. The Snapshot must not be changed after.
func (w *Window) Show(snapshot cardreader.Snapshot) {
	w.snapshot = &snapshot
	if w.poste != nil {
		w.poste.Follow(snapshot)
	}
	if anyCard(w.snapshot) {
		w.demonstrating = false // it must never be taken for the card in the reader
	}
	w.update()
}

// ShowDemonstration gives the window a fictitious card. It is seen under a band
// that says so, from the first Snapshot without any card on; it leaves when a
// card comes, whatever card, and can be asked for again when none is there.
// What is true of the reader stays at the top all the while.
func (w *Window) ShowDemonstration(card cps.Card) {
	w.demonstration = &card
	w.demonstrate(true)
}

func (w *Window) demonstrate(on bool) {
	w.demonstrating = on && !anyCard(w.snapshot)
	w.update()
}

func (w *Window) choose(reader string) {
	if w.memory.chosen != reader {
		w.memory.chosen = reader
		w.update()
	}
}

func (w *Window) update() {
	var m model
	m, w.memory = w.memory.look(w.speaker, w.snapshot, w.options.Now())
	// While the word of the first start is there, what it says must not look
	// like a part of the demonstration.
	if w.demonstration != nil && w.snapshot != nil && !anyCard(w.snapshot) && !w.card.welcome.Visible() {
		if w.demonstrating {
			m.card, m.complete, m.demonstration = w.demonstration, true, true
		} else {
			m.offer = true
		}
	}
	w.card.Update(m)
	w.complete = m.complete
	w.followReader()
	w.followGuide()
}

// copy puts value on the clipboard and says so for a while. A number of the
// demonstration is not put there: it might be sent somewhere as a true one.
func (w *Window) copy(value string) {
	if !w.card.subject.demonstration {
		w.app.Clipboard().SetContent(value)
	}
	w.card.Confirm(value)
	w.copies++
	this := w.copies
	w.options.Later(confirmed, func() {
		if this == w.copies {
			w.card.Confirm("")
		}
	})
}

// controlKey is the name of the key that makes a shortcut.
var controlKey = map[bool]string{true: "Cmd", false: "Ctrl"}[runtime.GOOS == "darwin"]

// shortcut is a combination of keys and what it does.
type shortcut struct {
	keys fyne.Shortcut
	do   func()
}

// bind makes the keys of the window work.
func (w *Window) bind(shortcuts []shortcut) {
	w.shortcuts = shortcuts
	for _, s := range shortcuts {
		w.window.Canvas().AddShortcut(s.keys, func(keys fyne.Shortcut) { w.run(keys) })
	}
	w.window.Canvas().SetOnTypedKey(func(key *fyne.KeyEvent) {
		switch {
		case w.asked == nil:
			w.places.key(key)
		case key.Name == fyne.KeyEscape: // a click beside took the keyboard away
			w.refuse()
		}
	})
}

func (w *Window) copyShortcuts() []shortcut {
	return []shortcut{
		{&fyne.ShortcutCopy{}, func() {
			if _, code := w.window.Canvas().Focused().(*codeField); !code {
				w.card.CopyIdentifier() // who copies from the code would find something else
			}
		}},
		{&desktop.CustomShortcut{KeyName: fyne.KeyC, Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift}, w.card.CopyRPPS},
	}
}
