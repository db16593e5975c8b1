package cryptolib

import (
	"encoding/hex"
	"regexp"
	"testing"
)

func TestTables(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for _, goos := range []string{"windows", "darwin", "linux"} {
		r, ok := Newest(goos)
		if !ok || !version.MatchString(r.Newest) || !version.MatchString(r.CPS4) || r.Seen.IsZero() {
			t.Errorf("%s: %+v", goos, r)
		}
		modules := 0
		for _, p := range Parts(goos, "amd64") {
			if p.Kind == "module" {
				modules++
			}
			if sum, err := hex.DecodeString(p.MD5); err != nil || p.MD5 != "" && len(sum) != 16 {
				t.Errorf("%s: MD5 %q", p.Name, p.MD5)
			}
			if p.Folder == "" || p.Name == "" || !version.MatchString(p.Release) {
				t.Errorf("%+v", p)
			}
		}
		want := 1
		if goos == "windows" {
			want = 2 // both widths
		}
		if modules != want {
			t.Errorf("%s: %d modules, want %d", goos, modules, want)
		}
	}
	if parts := Parts("windows", "386"); len(parts) != 5 || parts[0].Width != "32" {
		t.Errorf("Windows of 32 bits: %+v", parts)
	}
	if _, ok := Newest("plan9"); ok {
		t.Error("a release for a system that has none")
	}
}

func TestRowsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"linux\t5.2.4", "linux\t5.2.4\t5.2.0\tyesterday"} {
		if _, err := parseReleases(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if _, err := parseParts("linux\t*"); err == nil {
		t.Error("a short row is taken")
	}
}
