package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"postecpx/internal/annuaire/annuairetest"
)

// fhirCommand starts a server for a script: "fhir directory" answers as the API
// of the Annuaire Santé does, about the person of the demonstration card and
// others who do not exist either; "fhir NAME" misbehaves in that way. $FHIR is
// its address, $KEY the key that it takes.
func fhirCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fhir directory|NAME")
	}
	var handler http.Handler = demonstrationDirectory()
	switch args[0] {
	case "directory":
	case "no-card-search": // it knows the person, and not the parameter of the card
		handler = withoutCardSearch()
	case "odd-instant":
		handler = instead(demonstrationDirectory(), "2026-06-29T15:29:39.003+02:00", "2026-06-29T15:29:39+24:00")
	case "drip-people": // each of their places takes its time
		handler = slowPlaces(demonstrationDirectory())
	default:
		misbehaviour, ok := annuairetest.Misbehaviours[args[0]]
		if !ok {
			ts.Fatalf("no server %q", args[0])
		}
		handler = misbehaviour
	}
	server := httptest.NewServer(handler)
	ts.Defer(server.Close)
	ts.Defer(server.CloseClientConnections) // before Close, which waits for them
	ts.Setenv("FHIR", server.URL+"/fhir/v2")
	ts.Setenv("KEY", annuairetest.Key)
}

// withoutCardSearch knows the person of the demonstration card under another
// card.
func withoutCardSearch() http.Handler {
	directory := demonstrationDirectory()
	directory.People[0].CardNumber = "2900000001"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("number-smartcard") {
			annuairetest.Misbehaviours["bad-request"](w, r)
			return
		}
		directory.ServeHTTP(w, r)
	})
}

// instead writes one text in the place of another.
func instead(h http.Handler, before, after string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := httptest.NewRecorder()
		h.ServeHTTP(kept, r)
		w.Header().Set("Content-Type", kept.Header().Get("Content-Type"))
		w.WriteHeader(kept.Code)
		_, _ = io.WriteString(w, strings.ReplaceAll(kept.Body.String(), before, after)) // the client may have gone
	})
}

func slowPlaces(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "PractitionerRole") {
			<-r.Context().Done()
			return
		}
		h.ServeHTTP(w, r)
	})
}

// demonstrationDirectory knows the person of the demonstration card, issued 400
// days ago and valid for 1096.
func demonstrationDirectory() *annuairetest.Directory {
	issued := time.Now().AddDate(0, 0, -400)
	return &annuairetest.Directory{People: []annuairetest.Person{
		{
			ID: "003-1", RPPS: "99700218896", Family: "SPECIALISTE0021889", Given: "Robert", Profession: "10", Places: 2,
			CardNumber: "2900999999", CardStart: issued.Format(time.DateOnly), CardEnd: issued.AddDate(0, 0, 1096).Format(time.DateOnly),
		},
		{ID: "003-2", RPPS: "99700366240", Inactive: true},
		{ID: "003-3", RPPS: "99700296140", Family: "MED-CS RPPS0029614", Given: "Léa", Profession: "10"},
		{ID: "003-4", RPPS: "99700296140", Family: "MED-CS RPPS0029614", Given: "Léa", Profession: "40"},
	}}
}

// A document that cannot be made is a result that was not written.
func TestJSONThatCannotBeMade(t *testing.T) {
	t.Parallel()
	var out, errors strings.Builder
	speaking, _, err := newTerminal(nil, &out, &errors)
	if err != nil {
		t.Fatal(err)
	}
	speaking.printJSON(map[string]any{"x": make(chan int)})
	if speaking.unwritten == nil || out.Len() > 0 {
		t.Errorf("%v, %q", speaking.unwritten, out.String())
	}
}
