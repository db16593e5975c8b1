// Package licences holds what the programs are built from that others made, and
// under which licence each work is.
package licences

import (
	_ "embed"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
)

//go:embed licences.tsv
var table string

// Work is something that others made.
type Work struct {
	Name string
	// Version is the one that is in the program, "" when the program cannot tell.
	Version string
	// Licence is an SPDX expression.
	Licence string
}

// All gives the works of the table, without versions.
func All() []Work { return append([]Work(nil), parsed()...) }

// Linked gives the works that are in the running program, the modules with
// their versions. A program that does not know its modules gives all works.
func Linked() []Work {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return All()
	}
	return linked(All(), info)
}

func linked(all []Work, info *debug.BuildInfo) []Work {
	if len(info.Deps) == 0 {
		return all
	}
	versions := map[string]string{}
	for _, m := range info.Deps {
		if m.Replace != nil {
			versions[m.Path] = m.Replace.Version
			continue
		}
		versions[m.Path] = m.Version
	}
	var in []Work
	for _, w := range all {
		if !IsModule(w.Name) {
			if w.Name == "Go" {
				w.Version = strings.TrimPrefix(info.GoVersion, "go")
			}
			in = append(in, w)
			continue
		}
		if v, there := versions[w.Name]; there {
			w.Version = v
			in = append(in, w)
		}
	}
	return in
}

// IsModule tells a module of Go from another work: its path begins with a host.
func IsModule(name string) bool {
	host, _, _ := strings.Cut(name, "/")
	return strings.Contains(host, ".")
}

var parsed = sync.OnceValue(func() []Work {
	all, err := parse(table)
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	return all
})

// parse reads the table: work, licence; "#" begins a remark.
func parse(text string) ([]Work, error) {
	var all []Work
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, licence, ok := strings.Cut(line, "\t")
		if !ok || name == "" || licence == "" || strings.Contains(licence, "\t") {
			return nil, fmt.Errorf("licences, line %d: two columns are needed", n+1)
		}
		all = append(all, Work{Name: name, Licence: licence})
	}
	return all, nil
}
