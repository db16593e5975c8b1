package guide

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// order is that of the facets, ANS's.
var order = []Facet{Offre, Couloir, Dispositif, Produit, Thematique}

// Label is a name in French and in English.
type Label struct{ French, English string }

// In gives the label in that language, French unless it is "en".
func (l Label) In(tag string) string {
	if tag == "en" {
		return l.English
	}
	return l.French
}

// Value is one value of a facet.
type Value struct {
	ID    string
	Label Label
}

// FacetValues is a facet with its values, in the order in which they are shown.
type FacetValues struct {
	Facet  Facet
	Label  Label
	Values []Value
}

// Filter keeps the entries that are sorted under one of the values named, for
// each facet that names some: values of one facet combine by OR, facets by AND.
// A facet without values does not filter.
type Filter map[Facet][]string

// allows tells whether the entry passes all facets of the filter but one; ""
// leaves out none.
func (f Filter) allows(e *Entry, but Facet) bool {
	for facet, wanted := range f {
		if facet == but || len(wanted) == 0 {
			continue
		}
		if !slices.ContainsFunc(wanted, func(v string) bool { return slices.Contains(e.Facets[facet], v) }) {
			return false
		}
	}
	return true
}

// Check gives an error that names the facet or the value that does not exist,
// and those that do.
func (c *Catalogue) Check(f Filter) error {
	for _, facet := range slices.Sorted(maps.Keys(f)) {
		if !slices.Contains(order, facet) {
			return fmt.Errorf("facet %q: unknown; the facets are %s", facet, joined(order))
		}
	}
	for _, known := range c.facets {
		for _, v := range f[known.Facet] {
			if !known.has(v) {
				return fmt.Errorf("facet %s: value %q: unknown; the values are %s", known.Facet, v, joined(known.ids()))
			}
		}
	}
	return nil
}

func (f FacetValues) ids() []string {
	ids := make([]string, len(f.Values))
	for i, v := range f.Values {
		ids[i] = v.ID
	}
	return ids
}

func (f FacetValues) has(id string) bool {
	return slices.ContainsFunc(f.Values, func(v Value) bool { return v.ID == id })
}

func joined[S ~string](all []S) string {
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = string(s)
	}
	return strings.Join(parts, ", ")
}
