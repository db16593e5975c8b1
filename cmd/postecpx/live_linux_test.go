package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/pcscd"
)

// asProgram makes the test binary be the program itself.
const asProgram = "POSTECPX_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		main()
		return
	}
	pcscd.Main(m)
}

// display starts an X server of the test's own, with these arguments too, and
// returns its name.
func display(t *testing.T, args ...string) string {
	t.Helper()
	for _, program := range []string{"Xvfb", "xdotool", "xclip"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, program+" is not installed (`make test` installs it)")
		}
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", append([]string{"-displayfd", "3", "-screen", "0", "1024x700x24", "-nolisten", "tcp"}, args...)...)
	server.ExtraFiles = []*os.File{write}
	start(t, server)
	write.Close()
	number := make([]byte, 16)
	n, err := read.Read(number)
	if err != nil {
		t.Fatalf("Xvfb gives no display: %v", err)
	}
	return ":" + strings.TrimSpace(string(number[:n]))
}

// missing skips the test, or fails it where the real parts are required.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv(pcscd.Require) == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// start runs a program until the test ends.
func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended
		done := make(chan struct{})
		go func() { _ = command.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = command.Process.Kill()
			<-done
		}
	})
}

// TestWindowOnPCSCD opens the real window on a real pcscd, puts a card in, and
// takes the identifier from the screen as a person does: with Ctrl+C.
func TestWindowOnPCSCD(t *testing.T) {
	server := pcscd.Start(t)
	screen := display(t)
	environment := append(os.Environ(), "DISPLAY="+screen, "WAYLAND_DISPLAY=", "LANG=fr_FR.UTF-8",
		"HOME="+t.TempDir(), "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LIBGL_ALWAYS_SOFTWARE=1")
	var output bytes.Buffer
	program := exec.Command(os.Args[0])
	program.Env = append(environment, asProgram+"=1")
	program.Stdout, program.Stderr = &output, &output
	start(t, program)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program said:\n%s", output.String())
		}
	})
	tool := func(stdin io.Reader, name string, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		command := exec.CommandContext(ctx, name, args...)
		command.Env = environment
		command.Stdin = stdin
		out, err := command.Output()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := tool(nil, "xdotool", "search", "--sync", "--onlyvisible", "--name", "Poste CPx"); err != nil || out == "" {
		t.Fatalf("no window: %q, %v", out, err)
	}
	// copied presses the keys until the clipboard holds the text.
	copied := func(keys, want string) {
		t.Helper()
		var got string
		for range 60 {
			if _, err := tool(nil, "xdotool", "key", keys); err != nil {
				t.Fatalf("%s: %v", keys, err)
			}
			time.Sleep(200 * time.Millisecond)
			if got, _ = tool(nil, "xclip", "-o", "-selection", "clipboard"); got == want {
				return
			}
		}
		t.Errorf("%s: the clipboard holds %q, want %q", keys, got, want)
	}
	for _, card := range []struct{ name, identifier, rpps string }{
		{"pharmacien", "899700075122", "99700075122"},
		{"en-formation", "899700296140", "99700296140"},
	} {
		remove := cardtest.Plug(t, server.Address(0), cardtest.New(t, card.name, time.Now(), virtualcard.Faults{}))
		copied("ctrl+c", card.identifier)
		copied("ctrl+shift+c", card.rpps)
		remove()
		time.Sleep(time.Second)
	}
}

// TestReportWithoutOpenGL starts the real program on a screen that has no
// OpenGL: it leaves a report in a file and has the browser open that.
func TestReportWithoutOpenGL(t *testing.T) {
	folder := t.TempDir()
	opened := filepath.Join(folder, "opened")
	browser := "#!/bin/sh\necho \"$1\" >" + opened + "\n"
	if err := os.WriteFile(filepath.Join(folder, "xdg-open"), []byte(browser), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, screen := range map[string]string{"no OpenGL": display(t, "-extension", "GLX"), "no such screen": ":987654", "none": ""} {
		t.Run(name, func(t *testing.T) {
			temporary := t.TempDir()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			program := exec.CommandContext(ctx, os.Args[0])
			program.Env = append(os.Environ(), "DISPLAY="+screen, "WAYLAND_DISPLAY=", "LANG=fr_FR.UTF-8", asProgram+"=1",
				"HOME="+folder, "TMPDIR="+temporary, "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "PATH="+folder+":"+os.Getenv("PATH"))
			output, err := program.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitNoWindow {
				t.Fatalf("%v:\n%s", err, output)
			}
			pages, err := filepath.Glob(filepath.Join(temporary, "*.html"))
			if err != nil || len(pages) != 1 {
				t.Fatalf("pages %q, %v:\n%s", pages, err, output)
			}
			if !strings.Contains(string(output), pages[0]) {
				t.Errorf("it is not said where the report is:\n%s", output)
			}
			if info, err := os.Stat(pages[0]); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			page, err := os.ReadFile(pages[0])
			if err != nil || !bytes.Contains(page, []byte("pcsc.library")) || bytes.Contains(page, []byte(folder)) {
				t.Errorf("the report is not that of this workstation, or names the home folder: %v", err)
			}
			browsed, _ := os.ReadFile(opened) // none is an empty one
			if got := strings.TrimSpace(string(browsed)); screen != "" && got != pages[0] || screen == "" && got != "" {
				t.Errorf("the browser was given %q", got)
			}
			if err := os.RemoveAll(opened); err != nil {
				t.Error(err)
			}
		})
	}
}
