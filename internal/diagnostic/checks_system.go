package diagnostic

import (
	"context"
	"strings"

	"postecpx/assets/cryptolib"
)

var systemChecks = []Check{
	{
		Code: "system.supported", Group: GroupSystem,
		Outcomes: map[string]Outcome{
			"supported": ok(),
			// Binary compatible with one that is announced.
			"related": ok("cryptolib"),
			// Neither green nor a warning: ANS says nothing of these systems,
			// the Cryptolib may well work, and the person can change nothing.
			"unlisted":  untold("cryptolib"),
			"newer":     untold("cryptolib"),
			"older":     advice("cryptolib"),
			"processor": advice("cryptolib"),
			"unknown":   untold(),
		},
		Run: runSystemSupported,
	},
	{
		Code: "system.clock", Group: GroupSystem,
		Outcomes: map[string]Outcome{
			"behind":       failure(),
			"wrong":        failure(),
			"inexact":      warning(),
			"set-back":     warning(),
			"stepped":      warning(),
			"compared":     ok(),
			"synchronised": ok(),
			// Not before the last certain moment; nothing else confirms it.
			"plausible":  untold(),
			"unanswered": untold(),
		},
		Run: runSystemClock,
	},
	{
		Code: "system.rights", Group: GroupSystem,
		Outcomes: map[string]Outcome{
			"user":          ok(),
			"administrator": ok(),
			"elevated":      advice(),
			"unknown":       untold(),
		},
		Run: runSystemRights,
	},
	{
		Code: "system.remote", Group: GroupSystem,
		Outcomes: map[string]Outcome{
			"local":  ok(),
			"rdp":    ok(),
			"citrix": ok(),
			"xrdp":   ok(),
			"ssh":    ok(),
		},
		Run: runSystemRemote,
	},
}

func runSystemSupported(ctx context.Context, s *Session) Result {
	system, err := s.System(ctx)
	if err != nil || system.ID == "" {
		return Result{Outcome: "unknown"}
	}
	support, nearest := judgeSystem(system)
	facts := []Fact{public("systemName", systemLabel(system))}
	if system.Arch != "" {
		facts = append(facts, public("architecture", system.Arch))
	}
	if nearest.Name != "" {
		facts = append(facts, public("announced", nearest.Name))
	}
	switch support {
	case cryptolib.Listed:
		if nearest.ID != system.ID {
			return Result{Outcome: "related", Facts: facts}
		}
		return Result{Outcome: "supported", Facts: facts}
	case cryptolib.Older:
		return Result{Outcome: "older", Facts: facts}
	case cryptolib.Newer:
		return Result{Outcome: "newer", Facts: facts}
	}
	// The Linux package is for x86_64 alone, whatever the distribution.
	if s.GOOS() == "linux" && system.Arch != "" && system.Arch != "amd64" {
		return Result{Outcome: "processor", Facts: facts}
	}
	return Result{Outcome: "unlisted", Facts: facts}
}

// judgeSystem looks the system up, and when it is in no line the one whose
// rebuild it is.
func judgeSystem(system System) (cryptolib.Support, cryptolib.System) {
	kind := "desktop"
	// A session host of several users runs the desktop system.
	if system.Server && !strings.Contains(system.Name, "Windows 10") && !strings.Contains(system.Name, "Windows 11") {
		kind = "server"
	}
	support, nearest := cryptolib.Judge(system.ID, kind, system.Version, system.Arch)
	if support == cryptolib.Unlisted && systemIsLike(system, "rhel") {
		return cryptolib.Judge("rhel", kind, system.Version, system.Arch)
	}
	return support, nearest
}

// systemIsLike tells whether a system is that one or made after it, as
// os-release says. Oracle Linux names Fedora alone.
func systemIsLike(system System, id string) bool {
	return system.ID == id || id == "rhel" && system.ID == "ol" ||
		strings.Contains(" "+system.Like+" ", " "+id+" ")
}

func systemLabel(system System) string {
	name := system.Name
	if name == "" {
		name = system.ID
	}
	if system.Version == "" || strings.Contains(name, system.Version) {
		return name
	}
	return name + " " + system.Version
}

func runSystemRights(ctx context.Context, s *Session) Result {
	user, err := s.User(ctx)
	switch {
	case err != nil:
		return Result{Outcome: "unknown"}
	case user.Elevated:
		return Result{Outcome: "elevated"}
	case user.Administrator:
		return Result{Outcome: "administrator"}
	}
	return Result{Outcome: "user"}
}
