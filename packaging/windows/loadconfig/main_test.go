package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"testing"
)

// program makes the smallest 64-bit program that has one section, .rdata.
func program(t *testing.T, rdata []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	dos := make([]byte, 0x40)
	copy(dos, "MZ")
	binary.LittleEndian.PutUint32(dos[0x3C:], 0x40)
	header := pe.OptionalHeader64{Magic: 0x20B, NumberOfRvaAndSizes: 16}
	section := pe.SectionHeader32{
		Name: [8]uint8{'.', 'r', 'd', 'a', 't', 'a'}, VirtualSize: uint32(len(rdata)), VirtualAddress: 0x2000,
		SizeOfRawData: uint32(len(rdata)), PointerToRawData: 0x200,
	}
	for _, part := range []any{
		dos, []byte("PE\x00\x00"),
		pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1, SizeOfOptionalHeader: uint16(binary.Size(header))},
		header, section,
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	b.Write(make([]byte, 0x200-b.Len()))
	b.Write(rdata)
	return b.Bytes()
}

func TestPoint(t *testing.T) {
	t.Parallel()
	before := bytes.Repeat([]byte{1}, 24)
	p := program(t, append(append(before, structure()...), before...))
	if err := point(p); err != nil {
		t.Fatal(err)
	}
	file, err := pe.NewFile(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	got := file.OptionalHeader.(*pe.OptionalHeader64).DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG]
	if want := (pe.DataDirectory{VirtualAddress: 0x2000 + 24, Size: 0x70}); got != want {
		t.Errorf("the header says %+v, not %+v", got, want)
	}
	if err := point(p); err == nil {
		t.Error("a program that has a load configuration was changed")
	}
}

func TestPointRefuses(t *testing.T) {
	t.Parallel()
	for name, p := range map[string][]byte{
		"without it":    program(t, make([]byte, 0x80)),
		"twice":         program(t, append(structure(), structure()...)),
		"off its place": program(t, append([]byte{1, 1, 1, 1}, structure()...)),
		"no program":    []byte("MZ"),
	} {
		kept := bytes.Clone(p)
		if err := point(p); err == nil || !bytes.Equal(p, kept) {
			t.Errorf("%s: not refused, or changed: %v", name, err)
		}
	}
}
