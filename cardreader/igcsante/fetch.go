package igcsante

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// fetcher sends requests to allowed hosts only.
type fetcher struct {
	client *http.Client
	hosts  []string
}

// maxRedirects that are followed, each to an allowed host.
const maxRedirects = 3

func newFetcher(client *http.Client, hosts []string) fetcher {
	if client == nil {
		client = http.DefaultClient
	}
	f := fetcher{hosts: hosts}
	own := *client
	own.Jar = nil
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return because(WhyHTTPStatus, fmt.Errorf("more than %d redirections", maxRedirects))
		}
		return f.allow(req.URL)
	}
	f.client = &own
	return f
}

// allow refuses an address that is not one of the hosts.
func (f fetcher) allow(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	port := u.Port()
	if port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		port = ""
	}
	if port != "" {
		host = net.JoinHostPort(host, port)
	}
	web := u.Scheme == "http" || u.Scheme == "https"
	if !web || u.User != nil || !slices.ContainsFunc(f.hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return because(WhyHostNotAllowed, fmt.Errorf("%s is not a host of IGC-Santé", u.Redacted()))
	}
	return nil
}

// get reads an answer of at most limit bytes: GET, or POST when body is set.
func (f fetcher) get(ctx context.Context, address, accept string, body []byte, limit int64) ([]byte, error) {
	method := http.MethodGet
	var content io.Reader
	if body != nil {
		method, content = http.MethodPost, bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, because(WhyNoAddress, err)
	}
	if err := f.allow(request.URL); err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/ocsp-request")
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "PosteCPx")
	// Nothing is decompressed: a small answer cannot become a large one.
	request.Header.Set("Accept-Encoding", "identity")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, networkError(ctx, err)
	}
	defer response.Body.Close() // read to its end or given up: nothing to learn
	switch {
	case response.StatusCode == http.StatusProxyAuthRequired:
		return nil, because(WhyProxyRefused, errors.New(response.Status))
	case response.StatusCode != http.StatusOK:
		return nil, because(WhyHTTPStatus, errors.New(response.Status))
	case response.ContentLength > limit:
		return nil, tooLarge(limit)
	}
	if e := response.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, because(WhyMalformed, fmt.Errorf("answer in the encoding %q, which was not asked for", e))
	}
	answer, err := readAll(response.Body, response.ContentLength, limit)
	if err != nil {
		return nil, networkError(ctx, err)
	}
	if page(answer) {
		return nil, because(WhyMalformed, errors.New("a web page came in its place: a captive portal or a proxy may be in between"))
	}
	return answer, nil
}

func tooLarge(limit int64) error {
	return because(WhyTooLarge, fmt.Errorf("answer of more than %d bytes", limit))
}

// readAll reads into a buffer of the announced size, so that a large list is
// held in memory once.
func readAll(r io.Reader, announced, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if announced > 0 {
		b.Grow(int(announced) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

// page tells whether an answer is a web page, whatever its announced type.
func page(answer []byte) bool {
	return len(answer) > 0 && strings.HasPrefix(http.DetectContentType(answer), "text/html")
}

// networkError says why a request did not come through.
func networkError(ctx context.Context, err error) error {
	var known *notChecked
	if errors.As(err, &known) {
		return known
	}
	var operation *net.OpError
	var timeout net.Error
	var unverified *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var unknownAuthority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return because(WhyCanceled, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return because(WhyTimeout, err)
	case errors.As(err, &operation) && operation.Op == "proxyconnect",
		// net/http has no type for the answer of a proxy to CONNECT.
		strings.Contains(err.Error(), http.StatusText(http.StatusProxyAuthRequired)):
		return because(WhyProxyRefused, err)
	case errors.As(err, &unverified), errors.As(err, &header), errors.As(err, &unknownAuthority), errors.As(err, &hostname):
		return because(WhyTLS, err)
	}
	return because(WhyNoNetwork, err)
}
