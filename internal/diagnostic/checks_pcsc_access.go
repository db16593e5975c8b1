package diagnostic

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"postecpx/cardreader/pcsc"
)

func runPCSCAccess(ctx context.Context, s *Session) Result {
	_, err := s.Readers(ctx)
	switch {
	case errors.Is(err, pcsc.ErrProtocolMismatch):
		return Result{Because: "pcsc.protocol"} // refused before it came to that
	case !errors.Is(err, pcsc.ErrAccess):
		return Result{Outcome: "granted"}
	case s.GOOS() != "linux":
		return Result{Outcome: "denied", Facts: pcscErrorFacts(err)}
	}
	facts := append(pcscErrorFacts(err), public("polkit", polkitRules(s)))
	switch remote := remoteSession(ctx, s); {
	case processesHidden(s):
		return Result{Outcome: "hidden-processes", Facts: facts}
	case remote != remoteNone:
		return Result{Outcome: "refused-remote", Facts: append(facts, public("session", string(remote)))}
	}
	return Result{Outcome: "refused", Facts: facts}
}

// polkitRules tells in which form polkit reads rules: "js" since 0.106, "pkla"
// before, which Debian kept until 11 and Ubuntu until 22.10.
func polkitRules(s *Session) string {
	_, noRules := s.Stat("/etc/polkit-1/rules.d")
	_, noPKLA := s.Stat("/etc/polkit-1/localauthority")
	if noRules != nil && noPKLA == nil {
		return "pkla"
	}
	return "js"
}

// processesHidden tells whether /proc hides the processes of others: pcscd,
// where it does not run as root, then cannot tell polkit who asks.
func processesHidden(s *Session) bool {
	mounts, err := readAtMost(s, "/proc/mounts", 1<<20)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[1] != "/proc" || f[2] != "proc" {
			continue
		}
		for _, option := range strings.Split(f[3], ",") {
			if value, ok := strings.CutPrefix(option, "hidepid="); ok && value != "0" && value != "off" {
				return true
			}
		}
	}
	return false
}

func runPCSCProtocol(ctx context.Context, s *Session) Result {
	_, err := s.Readers(ctx)
	switch {
	case errors.Is(err, pcsc.ErrAccess):
		return Result{Because: "pcsc.access"}
	case !errors.Is(err, pcsc.ErrProtocolMismatch):
		return Result{Outcome: "agrees"}
	}
	facts := pcscErrorFacts(err)
	if box := sandboxOf(s); box != "" {
		return Result{Outcome: "sandbox", Facts: append(facts, public("sandbox", box))}
	}
	for _, path := range pcscLibraryPlaces(s) {
		if _, err := s.Stat(path); err == nil {
			facts = append(facts, local("pcscLibrary", path))
		}
	}
	facts = append(facts, debianPackages(s, "libpcsclite1", "pcscd")...)
	return Result{Outcome: "versions", Facts: append(facts, public("install", installCommand(ctx, s)))}
}

// sandboxOf names what the program is shut in, "" when in nothing that is
// known. What is in a box brings its own PC/SC library.
func sandboxOf(s *Session) string {
	there := func(path string) bool {
		_, err := s.Stat(path)
		return err == nil
	}
	switch {
	case s.GOOS() != "linux":
		return ""
	case s.Getenv("FLATPAK_ID") != "" || there("/.flatpak-info"):
		return "flatpak"
	case s.Getenv("SNAP") != "" && s.Getenv("SNAP_NAME") != "":
		return "snap"
	case there("/run/.containerenv") || there("/.dockerenv"):
		return "container"
	}
	return ""
}

// debianPackages gives the versions of packages from the status of dpkg, where
// there is one.
func debianPackages(s *Session, names ...string) []Fact {
	status, err := readAtMost(s, "/var/lib/dpkg/status", 32<<20)
	if err != nil {
		return nil
	}
	var facts []Fact
	for paragraph := range bytes.SplitSeq(status, []byte("\n\n")) {
		name, _, _ := bytes.Cut(bytes.TrimPrefix(bytes.TrimSpace(paragraph), []byte("Package: ")), []byte("\n"))
		if !slices.Contains(names, string(name)) {
			continue
		}
		for line := range bytes.Lines(paragraph) {
			if version, ok := bytes.CutPrefix(line, []byte("Version: ")); ok {
				facts = append(facts, public("package", string(name)+" "+string(bytes.TrimSpace(version))))
			}
		}
	}
	return facts
}

// readAtMost reads a file that is not longer than limit. The size that a file
// of /proc tells is 0 whatever it holds, so it is not asked.
func readAtMost(s *Session, path string, limit int64) ([]byte, error) {
	file, err := s.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.NewSectionReader(file, 0, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("too long")}
	}
	return content, nil
}
