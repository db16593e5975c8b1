package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func find(t *testing.T, host Host, given ...string) ([]Module, []error) {
	t.Helper()
	return Find(t.Context(), host, given)
}

// found writes modules in short: family, path and who declares them.
func short(modules []Module) []string {
	var all []string
	for _, m := range modules {
		var by []string
		for _, d := range m.DeclaredBy {
			by = append(by, strings.TrimSuffix(d.By+":"+d.Name, ":"))
		}
		all = append(all, fmt.Sprintf("%s %s [%s]", m.Family, m.Path, strings.Join(by, ", ")))
	}
	return all
}

func compare(t *testing.T, modules []Module, errs []error, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, short(modules)); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
	for _, err := range errs {
		t.Errorf("unexpected error: %v", err)
	}
}

// manifest52 is the manifest of the Cryptolib's Linux package, 5.2.2.
const manifest52 = `{
  "name": "cps3",
  "description": "Module de sécurité CPS",
  "path": "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
  "type": "pkcs11",
  "allowed_extensions": [ "CPS2ter-2020_Firefox@asipsante.fr" ]
}`

const internalModule = "library=\nname=NSS Internal PKCS #11 Module\n" +
	"parameters=configdir='sql:/home/alix/p' certPrefix='' keyPrefix='' secmod='secmod.db' flags= updatedir='' \n" +
	"NSS=Flags=internal,critical trustOrder=75 cipherOrder=100 slotParams=(1={slotFlags=[RSA] askpw=any timeout=30})\n\n"

func linuxHost() *fakeHost {
	h := newFake("linux", "amd64", "/home/alix")
	h.file("/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", "")
	h.link("/usr/lib64/libcps3_pkcs11_lux.so", "/usr/lib64/libcps3_pkcs11_lux.so.3.1.0")
	h.link("/usr/lib64/libcps3_pkcs11_lux.so.3.1.0", "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so")
	h.file("/usr/lib64/mozilla/pkcs11-modules/cps3.json", manifest52)
	h.file("/usr/lib/mozilla/pkcs11-modules/cps3.json", manifest52)
	h.file("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", "")
	h.link("/usr/lib/x86_64-linux-gnu/pkcs11/opensc-pkcs11.so", "../opensc-pkcs11.so")
	h.file("/usr/share/p11-kit/modules/opensc-pkcs11.module", "# comment\n\nmodule: opensc-pkcs11.so\n")
	h.file("/usr/share/p11-kit/modules/p11-kit-trust.module", "module: p11-kit-trust.so\ntrust-policy: yes\n")
	return h
}

func TestFindLinux(t *testing.T) {
	t.Parallel()
	h := linuxHost()
	h.file("/etc/pkcs11/modules/softhsm2.module", "module: /usr/lib/softhsm/libsofthsm2.so\n")
	h.file("/home/alix/.config/pkcs11/modules/mine.module", "module: /home/alix/mine.so\nenable-in: firefox\n")
	h.file("/home/alix/.mozilla/firefox/profiles.ini",
		"[Install4F96D1932A9F858E]\nDefault=one\nLocked=1\n\n[Profile0]\nName=one\nIsRelative=1\nPath=one\n\n"+
			"[Profile1]\nName=two\nIsRelative=0\nPath=/data/two\n\n[Profile2]\nName=gone\nIsRelative=1\nPath=gone\n\n[General]\nVersion=2\n")
	h.file("/home/alix/.mozilla/firefox/one/pkcs11.txt", internalModule+
		"library=/usr/lib64/libcps3_pkcs11_lux.so\nname=Module de sécurité CPS\n\n"+
		"library=/old/libcps3_pkcs11_lux.so\nname=CPS\nNSS=trustOrder=100\n")
	h.file("/data/two/pkcs11.txt", internalModule+"library=opensc-pkcs11.so\nname=OpenSC\n\nlibrary=p11-kit-proxy.so\nname=p11-kit-proxy\n\n")
	h.file("/home/alix/snap/firefox/common/.mozilla/firefox/profiles.ini", "[Profile0]\nIsRelative=1\nPath=snapped\n")
	h.file("/home/alix/snap/firefox/common/.mozilla/firefox/snapped/pkcs11.txt", "library=/home/alix/snapped.so\nname=S\n")
	h.file("/home/alix/.var/app/org.mozilla.firefox/.mozilla/firefox/profiles.ini", "[Profile0]\nIsRelative=1\nPath=flat\n")
	h.file("/home/alix/.var/app/org.mozilla.firefox/.mozilla/firefox/flat/pkcs11.txt", "library=/home/alix/flat.so\nname=F\n")
	h.file("/home/alix/.pki/nssdb/pkcs11.txt", "library=/home/alix/mine.so\nname=Chrome's\n")
	h.file("/etc/firefox/policies/policies.json", `{"policies": {"SecurityDevices": {"Add": {"Mine": "/home/alix/mine.so"}, "Delete": ["old"]}}}`)

	modules, errs := find(t, h, "/home/alix/mine.so", "b.so", "/usr/lib64/libcps3_pkcs11_lux.so.3.1.0", "/a.so")
	compare(t, modules, errs,
		"cryptolib /opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so [known-place, mozilla-manifest:Module de sécurité CPS, mozilla-manifest:Module de sécurité CPS, firefox-profile:Module de sécurité CPS, given]",
		"cryptolib /old/libcps3_pkcs11_lux.so [firefox-profile:CPS]",
		"opensc /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so [known-place, p11-kit:opensc-pkcs11, firefox-profile:OpenSC]",
		"other /home/alix/flat.so [firefox-profile:F]",
		"other /home/alix/mine.so [p11-kit:mine, nss-database:Chrome's, firefox-policy:Mine, given]",
		"other /home/alix/snapped.so [firefox-profile:S]",
		"other /usr/lib/softhsm/libsofthsm2.so [p11-kit:softhsm2]",
		"other /home/alix/b.so [given]",
		"other /a.so [given]",
	)
	if modules[0].Name != "Cryptolib CPS" || modules[2].Name != "OpenSC" || modules[3].Name != "flat.so" {
		t.Errorf("names: %q, %q, %q", modules[0].Name, modules[2].Name, modules[3].Name)
	}
	if got := modules[0].DeclaredBy[1].File; got != "/usr/lib64/mozilla/pkcs11-modules/cps3.json" {
		t.Errorf("the manifest is %q", got)
	}
}

func TestFindLinuxOlderPlaces(t *testing.T) {
	t.Parallel()
	h := newFake("linux", "amd64", "/home/alix")
	h.file("/usr/local/galss/libcps3_pkcs11_lux.so", "")
	h.file("/usr/local/galss/libcps_pkcs11_lux.so", "")
	h.link("/usr/lib/libcps_pkcs11_lux.so", "/usr/local/galss/libcps_pkcs11_lux.so")
	h.link("/usr/lib64/libcps3_pkcs11_lux.so", "/opt/gone.so")
	h.file("/usr/lib/i386-linux-gnu/opensc-pkcs11.so", "")
	h.file("/usr/lib64/pkcs11/opensc-pkcs11.so", "")
	modules, errs := find(t, h)
	compare(t, modules, errs,
		"cryptolib /usr/lib64/libcps3_pkcs11_lux.so [known-place]", // a broken link is a thing to be told
		"cryptolib /usr/local/galss/libcps3_pkcs11_lux.so [known-place]",
		"cryptolib /usr/lib/libcps_pkcs11_lux.so [known-place]",
		"opensc /usr/lib64/pkcs11/opensc-pkcs11.so [known-place]",
		"opensc /usr/lib/i386-linux-gnu/opensc-pkcs11.so [known-place]",
	)
}

func TestFindDarwin(t *testing.T) {
	t.Parallel()
	h := newFake("darwin", "arm64", "/Users/alix")
	h.file("/usr/local/lib/libcps3_pkcs11_osx.dylib", "")
	h.file("/Library/OpenSC/lib/opensc-pkcs11.so", "")
	h.file("/Library/Application Support/Mozilla/PKCS11Modules/cps3.json",
		`{"name": "cps3", "path": "/usr/local/lib/libcps3_pkcs11_osx.dylib", "type": "pkcs11"}`)
	h.file("/opt/homebrew/share/p11-kit/modules/x.module", "module: x.so")
	h.folder("/opt/homebrew/lib/pkcs11", 0o755)
	h.file("/Users/alix/Library/Application Support/Firefox/profiles.ini", "[Profile0]\nIsRelative=1\nPath=Profiles/a.default\n")
	h.file("/Users/alix/Library/Application Support/Firefox/Profiles/a.default/pkcs11.txt",
		"library=/Applications/Firefox.app/Contents/MacOS/libosclientcerts.dylib\nname=OS\n\nlibrary=/Library/OpenSC/lib/opensc-pkcs11.so\nname=O\n")
	h.file("/Applications/Firefox.app/Contents/Resources/distribution/policies.json",
		`{"policies": {"SecurityDevices": {"Old form": "/old/form.dylib"}}}`)
	modules, errs := find(t, h)
	compare(t, modules, errs,
		"cryptolib /usr/local/lib/libcps3_pkcs11_osx.dylib [known-place, mozilla-manifest:cps3]",
		"opensc /Library/OpenSC/lib/opensc-pkcs11.so [known-place, firefox-profile:O]",
		"other /old/form.dylib [firefox-policy:Old form]",
		"other /opt/homebrew/lib/pkcs11/x.so [p11-kit:x]",
	)
}

func TestFindWindows(t *testing.T) {
	t.Parallel()
	h := newFake("windows", "amd64", `C:\Users\alix`)
	h.env = map[string]string{"SystemRoot": `C:\WINDOWS`, "APPDATA": `C:\Users\alix\AppData\Roaming`,
		"LOCALAPPDATA": `C:\Users\alix\AppData\Local`, "ProgramFiles": `C:\Program Files`, "ProgramFiles(x86)": `C:\Program Files (x86)`}
	h.file(`C:\Windows\System32\cps3_pkcs11_w64.dll`, "")
	h.file(`C:\Windows\SysWOW64\cps3_pkcs11_w32.dll`, "")
	h.file(`C:\Program Files\santeestoolbox\bin\cps3_pkcs11_w64.dll`, "")
	h.file(`C:\Program Files\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll`, "")
	h.file(`C:\Windows\System32\opensc-pkcs11.dll`, "")
	h.file(`C:\ProgramData\santesocial\CPS\cps3.json`, `{"name":"cps3","path":"C:\\Windows\\System32\\cps3_pkcs11_w64.dll","type":"pkcs11"}`)
	h.file(`C:\ProgramData\santesocial\CPS\cps3_x86.json`, `{"name":"cps3_x86","path":"near.dll","type":"pkcs11"}`)
	h.registry[`HKLM\SOFTWARE\Mozilla\PKCS11Modules`] = RegistryKey{Keys: []string{"cps3"}}
	h.registry[`HKLM\SOFTWARE\Mozilla\PKCS11Modules\cps3`] = RegistryKey{Values: map[string]string{"": `C:\ProgramData\santesocial\CPS\cps3.json`}}
	h.registry[`HKLM\SOFTWARE\Mozilla\PKCS11Modules|32`] = RegistryKey{Keys: []string{"cps3", "cps3_x86"}}
	h.registry[`HKLM\SOFTWARE\Mozilla\PKCS11Modules\cps3|32`] = RegistryKey{Values: map[string]string{"": `C:\ProgramData\santesocial\CPS\cps3.json`}}
	h.registry[`HKLM\SOFTWARE\Mozilla\PKCS11Modules\cps3_x86|32`] = RegistryKey{Values: map[string]string{"": `C:\ProgramData\santesocial\CPS\cps3_x86.json`}}
	h.registry[`HKLM\Software\Policies\Mozilla\Firefox\SecurityDevices`] = RegistryKey{Values: map[string]string{"GPO": `D:\gpo.dll`}}
	h.file(`C:\Users\alix\AppData\Roaming\Mozilla\Firefox\profiles.ini`, "\uFEFF[Profile0]\r\nIsRelative=1\r\nPath=Profiles/a.default\r\n")
	h.file(`C:\Users\alix\AppData\Roaming\Mozilla\Firefox\Profiles\a.default\pkcs11.txt`,
		"library=c:\\windows\\system32\\CPS3_PKCS11_W64.DLL\r\nname=\"Module \\\"CPS\\\"\"\r\n\r\nlibrary=\"D:\\\\quoted.dll\"\r\nname=q\r\n\r\n"+
			"library=\\\\server\\share\\far.dll\r\nname=far\r\n")
	modules, errs := find(t, h)
	compare(t, modules, errs,
		`cryptolib C:\WINDOWS\System32\cps3_pkcs11_w64.dll [known-place, mozilla-manifest:cps3, firefox-profile:Module "CPS"]`,
		`cryptolib C:\WINDOWS\SysWOW64\cps3_pkcs11_w32.dll [known-place]`,
		`cryptolib C:\Program Files\santeestoolbox\bin\cps3_pkcs11_w64.dll [known-place]`,
		`opensc C:\Program Files\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll [known-place]`,
		`opensc C:\WINDOWS\System32\opensc-pkcs11.dll [known-place]`,
		`other C:\ProgramData\santesocial\CPS\near.dll [mozilla-manifest:cps3_x86]`,
		`other D:\gpo.dll [firefox-policy:GPO]`,
		`other D:\quoted.dll [firefox-profile:q]`,
		`other \\server\share\far.dll [firefox-profile:far]`,
	)
}

// touchedHost fails the test when a path of a network share is looked at.
type touchedHost struct {
	*fakeHost
	t *testing.T
}

func (h touchedHost) look(p string) {
	if system("windows").remote(p) {
		h.t.Errorf("%s was looked at", p)
	}
}

func (h touchedHost) Stat(p string) (fs.FileInfo, error) { h.look(p); return h.fakeHost.Stat(p) }
func (h touchedHost) Lstat(p string) (fs.FileInfo, error) {
	h.look(p)
	return h.fakeHost.Lstat(p)
}
func (h touchedHost) EvalSymlinks(p string) (string, error) {
	h.look(p)
	return h.fakeHost.EvalSymlinks(p)
}
func (h touchedHost) Open(p string) (Source, error) { h.look(p); return h.fakeHost.Open(p) }

func TestFindLeavesTheNetworkAlone(t *testing.T) {
	t.Parallel()
	h := newFake("windows", "amd64", `C:\Users\alix`)
	h.file(`C:\Users\alix\AppData\Roaming\Mozilla\Firefox\profiles.ini`, "[Profile0]\nPath=p\nIsRelative=1\n[Profile1]\nPath=\\\\server\\p\n")
	h.file(`C:\Users\alix\AppData\Roaming\Mozilla\Firefox\p\pkcs11.txt`, "library=\\\\server\\share\\x.dll\nname=x\n")
	h.registry[`HKCU\SOFTWARE\Mozilla\PKCS11Modules`] = RegistryKey{Keys: []string{"a"}}
	h.registry[`HKCU\SOFTWARE\Mozilla\PKCS11Modules\a`] = RegistryKey{Values: map[string]string{"": `\\server\share\a.json`}}
	modules, errs := find(t, touchedHost{h, t})
	if len(modules) != 1 || modules[0].Path != `\\server\share\x.dll` {
		t.Errorf("modules: %v", short(modules))
	}
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "network") {
		t.Errorf("errors: %v", errs)
	}
}

func TestFindErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	profile := "/home/alix/.mozilla/firefox"
	for name, c := range map[string]struct {
		set  func(h *fakeHost)
		file string
		says string
	}{
		"p11-kit line":          {func(h *fakeHost) { h.file("/etc/pkcs11/modules/a.module", "nonsense\nmodule: /a.so") }, "/etc/pkcs11/modules/a.module", "line 1"},
		"p11-kit binary":        {func(h *fakeHost) { h.file("/etc/pkcs11/modules/a.module", "m\x00") }, "/etc/pkcs11/modules/a.module", "text"},
		"p11-kit right":         {func(h *fakeHost) { h.file("/etc/pkcs11/modules/a.module", "").denied = true }, "/etc/pkcs11/modules/a.module", "permission"},
		"manifest no JSON":      {func(h *fakeHost) { h.file("/usr/lib/mozilla/pkcs11-modules/a.json", "{") }, "/usr/lib/mozilla/pkcs11-modules/a.json", "no manifest"},
		"manifest of messaging": {func(h *fakeHost) { h.file("/usr/lib/mozilla/pkcs11-modules/a.json", `{"type":"stdio","path":"/a"}`) }, "/usr/lib/mozilla/pkcs11-modules/a.json", "stdio"},
		"manifest NUL": {func(h *fakeHost) {
			h.file("/usr/lib/mozilla/pkcs11-modules/a.json", `{"type":"pkcs11","path":"/a\u0000"}`)
		}, "/usr/lib/mozilla/pkcs11-modules/a.json", "NUL"},
		"profiles.ini too large": {func(h *fakeHost) { h.file(profile+"/profiles.ini", strings.Repeat("\n", 1<<20+1)) }, profile + "/profiles.ini", "larger"},
		"pkcs11.txt is a pipe": {func(h *fakeHost) {
			h.file(profile+"/profiles.ini", "[Profile0]\nIsRelative=1\nPath=p")
			h.put(profile+"/p/pkcs11.txt", &fakeNode{mode: fs.ModeNamedPipe | 0o644})
		}, profile + "/p/pkcs11.txt", "regular"},
		"policies": {func(h *fakeHost) {
			h.file("/etc/firefox/policies/policies.json", `{"policies":{"SecurityDevices":{"a":3}}}`)
		}, "/etc/firefox/policies/policies.json", "no text"},
		"folder": {func(h *fakeHost) { h.folder("/etc/pkcs11/modules", 0); h.nodes["/etc/pkcs11/modules"].denied = true }, "/etc/pkcs11/modules", "permission"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := linuxHost()
			c.set(h)
			modules, errs := find(t, h)
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), c.file) && !strings.Contains(errs[0].Error(), c.file) || !strings.Contains(errs[0].Error(), c.says) {
				t.Errorf("errors %v, want one that names %s and says %q", errs, c.file, c.says)
			}
			if len(modules) < 2 || modules[0].Family != Cryptolib {
				t.Errorf("the others are lost: %v", short(modules))
			}
		})
	}
}

func TestFindIsBounded(t *testing.T) {
	t.Parallel()
	h := newFake("linux", "amd64", "/home/alix")
	var profiles, text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&profiles, "[Profile%d]\nPath=/p/%d\n", i, i)
		fmt.Fprintf(&text, "library=/m/%d.so\nname=%s\n\n", i, strings.Repeat("é", 400))
	}
	h.file("/home/alix/.mozilla/firefox/profiles.ini", profiles.String())
	h.file("/p/0/pkcs11.txt", text.String())
	h.file("/p/1/pkcs11.txt", "library=/late.so\n")
	modules, errs := find(t, h)
	if len(modules) != maxModules || len(errs) != 3 {
		t.Errorf("%d modules, errors %v", len(modules), errs)
	}
	if name := modules[0].DeclaredBy[0].Name; len(name) > maxName+3 || !strings.HasSuffix(name, "é…") {
		t.Errorf("name of %d bytes", len(name))
	}
}

func TestFindHostileNamesStayData(t *testing.T) {
	t.Parallel()
	h := newFake("linux", "amd64", "/home/alix")
	h.file("/home/alix/.pki/nssdb/pkcs11.txt", "library=/tmp/$(touch x);\x1b[31m.so\nname=<script>\xff\u202e\n\nlibrary=../../etc/x.so\nname=up\n")
	modules, errs := find(t, h)
	compare(t, modules, errs,
		"other ../../etc/x.so [nss-database:up]", // relative to nothing known: Inspect calls it missing
		"other /tmp/$(touch x);\x1b[31m.so [nss-database:<script>\uFFFD\u202e]",
	)
	if file := Inspect(h, modules[0].Path); file.Status != Missing {
		t.Errorf("a relative path is %s", file.Status)
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errs := Find(ctx, linuxHost(), nil)
	if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
		t.Errorf("errors: %v", errs)
	}
}

// TestFindLocal looks at the machine that the tests run on.
func TestFindLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	given := filepath.Join(dir, "given.so")
	modules, _ := find(t, Local(), given)
	paths := map[string]bool{}
	for _, m := range modules {
		if paths[m.Path] || len(m.DeclaredBy) == 0 {
			t.Errorf("%s twice, or declared by nothing", m.Path)
		}
		paths[m.Path] = true
	}
	if !paths[given] {
		t.Errorf("the given path is not in %v", short(modules))
	}
	for path, family := range map[string]Family{
		"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so": Cryptolib,
		"/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so":     OpenSC,
	} {
		if _, err := Local().Stat(path); err != nil || runtime.GOOS != "linux" {
			continue
		}
		if i := slices.IndexFunc(modules, func(m Module) bool { return m.Path == path }); i < 0 || modules[i].Family != family {
			t.Errorf("%s is not found as %s: %v", path, family, short(modules))
		}
	}
}
