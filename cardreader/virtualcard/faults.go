package virtualcard

import (
	"context"
	"fmt"
	"time"

	"postecpx/cardreader/iso7816"
)

// Faults make a card misbehave on request. Exchanges are counted from 1 at the
// insertion; GET RESPONSE counts as one. The zero Faults is a sound card.
type Faults struct {
	// RemoveAt takes the card out instead of answering that exchange.
	RemoveAt int
	// MuteAt keeps the card silent from that exchange on; 1 is a card that
	// does not answer to reset either.
	MuteAt int
	// Status answers an exchange with that status word alone.
	Status map[int]iso7816.StatusWord
	// Truncate cuts a file after so many bytes; its FCP still announces all of
	// them. The name is that of the data object, of the certificate, or
	// EF.ODF, CDF, DODF, EF.TokenInfo, EF.SN.ICC, EF.DIR.
	Truncate map[string]int
	// Delay is added to each answer.
	Delay time.Duration
	// StrictLe answers 6Cxx to an Le longer than what is left of the file.
	StrictLe bool
	// ATR replaces that of the card.
	ATR []byte
}

// cut truncates the files.
func (f Faults) cut(files map[string]*file, df uint16) error {
	for name, n := range f.Truncate {
		target, err := labelled(files, df, name)
		if err != nil {
			return fmt.Errorf("truncate: %w", err)
		}
		if n < 0 || n > len(target.content) {
			return fmt.Errorf("truncate %s: %d bytes of %d", name, n, len(target.content))
		}
		target.content = target.content[:n]
	}
	return nil
}

// strike applies the faults of one exchange that come before any answer.
func (f Faults) strike(ctx context.Context, exchange int) error {
	if f.RemoveAt > 0 && exchange >= f.RemoveAt {
		return ErrRemoved
	}
	if f.MuteAt > 0 && exchange >= f.MuteAt {
		<-ctx.Done()
		return fmt.Errorf("the card does not answer: %w", context.Cause(ctx))
	}
	if f.Delay > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(f.Delay):
		}
	}
	return nil
}
