package diagnostic_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/assets/cryptolib"
	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
)

// places of the Cryptolib CPS on each system.
var places = map[string]struct{ module, cache, dico string }{
	"windows": {`C:\Windows\System32\cps3_pkcs11_w64.dll`, `C:\ProgramData\santesocial\CPS\cache`, `C:\Windows\DICO-FR.GIP`},
	"darwin":  {"/usr/local/lib/libcps3_pkcs11_osx.dylib", "/Library/Caches/santesocial/CPS", "/Library/Preferences/DICO-FR.GIP"},
	"linux":   {"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", "/etc/opt/santesocial/CPS/cache", "/etc/opt/santesocial/CPS/DICO-FR.GIP"},
}

// whole are the files of a Cryptolib that is whole, with a content of ours.
var whole = map[string][]string{
	"windows": {
		`C:\Windows\System32\cps3_pkcs11_w64.dll`, `C:\Windows\SysWOW64\cps3_pkcs11_w32.dll`, `C:\Windows\System32\cps3_csp_w64.dll`, `C:\Windows\SysWOW64\cps3_csp_w32.dll`,
		`C:\Program Files\santesocial\CPS\CCM.exe`, `C:\Program Files\santesocial\CPS\cpgesw64.exe`, `C:\Program Files (x86)\santesocial\CPS\cpgesw32.exe`,
		`C:\Windows\cptabw64.dll`, `C:\Windows\cptabw32.dll`,
	},
	"darwin": {"/usr/local/lib/libcps3_pkcs11_osx.dylib", "/Applications/cpgesosx.app", "/Library/Frameworks/cptabosx.framework"},
	"linux":  {"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", "/opt/santesocial/CPS/bin/cpgeslux", "/usr/local/galss/libcptablux.so"},
}

// cryptolibOf is the probe of a Cryptolib that answers.
func cryptolibOf(goos string) pkcs11.Probe {
	return pkcs11.Probe{
		Module: pkcs11.Module{Path: places[goos].module, Name: "Cryptolib CPS", Family: pkcs11.Cryptolib},
		File:   pkcs11.File{Status: pkcs11.OK, Arch: []string{"amd64"}}, Status: pkcs11.OK,
		Info: pkcs11.Info{Manufacturer: "ANS", Version: "3.1"}, Slots: []pkcs11.Slot{{Description: slot}},
	}
}

// installed puts a whole Cryptolib on a workstation.
func installed(w *imagined.Workstation) *imagined.Workstation {
	for _, file := range whole[w.OS] {
		w.File(file, "of the Cryptolib")
	}
	w.Folder(places[w.OS].cache, 0o777)
	w.Probes = append(w.Probes, cryptolibOf(w.OS))
	return w
}

// registered makes the registry name a version.
func registered(w *imagined.Workstation, version string) *imagined.Workstation {
	w.RegistryOf[`HKLM\SOFTWARE\ASIP\Cryptolib CPS`] = pkcs11.RegistryKey{Values: map[string]string{"version": version}}
	return w
}

// adm is what the RPM package writes.
func adm(w *imagined.Workstation, digits string) *imagined.Workstation {
	return w.File("/var/opt/santesocial/commun/adm/155.adm", digits+"\nINSTALLEUR_CRYPTOLIB_CPS_64B")
}

func TestCryptolibInstalled(t *testing.T) {
	t.Parallel()
	for _, goos := range systems {
		if f := judge(t, ready(goos), "cryptolib.installed"); f.Outcome != "absent" || f.Status != diagnostic.Error {
			t.Errorf("%s: %+v", goos, f)
		}
		if f := judge(t, installed(ready(goos)), "cryptolib.installed"); f.Outcome != "installed" || f.Get("module") != places[goos].module {
			t.Errorf("%s: %+v", goos, f)
		}
		w := ready(goos)
		w.File("/opt/santesocial/CPS/bin/cpgeslux", "").File("/Applications/cpgesosx.app", "")
		if f := judge(t, registered(w, "5.2.2"), "cryptolib.installed"); f.Outcome != "incomplete" {
			t.Errorf("%s: %+v", goos, f)
		}
		// A file names it, and it is not there.
		w = ready(goos)
		gone := cryptolibOf(goos)
		gone.Status, gone.File.Status = pkcs11.Missing, pkcs11.Missing
		w.Probes = []pkcs11.Probe{gone}
		if f := judge(t, w, "cryptolib.installed"); f.Outcome != "absent" {
			t.Errorf("%s: %+v", goos, f)
		}
	}
	red := ready("linux")
	red.Runs = diagnostic.System{Name: "Rocky Linux", ID: "rocky", Like: "rhel centos fedora", Version: "9"}
	if f := judge(t, red, "cryptolib.installed"); f.Get("rpmSystem") != "Rocky Linux 9" || f.Get("debSystem") != "" {
		t.Errorf("%+v", f.Facts)
	}
}

func TestAnotherModuleShowsTheCard(t *testing.T) {
	t.Parallel()
	for _, shows := range []bool{true, false} {
		w := with(t, "linux", "medecin", virtualcard.Faults{})
		openSC := pkcs11.Probe{Module: pkcs11.Module{Path: "/usr/lib/opensc-pkcs11.so", Name: "OpenSC", Family: pkcs11.OpenSC}, Status: pkcs11.OK, Slots: []pkcs11.Slot{{Description: slot}}}
		want := "absent"
		if shows {
			openSC.Slots[0].Token, want = tokenOf(t, w, "899700218896"), "absent-other"
		}
		w.Probes = []pkcs11.Probe{openSC}
		if f := judge(t, w, "cryptolib.installed"); f.Outcome != want {
			t.Errorf("shows %v: %+v", shows, f)
		}
		for _, code := range []diagnostic.Code{"cryptolib.files", "cryptolib.loads", "cryptolib.agrees", "cryptolib.dico"} {
			if f := judge(t, w, code); f.Because != "cryptolib.installed" {
				t.Errorf("shows %v: %+v", shows, f)
			}
		}
	}
}

// tokenOf is a module's view of the card in the reader, with that identifier.
func tokenOf(t *testing.T, w *imagined.Workstation, identifier string, flags ...string) *pkcs11.Token {
	t.Helper()
	c, err := cardreader.ReadCard(context.Background(), w.Source, slot, cps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token := &pkcs11.Token{Label: c.Product, Serial: c.Number[:8], Flags: append([]string{"CKF_LOGIN_REQUIRED", "CKF_USER_PIN_INITIALIZED"}, flags...)}
	info := "\x81\x0C" + identifier + "\x84\x12SPECIALISTE0021889"
	token.Objects = append(token.Objects, pkcs11.Object{Class: "data", Label: "CPS_INFO_PS", Value: append([]byte{0xED, byte(len(info))}, info...)})
	for _, certificate := range c.Certificates {
		token.Objects = append(token.Objects, pkcs11.Object{Class: "certificate", Label: certificate.Label, Value: certificate.Raw})
	}
	return token
}

func TestCryptolibFiles(t *testing.T) {
	t.Parallel()
	for _, goos := range systems {
		if f := judge(t, installed(ready(goos)), "cryptolib.files"); f.Outcome != "present" {
			t.Errorf("%s: %+v", goos, f)
		}
		w := installed(ready(goos))
		w.Denied(whole[goos][1], fs.ErrNotExist)
		f := judge(t, w, "cryptolib.files")
		if f.Outcome != "missing" || f.Get("missing") != whole[goos][1] || (f.Get("width") == "32") != (goos == "windows") {
			t.Errorf("%s: %+v", goos, f)
		}
		w = installed(ready(goos))
		w.Denied(whole[goos][1], fs.ErrPermission)
		if f := judge(t, w, "cryptolib.files"); f.Outcome != "unknown" || f.Get("unseen") != whole[goos][1] {
			t.Errorf("%s: %+v", goos, f)
		}
	}
	for _, w := range []*imagined.Workstation{registered(installed(ready("windows")), "5.2.2"), adm(installed(ready("linux")), "050202")} {
		if f := judge(t, w, "cryptolib.files"); f.Outcome != "altered" || f.Get("version") != "5.2.2" {
			t.Errorf("%s: %+v", w.OS, f)
		}
	}
	narrow := ready("windows")
	narrow.Runs.Arch, narrow.Arch = "386", "386"
	delete(narrow.Env, "ProgramW6432") // a variable of 64 bits
	for _, file := range []string{`System32\cps3_pkcs11_w32.dll`, `System32\cps3_csp_w32.dll`, `cptabw32.dll`} {
		narrow.File(`C:\Windows\`+file, "of the Cryptolib")
	}
	narrow.File(whole["windows"][4], "").File(`C:\Program Files\santesocial\CPS\cpgesw32.exe`, "")
	narrow.Probes = []pkcs11.Probe{cryptolibOf("windows")}
	if f := judge(t, narrow, "cryptolib.files"); f.Outcome != "present" {
		t.Errorf("32 bits: %+v", f)
	}
}

// The files of ANS, where the Cryptolib CPS 5.2.2 is installed.
func TestFilesThatANSPublishes(t *testing.T) {
	t.Parallel()
	w := installed(ready("linux"))
	for _, part := range cryptolib.Parts("linux", "amd64") {
		raw, err := os.ReadFile(part.Folder + "/" + part.Name)
		if err != nil {
			t.Skip("the Cryptolib CPS is not installed here")
		}
		if fmt.Sprintf("%X", md5.Sum(raw)) != part.MD5 {
			t.Skip("another release of the Cryptolib CPS is installed here")
		}
		w.File(part.Folder+"/"+part.Name, string(raw))
	}
	if f := judge(t, w, "cryptolib.files"); f.Outcome != "intact" || f.Get("verified") != "3" {
		t.Errorf("%+v", f)
	}
	if f := judge(t, w, "cryptolib.version"); f.Outcome != "older" || f.Get("version") != "5.2.2" || f.Get("versionFrom") != "MD5" {
		t.Errorf("%+v", f)
	}
	w.File("/etc/ld.so.cache", "glibc-ld.so.cache1.1 libc.so.6\x00")
	if f := judge(t, w, "cryptolib.files"); f.Outcome != "unlinked" || f.Get("library") != "libcps3_pkcs11_lux.so.0" {
		t.Errorf("%+v", f)
	}
	w.File("/usr/lib64/libcps3_pkcs11_lux.so.0", "")
	if f := judge(t, w, "cryptolib.files"); f.Outcome != "unlinked" {
		t.Errorf("Debian does not look into /usr/lib64: %+v", f)
	}
	w.File("/etc/ld.so.cache", "glibc-ld.so.cache1.1 libcps3_pkcs11_lux.so.0\x00/usr/lib64/libcps3_pkcs11_lux.so.0\x00")
	if f := judge(t, w, "cryptolib.files"); f.Outcome != "intact" {
		t.Errorf("%+v", f)
	}
}

func TestCryptolibVersion(t *testing.T) {
	t.Parallel()
	with4 := func(goos string) *imagined.Workstation { return with(t, goos, "pharmacien", virtualcard.Faults{}) }
	for name, tt := range map[string]struct {
		workstation *imagined.Workstation
		want        string
	}{
		"newest":            {registered(ready("windows"), "5.2.6"), "current"},
		"newer":             {registered(ready("windows"), "5.10.0"), "current"},
		"four numbers":      {registered(ready("windows"), "5.2.6.0"), "current"},
		"older":             {registered(ready("windows"), "5.2.5"), "older"},
		"old, no card":      {registered(ready("windows"), "5.1.14"), "older"},
		"old, CPS3":         {registered(with(t, "windows", "medecin", virtualcard.Faults{}), "5.1.14"), "older"},
		"old, CPS4":         {registered(with4("windows"), "5.1.14"), "too-old"},
		"5.2.0, CPS4":       {registered(with4("windows"), "5.2.0"), "older"},
		"no number":         {registered(ready("windows"), "beta"), "unknown"},
		"RPM":               {adm(ready("linux"), "050204"), "current"},
		"RPM, old, CPS4":    {adm(with4("linux"), "050107"), "too-old"},
		"RPM, not a number": {adm(ready("linux"), "latest"), "unknown"},
		"unpacked by hand":  {ready("linux"), "unknown"},
		"macOS":             {ready("darwin"), "unknown"},
	} {
		f := judge(t, installed(tt.workstation), "cryptolib.version")
		if f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
	}
}

func TestCryptolibLoads(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*pkcs11.Probe)
		want   string
		facts  map[string]string
	}{
		"answers": {func(*pkcs11.Probe) {}, "loads", map[string]string{"libraryVersion": "3.1"}},
		"lacks": {func(p *pkcs11.Probe) { p.Status, p.File.Lacks = pkcs11.MissingLibrary, []string{"libssl.so.1.0"} }, "missing-library",
			map[string]string{"library": "libssl.so.1.0"}},
		"lacks, says the loader": {func(p *pkcs11.Probe) {
			p.Status, p.Detail = pkcs11.MissingLibrary, "libx.so: cannot open shared object file"
		}, "missing-library", nil},
		"32 bits":  {func(p *pkcs11.Probe) { p.Status, p.File.Arch = pkcs11.WrongArchitecture, []string{"386"} }, "wrong-architecture", map[string]string{"moduleArch": "386", "programArch": "amd64"}},
		"cut":      {func(p *pkcs11.Probe) { p.Status = pkcs11.Unreadable }, "broken", nil},
		"no entry": {func(p *pkcs11.Probe) { p.Status = pkcs11.NoSymbol }, "no-symbol", nil},
		"fails":    {func(p *pkcs11.Probe) { p.Status, p.Call, p.Code = pkcs11.Failed, "C_Initialize", "CKR_GENERAL_ERROR" }, "failed", map[string]string{"call": "C_Initialize", "returned": "CKR_GENERAL_ERROR"}},
		"crashes":  {func(p *pkcs11.Probe) { p.Status, p.Call = pkcs11.Crashed, "C_GetSlotList" }, "crashed", nil},
		"hangs":    {func(p *pkcs11.Probe) { p.Status, p.Call = pkcs11.TimedOut, "C_Initialize" }, "hangs", nil},
	} {
		for _, goos := range systems {
			w := installed(ready(goos))
			if goos == "darwin" {
				w.Arch = "amd64"
			}
			tt.change(&w.Probes[0])
			f := judge(t, w, "cryptolib.loads")
			if f.Outcome != tt.want {
				t.Errorf("%s, %s: %+v, want %s", name, goos, f, tt.want)
			}
			for key, value := range tt.facts {
				if f.Get(key) != value {
					t.Errorf("%s, %s: %s is %q, want %q", name, goos, key, f.Get(key), value)
				}
			}
		}
	}
	for _, goos := range systems {
		w := installed(ready(goos))
		w.Probes[0].Status = pkcs11.Unreadable
		w.Denied(places[goos].module, fs.ErrPermission)
		if f := judge(t, w, "cryptolib.loads"); f.Outcome != "refused" {
			t.Errorf("%s: %+v", goos, f)
		}
	}
}

// On Windows the module of the other width is nothing to complain of.
func TestModuleOfTheOtherWidth(t *testing.T) {
	t.Parallel()
	w := ready("windows")
	wide, narrow := cryptolibOf("windows"), cryptolibOf("windows")
	narrow.Module.Path = `C:\Windows\SysWOW64\cps3_pkcs11_w32.dll`
	narrow.Status = pkcs11.WrongArchitecture
	for _, probes := range [][]pkcs11.Probe{{wide, narrow}, {narrow, wide}} {
		w.Probes = probes
		if f := judge(t, w, "cryptolib.loads"); f.Outcome != "loads" || f.Get("module") != wide.Module.Path {
			t.Errorf("%+v", f)
		}
	}
	wide.Status = pkcs11.Crashed
	w.Probes = []pkcs11.Probe{narrow, wide}
	if f := judge(t, w, "cryptolib.loads"); f.Outcome != "crashed" {
		t.Errorf("%+v", f)
	}
}

// A module that waits for a card that does not answer is not at fault.
func TestMuteCardIsTheCause(t *testing.T) {
	t.Parallel()
	w := installed(with(t, "linux", "medecin", virtualcard.Faults{MuteAt: 1}))
	w.Probes[0].Status = pkcs11.TimedOut
	if f := judge(t, w, "cryptolib.loads"); f.Outcome != diagnostic.OutcomeBecause || f.Because != "card.readable" {
		t.Errorf("%+v", f)
	}
	if f := judge(t, w, "cryptolib.agrees"); f.Because != "card.readable" {
		t.Errorf("%+v", f)
	}
}

func TestCryptolibAgrees(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		card  string
		token func(w *imagined.Workstation) *pkcs11.Token
		want  string
	}{
		"agrees": {"medecin", func(w *imagined.Workstation) *pkcs11.Token { return tokenOf(t, w, "899700218896") }, "agrees"},
		"stale":  {"medecin", func(w *imagined.Workstation) *pkcs11.Token { return tokenOf(t, w, "899700366240") }, "disagrees"},
		"tries": {"medecin", func(w *imagined.Workstation) *pkcs11.Token {
			return tokenOf(t, w, "899700218896", "CKF_USER_PIN_LOCKED")
		}, "disagrees-code"},
		"both": {"medecin", func(w *imagined.Workstation) *pkcs11.Token {
			return tokenOf(t, w, "899700366240", "CKF_USER_PIN_LOCKED")
		}, "disagrees"},
		"not seen":  {"medecin", func(*imagined.Workstation) *pkcs11.Token { return nil }, "card-not-seen"},
		"says none": {"medecin", func(*imagined.Workstation) *pkcs11.Token { return &pkcs11.Token{Label: "CPS"} }, "nothing-compared"},
	} {
		for _, goos := range systems {
			w := installed(with(t, goos, tt.card, virtualcard.Faults{}))
			w.Probes[0].Slots[0].Token = tt.token(w)
			f := judge(t, w, "cryptolib.agrees")
			if f.Outcome != tt.want {
				t.Errorf("%s, %s: %+v, want %s", name, goos, f, tt.want)
			}
			if tt.want == "disagrees" && (f.Get("disagreement") != "identifier" || !strings.HasPrefix(f.Get("cacheFile"), "29009999_") || f.Get("cacheFolder") != places[goos].cache) {
				t.Errorf("%s, %s: %+v", name, goos, f.Facts)
			}
		}
	}
	// A Cryptolib that is too old for the card does not see it.
	w := registered(installed(with(t, "windows", "pharmacien", virtualcard.Faults{})), "5.1.14")
	if f := judge(t, w, "cryptolib.agrees"); f.Outcome != diagnostic.OutcomeBecause || f.Because != "cryptolib.version" {
		t.Errorf("%+v", f)
	}
	// And without a card there is nothing to agree with.
	if f := judge(t, installed(ready("linux")), "cryptolib.agrees"); f.Because != "card.present" {
		t.Errorf("%+v", f)
	}
}

func TestCryptolibFolders(t *testing.T) {
	t.Parallel()
	change := func(goos string, do func(*imagined.Workstation)) *imagined.Workstation {
		w := installed(ready(goos))
		do(w)
		return w
	}
	for name, tt := range map[string]struct {
		workstation *imagined.Workstation
		want        string
	}{
		"as the package makes it": {change("linux", func(w *imagined.Workstation) { w.Folder("/etc/opt/santesocial/CPS/Coffre", fs.ModeDir|0o777) }), "usable-open"},
		"closed":                  {change("linux", func(w *imagined.Workstation) { w.Folder("/etc/opt/santesocial/CPS/Coffre", fs.ModeDir|0o755) }), "usable"},
		"no rights":               {change("linux", func(w *imagined.Workstation) { w.Folder(places["linux"].cache, fs.ModeDir|0o755) }), "rights"},
		"no rights, macOS":        {change("darwin", func(w *imagined.Workstation) { w.Folder(places["darwin"].cache, fs.ModeDir|0o755) }), "rights"},
		"root": {change("linux", func(w *imagined.Workstation) {
			w.Folder(places["linux"].cache, fs.ModeDir|0o755)
			w.Who.Elevated = true
		}), "usable"},
		"gone":          {change("linux", func(w *imagined.Workstation) { w.Denied(places["linux"].cache, fs.ErrNotExist) }), "missing"},
		"a file":        {change("linux", func(w *imagined.Workstation) { w.File(places["linux"].cache, "") }), "missing"},
		"gone, Windows": {change("windows", func(w *imagined.Workstation) { w.Denied(places["windows"].cache, fs.ErrNotExist) }), "missing"},
		"gone, macOS":   {change("darwin", func(w *imagined.Workstation) { w.Denied(places["darwin"].cache, fs.ErrNotExist) }), "unknown"},
		"Windows":       {change("windows", func(*imagined.Workstation) {}), "unknown"},
		"macOS":         {change("darwin", func(*imagined.Workstation) {}), "usable"},
		"hidden":        {change("linux", func(w *imagined.Workstation) { w.Denied(places["linux"].cache, fs.ErrPermission) }), "unknown"},
	} {
		if f := judge(t, tt.workstation, "cryptolib.folders"); f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
	}
}

func TestCryptolibTraces(t *testing.T) {
	t.Parallel()
	file := func(goos, path, text string) *imagined.Workstation { return installed(ready(goos)).File(path, text) }
	key := func(name, value string) *imagined.Workstation {
		w := installed(ready("windows"))
		w.RegistryOf[name] = pkcs11.RegistryKey{Values: map[string]string{"Traces": value}}
		return w
	}
	const config, onMac = "/etc/opt/santesocial/CPS/cps3_pkcs11.conf", "/Library/Preferences/santesocial/CPS/cps3_pkcs11.conf"
	for name, tt := range map[string]struct {
		workstation *imagined.Workstation
		want        string
	}{
		"as delivered":    {file("linux", config, "Traces \n{\n\tactive = false;\n\tdebug = 0;\n}\n"), "off"},
		"on":              {file("linux", config, "Traces \n{\n\tactive = true;\n\tdebug = 10;\n}\n"), "on"},
		"on, small":       {file("linux", config, "traces { active=true; }"), "on"},
		"on, macOS":       {file("darwin", onMac, "traces { debug = 5; active = true; }"), "on"},
		"another section": {file("linux", config, "traces { active = false; }\nother { active = true; }"), "off"},
		"a remark":        {file("linux", config, "# traces { active = true; }\n"), "off"},
		"no file":         {installed(ready("linux")), "off"},
		"hidden":          {installed(ready("linux")).Denied(config, fs.ErrPermission), "unknown"},
		"Windows":         {installed(ready("windows")), "off"},
		"Windows, on":     {key(`HKLM\SOFTWARE\ASIP Sante\PKCS11`, "1"), "on"},
		"Windows, 32":     {key(`HKLM\SOFTWARE\ASIP Sante\PKCS11|32`, "1"), "on"},
		"Windows, person": {key(`HKCU\Software\ASIP Sante\PKCS11`, "1"), "on"},
		"Windows, off":    {key(`HKLM\SOFTWARE\ASIP Sante\PKCS11`, "0"), "off"},
	} {
		if f := judge(t, tt.workstation, "cryptolib.traces"); f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
	}
	w := file("linux", config, "traces { active = true; }").File("/var/opt/santesocial/CPS/log/cps3p11_1_2.log", "x").File("/var/opt/santesocial/CPS/log/other", "x")
	if f := judge(t, w, "cryptolib.traces"); f.Get("traceFiles") != "1" || f.Get("tracesSetIn") != config {
		t.Errorf("%+v", f)
	}
	// One command switches off all that is on, each in the view where it stands.
	w = key(`HKCU\Software\ASIP Sante\PKCS11`, "1")
	for _, view := range []string{"", "|32"} {
		w.RegistryOf[`HKLM\SOFTWARE\ASIP Sante\PKCS11`+view] = pkcs11.RegistryKey{Values: map[string]string{"Traces": "1"}}
	}
	const off = `powershell -Command "reg add 'HKCU\Software\ASIP Sante\PKCS11' /v Traces /t REG_DWORD /d 0 /f; ` +
		`reg add 'HKLM\SOFTWARE\ASIP Sante\PKCS11' /v Traces /t REG_DWORD /d 0 /f; reg add 'HKLM\SOFTWARE\ASIP Sante\PKCS11' /v Traces /t REG_DWORD /d 0 /f /reg:32"`
	if f := judge(t, w, "cryptolib.traces"); f.Get("tracesOff") != off {
		t.Errorf("%s", f.Get("tracesOff"))
	}
}

func TestCryptolibCache(t *testing.T) {
	t.Parallel()
	kept := func(w *imagined.Workstation, name, content string, age time.Duration) *imagined.Workstation {
		folder := places[w.OS].cache + "/"
		if w.OS == "windows" {
			folder = places[w.OS].cache + `\`
		}
		return w.File(folder+name, content).Changed(folder+name, cardtest.Today.Add(-age))
	}
	const day = 24 * time.Hour
	for _, goos := range systems {
		card := func() *imagined.Workstation { return installed(with(t, goos, "medecin", virtualcard.Faults{})) }
		for name, tt := range map[string]struct {
			workstation *imagined.Workstation
			want        string
		}{
			"nothing kept":        {card(), "empty"},
			"no folder":           {card().Denied(places[goos].cache, fs.ErrNotExist), "empty"},
			"hidden":              {card().Denied(places[goos].cache, fs.ErrPermission), "unknown"},
			"of this card":        {kept(card(), "29009999_00015031", "x", day), "sound"},
			"before this card":    {kept(card(), "29009999_00015031", "x", 500*day), "stale"},
			"of another card":     {kept(card(), "29001234_00015031", "x", 500*day), "sound"},
			"empty":               {kept(card(), "29009999_00015031", "", day), "damaged"},
			"another card, empty": {kept(card(), "29001234_00015031", "", day), "sound"},
			"no card, empty":      {kept(installed(ready(goos)), "29001234_00015031", "", day), "damaged"},
			"no file of a card":   {kept(card(), "read-me.txt", "", 500*day), "empty"},
		} {
			if f := judge(t, tt.workstation, "cryptolib.cache"); f.Outcome != tt.want {
				t.Errorf("%s, %s: %+v, want %s", name, goos, f, tt.want)
			}
		}
	}
}

func TestCryptolibDICO(t *testing.T) {
	t.Parallel()
	const rows = "G999\tVersion\t\t\t10\tVersion : 02.18\n"

	bad := rows + "G999\tChecksum\t\t\t48\tSHA-1 : " + strings.Repeat("A", 40) + "\n"
	for _, goos := range systems {
		path := places[goos].dico
		if f := judge(t, installed(ready(goos)), "cryptolib.dico"); f.Outcome != "missing" {
			t.Errorf("%s: %+v", goos, f)
		}
		if f := judge(t, installed(ready(goos)).File(path, bad), "cryptolib.dico"); f.Outcome != "damaged" {
			t.Errorf("%s: %+v", goos, f)
		}
		if f := judge(t, installed(ready(goos)).File(path, ""), "cryptolib.dico"); f.Outcome != "damaged" {
			t.Errorf("%s: %+v", goos, f)
		}
		if f := judge(t, installed(ready(goos)).Denied(path, fs.ErrPermission), "cryptolib.dico"); f.Outcome != "unknown" {
			t.Errorf("%s: %+v", goos, f)
		}
		if f := judge(t, installed(ready(goos)).File(path, dico(rows)), "cryptolib.dico"); f.Outcome != "sound" || f.Get("dicoVersion") != "02.18" {
			t.Errorf("%s: %+v", goos, f)
		}
	}
}

// Everything of the Cryptolib is skipped where there is none.
func TestNoCryptolibIsOneCause(t *testing.T) {
	t.Parallel()
	var codes []diagnostic.Code
	for _, c := range diagnostic.Catalogue() {
		if c.Group == diagnostic.GroupCryptolib && c.Code != "cryptolib.installed" {
			codes = append(codes, c.Code)
		}
	}
	if !slices.Contains(codes, "cryptolib.dico") {
		t.Fatal(codes)
	}
	for _, code := range codes {
		if f := judge(t, ready("windows"), code); f.Because != "cryptolib.installed" {
			t.Errorf("%s: %+v", code, f)
		}
	}
}

// dico ends a table of labels with its sum.
func dico(rows string) string {
	return rows + fmt.Sprintf("G999\tChecksum\t\t\t48\tSHA-1 : %X\n", sha1.Sum([]byte(rows)))
}

// A module that fails where it speaks to a card that does not answer well is
// not to blame; one that fails before, or with a sound card, is.
func TestModuleAndCard(t *testing.T) {
	t.Parallel()
	busy := func() *imagined.Workstation { return answering("linux", cps3ATR, pcscError(pcsc.ErrBusy)) }
	sound := func() *imagined.Workstation { return with(t, "linux", "medecin", virtualcard.Faults{}) }
	gaps := func() *imagined.Workstation {
		return with(t, "linux", "medecin", virtualcard.Faults{Truncate: map[string]int{"CPS_INFO_PS": 3}})
	}
	unknown := func() *imagined.Workstation { return answering("linux", noName, pcsc.ErrOther) }
	for name, tt := range map[string]struct {
		workstation *imagined.Workstation
		status      pkcs11.Status
		call        string
		because     diagnostic.Code
	}{
		"held":                  {busy(), pkcs11.Failed, "C_GetSlotInfo", "card.readable"},
		"held, crashes":         {busy(), pkcs11.Crashed, "C_OpenSession", "card.readable"},
		"a part is lacking":     {gaps(), pkcs11.Failed, "C_GetTokenInfo", "card.readable"},
		"no card that it knows": {unknown(), pkcs11.Failed, "C_GetTokenInfo", "card.family"},
		"fails at its start":    {busy(), pkcs11.Failed, "C_Initialize", ""},
		"fails to list":         {gaps(), pkcs11.Failed, "C_GetSlotList", ""},
		"fails nowhere":         {busy(), pkcs11.Failed, "", ""},
		"a sound card":          {sound(), pkcs11.Failed, "C_GetTokenInfo", ""},
	} {
		w := installed(tt.workstation)
		w.Probes[0].Status, w.Probes[0].Call = tt.status, tt.call
		if f := judge(t, w, "cryptolib.loads"); f.Because != tt.because || (tt.because == "") != (f.Status == diagnostic.Error) {
			t.Errorf("%s: %s %s because of %q, want %q", name, f.Status, f.Outcome, f.Because, tt.because)
		}
	}
}
