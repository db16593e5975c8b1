package main

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/internal/language"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		system string
		want   options
		tag    string
		code   int
		ok     bool
		says   string
	}{
		"nothing":          {nil, "fr", options{demonstration: defaultDemonstration}, "fr", exitOK, true, ""},
		"system language":  {nil, "en", options{demonstration: defaultDemonstration}, "en", exitOK, true, ""},
		"asked language":   {[]string{"--lang", "fr"}, "en", options{demonstration: defaultDemonstration}, "fr", exitOK, true, ""},
		"demo":             {[]string{"--demo"}, "fr", options{demonstration: defaultDemonstration}, "fr", exitOK, true, ""},
		"named demo":       {[]string{"--demo=pharmacien"}, "fr", options{demonstration: "pharmacien"}, "fr", exitOK, true, ""},
		"reader":           {[]string{"--reader", "virtual"}, "fr", options{demonstration: defaultDemonstration, reader: "virtual"}, "fr", exitOK, true, ""},
		"screen reader":    {[]string{"--screen-reader"}, "fr", options{demonstration: defaultDemonstration, voices: true}, "fr", exitOK, true, ""},
		"report":           {[]string{"--report"}, "fr", options{demonstration: defaultDemonstration, report: true}, "fr", exitOK, true, ""},
		"unknown language": {[]string{"--lang", "de"}, "en", options{demonstration: defaultDemonstration}, "fr", exitUsage, false, "« de »"},
		"unknown option":   {[]string{"--nope"}, "fr", options{demonstration: defaultDemonstration}, "fr", exitUsage, false, "Option inconnue : --nope\n"},
		"missing value":    {[]string{"--reader"}, "fr", options{demonstration: defaultDemonstration}, "fr", exitUsage, false, "Il manque la valeur de --reader\n"},
		"unknown card":     {[]string{"--demo=xx"}, "fr", options{demonstration: "xx"}, "fr", exitUsage, false, "« xx » ; il y a : "},
		"hostile card":     {[]string{"--demo=\x1b[31m"}, "en", options{demonstration: "\x1b[31m"}, "en", exitUsage, false, "“\uFFFD[31m”; there are: "},
		"known cards":      {[]string{"--demo=xx"}, "en", options{demonstration: "xx"}, "en", exitUsage, false, "medecin"},
		"French help":      {[]string{"--help"}, "fr", options{demonstration: defaultDemonstration}, "fr", exitOK, false, "--demo[=CARTE]    montre"},
		"extra word":       {[]string{"medecin"}, "fr", options{demonstration: defaultDemonstration}, "fr", exitUsage, false, "medecin"},
		"help":             {[]string{"--help"}, "en", options{demonstration: defaultDemonstration}, "en", exitOK, false, "--lang fr|en"},
	} {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			o, s, code, ok := parse(c.args, c.system, &said)
			if o != c.want || code != c.code || ok != c.ok || s.Tag() != c.tag {
				t.Errorf("parse = %+v, %s, %d, %v", o, s.Tag(), code, ok)
			}
			if !strings.Contains(said.String(), c.says) || c.says == "" && said.Len() > 0 {
				t.Errorf("said %q", said.String())
			}
		})
	}
}

func TestSpoken(t *testing.T) {
	for locale, want := range map[string]string{
		"": "fr", "C": "fr", "C.UTF-8": "fr", "POSIX": "fr", "fr_FR.UTF-8": "fr", "de_DE": "fr",
		"en_GB.UTF-8": "en", "en": "en", "en-US": "en", "EN_us": "en", "eng": "fr",
	} {
		if got := spoken(locale); got != want {
			t.Errorf("spoken(%q) = %q, want %q", locale, got, want)
		}
	}
}

func TestSystemLanguageFollowsTheFirstVariable(t *testing.T) {
	t.Setenv("LC_ALL", "")
	t.Setenv("LC_MESSAGES", "en_GB.UTF-8")
	t.Setenv("LANG", "fr_FR.UTF-8")
	if got := systemLanguage(); got != "en" {
		t.Errorf("systemLanguage = %q", got)
	}
}

func TestDisplayed(t *testing.T) {
	for name, c := range map[string]struct {
		system, variable string
		want             bool
	}{
		"linux without a display": {"linux", "", false},
		"linux with X11":          {"linux", "DISPLAY", true},
		"linux with Wayland":      {"linux", "WAYLAND_DISPLAY", true},
		"windows":                 {"windows", "", true},
		"macOS":                   {"darwin", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := displayed(c.system, func(v string) string {
				if v == c.variable {
					return ":0"
				}
				return ""
			})
			if got != c.want {
				t.Errorf("displayed = %v", got)
			}
		})
	}
}

func TestNoDisplayIsSaid(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		var said strings.Builder
		reports := 0
		report := func(o options, _ *language.Speaker, _ io.Writer) bool {
			reports++
			return o.report
		}
		if code := run([]string{"--lang", "fr"}, &said, report); code != exitNoWindow || reports != 1 {
			t.Errorf("exit code %d, %d reports", code, reports)
		}
		if !strings.Contains(said.String(), "cpx read") {
			t.Errorf("said %q", said.String())
		}
		if code := run([]string{"--lang", "fr", "--report"}, &said, report); code != exitOK || reports != 2 {
			t.Errorf("exit code %d, %d reports", code, reports)
		}
	}
}

func TestWindowLog(t *testing.T) {
	s, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	ended := 0
	l := &windowLog{to: &said, speaker: s, end: func() { ended++ }}
	for _, line := range []string{"Fyne error:  Preferences load error:\n", "  At: preferences.go:105\n"} {
		if _, err := l.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if ended != 0 || strings.Contains(said.String(), "cpx read") {
		t.Fatalf("another error ended the program: %q", said.String())
	}
	for _, line := range []string{"Fyne error:  window creation error\n", "  Cause: APIUnavailable\n", "  At: window_desktop.go:811\n"} {
		if _, err := l.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if ended != 1 || !strings.Contains(said.String(), "APIUnavailable") || !strings.Contains(said.String(), "cpx read") {
		t.Errorf("ended %d times, said %q", ended, said.String())
	}
}

// TestWindowThatDoesNotCome: on Windows without OpenGL, GLFW may write one line
// and give no error.
func TestWindowThatDoesNotCome(t *testing.T) {
	for line, want := range map[string]int{
		"2026/06/15 10:00:00 PlatformError: WGL: Failed to set pixel format for dummy context: Invalid window handle. \n": 1,
		"PlatformError: WGL: Failed to make dummy context current: The operation completed.\n":                            1,
		"PlatformError: GLX: Failed to create window\n":                                                                   1,
		"PlatformError: EGL: Failed to create window surface: EGL_BAD_ALLOC\n":                                            1,
		"PlatformError: Win32: Failed to create window: Not enough memory.\n":                                             1,
		"PlatformError: Win32: Failed to create helper window: Invalid parameter.\n":                                      1,
		"PlatformError: WGL: Failed to make context current: The handle is invalid.\n":                                    0,
		"PlatformError: WGL: Failed to clear current context: The handle is invalid.\n":                                   0,
		"PlatformError: Win32: Failed to open clipboard: Access is denied.\n":                                             0,
		"PlatformError: Win32: Failed to create cursor\n":                                                                 0,
	} {
		ended := 0
		l := &windowLog{to: io.Discard, speaker: speaker(t), end: func() { ended++ }}
		if _, err := l.Write([]byte(line)); err != nil || ended != want {
			t.Errorf("%q ended the program %d times, %v", line, ended, err)
		}
	}
}

func TestDemonstrationCard(t *testing.T) {
	c, err := demonstrationCard(context.Background(), defaultDemonstration, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if c.Identifier.Status != cps.Verified || !strings.HasPrefix(c.Identifier.Value, "8997") {
		t.Errorf("identifier = %+v", c.Identifier)
	}
	if _, err := demonstrationCard(context.Background(), "nobody", time.Now()); err == nil {
		t.Error("an unknown card is no error")
	}
}
