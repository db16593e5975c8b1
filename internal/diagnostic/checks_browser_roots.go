package diagnostic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"postecpx/cardreader/pkcs11"
)

// lookAtFirefoxRoots tells whether Firefox trusts the authorities that the
// system does. Its own store, cert9.db, is a database that is not read: what
// it holds stays unknown.
func lookAtFirefoxRoots(ctx context.Context, s *Session) Result {
	profiles, errs := usedProfiles(ctx, s)
	switch {
	case len(profiles) == 0 && len(errs) > 0:
		return Result{Outcome: "unseen", Facts: unseen(errs[0], person)}
	case len(profiles) == 0:
		return Result{Outcome: "none"}
	case s.GOOS() == "linux":
		return Result{Outcome: "own-store", Facts: []Fact{public("profilesConcerned", strconv.Itoa(len(profiles)))}}
	}
	policy, decided := importPolicy(s)
	var own []pkcs11.Profile
	for _, p := range profiles {
		if decided && !policy || !decided && !trustsSystem(s, p) {
			own = append(own, p)
		}
	}
	if len(own) > 0 {
		return Result{Outcome: "own-store", Facts: profileFacts(lastFirst(own))}
	}
	switch roots, _ := s.Found("roots.installed"); {
	case roots.Status == OK:
		return Result{Outcome: "system", Facts: []Fact{public("profiles", strconv.Itoa(len(profiles)))}}
	case roots.Status == Warning || roots.stops():
		return Result{Because: "roots.installed"}
	}
	return Result{Outcome: "unseen", Facts: []Fact{public("cause", "roots-unseen")}}
}

// trustsSystem tells whether a profile takes over the authorities of Windows
// or macOS: its preference security.enterprise_roots.enabled, which is on
// unless it was changed since Firefox 120.
func trustsSystem(s *Session, p pkcs11.Profile) bool {
	for _, name := range []string{"user.js", "prefs.js"} { // the first wins
		data, err := browserFile(s, p.Folder, name)
		if err != nil {
			continue
		}
		if found := enterpriseRoots.FindAllSubmatch(data, -1); len(found) > 0 {
			return string(found[len(found)-1][1]) == "true"
		}
	}
	version, _, _ := strings.Cut(compatibility(s, p)["LastVersion"], ".")
	major, err := strconv.Atoi(version)
	return err == nil && major >= 120
}

var enterpriseRoots = regexp.MustCompile(`(?m)^\s*user_pref\("security\.enterprise_roots\.enabled",\s*(true|false)\);`)

// importPolicy is what the policy Certificates decides: of the group policies
// of Windows, else of a policies.json.
func importPolicy(s *Session) (on, decided bool) {
	for _, hive := range []string{`HKLM\`, `HKCU\`} {
		key, err := s.Registry(hive+`Software\Policies\Mozilla\Firefox\Certificates`, false)
		if value := key.Values["ImportEnterpriseRoots"]; err == nil && value != "" {
			return value == "1", true
		}
	}
	folders := []string{"/Applications/Firefox.app/Contents/Resources/distribution"}
	if s.GOOS() == "windows" {
		folders = nil
		for _, name := range []string{"ProgramW6432", "ProgramFiles", "ProgramFiles(x86)"} {
			if programs := s.Getenv(name); programs != "" {
				folders = append(folders, programs+`\Mozilla Firefox\distribution`)
			}
		}
	}
	for _, folder := range folders {
		data, err := browserFile(s, folder, "policies.json")
		if err != nil {
			continue
		}
		var file struct {
			Policies struct {
				Certificates struct{ ImportEnterpriseRoots *bool }
			} `json:"policies"`
		}
		if json.Unmarshal(data, &file) == nil && file.Policies.Certificates.ImportEnterpriseRoots != nil {
			return *file.Policies.Certificates.ImportEnterpriseRoots, true
		}
	}
	return false, false
}

// compatibility are the values of the compatibility.ini of a profile: the
// Firefox that used it last.
func compatibility(s *Session, p pkcs11.Profile) map[string]string {
	values := map[string]string{}
	data, err := browserFile(s, p.Folder, "compatibility.ini")
	if err != nil {
		return values
	}
	for line := range bytes.Lines(data) {
		if name, value, ok := strings.Cut(strings.TrimSpace(string(line)), "="); ok {
			values[name] = value
		}
	}
	return values
}

// longestBrowserFile bounds what is read of a profile; a prefs.js has some
// hundred kilobytes.
const longestBrowserFile = 8 << 20

func browserFile(s *Session, folder, name string) ([]byte, error) {
	separator := "/"
	if s.GOOS() == "windows" {
		separator = `\`
	}
	source, err := s.Open(folder + separator + name)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	if source.Size() > longestBrowserFile {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", name, source.Size(), longestBrowserFile)
	}
	data := make([]byte, source.Size())
	n, err := source.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}
