// Package hosts holds, as one table, the servers that the diagnosis contacts
// when the person allows it: what stands in it is all that is ever contacted.
package hosts

import (
	_ "embed"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

//go:embed hosts.tsv
var table string

// Need is what goes without the server.
type Need string

// Needs.
const (
	Needed   Need = "needed"
	Useful   Need = "useful"
	Optional Need = "optional"
)

// Issuer of the certificate of a server.
type Issuer string

// Issuers. None is that of a server without TLS.
const (
	IGCSante Issuer = "igc-sante"
	Public   Issuer = "public"
	Unknown  Issuer = "unknown"
	None     Issuer = "-"
)

// Host is one server.
type Host struct {
	URL    string // with the scheme https, http or tcp
	Name   string // the host name in it
	Need   Need
	Issuer Issuer
	// French and English say what it serves.
	French, English string
}

// All gives the servers, the most needed first.
func All() []Host { return slices.Clone(parsed()) }

var parsed = sync.OnceValue(func() []Host {
	all, err := parse(table)
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	return all
})

// parse reads the table: address, need, issuer, French, English; "#" begins a
// remark.
func parse(text string) ([]Host, error) {
	var all []Host
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("hosts, line %d: %d columns in place of 5", n+1, len(f))
		}
		address, err := url.Parse(f[0])
		if err != nil {
			return nil, fmt.Errorf("hosts, line %d: %w", n+1, err)
		}
		h := Host{f[0], address.Hostname(), Need(f[1]), Issuer(f[2]), f[3], f[4]}
		switch {
		case !slices.Contains([]Need{Needed, Useful, Optional}, h.Need),
			!slices.Contains([]string{"https", "http", "tcp"}, address.Scheme), h.Name == "",
			(h.Issuer == None) == (address.Scheme == "https"),
			h.Issuer != None && !slices.Contains([]Issuer{IGCSante, Public, Unknown}, h.Issuer):
			return nil, fmt.Errorf("hosts, line %d: %q is not understood", n+1, line)
		}
		all = append(all, h)
	}
	return all, nil
}
