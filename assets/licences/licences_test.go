package licences

import (
	"os"
	"regexp"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestModules holds the table against go.mod: no module without a licence, no
// licence of a module that is gone.
func TestModules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+) v\S+`).FindAllSubmatch(text, -1) {
		required[string(m[1])] = true
	}
	if len(required) < 15 {
		t.Fatalf("only %d modules found in go.mod: the search is broken", len(required))
	}
	seen := map[string]bool{}
	for _, w := range All() {
		if seen[w.Name] {
			t.Errorf("%s stands twice", w.Name)
		}
		seen[w.Name] = true
		if IsModule(w.Name) && !required[w.Name] {
			t.Errorf("%s is no module of go.mod any more", w.Name)
		}
	}
	for name := range required {
		if !seen[name] {
			t.Errorf("%s has no licence in the table", name)
		}
	}
	if !seen["Go"] {
		t.Error("Go itself is missing")
	}
}

// TestPermissive: what is linked may be handed on inside of the programs.
func TestPermissive(t *testing.T) {
	t.Parallel()
	known := regexp.MustCompile(`^(MIT|BSD-[23]-Clause|Apache-2\.0|ISC|OFL-1\.1|Bitstream-Vera|Unlicense)((?: OR | AND )(MIT|BSD-3-Clause|Apache-2\.0|Zlib))?$`)
	for _, w := range All() {
		if !known.MatchString(w.Licence) {
			t.Errorf("%s: %q", w.Name, w.Licence)
		}
	}
}

func TestLinked(t *testing.T) {
	t.Parallel()
	all := []Work{{Name: "Go", Licence: "BSD-3-Clause"}, {Name: "Noto Sans (font)", Licence: "OFL-1.1"},
		{Name: "a.org/in", Licence: "MIT"}, {Name: "a.org/out", Licence: "MIT"}, {Name: "a.org/fork", Licence: "MIT"}}
	got := linked(all, &debug.BuildInfo{GoVersion: "go1.26.0", Deps: []*debug.Module{
		{Path: "a.org/in", Version: "v1.2.3"}, {Path: "a.org/fork", Version: "v1.0.0", Replace: &debug.Module{Version: "v2.0.0"}}}})
	want := []Work{{"Go", "1.26.0", "BSD-3-Clause"}, {"Noto Sans (font)", "", "OFL-1.1"}, {"a.org/in", "v1.2.3", "MIT"}, {"a.org/fork", "v2.0.0", "MIT"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(all, linked(all, &debug.BuildInfo{})); d != "" {
		t.Errorf("without modules: %s", d)
	}
}

func TestBrokenTable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a", "a\t", "\tMIT", "a\tMIT\tb"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
