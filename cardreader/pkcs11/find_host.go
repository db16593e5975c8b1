package pkcs11

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// Host is the workstation as this package needs it: files, environment and,
// on Windows, registry. Paths are written as GOOS writes them. No method
// changes anything on the workstation.
type Host interface {
	GOOS() string   // as runtime.GOOS
	GOARCH() string // as runtime.GOARCH: a module must be for it
	Getenv(name string) string
	Homes() []string          // home folders of the persons whose files are read
	WorkingDirectory() string // what a relative path from the person starts at

	Stat(path string) (fs.FileInfo, error)
	Lstat(path string) (fs.FileInfo, error)
	EvalSymlinks(path string) (string, error)
	// ReadDir returns the names in a folder, sorted, at most MaxNames of them.
	ReadDir(path string) ([]string, error)
	// Open opens a regular file to read it. It returns an error for everything
	// else, and does not block on a named pipe.
	Open(path string) (Source, error)

	// Registry reads one key of the Windows registry, in its 32-bit view or in
	// the 64-bit one. The name begins with HKLM\ or HKCU\. The error is
	// fs.ErrNotExist when there is no such key, or no registry.
	Registry(key string, view32 bool) (RegistryKey, error)
}

// MaxNames bounds what ReadDir and Registry return.
const MaxNames = 4096

// Source is an open regular file.
type Source interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// RegistryKey is what one registry key holds. A number is written in decimal;
// values that are neither strings nor numbers are left out. The default value
// has the name "".
type RegistryKey struct {
	Values map[string]string
	Keys   []string
}

// errNotRegular is the error of Host.Open for what is no regular file.
var errNotRegular = errors.New("not a regular file")

// Local returns the workstation that the program runs on.
func Local() Host { return local{} }

type local struct{}

func (local) GOOS() string              { return runtime.GOOS }
func (local) GOARCH() string            { return runtime.GOARCH }
func (local) Getenv(name string) string { return os.Getenv(name) }

func (local) Homes() []string {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil // a service without a home has no files of its own
	}
	return []string{home}
}

func (local) WorkingDirectory() string {
	dir, err := os.Getwd()
	if err != nil {
		return "" // a relative path then stays relative, and is reported missing
	}
	return dir
}

func (local) Stat(path string) (fs.FileInfo, error)    { return os.Stat(path) }
func (local) Lstat(path string) (fs.FileInfo, error)   { return os.Lstat(path) }
func (local) EvalSymlinks(path string) (string, error) { return filepath.EvalSymlinks(path) }

func (local) ReadDir(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder: %w", path, fs.ErrNotExist)
	}
	dir, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(MaxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		return names, err
	}
	slices.Sort(names)
	return names, nil
}

func (local) Open(path string) (Source, error) {
	// Asked before opening, because opening a device may already change it,
	// and again after, because the path may lead elsewhere by then.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	file, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	info, err = file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return localFile{file, info.Size()}, nil
}

type localFile struct {
	*os.File
	size int64
}

func (f localFile) Size() int64 { return f.size }
