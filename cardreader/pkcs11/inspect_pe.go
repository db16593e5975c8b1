package pkcs11

import (
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
)

var le = binary.LittleEndian

// readPE reads a DLL: Microsoft, "PE Format".
func readPE(img *image) (library, error) {
	lib := library{format: "pe"}
	stub, err := img.read(0, 64)
	if err != nil {
		return lib, err
	}
	start := uint64(read32(le, stub, 0x3C))
	head, err := img.read(start, 24)
	if err != nil || string(head[:4]) != "PE\x00\x00" {
		return library{}, errors.New("a DOS program, no library of Windows")
	}
	lib.arch = peArch(read16(le, head, 4))
	x := &peReader{image: img}
	if err := x.headers(start+24, read16(le, head, 20), read16(le, head, 6)); err != nil {
		return lib, err
	}
	lib.version = x.version()
	if read16(le, head, 22)&pe.IMAGE_FILE_DLL == 0 {
		return lib, errors.New("a program, not a library")
	}
	if lib.needs, err = x.imports(); err != nil {
		return lib, fmt.Errorf("import table: %w", err)
	}
	if lib.entry, err = x.exports(entryPoint); err != nil {
		return lib, fmt.Errorf("export table: %w", err)
	}
	return lib, nil
}

func peArch(machine uint16) []string {
	switch machine {
	case pe.IMAGE_FILE_MACHINE_I386:
		return []string{"386"}
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return []string{"amd64"}
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return []string{"arm64"}
	case pe.IMAGE_FILE_MACHINE_ARMNT:
		return []string{"arm"}
	}
	return unknownArch("PE", machine)
}

type peReader struct {
	*image
	sections    []pe.SectionHeader
	directories []pe.DataDirectory
}

func (x *peReader) headers(start uint64, size, sections uint16) error {
	optional, err := x.read(start, uint64(size))
	if err != nil {
		return err
	}
	const narrow, wide = 0x10B, 0x20B
	at := 96 // where the data directories begin
	switch {
	case len(optional) >= 96 && read16(le, optional, 0) == narrow:
	case len(optional) >= 112 && read16(le, optional, 0) == wide:
		at = 112
	default:
		return errCutShort
	}
	for range min(read32(le, optional, at-4), 16) {
		if at+8 > len(optional) {
			break
		}
		x.directories = append(x.directories, pe.DataDirectory{
			VirtualAddress: read32(le, optional, at), Size: read32(le, optional, at+4)})
		at += 8
	}
	if sections > 96 { // the bound of the Windows loader
		return errTooMuch
	}
	table, err := x.read(start+uint64(size), 40*uint64(sections))
	if err != nil {
		return err
	}
	for ; len(table) > 0; table = table[40:] {
		section := pe.SectionHeader{VirtualSize: read32(le, table, 8), VirtualAddress: read32(le, table, 12),
			Size: read32(le, table, 16), Offset: read32(le, table, 20)}
		if section.Size > 0 && uint64(section.Offset)+uint64(section.Size) > x.size {
			return errCutShort
		}
		x.sections = append(x.sections, section)
	}
	return nil
}

// offset turns an address in memory into one in the file.
func (x *peReader) offset(address uint32) (uint64, error) {
	for _, section := range x.sections {
		if address >= section.VirtualAddress && address-section.VirtualAddress < section.Size {
			return uint64(section.Offset) + uint64(address-section.VirtualAddress), nil
		}
	}
	return 0, errCutShort
}

// at reads bytes at an address in memory.
func (x *peReader) at(address uint32, n uint64) ([]byte, error) {
	offset, err := x.offset(address)
	if err != nil {
		return nil, err
	}
	return x.read(offset, n)
}

func (x *peReader) directory(index int) pe.DataDirectory {
	if index < len(x.directories) {
		return x.directories[index]
	}
	return pe.DataDirectory{}
}

func (x *peReader) imports() ([]string, error) {
	table := x.directory(pe.IMAGE_DIRECTORY_ENTRY_IMPORT).VirtualAddress
	if table == 0 {
		return nil, nil
	}
	offset, err := x.offset(table)
	if err != nil {
		return nil, err
	}
	var needs []string
	for range maxNeeds {
		entry, err := x.read(offset, 20)
		if err != nil {
			return needs, err
		}
		name := read32(le, entry, 12)
		if name == 0 {
			return needs, nil
		}
		at, err := x.offset(name)
		if err != nil {
			return needs, err
		}
		text, err := x.text(at)
		if err != nil {
			return needs, err
		}
		needs = append(needs, text)
		offset += 20
	}
	return needs, errTooMuch
}

func (x *peReader) exports(name string) (bool, error) {
	table := x.directory(pe.IMAGE_DIRECTORY_ENTRY_EXPORT).VirtualAddress
	if table == 0 {
		return false, nil
	}
	head, err := x.at(table, 40)
	if err != nil {
		return false, err
	}
	const maxExports = 1 << 16 // ordinals have 16 bits
	count := read32(le, head, 24)
	if count == 0 {
		return false, nil
	}
	if count > maxExports {
		return false, errTooMuch
	}
	names, err := x.at(read32(le, head, 32), 4*uint64(count))
	if err != nil {
		return false, err
	}
	for ; len(names) > 0; names = names[4:] {
		if at, err := x.offset(read32(le, names, 0)); err == nil && x.is(at, name) {
			return true, nil
		}
	}
	return false, nil
}

// version reads the version of the file from its VERSIONINFO resource, "" when
// it has none that can be read: it is told, and nothing depends on it.
func (x *peReader) version() string {
	const versionInfo, directoryFlag = 16, 1 << 31
	root := x.directory(pe.IMAGE_DIRECTORY_ENTRY_RESOURCE).VirtualAddress
	if root == 0 {
		return ""
	}
	// Three levels: the type, then the first name and the first language.
	var below uint32
	for level := range 3 {
		head, err := x.at(root+below, 16)
		if err != nil {
			return ""
		}
		count := uint64(read16(le, head, 12)) + uint64(read16(le, head, 14))
		entries, err := x.at(root+below+16, 8*min(count, 4096))
		if err != nil {
			return ""
		}
		found := false
		for ; len(entries) > 0 && !found; entries = entries[8:] {
			if level > 0 || read32(le, entries, 0) == versionInfo {
				below, found = read32(le, entries, 4), true
			}
		}
		if isDirectory := below&directoryFlag != 0; !found || isDirectory != (level < 2) {
			return ""
		}
		below &^= directoryFlag
	}
	entry, err := x.at(root+below, 16)
	if err != nil {
		return ""
	}
	// VS_VERSIONINFO: three 16-bit numbers, the key in UTF-16, padding, then
	// VS_FIXEDFILEINFO, which begins with its signature.
	const fixedAt, signature = 40, 0xFEEF04BD
	info, err := x.at(read32(le, entry, 0), fixedAt+16)
	if err != nil || uint64(read32(le, entry, 4)) < fixedAt+16 || read32(le, info, fixedAt) != signature {
		return ""
	}
	high, low := read32(le, info, fixedAt+8), read32(le, info, fixedAt+12)
	return fmt.Sprintf("%d.%d.%d.%d", high>>16, high&0xFFFF, low>>16, low&0xFFFF)
}
