package igcsante

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// askCRL reads one CRL and looks for the certificate in it.
func (c check) askCRL(ctx context.Context, address string, a *Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.CRLTimeout)
	defer cancel()
	list, err := c.fetcher.get(ctx, address, "application/pkix-crl, */*", nil, c.opts.MaxCRL)
	if err != nil {
		return err
	}
	return c.readCRL(list, a)
}

func (c check) readCRL(der []byte, a *Attempt) error {
	whole, err := splitCRL(der, c.certificate.SerialNumber)
	if err != nil {
		return because(WhyMalformed, fmt.Errorf("CRL: %w", err))
	}
	list, err := x509.ParseRevocationList(whole.reduced)
	if err != nil {
		return because(WhyMalformed, fmt.Errorf("CRL: %w", err))
	}
	if err := c.signedList(list, whole.tbs); err != nil {
		return because(WhySignature, fmt.Errorf("CRL: %w", err))
	}
	if err := c.covers(list); err != nil {
		return because(WhyOutOfScope, fmt.Errorf("CRL: %w", err))
	}
	a.ThisUpdate, a.NextUpdate = list.ThisUpdate, list.NextUpdate
	listed := false
	// The last entry tells, should there be several.
	for _, entry := range list.RevokedCertificateEntries {
		listed = entry.ReasonCode != reasonRemoveFromCRL
		a.RevokedAt, a.Reason = time.Time{}, ""
		if listed {
			a.RevokedAt, a.Reason = entry.RevocationTime, reasonName(entry.ReasonCode)
		}
		if listed && final(entry.ReasonCode) {
			a.Status = Revoked
			return nil
		}
	}
	if err := c.fresh(list.ThisUpdate, list.NextUpdate); err != nil {
		return err
	}
	a.Status = Good
	if listed {
		a.Status = Revoked
	}
	return nil
}

// signedList checks that the issuer signed the list (RFC 5280 §6.3.3).
func (c check) signedList(list *x509.RevocationList, tbs []byte) error {
	switch {
	case !bytes.Equal(list.RawIssuer, c.issuer.RawSubject):
		name, _ := DN(list.RawIssuer)
		return fmt.Errorf("it is the list of %s", name)
	case c.issuer.KeyUsage != 0 && c.issuer.KeyUsage&x509.KeyUsageCRLSign == 0:
		return errors.New("the issuer may not sign lists")
	case weakSignature(list.SignatureAlgorithm):
		return errWeakHash
	}
	return c.issuer.CheckSignature(list.SignatureAlgorithm, tbs, list.Signature)
}

var (
	oidIssuingDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidAuthorityKeyIdentifier   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidCRLNumber                = asn1.ObjectIdentifier{2, 5, 29, 20}
)

// covers checks that the list speaks of every revocation of this certificate:
// no critical extension says that it holds only some (RFC 5280 §5.2).
func (c check) covers(list *x509.RevocationList) error {
	for _, e := range list.Extensions {
		switch {
		case e.Id.Equal(oidIssuingDistributionPoint):
			if err := c.coversPoint(e.Value); err != nil {
				return err
			}
		case e.Critical && !e.Id.Equal(oidAuthorityKeyIdentifier) && !e.Id.Equal(oidCRLNumber):
			return fmt.Errorf("critical extension %s", e.Id)
		}
	}
	return nil
}

// coversPoint reads an issuingDistributionPoint (RFC 5280 §5.2.5).
func (c check) coversPoint(value []byte) error {
	fields, ok := sequence(value)
	if !ok {
		return errors.New("issuingDistributionPoint cannot be read")
	}
	for _, f := range fields {
		set := len(f.Value) == 1 && f.Value[0] != 0
		switch {
		case f.Tag == 0xA0:
			names := pointNames(f.Value)
			if !slices.ContainsFunc(c.certificate.CRLDistributionPoints, func(a string) bool {
				return slices.Contains(names, "uniformResourceIdentifier="+a)
			}) {
				return errors.New("it is of another distribution point than the certificate's")
			}
		case f.Tag == 0x81 && set && c.certificate.IsCA:
			return errors.New("it is of users' certificates only")
		case f.Tag == 0x82 && set && !c.certificate.IsCA:
			return errors.New("it is of authorities' certificates only")
		case f.Tag == 0x83:
			return errors.New("it is of some reasons only")
		case f.Tag == 0x84 && set:
			return errors.New("it is an indirect list")
		case f.Tag == 0x85 && set:
			return errors.New("it is of attribute certificates only")
		}
	}
	return nil
}

// pointNames are the names of a DistributionPointName; none when it is relative
// to the issuer or cannot be read.
func pointNames(value []byte) []string {
	name, ok := single(value)
	if !ok || name.Tag != 0xA0 {
		return nil
	}
	names, _ := namesOf(name.Value)
	return names
}

// crlParts is a list taken apart.
type crlParts struct {
	tbs []byte // tbsCertList, what is signed
	// reduced is the list with the entries of one serial number only; its
	// signature is the whole list's.
	reduced []byte
}

// splitCRL walks through a list (RFC 5280 §5.1) without decoding what is not
// needed: that of a large authority has a million entries, which
// x509.ParseRevocationList would all make into objects.
func splitCRL(der []byte, serial *big.Int) (crlParts, error) {
	broken := errors.New("not a certificate revocation list")
	input := cryptobyte.String(der)
	var list, tbs, body cryptobyte.String
	if !input.ReadASN1(&list, cbasn1.SEQUENCE) || !list.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return crlParts{}, broken
	}
	parts := crlParts{tbs: tbs}
	tail := list
	if !tbs.ReadASN1(&body, cbasn1.SEQUENCE) {
		return crlParts{}, broken
	}
	head := body
	if !body.SkipOptionalASN1(cbasn1.INTEGER) || !body.SkipASN1(cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.SEQUENCE) ||
		!skipTime(&body) {
		return crlParts{}, broken
	}
	if body.PeekASN1Tag(cbasn1.UTCTime) || body.PeekASN1Tag(cbasn1.GeneralizedTime) {
		skipTime(&body)
	}
	head = head[:len(head)-len(body)]
	var kept []byte
	if body.PeekASN1Tag(cbasn1.SEQUENCE) {
		var entries cryptobyte.String
		if !body.ReadASN1(&entries, cbasn1.SEQUENCE) {
			return crlParts{}, broken
		}
		var ok bool
		if kept, ok = entriesOf(entries, serial); !ok {
			return crlParts{}, broken
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(head)
			if kept != nil {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(kept) })
			}
			b.AddBytes(body)
		})
		b.AddBytes(tail)
	})
	var err error
	if parts.reduced, err = b.Bytes(); err != nil {
		return crlParts{}, err
	}
	return parts, nil
}

func skipTime(s *cryptobyte.String) bool {
	if s.PeekASN1Tag(cbasn1.UTCTime) {
		return s.SkipASN1(cbasn1.UTCTime)
	}
	return s.SkipASN1(cbasn1.GeneralizedTime)
}

// entriesOf keeps the entries of one serial number, as they are encoded. The
// numbers are compared without their leading zeros: a list that encodes one
// oddly must not make a revoked certificate look good.
func entriesOf(entries cryptobyte.String, serial *big.Int) (kept []byte, ok bool) {
	wanted := serial.Bytes()
	for !entries.Empty() {
		var entry, content, number cryptobyte.String
		if !entries.ReadASN1Element(&entry, cbasn1.SEQUENCE) {
			return nil, false
		}
		whole := entry
		if !entry.ReadASN1(&content, cbasn1.SEQUENCE) || !content.ReadASN1(&number, cbasn1.INTEGER) {
			return nil, false
		}
		if bytes.Equal(bytes.TrimLeft(number, "\x00"), wanted) {
			kept = append(kept, whole...)
		}
	}
	return kept, true
}
