package pcscd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	switch os.Getenv("PCSCD_TEST_AS") {
	case "": // the tests
	case "exit code":
		os.Exit(Private(exits(7)).Run())
	case "server":
		os.Exit(Private(serves{}).Run())
	}
	Main(m)
}

// exits is an M that only has an exit code.
type exits int

func (e exits) Run() int { return int(e) }

// serves is an M that starts a server, says so and waits to be killed.
type serves struct{}

func (serves) Run() int {
	s, err := Launch()
	if err != nil {
		fmt.Println("none:", err)
		return 1
	}
	fmt.Println("pid", s.PID())
	time.Sleep(time.Minute)
	return 0
}

// again runs this test program in another role, as if from outside a namespace.
func again(role string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "PCSCD_TEST_AS="+role, "POSTECPX_PCSCD_NAMESPACE=")
	return c
}

func TestStartAndStop(t *testing.T) {
	s := Start(t)
	pid := s.PID()
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err != nil {
		t.Errorf("pcscd does not run: %v", err)
	}
	card, err := net.Dial("tcp", s.Address(1))
	if err != nil {
		t.Errorf("reader 1 takes no card: %v", err)
	} else {
		card.Close()
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("pcscd still runs: %v", err)
	}
	if _, err := os.Stat(Socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestRestart(t *testing.T) {
	s := Start(t)
	for name, end := range map[string]func() error{
		"halt": s.Halt, "kill": s.Kill,
		"frozen": func() error { return errors.Join(s.Freeze(), s.Halt()) },
	} {
		before := s.PID()
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := net.Dial("unix", Socket); err == nil {
			t.Errorf("%s: pcscd still answers", name)
		}
		if err := s.Restart(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if after := s.PID(); after == 0 || after == before {
			t.Errorf("%s: pid %d after %d", name, after, before)
		}
	}
}

// Another process has a pcscd of its own at the same time, and takes it along
// when it is killed.
func TestTwoProcesses(t *testing.T) {
	Start(t)
	other := again("server")
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, err := out.Read(line)
	pid, isPID := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "pid ")
	if !isPID {
		t.Errorf("the other process says %q, %v", line[:n], err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if !isPID {
		return
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if ended(pid) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("pcscd %s outlives its process", pid)
		}
	}
}

// ended tells whether a process is gone or only waits to be counted.
func ended(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	return err != nil || strings.Contains(string(status), "State:\tZ")
}

func TestExitCodePasses(t *testing.T) {
	err := again("exit code").Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("%v, want exit code 7", err)
	}
}

func TestSecondServerWaits(t *testing.T) {
	first := Start(t)
	second := make(chan error, 1)
	go func() {
		s, err := Launch()
		if err == nil {
			err = s.Stop()
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Errorf("a second server did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}
