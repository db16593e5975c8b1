package diagnostic_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// modulePath is where the Cryptolib lies on each system.
var modulePath = map[string]string{
	"linux":   "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
	"darwin":  "/usr/local/lib/libcps3_pkcs11_osx.dylib",
	"windows": `C:\Windows\System32\cps3_pkcs11_w64.dll`,
}

// withCryptolib is a workstation where the Cryptolib works.
func withCryptolib(goos string) *imagined.Workstation {
	w := imagined.New(goos).File(modulePath[goos], "")
	w.Probes = []pkcs11.Probe{{
		Module: pkcs11.Module{Path: modulePath[goos], Name: "Cryptolib CPS", Family: pkcs11.Cryptolib,
			DeclaredBy: []pkcs11.Declaration{{By: "known-place"}}},
		File: pkcs11.File{Status: pkcs11.OK, Arch: []string{w.Arch}}, Status: pkcs11.OK,
		Info: pkcs11.Info{Manufacturer: "ANS", Version: "3.4"},
	}}
	return w
}

// firefoxHome is where the editions keep their profiles.
var firefoxHome = map[string]string{
	"linux":   "/home/camille/.mozilla/firefox",
	"snap":    "/home/camille/snap/firefox/common/.mozilla/firefox",
	"flatpak": "/home/camille/.var/app/org.mozilla.firefox/.mozilla/firefox",
	"darwin":  "/Users/camille/Library/Application Support/Firefox",
	"windows": `C:\Users\camille\AppData\Roaming\Mozilla\Firefox`,
}

// profile is one to put on a workstation; files are by name.
type profile struct {
	name  string
	used  int // the day it was used last, 0 for never
	files map[string]string
}

func withProfiles(w *imagined.Workstation, edition string, profiles ...profile) *imagined.Workstation {
	root, separator := firefoxHome[edition], "/"
	if edition == "windows" {
		separator = `\`
	}
	var list strings.Builder
	for i, p := range profiles {
		fmt.Fprintf(&list, "[Profile%d]\nName=%s\nIsRelative=1\nPath=%s\n\n", i, p.name, p.name)
		folder := root + separator + p.name + separator
		w.Folder(root+separator+p.name, 0o755)
		for name, content := range p.files {
			w.File(folder+name, content)
		}
		if p.used > 0 {
			if _, there := p.files["prefs.js"]; !there {
				w.File(folder+"prefs.js", "")
			}
			w.Changed(folder+"prefs.js", time.Date(2026, 6, p.used, 9, 0, 0, 0, time.UTC))
		}
	}
	return w.File(root+separator+"profiles.ini", list.String())
}

// modules is a pkcs11.txt as NSS writes it.
func modules(paths ...string) map[string]string {
	text := "library=\nname=NSS Internal PKCS #11 Module\nNSS=Flags=internal,critical\n\n"
	for _, p := range paths {
		text += "library=" + p + "\nname=CPS\n\n"
	}
	return map[string]string{"pkcs11.txt": text}
}

// withModule puts one more file of a module on a workstation, of which that was
// found.
func withModule(w *imagined.Workstation, path string, file pkcs11.File) *imagined.Workstation {
	w.Probes = append(w.Probes, pkcs11.Probe{
		Module: pkcs11.Module{Path: path, Name: "Cryptolib CPS", Family: pkcs11.Cryptolib},
		File:   file, Status: file.Status,
	})
	return w.File(path, "")
}

func TestFirefoxModule(t *testing.T) {
	t.Parallel()
	const copied, narrow = "/usr/lib/libcps3_pkcs11_lux.so", `C:\Windows\SysWOW64\cps3_pkcs11_w32.dll`
	good := pkcs11.File{Status: pkcs11.OK, Arch: []string{"amd64"}}
	bits32 := pkcs11.File{Status: pkcs11.WrongArchitecture, Arch: []string{"386"}}
	const lib = "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"
	many := func(good int) (all []profile) {
		for i := range 12 {
			p := profile{name: fmt.Sprintf("profil-%02d", i), used: i + 1}
			if i == good {
				p.used, p.files = 28, modules(lib)
			}
			all = append(all, p)
		}
		return all
	}
	for _, test := range []struct {
		name string
		w    *imagined.Workstation
		want string
		// facts that must be there, as "key=value"
		facts []string
	}{
		{"no Firefox", withCryptolib("linux"), "none", nil},
		{"a profile that was never used", withProfiles(withCryptolib("linux"), "linux", profile{name: "a"}), "none", nil},
		{"registered", withProfiles(withCryptolib("linux"), "linux", profile{name: "empty"}, profile{"a", 1, modules(lib)}), "registered", []string{"profiles=1"}},
		{"missing", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules()}), "missing",
			[]string{"profile=a", "module=" + lib, "profileFolder=/home/camille/.mozilla/firefox/a"}},
		{"without pkcs11.txt", withProfiles(withCryptolib("linux"), "linux", profile{name: "a", used: 1}), "missing", nil},
		{"OpenSC alone", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules("/usr/lib/opensc-pkcs11.so")}), "missing", nil},
		{"twelve, none has it", withProfiles(withCryptolib("linux"), "linux", many(-1)...), "missing",
			[]string{"profiles=12", "profilesConcerned=12", "profile=profil-11", "profilePosition=12", "otherProfile=profil-10", "otherPosition=11"}},
		{"twelve, the one in use has it", withProfiles(withCryptolib("linux"), "linux", many(4)...), "in-use",
			[]string{"profiles=12", "profilesConcerned=11", "profileInUse=profil-04"}},
		{"old path", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules("/opt/old/libcps3_pkcs11_lux.so")}), "path", []string{"profile=a"}},
		{"old path left beside the right one", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules("/opt/old/libcps3_pkcs11_lux.so", lib)}), "registered", nil},
		{"two copies", withProfiles(withModule(withCryptolib("linux"), copied, good), "linux", profile{"a", 1, modules(copied, lib)}), "twice", nil},
		{"32 bits", withProfiles(withModule(withCryptolib("linux"), copied, bits32), "linux", profile{"a", 1, modules(copied)}), "width",
			[]string{"registeredModule=CPS", "module=" + lib, "moduleName=CPS"}},
		{"cut", withProfiles(withModule(withCryptolib("linux"), copied, pkcs11.File{Status: pkcs11.Unreadable}), "linux", profile{"a", 1, modules(copied)}), "damaged", []string{"module=" + lib}},
		{"without its function", withProfiles(withModule(withCryptolib("linux"), copied, pkcs11.File{Status: pkcs11.NoSymbol}), "linux", profile{"a", 1, modules(copied)}), "damaged", nil},
		{"lacks a library", withProfiles(withModule(withCryptolib("linux"), copied, pkcs11.File{Status: pkcs11.MissingLibrary}), "linux", profile{"a", 1, modules(copied)}), "damaged", nil},
		// Not among the modules that were probed: the file itself is looked at.
		{"of 0 bytes", withProfiles(withCryptolib("linux").File(copied, ""), "linux", profile{"a", 1, modules(copied)}), "damaged", nil},
		{"a folder", withProfiles(withCryptolib("linux").Folder(copied, 0o755), "linux", profile{"a", 1, modules(copied)}), "damaged", nil},
		{"a module that may not be read", withProfiles(withCryptolib("linux").Denied(copied, fs.ErrPermission), "linux", profile{"a", 1, modules(copied)}), "unseen", []string{"cause=denied"}},
		{"a bad one beside a good one", withProfiles(withModule(withCryptolib("linux"), copied, bits32), "linux", profile{"a", 1, modules(copied, lib)}), "registered", nil},
		{"the name is taken", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules("/opt/old/libother.so")}), "missing", []string{"moduleName=CPS 2"}},
		{"the Cryptolib itself does not load", func() *imagined.Workstation {
			w := withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules()})
			w.Probes[0].Status = pkcs11.Crashed
			return w
		}(), "because", nil},
		{"twelve, one of them is wrong", withProfiles(withCryptolib("linux"), "linux", append(many(4), profile{"last", 1, modules("/opt/old/libcps3_pkcs11_lux.so")})...), "path",
			[]string{"profiles=13", "profilesConcerned=1", "profilePosition=13"}},
		{"also by p11-kit", withProfiles(withCryptolib("linux").File("/usr/lib/p11-kit-proxy.so", "").File("/etc/pkcs11/modules/cps.module", "module: "+lib+"\n"), "linux",
			profile{"a", 1, modules("/usr/lib/p11-kit-proxy.so", lib)}), "twice", nil},
		{"only by p11-kit", withProfiles(withCryptolib("linux").File("/usr/lib/p11-kit-proxy.so", "").File("/etc/pkcs11/modules/cps.module", "module: "+lib+"\n"), "linux",
			profile{"a", 1, modules("/usr/lib/p11-kit-proxy.so")}), "registered", nil},
		{"p11-kit does not know it", withProfiles(withCryptolib("linux").File("/usr/lib/p11-kit-proxy.so", ""), "linux",
			profile{"a", 1, modules("/usr/lib/p11-kit-proxy.so")}), "missing", nil},
		{"by policy", withProfiles(withCryptolib("linux").File("/etc/firefox/policies/policies.json", `{"policies":{"SecurityDevices":{"CPS":"`+lib+`"}}}`), "linux",
			profile{"a", 1, modules()}), "registered", nil},
		{"broken", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, map[string]string{"pkcs11.txt": "\x00\x01"}}, profile{"b", 2, modules(lib)}), "broken", []string{"profile=a", "profilesConcerned=1"}},
		// NSS leaves out the lines that it does not understand.
		{"an odd line", withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, map[string]string{"pkcs11.txt": "odd\n\nlibrary=" + lib + "\n"}}), "registered", nil},
		{"may not be read", withProfiles(withCryptolib("linux"), "linux", profile{name: "a", used: 1}).Denied("/home/camille/.mozilla/firefox/a/pkcs11.txt", fs.ErrPermission), "unseen", nil},
		{"profiles.ini may not be read", withCryptolib("linux").Denied("/home/camille/.mozilla/firefox/profiles.ini", fs.ErrPermission), "unseen", nil},
		{"no home", func() *imagined.Workstation { w := withCryptolib("linux"); w.Home = ""; return w }(), "unseen", []string{"cause=no-home"}},
		{"a home that may not be entered", withCryptolib("linux").Denied("/home/camille", fs.ErrPermission), "unseen", []string{"cause=denied"}},
		{"profiles.ini is a folder", withCryptolib("linux").Folder("/home/camille/.mozilla/firefox/profiles.ini", 0o755), "unseen", []string{"cause=unreadable"}},
		{"profiles.ini is no text", withCryptolib("linux").File("/home/camille/.mozilla/firefox/profiles.ini", "[Profile0]\x00"), "unseen", []string{"cause=unreadable"}},
		{"Windows, registered", withProfiles(withCryptolib("windows"), "windows", profile{"a", 1, modules(modulePath["windows"])}), "registered", nil},
		{"Windows, 32 bits in 64", withProfiles(withModule(withCryptolib("windows"), narrow, bits32), "windows", profile{"a", 1, map[string]string{
			"pkcs11.txt":        modules(narrow)["pkcs11.txt"],
			"compatibility.ini": "[Compatibility]\r\nLastVersion=128.0_1/1\r\nLastOSABI=WINNT_x86_64-msvc\r\n"}}), "width", nil},
		{"Windows, 32 bits in 32", withProfiles(withModule(withCryptolib("windows"), narrow, bits32), "windows", profile{"a", 1, map[string]string{
			"pkcs11.txt":        modules(narrow)["pkcs11.txt"],
			"compatibility.ini": "LastOSABI=WINNT_x86-msvc\n"}}), "registered", nil},
		{"Windows, 32 bits alone, in 64", func() *imagined.Workstation {
			w := imagined.New("windows")
			withModule(w, narrow, bits32)
			return withProfiles(w, "windows", profile{"a", 1, map[string]string{"pkcs11.txt": modules(narrow)["pkcs11.txt"], "compatibility.ini": "LastOSABI=WINNT_x86_64-msvc\n"}})
		}(), "because", nil},
		{"Windows, on a share", withProfiles(withCryptolib("windows"), "windows", profile{"a", 1, modules(`\\server\s\cps3_pkcs11_w64.dll`)}), "registered", nil},
		{"macOS", withProfiles(withCryptolib("darwin"), "darwin", profile{"a", 1, modules()}), "missing", []string{"module=" + modulePath["darwin"]}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := diagnose(t, test.w, "firefox.module")
			if f.Outcome != test.want {
				t.Errorf("%s %q, want %s: %v", f.Outcome, f.Because, test.want, f.Facts)
			}
			holds(t, f, test.facts...)
		})
	}
}

// holds checks facts written "key=value", and that who somebody is is marked.
func holds(t *testing.T, f diagnostic.Finding, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(f.Facts, func(fact diagnostic.Fact) bool { return fact.Key+"="+fact.Value == w }) {
			t.Errorf("no fact %s in %v", w, f.Facts)
		}
	}
	for _, fact := range f.Facts {
		if strings.Contains(fact.Value, "camille") && fact.Sensitivity != diagnostic.Person {
			t.Errorf("%s names a person: %s", fact.Key, fact.Value)
		}
	}
}

func TestFirefoxPackage(t *testing.T) {
	t.Parallel()
	running := func(w *imagined.Workstation, paths ...string) *imagined.Workstation {
		for _, p := range paths {
			w.Running = append(w.Running, diagnostic.Process{Name: "firefox", Path: p})
		}
		return w
	}
	for _, test := range []struct {
		name, want string
		module     string // outcome of firefox.module, "because" when package is to blame
		w          *imagined.Workstation
	}{
		{"no Firefox", "none", "none", withCryptolib("linux")},
		{"deb", "installed", "none", withCryptolib("linux").File("/usr/lib/firefox/firefox", "")},
		{"deb, used", "installed", "missing", withProfiles(withCryptolib("linux").File("/usr/lib/firefox/firefox", ""), "linux", profile{name: "a", used: 1})},
		{"snap alone", "snap", "because", withCryptolib("linux").Folder("/snap/firefox", 0o755)},
		{"snap on Fedora", "snap", "because", withCryptolib("linux").Folder("/var/lib/snapd/snap/firefox", 0o755)},
		{"snap, used", "snap", "because", withProfiles(withCryptolib("linux").Folder("/snap/firefox", 0o755), "snap", profile{name: "s", used: 2})},
		{"flatpak, used", "flatpak", "because", withProfiles(withCryptolib("linux"), "flatpak", profile{name: "f", used: 2})},
		{"flatpak of the person", "flatpak", "because", withCryptolib("linux").Folder("/home/camille/.local/share/flatpak/app/org.mozilla.firefox", 0o755)},
		{"snap used last", "snap", "because", withProfiles(withProfiles(withCryptolib("linux"), "snap", profile{name: "s", used: 9}), "linux", profile{name: "a", used: 2})},
		{"snap used before", "aside", "missing", withProfiles(withProfiles(withCryptolib("linux"), "snap", profile{name: "s", used: 2}), "linux", profile{name: "a", used: 9})},
		{"snap used last, another runs", "aside", "missing",
			running(withProfiles(withProfiles(withCryptolib("linux"), "snap", profile{name: "s", used: 9}), "linux", profile{name: "a", used: 2}), "/usr/lib/firefox/firefox")},
		{"another used last, snap runs", "snap", "because",
			running(withProfiles(withProfiles(withCryptolib("linux"), "snap", profile{name: "s", used: 2}), "linux", profile{name: "a", used: 9}), "/snap/firefox/4/usr/lib/firefox/firefox")},
		{"no home", "unseen", "unseen", func() *imagined.Workstation { w := withCryptolib("linux"); w.Home = ""; return w }()},
		{"a home that may not be entered", "unseen", "unseen", withCryptolib("linux").Denied("/home/camille", fs.ErrPermission)},
		{"flatpak runs", "flatpak", "because", running(withCryptolib("linux").File("/usr/lib/firefox/firefox", ""), "/app/lib/firefox/firefox")},
		{"both, none used", "unclear", "none", withCryptolib("linux").Folder("/snap/firefox", 0o755).File("/usr/lib/firefox/firefox", "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if f := diagnose(t, test.w, "firefox.package"); f.Outcome != test.want {
				t.Errorf("package: %s, want %s: %v", f.Outcome, test.want, f.Facts)
			}
			f := diagnose(t, test.w, "firefox.module")
			if f.Outcome != test.module || test.module == "because" && f.Because != "firefox.package" {
				t.Errorf("module: %s %q, want %s", f.Outcome, f.Because, test.module)
			}
		})
	}
}

func TestFirefoxRoots(t *testing.T) {
	t.Parallel()
	ini := func(version string) string {
		return "[Compatibility]\nLastVersion=" + version + "_20260101/20260101\n"
	}
	const on, off = `user_pref("security.enterprise_roots.enabled", true);`, `user_pref("security.enterprise_roots.enabled", false);`
	for _, test := range []struct {
		name, want string
		w          *imagined.Workstation
	}{
		{"no Firefox", "none", withAuthorities("windows")},
		{"since 120", "system", withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"compatibility.ini": ini("120.0")}})},
		{"before 120", "own-store", withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"compatibility.ini": ini("115.9.0")}})},
		{"before 120, switched on", "system", withProfiles(withAuthorities("darwin"), "darwin", profile{"a", 1, map[string]string{"compatibility.ini": ini("115.0"), "prefs.js": "// x\n" + on + "\n"}})},
		{"switched off", "own-store", withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"compatibility.ini": ini("140.0"), "prefs.js": off}})},
		{"user.js wins", "system", withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"prefs.js": off, "user.js": on}})},
		{"a remark is no preference", "own-store", withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"prefs.js": "// " + on}})},
		{"one of two", "own-store", withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"prefs.js": on}}, profile{"b", 2, map[string]string{"prefs.js": off}})},
		{"policy", "system", withProfiles(withAuthorities("windows").File(`C:\Program Files\Mozilla Firefox\distribution\policies.json`,
			`{"policies":{"Certificates":{"ImportEnterpriseRoots":true}}}`), "windows", profile{"a", 1, map[string]string{"prefs.js": off}})},
		{"group policy", "own-store", func() *imagined.Workstation {
			w := withProfiles(withAuthorities("windows"), "windows", profile{"a", 1, map[string]string{"prefs.js": on}})
			w.RegistryOf[`HKLM\Software\Policies\Mozilla\Firefox\Certificates`] = pkcs11.RegistryKey{Values: map[string]string{"ImportEnterpriseRoots": "0"}}
			return w
		}()},
		{"Linux", "own-store", withProfiles(withAuthorities("linux"), "linux", profile{"a", 1, map[string]string{"prefs.js": on}})},
		{"the system has them not", "because", withProfiles(withCryptolib("windows"), "windows", profile{"a", 1, map[string]string{"prefs.js": on}})},
		{"the system is not seen", "unseen", func() *imagined.Workstation {
			w := withProfiles(withCryptolib("windows"), "windows", profile{"a", 1, map[string]string{"prefs.js": on}})
			w.Errs["Certificates"] = fs.ErrPermission
			return w
		}()},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := diagnose(t, test.w, "firefox.roots")
			if f.Outcome != test.want {
				t.Errorf("%s %q, want %s: %v", f.Outcome, f.Because, test.want, f.Facts)
			}
			holds(t, f)
		})
	}
}

// A report without names must still be of use: no step and no command holds a
// person's fact.
func TestFirefoxRemediesNameNobody(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		for key, text := range sentences(t, tag) {
			if !strings.HasPrefix(key, "check.firefox.") || !strings.Contains(key, ".remedy") && !strings.Contains(key, ".command") {
				continue
			}
			for _, name := range []string{"profile", "profileFolder", "profileInUse", "otherProfile", "registeredPath", "reason"} {
				if slices.Contains(fields(text), name) {
					t.Errorf("%s: %s is filled by %s", tag, key, name)
				}
			}
		}
	}
	speaker, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	w := withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules(modulePath["linux"])}, profile{"b", 2, modules()}, profile{"c", 1, modules()})
	f := diagnose(t, w, "firefox.module")
	steps := strings.Join(wording.Finding(speaker, f, "linux").Steps, "\n")
	for _, want := range []string{"about:profiles", "profil n° 2", "« CPS »", modulePath["linux"], "chaque autre profil"} {
		if !strings.Contains(steps, want) {
			t.Errorf("no %q in\n%s", want, steps)
		}
	}
	one := diagnose(t, withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules()}), "firefox.module")
	if steps := strings.Join(wording.Finding(speaker, one, "linux").Steps, "\n"); strings.Contains(steps, "about:profiles") || strings.Contains(steps, "autre profil") {
		t.Errorf("with one profile:\n%s", steps)
	}
}

// The profiles are read, never written, and no module is loaded to look at them.
func TestFirefoxIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := withProfiles(withCryptolib("linux"), "linux", profile{"a", 1, modules()})
	all, errs := pkcs11.Profiles(context.Background(), w)
	if len(all) != 1 || errs != nil || len(w.Asked()) != 0 {
		t.Errorf("%v, %v, asked %v", all, errs, w.Asked())
	}
}

// withAuthorities is a workstation that has those of IGC-Santé.
func withAuthorities(goos string) *imagined.Workstation {
	w := withCryptolib(goos)
	for i, der := range authorityFiles() {
		store := diagnostic.Intermediates
		if igcsante.Authorities()[i].Kind == igcsante.Root {
			store = diagnostic.Roots
		}
		w.Stores[store] = append(w.Stores[store], der)
	}
	return w
}
