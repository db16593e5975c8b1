package ui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postecpx/assets"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// keyForm is a catalogue key of the window or of the sentences on cards, as it
// stands in the code: always whole, never put together. The codes of checks
// look like some of them.
var keyForm = regexp.MustCompile(`^(ui|stage|card|identifier|problem|next)\.[a-z0-9.-]+$`)

// usedKeys finds the keys in the code of the programs.
func usedKeys(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{}
	for _, root := range []string{".", "../cmd", "../internal"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil && keyForm.MatchString(s) {
						used[s] = path
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return used
}

func isCheck(name string) bool {
	_, ok := diagnostic.Find(diagnostic.Code(name))
	return ok
}

func catalogue(t *testing.T, tag string) map[string]any {
	t.Helper()
	raw, err := assets.Translations.ReadFile("translations/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", tag, err)
	}
	return all
}

func TestEveryKeyIsSpokenAndUsed(t *testing.T) {
	used := usedKeys(t)
	if len(used) < 100 {
		t.Fatalf("only %d keys found in the code: the search is broken", len(used))
	}
	for _, tag := range language.Supported {
		all := catalogue(t, tag)
		for key, path := range used {
			if _, ok := all[key]; !ok && !isCheck(key) {
				t.Errorf("%s: %s is used in %s and has no sentence", tag, key, path)
			}
		}
		for key := range all {
			if keyForm.MatchString(key) && used[key] == "" {
				t.Errorf("%s: %s is used nowhere", tag, key)
			}
		}
	}
}

func TestLanguagesHaveTheSameKeysAndNames(t *testing.T) {
	fr, en := catalogue(t, "fr"), catalogue(t, "en")
	for _, key := range slices.Sorted(maps.Keys(fr)) {
		if _, ok := en[key]; !ok {
			t.Errorf("en lacks %s", key)
			continue
		}
		if a, b := names(fr[key]), names(en[key]); !slices.Equal(a, b) {
			t.Errorf("%s: fr names %q, en names %q", key, a, b)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(en)) {
		if _, ok := fr[key]; !ok {
			t.Errorf("fr lacks %s", key)
		}
	}
}

var name = regexp.MustCompile(`\{\{\.[A-Za-z]+\}\}`)

// names are the values that a sentence holds, each once.
func names(sentence any) []string {
	var text string
	switch s := sentence.(type) {
	case string:
		text = s
	case map[string]any:
		for _, form := range s {
			text += form.(string)
		}
	}
	found := name.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}
