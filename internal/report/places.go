package report

import (
	"regexp"
	"slices"
	"strings"
)

// Places that every workstation of a kind has: they say nothing of one of them,
// and nobody's name stands in them, whoever is called Bin or Linux.
var (
	// knownPlace is the beginning of a path, as far as it is known.
	knownPlace = regexp.MustCompile(`(?i)(?:` + strings.Join([]string{
		`/(?:usr/)?(?:local/)?(?:bin|sbin|lib(?:32|64|exec)?|share)\b` + triplet + `(?:/(?:pcsc|drivers|pkcs11|p11-kit|modules|mozilla|firefox(?:-esr)?|opensc|SmartCardServices)\b)*`,
		`/(?:usr|etc|var)(?:/(?:local|opt|lib|log|cache|run|share|etc)\b)?` + santesocial,
		`/(?:System/)?Library\b(?:/(?:Application Support|Frameworks|Preferences|Caches|Logs|Keychains|CoreServices|OpenSC|Mozilla)\b)*` + santesocial,
		`/(?:opt|run|tmp|srv|proc|dev|sys|mnt|media|home|root|users|applications|volumes|private|snap)\b` + santesocial,
		`\b[a-z]:[\\/]{1,2}(?:windows|program files(?: \(x86\))?|programdata|users|documents and settings)(?:[\\/]{1,2}(?:system32|syswow64|sysnative|mozilla firefox|opensc project|opensc|pkcs11|santesocial|santeestoolbox|cps)\b)*`,
		`\bHK(?:LM|CU|EY_LOCAL_MACHINE|EY_CURRENT_USER)\\(?:software|system|policies|microsoft|windows|wow6432node|asip sante|currentversion|ccm|\\)*`,
		knownNames,
	}, `|`) + `)`)
	// publicPlace is a whole path that a report may show whatever it leaves out.
	publicPlace = regexp.MustCompile(`(?i)^(?:(?:` + strings.Join([]string{
		`/(?:usr/)?(?:local/)?(?:bin|sbin|lib(?:32|64|exec)?|share)`, `/(?:etc/|var/)?opt/santesocial`, `/usr/local/galss`,
		`/etc/(?:reader\.conf\.d|polkit-1|pkcs11|pki|ssl|systemd|ca-certificates|firefox|os-release|resolv\.conf|fstab|hosts)`, `/(?:var/)?run/pcscd`,
		`/System/Library`, `/Library/(?:Application Support|Caches|Preferences|Logs)/(?:santesocial|Mozilla)`, `/Library/Frameworks/cps3\.framework`,
		`/Library/OpenSC`, `/Library/Keychains`, `/Library/Preferences/(?:DICO-FR\.GIP|com\.apple\.security\.smartcard(?:\.plist)?)`,
		`/Applications/(?:cpgesosx|Firefox)\.app`, `/opt/(?:firefox|homebrew/lib|local/lib)`,
		`[a-z]:[\\/]{1,2}windows`, `[a-z]:[\\/]{1,2}program files(?: \(x86\))?[\\/]{1,2}(?:santesocial|santeestoolbox|mozilla firefox|opensc project)`,
		`[a-z]:[\\/]{1,2}programdata[\\/]{1,2}(?:santesocial|santeestoolbox)`, `HK(?:LM|CU|EY_LOCAL_MACHINE|EY_CURRENT_USER)\\software`,
	}, `|`) + `)(?:[\\/][\w .+()@{}\\/-]*)?|(?:` + knownNames + `)(?:\.[\w.]{1,16})?)$`)
)

const (
	triplet     = `(?:/(?:x86_64|i386|aarch64|arm)-linux-gnu(?:eabihf)?\b)?`
	santesocial = `(?:/santesocial\b(?:/(?:CPS|commun|lib|bin|cache|log|adm|Coffre)\b)*)?`
	// knownNames are files that are called so everywhere.
	knownNames = `\b(?:lib)?cps3?_pkcs11(?:_pcsc)?(?:_(?:lux|osx|w32|w64))?\b|\blibpcsclite\b|\bpcscd\b|\bopensc-pkcs11\b|\bcpges(?:lux|osx|w32|w64)?\b|\bDICO-FR\b`
)

// knownPlaces are the places in a text: where they begin and end. A path within
// another is none.
func knownPlaces(text string) [][]int {
	found := knownPlace.FindAllStringIndex(text, -1)
	return slices.DeleteFunc(found, func(at []int) bool {
		return text[at[0]] == '/' && at[0] > 0 && !strings.ContainsAny(text[at[0]-1:at[0]], " \"'([=:,;|")
	})
}

// isPublic tells whether a value is a path, or the name of a file, that says
// nothing of this workstation.
func isPublic(value string) bool {
	return !strings.Contains(value, "..") && publicPlace.MatchString(value)
}

// somePath is a path wherever it stands in a text, after the sign before it.
// Spaces belong to it as far as a separator comes after them.
var somePath = regexp.MustCompile(`(^|[\s"'(\[=«,;|]|file://|:)(` +
	`~?/` + foldersOf(`/`) + `|` +
	`(?:[A-Za-z]:[\\/]|\\\\)` + foldersOf(`\\/`) + `|` +
	`~\\` + foldersOf(`\\/`) + `)`)

func foldersOf(separators string) string {
	const part = `[^\\/\s"'<>|*?:,;]+`
	return `(?:` + part + `(?: ` + part + `)*[` + separators + `]+)*(?:` + part + `)?`
}

// hidePaths puts a placeholder in the place of each path that is not public.
func (s *sweeper) hidePaths(text string) string {
	return somePath.ReplaceAllStringFunc(text, func(found string) string {
		at := somePath.FindStringSubmatch(found)
		if strings.Trim(at[2], `/\~`) == "" || isPublic(at[2]) {
			return found
		}
		return at[1] + s.hold(s.redactor.hidden("path", at[2]))
	})
}
