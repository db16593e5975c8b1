package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/vpcd"
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
	d, err := virtualcard.Shipped("medecin")
	if err != nil {
		t.Fatal(err)
	}
	card, err := virtualcard.New(d, time.Now(), virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	inserted, remove := context.WithCancel(ctx)
	gone := make(chan error, 1)
	go func() { gone <- vpcd.Insert(inserted, server.Address(0), card, nil) }()
	for _, want := range []string{"reading", "identified", "read"} {
		e := next()
		if e.Event != want || e.Reader != server.ReaderName(0) {
			t.Fatalf("%+v, want %s", e, want)
		}
		if want != "reading" && (e.ID == nil || e.ID.Value != "899700218896" || e.ID.Status != "verified") {
			t.Errorf("%s: %+v", want, e.ID)
		}
		if want == "read" && (e.Card == nil || len(e.Card.Certificates) != 2) {
			t.Errorf("%+v", e.Card)
		}
	}
	remove()
	<-gone
	if e := next(); e.Event != "no-card" {
		t.Errorf("%+v", e)
	}
	cancel()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if n := card.Counts().Presented; n != 0 {
		t.Errorf("%d VERIFY with data", n)
	}
}
