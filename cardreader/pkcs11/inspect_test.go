package pkcs11

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func goodELF() madeELF { return madeELF{machine: elf.EM_X86_64, symbol: entryPoint} }
func goodPE() madePE {
	return madePE{machine: pe.IMAGE_FILE_MACHINE_AMD64, exports: []string{"C_Finalize", entryPoint}}
}
func goodMachO() madeMachO {
	return madeMachO{cpu: macho.CpuArm64, symbol: "_" + entryPoint}
}

func elf32(machine elf.Machine) string {
	b := &buffer{order: binary.LittleEndian}
	b.bytes(0, []byte{0x7F, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), 1})
	b.u16(16, uint16(elf.ET_DYN), uint16(machine))
	b.bytes(51, []byte{0})
	return string(b.data)
}

// checkFile compares what Inspect says; the detail only by what want has of it.
func checkFile(t *testing.T, got, want File) {
	t.Helper()
	if !strings.Contains(got.Detail, want.Detail) || (want.Detail == "") != (got.Detail == "") {
		t.Errorf("detail %q, want %q in it", got.Detail, want.Detail)
	}
	got.Detail, want.Detail = "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestInspectLinux(t *testing.T) {
	t.Parallel()
	good := File{Status: OK, Format: "elf", Arch: []string{"amd64"}}
	with := func(change func(*File)) File { f := good; change(&f); return f }
	made := func(change func(*madeELF)) string { m := goodELF(); change(&m); return string(m.bytes()) }
	for name, c := range map[string]struct {
		data string
		want File
	}{
		"good":      {made(func(m *madeELF) {}), good},
		"DT_HASH":   {made(func(m *madeELF) { m.sysv = true }), good},
		"no symbol": {made(func(m *madeELF) { m.symbol = "C_Initialize" }), with(func(f *File) { f.Status, f.Detail = NoSymbol, "exports no" })},
		"no symbol, DT_HASH": {made(func(m *madeELF) { m.symbol = "x"; m.sysv = true }),
			with(func(f *File) { f.Status, f.Detail = NoSymbol, "exports no" })},
		"symbol only used": {made(func(m *madeELF) { m.undefined = true }), with(func(f *File) { f.Status, f.Detail = NoSymbol, "exports no" })},
		"soname":           {made(func(m *madeELF) { m.soname = "libx.so.0" }), with(func(f *File) { f.Version = "libx.so.0" })},
		"missing library": {made(func(m *madeELF) { m.needs = []string{"libusual.so.1", "libgone.so.2"} }), with(func(f *File) {
			f.Status, f.Detail, f.Needs, f.Lacks = MissingLibrary, "not found: libgone.so.2", []string{"libusual.so.1", "libgone.so.2"}, []string{"libgone.so.2"}
		})},
		"library of a library": {made(func(m *madeELF) { m.needs = []string{"libdeep.so"} }), with(func(f *File) {
			f.Status, f.Detail, f.Needs, f.Lacks = MissingLibrary, "libgone.so, which libdeep.so needs", []string{"libdeep.so"}, []string{"libgone.so"}
		})},
		"in the cache": {made(func(m *madeELF) { m.needs = []string{"libcached.so"} }), with(func(f *File) { f.Needs = []string{"libcached.so"} })},
		"other width": {made(func(m *madeELF) { m.needs = []string{"lib32.so"} }), with(func(f *File) {
			f.Status, f.Detail, f.Needs, f.Lacks = MissingLibrary, "lib32.so", []string{"lib32.so"}, []string{"lib32.so"}
		})},
		"runpath": {made(func(m *madeELF) { m.needs = []string{"libnear.so"}; m.runpath = "$ORIGIN/../near" }), with(func(f *File) { f.Needs = []string{"libnear.so"} })},
		"rpath":   {made(func(m *madeELF) { m.needs = []string{"libnear.so"}; m.rpath = "/none:/opt/near" }), with(func(f *File) { f.Needs = []string{"libnear.so"} })},
		"runpath hides": {made(func(m *madeELF) { m.needs = []string{"libnear.so"}; m.rpath, m.runpath = "/opt/near", "/none" }), with(func(f *File) {
			f.Status, f.Detail, f.Needs, f.Lacks = MissingLibrary, "libnear.so", []string{"libnear.so"}, []string{"libnear.so"}
		})},
		"unknown folder":  {made(func(m *madeELF) { m.needs = []string{"libx.so"}; m.runpath = "/opt/$PLATFORM" }), with(func(f *File) { f.Needs = []string{"libx.so"} })},
		"LD_LIBRARY_PATH": {made(func(m *madeELF) { m.needs = []string{"libenv.so"} }), with(func(f *File) { f.Needs = []string{"libenv.so"} })},
		"absolute, missing": {made(func(m *madeELF) { m.needs = []string{"/x/y.so"} }), with(func(f *File) {
			f.Status, f.Detail, f.Needs, f.Lacks = MissingLibrary, "/x/y.so", []string{"/x/y.so"}, []string{"/x/y.so"}
		})},
		"program":                      {made(func(m *madeELF) { m.kind = elf.ET_EXEC }), with(func(f *File) { f.Status, f.Detail = Unreadable, "no shared library" })},
		"position independent program": {made(func(m *madeELF) { m.flags1 = elf.DF_1_PIE }), with(func(f *File) { f.Status, f.Detail = Unreadable, "a program" })},
		"arm64":                        {made(func(m *madeELF) { m.machine = elf.EM_AARCH64 }), File{Status: WrongArchitecture, Format: "elf", Arch: []string{"arm64"}, Detail: "for linux on arm64; this program is for linux on amd64"}},
		"big endian":                   {made(func(m *madeELF) { m.machine, m.order = elf.EM_S390, binary.BigEndian }), File{Status: WrongArchitecture, Format: "elf", Arch: []string{"s390x"}, Detail: "s390x"}},
		"other":                        {made(func(m *madeELF) { m.machine = 9999 }), File{Status: WrongArchitecture, Format: "elf", Arch: []string{"ELF machine 9999"}, Detail: "9999"}},
		"32 bits":                      {elf32(elf.EM_386), File{Status: WrongArchitecture, Format: "elf", Arch: []string{"386"}, Detail: "for linux on 386"}},
		"cut short":                    {made(func(m *madeELF) {})[:0x480], with(func(f *File) { f.Status, f.Detail = Unreadable, "cut short" })},
		"header only":                  {made(func(m *madeELF) {})[:64], with(func(f *File) { f.Status, f.Detail = Unreadable, "cut short" })},
		"magic only":                   {"\x7fELF", File{Status: Unreadable, Format: "elf", Detail: "cut short"}},
		"empty":                        {"", File{Status: Unreadable, Detail: "empty"}},
		"text":                         {"#!/bin/sh\nexit 0\n", File{Status: Unreadable, Detail: "no library"}},
		"static":                       {"!<arch>\nx", File{Status: Unreadable, Detail: "static"}},
		"DOS":                          {"MZ" + strings.Repeat("\x00", 100), File{Status: Unreadable, Detail: "DOS"}},
		"of Windows":                   {string(goodPE().bytes()), File{Status: WrongArchitecture, Format: "pe", Arch: []string{"amd64"}, Detail: "for windows on amd64"}},
		"of macOS":                     {string(goodMachO().bytes()), File{Status: WrongArchitecture, Format: "macho", Arch: []string{"arm64"}, Version: "3.1.0", Detail: "for darwin on arm64"}},
		"a Java class":                 {"\xCA\xFE\xBA\xBE\x00\x00\x00\x41", File{Status: Unreadable, Detail: "no library"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFake("linux", "amd64", "/home/alix")
			h.env["LD_LIBRARY_PATH"] = "/opt/env"
			library := string(goodELF().bytes())
			h.file("/usr/lib/x86_64-linux-gnu/libusual.so.1", library)
			h.file("/usr/lib/libdeep.so", string(madeELF{machine: elf.EM_X86_64, needs: []string{"libgone.so", "libusual.so.1"}}.bytes()))
			h.file("/usr/lib/lib32.so", elf32(elf.EM_386))
			h.file("/odd/libcached.so", library)
			h.file("/etc/ld.so.cache", madeCache("libcached.so", "/odd/libcached.so"))
			h.file("/opt/near/libnear.so", library)
			h.file("/opt/env/libenv.so", library)
			h.file("/opt/m/module.so", c.data)
			checkFile(t, Inspect(h, "/opt/m/module.so"), c.want)
		})
	}
}

func TestInspectLoaderConfiguration(t *testing.T) {
	t.Parallel()
	h := newFake("linux", "amd64", "/home/alix")
	h.file("/etc/ld.so.conf", "include ld.so.conf.d/*.conf\ninclude /etc/ld.so.conf\n")
	h.file("/etc/ld.so.conf.d/galss.conf", "# GALSS\n/usr/local/galss\n")
	h.file("/usr/local/galss/libconf.so", string(goodELF().bytes()))
	made := goodELF()
	made.needs = []string{"libconf.so"}
	h.file("/m.so", string(made.bytes()))
	if got := Inspect(h, "/m.so"); got.Status != OK {
		t.Errorf("%+v", got)
	}
	// The loader asks its cache and not its configuration when it has one.
	h.file("/etc/ld.so.cache", madeCache("libother.so", "/o/libother.so"))
	if got := Inspect(h, "/m.so"); got.Status != MissingLibrary {
		t.Errorf("%+v", got)
	}
}

func TestInspectWindows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arch string
		made madePE
		want File
	}{
		"good": {"amd64", goodPE(), File{Status: OK, Format: "pe", Arch: []string{"amd64"}}},
		"libraries": {"amd64", madePE{machine: pe.IMAGE_FILE_MACHINE_AMD64, exports: []string{entryPoint}, version: [4]uint16{3, 4, 0, 17},
			imports: []string{"KERNEL32.dll", "near.dll", "inpath.dll", "api-ms-win-crt-heap-l1-1-0.dll", "MSVCR90.dll", "cptabw64.dll"}},
			File{Status: MissingLibrary, Detail: "not found: cptabw64.dll", Format: "pe", Arch: []string{"amd64"}, Version: "3.4.0.17",
				Needs: []string{"KERNEL32.dll", "near.dll", "inpath.dll", "api-ms-win-crt-heap-l1-1-0.dll", "MSVCR90.dll", "cptabw64.dll"}, Lacks: []string{"cptabw64.dll"}}},
		"32 bits": {"amd64", madePE{machine: pe.IMAGE_FILE_MACHINE_I386, exports: []string{entryPoint}, version: [4]uint16{1, 0, 0, 0}},
			File{Status: WrongArchitecture, Format: "pe", Arch: []string{"386"}, Version: "1.0.0.0", Detail: "for windows on 386; this program is for windows on amd64"}},
		"32 bits for us": {"386", madePE{machine: pe.IMAGE_FILE_MACHINE_I386, exports: []string{entryPoint}}, File{Status: OK, Format: "pe", Arch: []string{"386"}}},
		"no symbol":      {"amd64", madePE{machine: pe.IMAGE_FILE_MACHINE_AMD64, exports: []string{"C_GetFunctionLists"}}, File{Status: NoSymbol, Format: "pe", Arch: []string{"amd64"}, Detail: "exports no"}},
		"no exports":     {"amd64", madePE{machine: pe.IMAGE_FILE_MACHINE_AMD64}, File{Status: NoSymbol, Format: "pe", Arch: []string{"amd64"}, Detail: "exports no"}},
		"program":        {"amd64", madePE{machine: pe.IMAGE_FILE_MACHINE_AMD64, program: true}, File{Status: Unreadable, Format: "pe", Arch: []string{"amd64"}, Detail: "a program"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFake("windows", c.arch, `C:\Users\alix`)
			h.env["PATH"] = `relative;C:\tools`
			h.file(`C:\Windows\System32\kernel32.dll`, "")
			h.file(`C:\m\near.dll`, "")
			h.file(`C:\tools\inpath.dll`, "")
			h.file(`C:\m\module.dll`, string(c.made.bytes()))
			checkFile(t, Inspect(h, `c:\m\Module.dll`), c.want)
		})
	}
	h := newFake("windows", "amd64", `C:\Users\alix`)
	h.file(`C:\m.dll`, string(goodPE().bytes()[:0x500]))
	checkFile(t, Inspect(h, `C:\m.dll`), File{Status: Unreadable, Format: "pe", Arch: []string{"amd64"}, Detail: "cut short"})
	checkFile(t, Inspect(h, `\\.\pipe\x`), File{Status: Unreadable, Detail: "device"})
	checkFile(t, Inspect(h, `m.dll`), File{Status: Missing, Detail: "not an absolute path"})
}

func TestInspectDarwin(t *testing.T) {
	t.Parallel()
	good := File{Status: OK, Format: "macho", Arch: []string{"arm64"}, Version: "3.1.0"}
	with := func(change func(*File)) File { f := good; change(&f); return f }
	made := func(change func(*madeMachO)) string { m := goodMachO(); change(&m); return string(m.bytes()) }
	intel, arm := goodMachO(), goodMachO()
	intel.cpu = macho.CpuAmd64
	for name, c := range map[string]struct {
		data string
		want File
	}{
		"good":      {made(func(m *madeMachO) {}), good},
		"bundle":    {made(func(m *madeMachO) { m.kind = macho.TypeBundle }), good},
		"trie":      {made(func(m *madeMachO) { m.inTrie = true }), good},
		"no symbol": {made(func(m *madeMachO) { m.symbol = "_C_Get" }), with(func(f *File) { f.Status, f.Detail = NoSymbol, "exports no" })},
		"no symbol, trie": {made(func(m *madeMachO) { m.symbol, m.inTrie = "_C_GetInfo", true }),
			with(func(f *File) { f.Status, f.Detail = NoSymbol, "exports no" })},
		"universal":       {string(universal(false, intel, arm)), with(func(f *File) { f.Arch = []string{"amd64", "arm64"} })},
		"universal, wide": {string(universal(true, intel, arm)), with(func(f *File) { f.Arch = []string{"amd64", "arm64"} })},
		"Intel only": {string(intel.bytes()), with(func(f *File) {
			f.Status, f.Arch, f.Detail = WrongArchitecture, []string{"amd64"}, "for darwin on amd64; this program is for darwin on arm64"
		})},
		"arm64e":           {made(func(m *madeMachO) { m.variant = 0x80000002 }), with(func(f *File) { f.Status, f.Arch, f.Detail = WrongArchitecture, []string{"arm64e"}, "arm64e" })},
		"program":          {made(func(m *madeMachO) { m.kind = macho.TypeExec }), File{Status: Unreadable, Format: "macho", Arch: []string{"arm64"}, Detail: "no library"}},
		"cut short":        {made(func(m *madeMachO) {})[:0x410], with(func(f *File) { f.Status, f.Detail = Unreadable, "cut short" })},
		"universal, short": {string(universal(false, intel, arm))[:0x580], File{Status: Unreadable, Format: "macho", Detail: "cut short"}},
		"libraries": {made(func(m *madeMachO) {
			m.needs = []string{"/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/PCSC.framework/PCSC", "@loader_path/near.dylib",
				"@rpath/inrpath.dylib", "@executable_path/x.dylib", "@rpath/gone.dylib", "/Library/Frameworks/cptabosx.framework/cptabosx"}
			m.weak = []string{"/opt/weak.dylib"}
			m.rpaths = []string{"/none", "@loader_path/../r"}
		}), with(func(f *File) {
			f.Status, f.Detail = MissingLibrary, "not found: @rpath/gone.dylib; /Library/Frameworks/cptabosx.framework/cptabosx"
			f.Needs = []string{"/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/PCSC.framework/PCSC", "@loader_path/near.dylib",
				"@rpath/inrpath.dylib", "@executable_path/x.dylib", "@rpath/gone.dylib", "/Library/Frameworks/cptabosx.framework/cptabosx", "/opt/weak.dylib"}
			f.Lacks = []string{"@rpath/gone.dylib", "/Library/Frameworks/cptabosx.framework/cptabosx"}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFake("darwin", "arm64", "/Users/alix")
			h.file("/m/near.dylib", "")
			h.file("/r/inrpath.dylib", "")
			h.file("/m/module.dylib", c.data)
			checkFile(t, Inspect(h, "/m/module.dylib"), c.want)
		})
	}
}

func TestInspectWhatIsNoFile(t *testing.T) {
	t.Parallel()
	h := newFake("linux", "amd64", "/home/alix")
	h.file("/m/file.so", string(goodELF().bytes()))
	h.link("/m/link.so", "file.so")
	h.link("/m/broken.so", "gone.so")
	h.link("/m/round.so", "round.so")
	h.put("/m/pipe.so", &fakeNode{mode: fs.ModeNamedPipe | 0o644})
	h.put("/m/device.so", &fakeNode{mode: fs.ModeDevice | 0o644})
	h.file("/m/denied.so", "x").denied = true
	for path, want := range map[string]File{
		"/m/link.so":      {Status: OK, Target: "/m/file.so", Format: "elf", Arch: []string{"amd64"}},
		"/m/broken.so":    {Status: Missing, Detail: "a link to a file that is not there"},
		"/m/round.so":     {Status: Unreadable, Detail: "round"},
		"/m/none.so":      {Status: Missing, Detail: "no such file"},
		"/m/file.so/x.so": {Status: Missing, Detail: "no such file"},
		"/m":              {Status: Unreadable, Detail: "a folder"},
		"/m/pipe.so":      {Status: Unreadable, Detail: "a named pipe"},
		"/m/device.so":    {Status: Unreadable, Detail: "a device"},
		"/m/denied.so":    {Status: Unreadable, Detail: "no right"},
		"file.so":         {Status: Missing, Detail: "not an absolute path"},
		"":                {Status: Missing, Detail: "not an absolute path"},
		"/m/\x00":         {Status: Missing, Detail: "not an absolute path"},
	} {
		t.Run(strings.ReplaceAll(path, "/", "_"), func(t *testing.T) {
			t.Parallel()
			checkFile(t, Inspect(h, path), want)
		})
	}
}

func TestInspectWorldWritable(t *testing.T) {
	t.Parallel()
	const cps = "/etc/opt/santesocial/CPS"
	h := linuxHost()
	h.file("/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", string(goodELF().bytes())).mode = 0o666
	h.folder("/opt/santesocial", fs.ModeDir|0o777)
	h.folder("/opt", fs.ModeSticky|0o777) // others may add, not replace
	h.folder(cps+"/Coffre", 0o777)
	h.folder(cps+"/cache", fs.ModeSticky|0o777)
	h.file(cps+"/cache/29009999_3F00", "").mode = 0o666
	h.file(cps+"/Coffre/AC_FORT_PERSONNES_20130625.cer", "").mode = 0o646
	h.file(cps+"/cps3_pkcs11.conf", "").mode = 0o666
	h.file(cps+"/DICO-FR.GIP", "")
	want := []string{
		"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", "/opt/santesocial",
		cps + "/Coffre", cps + "/cps3_pkcs11.conf", cps + "/Coffre/AC_FORT_PERSONNES_20130625.cer", cps + "/cache",
	}
	got := Inspect(h, "/usr/lib64/libcps3_pkcs11_lux.so")
	slicesEqualAnyOrder(t, want, got.WorldWritable)
	if got.Target != "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so" || got.Status != OK {
		t.Errorf("%+v", got)
	}
	// Another module is not asked for the Cryptolib's folders; names of the
	// cache, which hold card numbers, are in no list.
	h.file("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", string(goodELF().bytes()))
	if got := Inspect(h, "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"); len(got.WorldWritable) != 0 {
		t.Errorf("OpenSC: %v", got.WorldWritable)
	}
	for _, path := range got.WorldWritable {
		if strings.Contains(path, "29009999") {
			t.Errorf("a card number in %q", path)
		}
	}
}

func slicesEqualAnyOrder(t *testing.T, want, got []string) {
	t.Helper()
	count := map[string]int{}
	for _, s := range want {
		count[s]++
	}
	for _, s := range got {
		count[s]--
	}
	for s, n := range count {
		if n != 0 {
			t.Errorf("%q: %d times too few", s, n)
		}
	}
}

// TestInspectInstalled reads the modules that are installed here.
func TestInspectInstalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, version, needs string }{
		{"/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", "opensc-pkcs11.so", "libc.so.6"},
		{"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "", "libc.so.6"},
		{"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", "libcps3_pkcs11_lux.so.0", "libpthread.so.0"},
	} {
		t.Run(filepath.Base(c.path), func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(c.path); err != nil || runtime.GOARCH != "amd64" {
				t.Skip("not installed here")
			}
			got := Inspect(Local(), c.path)
			if got.Status != OK || got.Format != "elf" || len(got.Lacks) != 0 || got.Detail != "" {
				t.Errorf("%+v", got)
			}
			if got.Version != c.version && c.version != "" {
				t.Errorf("version %q, want %q", got.Version, c.version)
			}
			if !strings.Contains(strings.Join(got.Needs, " "), c.needs) {
				t.Errorf("needs %v, not %s", got.Needs, c.needs)
			}
		})
	}
	if info, err := os.Stat("/etc/opt/santesocial/CPS/Coffre"); err == nil && info.Mode()&0o002 != 0 {
		got := Inspect(Local(), "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so")
		if !strings.Contains(strings.Join(got.WorldWritable, " "), "/etc/opt/santesocial/CPS/Coffre") {
			t.Errorf("world-writable: %v", got.WorldWritable)
		}
	}
	// A library that is none of PKCS#11.
	const libc = "/usr/lib/x86_64-linux-gnu/libc.so.6"
	if _, err := os.Stat(libc); err == nil && runtime.GOARCH == "amd64" {
		if got := Inspect(Local(), libc); got.Status != NoSymbol {
			t.Errorf("libc: %+v", got)
		}
	}
}

// TestInspectLocalFiles makes files on the disk of the machine.
func TestInspectLocalFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, data []byte, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(at(name), data, mode), os.Chmod(at(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("text.so", []byte("hello\n"), 0o644)
	write("cut.so", goodELF().bytes()[:200], 0o644)
	write("denied.so", goodELF().bytes(), 0o000)
	want := map[string]Status{"text.so": Unreadable, "none.so": Missing, ".": Unreadable}
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		want["cut.so"] = Unreadable
	}
	if err := os.Symlink("gone.so", at("broken.so")); err == nil {
		want["broken.so"] = Missing
	}
	if makePipe(at("pipe.so")) {
		want["pipe.so"] = Unreadable
		if _, err := Local().Open(at("pipe.so")); err == nil {
			t.Error("a pipe was opened")
		}
	}
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		want["denied.so"] = Unreadable
	}
	for name, status := range want {
		if got := Inspect(Local(), at(name)); got.Status != status {
			t.Errorf("%s: %+v, want %s", name, got, status)
		}
	}
}

// hugeFile claims to be of a terabyte.
type hugeFile struct{ memory }

func (hugeFile) Size() int64 { return 1 << 40 }

func TestReadLibraryIsBounded(t *testing.T) {
	t.Parallel()
	// Tables as large as a damaged file may claim, in a file that has them.
	b := &buffer{order: binary.LittleEndian}
	b.bytes(0, goodMachO().bytes())
	for at := 32; at < 0x400; at += 8 {
		if binary.LittleEndian.Uint32(b.data[at:]) == uint32(macho.LoadCmdSymtab) {
			b.u32(at+12, 0xFFFFFFF, 0, 0xFFFFFFFF)
			break
		}
	}
	_, err := readLibrary(hugeFile{memory{bytes.NewReader(b.data)}}, "arm64")
	if !errors.Is(err, errTooMuch) {
		t.Errorf("error: %v", err)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(goodELF().bytes())
	full := goodELF()
	full.needs, full.soname, full.runpath, full.sysv = []string{"libc.so.6", "liba.so"}, "x.so.1", "$ORIGIN:/a", true
	f.Add(full.bytes())
	f.Add([]byte(elf32(elf.EM_386)))
	f.Add(madePE{machine: pe.IMAGE_FILE_MACHINE_AMD64, imports: []string{"a.dll"}, exports: []string{entryPoint}, version: [4]uint16{1, 2, 3, 4}}.bytes())
	trie := goodMachO()
	trie.inTrie, trie.needs, trie.rpaths = true, []string{"@rpath/a.dylib"}, []string{"/r"}
	f.Add(trie.bytes())
	f.Add(goodMachO().bytes())
	f.Add(universal(false, goodMachO(), trie))
	f.Add([]byte(madeCache("liba.so", "/a/liba.so")))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, h := range []*fakeHost{
			newFake("linux", "amd64", "/h"), newFake("windows", "amd64", `C:\h`), newFake("darwin", "arm64", "/h"),
		} {
			path := "/m/libcps3_pkcs11.so"
			if h.goos == "windows" {
				path = `C:\m\x.dll`
			} else {
				h.file("/usr/lib/liba.so", string(data))
				h.file("/etc/ld.so.cache", string(data))
				h.file("/etc/ld.so.conf", string(data))
			}
			h.file(path, string(data))
			got := Inspect(h, path)
			switch got.Status {
			case OK, MissingLibrary, NoSymbol:
				if got.Format != formatOf(system(h.goos)) || !slices.Contains(got.Arch, h.goarch) {
					t.Errorf("%s, and not for us: %+v", got.Status, got)
				}
			case WrongArchitecture:
				if got.Format == "" || len(got.Arch) == 0 {
					t.Errorf("for nothing: %+v", got)
				}
			case Unreadable:
			default:
				t.Errorf("status %q", got.Status)
			}
			if (got.Status == OK) != (got.Detail == "") || len(got.Needs) > maxNeeds {
				t.Errorf("%+v", got)
			}
		}
	})
}
