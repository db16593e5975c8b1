package diagnostic

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"postecpx/assets/cryptolib"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// cryptolibFiles compares what lies there with what ANS publishes.
func cryptolibFiles(ctx context.Context, s *Session) Result {
	release, _ := installedRelease(s)
	var missing, altered, unseen []Fact
	verified, there := 0, 0
	for _, part := range cryptolib.Parts(s.GOOS(), systemArch(ctx, s)) {
		if ctx.Err() != nil {
			return late(s)
		}
		path := pathOf(s, part)
		_, found, err := isThere(s, path)
		switch {
		case err != nil:
			unseen = append(unseen, local("unseen", path))
			continue
		case !found:
			missing = append(missing, local("missing", path))
			if part.Kind == "module" && s.GOOS() == "windows" {
				missing = append(missing, public("width", part.Width))
			}
			continue
		}
		there++
		if part.MD5 == "" || part.Release != release {
			continue // nothing is published of this one
		}
		switch sum, err := sumOf(s, path); {
		case err != nil:
			unseen = append(unseen, local("unseen", path))
		case sum != part.MD5:
			altered = append(altered, local("altered", path))
		default:
			verified++
		}
	}
	facts := slices.Concat(missing, altered, unseen, []Fact{public("verified", strconv.Itoa(verified))})
	if release != "" {
		facts = append(facts, public("version", release))
	}
	unlinked := unlinkedTool(ctx, s)
	switch {
	case len(altered) > 0:
		return Result{Outcome: "altered", Facts: facts}
	case len(missing) > 0:
		return Result{Outcome: "missing", Facts: facts}
	case len(unlinked) > 0:
		return Result{Outcome: "unlinked", Facts: append(facts, unlinked...)}
	case len(unseen) > 0:
		return Result{Outcome: "unknown", Facts: facts}
	case verified < there:
		return Result{Outcome: "present", Facts: facts}
	}
	return Result{Outcome: "intact", Facts: facts}
}

// systemArch is the processor of the system, which may be wider than the
// program.
func systemArch(ctx context.Context, s *Session) string {
	if system, err := s.System(ctx); err == nil && system.Arch != "" {
		return system.Arch
	}
	return s.GOARCH()
}

// pathOf is where a part lies on this workstation.
func pathOf(s *Session, part cryptolib.Part) string {
	if s.GOOS() != "windows" {
		return part.Folder + "/" + part.Name
	}
	windows := firstSet(s, `C:\Windows`, "SystemRoot", "windir")
	system64 := windows + `\System32`
	if s.GOARCH() == "386" && s.Getenv("ProgramW6432") != "" {
		system64 = windows + `\Sysnative` // where a program of 32 bits sees the wide one
	}
	return strings.NewReplacer(
		"{Windows}", windows, "{System64}", system64, "{System32}", windows+`\SysWOW64`,
		"{Program64}", firstSet(s, `C:\Program Files`, "ProgramW6432", "ProgramFiles"),
		"{Program32}", firstSet(s, `C:\Program Files (x86)`, "ProgramFiles(x86)"),
	).Replace(part.Folder) + `\` + part.Name
}

// firstSet gives the first of these variables that is set.
func firstSet(s *Session, otherwise string, names ...string) string {
	for _, n := range names {
		if v := s.Getenv(n); v != "" {
			return strings.TrimRight(v, `\`)
		}
	}
	return otherwise
}

// largestPart bounds a file that is summed; the largest that ANS publishes has
// 2 MB.
const largestPart = 64 << 20

// sumOf is the MD5 of a file. ANS publishes no better sum: it tells a damaged
// file, and no more.
func sumOf(s *Session, path string) (string, error) {
	source, err := s.Open(path)
	if err != nil {
		return "", err
	}
	defer source.Close()
	if source.Size() > largestPart {
		return "", fmt.Errorf("%s: more than %d bytes", path, largestPart)
	}
	sum := md5.New()
	if _, err := io.Copy(sum, io.NewSectionReader(source, 0, source.Size())); err != nil {
		return "", err
	}
	return strings.ToUpper(hex.EncodeToString(sum.Sum(nil))), nil
}

// toolNeeds is the library that CPS Gestion asks the Linux loader for.
const toolNeeds = "libcps3_pkcs11_lux.so.0"

// unlinkedTool says that the Linux loader does not find the library that CPS
// Gestion asks it for. The package of ANS puts it into /usr/lib64, which is a
// folder of libraries on Red Hat, and on no Debian: ld.so(8) looks into its
// cache, then into the folders that it was built with.
func unlinkedTool(ctx context.Context, s *Session) []Fact {
	if _, found, _ := isThere(s, "/opt/santesocial/CPS/bin/cpgeslux"); s.GOOS() != "linux" || !found {
		return nil
	}
	cache, err := readText(s, "/etc/ld.so.cache", 16<<20)
	if err != nil || strings.Contains(cache, toolNeeds+"\x00") {
		return nil // found, or nothing to tell by
	}
	usual := []string{"/lib", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"}
	if system, err := s.System(ctx); err != nil || len(packages(system)) == 0 || packages(system)[0].Key != "debSystem" {
		usual = append(usual, "/lib64", "/usr/lib64")
	}
	for _, folder := range usual {
		if firstThere(s, folder+"/"+toolNeeds) != "" {
			return nil
		}
	}
	return []Fact{public("library", toolNeeds)}
}

// cryptolibVersion compares the release that is installed with the newest, and
// with the least one that knows the card in the reader.
func cryptolibVersion(ctx context.Context, s *Session) Result {
	newest, known := cryptolib.Newest(s.GOOS())
	release, from := installedRelease(s)
	var facts []Fact
	for _, p := range installedProbes(ctx, s) {
		if v := p.Info.Version; v != "" {
			facts = append(facts, public("libraryVersion", v))
			break
		}
	}
	installed, readable := numbers(release)
	if !known || !readable {
		return Result{Outcome: "unknown", Facts: facts}
	}
	facts = append(facts, public("version", release), public("versionFrom", from), public("newestVersion", newest.Newest))
	card, err := s.Card(ctx)
	least, _ := numbers(newest.CPS4)
	if err == nil && card.Generation == cps.CPS4 && slices.Compare(installed, least) < 0 {
		return Result{Outcome: "too-old", Facts: append(facts, public("generation", string(card.Generation)), public("leastVersion", newest.CPS4))}
	}
	if last, _ := numbers(newest.Newest); slices.Compare(installed, last) < 0 {
		return Result{Outcome: "older", Facts: facts}
	}
	return Result{Outcome: "current", Facts: facts}
}

// installedProbes are the probes of the Cryptolib, none when they did not come.
func installedProbes(ctx context.Context, s *Session) []pkcs11.Probe {
	probes, _, err := s.Modules(ctx)
	if err != nil {
		return nil
	}
	return ofCryptolib(probes)
}

// numbers are those of a version, three at least; false when it is none.
func numbers(version string) ([]int, bool) {
	var all []int
	for _, part := range strings.Split(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, false
		}
		all = append(all, n)
	}
	for len(all) < 3 {
		all = append(all, 0)
	}
	return all, true
}

// admFiles are what the RPM package tells the installers of the SESAM-Vitale
// world: the version of the Cryptolib in six digits.
var admFiles = []string{"/var/opt/santesocial/commun/adm/155.adm", "/var/opt/santesocial/commun/adm/154.adm"}

var sixDigits = regexp.MustCompile(`^(\d\d)(\d\d)(\d\d)\s`)

// installedRelease is the release of the Cryptolib that is installed and where
// that stands: the registry, the file that the RPM package writes, or the MD5
// of its module, when it is one that ANS publishes. "" when nothing tells: the
// version that the library itself gives is not that of the release.
func installedRelease(s *Session) (release, from string) {
	if s.GOOS() == "windows" {
		if version := registered(s); version != "" {
			return version, "registry"
		}
	}
	if s.GOOS() == "linux" {
		for _, file := range admFiles {
			text, err := readText(s, file, 256)
			if m := sixDigits.FindStringSubmatch(text + "\n"); err == nil && m != nil {
				a, _ := strconv.Atoi(m[1])
				b, _ := strconv.Atoi(m[2])
				c, _ := strconv.Atoi(m[3])
				return fmt.Sprintf("%d.%d.%d", a, b, c), file
			}
		}
	}
	for _, arch := range []string{"amd64", "386"} {
		for _, part := range cryptolib.Parts(s.GOOS(), arch) {
			if part.Kind != "module" || part.MD5 == "" {
				continue
			}
			if sum, err := sumOf(s, pathOf(s, part)); err == nil && sum == part.MD5 {
				return part.Release, "MD5"
			}
		}
	}
	return "", ""
}

// readText reads the beginning of a file.
func readText(s *Session, path string, most int64) (string, error) {
	source, err := s.Open(path)
	if err != nil {
		return "", err
	}
	defer source.Close()
	raw, err := io.ReadAll(io.NewSectionReader(source, 0, min(source.Size(), most)))
	return string(raw), err
}
