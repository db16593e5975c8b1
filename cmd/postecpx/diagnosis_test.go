package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/ui"
)

func speaker(t *testing.T) *language.Speaker {
	t.Helper()
	s, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testDoctor is one whose reports do not depend on this machine.
func testDoctor(t *testing.T) *doctor {
	return &doctor{bench: &workbench{ctx: context.Background()}, speaker: speaker(t), key: func() []byte { return []byte("key") }}
}

func TestReportsHideWhoSomebodyIs(t *testing.T) {
	found := diagnostic.Diagnosis{
		At: time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC), GOOS: "linux",
		Findings: []diagnostic.Finding{{Code: "pcsc.library", Group: diagnostic.GroupPCSC, Status: diagnostic.OK, Outcome: "answers",
			Facts: []diagnostic.Fact{{Key: "path", Value: "/home/camille/lib.so", Sensitivity: diagnostic.Workstation}}}},
		Persons: []diagnostic.Fact{{Key: "user", Value: "camille", Sensitivity: diagnostic.Person}},
	}
	for form, sign := range map[ui.Form]string{ui.Text: "Tout va bien", ui.HTML: "<!DOCTYPE html>", ui.JSON: `"schema": "postecpx.report/1"`} {
		redacted, err := testDoctor(t).Report(found, form, true)
		if err != nil || strings.Contains(string(redacted), "camille") || !strings.Contains(string(redacted), sign) {
			t.Errorf("%s redacted, %v:\n%s", form, err, redacted)
		}
		whole, err := testDoctor(t).Report(found, form, false)
		if err != nil || form == ui.JSON && !strings.Contains(string(whole), "camille") {
			t.Errorf("%s whole, %v:\n%s", form, err, whole)
		}
	}
	if _, err := testDoctor(t).Report(found, "pdf", true); err == nil {
		t.Error("an unknown form is no error")
	}
}

func TestSaveKeepsWhatIsThere(t *testing.T) {
	d := testDoctor(t)
	path := filepath.Join(t.TempDir(), "r.html")
	if err := d.Save(path, []byte("one"), false); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(path, []byte("two"), false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("replaced without being asked: %v", err)
	}
	if err := d.Save(path, []byte("two"), true); err != nil {
		t.Error(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "two" {
		t.Errorf("%q, %v", content, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := d.Save(filepath.Join(path, "x"), nil, false); err == nil {
		t.Error("a folder that is none is no error")
	}
}

func TestUserFolders(t *testing.T) {
	there := map[string]bool{filepath.FromSlash("/h"): true, filepath.FromSlash("/h/Bureau"): true, filepath.FromSlash("/h/Documents"): true}
	isFolder := func(p string) bool { return there[p] }
	got := userFolders(func() (string, error) { return filepath.FromSlash("/h"), nil }, isFolder)
	if want := []string{filepath.FromSlash("/h/Documents"), filepath.FromSlash("/h/Bureau"), filepath.FromSlash("/h")}; !slices.Equal(got, want) {
		t.Errorf("folders %q", got)
	}
	if got := userFolders(func() (string, error) { return "", errors.New("HOME is not set") }, isFolder); got != nil {
		t.Errorf("without a home: %q", got)
	}
}

func TestPageFolders(t *testing.T) {
	folders := []string{"/h/Documents", "/h"}
	for name, c := range map[string]struct {
		goos, snap string
		want       []string
	}{
		"usual":        {"linux", "", []string{"/tmp", "/h", "/h/Documents"}},
		"snap Firefox": {"linux", "/snap/bin/firefox", []string{"/h", "/h/Documents", "/tmp"}},
		"macOS":        {"darwin", "/snap/bin/firefox", []string{"/tmp", "/h", "/h/Documents"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := pageFolders(c.goos, "/tmp", folders, func(p string) bool { return p == c.snap })
			if !slices.Equal(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestWritePageTakesTheNextFolder(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing")
	path, err := writePage([]string{missing, folder}, []byte("page"))
	if err != nil || filepath.Dir(path) != folder || filepath.Ext(path) != ".html" {
		t.Errorf("%q, %v", path, err)
	}
	if _, err := writePage([]string{missing}, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nowhere to write: %v", err)
	}
}

func TestOpenFile(t *testing.T) {
	for goos, want := range map[string]string{
		"linux": "xdg-open /r.html", "freebsd": "xdg-open /r.html", "darwin": "open /r.html",
		"windows": "rundll32 url.dll,FileProtocolHandler /r.html",
	} {
		var got string
		err := openFile(goos, func(name string, args ...string) error {
			got = strings.Join(append([]string{name}, args...), " ")
			return nil
		}, "/r.html")
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", goos, got, err)
		}
	}
	if err := launch(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a program that is not there is no error")
	}
}

// paper is a doctor that can be made to fail.
type paper struct {
	ui.Doctor
	diagnoseErr, htmlErr, pageErr error
}

func (p paper) Diagnose(context.Context, diagnostic.Options) (diagnostic.Diagnosis, error) {
	return diagnostic.Diagnosis{}, p.diagnoseErr
}

func (p paper) Report(_ diagnostic.Diagnosis, form ui.Form, redacted bool) ([]byte, error) {
	if !redacted {
		return nil, errors.New("the names were asked for")
	}
	if form == ui.HTML {
		return nil, p.htmlErr
	}
	return []byte("the text\n"), nil
}

func (p paper) Page([]byte) (string, error) { return "/tmp/r.html", p.pageErr }

func TestFallback(t *testing.T) {
	broken := errors.New("no space left on device")
	opens := func(err error) func(string) error { return func(string) error { return err } }
	for name, c := range map[string]struct {
		f    fallback
		ok   bool
		says []string
		not  string
	}{
		"browser":    {fallback{paper{}, opens(nil)}, true, []string{"/tmp/r.html", "s'ouvre dans le navigateur"}, "the text"},
		"no browser": {fallback{paper{}, opens(broken)}, true, []string{"/tmp/r.html", "ouvrez ce fichier vous-même"}, "s'ouvre dans"},
		"no screen":  {fallback{paper{}, nil}, true, []string{"/tmp/r.html"}, "navigateur"},
		"full disk":  {fallback{paper{pageErr: broken}, opens(nil)}, true, []string{"no space left", "the text\n"}, "/tmp/r.html"},
		"no page":    {fallback{paper{htmlErr: broken}, opens(nil)}, true, []string{"no space left", "the text\n"}, "/tmp/r.html"},
		"none":       {fallback{paper{diagnoseErr: broken}, opens(nil)}, false, []string{"n'a pas pu se faire"}, "/tmp/r.html"},
	} {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			if ok := c.f.run(context.Background(), speaker(t), &said); ok != c.ok {
				t.Errorf("ok: %v", ok)
			}
			for _, want := range c.says {
				if !strings.Contains(said.String(), want) {
					t.Errorf("%q is not said: %q", want, said.String())
				}
			}
			if strings.Contains(said.String(), c.not) {
				t.Errorf("said %q", said.String())
			}
		})
	}
}

func TestReportArguments(t *testing.T) {
	got := reportArguments(options{reader: "virtual", demonstration: "medecin"}, speaker(t))
	if want := []string{"--report", "--lang", "fr", "--reader", "virtual"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if o, _, _, ok := parse(got, "en", &strings.Builder{}); !ok || !o.report || o.reader != "virtual" {
		t.Errorf("%+v", o)
	}
}
