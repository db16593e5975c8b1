//go:build unix

package report

import "syscall"

// unblocked opens a pipe that nobody reads with an error, and not never.
const unblocked = syscall.O_NONBLOCK
