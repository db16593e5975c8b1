package cps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"postecpx/assets/nomenclature"
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
// identifier, without its comparison with the certificate.
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
	s := &session{card: Card{
		ATR: recognised.ATR, Generation: recognised.Generation, Interface: recognised.Interface,
	}}
	// run does one step alone with the card. An error that ends the reading is
	// returned; any other costs its part only, and is a gap.
	run := func(part string, step func(context.Context) error) error {
		var failure error
		err := card.Transaction(ctx, func(t iso7816.Transmitter) error {
			s.transmitter = t
			if failure = step(ctx); fatal(failure) {
				return failure
			}
			return nil
		})
		s.card.Exchanges = s.count
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

	info    infoPS
	infoErr error // why CPS_INFO_PS was not read
	listErr error // why the CDF was not read
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

func (s *session) readInfoPS(ctx context.Context) error {
	data, err := s.readObject(ctx, labelInfoPS)
	if err != nil {
		return err
	}
	s.info, err = parseInfoPS(data)
	return err
}

// errNotListed: the card's directory of data objects does not name it.
var errNotListed = errors.New("not listed in the card's directory of data objects")

// readObject reads a data object of the DODF by its label.
func (s *session) readObject(ctx context.Context, label string) ([]byte, error) {
	p, err := s.objectPath(ctx, label)
	if err != nil {
		return nil, err
	}
	return s.readFile(ctx, p, plan{fcp: true})
}

// objectPath finds a data object, reading no more of the DODF than it takes.
func (s *session) objectPath(ctx context.Context, label string) (path, error) {
	find := func() (path, error) {
		for _, o := range s.objects {
			if o.label == label {
				p, err := resolve(o.path, s.df)
				return p, err
			}
		}
		return nil, errNotListed
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
	if !errors.Is(err, errNoCertificate) {
		s.listErr = err
	}
	return err
}

func (s *session) listCertificates(ctx context.Context) error {
	directories := s.directories[odfCertificates]
	if len(directories) == 0 {
		return errNoCertificate
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
		return errNoCertificate
	}
	return nil
}

// readCertificate reads one certificate of the CDF. A certificate that cannot
// be read is still listed, with the reason.
func (s *session) readCertificate(ctx context.Context, o object) error {
	p, err := resolve(o.path, s.df)
	var der []byte
	if err == nil {
		der, err = s.readFile(ctx, p, plan{single: true})
	}
	if fatal(err) {
		return err
	}
	c := Certificate{Label: o.label, Err: err}
	if err == nil {
		var responsibility string
		c, responsibility = parseCertificate(o.label, der)
		if responsibility != "" && s.card.Holder.Responsibility.Code == "" {
			s.card.Holder.Responsibility = coded(nomenclature.G04, responsibility)
		}
	}
	c.Role = role(c)
	s.card.Certificates = append(s.card.Certificates, c)
	if c.Err != nil {
		s.gap(o.label, c.Err)
	}
	return nil
}

// conclude makes the Card of all that was read so far. Reading on does not
// change it.
func (s *session) conclude() Card {
	c := s.card
	c.Gaps = append([]Gap(nil), s.card.Gaps...)
	c.Certificates = append([]Certificate(nil), s.card.Certificates...)
	c.Identifier = judge(s.info.identifier, s.infoErr, c.Certificates, s.listErr)
	c.Test = s.test(c)
	c.Kind = kind(s.info.kind, c.Holder.Responsibility.Code)
	if c.Generation == GenerationUnknown {
		c.Generation = generationOf(c.Product)
	}
	c.Holder.Profession, c.Holder.FutureProfession = s.info.profession, s.info.futureProfession
	c.Holder.Speciality = s.info.speciality
	c.Holder.Civility = s.name.civility
	c.Holder.FamilyName = firstOf(s.info.exerciseName, s.name.names[0], s.name.names[1], s.fromCertificate(func(t Subject) string { return t.Surname }))
	c.Holder.GivenName = firstOf(s.name.usualFirst, firstOf(s.name.firstNames...), s.fromCertificate(func(t Subject) string { return t.GivenName }))
	c.Issued, c.Expires = s.id.issued, s.id.expires
	var err error
	if c.Number, err = cardNumber(s.id.number, s.serial); err != nil {
		c.Gaps = append(c.Gaps, Gap{"card number", err})
	}
	return c
}

func (s *session) fromCertificate(field func(Subject) string) string {
	for _, c := range s.card.Certificates {
		if c.Role == Authentication || c.Role == Signature {
			if v := field(c.Subject); v != "" {
				return v
			}
		}
	}
	return ""
}

// cardNumber is that of CPS_ID_CARD, or of EF.SN.ICC. When the two contradict
// each other neither is given: nothing tells which is right.
func cardNumber(idCard, serial string) (string, error) {
	switch {
	case idCard == "" && len(serial) == 10:
		return serial, nil
	case idCard == "" || serial == "" || strings.HasPrefix(idCard, serial):
		return idCard, nil
	}
	return "", fmt.Errorf("EF.SN.ICC says %s, %s says %s", serial, labelIDCard, idCard)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// test gathers the evidence. The category of the card decides, but for a
// certificate of a test hierarchy, which no real card holds; without a
// category, so does an identifier of the test range.
func (s *session) test(c Card) *bool {
	yes := s.id.test == nil && c.Identifier.TestRange()
	for _, certificate := range c.Certificates {
		yes = yes || certificate.isTest()
	}
	if yes {
		return &yes
	}
	return s.id.test
}

// kind reads the type de carte (G02) and, for the two that share a code with
// their director's, the niveau de responsabilité (G04). A card whose
// certificate gives no level is taken for the employee's card, the common one.
func kind(typeCode []byte, responsibility string) Kind {
	if len(typeCode) == 0 {
		return ""
	}
	director := responsibility == "01"
	switch typeCode[0] {
	case 0x00:
		return CPS
	case 0x01:
		return CPF
	case 0x02:
		if director {
			return CDE
		}
		return CPE
	case 0x03:
		if director {
			return CDA
		}
		return CPA
	}
	return ""
}

// generationOf reads the product label, "CPS3v3-2900999999".
func generationOf(product string) Generation {
	for _, g := range []Generation{CPS3, CPS4} {
		if strings.HasPrefix(product, string(g)) {
			return g
		}
	}
	return GenerationUnknown
}
