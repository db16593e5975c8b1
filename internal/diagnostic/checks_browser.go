package diagnostic

import (
	"context"
	"slices"
	"strings"

	"postecpx/cardreader/pkcs11"
)

// A card that cannot be used in a browser alone is a warning: other software
// reaches it through PC/SC or PKCS#11.
var browserChecks = []Check{
	{
		Code: "firefox.module", Group: GroupBrowser, Requires: []Code{"cryptolib.installed"},
		After: []Code{"cryptolib.loads", "cryptolib.files"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"registered": ok(),
			// The profile used last has the module, and others have not.
			"in-use":  ok(),
			"missing": warning("cryptolib"),
			"path":    warning("cryptolib"),
			"width":   warning("cryptolib"),
			// Its file is there, and is no module that can be loaded.
			"damaged": warning("cryptolib"),
			"broken":  warning("assistance"),
			"twice":   warning(),
			"none":    untold(),
			"unseen":  untold(),
		},
		Run: lookForModuleInFirefox,
	},
	{
		Code: "firefox.package", Group: GroupBrowser, Platforms: []string{"linux"}, Requires: []Code{"cryptolib.installed"},
		Outcomes: map[string]Outcome{
			"installed": ok(),
			// A confined Firefox is there too, and another one is in use.
			"aside":   ok(),
			"snap":    warning("firefox-snap"),
			"flatpak": warning(),
			"none":    untold(),
			"unclear": untold("firefox-snap"),
			"unseen":  untold(),
		},
		Run: lookAtPackage,
	},
	{
		Code: "firefox.roots", Group: GroupBrowser, After: []Code{"roots.installed"},
		Outcomes: map[string]Outcome{
			"system":    ok(),
			"own-store": untold("igc-sante-chain"),
			"none":      untold(),
			"unseen":    untold(),
		},
		Run: lookAtFirefoxRoots,
	},
}

// usedProfiles are the profiles that Firefox has run with: at its first start
// it makes one more, which stays empty.
func usedProfiles(ctx context.Context, s *Session) (used []pkcs11.Profile, errs []error) {
	all, errs := pkcs11.Profiles(ctx, s.Environment)
	for _, p := range all {
		if p.Used || len(p.Modules) > 0 || p.Err != nil {
			used = append(used, p)
		}
	}
	return used, errs
}

// lastFirst orders profiles by when Firefox wrote to them.
func lastFirst(profiles []pkcs11.Profile) []pkcs11.Profile {
	sorted := slices.Clone(profiles)
	slices.SortStableFunc(sorted, func(a, b pkcs11.Profile) int { return b.UsedAt.Compare(a.UsedAt) })
	return sorted
}

// lastUsed is the profile that Firefox wrote to last; false when that cannot
// be told.
func lastUsed(profiles []pkcs11.Profile) (pkcs11.Profile, bool) {
	if len(profiles) == 0 {
		return pkcs11.Profile{}, false
	}
	sorted := lastFirst(profiles)
	return sorted[0], len(sorted) == 1 || sorted[0].UsedAt.After(sorted[1].UsedAt)
}

func confined(e pkcs11.Edition) bool { return e == pkcs11.Snap || e == pkcs11.Flatpak }

// Where the editions of Firefox lie on Linux.
var (
	snapFolders      = []string{"/snap/firefox", "/var/lib/snapd/snap/firefox"}
	flatpakFolders   = []string{"/var/lib/flatpak/app/org.mozilla.firefox"}
	installedFirefox = []string{
		"/usr/lib/firefox/firefox", "/usr/lib/firefox-esr/firefox-esr", "/usr/lib64/firefox/firefox",
		"/opt/firefox/firefox", "/usr/local/firefox/firefox",
	}
)

// editionsOnDisk lists the editions of Firefox that are on a Linux.
func editionsOnDisk(s *Session) (editions []pkcs11.Edition) {
	flatpaks := slices.Clone(flatpakFolders)
	for _, home := range s.Homes() {
		flatpaks = append(flatpaks, home+"/.local/share/flatpak/app/org.mozilla.firefox")
	}
	for _, e := range []struct {
		edition pkcs11.Edition
		places  []string
	}{{pkcs11.Installed, installedFirefox}, {pkcs11.Snap, snapFolders}, {pkcs11.Flatpak, flatpaks}} {
		if slices.ContainsFunc(e.places, func(p string) bool { _, err := s.Stat(p); return err == nil }) {
			editions = append(editions, e.edition)
		}
	}
	return editions
}

// editionInUse is the Firefox that runs, else the one whose profile was
// written to last, else the only one. False when that cannot be told.
func editionInUse(ctx context.Context, s *Session, profiles []pkcs11.Profile) (pkcs11.Edition, bool) {
	if s.GOOS() != "linux" {
		return pkcs11.Installed, true
	}
	running := runningEditions(ctx, s)
	if len(running) == 1 {
		return running[0], true
	}
	if last, known := lastUsed(profiles); known {
		return last.Edition, true
	}
	editions := editionsOnDisk(s)
	for _, p := range profiles {
		if !slices.Contains(editions, p.Edition) {
			editions = append(editions, p.Edition)
		}
	}
	if len(editions) == 1 {
		return editions[0], true
	}
	return "", false
}

func runningEditions(ctx context.Context, s *Session) (editions []pkcs11.Edition) {
	processes, err := s.Processes(ctx)
	if err != nil {
		return nil
	}
	for _, p := range processes {
		if !slices.Contains([]string{"firefox", "firefox-bin", "firefox-esr"}, p.Name) || p.Path == "" {
			continue
		}
		edition := pkcs11.Installed
		switch {
		case strings.HasPrefix(p.Path, "/snap/"), strings.HasPrefix(p.Path, "/var/lib/snapd/"):
			edition = pkcs11.Snap
		case strings.HasPrefix(p.Path, "/app/"), strings.Contains(p.Path, "/flatpak/"):
			edition = pkcs11.Flatpak
		}
		if !slices.Contains(editions, edition) {
			editions = append(editions, edition)
		}
	}
	return editions
}

func lookAtPackage(ctx context.Context, s *Session) Result {
	if s.wrong("cryptolib.installed") {
		return Result{Because: "cryptolib.installed"}
	}
	profiles, errs := usedProfiles(ctx, s)
	editions := editionsOnDisk(s)
	for _, p := range profiles {
		if !slices.Contains(editions, p.Edition) {
			editions = append(editions, p.Edition)
		}
	}
	var facts []Fact
	for _, e := range editions {
		facts = append(facts, public("edition", string(e)))
	}
	edition, known := editionInUse(ctx, s, profiles)
	switch {
	case len(editions) == 0 && len(errs) > 0:
		return Result{Outcome: "unseen", Facts: unseen(errs[0], person)}
	case len(editions) == 0:
		return Result{Outcome: "none"}
	case !known && !slices.ContainsFunc(editions, confined):
		return Result{Outcome: "installed", Facts: facts}
	case !known:
		return Result{Outcome: "unclear", Facts: facts}
	case edition == pkcs11.Snap:
		return Result{Outcome: "snap", Facts: facts}
	case edition == pkcs11.Flatpak:
		return Result{Outcome: "flatpak", Facts: facts}
	case slices.ContainsFunc(editions, confined):
		return Result{Outcome: "aside", Facts: facts}
	}
	return Result{Outcome: "installed", Facts: facts}
}
