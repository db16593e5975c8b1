// Package version says which build of the programs this is.
package version

import (
	"runtime/debug"
	"time"
)

// Number is the version of the product, as in FyneApp.toml and the CHANGELOG.
const Number = "0.1.0"

// Unknown stands for a revision that the build did not note down.
const Unknown = "unknown"

// Revision is the commit that the program was built from, shortened, or
// Unknown; a "+" tells that the sources had been changed since.
func Revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Unknown
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+"
			}
		}
	}
	if len(revision) < 12 {
		return Unknown
	}
	return revision[:12] + changed
}

// firstDay is before every copy of the program.
var firstDay = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

// NotBefore is a moment that lies in the past for whoever runs this build: that
// of its commit, where the build knows it, else a day before the first copy. A
// clock that shows less is wrong.
func NotBefore() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return firstDay
	}
	for _, s := range info.Settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && at.After(firstDay) {
			return at
		}
	}
	return firstDay
}
