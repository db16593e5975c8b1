package annuaire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"postecpx/internal/plaintext"
)

// DefaultBase is the public API, version 2
// (https://ansforge.github.io/annuaire-sante-fhir-documentation/).
const DefaultBase = "https://gateway.api.esante.gouv.fr/fhir/v2"

// keyHeader carries the key.
const keyHeader = "ESANTE-API-KEY"

const (
	// requestTimeout is the one of the API itself.
	requestTimeout = 30 * time.Second
	// lookupTimeout is that of a whole look-up when no other is asked for.
	lookupTimeout = 30 * time.Second
	// maxBody bounds an answer; one about a person is a hundredth of it.
	maxBody = 4 << 20
	// maxRetryAfter bounds what a server may ask to wait.
	maxRetryAfter = 24 * time.Hour
)

// Options of a Client.
type Options struct {
	Key Key
	// Base is DefaultBase when empty. Another must be https, or http on this
	// machine.
	Base string
	// Timeout of a whole look-up, 30 seconds when zero. No single request
	// takes longer than 30.
	Timeout time.Duration
	// Transport is the system's when nil.
	Transport http.RoundTripper
}

// Client asks the API of the Annuaire Santé.
type Client struct {
	key     Key
	base    *url.URL
	timeout time.Duration
	http    *http.Client
	rate    *limiter
}

// New makes a Client. The error is a *Failure: no key, or a base that the key
// may not be sent to.
func New(o Options) (*Client, error) {
	if o.Key.IsZero() {
		return nil, &Failure{Code: CodeNoKey}
	}
	base, err := ParseBase(o.Base)
	if err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = lookupTimeout
	}
	if o.Transport == nil {
		o.Transport = newTransport()
		if base.Scheme == "http" {
			o.Transport = newLoopbackTransport()
		}
	}
	return &Client{key: o.Key, base: base, timeout: o.Timeout, rate: &shared, http: &http.Client{
		Transport: o.Transport,
		// None is followed: the library would take the key along to another
		// host, and this API has none.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// ParseBase reads the address of an API, DefaultBase when it is empty.
func ParseBase(address string) (*url.URL, error) {
	if address == "" {
		address = DefaultBase
	}
	refuse := func(why string) (*url.URL, error) {
		return nil, &Failure{Code: CodeBaseURL, Err: errors.New(why)}
	}
	if strings.ContainsFunc(address, noCharacterOfAURI) || len(address) > maxAddress {
		return refuse("not an address")
	}
	u, err := url.Parse(strings.TrimRight(address, "/"))
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return refuse("not an address")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return refuse("it holds more than a host and a path")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && onThisMachine(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return refuse("http would show the key on the way: it goes to this machine only")
	}
	return refuse("neither https nor http")
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// official tells whether that base is ANS's.
func official(base string) bool {
	u, err := ParseBase(base)
	return err == nil && u.String() == DefaultBase
}

// Host is where the questions go.
func (c *Client) Host() string { return c.base.Host }

// search asks for resources of one type and gives the entries of the answer.
func (c *Client) search(ctx context.Context, resource string, query url.Values) (bundle, error) {
	if err := c.rate.wait(ctx); err != nil {
		return bundle{}, onTheWay(ctx, err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	address := c.base.JoinPath(resource)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return bundle{}, &Failure{Code: CodeBaseURL, Err: errors.New("no request can be made of it")}
	}
	request.Header.Set(keyHeader, *c.key.secret)
	request.Header.Set("Accept", "application/fhir+json")
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", userAgent)
	response, err := c.http.Do(request)
	if err != nil {
		return bundle{}, c.hide(onTheWay(ctx, err))
	}
	defer response.Body.Close() // read to its end or given up: nothing to learn
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if failure := c.judge(response, body); failure != nil {
		return bundle{}, failure
	}
	if err != nil {
		return bundle{}, c.hide(onTheWay(ctx, err))
	}
	b, failure := decode(body)
	if failure != nil {
		return bundle{}, c.hide(failure)
	}
	return b, nil
}

// hide takes the key out of what a failure holds of the server's words, and
// bounds them.
func (c *Client) hide(f *Failure) *Failure {
	f.Detail, f.Host = c.clean(f.Detail), c.clean(f.Host)
	if f.Err != nil && (f.Code == CodeMalformed || c.key.scrub(f.Err.Error()) != f.Err.Error()) {
		f.Err = errors.New(c.clean(f.Err.Error()))
	}
	return f
}

// clean makes a text of the server's inert, short, and free of the key.
func (c *Client) clean(text string) string { return plaintext.Line(c.key.scrub(text), 200) }

// judge says what is wrong with an answer before it is decoded: its status,
// its form. nil when it may be the one that was asked for.
func (c *Client) judge(r *http.Response, body []byte) *Failure {
	f := &Failure{Status: r.StatusCode}
	page := webPage(r.Header.Get("Content-Type"), body)
	switch s := r.StatusCode; {
	case s == http.StatusTooManyRequests:
		f.Code, f.RetryAfter = CodeQuota, retryAfter(r.Header.Get("Retry-After"), time.Now())
	case s == http.StatusProxyAuthRequired:
		f.Code = CodeProxyRefused
	case s == http.StatusUnauthorized, s == http.StatusForbidden && !page:
		f.Code = CodeKeyRefused
	case s >= 300 && s < 400:
		f.Code = CodeRedirect
		if u, err := r.Location(); err == nil {
			f.Host = u.Hostname()
		}
	case s == http.StatusNetworkAuthenticationRequired: // of a login portal
		f.Code = CodeWebPage
	case s >= 500:
		f.Code, f.RetryAfter = CodeServer, retryAfter(r.Header.Get("Retry-After"), time.Now())
	case page:
		f.Code = CodeWebPage
	case s != http.StatusOK:
		f.Code = CodeRejected
	case len(body) > maxBody:
		f.Code = CodeTooLarge
	default:
		if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
			return c.hide(malformed("in the encoding %q, which was not asked for", e))
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || !isJSON(kind) {
			return c.hide(malformed("of the type %q", r.Header.Get("Content-Type")))
		}
		return nil
	}
	if !page && len(body) <= maxBody {
		f.Detail = diagnostics(body)
	}
	return c.hide(f)
}

func isJSON(kind string) bool {
	return kind == "application/fhir+json" || kind == "application/json"
}

// webPage tells whether an answer is a page for people, as captive portals,
// proxies and filters send it.
func webPage(kind string, body []byte) bool {
	kind, _, _ = mime.ParseMediaType(kind)
	return kind == "text/html" || kind == "application/xhtml+xml" ||
		!isJSON(kind) && strings.HasPrefix(http.DetectContentType(bytes.TrimSpace(body)), "text/html")
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil || errors.Is(err, strconv.ErrRange) {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now).Round(time.Second)
	}
	return max(0, min(wait, maxRetryAfter))
}

// token is a search value of a known system, as FHIR writes it.
func token(system, value string) string { return fmt.Sprintf("%s|%s", system, value) }
