package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes a report to a file, whole or not at all: beside it first,
// then in its place, so that a full disk leaves what was there before. The file
// is for its owner alone. What is no regular file (a pipe, a device) is written
// to as it is.
func WriteFile(name string, data []byte) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real // the link stays, and leads to the new file
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "write", Path: name, Err: errors.New("is a folder")}
	case err == nil && !info.Mode().IsRegular():
		return writeThrough(name, data)
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
		return errors.Join(err, ignoreMissing(os.Remove(temporary.Name())))
	}
	return nil
}

func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync() // a disk may say only now that it is full
	}
	return errors.Join(err, f.Close())
}

func writeThrough(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err != nil {
		err = fmt.Errorf("write: %w", err)
	}
	return errors.Join(err, f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
