package wording

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"postecpx/internal/language"
)

// ErrPartialPath says that a file was named without its folder, where none is
// known to put it into.
var ErrPartialPath = errors.New("the whole path is needed")

// fileReasons are why a file cannot be read or written, in the words of the
// catalogue; the systems have their own, in a language of their own.
var fileReasons = []struct {
	err error
	key string
}{
	{ErrPartialPath, "ui.file.partial"},
	{syscall.ENOSPC, "ui.file.full"},
	{syscall.EROFS, "ui.file.read-only"},
	{syscall.EISDIR, "ui.file.folder"},
	{syscall.ENXIO, "ui.file.unread-pipe"},
	{syscall.ELOOP, "ui.file.loop"},
	{syscall.ENOTDIR, "ui.file.missing"},
	{syscall.ENAMETOOLONG, "ui.file.name"},
	{os.ErrDeadlineExceeded, "ui.file.unread-pipe"},
	{context.DeadlineExceeded, "ui.file.unread-pipe"},
	{fs.ErrPermission, "ui.file.refused"},
	{fs.ErrNotExist, "ui.file.missing"},
}

// windowsReasons are system error codes (winerror.h) that package syscall has
// no name for.
var windowsReasons = map[syscall.Errno]string{
	112: "ui.file.full",        // ERROR_DISK_FULL
	39:  "ui.file.full",        // ERROR_HANDLE_DISK_FULL
	19:  "ui.file.read-only",   // ERROR_WRITE_PROTECT
	32:  "ui.file.in-use",      // ERROR_SHARING_VIOLATION
	33:  "ui.file.in-use",      // ERROR_LOCK_VIOLATION
	21:  "ui.file.missing",     // ERROR_NOT_READY: no disk in the drive
	123: "ui.file.name",        // ERROR_INVALID_NAME
	206: "ui.file.name",        // ERROR_FILENAME_EXCED_RANGE
	267: "ui.file.missing",     // ERROR_DIRECTORY
	53:  "ui.file.missing",     // ERROR_BAD_NETPATH
	67:  "ui.file.missing",     // ERROR_BAD_NET_NAME
	231: "ui.file.unread-pipe", // ERROR_PIPE_BUSY
}

// fileReasonKey is the sentence for an error of a file, "" when there is none.
func fileReasonKey(err error, goos string) string {
	var number syscall.Errno
	if goos == "windows" && errors.As(err, &number) && windowsReasons[number] != "" {
		return windowsReasons[number]
	}
	for _, known := range fileReasons {
		if errors.Is(err, known.err) {
			return known.key
		}
	}
	return ""
}

// FileReason says why a file cannot be read or written: a part of a sentence,
// "" when the catalogue has no words for it.
func FileReason(s *language.Speaker, err error) string {
	if key := fileReasonKey(err, runtime.GOOS); key != "" {
		return s.Say(key)
	}
	return ""
}

// FileFailure says why a file could not be written, or opened: in words when
// there are some, and then what the system said, for a support desk.
func FileFailure(s *language.Speaker, err error) string {
	detail := s.Say("ui.cause", "Cause", Cause(err))
	if reason := FileReason(s, err); reason != "" {
		return s.Say("ui.file.reason", "Reason", reason) + "\n" + detail
	}
	return detail
}
