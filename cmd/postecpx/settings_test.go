package main

import (
	"context"
	"errors"
	"testing"

	"postecpx/internal/annuaire"
	"postecpx/internal/language"
	"postecpx/ui"
)

type settingsOf struct{ ui.Choices }

func (s settingsOf) Get() ui.Choices { return s.Choices }
func (s settingsOf) Set(ui.Choices)  {}

func TestChosenLanguage(t *testing.T) {
	t.Parallel()
	system, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kept string
		args []string
		want string
	}{
		"nothing is kept":        {"", nil, "fr"},
		"English is kept":        {"en", nil, "en"},
		"the command line wins":  {"en", []string{"--lang", "fr"}, "fr"},
		"with another argument":  {"en", []string{"--reader", "x"}, "en"},
		"a language of nobody's": {"xx", nil, "fr"},
	} {
		if got := chosenLanguage(settingsOf{ui.Choices{Language: c.kept}}, c.args, system).Tag(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAsksDemonstration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want bool
	}{{nil, false}, {[]string{"--demo"}, true}, {[]string{"-demo=medecin"}, true}, {[]string{"--reader", "demo"}, false}, {[]string{"--report"}, false}} {
		if got := asksDemonstration(c.args); got != c.want {
			t.Errorf("%q: %v", c.args, got)
		}
	}
}

// TestKeyringOfTheProgram: what comes from the environment is found without the
// keyring, and nothing is asked of it once the program has ended.
func TestKeyringOfTheProgram(t *testing.T) {
	t.Setenv(annuaire.KeyVariable, "0123456789")
	if source, err := (keyring{context.Background()}).Find(context.Background()); source != annuaire.FromEnvironment || err != nil {
		t.Errorf("found in %q, %v", source, err)
	}
	t.Setenv(annuaire.KeyVariable, "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var failure *annuaire.Failure
	if _, err := (keyring{ctx}).Find(context.Background()); !errors.As(err, &failure) {
		t.Errorf("after the end: %v", err)
	}
}
