//go:build !windows

package pkcs11

import "syscall"

func makePipe(path string) bool { return syscall.Mkfifo(path, 0o644) == nil }
