// Command inspect [-version NUMBER] PROGRAM.exe… looks whether a Windows program
// is built as packaging/build means it to be, and is of that version.
package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
)

func main() {
	version := flag.String("version", "", "the version that the programs should tell")
	flag.Parse()
	bad := false
	for _, path := range flag.Args() {
		for _, fault := range inspect(path, *version) {
			fmt.Printf("%s: %v\n", path, fault)
			bad = true
		}
	}
	if bad || flag.NArg() == 0 {
		os.Exit(1)
	}
}

// libraries are those that a program may name in its import table. Only
// OPENGL32 is not one of those that Windows takes from System32 in any case.
var libraries = []string{"GDI32.dll", "KERNEL32.dll", "OLEAUT32.dll", "OPENGL32.dll", "SHELL32.dll", "USER32.dll", "msvcrt.dll"}

// protections are the flags that a program must have.
const protections = pe.IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA | pe.IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE | pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT

func inspect(path, version string) (faults []error) {
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	content, err := os.ReadFile(path)
	if err != nil {
		return []error{err}
	}
	file, err := pe.NewFile(bytes.NewReader(content))
	if err != nil {
		return []error{err}
	}
	header, ok := file.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return []error{errors.New("not a 64-bit program")}
	}
	subsystem := uint16(pe.IMAGE_SUBSYSTEM_WINDOWS_CUI)
	if filepath.Base(path) == "postecpx.exe" {
		subsystem = pe.IMAGE_SUBSYSTEM_WINDOWS_GUI
	}
	if header.Subsystem != subsystem {
		fault("subsystem %d, not %d", header.Subsystem, subsystem)
	}
	if header.DllCharacteristics&protections != protections {
		fault("protections %#x, not %#x", header.DllCharacteristics, protections)
	}
	if file.TimeDateStamp != 0 {
		fault("it tells when it was linked")
	}
	symbols, err := file.ImportedSymbols()
	if err != nil {
		fault("imports: %v", err)
	}
	for _, s := range symbols {
		if _, library, _ := strings.Cut(s, ":"); !slices.Contains(libraries, library) {
			fault("it needs %s", library)
		}
	}
	if flags, err := dependentLoadFlags(file, header); err != nil || flags != 0x0800 {
		fault("load flags %#x, not those of System32: %v", flags, err)
	}
	for _, words := range []string{"asInvoker", "PerMonitorV2", "longPathAware", ">UTF-8<"} {
		if !bytes.Contains(content, []byte(words)) {
			fault("its manifest does not say %s", words)
		}
	}
	for _, words := range []string{"ProductVersion", "FileDescription", "Poste CPx"} {
		if !bytes.Contains(content, wide(words)) {
			fault("its version does not say %s", words)
		}
	}
	for _, key := range []string{"ProductVersion", "FileVersion"} {
		// Key and value end with a zero, and the value begins at a multiple of 4.
		_, value, _ := bytes.Cut(content, wide(key+"\x00"))
		value = bytes.TrimLeft(value[:min(len(value), 64)], "\x00")
		if version != "" && !bytes.HasPrefix(value, wide(version+"\x00")) {
			fault("its %s is not %s", key, version)
		}
	}
	// What speaks to screen readers loads that library when a window opens.
	if filepath.Base(path) == "postecpx.exe" && !bytes.Contains(content, wide("uiautomationcore.dll")) {
		fault("it tells nothing to screen readers: the build tag accessibility is not set")
	}
	return faults
}

// dependentLoadFlags reads the load configuration as Windows does.
func dependentLoadFlags(file *pe.File, header *pe.OptionalHeader64) (uint16, error) {
	d := header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG]
	for _, s := range file.Sections {
		if d.VirtualAddress < s.VirtualAddress || d.VirtualAddress+d.Size > s.VirtualAddress+s.VirtualSize || d.Size < 0x50 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return 0, err
		}
		at := int(d.VirtualAddress - s.VirtualAddress)
		if at+0x50 > len(data) {
			break
		}
		return binary.LittleEndian.Uint16(data[at+0x4E:]), nil
	}
	return 0, errors.New("no load configuration")
}

// wide is a text as a version resource holds it.
func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
