package annuaire

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"postecpx/assets/links"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/annuaire/annuairetest"
	"postecpx/internal/wording"
)

// practitioner is a record of somebody; cards are their numbers.
func record(id, rpps string, cards ...string) map[string]any {
	r := map[string]any{"resourceType": "Practitioner", "id": id}
	if rpps != "" {
		r["identifier"] = []any{
			map[string]any{"system": systemIDNPS, "value": "8" + rpps}, map[string]any{"system": systemRPPS, "value": rpps},
		}
	}
	var all []any
	for _, number := range cards {
		all = append(all, map[string]any{"url": smartCard, "extension": []any{map[string]any{"url": "number", "valueString": number}}})
	}
	r["extension"] = all
	return r
}

// questions answers each of the three questions of a look-up; nil is nobody.
type questions struct{ identifier, number, roles http.HandlerFunc }

func (q questions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := q.identifier
	switch {
	case strings.HasSuffix(r.URL.Path, "PractitionerRole"):
		h = q.roles
	case r.URL.Query().Has("number-smartcard"):
		h = q.number
	}
	if h == nil {
		h = bundled()
	}
	h(w, r)
}

func bundled(resources ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		annuairetest.Write(w, 200, annuairetest.Bundle(resources...))
	}
}

const (
	theirs = "99700218896"
	others = "99700366240"
	card   = "2900999999"
)

// A card number that cannot be asked for leaves the people who were found.
func TestCardFailureKeepsPeople(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Code{"bad-request": CodeRejected, "quota": CodeQuota, "server": CodeServer, "others": CodeUnrelated, "silent": CodeTimeout} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second
			if want == CodeTimeout {
				timeout = 500 * time.Millisecond
			}
			var roles atomic.Int32
			c := newTestClient(t, questions{
				identifier: bundled(record("1", theirs, "1111111111")),
				number:     annuairetest.Misbehaviours[name],
				roles:      func(w http.ResponseWriter, r *http.Request) { roles.Add(1); bundled()(w, r) },
			}, timeout)
			q := question(t, "8"+theirs, card)
			a, err := c.Lookup(t.Context(), q)
			if err != nil || a.Outcome != Found || len(a.People) != 1 || a.CardFailure == nil || a.CardFailure.Code != want {
				t.Fatalf("%+v, %v", a, err)
			}
			// After a failure that the next question would meet too, it is not asked.
			if asked := roles.Load() > 0; asked == a.CardFailure.final() || asked == (a.People[0].PlacesFailure != nil) {
				t.Errorf("places asked %v, %+v", asked, a.People[0].PlacesFailure)
			}
			if said := a.Say(speaker(t, "fr"), q); said.Tone != wording.Warning || !strings.Contains(said.Meaning, "n'a pas pu être cherché") {
				t.Errorf("%+v", said)
			}
		})
	}
	// By the number alone there is nothing but the failure.
	c := newTestClient(t, questions{number: annuairetest.Misbehaviours["server"]}, 0)
	if a, err := c.Lookup(t.Context(), question(t, "", card)); codeOf(err) != CodeServer || len(a.People) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestWhoseCard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		holder  map[string]any
		people  int
		holders []string
		unclear bool
	}{
		"the same record":         {record("1", theirs, card), 1, nil, false},
		"their other record":      {record("2", theirs, card), 2, nil, false},
		"somebody else":           {record("2", others, card), 1, []string{"8" + others}, false},
		"nobody that one can say": {record("2", "", card), 1, nil, true},
	} {
		c := newTestClient(t, questions{identifier: bundled(record("1", theirs, "1111111111")), number: bundled(tt.holder)}, 0)
		q := question(t, "8"+theirs, card)
		a, err := c.Lookup(t.Context(), q)
		if err != nil || len(a.People) != tt.people || !slices.Equal(a.CardHolders, tt.holders) || a.CardUnclear != tt.unclear {
			t.Errorf("%s: %+v, %v", name, a, err)
			continue
		}
		if said := a.Say(speaker(t, "fr"), q).Meaning; strings.Contains(said, "quelqu'un d'autre") != (tt.holders != nil) || strings.Contains(said, ": .") {
			t.Errorf("%s: %q", name, said)
		}
		if tt.people == 1 && !tt.unclear && tt.holders == nil && !a.People[0].has(card) {
			t.Errorf("%s: the card is not among theirs", name)
		}
	}
}

// After a quota, a time-out or a refused key the other people are not asked for.
func TestNoMoreQuestionsInVain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int32{"quota": 1, "key-refused": 1, "silent": 1, "server": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			c := newTestClient(t, questions{
				identifier: bundled(record("1", theirs), record("2", theirs), record("3", theirs)),
				roles: func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					annuairetest.Misbehaviours[name](w, r)
				},
			}, 2*time.Second)
			a, err := c.Lookup(t.Context(), question(t, "8"+theirs, ""))
			if err != nil || len(a.People) != 3 || asked.Load() != want {
				t.Errorf("%+v, %v, asked %d times", a, err, asked.Load())
			}
			for _, p := range a.People {
				if p.PlacesFailure == nil {
					t.Errorf("%s: no word about the places", p.ID)
				}
			}
		})
	}
}

// The whole look-up ends within its time, however slow each answer is.
func TestOneDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for wish, want := range map[time.Duration]time.Duration{0: 30 * time.Second, 50 * time.Second: 50 * time.Second} {
			c, err := New(Options{Key: mustKey(t, "a-key"), Timeout: wish, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				select {
				case <-r.Context().Done():
					return nil, r.Context().Err()
				case <-time.After(20 * time.Second):
				}
				w := httptest.NewRecorder()
				questions{identifier: bundled(record("1", theirs), record("2", theirs), record("3", theirs))}.ServeHTTP(w, r)
				return w.Result(), nil
			})})
			if err != nil {
				t.Fatal(err)
			}
			c.rate = new(limiter)
			start := time.Now()
			a, err := c.Lookup(t.Context(), question(t, "8"+theirs, ""))
			if err != nil || len(a.People) != 3 || a.People[2].PlacesFailure == nil || a.People[2].PlacesFailure.Code != CodeTimeout {
				t.Errorf("%+v, %v", a, err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("it took %v, want %v", took, want)
			}
		}
	})
}

// The environment of what is started later has no key.
func TestHoldKey(t *testing.T) {
	use(t, &fakeKeyring{})
	t.Setenv(KeyVariable, annuairetest.Key)
	HoldKey()
	t.Cleanup(func() { held = nil })
	if _, there := os.LookupEnv(KeyVariable); there {
		t.Error("the variable is still there")
	}
	if key, source, err := FindKey(t.Context(), "https://test.example"); err != nil || source != FromEnvironment || *key.secret != annuairetest.Key {
		t.Errorf("%v from %s, %v", key, source, err)
	}
}

// Any day of the directory can be written as JSON.
func TestOddInstants(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-06-29T15:29:39+23:59": `"2026-06-28T15:30:39Z"`, "2026-06-29T15:29:39.5+02:00": `"2026-06-29T13:29:39.5Z"`,
		"2026-06-29T15:29:39+24:00": "", "0000-01-01T00:00:00Z": "", "9999-12-31T23:59:59-14:00": "", "99999-01-01T00:00:00Z": "", "0001-01-01T00:00:00+01:00": "", "hier": "",
	} {
		c := &Client{}
		raw, err := json.Marshal(c.person(practitioner{ID: "1", Meta: meta{LastUpdated: text}}))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got struct{ Updated json.RawMessage }
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Error(err)
		}
		// +24:00 may be read or left out; it is never an offset of the answer.
		if text != "2026-06-29T15:29:39+24:00" && string(got.Updated) != want || strings.Contains(string(got.Updated), "+") {
			t.Errorf("%s: %s, want %s", text, got.Updated, want)
		}
	}
}

// bare answers with a Bundle that has those parts only.
func bare(parts map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b := map[string]any{"resourceType": "Bundle", "type": "searchset"}
		for k, v := range parts {
			b[k] = v
		}
		annuairetest.Write(w, 200, b)
	}
}

func TestHowManyThereAre(t *testing.T) {
	t.Parallel()
	entries := func(all ...any) any { return annuairetest.Bundle(all...)["entry"] }
	next := []any{map[string]any{"relation": "next", "url": "x"}}
	for name, tt := range map[string]struct {
		bundle       map[string]any
		people       int
		more, unsure bool
	}{
		"total above the entries": {map[string]any{"total": 7, "entry": entries(record("1", theirs))}, 1, true, false},
		"one record twice":        {map[string]any{"total": 2, "entry": entries(record("1", theirs, "1111111111"), record("1", theirs, card))}, 1, false, false},
		"entries without total":   {map[string]any{"entry": entries(record("1", theirs))}, 1, false, false},
		"neither":                 {nil, 0, false, true},
		"none":                    {map[string]any{"total": 0}, 0, false, false},
		"none, and a next page":   {map[string]any{"total": 0, "link": next}, 0, true, true},
	} {
		c := newTestClient(t, questions{identifier: bare(tt.bundle)}, 0)
		q := question(t, "8"+theirs, "")
		a, err := c.Lookup(t.Context(), q)
		if err != nil || len(a.People) != tt.people || a.More != tt.more || a.Unsure != tt.unsure {
			t.Errorf("%s: %+v, %v", name, a, err)
			continue
		}
		said := a.Say(speaker(t, "fr"), q)
		if strings.Contains(said.Title, "pas certain") != tt.unsure || (said.Tone == wording.Good) != (tt.people == 1 && !tt.more) {
			t.Errorf("%s: %+v", name, said)
		}
		if name == "one record twice" && !a.People[0].has(card) {
			t.Errorf("%s: %+v", name, a.People[0].Cards)
		}
	}
}

// Of several identifiers the one that was asked for is kept.
func TestIdentifierThatMatched(t *testing.T) {
	t.Parallel()
	r := record("1", theirs)
	r["identifier"] = append([]any{map[string]any{"use": "old", "system": systemIDNPS, "value": "810000005479"}},
		append(r["identifier"].([]any), map[string]any{"system": systemIDNPS, "value": "00B7010446"})...)
	c := newTestClient(t, questions{identifier: bundled(r)}, 0)
	for _, asked := range []string{"8" + theirs, "00B7010446"} {
		a, err := c.Lookup(t.Context(), question(t, asked, ""))
		if err != nil || len(a.People) != 1 || a.People[0].Identifier != asked {
			t.Fatalf("%+v, %v", a, err)
		}
		if got := compareIdentifier(t, "8"+theirs, a.People[0]); got != Same {
			t.Errorf("%s: %s", asked, got)
		}
		if got := compareIdentifier(t, "8"+others, a.People[0]); got != Different {
			t.Errorf("another: %s", got)
		}
	}
	// The RPPS says as much as the identifiant national that it begins.
	if got := compareIdentifier(t, "8"+theirs, Person{Identifier: "00B7010446", RPPS: theirs}); got != Same {
		t.Errorf("by the RPPS: %s", got)
	}
}

func compareIdentifier(t *testing.T, value string, p Person) Agreement {
	t.Helper()
	id, err := nationalid.Parse(value)
	if err != nil {
		t.Fatal(err)
	}
	return Compare(&cps.Card{Identifier: cps.Identifier{Identifier: id}}, false, p)[0].Agreement
}

func TestCompareCards(t *testing.T) {
	t.Parallel()
	early, late := cps.Date{Year: 2020, Month: 1, Day: 1}, cps.Date{Year: 2024, Month: 2, Day: 21}
	yes := true
	c := &cps.Card{Number: card, Issued: late}
	of := func(aspect Aspect, p Person) Comparison {
		all := Compare(c, false, p)
		return all[slices.IndexFunc(all, func(x Comparison) bool { return x.Aspect == aspect })]
	}
	if got := of(AspectActive, Person{Active: &yes}); got.Agreement != Unknown {
		t.Errorf("a card whose end is unknown: %+v", got)
	}
	if got := of(AspectNumber, Person{Cards: []Card{{Type: "CPS"}, {Number: "1111111111"}}}); got.Agreement != Unknown {
		t.Errorf("a card of the directory without number: %+v", got)
	}
	if got := of(AspectNumber, Person{Cards: []Card{{Number: "2222222222"}, {Number: "1111111111"}}}); got.Agreement != Different {
		t.Errorf("other numbers: %+v", got)
	}
	twice := Person{Cards: []Card{{Number: card, Start: early}, {Number: card, Start: late}}}
	if got := of(AspectStart, twice); got.Agreement != Same || got.Directory != "2024-02-21" {
		t.Errorf("one number twice: %+v", got)
	}
	c.Issued.Year = 2023
	got := of(AspectStart, twice)
	if got.Agreement != Different || got.Directory != "2020-01-01, 2024-02-21" {
		t.Errorf("one number twice, and neither: %+v", got)
	}
	if said := got.Say(speaker(t, "fr")).Value; !strings.Contains(said, "21/02/2023 sur la carte, 01/01/2020, 21/02/2024 dans") {
		t.Errorf("%s", said)
	}
}

func TestCompareNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		card, directory string
		given           []string
		cardGiven       string
		want            Agreement
	}{
		{"DUPONT", "Dupont", []string{"Jean", "Marie", "Paul"}, "JEAN MARIE", Same},
		{"DUPONT", "Dupont", []string{"Jean Pierre Marie"}, "JEAN", Same},
		{"DUPONT", "Dupont", []string{"Jean-Pierre"}, "JEAN", Unknown},
		{"DUPONT", "Dupont", []string{"Jean"}, "JEAN PIERRE", Unknown},
		{"DUPONT", "Dupont", []string{"Jean"}, "J", Unknown},
		{"DUPONT", "Dupont", []string{"Paul"}, "J", Different},
		{"DUPONT", "Dupont", []string{"Paul"}, "JEAN", Different},
		{"DUPONT", "Dupont-Martin", []string{"Anne"}, "ANNE", Unknown},
		{"DUPONT MARTIN", "Dupont-Martin", []string{"Anne"}, "ANNE", Same},
		{"DUPONT EPOUSE MARTIN", "MARTIN", []string{"Anne"}, "ANNE", Unknown},
		{"DUPONT", "Dupond-Martin", []string{"Anne"}, "ANNE", Different},
		{"DUPONT", "Dupont-Martin", []string{"Paul"}, "ANNE", Different},
		{"D ARTAGNAN", "d’Artagnan", []string{"Anne"}, "ANNE", Same},
		{"STRASSE", "Straße", []string{"Anne"}, "ANNE", Same},
		{"LODZ", "Łódź", []string{"Anne"}, "ANNE", Same},
		{"OSTBERG", "Østberg", []string{"Anne"}, "ANNE", Same},
		{"DURIC", "Đurić", []string{"Lætitia"}, "LAETITIA", Same},
		{"DUPONT", "Dupont", []string{"", " "}, "ANNE", Unknown},
	} {
		p := Person{FamilyName: tt.directory, GivenNames: tt.given}
		if got := compareName(cps.Holder{FamilyName: tt.card, GivenName: tt.cardGiven}, p).Agreement; got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// A server that would speak HTTP/2 is spoken to by HTTP/1.
func TestHTTP1(t *testing.T) {
	t.Parallel()
	spoken := make(chan int, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoken <- r.ProtoMajor }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := newTransport()
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if major := <-spoken; major != 1 {
		t.Errorf("HTTP/%d", major)
	}
}

// Login portals, in their usual ways.
func TestPortals(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, annuairetest.Raw(511, "application/json", "{}"), 0)
	if _, err := c.Lookup(t.Context(), question(t, "8"+theirs, "")); codeOf(err) != CodeWebPage {
		t.Errorf("511: %v", err)
	}
	answers := func(status int, location string) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Location": {location}}, Body: http.NoBody, Request: r}, nil
		})
	}
	two := []links.Link{{URL: "https://a.example/"}, {URL: "https://b.example/"}}
	for name, tt := range map[string]struct {
		all         []links.Link
		transport   http.RoundTripper
		intercepted bool
	}{
		"511":                     {two[:1], answers(511, ""), true},
		"to http":                 {two[:1], answers(302, "http://portal.example/login"), true},
		"to http on its own host": {two[:1], answers(302, "http://a.example/"), true},
		"all to one place":        {two, answers(302, "https://portal.example/login"), true},
		"one to another place":    {two[:1], answers(302, "https://new.example/"), false},
		"to one of theirs":        {two[:1], answers(302, "https://b.example/"), false},
		"well":                    {two, answers(200, ""), false},
	} {
		for _, r := range Check(t.Context(), tt.all, CheckOptions{Transport: tt.transport}) {
			if r.Intercepted != tt.intercepted || r.Alive() == tt.intercepted {
				t.Errorf("%s: %+v", name, r)
			}
			if said := r.Say(speaker(t, "fr")); strings.Contains(said.Value, "entre les deux") != (tt.intercepted && name != "511") || (said.Tone == wording.Bad) != tt.intercepted {
				t.Errorf("%s: %+v", name, said)
			}
		}
	}
	// All certificates, or one of two.
	for _, trusted := range []bool{false, true} {
		results := []LinkResult{
			{Link: two[0], State: LinkUntrusted}, {Link: two[1], State: LinkUntrusted}, {Link: links.Link{URL: "http://c.example/"}, State: LinkOK, Status: 200},
		}
		if trusted {
			results[1] = LinkResult{Link: two[1], State: LinkOK, Status: 200}
		}
		markIntercepted(results)
		if results[0].Intercepted == trusted || results[2].Intercepted {
			t.Errorf("trusted %v: %+v", trusted, results)
		}
	}
}

func TestRedirectNowhere(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"", "javascript:alert(1)"} {
		c := newTestClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		}), 0)
		_, err := c.Lookup(t.Context(), question(t, "8"+theirs, ""))
		var f *Failure
		if !errors.As(err, &f) || f.Code != CodeRedirect {
			t.Fatalf("%v", err)
		}
		if said := f.Say(speaker(t, "fr")).Title; !strings.Contains(said, "sans dire où") {
			t.Errorf("%s", said)
		}
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		time.Second: "1 seconde.", 90 * time.Second: "90 secondes.", 2 * time.Minute: "2 minutes.", 121 * time.Second: "3 minutes.", 24 * time.Hour: "24 heures.",
	} {
		if said := (&Failure{Code: CodeQuota, RetryAfter: wait}).Say(speaker(t, "fr")).Meaning; !strings.HasSuffix(said, " "+want) {
			t.Errorf("%v: %q", wait, said)
		}
	}
}

// What is said to be sent is what is sent.
func TestNothingElseIsSent(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[http.Request]
	c := newTestClient(t, questions{identifier: func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r)
		bundled(record("1", theirs))(w, r)
	}}, 0)
	q := question(t, "8"+theirs, "")
	if _, err := c.Lookup(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	r := seen.Load()
	for name := range r.Header {
		if !slices.Contains([]string{"Accept", "Accept-Encoding", "User-Agent", http.CanonicalHeaderKey(keyHeader)}, name) {
			t.Errorf("%s is sent", name)
		}
	}
	if r.URL.RawQuery != (url.Values{"identifier": {identifierQuery(q.Identifier)}}).Encode() {
		t.Errorf("%s", r.URL)
	}
	if said := SayQuestion(speaker(t, "fr"), q, c.Host()); !strings.Contains(said, r.Header.Get("User-Agent")) {
		t.Errorf("%s", said)
	}
}
