package igcsante

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/ocsp"
)

// askOCSP asks one OCSP service (RFC 6960), by POST.
func (c check) askOCSP(ctx context.Context, address string, a *Attempt) error {
	// SHA-1 names the issuer here and protects nothing; every responder takes it.
	request, err := ocsp.CreateRequest(c.certificate, c.issuer, &ocsp.RequestOptions{Hash: crypto.SHA1})
	if err != nil {
		return because(WhyNoIssuer, fmt.Errorf("OCSP request: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.OCSPTimeout)
	defer cancel()
	answer, err := c.fetcher.get(ctx, address, "application/ocsp-response", request, maxOCSP)
	if err != nil {
		return err
	}
	return c.readOCSP(request, answer, a)
}

func (c check) readOCSP(request, answer []byte, a *Attempt) error {
	// The issuer is left out: the library would accept as responder any
	// certificate that the issuer signed, a card's included.
	response, err := ocsp.ParseResponseForCert(answer, c.certificate, nil)
	var refused ocsp.ResponseError
	switch {
	case errors.As(err, &refused):
		return because(WhyResponder, fmt.Errorf("the OCSP service answers %s", refused.Status))
	case err != nil:
		return because(WhyMalformed, fmt.Errorf("OCSP answer: %w", err))
	}
	if err := c.signedByResponder(response); err != nil {
		return because(WhySignature, fmt.Errorf("OCSP answer: %w", err))
	}
	if err := sameCertID(request, response.TBSResponseData); err != nil {
		return because(WhyMalformed, fmt.Errorf("OCSP answer: %w", err))
	}
	a.ThisUpdate, a.NextUpdate = response.ThisUpdate, response.NextUpdate
	if response.Status == ocsp.Revoked {
		a.RevokedAt, a.Reason = response.RevokedAt, reasonName(response.RevocationReason)
		if final(response.RevocationReason) {
			a.Status = Revoked
			return nil
		}
	}
	if err := c.fresh(response.ThisUpdate, response.NextUpdate); err != nil {
		return err
	}
	switch response.Status {
	case ocsp.Good:
		a.Status = Good
	case ocsp.Revoked:
		a.Status = Revoked
	default:
		a.Status = UnknownToIssuer
	}
	return nil
}

// signedByResponder checks that the issuer signed the answer, or a responder
// to which it delegated that (RFC 6960 §4.2.2.2).
func (c check) signedByResponder(response *ocsp.Response) error {
	responder := response.Certificate
	switch {
	case weakSignature(response.SignatureAlgorithm):
		return errWeakHash
	case responder == nil, responder.Equal(c.issuer):
		return response.CheckSignatureFrom(c.issuer)
	}
	// The library has checked the answer with the responder's key.
	if err := responder.CheckSignatureFrom(c.issuer); err != nil {
		return fmt.Errorf("the responder is not of the issuer: %w", err)
	}
	if !slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return errors.New("the certificate of the responder is not for OCSP")
	}
	if v := validity(responder.NotBefore, responder.NotAfter, c.opts.Now); v.State != Valid {
		return fmt.Errorf("the certificate of the responder is %s", v.State)
	}
	return nil
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		return true
	}
	return false
}

// certID is the CertID of RFC 6960 §4.1.1.
type certID struct {
	Hash   asn1.RawValue
	Name   []byte
	Key    []byte
	Serial *big.Int
}

// sameCertID checks that the answer for this serial number is about this issuer
// too: the library compares the serial number alone.
func sameCertID(request, responseData []byte) error {
	parsed, err := ocsp.ParseRequest(request)
	if err != nil {
		return err
	}
	var data struct {
		Version   int `asn1:"optional,default:0,explicit,tag:0"`
		Responder asn1.RawValue
		Produced  asn1.RawValue
		Responses []struct {
			ID   certID
			Rest asn1.RawValue // certStatus; the fields after it are not needed
			This asn1.RawValue
			Next asn1.RawValue `asn1:"optional,explicit,tag:0"`
			Ext  asn1.RawValue `asn1:"optional,explicit,tag:1"`
		}
		Ext asn1.RawValue `asn1:"optional,explicit,tag:1"`
	}
	if _, err := asn1.Unmarshal(responseData, &data); err != nil {
		return err
	}
	for _, r := range data.Responses {
		if r.ID.Serial.Cmp(parsed.SerialNumber) != 0 {
			continue
		}
		// The library read the first answer for this number, and so do we.
		if bytes.Equal(r.ID.Name, parsed.IssuerNameHash) && bytes.Equal(r.ID.Key, parsed.IssuerKeyHash) {
			return nil
		}
		return errors.New("it is about a certificate of another issuer")
	}
	return errors.New("it is about another certificate")
}
