package diagnostic

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options of a diagnosis. The zero Options run everything but the network.
type Options struct {
	// Only runs these checks and those that they require; none runs all.
	Only []Code
	// Network allows the network to be asked.
	Network bool
	// Reader is a part of the name of the reader to look at.
	Reader string
	// Limit, when set, ends the diagnosis earlier than its longest deadline.
	Limit time.Duration
	// Progress is called after each check, by one goroutine at a time.
	Progress func(Progress)
}

// Progress is where a diagnosis stands.
type Progress struct {
	Done, All int
	Finding   Finding // the last one that came
}

// UnknownCheckError names codes that are in no catalogue.
type UnknownCheckError struct{ Codes []Code }

func (e *UnknownCheckError) Error() string {
	names := make([]string, len(e.Codes))
	for i, c := range e.Codes {
		names[i] = string(c)
	}
	return "no check has the code " + strings.Join(names, ", ")
}

// errDeadline ends a check that is out of time, errStopped a diagnosis.
var (
	errDeadline = errors.New("out of time")
	errStopped  = errors.New("the diagnosis was stopped")
)

// Run diagnoses the workstation. It always comes back, at the latest with the
// longest deadline of the checks; when ctx ends earlier, the findings that have
// not come say so and Partial is set. The only error is *UnknownCheckError.
func Run(ctx context.Context, env Environment, o Options) (Diagnosis, error) {
	return run(ctx, env, catalogue, o)
}

func run(ctx context.Context, env Environment, all []Check, o Options) (Diagnosis, error) {
	checks, err := choose(all, o.Only)
	if err != nil {
		return Diagnosis{}, err
	}
	began := time.Now()
	whole, cancel := context.WithCancelCause(ctx)
	defer cancel(errStopped)
	s := newSession(whole, env, o)
	ended := map[Code]chan struct{}{}
	for _, c := range checks {
		ended[c.Code] = make(chan struct{})
	}

	var progress sync.Mutex
	done := 0
	var running sync.WaitGroup
	for _, c := range checks {
		running.Go(func() {
			defer close(ended[c.Code])
			for _, before := range slices.Concat(c.Requires, c.After) {
				if e, ok := ended[before]; ok {
					<-e
				}
			}
			f := s.find(c, began)
			s.mutex.Lock()
			s.found[c.Code] = f
			s.mutex.Unlock()
			progress.Lock()
			defer progress.Unlock()
			done++
			if o.Progress != nil {
				o.Progress(Progress{Done: done, All: len(checks), Finding: f})
			}
		})
	}
	running.Wait()

	d := Diagnosis{At: env.Now(), GOOS: env.GOOS(), Network: o.Network, Partial: len(o.Only) > 0 || ctx.Err() != nil}
	for _, c := range checks {
		if f := s.found[c.Code]; s.shown(f, o.Only) {
			d.Findings = append(d.Findings, f)
		}
	}
	if d.Card = s.card.known(); d.Card != nil {
		status, _, _ := s.Reader(whole)
		d.Reader = status.Reader
	}
	// Also of a diagnosis that was ended early: its report hides them too.
	still := context.WithoutCancel(ctx)
	d.Persons, d.System = s.persons(still), s.system(still)
	d.Duration = time.Since(began)
	return d, nil
}

// shown tells whether a finding belongs to what was asked for: all of them, or
// those that were named and the causes that kept one of them from running.
func (s *Session) shown(f Finding, only []Code) bool {
	return len(only) == 0 || slices.Contains(only, f.Code) ||
		slices.ContainsFunc(only, func(asked Code) bool { return s.found[asked].Because == f.Code })
}

// choose gives the checks of these codes and all that they require, in the
// order of the catalogue.
func choose(all []Check, only []Code) ([]Check, error) {
	if len(only) == 0 {
		return all, nil
	}
	byCode := map[Code]Check{}
	for _, c := range all {
		byCode[c.Code] = c
	}
	wanted := map[Code]bool{}
	var unknown []Code
	var want func(Code)
	want = func(code Code) {
		if wanted[code] {
			return
		}
		wanted[code] = true
		for _, r := range slices.Concat(byCode[code].Requires, byCode[code].After) {
			want(r)
		}
	}
	for _, code := range only {
		if _, ok := byCode[code]; !ok {
			unknown = append(unknown, code)
			continue
		}
		want(code)
	}
	if len(unknown) > 0 {
		return nil, &UnknownCheckError{unknown}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Check) bool { return !wanted[c.Code] }), nil
}

// find comes to the finding of one check, after all that it waits for ended.
func (s *Session) find(c Check, began time.Time) Finding {
	at := time.Now()
	f := Finding{Code: c.Code, Group: c.Group, Status: Skipped}
	switch because, failed := s.cause(c); {
	case len(c.Platforms) > 0 && !slices.Contains(c.Platforms, s.GOOS()):
		f.Outcome = OutcomeElsewhere
	case s.run.Err() != nil:
		f.Outcome = OutcomeCancelled
	case failed:
		f.Outcome, f.Because = OutcomeBecause, because
	case c.Network && !s.options.Network:
		f.Outcome = OutcomeUnasked
	default:
		s.conclude(&f, c, s.guarded(c, began))
	}
	f.Duration = time.Since(at)
	return f
}

// cause is the root of the first required check that failed.
func (s *Session) cause(c Check) (Code, bool) {
	for _, r := range c.Requires {
		if f, ok := s.Found(r); ok && f.stops() {
			return s.rootOf(f), true
		}
	}
	return "", false
}

func (s *Session) rootOf(f Finding) Code {
	if f.Because != "" {
		return f.Because
	}
	return f.Code
}

// conclude makes the finding of a result.
func (s *Session) conclude(f *Finding, c Check, r Result) {
	f.Facts = r.Facts
	if r.Because != "" {
		f.Outcome, f.Because = OutcomeBecause, r.Because
		if cause, ok := s.Found(r.Because); ok {
			f.Because = s.rootOf(cause)
		}
		return
	}
	f.Outcome = r.Outcome
	switch r.Outcome {
	case OutcomeTimeout, OutcomePanic:
		f.Status = Crashed
		return
	case OutcomeCancelled:
		return
	}
	o, declared := c.Outcomes[r.Outcome]
	if !declared {
		f.Status, f.Outcome = Crashed, OutcomeUndefined
		f.Facts = append(f.Facts, public("outcome", r.Outcome))
		return
	}
	f.Status, f.Links, f.Advice = o.Status, o.Links, o.Advice
}

// guarded runs a check in a goroutine of its own, which is left behind when it
// does not end in time.
func (s *Session) guarded(c Check, began time.Time) Result {
	deadline := c.Deadline
	if deadline == 0 {
		deadline = usualDeadline
	}
	if s.options.Limit > 0 {
		deadline = min(deadline, s.options.Limit)
	}
	ctx, cancel := context.WithDeadlineCause(s.run, began.Add(deadline), errDeadline)
	defer cancel()
	came := make(chan Result, 1)
	go func() {
		defer func() {
			if broken := recover(); broken != nil {
				// Only where it broke: the values of a panic may hold what a card said.
				came <- Result{Outcome: OutcomePanic, Facts: []Fact{
					local("panic", fmt.Sprintf("%T", broken)), local("at", where(debug.Stack())),
				}}
			}
		}()
		came <- c.Run(ctx, s)
	}()
	select {
	case r := <-came:
		return r
	case <-ctx.Done():
		// It may have come in the same moment.
		select {
		case r := <-came:
			return r
		case <-time.After(50 * time.Millisecond):
		}
		if s.run.Err() != nil {
			return Result{Outcome: OutcomeCancelled}
		}
		return Result{Outcome: OutcomeTimeout, Facts: []Fact{public("deadline", deadline.String())}}
	}
}

// where names the file and line of a panic, without folders.
func where(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+3 < len(lines) {
			at, _, _ := strings.Cut(strings.TrimSpace(lines[i+3]), " ")
			return at[strings.LastIndex(at, "/")+1:]
		}
	}
	return "unknown"
}

// persons are the names that no text of a report may hold unless it is asked
// for: those that could be had, when not all could.
func (s *Session) persons(ctx context.Context) []Fact {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	u, _ := s.User(ctx)
	var facts []Fact
	for _, f := range []Fact{person("user", u.Name), person("host", u.Host), person("home", u.Home)} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// system is what the workstation runs, as far as it says so.
func (s *Session) system(ctx context.Context) System {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	system, _ := s.System(ctx)
	return system
}
