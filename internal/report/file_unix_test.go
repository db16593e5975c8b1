//go:build unix

package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteFileToPipes(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(pipe, []byte("x")); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("a pipe that nobody reads: %v", err)
	}
	data := bytes.Repeat([]byte("page "), 100_000) // more than a pipe holds
	read := make(chan []byte, 1)
	opened := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		opened <- err
		if err != nil {
			return
		}
		defer f.Close()
		all, _ := io.ReadAll(f)
		for len(all) == 0 { // the writer may not have come yet
			all, _ = io.ReadAll(f)
		}
		read <- all
	}()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(pipe, data); err != nil {
		t.Fatal(err)
	}
	if got := <-read; !bytes.Equal(got, data) {
		t.Errorf("%d bytes came", len(got))
	}
}

func TestWriteFileThroughLinks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for link, to := range map[string]string{"dangling": "later", "first": "second", "second": "first", "nowhere": "no/such/file"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteFile(at("dangling"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(at("later")); err != nil || string(data) != "x" {
		t.Errorf("%q, %v", data, err)
	}
	if to, err := os.Readlink(at("dangling")); err != nil || to != "later" {
		t.Errorf("the link was replaced: %q, %v", to, err)
	}
	if err := WriteFile(at("first"), []byte("x")); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("links in a circle: %v", err)
	}
	err := WriteFile(at("nowhere"), []byte("x"))
	var path *fs.PathError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &path) || path.Path != at("nowhere") || strings.Contains(err.Error(), ".postecpx") {
		t.Errorf("a link to nowhere: %v", err)
	}
	if err := WriteFile(folder, []byte("x")); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a folder: %v", err)
	}
}

// TestWriteFileToWhatIsOpen: what stands in the file stays, as it does for a
// standard output that was led into a file.
func TestWriteFileToWhatIsOpen(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("text\n"); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(fmt.Sprintf("/dev/fd/%d", f.Fd()), []byte("page")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(f.Name()); err != nil || string(data) != "text\npage" {
		t.Errorf("%q, %v", data, err)
	}
}
