package workstation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Bounds on a command of the system.
const (
	maxOutput    = 1 << 20 // of Command
	maxErrors    = 4 << 10 // of standard error that is kept
	commandLimit = 30 * time.Second
	// settle is how long what an ended command wrote may take to arrive, when
	// something else that it started keeps its pipes open.
	settle = 500 * time.Millisecond
)

// ErrTooMuch is the error of a command that writes more than is taken.
var ErrTooMuch = errors.New("more output than is read")

// CommandError is a command that ran and said no.
type CommandError struct {
	Name   string
	Exit   int    // exit code, -1 when it was ended from outside
	Stderr string // the beginning of what it said
}

func (e *CommandError) Error() string {
	text := fmt.Sprintf("%s ended with exit code %d", e.Name, e.Exit)
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

// Is tells that what was asked for is not there, as defaults(1) says of a value
// that is not set.
func (e *CommandError) Is(target error) bool {
	return target == fs.ErrNotExist && strings.Contains(e.Stderr, "does not exist")
}

// A permit says which calls of a command only read.
type permit func(args []string) bool

// always permits every call: the command has no way to change anything.
func always([]string) bool { return true }

// verbs permits calls that begin with one of these words.
func verbs(words ...string) permit {
	return func(args []string) bool { return len(args) > 0 && slices.Contains(words, args[0]) }
}

// begins permits calls that begin with all of these words.
func begins(words ...string) permit {
	return func(args []string) bool { return len(args) >= len(words) && slices.Equal(args[:len(words)], words) }
}

// commands are those that may be run, by system.
var commands = map[string]map[string]permit{
	"linux": {
		"systemctl": verbs("show", "is-active", "is-enabled"),
		"loginctl":  verbs("show-session", "show-user", "show-seat", "list-sessions", "session-status"),
		"pkaction":  always,
		"snap":      verbs("list", "connections"),
		"flatpak":   verbs("list", "info"),
	},
	"darwin": {
		"sw_vers":         always,
		"ps":              always,
		"ioreg":           always,
		"system_profiler": always,
		"defaults":        verbs("read", "read-type"),
		"security":        verbs("find-certificate", "list-smartcards", "list-keychains", "dump-trust-settings"),
		"launchctl":       verbs("print", "print-disabled"),
		"pluginkit":       verbs("-m", "-mv", "-mA", "-mAv", "-mAvvv"),
		"plutil":          begins("-convert", "xml1", "-o", "-"),
		"scutil":          verbs("--proxy", "--dns", "--get"),
		"sc_auth":         verbs("identities"),
	},
	"windows": {},
}

// folders are where commands of a system are, and nowhere else: PATH may lead
// to folders that others can write to.
var folders = map[string][]string{
	"linux":  {"/usr/bin", "/bin", "/usr/sbin", "/sbin"},
	"darwin": {"/usr/bin", "/bin", "/usr/sbin", "/sbin"},
}

// Command gives the standard output of a read-only command of the system, at
// most 1 MiB of it. One that is on no list for this system is
// errors.ErrUnsupported, one that is not installed fs.ErrNotExist, and one that
// says no a *CommandError, with what it had written.
func (w *Workstation) Command(ctx context.Context, name string, args ...string) ([]byte, error) {
	return command(ctx, maxOutput, name, args...)
}

func command(ctx context.Context, limit int, name string, args ...string) ([]byte, error) {
	allowed, listed := commands[runtime.GOOS][name]
	if !listed || !allowed(args) {
		return nil, fmt.Errorf("%s: not a command that is run here: %w", strings.Join(append([]string{name}, args...), " "), errors.ErrUnsupported)
	}
	for _, folder := range folders[runtime.GOOS] {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			return execute(ctx, limit, path, args...)
		}
	}
	return nil, fmt.Errorf("%s: no such command: %w", name, fs.ErrNotExist)
}

// execute runs a program without a shell and without standard input, and ends
// it, with all that it started, when ctx ends.
func execute(ctx context.Context, limit int, path string, args ...string) ([]byte, error) {
	name := filepath.Base(path)
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	type result struct {
		out, said []byte
		over      bool
		err       error
	}
	// Beside, because a process that waits in a driver cannot be ended.
	r, err := within(ctx, func() (result, error) {
		cmd := exec.CommandContext(ctx, path, args...)
		out, said := &head{limit: limit, strict: true}, &head{limit: maxErrors}
		cmd.Stdout, cmd.Stderr = out, said
		cmd.Env = commandEnvironment()
		cmd.Dir = filepath.Dir(path)
		cmd.WaitDelay = settle
		group(cmd)
		err := cmd.Run()
		if errors.Is(err, exec.ErrWaitDelay) {
			killGroup(cmd) // what it left behind, that holds its pipes
			err = nil
		}
		return result{out.kept.Bytes(), said.kept.Bytes(), out.over, err}, nil
	})
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", name, context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case r.over:
		return r.out, fmt.Errorf("%s: %w", name, ErrTooMuch)
	case errors.As(r.err, &exit):
		said := strings.ToValidUTF8(strings.TrimSpace(string(r.said)), "\uFFFD")
		return r.out, &CommandError{Name: name, Exit: exit.ExitCode(), Stderr: said}
	case r.err != nil:
		return r.out, fmt.Errorf("%s: %w", name, r.err)
	}
	return r.out, nil
}

// commandEnvironment is what a command is given: answers in one language, and
// who asks. What changes how programs load is left out.
func commandEnvironment() []string {
	env := []string{"LC_ALL=C", "LANG=C", "PATH=" + strings.Join(folders[runtime.GOOS], string(os.PathListSeparator))}
	for _, name := range []string{"HOME", "USER", "LOGNAME", "TMPDIR", "XDG_RUNTIME_DIR", "SystemRoot", "windir"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// head keeps the beginning of what is written to it. A strict one refuses the
// rest, so that who writes is stopped.
type head struct {
	kept   bytes.Buffer
	limit  int
	strict bool
	over   bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.limit - h.kept.Len()
	if len(p) <= room {
		return h.kept.Write(p)
	}
	h.over = true
	h.kept.Write(p[:max(room, 0)])
	if h.strict {
		return max(room, 0), io.ErrShortWrite
	}
	return len(p), nil
}
