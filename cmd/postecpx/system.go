package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2/lang"

	"postecpx/internal/language"
)

// systemLanguage is "en" for a workstation that speaks English, and French for
// every other.
func systemLanguage() string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return spoken(string(lang.SystemLocale()))
	}
	// The first that is set decides (POSIX, chapter 8.2); C and POSIX name no
	// language.
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return spoken(v)
		}
	}
	return language.Default
}

// spoken is the language of the catalogue for a locale such as en_GB.UTF-8.
func spoken(locale string) string {
	tag := strings.ToLower(locale)
	if i := strings.IndexAny(tag, "_-.@"); i >= 0 {
		tag = tag[:i]
	}
	if tag == "en" {
		return "en"
	}
	return language.Default
}

// displayed tells whether there may be a screen to open a window on.
func displayed(system string, env func(string) string) bool {
	switch system {
	case "windows", "darwin":
		return true
	}
	return env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != ""
}

// unopened are the errors of GLFW that its binding writes to the log and gives
// to nobody: no window comes, and the toolkit waits for ever, or panics. Those about the
// current context come from a window that is open, and may pass.
var (
	unopened = regexp.MustCompile(`PlatformError: (?:(?:WGL|GLX|EGL): Failed to |\w+: Failed to create (?:helper )?window)`)
	open     = regexp.MustCompile(`Failed to (?:make context current|clear current context)`)
)

// windowLog passes the log on. When the toolkit says there that it cannot open
// its window, it adds what to do and ends the program: the toolkit would go on
// and crash.
type windowLog struct {
	to      io.Writer
	speaker *language.Speaker
	end     func()
	failed  bool
}

// Write takes one line. The toolkit writes what failed, the cause, and last the
// place in its code, which begins with "At:"; GLFW one line alone.
func (l *windowLog) Write(line []byte) (int, error) {
	n, err := l.to.Write(line)
	for _, sign := range []string{"window creation error", "failed to initialise GLFW"} {
		l.failed = l.failed || bytes.Contains(line, []byte(sign))
	}
	alone := unopened.Match(line) && !open.Match(line)
	if alone || l.failed && bytes.Contains(line, []byte("  At: ")) {
		say(l.to, l.speaker, "ui.no-window")
		l.end()
	}
	return n, err
}

// keepCrash keeps the trace of a crash in the user's cache, where a support
// desk finds it: the file of this run and of the last one that crashed. It
// holds goroutines and addresses, nothing that was read. A workstation where it
// cannot be written works all the same.
func keepCrash() {
	folder, err := os.UserCacheDir()
	if err != nil {
		return
	}
	folder = filepath.Join(folder, "postecpx")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return
	}
	path := filepath.Join(folder, "crash.txt")
	if old, err := os.Stat(path); err == nil && old.Size() > 0 {
		_ = os.Rename(path, filepath.Join(folder, "crash-before.txt")) // at worst the old one is written over
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer file.Close() // SetCrashOutput keeps a handle of its own
	_ = debug.SetCrashOutput(file, debug.CrashOptions{})
}
