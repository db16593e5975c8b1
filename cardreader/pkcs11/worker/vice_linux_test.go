//go:build cgo

package worker_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/pkcs11/worker"
	"postecpx/internal/pcscd"
)

// The test program is its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == pkcs11.WorkerArgument {
		os.Exit(worker.Main())
	}
	pcscd.Main(m)
}

// everything is what a probe can read.
var everything = pkcs11.Options{Mechanisms: true, Objects: true, Values: true}

// deadline is short for a module that hangs, and long for a busy machine.
const deadline = 700 * time.Millisecond

// build compiles the module of ill will.
func build(t testing.TB, options ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed: no module of ill will can be built")
	}
	path := filepath.Join(t.TempDir(), "vice.so")
	args := append([]string{"-shared", "-fPIC", "-w", "-O1", "-o", path, "testdata/vice.c"}, options...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return path
}

// with is this program as the worker, with those variables in its environment.
func with(variables ...string) pkcs11.Executable {
	return pkcs11.Executable{Env: append(os.Environ(), variables...)}
}

func probe(exe pkcs11.Executable, path string, o pkcs11.Options) pkcs11.Probe {
	return pkcs11.ProbeModule(context.Background(), exe, pkcs11.Module{Path: path}, pkcs11.File{Status: pkcs11.OK}, o)
}

func within(o pkcs11.Options, d time.Duration) pkcs11.Options {
	o.Limits = pkcs11.Limits{Call: d, Initialize: d, Login: d}
	return o
}

// probeCalls are the calls that a probe of a healthy token makes.
var probeCalls = []string{
	"load", "C_GetFunctionList", "C_Initialize", "C_GetInfo", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo",
	"C_GetMechanismList", "C_GetMechanismInfo", "C_OpenSession", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal",
	"C_GetAttributeValue", "C_CloseSession", "C_Finalize",
}

func TestHealthy(t *testing.T) {
	p := probe(with(), build(t), everything)
	if p.Status != pkcs11.OK || p.Call != "" || p.Detail != "" {
		t.Fatalf("%s in %s: %s", p.Status, p.Call, p.Detail)
	}
	if p.Info != (pkcs11.Info{Manufacturer: "Vice", Description: "A module of ill will", Cryptoki: "2.20", Version: "1.7"}) {
		t.Errorf("%+v", p.Info)
	}
	if len(p.Slots) != 1 || p.Slots[0].ID != 7 || p.Slots[0].Description != "Reader of ill will" || p.Slots[0].Token == nil {
		t.Fatalf("%+v", p.Slots)
	}
	token := *p.Slots[0].Token
	if token.Label != "Vice token" || token.Model != "IAS ECC" || token.Serial != "00000001" || token.PINLeast != 4 || token.PINMost != 8 ||
		fmt.Sprint(token.Flags) != "[CKF_LOGIN_REQUIRED CKF_USER_PIN_INITIALIZED CKF_TOKEN_INITIALIZED]" {
		t.Errorf("%+v", token)
	}
	if len(token.Mechanisms) != 1 || fmt.Sprint(token.Mechanisms[0]) != "{CKM_SHA256_RSA_PKCS 2048 2048 [CKF_HW CKF_SIGN]}" {
		t.Errorf("%+v", token.Mechanisms)
	}
	want := []string{
		"{data CPS_INFO_PS [] CPS [118 97 108 117 101]  0 false false [] []}",
		"{certificate Certificat de Signature CPS [232 40 1]  [118 97 108 117 101]  0 false false [] []}",
		"{public-key Cle publique [232 40 1]  [] RSA 2048 false false [] []}",
		"{private-key CPS_PRIV_SIG [232 40 1]  [] RSA 2048 true false [CKA_SIGN] []}",
	}
	for i, o := range token.Objects {
		if i >= len(want) || fmt.Sprint(o) != want[i] {
			t.Errorf("object %d: %v", i, o)
		}
	}
	if len(token.Objects) != len(want) || len(token.Failures) != 0 {
		t.Errorf("%d objects, failures %v", len(token.Objects), token.Failures)
	}
}

// TestVices: each vice in each call is named, in time, and costs nothing else.
func TestVices(t *testing.T) {
	path := build(t)
	type vice struct {
		name, at string
		status   pkcs11.Status
		code     string
		detail   string
	}
	var vices []vice
	for _, call := range probeCalls {
		vices = append(vices, vice{"crash", call, pkcs11.Crashed, "", "signal 11 (SIGSEGV)"},
			vice{"hang", call, pkcs11.TimedOut, "", "no answer within"})
		if call != "load" {
			vices = append(vices, vice{"error", call, pkcs11.Failed, "CKR_DEVICE_ERROR", ""})
		}
		if call != "load" && call != "C_GetFunctionList" {
			vices = append(vices, vice{"no-entry", call, pkcs11.Failed, "", "no such entry"})
		}
	}
	vices = append(vices,
		vice{"abort", "C_GetInfo", pkcs11.Crashed, "", "signal 6 (SIGABRT)"},
		vice{"exit", "C_GetInfo", pkcs11.Crashed, "", "exit code 0"},
		vice{"exit-3", "C_GetTokenInfo", pkcs11.Crashed, "", "exit code 3"},
		vice{"exit", "load", pkcs11.Crashed, "", "exit code 0"},
		vice{"overflow", "C_GetSlotList", pkcs11.Crashed, "", "signal 11 (SIGSEGV)"},
		vice{"hang-deaf", "C_GetSlotList", pkcs11.TimedOut, "", ""},
		vice{"spin", "C_GetSlotList", pkcs11.TimedOut, "", ""},
		vice{"vendor", "C_OpenSession", pkcs11.Failed, "CKR_VENDOR_DEFINED+0x1", ""},
		vice{"no-table", "C_GetFunctionList", pkcs11.Failed, "", "no function table"},
		vice{"wild-table", "C_GetFunctionList", pkcs11.Crashed, "", "SIGSEGV"},
		vice{"slots-huge", "C_GetSlotList", pkcs11.Failed, "", "1099511627776"},
		vice{"slots-all", "C_GetSlotList", pkcs11.Failed, "", "18446744073709551615"},
		vice{"slots-grow", "C_GetSlotList", pkcs11.Failed, "", "1000000"},
		vice{"slots-change", "C_GetSlotList", pkcs11.Failed, "CKR_BUFFER_TOO_SMALL", ""},
		vice{"mechanisms-huge", "C_GetMechanismList", pkcs11.Failed, "", "8589934592"},
		vice{"objects-endless", "C_FindObjects", pkcs11.Failed, "", "more than 2048"},
		vice{"objects-overfill", "C_FindObjects", pkcs11.Failed, "", "1000064"},
		vice{"value-huge", "C_GetAttributeValue", pkcs11.Failed, "", "1099511627776"},
		vice{"value-large", "C_GetAttributeValue", pkcs11.Failed, "", "5242880"},
		vice{"value-grows", "C_GetAttributeValue", pkcs11.Failed, "", "1005"},
		vice{"close", "C_GetInfo", pkcs11.Crashed, "", ""},
		vice{"eat", "C_GetInfo", pkcs11.Failed, "CKR_HOST_MEMORY", ""},
		vice{"fork-crash", "C_GetInfo", pkcs11.Crashed, "", "SIGSEGV"},
		vice{"fork-hang", "C_GetInfo", pkcs11.TimedOut, "", ""},
	)
	// All at once: most of them only wait.
	probes := make([]pkcs11.Probe, len(vices))
	left := make([]string, len(vices))
	var all sync.WaitGroup
	busy := make(chan struct{}, 16)
	for i, v := range vices {
		left[i] = filepath.Join(t.TempDir(), "pid")
		o := everything // a busy machine may be slow
		switch v.name {
		case "hang", "hang-deaf", "spin", "fork-hang":
			o = within(o, deadline)
		}
		all.Go(func() {
			busy <- struct{}{}
			defer func() { <-busy }()
			probes[i] = probe(with("VICE="+v.name, "VICE_AT="+v.at, "VICE_FILE="+left[i]), path, o)
		})
	}
	all.Wait()
	for i, v := range vices {
		t.Run(v.name+"/"+v.at, func(t *testing.T) {
			p := probes[i]
			if p.Status != v.status || p.Call != v.at || p.Code != v.code || !strings.Contains(p.Detail, v.detail) {
				t.Errorf("%s in %s, code %q, detail %q", p.Status, p.Call, p.Code, p.Detail)
			}
			if v.status == pkcs11.TimedOut && (p.Duration < deadline || p.Duration > 10*deadline) {
				t.Errorf("stopped after %v", p.Duration)
			}
			gone(t, left[i])
		})
	}
	noChildren(t)
}

// gone checks that the process whose number is in the file, if any, has ended.
func gone(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") { // init takes it away
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d, which the module started, lives on", pid)
}

// noChildren checks that no child is left, alive or as a zombie.
func noChildren(t *testing.T) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		raw, err := os.ReadFile(s)
		if err != nil {
			continue // it ended
		}
		// proc(5): "pid (name) state ppid …"
		_, rest, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			t.Errorf("a child is left: %s", raw)
		}
	}
}

// TestEscape: a process that the module started and that left the group keeps
// the pipes open; nobody waits for it.
func TestEscape(t *testing.T) {
	path := build(t)
	for vice, want := range map[string]pkcs11.Status{"escape": pkcs11.OK, "escape-crash": pkcs11.Crashed} {
		left := filepath.Join(t.TempDir(), "pid")
		p := probe(with("VICE="+vice, "VICE_AT=C_GetInfo", "VICE_FILE="+left), path, everything)
		if p.Status != want || p.Duration > 9*time.Second {
			t.Errorf("%s: %s in %s after %v: %s", vice, p.Status, p.Call, p.Duration, p.Detail)
		}
		raw, err := os.ReadFile(left)
		if err != nil {
			t.Fatal(err)
		}
		if pid, err := strconv.Atoi(string(raw)); err != nil || syscall.Kill(pid, syscall.SIGKILL) != nil {
			t.Errorf("process %q cannot be ended: %v", raw, err)
		}
		gone(t, left)
	}
}

// TestHarmless: what a module may do without being at fault.
func TestHarmless(t *testing.T) {
	path := build(t)
	for name, check := range map[string]func(t *testing.T, p pkcs11.Probe){
		"VICE=junk VICE_AT=C_GetSlotList":  nil,
		"VICE=junk VICE_AT=load":           nil,
		"VICE=fork VICE_AT=C_GetInfo":      nil,
		"VICE=fork VICE_AT=C_Finalize":     nil,
		"VICE=slots-change-once VICE_AT=x": nil,
		"VICE=slow VICE_AT=C_GetSlotList VICE_NS=500000000": func(t *testing.T, p pkcs11.Probe) {
			if p.Duration < 900*time.Millisecond {
				t.Errorf("it was to sleep twice: %v", p.Duration)
			}
		},
		"VICE=garbage VICE_AT=x": func(t *testing.T, p pkcs11.Probe) {
			s := p.Slots[0]
			if s.Description != strings.Repeat("é", 64) || s.Token.Label != strings.Repeat("ÿ", 32) || s.Token.Model != strings.Repeat("é", 16) ||
				s.Token.Serial != strings.Repeat("\x1b", 16) || s.Token.PINMost != 0 {
				t.Errorf("%q %+v", s.Description, s.Token)
			}
		},
		"VICE=class-odd VICE_AT=x": func(t *testing.T, p pkcs11.Probe) {
			if o := p.Slots[0].Token.Objects; len(o) != 4 || o[0].Class != "CKO_0xFFFFFFFFFFFFFFFF" {
				t.Errorf("%+v", o)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := filepath.Join(t.TempDir(), "pid")
			o := everything
			if strings.Contains(name, "slow") {
				o = within(o, 900*time.Millisecond)
			}
			p := probe(with(append(strings.Fields(name), "VICE_FILE="+left)...), path, o)
			if p.Status != pkcs11.OK || len(p.Slots) != 1 || p.Slots[0].Token == nil {
				t.Fatalf("%s in %s %s: %s", p.Status, p.Call, p.Code, p.Detail)
			}
			if check != nil {
				check(t, p)
			}
			gone(t, left)
		})
	}
}

// TestKept: what was learned before the module went wrong is there.
func TestKept(t *testing.T) {
	path := build(t)
	for _, vice := range []string{"crash", "error"} {
		p := probe(with("VICE="+vice, "VICE_AT=C_Finalize"), path, everything)
		if p.Info.Manufacturer != "Vice" || len(p.Slots) != 1 || p.Slots[0].Token == nil || len(p.Slots[0].Token.Objects) != 4 {
			t.Errorf("%s: %+v", vice, p)
		}
	}
	p := probe(with("VICE=error", "VICE_AT=C_OpenSession"), path, everything)
	if f := p.Slots[0].Token.Failures; len(f) != 1 || f[0].Call != "C_OpenSession" || f[0].Code != "CKR_DEVICE_ERROR" {
		t.Errorf("%+v", f)
	}
	p = probe(with("VICE=talk-crash", "VICE_AT=C_GetInfo"), path, everything)
	if !strings.HasSuffix(p.Detail, "the last word") || len(p.Detail) > 9<<10 || len(p.Detail) < 8<<10 {
		t.Errorf("%d bytes of standard error: %q", len(p.Detail), p.Detail)
	}
	p = pkcs11.ProbeModule(context.Background(), with("VICE=vendor", "VICE_AT=C_OpenSession"),
		pkcs11.Module{Path: path, Family: pkcs11.Cryptolib}, pkcs11.File{Status: pkcs11.OK}, everything)
	if p.Code != "CKR_ASIP_BAD_EF_ACTUA" {
		t.Errorf("code %q", p.Code)
	}
}

// TestNotLoaded: what the loader refuses, and what is not even tried.
func TestNotLoaded(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	if err := os.WriteFile(text, []byte("no library of any system, but long enough to be one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]pkcs11.Status{
		build(t, "-DNO_SYMBOL"): pkcs11.NoSymbol, build(t, "-DABSENT"): pkcs11.Failed, text: pkcs11.Unreadable,
		filepath.Join(dir, "nothing.so"): pkcs11.Missing, "vice.so": pkcs11.Failed,
	} {
		p := probe(with(), path, everything)
		if p.Status != want || p.Call != "load" || p.Detail == "" {
			t.Errorf("%s: %s in %s: %s", path, p.Status, p.Call, p.Detail)
		}
	}
	// It would crash if it were loaded.
	p := pkcs11.ProbeModule(context.Background(), with("VICE=crash", "VICE_AT=load"), pkcs11.Module{Path: build(t)},
		pkcs11.File{Status: pkcs11.WrongArchitecture, Detail: "why"}, everything)
	if p.Status != pkcs11.WrongArchitecture || p.Detail != "why" {
		t.Errorf("%+v", p)
	}
	p = probe(pkcs11.Executable{Path: filepath.Join(dir, "no program")}, build(t), everything)
	if p.Status != pkcs11.Failed || !strings.Contains(p.Detail, "start the child") {
		t.Errorf("%+v", p)
	}
	p = probe(pkcs11.Executable{Path: "/bin/echo"}, build(t), everything)
	if p.Status != pkcs11.Crashed {
		t.Errorf("%+v", p)
	}
}

// TestSideBySide: the slowest deadline is the time of all, the order stays, and
// a module that is there twice is loaded once.
func TestSideBySide(t *testing.T) {
	path := build(t)
	var modules []pkcs11.Module
	var files []pkcs11.File
	for i := range 8 {
		link := fmt.Sprintf("%s.%d", path, i)
		if err := os.Link(path, link); err != nil {
			t.Fatal(err)
		}
		modules = append(modules, pkcs11.Module{Path: link, Name: strconv.Itoa(i)})
		files = append(files, pkcs11.File{Status: pkcs11.OK})
	}
	modules = append(modules, pkcs11.Module{Path: modules[3].Path, Name: "again"})
	files = append(files, files[3])
	began := time.Now()
	probes := pkcs11.ProbeAll(context.Background(), with("VICE=hang", "VICE_AT=C_Initialize"), modules, files, within(everything, 2*time.Second))
	took := time.Since(began)
	if took > 6*time.Second { // one after the other, eight take sixteen
		t.Errorf("%v", took)
	}
	for i, p := range probes {
		if p.Status != pkcs11.TimedOut || p.Call != "C_Initialize" || p.Module.Name != modules[i].Name {
			t.Errorf("%d: %s %s in %s", i, p.Module.Name, p.Status, p.Call)
		}
	}
	if len(probes) != len(modules) || probes[8].Duration != probes[3].Duration {
		t.Errorf("%d probes; the same module twice took %v and %v", len(probes), probes[3].Duration, probes[8].Duration)
	}
}

// TestCancel: the caller need not wait, nor when the module is the first to end.
func TestCancel(t *testing.T) {
	path := build(t)
	ctx, cancel := context.WithCancel(context.Background())
	var stop sync.Once
	time.AfterFunc(300*time.Millisecond, func() { stop.Do(cancel) })
	defer stop.Do(cancel)
	p := pkcs11.ProbeModule(ctx, with("VICE=hang", "VICE_AT=C_GetInfo"), pkcs11.Module{Path: path}, pkcs11.File{Status: pkcs11.OK}, everything)
	if p.Status != pkcs11.TimedOut || !strings.Contains(p.Detail, "canceled") || p.Duration > 5*time.Second {
		t.Errorf("%+v", p)
	}
	o := everything
	o.Limits.Whole = deadline
	p = probe(with("VICE=hang", "VICE_AT=C_GetInfo"), path, o)
	if p.Status != pkcs11.TimedOut || p.Call != "C_GetInfo" || !strings.Contains(p.Detail, "deadline") {
		t.Errorf("%+v", p)
	}
}

// TestOrphan: a worker whose parent is gone ends, in the middle of a call.
func TestOrphan(t *testing.T) {
	path := build(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, pkcs11.WorkerArgument)
	cmd.Env = append(os.Environ(), "VICE=hang", "VICE_AT=C_GetInfo")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	fmt.Fprintf(stdin, `{"module":%q,"probe":{}}`+"\n", path)
	seen := make([]byte, 4096)
	for total := ""; !strings.Contains(total, "C_GetInfo"); {
		n, err := stdout.Read(seen)
		if err != nil {
			t.Fatalf("%v after %s", err, total)
		}
		total += string(seen[:n])
	}
	stdin.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("it waits on")
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	}
}
