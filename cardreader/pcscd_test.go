package cardreader

import (
	"context"
	"errors"
	"testing"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/pcscd"
)

func TestMain(m *testing.M) { pcscd.Main(m) }

// settled waits until the readers of the real pcscd hold, or do not hold, a
// card in the first.
func settled(t *testing.T, source Source, present bool) {
	t.Helper()
	for range 500 {
		readers, err := source.Readers(context.Background())
		if err == nil && len(readers) > 0 && readers[0].Present == present && (!present || len(readers[0].ATR) > 0) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the first reader never comes to present = %v", present)
}

func TestReadOnPCSCD(t *testing.T) {
	server := pcscd.Start(t)
	source := PCSC()
	for name, want := range map[string]string{"medecin": doctor, "pharmacien": "899700075122", "employe-etablissement": "3990000010/000000018"} {
		card := shipped(t, name, virtualcard.Faults{})
		remove := cardtest.Plug(t, server.Address(0), card)
		settled(t, source, true)
		before := card.Counts().Exchanges
		read, err := ReadCard(context.Background(), source, server.ReaderName(0), cps.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if read.Identifier.Value != want || read.Identifier.Status != cps.Verified {
			t.Errorf("%s: %+v", name, read.Identifier)
		}
		// PC/SC adds nothing to what is counted, and hides nothing.
		if seen := card.Counts().Exchanges - before; seen != read.Exchanges {
			t.Errorf("%s: the card saw %d exchanges, %d counted", name, seen, read.Exchanges)
		}
		remove()
		settled(t, source, false)
	}
}

// TestRemovalOnPCSCD takes the card out at one exchange after another: it is
// always said that it left, and never in time to guess.
func TestRemovalOnPCSCD(t *testing.T) {
	server := pcscd.Start(t)
	source := PCSC()
	for at := 1; at <= 36; at += 5 {
		card := shipped(t, "medecin", virtualcard.Faults{RemoveAt: at})
		remove := cardtest.Plug(t, server.Address(0), card)
		settled(t, source, true)
		read, err := ReadCard(context.Background(), source, server.ReaderName(0), cps.Options{})
		if err == nil || StageOf(err) != NoCard && StageOf(err) != Mute {
			t.Errorf("removed at %d: card %v, %v", at, read != nil, err)
		}
		remove()
		settled(t, source, false)
	}
}

func TestMonitorOnPCSCD(t *testing.T) {
	server := pcscd.Start(t)
	f := monitorOf(t, PCSC())
	f.until("no-card, no-card")
	remove := cardtest.Plug(t, server.Address(0), shipped(t, "medecin", virtualcard.Faults{}))
	f.until("read " + doctor + ", no-card")
	cardtest.Plug(t, server.Address(1), shipped(t, "pharmacien", virtualcard.Faults{}))
	f.until("read " + doctor + ", read 899700075122")
	remove()
	f.until("no-card, read 899700075122")

	// The service goes and comes back.
	if err := server.Halt(); err != nil {
		t.Fatal(err)
	}
	f.until("no service")
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	f.until("no-card, no-card")
	cardtest.Plug(t, server.Address(0), shipped(t, "medecin", virtualcard.Faults{}))
	f.until("read " + doctor + ", no-card")
}

// TestSharedOnPCSCD: another program is connected, and then holds the card for
// itself.
func TestSharedOnPCSCD(t *testing.T) {
	server := pcscd.Start(t)
	source := PCSC()
	cardtest.Plug(t, server.Address(0), shipped(t, "medecin", virtualcard.Faults{}))
	settled(t, source, true)
	other, err := pcsc.New().Connect(context.Background(), server.ReaderName(0))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if read, err := ReadCard(context.Background(), source, server.ReaderName(0), cps.Options{}); err != nil || read.Identifier.Value != doctor {
		t.Errorf("beside another program: %v", err)
	}
	if _, err := ReadCard(context.Background(), source, "Nowhere", cps.Options{}); !errors.Is(err, pcsc.ErrNoReader) {
		t.Errorf("%v", err)
	}
}
