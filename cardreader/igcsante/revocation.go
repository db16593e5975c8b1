package igcsante

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// RevocationStatus is what the authority says of a certificate.
type RevocationStatus string

// Statuses. UnknownToIssuer is an answer: the responder does not know the
// certificate. NotChecked is none: Why says what stood in the way.
const (
	Good            RevocationStatus = "good"
	Revoked         RevocationStatus = "revoked"
	UnknownToIssuer RevocationStatus = "unknown"
	NotChecked      RevocationStatus = "not-checked"
)

// Why is a stable code for a revocation that was not checked.
type Why string

// Reasons.
const (
	WhyNoCertificate  Why = "no-certificate"   // none that crypto/x509 can read
	WhyNoIssuer       Why = "no-issuer"        // the issuer's certificate is not here, or did not sign this one
	WhyNoAddress      Why = "no-address"       // the certificate names no OCSP service and no CRL
	WhyLDAPOnly       Why = "ldap-only"        // it names addresses of another kind than http, LDAP as a rule
	WhyHostNotAllowed Why = "host-not-allowed" // the address, or a redirection, leads to a host that is not ANS's
	WhyNoNetwork      Why = "no-network"       // name not found, host down or not reachable
	WhyProxyRefused   Why = "proxy-refused"    // the proxy asks for a password or refuses
	WhyTLS            Why = "tls"              // the https host is not who it should be: interception
	WhyTimeout        Why = "timeout"
	WhyCanceled       Why = "canceled"          // by the person
	WhyHTTPStatus     Why = "http-status"       // an answer other than 200
	WhyTooLarge       Why = "too-large"         // an answer beyond the bound
	WhyMalformed      Why = "malformed"         // not an OCSP answer or CRL: a captive portal's page, for one
	WhyResponder      Why = "responder-refused" // an OCSP answer that is an error: tryLater, unauthorized …
	WhySignature      Why = "signature"         // not signed by the issuer or its responder
	WhyStale          Why = "stale"             // out of date, or not yet of this date: the clock may be wrong
	WhyOutOfScope     Why = "out-of-scope"      // the list does not cover this certificate
)

// Method of asking.
type Method string

// Methods.
const (
	OCSP Method = "ocsp" // RFC 6960
	CRL  Method = "crl"  // RFC 5280 §5
)

// Attempt is one address that was asked, or not.
type Attempt struct {
	Method Method           `json:"method"`
	URL    string           `json:"url"`
	Status RevocationStatus `json:"status"`
	Why    Why              `json:"why,omitempty"` // when NotChecked
	Err    error            `json:"-"`

	// RevokedAt and Reason are also set when the answer is stale and says that
	// the certificate was on hold.
	RevokedAt  time.Time     `json:"revokedAt,omitzero"`
	Reason     string        `json:"reason,omitempty"` // RFC 5280 §5.3.1: "keyCompromise"
	ThisUpdate time.Time     `json:"thisUpdate,omitzero"`
	NextUpdate time.Time     `json:"nextUpdate,omitzero"`
	Duration   time.Duration `json:"durationNs,omitempty"`
}

// RevocationResult is the outcome: that of the attempt that decided, and all
// attempts in order.
type RevocationResult struct {
	Attempt
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Hosts of ANS that publish the revocations of IGC-Santé.
var defaultHosts = []string{"igc-sante.esante.gouv.fr", "ocsp.esante.gouv.fr"}

// RevocationHosts are those that a check asks unless its options say others.
func RevocationHosts() []string { return slices.Clone(defaultHosts) }

// RevocationOptions bound a check. A zero field has its default.
type RevocationOptions struct {
	// Hosts may be asked; each a name, or name:port for one port other than
	// the usual. Default: the two hosts of ANS.
	Hosts []string
	// OCSPTimeout and CRLTimeout bound one request. Default: 10 s and 2 min,
	// since the list of a large authority has tens of megabytes.
	OCSPTimeout, CRLTimeout time.Duration
	// MaxCRL is the largest list accepted, in bytes. Default: 64 MiB.
	MaxCRL int64
	// Now is the moment of the check. Default: time.Now.
	Now time.Time
}

const (
	maxOCSP = 64 << 10
	// maxAddresses of one method are asked.
	maxAddresses = 4
	// clockSkew is how far ahead of us the clock of the authority may be.
	clockSkew = 5 * time.Minute
	// maxAge is how old an answer may be that does not say when the next one
	// comes. ANS publishes its lists every morning.
	maxAge = 48 * time.Hour
)

func (o RevocationOptions) withDefaults() RevocationOptions {
	if o.Hosts == nil {
		o.Hosts = defaultHosts
	}
	if o.OCSPTimeout == 0 {
		o.OCSPTimeout = 10 * time.Second
	}
	if o.CRLTimeout == 0 {
		o.CRLTimeout = 2 * time.Minute
	}
	if o.MaxCRL == 0 {
		o.MaxCRL = 64 << 20
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}

// notChecked is the error of an attempt: why, and the details.
type notChecked struct {
	why Why
	err error
}

func (e *notChecked) Error() string { return string(e.why) + ": " + e.err.Error() }
func (e *notChecked) Unwrap() error { return e.err }

func because(why Why, err error) error { return &notChecked{why, err} }

// Revocation asks the services that a certificate names whether it is revoked:
// OCSP, then, when that gives neither good nor revoked, its CRL. It sends the
// serial number of the certificate over the network, so it is called only when
// the person asks. Addresses come from the certificate alone, and only hosts
// of opts are reached, redirections included. Every answer is verified with
// issuer and its dates compared with opts.Now.
//
// client may be nil: http.DefaultClient, with the proxy of the environment. It
// never fails: what stood in the way is NotChecked with Why and Err. When no
// attempt decides, the result is the first that knows most: unknown to the
// issuer, else the first reason.
func Revocation(ctx context.Context, client *http.Client, certificate, issuer *x509.Certificate, opts RevocationOptions) RevocationResult {
	opts = opts.withDefaults()
	refuse := func(why Why, err error) RevocationResult {
		return RevocationResult{Attempt: Attempt{Status: NotChecked, Why: why, Err: err}}
	}
	if certificate == nil {
		return refuse(WhyNoCertificate, errors.New("the certificate could not be read"))
	}
	if issuer == nil {
		return refuse(WhyNoIssuer, errNoIssuer)
	}
	if err := certificate.CheckSignatureFrom(issuer); err != nil {
		return refuse(WhyNoIssuer, fmt.Errorf("the issuer did not sign this certificate: %w", err))
	}
	c := check{certificate: certificate, issuer: issuer, opts: opts, fetcher: newFetcher(client, opts.Hosts)}
	ocspURLs, crlURLs := web(certificate.OCSPServer), web(certificate.CRLDistributionPoints)
	if len(ocspURLs)+len(crlURLs) == 0 {
		if len(certificate.OCSPServer)+len(certificate.CRLDistributionPoints) > 0 {
			return refuse(WhyLDAPOnly, fmt.Errorf("no http address among %q", slices.Concat(certificate.OCSPServer, certificate.CRLDistributionPoints)))
		}
		return refuse(WhyNoAddress, errors.New("the certificate names no OCSP service and no CRL"))
	}
	var result RevocationResult
	for _, step := range []struct {
		method Method
		urls   []string
		ask    func(context.Context, string, *Attempt) error
	}{{OCSP, ocspURLs, c.askOCSP}, {CRL, crlURLs, c.askCRL}} {
		for _, address := range step.urls {
			a := attempt(ctx, step.method, address, step.ask)
			result.Attempts = append(result.Attempts, a)
			if a.Status == Good || a.Status == Revoked {
				result.Attempt = a
				return result
			}
		}
	}
	result.Attempt = result.Attempts[0]
	if i := slices.IndexFunc(result.Attempts, func(a Attempt) bool { return a.Status == UnknownToIssuer }); i >= 0 {
		result.Attempt = result.Attempts[i]
	}
	return result
}

// check is one certificate being checked.
type check struct {
	certificate, issuer *x509.Certificate
	opts                RevocationOptions
	fetcher             fetcher
}

func attempt(ctx context.Context, method Method, address string, ask func(context.Context, string, *Attempt) error) Attempt {
	a := Attempt{Method: method, URL: address, Status: NotChecked}
	begin := time.Now()
	err := ask(ctx, address, &a)
	a.Duration = time.Since(begin)
	if err != nil {
		a.Status, a.Why, a.Err = NotChecked, WhyMalformed, err
		var n *notChecked
		if errors.As(err, &n) {
			a.Why, a.Err = n.why, n.err
		}
	}
	return a
}

// web keeps the http and https addresses, each once, in order.
func web(addresses []string) []string {
	var all []string
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")) &&
			!slices.Contains(all, a) && len(all) < maxAddresses {
			all = append(all, a)
		}
	}
	return all
}

// fresh tells whether an answer is of this moment.
func (c check) fresh(thisUpdate, nextUpdate time.Time) error {
	now := c.opts.Now
	switch {
	case thisUpdate.After(now.Add(clockSkew)):
		return because(WhyStale, fmt.Errorf("made on %s, which is to come: a clock is wrong", thisUpdate.UTC().Format(time.RFC3339)))
	case !nextUpdate.IsZero() && now.After(nextUpdate):
		return because(WhyStale, fmt.Errorf("good until %s only", nextUpdate.UTC().Format(time.RFC3339)))
	case nextUpdate.IsZero() && now.Sub(thisUpdate) > maxAge:
		return because(WhyStale, fmt.Errorf("made on %s, and it does not say until when it is good", thisUpdate.UTC().Format(time.RFC3339)))
	}
	return nil
}

// CRLReason codes (RFC 5280 §5.3.1).
const (
	reasonHold          = 6
	reasonRemoveFromCRL = 8
)

var reasonNames = map[int]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", reasonHold: "certificateHold", reasonRemoveFromCRL: "removeFromCRL",
	9: "privilegeWithdrawn", 10: "aACompromise",
}

func reasonName(code int) string {
	if name, ok := reasonNames[code]; ok {
		return name
	}
	return fmt.Sprintf("reason %d", code)
}

// final tells whether a revocation for that reason can never be undone: it is
// then good to know even from an answer that is out of date.
func final(reason int) bool { return reason != reasonHold && reason != reasonRemoveFromCRL }
