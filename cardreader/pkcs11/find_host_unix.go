//go:build !windows

package pkcs11

import (
	"io/fs"
	"syscall"
)

// nonBlocking keeps open(2) from waiting for the other end of a named pipe.
const nonBlocking = syscall.O_NONBLOCK

func (local) Registry(string, bool) (RegistryKey, error) { return RegistryKey{}, fs.ErrNotExist }
