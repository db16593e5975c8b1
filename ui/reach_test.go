package ui

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// everyState shows the places Poste, Intégration and Réglages in all the
// states of their tests, with everything unfolded.
func everyState(t *testing.T, look func(t *testing.T, w *Window, p *pane)) {
	run := func(name string, show func(t *testing.T) (*Window, *pane)) {
		t.Run(name, func(t *testing.T) {
			w, p := show(t)
			for range 4 {
				for _, f := range folds(p.content) {
					f.Open()
				}
			}
			look(t, w, p)
		})
	}
	for _, st := range posteStates {
		run("poste/"+st.name, func(t *testing.T) (*Window, *pane) {
			w, _ := showPoste(t, "fr", st.name)
			return w, &w.poste.pane
		})
	}
	for _, st := range integrationStates {
		run("integration/"+st.name, func(t *testing.T) (*Window, *pane) {
			w, _ := showIntegration(t, "fr", st.name)
			return w, &w.integration.pane
		})
	}
	for _, st := range toolStates {
		run("tools/"+st.name, func(t *testing.T) (*Window, *pane) {
			w := showTools(t, "fr", st.name)
			return w, &w.integration.pane
		})
	}
	for _, st := range settingsStates {
		run("settings/"+st.name, func(t *testing.T) (*Window, *pane) {
			w, _ := showSettings(t, "fr", st.name)
			toSettings(t, w)
			return w, &w.settings.pane
		})
	}
}

// focusables are what Tab stops at in a place.
func focusables(place fyne.CanvasObject) []fyne.Focusable {
	var all []fyne.Focusable
	walk(place, 0, func(o fyne.CanvasObject, _ float32) {
		f, ok := o.(fyne.Focusable)
		if d, can := o.(fyne.Disableable); ok && !(can && d.Disabled()) {
			all = append(all, f)
		}
	})
	return all
}

// TestKeysReachThePlace: from wherever the keyboard is, what is no key of that
// part is one of the place.
func TestKeysReachThePlace(t *testing.T) {
	count := 0
	everyState(t, func(t *testing.T, w *Window, p *pane) {
		var got []fyne.KeyName
		p.onKey = func(key *fyne.KeyEvent) { got = append(got, key.Name) }
		for _, f := range focusables(p.content) {
			got = nil
			w.window.Canvas().Focus(f)
			if w.window.Canvas().Focused() != f {
				t.Errorf("%T does not take the keyboard", f)
			}
			want := []fyne.KeyName{fyne.KeyF5, fyne.KeyPageDown, fyne.KeyPageUp}
			for _, key := range want {
				f.TypedKey(&fyne.KeyEvent{Name: key})
			}
			if !slices.Equal(got, want) {
				t.Errorf("of %T, %q reach the place", f, got)
			}
			if _, takes := f.(fyne.Shortcutable); takes {
				if _, gives := f.(*secretField); !gives {
					t.Errorf("%T keeps the shortcuts of the window", f)
				}
			}
			count++
		}
	})
	if count < 300 {
		t.Errorf("only %d parts were looked at", count)
	}
}

// shortcutCanvas is a canvas that takes shortcuts, as that of a real window.
type shortcutCanvas struct {
	fyne.Canvas
	got []string
}

func (c *shortcutCanvas) TypedShortcut(s fyne.Shortcut) { c.got = append(c.got, s.ShortcutName()) }

func TestShortcutsLeaveTheSecretField(t *testing.T) {
	c := &shortcutCanvas{}
	passShortcut(c, &desktop.CustomShortcut{KeyName: fyne.Key1, Modifier: fyne.KeyModifierAlt})
	if !slices.Equal(c.got, []string{"CustomDesktop:Alt+1"}) {
		t.Errorf("the window got %q", c.got)
	}
}

// narrow is the room that a place has in a small window with the bar of places
// beside it: 512 pixels at 200 % on a screen of 1024.
const narrow float32 = 400

// fitsNarrow holds for a place in every state: with large letters too, it needs
// no more room across than a small window has.
func fitsNarrow(t *testing.T, w *Window, p *pane) {
	t.Helper()
	if p.content != fyne.CanvasObject(p.scroll) {
		t.Error("a part does not scroll, and may leave no room for the rest")
	}
	w.app.Settings().SetTheme(scaledTheme(largeScale))
	p.content.Resize(fyne.NewSize(narrow, 300))
	if least := fyne.Max(p.content.MinSize().Width, p.scroll.Content.MinSize().Width); least > narrow {
		t.Errorf("it needs a width of %.0f%s", least, widest(p.content, narrow))
	}
}

// widest names the buttons that may be why.
func widest(o fyne.CanvasObject, room float32) string {
	said := ""
	walk(o, 0, func(o fyne.CanvasObject, _ float32) {
		if a, ok := o.(*action); ok && a.MinSize().Width > room-60 {
			said += "; " + a.Text
		}
	})
	return said
}
