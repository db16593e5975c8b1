package guide

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// synonyms are what a language adds to the words of the entries.
type synonyms struct {
	// silent are words without a meaning of their own, folded, beside those
	// of the stemmer's list.
	silent map[string]bool
	// groups are words and phrases that stand for one another.
	groups [][]string
}

func loadSynonyms(files fs.FS, name string) (map[string]synonyms, error) {
	type part struct {
		Silent, Groups string
	}
	var file struct{ Fr, En *part }
	if _, err := decode(files, name, &file); err != nil {
		return nil, err
	}
	all := map[string]synonyms{}
	for i, p := range []*part{file.Fr, file.En} {
		tag := languages[i]
		if p == nil {
			return nil, fmt.Errorf("%s: %s: missing", name, tag)
		}
		s := synonyms{silent: map[string]bool{}}
		for w := range strings.FieldsSeq(p.Silent) {
			s.silent[fold(w)] = true
		}
		if tag == "en" { // the small words of French, as for the stop words
			maps.Copy(s.silent, all["fr"].silent)
		}
		for line := range strings.Lines(p.Groups) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			group := strings.Split(line, " = ")
			if len(group) < 2 || slices.Contains(group, "") {
				return nil, fmt.Errorf("%s: %s.groups: %q: two members or more are wanted, with \" = \" between", name, tag, line)
			}
			s.groups = append(s.groups, group)
		}
		all[tag] = s
	}
	return all, nil
}
