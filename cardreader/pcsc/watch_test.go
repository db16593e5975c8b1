package pcsc

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// told collects what a Watch tells; it is read after synctest.Wait.
type told struct {
	all   []news
	times []time.Time
}

// news is what a watch told.
type news struct {
	readers []Reader
	err     error
}

func (l *told) last() news { return l.all[len(l.all)-1] }

// watching runs do while a Watch of f runs. Time is virtual, and a goroutine
// that outlives the watch fails the test.
func watching(t *testing.T, f *fakeService, do func(t *testing.T, s *System, l *told)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.change = syncCond(f)
		s := f.system()
		ctx, cancel := context.WithCancel(t.Context())
		l := &told{}
		ended := make(chan error, 1)
		go func() {
			ended <- s.Watch(ctx, func(r []Reader, err error) {
				l.all, l.times = append(l.all, news{r, err}), append(l.times, time.Now())
			})
		}()
		synctest.Wait()
		do(t, s, l)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v, want context.Canceled", err)
		}
		synctest.Wait()
		if contexts, _ := f.opened(); contexts != 0 {
			t.Errorf("%d PC/SC contexts stay open", contexts)
		}
	})
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantNews(t *testing.T, l *told, n int) {
	t.Helper()
	if len(l.all) != n {
		t.Fatalf("told %d times, want %d: %+v", len(l.all), n, l.all)
	}
}

func TestWatchTellsInsertionAndRemoval(t *testing.T) {
	f := newFakeService("A", "B")
	watching(t, f, func(t *testing.T, _ *System, l *told) {
		wantNews(t, l, 1)
		if r := l.last().readers; len(r) != 2 || r[0].Name != "A" || r[0].Present || r[1].Name != "B" {
			t.Fatalf("first state %+v", r)
		}
		f.insert("B", atrOne)
		synctest.Wait()
		wantNews(t, l, 2)
		if r := l.last().readers[1]; !r.Present || !bytes.Equal(r.ATR, atrOne) || r.Events != 1 {
			t.Errorf("after the insertion %+v", r)
		}
		f.insert("A", nil, stateMute)
		synctest.Wait()
		wantNews(t, l, 3)
		if r := l.last().readers[0]; !r.Present || !r.Mute || r.ATR != nil {
			t.Errorf("with a mute card %+v", r)
		}
		f.remove("B")
		synctest.Wait()
		wantNews(t, l, 4)
		if r := l.last().readers[1]; r.Present || r.ATR != nil || r.Events != 2 {
			t.Errorf("after the removal %+v", r)
		}
	})
}

// A swap that ends before the next wait begins is an event all the same.
func TestWatchSeesSwapBetweenTwoWaits(t *testing.T) {
	f := newFakeService("A")
	f.insert("A", atrOne)
	watching(t, f, func(t *testing.T, _ *System, l *told) {
		f.set(func() { f.beforeOp[opWait] = func() { f.remove("A"); f.insert("A", atrOne) } })
		f.plug("B") // ends the present wait
		synctest.Wait()
		if r := l.last().readers; len(r) != 2 || r[0].Events != 3 || !r[0].Present {
			t.Errorf("after the swap %+v", r)
		}
	})
}

func TestWatchCostsNothingWhileNothingHappens(t *testing.T) {
	for _, counts := range []bool{false, true} {
		f := newFakeService("A")
		f.counts = counts
		watching(t, f, func(t *testing.T, _ *System, l *told) {
			pass(3 * time.Second)
			before := f.counted()
			pass(24 * time.Hour)
			after := f.counted()
			for op, n := range after {
				if n != before[op] {
					t.Errorf("%d calls of %s in a day without events", n-before[op], op)
				}
			}
			wantNews(t, l, 1)
			if n := after[opEstablish]; counts && n != 1 {
				t.Errorf("%d contexts were used, want 1: a service that counts needs no second look", n)
			}
		})
	}
}

func TestWatchReadersComeAndGo(t *testing.T) {
	for _, counts := range []bool{false, true} {
		f := newFakeService()
		f.counts = counts
		watching(t, f, func(t *testing.T, _ *System, l *told) {
			wantNews(t, l, 1)
			if n := l.last(); n.err != nil || len(n.readers) != 0 {
				t.Fatalf("without readers: %+v", n)
			}
			f.plug("A 00 00")
			synctest.Wait()
			f.insert("A 00 00", atrOne)
			f.unplug("A 00 00")
			f.plug("A 00 01") // the same reader, under another name
			synctest.Wait()
			if r := l.last().readers; len(r) != 1 || r[0].Name != "A 00 01" {
				t.Errorf("after the reader changed its name: %+v", r)
			}
			f.unplug("A 00 01")
			synctest.Wait()
			if r := l.last().readers; len(r) != 0 {
				t.Errorf("after the last reader left: %+v", r)
			}
		})
	}
}

// A reader that comes after the list was read and before the wait begins.
func TestWatchReaderBetweenListAndWait(t *testing.T) {
	for _, test := range []struct {
		counts bool
		within time.Duration
	}{{false, 60 * time.Millisecond}, {true, 0}} {
		f := newFakeService("A")
		f.counts = test.counts
		watching(t, f, func(t *testing.T, _ *System, l *told) {
			pass(time.Minute)
			f.set(func() { f.beforeOp[opWait] = func() { f.plug("B") } })
			f.insert("A", atrOne) // ends the present wait
			pass(test.within)
			if r := l.last().readers; len(r) != 2 {
				t.Errorf("counts=%v: after %v told of %+v", test.counts, test.within, r)
			}
		})
	}
}

func TestWatchWithoutNotification(t *testing.T) {
	f := newFakeService()
	synctest.Test(t, func(t *testing.T) {
		f.change = syncCond(f)
		s := f.system()
		s.notifies = false
		ctx, cancel := context.WithCancel(t.Context())
		var last []Reader
		ended := make(chan error, 1)
		go func() { ended <- s.Watch(ctx, func(r []Reader, _ error) { last = r }) }()
		pass(time.Minute)
		f.plug("A")
		pass(s.times.relist)
		if len(last) != 1 {
			t.Errorf("a first reader is not seen: %+v", last)
		}
		f.plug("B")
		pass(s.times.relist)
		if len(last) != 2 {
			t.Errorf("a second reader is not seen: %+v", last)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestWatchServiceStartsLater(t *testing.T) {
	f := newFakeService("A")
	f.down = codeNoService
	watching(t, f, func(t *testing.T, s *System, l *told) {
		wantNews(t, l, 1)
		if n := l.last(); n.readers != nil || !errors.Is(n.err, ErrService) {
			t.Fatalf("without a service: %+v", n)
		}
		pass(time.Hour)
		wantNews(t, l, 1) // once
		f.set(func() { f.down = codeSecurity })
		pass(s.times.longestRetry)
		wantNews(t, l, 2) // another error
		if n := l.last(); !errors.Is(n.err, ErrAccess) {
			t.Errorf("when access is refused: %v", n.err)
		}
		f.start()
		pass(s.times.longestRetry)
		wantNews(t, l, 3)
		if n := l.last(); n.err != nil || len(n.readers) != 1 {
			t.Errorf("after the service started: %+v", n)
		}
	})
}

func TestWatchRetriesSlowDown(t *testing.T) {
	f := newFakeService()
	f.down = codeNoService
	watching(t, f, func(t *testing.T, _ *System, _ *told) {
		pass(10 * time.Second) // tries at 0, 0.25, 0.75, 1.75, 3.75, 5.75, 7.75, 9.75
		if n := f.counted()[opEstablish]; n != 8 {
			t.Errorf("%d tries in 10 s, want 8", n)
		}
	})
}

func TestWatchServiceRestarts(t *testing.T) {
	f := newFakeService("A")
	f.insert("A", atrOne)
	watching(t, f, func(t *testing.T, _ *System, l *told) {
		f.stop(nil) // and is there again at once
		synctest.Wait()
		wantNews(t, l, 2)
		if n := l.last(); n.err != nil || len(n.readers) != 1 || !n.readers[0].Present {
			t.Errorf("after the restart: %+v", n)
		}
		if contexts, _ := f.opened(); contexts != 1 {
			t.Errorf("%d contexts open, want 1", contexts)
		}
		f.stop(codeNoService)
		pass(time.Minute)
		wantNews(t, l, 3)
		if !errors.Is(l.last().err, ErrService) {
			t.Errorf("while stopped: %+v", l.last())
		}
		f.remove("A")
		f.start()
		pass(2 * time.Second)
		wantNews(t, l, 4)
		if n := l.last(); n.err != nil || len(n.readers) != 1 || n.readers[0].Present {
			t.Errorf("after the second start: %+v", n)
		}
	})
}

func TestWatchDormantServiceIsNoReader(t *testing.T) {
	f := newFakeService()
	f.down, f.dormantIs = codeNoService, true
	watching(t, f, func(t *testing.T, s *System, l *told) {
		pass(time.Minute)
		wantNews(t, l, 1)
		if n := l.last(); n.err != nil || len(n.readers) != 0 {
			t.Errorf("told %+v", n)
		}
		if r, err := s.Readers(t.Context()); err != nil || len(r) != 0 {
			t.Errorf("Readers: %v, %v", r, err)
		}
		if _, err := s.Connect(t.Context(), "A"); !errors.Is(err, ErrNoReader) {
			t.Errorf("Connect: %v, want ErrNoReader", err)
		}
		f.plug("A")
		f.start()
		pass(2 * time.Second)
		if n := l.last(); len(n.readers) != 1 {
			t.Errorf("after a first reader: %+v", n)
		}
	})
}

func TestWatchOnlyOnce(t *testing.T) {
	f := newFakeService("A")
	watching(t, f, func(t *testing.T, s *System, _ *told) {
		err := s.Watch(t.Context(), func([]Reader, error) { t.Error("the second watch told something") })
		if !errors.Is(err, ErrWatching) {
			t.Errorf("second Watch: %v, want ErrWatching", err)
		}
	})
}

// SCardCancel has no effect on a wait that has not yet begun in the library.
func TestWatchCancelComesTooEarly(t *testing.T) {
	f := newFakeService("A")
	f.lostStops = 7
	watching(t, f, func(t *testing.T, _ *System, _ *told) {})
	if n := f.counted()["SCardCancel"]; n < 8 {
		t.Errorf("SCardCancel was called %d times, want 8 at least", n)
	}
}

func TestWatchEndsThoughNothingAnswers(t *testing.T) {
	for _, op := range []string{opWait, "SCardCancel", opEstablish, opList} {
		t.Run(op, func(t *testing.T) {
			f := newFakeService("A")
			synctest.Test(t, func(t *testing.T) {
				f.change = syncCond(f)
				unblock := f.block(op)
				s := f.system()
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- s.Watch(ctx, func([]Reader, error) {}) }()
				pass(time.Second)
				cancel()
				began := time.Now()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("Watch returned %v", err)
				}
				if d := time.Since(began); d > s.times.cancel {
					t.Errorf("it took %v", d)
				}
				if op == "SCardCancel" {
					f.insert("A", atrOne) // ends the wait
				}
				unblock()
				synctest.Wait()
				if contexts, _ := f.opened(); contexts != 0 {
					t.Errorf("%d contexts stay open after the calls ended", contexts)
				}
				if n := stuck.Load(); n != 0 {
					t.Errorf("%d calls still count as blocked", n)
				}
			})
		})
	}
}

func TestWatchServiceHangs(t *testing.T) {
	for _, op := range []string{opEstablish, opList} {
		t.Run(op, func(t *testing.T) {
			f := newFakeService("A")
			watching(t, f, func(t *testing.T, s *System, l *told) {
				unblock := f.block(op)
				f.stop(nil)
				pass(time.Hour)
				wantNews(t, l, 2)
				if err := l.last().err; !errors.Is(err, ErrService) || !errors.Is(err, ErrTimeout) {
					t.Errorf("told %v, want ErrService for ErrTimeout", err)
				}
				if n := stuck.Load(); n != 1 {
					t.Errorf("%d calls are blocked, want 1", n)
				}
				unblock()
				pass(s.times.longestRetry)
				wantNews(t, l, 3)
				if n := l.last(); n.err != nil || len(n.readers) != 1 {
					t.Errorf("afterwards told %+v", n)
				}
			})
		})
	}
}

func TestWatchSurvivesPanics(t *testing.T) {
	for _, op := range []string{opEstablish, opList, opWait} {
		t.Run(op, func(t *testing.T) {
			f := newFakeService("A")
			f.panics[op] = true
			watching(t, f, func(t *testing.T, s *System, l *told) {
				pass(time.Minute)
				wantNews(t, l, 1)
				if l.last().err == nil {
					t.Errorf("told %+v, want an error", l.last())
				}
				f.set(func() { f.panics[op] = false })
				pass(s.times.longestRetry)
				wantNews(t, l, 2)
				if n := l.last(); n.err != nil || len(n.readers) != 1 {
					t.Errorf("afterwards told %+v", n)
				}
			})
		})
	}
}

// A service which answers every wait at once though nothing happens.
func TestWatchDoesNotSpin(t *testing.T) {
	f := newFakeService("A")
	for range 10000 {
		f.errs[opWait] = append(f.errs[opWait], codeUnknownReader)
	}
	watching(t, f, func(t *testing.T, _ *System, _ *told) {
		pass(time.Minute)
		if n := f.counted()[opWait]; n > 200 {
			t.Errorf("%d waits in a minute", n)
		}
	})
}

func TestWatchHandsOutItsOwnSlices(t *testing.T) {
	f := newFakeService("A")
	f.insert("A", bytes.Clone(atrOne))
	watching(t, f, func(t *testing.T, _ *System, l *told) {
		l.last().readers[0].ATR[0] = 0xFF
		l.last().readers[0].Name = "changed"
		f.plug("B")
		synctest.Wait()
		if r := l.last().readers[0]; r.Name != "A" || !bytes.Equal(r.ATR, atrOne) {
			t.Errorf("told %+v", r)
		}
	})
}
