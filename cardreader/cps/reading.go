package cps

import (
	"context"
	"errors"
	"fmt"

	"postecpx/cardreader/iso7816"
)

// A Transactor gives short spells alone with one card: no other program
// reaches it until do returns. Every spell of a reading must be with the same
// card; when it was reset or changed in between, Transaction fails.
type Transactor interface {
	Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error
}

// Depth of a reading.
type Depth int

// Everything reads all that is free to read. IdentifierOnly stops at the
// identifier, whose Status is then Pending: it is not compared with the
// certificate, unless CPS_INFO_PS gives none.
const (
	Everything Depth = iota
	IdentifierOnly
)

// Options of a reading.
type Options struct {
	Depth Depth
	// Identified, when not nil, is called as soon as the identifier is read,
	// before the rest, with the Card as known then.
	Identified func(Card)
}

// Read reads the card whose ATR that is. It returns ErrNotCPx without sending
// anything when the ATR is not that of a CPx, an error that wraps
// ErrUnreadable when the card gives nothing that makes sense, and a
// *TransportError when the card was lost. A Card comes with a nil error only;
// the parts that could not be read are its Gaps.
//
// Each file is read in a transaction of its own, so that the other programs of
// the workstation never wait long; the identifier is read in the first.
func Read(ctx context.Context, card Transactor, atr []byte, options Options) (*Card, error) {
	recognised, err := Recognise(atr)
	if err != nil {
		return nil, err
	}
	s := &session{paths: make(map[string]string), card: Card{
		ATR: recognised.ATR, Generation: recognised.Generation, Interface: recognised.Interface,
	}}
	// run does one step alone with the card. An error that ends the reading is
	// returned; any other costs its part only, and is a gap.
	run := func(part string, step func(context.Context) error) error {
		var failure error
		err := card.Transaction(ctx, func(t iso7816.Transmitter) error {
			s.transmitter, s.elsewhere = t, true
			if failure = step(ctx); fatal(failure) {
				return failure
			}
			return nil
		})
		s.card.Exchanges = s.count
		if errors.Is(err, ErrTooLong) && s.info.identifier != "" {
			failure, err = err, nil // what is known stays known
		}
		if err != nil {
			return err
		}
		if failure != nil {
			s.gap(part, failure)
		}
		return nil
	}
	if err := run(labelInfoPS, s.readIdentifier); err != nil {
		return nil, err
	}
	if s.directories == nil {
		return nil, s.card.Gaps[0].Err // the application did not open
	}
	if s.info.identifier != "" {
		c := s.conclude()
		if c.Identifier.Status == Verified {
			c.Identifier.Status = Pending
		}
		if options.Depth == IdentifierOnly {
			return &c, nil
		}
		if options.Identified != nil {
			options.Identified(c)
		}
	}
	if options.Depth == Everything {
		for _, part := range []struct {
			name string
			read func(context.Context) error
		}{
			{"EF.SN.ICC", s.readSerialNumber},
			{labelIDCard, s.readIDCard},
			{labelNamePS, s.readNamePS},
			{"code porteur", s.readTries},
			{"EF.TokenInfo", s.readTokenInfo},
		} {
			if err := run(part.name, part.read); err != nil {
				return nil, err
			}
		}
	}
	if err := run("CDF", s.readCertificateList); err != nil {
		return nil, err
	}
	for _, o := range s.certificates {
		if err := run(o.label, func(ctx context.Context) error { return s.readCertificate(ctx, o) }); err != nil {
			return nil, err
		}
	}
	c := s.conclude()
	if len(s.objects) == 0 && len(c.Certificates) == 0 && c.Interface == Contact {
		return nil, fmt.Errorf("%w: neither data nor certificates: %w", ErrUnreadable, errors.Join(gapErrors(c.Gaps)...))
	}
	return &c, nil
}

func gapErrors(gaps []Gap) []error {
	all := make([]error, len(gaps))
	for i, g := range gaps {
		all[i] = g
	}
	return all
}

// session is one reading under way.
type session struct {
	fileSystem
	card Card

	df           path     // of the PKCS#15 application
	objects      []object // of the DODF
	certificates []object // of the CDF
	directories  map[iso7816.Tag][][]byte

	paths map[string]string // of what was read, by label

	info    infoPS
	infoErr error // why CPS_INFO_PS was not read
	listErr error // why the CDF was not read
	odfErr  error // where EF.ODF breaks off
	name    namePS
	id      idCard
	serial  string // card number of EF.SN.ICC
}

func (s *session) gap(part string, err error) { s.card.Gaps = append(s.card.Gaps, Gap{part, err}) }

// readIdentifier opens the card and reads CPS_INFO_PS. When that is missing or
// damaged the certificate may still tell.
func (s *session) readIdentifier(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	if s.card.Interface == Contactless && len(s.directories[odfDataObjects]) == 0 {
		return nil // the contactless application holds no business data
	}
	s.infoErr = s.readInfoPS(ctx)
	return s.infoErr
}
