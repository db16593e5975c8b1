package workstation

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postecpx/cardreader/pkcs11"
	"postecpx/internal/diagnostic"
)

// What holds on every Linux.
func TestThisWorkstation(t *testing.T) {
	w := New()
	system, err := w.System(t.Context())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if system.Name == "" || system.ID == "" || system.Arch == "" || system.Since.IsZero() || system.Since.After(time.Now()) {
		t.Errorf("system: %+v", system)
	}
	user, err := w.User(t.Context())
	if err != nil || user.Name == "" || user.Host == "" || user.Elevated != (os.Geteuid() == 0) || user.Elevated && !user.Administrator {
		t.Errorf("user: %+v, %v", user, err)
	}
	all, err := w.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p diagnostic.Process) bool { return p.PID == os.Getpid() })
	own, _ := os.Executable()
	if i < 0 || !all[i].Self || all[i].Path != own || all[i].Name != filepath.Base(own) {
		t.Errorf("this program is not among the processes, or not as itself: %+v", all)
	}
	for _, p := range all {
		if p.PID == os.Getppid() && p.Self {
			t.Errorf("who started this program is taken for it: %+v", p)
		}
	}
	if _, err := w.USB(t.Context()); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Error("USB:", err)
	}
	if id, err := w.MachineID(); len(id) != 16 && !errors.Is(err, ErrNoMachineID) {
		t.Errorf("machine: %x, %v", id, err)
	}
	if probes, _ := w.Survey(t.Context(), []string{"/nowhere/module.so"}, pkcs11.Options{}); len(probes) != 1 || probes[0].Status != pkcs11.Missing {
		t.Errorf("survey: %+v", probes)
	}
}

func TestWithoutAHome(t *testing.T) {
	t.Setenv("HOME", "")
	if user, err := New().User(t.Context()); err != nil || user.Home != "" {
		t.Errorf("%+v, %v", user, err)
	}
}

func TestRemoteByTheEnvironment(t *testing.T) {
	t.Setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
	if system, _ := New().System(t.Context()); !system.Remote {
		t.Error("a session over SSH is not told")
	}
}

func TestAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := New()
	for name, ask := range map[string]func() error{
		"System":       func() error { _, err := w.System(ctx); return err },
		"User":         func() error { _, err := w.User(ctx); return err },
		"Service":      func() error { _, err := w.Service(ctx, "pcscd.service"); return err },
		"Processes":    func() error { _, err := w.Processes(ctx); return err },
		"USB":          func() error { _, err := w.USB(ctx); return err },
		"Command":      func() error { _, err := w.Command(ctx, "loginctl", "list-sessions"); return err },
		"Product":      func() error { _, err := w.Product(ctx, "/x"); return err },
		"Certificates": func() error { _, err := w.Certificates(ctx, diagnostic.Roots); return err },
		"Contact":      func() error { _, err := w.Contact(ctx, "http://127.0.0.1:9"); return err },
	} {
		if err := ask(); !errors.Is(err, context.Canceled) && !(name == "Command" && errors.Is(err, fs.ErrNotExist)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServiceNames(t *testing.T) {
	for _, name := range []string{"", "-H", "--host=x", "pcscd*", "a b", "../x", "a\n", "[a]"} {
		if s, err := New().Service(t.Context(), name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %+v, %v", name, s, err)
		}
	}
}

func TestPcscdSocket(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	listener, err := net.Listen("unix", at("live"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: at("left"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	if err := os.WriteFile(at("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"live": true, "left": false, "file": false, "none": false} {
		s, err := pcscdSocket(t.Context(), at(name))
		if err != nil || s.Running != want || s.Detail == "" || s.Start != "" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// writeTree makes files below a folder. A content that begins with "->" makes a
// link.
func writeTree(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			if target, ok := strings.CutPrefix(content, "->"); ok {
				err = os.Symlink(target, path)
			} else {
				err = os.WriteFile(path, []byte(content), 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSysfs(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, map[string]string{
		"usb1/idVendor": "1d6b\n", "usb1/idProduct": "0002\n", "1-0:1.0/bInterfaceClass": "09\n",
		"1-1/idVendor": "072f\n", "1-1/idProduct": "90cc\n", "1-1/manufacturer": "ACS\n", "1-1/product": "ACR38\x1b[31m USB Reader\n", "1-1/serial": "A1\n",
		"1-1/power/control": "auto\n", "1-1/power/autosuspend_delay_ms": "2000\n", "1-1:1.0/bInterfaceClass": "0b\n", "1-1:1.0/driver": "->../../drivers/usbfs",
		"1-1.4/idVendor": "072f\n", "1-1.4/idProduct": "2200\n", "1-1.4/power/control": "auto", "1-1.4/power/autosuspend_delay_ms": "-1000",
		"1-1.4:1.0/bInterfaceClass": "0b\n", "1-1.4:1.0/driver": "->../../drivers/pn533_usb", "1-1.4:1.1/bInterfaceClass": "03\n", "1-1.4:1.1/driver": "->../../drivers/usbhid",
		"1-2/idVendor": "zzzz\n", "1-2/idProduct": "0001\n",
		"1-3/idVendor": "0424\n", "1-3/idProduct": "2512\n", "1-3/power/control": "on\n",
	})
	want := []diagnostic.USBDevice{
		{Vendor: 0x072F, Product: 0x90CC, Manufacturer: "ACS", Name: "ACR38[31m USB Reader", Serial: "A1", Classes: []uint8{diagnostic.CCID}, Suspends: true},
		{Vendor: 0x072F, Product: 0x2200, Classes: []uint8{diagnostic.CCID, 3}, Driver: "pn533_usb"},
		{Vendor: 0x0424, Product: 0x2512},
	}
	got, err := readSysfs(t.Context(), root)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := readSysfs(t.Context(), root+"/none"); !errors.Is(err, errors.ErrUnsupported) {
		t.Error("no bus:", err)
	}
}

func TestProc(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, map[string]string{
		"version":  "Linux",
		"1/stat":   "1 (systemd) S 0 1 1",
		"70/stat":  "70 (pcscd) S 1 70 70",
		"70/exe":   "->/usr/sbin/pcscd (deleted)",
		"71/stat":  "71 (firefox) S 1 71 71",
		"71/exe":   "->/usr/lib/firefox/firefox",
		"71/maps":  "7f00-7f01 r-xp 00000000 08:01 1 /lib/x86_64-linux-gnu/libc.so.6\n7f02-7f03 r-xp 00000000 08:01 2 /usr/lib/x86_64-linux-gnu/libpcsclite.so.1.0.0\n",
		"72/stat":  "72 (pcscd) Z 1 72 72",
		"73/stat":  "73 (polkit-agent-he) S 1 73 73",
		"73/maps":  "7f00-7f01 r-xp 00000000 08:01 1 /home/libpcsclite/other.so\n",
		"74/stat":  "broken",
		"abc/stat": "75 (no) S 1",
	})
	// The command line of the one whose name the kernel cut.
	writeTree(t, root, map[string]string{"73/cmdline": "/usr/libexec/polkit-agent-helper-1\x00--x\x00"})
	got, err := readProc(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b diagnostic.Process) int { return a.PID - b.PID })
	want := []diagnostic.Process{
		{PID: 1, Name: "systemd"},
		{PID: 70, Name: "pcscd", Path: "/usr/sbin/pcscd"},
		{PID: 71, Name: "firefox", Path: "/usr/lib/firefox/firefox", PCSC: true},
		{PID: 73, Name: "polkit-agent-helper-1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := readProc(t.Context(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Error("empty:", err)
	}
}

func TestCertificatesOfTheSystem(t *testing.T) {
	w := New()
	all, err := w.Certificates(t.Context(), diagnostic.Roots)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, der := range all {
		if _, err := x509.ParseCertificate(der); err != nil {
			t.Error(err)
		}
	}
	for _, store := range []diagnostic.Store{diagnostic.Personal, "other"} {
		if _, err := w.Certificates(t.Context(), store); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", store, err)
		}
	}
}

func script(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "command")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExecute(t *testing.T) {
	t.Setenv("LD_PRELOAD_TEST", "1")
	t.Setenv("LC_ALL", "fr_FR.UTF-8")
	out, err := execute(t.Context(), maxOutput, script(t, `echo "$LC_ALL:$LD_PRELOAD_TEST:$1"; cat`), "a b; $(id)")
	if err != nil || string(out) != "C::a b; $(id)\n" {
		t.Errorf("%q, %v", out, err)
	}
	out, err = execute(t.Context(), maxOutput, script(t, `echo some; echo why >&2; exit 7`))
	var refused *CommandError
	if !errors.As(err, &refused) || refused.Exit != 7 || refused.Stderr != "why" || string(out) != "some\n" {
		t.Errorf("refused: %q, %v", out, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is taken for what is not there", err)
	}
	_, err = execute(t.Context(), maxOutput, script(t, `echo "The domain/default pair of (a, b) does not exist" >&2; exit 1`))
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &refused) {
		t.Errorf("not set: %v", err)
	}
	out, err = execute(t.Context(), 1000, script(t, `yes`))
	if !errors.Is(err, ErrTooMuch) || len(out) != 1000 {
		t.Errorf("endless: %d bytes, %v", len(out), err)
	}
	_, err = execute(t.Context(), maxOutput, script(t, `head -c 1000000 /dev/zero >&2; exit 1`))
	if !errors.As(err, &refused) || len(refused.Stderr) > maxErrors {
		t.Errorf("endless errors: %.100v", err)
	}
}

// What hangs is ended with all that it started, and leaves nobody behind.
func TestExecuteHangs(t *testing.T) {
	folder := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := execute(ctx, maxOutput, script(t, `(sleep 60 & echo $! > `+folder+`/pid; wait) & wait`))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	pid, err := os.ReadFile(filepath.Join(folder, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	gone := func() bool { // no more, or no more than a name
		stat, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "stat"))
		_, _, runs := parseStat(stat)
		return err != nil || !runs
	}
	for !gone() {
		if time.Since(began) > 10*time.Second {
			t.Fatal("what the command started still runs")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// One that ends and leaves another to hold its output does not keep us.
func TestExecuteLeavesOneBehind(t *testing.T) {
	began := time.Now()
	out, err := execute(t.Context(), maxOutput, script(t, `echo done; sleep 60 &`))
	if err != nil || string(out) != "done\n" || time.Since(began) > 10*time.Second {
		t.Errorf("%q, %v after %v", out, err, time.Since(began))
	}
}

func TestCommandsThatAreRun(t *testing.T) {
	w := New()
	for _, line := range [][]string{
		{"sh", "-c", "id"}, {"/bin/sh"}, {"../bin/sh"}, {""}, {"systemctl"}, {"systemctl", "stop", "pcscd"}, {"systemctl", "--no-ask", "stop", "x"}, {"loginctl", "lock-session"}, {"snap", "remove", "firefox"},
		{"defaults", "read", "x"}, // of another system
	} {
		if out, err := w.Command(t.Context(), line[0], line[1:]...); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q: %q, %v", line, out, err)
		}
	}
	for _, c := range []struct {
		system string
		line   []string
		want   bool
	}{
		{"darwin", []string{"defaults", "read", "/Library/Preferences/com.apple.security.smartcard", "useIFDCCID"}, true},
		{"darwin", []string{"defaults", "write", "a"}, false},
		{"darwin", []string{"security", "list-smartcards"}, true},
		{"darwin", []string{"security", "delete-certificate"}, false},
		{"darwin", []string{"plutil", "-convert", "xml1", "-o", "-", "/a"}, true},
		{"darwin", []string{"plutil", "-convert", "xml1", "/a"}, false},
		{"darwin", []string{"launchctl", "print", "system/a"}, true},
		{"darwin", []string{"launchctl", "bootout", "system/a"}, false},
		{"darwin", []string{"pluginkit", "-m", "-p", "com.apple.ctk-tokens"}, true},
		{"darwin", []string{"pluginkit", "-e", "ignore"}, false},
		{"linux", []string{"loginctl", "show-session", "self"}, true},
	} {
		allowed, listed := commands[c.system][c.line[0]]
		if got := listed && allowed(c.line[1:]); got != c.want {
			t.Errorf("%s %q: %v, want %v", c.system, c.line, got, c.want)
		}
	}
}
