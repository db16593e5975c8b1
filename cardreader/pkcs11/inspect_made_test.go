package pkcs11

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
)

// Small libraries, laid out by hand after the norms: they say all that Inspect
// reads, and hold no code.

// buffer writes numbers and bytes at places, growing.
type buffer struct {
	order appender
	data  []byte
}

func (b *buffer) bytes(at int, data []byte) {
	if need := at + len(data); need > len(b.data) {
		b.data = append(b.data, make([]byte, need-len(b.data))...)
	}
	copy(b.data[at:], data)
}

func (b *buffer) text(at int, text string) { b.bytes(at, append([]byte(text), 0)) }

func (b *buffer) u16(at int, values ...uint16) {
	for i, v := range values {
		b.bytes(at+2*i, b.order.AppendUint16(nil, v))
	}
}

func (b *buffer) u32(at int, values ...uint32) {
	for i, v := range values {
		b.bytes(at+4*i, b.order.AppendUint32(nil, v))
	}
}

func (b *buffer) u64(at int, values ...uint64) {
	for i, v := range values {
		b.bytes(at+8*i, b.order.AppendUint64(nil, v))
	}
}

type appender interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

type madeELF struct {
	order           appender // little endian when nil
	machine         elf.Machine
	kind            elf.Type
	needs           []string
	soname          string
	rpath, runpath  string
	symbol          string
	sysv, undefined bool
	flags1          elf.DynFlag1
}

// bytes lays an ELF64 out: header, two program headers, dynamic entries, one
// symbol, a hash table of one bucket, strings. Addresses are offsets + 0x1000.
func (m madeELF) bytes() []byte {
	const base, dynamicAt, symbolAt, hashAt, stringsAt = 0x1000, 0x100, 0x400, 0x480, 0x500
	if m.kind == 0 {
		m.kind = elf.ET_DYN
	}
	if m.order == nil {
		m.order = binary.LittleEndian
	}
	b := &buffer{order: m.order}
	encoding := byte(elf.ELFDATA2LSB)
	if m.order == appender(binary.BigEndian) {
		encoding = byte(elf.ELFDATA2MSB)
	}
	b.bytes(0, []byte{0x7F, 'E', 'L', 'F', byte(elf.ELFCLASS64), encoding, 1})
	b.u16(16, uint16(m.kind), uint16(m.machine))
	b.u64(32, 64)        // e_phoff
	b.u16(52, 64, 56, 2) // e_ehsize, e_phentsize, e_phnum

	at := stringsAt + 1
	put := func(text string) uint64 {
		index := at - stringsAt
		b.text(at, text)
		at += len(text) + 1
		return uint64(index)
	}
	dynamic := []uint64{}
	entry := func(tag elf.DynTag, value uint64) { dynamic = append(dynamic, uint64(tag), value) }
	for _, name := range m.needs {
		entry(elf.DT_NEEDED, put(name))
	}
	for _, one := range []struct {
		tag   elf.DynTag
		value string
	}{{elf.DT_SONAME, m.soname}, {elf.DT_RPATH, m.rpath}, {elf.DT_RUNPATH, m.runpath}} {
		if one.value != "" {
			entry(one.tag, put(one.value))
		}
	}
	name := put(m.symbol)
	entry(elf.DT_STRTAB, base+stringsAt)
	entry(elf.DT_STRSZ, uint64(at-stringsAt))
	entry(elf.DT_SYMTAB, base+symbolAt)
	entry(elf.DT_FLAGS_1, uint64(m.flags1))
	section := uint16(1)
	if m.undefined {
		section = 0
	}
	b.u32(symbolAt+24, uint32(name))
	b.bytes(symbolAt+28, []byte{elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), 0})
	b.u16(symbolAt+30, section)
	b.u64(symbolAt+32, base, 16)
	if m.sysv {
		entry(elf.DT_HASH, base+hashAt)
		b.u32(hashAt, 1, 2, 1, 0, 0) // buckets, chains, bucket 0, chain of 0 and of 1
	} else {
		entry(elf.DT_GNU_HASH, base+hashAt)
		b.u32(hashAt, 1, 1, 1, 6) // buckets, first symbol, bloom words, shift
		b.u64(hashAt+16, ^uint64(0))
		b.u32(hashAt+24, 1, gnuHash(m.symbol)|1)
	}
	entry(elf.DT_NULL, 0)
	b.u64(dynamicAt, dynamic...)

	b.u32(64, uint32(elf.PT_LOAD), 5)
	b.u64(72, 0, base, base, uint64(len(b.data)), uint64(len(b.data)), 0x1000)
	b.u32(120, uint32(elf.PT_DYNAMIC), 6)
	b.u64(128, dynamicAt, base+dynamicAt, base+dynamicAt, uint64(8*len(dynamic)), uint64(8*len(dynamic)), 8)
	return b.data
}

type madePE struct {
	machine uint16
	program bool
	imports []string
	exports []string
	version [4]uint16
}

// bytes lays a PE out with one section: imports, exports, resources. Addresses
// are offsets + 0x1000 - 0x400.
func (m madePE) bytes() []byte {
	const start, raw, base = 0x80, 0x400, 0x1000
	b := &buffer{order: binary.LittleEndian}
	b.text(0, "MZ")
	b.u32(0x3C, start)
	b.text(start, "PE\x00")
	optional := start + 24
	size, directories := 112+16*8, optional+112
	magic := uint16(0x20B)
	if m.machine == pe.IMAGE_FILE_MACHINE_I386 {
		size, directories, magic = 96+16*8, optional+96, 0x10B
	}
	flags := uint16(pe.IMAGE_FILE_EXECUTABLE_IMAGE)
	if !m.program {
		flags |= pe.IMAGE_FILE_DLL
	}
	b.u16(start+4, m.machine, 1)
	b.u16(start+20, uint16(size), flags)
	b.u16(optional, magic)
	b.u32(directories-4, 16)

	address := func(at int) uint32 { return uint32(at - raw + base) }
	at := raw + 0x400 // names
	put := func(text string) uint32 {
		here := address(at)
		b.text(at, text)
		at += len(text) + 1
		return here
	}
	if len(m.imports) > 0 {
		b.u32(directories+8, address(raw), 0)
		for i, name := range m.imports {
			b.u32(raw+20*i+12, put(name))
		}
	}
	if len(m.exports) > 0 {
		const table, names = raw + 0x200, raw + 0x240
		b.u32(directories, address(table), 40)
		b.u32(table+24, uint32(len(m.exports)))
		b.u32(table+32, address(names))
		for i, name := range m.exports {
			b.u32(names+4*i, put(name))
		}
	}
	if m.version != [4]uint16{} {
		const tree = raw + 0x300
		b.u32(directories+16, address(tree), 0)
		b.u16(tree+14, 1)
		b.u32(tree+16, 16, 1<<31|0x18) // RT_VERSION
		b.u16(tree+0x18+14, 1)
		b.u32(tree+0x18+16, 1, 1<<31|0x30)
		b.u16(tree+0x30+14, 1)
		b.u32(tree+0x30+16, 1036, 0x48)
		b.u32(tree+0x48, address(tree+0x58), 92)
		b.u32(tree+0x58+40, 0xFEEF04BD, 0x10000,
			uint32(m.version[0])<<16|uint32(m.version[1]), uint32(m.version[2])<<16|uint32(m.version[3]))
	}
	b.bytes(at, make([]byte, 64))
	used := uint32(len(b.data) - raw)
	b.u32(optional+size+8, used, base, used, raw)
	return b.data
}

type madeMachO struct {
	cpu     macho.Cpu
	variant uint32
	kind    macho.Type
	needs   []string
	weak    []string
	rpaths  []string
	symbol  string
	inTrie  bool
}

// bytes lays a 64-bit Mach-O out: header, commands, then symbols or trie.
func (m madeMachO) bytes() []byte {
	const linkAt = 0x400
	if m.kind == 0 {
		m.kind = macho.TypeDylib
	}
	b := &buffer{order: binary.LittleEndian}
	at, count := 32, uint32(0)
	command := func(kind uint32, size int) int {
		size = (size + 7) &^ 7
		b.u32(at, kind, uint32(size))
		b.bytes(at+size-1, []byte{0})
		here := at
		at += size
		count++
		return here
	}
	dylib := func(kind uint32, name string) {
		here := command(kind, 24+len(name)+1)
		b.u32(here+8, 24, 2, 3<<16|1<<8, 1<<16)
		b.text(here+24, name)
	}
	dylib(machoIDDylib, "/usr/local/lib/made.dylib")
	for _, name := range m.needs {
		dylib(uint32(macho.LoadCmdDylib), name)
	}
	for _, name := range m.weak {
		dylib(machoWeak, name)
	}
	for _, name := range m.rpaths {
		here := command(machoRpath, 12+len(name)+1)
		b.u32(here+8, 12)
		b.text(here+12, name)
	}
	segment := command(uint32(macho.LoadCmdSegment64), 72)
	if m.symbol != "" {
		if m.inTrie {
			// Root with one child "_C_Get", which has one child with the rest.
			trie := []byte{0, 1}
			trie = append(trie, "_C_Get\x00\x0A"...)
			trie = append(trie, 0, 1)
			rest := m.symbol[len("_C_Get"):]
			trie = append(trie, rest...)
			trie = append(trie, 0, byte(10+2+len(rest)+2), 2, 0, 16, 0)
			here := command(machoTrie, 16)
			b.u32(here+8, linkAt, uint32(len(trie)))
			b.bytes(linkAt, trie)
		} else {
			here := command(uint32(macho.LoadCmdSymtab), 24)
			names := "\x00" + m.symbol + "\x00"
			b.u32(here+8, linkAt, 1, linkAt+16, uint32(len(names)))
			b.u32(linkAt, 1)
			b.bytes(linkAt+4, []byte{0x0F, 1, 0, 0}) // N_SECT | N_EXT, section 1
			b.u64(linkAt+8, 0x1000)
			b.bytes(linkAt+16, []byte(names))
		}
	}
	b.u32(0, macho.Magic64, uint32(m.cpu), m.variant, uint32(m.kind), count, uint32(at-32))
	b.bytes(linkAt, nil)
	b.u64(segment+40, 0, uint64(len(b.data)))
	return b.data
}

// universal joins thin files in a fat one.
func universal(wide bool, parts ...madeMachO) []byte {
	b := &buffer{order: binary.BigEndian}
	at := 0x100
	if b.u32(0, macho.MagicFat, uint32(len(parts))); wide {
		b.u32(0, machoFat64)
	}
	for i, part := range parts {
		data := part.bytes()
		if wide {
			b.u32(8+32*i, uint32(part.cpu), part.variant)
			b.u64(16+32*i, uint64(at), uint64(len(data)))
		} else {
			b.u32(8+20*i, uint32(part.cpu), part.variant, uint32(at), uint32(len(data)))
		}
		b.bytes(at, data)
		at += (len(data) + 0xFF) &^ 0xFF
	}
	return bytes.Clone(b.data)
}

// madeCache is an ld.so.cache with one entry.
func madeCache(name, path string) string {
	b := &buffer{order: binary.LittleEndian}
	b.text(0, "glibc-ld.so.cache1.1")
	b.u32(20, 1, uint32(len(name)+len(path)+2))
	b.u32(48, 0x0303, 72, uint32(72+len(name)+1))
	b.u32(68, 0)
	b.text(72, name)
	b.text(72+len(name)+1, path)
	return string(b.data)
}
