package diagnostic

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"postecpx/cardreader/pkcs11"
)

// moduleOrder puts the worst state of a profile first. "" is a good one.
var moduleOrder = []string{"broken", "damaged", "path", "width", "twice", "missing", "unseen", ""}

// mostNames bounds how many profiles a finding names.
const mostNames = 3

func lookForModuleInFirefox(ctx context.Context, s *Session) Result {
	if s.wrong("cryptolib.installed") {
		return Result{Because: "cryptolib.installed"}
	}
	profiles, errs := usedProfiles(ctx, s)
	if edition, _ := editionInUse(ctx, s, profiles); confined(edition) {
		return Result{Because: "firefox.package"}
	}
	total := len(profiles)
	profiles = slices.DeleteFunc(profiles, func(p pkcs11.Profile) bool { return confined(p.Edition) })
	switch {
	case len(profiles) == 0 && len(errs) > 0:
		return Result{Outcome: "unseen", Facts: unseen(errs[0], person)}
	case len(profiles) == 0:
		return Result{Outcome: "none"}
	}
	given := givenModules(ctx, s)
	worst := slices.Index(moduleOrder, "")
	states := map[string][]pkcs11.Profile{}
	for _, p := range profiles {
		state := given.state(s, p)
		states[state] = append(states[state], p)
		worst = min(worst, slices.Index(moduleOrder, state))
	}
	outcome := moduleOrder[worst]
	facts := []Fact{public("profiles", strconv.Itoa(total))}
	if outcome == "" {
		// Other profiles lie where nobody may look.
		if i := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, fs.ErrPermission) }); i >= 0 {
			return Result{Outcome: "unseen", Facts: unseen(errs[i], person)}
		}
		return Result{Outcome: "registered", Facts: facts}
	}
	concerned := lastFirst(states[outcome])
	facts = append(facts, profileFacts(concerned)...)
	if outcome == "unseen" {
		return Result{Outcome: outcome, Facts: append(facts, public("cause", "denied"))}
	}
	if last, known := lastUsed(profiles); known && outcome == "missing" && given.state(s, last) == "" {
		return Result{Outcome: "in-use", Facts: append(facts, person("profileInUse", last.Name))}
	}
	module, there := given.forProfile(s, concerned[0])
	// What the person would be told to load is not to be had.
	switch loads, _ := s.Found("cryptolib.loads"); {
	case outcome == "twice":
	case loads.Status == Error:
		return Result{Because: "cryptolib.loads", Facts: facts}
	case !there && s.wrong("cryptolib.files"):
		return Result{Because: "cryptolib.files", Facts: facts}
	}
	if module != "" {
		facts = append(facts, local("module", module))
	}
	facts = append(facts, local("moduleName", freeName(concerned)))
	for _, m := range concerned[0].Modules {
		if m.Family == pkcs11.Cryptolib {
			facts = append(facts, local("registeredModule", m.Name), person("registeredPath", m.Path))
		}
	}
	return Result{Outcome: outcome, Facts: facts}
}

// profileFacts count and name profiles, the one used last before the others. A
// profile is often called after whoever uses it; its place in the list that
// Firefox shows says nothing of anybody.
func profileFacts(byUse []pkcs11.Profile) []Fact {
	facts := []Fact{
		public("profilesConcerned", strconv.Itoa(len(byUse))),
		public("profilePosition", strconv.Itoa(byUse[0].Position)),
		person("profile", byUse[0].Name), person("profileFolder", byUse[0].Folder),
	}
	if err := byUse[0].Err; err != nil {
		facts = append(facts, person("reason", err.Error()))
	}
	for _, p := range byUse[1:min(len(byUse), mostNames)] {
		facts = append(facts, public("otherPosition", strconv.Itoa(p.Position)), person("otherProfile", p.Name))
	}
	return facts
}

// freeName is a name that no module of these profiles has but those that are
// unloaded before: NSS refuses to add a second one of a name.
func freeName(profiles []pkcs11.Profile) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(profiles, func(p pkcs11.Profile) bool {
			return slices.ContainsFunc(p.Modules, func(m pkcs11.ProfileModule) bool {
				return m.Family != pkcs11.Cryptolib && strings.EqualFold(m.Name, name)
			})
		})
	}
	name := "CPS"
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("CPS %d", n)
	}
	return name
}

// given are the modules of the Cryptolib on the workstation, and the ways in
// which a Firefox comes by them without its profile having one.
type given struct {
	policy, p11Kit bool
	paths          []string
	// files are what is known of the files of modules, by path; arch is the
	// processor of the system.
	files map[string]pkcs11.File
	arch  string
}

func givenModules(ctx context.Context, s *Session) given {
	g := given{files: map[string]pkcs11.File{}, arch: systemArch(ctx, s)}
	probes, _, err := s.Modules(ctx)
	for _, p := range probes {
		if err == nil && p.File.Status != "" {
			g.files[p.Module.Path] = p.File
		}
	}
	modules, _ := pkcs11.Find(ctx, s.Environment, nil)
	var ofProfiles []string
	for _, m := range modules {
		if state := g.fileState(s, m.Path); m.Family != pkcs11.Cryptolib || state != "" && state != "width" {
			continue
		}
		if slices.ContainsFunc(m.DeclaredBy, func(d pkcs11.Declaration) bool { return d.By != "firefox-profile" }) {
			g.paths = append(g.paths, m.Path)
		} else { // which may be a copy that nobody keeps up to date
			ofProfiles = append(ofProfiles, m.Path)
		}
		for _, d := range m.DeclaredBy {
			g.policy = g.policy || d.By == "firefox-policy"
			g.p11Kit = g.p11Kit || d.By == "p11-kit"
		}
	}
	g.paths = append(g.paths, ofProfiles...)
	return g
}

// forProfile is the module that fits a profile, else any; false when none fits.
func (g given) forProfile(s *Session, p pkcs11.Profile) (path string, fits bool) {
	for _, candidate := range g.paths {
		if g.moduleState(s, p, candidate) == "" {
			return candidate, true
		}
	}
	if len(g.paths) > 0 {
		return g.paths[0], false
	}
	return "", false
}

// state says what is wrong with the module in one profile, "" when nothing is.
func (g given) state(s *Session, p pkcs11.Profile) string {
	var states []string
	good, proxy := 0, false
	for _, m := range p.Modules {
		switch {
		case m.Proxy:
			proxy = proxy || !m.Missing
		case m.Family != pkcs11.Cryptolib:
		default:
			state := g.moduleState(s, p, m.Path)
			if states = append(states, state); state == "" {
				good++
			}
		}
	}
	kit := proxy && g.p11Kit
	switch {
	case good > 1 || good == 1 && kit:
		return "twice"
	case good == 1 || g.policy || kit:
		return ""
	}
	for _, wrong := range []string{"damaged", "path", "width", "unseen"} {
		if slices.Contains(states, wrong) {
			return wrong
		}
	}
	switch {
	case errors.Is(p.Err, fs.ErrPermission):
		return "unseen"
	case p.Err != nil:
		return "broken"
	}
	return "missing"
}

// moduleState says what keeps the Firefox of a profile from loading a module,
// "" when nothing does.
func (g given) moduleState(s *Session, p pkcs11.Profile, path string) string {
	state := g.fileState(s, path)
	if s.GOOS() == "windows" && (state == "" || state == "width") {
		// The Firefox decides, and not this program.
		state = ""
		if wrongWidth(s, p, path, g.files[path].Arch) {
			state = "width"
		}
	}
	return state
}

// fileState says what keeps a program of this system from loading a module, ""
// when nothing does. Only its file is looked at.
func (g given) fileState(s *Session, path string) string {
	file, known := g.files[path]
	if !known && s.GOOS() == "windows" && (strings.HasPrefix(path, `\\`) || strings.HasPrefix(path, "//")) {
		return "" // on a network share: only looking may take minutes
	}
	if !known {
		file = pkcs11.Inspect(s.Environment, path)
		g.files[path] = file
	}
	switch {
	case file.Status == pkcs11.OK:
		return ""
	case file.Status == pkcs11.Missing:
		return "path"
	case forbidden(s, path):
		return "unseen"
	case file.Status == pkcs11.WrongArchitecture && slices.Contains(file.Arch, g.arch):
		return "" // this program is narrower than the system
	case file.Status == pkcs11.WrongArchitecture:
		return "width"
	}
	return "damaged"
}

// wrongWidth tells whether a Firefox for Windows of 64 bits is given the
// module of 32, or the other way round; compatibility.ini of the profile says
// what it was.
func wrongWidth(s *Session, p pkcs11.Profile, module string, arch []string) bool {
	abi := compatibility(s, p)["LastOSABI"]
	module = strings.ToLower(module)
	switch {
	case strings.Contains(module, "_w32."), slices.Equal(arch, []string{"386"}):
		return strings.HasPrefix(abi, "WINNT_x86_64") || strings.HasPrefix(abi, "WINNT_aarch64")
	case strings.Contains(module, "_w64."), slices.Equal(arch, []string{"amd64"}):
		return strings.HasPrefix(abi, "WINNT_x86-")
	}
	return false
}
