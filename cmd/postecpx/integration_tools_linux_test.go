package main

import (
	"context"
	"testing"
	"time"

	"postecpx/internal/pcscd"
	"postecpx/ui"
)

// TestSimulateAndTrace: a virtual card is put into a real reader, its exchanges
// are recorded through the service, and it is taken out.
func TestSimulateAndTrace(t *testing.T) {
	server := pcscd.Start(t)
	ctx, take := context.WithCancel(t.Context())
	inserted := make(chan struct{})
	type end struct {
		outcome ui.Simulation
		err     error
	}
	ended := make(chan end, 1)
	go func() {
		outcome, err := bench().simulate(ctx, server.Address(0), ui.SimulateOrder{Card: "pharmacien", Fault: ui.FaultNone}, func() { close(inserted) })
		ended <- end{outcome, err}
	}()
	select {
	case <-inserted:
	case e := <-ended:
		t.Fatal(e.err)
	case <-time.After(20 * time.Second):
		t.Fatal("the reader does not take the card")
	}
	exchanges := 0
	for begin := time.Now(); exchanges == 0; time.Sleep(50 * time.Millisecond) {
		recording, err := bench().Trace(t.Context(), "Virtual PCD 00 00") // the service sees it after a while
		if exchanges = len(recording.Exchanges); err != nil && time.Since(begin) > 20*time.Second {
			t.Fatal(err)
		}
	}
	take()
	if e := <-ended; e.err != nil || e.outcome.Exchanges < exchanges || e.outcome.Presented != 0 || e.outcome.Removed {
		t.Errorf("%d exchanges recorded; %+v", exchanges, e)
	}
}
