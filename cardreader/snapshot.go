// Package cardreader reads the cards of the CPx family: it watches the PC/SC
// readers, reads the card that is inserted, and says in one Snapshot what is
// known at each moment. It composes iso7816, pcsc, cps and nationalid, and has
// no user interface.
package cardreader

import (
	"context"

	"postecpx/assets/atr"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/pcsc"
)

// Stage is where a reader stands, from empty to read.
type Stage string

// Stages of a reader. Identified means that the identifier is known and the
// rest is still being read; Read is the end of a reading, complete or with
// gaps.
const (
	NoCard     Stage = "no-card"
	Mute       Stage = "mute"       // the card does not answer: upside down, dirty, damaged
	NotCPx     Stage = "not-cpx"    // another kind of card; nothing was sent to it
	Reading    Stage = "reading"    //
	Identified Stage = "identified" //
	Read       Stage = "read"       //
	Unreadable Stage = "unreadable" // Err says why
	Busy       Stage = "busy"       // held by another program
)

// Rank tells which of several readers to take, as Look sees them: one with a CPx
// before one with a card that does not answer or is held, that before one with
// another kind of card, and any card before an empty reader.
func (s Stage) Rank() int {
	switch s {
	case Reading:
		return 3
	case Mute, Busy:
		return 2
	case NotCPx:
		return 1
	}
	return 0
}

// ReaderStatus is one reader and what is known of the card in it.
type ReaderStatus struct {
	Reader string
	Stage  Stage
	// CardName says what a NotCPx card is; zero when unknown.
	CardName atr.Name
	// Card is set from Identified on; it is never changed after.
	Card *cps.Card
	// Err says why the Stage is Unreadable or Busy.
	Err error
}

// Snapshot is everything known at one moment. It is never changed after it was
// handed out.
type Snapshot struct {
	// Service is why PC/SC cannot be used, nil when it can.
	Service error
	// Readers in the order of the service; none when no reader is plugged in.
	Readers []ReaderStatus
}

// A Source is where readers and cards come from: the workstation's PC/SC
// service (*pcsc.System), or the demonstration in this process
// (*virtualcard.Source).
type Source interface {
	// Watch calls changed with all readers, at once and then at each change,
	// or with the error that keeps the service from being used. It waits for
	// the service to come back, and returns only when ctx ends.
	Watch(ctx context.Context, changed func([]pcsc.Reader, error)) error
	// Readers lists them once.
	Readers(ctx context.Context) ([]pcsc.Reader, error)
	// Connect shares the card in that reader.
	Connect(ctx context.Context, reader string) (Connection, error)
}

// Connection is a shared connection to one card.
type Connection interface {
	ATR() []byte
	// Transaction runs do while no other program can reach the card. The
	// Transmitter is good until do returns.
	Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error
	// Close leaves the card as it is.
	Close() error
}
