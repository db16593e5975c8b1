package pkcs11

import (
	"slices"
	"strings"
)

// knownPlaces adds what lies where the Cryptolib CPS and OpenSC are installed.
//
// The places of the Cryptolib are those of the ANS release notes and packages
// (Windows and macOS since 5.0, RPM 5.2), of the CPS2ter generation and of the
// removal script of the macOS package; those of OpenSC are its packages' and
// Homebrew's.
func (f *finder) knownPlaces() {
	var places []string
	switch f.system {
	case "windows":
		places = f.windowsPlaces()
	case "darwin":
		places = darwinPlaces
	default:
		places = f.unixPlaces()
	}
	for _, path := range places {
		if f.ended() {
			return
		}
		if f.lies(path) {
			f.add(path, Declaration{By: "known-place"})
		}
	}
}

var darwinPlaces = []string{
	"/usr/local/lib/libcps3_pkcs11_osx.dylib",
	"/usr/lib/libcps3_pkcs11_osx.dylib",
	"/Library/Frameworks/cps3.framework/cps3_pkcs11",
	"/usr/local/lib/libcps_pkcs11_osx.dylib",
	"/usr/local/lib/libcps_pkcs11_pcsc_osx.dylib",
	"/usr/lib/libcps_pkcs11_osx.dylib",
	"/usr/lib/libcps_pkcs11_pcsc_osx.dylib",

	"/Library/OpenSC/lib/opensc-pkcs11.so",
	"/Library/OpenSC/lib/pkcs11/opensc-pkcs11.so",
	"/usr/local/lib/opensc-pkcs11.so",
	"/usr/local/lib/pkcs11/opensc-pkcs11.so",
	"/opt/homebrew/lib/pkcs11/opensc-pkcs11.so",
	"/opt/homebrew/lib/opensc-pkcs11.so",
	"/opt/local/lib/opensc-pkcs11.so",
}

func (f *finder) unixPlaces() []string {
	folders := unixLibraryFolders(f.host)
	places := []string{"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"}
	for _, name := range []string{"libcps3_pkcs11_lux.so", "libcps_pkcs11_pcsc_lux.so", "libcps_pkcs11_lux.so"} {
		for _, folder := range folders {
			places = append(places, folder+"/"+name)
		}
		places = append(places, "/usr/local/galss/"+name)
	}
	for _, folder := range folders {
		places = append(places, folder+"/opensc-pkcs11.so", folder+"/pkcs11/opensc-pkcs11.so")
	}
	return places
}

// unixLibraryFolders are the folders of libraries on a Linux system: those of
// our own width first, then the others, because a module of the wrong width is
// a thing to be told.
func unixLibraryFolders(host Host) []string {
	var folders []string
	if triplet := triplets[host.GOARCH()]; triplet != "" {
		folders = append(folders, "/usr/lib/"+triplet)
	}
	folders = append(folders, "/usr/lib64", "/usr/lib")
	// A folder that cannot be listed shows itself when its files are asked for.
	names, _ := host.ReadDir("/usr/lib")
	for _, name := range names {
		if strings.Contains(name, "-linux-gnu") && len(folders) < 16 {
			folders = append(folders, "/usr/lib/"+name)
		}
	}
	folders = append(folders, "/usr/lib32", "/usr/local/lib64", "/usr/local/lib")
	return unique(folders)
}

// triplets are the names of Debian's library folders.
var triplets = map[string]string{
	"386":     "i386-linux-gnu",
	"amd64":   "x86_64-linux-gnu",
	"arm":     "arm-linux-gnueabihf",
	"arm64":   "aarch64-linux-gnu",
	"loong64": "loongarch64-linux-gnu",
	"ppc64le": "powerpc64le-linux-gnu",
	"riscv64": "riscv64-linux-gnu",
	"s390x":   "s390x-linux-gnu",
}

// unique returns the strings in their order, each once.
func unique(all []string) []string {
	var kept []string
	for _, one := range all {
		if !slices.Contains(kept, one) {
			kept = append(kept, one)
		}
	}
	return kept
}

func (f *finder) windowsPlaces() []string {
	var places []string
	systemFolders := windowsSystemFolders(f.host)
	for _, name := range []string{"cps3_pkcs11_w64.dll", "cps3_pkcs11_w32.dll", "cps3_pkcs11.dll", "cps_pkcs11_pcsc_w32.dll", "cps_pkcs11_w32.dll"} {
		for _, folder := range systemFolders {
			places = append(places, f.system.join(folder, name))
		}
	}
	for _, programs := range programFolders(f.host) {
		for _, vendor := range []string{"santesocial", "santeestoolbox"} {
			places = append(places, f.below(f.system.join(programs, vendor), 3)...)
		}
	}
	for _, programs := range programFolders(f.host) {
		places = append(places, f.system.join(programs, `OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll`))
	}
	for _, folder := range systemFolders {
		places = append(places, f.system.join(folder, "opensc-pkcs11.dll"))
	}
	return places
}

// below returns the Cryptolib files in a folder and a few levels under it.
func (f *finder) below(folder string, levels int) []string {
	if f.ended() {
		return nil
	}
	names, err := f.host.ReadDir(folder)
	if err != nil {
		if !isMissing(err) {
			f.fail(folder, err)
		}
		return nil
	}
	var places []string
	for _, name := range names[:min(len(names), 64)] {
		path := f.system.join(folder, name)
		if family, _ := familyOf(f.system, path, path); family == Cryptolib && strings.HasSuffix(strings.ToLower(name), ".dll") {
			places = append(places, path)
		} else if info, err := f.host.Lstat(path); err == nil && info.IsDir() && levels > 1 {
			places = append(places, f.below(path, levels-1)...)
		}
	}
	return places
}

func windowsFolder(host Host) string {
	for _, name := range []string{"SystemRoot", "windir"} {
		if folder := host.Getenv(name); system("windows").absolute(folder) {
			return folder
		}
	}
	return `C:\Windows`
}

func windowsSystemFolders(host Host) []string {
	s := system("windows")
	return []string{s.join(windowsFolder(host), "System32"), s.join(windowsFolder(host), "SysWOW64")}
}

func programFolders(host Host) []string {
	var folders []string
	for _, name := range []string{"ProgramW6432", "ProgramFiles", "ProgramFiles(x86)"} {
		if folder := host.Getenv(name); system("windows").absolute(folder) {
			folders = append(folders, folder)
		}
	}
	return unique(append(folders, `C:\Program Files`, `C:\Program Files (x86)`))
}
