package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// place is one of the screens that a person can go to.
type place struct {
	title   string
	icon    fyne.Resource
	content fyne.CanvasObject
	arrive  func() // called when a person comes to it, nil for nothing
}

// navigation leads to the places: a bar on the left, and Alt+1, Alt+2 … With a
// single place there is nowhere to go and no bar. leave is called when a person
// leaves one.
func navigation(places []place, leave func()) (fyne.CanvasObject, []shortcut) {
	if len(places) == 1 {
		return places[0].content, nil
	}
	tabs := container.NewAppTabs()
	tabs.SetTabLocation(container.TabLocationLeading)
	var keys []shortcut
	for i, p := range places {
		tabs.Append(container.NewTabItemWithIcon(p.title, p.icon, p.content))
		keys = append(keys, shortcut{
			&desktop.CustomShortcut{KeyName: fyne.KeyName(rune('1' + i)), Modifier: fyne.KeyModifierAlt},
			func() { tabs.SelectIndex(i) },
		})
	}
	tabs.OnSelected = func(*container.TabItem) {
		leave()
		if arrive := places[tabs.SelectedIndex()].arrive; arrive != nil {
			arrive()
		}
	}
	return tabs, keys
}
