package main

import (
	"context"
	"io"
	"strings"

	"postecpx/internal/annuaire"
	"postecpx/internal/language"
	"postecpx/ui"
)

// chosenLanguage is the language of the settings, unless the command line asks
// for one; s when neither does.
func chosenLanguage(settings ui.Settings, args []string, s *language.Speaker) *language.Speaker {
	chosen := settings.Get().Language
	if chosen == "" {
		return s
	}
	// The command line was good with the language of the system.
	if _, spoken, _, ok := parse(args, chosen, io.Discard); ok {
		return spoken
	}
	return s
}

// asksDemonstration tells whether the demonstration was asked for: whoever
// shows the program needs no word of welcome.
func asksDemonstration(args []string) bool {
	for _, a := range args {
		if name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "="); name == "demo" && strings.HasPrefix(a, "-") {
			return true
		}
	}
	return false
}

// keyring is that of the system, where the key of the API is kept.
type keyring struct{ ctx context.Context }

var _ ui.Keyring = keyring{}

// Find tells where the key is.
func (k keyring) Find(ctx context.Context) (annuaire.KeySource, error) {
	ctx, end := k.within(ctx)
	defer end()
	_, source, err := annuaire.FindKey(ctx, annuaire.DefaultBase)
	return source, err
}

// Store puts the key into the keyring.
func (k keyring) Store(ctx context.Context, key annuaire.Key) error {
	ctx, end := k.within(ctx)
	defer end()
	return annuaire.StoreKey(ctx, key)
}

// Delete takes it out.
func (k keyring) Delete(ctx context.Context) error {
	ctx, end := k.within(ctx)
	defer end()
	return annuaire.DeleteKey(ctx)
}

// within ends ctx with the program too.
func (k keyring) within(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(k.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
