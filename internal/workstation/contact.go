package workstation

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"postecpx/internal/diagnostic"
	"postecpx/internal/version"
)

// userAgent tells servers who asks.
const userAgent = "postecpx/" + version.Number

// Bounds on what a server answers.
const (
	contactLimit = 20 * time.Second
	maxHeaders   = 64 << 10
	maxLocation  = 2 << 10
)

// Resolve gives the addresses of a host name.
func (w *Workstation) Resolve(ctx context.Context, host string) ([]string, error) {
	return w.resolver.LookupHost(ctx, host)
}

// parseTarget reads an address that may be asked: http, https or tcp, with
// nobody's name in it.
func parseTarget(address string) (*url.URL, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	switch target.Scheme {
	case "http", "https":
	case "tcp":
		if target.Port() == "" {
			return nil, fmt.Errorf("address %s: tcp without a port", target.Redacted())
		}
	default:
		return nil, fmt.Errorf("address %s: scheme %q: %w", target.Redacted(), target.Scheme, errors.ErrUnsupported)
	}
	if target.Hostname() == "" || target.User != nil {
		return nil, fmt.Errorf("address %s: a host is needed, and no user", target.Redacted())
	}
	return target, nil
}

func portOf(target *url.URL) string {
	switch port := target.Port(); {
	case port != "":
		return port
	case target.Scheme == "http":
		return "80"
	}
	return "443"
}

// Contact asks an address with HEAD; when the server knows no HEAD, with GET
// for one byte. It follows no redirection and reads no content. The certificates
// are taken whatever they are, and judged beside. When a proxy lets nothing
// through, Status is the proxy's and Certificates is empty. With an error, the
// Contact holds what was seen before.
//
// Where a proxy script decides that cannot be run here, it goes without a
// proxy; the error of what fails then is ErrProxyScript too.
func (w *Workstation) Contact(ctx context.Context, address string) (diagnostic.Contact, error) {
	target, err := parseTarget(address)
	if err != nil {
		return diagnostic.Contact{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, contactLimit)
	defer cancel()
	proxy, scriptErr := w.proxyFor(ctx, target)
	if scriptErr != nil && !errors.Is(scriptErr, ErrProxyScript) {
		return diagnostic.Contact{}, fmt.Errorf("proxy: %w", scriptErr)
	}
	began := time.Now()
	var c diagnostic.Contact
	if target.Scheme == "tcp" {
		c, err = w.dial(ctx, target)
	} else {
		c, err = w.ask(ctx, target, proxy)
	}
	c.Proxy, c.Took = shownProxy(proxy), time.Since(began)
	if err != nil {
		return c, errors.Join(err, scriptErr)
	}
	return c, nil
}

func (w *Workstation) dialer() *net.Dialer { return &net.Dialer{Resolver: w.resolver} }

func (w *Workstation) dial(ctx context.Context, target *url.URL) (diagnostic.Contact, error) {
	connection, err := w.dialer().DialContext(ctx, "tcp", target.Host)
	if err != nil {
		return diagnostic.Contact{}, err
	}
	return diagnostic.Contact{}, connection.Close()
}

// refusal is what a proxy answers in place of a connection.
type refusal struct {
	status int
	date   string
}

func (r *refusal) Error() string { return fmt.Sprintf("the proxy answers %d", r.status) }

// ask sends HEAD, and GET where HEAD is not known.
func (w *Workstation) ask(ctx context.Context, target, proxy *url.URL) (diagnostic.Contact, error) {
	var seen chain
	transport := &http.Transport{
		Proxy:                  http.ProxyURL(proxy),
		DialContext:            w.dialer().DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			seen.forget() // those of the proxy itself
			if answer.StatusCode != http.StatusOK {
				return &refusal{answer.StatusCode, answer.Header.Get("Date")}
			}
			return nil
		},
		// Whatever the server shows is taken, old protocols too, so that it can be
		// told; nothing is sent that is not for everybody, and verify judges.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, VerifyConnection: seen.take},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	answer, err := send(ctx, client, http.MethodHead, target)
	if err == nil && (answer.StatusCode == http.StatusMethodNotAllowed || answer.StatusCode == http.StatusNotImplemented) {
		answer, err = send(ctx, client, http.MethodGet, target)
	}
	var c diagnostic.Contact
	certificates := seen.shown()
	for _, certificate := range certificates {
		c.Certificates = append(c.Certificates, certificate.Raw)
	}
	if len(certificates) > 0 {
		var unable error
		if c.Untrusted, unable = w.verify(ctx, certificates, target.Hostname()); unable != nil {
			return c, errors.Join(err, fmt.Errorf("judging the certificates: %w", unable))
		}
	}
	var refused *refusal
	if errors.As(err, &refused) {
		c.Status, c.Date = refused.status, parseDate(refused.date)
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.Status, c.Date = answer.StatusCode, parseDate(answer.Header.Get("Date"))
	if location, err := answer.Location(); err == nil {
		c.Location = location.String()
		c.Location = c.Location[:min(len(c.Location), maxLocation)]
	}
	return c, nil
}

// send gives the answer without its content.
func send(ctx context.Context, client *http.Client, method string, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	if method == http.MethodGet {
		request.Header.Set("Range", "bytes=0-0")
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	return answer, nil
}

// parseDate reads the header Date, zero when there is none that can be read.
func parseDate(text string) time.Time {
	date, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}
	}
	return date
}

// verify says why the system does not trust a chain, nil when it does. The
// second error is that it could not be found out.
func (w *Workstation) verify(ctx context.Context, chain []*x509.Certificate, host string) (untrusted, unable error) {
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	options := x509.VerifyOptions{DNSName: host, Roots: w.roots, Intermediates: between, CurrentTime: w.Now()}
	// Windows may fetch what the chain lacks, and wait for it.
	return within(ctx, func() (error, error) {
		_, err := chain[0].Verify(options)
		return err, nil
	})
}

// chain is what the last server showed in its handshake.
type chain struct {
	mutex        sync.Mutex
	certificates []*x509.Certificate
}

func (c *chain) take(state tls.ConnectionState) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.certificates = state.PeerCertificates
	return nil
}

func (c *chain) forget() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.certificates = nil
}

func (c *chain) shown() []*x509.Certificate {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.certificates
}
