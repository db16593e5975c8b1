package wording

import (
	"errors"

	"postecpx/cardreader"
	"postecpx/cardreader/pcsc"
)

// service is the state of an error that keeps PC/SC from being used.
func service(err error) string {
	switch {
	case errors.Is(err, pcsc.ErrAccess):
		return "service-refused"
	case errors.Is(err, pcsc.ErrProtocolMismatch):
		return "service-mismatch"
	case errors.Is(err, pcsc.ErrNoReader):
		return "no-reader"
	}
	return "no-service"
}

// reading is the state of an error that ended a reading.
func reading(err error) string {
	switch {
	case errors.Is(err, pcsc.ErrAccess):
		return "service-refused"
	case errors.Is(err, pcsc.ErrRemoved), errors.Is(err, pcsc.ErrNoCard), errors.Is(err, pcsc.ErrNoReader):
		return "removed-early"
	case errors.Is(err, cardreader.ErrShared), errors.Is(err, pcsc.ErrReset):
		return "shared"
	case errors.Is(err, pcsc.ErrBusy):
		return "busy"
	case errors.Is(err, pcsc.ErrMute):
		return "mute"
	case errors.Is(err, pcsc.ErrTimeout):
		return "slow"
	}
	return "unreadable"
}
