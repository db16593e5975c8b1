package annuaire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postecpx/cardreader/nationalid"
	"postecpx/internal/annuaire/annuairetest"
	"postecpx/internal/language"
)

func mustKey(t testing.TB, text string) Key {
	t.Helper()
	k, err := NewKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newTestClient asks that handler, without the rate of the process.
func newTestClient(t testing.TB, h http.Handler, timeout time.Duration) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // before Close, which waits for them
	c, err := New(Options{Key: mustKey(t, annuairetest.Key), Base: server.URL + "/fhir/v2/", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	c.rate = new(limiter)
	return c
}

func question(t testing.TB, identifier, card string) Question {
	t.Helper()
	q := Question{CardNumber: card}
	if identifier != "" {
		id, err := nationalid.Parse(identifier)
		if err != nil {
			t.Fatal(err)
		}
		q.Identifier = id
	}
	return q
}

func fictitious() *annuairetest.Directory {
	return &annuairetest.Directory{People: []annuairetest.Person{
		{
			ID: "003-1", RPPS: "99700218896", Family: "SPECIALISTE0021889", Given: "Robert", Profession: "10",
			CardNumber: "2900999999", CardStart: "2025-10-19", CardEnd: "2028-10-19", Places: 2,
		},
		{ID: "003-2", RPPS: "99700366240", Inactive: true},
		{ID: "003-3", RPPS: "99700296140", Family: "MED-CS RPPS0029614", Given: "Léa", Profession: "10", CardNumber: "2900000003"},
		{ID: "003-4", RPPS: "99700296140", Family: "MED-CS RPPS0029614", Given: "Léa", Profession: "40", CardNumber: "2900000004"},
	}}
}

func TestLookupFindsWhatTheDirectorySays(t *testing.T) {
	t.Parallel()
	directory := fictitious()
	c := newTestClient(t, directory, 0)
	a, err := c.Lookup(t.Context(), question(t, "899700218896", "2900999999"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(a.People)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":"003-1","active":true,"identifier":"899700218896","rpps":"99700218896","civility":"M","title":"DR",` +
		`"familyName":"SPECIALISTE0021889","givenNames":["Robert"],"professions":[{"code":"10","label":"Médecin"}],` +
		`"specialities":[{"code":"SM26","label":"Qualifié en Médecine générale (SM)"}],` +
		`"cards":[{"type":"CPS","number":"2900999999","start":"2025-10-19","end":"2028-10-19"}],` +
		`"places":[{"name":"HOPITAL DE TEST 0","finess":"990000010","structure":"1990000010","address":["9 R DE L'ESSAI","99000 VILLE FICTIVE"],"mode":{"code":"L"},"function":{"code":"FON-AU"},"active":true},` +
		`{"name":"HOPITAL DE TEST 1","finess":"990000011","structure":"1990000011","address":["9 R DE L'ESSAI","99000 VILLE FICTIVE"],"mode":{"code":"L"},"function":{"code":"FON-AU"},"active":true}],` +
		`"source":"https://annuaire.esante.gouv.fr","updated":"2026-06-29T13:29:39.003Z"}]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if a.Outcome != Found || a.By != ByIdentifier || a.Host != c.Host() || len(a.CardHolders) != 0 || a.More {
		t.Errorf("%+v", a)
	}

	requests := directory.Requests()
	if len(requests) != 2 { // the card is among theirs: nothing more to ask
		t.Fatalf("%d requests", len(requests))
	}
	wants := []url.Values{
		{"identifier": {"urn:oid:1.2.250.1.71.4.2.1|899700218896,https://rpps.esante.gouv.fr|99700218896"}},
		{"practitioner": {"003-1"}, "_include": {"PractitionerRole:organization"}, "_count": {"100"}},
	}
	for i, r := range requests {
		if r.Method != http.MethodGet || !maps.EqualFunc(r.URL.Query(), wants[i], slices.Equal) {
			t.Errorf("request %d: %s %s", i, r.Method, r.URL)
		}
		if strings.Contains(r.URL.String(), annuairetest.Key) || r.Header.Get("User-Agent") != "postecpx/0.1.0" || r.Header.Get("Cookie") != "" {
			t.Errorf("request %d: %s %v", i, r.URL, r.Header)
		}
	}
}

func TestLookupOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, identifier, card string
		outcome                Outcome
		by                     string
		people, requests       int
		holders                []string
	}{
		{"by identifier alone", "899700218896", "", Found, ByIdentifier, 1, 2, nil},
		{"by card number alone", "", "2900999999", Found, ByCardNumber, 1, 2, nil},
		{"number of a card that begins so", "", "2900000003", Found, ByCardNumber, 1, 2, nil},
		{"nobody", "899700075122", "", NotFound, ByIdentifier, 0, 1, nil},
		{"nobody, and nobody's card", "899700075122", "2900000099", NotFound, ByCardNumber, 0, 2, nil},
		{"known by the card only", "899700075122", "2900999999", Found, ByCardNumber, 1, 3, nil},
		{"card of somebody else", "899700218896", "2900000003", Found, ByIdentifier, 1, 3, []string{"899700296140"}},
		{"ended practice", "899700366240", "", Found, ByIdentifier, 1, 2, nil},
		{"two professions", "899700296140", "", Several, ByIdentifier, 2, 3, nil},
		{"employee", "3990000010/000000018", "", NotFound, ByIdentifier, 0, 1, nil},
		{"card number of another form", "899700218896", "12", Found, ByIdentifier, 1, 2, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := fictitious()
			a, err := newTestClient(t, directory, 0).Lookup(t.Context(), question(t, tt.identifier, tt.card))
			if err != nil {
				t.Fatal(err)
			}
			if a.Outcome != tt.outcome || a.By != tt.by || len(a.People) != tt.people || !slices.Equal(a.CardHolders, tt.holders) {
				t.Errorf("%s by %s, %d people, holders %v", a.Outcome, a.By, len(a.People), a.CardHolders)
			}
			if n := len(directory.Requests()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
}

func TestEndedPracticeSaysNoMoreThanItDoes(t *testing.T) {
	t.Parallel()
	a, err := newTestClient(t, fictitious(), 0).Lookup(t.Context(), question(t, "899700366240", ""))
	if err != nil || len(a.People) != 1 {
		t.Fatal(a, err)
	}
	p := a.People[0]
	if p.Active == nil || *p.Active || p.Name() != "" || p.Professions != nil || p.Cards != nil {
		t.Errorf("%+v", p)
	}
}

// misbehaved is what each server of annuairetest comes to.
var misbehaved = map[string]Failure{
	"key-refused":    {Code: CodeKeyRefused, Status: 401},
	"forbidden":      {Code: CodeKeyRefused, Status: 403, Detail: "Forbidden"},
	"filter":         {Code: CodeWebPage, Status: 403},
	"proxy":          {Code: CodeProxyRefused, Status: 407},
	"not-a-resource": {Code: CodeRejected, Status: 404, Detail: "HAPI-0302: Unknown resource type"},
	"bad-request":    {Code: CodeRejected, Status: 400, Detail: "bad parameter"},
	"outcome":        {Code: CodeRejected, Detail: "not today"},
	"server":         {Code: CodeServer, Status: 500, Detail: "exception"},
	"gateway":        {Code: CodeServer, Status: 502},
	"portal":         {Code: CodeWebPage, Status: 200},
	"portal-untyped": {Code: CodeWebPage, Status: 200},
	"text":           {Code: CodeMalformed},
	"no-type":        {Code: CodeMalformed},
	"empty":          {Code: CodeMalformed},
	"cut":            {Code: CodeMalformed},
	"array":          {Code: CodeMalformed},
	"null":           {Code: CodeMalformed},
	"xml":            {Code: CodeMalformed},
	"wrong-type":     {Code: CodeMalformed},
	"wrong-resource": {Code: CodeMalformed},
	"wrong-entry":    {Code: CodeMalformed},
	"wrong-bundle":   {Code: CodeMalformed},
	"no-resource":    {Code: CodeMalformed},
	"hostile-id":     {Code: CodeMalformed},
	"total-only":     {Code: CodeMalformed},
	"total-negative": {Code: CodeMalformed},
	"deep":           {Code: CodeMalformed},
	"many":           {Code: CodeMalformed},
	"long-name":      {Code: CodeMalformed},
	"others":         {Code: CodeUnrelated},
	"redirect":       {Code: CodeRedirect, Status: 302, Host: "portail.example"},
	"quota":          {Code: CodeQuota, Status: 429, RetryAfter: 90 * time.Second, Detail: "Rate limit exceeded! You reached the limit of 17 requests per 1 seconds"},
	"echo":           {Code: CodeRejected, Status: 400, Detail: "no such header: [key]"},
	"echo-location":  {Code: CodeRedirect, Status: 301, Host: "[key].example"},
	"echo-type":      {Code: CodeMalformed},
	"gzip":           {Code: CodeMalformed},
	"endless":        {Code: CodeTooLarge, Status: 200},
	"drip":           {Code: CodeTimeout},
	"silent":         {Code: CodeTimeout},
	"hang-up":        {Code: CodeNetwork},
	"long-headers":   {Code: CodeNetwork},
}

func TestMisbehavingServers(t *testing.T) {
	t.Parallel()
	for name, handler := range annuairetest.Misbehaviours {
		want, ok := misbehaved[name]
		if !ok && name != "echo-name" {
			t.Errorf("%s: nothing is expected of it", name)
		}
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Long enough for a slow machine, short where it must be waited for.
			timeout := 20 * time.Second
			if want.Code == CodeTimeout {
				timeout = 300 * time.Millisecond
			}
			c := newTestClient(t, handler, timeout)
			a, err := c.Lookup(t.Context(), question(t, "899700218896", "2900999999"))
			var f *Failure
			if !errors.As(err, &f) {
				t.Fatalf("%+v, %v", a, err)
			}
			if len(f.Error()) > 400 {
				t.Errorf("an error of %d bytes", len(f.Error()))
			}
			if f.Code != want.Code || f.Status != want.Status || f.RetryAfter != want.RetryAfter || f.Host != want.Host || f.Detail != want.Detail {
				t.Errorf("%+v, want %+v", *f, want)
			}
			for _, tag := range language.Supported {
				speaker, err := language.New(tag)
				if err != nil {
					t.Fatal(err)
				}
				said := fmt.Sprintf("%+v", f.Say(speaker))
				if strings.Contains(said, "annuaire.failure") || strings.Contains(said, "<no value>") {
					t.Errorf("%s: %s", tag, said)
				}
				secretless(t, said)
			}
			secretless(t, fmt.Sprintf("%v %+v %#v %q %s %+v %#v", err, err, err, err, err, c, c), fmt.Sprintf("%+v %#v %v", any(*c), any(*c), struct{ c Client }{*c}))
		})
	}
}

// secretless: no text holds the key, nor the half of it.
func secretless(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range []string{annuairetest.Key, annuairetest.Key[:20], fmt.Sprintf("%x", annuairetest.Key)} {
			if strings.Contains(text, secret) {
				t.Errorf("the key shows: %s", text)
			}
		}
	}
}

// A server that gives the key for a name, with what drives a terminal.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "PractitionerRole") {
			annuairetest.Misbehaviours["quota"](w, r)
			return
		}
		annuairetest.Misbehaviours["echo-name"](w, r)
	}), 0)
	a, err := c.Lookup(t.Context(), question(t, "899700218896", ""))
	if err != nil {
		t.Fatal(err)
	}
	p := a.People[0]
	if p.FamilyName != "[key]" || p.GivenNames[0] != "\ufffd[31mLEA\ufffd" {
		t.Errorf("%q %q", p.FamilyName, p.GivenNames)
	}
	if p.PlacesFailure == nil || p.PlacesFailure.Code != CodeQuota || p.Places != nil {
		t.Errorf("places that could not be asked for: %+v", p.PlacesFailure)
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	secretless(t, string(text), fmt.Sprintf("%+v", a))
}

func TestNextPagesAreNotFollowed(t *testing.T) {
	t.Parallel()
	asked := 0
	c := newTestClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		b := annuairetest.Bundle()
		if strings.HasSuffix(r.URL.Path, "Practitioner") {
			b = annuairetest.Bundle(map[string]any{"resourceType": "Practitioner", "id": "1",
				"identifier": []any{map[string]any{"system": systemRPPS, "value": "99700218896"}}})
		}
		b["link"] = []any{map[string]any{"relation": "self", "url": "x"}, map[string]any{"relation": "next", "url": "https://elsewhere.example/?_getpages=1"}}
		annuairetest.Write(w, 200, b)
	}), 0)
	a, err := c.Lookup(t.Context(), question(t, "899700218896", ""))
	if err != nil || !a.More || !a.People[0].MorePlaces || asked != 2 {
		t.Errorf("%+v, %v, %d requests", a, err, asked)
	}
}

// A redirection is not followed, and the key goes nowhere.
func TestKeyStaysWithItsServer(t *testing.T) {
	t.Parallel()
	leaked := make(chan string, 4)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { leaked <- r.Header.Get(keyHeader) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := newTestClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		}), 0)
		_, err := c.Lookup(t.Context(), question(t, "899700218896", ""))
		var f *Failure
		if !errors.As(err, &f) || f.Code != CodeRedirect || f.Host != "127.0.0.1" {
			t.Errorf("%d: %v", status, err)
		}
	}
	select {
	case key := <-leaked:
		t.Errorf("the other server was asked, with the key %q", key)
	default:
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(fictitious())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it remarks that nobody trusts it
	server.StartTLS()
	defer server.Close()
	ask := func(base string, transport http.RoundTripper) error {
		c, err := New(Options{Key: mustKey(t, annuairetest.Key), Base: base, Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		c.rate = new(limiter)
		_, err = c.Lookup(t.Context(), question(t, "899700218896", ""))
		return err
	}
	if err := ask(server.URL, server.Client().Transport); err != nil {
		t.Errorf("trusted: %v", err)
	}
	var f *Failure
	if err := ask(server.URL, nil); !errors.As(err, &f) || f.Code != CodeTLS {
		t.Errorf("not trusted: %v", err)
	}
	plain := httptest.NewServer(fictitious())
	defer plain.Close()
	if err := ask(strings.Replace(plain.URL, "http:", "https:", 1), nil); !errors.As(err, &f) || f.Code != CodeTLS {
		t.Errorf("no TLS there: %v", err)
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		proxy http.HandlerFunc // nil: there is none at its address
		want  Failure
	}{
		"407": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Proxy-Authenticate", "Basic")
			w.WriteHeader(http.StatusProxyAuthRequired)
		}, Failure{Code: CodeProxyRefused, Status: 407, Host: "127.0.0.1"}},
		"forbids":     {annuairetest.Raw(403, "text/html", annuairetest.Portal), Failure{Code: CodeProxyRefused, Status: 403, Host: "127.0.0.1"}},
		"unreachable": {nil, Failure{Code: CodeProxyDown}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := "http://somebody:secret@" + gone
			if tt.proxy != nil {
				server := httptest.NewServer(tt.proxy)
				t.Cleanup(server.Close)
				address = strings.Replace(server.URL, "://", "://somebody:secret@", 1)
			}
			transport := newTransport()
			proxy, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			transport.Proxy = http.ProxyURL(proxy)
			c, err := New(Options{Key: mustKey(t, annuairetest.Key), Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			c.rate = new(limiter)
			_, err = c.Lookup(t.Context(), question(t, "899700218896", ""))
			var f *Failure
			if !errors.As(err, &f) || f.Code != tt.want.Code || f.Status != tt.want.Status || f.Host != tt.want.Host {
				t.Errorf("%v, want %+v", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "99700218896") {
				t.Errorf("%v", err)
			}
			secretless(t, fmt.Sprintf("%+v %#v", err, err))
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{})
	c := newTestClient(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}), 0)
	go func() { <-asked; cancel() }()
	_, err := c.Lookup(ctx, question(t, "899700218896", ""))
	var f *Failure
	if !errors.As(err, &f) || f.Code != CodeCancelled {
		t.Errorf("%v", err)
	}
}

func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }), 0)
	for _, q := range []Question{{}, {CardNumber: "29009999"}, question(t, "8997", ""), question(t, "8a,b|c", "")} {
		_, err := c.Lookup(t.Context(), q)
		var f *Failure
		if !errors.As(err, &f) || f.Code != CodeQuestion || !q.IsEmpty() {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestBases(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"", DefaultBase, "https://test.example/fhir/v2/", "https://test.example:8443", "http://127.0.0.1:8080/fhir", "http://localhost", "http://[::1]:80/",
	} {
		if _, err := New(Options{Key: mustKey(t, "a-key"), Base: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
	for _, base := range []string{
		"http://gateway.api.esante.gouv.fr/fhir/v2", "http://127.0.0.1.example", "http://10.0.0.1", "ftp://127.0.0.1", "127.0.0.1:80", "https://",
		"https://user:pass@test.example", "https://test.example?x=1", "https://test.example/?", "https://test.example#x", "https://te st", "https://test\n.example",
		"file:///etc/passwd", "https:test.example", "https://tést.example", "https://" + strings.Repeat("a", 3000),
	} {
		_, err := New(Options{Key: mustKey(t, "a-key"), Base: base})
		var f *Failure
		if !errors.As(err, &f) || f.Code != CodeBaseURL {
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := New(Options{}); asFailure(err).Code != CodeNoKey {
		t.Errorf("without a key: %v", err)
	}
}

// localhost may resolve to another machine: http does not go there.
func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://192.0.2.1:9/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newLoopbackTransport().RoundTrip(request)
	if !errors.Is(err, errNotLoopback) {
		t.Errorf("%v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "90": 90 * time.Second, "-5": 0, "soon": 0, "1e3": 0, "99999999999999999999": 24 * time.Hour,
		"2000000000":                    24 * time.Hour,
		"Mon, 23 Nov 2026 12:02:00 GMT": 2 * time.Minute,
		"Mon, 23 Nov 2020 12:02:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// With the clock of the bubble: no second holds more than 16 requests, however
// many clients ask.
func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		starts := make(chan time.Time, 100)
		for range 100 {
			go func() {
				if err := l.wait(t.Context()); err != nil {
					t.Error(err)
				}
				starts <- time.Now()
			}()
		}
		var all []time.Time
		for range 100 {
			all = append(all, <-starts)
		}
		slices.SortFunc(all, time.Time.Compare)
		for i, from := range all {
			n := 0
			for _, at := range all[i:] {
				if at.Sub(from) <= time.Second {
					n++
				}
			}
			if n > 16 {
				t.Fatalf("%d requests within a second", n)
			}
		}
		if took := all[99].Sub(all[0]); took > 7*time.Second {
			t.Errorf("100 requests took %v", took)
		}
		// Asked late, the first goes at once.
		time.Sleep(time.Hour)
		before := time.Now()
		if err := l.wait(t.Context()); err != nil || time.Since(before) != 0 {
			t.Errorf("waited %v, %v", time.Since(before), err)
		}
		// Who gives up is let go.
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Without another wish a look-up ends after 30 seconds, and a request whatever
// the wish.
func TestThirtySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, timeout := range []time.Duration{0, time.Hour, -1} {
			c, err := New(Options{Key: mustKey(t, "a-key"), Timeout: timeout, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})})
			if err != nil {
				t.Fatal(err)
			}
			c.rate = new(limiter)
			start := time.Now()
			_, err = c.Lookup(t.Context(), question(t, "899700218896", ""))
			if asFailure(err).Code != CodeTimeout || time.Since(start) != 30*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, b := range []any{
		annuairetest.Bundle(), annuairetest.Outcome("x"),
		map[string]any{"resourceType": "Bundle", "type": "searchset", "entry": []any{
			map[string]any{"resource": map[string]any{"resourceType": "Practitioner", "id": "1", "identifier": []any{map[string]any{"system": systemRPPS, "value": "99700218896"}}}},
			map[string]any{"resource": map[string]any{"resourceType": "Organization", "id": "2", "address": []any{map[string]any{"line": []any{nil, "x"}, "_line": []any{nil}}}}},
			map[string]any{"resource": map[string]any{"resourceType": "PractitionerRole", "id": "3", "practitioner": map[string]any{"reference": "Practitioner/1"}, "organization": map[string]any{"reference": "Organization/2"}}},
		}},
	} {
		seed, err := json.Marshal(b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Practitioner","id":"1","extension":[{"url":"` + smartCard + `","extension":[{"url":"period","valuePeriod":{"start":"2024"}}]}]}}]}`))
	c := &Client{key: mustKey(f, annuairetest.Key)}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, failure := decode(body)
		if failure != nil {
			if failure.Code != CodeMalformed && failure.Code != CodeRejected {
				t.Errorf("%+v", failure)
			}
			return
		}
		for _, p := range b.practitioners {
			person := c.person(p)
			person.Places = c.places(p.ID, b)
			for _, tag := range language.Supported {
				for _, fact := range person.Facts(speaker(t, tag)) {
					if strings.ContainsAny(fact.Value, "\x00\x1b\n\u202e") {
						t.Errorf("%q", fact.Value)
					}
				}
			}
		}
	})
}

func TestBounded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		`{"a":["[[[[",{"b":"\\\"]"}]}`:                     nil,
		strings.Repeat("[", maxDepth) + "]":                nil,
		strings.Repeat("[", maxDepth+1):                    errDepth,
		`["` + strings.Repeat("[{,", maxValues) + `"]`:     nil, // in a text
		strings.Repeat("[],", maxValues/2):                 nil,
		strings.Repeat("[],", maxValues/2+1):               errValues,
		strings.Repeat(`{"a":1},`, maxValues):              errValues,
		`"\` + `"` + strings.Repeat("[", maxDepth+1) + `"`: nil,
		`"\\"` + strings.Repeat("[", maxDepth+1):           errDepth,
	} {
		if got := bounded([]byte(text)); !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("%.40s: %v, want %v", text, got, want)
		}
	}
}

// countingBody never ends, and counts what is read of it.
type countingBody struct{ read int }

func (b *countingBody) Read(p []byte) (int, error) {
	if b.read > 4*maxBody {
		return 0, io.EOF // enough to fail
	}
	b.read += len(p)
	return len(p), nil
}

func (b *countingBody) Close() error { return nil }

func TestNoMoreThanTheBoundIsRead(t *testing.T) {
	t.Parallel()
	body := &countingBody{}
	c, err := New(Options{Key: mustKey(t, "a-key"), Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/fhir+json"}}, Body: body, Request: r}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	c.rate = new(limiter)
	_, err = c.Lookup(t.Context(), question(t, "899700218896", ""))
	if asFailure(err).Code != CodeTooLarge || body.read > maxBody+1 {
		t.Errorf("%v, %d bytes read", err, body.read)
	}
}
