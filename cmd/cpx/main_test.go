package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/vpcd"
	"postecpx/internal/pcscd"
)

func TestMain(m *testing.M) {
	testscript.Main(pcscd.Private(m), map[string]func(){"cpx": main})
}

// TestScripts runs the command lines of testdata/*.txtar. Those that say
// "pcscd start" have a real pcscd of their own, in which
//
//	insert CARD [remove-at=N] [mute-at=N] [status=N:SW] [truncate=FILE:BYTES] [strict-le] [reader=N]
//		[identifier=VALUE] [number=DIGITS]
//
// puts a virtual card, and "play FILE" the one of a recording; "remove" takes it out and "presented N" counts the
// codes that it saw. "json PATH VALUE" looks into the last output.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:             "testdata",
		ContinueOnError: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CRYPTOLIB", cryptolib)
			env.Setenv("OPENSC", openSC())
			env.Values[stageKey{}] = new(stage)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"pcscd":     pcscdCommand,
			"insert":    insertCommand,
			"play":      playCommand,
			"remove":    removeCommand,
			"presented": presentedCommand,
			"json":      jsonCommand,
			"exits":     exitsCommand,
			"reports":   reportsCommand,
			"nocache":   noCacheCommand,
			"fhir":      fhirCommand,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "pcscd":
				return havePCSCD() == nil, nil
			case "cryptolib":
				_, err := os.Stat(cryptolib)
				return err == nil, nil
			case "opensc":
				return openSC() != "", nil
			}
			return false, fmt.Errorf("no condition %q", name)
		},
	})
}

// Where the package of ANS puts the Cryptolib CPS.
const (
	cryptolib      = "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"
	cryptolibCache = "/etc/opt/santesocial/CPS/cache"
)

// openSC is the module of OpenSC, "" when it is not installed.
func openSC() string {
	found, _ := filepath.Glob("/usr/lib/*/opensc-pkcs11.so")
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// havePCSCD is why no private pcscd can be had here, nil when it can. Where it
// is required, its absence fails the scripts instead.
var havePCSCD = sync.OnceValue(func() error {
	server, err := pcscd.Launch()
	if err == nil {
		return server.Stop()
	}
	if os.Getenv(pcscd.Require) == "1" {
		return nil
	}
	fmt.Println("scripts on a real pcscd are skipped:", err)
	return err
})

// stage is what a script set up.
type stage struct {
	server *pcscd.Server
	card   *virtualcard.Card   // the last one
	cards  []*virtualcard.Card // in their order
	take   context.CancelFunc
	gone   chan error
}

type stageKey struct{}

func of(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

func pcscdCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pcscd start|stop|halt")
	}
	switch args[0] {
	case "start":
		server, err := pcscd.Launch()
		ts.Check(err)
		s.server = server
		ts.Defer(func() {
			if err := server.Stop(); err != nil {
				ts.Logf("stop pcscd: %v", err)
			}
		})
	case "halt":
		ts.Check(s.server.Halt())
	default:
		ts.Fatalf("pcscd %s", args[0])
	}
}

func insertCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: insert CARD [FAULT…]")
	}
	description, err := virtualcard.Shipped(args[0])
	ts.Check(err)
	faults := virtualcard.Faults{Status: map[int]iso7816.StatusWord{}, Truncate: map[string]int{}}
	reader := 0
	for _, a := range args[1:] {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "remove-at":
			faults.RemoveAt, err = strconv.Atoi(value)
		case "mute-at":
			faults.MuteAt, err = strconv.Atoi(value)
		case "status":
			err = faultStatus(faults.Status)(strings.Replace(value, ":", "=", 1))
		case "truncate":
			err = faultTruncate(faults.Truncate)(strings.Replace(value, ":", "=", 1))
		case "strict-le":
			faults.StrictLe = true
		case "atr":
			_, err = fmt.Sscanf(value, "%X", &faults.ATR)
		case "reader":
			reader, err = strconv.Atoi(value)
		case "number":
			description.Number = value
		case "identifier":
			description.Identifier = value
		default:
			ts.Fatalf("no fault %q", name)
		}
		ts.Check(err)
	}
	s.card, err = virtualcard.New(description, time.Now(), faults)
	ts.Check(err)
	s.cards = append(s.cards, s.card)
	ctx, cancel := context.WithCancel(context.Background())
	s.take, s.gone = cancel, make(chan error, 1)
	card, gone := s.card, s.gone
	go func() { gone <- vpcd.Insert(ctx, s.server.Address(reader), card, nil) }()
	ts.Defer(cancel)
	awaitPower(ts, func() int { return card.Counts().Resets })
}

func playCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: play FILE")
	}
	recording, err := readRecording(ts.MkAbs(args[0]))
	ts.Check(err)
	card, err := trace.NewReplay(recording)
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	s.take, s.gone = cancel, make(chan error, 1)
	gone := s.gone
	go func() { gone <- vpcd.Insert(ctx, s.server.Address(0), card, nil) }()
	ts.Defer(cancel)
	awaitPower(ts, func() int { return card.Counts().Resets })
}

// awaitPower waits until the service has seen the card.
func awaitPower(ts *testscript.TestScript, resets func() int) {
	for range 500 {
		if resets() > 1 { // one is the insertion itself
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("pcscd does not see the card")
}

func removeCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	s.take()
	<-s.gone
	// pcscd notices at its next look into the reader.
	time.Sleep(600 * time.Millisecond)
}

func presentedCommand(ts *testscript.TestScript, neg bool, args []string) {
	card := of(ts).card
	if len(args) > 1 { // which one, from 0
		i, err := strconv.Atoi(args[1])
		ts.Check(err)
		card = of(ts).cards[i]
	}
	if n := card.Counts().Presented; strconv.Itoa(n) != args[0] {
		ts.Fatalf("the card saw %d VERIFY with data, want %s", n, args[0])
	}
}

// exitsCommand runs cpx and compares its exit code: "exits 4 read --json".
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("cpx", args[1:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// reportsCommand runs cpx, whatever it finds: only an exit code that no report
// has fails.
func reportsCommand(ts *testscript.TestScript, neg bool, args []string) {
	var exit *exec.ExitError
	if err := ts.Exec("cpx", args...); errors.As(err, &exit) {
		if code := exit.ExitCode(); code == exitUsage || code < 0 || code > exitNoService {
			ts.Fatalf("exit code %d", code)
		}
	} else {
		ts.Check(err)
	}
}

// jsonCommand compares a path of the last JSON output: "identifier.value",
// "certificates.0.role"; with "!", the path must not be there.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	var document any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &document))
	for _, step := range strings.Split(args[0], ".") {
		switch d := document.(type) {
		case map[string]any:
			document = d[step]
		case []any:
			i, err := strconv.Atoi(step)
			ts.Check(err)
			if i >= len(d) {
				document = nil
				continue
			}
			document = d[i]
		default:
			document = nil
		}
	}
	if neg {
		if document != nil {
			ts.Fatalf("%s is %v", args[0], document)
		}
		return
	}
	if got := fmt.Sprint(document); got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// noCacheCommand hides the cache of the Cryptolib of this machine under an
// empty file system that ends with the namespace.
func noCacheCommand(ts *testscript.TestScript, neg bool, args []string) {
	show, err := hide(cryptolibCache)
	ts.Check(err)
	ts.Defer(show)
}
