package diagnostic

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"sync"
	"time"
)

// clockServers are asked for their Date. The second needs no TLS, which a wrong
// clock can spoil; anybody on the way can answer in its place, so that it only
// confirms.
var clockServers = []string{"https://annuaire.esante.gouv.fr/", "http://igc-sante.esante.gouv.fr/"}

const clockServerLimit = 4 * time.Second

// serverDeviation asks the servers of ANS by how much the clock is ahead. It
// tells nothing when none gives a Date that can be believed, or when they do
// not agree: a captive portal and a proxy answer too, by clocks of their own.
func serverDeviation(ctx context.Context, s *Session, certain time.Time) (off time.Duration, server string, told bool) {
	type answer struct {
		off      time.Duration
		believed bool
	}
	answers := make([]answer, len(clockServers))
	var asked sync.WaitGroup
	for i, address := range clockServers {
		asked.Go(func() {
			limited, cancel := context.WithTimeout(ctx, clockServerLimit)
			defer cancel()
			contact, err := s.Contact(limited, address)
			if err == nil && believable(contact, address, certain) {
				answers[i] = answer{s.Now().Sub(contact.Date), true}
			}
		})
	}
	asked.Wait()
	sealed, open := answers[0], answers[1]
	switch {
	case sealed.believed && open.believed && (sealed.off-open.off).Abs() > clockTolerance:
		return 0, "", false
	case sealed.believed:
		return sealed.off, clockServers[0], true
	case open.believed && open.off.Abs() <= clockTolerance:
		return open.off, clockServers[1], true
	}
	return 0, "", false
}

// believable tells whether the Date of an answer is that of the server which
// was asked, as far as it can be told.
func believable(c Contact, address string, certain time.Time) bool {
	asked, err := url.Parse(address)
	if err != nil || c.Date.IsZero() || c.Date.Before(certain) {
		return false
	}
	if asked.Scheme == "https" {
		return len(c.Certificates) > 0 && (c.Untrusted == nil || spoiltByClock(c, asked.Hostname()))
	}
	to, err := asked.Parse(c.Location)
	return c.Status >= 200 && c.Status < 400 && err == nil && ofANS(to.Hostname())
}

// spoiltByClock tells whether a chain is not trusted for its dates alone, and
// would be in date by the clock of the server. What shows a certificate of its
// own making in the place of the server does not come to that.
func spoiltByClock(c Contact, host string) bool {
	var invalid x509.CertificateInvalidError
	if !errors.As(c.Untrusted, &invalid) || invalid.Reason != x509.Expired {
		return false
	}
	leaf, err := x509.ParseCertificate(c.Certificates[0])
	return err == nil && leaf.VerifyHostname(host) == nil && string(leaf.RawIssuer) != string(leaf.RawSubject) &&
		!c.Date.Before(leaf.NotBefore) && !c.Date.After(leaf.NotAfter)
}
