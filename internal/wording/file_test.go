package wording

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"postecpx/internal/language"
)

func TestFileReasons(t *testing.T) {
	t.Parallel()
	of := func(err error) error {
		return fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "/x/.postecpx-1", Err: err})
	}
	for _, c := range []struct {
		goos string
		err  error
		want string
	}{
		{"linux", of(syscall.ENOSPC), "ui.file.full"},
		{"linux", of(syscall.EROFS), "ui.file.read-only"},
		{"linux", of(syscall.EISDIR), "ui.file.folder"},
		{"linux", of(syscall.ENXIO), "ui.file.unread-pipe"},
		{"linux", of(os.ErrDeadlineExceeded), "ui.file.unread-pipe"},
		{"linux", of(syscall.ELOOP), "ui.file.loop"},
		{"linux", of(syscall.ENOENT), "ui.file.missing"},
		{"linux", of(syscall.EACCES), "ui.file.refused"},
		{"linux", of(syscall.EPERM), "ui.file.refused"},
		{"linux", of(syscall.Errno(112)), ""},
		{"windows", of(syscall.Errno(112)), "ui.file.full"},
		{"windows", of(syscall.Errno(32)), "ui.file.in-use"},
		{"windows", of(syscall.Errno(19)), "ui.file.read-only"},
		{"linux", errors.New("x"), ""},
	} {
		if got := fileReasonKey(c.err, c.goos); got != c.want {
			t.Errorf("%s: %v is %q, want %q", c.goos, c.err, got, c.want)
		}
	}
	for _, tag := range language.Supported {
		s, err := language.New(tag)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range fileReasons {
			if text := FileReason(s, of(r.err)); text == "" || text == r.key {
				t.Errorf("%s: %v reads %q", tag, r.err, text)
			}
			if text := FileFailure(s, of(r.err)); strings.HasPrefix(text, "ui.") || !strings.HasSuffix(text, r.err.Error()) {
				t.Errorf("%s: %v reads %q", tag, r.err, text)
			}
		}
		for _, key := range windowsReasons {
			if !s.Has(key) {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
		if text := FileReason(s, of(errors.New("odd"))); text != "" {
			t.Errorf("%s: an unknown reason reads %q", tag, text)
		}
		if text := FileFailure(s, errors.New("odd")); !strings.HasSuffix(text, "odd") || strings.Contains(text, "\n") {
			t.Errorf("%s: an unknown reason reads %q", tag, text)
		}
	}
}
