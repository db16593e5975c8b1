package diagnostic_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postecpx/assets"
	"postecpx/assets/links"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// promised are the codes that scripts may rely on for ever.
var promised = []diagnostic.Code{
	"pcsc.service", "pcsc.access", "reader.present", "card.present", "card.readable", "card.family", "card.expiry",
	"pin.state", "identifier.valid", "identifier.sources", "cryptolib.installed", "cryptolib.version",
	"cryptolib.loads", "cryptolib.agrees", "roots.installed", "firefox.module", "network.hosts",
}

var systems = []string{"windows", "darwin", "linux"}

func TestCatalogueIsSound(t *testing.T) {
	t.Parallel()
	seen := map[diagnostic.Code]bool{}
	form := regexp.MustCompile(`^[a-z0-9]+\.[a-z0-9-]+$`)
	for _, c := range diagnostic.Catalogue() {
		if seen[c.Code] || !form.MatchString(string(c.Code)) {
			t.Errorf("%s: twice in the catalogue, or not of the form group.name", c.Code)
		}
		for _, before := range slices.Concat(c.Requires, c.After) {
			if !seen[before] {
				t.Errorf("%s waits for %s, which does not stand before it", c.Code, before)
			}
		}
		seen[c.Code] = true
		if len(c.Outcomes) == 0 || c.Run == nil || c.Group == "" {
			t.Errorf("%s: without outcomes, group or a way to run", c.Code)
		}
		for _, goos := range c.Platforms {
			if !slices.Contains(systems, goos) {
				t.Errorf("%s: platform %q", c.Code, goos)
			}
		}
		for name, o := range c.Outcomes {
			if !slices.Contains([]diagnostic.Status{diagnostic.OK, diagnostic.Warning, diagnostic.Error, diagnostic.Skipped}, o.Status) {
				t.Errorf("%s.%s: status %q", c.Code, name, o.Status)
			}
			for _, id := range o.Links {
				if _, ok := links.Find(id); !ok {
					t.Errorf("%s.%s: no link %q", c.Code, name, id)
				}
			}
		}
	}
	for _, code := range promised {
		if !seen[code] {
			t.Errorf("%s was promised and is not there", code)
		}
	}
}

// TestSentences: every check and outcome can be said in both languages, what
// is wrong comes with a remedy on each of its systems, and nothing is left
// over.
func TestSentences(t *testing.T) {
	t.Parallel()
	there := map[string]map[string]string{}
	for _, tag := range language.Supported {
		there[tag] = sentences(t, tag)
	}
	used := map[string]bool{}
	need := func(key string) {
		used[key] = true
		for tag, keys := range there {
			if keys[key] == "" {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
	}
	for _, c := range diagnostic.Catalogue() {
		need("check." + string(c.Code))
		platforms := c.Platforms
		if len(platforms) == 0 {
			platforms = systems
		}
		for name, o := range c.Outcomes {
			key := "check." + string(c.Code) + "." + name
			need(key)
			for _, may := range []string{".meaning", ".remedy", ".command"} {
				used[key+may] = true
				for _, goos := range platforms {
					used[key+may+"."+goos] = true
				}
			}
			if o.Status != diagnostic.Error && o.Status != diagnostic.Warning {
				continue
			}
			for _, goos := range platforms {
				for tag, keys := range there {
					if keys[key+".remedy"] == "" && keys[key+".remedy."+goos] == "" {
						t.Errorf("%s: %s has no remedy on %s", tag, key, goos)
					}
				}
			}
		}
	}
	for tag, keys := range there {
		other := there[map[string]string{"fr": "en", "en": "fr"}[tag]]
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if strings.HasPrefix(key, "check.") && !used[key] {
				t.Errorf("%s: %s is not used", tag, key)
			}
			if other[key] == "" {
				t.Errorf("%s: %s has no translation", tag, key)
			}
			if a, b := fields(keys[key]), fields(other[key]); !slices.Equal(a, b) && other[key] != "" && tag == "fr" {
				t.Errorf("%s is filled by %v in French and by %v in English", key, a, b)
			}
		}
	}
}

var field = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// fields are the facts that fill a sentence.
func fields(text string) []string {
	var names []string
	for _, m := range field.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sentences are those of the files checks-*, plural forms joined.
func sentences(t *testing.T, tag string) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := fs.Glob(assets.Translations, "translations/checks-*."+tag+".json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := assets.Translations.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]any
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for key, text := range texts {
			if all[key] != "" {
				t.Errorf("%s: %s stands in another file too", filepath.Base(file), key)
			}
			switch text := text.(type) {
			case string:
				all[key] = text
			case map[string]any:
				for _, form := range text {
					all[key] += form.(string) + " "
				}
			}
		}
	}
	return all
}
