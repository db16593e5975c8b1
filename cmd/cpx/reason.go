package main

import (
	"errors"
	"io/fs"

	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// reason says why a file cannot be read or written.
func (t *terminal) reason(err error) string {
	if reason := wording.FileReason(t.Speaker, err); reason != "" {
		return reason
	}
	// The name of the file is said by the sentence around it.
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return plaintext.Line(err.Error(), 240)
}
