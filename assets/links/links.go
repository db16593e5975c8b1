// Package links holds the addresses that the program sends people to, as one
// table: what stands in it is all that is ever opened.
package links

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"
)

//go:embed links.tsv
var table string

// Link is one address.
type Link struct {
	// ID is stable; findings and the guide refer to it.
	ID  string
	URL string
	// Seen is the day when the address was last seen in a publication, or
	// tested.
	Seen            time.Time
	French, English string // what it is
}

// Label is what the link is, in French or, for "en", in English.
func (l Link) Label(tag string) string {
	if tag == "en" {
		return l.English
	}
	return l.French
}

// All gives the links in the order of the table.
func All() []Link { return parsed() }

// Find gives the link of that ID.
func Find(id string) (Link, bool) {
	for _, l := range parsed() {
		if l.ID == id {
			return l, true
		}
	}
	return Link{}, false
}

var parsed = sync.OnceValue(func() []Link {
	all, err := parse(table)
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	return all
})

// parse reads the table: ID, address, day, French, English; "#" begins a
// remark.
func parse(text string) ([]Link, error) {
	var all []Link
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("links, line %d: %d columns in place of 5", n+1, len(f))
		}
		seen, err := time.Parse(time.DateOnly, f[2])
		if err != nil {
			return nil, fmt.Errorf("links, line %d: %w", n+1, err)
		}
		all = append(all, Link{f[0], f[1], seen, f[3], f[4]})
	}
	return all, nil
}
