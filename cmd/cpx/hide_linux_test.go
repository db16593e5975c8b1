package main

import "syscall"

// hide puts an empty file system over a folder, and returns what takes it away.
func hide(folder string) (show func(), err error) {
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "mode=0777"); err != nil {
		return nil, err
	}
	return func() { _ = syscall.Unmount(folder, 0) }, nil
}
