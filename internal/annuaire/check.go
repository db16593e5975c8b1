package annuaire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"postecpx/assets/links"
	"postecpx/internal/plaintext"
)

// LinkState is what became of an address.
type LinkState string

// States. Dead and Unreachable are for somebody to look at; the others answer,
// though it may be something on the way that does (Intercepted).
const (
	LinkOK          LinkState = "ok"
	LinkMoved       LinkState = "moved"       // it leads to another host
	LinkGuarded     LinkState = "guarded"     // 401, 403, 429: it lets no program in
	LinkUntrusted   LinkState = "untrusted"   // its certificate is not trusted here
	LinkDead        LinkState = "dead"        // it is not there, or its server fails
	LinkUnreachable LinkState = "unreachable" // no answer came: the network may be to blame
)

// LinkStates lists every LinkState.
func LinkStates() []LinkState {
	return []LinkState{LinkOK, LinkMoved, LinkGuarded, LinkUntrusted, LinkDead, LinkUnreachable}
}

// LinkResult is the test of one address.
type LinkResult struct {
	Link  links.Link
	State LinkState
	// Status of HTTP, 0 when none came.
	Status int
	// Location is where it leads on, without what may stand behind its path.
	Location string
	// IGCSante: the certificate that is not trusted calls IGC-Santé its issuer.
	// Only a workstation that holds the authorities of ANS can tell.
	IGCSante bool
	// Intercepted: what answers is not the site, as far as one can tell. It asks
	// for a login to the network, or leads from https to http; or whatever was
	// asked leads to one foreign host, or shows a certificate that is not trusted.
	Intercepted bool
	// Failure is why no answer came.
	Failure *Failure
}

// Alive tells whether the site answers at the address.
func (r LinkResult) Alive() bool {
	return r.State != LinkDead && r.State != LinkUnreachable && !r.Intercepted
}

// CheckOptions say how links are tested.
type CheckOptions struct {
	// Timeout of one address, 15 seconds when zero.
	Timeout time.Duration
	// Transport is the system's when nil.
	Transport http.RoundTripper
}

const (
	checkTimeout = 15 * time.Second
	// checkWidth is how many hosts are asked at a time; one host is asked one
	// thing after the other.
	checkWidth = 6
	// checkRedirects are followed on one host.
	checkRedirects = 5
	// checkBytes are read of an answer: what proves that there is one.
	checkBytes = 1024
)

// Check asks each address whether it is there: HEAD, and GET where HEAD is not
// taken. It keeps no cookies, says no more of itself than its name, and follows
// a redirection on its own host only. The results are in the order of all.
func Check(ctx context.Context, all []links.Link, o CheckOptions) []LinkResult {
	if o.Timeout <= 0 {
		o.Timeout = checkTimeout
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	results := make([]LinkResult, len(all))
	byHost := map[string][]int{}
	for i, l := range all {
		host := ""
		if u, err := url.Parse(l.URL); err == nil {
			host = u.Host
		}
		byHost[host] = append(byHost[host], i)
	}
	places := make(chan struct{}, checkWidth)
	var wait sync.WaitGroup
	for _, indexes := range byHost {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			for _, i := range indexes {
				results[i] = check(ctx, all[i], o)
			}
		})
	}
	wait.Wait()
	markIntercepted(results)
	return results
}

// markIntercepted looks at the results together: sites of several hosts neither
// lead all to one place, nor lose all their certificates in one day.
func markIntercepted(results []LinkResult) {
	asked, own := map[string]bool{}, map[string]bool{}
	led, leads, untrusted, secure := map[string]bool{}, 0, 0, 0
	answered := 0
	for _, r := range results {
		u, err := url.Parse(r.Link.URL)
		if err != nil {
			continue
		}
		own[u.Hostname()] = true
		if r.Status == 0 && r.State != LinkUntrusted {
			continue
		}
		answered++
		asked[u.Hostname()] = true
		if u.Scheme == "https" {
			secure++
		}
		if to, err := url.Parse(r.Location); err == nil && r.State == LinkMoved {
			leads++
			led[to.Hostname()] = true
		}
		if r.State == LinkUntrusted {
			untrusted++
		}
	}
	if len(asked) < 2 {
		return
	}
	elsewhere := len(led) == 1 && leads == answered
	for host := range led {
		elsewhere = elsewhere && !own[host]
	}
	for i := range results {
		r := &results[i]
		if elsewhere && r.State == LinkMoved || untrusted > 1 && untrusted == secure && r.State == LinkUntrusted {
			r.Intercepted = true
		}
	}
}

func check(ctx context.Context, l links.Link, o CheckOptions) LinkResult {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	half, stop := context.WithTimeout(ctx, o.Timeout/2)
	defer stop()
	result := try(half, http.MethodHead, l, o)
	if ctx.Err() == nil && headless(result) {
		result = try(ctx, http.MethodGet, l, o)
	}
	return result
}

// headless tells whether it may be HEAD that the server does not take: some
// refuse it in words of their own, hang up, or never end.
func headless(r LinkResult) bool {
	f := r.Failure
	return r.State == LinkDead && r.Status != 0 || r.State == LinkGuarded ||
		f != nil && (f.Code == CodeTimeout || errors.Is(f, io.EOF) || errors.Is(f, io.ErrUnexpectedEOF))
}

func try(ctx context.Context, method string, l links.Link, o CheckOptions) LinkResult {
	result := LinkResult{Link: l}
	request, err := http.NewRequestWithContext(ctx, method, l.URL, nil)
	if err != nil {
		result.State, result.Failure = LinkDead, &Failure{Code: CodeBaseURL}
		return result
	}
	request.Header.Set("User-Agent", userAgent)
	client := &http.Client{Transport: o.Transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		web := next.URL.Scheme == "https" || next.URL.Scheme == via[0].URL.Scheme
		if !web || !sameHost(next.URL, via[0].URL) || len(via) > checkRedirects {
			return http.ErrUseLastResponse
		}
		next.Header.Del("Referer")
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		return unanswered(ctx, result, err)
	}
	defer response.Body.Close() // its beginning is enough
	_, _ = io.CopyN(io.Discard, response.Body, checkBytes)
	result.Status = response.StatusCode
	switch s := response.StatusCode; {
	case s < 300:
		result.State = LinkOK
	case s < 400:
		result.State = LinkMoved
		u, err := response.Location()
		if err != nil || u.Host == "" || sameHost(u, response.Request.URL) && u.Scheme == response.Request.URL.Scheme {
			result.State = LinkDead // it leads nowhere, or in a circle
		} else {
			result.Location = plaintext.Line((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), 200)
			result.Intercepted = u.Scheme == "http" && response.Request.URL.Scheme == "https"
		}
	case s == http.StatusNetworkAuthenticationRequired:
		result.State, result.Intercepted, result.Failure = LinkUnreachable, true, &Failure{Code: CodeWebPage, Status: s}
	case s == http.StatusProxyAuthRequired:
		result.State, result.Failure = LinkUnreachable, &Failure{Code: CodeProxyRefused, Status: s}
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusTooManyRequests:
		result.State = LinkGuarded
	default:
		result.State = LinkDead
	}
	return result
}

// sameHost tells whether two addresses are of one host, whatever the scheme.
func sameHost(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if u.Port() == "80" && u.Scheme == "http" || u.Port() == "443" && u.Scheme == "https" {
			return ""
		}
		return u.Port()
	}
	return strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func unanswered(ctx context.Context, result LinkResult, err error) LinkResult {
	result.Failure = onTheWay(ctx, err)
	result.State = LinkUnreachable
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		result.State = LinkDead
	case result.Failure.Code == CodeTLS:
		result.State = LinkUntrusted
		result.IGCSante = fromIGCSante(err)
	}
	return result
}

// fromIGCSante looks at who the refused certificate says to be issued by. It
// proves nothing.
func fromIGCSante(err error) bool {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) || len(refused.UnverifiedCertificates) == 0 {
		return false
	}
	return slices.Contains(refused.UnverifiedCertificates[0].Issuer.OrganizationalUnit, "IGC-SANTE") ||
		strings.Contains(refused.UnverifiedCertificates[0].Issuer.String(), "IGC-SANTE")
}
