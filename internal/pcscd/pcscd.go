// Package pcscd gives a test a PC/SC service of its own: the workstation's
// real pcscd with the two readers of vsmartcard's vpcd, in a mount and network
// namespace that belongs to the test process. pcscd has one fixed socket and
// vpcd fixed TCP ports, so without the namespace two packages could not be
// tested at the same time, nor on a machine where a pcscd already runs.
//
// A package uses it in this way:
//
//	func TestMain(m *testing.M) { pcscd.Main(m) }
//
//	func TestInsertion(t *testing.T) {
//		server := pcscd.Start(t)
//		card, err := net.Dial("tcp", server.Address(0))
//		…
//	}
//
// Where the namespace, pcscd or vpcd cannot be had, the tests run all the same
// and Start skips the one that calls it, saying what is missing. With
// POSTECPX_REQUIRE_PCSCD=1 in the environment it fails it instead.
package pcscd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Require is the environment variable that turns a skipped test into a failed
// one when it is "1".
const Require = "POSTECPX_REQUIRE_PCSCD"

// Socket is where pcscd listens, in every namespace.
const Socket = "/run/pcscd/pcscd.comm"

// ErrMissing is wrapped by every error that says what this machine lacks.
var ErrMissing = errors.New("no private pcscd")

// M is what runs the tests of a package: *testing.M, or a wrapper of it.
type M interface{ Run() int }

// Main runs the tests of a package in a namespace of their own and ends the
// process. It is the whole body of a TestMain.
func Main(m M) { os.Exit(Private(m).Run()) }

// Private returns an M which runs m in a namespace of its own, for a TestMain
// that hands its M to something else.
func Private(m M) M { return private{m} }

type private struct{ M }

func (p private) Run() int {
	if code, ran := reenter(); ran {
		return code
	}
	return p.M.Run()
}

// Start starts a pcscd for that test, stops it when the test ends, and shows
// its output if the test failed. Only one can run at a time: a second call
// waits until the first server is stopped.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := Launch(options...)
	if errors.Is(err, ErrMissing) && os.Getenv(Require) != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop pcscd: %v", err)
		}
		if t.Failed() {
			t.Logf("output of pcscd:\n%s", s.Output())
		}
	})
	return s
}

// config is how a server starts.
type config struct {
	empty   bool // no readers
	verbose bool
}

// An Option changes how a server starts.
type Option func(*config)

// WithReaders starts with two readers, which is the rule.
func WithReaders() Option { return func(c *config) { c.empty = false } }

// WithoutReaders starts with no reader. pcscd takes in virtual readers only
// when it starts: Restart(WithReaders()) gives it some.
func WithoutReaders() Option { return func(c *config) { c.empty = true } }

// Verbose makes pcscd write every APDU and event to its output.
func Verbose() Option { return func(c *config) { c.verbose = true } }

const howToInstall = "`make test` installs it, or: apt-get install pcscd vsmartcard-vpcd"

// programs finds pcscd and the driver of the virtual readers.
func programs() (daemon, driver string, err error) {
	daemon, err = exec.LookPath("pcscd")
	if err != nil {
		daemon = first("/usr/sbin/pcscd", "/usr/local/sbin/pcscd")
	}
	if daemon == "" {
		return "", "", fmt.Errorf("%w: pcscd is not installed (%s)", ErrMissing, howToInstall)
	}
	driver = first(
		"/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
		"/usr/lib64/pcsc/drivers/serial/libifdvpcd.so",
		"/usr/lib/*/pcsc/drivers/serial/libifdvpcd.so",
		"/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
	)
	if driver == "" {
		return "", "", fmt.Errorf("%w: vpcd, the driver of the virtual readers, is not installed (%s)", ErrMissing, howToInstall)
	}
	return daemon, driver, nil
}

// first returns the first file that one of the patterns names.
func first(patterns ...string) string {
	for _, p := range patterns {
		if found, err := filepath.Glob(p); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}
