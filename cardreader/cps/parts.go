package cps

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"postecpx/assets/nomenclature"
	"postecpx/cardreader/iso7816"
)

func (s *session) readInfoPS(ctx context.Context) error {
	data, err := s.readObject(ctx, labelInfoPS)
	if err != nil {
		return err
	}
	s.info, err = parseInfoPS(data)
	return err
}

// errListedTwice: the directory gives one name to two files.
var errListedTwice = errors.New("listed twice in the card's directory of data objects: nothing tells which is right")

// listed gives the paths, as the directories say them, of the data objects
// with that label.
func (s *session) listed(label string) (paths [][]byte) {
	for _, o := range s.objects {
		if o.label == label {
			paths = append(paths, o.path)
		}
	}
	return paths
}

// errNotListed: the card's directory of data objects does not name it.
var errNotListed = errors.New("not listed in the card's directory of data objects")

// readObject reads a data object of the DODF by its label.
func (s *session) readObject(ctx context.Context, label string) ([]byte, error) {
	p, err := s.objectPath(ctx, label)
	if err != nil {
		return nil, err
	}
	s.paths[label] = p.String()
	return s.readFile(ctx, p, plan{fcp: true, single: true})
}

// objectPath finds a data object, reading no more of the DODF than it takes.
func (s *session) objectPath(ctx context.Context, label string) (path, error) {
	find := func() (path, error) {
		listed := s.listed(label)
		switch {
		case len(listed) == 0:
			return nil, errNotListed
		case len(listed) > 1:
			return nil, errListedTwice
		}
		return resolve(listed[0], s.df)
	}
	p, err := find()
	if !errors.Is(err, errNotListed) || s.directories[odfDataObjects] == nil {
		return p, err
	}
	var broken error
	for _, raw := range s.directories[odfDataObjects] {
		directory, err := resolve(raw, s.df)
		if err != nil {
			return nil, err
		}
		has := func(data []byte) bool {
			objects, _ := parseDirectory(data)
			for _, o := range objects {
				if o.label == label {
					return true
				}
			}
			return false
		}
		data, err := s.readFile(ctx, directory, plan{fcp: true, enough: has})
		if err != nil {
			if fatal(err) {
				return nil, err
			}
			broken = fmt.Errorf("DODF: %w", err)
			continue
		}
		objects, err := parseDirectory(data)
		s.objects = merge(s.objects, objects)
		if p, findErr := find(); !errors.Is(findErr, errNotListed) {
			return p, findErr
		}
		if err != nil {
			broken = fmt.Errorf("DODF: %w", err)
		}
	}
	// The whole of it was read: the next label is not looked for again.
	s.directories[odfDataObjects] = nil
	if broken != nil {
		return nil, broken
	}
	return nil, errNotListed
}

func merge(known, found []object) []object {
	for _, f := range found {
		present := false
		for _, k := range known {
			present = present || k.label == f.label && bytes.Equal(k.path, f.path)
		}
		if !present {
			known = append(known, f)
		}
	}
	return known
}

func (s *session) readSerialNumber(ctx context.Context) error {
	data, err := s.readFile(ctx, efSN, plan{size: 12})
	if err != nil {
		return err
	}
	s.serial, err = parseSerialNumber(data)
	return err
}

// parseSerialNumber reads EF.SN.ICC: 5A 0A, the issuer 8025000001, and the
// card number on five bytes, of which the last may hold a filler.
func parseSerialNumber(b []byte) (string, error) {
	tlv, _, err := iso7816.NextTLV(b)
	if err != nil {
		return "", err
	}
	if tlv.Tag != 0x5A || len(tlv.Value) != 10 || !bytes.HasPrefix(tlv.Value, aidRoot[:5]) {
		return "", fmt.Errorf("%X is not a serial number issued by ANS", b)
	}
	return bcd(tlv.Value[5:])
}

func (s *session) readIDCard(ctx context.Context) error {
	if s.dataless() {
		return nil
	}
	data, err := s.readObject(ctx, labelIDCard)
	if err != nil {
		return err
	}
	s.id, err = parseIDCard(data)
	return err
}

func (s *session) readNamePS(ctx context.Context) error {
	if s.dataless() {
		return nil
	}
	data, err := s.readObject(ctx, labelNamePS)
	if err != nil {
		return err
	}
	s.name, err = parseNamePS(data)
	return err
}

// dataless: the contactless application announces no data objects, so their
// absence is no gap.
func (s *session) dataless() bool {
	return s.card.Interface == Contactless && len(s.objects) == 0
}

func (s *session) readTries(ctx context.Context) error {
	if s.card.Interface == Contactless {
		return nil // the code porteur is not reachable there
	}
	pin, err := s.readPIN(ctx)
	s.card.PIN = pin
	return err
}

func (s *session) readTokenInfo(ctx context.Context) error {
	data, err := s.readFile(ctx, s.df.child(fidTokenInfo...), plan{single: true})
	if err != nil {
		return err
	}
	s.card.Product, err = tokenLabel(data)
	return err
}

func (s *session) readCertificateList(ctx context.Context) error {
	err := s.listCertificates(ctx)
	if !errors.Is(err, ErrNoCertificate) {
		s.listErr = err
	}
	return err
}

func (s *session) listCertificates(ctx context.Context) error {
	directories := s.directories[odfCertificates]
	if len(directories) == 0 {
		if s.odfErr != nil {
			return s.odfErr
		}
		return ErrNoCertificate
	}
	for _, raw := range directories {
		p, err := resolve(raw, s.df)
		if err != nil {
			return err
		}
		data, err := s.readFile(ctx, p, plan{fcp: true})
		if err != nil {
			return err
		}
		objects, err := parseDirectory(data)
		s.certificates = merge(s.certificates, objects)
		if err != nil {
			return err
		}
	}
	if len(s.certificates) == 0 {
		return ErrNoCertificate
	}
	return nil
}

// readCertificate reads one certificate of the CDF. A certificate that cannot
// be read is still listed, with the reason.
func (s *session) readCertificate(ctx context.Context, o object) error {
	if o.label == "" {
		o.label = fmt.Sprintf("%X", o.path)
	}
	p, err := resolve(o.path, s.df)
	var der []byte
	if err == nil {
		s.paths[o.label] = p.String()
		der, err = s.readFile(ctx, p, plan{single: true})
	}
	if fatal(err) {
		return err
	}
	if err != nil {
		s.keep(Certificate{Label: o.label, Err: err})
		return nil
	}
	s.addCertificate(o.label, der)
	return nil
}

// addCertificate decodes a certificate and keeps it.
func (s *session) addCertificate(label string, der []byte) {
	c, responsibility := parseCertificate(label, der)
	if responsibility != "" && s.card.Holder.Responsibility.Code == "" {
		s.card.Holder.Responsibility = coded(nomenclature.G04, responsibility)
	}
	s.keep(c)
}

func (s *session) keep(c Certificate) {
	c.Role = role(c)
	s.card.Certificates = append(s.card.Certificates, c)
	if c.Err != nil {
		s.gap(c.Label, c.Err)
	}
}
