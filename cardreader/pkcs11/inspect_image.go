package pkcs11

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The files are read by readers of our own, with the constants of debug/elf,
// debug/pe and debug/macho. Those packages read whole tables, uncompress
// sections and copy strings as the file asks, so that a small bad file costs
// gigabytes; and of a PE they tell neither imports nor exports. The readers
// here look up what a loader looks up, and no more than a fixed number of bytes.
const (
	maxImageRead = 64 << 20 // bytes read of one file, all reads together
	maxImageTake = 32 << 20 // bytes of one read
	maxNeeds     = 512
)

var (
	errCutShort = errors.New("the file is cut short or damaged")
	errTooMuch  = errors.New("the tables of the file are too large")
)

// library is what the file of a library says.
type library struct {
	format  string // "elf", "pe", "macho"; "" when it is none of them
	arch    []string
	needs   []string
	entry   bool // exports C_GetFunctionList
	version string

	optional []string // those of needs that may be absent
	rpath    []string // ELF DT_RPATH, searched first and for libraries of libraries too
	runpath  []string // ELF DT_RUNPATH, Mach-O LC_RPATH
	class    byte     // ELF: e_ident[EI_CLASS]
	machine  uint16   // ELF: e_machine
}

// readLibrary reads a file of any format. Of a universal Mach-O it reads the
// part for the wanted GOARCH. What could be read comes with the error: the
// format and the architecture when the rest is damaged.
func readLibrary(source Source, wanted string) (library, error) {
	img := &image{at: source, size: uint64(max(source.Size(), 0)), left: maxImageRead}
	if img.size == 0 {
		return library{}, errors.New("the file is empty")
	}
	magic, err := img.read(0, min(img.size, 8))
	if err != nil {
		return library{}, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte("\x7fELF")):
		return readELF(img)
	case bytes.HasPrefix(magic, []byte("MZ")):
		return readPE(img)
	case isMachO(magic):
		return readMachO(img, wanted)
	case bytes.HasPrefix(magic, []byte("!<arch>\n")):
		return library{}, errors.New("a static library, which cannot be loaded")
	}
	return library{}, errors.New("no library of Linux, Windows or macOS")
}

// image is a file that is read in places, within bounds.
type image struct {
	at   io.ReaderAt
	base uint64 // where the part begins, in a universal file
	size uint64
	left uint64
}

func (img *image) read(offset, n uint64) ([]byte, error) {
	switch {
	case offset > img.size || n > img.size-offset:
		return nil, errCutShort
	case n > maxImageTake || n > img.left:
		return nil, errTooMuch
	}
	img.left -= n
	data := make([]byte, n)
	read, err := img.at.ReadAt(data, int64(img.base+offset))
	if read == len(data) {
		return data, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = errCutShort
	}
	return nil, err
}

// text reads a string that ends with a NUL, of at most maxPath bytes.
func (img *image) text(offset uint64) (string, error) {
	for _, n := range []uint64{128, maxPath} {
		if offset >= img.size {
			return "", errCutShort
		}
		data, err := img.read(offset, min(n, img.size-offset))
		if err != nil {
			return "", err
		}
		if end := bytes.IndexByte(data, 0); end >= 0 {
			return string(data[:end]), nil
		}
	}
	return "", errCutShort
}

// is says whether the string at an offset is this one.
func (img *image) is(offset uint64, want string) bool {
	data, err := img.read(offset, uint64(len(want))+1)
	return err == nil && string(data) == want+"\x00"
}

// read16 and the like read numbers in a slice that is known to hold them.
func read16(order binary.ByteOrder, data []byte, at int) uint16 { return order.Uint16(data[at:]) }
func read32(order binary.ByteOrder, data []byte, at int) uint32 { return order.Uint32(data[at:]) }
func read64(order binary.ByteOrder, data []byte, at int) uint64 { return order.Uint64(data[at:]) }

func unknownArch(format string, machine any) []string {
	return []string{fmt.Sprintf("%s machine %v", format, machine)}
}
