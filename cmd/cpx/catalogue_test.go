package main

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"postecpx/assets"
	"postecpx/cardreader/nationalid"
)

// TestCatalogue: every sentence of the terminal is there in both languages,
// and none is left over.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	keys := map[string]map[string]any{}
	for _, tag := range []string{"fr", "en"} {
		data, err := assets.Translations.ReadFile("translations/cli." + tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		keys[tag] = all
		for key, text := range all {
			if text == "" {
				t.Errorf("%s: %s is empty", tag, key)
			}
		}
	}
	used := usedKeys(t)
	for _, tag := range []string{"fr", "en"} {
		there := slices.Sorted(maps.Keys(keys[tag]))
		for _, key := range used {
			if !slices.Contains(there, key) {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
		for _, key := range there {
			if !slices.Contains(used, key) {
				t.Errorf("%s: %s is not used", tag, key)
			}
		}
	}
}

// usedKeys finds the keys written whole in the code, and makes those that are
// put together: of commands, options, repairs and doubts.
func usedKeys(t *testing.T) []string {
	t.Helper()
	used := map[string]bool{"cli.flag.lang": true}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	whole := regexp.MustCompile(`"(cli\.[a-z0-9.-]*[a-z0-9])"`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range whole.FindAllSubmatch(text, -1) {
			if key := string(m[1]); f != "catalogue_test.go" {
				used[key] = true
			}
		}
	}
	for _, c := range commands {
		used["cli.help."+c.name] = true
		set := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.flags(set)
		set.VisitAll(func(f *flag.Flag) { used["cli.flag."+c.name+"."+f.Name] = true })
	}
	for _, name := range []string{"annuaire", "compare", "doctor", "guide", "id", "modules", "simulate"} {
		used["cli.arguments."+name] = true
	}
	for _, r := range nationalid.Repairs() {
		used["cli.id.repair."+string(r)] = true
	}
	for _, d := range nationalid.Doubts() {
		if d != nationalid.DoubtProblems {
			used["cli.id.doubt."+string(d)] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}
