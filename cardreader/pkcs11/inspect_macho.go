package pkcs11

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	machoFat64    = 0xCAFEBABF
	machoIDDylib  = 0x0D
	machoWeak     = 0x80000018
	machoReexport = 0x8000001F
	machoUpward   = 0x80000023
	machoRpath    = 0x8000001C
	machoTrie     = 0x80000033 // LC_DYLD_EXPORTS_TRIE
	machoInfo     = 0x22       // LC_DYLD_INFO, whose variant with bit 31 is the same
)

func isMachO(magic []byte) bool {
	if len(magic) < 8 {
		return false
	}
	switch big := binary.BigEndian.Uint32(magic); big {
	case macho.Magic32, macho.Magic64:
		return true
	case macho.MagicFat, machoFat64:
		// A Java class file begins in the same way; there a version follows,
		// of 45 or more.
		return binary.BigEndian.Uint32(magic[4:]) < 40
	}
	little := binary.LittleEndian.Uint32(magic)
	return little == macho.Magic32 || little == macho.Magic64
}

// readMachO reads a dylib or bundle, thin or universal: Apple, mach-o/loader.h
// and mach-o/fat.h. Of a universal one it reads the part for the wanted GOARCH.
func readMachO(img *image, wanted string) (library, error) {
	lib := library{format: "macho"}
	head, err := img.read(0, 8)
	if err != nil {
		return lib, err
	}
	magic := binary.BigEndian.Uint32(head)
	if magic != macho.MagicFat && magic != machoFat64 {
		return readThinMachO(img)
	}
	size := 20
	if magic == machoFat64 {
		size = 32
	}
	table, err := img.read(8, uint64(size)*uint64(binary.BigEndian.Uint32(head[4:])))
	if err != nil {
		return lib, err
	}
	var arch []string
	var chosen *image
	for ; len(table) > 0; table = table[size:] {
		be := binary.BigEndian
		part := &image{at: img.at, left: img.left}
		part.base, part.size = uint64(read32(be, table, 8)), uint64(read32(be, table, 12))
		if magic == machoFat64 {
			part.base, part.size = read64(be, table, 8), read64(be, table, 16)
		}
		if part.base > img.size || part.size > img.size-part.base {
			return lib, errCutShort
		}
		name := machoArch(read32(be, table, 0), read32(be, table, 4))
		arch = append(arch, name)
		if name == wanted || chosen == nil {
			chosen = part
		}
	}
	if chosen == nil {
		return lib, errCutShort
	}
	lib, err = readThinMachO(chosen)
	lib.arch = arch
	return lib, err
}

func machoArch(processor, variant uint32) string {
	switch macho.Cpu(processor) {
	case macho.Cpu386:
		return "386"
	case macho.CpuAmd64:
		return "amd64"
	case macho.CpuArm:
		return "arm"
	case macho.CpuArm64:
		if variant&0xFFFFFF == 2 {
			return "arm64e" // which a program for arm64 cannot load
		}
		return "arm64"
	case macho.CpuPpc:
		return "ppc"
	case macho.CpuPpc64:
		return "ppc64"
	}
	return unknownArch("Mach-O", processor)[0]
}

type machoReader struct {
	*image
	order binary.ByteOrder
	wide  bool
}

func readThinMachO(img *image) (library, error) {
	lib := library{format: "macho"}
	head, err := img.read(0, 28)
	if err != nil {
		return lib, err
	}
	x := &machoReader{image: img, order: binary.LittleEndian}
	magic := binary.LittleEndian.Uint32(head)
	if magic != macho.Magic32 && magic != macho.Magic64 {
		x.order, magic = binary.BigEndian, binary.BigEndian.Uint32(head)
	}
	x.wide = magic == macho.Magic64
	if !x.wide && magic != macho.Magic32 {
		return lib, errCutShort
	}
	lib.arch = []string{machoArch(read32(x.order, head, 4), read32(x.order, head, 8))}
	if kind := macho.Type(read32(x.order, head, 12)); kind != macho.TypeDylib && kind != macho.TypeBundle {
		return lib, errors.New("a Mach-O file, but no library")
	}
	start := uint64(28)
	if x.wide {
		start = 32
	}
	commands, err := x.read(start, uint64(read32(x.order, head, 20)))
	if err != nil {
		return lib, err
	}
	return lib, x.commands(&lib, commands, read32(x.order, head, 16))
}

func (x *machoReader) commands(lib *library, commands []byte, count uint32) error {
	var exported [][2]uint64 // tries of exported symbols: offset and size
	for range min(count, 4096) {
		if len(commands) < 8 {
			return errCutShort
		}
		size := uint64(read32(x.order, commands, 4))
		if size < 8 || size > uint64(len(commands)) {
			return errCutShort
		}
		command := commands[:size]
		commands = commands[size:]
		// number and text read fields of this command.
		number := func(at int) uint32 {
			if at+4 > len(command) {
				return 0
			}
			return read32(x.order, command, at)
		}
		text := func() string {
			at := number(8)
			if at < 12 || uint64(at) >= size {
				return ""
			}
			value, _, _ := bytes.Cut(command[at:], []byte{0})
			return string(value[:min(len(value), maxPath)])
		}
		switch kind := number(0); kind {
		case uint32(macho.LoadCmdDylib), machoReexport, machoUpward, machoWeak:
			if len(lib.needs) >= maxNeeds {
				return errTooMuch
			}
			lib.needs = append(lib.needs, text())
			if kind == machoWeak {
				lib.optional = append(lib.optional, text())
			}
		case machoIDDylib:
			v := number(16)
			lib.version = fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xFF, v&0xFF)
		case machoRpath:
			if len(lib.runpath) < 64 {
				lib.runpath = append(lib.runpath, text())
			}
		case uint32(macho.LoadCmdSegment):
			if uint64(number(32))+uint64(number(36)) > x.size {
				return errCutShort
			}
		case uint32(macho.LoadCmdSegment64):
			if len(command) < 56 {
				return errCutShort
			}
			offset, length := read64(x.order, command, 40), read64(x.order, command, 48)
			if offset > x.size || length > x.size-offset {
				return errCutShort
			}
		case uint32(macho.LoadCmdSymtab):
			found, err := x.inSymbols(uint64(number(8)), number(12), uint64(number(16)), uint64(number(20)))
			if err != nil {
				return fmt.Errorf("symbol table: %w", err)
			}
			lib.entry = lib.entry || found
		case machoTrie:
			exported = append(exported, [2]uint64{uint64(number(8)), uint64(number(12))})
		case machoInfo, machoInfo | 1<<31:
			exported = append(exported, [2]uint64{uint64(number(40)), uint64(number(44))})
		}
	}
	// The symbol table of a stripped library may be short of what it exports.
	for _, trie := range exported {
		if lib.entry || trie[1] == 0 {
			break
		}
		data, err := x.read(trie[0], trie[1])
		if err != nil {
			return fmt.Errorf("exported symbols: %w", err)
		}
		lib.entry = inTrie(data, "_"+entryPoint)
	}
	return nil
}

// inSymbols looks for the entry point among the external, defined symbols.
func (x *machoReader) inSymbols(offset uint64, count uint32, text, textSize uint64) (bool, error) {
	size := 12
	if x.wide {
		size = 16
	}
	table, err := x.read(offset, uint64(size)*uint64(count))
	if err != nil {
		return false, err
	}
	names, err := x.read(text, textSize)
	if err != nil {
		return false, err
	}
	want := []byte("_" + entryPoint + "\x00")
	for ; len(table) > 0; table = table[size:] {
		const stab, kind, external, undefined = 0xE0, 0x0E, 0x01, 0x00
		at, flags := uint64(read32(x.order, table, 0)), table[4]
		if flags&stab == 0 && flags&external != 0 && flags&kind != undefined &&
			at < uint64(len(names)) && bytes.HasPrefix(names[at:], want) {
			return true, nil
		}
	}
	return false, nil
}

// inTrie walks the trie of exported symbols down to a name: mach-o/loader.h,
// dyld_info_command.
func inTrie(data []byte, name string) bool {
	// Each step takes some of the name, so that a loop in the trie ends too.
	for node := uint64(0); node < uint64(len(data)); {
		rest := data[node:]
		size, n := binary.Uvarint(rest)
		if n <= 0 {
			return false
		}
		if name == "" {
			return size > 0
		}
		if size >= uint64(len(rest)-n) {
			return false
		}
		rest = rest[uint64(n)+size:]
		children := int(rest[0])
		rest = rest[1:]
		next, found := uint64(0), false
		for range children {
			label, after, ok := bytes.Cut(rest, []byte{0})
			if !ok {
				return false
			}
			child, n := binary.Uvarint(after)
			if n <= 0 {
				return false
			}
			rest = after[n:]
			if len(label) > 0 && len(label) <= len(name) && name[:len(label)] == string(label) {
				name, next, found = name[len(label):], child, true
				break
			}
		}
		if !found {
			return false
		}
		node = next
	}
	return false
}
