//go:build !linux

package pcscd

import (
	"errors"
	"fmt"
)

// Server is a running pcscd; there is none on this system.
type Server struct{}

var errSystem = fmt.Errorf("%w: namespaces exist only on Linux", ErrMissing)

func reenter() (code int, ran bool) { return 0, false }

// Enter fails: namespaces exist only on Linux.
func Enter() error { return errSystem }

// Launch fails: namespaces exist only on Linux.
func Launch(...Option) (*Server, error) { return nil, errSystem }

var errNone = errors.New("no pcscd on this system")

func (*Server) Restart(...Option) error { return errNone }
func (*Server) Halt() error             { return errNone }
func (*Server) Kill() error             { return errNone }
func (*Server) Freeze() error           { return errNone }
func (*Server) Thaw() error             { return errNone }
func (*Server) Stop() error             { return nil }
func (*Server) PID() int                { return 0 }
func (*Server) Port(int) int            { return 0 }
func (*Server) Address(int) string      { return "" }
func (*Server) ReaderName(int) string   { return "" }
func (*Server) Output() string          { return "" }
