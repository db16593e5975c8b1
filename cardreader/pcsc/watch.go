package pcsc

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Watch calls changed with all readers, at once and then whenever one of them
// differs, or with nil and the error that keeps the service from being used.
// An error is told once, and again only when another one follows it; the
// service is then tried anew after a quarter of a second and up to every two
// seconds, and its return is told like the first state. changed runs on the
// goroutine of the caller and delays the next event while it does; the slice
// is its own.
//
// Watch returns only when ctx ends, with the error of ctx, or at once with
// ErrWatching when this process watches already: one goroutine waits in
// SCardGetStatusChange, for all readers, with no time limit. A program that has
// several places to tell passes the news on itself.
//
// Exclusive and InUse are as of the last event: pcsc-lite does not tell when
// they begin to hold.
func (s *System) Watch(ctx context.Context, changed func([]Reader, error)) error {
	if !s.watching.CompareAndSwap(false, true) {
		return &Error{Op: opWatch, Kind: ErrWatching}
	}
	defer s.watching.Store(false)
	w := &watcher{System: s, changed: changed, delay: s.times.firstRetry}
	for {
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.recover(ctx, err); err != nil {
			return err
		}
	}
}

// watcher is one Watch.
type watcher struct {
	*System
	changed func([]Reader, error)

	told    bool     // anything, on this context or of this outage
	readers []Reader // told last, when err is nil
	err     error    // told last

	worked  bool            // the present context has been of use
	delay   time.Duration   // before the next try
	blocked <-chan struct{} // closed when a call that was given up has ended
}

// tell tells of the readers, unless they are as told last, and says whether it
// did.
func (w *watcher) tell(readers []Reader) bool {
	if w.told && w.err == nil && slices.EqualFunc(w.readers, readers, Reader.equal) {
		return false
	}
	w.told, w.err = true, nil
	w.readers = readers
	w.changed(copyOf(readers), nil)
	return true
}

func copyOf(readers []Reader) []Reader {
	c := slices.Clone(readers)
	for i := range c {
		c[i].ATR = slices.Clone(c[i].ATR)
	}
	return c
}

func (w *watcher) tellError(err error) {
	if w.told && w.err != nil && w.err.Error() == err.Error() {
		return
	}
	w.told, w.err, w.readers = true, err, nil
	w.changed(nil, err)
}

// recover comes after the loss of a context, or a failure to get one. The first
// try after a loss is immediate and silent: a service that is started by its
// socket is there again at once.
func (w *watcher) recover(ctx context.Context, lost error) error {
	if w.worked {
		w.worked, w.delay = false, w.times.firstRetry
		w.told = w.told && w.err != nil // tell the next list even if it is the same
		return nil
	}
	if w.isDormant(lost) {
		w.tell(nil)
	} else {
		w.tellError(lost)
	}
	if w.blocked != nil {
		// Any other call would block as well, and each costs a thread.
		select {
		case <-w.blocked:
			w.blocked = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := sleep(ctx, w.delay); err != nil {
		return err
	}
	w.delay = min(2*w.delay, w.times.longestRetry)
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow watches the readers through one PC/SC context until it fails.
func (w *watcher) follow(ctx context.Context) error {
	h := &holding{}
	l := newLane(h.release)
	defer l.end()
	if err := w.establish(ctx, l, h); err != nil {
		w.noteBlocked(l, err)
		return err
	}
	var states []state
	for pace := newPacer(); ; {
		names, err := w.list(ctx, l, h)
		if err != nil {
			w.noteBlocked(l, err)
			return err
		}
		states = w.carry(states, names)
		something := len(names) == 0 && w.tell(nil)
		began := time.Now()
		news, err := w.wait(ctx, l, h, states)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.worked = w.worked || err == nil || time.Since(began) >= w.times.firstRetry
		var e *Error
		switch {
		case err == nil:
			for i := range news {
				news[i].current = news[i].event &^ stateChanged
			}
			states = news
			something = w.tell(readersOf(states)) || something
		case errors.As(err, &e) && listsAgain(code(e.Code)):
		default:
			return err
		}
		if err := pace.step(ctx, something); err != nil {
			return err
		}
	}
}

// noteBlocked remembers a call that was given up and still blocks.
func (w *watcher) noteBlocked(l *lane, err error) {
	if errors.Is(err, ErrTimeout) {
		w.blocked = l.finished
	}
}

// listsAgain tells the results of a wait that only call for a new list of
// readers: one of them is gone, we cancelled the wait ourselves, or its time is
// over.
func listsAgain(c code) bool {
	switch c {
	case codeCancelled, codeTimeout, codeUnknownReader, codeReaderVanished, codeNoReaders:
		return true
	}
	return false
}

// carry takes to the next wait what is known of the readers that are still
// there, event counts included, so that no event between two waits is lost.
func (w *watcher) carry(known []state, names []string) []state {
	if w.notifies {
		names = append(slices.Clip(names), pnpReader)
	}
	next := make([]state, len(names))
	for i, n := range names {
		next[i] = state{reader: n, current: stateUnaware}
		if k := slices.IndexFunc(known, func(s state) bool { return s.reader == n }); k >= 0 {
			next[i].current = known[k].current
		}
	}
	return next
}

// waitResult is the end of a wait.
type waitResult struct {
	states []state
	err    error
}

// wait blocks until something happens to one of the states.
//
// A pcsc-lite before 2.3 tells of a new reader only when it comes during the
// wait: one that comes between the list and the wait goes unnoticed, as does
// easily the second half of a reader with two slots. A service that counts
// these events leaves no gap. For the others the list is read again, on another
// context, shortly after the wait has begun, and the wait started anew when it
// differs. Nothing of this goes on while nothing happens.
func (w *watcher) wait(ctx context.Context, l *lane, h *holding, states []state) ([]state, error) {
	limit, rechecks := forever, w.times.recheck
	if !w.notifies {
		limit, rechecks = w.times.relist, nil
	} else if states[len(states)-1].current.events() != 0 {
		rechecks = nil
	}
	if len(states) == 0 {
		return nil, errors.Join(sleep(ctx, limit), &Error{Op: opWait, Kind: ErrTimeout, Code: uint32(codeTimeout)})
	}
	done := make(chan waitResult, 1)
	go func() {
		news, err := call(context.Background(), l, opWait, noLimit, func() ([]state, error) {
			return checkedWait(h.session, states, limit)
		})
		done <- waitResult{news, err}
	}()
	began := time.Now()
	for {
		var recheck <-chan time.Time
		if len(rechecks) > 0 {
			t := time.NewTimer(time.Until(began.Add(rechecks[0])))
			defer t.Stop()
			recheck, rechecks = t.C, rechecks[1:]
		}
		select {
		case r := <-done:
			return r.states, r.err
		case <-ctx.Done():
			return w.cancel(l, h, done)
		case <-recheck:
			if w.listChanged(ctx, states) {
				return w.cancel(l, h, done)
			}
		}
	}
}

// listChanged reads the list of readers on a context of its own, because the
// one that waits is taken. When that fails the wait itself will tell why.
func (w *watcher) listChanged(ctx context.Context, states []state) bool {
	h := &holding{}
	l := newLane(h.release)
	defer l.end()
	if err := w.establish(ctx, l, h); err != nil {
		return false
	}
	names, err := w.list(ctx, l, h)
	if err != nil {
		return false
	}
	return !slices.EqualFunc(states[:len(states)-1], names, func(s state, n string) bool { return s.reader == n })
}

// cancel ends a wait that is under way and returns its result. SCardCancel does
// nothing, and says so to nobody, when the wait has not yet begun inside the
// library: it is called until the wait has ended. One that does not end is
// given up with its lane.
func (w *watcher) cancel(l *lane, h *holding, done <-chan waitResult) ([]state, error) {
	deadline := time.NewTimer(w.times.cancel)
	defer deadline.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		called := make(chan struct{})
		go func() { // it can block too
			defer close(called)
			_, _ = protect("SCardCancel", func() (struct{}, error) { return struct{}{}, h.session.cancel() })
		}()
		again := time.NewTimer(pause)
		select {
		case r := <-done:
			again.Stop()
			select { // a late one must not end the next wait
			case <-called:
				return r.states, r.err
			case <-deadline.C:
			}
		case <-deadline.C:
		case <-again.C:
			select {
			case <-called:
				continue
			case <-deadline.C:
			}
		}
		again.Stop()
		l.end()
		return nil, &Error{Op: "SCardCancel", Kind: ErrTimeout}
	}
}

// pacer keeps a service that ends every wait at once, without any news, from
// taking the whole processor.
type pacer struct {
	last  time.Time
	quick int // waits in a row
}

func newPacer() *pacer { return &pacer{last: time.Now()} }

const (
	quickWait  = 20 * time.Millisecond
	quickWaits = 8
)

// step comes after each wait and says whether it brought news.
func (p *pacer) step(ctx context.Context, news bool) error {
	if news || time.Since(p.last) >= quickWait {
		p.quick = 0
	} else {
		p.quick++
	}
	var err error
	if over := p.quick - quickWaits; over > 0 {
		err = sleep(ctx, min(quickWait<<min(over, 5), 500*time.Millisecond))
	}
	p.last = time.Now()
	return err
}
