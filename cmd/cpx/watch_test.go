package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/pcscd"
)

// TestWatch follows a card in the real pcscd through the lines of cpx watch.
func TestWatch(t *testing.T) {
	server := pcscd.Start(t)
	reader, writer := io.Pipe()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, []string{"watch", "--jsonl"}, writer, io.Discard)
		writer.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, 1<<20)
	next := func() eventDocument {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the watch ended: %v", lines.Err())
		}
		var e eventDocument
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if e.Schema != eventSchema || e.Time == "" {
			t.Errorf("%s", lines.Text())
		}
		return e
	}
	for range 2 { // two empty readers
		if e := next(); e.Event != "no-card" {
			t.Fatalf("%+v", e)
		}
	}
	card := cardtest.New(t, "medecin", time.Now(), virtualcard.Faults{})
	remove := cardtest.Plug(t, server.Address(0), card)
	for _, want := range []string{"reading", "identified", "read"} {
		e := next()
		if e.Event != want || e.Reader != server.ReaderName(0) {
			t.Fatalf("%+v, want %s", e, want)
		}
		if want != "reading" && (e.ID == nil || e.ID.Value != "899700218896" || e.ID.Status != map[string]string{"identified": "pending", "read": "verified"}[want]) {
			t.Errorf("%s: %+v", want, e.ID)
		}
		if want == "read" && (e.Card == nil || len(e.Card.Certificates) != 2) {
			t.Errorf("%+v", e.Card)
		}
	}
	remove()
	if e := next(); e.Event != "no-card" {
		t.Errorf("%+v", e)
	}
	cancel()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
