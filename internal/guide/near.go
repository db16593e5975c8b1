package guide

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Near proposes words of the guide for a search that found nothing: those that
// look most like what was typed, no more than five, the nearest first.
func (c *Catalogue) Near(words, tag string) []string {
	const most, shortest, longest = 5, 4, 40
	known := map[string]bool{}
	for _, e := range c.entries {
		text := e.In(tag)
		for _, phrase := range append([]string{text.Question}, text.Words...) {
			for _, w := range split(phrase) {
				if n := utf8.RuneCountInString(w.text); n >= shortest && n <= longest && !number(w.text) && says(tag, w.text, nil) {
					known[w.text] = true
				}
			}
		}
	}
	type candidate struct {
		word     string
		distance int
	}
	var near []candidate
	for _, typed := range split(bounded(words)) {
		n := utf8.RuneCountInString(typed.text)
		if n < shortest || n > longest || number(typed.text) || !says(tag, typed.text, nil) {
			continue
		}
		for word := range known {
			d := levenshtein.ComputeDistance(typed.text, word)
			if d > 0 && d <= min(4, n/3) {
				near = append(near, candidate{word, d})
			}
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.word, b.word))
	})
	var found []string
	for _, n := range near {
		if len(found) < most && !slices.Contains(found, n.word) {
			found = append(found, n.word)
		}
	}
	return found
}
