package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/nationalid"
	"postecpx/internal/annuaire"
	"postecpx/internal/annuaire/annuairetest"
)

// asked is the question about somebody who does not exist.
func asked(t *testing.T) annuaire.Question {
	t.Helper()
	id, err := nationalid.Parse("899700218896")
	if err != nil {
		t.Fatal(err)
	}
	return annuaire.Question{Identifier: id, CardNumber: "2900999999"}
}

// TestDirectory asks a server that answers as the API does, with the key of the
// environment.
func TestDirectory(t *testing.T) {
	directory := &annuairetest.Directory{People: []annuairetest.Person{{
		ID: "003-1", RPPS: "99700218896", Family: "SPECIALISTE0021889", Given: "CLAIRE", Profession: "40", CardNumber: "2900999999", Places: 1,
	}}}
	server := httptest.NewServer(directory)
	defer server.Close()
	t.Setenv(annuaire.KeyVariable, annuairetest.Key)
	d := directoryAt(server.URL)
	if source, err := d.Locate(t.Context()); err != nil || source != annuaire.FromEnvironment {
		t.Errorf("the key is in %q, %v", source, err)
	}
	if len(directory.Requests()) != 0 {
		t.Error("looking for the key asks the directory")
	}
	answer, err := d.Lookup(t.Context(), asked(t))
	if err != nil || answer.Outcome != annuaire.Found || answer.People[0].FamilyName != "SPECIALISTE0021889" || answer.Host != d.Host() || len(directory.Requests()) != 2 {
		t.Errorf("%+v, %v, after %d requests", answer, err, len(directory.Requests()))
	}

	t.Setenv(annuaire.KeyVariable, "another-key-0997")
	if _, err := d.Lookup(t.Context(), asked(t)); code(err) != annuaire.CodeKeyRefused {
		t.Errorf("another key: %v", err)
	}
	echo := httptest.NewServer(annuairetest.Misbehaviours["echo"])
	defer echo.Close()
	answer, err = directoryAt(echo.URL).Lookup(t.Context(), asked(t))
	if err == nil || strings.Contains(fmt.Sprintf("%+v %v %+v %#v", answer, err, err, err), "another-key-0997") {
		t.Errorf("a server that repeats the key: %v", err)
	}
}

func directoryAt(base string) directory { return directory{ctx: context.Background(), base: base} }

// TestDirectoryKeepsTheKey: that of the keyring goes to ANS alone; nothing goes
// anywhere once the program, or the person, has ended it, nor without a key.
func TestDirectoryKeepsTheKey(t *testing.T) {
	fhir := &annuairetest.Directory{}
	server := httptest.NewServer(fhir)
	defer server.Close()
	t.Setenv(annuaire.KeyVariable, "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	if _, err := directoryAt(server.URL).Lookup(t.Context(), asked(t)); code(err) != annuaire.CodeKeyElsewhere {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := directoryAt("").Locate(t.Context()); err == nil {
		t.Error("a key was found nowhere")
	}
	t.Setenv(annuaire.KeyVariable, annuairetest.Key)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (directory{ctx: ended, base: server.URL}).Lookup(t.Context(), asked(t)); code(err) != annuaire.CodeCancelled {
		t.Errorf("after the end: %v", err)
	}
	if _, err := directoryAt(server.URL).Lookup(ended, asked(t)); code(err) != annuaire.CodeCancelled {
		t.Errorf("taken back: %v", err)
	}
	if n := len(fhir.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
	if host := directoryAt("").Host(); host != "gateway.api.esante.gouv.fr" {
		t.Errorf("it asks %s", host)
	}
}

// TestDirectoryEnds: a server that does not answer is left while it is silent.
func TestDirectoryEnds(t *testing.T) {
	server := httptest.NewServer(annuairetest.Misbehaviours["silent"])
	defer server.Close()
	defer server.CloseClientConnections()
	t.Setenv(annuaire.KeyVariable, annuairetest.Key)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := directoryAt(server.URL).Lookup(ctx, asked(t)); code(err) != annuaire.CodeTimeout || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

func code(err error) annuaire.Code {
	var f *annuaire.Failure
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}
