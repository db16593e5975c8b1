// Package cryptolib holds, as tables, what ANS publishes of its Cryptolib CPS:
// the releases and what they put on a workstation.
package cryptolib

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"
)

//go:embed versions.tsv
var versionsTable string

//go:embed files.tsv
var filesTable string

// Release is the newest Cryptolib CPS that is known for a system.
type Release struct {
	GOOS   string
	Newest string // "5.2.6"
	// CPS4 is the least release that knows a CPS4.
	CPS4 string
	// Seen is the day when ANS was last seen to publish it.
	Seen time.Time
}

// Part is a file, or on macOS a bundle, of the Cryptolib CPS.
type Part struct {
	GOOS string
	Arch string // of the system, as GOARCH names it; "" for any
	// Kind is "module" (PKCS#11), "csp" (cryptographic provider of Windows),
	// "tool" (CPS Gestion, CCM) or "table".
	Kind string
	// Width of a module or provider: "64", "32", "" for the others.
	Width string
	// Folder, in which {System64}, {System32}, {Windows}, {Program64} and
	// {Program32} stand for the folders of Windows.
	Folder, Name string
	// Component is the version of the part itself.
	Component string
	// Release is the one whose MD5 is published, in capital letters; "" when
	// none is.
	Release, MD5 string
}

// Newest gives the newest release for that system.
func Newest(goos string) (Release, bool) {
	for _, r := range tables().releases {
		if r.GOOS == goos {
			return r, true
		}
	}
	return Release{}, false
}

// Parts lists what the Cryptolib CPS puts on a system of that GOOS and GOARCH.
func Parts(goos, arch string) []Part {
	var parts []Part
	for _, p := range tables().parts {
		if p.GOOS == goos && (p.Arch == "" || p.Arch == arch) {
			parts = append(parts, p)
		}
	}
	return parts
}

type published struct {
	releases []Release
	parts    []Part
}

var tables = sync.OnceValue(func() published {
	releases, err := parseReleases(versionsTable)
	if err != nil {
		panic(err) // the tables are part of the program, and tested
	}
	parts, err := parseParts(filesTable)
	if err != nil {
		panic(err)
	}
	return published{releases, parts}
})

func parseReleases(text string) ([]Release, error) {
	var all []Release
	err := eachRow(text, 4, func(f []string) error {
		seen, err := time.Parse(time.DateOnly, f[3])
		all = append(all, Release{f[0], f[1], f[2], seen})
		return err
	})
	return all, err
}

func parseParts(text string) ([]Part, error) {
	var all []Part
	err := eachRow(text, 9, func(f []string) error {
		if f[1] == "*" {
			f[1] = "-"
		}
		for i := range f {
			f[i] = strings.TrimPrefix(f[i], "-")
		}
		all = append(all, Part{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]})
		return nil
	})
	return all, err
}

// eachRow gives the fields of each line that is no remark.
func eachRow(text string, fields int, take func([]string) error) error {
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != fields {
			return fmt.Errorf("line %d: %d columns in place of %d", n+1, len(f), fields)
		}
		if err := take(f); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return nil
}
