//go:build !windows

package main

import "runtime"

// screenReader tells whether the window is to speak to a screen reader. The
// toolkit has a way to those of macOS, and none yet to those of Linux.
func screenReader() bool { return runtime.GOOS == "darwin" }
