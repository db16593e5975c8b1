package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"postecpx/cardreader/iso7816"
)

var selectMF = []byte{0x00, 0xA4, 0x00, 0x00, 0x02, 0x3F, 0x00}

// withCard runs do with a connection to a card in reader A of f, under virtual
// time, and then closes it and looks whether all was released.
func withCard(t *testing.T, do func(t *testing.T, f *fakeService, c *Card)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeService("A")
		f.insert("A", atrOne)
		c, err := f.system().Connect(t.Context(), "A")
		if err != nil {
			t.Fatal(err)
		}
		do(t, f, c)
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		synctest.Wait()
		if contexts, cards := f.opened(); contexts != 0 || cards != 0 {
			t.Errorf("%d contexts and %d connections stay open", contexts, cards)
		}
		if f.locked {
			t.Error("the transaction is still held")
		}
		if n := stuck.Load(); n != 0 {
			t.Errorf("%d calls still count as blocked", n)
		}
	})
}

func transmitOnce(ctx context.Context) func(iso7816.Transmitter) error {
	return func(tr iso7816.Transmitter) error {
		_, err := tr.Transmit(ctx, selectMF)
		return err
	}
}

func TestTransaction(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		if !bytes.Equal(c.ATR(), atrOne) {
			t.Errorf("ATR %X", c.ATR())
		}
		err := c.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
			if !f.locked {
				t.Error("not in a transaction")
			}
			response, err := tr.Transmit(t.Context(), selectMF)
			if !bytes.Equal(response, f.answer) {
				t.Errorf("response %X, want %X", response, f.answer)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if len(f.sent) != 1 || !bytes.Equal(f.sent[0], selectMF) {
			t.Errorf("the card saw %X", f.sent)
		}
		if f.resets != 0 {
			t.Error("the card was reset")
		}
	})
}

func TestConnectSaysWhatHinders(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(*fakeService)
		want  Kind
	}{
		{"service stopped", func(f *fakeService) { f.down = codeNoService }, ErrService},
		{"access refused", func(f *fakeService) { f.down = codeSecurity }, ErrAccess},
		{"no such reader", func(f *fakeService) { f.unplug("A") }, ErrNoReader},
		{"empty reader", func(f *fakeService) { f.remove("A") }, ErrNoCard},
		{"mute card", func(f *fakeService) { f.insert("A", nil, stateMute) }, ErrMute},
		{"held by another", func(f *fakeService) { f.insert("A", atrOne, stateExclusive) }, ErrBusy},
		{"taken by another meanwhile", func(f *fakeService) { f.fail(opConnect, codeSharing) }, ErrBusy},
		{"card refused by policy", func(f *fakeService) { f.fail(opConnect, codeSecurity) }, ErrAccess},
		{"removed while connecting", func(f *fakeService) { f.beforeOp[opConnect] = func() { f.remove("A") } }, ErrNoCard},
		{"removed after connecting", func(f *fakeService) { f.beforeOp[opStatus] = func() { f.remove("A") } }, ErrRemoved},
		{"reader unplugged after connecting", func(f *fakeService) { f.beforeOp[opStatus] = func() { f.unplug("A") } }, ErrNoReader},
		{"ATR too long", func(f *fakeService) { f.insert("A", make([]byte, 34)) }, ErrOther},
		{"panic", func(f *fakeService) { f.panics[opConnect] = true }, ErrOther},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeService("A")
				f.insert("A", atrOne)
				test.setup(f)
				_, err := f.system().Connect(t.Context(), "A")
				if !errors.Is(err, test.want) {
					t.Errorf("Connect: %v, want %v", err, test.want)
				}
				synctest.Wait()
				if contexts, cards := f.opened(); contexts != 0 || cards != 0 {
					t.Errorf("%d contexts and %d connections stay open", contexts, cards)
				}
			})
		})
	}
}

func TestConnectRefusesNames(t *testing.T) {
	for _, name := range []string{"", "A\x00", "\x00"} {
		f := newFakeService("A")
		if _, err := f.system().Connect(t.Context(), name); !errors.Is(err, ErrNoReader) {
			t.Errorf("%q: %v, want ErrNoReader", name, err)
		}
		if n := f.counted()[opEstablish]; n != 0 {
			t.Errorf("%q went to the service", name)
		}
	}
}

// A dying pcscd cuts a connection, which looks like a refusal.
func TestEstablishAsksTwiceWhenCutOff(t *testing.T) {
	for _, cut := range []error{codeSecurity, codeCommunication} {
		f := newFakeService("A")
		f.fail(opEstablish, cut)
		if r, err := f.system().Readers(t.Context()); err != nil || len(r) != 1 {
			t.Errorf("%v: %v, %v", cut, r, err)
		}
	}
}

// Another program's reset: the caller gets ErrReset, and the connection serves
// again.
func TestTransactionReset(t *testing.T) {
	for _, op := range []string{opBegin, opTransmit} {
		t.Run(op, func(t *testing.T) {
			withCard(t, func(t *testing.T, f *fakeService, c *Card) {
				f.fail(op, codeReset)
				if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrReset) {
					t.Fatalf("%v, want ErrReset", err)
				}
				if n := f.counted()[opReconnect]; n != 1 {
					t.Errorf("reconnected %d times, want once", n)
				}
				if err := c.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
					t.Errorf("the transaction after it: %v", err)
				}
			})
		})
	}
}

// Reconnecting accepts whatever is in the reader: another card must not pass
// for the first, even with the same ATR.
func TestTransactionResetAndSwapped(t *testing.T) {
	for _, op := range []string{opBegin, opTransmit} {
		for _, atr := range [][]byte{atrOne, atrTwo, nil} {
			t.Run(fmt.Sprintf("%s then %X", op, atr), func(t *testing.T) {
				withCard(t, func(t *testing.T, f *fakeService, c *Card) {
					f.fail(op, codeReset)
					f.set(func() {
						f.beforeOp[opReconnect] = func() {
							f.remove("A")
							if atr != nil {
								f.insert("A", atr)
							}
						}
					})
					err := c.Transaction(t.Context(), transmitOnce(t.Context()))
					if !errors.Is(err, ErrRemoved) || errors.Is(err, ErrReset) {
						t.Fatalf("%v, want ErrRemoved", err)
					}
					if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrClosed) {
						t.Errorf("the transaction after it: %v, want ErrClosed", err)
					}
				})
			})
		}
	}
}

func TestNoCommandFollowsALoss(t *testing.T) {
	for _, lost := range []code{codeReset, codeRemoved, codeNoCard, codeInvalidHandle} {
		withCard(t, func(t *testing.T, f *fakeService, c *Card) {
			f.fail(opTransmit, lost)
			err := c.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
				for range 3 {
					if _, err := tr.Transmit(t.Context(), selectMF); err == nil {
						t.Error("a command went through")
					}
				}
				return nil // as if nothing had been
			})
			if err == nil {
				t.Errorf("%v: the transaction reports no error", lost)
			}
			if n := f.counted()[opTransmit]; n != 1 {
				t.Errorf("%v: %d commands were sent, want 1", lost, n)
			}
		})
	}
}

func TestTransmitErrors(t *testing.T) {
	type c = code
	for _, test := range []struct {
		failure error
		after   func(*fakeService) // a little later
		want    Kind
	}{
		{codeRemoved, nil, ErrRemoved},
		{codeNoCard, nil, ErrRemoved},
		{codeReaderVanished, nil, ErrNoReader},
		{codeInvalidHandle, nil, ErrService},
		{codeCommunication, nil, ErrService},
		{c(109), nil, ErrService},
		{codeUnresponsive, nil, ErrMute},
		{codeNotTransacted, nil, ErrMute},
		{codeNotTransacted, func(f *fakeService) { f.remove("A") }, ErrRemoved},
		{codeNotTransacted, func(f *fakeService) { f.remove("A"); f.insert("A", atrOne) }, ErrRemoved},
		{codeNotTransacted, func(f *fakeService) { f.unplug("A") }, ErrRemoved},
		{codeCardDataLost, func(f *fakeService) { f.remove("A") }, ErrRemoved},
		{c(0x80101234), nil, ErrOther},
		{errors.New("anything"), nil, ErrOther},
	} {
		t.Run(test.failure.Error(), func(t *testing.T) {
			withCard(t, func(t *testing.T, f *fakeService, c *Card) {
				f.fail(opTransmit, test.failure)
				if test.after != nil {
					go func() {
						time.Sleep(400 * time.Millisecond)
						test.after(f)
					}()
				}
				err := c.Transaction(t.Context(), transmitOnce(t.Context()))
				if !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
				var e *Error
				if !errors.As(err, &e) || e.Op != opTransmit {
					t.Errorf("%#v does not name %s", err, opTransmit)
				}
			})
		})
	}
}

func TestTransactionHeldByAnother(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		unblock := f.block(opBegin)
		began := time.Now()
		err := c.Transaction(t.Context(), func(iso7816.Transmitter) error {
			t.Error("ran without the transaction")
			return nil
		})
		if !errors.Is(err, ErrBusy) || !errors.Is(err, ErrTimeout) {
			t.Errorf("%v, want ErrBusy for ErrTimeout", err)
		}
		if d := time.Since(began); d != callLimit {
			t.Errorf("it took %v", d)
		}
		unblock() // the transaction comes too late and must not stay
	})
}

func TestConnectWhileAnotherHoldsTheCard(t *testing.T) {
	for extra, want := range map[flags]bool{stateInUse: true, 0: false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeService("A")
			f.insert("A", atrOne, extra)
			unblock := f.block(opConnect)
			_, err := f.system().Connect(t.Context(), "A")
			if !errors.Is(err, ErrTimeout) || errors.Is(err, ErrBusy) != want {
				t.Errorf("in use %v: %v", want, err)
			}
			unblock()
			synctest.Wait()
			if contexts, cards := f.opened(); contexts != 0 || cards != 0 {
				t.Errorf("%d contexts and %d connections stay open", contexts, cards)
			}
		})
	}
}

func TestCallersDeadline(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		unblock := f.block(opTransmit)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := c.Transaction(t.Context(), transmitOnce(ctx))
		if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want ErrTimeout for DeadlineExceeded", err)
		}
		if d := time.Since(began); d != 300*time.Millisecond {
			t.Errorf("it took %v", d)
		}
		unblock()
	})
}

func TestCallerCancels(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		unblock := f.block(opTransmit)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := c.Transaction(ctx, transmitOnce(ctx))
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
			t.Errorf("%v, want context.Canceled", err)
		}
		unblock()
		if err := c.Transaction(ctx, transmitOnce(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
	})
}

// The others must not wait for a card because its reader changed his mind.
func TestTransactionEndsWithItsContext(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		ctx, cancel := context.WithCancel(t.Context())
		err := c.Transaction(ctx, func(tr iso7816.Transmitter) error {
			cancel()
			_, err := tr.Transmit(ctx, selectMF)
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		if f.locked || f.counted()[opTransmit] != 0 {
			t.Errorf("transaction held: %v; %d commands", f.locked, f.counted()[opTransmit])
		}
		if err := c.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
			t.Errorf("the next transaction: %v", err)
		}
	})
}

func TestStuckCalls(t *testing.T) {
	for _, op := range []string{opEstablish, opWait, opConnect, opStatus} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeService("A")
				f.insert("A", atrOne)
				unblock := f.block(op)
				began := time.Now()
				if _, err := f.system().Connect(t.Context(), "A"); !errors.Is(err, ErrTimeout) {
					t.Errorf("Connect: %v, want ErrTimeout", err)
				}
				if d := time.Since(began); d != callLimit {
					t.Errorf("it took %v", d)
				}
				unblock()
				synctest.Wait()
				if contexts, cards := f.opened(); contexts != 0 || cards != 0 {
					t.Errorf("%d contexts and %d connections stay open", contexts, cards)
				}
				if n := stuck.Load(); n != 0 {
					t.Errorf("%d calls still count as blocked", n)
				}
			})
		})
	}
	for _, op := range []string{opTransmit, opEnd, opReconnect} {
		t.Run(op, func(t *testing.T) {
			withCard(t, func(t *testing.T, f *fakeService, c *Card) {
				if op == opReconnect {
					f.fail(opTransmit, codeReset)
				}
				unblock := f.block(op)
				if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrTimeout) {
					t.Errorf("%v, want ErrTimeout", err)
				}
				if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrClosed) {
					t.Errorf("afterwards %v, want ErrClosed", err)
				}
				unblock()
			})
		})
	}
}

// When nothing ever answers, threads are not used up without limit.
func TestStuckCallsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeService("A")
		unblock := f.block(opEstablish)
		for range 3 * maxStuck {
			if _, err := f.system().Readers(t.Context()); !errors.Is(err, ErrService) || !errors.Is(err, ErrTimeout) {
				t.Fatalf("%v, want ErrService for ErrTimeout", err)
			}
		}
		if n := f.counted()[opEstablish]; n != maxStuck {
			t.Errorf("%d calls were started, want %d", n, maxStuck)
		}
		unblock()
		synctest.Wait()
		if _, err := f.system().Readers(t.Context()); err != nil {
			t.Errorf("after they ended: %v", err)
		}
	})
}

func TestPanicsInTheModule(t *testing.T) {
	for _, op := range []string{opBegin, opTransmit, opEnd} {
		withCard(t, func(t *testing.T, f *fakeService, c *Card) {
			f.panics[op] = true
			err := c.Transaction(t.Context(), transmitOnce(t.Context()))
			var p *Panic
			if !errors.As(err, &p) || p.Value != "scripted" || len(p.Stack) == 0 {
				t.Errorf("%s: %v, want the panic", op, err)
			}
			f.set(func() { f.panics[op] = false; f.locked = false })
		})
	}
}

func TestPanicInTheTransactionReleasesTheCard(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		func() {
			defer func() {
				if r := recover(); r != "mine" {
					t.Errorf("recovered %v, want the panic of the caller", r)
				}
			}()
			_ = c.Transaction(t.Context(), func(iso7816.Transmitter) error { panic("mine") })
		}()
		if f.locked {
			t.Error("the transaction is still held")
		}
		if err := c.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
			t.Errorf("the next transaction: %v", err)
		}
	})
}

func TestErrorOfTheCallerIsReturned(t *testing.T) {
	mine := errors.New("mine")
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		f.fail(opEnd, codeRemoved)
		if err := c.Transaction(t.Context(), func(iso7816.Transmitter) error { return mine }); err != mine {
			t.Errorf("%v, want the error of the caller", err)
		}
		f.set(func() { f.locked = false })
	})
}

// All answers were there before the card left: the reading stands.
func TestRemovalAtTheVeryEnd(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		f.set(func() { f.beforeOp[opEnd] = func() { f.remove("A") } })
		if err := c.Transaction(t.Context(), transmitOnce(t.Context())); err != nil {
			t.Errorf("%v, want no error", err)
		}
		if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrRemoved) {
			t.Errorf("the next transaction: %v, want ErrRemoved", err)
		}
	})
}

func TestTransactionInATransaction(t *testing.T) {
	withCard(t, func(t *testing.T, _ *fakeService, c *Card) {
		err := c.Transaction(t.Context(), func(iso7816.Transmitter) error {
			return c.Transaction(t.Context(), transmitOnce(t.Context()))
		})
		if !errors.Is(err, ErrBusy) {
			t.Errorf("%v, want ErrBusy", err)
		}
	})
}

func TestTransmitterEndsWithItsTransaction(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		var kept iso7816.Transmitter
		if err := c.Transaction(t.Context(), func(tr iso7816.Transmitter) error { kept = tr; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := kept.Transmit(t.Context(), selectMF); !errors.Is(err, ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
		if len(f.sent) != 0 {
			t.Errorf("the card saw %X", f.sent)
		}
	})
}

func TestCommandsThatAreNone(t *testing.T) {
	for _, command := range [][]byte{nil, {}, {0}, {0, 0xA4, 0}, {0, 0xA4, 0, 0, 5, 1}, make([]byte, 262), make([]byte, 70000)} {
		withCard(t, func(t *testing.T, f *fakeService, c *Card) {
			err := c.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
				if _, err := tr.Transmit(t.Context(), command); !errors.Is(err, ErrCommand) {
					t.Errorf("%d bytes: %v, want ErrCommand", len(command), err)
				}
				_, err := tr.Transmit(t.Context(), selectMF) // nothing is lost
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if len(f.sent) != 1 {
				t.Errorf("the card saw %d commands, want 1", len(f.sent))
			}
		})
	}
}

func TestResponseLengths(t *testing.T) {
	for length, good := range map[int]bool{0: false, 1: false, 2: true, 258: true, 259: false, 65538: false} {
		withCard(t, func(t *testing.T, f *fakeService, c *Card) {
			f.answer = make([]byte, length)
			err := c.Transaction(t.Context(), transmitOnce(t.Context()))
			if good && err != nil || !good && !errors.Is(err, iso7816.ErrResponseForm) {
				t.Errorf("%d bytes: %v", length, err)
			}
		})
	}
}

// The caller may use its buffer again as soon as Transmit returns, also when
// the call went on without it.
func TestCommandIsCopied(t *testing.T) {
	withCard(t, func(t *testing.T, f *fakeService, c *Card) {
		unblock := f.block(opTransmit)
		command := slices.Clone(selectMF)
		err := c.Transaction(t.Context(), func(tr iso7816.Transmitter) error {
			_, err := tr.Transmit(t.Context(), command)
			return err
		})
		if !errors.Is(err, ErrTimeout) {
			t.Error(err)
		}
		clear(command)
		unblock()
		synctest.Wait()
		if len(f.sent) != 1 || !bytes.Equal(f.sent[0], selectMF) {
			t.Errorf("the card saw %X, want %X", f.sent, selectMF)
		}
	})
}

func TestClose(t *testing.T) {
	for _, test := range []struct {
		failure      error
		close, reset bool // whether they report it
	}{
		{failure: nil},
		{failure: codeRemoved},
		{failure: codeNoCard},
		{failure: codeReaderVanished},
		{failure: codeInvalidHandle, reset: true},
		{failure: code(0x80100001), close: true, reset: true},
	} {
		for _, reset := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeService("A")
				f.insert("A", atrOne)
				c, err := f.system().Connect(t.Context(), "A")
				if err != nil {
					t.Fatal(err)
				}
				f.fail(opDisconnect, test.failure)
				want := test.close
				if reset {
					want = test.reset
					err = c.CloseReset()
				} else {
					err = c.Close()
				}
				if (err != nil) != want {
					t.Errorf("%v, reset %v: returned %v", test.failure, reset, err)
				}
				if (f.resets == 1) != reset {
					t.Errorf("reset %d times, asked %v", f.resets, reset)
				}
				if err := c.Close(); err != nil {
					t.Errorf("second Close: %v", err)
				}
				if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrClosed) {
					t.Errorf("after Close: %v, want ErrClosed", err)
				}
				synctest.Wait()
				if contexts, cards := f.opened(); contexts != 0 || cards != 0 {
					t.Errorf("%d contexts and %d connections stay open", contexts, cards)
				}
			})
		}
	}
}

// A connection that was given up still resets the card when that was asked.
func TestCloseResetAfterAStuckCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeService("A")
		f.insert("A", atrOne)
		c, err := f.system().Connect(t.Context(), "A")
		if err != nil {
			t.Fatal(err)
		}
		unblock := f.block(opTransmit)
		if err := c.Transaction(t.Context(), transmitOnce(t.Context())); !errors.Is(err, ErrTimeout) {
			t.Errorf("%v, want ErrTimeout", err)
		}
		if err := c.CloseReset(); !errors.Is(err, ErrClosed) {
			t.Errorf("CloseReset: %v, want ErrClosed: the card was not reset", err)
		}
		unblock()
		synctest.Wait()
		if f.resets != 1 || f.locked {
			t.Errorf("reset %d times, in transaction %v", f.resets, f.locked)
		}
	})
}

func TestReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeService()
		s := f.system()
		if r, err := s.Readers(t.Context()); err != nil || len(r) != 0 {
			t.Errorf("without readers: %v, %v", r, err)
		}
		f.fail(opList, codeNoReaders)
		if r, err := s.Readers(t.Context()); err != nil || len(r) != 0 {
			t.Errorf("without readers, as an error: %v, %v", r, err)
		}
		f.plug("A")
		f.plug("B")
		f.insert("B", atrTwo, stateInUse)
		want := []Reader{{Name: "A"}, {Name: "B", ATR: atrTwo, Present: true, InUse: true, Events: 1}}
		r, err := s.Readers(t.Context())
		if err != nil || !slices.EqualFunc(r, want, Reader.equal) {
			t.Errorf("%+v, %v, want %+v", r, err, want)
		}
		f.insert("B", make([]byte, 40))
		if r, err = s.Readers(t.Context()); err != nil || len(r[1].ATR) != maxATR {
			t.Errorf("with an ATR that is too long: %+v, %v", r, err)
		}
		f.set(func() { f.beforeOp[opWait] = func() { f.unplug("A") } })
		if r, err = s.Readers(t.Context()); err != nil || len(r) != 1 {
			t.Errorf("when one is unplugged meanwhile: %+v, %v", r, err)
		}
		f.down = codeNoService
		if _, err = s.Readers(t.Context()); !errors.Is(err, ErrService) {
			t.Errorf("%v, want ErrService", err)
		}
		synctest.Wait()
		if contexts, _ := f.opened(); contexts != 0 {
			t.Errorf("%d contexts stay open", contexts)
		}
	})
}
