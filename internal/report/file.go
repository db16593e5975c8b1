package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// WriteFile writes a report to a file, whole or not at all: beside it first,
// then in its place, so that a full disk leaves what was there before. The file
// is for its owner alone. A link stays, and what it leads to is written. What
// is no regular file (a pipe, a device), or is open already (/dev/stdout), is
// written to as it is. The errors are of type *fs.PathError, with that name.
func WriteFile(name string, data []byte) error {
	err := write(name, data)
	if err == nil {
		return nil
	}
	// The file beside it is nobody's concern, nor is a link on the way.
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return &fs.PathError{Op: "write", Path: name, Err: err}
}

func write(name string, data []byte) error {
	name, open, err := follow(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	switch {
	case open:
		return writeThrough(name, os.O_WRONLY|os.O_APPEND, data)
	case err == nil && info.IsDir():
		return syscall.EISDIR
	case err == nil && !info.Mode().IsRegular():
		return writeThrough(name, os.O_WRONLY|unblocked, data)
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), ".postecpx-*")
	if err != nil {
		return err
	}
	err = fill(temporary, data)
	if err == nil {
		err = os.Rename(temporary.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temporary.Name()) // why it was not written says more
	}
	return err
}

// mostLinks is how many links are followed, as systems do.
const mostLinks = 40

// descriptor is a name of a file that is open already; what was written to it
// before is to stay.
var descriptor = regexp.MustCompile(`^(?:/dev/(?:stdin|stdout|stderr|fd/[0-9]+)|/proc/[^/]+/(?:task/[^/]+/)?fd/[0-9]+)$`)

// follow gives the file that a name leads to, which need not exist yet, and
// whether it is one that is open already.
func follow(name string) (target string, open bool, err error) {
	for range mostLinks {
		if whole, err := filepath.Abs(name); err == nil && descriptor.MatchString(filepath.ToSlash(whole)) {
			return name, true, nil
		}
		next, err := os.Readlink(name)
		if err != nil {
			return name, false, nil // no link, or nothing: what is written says which
		}
		if !filepath.IsAbs(next) {
			folder := filepath.Dir(name)
			if real, err := filepath.EvalSymlinks(folder); err == nil {
				folder = real
			}
			next = filepath.Join(folder, next)
		}
		name = next
	}
	return "", false, syscall.ELOOP
}

func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync() // a disk may say only now that it is full
	}
	return errors.Join(err, f.Close())
}

// patience is how long a pipe may keep the report waiting for its reader.
const patience = 30 * time.Second

func writeThrough(name string, flags int, data []byte) error {
	f, err := os.OpenFile(name, flags, 0)
	if err != nil {
		return err
	}
	_ = f.SetWriteDeadline(time.Now().Add(patience)) // what has none does not wait
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
