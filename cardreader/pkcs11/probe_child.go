package pkcs11

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Executable is the program that is started as the child.
type Executable struct {
	// Path is "" for the program that runs.
	Path string
	// Env is nil for the environment of the program that runs.
	Env []string
}

// errand is one thing that a child is asked.
type errand struct {
	request    WorkerRequest
	code       []byte // the code porteur; the caller wipes it after run
	limits     Limits
	keepStderr bool // what the child said on standard error goes into Detail
}

const (
	// maxLine bounds one line of the child, and maxAnswer all of them.
	maxLine   = 16 << 20
	maxAnswer = 64 << 20
	// maxStderr is how much of the end of standard error is kept.
	maxStderr = 8 << 10
	// settle is how long what a dead child wrote may take to arrive, when
	// something else that it started keeps its pipes open.
	settle = 500 * time.Millisecond
	// burial is how long a killed process may take to be gone: one that waits
	// in a driver cannot be killed.
	burial = 2 * time.Second
)

var errGarbage = errors.New("a line that is no answer came from the child")

// run does one errand in a child process and gives its lines, but the calls and
// the end, to each. It comes back when the child has ended or was killed.
func (e Executable) run(ctx context.Context, what errand, each func(WorkerLine)) WorkerEnd {
	ctx, cancel := context.WithTimeout(ctx, what.limits.whole())
	defer cancel()
	c, err := e.start(what)
	if err != nil {
		return WorkerEnd{Status: Failed, Detail: "start the child process: " + err.Error()}
	}
	end := c.follow(ctx, what.limits, each)
	exit := c.stop()
	if end.Status == Crashed && end.Detail == "" {
		end.Detail = exit
	}
	if what.keepStderr && (end.Status == Crashed || end.Status == TimedOut) {
		if said := c.stderr.text(); said != "" {
			end.Detail += "; it said: " + said
		}
	}
	return end
}

// child is a running child process.
type child struct {
	cmd    *exec.Cmd
	group  group
	stdin  *os.File // stays open: the child ends when we do
	stdout *os.File
	errors *os.File // nil when standard error is not kept
	stderr tail
	lines  chan WorkerLine
	broken chan error    // why there are no more lines
	exited chan struct{} // closed when the process is no more
	done   chan struct{} // closed when nobody takes the lines any more
	sent   chan struct{} // closed when the request was written, or cannot be
	said   chan struct{} // closed when standard error was read to its end
}

func (e Executable) start(what errand) (*child, error) {
	path := e.Path
	if path == "" {
		own, err := os.Executable()
		if err != nil {
			return nil, err
		}
		path = own
	}
	request, err := json.Marshal(what.request)
	if err != nil {
		return nil, err
	}
	c := &child{
		cmd: exec.Command(path, WorkerArgument), lines: make(chan WorkerLine), broken: make(chan error, 1),
		exited: make(chan struct{}), done: make(chan struct{}), sent: make(chan struct{}), said: make(chan struct{}),
	}
	c.cmd.Env = e.Env
	c.group.prepare(c.cmd)
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	// Files, not pipes of os/exec: Wait would wait for everyone who holds them.
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	in, stdin := pipe()
	stdout, out := pipe()
	var stderr, diagnostics *os.File
	if what.keepStderr {
		stderr, diagnostics = pipe()
		c.cmd.Stderr = diagnostics
	}
	theirs = append(theirs, in, out, diagnostics)
	c.stdin, c.stdout, c.errors = stdin, stdout, stderr
	c.cmd.Stdin, c.cmd.Stdout = in, out
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		c.closePipes()
		return nil, err
	}
	c.group.started(c.cmd)
	go func() { _ = c.cmd.Wait(); close(c.exited) }() // ProcessState says how it ended
	go c.send(append(request, '\n'), what.code)
	go c.readLines()
	go func() {
		defer close(c.said)
		if stderr != nil {
			_, _ = io.Copy(&c.stderr, stderr) // until everyone closed it, or we do
		}
	}()
	return c, nil
}

// send writes straight from the slices, so that no copy of the code is left in
// this process. A child that does not read is the business of follow.
func (c *child) send(request, code []byte) {
	defer close(c.sent)
	if _, err := c.stdin.Write(request); err == nil && len(code) > 0 {
		_, _ = c.stdin.Write(code)
	}
}

func (c *child) readLines() {
	defer close(c.lines)
	r := bufio.NewReader(io.LimitReader(c.stdout, maxAnswer))
	for {
		raw, err := readLine(r)
		var line WorkerLine
		if err == nil && json.Unmarshal(raw, &line) != nil {
			err = errGarbage
		}
		if err != nil {
			c.broken <- err
			return
		}
		select {
		case c.lines <- line:
		case <-c.done:
			return
		}
	}
}

// readLine reads to the end of a line, which has at most maxLine bytes.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, errGarbage
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// follow takes the lines until the end, or until it is clear that none comes.
func (c *child) follow(ctx context.Context, limits Limits, each func(WorkerLine)) WorkerEnd {
	call := ""
	step := time.NewTimer(limits.of(call))
	defer step.Stop()
	exited := c.exited
	var settled <-chan time.Time
	for {
		select {
		case line, ok := <-c.lines:
			switch {
			case !ok:
				return c.broke(call)
			case line.End != nil:
				return *line.End
			case line.Call != "":
				call = line.Call
				step.Reset(limits.of(call))
			default:
				each(line)
			}
		case <-step.C:
			return WorkerEnd{Status: TimedOut, Call: call, Detail: fmt.Sprintf("no answer within %v", limits.of(call))}
		case <-ctx.Done():
			return WorkerEnd{Status: TimedOut, Call: call, Detail: "stopped: " + ctx.Err().Error()}
		case <-exited:
			// What it wrote before is still to be read: to its end, once nobody
			// holds the pipe any more.
			c.group.kill(c.cmd)
			exited, settled = nil, time.After(burial)
		case <-settled:
			return WorkerEnd{Status: Crashed, Call: call}
		}
	}
}

// broke says what it means that no more lines come: garbage, or a process that
// ends. One that closed its standard output and lives on hangs.
func (c *child) broke(call string) WorkerEnd {
	if err := <-c.broken; errors.Is(err, errGarbage) {
		return WorkerEnd{Status: Crashed, Call: call, Detail: err.Error()}
	}
	select {
	case <-c.exited:
		return WorkerEnd{Status: Crashed, Call: call}
	case <-time.After(burial):
		return WorkerEnd{Status: TimedOut, Call: call, Detail: "it closed its output and did not end"}
	}
}

// stop kills the child with everything that it started, takes its exit status
// so that no zombie stays, and says how it ended.
func (c *child) stop() string {
	close(c.done)
	c.group.kill(c.cmd)
	exit := "the process cannot be ended"
	select {
	case <-c.exited:
		c.group.kill(c.cmd) // what it started and left behind
		exit = c.group.exit(c.cmd.ProcessState)
		select {
		case <-c.said:
		case <-time.After(settle): // someone else holds standard error
		}
	case <-time.After(burial):
	}
	c.closePipes()
	<-c.sent
	return exit
}

func (c *child) closePipes() {
	for _, f := range []*os.File{c.stdin, c.stdout, c.errors} {
		if f != nil {
			f.Close()
		}
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - maxStderr; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(bytes.TrimSpace(t.kept)), "\uFFFD")
}
