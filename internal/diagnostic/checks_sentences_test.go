package diagnostic_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// settledGroups are those whose sentences follow the rules below.
var settledGroups = []diagnostic.Group{
	diagnostic.GroupSystem, diagnostic.GroupPCSC, diagnostic.GroupReader, diagnostic.GroupCard, diagnostic.GroupIdentifier, diagnostic.GroupCryptolib,
}

// sentenceOf is what is said on that system, "" when nothing is.
func sentenceOf(all map[string]string, key, goos string) string {
	if text := all[key+"."+goos]; text != "" {
		return text
	}
	return all[key]
}

// TestSentencesAreAlike: a summary is a line without a full stop, a meaning is
// sentences, and a step that points at a link or at a command has one.
func TestSentencesAreAlike(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		all := sentences(t, tag)
		for _, c := range diagnostic.Catalogue() {
			if !slices.Contains(settledGroups, c.Group) {
				continue
			}
			for name, o := range c.Outcomes {
				key := "check." + string(c.Code) + "." + name
				if text := strings.TrimSpace(filled.ReplaceAllString(all[key], "")); strings.HasSuffix(text, ".") || strings.Contains(text, ". ") || strings.Contains(text, "\n") {
					t.Errorf("%s: %s is more than a line: %q", tag, key, text)
				}
				if text := all[key+".meaning"]; text != "" && !endsSentence.MatchString(text) {
					t.Errorf("%s: %s.meaning does not end: %q", tag, key, text)
				}
				for _, goos := range systems {
					remedy, command := sentenceOf(all, key+".remedy", goos), sentenceOf(all, key+".command", goos)
					if pointsAtLink.MatchString(remedy) && len(o.Links) == 0 {
						t.Errorf("%s: %s has no link for %s", tag, key, goos)
					}
					if pointsAtCommand.MatchString(remedy) && command == "" && !(goos == "darwin" && slices.Contains(notOfMacOS, name)) {
						t.Errorf("%s: %s has no command for %s", tag, key, goos)
					}
				}
			}
		}
	}
}

// notOfMacOS are outcomes of pcsc.service that macOS, whose service is part of
// it, does not come to.
var notOfMacOS = []string{"missing", "disabled", "not-kept"}

var (
	filled          = regexp.MustCompile(`\{\{[^}]*\}\}`)
	endsSentence    = regexp.MustCompile(`[.?!](\{\{end\}\})?$`)
	pointsAtLink    = regexp.MustCompile(`lien ci-dessous|link below`)
	pointsAtCommand = regexp.MustCompile(`commande ci-dessous|command below`)
)

// TestCommandsOfWindows: the same line works in the prompt and in PowerShell,
// which do not join or name commands in the same way.
func TestCommandsOfWindows(t *testing.T) {
	t.Parallel()
	alone := regexp.MustCompile(`^(cmd /c|powershell -Command) "[^"]+"$`)
	own := regexp.MustCompile(`^[a-z0-9]+( [/-]?[a-zA-Z-]+)*$`)
	for key, text := range sentences(t, "fr") {
		if !strings.HasSuffix(key, ".command.windows") || !ofSettled(key) || strings.HasPrefix(text, "{{.") {
			continue
		}
		if !alone.MatchString(text) && !own.MatchString(text) {
			t.Errorf("%s: %s", key, text)
		}
	}
}

func ofSettled(key string) bool {
	for _, c := range diagnostic.Catalogue() {
		if strings.HasPrefix(key, "check."+string(c.Code)+".") {
			return slices.Contains(settledGroups, c.Group)
		}
	}
	return false
}

// TestReinstalling: the installer of ANS for Windows does not replace the same
// version, nor does the tool of Red Hat without being told to.
func TestReinstalling(t *testing.T) {
	t.Parallel()
	first := []string{"installed.absent", "installed.absent-other", "version.older", "version.too-old"}
	for tag, words := range map[string]struct{ download, remove string }{
		"fr": {"CryptolibCPS….exe", "Ouvrez Paramètres, Applications, Cryptolib CPS, Désinstaller (droits d'administrateur)"},
		"en": {"CryptolibCPS….exe", "Open Settings, Apps, Cryptolib CPS, Uninstall (administrator rights)"},
	} {
		seen := 0
		for key, text := range sentences(t, tag) {
			outcome, remedy, _ := strings.Cut(strings.TrimPrefix(key, "check.cryptolib."), ".remedy.")
			again := !slices.Contains(first, outcome)
			switch {
			case !strings.HasPrefix(key, "check.cryptolib."):
			case remedy == "windows" && strings.Contains(text, words.download):
				seen++
				if strings.Contains(text, words.remove) != again {
					t.Errorf("%s: %s: %s", tag, key, text)
				}
			case remedy == "linux" && strings.Contains(text, "CryptolibCPS-*.x86_64.rpm{{else}}"):
				seen++
				if strings.Contains(text, "sudo rpm -Uvh --force ./") != again || strings.Contains(text, "dnf") {
					t.Errorf("%s: %s: %s", tag, key, text)
				}
			}
		}
		if seen < 30 {
			t.Errorf("%s: %d remedies seen", tag, seen)
		}
	}
}
