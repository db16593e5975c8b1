package annuaire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"postecpx/internal/version"
)

// userAgent is all that the programs say of themselves.
const userAgent = "postecpx/" + version.Number

// newTransport is the system's way to the network: its proxies (HTTPS_PROXY,
// NO_PROXY), its certificates. Nothing is decompressed, so that a small answer
// cannot become a large one. It speaks HTTP/1 only: the library prints what it
// sends by HTTP/2, with the key, when GODEBUG=http2debug is set.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.ForceAttemptHTTP2, t.TLSNextProto, t.HTTP2 = false, nil, nil
	t.DisableCompression = true
	t.MaxResponseHeaderBytes = 64 << 10
	t.MaxIdleConns = 8
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	t.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return &errTunnel{answer.StatusCode, proxy.Hostname()}
		}
		return nil
	}
	return t
}

var errNotLoopback = errors.New("http goes to this machine only")

// newLoopbackTransport reaches this machine and no other, whatever a name
// resolves to.
func newLoopbackTransport() *http.Transport {
	t := newTransport()
	t.Proxy = nil
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return errNotLoopback
		}
		return nil
	}}
	t.DialContext = dialer.DialContext
	return t
}
