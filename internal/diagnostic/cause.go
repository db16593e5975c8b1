package diagnostic

import (
	"context"
	"errors"
	"io/fs"
	"net"

	"postecpx/cardreader/pkcs11"
)

// causeOf says in one stable word why something could not be looked at: the
// catalogue has its sentence under "fact.cause.WORD". The error itself stays
// beside it as evidence, in the words of the program that failed.
func causeOf(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, ErrProxyAddress):
		return "proxy-address"
	case errors.Is(err, pkcs11.ErrNoHome):
		return "no-home"
	case errors.Is(err, fs.ErrPermission):
		return "denied"
	case errors.Is(err, errors.ErrUnsupported):
		return "unsupported"
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errDeadline), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, errNoCPx):
		return "no-card"
	}
	return "unreadable"
}

// unseen are the facts of what could not be looked at: the word for everybody,
// and the error as far as a report may tell it.
func unseen(err error, reason func(key, value string) Fact) []Fact {
	return []Fact{public("cause", causeOf(err)), reason("reason", err.Error())}
}
