//go:build cgo && linux

package pcsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ebfe/scard"

	"postecpx/cardreader/iso7816"
	"postecpx/internal/pcscd"
)

// These tests run on the real pcscd, with cards that are fake.

func TestMain(m *testing.M) { pcscd.Main(m) }

// soon bounds what a working service does in milliseconds; atOnce is for what
// must not wait for anything. Both allow for a machine that is busy.
const (
	soon   = 15 * time.Second
	atOnce = 3 * time.Second
)

// watch starts a Watch, ends it with the test and returns what it tells.
func watch(t *testing.T, s *System) <-chan news {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan news, 100)
	ended := make(chan error, 1)
	go func() { ended <- s.Watch(ctx, func(r []Reader, err error) { told <- news{r, err} }) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch returned %v, want context.Canceled", err)
			}
		case <-time.After(soon):
			t.Error("Watch did not return when its context ended")
		}
	})
	return told
}

// await takes news until one is as wanted.
func await(t *testing.T, told <-chan news, what string, wanted func(news) bool) news {
	t.Helper()
	deadline := time.After(soon)
	var last news
	for {
		select {
		case n := <-told:
			if wanted(n) {
				return n
			}
			last = n
		case <-deadline:
			t.Fatalf("watch did not tell of %s; last it told %+v", what, last)
		}
	}
}

func present(n int) func(news) bool {
	return func(ne news) bool { return len(ne.readers) > n && ne.readers[n].Present }
}

func empty(n int) func(news) bool {
	return func(ne news) bool { return len(ne.readers) > n && !ne.readers[n].Present }
}

func none(n news) bool { return n.err == nil && len(n.readers) == 0 }

func broken(k Kind) func(news) bool {
	return func(n news) bool { return errors.Is(n.err, k) }
}

// insertAndConnect puts a card into reader 0 and connects to it.
func insertAndConnect(t *testing.T, server *pcscd.Server, card *fakeCard) *Card {
	t.Helper()
	waitFor(t, server.ReaderName(0), false) // vpcd hides an exchange that is too quick
	card.insert(t, server.Address(0))
	waitFor(t, server.ReaderName(0), true)
	return connect(t, server.ReaderName(0))
}

// waitFor waits until there is a card in the reader, or none.
func waitFor(t *testing.T, reader string, present bool) {
	t.Helper()
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		readers, err := New().Readers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(readers, func(r Reader) bool { return r.Name == reader && r.Present == present }) {
			return
		}
	}
	t.Fatalf("%s: card present is not %v", reader, present)
}

func connect(t *testing.T, reader string) *Card {
	t.Helper()
	c, err := New().Connect(t.Context(), reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func TestServiceInsertionAndRemoval(t *testing.T) {
	server := pcscd.Start(t)
	told := watch(t, New())
	first := await(t, told, "two empty readers", func(n news) bool { return len(n.readers) == 2 })
	for i, r := range first.readers {
		if r.Name != server.ReaderName(i) || r.Present || r.ATR != nil {
			t.Errorf("reader %d is %+v, want an empty %s", i, r, server.ReaderName(i))
		}
	}
	card := (&fakeCard{atr: atrOne}).insert(t, server.Address(0))
	in := await(t, told, "an insertion", present(0))
	if !bytes.Equal(in.readers[0].ATR, atrOne) {
		t.Errorf("ATR %X, want %X", in.readers[0].ATR, atrOne)
	}
	other := (&fakeCard{atr: atrTwo}).insert(t, server.Address(1))
	both := await(t, told, "a second insertion", present(1))
	if !both.readers[0].Present || !bytes.Equal(both.readers[1].ATR, atrTwo) {
		t.Errorf("with two cards: %+v", both.readers)
	}
	card.remove()
	out := await(t, told, "a removal", empty(0))
	if out.readers[0].Events <= in.readers[0].Events || out.readers[0].ATR != nil {
		t.Errorf("after the removal: %+v, before: %+v", out.readers[0], in.readers[0])
	}
	other.remove()
	await(t, told, "the second removal", empty(1))
}

func TestServiceTransaction(t *testing.T) {
	server := pcscd.Start(t)
	for _, atr := range [][]byte{atrOne, atrTwo} {
		t.Run(fmt.Sprintf("%X", atr), func(t *testing.T) {
			fake := &fakeCard{atr: atr, answer: []byte{1, 2, 3, 0x90, 0x00}}
			card := insertAndConnect(t, server, fake)
			if !bytes.Equal(card.ATR(), atr) {
				t.Errorf("ATR %X, want %X", card.ATR(), atr)
			}
			err := card.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
				for range 20 {
					got, err := tr.Transmit(t.Context(), selectMF)
					if err != nil {
						return err
					}
					if !bytes.Equal(got, fake.answer) {
						t.Errorf("response %X, want %X", got, fake.answer)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if n, _ := fake.count(); n != 20 {
				t.Errorf("the card saw %d commands, want 20", n)
			}
		})
	}
}

func TestServiceTwoReadersTwoCards(t *testing.T) {
	server := pcscd.Start(t)
	for n, atr := range [][]byte{atrOne, atrTwo} {
		(&fakeCard{atr: atr, answer: []byte{byte(n), 0x90, 0x00}}).insert(t, server.Address(n))
		waitFor(t, server.ReaderName(n), true)
	}
	for n, atr := range [][]byte{atrOne, atrTwo} {
		card := connect(t, server.ReaderName(n))
		if !bytes.Equal(card.ATR(), atr) {
			t.Errorf("reader %d: ATR %X, want %X", n, card.ATR(), atr)
		}
		err := card.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
			got, err := tr.Transmit(t.Context(), selectMF)
			if err == nil && got[0] != byte(n) {
				t.Errorf("reader %d: the card of reader %d answered", n, got[0])
			}
			return err
		})
		if err != nil {
			t.Errorf("reader %d: %v", n, err)
		}
	}
}

func TestServiceStartsLater(t *testing.T) {
	server := pcscd.Start(t)
	if err := server.Halt(); err != nil {
		t.Fatal(err)
	}
	if _, err := New().Readers(t.Context()); !errors.Is(err, ErrService) {
		t.Errorf("Readers without a service: %v, want ErrService", err)
	}
	if _, err := New().Connect(t.Context(), server.ReaderName(0)); !errors.Is(err, ErrService) {
		t.Errorf("Connect without a service: %v, want ErrService", err)
	}
	told := watch(t, New())
	await(t, told, "the missing service", broken(ErrService))
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	if d := time.Since(began); d > 2500*time.Millisecond {
		t.Errorf("the service was found after %v", d)
	}
}

func TestServiceRestartsWhileWatching(t *testing.T) {
	server := pcscd.Start(t)
	told := watch(t, New())
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	files := openFiles(t)
	for round := range 2 {
		end := server.Halt
		if round%2 == 1 {
			end = server.Kill
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		await(t, told, "the loss of the service", func(n news) bool { return n.err != nil })
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		await(t, told, "its return", func(n news) bool { return len(n.readers) == 2 })
		card := (&fakeCard{atr: atrOne}).insert(t, server.Address(0))
		await(t, told, "an insertion", present(0))
		card.remove()
		await(t, told, "a removal", empty(0))
	}
	// Sockets of the fake cards close a little later than the reader notices.
	var now int
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if now = openFiles(t); now <= files {
			return
		}
	}
	t.Errorf("%d files are open, %d before the restarts", now, files)
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func TestServiceDiesWhileReading(t *testing.T) {
	server := pcscd.Start(t)
	card := insertAndConnect(t, server, &fakeCard{atr: atrOne, silent: true})
	failed := make(chan error, 1)
	go func() { failed <- card.Transaction(t.Context(), transmitOnce(t.Context())) }()
	time.Sleep(50 * time.Millisecond)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		if !errors.Is(err, ErrService) {
			t.Errorf("%v, want ErrService", err)
		}
	case <-time.After(soon):
		t.Fatal("the transaction did not end with the service")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	again := insertAndConnect(t, server, &fakeCard{atr: atrOne})
	if err := again.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestServiceWithoutReaders(t *testing.T) {
	server := pcscd.Start(t, pcscd.WithoutReaders())
	if r, err := New().Readers(t.Context()); err != nil || len(r) != 0 {
		t.Errorf("Readers: %v, %v, want none and no error", r, err)
	}
	if _, err := New().Connect(t.Context(), server.ReaderName(0)); !errors.Is(err, ErrNoReader) {
		t.Errorf("Connect: %v, want ErrNoReader", err)
	}
	told := watch(t, New())
	await(t, told, "no reader", none)
	if err := server.Restart(pcscd.WithReaders()); err != nil {
		t.Fatal(err)
	}
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	if err := server.Restart(pcscd.WithoutReaders()); err != nil {
		t.Fatal(err)
	}
	await(t, told, "no reader again", none)
}

func TestServiceRemovalAtEachCommand(t *testing.T) {
	server := pcscd.Start(t)
	for _, leave := range []int{1, 3} {
		t.Run(fmt.Sprint(leave), func(t *testing.T) {
			card := insertAndConnect(t, server, &fakeCard{atr: atrOne, leave: leave})
			answered := 0
			err := card.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
				for {
					if _, err := tr.Transmit(t.Context(), selectMF); err != nil {
						return err
					}
					answered++
				}
			})
			if !errors.Is(err, ErrRemoved) {
				t.Errorf("%v, want ErrRemoved", err)
			}
			if answered != leave-1 {
				t.Errorf("%d answers, want %d", answered, leave-1)
			}
			if err := card.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrRemoved) {
				t.Errorf("the transaction after it: %v, want ErrRemoved", err)
			}
		})
	}
}

// A card that comes back must not continue what was begun with another.
func TestServiceRemovedAndReinserted(t *testing.T) {
	server := pcscd.Start(t)
	first := &fakeCard{atr: atrOne}
	card := insertAndConnect(t, server, first)
	if err := card.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
		t.Fatal(err)
	}
	first.remove()
	second := &fakeCard{atr: atrOne}
	other := insertAndConnect(t, server, second)
	if err := card.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrRemoved) {
		t.Errorf("%v, want ErrRemoved", err)
	}
	if n, _ := second.count(); n != 0 {
		t.Errorf("the second card saw %d commands of the first connection", n)
	}
	if err := other.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
		t.Errorf("the connection to the second card: %v", err)
	}
}

// otherProgram is a connection past this package, as another program has it.
func otherProgram(t *testing.T, reader string, mode scard.ShareMode) *scard.Card {
	t.Helper()
	ctx, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	card, err := ctx.Connect(reader, mode, scard.ProtocolT0|scard.ProtocolT1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = card.Disconnect(scard.LeaveCard) // some tests do it before
		if err := ctx.Release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	return card
}

func TestServiceHeldExclusively(t *testing.T) {
	server := pcscd.Start(t)
	reader := server.ReaderName(0)
	(&fakeCard{atr: atrOne}).insert(t, server.Address(0))
	waitFor(t, reader, true)
	other := otherProgram(t, reader, scard.ShareExclusive)
	began := time.Now()
	if _, err := New().Connect(t.Context(), reader); !errors.Is(err, ErrBusy) {
		t.Errorf("Connect: %v, want ErrBusy", err)
	}
	if d := time.Since(began); d > atOnce {
		t.Errorf("that took %v", d)
	}
	// pcscd needs a moment to show it in the state.
	shown := false
	for deadline := time.Now().Add(soon); !shown && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		readers, err := New().Readers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shown = readers[0].Exclusive
	}
	if !shown {
		t.Error("the reader is not shown as held exclusively")
	}
	if err := other.Disconnect(scard.LeaveCard); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(soon); ; time.Sleep(10 * time.Millisecond) {
		card, err := New().Connect(t.Context(), reader)
		if err == nil {
			if err := card.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		if !errors.Is(err, ErrBusy) || time.Now().After(deadline) {
			t.Fatalf("after the other left: %v", err)
		}
	}
}

func TestServiceTransactionOfAnother(t *testing.T) {
	server := pcscd.Start(t)
	reader := server.ReaderName(0)
	card := insertAndConnect(t, server, &fakeCard{atr: atrOne})
	other := otherProgram(t, reader, scard.ShareShared)
	if err := other.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := card.Transaction(ctx, transmitOnce(ctx)); !errors.Is(err, ErrBusy) || !errors.Is(err, ErrTimeout) {
		t.Errorf("Transaction: %v, want ErrBusy for ErrTimeout", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := New().Connect(ctx, reader); !errors.Is(err, ErrTimeout) || !errors.Is(err, ErrBusy) {
		t.Errorf("Connect: %v, want ErrBusy for ErrTimeout", err)
	}
	if err := other.EndTransaction(scard.LeaveCard); err != nil {
		t.Fatal(err)
	}
	noneStuck(t)
	again := connect(t, reader)
	if err := again.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
		t.Errorf("after the other's transaction: %v", err)
	}
}

// noneStuck waits until every call that was given up has ended.
func noneStuck(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(soon); stuck.Load() != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls are still blocked", stuck.Load())
		}
	}
}

func TestServiceWaitsForAShortTransaction(t *testing.T) {
	server := pcscd.Start(t)
	card := insertAndConnect(t, server, &fakeCard{atr: atrOne})
	other := otherProgram(t, server.ReaderName(0), scard.ShareShared)
	if err := other.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	time.AfterFunc(200*time.Millisecond, func() { ended <- other.EndTransaction(scard.LeaveCard) })
	if err := card.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServiceResetByAnother(t *testing.T) {
	server := pcscd.Start(t)
	fake := &fakeCard{atr: atrOne}
	card := insertAndConnect(t, server, fake)
	for _, reset := range []struct {
		name string
		do   func() error
	}{
		{"reconnect", func() error {
			return otherProgram(t, server.ReaderName(0), scard.ShareShared).Reconnect(scard.ShareShared, scard.ProtocolT0, scard.ResetCard)
		}},
		{"disconnect", func() error {
			return otherProgram(t, server.ReaderName(0), scard.ShareShared).Disconnect(scard.ResetCard)
		}},
		{"unpower", func() error {
			return otherProgram(t, server.ReaderName(0), scard.ShareShared).Reconnect(scard.ShareShared, scard.ProtocolT0, scard.UnpowerCard)
		}},
	} {
		if err := reset.do(); err != nil {
			t.Fatal(err)
		}
		if err := card.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrReset) {
			t.Errorf("%s: %v, want ErrReset", reset.name, err)
		}
		if err := card.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
			t.Errorf("%s: the transaction after it: %v", reset.name, err)
		}
	}
}

func TestServiceCloseLeavesTheCardAndCloseResetDoesNot(t *testing.T) {
	server := pcscd.Start(t)
	fake := &fakeCard{atr: atrOne}
	watching := insertAndConnect(t, server, fake)
	for _, test := range []struct {
		close func(*Card) error
		want  error
	}{{(*Card).Close, nil}, {(*Card).CloseReset, ErrReset}} {
		card := connect(t, server.ReaderName(0))
		if err := card.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
			t.Fatal(err)
		}
		_, before := fake.count()
		if err := test.close(card); err != nil {
			t.Error(err)
		}
		_, after := fake.count()
		if (after > before) != (test.want != nil) {
			t.Errorf("the card was reset %d times", after-before)
		}
		if err := watching.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, test.want) {
			t.Errorf("another connection then gets %v, want %v", err, test.want)
		}
	}
}

func TestServiceMuteCard(t *testing.T) {
	server := pcscd.Start(t)
	told := watch(t, New())
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	(&fakeCard{atr: atrMute}).insert(t, server.Address(0))
	n := await(t, told, "a card", present(0))
	if r := n.readers[0]; !r.Mute || r.ATR != nil {
		t.Errorf("told %+v, want a mute card", r)
	}
	if _, err := New().Connect(t.Context(), server.ReaderName(0)); !errors.Is(err, ErrMute) {
		t.Errorf("Connect: %v, want ErrMute", err)
	}
}

func TestServiceCardThatNeverAnswers(t *testing.T) {
	server := pcscd.Start(t)
	fake := &fakeCard{atr: atrOne, silent: true}
	card := insertAndConnect(t, server, fake)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := card.Transaction(ctx, transmitOnce(ctx)); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v, want ErrTimeout", err)
	}
	if d := time.Since(began); d > atOnce {
		t.Errorf("that took %v", d)
	}
	fake.remove()
	noneStuck(t)
}

func TestServiceHangs(t *testing.T) {
	server := pcscd.Start(t)
	told := watch(t, New())
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := New().Readers(ctx); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v, want ErrTimeout", err)
	}
	if d := time.Since(began); d > atOnce {
		t.Errorf("that took %v", d)
	}
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	noneStuck(t)
	(&fakeCard{atr: atrOne}).insert(t, server.Address(0))
	await(t, told, "an insertion after the pause", present(0))
}

func TestServiceWatchEndsWhileItHangs(t *testing.T) {
	server := pcscd.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan news, 10)
	ended := make(chan error, 1)
	go func() { ended <- New().Watch(ctx, func(r []Reader, err error) { told <- news{r, err} }) }()
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v", err)
		}
	case <-time.After(soon):
		t.Error("Watch waits for a service that hangs")
	}
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
}

func TestServiceWatchEndsAtOnce(t *testing.T) {
	pcscd.Start(t)
	for range 30 { // also before the wait has begun
		ctx, cancel := context.WithCancel(t.Context())
		began := make(chan struct{}, 100)
		ended := make(chan error, 1)
		go func() { ended <- New().Watch(ctx, func([]Reader, error) { began <- struct{}{} }) }()
		<-began
		cancel()
		at := time.Now()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v", err)
		}
		if d := time.Since(at); d > atOnce {
			t.Errorf("Watch returned after %v", d)
		}
	}
}

// The module keeps the name of a reader alive for one wait only; two at a time
// on one reader made it use freed memory. The runtime is told to overwrite what
// it frees, which only another process can ask for.
func TestServiceManyWaitsOnOneReader(t *testing.T) {
	const child = "PCSC_TEST_MANY_WAITS"
	if os.Getenv(child) == "" {
		pcscd.Start(t)
		c := exec.Command(os.Args[0], "-test.run=^TestServiceManyWaitsOnOneReader$")
		c.Env = append(os.Environ(), child+"=1", "GODEBUG=clobberfree=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s, err := scardDriver{}.establish()
			if err != nil {
				t.Error(err)
				return
			}
			for range 300 {
				states := []state{{reader: "Virtual PCD 00 00"}}
				if err := s.wait(states, 0); err != nil {
					t.Error(err)
				}
				runtime.GC()
			}
			if err := s.release(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestServiceReadersWhileWatching(t *testing.T) {
	server := pcscd.Start(t)
	told := watch(t, New())
	await(t, told, "two readers", func(n news) bool { return len(n.readers) == 2 })
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				if r, err := New().Readers(t.Context()); err != nil || len(r) != 2 {
					t.Errorf("Readers: %v, %v", r, err)
					return
				}
			}
		})
	}
	all.Wait()
	(&fakeCard{atr: atrOne}).insert(t, server.Address(0))
	await(t, told, "an insertion", present(0))
}

// Several connections to one card: a transaction is not interrupted.
func TestServiceTransactionsDoNotMix(t *testing.T) {
	server := pcscd.Start(t)
	fake := &fakeCard{atr: atrOne}
	fake.insert(t, server.Address(0))
	waitFor(t, server.ReaderName(0), true)
	const programs, rounds, run = 3, 3, 5
	var all sync.WaitGroup
	for p := range programs {
		card := connect(t, server.ReaderName(0))
		all.Go(func() {
			for range rounds {
				err := card.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
					for range run {
						if _, err := tr.Transmit(t.Context(), []byte{0, 0xB0, 0, byte(p), 1}); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	fake.mu.Lock()
	defer fake.mu.Unlock()
	if len(fake.seen) != programs*rounds*run {
		t.Fatalf("the card saw %d commands, want %d", len(fake.seen), programs*rounds*run)
	}
	for i := 0; i < len(fake.seen); i += run {
		for _, c := range fake.seen[i : i+run] {
			if c[3] != fake.seen[i][3] {
				t.Fatalf("a transaction was interrupted: %X", fake.seen[i:i+run])
			}
		}
	}
}

func TestServiceOddResponses(t *testing.T) {
	server := pcscd.Start(t)
	for _, length := range []int{1, 60000} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			card := insertAndConnect(t, server, &fakeCard{atr: atrOne, answer: make([]byte, length)})
			err := card.Transaction(t.Context(), transmitOnce(t.Context()))
			if !errors.Is(err, iso7816.ErrResponseForm) || !errors.Is(err, ErrMute) {
				t.Errorf("%v, want ErrMute for ErrResponseForm", err)
			}
		})
	}
}

func TestServiceATRs(t *testing.T) {
	server := pcscd.Start(t)
	long := append([]byte{0x3B, 0x0F}, make([]byte, 31)...)
	for _, test := range []struct {
		atr  []byte
		want error
	}{{[]byte{0x3B}, ErrMute}, {[]byte{0xFF, 0xFF, 0xFF, 0xFF}, ErrMute}, {[]byte{0x3F, 0x00}, nil}, {long, nil}} {
		t.Run(fmt.Sprintf("%X", test.atr), func(t *testing.T) {
			waitFor(t, server.ReaderName(0), false)
			(&fakeCard{atr: test.atr}).insert(t, server.Address(0))
			waitFor(t, server.ReaderName(0), true)
			readers, err := New().Readers(t.Context())
			if err != nil || !bytes.Equal(readers[0].ATR, test.atr) {
				t.Errorf("Readers: %+v, %v", readers, err)
			}
			card, err := New().Connect(t.Context(), server.ReaderName(0))
			if !errors.Is(err, test.want) {
				t.Errorf("Connect: %v, want %v", err, test.want)
			}
			if err != nil {
				return
			}
			if !bytes.Equal(card.ATR(), test.atr) {
				t.Errorf("ATR %X", card.ATR())
			}
			if err := card.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A daemon that refuses the client or is of another version, in front of the
// real library: messages of winscard_msg.h.
func TestServiceRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(net.Conn)
		want   Kind
	}{
		{"policy", func(c net.Conn) { time.Sleep(20 * time.Millisecond) }, ErrAccess},
		{"version", func(c net.Conn) {
			message := make([]byte, 20) // size, command; major, minor, result
			if _, err := io.ReadFull(c, message); err != nil {
				t.Error(err)
			}
			binary.NativeEndian.PutUint32(message[8:], 4)
			binary.NativeEndian.PutUint32(message[12:], 99)
			binary.NativeEndian.PutUint32(message[16:], uint32(codeServiceStopped))
			if _, err := c.Write(message[8:]); err != nil {
				t.Error(err)
			}
		}, ErrProtocolMismatch},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := pcscd.Start(t)
			if err := server.Halt(); err != nil {
				t.Fatal(err)
			}
			listener, err := net.Listen("unix", pcscd.Socket)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for {
					c, err := listener.Accept()
					if err != nil {
						return
					}
					test.answer(c)
					c.Close()
				}
			}()
			if _, err := New().Readers(t.Context()); !errors.Is(err, test.want) {
				t.Errorf("Readers: %v, want %v", err, test.want)
			}
			await(t, watch(t, New()), "the refusal", broken(test.want))
		})
	}
}

// From here on, what only a fake daemon can do in front of the real library.

func names(want ...string) func(news) bool {
	return func(n news) bool {
		return n.err == nil && slices.EqualFunc(n.readers, want, func(r Reader, name string) bool { return r.Name == name })
	}
}

func TestDaemonReadersComeAndGo(t *testing.T) {
	d := startFakeDaemon(t)
	told := watch(t, New())
	await(t, told, "no reader", none)
	for range 5 { // with the wait begun, and with the wait beginning
		d.plug("Gem 00 00")
		await(t, told, "a first reader", names("Gem 00 00"))
		d.plug("Gem 01 00")
		d.plug("Gem 01 01") // the second slot, at once
		await(t, told, "three readers", names("Gem 00 00", "Gem 01 00", "Gem 01 01"))
		d.set(func() { d.readers[0].name = "Gem 02 00" })
		await(t, told, "a reader of another name", names("Gem 02 00", "Gem 01 00", "Gem 01 01"))
		d.set(func() { d.readers[2].atr, d.readers[2].events = atrOne, 1 })
		await(t, told, "an insertion", present(2))
		d.unplug("Gem 01 00")
		d.unplug("Gem 01 01")
		d.unplug("Gem 02 00")
		await(t, told, "no reader", none)
	}
}

// pcsc-lite 1.9 tells nothing of a reader that comes between the list and the
// wait.
func TestDaemonReaderBetweenListAndWait(t *testing.T) {
	d := startFakeDaemon(t, "Gem 00 00")
	d.mu.Lock()
	d.onWait = func() { d.onWait = func() { d.plug("Gem 00 01") } } // the second wait: the first only asks
	d.mu.Unlock()
	began := time.Now()
	await(t, watch(t, New()), "two readers", names("Gem 00 00", "Gem 00 01"))
	t.Logf("after %v", time.Since(began))
}

func TestDaemonWaitingCostsNothing(t *testing.T) {
	d := startFakeDaemon(t, "Gem 00 00")
	told := watch(t, New())
	await(t, told, "a reader", names("Gem 00 00"))
	last := New().times.recheck[len(New().times.recheck)-1]
	time.Sleep(last + 200*time.Millisecond)
	before := d.count()
	time.Sleep(2 * time.Second)
	if n := d.count() - before; n != 0 {
		t.Errorf("%d messages in two seconds without events", n)
	}
}
