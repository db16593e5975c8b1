package cardreader

import (
	"context"
	"errors"
	"fmt"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
)

// ErrShared: another program reset the card in the middle of two readings.
var ErrShared = errors.New("the card is being used by another program")

// ReadCard reads the card in that reader of the source. A reading that another
// program's reset interrupts is begun again once; then the error wraps
// ErrShared. Errors are those of package pcsc and cps.Read.
//
// Every file comes from one card: a connection to a card is lost as soon as
// the card leaves the reader, even when another takes its place.
func ReadCard(ctx context.Context, source Source, reader string, options cps.Options) (*cps.Card, error) {
	connection, err := source.Connect(ctx, reader)
	if err != nil {
		return nil, fmt.Errorf("reader %q: %w", reader, err)
	}
	defer connection.Close() // what it could not leave as it was, nobody can mend
	card, err := cps.Read(ctx, connection, connection.ATR(), options)
	if errors.Is(err, pcsc.ErrReset) {
		card, err = cps.Read(ctx, connection, connection.ATR(), options)
		if errors.Is(err, pcsc.ErrReset) {
			err = fmt.Errorf("%w: %w", ErrShared, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reader %q: %w", reader, err)
	}
	return card, nil
}

// ResetCard resets the card in that reader of the workstation, so that a code
// porteur that was presented is forgotten: without it the card stays open to
// the next program.
func ResetCard(ctx context.Context, reader string) error {
	card, err := pcsc.New().Connect(ctx, reader)
	if err != nil {
		return fmt.Errorf("reset the card: %w", err)
	}
	return card.CloseReset()
}

// PCSC is the PC/SC service of the workstation.
func PCSC() Source { return workstation{pcsc.New()} }

type workstation struct{ *pcsc.System }

func (w workstation) Connect(ctx context.Context, reader string) (Connection, error) {
	card, err := w.System.Connect(ctx, reader)
	if err != nil {
		return nil, err
	}
	return card, nil
}
