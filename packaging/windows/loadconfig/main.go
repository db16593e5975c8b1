// Command loadconfig PROGRAM.exe… makes the header of Windows programs point at
// the load configuration that was linked into them (../loadconfig.c): the
// linker of mingw keeps the structure and leaves the header empty.
package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

func main() {
	for _, path := range os.Args[1:] {
		if err := patch(path); err != nil {
			fmt.Fprintf(os.Stderr, "loadconfig: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func patch(path string) error {
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := point(program); err != nil {
		return err
	}
	return os.WriteFile(path, program, 0o755)
}

// structure is what ../loadconfig.c compiles to.
func structure() []byte {
	s := make([]byte, 0x70)
	binary.LittleEndian.PutUint32(s, 0x70)
	binary.LittleEndian.PutUint16(s[0x4E:], 0x0800) // LOAD_LIBRARY_SEARCH_SYSTEM32
	return s
}

// point writes the address and the size of the structure into the header. It
// refuses a program that holds it not once, or has a load configuration.
func point(program []byte) error {
	file, err := pe.NewFile(bytes.NewReader(program))
	if err != nil {
		return err
	}
	header, ok := file.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return errors.New("not a 64-bit program")
	}
	if header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG] != (pe.DataDirectory{}) {
		return errors.New("it has a load configuration")
	}
	wanted := structure()
	var address, found uint32
	for _, s := range file.Sections {
		if s.Name != ".rdata" {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return err
		}
		for at := 0; ; at += 8 { // the compiler aligns it to 8 at least
			next := bytes.Index(data[min(at, len(data)):], wanted)
			if next < 0 {
				break
			}
			if at += next; at%8 == 0 {
				address = s.VirtualAddress + uint32(at)
				found++
			}
			at -= at % 8
		}
	}
	if found != 1 {
		return fmt.Errorf("the load configuration is there %d times, not once", found)
	}
	// The header: after the 4 bytes "PE\0\0" and the 20 of the file header, the
	// directories start 112 bytes into the optional header; each has 8.
	start := binary.LittleEndian.Uint32(program[0x3C:]) + 4 + 20 + 112
	entry := program[start+8*pe.IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG:]
	binary.LittleEndian.PutUint32(entry, address)
	binary.LittleEndian.PutUint32(entry[4:], uint32(len(wanted)))
	return nil
}
