// Package version says which build of the programs this is.
package version

import "runtime/debug"

// Number is the version of the product, as in FyneApp.toml and the CHANGELOG.
const Number = "0.1.0"

// Revision is the commit that the program was built from, shortened, or
// "unknown"; a "+" tells that the sources had been changed since.
func Revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
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
		return "unknown"
	}
	return revision[:12] + changed
}
