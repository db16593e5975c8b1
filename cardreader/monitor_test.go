package cardreader

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
)

func shipped(t testing.TB, name string, faults virtualcard.Faults) *virtualcard.Card {
	t.Helper()
	return cardtest.New(t, name, cardtest.Today, faults)
}

// follow runs a Monitor and lets a test wait for what it says.
type follow struct {
	t         *testing.T
	snapshots chan Snapshot
	seen      []string
}

func monitorOf(t *testing.T, source Source) *follow {
	t.Helper()
	f := &follow{t: t, snapshots: make(chan Snapshot, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Monitor(ctx, source, func(s Snapshot) { f.snapshots <- s }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Monitor ended with %v", err)
		}
	})
	return f
}

func summary(s Snapshot) string {
	if s.Service != nil {
		return "no service"
	}
	var all []string
	for _, r := range s.Readers {
		word := string(r.Stage)
		if r.Card != nil {
			word += " " + r.Card.Identifier.Value
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

// until waits for a Snapshot whose summary is want, and returns it.
func (f *follow) until(want string) Snapshot {
	f.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case s := <-f.snapshots:
			f.seen = append(f.seen, summary(s))
			if summary(s) == want {
				return s
			}
		case <-deadline:
			f.t.Fatalf("never %q; seen %q", want, f.seen)
		}
	}
}

const doctor = "899700218896"

func TestMonitorFollowsACard(t *testing.T) {
	t.Parallel()
	source := NewVirtual("one")
	f := monitorOf(t, source)
	f.until("no-card")
	source.Insert("one", shipped(t, "medecin", virtualcard.Faults{}))
	f.until("identified " + doctor)
	s := f.until("read " + doctor)
	if c := s.Readers[0].Card; len(c.Certificates) != 2 || c.Identifier.Status != cps.Verified {
		t.Errorf("%+v", c)
	}
	source.Remove("one")
	f.until("no-card")
	source.Insert("one", shipped(t, "pharmacien", virtualcard.Faults{}))
	f.until("read 899700075122")
}

func TestMonitorSwap(t *testing.T) {
	t.Parallel()
	source := NewVirtual("one")
	source.Insert("one", shipped(t, "medecin", virtualcard.Faults{Delay: 3 * time.Millisecond}))
	f := monitorOf(t, source)
	f.until("reading")
	// Another card in its place, in the middle of the reading.
	source.Insert("one", shipped(t, "pharmacien", virtualcard.Faults{}))
	s := f.until("read 899700075122")
	if s.Readers[0].Card.Number != "8042990299" {
		t.Errorf("number %s", s.Readers[0].Card.Number)
	}
	for _, seen := range f.seen {
		if seen == "read "+doctor {
			t.Errorf("the first card was told after it had left: %q", f.seen)
		}
	}
}

func TestMonitorStates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults virtualcard.Faults
		want   string
	}{
		"mute":              {virtualcard.Faults{MuteAt: 1}, "mute"},
		"vitale":            {virtualcard.Faults{ATR: []byte("\x3B\x75\x13\x00\x00\x47\x09\xEA\x90\x00")}, "not-cpx"},
		"damaged ATR":       {virtualcard.Faults{ATR: []byte{0x3B}}, "not-cpx"},
		"no directory":      {virtualcard.Faults{Truncate: map[string]int{"EF.ODF": 0}}, "unreadable"},
		"removed meanwhile": {virtualcard.Faults{RemoveAt: 9}, "no-card"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := NewVirtual("one")
			card := shipped(t, "medecin", tt.faults)
			source.Insert("one", card)
			f := monitorOf(t, source)
			s := f.until(tt.want)
			if tt.want == "not-cpx" && card.Counts().Exchanges != 0 {
				t.Errorf("%d exchanges with a card that is no CPx", card.Counts().Exchanges)
			}
			if tt.want == "unreadable" && !errors.Is(s.Readers[0].Err, cps.ErrUnreadable) {
				t.Errorf("error %v", s.Readers[0].Err)
			}
			if name == "vitale" && s.Readers[0].CardName.Kind != "vitale" {
				t.Error("the Vitale card is not named")
			}
		})
	}
}

func TestMonitorServiceComesAndGoes(t *testing.T) {
	t.Parallel()
	source := NewVirtual("one", "two")
	source.Fail(pcsc.ErrService)
	f := monitorOf(t, source)
	if s := f.until("no service"); !errors.Is(s.Service, pcsc.ErrService) {
		t.Errorf("service: %v", s.Service)
	}
	source.Fail(nil)
	f.until("no-card, no-card")
	source.Insert("two", shipped(t, "medecin", virtualcard.Faults{}))
	f.until("no-card, read " + doctor)
	source.Fail(pcsc.ErrService)
	f.until("no service")
	source.Fail(nil)
	f.until("no-card, read " + doctor)
}

// resetting is a connection whose card another program resets, the first
// times.
type resetting struct {
	Connection
	left int
}

func (r *resetting) Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error {
	if r.left > 0 {
		r.left--
		return pcsc.ErrReset
	}
	return r.Connection.Transaction(ctx, do)
}

type resettingSource struct {
	*Virtual
	resets int
}

func (s resettingSource) Connect(ctx context.Context, reader string) (Connection, error) {
	c, err := s.Virtual.Connect(ctx, reader)
	return &resetting{c, s.resets}, err
}

func TestResetByAnotherProgram(t *testing.T) {
	t.Parallel()
	source := NewVirtual("one")
	source.Insert("one", shipped(t, "medecin", virtualcard.Faults{}))
	card, err := ReadCard(context.Background(), resettingSource{source, 1}, "one", cps.Options{})
	if err != nil || card.Identifier.Value != doctor {
		t.Errorf("after one reset: %v", err)
	}
	if _, err := ReadCard(context.Background(), resettingSource{source, 99}, "one", cps.Options{}); !errors.Is(err, ErrShared) || StageOf(err) != Busy {
		t.Errorf("after many resets: %v", err)
	}
}

// held is a Source whose card another program holds for itself at first.
type held struct {
	*Virtual
	changes chan []pcsc.Reader
}

func (h held) Watch(ctx context.Context, changed func([]pcsc.Reader, error)) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case readers := <-h.changes:
			changed(readers, nil)
		}
	}
}

func TestMonitorTriesAgainWhenTheCardIsLetGo(t *testing.T) {
	t.Parallel()
	virtual := NewVirtual("one")
	virtual.Insert("one", shipped(t, "medecin", virtualcard.Faults{}))
	readers, _ := virtual.Readers(context.Background())
	virtual.Fail(pcsc.ErrBusy)
	source := held{virtual, make(chan []pcsc.Reader, 3)}
	f := monitorOf(t, source)
	exclusive := readers[0]
	exclusive.Exclusive = true
	source.changes <- []pcsc.Reader{exclusive}
	f.until("busy")
	virtual.Fail(nil)
	source.changes <- readers
	f.until("read " + doctor)
}

// TestMonitorTriesAgainByItself: the service tells nothing when the other
// program lets go of the card.
func TestMonitorTriesAgainByItself(t *testing.T) {
	t.Parallel()
	virtual := NewVirtual("one")
	virtual.Insert("one", shipped(t, "medecin", virtualcard.Faults{}))
	readers, _ := virtual.Readers(context.Background())
	virtual.Fail(pcsc.ErrBusy)
	source := held{virtual, make(chan []pcsc.Reader, 1)}
	f := monitorOf(t, source)
	source.changes <- readers
	f.until("busy")
	virtual.Fail(nil)
	f.until("read " + doctor)
}

func TestReadCardErrors(t *testing.T) {
	t.Parallel()
	source := NewVirtual("empty", "full")
	source.Insert("full", shipped(t, "medecin", virtualcard.Faults{RemoveAt: 4}))
	for reader, want := range map[string]error{"empty": pcsc.ErrNoCard, "none": pcsc.ErrNoReader, "full": pcsc.ErrRemoved} {
		if _, err := ReadCard(context.Background(), source, reader, cps.Options{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", reader, err, want)
		}
	}
}
