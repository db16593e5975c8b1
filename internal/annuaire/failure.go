package annuaire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Code says why there is no answer. Codes are stable.
type Code string

// Codes. Before anything is sent:
const (
	CodeNoKey         Code = "no-key"         // none in the environment nor in the keyring
	CodeKeyForm       Code = "key-form"       // what was given cannot be a key
	CodeKeyElsewhere  Code = "key-elsewhere"  // the key of the keyring is for ANS's API only
	CodeKeyringAbsent Code = "keyring-absent" // no keyring, or it failed
	CodeKeyringSilent Code = "keyring-silent" // it is locked, or hangs
	CodeBaseURL       Code = "base-url"       // not an address that a key may be sent to
	CodeQuestion      Code = "question"       // nothing to ask with
	CodeStructure     Code = "structure"      // a structure: people are looked up
)

// On the way:
const (
	CodeTimeout      Code = "timeout"
	CodeProxyRefused Code = "proxy-refused" // 407, or the proxy forbids the way
	CodeProxyDown    Code = "proxy-unreachable"
	CodeTLS          Code = "tls"
	CodeNetwork      Code = "network" // no such host, no route, connection refused or cut
	CodeWebPage      Code = "web-page"
	CodeRedirect     Code = "redirect"
	CodeCancelled    Code = "cancelled"
)

// From the server:
const (
	CodeKeyRefused Code = "key-refused" // 401, 403
	CodeQuota      Code = "quota"       // 429
	CodeRejected   Code = "rejected"    // 400, 404 … and what it says, or an OperationOutcome
	CodeServer     Code = "server"      // 5xx
	CodeMalformed  Code = "malformed"
	CodeTooLarge   Code = "too-large"
	CodeUnrelated  Code = "unrelated" // sound, and about somebody else
)

// Codes lists every Code.
func Codes() []Code {
	return []Code{CodeNoKey, CodeKeyForm, CodeKeyElsewhere, CodeKeyringAbsent, CodeKeyringSilent, CodeBaseURL, CodeQuestion, CodeStructure,
		CodeTimeout, CodeProxyRefused, CodeProxyDown, CodeTLS, CodeNetwork, CodeWebPage, CodeRedirect, CodeCancelled,
		CodeKeyRefused, CodeQuota, CodeRejected, CodeServer, CodeMalformed, CodeTooLarge, CodeUnrelated}
}

// Failure is why there is no answer.
type Failure struct {
	Code Code
	// Status of HTTP, 0 when there was none.
	Status int
	// RetryAfter is how long the server asks to wait, 0 when it does not say.
	RetryAfter time.Duration
	// Host is the one that a redirection leads to, or the proxy.
	Host string
	// Detail is what the server says, cleaned, in its own words.
	Detail string
	// Err is the technical cause, for a support desk.
	Err error
}

// Error is for a support desk; Say says it to a person.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "annuaire: %s", f.Code)
	if f.Status != 0 {
		fmt.Fprintf(&b, ", HTTP %d", f.Status)
	}
	if f.Host != "" {
		fmt.Fprintf(&b, ", %s", f.Host)
	}
	if f.Err != nil {
		fmt.Fprintf(&b, ": %v", f.Err)
	}
	return b.String()
}

// Unwrap gives the technical cause.
func (f *Failure) Unwrap() error { return f.Err }

// final tells whether it is no use to ask the next thing: the way or the key is
// at fault, or the time or the quota is used up.
func (f *Failure) final() bool {
	switch f.Code {
	case CodeRejected, CodeServer, CodeMalformed, CodeTooLarge, CodeUnrelated:
		return false
	}
	return true
}

func malformed(format string, values ...any) *Failure {
	return &Failure{Code: CodeMalformed, Err: fmt.Errorf(format, values...)}
}

// errTunnel is what a proxy answered in place of opening the way.
type errTunnel struct {
	status int
	proxy  string
}

func (e *errTunnel) Error() string {
	return fmt.Sprintf("the proxy %s answers %d", e.proxy, e.status)
}

// onTheWay says why a request did not come through.
func onTheWay(ctx context.Context, err error) *Failure {
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	// The address in front of the cause holds the identifier.
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var tunnel *errTunnel
	var operation *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &Failure{Code: CodeCancelled, Err: context.Cause(ctx)}
	case errors.As(err, &tunnel):
		return &Failure{Code: CodeProxyRefused, Status: tunnel.status, Host: tunnel.proxy, Err: err}
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return &Failure{Code: CodeProxyDown, Err: err}
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Failure{Code: CodeTimeout, Err: err}
	case aboutTLS(err):
		return &Failure{Code: CodeTLS, Err: err}
	}
	return &Failure{Code: CodeNetwork, Err: err}
}

func aboutTLS(err error) bool {
	var unverified *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &unverified) || errors.As(err, &header) || errors.As(err, &alert) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) || errors.Is(err, http.ErrSchemeMismatch) ||
		strings.Contains(err.Error(), "tls: ") // the others have no type
}

// asFailure is the Failure that err is.
func asFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Code: CodeNetwork, Err: err}
}
