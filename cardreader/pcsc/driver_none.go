//go:build !cgo && !windows

package pcsc

import "errors"

const (
	pcscLite = false
	notifies = false
)

func systemDriver() driver { return none{} }

// none stands in where the program was built without cgo and so cannot call
// the PC/SC library.
type none struct{}

func (none) establish() (session, error) {
	return nil, &Error{Op: opEstablish, Kind: ErrService, Err: errors.New("this program was built without PC/SC")}
}

func (none) dormant() bool { return false }
