package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postecpx/internal/language"
)

// voices tell a screen reader what stands in a window. The toolkit (2.8, with
// its tag "accessibility") looks for labels in containers alone: not in what
// scrolls, nor in widgets that hold others, which is where everything of this
// program is. So it finds this list instead, made anew each time that it looks:
// of each label and each thing to press its words, its role and its place, from
// the top down. Nothing of it is drawn, and nothing is made where nobody looks.
type voices struct {
	speaker *language.Speaker
	content fyne.CanvasObject
	// over gives what stands over the content, nil for nothing.
	over   func() fyne.CanvasObject
	list   *fyne.Container
	spoken []*voice // kept, to be used again
}

// newSilent puts content on the screen, and hides it from the toolkit's look for
// labels, which begins at the root and would find some of them.
func newSilent(content fyne.CanvasObject) *painted { return newPainted(content, func(colours) {}) }

// newVoiced puts content on the screen, and its voices beside it.
func newVoiced(s *language.Speaker, content fyne.CanvasObject, over func() fyne.CanvasObject) *fyne.Container {
	shown := newSilent(content)
	v := &voices{speaker: s, content: shown, over: over, list: container.NewWithoutLayout()}
	ear := &ear{heard: v.tell}
	ear.ExtendBaseWidget(ear)
	return container.NewStack(shown, container.NewWithoutLayout(ear, v.list))
}

// ear is asked before the list is looked at.
type ear struct {
	widget.BaseWidget
	heard func()
}

// CreateRenderer is called by the toolkit.
func (e *ear) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// AccessibilityLabel is called by the toolkit.
func (e *ear) AccessibilityLabel() string { return "" }

// AccessibilityRole is called by the toolkit, when it begins to look.
func (e *ear) AccessibilityRole() fyne.AccessibleRole {
	e.heard()
	return fyne.AccessibleRoleContainer
}

// voice is what a screen reader says at one place of the window.
type voice struct {
	widget.BaseWidget
	label string
	role  fyne.AccessibleRole
}

// CreateRenderer is called by the toolkit.
func (v *voice) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// AccessibilityLabel is called by the toolkit.
func (v *voice) AccessibilityLabel() string { return v.label }

// AccessibilityRole is called by the toolkit.
func (v *voice) AccessibilityRole() fyne.AccessibleRole { return v.role }

// tell makes the list anew.
func (v *voices) tell() {
	v.list.Objects = v.list.Objects[:0]
	if o := v.over(); o != nil {
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
		v.walk(o, at.Subtract(o.Position()))
		return
	}
	v.walk(v.content, fyne.NewPos(0, 0))
}

// walk adds what is said of an object, or of what it holds.
func (v *voices) walk(o fyne.CanvasObject, from fyne.Position) {
	if o == nil || !o.Visible() {
		return
	}
	at := from.Add(o.Position())
	if label, role, known := v.say(o); known {
		if label != "" {
			v.add(label, role, at, o.Size())
		}
		return
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			v.walk(child, at)
		}
	case *painted:
		v.walk(o.content, at)
	case *container.Scroll:
		v.walk(o.Content, at)
	}
}

func (v *voices) add(label string, role fyne.AccessibleRole, at fyne.Position, size fyne.Size) {
	n := len(v.list.Objects)
	if n == len(v.spoken) {
		next := &voice{}
		next.ExtendBaseWidget(next)
		v.spoken = append(v.spoken, next)
	}
	next := v.spoken[n]
	next.label, next.role = label, role
	next.Move(at)
	next.Resize(size)
	v.list.Objects = append(v.list.Objects, next)
}

// say gives the words and the role of an object that says something itself, and
// whether it is one. Of a code or a key it says how much was typed, or nothing.
func (v *voices) say(o fyne.CanvasObject) (label string, role fyne.AccessibleRole, known bool) {
	s := v.speaker
	switch o := o.(type) {
	case *action:
		return v.able(o.Text, !o.Disabled()), fyne.AccessibleRoleButton, true
	case *barItem:
		return listed(o.name.Text, either(o.chosen, s.Say("ui.voice.here"), ""), o.keys.Text), fyne.AccessibleRoleButton, true
	case *tick:
		state := either(o.Checked, s.Say("ui.voice.ticked"), s.Say("ui.voice.not-ticked"))
		return v.able(listed(o.name, state), !o.Disabled()), fyne.AccessibleRoleButton, true
	case *selector:
		return v.able(s.Say("ui.voice.chosen", "Value", o.Selected), !o.Disabled()), fyne.AccessibleRoleButton, true
	case *fold:
		more := ""
		if o.more != nil {
			more = o.more.Text
		}
		return listed(o.label.Text, more, either(o.open, s.Say("ui.voice.open"), s.Say("ui.voice.closed"))), fyne.AccessibleRoleButton, true
	case *row:
		return listed(o.label.Text, o.more.Text), fyne.AccessibleRoleButton, true
	case *searchField:
		return listed(o.PlaceHolder, o.Text), fyne.AccessibleRoleText, true
	case *pathField:
		return listed(s.Say("poste.save.path"), o.Text), fyne.AccessibleRoleText, true
	case *secretField:
		return o.PlaceHolder, fyne.AccessibleRoleText, true
	case *codeField:
		return s.Say("ui.voice.code", "Count", o.length), fyne.AccessibleRoleText, true
	case *widget.ProgressBar:
		return s.Say("ui.voice.progress", "Percent", int(100*o.Value/max(o.Max, 1))), fyne.AccessibleRoleText, true
	case *canvas.Text:
		return o.Text, fyne.AccessibleRoleText, true
	case fyne.Accessible: // labels, links and words of several styles say themselves
		if role := o.AccessibilityRole(); role != fyne.AccessibleRoleContainer {
			return o.AccessibilityLabel(), role, true
		}
	}
	return "", "", false
}

// able says of what cannot be used now that it cannot.
func (v *voices) able(label string, can bool) string {
	if can {
		return label
	}
	return listed(label, v.speaker.Say("ui.voice.disabled"))
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// listed lists what there is.
func listed(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}
