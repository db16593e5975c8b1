package ui

import (
	"context"
	"errors"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/annuaire"
	"postecpx/internal/wording"
)

// Keyring keeps the person's key of the API of Annuaire Santé, in the system's
// keyring. Its methods are called outside of the toolkit's goroutine, and have
// deadlines of their own. Their errors are *annuaire.Failure.
type Keyring interface {
	// Find tells where a key is. The key itself does not come to the window.
	Find(ctx context.Context) (annuaire.KeySource, error)
	Store(ctx context.Context, key annuaire.Key) error
	Delete(ctx context.Context) error
}

// keySection is where the key of the API is stored and taken away. The keyring
// is not asked before it is unfolded: one that is locked asks the person.
type keySection struct {
	on      *settingsScreen
	ring    Keyring
	content fyne.CanvasObject
	fold    *fold
	field   *secretField
	state   *fyne.Container
	store   *action
	remove  *action
	// spawn runs work beside the toolkit, post brings its news back.
	spawn, post func(func())
	busy        bool
	absent      bool // there is no keyring
}

func newKeySection(on *settingsScreen, ring Keyring) *keySection {
	k := &keySection{on: on, ring: ring, spawn: func(work func()) { go work() }, post: fyne.Do}
	var box *fyne.Container
	k.fold, box = on.newFold(on.speaker.Say("settings.key"), nil, k.build)
	k.fold.turned = func() {
		on.content.Refresh()
		if k.fold.open {
			k.look()
			on.reveal(k.content)
		} else {
			k.Wipe()
		}
	}
	k.content = newPanel(box)
	return k
}

func (k *keySection) build() fyne.CanvasObject {
	s := k.on.speaker
	k.state = container.NewVBox()
	var field, store, remove fyne.CanvasObject
	k.field, field = newSecretField(s.Say("settings.key.hint"), k.keep, k.on.key, k.on.reveal)
	k.field.OnChanged = func(string) { k.update() }
	k.store, store = k.on.newButton(s.Say("settings.key.store"), theme.DocumentSaveIcon(), k.keep)
	k.remove, remove = k.on.newButton(s.Say("settings.key.remove"), theme.DeleteIcon(), k.ask)
	return container.NewVBox(newWords(s.Say("settings.key.what")), k.state,
		tight(newCaption(s.Say("settings.key.field")), field),
		container.New(&fill{least: 220, gap: 0, most: 2}, store, remove))
}

// Wipe empties the field, and what it would undo to.
func (k *keySection) Wipe() {
	if k.field != nil && k.field.Text != "" {
		k.field.SetText("")
	}
}

// look asks where a key is.
func (k *keySection) look() {
	k.begin(func(ctx context.Context) (then func(), err error) {
		source, err := k.ring.Find(ctx)
		return func() { k.tell(k.found(source)) }, err
	})
}

// found says where the key is.
func (k *keySection) found(source annuaire.KeySource) wording.Statement {
	s := k.on.speaker
	if source == annuaire.FromEnvironment {
		return wording.Statement{Tone: wording.Plain, Title: s.Say("settings.key.variable", "Variable", annuaire.KeyVariable)}
	}
	return wording.Statement{Tone: wording.Good, Title: s.Say("settings.key.there")}
}

// keep stores what was typed. It leaves the window at once: what failed is to be
// typed again.
func (k *keySection) keep() {
	if k.busy || k.absent || k.field.Text == "" {
		return
	}
	key, err := annuaire.NewKey(k.field.Text)
	k.Wipe()
	if err != nil {
		k.fail(err)
		return
	}
	k.begin(func(ctx context.Context) (func(), error) {
		return func() {
			k.tell(wording.Statement{Tone: wording.Good, Title: k.on.speaker.Say("settings.key.stored")})
		}, k.ring.Store(ctx, key)
	})
}

// ask asks whether the key is to be taken away.
func (k *keySection) ask() {
	s := k.on.speaker
	if k.busy || k.absent {
		return
	}
	k.on.confirm(s.Say("settings.key.remove"), s.Say("settings.key.remove.question"), s.Say("settings.key.remove.yes"),
		s.Say("settings.key.remove.no"), func(yes bool) {
			if screen := fyne.CurrentApp().Driver().CanvasForObject(k.remove); screen != nil {
				screen.Focus(k.remove)
			}
			if yes {
				k.begin(func(ctx context.Context) (func(), error) {
					return func() {
						k.tell(wording.Statement{Tone: wording.Good, Title: s.Say("settings.key.removed")})
					}, k.ring.Delete(ctx)
				})
			}
		})
}

// begin has something done with the keyring, and says what came of it.
func (k *keySection) begin(do func(context.Context) (then func(), err error)) {
	if k.busy {
		return
	}
	k.busy = true
	k.tell(wording.Statement{Tone: wording.Working, Title: k.on.speaker.Say("settings.key.asking")})
	k.spawn(func() {
		then, err := do(context.Background())
		k.post(func() {
			k.busy = false
			if err != nil {
				k.fail(err)
				return
			}
			k.absent = false
			then()
		})
	})
}

// fail says what the keyring answered.
func (k *keySection) fail(err error) {
	s := k.on.speaker
	var failure *annuaire.Failure
	if !errors.As(err, &failure) {
		k.tell(wording.Statement{Tone: wording.Bad, Title: s.Say("settings.key.failed"), Meaning: k.cause(err)})
		return
	}
	k.absent = failure.Code == annuaire.CodeKeyringAbsent
	switch failure.Code {
	case annuaire.CodeNoKey:
		k.tell(wording.Statement{Tone: wording.Plain, Title: s.Say("settings.key.none"), Meaning: s.Say("settings.key.none.meaning")})
	case annuaire.CodeKeyringAbsent:
		k.tell(wording.Statement{Tone: wording.Warning, Title: s.Say("settings.key.absent"), Meaning: k.cause(failure.Err),
			Next: s.Say("settings.key.absent.next", "Variable", annuaire.KeyVariable)})
	default:
		k.tell(failure.Say(s))
	}
}

// cause is the technical cause, for a support desk.
func (k *keySection) cause(err error) string {
	if err == nil {
		return ""
	}
	return k.on.speaker.Say("ui.cause", "Cause", wording.Cause(err))
}

func (k *keySection) tell(st wording.Statement) {
	k.state.RemoveAll()
	k.state.Add(k.on.newStatement(st))
	k.update()
}

func (k *keySection) update() {
	able := func(w fyne.Disableable, on bool) {
		if on {
			w.Enable()
		} else {
			w.Disable()
		}
	}
	able(k.field, !k.absent)
	able(k.store, !k.busy && !k.absent && k.field.Text != "")
	able(k.remove, !k.busy && !k.absent)
	k.on.content.Refresh()
}

// secretField is where a key is typed or pasted. It is hidden while it is, and
// cannot be copied out.
type secretField struct {
	widget.Entry
	ring    *canvas.Rectangle
	onOther func(*fyne.KeyEvent)
	onFocus func(fyne.CanvasObject)
}

func newSecretField(hint string, done func(), other func(*fyne.KeyEvent), reveal func(fyne.CanvasObject)) (*secretField, fyne.CanvasObject) {
	f := &secretField{ring: canvas.NewRectangle(color.Transparent), onOther: other, onFocus: reveal}
	f.Password, f.PlaceHolder = true, hint
	f.OnSubmitted = func(string) { done() }
	// An ActionItem of our own leaves no button that would show the key.
	f.ActionItem = layout.NewSpacer()
	f.ExtendBaseWidget(f)
	return f, framed(f, f.ring)
}

// FocusGained is called by the toolkit.
func (f *secretField) FocusGained() {
	f.ring.Show()
	f.Entry.FocusGained()
	f.onFocus(f)
}

// FocusLost is called by the toolkit.
func (f *secretField) FocusLost() {
	f.ring.Hide()
	f.Entry.FocusLost()
}

// TypedKey is called by the toolkit.
func (f *secretField) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyEscape:
		f.SetText("")
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown, fyne.KeyF5:
		f.onOther(key)
	default:
		f.Entry.TypedKey(key)
	}
}

// TypedShortcut is called by the toolkit, which gives all of them to a field that
// has the keyboard. To copy and paste means the words here; the others are those
// of the window.
func (f *secretField) TypedShortcut(s fyne.Shortcut) {
	if _, ofWindow := s.(*desktop.CustomShortcut); ofWindow {
		passShortcut(fyne.CurrentApp().Driver().CanvasForObject(f), s)
		return
	}
	f.Entry.TypedShortcut(s)
}

// passShortcut gives a shortcut to the window. The interface of its canvas does
// not say that it takes some.
func passShortcut(screen fyne.Canvas, s fyne.Shortcut) {
	if window, ok := screen.(fyne.Shortcutable); ok {
		window.TypedShortcut(s)
	}
}
