package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// makeSettings makes the place Réglages.
func (w *Window) makeSettings() screen {
	w.settings = newSettingsScreen(w.speaker, w.options.Settings, w.options.Keyring, w.apply, w.options.Open, w.confirm)
	return w.settings
}

// apply has the choices take effect at once; the language waits for the next
// start.
func (w *Window) apply(c Choices) {
	if w.large != c.LargeText {
		w.large = c.LargeText
		w.app.Settings().SetTheme(themeFor(c.LargeText))
	}
	if w.poste != nil {
		w.poste.report.offerWhole(!c.AlwaysMasked)
		if c.Network != w.network { // else what was ticked there stays
			w.poste.network.SetChecked(c.Network)
		}
	}
	w.network = c.Network
}

// offerWhole offers the report with names and numbers, or does not.
func (r *reportSection) offerWhole(on bool) {
	s := r.on.speaker
	options := []string{s.Say("poste.report.redacted")}
	if on {
		options = append(options, s.Say("poste.report.whole"))
	}
	if len(options) == len(r.redaction.Options) {
		return
	}
	r.redaction.Options = options
	if on {
		r.redaction.Enable()
	} else {
		r.redaction.Disable()
	}
	r.redact()
}

// welcome says on the place Carte, once, what the program does and what it
// never does.
func (w *Window) welcome() {
	if w.options.Quiet || w.options.Settings == nil || w.options.Settings.Get().Welcomed {
		return
	}
	s := w.speaker
	c := w.card
	read, box := newAction(s.Say("settings.welcome.read"), theme.ConfirmIcon(), func() {
		read := w.options.Settings.Get()
		read.Welcomed = true
		w.options.Settings.Set(read)
		w.window.Canvas().Unfocus()
		c.welcome.RemoveAll()
		c.welcome.Hide()
		c.scroll.ScrollToTop()
		w.update()
		c.content.Refresh()
	}, c.scrollKey)
	read.onFocus = (&pane{scroll: c.scroll}).reveal
	c.welcome.Add(newPanel(container.NewVBox(newTitle(s.Say("settings.welcome")), promises(s.Say), container.NewHBox(box))))
	c.welcome.Show()
}

// themeFor is the look of the program, with larger words or not.
func themeFor(large bool) fyne.Theme {
	if large {
		return scaledTheme(largeScale)
	}
	return Theme()
}

// leave takes what was being typed out of the place.
func (p *settingsScreen) leave() {
	if p.apiKey != nil {
		p.apiKey.Wipe()
	}
}
