package igcsante

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// services are the OCSP service and the CRL of a made-up authority.
type services struct {
	authority authority
	server    *httptest.Server
	host      string
	ocsp, crl http.HandlerFunc
}

func newServices(t *testing.T) *services {
	t.Helper()
	s := &services{authority: newAuthority(t, authorityName(t, "IGC-SANTE TEST", "TEST AC IGC-SANTE FORT PERSONNES"), testKeys().authority, nil)}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := s.crl
		if r.URL.Path == "/ocsp" {
			h = s.ocsp
			if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/ocsp-request" {
				t.Errorf("OCSP asked by %s in %q", r.Method, r.Header.Get("Content-Type"))
			}
		}
		if h == nil {
			http.NotFound(w, r)
			return
		}
		h(w, r)
	}))
	t.Cleanup(s.server.Close)
	s.host = strings.TrimPrefix(s.server.URL, "http://")
	return s
}

var serial = big.NewInt(0x11200102)

func (s *services) card(t *testing.T, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	raw := s.authority.issue(t, &testKeys().holder.PublicKey, func(c *x509.Certificate) {
		c.SerialNumber = serial
		if s.ocsp != nil {
			c.OCSPServer = []string{s.server.URL + "/ocsp"}
		}
		if s.crl != nil {
			c.CRLDistributionPoints = []string{"ldap://annuaire-igc.esante.gouv.fr/x", s.server.URL + "/crl"}
		}
		if change != nil {
			change(c)
		}
	})
	return must(x509.ParseCertificate(raw))
}

func (s *services) options() RevocationOptions {
	return RevocationOptions{Hosts: []string{s.host}, Now: now, OCSPTimeout: 5 * time.Second, CRLTimeout: 5 * time.Second}
}

func send(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if _, err := w.Write(body); err != nil && !errors.Is(err, net.ErrClosed) {
			return // the client gave up, as some tests want
		}
	}
}

// answer makes an OCSP answer of the authority itself.
func (s *services) answer(change func(*ocsp.Response)) []byte {
	r := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour), IssuerHash: crypto.SHA1}
	if change != nil {
		change(&r)
	}
	return must(ocsp.CreateResponse(s.authority.certificate, s.authority.certificate, r, s.authority.key))
}

// list makes a CRL.
func (s *services) list(change func(*x509.RevocationList)) []byte {
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(24 * time.Hour)}
	for i := range int64(50) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(1000 + i), RevocationTime: now.AddDate(0, -2, 0)})
	}
	if change != nil {
		change(l)
	}
	return must(x509.CreateRevocationList(rand.Reader, l, s.authority.certificate, s.authority.key))
}

func entry(reason int) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now.AddDate(0, -1, 0), ReasonCode: reason})
	}
}

const (
	ocspType = "application/ocsp-response"
	crlType  = "application/pkix-crl"
	portal   = "<!DOCTYPE html><html><body>Bienvenue sur le Wi-Fi</body></html>"
)

// responder makes an OCSP answer signed by another certificate.
func (s *services) responder(t *testing.T, by authority, change func(*x509.Certificate)) []byte {
	raw := by.issue(t, &testKeys().other.PublicKey, func(c *x509.Certificate) {
		c.RawSubject = rawName(t, rdn(oidCN, "OCSP"))
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		if change != nil {
			change(c)
		}
	})
	certificate := must(x509.ParseCertificate(raw))
	return must(ocsp.CreateResponse(s.authority.certificate, certificate, ocsp.Response{
		Status: ocsp.Good, SerialNumber: serial, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour),
		IssuerHash: crypto.SHA1, Certificate: certificate,
	}, testKeys().other))
}

func TestOCSP(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	other := newAuthority(t, s.authority.certificate.RawSubject, testKeys().other, nil)
	revoked := func(reason int) func(*ocsp.Response) {
		return func(r *ocsp.Response) {
			r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, now.AddDate(0, -1, 0), reason
		}
	}
	old := func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = now.Add(-48*time.Hour), now.Add(-time.Hour) }
	for what, c := range map[string]struct {
		answer []byte
		status RevocationStatus
		why    Why
		reason string
	}{
		"good":                  {s.answer(nil), Good, "", ""},
		"revoked":               {s.answer(revoked(ocsp.KeyCompromise)), Revoked, "", "keyCompromise"},
		"on hold":               {s.answer(revoked(ocsp.CertificateHold)), Revoked, "", "certificateHold"},
		"unknown":               {s.answer(func(r *ocsp.Response) { r.Status = ocsp.Unknown }), UnknownToIssuer, "", ""},
		"stale":                 {s.answer(old), NotChecked, WhyStale, ""},
		"revoked, stale":        {s.answer(func(r *ocsp.Response) { revoked(ocsp.Superseded)(r); old(r) }), Revoked, "", "superseded"},
		"on hold, stale":        {s.answer(func(r *ocsp.Response) { revoked(ocsp.CertificateHold)(r); old(r) }), NotChecked, WhyStale, "certificateHold"},
		"of the future":         {s.answer(func(r *ocsp.Response) { r.ThisUpdate = now.Add(time.Hour) }), NotChecked, WhyStale, ""},
		"a little ahead":        {s.answer(func(r *ocsp.Response) { r.ThisUpdate = now.Add(time.Minute) }), Good, "", ""},
		"no next, recent":       {s.answer(func(r *ocsp.Response) { r.NextUpdate = time.Time{} }), Good, "", ""},
		"no next, old":          {s.answer(func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = now.Add(-3*24*time.Hour), time.Time{} }), NotChecked, WhyStale, ""},
		"other serial":          {s.answer(func(r *ocsp.Response) { r.SerialNumber = big.NewInt(5) }), NotChecked, WhyMalformed, ""},
		"try later":             {ocsp.TryLaterErrorResponse, NotChecked, WhyResponder, ""},
		"portal":                {[]byte(portal), NotChecked, WhyMalformed, ""},
		"empty":                 {nil, NotChecked, WhyMalformed, ""},
		"too large":             {make([]byte, maxOCSP+1), NotChecked, WhyTooLarge, ""},
		"delegated":             {s.responder(t, s.authority, nil), Good, "", ""},
		"delegated, not OCSP":   {s.responder(t, s.authority, func(c *x509.Certificate) { c.ExtKeyUsage = nil }), NotChecked, WhySignature, ""},
		"delegated, expired":    {s.responder(t, s.authority, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) }), NotChecked, WhySignature, ""},
		"delegated by another":  {s.responder(t, other, nil), NotChecked, WhySignature, ""},
		"signed by another":     {must(ocsp.CreateResponse(s.authority.certificate, s.authority.certificate, ocsp.Response{SerialNumber: serial, ThisUpdate: now, IssuerHash: crypto.SHA1}, testKeys().other)), NotChecked, WhySignature, ""},
		"about another issuer":  {must(ocsp.CreateResponse(other.certificate, s.authority.certificate, ocsp.Response{SerialNumber: serial, ThisUpdate: now, IssuerHash: crypto.SHA1}, s.authority.key)), NotChecked, WhyMalformed, ""},
		"carries issuer's own":  {s.answer(func(r *ocsp.Response) { r.Certificate = s.authority.certificate }), Good, "", ""},
		"other hash of the key": {s.answer(func(r *ocsp.Response) { r.IssuerHash = crypto.SHA256 }), NotChecked, WhyMalformed, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			own := newServices(t)
			own.authority = s.authority
			own.ocsp = send(ocspType, c.answer)
			r := Revocation(t.Context(), nil, own.card(t, nil), s.authority.certificate, own.options())
			expect(t, r, OCSP, c.status, c.why, c.reason)
			if c.status == Revoked && !r.RevokedAt.Equal(now.AddDate(0, -1, 0)) {
				t.Errorf("revoked at %s", r.RevokedAt)
			}
		})
	}
}

func expect(t *testing.T, r RevocationResult, method Method, status RevocationStatus, why Why, reason string) {
	t.Helper()
	if r.Method != method || r.Status != status || r.Why != why || r.Reason != reason {
		t.Errorf("%s: %s %s %q (%v), expected %s: %s %s %q", r.Method, r.Status, r.Why, r.Reason, r.Err, method, status, why, reason)
	}
	if (r.Status == NotChecked) != (r.Err != nil && r.Why != "") {
		t.Errorf("%s with why %q and error %v", r.Status, r.Why, r.Err)
	}
}

func TestCRL(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	other := newAuthority(t, s.authority.certificate.RawSubject, testKeys().other, nil)
	otherName := newAuthority(t, rawName(t, rdn(oidCN, "AUTRE")), testKeys().authority, nil)
	list := func(by authority) []byte { own := *s; own.authority = by; return own.list(nil) }
	extra := func(id asn1.ObjectIdentifier, critical bool, value []byte) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: id, Critical: critical, Value: value})
		}
	}
	old := func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = now.AddDate(0, 0, -3), now.AddDate(0, 0, -2)
	}
	tampered := bytes.Replace(s.list(entry(1)), []byte{0x02, 0x04, 0x11, 0x20, 0x01, 0x02}, []byte{0x02, 0x04, 0x11, 0x20, 0x01, 0x03}, 1)
	for what, c := range map[string]struct {
		kind   string
		list   []byte
		status RevocationStatus
		why    Why
		reason string
	}{
		"good":                     {crlType, s.list(nil), Good, "", ""},
		"good, no entry":           {crlType, s.list(func(l *x509.RevocationList) { l.RevokedCertificateEntries = nil }), Good, "", ""},
		"wrong type, right bytes":  {"text/plain", s.list(nil), Good, "", ""},
		"html type, right bytes":   {"text/html", s.list(nil), Good, "", ""},
		"revoked":                  {crlType, s.list(entry(1)), Revoked, "", "keyCompromise"},
		"revoked, no reason":       {crlType, s.list(entry(0)), Revoked, "", "unspecified"},
		"on hold":                  {crlType, s.list(entry(6)), Revoked, "", "certificateHold"},
		"removed":                  {crlType, s.list(entry(8)), Good, "", ""},
		"stale":                    {crlType, s.list(old), NotChecked, WhyStale, ""},
		"revoked, stale":           {crlType, s.list(func(l *x509.RevocationList) { old(l); entry(5)(l) }), Revoked, "", "cessationOfOperation"},
		"of the future":            {crlType, s.list(func(l *x509.RevocationList) { l.ThisUpdate = now.Add(time.Hour) }), NotChecked, WhyStale, ""},
		"signature of another key": {crlType, list(other), NotChecked, WhySignature, ""},
		"list of another":          {crlType, list(otherName), NotChecked, WhySignature, ""},
		"entry altered":            {crlType, tampered, NotChecked, WhySignature, ""},
		"portal as CRL":            {crlType, []byte(portal), NotChecked, WhyMalformed, ""},
		"portal":                   {"text/html", []byte(portal), NotChecked, WhyMalformed, ""},
		"cut":                      {crlType, s.list(nil)[:200], NotChecked, WhyMalformed, ""},
		"empty":                    {crlType, nil, NotChecked, WhyMalformed, ""},
		"PEM":                      {crlType, []byte("-----BEGIN X509 CRL-----\n"), NotChecked, WhyMalformed, ""},
		"users only":               {crlType, s.list(extra(oidIssuingDistributionPoint, true, []byte{0x30, 3, 0x81, 1, 0xFF})), Good, "", ""},
		"authorities only":         {crlType, s.list(extra(oidIssuingDistributionPoint, true, []byte{0x30, 3, 0x82, 1, 0xFF})), NotChecked, WhyOutOfScope, ""},
		"some reasons":             {crlType, s.list(extra(oidIssuingDistributionPoint, true, []byte{0x30, 4, 0x83, 2, 6, 0x40})), NotChecked, WhyOutOfScope, ""},
		"indirect":                 {crlType, s.list(extra(oidIssuingDistributionPoint, true, []byte{0x30, 3, 0x84, 1, 0xFF})), NotChecked, WhyOutOfScope, ""},
		"other point":              {crlType, s.list(extra(oidIssuingDistributionPoint, true, []byte("\x30\x0D\xA0\x0B\xA0\x09\x86\x07http://"))), NotChecked, WhyOutOfScope, ""},
		"same point":               {crlType, s.list(extra(oidIssuingDistributionPoint, true, []byte("\x30\x2A\xA0\x28\xA0\x26\x86\x24ldap://annuaire-igc.esante.gouv.fr/x"))), Good, "", ""},
		"delta":                    {crlType, s.list(extra(asn1.ObjectIdentifier{2, 5, 29, 27}, true, []byte{2, 1, 1})), NotChecked, WhyOutOfScope, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			own := newServices(t)
			own.authority = s.authority
			own.crl = send(c.kind, c.list)
			r := Revocation(t.Context(), nil, own.card(t, nil), s.authority.certificate, own.options())
			expect(t, r, CRL, c.status, c.why, c.reason)
		})
	}
}

// The list is never trusted because of how it is cut: an entry whose number is
// encoded with a leading zero too many does not pass for another.
func TestOddSerialInCRL(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	list := s.list(entry(1))
	parts, err := splitCRL(list, serial)
	if err != nil {
		t.Fatal(err)
	}
	reduced := must(x509.ParseRevocationList(parts.reduced))
	if len(reduced.RevokedCertificateEntries) != 1 || reduced.RevokedCertificateEntries[0].SerialNumber.Cmp(serial) != 0 {
		t.Errorf("kept %+v", reduced.RevokedCertificateEntries)
	}
	kept, ok := entriesOf([]byte{0x30, 8, 0x02, 6, 0, 0, 0x11, 0x20, 0x01, 0x02}, serial)
	if !ok || len(kept) != 10 {
		t.Errorf("kept %X, %v: an odd encoding hides the entry", kept, ok)
	}
}

func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(z, zeros{}, 32<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a host that is not allowed was asked")
	}))
	t.Cleanup(elsewhere.Close)
	good := func(s *services) http.HandlerFunc { return send(crlType, s.list(nil)) }
	redirect := func(to string) func(*services) http.HandlerFunc {
		return func(s *services) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
		}
	}
	status := func(code int) func(*services) http.HandlerFunc {
		return func(*services) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
		}
	}
	for what, c := range map[string]struct {
		crl    func(*services) http.HandlerFunc
		opts   func(*RevocationOptions)
		client func(*services) *http.Client
		why    Why // "" for good
	}{
		"good":                 {crl: good},
		"not found":            {crl: status(http.StatusNotFound), why: WhyHTTPStatus},
		"too many requests":    {crl: status(http.StatusTooManyRequests), why: WhyHTTPStatus},
		"proxy wants password": {crl: status(http.StatusProxyAuthRequired), why: WhyProxyRefused},
		"redirected elsewhere": {crl: redirect(elsewhere.URL + "/crl"), why: WhyHostNotAllowed},
		"redirected to file":   {crl: redirect("file:///etc/passwd"), why: WhyHostNotAllowed},
		"redirected for ever":  {crl: redirect("/crl"), why: WhyHTTPStatus},
		"redirected at home": {crl: func(s *services) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/crl" {
					http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
					return
				}
				good(s)(w, r)
			}
		}},
		"host not allowed": {crl: good, opts: func(o *RevocationOptions) { o.Hosts = nil }, why: WhyHostNotAllowed},
		"too large":        {crl: good, opts: func(o *RevocationOptions) { o.MaxCRL = 100 }, why: WhyTooLarge},
		"too large, unannounced": {crl: func(*services) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.(http.Flusher).Flush()
				send(crlType, make([]byte, 1<<20))(w, nil)
			}
		}, opts: func(o *RevocationOptions) { o.MaxCRL = 1000 }, why: WhyTooLarge},
		"gzip bomb": {crl: func(*services) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				send(crlType, bomb.Bytes())(w, r)
			}
		}, why: WhyMalformed},
		"slow": {crl: func(*services) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		}, opts: func(o *RevocationOptions) { o.CRLTimeout = 50 * time.Millisecond }, why: WhyTimeout},
		"slow body": {crl: func(s *services) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				send(crlType, s.list(nil)[:100])(w, r)
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}
		}, opts: func(o *RevocationOptions) { o.CRLTimeout = 100 * time.Millisecond }, why: WhyTimeout},
		"cut in the middle": {crl: func(s *services) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000000")
				send(crlType, s.list(nil)[:100])(w, nil)
			}
		}, why: WhyNoNetwork},
		"host down": {crl: good, client: func(*services) *http.Client {
			return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			}}}
		}, why: WhyNoNetwork},
		"proxy down": {crl: good, client: func(*services) *http.Client {
			return &http.Client{Transport: &http.Transport{
				Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"}),
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
				},
			}}
		}, why: WhyProxyRefused},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newServices(t)
			s.crl = c.crl(s)
			opts := s.options()
			if c.opts != nil {
				c.opts(&opts)
			}
			var client *http.Client
			if c.client != nil {
				client = c.client(s)
			}
			want := NotChecked
			if c.why == "" {
				want = Good
			}
			expect(t, Revocation(t.Context(), client, s.card(t, nil), s.authority.certificate, opts), CRL, want, c.why, "")
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestHTTPS(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	secure := httptest.NewUnstartedServer(send(crlType, s.list(nil)))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // one client hangs up, as it should
	secure.StartTLS()
	t.Cleanup(secure.Close)
	opts := s.options()
	opts.Hosts = []string{strings.TrimPrefix(secure.URL, "https://")}
	card := s.card(t, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{secure.URL + "/crl"} })
	expect(t, Revocation(t.Context(), secure.Client(), card, s.authority.certificate, opts), CRL, Good, "", "")
	// A host that presents another's certificate: interception.
	expect(t, Revocation(t.Context(), nil, card, s.authority.certificate, opts), CRL, NotChecked, WhyTLS, "")
	// A proxy that refuses the tunnel.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	t.Cleanup(proxy.Close)
	through := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(must(url.Parse(proxy.URL)))}}
	expect(t, Revocation(t.Context(), through, card, s.authority.certificate, opts), CRL, NotChecked, WhyProxyRefused, "")
}

func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	other := newAuthority(t, s.authority.certificate.RawSubject, testKeys().other, nil)
	plain := s.card(t, nil)
	ldap := s.card(t, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"ldap://annuaire-igc.esante.gouv.fr/x"} })
	outside := s.card(t, func(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp.example.test"} })
	user := s.card(t, func(c *x509.Certificate) {
		c.CRLDistributionPoints = []string{"http://x@igc-sante.esante.gouv.fr/CRL/a.crl"}
	})
	port := s.card(t, func(c *x509.Certificate) {
		c.CRLDistributionPoints = []string{"http://igc-sante.esante.gouv.fr:22/CRL/a.crl"}
	})
	for what, c := range map[string]struct {
		certificate, issuer *x509.Certificate
		why                 Why
	}{
		"no certificate":  {nil, s.authority.certificate, WhyNoCertificate},
		"no issuer":       {plain, nil, WhyNoIssuer},
		"not its issuer":  {plain, other.certificate, WhyNoIssuer},
		"no address":      {plain, s.authority.certificate, WhyNoAddress},
		"LDAP only":       {ldap, s.authority.certificate, WhyLDAPOnly},
		"host of others":  {outside, s.authority.certificate, WhyHostNotAllowed},
		"address of user": {user, s.authority.certificate, WhyHostNotAllowed},
		"odd port":        {port, s.authority.certificate, WhyHostNotAllowed},
	} {
		r := Revocation(t.Context(), &http.Client{Transport: noTransport{t}}, c.certificate, c.issuer, RevocationOptions{Now: now})
		if r.Status != NotChecked || r.Why != c.why || r.Err == nil {
			t.Errorf("%s: %s %s, %v", what, r.Status, r.Why, r.Err)
		}
	}
}

// noTransport fails the test when anything is sent.
type noTransport struct{ t *testing.T }

func (n noTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("%s was asked", r.URL)
	return nil, errors.New("nothing may be sent")
}

// OCSP first; the list when OCSP does not decide.
func TestOrder(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		ocsp     func(*services) []byte
		crl      func(*services) []byte
		method   Method
		status   RevocationStatus
		why      Why
		attempts int
	}{
		"OCSP decides":   {func(s *services) []byte { return s.answer(nil) }, func(s *services) []byte { return s.list(entry(1)) }, OCSP, Good, "", 1},
		"the list helps": {func(*services) []byte { return []byte(portal) }, func(s *services) []byte { return s.list(entry(1)) }, CRL, Revoked, "", 2},
		"unknown is an answer": {func(s *services) []byte {
			return s.answer(func(r *ocsp.Response) { r.Status = ocsp.Unknown })
		}, func(*services) []byte { return []byte(portal) }, OCSP, UnknownToIssuer, "", 2},
		"neither": {func(*services) []byte { return ocsp.UnauthorizedErrorResponse }, func(*services) []byte { return []byte(portal) }, OCSP, NotChecked, WhyResponder, 2},
	} {
		s := newServices(t)
		s.ocsp, s.crl = send(ocspType, c.ocsp(s)), send(crlType, c.crl(s))
		r := Revocation(t.Context(), nil, s.card(t, nil), s.authority.certificate, s.options())
		if r.Method != c.method || r.Status != c.status || r.Why != c.why || len(r.Attempts) != c.attempts {
			t.Errorf("%s: %s %s %s after %d attempts (%v)", what, r.Method, r.Status, r.Why, len(r.Attempts), r.Err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newServices(t)
	s.crl = send(crlType, s.list(nil))
	if r := Revocation(ctx, nil, s.card(t, nil), s.authority.certificate, s.options()); r.Why != WhyCanceled {
		t.Errorf("canceled: %s, %v", r.Why, r.Err)
	}
}

// What Examine hands out is what Revocation asks for.
func TestFromExamination(t *testing.T) {
	t.Parallel()
	s := newServices(t)
	s.ocsp = send(ocspType, s.answer(nil))
	card := s.card(t, nil)
	with := Examine(card.Raw, NewPool("x", s.authority.certificate.Raw), now)
	if r := Revocation(t.Context(), nil, with.Certificate(), with.IssuerCertificate(), s.options()); r.Status != Good {
		t.Errorf("%s %s: %v", r.Status, r.Why, r.Err)
	}
	without := Examine(card.Raw, nil, now)
	if r := Revocation(t.Context(), nil, without.Certificate(), without.IssuerCertificate(), s.options()); r.Why != WhyNoIssuer {
		t.Errorf("without issuer: %s %s", r.Status, r.Why)
	}
	broken := Examine([]byte("x"), nil, now)
	if r := Revocation(t.Context(), nil, broken.Certificate(), broken.IssuerCertificate(), s.options()); r.Why != WhyNoCertificate {
		t.Errorf("no certificate: %s %s", r.Status, r.Why)
	}
	root := Examine(s.authority.certificate.Raw, nil, now)
	if root.IssuerCertificate() != root.Certificate() || root.Certificate() == nil {
		t.Error("a self-signed certificate is not its own issuer")
	}
}

// The list of a large authority is searched without an object for each entry.
func BenchmarkLargeCRL(b *testing.B) {
	ca := newAuthority(b, rawName(b, rdn(oidCN, "AC")), testKeys().authority, nil)
	card := must(x509.ParseCertificate(ca.issue(b, &testKeys().holder.PublicKey, nil)))
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
	for i := range int64(300_000) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(1<<60 + i), RevocationTime: now, ReasonCode: 4})
	}
	der := must(x509.CreateRevocationList(rand.Reader, l, ca.certificate, ca.key))
	c := check{certificate: card, issuer: ca.certificate, opts: RevocationOptions{Now: now}.withDefaults()}
	b.SetBytes(int64(len(der)))
	b.ReportAllocs()
	for b.Loop() {
		var a Attempt
		if err := c.readCRL(der, &a); err != nil || a.Status != Good {
			b.Fatal(fmt.Errorf("%s: %w", a.Status, err))
		}
	}
}

// FuzzRevocationAnswers: what a host sends can never make a certificate good
// without the issuer's signature.
func FuzzRevocationAnswers(f *testing.F) {
	s := &services{authority: newAuthority(f, rawName(f, rdn(oidCN, "AC")), testKeys().authority, nil)}
	card := must(x509.ParseCertificate(s.authority.issue(f, &testKeys().holder.PublicKey, func(c *x509.Certificate) { c.SerialNumber = serial })))
	// Neither of them is signed by the issuer, so nothing may follow from it.
	issuer := newAuthority(f, s.authority.certificate.RawSubject, testKeys().other, nil).certificate
	c := check{certificate: card, issuer: issuer, opts: RevocationOptions{Now: now}.withDefaults()}
	request := must(ocsp.CreateRequest(card, issuer, nil))
	f.Add(s.answer(nil))
	f.Add(s.list(entry(1)))
	f.Fuzz(func(t *testing.T, answer []byte) {
		a := Attempt{Status: NotChecked}
		if err := c.readOCSP(request, answer, &a); err == nil {
			t.Errorf("OCSP: %s", a.Status)
		}
		a = Attempt{Status: NotChecked}
		if err := c.readCRL(answer, &a); err == nil {
			t.Errorf("CRL: %s", a.Status)
		}
	})
}
