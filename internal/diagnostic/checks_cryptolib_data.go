package diagnostic

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"postecpx/assets/nomenclature"
	"postecpx/cardreader/pkcs11"
)

// folders are where the Cryptolib keeps its data. Sources: MSI specification
// v3.3.4, RPM package 5.2.2, release note 5.2.1 for macOS; a macOS or Windows
// one that no document names is "".
type folders struct{ cache, log, vault, config, dico string }

func foldersOf(s *Session) folders {
	switch s.GOOS() {
	case "windows":
		data := firstSet(s, `C:\ProgramData`, "ALLUSERSPROFILE", "ProgramData") + `\santesocial\CPS\`
		return folders{cache: data + "cache", log: data + "log", vault: data + "coffre", dico: firstSet(s, `C:\Windows`, "SystemRoot", "windir") + `\DICO-FR.GIP`}
	case "darwin":
		f := folders{cache: "/Library/Caches/santesocial/CPS", config: "/Library/Preferences/santesocial/CPS/cps3_pkcs11.conf", dico: "/Library/Preferences/DICO-FR.GIP"}
		if homes := s.Homes(); len(homes) > 0 {
			f.log = homes[0] + "/Library/Logs/santesocial/CPS"
		}
		return f
	}
	const etc = "/etc/opt/santesocial/CPS/"
	return folders{cache: etc + "cache", log: "/var/opt/santesocial/CPS/log", vault: etc + "Coffre", config: etc + "cps3_pkcs11.conf", dico: etc + "DICO-FR.GIP"}
}

// anyone is the right of everybody to write.
const anyone fs.FileMode = 0o002

// cryptolibFolders looks at the folder of the cache, in which every user must
// be able to write. The folder of the traces is made by the library when it
// needs it. That anyone may write into Coffre is how the package of ANS makes
// it, and a thing to know.
func cryptolibFolders(ctx context.Context, s *Session) Result {
	f := foldersOf(s)
	facts := []Fact{local("cacheFolder", f.cache)}
	info, found, err := isThere(s, f.cache)
	switch {
	case err != nil, !found && s.GOOS() == "darwin": // no document says who makes it there
		return Result{Outcome: "unknown", Facts: facts}
	case !found, !info.IsDir():
		return Result{Outcome: "missing", Facts: facts}
	case s.GOOS() == "windows": // the mode of a folder says nothing of its access list
		return Result{Outcome: "unknown", Facts: facts}
	}
	facts = append(facts, public("mode", info.Mode().Perm().String()))
	user, err := s.User(ctx)
	if info.Mode()&anyone == 0 && (err != nil || !user.Elevated) {
		return Result{Outcome: "rights", Facts: facts}
	}
	if f.vault != "" {
		if vault, found, _ := isThere(s, f.vault); found && vault.Mode()&anyone != 0 {
			return Result{Outcome: "usable-open", Facts: append(facts, local("worldWritable", f.vault))}
		}
	}
	return Result{Outcome: "usable", Facts: facts}
}

// traceKeys are where traces are switched on in Windows, for one person or
// all: external specification of the PKCS#11 library, v2.0.0.
var traceKeys = []string{`HKCU\Software\ASIP Sante\PKCS11`, `HKLM\SOFTWARE\ASIP Sante\PKCS11`}

// traceBlock is the section of cps3_pkcs11.conf that switches traces on; the
// library reads it whatever its letters.
var traceBlock = regexp.MustCompile(`(?is)\btraces\s*\{[^}]*\bactive\s*=\s*true`)

// cryptolibTraces looks for traces that were left on. The environment
// variables of the specification have no effect on the library 5.2.2, and are
// not looked at.
func cryptolibTraces(_ context.Context, s *Session) Result {
	var facts []Fact
	unseen := false
	if s.GOOS() == "windows" {
		facts, unseen = tracesOfWindows(s)
	} else {
		config := foldersOf(s).config
		text, err := readText(s, config, 64<<10)
		switch {
		case isNotExist(err):
		case err != nil:
			unseen = true
		case traceBlock.MatchString(withoutComments(text)):
			facts = append(facts, local("tracesSetIn", config))
		}
	}
	switch {
	case len(facts) > 0:
		return Result{Outcome: "on", Facts: append(facts, traceFiles(s)...)}
	case unseen:
		return Result{Outcome: "unknown"}
	}
	return Result{Outcome: "off"}
}

// tracesOfWindows names the keys that switch traces on, and the command that
// switches all of them off.
func tracesOfWindows(s *Session) (facts []Fact, unseen bool) {
	var off []string
	for _, name := range traceKeys {
		for _, view32 := range []bool{false, true} {
			key, err := s.Registry(name, view32)
			if err != nil {
				unseen = unseen || !isNotExist(err)
				continue
			}
			if !isOn(valueOf(key, "Traces")) {
				continue
			}
			command := "reg add '" + name + "' /v Traces /t REG_DWORD /d 0 /f"
			if view32 {
				command += " /reg:32"
			}
			off = append(off, command)
			if fact := local("tracesSetIn", name); !slices.Contains(facts, fact) {
				facts = append(facts, fact)
			}
		}
	}
	if len(off) > 0 {
		facts = append(facts, local("tracesOff", `powershell -Command "`+strings.Join(off, "; ")+`"`))
	}
	return facts, unseen
}

func isOn(value string) bool {
	n, err := strconv.ParseUint(strings.TrimSpace(value), 0, 64)
	return err == nil && n != 0 || strings.EqualFold(strings.TrimSpace(value), "true")
}

// withoutComments takes out the lines that a "#" begins.
func withoutComments(text string) string {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// traceFiles counts those that were written so far.
func traceFiles(s *Session) []Fact {
	folder := foldersOf(s).log
	names, err := s.ReadDir(folder)
	if folder == "" || err != nil {
		return nil
	}
	n := 0
	for _, name := range names {
		if strings.HasPrefix(strings.ToLower(name), "cps3") {
			n++
		}
	}
	return []Fact{local("logFolder", folder), public("traceFiles", strconv.Itoa(n))}
}

// cacheName is the name of a file of the cache: eight digits of the card
// number, and the path of the file on the card.
var cacheName = regexp.MustCompile(`^\d{8}_`)

// cryptolibCache looks at what the Cryptolib keeps of cards. The library 5.2
// mends a file of the card in the reader that it finds damaged: one that is
// still empty after it was loaded is one that it could not write.
func cryptolibCache(ctx context.Context, s *Session) Result {
	folder := foldersOf(s).cache
	facts := []Fact{local("cacheFolder", folder)}
	names, err := s.ReadDir(folder)
	switch {
	case isNotExist(err):
		return Result{Outcome: "empty", Facts: facts}
	case err != nil:
		return Result{Outcome: "unknown", Facts: facts}
	}
	own, issued := "", time.Time{}
	if card, err := s.Card(ctx); err == nil && len(card.Number) == 10 {
		own = card.Number[:8] + "_"
		if !card.Issued.IsZero() && !clockDoubtful(s) {
			issued = day(card.Issued)
		}
	}
	files, stale, damaged := 0, []Fact(nil), []Fact(nil)
	for _, name := range names {
		if !cacheName.MatchString(name) {
			continue
		}
		info, err := s.Lstat(join(s, folder, name))
		if err != nil || !info.Mode().IsRegular() {
			continue // it went away
		}
		files++
		mine := own != "" && strings.HasPrefix(name, own)
		switch {
		case mine && !issued.IsZero() && !info.ModTime().IsZero() && info.ModTime().Before(issued):
			stale = append(stale, person("cacheFile", name))
		case info.Size() == 0 && (mine || own == ""):
			damaged = append(damaged, person("cacheFile", name))
		}
	}
	facts = append(facts, public("cacheFiles", strconv.Itoa(files)))
	switch {
	case len(stale) > 0:
		return Result{Outcome: "stale", Facts: append(facts, stale[:min(len(stale), 16)]...)}
	case len(damaged) > 0:
		return Result{Outcome: "damaged", Facts: append(facts, damaged[:min(len(damaged), 16)]...)}
	case files == 0:
		return Result{Outcome: "empty", Facts: facts}
	}
	return Result{Outcome: "sound", Facts: facts}
}

func join(s pkcs11.Host, folder, name string) string {
	if s.GOOS() == "windows" {
		return folder + `\` + name
	}
	return folder + "/" + name
}

// cryptolibDICO verifies the table of labels that CPS Gestion shows.
func cryptolibDICO(_ context.Context, s *Session) Result {
	path := foldersOf(s).dico
	facts := []Fact{local("dicoFile", path)}
	source, err := s.Open(path)
	switch {
	case isNotExist(err):
		return Result{Outcome: "missing", Facts: facts}
	case err != nil:
		return Result{Outcome: "unknown", Facts: facts}
	}
	defer source.Close()
	dictionary, err := nomenclature.ReadDICO(io.NewSectionReader(source, 0, source.Size()))
	switch {
	case errors.Is(err, nomenclature.ErrDICO):
		return Result{Outcome: "damaged", Facts: append(facts, local("detail", err.Error()))}
	case err != nil:
		return Result{Outcome: "unknown", Facts: facts}
	}
	return Result{Outcome: "sound", Facts: append(facts, public("dicoVersion", dictionary.Version()))}
}
