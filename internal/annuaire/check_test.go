package annuaire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"postecpx/assets/links"
	"postecpx/internal/annuaire/annuairetest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	mux := http.NewServeMux()
	answer := func(path string, h http.HandlerFunc) { mux.HandleFunc(path, h) }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	answer("/ok", func(w http.ResponseWriter, _ *http.Request) { http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"}) })
	answer("/again", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	answer("/get-only", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	})
	answer("/get-or-hang-up", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			annuairetest.Misbehaviours["hang-up"](w, r)
		}
	})
	answer("/gone", status(410))
	answer("/missing", status(404))
	answer("/broken", status(503))
	answer("/robots", status(403))
	answer("/login", status(401))
	answer("/endless", annuairetest.Misbehaviours["endless"])
	answer("/silent", annuairetest.Misbehaviours["silent"])
	answer("/same", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	answer("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	answer("/nowhere", status(302))
	answer("/other-scheme", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://127.0.0.1\u202e/"+strings.Repeat("x", 5000), http.StatusFound)
	})
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	answer("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere+"/new?session=1", http.StatusMovedPermanently)
	})
	answer("/script", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "javascript:alert(1)")
		w.WriteHeader(http.StatusFound)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.Method+" "+r.URL.Path]++
		mu.Unlock()
		if r.Header.Get("User-Agent") != userAgent {
			t.Errorf("User-Agent %q", r.Header.Get("User-Agent"))
		}
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer server.CloseClientConnections()

	tests := []struct {
		path  string
		state LinkState
		code  int
	}{
		{"/ok", LinkOK, 200}, {"/again", LinkOK, 200}, {"/get-only", LinkOK, 200}, {"/get-or-hang-up", LinkOK, 200},
		{"/gone", LinkDead, 410}, {"/missing", LinkDead, 404}, {"/broken", LinkDead, 503},
		{"/robots", LinkGuarded, 403}, {"/login", LinkGuarded, 401}, {"/endless", LinkOK, 200},
		{"/silent", LinkUnreachable, 0}, {"/same", LinkOK, 200}, {"/loop", LinkDead, 302}, {"/nowhere", LinkDead, 302},
		{"/moved", LinkMoved, 301}, {"/script", LinkDead, 302},
		{"/other-scheme", LinkMoved, 302},
	}
	var all []links.Link
	for _, tt := range tests {
		all = append(all, links.Link{ID: tt.path, URL: server.URL + tt.path})
	}
	results := Check(t.Context(), all, CheckOptions{Timeout: 2 * time.Second})
	for i, r := range results {
		if r.Link.ID != tests[i].path || r.State != tests[i].state || r.Status != tests[i].code {
			t.Errorf("%s: %s %d (%v), want %s %d", r.Link.ID, r.State, r.Status, r.Failure, tests[i].state, tests[i].code)
		}
		if len(r.Location) > 300 || strings.Contains(r.Location, "\u202e") {
			t.Errorf("it leads to %q", r.Location)
		}
		if r.Link.ID == "/moved" && r.Location != elsewhere+"/new" {
			t.Errorf("it leads to %q", r.Location)
		}
		if r.Alive() == (r.State == LinkDead || r.State == LinkUnreachable) {
			t.Errorf("%s: alive %v", r.State, r.Alive())
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if seen["HEAD /ok"] != 1 || seen["GET /ok"] != 0 || seen["GET /missing"] != 1 || seen["HEAD /loop"] != checkRedirects+1 {
		t.Errorf("%v", seen)
	}
}

// failingDial is a network on which nothing is reached.
func failingDial(err error) http.RoundTripper {
	transport := newTransport()
	transport.Proxy = nil
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, err }
	return transport
}

func TestCheckOffline(t *testing.T) {
	t.Parallel()
	one := []links.Link{{ID: "x", URL: "https://x.example/"}}
	for _, tt := range []struct {
		err   error
		state LinkState
	}{
		{&net.DNSError{Err: "no such host", Name: "x.example", IsNotFound: true}, LinkDead},
		{&net.DNSError{Err: "server misbehaving", Name: "x.example", IsTemporary: true}, LinkUnreachable},
		{errors.New("network is unreachable"), LinkUnreachable},
	} {
		r := Check(t.Context(), one, CheckOptions{Transport: failingDial(&net.OpError{Op: "dial", Err: tt.err})})[0]
		if r.State != tt.state || r.Failure == nil {
			t.Errorf("%v: %s, %v", tt.err, r.State, r.Failure)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Check(ctx, one, CheckOptions{})[0]; r.State != LinkUnreachable || r.Failure.Code != CodeCancelled {
		t.Errorf("cancelled: %+v", r)
	}
	if r := Check(t.Context(), []links.Link{{URL: "https://bad host/"}}, CheckOptions{})[0]; r.State != LinkDead {
		t.Errorf("no address: %+v", r)
	}
}

// A certificate that calls IGC-Santé its issuer is told apart; neither is dead.
func TestCheckUntrusted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		issuer pkix.Name
		igc    bool
	}{
		{pkix.Name{Country: []string{"FR"}, Organization: []string{"ASIP-SANTE"}, OrganizationalUnit: []string{"0002 187512751", "IGC-SANTE"}, CommonName: "AC TEST"}, true},
		{pkix.Name{Organization: []string{"Antivirus"}}, false},
	} {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{issued(t, tt.issuer)}}
		server.StartTLS()
		r := Check(t.Context(), []links.Link{{ID: "x", URL: server.URL}}, CheckOptions{})[0]
		server.Close()
		if r.State != LinkUntrusted || r.IGCSante != tt.igc || !r.Alive() {
			t.Errorf("%v: %+v, %v", tt.issuer, r, r.Failure)
		}
	}
}

func issued(t *testing.T, issuer pkix.Name) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: issuer, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}
