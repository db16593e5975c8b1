package pkcs11

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Bounds of the files that declare modules. Real ones have a few kilobytes.
const (
	maxConfigFile = 1 << 20
	maxEntries    = 256
)

var (
	errTooLarge = errors.New("the file is larger than 1 MiB")
	errTooMany  = fmt.Errorf("more than %d entries; the rest is left out", maxEntries)
	errNotText  = errors.New("not UTF-8 text")
)

// namedPath is one module in a file that declares modules.
type namedPath struct{ name, path string }

// readConfig reads a whole file of bounded size, without its byte order mark.
func readConfig(host Host, path string) ([]byte, error) {
	source, err := host.Open(path)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	if source.Size() > maxConfigFile {
		return nil, errTooLarge
	}
	data := make([]byte, source.Size())
	n, err := source.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return bytes.TrimPrefix(data[:n], []byte("\uFEFF")), nil
}

// config reads a file; a file that is not there is no error and gives false.
func (f *finder) config(path string) ([]byte, bool) {
	if f.ended() {
		return nil, false
	}
	data, err := readConfig(f.host, path)
	if err != nil {
		if !isMissing(err) {
			f.fail(path, err)
		}
		return nil, false
	}
	return data, true
}

// entries returns the paths in a folder of configuration files that accept
// keeps; a folder that is not there has none.
func (f *finder) entries(folder string, accept func(name string) bool) []string {
	if f.ended() {
		return nil
	}
	names, err := f.host.ReadDir(folder)
	if err != nil && !isMissing(err) {
		f.fail(folder, err)
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !accept(name) })
	if len(names) > maxEntries {
		f.fail(folder, errTooMany)
		names = names[:maxEntries]
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, f.system.join(folder, name))
	}
	return paths
}

// lines cuts a text in lines, numbered from 1, without their ends.
func lines(data []byte) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range bytes.Lines(data) {
			number++
			if !yield(number, string(bytes.TrimRight(line, "\r\n"))) {
				return
			}
		}
	}
}

// checkText refuses what is no text file: UTF-16, or a binary under a
// configuration file's name.
func checkText(data []byte) error {
	if bytes.IndexByte(data, 0) >= 0 {
		return errNotText
	}
	return nil
}

// badLine keeps the first line that could not be understood.
func badLine(err error, number int, line string) error {
	if err != nil {
		return err
	}
	if len(line) > 40 {
		line = line[:40]
		for !utf8.ValidString(line) && len(line) > 36 {
			line = line[:len(line)-1]
		}
	}
	return fmt.Errorf("line %d is not understood: %q", number, line)
}
