package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postecpx/internal/language"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	of := func(err error) error {
		return fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "/x/.postecpx-1", Err: err})
	}
	for _, c := range []struct {
		goos string
		err  error
		want string
	}{
		{"linux", of(syscall.ENOSPC), "cli.reason.full"},
		{"linux", of(syscall.EROFS), "cli.reason.read-only"},
		{"linux", of(syscall.EISDIR), "cli.reason.folder"},
		{"linux", of(syscall.ENXIO), "cli.reason.unread-pipe"},
		{"linux", of(os.ErrDeadlineExceeded), "cli.reason.unread-pipe"},
		{"linux", of(syscall.ELOOP), "cli.reason.loop"},
		{"linux", of(syscall.ENOENT), "cli.reason.missing"},
		{"linux", of(syscall.EACCES), "cli.reason.refused"},
		{"linux", of(syscall.EPERM), "cli.reason.refused"},
		{"linux", of(syscall.Errno(112)), ""},
		{"windows", of(syscall.Errno(112)), "cli.reason.full"},
		{"windows", of(syscall.Errno(32)), "cli.reason.in-use"},
		{"windows", of(syscall.Errno(19)), "cli.reason.read-only"},
		{"linux", errors.New("x"), ""},
	} {
		if got := reasonKey(c.err, c.goos); got != c.want {
			t.Errorf("%s: %v is %q, want %q", c.goos, c.err, got, c.want)
		}
	}
	for _, tag := range language.Supported {
		s, err := language.New(tag)
		if err != nil {
			t.Fatal(err)
		}
		term := &terminal{Speaker: s}
		for _, r := range reasons {
			if text := term.reason(of(r.err)); text == "" || text == r.key || strings.Contains(text, ".postecpx") {
				t.Errorf("%s: %v reads %q", tag, r.err, text)
			}
		}
		for _, key := range windowsReasons {
			if !s.Has(key) {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
		if text := term.reason(of(errors.New("odd"))); text != "odd" {
			t.Errorf("%s: an unknown reason reads %q", tag, text)
		}
	}
}

// TestReportBeforePage: what the diagnosis came to is said even where the page
// cannot be written, and why it cannot, without a name of ours.
func TestReportBeforePage(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "no", "page.html")
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"doctor", "system.supported", "--html", name}, &stdout, &stderr)
	out, messages := stdout.String(), stderr.String()
	if code != exitProblems || !strings.Contains(out, "Poste CPx") {
		t.Errorf("exit code %d, %q", code, out)
	}
	if !strings.Contains(messages, "le dossier ou le fichier n'existe pas") || strings.Contains(messages, ".postecpx") || strings.Contains(messages, "no such file") {
		t.Errorf("it says %q", messages)
	}
}
