package diagnostic

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/pkcs11"
)

// cryptolibDeadline leaves the modules the time that the Session gives them,
// after the card.
const cryptolibDeadline = cardLimit + 15*time.Second

var cryptolibChecks = []Check{
	{
		Code: "cryptolib.installed", Group: GroupCryptolib, After: []Code{"card.family"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"absent":       failure("cryptolib"),
			"absent-other": warning("cryptolib"),
			"incomplete":   failure("cryptolib"),
			"installed":    ok(),
		},
		Run: cryptolibInstalled,
	},
	{
		Code: "cryptolib.files", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"missing":  advice("cryptolib"),
			"altered":  warning("cryptolib"),
			"unlinked": advice(),
			"unknown":  untold(),
			"present":  ok(),
			"intact":   ok(),
		},
		Run: ofInstalled(cryptolibFiles),
	},
	{
		Code: "cryptolib.version", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"}, After: []Code{"card.family"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"too-old": failure("cryptolib"),
			"older":   advice("cryptolib"),
			"unknown": untold(),
			"current": ok(),
		},
		Run: ofInstalled(cryptolibVersion),
	},
	{
		Code: "cryptolib.loads", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"},
		After:    append([]Code{"card.readable", "card.family"}, pcscCauses...),
		Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"missing-library":    failure("cryptolib"),
			"wrong-architecture": failure("cryptolib"),
			"broken":             failure("cryptolib"),
			"refused":            failure(),
			"no-symbol":          failure("cryptolib"),
			"failed":             failure("cryptolib"),
			"crashed":            failure("cryptolib"),
			"hangs":              failure("cryptolib"),
			"loads":              ok(),
		},
		Run: ofInstalled(cryptolibLoads),
	},
	{
		Code: "cryptolib.agrees", Group: GroupCryptolib, Requires: []Code{"cryptolib.loads", "card.family"},
		After: []Code{"cryptolib.version"}, Card: true, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"disagrees":        failure(),
			"disagrees-code":   warning(),
			"card-not-seen":    failure("cryptolib"),
			"nothing-compared": untold(),
			heldByToken:        untold(),
			"agrees":           ok(),
		},
		Run: ofInstalled(cryptolibAgrees),
	},
	{
		Code: "cryptolib.folders", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"missing":     advice("cryptolib"),
			"rights":      advice("cryptolib"),
			"unknown":     untold(),
			"usable-open": ok(),
			"usable":      ok(),
		},
		Run: ofInstalled(cryptolibFolders),
	},
	{
		Code: "cryptolib.traces", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{"on": advice(), "unknown": untold(), "off": ok()},
		Run:      ofInstalled(cryptolibTraces),
	},
	{
		Code: "cryptolib.cache", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"},
		After: []Code{"cryptolib.loads", "card.family", "system.clock"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"stale":   warning(),
			"damaged": advice(),
			"unknown": untold(),
			"empty":   ok(),
			"sound":   ok(),
		},
		Run: ofInstalled(cryptolibCache),
	},
	{
		Code: "cryptolib.dico", Group: GroupCryptolib, Requires: []Code{"cryptolib.installed"}, Deadline: cryptolibDeadline,
		Outcomes: map[string]Outcome{
			"missing": advice("cryptolib"),
			"damaged": advice("cryptolib"),
			"unknown": untold(),
			"sound":   ok(),
		},
		Run: ofInstalled(cryptolibDICO),
	},
}

// pcscCauses are the checks of PC/SC, the likelier cause first.
var pcscCauses = []Code{"pcsc.library", "pcsc.service", "pcsc.access", "pcsc.protocol"}

// firstFailed gives the first of these checks that failed.
func firstFailed(s *Session, codes ...Code) (Code, bool) {
	i := slices.IndexFunc(codes, s.Failed)
	if i < 0 {
		return "", false
	}
	return codes[i], true
}

// ofInstalled looks at the Cryptolib when it is there: where another module
// stands for it, there is nothing to look at. How the system installs software
// fills the remedies.
func ofInstalled(look func(context.Context, *Session) Result) func(context.Context, *Session) Result {
	return func(ctx context.Context, s *Session) Result {
		if f, ok := s.Found("cryptolib.installed"); ok && f.Outcome == "absent-other" {
			return Result{Because: f.Code}
		}
		r := look(ctx, s)
		if system, err := s.System(ctx); err == nil {
			r.Facts = append(r.Facts, packages(system)...)
		}
		return r
	}
}

func cryptolibInstalled(ctx context.Context, s *Session) Result {
	probes, _, err := s.Modules(ctx)
	if err != nil {
		return late(s)
	}
	var facts []Fact
	if system, err := s.System(ctx); err == nil {
		facts = append(facts, packages(system)...)
	}
	if found := ofCryptolib(probes); len(found) > 0 {
		for _, p := range found {
			facts = append(facts, local("module", p.Module.Path))
		}
		if release, _ := installedRelease(s); release != "" {
			facts = append(facts, public("version", release))
		}
		return Result{Outcome: "installed", Facts: facts}
	}
	if at := remains(s); at != "" {
		return Result{Outcome: "incomplete", Facts: append(facts, local("remains", at))}
	}
	if other, ok := showsCard(ctx, s, probes); ok {
		return Result{Outcome: "absent-other", Facts: append(facts, local("otherModule", other.Module.Name), local("module", other.Module.Path))}
	}
	return Result{Outcome: "absent", Facts: facts}
}

// ofCryptolib are the probes of the modules of the Cryptolib CPS whose file is
// there.
func ofCryptolib(probes []pkcs11.Probe) []pkcs11.Probe {
	var found []pkcs11.Probe
	for _, p := range probes {
		if p.Module.Family == pkcs11.Cryptolib && p.File.Status != pkcs11.Missing && p.Status != pkcs11.Missing {
			found = append(found, p)
		}
	}
	return found
}

// packages says how software is installed on a Linux system, where ANS
// publishes one RPM package for Red Hat Enterprise Linux.
func packages(system System) []Fact {
	family := strings.Fields(strings.ToLower(system.ID + " " + system.Like))
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(family, n) })
	}
	switch name := strings.TrimSpace(system.Name + " " + system.Version); {
	case has("rhel", "fedora", "centos"):
		return []Fact{public("rpmSystem", name)}
	case has("debian", "ubuntu"):
		return []Fact{public("debSystem", name)}
	}
	return nil
}

// remains is a place that the Cryptolib CPS leaves when its module is taken
// away without its own removal, "" when there is none.
func remains(s *Session) string {
	switch s.GOOS() {
	case "windows":
		if registered(s) != "" {
			return cryptolibKey
		}
	case "darwin":
		return firstThere(s, "/Library/Application Support/santesocial/CPS/uninstall.sh", "/Applications/cpgesosx.app")
	default:
		return firstThere(s, "/opt/santesocial/CPS/bin/cpgeslux", "/etc/opt/santesocial/CPS/cps3_pkcs11.conf")
	}
	return ""
}

func firstThere(s *Session, paths ...string) string {
	for _, p := range paths {
		if _, err := s.Stat(p); err == nil {
			return p
		}
	}
	return ""
}

// cryptolibKey is where the installer for Windows says what it installed.
const cryptolibKey = `HKLM\SOFTWARE\ASIP\Cryptolib CPS`

// registered is the version that the registry gives, "" when none is installed.
func registered(s *Session) string {
	for _, view32 := range []bool{false, true} {
		key, err := s.Registry(cryptolibKey, view32)
		if err != nil {
			continue // not installed in that width
		}
		if version := strings.TrimSpace(valueOf(key, "Version")); version != "" {
			return version
		}
	}
	return ""
}

// valueOf gives a value of a registry key, whose names do not tell large
// letters from small.
func valueOf(key pkcs11.RegistryKey, name string) string {
	for n, v := range key.Values {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// showsCard finds a module that shows the card of the diagnosis with what it
// holds.
func showsCard(ctx context.Context, s *Session, probes []pkcs11.Probe) (pkcs11.Probe, bool) {
	card, err := s.Card(ctx)
	if err != nil {
		return pkcs11.Probe{}, false
	}
	status, _, _ := s.Reader(ctx)
	for _, p := range probes {
		slot, ok := cardreader.SlotOf(status.Reader, card.Number, p)
		if ok && p.Status == pkcs11.OK && len(slot.Token.Objects) > 0 {
			return p, true
		}
	}
	return pkcs11.Probe{}, false
}

// isThere tells whether something lies at a path; false with an error when
// that may not be seen.
func isThere(s *Session, path string) (fs.FileInfo, bool, error) {
	info, err := s.Stat(path)
	switch {
	case err == nil:
		return info, true, nil
	case isNotExist(err):
		return nil, false, nil
	}
	return nil, false, err
}
