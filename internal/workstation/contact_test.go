package workstation

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postecpx/internal/diagnostic"
)

// direct is a workstation without a proxy, that trusts nobody.
func direct() *Workstation {
	w := New()
	w.proxy = func(context.Context, *url.URL) (*url.URL, error) { return nil, nil }
	w.roots = x509.NewCertPool()
	return w
}

// through is one with that proxy.
func through(t *testing.T, proxy string) *Workstation {
	w := direct()
	w.proxy = func(context.Context, *url.URL) (*url.URL, error) { return address(t, proxy), nil }
	return w
}

// quiet keeps the servers of the tests from telling what clients do to them.
var quiet = log.New(io.Discard, "", 0)

// requests keeps what a server was asked.
type requests struct {
	mutex sync.Mutex
	lines []string
}

func (l *requests) add(r *http.Request) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, r.Method+" "+r.Header.Get("User-Agent")+" "+r.Header.Get("Range"))
}

func (l *requests) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Join(l.lines, "\n")
}

var date = time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC)

func serve(t *testing.T, secure bool, status int) (*httptest.Server, *requests) {
	asked := &requests{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.add(r)
		w.Header().Set("Date", date.Format(http.TimeFormat))
		switch status {
		case http.StatusFound:
			http.Redirect(w, r, "/portail?next=1", status)
		case http.StatusMethodNotAllowed, http.StatusNotImplemented:
			if r.Method == http.MethodGet {
				w.WriteHeader(http.StatusPartialContent)
				_, _ = io.WriteString(w, "x")
				return
			}
			w.WriteHeader(status)
		default:
			w.WriteHeader(status)
		}
	})
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = quiet
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, asked
}

func TestContactStatus(t *testing.T) {
	t.Parallel()
	const agent = userAgent
	for name, c := range map[string]struct {
		secure          bool
		status, want    int
		asked, location string
	}{
		"fine":           {false, 200, 200, "HEAD " + agent + " ", ""},
		"fine, TLS":      {true, 204, 204, "HEAD " + agent + " ", ""},
		"not found":      {true, 404, 404, "HEAD " + agent + " ", ""},
		"leads on":       {true, 302, 302, "HEAD " + agent + " ", "/portail?next=1"},
		"no HEAD":        {true, 405, 206, "HEAD " + agent + " \nGET " + agent + " bytes=0-0", ""},
		"unknown method": {false, 501, 206, "HEAD " + agent + " \nGET " + agent + " bytes=0-0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, asked := serve(t, c.secure, c.status)
			got, err := direct().Contact(t.Context(), s.URL)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != c.want || !got.Date.Equal(date) || got.Proxy != "" || got.Took <= 0 || c.secure != (len(got.Certificates) > 0) {
				t.Errorf("%+v", got)
			}
			if c.location != "" && got.Location != s.URL+c.location || c.location == "" && got.Location != "" {
				t.Errorf("leads to %q", got.Location)
			}
			if asked.String() != c.asked {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
		})
	}
}

func TestContactJudgesTheChain(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, true, 200)
	trusting := direct()
	trusting.roots.AddCert(s.Certificate())

	got, err := trusting.Contact(t.Context(), s.URL)
	if err != nil || got.Untrusted != nil || len(got.Certificates) != 1 {
		t.Errorf("trusted: %v, %+v", err, got)
	}
	got, err = direct().Contact(t.Context(), s.URL)
	var unknown x509.UnknownAuthorityError
	if err != nil || !errors.As(got.Untrusted, &unknown) || got.Status != 200 {
		t.Errorf("unknown: %v, %+v", err, got)
	}
	got, err = trusting.Contact(t.Context(), strings.Replace(s.URL, "127.0.0.1", "localhost", 1))
	var wrongName x509.HostnameError
	if err != nil || !errors.As(got.Untrusted, &wrongName) {
		t.Errorf("another name: %v, %+v", err, got.Untrusted)
	}
}

// A server that wants a certificate of its client refuses after it was seen.
func TestContactRefusedForACertificate(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	got, err := direct().Contact(t.Context(), s.URL)
	if err == nil || len(got.Certificates) != 1 || got.Untrusted == nil {
		t.Errorf("%v, %+v", err, got)
	}
}

// silent takes connections and says nothing.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// closedPort is one where nobody listens.
func closedPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestContactWithoutAnswer(t *testing.T) {
	t.Parallel()
	nobody, hanging := closedPort(t), silent(t)
	for name, c := range map[string]struct {
		proxy, url string
		is         func(error) bool
	}{
		"closed port":       {"", "https://" + nobody, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		"closed port, tcp":  {"", "tcp://" + nobody, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		"hangs":             {"", "http://" + hanging, isTimeout},
		"hangs in TLS":      {"", "https://" + hanging, isTimeout},
		"proxy closed":      {"http://" + nobody, "https://esante.gouv.fr", func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) && isProxy(err) }},
		"proxy hangs":       {"http://" + hanging, "https://esante.gouv.fr", isTimeout},
		"no such name":      {"", "https://nowhere.invalid", isDNS},
		"no such name, tcp": {"", "tcp://nowhere.invalid:389", isDNS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := direct()
			if c.proxy != "" {
				w = through(t, c.proxy)
			}
			w.resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, errors.New("no network")
			}}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			got, err := w.Contact(ctx, c.url)
			if err == nil || !c.is(err) {
				t.Errorf("%v, %+v", err, got)
			}
			if spent := time.Since(began); spent > 5*time.Second {
				t.Errorf("came back after %v", spent)
			}
		})
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func isProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}

func isDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

func TestContactNoTLSThere(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, false, 200)
	if got, err := direct().Contact(t.Context(), strings.Replace(s.URL, "http:", "https:", 1)); err == nil {
		t.Errorf("%+v", got)
	}
	if got, err := direct().Contact(t.Context(), strings.Replace(s.URL, "http:", "tcp:", 1)); err != nil || got.Status != 0 {
		t.Errorf("tcp: %v, %+v", err, got)
	}
}

func TestContactHugeAnswer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/headers" {
			w.Header().Set("X", strings.Repeat("x", 2*maxHeaders))
		}
		w.Header().Set("Location", "/"+strings.Repeat("x", 8<<10))
		w.WriteHeader(http.StatusFound)
	}))
	t.Cleanup(s.Close)
	got, err := direct().Contact(t.Context(), s.URL)
	if err != nil || len(got.Location) != maxLocation {
		t.Errorf("location: %v, %d bytes", err, len(got.Location))
	}
	if _, err := direct().Contact(t.Context(), s.URL+"/headers"); err == nil {
		t.Error("headers: no error")
	}
}

// tunnel is a proxy that wants that user, when there is one, or answers that
// status.
func tunnel(t *testing.T, user string, status int) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", date.Format(http.TimeFormat))
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user))
		switch {
		case user != "" && r.Header.Get("Proxy-Authorization") != want:
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		case status != http.StatusOK || r.Method != http.MethodConnect:
			w.WriteHeader(status)
			return
		}
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(there, buffered) }()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestContactThroughAProxy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user, given  string
		answer       int
		secure       bool
		want         int
		certificates int
	}{
		"lets through":            {"", "", 200, true, 204, 1},
		"wants a password":        {"camille:secret", "", 200, true, 407, 0},
		"has the password":        {"camille:secret", "camille:secret@", 200, true, 204, 1},
		"wants a password, plain": {"camille:secret", "", 200, false, 407, 0},
		"forbids":                 {"", "", 403, true, 403, 0},
		"cannot reach it":         {"", "", 502, true, 502, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t, c.secure, 204)
			proxy := tunnel(t, c.user, c.answer)
			where := proxy.Listener.Addr().String()
			got, err := through(t, "http://"+c.given+where).Contact(t.Context(), s.URL)
			if err != nil || got.Status != c.want || len(got.Certificates) != c.certificates || got.Proxy != where {
				t.Errorf("%v, %+v", err, got)
			}
			if !got.Date.Equal(date) {
				t.Errorf("date %v", got.Date)
			}
		})
	}
}

// A proxy that is spoken to in TLS shows certificates of its own: they are not
// those of the server.
func TestContactThroughATLSProxy(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(s.Close)
	got, err := through(t, s.URL).Contact(t.Context(), "https://esante.gouv.fr")
	if err != nil || got.Status != 403 || len(got.Certificates) != 0 || got.Untrusted != nil {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestContactWithAProxyScript(t *testing.T) {
	t.Parallel()
	w := direct()
	w.proxy = func(context.Context, *url.URL) (*url.URL, error) { return nil, ErrProxyScript }
	s, _ := serve(t, true, 200)
	if got, err := w.Contact(t.Context(), s.URL); err != nil || got.Status != 200 {
		t.Errorf("without a proxy: %v, %+v", err, got)
	}
	_, err := w.Contact(t.Context(), "http://"+closedPort(t))
	if !errors.Is(err, ErrProxyScript) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v", err)
	}
	w.proxy = func(context.Context, *url.URL) (*url.URL, error) { return nil, diagnostic.ErrProxyAddress }
	if _, err := w.Contact(t.Context(), s.URL); !errors.Is(err, diagnostic.ErrProxyAddress) {
		t.Errorf("%v", err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	if got, err := New().Resolve(t.Context(), "127.0.0.1"); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := New().Resolve(t.Context(), "nowhere.invalid"); !isDNS(err) {
		t.Errorf("%v", err)
	}
}
