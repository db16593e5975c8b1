package worker

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// takeChannel takes standard input and output for the protocol: the module and
// the C library, which ask for the standard handles when they start, get the
// null device and standard error.
func takeChannel() (requests, answers *os.File, err error) {
	requests, answers = os.Stdin, os.Stdout
	for _, h := range []windows.Handle{windows.Handle(requests.Fd()), windows.Handle(answers.Fd())} {
		if err := windows.SetHandleInformation(h, windows.HANDLE_FLAG_INHERIT, 0); err != nil {
			return nil, nil, fmt.Errorf("keep a standard handle: %w", err)
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, fmt.Errorf("empty standard input: %w", err)
	}
	if err := windows.SetStdHandle(windows.STD_INPUT_HANDLE, windows.Handle(null.Fd())); err != nil {
		return nil, nil, fmt.Errorf("empty standard input: %w", err)
	}
	if err := windows.SetStdHandle(windows.STD_OUTPUT_HANDLE, windows.Handle(os.Stderr.Fd())); err != nil {
		return nil, nil, fmt.Errorf("turn standard output away: %w", err)
	}
	os.Stdin, os.Stdout = null, os.Stderr // keeps the new handle open, too
	return requests, answers, nil
}
