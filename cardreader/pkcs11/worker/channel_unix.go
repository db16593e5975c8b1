//go:build unix

package worker

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// takeChannel takes standard input and output for the protocol: they move to
// descriptors that are closed in every program that the module starts, standard
// input becomes empty and standard output becomes standard error.
func takeChannel() (requests, answers *os.File, err error) {
	in, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, nil, fmt.Errorf("keep standard input: %w", err)
	}
	out, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, nil, fmt.Errorf("keep standard output: %w", err)
	}
	if err := unix.Dup2(2, 1); err != nil {
		return nil, nil, fmt.Errorf("turn standard output away: %w", err)
	}
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Dup2(null, 0)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("empty standard input: %w", err)
	}
	unix.Close(null)
	return os.NewFile(uintptr(in), "requests"), os.NewFile(uintptr(out), "answers"), nil
}
