package pcscd

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	firstPort = 35963 // vpcd's own choice, 0x8C7B
	readers   = 2     // of one vpcd
	patience  = 10 * time.Second
)

// running is held by the one server of this process.
var running = make(chan struct{}, 1)

// Server is a running pcscd with two virtual readers.
type Server struct {
	daemon, driver string
	directory      string // of its configuration
	config         config
	output         output

	mu      sync.Mutex
	process *process // nil when stopped
	closed  bool
}

// process is one pcscd from start to end.
type process struct {
	pid   int
	ended chan struct{}
	err   error // how it ended, after ended is closed
}

// output keeps what pcscd writes, from several processes in turn.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

// Enter runs this program again in a namespace of its own, for a command that
// is no test. It returns nil in the namespace; outside it ends the process
// with the exit code of the one inside. The error says why there is no
// namespace.
func Enter() error {
	if code, ran := reenter(); ran {
		os.Exit(code)
	}
	return outside
}

// Launch starts a pcscd. An error that wraps ErrMissing says what the machine
// lacks. The caller has to Stop it.
func Launch(options ...Option) (*Server, error) {
	if outside != nil {
		if errors.Is(outside, ErrMissing) {
			return nil, outside
		}
		return nil, fmt.Errorf("%w: %v", ErrMissing, outside)
	}
	s := &Server{}
	for _, o := range options {
		o(&s.config)
	}
	var err error
	if s.daemon, s.driver, err = programs(); err != nil {
		return nil, err
	}
	running <- struct{}{}
	if err := s.launch(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) launch() (err error) {
	// This file system ends with the namespace: nothing can be left behind.
	if s.directory, err = os.MkdirTemp(runDirectory, "test"); err != nil {
		return err
	}
	if err := os.Mkdir(s.path("readers"), 0o755); err != nil {
		return err
	}
	return s.Restart()
}

func (s *Server) path(name string) string { return filepath.Join(s.directory, name) }

// configure writes the configuration of the readers, after reader.conf(5).
func (s *Server) configure() error {
	text := ""
	if !s.config.empty {
		text = fmt.Sprintf("FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n", firstPort, s.driver, firstPort)
	}
	return os.WriteFile(s.path("readers/vpcd"), []byte(text), 0o644)
}

// Restart ends pcscd, if it runs, and starts it again, with the options that it
// had and these. Cards have to connect again.
func (s *Server) Restart(options ...Option) error {
	if err := s.Halt(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range options {
		o(&s.config)
	}
	if err := s.configure(); err != nil {
		return err
	}
	arguments := []string{"--foreground", "--config", s.path("readers")}
	if s.config.verbose {
		arguments = append(arguments, "--apdu", "--debug")
	}
	command := exec.Command(s.daemon, arguments...)
	command.Stdout, command.Stderr = &s.output, &s.output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // Pdeathsig follows the thread, not the process
		defer runtime.UnlockOSThread()
		err := command.Start()
		if err == nil {
			p.pid = command.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = command.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process = p
	return s.await(p)
}

// await returns once pcscd answers on its socket and its readers listen.
func (s *Server) await(p *process) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.ended:
			return fmt.Errorf("pcscd ended at once: %v\n%s", p.err, s.Output())
		default:
		}
		if answers() && (s.config.empty || listening(firstPort) && listening(firstPort+readers-1)) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pcscd was not ready after %v\n%s", patience, s.Output())
		}
	}
}

func answers() bool {
	c, err := net.Dial("unix", Socket)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// listening looks into the kernel's table: a connection would insert a card.
func listening(port int) bool {
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 3 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return true
			}
		}
	}
	return false
}

// Halt ends pcscd, as when the service is stopped on a workstation; Restart
// starts it again. It does nothing when pcscd is not running.
func (s *Server) Halt() error { return s.end(syscall.SIGTERM) }

// Kill ends pcscd without any warning to it.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

func (s *Server) end(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	select {
	case <-p.ended: // by itself
	default:
		// A stopped process takes no signal but SIGKILL and SIGCONT.
		_ = syscall.Kill(p.pid, syscall.SIGCONT)
		if err := syscall.Kill(p.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		select {
		case <-p.ended:
		case <-time.After(patience / 2): // a driver can keep it from ending
			if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
			<-p.ended
		}
	}
	// A pcscd that was killed leaves them and its successor refuses to start.
	for _, f := range []string{Socket, runDirectory + "/pcscd.pid"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Freeze stops pcscd from running without ending it: every call to it blocks.
// Thaw lets it go on.
func (s *Server) Freeze() error { return s.signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (s *Server) Thaw() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return errors.New("pcscd is not running")
	}
	return syscall.Kill(s.process.pid, signal)
}

// Stop ends pcscd and removes its files. The server cannot be used after.
func (s *Server) Stop() error {
	err := s.Halt()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return err
	}
	s.closed = true
	if s.directory != "" {
		err = errors.Join(err, os.RemoveAll(s.directory))
	}
	<-running
	return err
}

// PID of the running pcscd, 0 when it is stopped.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.pid
}

// Port is the TCP port to which the card in reader n connects, 0 or 1.
func (s *Server) Port(n int) int { return firstPort + n }

// Address is that port on the loopback interface, for net.Dial.
func (s *Server) Address(n int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port(n)))
}

// ReaderName is the name that pcscd gives reader n, 0 or 1.
func (s *Server) ReaderName(n int) string { return fmt.Sprintf("Virtual PCD 00 %02X", n) }

// Output is what pcscd wrote so far.
func (s *Server) Output() string {
	s.output.mu.Lock()
	defer s.output.mu.Unlock()
	return s.output.buf.String()
}
