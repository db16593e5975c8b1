package pkcs11

import (
	"strings"
)

// p11Kit adds the modules of the p11-kit configuration: pkcs11.conf(5). A
// person's file that replaces one of the system's does not hide it, and a
// module that is disabled for some programs is listed all the same.
func (f *finder) p11Kit() {
	var folders []string
	switch f.system {
	case "windows":
		return
	case "darwin":
		for _, prefix := range []string{"/opt/homebrew", "/usr/local", "/opt/local"} {
			folders = append(folders, prefix+"/share/p11-kit/modules", prefix+"/etc/pkcs11/modules")
		}
	default:
		folders = []string{"/usr/share/p11-kit/modules", "/usr/local/share/p11-kit/modules", "/etc/pkcs11/modules"}
	}
	for _, home := range f.configHomes() {
		folders = append(folders, f.system.join(home, "pkcs11/modules"))
	}
	for _, folder := range folders {
		for _, file := range f.entries(folder, p11KitFile) {
			data, there := f.config(file)
			if !there {
				continue
			}
			path, err := parseP11Kit(data)
			if err != nil {
				f.fail(file, err)
			}
			if path != "" {
				name := strings.TrimSuffix(f.system.base(file), ".module")
				f.declare(path, f.p11KitFolder(path), Declaration{By: "p11-kit", File: file, Name: name})
			}
		}
	}
}

// configHomes are the folders of a person's configuration: XDG Base Directory
// Specification.
func (f *finder) configHomes() []string {
	if set := f.host.Getenv("XDG_CONFIG_HOME"); f.system.absolute(set) {
		return []string{set}
	}
	var folders []string
	for _, home := range f.host.Homes() {
		folders = append(folders, f.system.join(home, ".config"))
	}
	return folders
}

// p11KitFolder returns the folder that a relative module path starts at: the
// one of p11-kit's module folders that has the file, else the first.
func (f *finder) p11KitFolder(path string) string {
	if f.system.absolute(path) {
		return ""
	}
	libraries := unixLibraryFolders(f.host)
	if f.system == "darwin" {
		libraries = []string{"/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib"}
	}
	first := ""
	for _, folder := range libraries {
		folder += "/pkcs11"
		if f.lies(f.system.join(folder, path)) {
			return folder
		}
		if first == "" && f.lies(folder) {
			first = folder
		}
	}
	if first == "" {
		first = "/usr/lib/pkcs11"
	}
	return first
}

// p11KitFile says whether a file of this name is a module configuration: it
// begins with a letter or digit, and goes on with these, "_", "-", "." or ",".
func p11KitFile(name string) bool {
	for i, c := range []byte(name) {
		if !isLetter(c) && !('0' <= c && c <= '9') && (i == 0 || !strings.ContainsRune("_-.,", rune(c))) {
			return false
		}
	}
	return name != ""
}

// parseP11Kit returns the value of "module" in a p11-kit module configuration,
// "" when it has none. What is understood is returned beside the error.
func parseP11Kit(data []byte) (path string, err error) {
	if err := checkText(data); err != nil {
		return "", err
	}
	for number, line := range lines(data) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			err = badLine(err, number, line)
			continue
		}
		if strings.TrimSpace(name) == "module" {
			path = strings.TrimSpace(value)
		}
	}
	return path, err
}
