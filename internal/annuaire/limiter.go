package annuaire

import (
	"context"
	"sync"
	"time"
)

// The API takes 17 requests a second from an application. Two of these start
// at least that far apart: 15 a second at the most, whatever the network does
// to the intervals between them.
const interval = time.Second / 15

// limiter spaces what it lets through.
type limiter struct {
	mu   sync.Mutex
	next time.Time
}

// shared is the one of the process: all clients together keep the rate.
var shared limiter

// wait returns when the next request may start, or when ctx ends. A place that
// was waited for in vain is not given back.
func (l *limiter) wait(ctx context.Context) error {
	l.mu.Lock()
	now := time.Now()
	start := l.next
	if start.Before(now) {
		start = now
	}
	l.next = start.Add(interval)
	l.mu.Unlock()

	timer := time.NewTimer(start.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
