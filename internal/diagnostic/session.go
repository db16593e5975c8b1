package diagnostic

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
)

// Session is one diagnosis under way: the workstation, what was found so far,
// and what several checks need and is asked for once.
type Session struct {
	Environment
	run     context.Context // of the whole diagnosis
	options Options

	mutex sync.Mutex
	found map[Code]Finding

	readers once[[]pcsc.Reader]
	card    once[*cps.Card]
	modules once[survey]
	// contacts are the servers that the checks of the network ask, each once.
	contacts once[[]contacted]
	// names are the addresses of those servers.
	names once[[]resolved]
}

type survey struct {
	probes []pkcs11.Probe
	errs   []error
}

// Limits of what the checks share, from when it is asked for.
const (
	readersLimit = 8 * time.Second
	cardLimit    = 15 * time.Second
)

// moduleLimits keep a module that hangs within the deadline of the checks that
// ask for the modules.
var moduleLimits = pkcs11.Limits{Initialize: 6 * time.Second, Call: 5 * time.Second, Whole: 12 * time.Second}

// silentLimits are those beside a card that fell silent: a module that waits
// for it is not to blame, whatever it would come to. On macOS it may be a token
// driver that keeps the card, and the module then works.
var silentLimits = pkcs11.Limits{Initialize: 3 * time.Second, Call: 3 * time.Second, Whole: 6 * time.Second}

func newSession(ctx context.Context, env Environment, o Options) *Session {
	return &Session{Environment: env, run: ctx, options: o, found: map[Code]Finding{}}
}

// Network tells whether the person allowed the network to be asked. A check
// that can do without looks here; one that cannot sets Check.Network.
func (s *Session) Network() bool { return s.options.Network }

// Found gives what a check of Requires or After found.
func (s *Session) Found(code Code) (Finding, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f, ok := s.found[code]
	return f, ok
}

// Failed tells whether that check, of Requires or After, failed or was not
// reached.
func (s *Session) Failed(code Code) bool {
	f, ok := s.Found(code)
	return ok && f.stops()
}

// Readers lists the readers and what is in them; asked once.
func (s *Session) Readers(ctx context.Context) ([]pcsc.Reader, error) {
	return s.readers.get(ctx, s.run, readersLimit, func(ctx context.Context) ([]pcsc.Reader, error) {
		return s.PCSC().Readers(ctx)
	})
}

// Reader chooses the reader whose card the diagnosis is about: of those whose
// name holds Options.Reader, the first with a CPx, else the first with a card,
// else the first. False when there is none.
func (s *Session) Reader(ctx context.Context) (cardreader.ReaderStatus, pcsc.Reader, bool) {
	readers, err := s.Readers(ctx)
	if err != nil {
		return cardreader.ReaderStatus{}, pcsc.Reader{}, false
	}
	var best cardreader.ReaderStatus
	var of pcsc.Reader
	found := false
	for _, r := range readers {
		if !strings.Contains(strings.ToLower(r.Name), strings.ToLower(s.options.Reader)) {
			continue
		}
		if status := cardreader.Look(r); !found || status.Stage.Rank() > best.Stage.Rank() {
			best, of, found = status, r, true
		}
	}
	return best, of, found
}

// errNoCPx is the error of Card when no reader holds a CPx.
var errNoCPx = errors.New("no CPx card in a reader")

// Card reads the card in the chosen reader; read once. It presents no code.
// The errors are those of cardreader.ReadCard, and errNoCPx.
func (s *Session) Card(ctx context.Context) (*cps.Card, error) {
	return s.card.get(ctx, s.run, cardLimit, func(ctx context.Context) (*cps.Card, error) {
		status, _, ok := s.Reader(ctx)
		if !ok || status.Stage != cardreader.Reading {
			return nil, errNoCPx
		}
		return cardreader.ReadCard(ctx, hasty{s.PCSC()}, status.Reader, cps.Options{})
	})
}

// Modules has the PKCS#11 modules of the workstation probed; once, and after
// the card was read, so that the two do not wait for each other. The second
// result are the files that declare modules and could not be read.
func (s *Session) Modules(ctx context.Context) ([]pkcs11.Probe, []error, error) {
	found, err := s.modules.get(ctx, s.run, cardLimit+moduleLimits.Whole, func(ctx context.Context) (survey, error) {
		_, cardErr := s.Card(ctx) // whatever it came to, its turn is over
		options := pkcs11.Everything()
		options.Limits = moduleLimits
		if errors.Is(cardErr, pcsc.ErrTimeout) && s.GOOS() != "darwin" {
			options.Limits = silentLimits
		}
		probes, errs := s.Survey(ctx, nil, options)
		return survey{probes, errs}, ctx.Err()
	})
	return found.probes, found.errs, err
}

// once is something that several checks need and that is asked for once, on
// behalf of the whole diagnosis: a check that gives up does not end it for the
// others.
type once[T any] struct {
	begin sync.Once
	ended chan struct{}
	value T
	err   error
}

func (o *once[T]) get(ctx, run context.Context, limit time.Duration, ask func(context.Context) (T, error)) (T, error) {
	o.begin.Do(func() {
		o.ended = make(chan struct{})
		go func() {
			defer close(o.ended)
			defer func() {
				if broken := recover(); broken != nil {
					o.err = fmt.Errorf("broken: %v\n%s", broken, debug.Stack())
				}
			}()
			ctx, cancel := context.WithTimeout(run, limit)
			defer cancel()
			o.value, o.err = ask(ctx)
		}()
	})
	select {
	case <-o.ended:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// known gives the value when it has come, and nothing otherwise.
func (o *once[T]) known() (value T) {
	asked := true
	o.begin.Do(func() { asked = false })
	if !asked || o.ended == nil {
		return value
	}
	select {
	case <-o.ended:
		return o.value
	default:
		return value
	}
}
