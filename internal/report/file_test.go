package report

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWriteFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	read := func(name string) string {
		data, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if err := WriteFile(at("new"), []byte("one")); err != nil || read("new") != "one" {
		t.Fatal(err)
	}
	if err := WriteFile(at("new"), []byte("two")); err != nil || read("new") != "two" {
		t.Fatal(err)
	}
	if err := WriteFile(folder, []byte("x")); err == nil {
		t.Error("a folder was written to")
	}
	if err := WriteFile(at("no/such/folder/file"), []byte("x")); err == nil {
		t.Error("a folder was made")
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(at("new")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("others may read it: %v, %v", info.Mode(), err)
		}
		if err := os.Symlink("new", at("link")); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(at("link"), []byte("three")); err != nil || read("new") != "three" {
			t.Errorf("a link was not followed: %v", err)
		}
		if info, err := os.Lstat(at("link")); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("a link was replaced: %v", err)
		}
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := WriteFile("/dev/full", []byte("x")); err == nil {
			t.Error("a full disk went unnoticed")
		}
		if info, err := os.Stat("/dev/full"); err != nil || info.Mode().IsRegular() {
			t.Error("a device was replaced")
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if name := f.Name(); name != "new" && name != "link" {
			t.Errorf("%s is left behind", name)
		}
	}
}
