package pkcs11

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// readELF reads a shared object as ld.so does, from its program headers: System
// V ABI, gABI chapters 4 and 5; the section headers may be absent.
func readELF(img *image) (library, error) {
	lib := library{format: "elf"}
	head, err := img.read(0, 20)
	if err != nil {
		return lib, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	lib.class = head[elf.EI_CLASS]
	lib.machine = read16(order, head, 18)
	lib.arch = elfArch(elf.Machine(lib.machine), elf.Class(lib.class), order)

	x := &elfReader{image: img, order: order, wide: elf.Class(lib.class) == elf.ELFCLASS64}
	if !x.wide && elf.Class(lib.class) != elf.ELFCLASS32 {
		return lib, errCutShort
	}
	if elf.Type(read16(order, head, 16)) != elf.ET_DYN {
		return lib, errors.New("an ELF file, but no shared library")
	}
	if err := x.segments(); err != nil {
		return lib, err
	}
	return lib, x.dynamic(&lib)
}

func elfArch(machine elf.Machine, class elf.Class, order binary.ByteOrder) []string {
	wide, little := class == elf.ELFCLASS64, order == binary.ByteOrder(binary.LittleEndian)
	switch {
	case machine == elf.EM_386:
		return []string{"386"}
	case machine == elf.EM_X86_64 && wide:
		return []string{"amd64"}
	case machine == elf.EM_ARM && little:
		return []string{"arm"}
	case machine == elf.EM_AARCH64 && wide && little:
		return []string{"arm64"}
	case machine == elf.EM_RISCV && wide:
		return []string{"riscv64"}
	case machine == elf.EM_LOONGARCH && wide:
		return []string{"loong64"}
	case machine == elf.EM_PPC64 && little:
		return []string{"ppc64le"}
	case machine == elf.EM_PPC64:
		return []string{"ppc64"}
	case machine == elf.EM_S390 && wide:
		return []string{"s390x"}
	}
	return unknownArch("ELF", uint16(machine))
}

type elfReader struct {
	*image
	order   binary.ByteOrder
	wide    bool
	loads   []elf.Prog64
	entries []elf.Dyn64
}

// word reads an address or offset of the file's own width.
func (x *elfReader) word(data []byte, at int) uint64 {
	if x.wide {
		return read64(x.order, data, at)
	}
	return uint64(read32(x.order, data, at))
}

// segments reads the program headers and the dynamic entries.
func (x *elfReader) segments() error {
	headSize, progSize, entrySize := uint64(52), 32, 8
	if x.wide {
		headSize, progSize, entrySize = 64, 56, 16
	}
	head, err := x.read(0, headSize)
	if err != nil {
		return err
	}
	offsetAt, sizeAt := 28, 42
	if x.wide {
		offsetAt, sizeAt = 32, 54
	}
	count := int(read16(x.order, head, sizeAt+2))
	if int(read16(x.order, head, sizeAt)) != progSize || count > 512 {
		return errCutShort
	}
	table, err := x.read(x.word(head, offsetAt), uint64(progSize*count))
	if err != nil {
		return err
	}
	var dynamic []byte
	for ; len(table) > 0; table = table[progSize:] {
		var p elf.Prog64
		p.Type = read32(x.order, table, 0)
		if x.wide {
			p.Off, p.Vaddr, p.Filesz = read64(x.order, table, 8), read64(x.order, table, 16), read64(x.order, table, 32)
		} else {
			p.Off, p.Vaddr, p.Filesz = x.word(table, 4), x.word(table, 8), x.word(table, 16)
		}
		switch elf.ProgType(p.Type) {
		case elf.PT_LOAD:
			// The loader maps it without asking; the first use of a page that
			// the file has not ends the process.
			if p.Off > x.size || p.Filesz > x.size-p.Off {
				return errCutShort
			}
			x.loads = append(x.loads, p)
		case elf.PT_DYNAMIC:
			if p.Filesz > 1<<20 {
				return errTooMuch
			}
			if dynamic, err = x.read(p.Off, p.Filesz); err != nil {
				return err
			}
		}
	}
	for ; len(dynamic) >= entrySize; dynamic = dynamic[entrySize:] {
		entry := elf.Dyn64{Tag: int64(x.word(dynamic, 0)), Val: x.word(dynamic, entrySize/2)}
		if elf.DynTag(entry.Tag) == elf.DT_NULL {
			break
		}
		x.entries = append(x.entries, entry)
	}
	if len(x.entries) == 0 {
		return errors.New("an ELF file, but no shared library")
	}
	return nil
}

// offset turns an address in memory into one in the file.
func (x *elfReader) offset(address uint64) (uint64, error) {
	for _, p := range x.loads {
		if address >= p.Vaddr && address-p.Vaddr < p.Filesz {
			return p.Off + address - p.Vaddr, nil
		}
	}
	return 0, errCutShort
}

// value is the last dynamic entry of a tag, 0 when there is none.
func (x *elfReader) value(tag elf.DynTag) uint64 {
	var value uint64
	for _, entry := range x.entries {
		if elf.DynTag(entry.Tag) == tag {
			value = entry.Val
		}
	}
	return value
}

func (x *elfReader) dynamic(lib *library) error {
	strings, err := x.offset(x.value(elf.DT_STRTAB))
	if err != nil {
		return err
	}
	stringSize := x.value(elf.DT_STRSZ)
	text := func(index uint64) (string, error) {
		if index >= stringSize {
			return "", errCutShort
		}
		return x.text(strings + index)
	}
	for _, entry := range x.entries {
		tag := elf.DynTag(entry.Tag)
		switch tag {
		case elf.DT_NEEDED, elf.DT_SONAME, elf.DT_RPATH, elf.DT_RUNPATH:
		case elf.DT_FLAGS_1:
			if elf.DynFlag1(entry.Val)&elf.DF_1_PIE != 0 {
				return errors.New("a program, not a library")
			}
			continue
		default:
			continue
		}
		value, err := text(entry.Val)
		if err != nil {
			return err
		}
		switch tag {
		case elf.DT_NEEDED:
			if len(lib.needs) >= maxNeeds {
				return errTooMuch
			}
			lib.needs = append(lib.needs, value)
		case elf.DT_SONAME:
			lib.version = value
		case elf.DT_RPATH:
			lib.rpath = splitList(value, ":")
		case elf.DT_RUNPATH:
			lib.runpath = splitList(value, ":")
		}
	}
	if len(lib.runpath) > 0 {
		lib.rpath = nil // ld.so(8): DT_RPATH counts only without DT_RUNPATH
	}
	lib.entry, err = x.exports(strings, entryPoint)
	return err
}

func splitList(list, separator string) []string {
	var parts []string
	for part := range strings.SplitSeq(list, separator) {
		if part != "" && len(parts) < 64 {
			parts = append(parts, part)
		}
	}
	return parts
}

// exports looks a symbol up in the hash tables, as dlsym does.
func (x *elfReader) exports(stringTable uint64, name string) (bool, error) {
	symbols, err := x.offset(x.value(elf.DT_SYMTAB))
	if err != nil {
		return false, err
	}
	// A chain of one name is a few symbols long; the bound is for bad files.
	const maxChain = 4096
	matches := func(index uint32) (bool, error) {
		size := uint64(16)
		if x.wide {
			size = 24
		}
		symbol, err := x.read(symbols+uint64(index)*size, size)
		if err != nil {
			return false, err
		}
		info, section, value := symbol[12], read16(x.order, symbol, 14), x.word(symbol, 4)
		if x.wide {
			info, section, value = symbol[4], read16(x.order, symbol, 6), read64(x.order, symbol, 8)
		}
		if elf.SectionIndex(section) == elf.SHN_UNDEF || value == 0 || elf.ST_BIND(info) == elf.STB_LOCAL {
			return false, nil
		}
		return x.is(stringTable+uint64(read32(x.order, symbol, 0)), name), nil
	}
	number := func(offset uint64) (uint32, error) {
		data, err := x.read(offset, 4)
		if err != nil {
			return 0, err
		}
		return read32(x.order, data, 0), nil
	}

	if table := x.value(elf.DT_GNU_HASH); table != 0 {
		at, err := x.offset(table)
		if err != nil {
			return false, err
		}
		head, err := x.read(at, 16)
		if err != nil {
			return false, err
		}
		buckets, first, bloom := read32(x.order, head, 0), read32(x.order, head, 4), read32(x.order, head, 8)
		if buckets == 0 {
			return false, fmt.Errorf("hash table of the symbols: %w", errCutShort)
		}
		width := uint64(4)
		if x.wide {
			width = 8
		}
		bucketsAt := at + 16 + uint64(bloom)*width
		hash := gnuHash(name)
		index, err := number(bucketsAt + uint64(hash%buckets)*4)
		if err != nil || index < first {
			return false, err // an empty bucket has index 0
		}
		for range maxChain {
			chain, err := number(bucketsAt + uint64(buckets)*4 + uint64(index-first)*4)
			if err != nil {
				return false, err
			}
			if chain|1 == hash|1 {
				if found, err := matches(index); found || err != nil {
					return found, err
				}
			}
			if chain&1 != 0 {
				return false, nil
			}
			index++
		}
		return false, errTooMuch
	}

	at, err := x.offset(x.value(elf.DT_HASH))
	if err != nil {
		return false, err
	}
	buckets, err := number(at)
	if err != nil || buckets == 0 {
		return false, errors.Join(err, fmt.Errorf("hash table of the symbols: %w", errCutShort))
	}
	index, err := number(at + 8 + uint64(sysvHash(name)%buckets)*4)
	for range maxChain {
		if err != nil || index == 0 {
			return false, err
		}
		if found, err := matches(index); found || err != nil {
			return found, err
		}
		index, err = number(at + 8 + uint64(buckets)*4 + uint64(index)*4)
	}
	return false, errTooMuch
}

// gnuHash is the hash of DT_GNU_HASH: Bernstein's, times 33.
func gnuHash(name string) uint32 {
	hash := uint32(5381)
	for _, c := range []byte(name) {
		hash = hash*33 + uint32(c)
	}
	return hash
}

// sysvHash is the hash of DT_HASH: gABI chapter 5, "Hash Table".
func sysvHash(name string) uint32 {
	var hash uint32
	for _, c := range []byte(name) {
		hash = hash<<4 + uint32(c)
		high := hash & 0xF0000000
		hash = (hash ^ high>>24) &^ high
	}
	return hash
}
