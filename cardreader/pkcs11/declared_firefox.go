package pkcs11

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// profiles adds the modules of each Firefox profile that a profiles.ini lists,
// those of the snap, Flatpak and Microsoft Store editions included.
func (f *finder) profiles() {
	for _, p := range f.profileFolders() {
		f.database(f.system.join(p.folder, "pkcs11.txt"), "firefox-profile")
	}
}

func (f *finder) firefoxRoots() []firefoxRoot {
	var roots []firefoxRoot
	add := func(edition Edition, folder string) {
		if root := (firefoxRoot{folder, edition}); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	switch f.system {
	case "windows":
		if roaming := f.host.Getenv("APPDATA"); f.system.absolute(roaming) {
			add(Installed, f.system.join(roaming, `Mozilla\Firefox`))
		}
		if own := f.host.Getenv("LOCALAPPDATA"); f.system.absolute(own) {
			add(Store, f.system.join(own, `Packages\Mozilla.Firefox_n80bbvh6b1yt2\LocalCache\Roaming\Mozilla\Firefox`))
		}
		for _, home := range f.host.Homes() {
			add(Installed, f.system.join(home, `AppData\Roaming\Mozilla\Firefox`))
		}
	case "darwin":
		for _, home := range f.host.Homes() {
			add(Installed, f.system.join(home, "Library/Application Support/Firefox"))
		}
	default:
		for _, home := range f.configHomes() {
			add(Installed, f.system.join(home, "mozilla/firefox"))
		}
		for _, home := range f.host.Homes() {
			add(Installed, f.system.join(home, ".mozilla/firefox"))
			add(Snap, f.system.join(home, "snap/firefox/common/.mozilla/firefox"))
			for _, folder := range []string{".mozilla/firefox", "config/mozilla/firefox"} {
				add(Flatpak, f.system.join(home, ".var/app/org.mozilla.firefox/"+folder))
			}
		}
	}
	return roots
}

// databases adds the modules of the NSS databases that are no profile: the
// person's, which Chrome and Chromium use on Linux, and the system's.
func (f *finder) databases() {
	if f.system.windows() || f.system == "darwin" {
		return
	}
	for _, home := range f.host.Homes() {
		for _, folder := range []string{".pki/nssdb", "snap/chromium/current/.pki/nssdb"} {
			f.database(f.system.join(home, folder+"/pkcs11.txt"), "nss-database")
		}
	}
	f.database("/etc/pki/nssdb/pkcs11.txt", "nss-database")
}

func (f *finder) database(file, by string) {
	data, there := f.config(file)
	if !there {
		return
	}
	modules, err := parsePKCS11Text(data)
	if err != nil {
		f.fail(file, err)
	}
	for _, module := range modules {
		f.declare(module.path, "", Declaration{By: by, File: file, Name: module.name})
	}
}

// policies adds the modules that an administrator gives to Firefox: policy
// SecurityDevices of a policies.json, or of the Windows group policy.
func (f *finder) policies() {
	var files []string
	switch f.system {
	case "windows":
		for _, programs := range programFolders(f.host) {
			files = append(files, f.system.join(programs, `Mozilla Firefox\distribution\policies.json`))
		}
		f.groupPolicy()
	case "darwin":
		files = []string{"/Applications/Firefox.app/Contents/Resources/distribution/policies.json"}
		for _, home := range f.host.Homes() {
			files = append(files, f.system.join(home, files[0]))
		}
	default:
		files = []string{"/etc/firefox/policies/policies.json"}
		for _, folder := range []string{
			"/usr/lib64/firefox", "/usr/lib/firefox", "/usr/lib/firefox-esr", "/usr/share/firefox",
			"/usr/share/firefox-esr", "/opt/firefox", "/snap/firefox/current/usr/lib/firefox",
		} {
			files = append(files, folder+"/distribution/policies.json")
		}
		for _, processor := range []string{"x86_64", "aarch64"} {
			flatpak := "flatpak/extension/org.mozilla.firefox.systemconfig/" + processor + "/stable/policies/policies.json"
			files = append(files, "/var/lib/"+flatpak)
			for _, home := range f.host.Homes() {
				files = append(files, f.system.join(home, ".local/share/"+flatpak))
			}
		}
	}
	for _, file := range files {
		data, there := f.config(file)
		if !there {
			continue
		}
		modules, err := parsePolicies(data)
		if err != nil {
			f.fail(file, err)
		}
		for _, module := range modules {
			f.declare(module.path, "", Declaration{By: "firefox-policy", File: file, Name: module.name})
		}
	}
}

func (f *finder) groupPolicy() {
	for _, hive := range []string{`HKLM\`, `HKCU\`} {
		for _, list := range []string{`Software\Policies\Mozilla\Firefox\SecurityDevices`, `Software\Policies\Mozilla\Firefox\SecurityDevices\Add`} {
			// Windows shares Software\Policies between the views.
			values := f.registry(hive+list, false).Values
			for _, name := range slices.Sorted(maps.Keys(values)) {
				if name != "" && values[name] != "" {
					f.declare(values[name], "", Declaration{By: "firefox-policy", File: hive + list, Name: name})
				}
			}
		}
	}
}

// parsePolicies returns the modules of the policy SecurityDevices, in its form
// with "Add" and in the older one, by name.
func parsePolicies(data []byte) ([]namedPath, error) {
	var file struct {
		Policies struct {
			SecurityDevices map[string]json.RawMessage
		} `json:"policies"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("no Firefox policies: %w", err)
	}
	devices := map[string]json.RawMessage{}
	for name, value := range file.Policies.SecurityDevices {
		switch name {
		case "Add":
			var added map[string]json.RawMessage
			if err := json.Unmarshal(value, &added); err != nil {
				return nil, fmt.Errorf("policy SecurityDevices, Add: %w", err)
			}
			maps.Copy(devices, added)
		case "Delete":
		default:
			devices[name] = value
		}
	}
	var modules []namedPath
	var failure error
	for _, name := range slices.Sorted(maps.Keys(devices)) {
		var path string
		if err := json.Unmarshal(devices[name], &path); err != nil || path == "" {
			failure = fmt.Errorf("policy SecurityDevices: the path of %q is no text", shortName(name))
			continue
		}
		if len(modules) == maxEntries {
			return modules, errTooMany
		}
		modules = append(modules, namedPath{name: name, path: path})
	}
	return modules, failure
}

// profileFolder is where a profile lies; relative to the folder of its
// profiles.ini when relative is set.
type profileFolder struct {
	name     string
	path     string
	relative bool
	number   int // of its section; Firefox shows the profiles in that order
}

// parseProfiles returns the profiles of a profiles.ini. What is understood is
// returned beside the error.
func parseProfiles(data []byte) (folders []profileFolder, err error) {
	if err := checkText(data); err != nil {
		return nil, err
	}
	current, inProfile := profileFolder{}, false
	end := func() bool {
		if inProfile && current.path != "" {
			if len(folders) == maxEntries {
				err = errTooMany
				return false
			}
			folders = append(folders, current)
		}
		return true
	}
	for number, line := range lines(data) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			if !end() {
				return folders, err
			}
			var number string
			number, inProfile = strings.CutPrefix(line, "[Profile")
			current = profileFolder{number: math.MaxInt}
			if n, err := strconv.Atoi(strings.TrimSuffix(number, "]")); err == nil {
				current.number = n
			}
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			err = badLine(err, number, line)
			continue
		}
		switch strings.TrimSpace(name) {
		case "Name":
			current.name = strings.TrimSpace(value)
		case "Path":
			current.path = strings.TrimSpace(value)
		case "IsRelative":
			current.relative = strings.TrimSpace(value) == "1"
		}
	}
	end()
	return folders, err
}
