package diagnostic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"postecpx/cardreader"
	"postecpx/cardreader/pcsc"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// The errors that PC/SC comes with.
var (
	noService  = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrService, Code: 0x8010001D, Name: "SCARD_E_NO_SERVICE"}
	hung       = &pcsc.Error{Op: "SCardListReaders", Kind: pcsc.ErrService, Err: &pcsc.Error{Op: "SCardListReaders", Kind: pcsc.ErrTimeout, Err: context.DeadlineExceeded}}
	refusal    = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrAccess, Code: 0x8010006A, Name: "SCARD_W_SECURITY_VIOLATION"}
	noAccess   = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrAccess, Code: 5, Name: "ERROR_ACCESS_DENIED"}
	mismatch   = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrProtocolMismatch, Code: 0x8010001E, Name: "SCARD_E_SERVICE_STOPPED"}
	outOfRange = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrOther, Code: 0x80100006, Name: "SCARD_E_NO_MEMORY"}
	noCgo      = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrService, Err: errors.New("this program was built without PC/SC")}
)

// pcscFails makes PC/SC answer with that error.
func pcscFails(err error) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.Source = imagined.PCSC{Err: err} }
}

// all does several things to a workstation.
func all(steps ...func(*imagined.Workstation)) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) {
		for _, step := range steps {
			step(w)
		}
	}
}

func service(name string, s diagnostic.Service) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.Services[name] = s }
}

func withFile(path, content string) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.File(path, content) }
}

func withFolder(path string) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.Folder(path, 0o755) }
}

// without takes the PC/SC library away.
func without(paths ...string) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) {
		for _, p := range paths {
			w.Denied(p, errNotThere)
		}
	}
}

var errNotThere = fmt.Errorf("taken away: %w", errors.ErrUnsupported)

func withReader(names ...string) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) {
		var readers []pcsc.Reader
		for _, n := range names {
			readers = append(readers, pcsc.Reader{Name: n})
		}
		w.Source = imagined.PCSC{Found: readers}
	}
}

const (
	linuxLibrary   = "/usr/lib/x86_64-linux-gnu/libpcsclite.so.1"
	windowsLibrary = `C:\Windows\System32\winscard.dll`
	macLibrary     = "/System/Library/Frameworks/PCSC.framework"
)

func TestPCSCLibrary(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "pcsc.library", []imaginedCase{
		{name: "Linux", goos: "linux", outcome: "found", status: diagnostic.OK, facts: map[string]string{"pcscLibrary": linuxLibrary}},
		{name: "macOS", goos: "darwin", outcome: "found", status: diagnostic.OK},
		{name: "Windows", goos: "windows", outcome: "found", status: diagnostic.OK},
		{name: "elsewhere", goos: "linux", set: all(without(linuxLibrary), pcscFails(noService)), outcome: "answers", status: diagnostic.OK},
		{name: "elsewhere, with readers", goos: "linux", set: all(without(linuxLibrary), withReader("R 00 00")), outcome: "answers", status: diagnostic.OK},
		{name: "Debian", goos: "linux", set: all(without(linuxLibrary), pcscFails(noCgo)),
			outcome: "missing", status: diagnostic.Error, facts: map[string]string{"install": "sudo apt install pcscd libpcsclite1 libccid"}},
		{name: "RHEL", goos: "linux", set: all(without(linuxLibrary), pcscFails(noCgo), runs(diagnostic.System{ID: "rhel", Version: "9"})),
			outcome: "missing", status: diagnostic.Error, facts: map[string]string{"install": "sudo dnf install pcsc-lite pcsc-lite-libs pcsc-lite-ccid"}},
		{name: "RHEL 7", goos: "linux", set: all(without(linuxLibrary), pcscFails(noCgo), runs(diagnostic.System{ID: "rhel", Version: "7.9"})),
			outcome: "missing", status: diagnostic.Error, facts: map[string]string{"install": "sudo yum install pcsc-lite pcsc-lite-libs pcsc-lite-ccid"}},
		{name: "another", goos: "linux", set: all(without(linuxLibrary), pcscFails(noCgo), runs(diagnostic.System{ID: "void"})),
			outcome: "missing", status: diagnostic.Error, facts: map[string]string{"install": "pcsc-lite, ccid"}},
		{name: "Windows without", goos: "windows", set: all(without(windowsLibrary), pcscFails(noCgo)), outcome: "missing", status: diagnostic.Error},
		{name: "macOS without", goos: "darwin", set: all(without(macLibrary), pcscFails(noCgo)), outcome: "missing", status: diagnostic.Error},
	})
}

func TestPCSCService(t *testing.T) {
	t.Parallel()
	systemd := withFolder("/run/systemd/system")
	pcscd := withFile("/usr/sbin/pcscd", "")
	unit := func(running bool, start, detail string) func(*imagined.Workstation) {
		return service("pcscd.service", diagnostic.Service{Running: running, Start: start, Detail: detail})
	}
	socket := func(running bool, start, detail string) func(*imagined.Workstation) {
		return service("pcscd.socket", diagnostic.Service{Running: running, Start: start, Detail: detail})
	}
	scard := func(running bool, start string) func(*imagined.Workstation) {
		return service("SCardSvr", diagnostic.Service{Running: running, Start: start})
	}
	working := changed(aReader, func(d *diagnostic.USBDevice) { d.Driver = "WUDFRd" })
	diagnoseAll(t, "pcsc.service", []imaginedCase{
		{name: "Linux by socket", goos: "linux", set: all(systemd, unit(true, "on-demand", "active (running)"), socket(true, "automatic", "active (running)")),
			outcome: "running", status: diagnostic.OK, facts: map[string]string{"pcscState": "pcscd.service: active (running)"}},
		{name: "Linux, nothing told", goos: "linux", outcome: "running", status: diagnostic.OK},
		{name: "refused, so it runs", goos: "linux", set: pcscFails(refusal), outcome: "running", status: diagnostic.OK},
		{name: "not understood, so it runs", goos: "linux", set: pcscFails(mismatch), outcome: "running", status: diagnostic.OK},
		{name: "macOS", goos: "darwin", outcome: "running", status: diagnostic.OK},
		{name: "Windows", goos: "windows", set: all(scard(true, "automatic"), withReader("R 0")), outcome: "running", status: diagnostic.OK},
		{name: "Windows, readers of the client", goos: "windows", set: all(env("SESSIONNAME", "RDP-Tcp#1"), scard(false, "disabled"), withReader("R 0")),
			outcome: "running", status: diagnostic.OK},
		{name: "Windows on demand", goos: "windows", set: all(scard(true, "on-demand"), withReader("R 0")), outcome: "on-demand", status: diagnostic.OK},
		{name: "Windows without reader", goos: "windows", set: scard(false, "on-demand"), outcome: "dormant", status: diagnostic.OK},
		{name: "Windows, a reader without driver", goos: "windows", set: all(scard(false, "on-demand"), plugged(aReader)), outcome: "dormant", status: diagnostic.OK},
		{name: "Windows, a reader switched off", goos: "windows", set: all(scard(false, "on-demand"), plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Driver, d.Problem = "WUDFRd", 22 }))),
			outcome: "dormant", status: diagnostic.OK},
		{name: "Windows, USB not seen", goos: "windows", set: all(scard(false, "automatic"), func(w *imagined.Workstation) { w.Errs["USB"] = errors.ErrUnsupported }), outcome: "dormant", status: diagnostic.OK},
		{name: "Linux, started by hand", goos: "linux", set: all(systemd, unit(true, "disabled", ""), socket(false, "disabled", "")),
			outcome: "not-kept", status: diagnostic.Warning},
		{name: "Windows, to be off next time", goos: "windows", set: all(scard(true, "disabled"), withReader("R 0")), outcome: "not-kept", status: diagnostic.Warning},

		{name: "Linux without", goos: "linux", set: pcscFails(noService), outcome: "missing", status: diagnostic.Error,
			facts: map[string]string{"pcscError": "SCardEstablishContext: SCARD_E_NO_SERVICE"}},
		{name: "Windows without", goos: "windows", set: pcscFails(noService), outcome: "missing", status: diagnostic.Error},
		{name: "Linux stopped", goos: "linux", set: all(pcscFails(noService), systemd, unit(false, "on-demand", "inactive (dead)"), socket(false, "automatic", "inactive (dead)")),
			outcome: "stopped", status: diagnostic.Error, facts: map[string]string{"start": "sudo systemctl enable --now pcscd.socket"}},
		{name: "stopped, no systemd", goos: "linux", set: all(pcscFails(noService), pcscd, unit(false, "", "not running"), socket(false, "", "no socket")),
			outcome: "stopped", status: diagnostic.Error, facts: map[string]string{"start": "sudo service pcscd restart"}},
		{name: "no service manager", goos: "linux", set: all(pcscFails(noService), pcscd, func(w *imagined.Workstation) { w.Errs["Service"] = errors.ErrUnsupported }),
			outcome: "stopped", status: diagnostic.Error},
		{name: "Windows stopped", goos: "windows", set: all(pcscFails(noService), scard(false, "automatic")), outcome: "stopped", status: diagnostic.Error},
		// PC/SC of Windows gives an empty list, and no error.
		{name: "Windows stopped, a reader that works", goos: "windows", set: all(scard(false, "automatic"), plugged(working)), outcome: "stopped", status: diagnostic.Error},
		{name: "Windows stopped, on demand", goos: "windows", set: all(scard(false, "on-demand"), plugged(working)), outcome: "stopped", status: diagnostic.Error},
		{name: "macOS", goos: "darwin", set: pcscFails(noService), outcome: "stopped", status: diagnostic.Error},
		{name: "Linux disabled", goos: "linux", set: all(pcscFails(noService), systemd, unit(false, "disabled", "masked, inactive (dead)"), socket(false, "disabled", "inactive (dead)")),
			outcome: "disabled", status: diagnostic.Error},
		{name: "Windows disabled", goos: "windows", set: all(pcscFails(noService), scard(false, "disabled")), outcome: "disabled", status: diagnostic.Error},
		{name: "Windows disabled, taken for dormant", goos: "windows", set: scard(false, "disabled"), outcome: "disabled", status: diagnostic.Error},

		{name: "hung", goos: "linux", set: all(pcscFails(hung), systemd, unit(true, "on-demand", "active (running)")), outcome: "unresponsive", status: diagnostic.Error,
			facts: map[string]string{"restart": "sudo systemctl restart pcscd.socket pcscd.service", "pcscError": "SCardListReaders: no answer in time"}},
		{name: "out of our own time", goos: "darwin", set: pcscFails(&pcsc.Error{Op: "SCardListReaders", Kind: pcsc.ErrTimeout}), outcome: "unresponsive", status: diagnostic.Error},
		{name: "systemd says running", goos: "linux", set: all(pcscFails(noService), systemd, unit(true, "on-demand", "")), outcome: "unresponsive", status: diagnostic.Error},
		{name: "fails at its start", goos: "linux", set: all(pcscFails(noService), systemd, unit(false, "on-demand", "failed (failed)"), socket(false, "automatic", "")),
			outcome: "unresponsive", status: diagnostic.Error},
		{name: "a process without socket", goos: "linux", set: all(pcscFails(noService), pcscd, func(w *imagined.Workstation) {
			w.File("/run/pcscd/pcscd.pid", "7\n").Running = []diagnostic.Process{{PID: 7, Name: "pcscd"}}
		}), outcome: "unresponsive", status: diagnostic.Error},
		{name: "a process of a container", goos: "linux", set: all(pcscFails(noService), pcscd, func(w *imagined.Workstation) {
			w.File("/run/pcscd/pcscd.pid", "7\n").Running = []diagnostic.Process{{PID: 8, Name: "pcscd"}}
		}), outcome: "stopped", status: diagnostic.Error},
		{name: "a process, and no number", goos: "linux", set: all(pcscFails(noService), pcscd, func(w *imagined.Workstation) {
			w.Running = []diagnostic.Process{{PID: 8, Name: "pcscd"}}
		}), outcome: "stopped", status: diagnostic.Error},
		{name: "Windows says running", goos: "windows", set: all(pcscFails(noService), scard(true, "automatic")), outcome: "unresponsive", status: diagnostic.Error},
		{name: "out of memory", goos: "windows", set: pcscFails(outOfRange), outcome: "failing", status: diagnostic.Error},
		{name: "an address of nothing", goos: "linux", set: all(pcscFails(noService), env("PCSCLITE_CSOCK_NAME", "/run/xrdp/gone")), outcome: "redirected", status: diagnostic.Error,
			facts: map[string]string{"socket": "/run/xrdp/gone"}},
		{name: "flatpak", goos: "linux", set: all(pcscFails(noService), env("FLATPAK_ID", "org.example.Poste")), outcome: "sandboxed", status: diagnostic.Error,
			facts: map[string]string{"sandbox": "flatpak"}},
		{name: "snap", goos: "linux", set: all(pcscFails(noService), env("SNAP", "/snap/poste/1"), env("SNAP_NAME", "poste")), outcome: "sandboxed", status: diagnostic.Error,
			facts: map[string]string{"sandbox": "snap"}},
		{name: "Windows, far away", goos: "windows", set: all(pcscFails(noService), env("SESSIONNAME", "RDP-Tcp#1"), scard(true, "automatic")), outcome: "remote", status: diagnostic.Error},
	})
}

func TestPCSCAccess(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "pcsc.access", []imaginedCase{
		{name: "granted", goos: "linux", outcome: "granted", status: diagnostic.OK},
		{name: "polkit", goos: "linux", set: pcscFails(refusal), outcome: "refused", status: diagnostic.Error, facts: map[string]string{"polkit": "js"}},
		{name: "older polkit", goos: "linux", set: all(pcscFails(refusal), withFolder("/etc/polkit-1/localauthority")), outcome: "refused", status: diagnostic.Error,
			facts: map[string]string{"polkit": "pkla"}},
		{name: "polkit with both", goos: "linux", set: all(pcscFails(refusal), withFolder("/etc/polkit-1/localauthority"), withFolder("/etc/polkit-1/rules.d")),
			outcome: "refused", status: diagnostic.Error, facts: map[string]string{"polkit": "js"}},
		{name: "SSH", goos: "linux", set: all(pcscFails(refusal), env("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")), outcome: "refused-remote", status: diagnostic.Error},
		{name: "hidepid", goos: "linux", set: all(pcscFails(refusal), withFile("/proc/mounts", "proc /proc proc rw,nosuid,hidepid=invisible 0 0\n")),
			outcome: "hidden-processes", status: diagnostic.Error},
		{name: "hidepid off", goos: "linux", set: all(pcscFails(refusal), withFile("/proc/mounts", "proc /proc proc rw,hidepid=0 0 0\nx /proc tmpfs hidepid=2 0 0\n")),
			outcome: "refused", status: diagnostic.Error},
		{name: "Windows", goos: "windows", set: pcscFails(noAccess), outcome: "denied", status: diagnostic.Error},
		{name: "not understood", goos: "linux", set: pcscFails(mismatch), outcome: "because", status: diagnostic.Skipped, because: "pcsc.protocol"},
		{name: "stopped", goos: "linux", set: pcscFails(noService), outcome: "because", status: diagnostic.Skipped, because: "pcsc.service"},
	})
}

func TestPCSCProtocol(t *testing.T) {
	t.Parallel()
	const dpkg = "Package: bash\nVersion: 5.2\n\nPackage: libpcsclite1\nStatus: install ok installed\nVersion: 2.3.3-1\n\nPackage: pcscd\nVersion: 1.9.9-2\n"
	diagnoseAll(t, "pcsc.protocol", []imaginedCase{
		{name: "agrees", goos: "linux", outcome: "agrees", status: diagnostic.OK},
		{name: "flatpak", goos: "linux", set: all(pcscFails(mismatch), withFile("/.flatpak-info", "")), outcome: "sandbox", status: diagnostic.Error},
		{name: "container", goos: "linux", set: all(pcscFails(mismatch), withFile("/run/.containerenv", "")), outcome: "sandbox", status: diagnostic.Error},
		{name: "half an update", goos: "linux", set: all(pcscFails(mismatch), withFile("/var/lib/dpkg/status", dpkg)), outcome: "versions", status: diagnostic.Error,
			facts: map[string]string{"package": "libpcsclite1 2.3.3-1"}},
		{name: "a second library", goos: "linux", set: all(pcscFails(mismatch), withFile("/usr/local/lib/libpcsclite.so.1", "")), outcome: "versions", status: diagnostic.Error},
		{name: "refused", goos: "linux", set: pcscFails(refusal), outcome: "because", status: diagnostic.Skipped, because: "pcsc.access"},
		{name: "stopped", goos: "windows", set: pcscFails(noService), outcome: "because", status: diagnostic.Skipped, because: "pcsc.service"},
	})
}

// Whatever ails PC/SC, one check says so and all that follows names it.
func TestPCSCBlamesOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		root diagnostic.Code
	}{
		{"stopped", noService, "pcsc.service"}, {"hung", hung, "pcsc.service"}, {"refused", refusal, "pcsc.access"}, {"not understood", mismatch, "pcsc.protocol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := imagined.New("linux").File(linuxLibrary, "")
			w.Source = imagined.PCSC{Err: c.err}
			d, err := diagnostic.Run(t.Context(), w, diagnostic.Options{Only: []diagnostic.Code{"pcsc.library", "pcsc.service", "pcsc.access", "pcsc.protocol", "reader.present"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range d.Findings {
				if (f.Code == c.root) != (f.Status == diagnostic.Error) || f.Status == diagnostic.Skipped && f.Because != c.root {
					t.Errorf("%s %s %s because of %q", f.Code, f.Status, f.Outcome, f.Because)
				}
			}
			if f, _ := d.Finding("reader.present"); f.Because != c.root {
				t.Errorf("reader.present because of %q", f.Because)
			}
		})
	}
}

// The service is asked anew in each diagnosis, once.
type countingSource struct {
	cardreader.Source
	asked *int
}

func (c countingSource) Readers(ctx context.Context) ([]pcsc.Reader, error) {
	*c.asked++
	return c.Source.Readers(ctx)
}

func TestReadersAskedOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	w := imagined.New("linux").File(linuxLibrary, "")
	w.Source = countingSource{imagined.PCSC{}, &asked}
	diagnose(t, w, "reader.present")
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// The command that grants access names the form of rules of that polkit, and
// nobody.
func TestPolkitCommands(t *testing.T) {
	t.Parallel()
	s, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	w := imagined.New("linux").File(linuxLibrary, "")
	w.Source = imagined.PCSC{Err: refusal}
	for _, c := range []struct{ folder, want string }{
		{"/etc/polkit-1/rules.d", "/etc/polkit-1/rules.d/50-pcsc-user.rules"},
		{"/etc/polkit-1/localauthority", "50-pcsc-user.pkla"},
	} {
		w := imagined.New("linux").File(linuxLibrary, "").Folder(c.folder, 0o755)
		w.Source = imagined.PCSC{Err: refusal}
		command := wording.Finding(s, diagnose(t, w, "pcsc.access"), "linux").Command
		if !strings.HasSuffix(command, c.want) || strings.Contains(command, w.Who.Name) || strings.Contains(command, "\n") {
			t.Errorf("%s: %s", c.folder, command)
		}
	}
}
