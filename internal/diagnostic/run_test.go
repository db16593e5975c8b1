package diagnostic

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// bench is an Environment of which the engine asks next to nothing.
type bench struct{ Environment }

func (bench) GOOS() string                           { return "linux" }
func (bench) Now() time.Time                         { return time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC) }
func (bench) User(context.Context) (User, error)     { return User{Name: "camille", Host: "poste-7"}, nil }
func (bench) System(context.Context) (System, error) { return System{Name: "Debian GNU/Linux"}, nil }

var twoWays = map[string]Outcome{"fine": {Status: OK}, "bad": {Status: Error}, "so-so": {Status: Warning}, "untold": {Status: Skipped}}

// says makes a check that comes to that outcome.
func says(code Code, outcome string, requires ...Code) Check {
	return Check{Code: code, Outcomes: twoWays, Requires: requires,
		Run: func(context.Context, *Session) Result { return Result{Outcome: outcome} }}
}

func outcomes(d Diagnosis) map[Code]string {
	all := map[Code]string{}
	for _, f := range d.Findings {
		all[f.Code] = string(f.Status) + " " + f.Outcome
		if f.Because != "" {
			all[f.Code] += " " + string(f.Because)
		}
	}
	return all
}

func diagnoseAll(t *testing.T, ctx context.Context, o Options, all ...Check) Diagnosis {
	t.Helper()
	d, err := run(ctx, bench{}, all, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRootCause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		checks []Check
		want   map[Code]string
		root   Code
	}{
		{"a chain names the first that failed",
			[]Check{says("a", "bad"), says("b", "fine", "a"), says("c", "fine", "b")},
			map[Code]string{"a": "error bad", "b": "skipped because a", "c": "skipped because a"}, "a"},
		{"a warning stops nothing",
			[]Check{says("a", "so-so"), says("b", "fine", "a")},
			map[Code]string{"a": "warning so-so", "b": "ok fine"}, "a"},
		{"what has no answer stops nothing",
			[]Check{says("a", "untold"), says("b", "bad", "a")},
			map[Code]string{"a": "skipped untold", "b": "error bad"}, "b"},
		{"an error before a warning, whatever the order",
			[]Check{says("a", "so-so"), says("b", "bad")},
			map[Code]string{"a": "warning so-so", "b": "error bad"}, "b"},
		{"two causes, each names its own",
			[]Check{says("a", "bad"), says("b", "bad"), says("c", "fine", "b"), says("d", "fine", "a", "b")},
			map[Code]string{"a": "error bad", "b": "error bad", "c": "skipped because b", "d": "skipped because a"}, "a"},
		{"an outcome that is not declared is a defect of the check",
			[]Check{says("a", "what?"), says("b", "fine", "a")},
			map[Code]string{"a": "crashed undeclared", "b": "skipped because a"}, "a"},
		{"the order of the list does not matter to what waits",
			[]Check{says("b", "fine", "a"), says("a", "bad")},
			map[Code]string{"b": "skipped because a", "a": "error bad"}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := diagnoseAll(t, context.Background(), Options{}, c.checks...)
			got := outcomes(d)
			for code, want := range c.want {
				if got[code] != want {
					t.Errorf("%s: %q, want %q", code, got[code], want)
				}
			}
			if root, _ := d.Root(); root.Code != c.root {
				t.Errorf("root %s, want %s", root.Code, c.root)
			}
		})
	}
}

func TestPanicIsAFinding(t *testing.T) {
	t.Parallel()
	broken := Check{Code: "a", Run: func(context.Context, *Session) Result {
		var none map[string]int
		none["899700218896"] = 1
		return Result{}
	}}
	d := diagnoseAll(t, context.Background(), Options{}, broken, says("b", "fine"))
	f := d.Findings[0]
	if f.Status != Crashed || f.Outcome != OutcomePanic {
		t.Fatalf("%+v", f)
	}
	if at := f.Get("at"); !slices.Contains([]string{"run_test.go"}, at[:min(len(at), 11)]) {
		t.Errorf("the panic is said to be at %q", at)
	}
	if got := outcomes(d)["b"]; got != "ok fine" {
		t.Errorf("the other check: %s", got)
	}
}

// TestHanging: a check that never ends is left behind at its deadline, what
// requires it is skipped because of it, and the whole takes no longer.
func TestHanging(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	hangs := Check{Code: "a", Deadline: 20 * time.Millisecond, Run: func(context.Context, *Session) Result {
		<-release
		return Result{}
	}}
	obedient := Check{Code: "o", Deadline: 20 * time.Millisecond, Outcomes: twoWays, Run: func(ctx context.Context, _ *Session) Result {
		<-ctx.Done()
		return Result{Outcome: "so-so"} // what it knew by then
	}}
	d := diagnoseAll(t, context.Background(), Options{}, hangs, obedient, says("b", "fine", "a"))
	want := map[Code]string{"a": "crashed timeout", "o": "warning so-so", "b": "skipped because a"}
	for code, outcome := range want {
		if got := outcomes(d)[code]; got != outcome {
			t.Errorf("%s: %q, want %q", code, got, outcome)
		}
	}
	if d.Verdict() == AllWell {
		t.Error("all is well, with a check that crashed")
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	waits := Check{Code: "a", Outcomes: twoWays, Run: func(ctx context.Context, _ *Session) Result {
		cancel()
		<-ctx.Done()
		time.Sleep(time.Minute) // it does not even end with its context
		return Result{}
	}}
	d := diagnoseAll(t, ctx, Options{}, waits, says("b", "fine", "a"))
	want := map[Code]string{"a": "skipped cancelled", "b": "skipped cancelled"}
	for code, outcome := range want {
		if got := outcomes(d)[code]; got != outcome {
			t.Errorf("%s: %q, want %q", code, got, outcome)
		}
	}
	if !d.Partial || d.Verdict() != Unknown {
		t.Errorf("partial %v, verdict %s", d.Partial, d.Verdict())
	}
}

func TestPlatformsAndNetwork(t *testing.T) {
	t.Parallel()
	windows := says("w", "bad")
	windows.Platforms = []string{"windows"}
	net := says("n", "bad")
	net.Network = true
	d := diagnoseAll(t, context.Background(), Options{}, windows, net, says("b", "fine", "w"))
	want := map[Code]string{"w": "skipped elsewhere", "n": "skipped unasked", "b": "ok fine"}
	for code, outcome := range want {
		if got := outcomes(d)[code]; got != outcome {
			t.Errorf("%s: %q, want %q", code, got, outcome)
		}
	}
	if d := diagnoseAll(t, context.Background(), Options{Network: true}, net); outcomes(d)["n"] != "error bad" {
		t.Errorf("with the network: %v", outcomes(d))
	}
}

// TestBecauseOfAnotherCheck: a check may say that another one kept it from
// telling, and the root is named.
func TestBecauseOfAnotherCheck(t *testing.T) {
	t.Parallel()
	c := Check{Code: "c", After: []Code{"b"}, Outcomes: twoWays, Run: func(_ context.Context, s *Session) Result {
		if s.Failed("b") {
			return Result{Because: "b"}
		}
		return Result{Outcome: "fine"}
	}}
	d := diagnoseAll(t, context.Background(), Options{}, says("a", "bad"), says("b", "fine", "a"), c)
	if got := outcomes(d)["c"]; got != "skipped because a" {
		t.Errorf("%q", got)
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	ran := map[Code]bool{}
	var mutex sync.Mutex
	check := func(code Code, outcome string, requires ...Code) Check {
		return Check{Code: code, Outcomes: twoWays, Requires: requires, Run: func(context.Context, *Session) Result {
			mutex.Lock()
			defer mutex.Unlock()
			ran[code] = true
			return Result{Outcome: outcome}
		}}
	}
	all := []Check{check("a", "bad"), check("b", "fine", "a"), check("c", "fine"), check("d", "fine", "c")}
	d := diagnoseAll(t, context.Background(), Options{Only: []Code{"b"}}, all...)
	if got := outcomes(d); len(got) != 2 || got["a"] != "error bad" || got["b"] != "skipped because a" {
		t.Errorf("b and its cause: %v", got)
	}
	if ran["c"] || ran["d"] {
		t.Error("ran what nobody asked for")
	}
	if d := diagnoseAll(t, context.Background(), Options{Only: []Code{"d"}}, all...); len(d.Findings) != 1 || !d.Partial {
		t.Errorf("d alone: %v, partial %v", outcomes(d), d.Partial)
	}
	_, err := run(context.Background(), bench{}, all, Options{Only: []Code{"d", "x", "y"}})
	var unknown *UnknownCheckError
	if !errors.As(err, &unknown) || !slices.Equal(unknown.Codes, []Code{"x", "y"}) {
		t.Errorf("unknown codes: %v", err)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var came []Progress
	d := diagnoseAll(t, context.Background(), Options{Progress: func(p Progress) { came = append(came, p) }},
		says("a", "fine"), says("b", "bad", "a"), says("c", "fine", "b"))
	if len(came) != 3 || came[2].Done != 3 || came[2].All != 3 || came[0].Finding.Code != "a" {
		t.Errorf("%+v", came)
	}
	if len(d.Persons) != 2 {
		t.Errorf("persons: %+v", d.Persons)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcomes []string
		want     Verdict
	}{
		{[]string{"fine"}, AllWell}, {[]string{"fine", "untold"}, AllWell}, {[]string{"fine", "so-so"}, Todo},
		{[]string{"so-so", "bad"}, CannotUse}, {[]string{"what?"}, Unknown}, {[]string{"what?", "so-so"}, Todo},
	} {
		var checks []Check
		for i, o := range c.outcomes {
			checks = append(checks, says(Code(rune('a'+i)), o))
		}
		if got := diagnoseAll(t, context.Background(), Options{}, checks...).Verdict(); got != c.want {
			t.Errorf("%v: %s, want %s", c.outcomes, got, c.want)
		}
	}
}

// TestSharedOnce: what several checks need is asked for once, and a check that
// gives up does not end it for the others.
func TestSharedOnce(t *testing.T) {
	t.Parallel()
	var o once[int]
	asked := 0
	go_, began := make(chan struct{}), make(chan struct{})
	ask := func(context.Context) (int, error) { asked++; close(began); <-go_; return 7, nil }
	hurried, cancel := context.WithCancel(context.Background())
	came := make(chan error)
	go func() { _, err := o.get(hurried, context.Background(), time.Minute, ask); came <- err }()
	<-began
	cancel()
	if err := <-came; !errors.Is(err, context.Canceled) {
		t.Errorf("the hurried one: %v", err)
	}
	if v := o.known(); v != 0 {
		t.Errorf("known before it came: %d", v)
	}
	close(go_)
	if v, err := o.get(context.Background(), context.Background(), time.Minute, ask); v != 7 || err != nil || asked != 1 {
		t.Errorf("%d, %v, asked %d times", v, err, asked)
	}
	if v := o.known(); v != 7 {
		t.Errorf("known: %d", v)
	}
	var broken once[int]
	if _, err := broken.get(context.Background(), context.Background(), time.Minute, func(context.Context) (int, error) { panic("x") }); err == nil {
		t.Error("a panic gave no error")
	}
}

// TestUnreadCard: without a look at the card nothing says that all is well.
func TestUnreadCard(t *testing.T) {
	t.Parallel()
	if got := diagnoseAll(t, context.Background(), Options{}, says("card.readable", "untold"), says("b", "fine")).Verdict(); got != Unknown {
		t.Errorf("%s", got)
	}
}
