package pcsc

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// lane runs the calls of one PC/SC context, one after the other, on a
// goroutine of its own. No call into a PC/SC library can be interrupted: when
// one does not end in time, its caller gets ErrTimeout at once and the lane is
// given up. The blocked thread then lives until the call returns, after which
// the lane releases what it holds.
type lane struct {
	jobs     chan func()
	ending   chan struct{} // closed when no more jobs are taken
	endOnce  sync.Once
	finished chan struct{} // closed when all is released
}

// newLane starts a lane. release is its last job.
func newLane(release func()) *lane {
	l := &lane{jobs: make(chan func()), ending: make(chan struct{}), finished: make(chan struct{})}
	go l.work(release)
	return l
}

func (l *lane) work(release func()) {
	defer close(l.finished)
	for {
		select {
		case job := <-l.jobs:
			job()
		case <-l.ending:
			release()
			return
		}
	}
}

// end lets the lane release what it holds, once its present call is over.
func (l *lane) end() { l.endOnce.Do(func() { close(l.ending) }) }

// stuck counts the calls of this process that were given up and still block.
// Each costs a thread, so that beyond maxStuck no new context is opened.
var stuck atomic.Int32

const maxStuck = 16

type outcome[T any] struct {
	value T
	err   error
}

// noLimit is the limit of a call that may take for ever.
const noLimit time.Duration = 0

// call runs f, which calls that PC/SC function, on the lane, within limit and
// within ctx. When it returns an error because of either, the lane is ended if
// f had begun.
func call[T any](ctx context.Context, l *lane, op string, limit time.Duration, f func() (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, interrupted(op, ctx)
	}
	if limit != noLimit {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	result := make(chan outcome[T], 1)
	var given atomic.Bool // set by whoever comes first: the call's end or its caller's
	job := func() {
		v, err := protect(op, f)
		result <- outcome[T]{v, err}
		if given.Swap(true) {
			stuck.Add(-1)
		}
	}
	select {
	case <-l.ending:
		return zero, &Error{Op: op, Kind: ErrClosed}
	default:
	}
	select {
	case l.jobs <- job:
	case <-l.ending:
		return zero, &Error{Op: op, Kind: ErrClosed}
	case <-ctx.Done():
		return zero, interrupted(op, ctx)
	}
	select {
	case r := <-result:
		return r.value, failure(op, r.err)
	case <-ctx.Done():
		if !given.Swap(true) {
			stuck.Add(1)
		}
		l.end()
		return zero, interrupted(op, ctx)
	}
}

// do is call for an f that has no result.
func do(ctx context.Context, l *lane, op string, limit time.Duration, f func() error) error {
	_, err := call(ctx, l, op, limit, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Panic is a panic of the PC/SC module, as the cause in an Error.
type Panic struct {
	Value any
	Stack []byte // as runtime/debug prints it
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// protect turns a panic of the PC/SC module into an error.
func protect[T any](op string, f func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			var zero T
			v, err = zero, &Error{Op: op, Kind: ErrOther, Err: &Panic{Value: r, Stack: debug.Stack()}}
		}
	}()
	return f()
}
