package cryptolib

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed systems.tsv
var systemsTable string

// System is a system for which ANS announces the Cryptolib CPS.
type System struct {
	ID   string // "windows", "macos", or ID of os-release
	Kind string // "desktop", "server", "-" where that makes no difference
	Name string
	// From is its first version, Below the first that is no longer it.
	From, Below   []int
	Architectures []string // as GOARCH
}

// Support is what the table says of a system.
type Support string

// Supports. Unlisted: no line is for that system, or none for that version
// between others.
const (
	Listed       Support = "listed"
	Older        Support = "older"
	Newer        Support = "newer"
	Architecture Support = "architecture" // listed, but not for that processor
	Unlisted     Support = "unlisted"
)

// Judge looks a system up. The System is the one that was found, or the
// nearest of the same ID: the first when the version is older than all, the
// last when it is newer.
func Judge(id, kind, version, arch string) (Support, System) {
	var lines []System
	for _, s := range Systems() {
		if s.ID == id && (s.Kind == "-" || s.Kind == kind) {
			lines = append(lines, s)
		}
	}
	v, err := parseVersion(version)
	if len(lines) == 0 || err != nil {
		return Unlisted, System{}
	}
	for _, s := range lines {
		switch {
		case slices.Compare(v, s.From) < 0 || slices.Compare(v, s.Below) >= 0:
		case !slices.Contains(s.Architectures, arch):
			return Architecture, s
		default:
			return Listed, s
		}
	}
	first, last := lines[0], lines[len(lines)-1]
	switch {
	case slices.Compare(v, first.From) < 0:
		return Older, first
	case slices.Compare(v, last.Below) >= 0:
		return Newer, last
	}
	return Unlisted, System{}
}

// Systems gives the table; the lines of one ID and kind go from old to new.
func Systems() []System { return parsedSystems() }

var parsedSystems = sync.OnceValue(func() []System {
	all, err := parseSystems(systemsTable)
	if err != nil {
		panic(err) // the table is part of the program, and tested
	}
	return all
})

func parseSystems(text string) ([]System, error) {
	var all []System
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 6 {
			return nil, fmt.Errorf("systems, line %d: %d columns in place of 6", n+1, len(f))
		}
		from, err := parseVersion(f[2])
		if err != nil {
			return nil, fmt.Errorf("systems, line %d: %w", n+1, err)
		}
		below, err := parseVersion(f[3])
		if err != nil {
			return nil, fmt.Errorf("systems, line %d: %w", n+1, err)
		}
		all = append(all, System{ID: f[0], Kind: f[1], From: from, Below: below, Architectures: strings.Split(f[4], ","), Name: f[5]})
	}
	return all, nil
}

// parseVersion reads "10.0.22631".
func parseVersion(text string) ([]int, error) {
	var numbers []int
	for _, part := range strings.Split(strings.TrimSpace(text), ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no version", text)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
