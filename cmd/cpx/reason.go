package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"postecpx/internal/plaintext"
)

// reasons are why a file cannot be read or written, in the words of the
// catalogue; the systems have their own, in a language of their own.
var reasons = []struct {
	err error
	key string
}{
	{syscall.ENOSPC, "cli.reason.full"},
	{syscall.EROFS, "cli.reason.read-only"},
	{syscall.EISDIR, "cli.reason.folder"},
	{syscall.ENXIO, "cli.reason.unread-pipe"},
	{syscall.ELOOP, "cli.reason.loop"},
	{syscall.ENOTDIR, "cli.reason.missing"},
	{syscall.ENAMETOOLONG, "cli.reason.name"},
	{os.ErrDeadlineExceeded, "cli.reason.unread-pipe"},
	{context.DeadlineExceeded, "cli.reason.unread-pipe"},
	{fs.ErrPermission, "cli.reason.refused"},
	{fs.ErrNotExist, "cli.reason.missing"},
}

// windowsReasons are system error codes (winerror.h) that package syscall has
// no name for.
var windowsReasons = map[syscall.Errno]string{
	112: "cli.reason.full",        // ERROR_DISK_FULL
	39:  "cli.reason.full",        // ERROR_HANDLE_DISK_FULL
	19:  "cli.reason.read-only",   // ERROR_WRITE_PROTECT
	32:  "cli.reason.in-use",      // ERROR_SHARING_VIOLATION
	33:  "cli.reason.in-use",      // ERROR_LOCK_VIOLATION
	21:  "cli.reason.missing",     // ERROR_NOT_READY: no disk in the drive
	123: "cli.reason.name",        // ERROR_INVALID_NAME
	206: "cli.reason.name",        // ERROR_FILENAME_EXCED_RANGE
	267: "cli.reason.missing",     // ERROR_DIRECTORY
	53:  "cli.reason.missing",     // ERROR_BAD_NETPATH
	67:  "cli.reason.missing",     // ERROR_BAD_NET_NAME
	231: "cli.reason.unread-pipe", // ERROR_PIPE_BUSY
}

// reasonKey is the sentence for an error of a file, "" when there is none.
func reasonKey(err error, goos string) string {
	var number syscall.Errno
	if goos == "windows" && errors.As(err, &number) && windowsReasons[number] != "" {
		return windowsReasons[number]
	}
	for _, known := range reasons {
		if errors.Is(err, known.err) {
			return known.key
		}
	}
	return ""
}

// reason says why a file cannot be read or written.
func (t *terminal) reason(err error) string {
	if key := reasonKey(err, runtime.GOOS); key != "" {
		return t.say(key)
	}
	// The name of the file is said by the sentence around it.
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return plaintext.Line(err.Error(), 240)
}
