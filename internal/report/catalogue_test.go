package report

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"postecpx/assets"
	"postecpx/internal/language"
)

// TestCatalogue: every sentence of the report is there in both languages, and
// none is left over.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	var files []string
	for _, pattern := range []string{"*.go", "*.tmpl"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	whole := regexp.MustCompile(`"(report\.[a-z0-9.-]*[a-z0-9])"`)
	for _, f := range files {
		if matched, _ := filepath.Match("*_test.go", f); matched {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range whole.FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
	}
	for _, tag := range language.Supported {
		data, err := assets.Translations.ReadFile("translations/report." + tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		for key, text := range all {
			if text == "" {
				t.Errorf("%s: %s is empty", tag, key)
			}
			if !used[key] {
				t.Errorf("%s: %s is not used", tag, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(used)) {
			if _, ok := all[key]; !ok {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
	}
	for _, n := range Notes() {
		if noteKeys[n] == "" {
			t.Errorf("the note %s has no sentence", n)
		}
	}
	for _, d := range Directions() {
		if directionKeys[d] == "" {
			t.Errorf("the direction %s has no sentence", d)
		}
	}
}
