package guide

import (
	"cmp"
	"slices"
	"sync"
)

// Catalogue is all entries with their facets and the search through them. It
// does not change once loaded; several goroutines may ask it at once.
type Catalogue struct {
	entries  []Entry // in the order of Entries
	byID     map[string]int
	facets   []FacetValues
	synonyms map[string]synonyms // by language
	// indexes are built when first searched: most runs of the program never
	// search, or in one language only.
	indexes map[string]func() *index
}

func newCatalogue(entries []Entry, facets []FacetValues, syn map[string]synonyms) *Catalogue {
	c := &Catalogue{facets: facets, synonyms: syn, byID: map[string]int{}, indexes: map[string]func() *index{}}
	c.entries = slices.Clone(entries)
	slices.SortFunc(c.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(c.rank(a), c.rank(b)), cmp.Compare(a.ID, b.ID))
	})
	for i, e := range c.entries {
		c.byID[e.ID] = i
	}
	for _, tag := range languages {
		c.indexes[tag] = sync.OnceValue(func() *index { return newIndex(c, tag) })
	}
	return c
}

// rank is the place of the entry's first theme among the themes: what concerns
// a card and a workstation stands there before what concerns a dossier.
func (c *Catalogue) rank(e Entry) int {
	for _, f := range c.facets {
		if f.Facet != Thematique {
			continue
		}
		for i, v := range f.Values {
			if slices.Contains(e.Facets[Thematique], v.ID) {
				return i
			}
		}
	}
	return len(c.facets[len(c.facets)-1].Values)
}

// Entries gives all entries, theme by theme in the order of the themes, those
// of one theme by their IDs.
func (c *Catalogue) Entries() []Entry { return slices.Clone(c.entries) }

// Entry gives the entry of that ID.
func (c *Catalogue) Entry(id string) (Entry, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Entry{}, false
	}
	return c.entries[i], true
}

// Facets gives the facets and their values, both in the order in which they are
// shown.
func (c *Catalogue) Facets() []FacetValues {
	all := slices.Clone(c.facets)
	for i := range all {
		all[i].Values = slices.Clone(all[i].Values)
	}
	return all
}

// Hit is an entry that was found. Scores compare within one search only; they
// are 0 when nothing was asked for by words.
type Hit struct {
	Entry Entry
	Score float64
}

// Search gives the entries that answer to the words and pass the filter, best
// first. The words are those of a person in a hurry: accents, case, plurals and
// small typing mistakes do not matter, the last word may be unfinished. Without
// words all are found, in the order of Entries; words that say nothing
// ("comment faire", "?", the number of a person) find none, and Silence tells
// why. Texts of the language tag are searched, "fr" or "en", and those of the
// other when it understands the words better. No more than the first 200
// characters are looked at.
func (c *Catalogue) Search(words, tag string, f Filter) []Hit {
	var hits []Hit
	for _, h := range c.find(words, tag) {
		if e := &c.entries[h.entry]; f.allows(e, "") {
			hits = append(hits, Hit{*e, h.score})
		}
	}
	return hits
}

// Counts gives for each value of each facet how many entries would be found if
// it alone were chosen in its facet: they follow the words and the filter of
// the other facets. A value without entries has 0.
func (c *Catalogue) Counts(words, tag string, f Filter) map[Facet]map[string]int {
	found := c.find(words, tag)
	counts := map[Facet]map[string]int{}
	for _, facet := range c.facets {
		of := map[string]int{}
		for _, v := range facet.Values {
			of[v.ID] = 0
		}
		for _, h := range found {
			e := &c.entries[h.entry]
			if !f.allows(e, facet.Facet) {
				continue
			}
			for _, v := range e.Facets[facet.Facet] {
				of[v]++
			}
		}
		counts[facet.Facet] = of
	}
	return counts
}
