package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/ui"
)

// fallback is what is done where no window can be opened: the workstation is
// diagnosed, and the report, redacted, is left for the browser.
type fallback struct {
	doctor ui.Doctor
	// open shows a file in the browser; nil where there is no screen.
	open func(path string) error
}

// run says on stderr what becomes of it, and tells whether there is a report.
func (f fallback) run(ctx context.Context, s *language.Speaker, stderr io.Writer) bool {
	say(stderr, s, "poste.fallback.begins")
	found, err := f.doctor.Diagnose(ctx, diagnostic.Options{})
	if err != nil {
		say(stderr, s, "poste.fallback.failed", "Cause", err)
		return false
	}
	page, err := f.doctor.Report(found, ui.HTML, true)
	path := ""
	if err == nil {
		path, err = f.doctor.Page(page)
	}
	if err != nil {
		say(stderr, s, "poste.fallback.unwritten", "Cause", err)
		text, err := f.doctor.Report(found, ui.Text, true)
		if err != nil {
			say(stderr, s, "poste.fallback.failed", "Cause", err)
			return false
		}
		_, err = stderr.Write(text)
		return err == nil
	}
	say(stderr, s, "poste.fallback.written", "Path", path)
	if f.open == nil {
		return true
	}
	if err := f.open(path); err != nil {
		say(stderr, s, "poste.fallback.unopened", "Cause", err)
		return true
	}
	say(stderr, s, "poste.fallback.opened")
	return true
}

// starter starts a program beside this one. It comes back when the program
// ended, or goes on without an error for a while.
type starter func(name string, args ...string) error

// openers show a file in the browser of each system.
var openers = map[string][]string{
	"windows": {"rundll32", "url.dll,FileProtocolHandler"},
	"darwin":  {"open"},
}

// openFile shows a file in the browser.
func openFile(goos string, launch starter, path string) error {
	command, ok := openers[goos]
	if !ok {
		command = []string{"xdg-open"} // freedesktop.org
	}
	return launch(command[0], append(command[1:len(command):len(command)], path)...)
}

// patience is how long a program that opens the browser has to say that it
// cannot.
const patience = 3 * time.Second

// launch is the starter of this system. The program is left running: the
// browser may be its child.
func launch(name string, args ...string) error {
	command := exec.Command(name, args...)
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	case <-time.After(patience):
		return nil
	}
}

// again runs this program anew, to report in place of a window that did not
// open: the toolkit has failed in this process, and holds its log.
func again(o options, s *language.Speaker, stderr io.Writer) {
	path, err := os.Executable()
	if err == nil {
		command := exec.Command(path, reportArguments(o, s)...)
		command.Stderr = stderr
		err = command.Run()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // it has said itself what went wrong
		say(stderr, s, "poste.fallback.failed", "Cause", err)
	}
}

// reportArguments ask for the report that this program would give.
func reportArguments(o options, s *language.Speaker) []string {
	args := []string{"--report", "--lang", s.Tag()}
	if o.reader != "" {
		args = append(args, "--reader", o.reader)
	}
	return args
}
