package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/ui"
)

func bench() *workbench { return &workbench{ctx: context.Background()} }

// TestVirtualCards: all that are shipped can be had, each with each fault, and
// the fault shows.
func TestVirtualCards(t *testing.T) {
	t.Parallel()
	cards := bench().VirtualCards()
	if len(cards) != len(virtualcard.Names()) {
		t.Fatalf("%d cards of %d", len(cards), len(virtualcard.Names()))
	}
	for _, c := range cards {
		if c.Summary["fr"] == "" || c.Summary["en"] == "" {
			t.Errorf("%s is not described", c.Name)
		}
		sound, err := virtualCard(ui.SimulateOrder{Card: c.Name, Fault: ui.FaultNone}, cardtest.Today)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cps.Read(context.Background(), sound, sound.ATR(), cps.Options{}); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		for _, fault := range []ui.Fault{ui.FaultRemoved, ui.FaultSlow, ui.FaultError, ui.FaultTruncated, ui.FaultStrictLe, ui.FaultMute} {
			card, err := virtualCard(ui.SimulateOrder{Card: c.Name, Fault: fault}, cardtest.Today)
			if err != nil {
				t.Errorf("%s, %s: %v", c.Name, fault, err)
				continue
			}
			if fault == ui.FaultRemoved {
				if _, err := cps.Read(context.Background(), card, card.ATR(), cps.Options{}); !errors.Is(err, virtualcard.ErrRemoved) {
					t.Errorf("%s: it stays in: %v", c.Name, err)
				}
			}
		}
	}
	if _, err := virtualCard(ui.SimulateOrder{Card: "medecin", Fault: "none of them"}, cardtest.Today); err == nil {
		t.Error("a fault that is none")
	}
}

func TestSimulateWithoutReader(t *testing.T) {
	t.Parallel()
	_, err := bench().simulate(context.Background(), "127.0.0.1:1", ui.SimulateOrder{Card: "medecin", Fault: ui.FaultNone}, func() { t.Error("it is in") })
	if !errors.Is(err, ui.ErrNoVirtualReader) {
		t.Errorf("%v", err)
	}
}

// TestTraceIsSaved: as text and as JSON, masked or not, and replaced only when
// that is said.
func TestTraceIsSaved(t *testing.T) {
	t.Parallel()
	source := cardreader.NewVirtual("Reader")
	source.Insert("Reader", cardtest.New(t, "medecin", cardtest.Today, virtualcard.Faults{}))
	recording, err := bench().trace(context.Background(), source, "Reader")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "exchanges")
	file := ui.TraceFile{Path: path, Form: ui.JSON, Document: recording.Document(false), Speaker: speaker(t)}
	read := func() string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if err := bench().SaveTrace(file); err != nil {
		t.Fatal(err)
	}
	if text := read(); !json.Valid([]byte(text)) || !strings.Contains(text, "XXXX") {
		t.Error("not a masked document")
	}
	file.Form, file.Document = ui.Text, recording.Document(true)
	if err := bench().SaveTrace(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("replaced: %v", err)
	}
	file.Replace = true
	if err := bench().SaveTrace(file); err != nil || !strings.Contains(read(), "READ BINARY") {
		t.Errorf("not replaced: %v", err)
	}
	file.Form = ui.JSON
	if err := bench().SaveTrace(file); err != nil {
		t.Fatal(err)
	}
	parsed, err := trace.Parse([]byte(read()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trace.NewReplay(parsed); err != nil {
		t.Errorf("it cannot be replayed: %v", err)
	}
	file.Form = ui.HTML
	if err := bench().SaveTrace(file); err == nil {
		t.Error("a form that there is not")
	}
	if err := saveFile("exchanges", nil, nil, false); err == nil {
		t.Error("saved nowhere")
	}
}
