// Package docs makes the documents that repeat what the program knows: the
// list of the checks, out of the catalogue, and the examples of the library,
// out of the tests. Its tests hold the files in the folder docs to it; "make
// docs" writes them anew.
package docs

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"postecpx/assets"
)

//go:embed checks.md.tmpl words.fr.json words.en.json
var files embed.FS

// sentences are all of one language as they stand in the catalogue, not filled
// in. Of plural forms the general one is taken.
func sentences(tag string) (map[string]string, error) {
	all := map[string]string{}
	names, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, "/"+tag+".json") && !strings.HasSuffix(name, "."+tag+".json") {
			continue
		}
		data, err := assets.Translations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var texts map[string]any
		if err := json.Unmarshal(data, &texts); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for key, text := range texts {
			switch text := text.(type) {
			case string:
				all[key] = text
			case map[string]any:
				all[key], _ = text["other"].(string)
			}
		}
	}
	return all, nil
}

// words are those of the documents themselves.
func words(tag string) (map[string]string, error) {
	data, err := files.ReadFile("words." + tag + ".json")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	return all, json.Unmarshal(data, &all)
}
