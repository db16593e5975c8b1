package diagnostic_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
)

// imaginedCase is a workstation on which a check comes to an outcome.
type imaginedCase struct {
	name    string
	goos    string
	set     func(*imagined.Workstation)
	options diagnostic.Options
	outcome string
	status  diagnostic.Status
	because diagnostic.Code
	facts   map[string]string
	absent  []string // keys of facts that must not be there
}

// diagnoseAll runs the cases of one check, and demands that each outcome which
// it declares is come to by one of them.
func diagnoseAll(t *testing.T, code diagnostic.Code, cases []imaginedCase) {
	t.Helper()
	check, found := diagnostic.Find(code)
	if !found {
		t.Fatalf("no check %s", code)
	}
	reached := map[string]bool{}
	for _, c := range cases {
		reached[c.outcome] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := imagined.New(c.goos)
			for _, usual := range []string{"/usr/lib/x86_64-linux-gnu/libpcsclite.so.1", "/System/Library/Frameworks/PCSC.framework", `C:\Windows\System32\winscard.dll`} {
				if (c.goos == "windows") == (usual[0] == 'C') {
					w.File(usual, "")
				}
			}
			if c.set != nil {
				c.set(w)
			}
			f := diagnose(t, w, code, c.options)
			if f.Outcome != c.outcome || f.Status != c.status || f.Because != c.because {
				t.Errorf("%s %s because of %q (facts %v), want %s %s because of %q", f.Status, f.Outcome, f.Because, f.Facts, c.status, c.outcome, c.because)
			}
			for key, want := range c.facts {
				if got := f.Get(key); got != want {
					t.Errorf("fact %s is %q, want %q", key, got, want)
				}
			}
			for _, key := range c.absent {
				if got := f.Get(key); got != "" {
					t.Errorf("fact %s is %q, want none", key, got)
				}
			}
		})
	}
	for outcome := range check.Outcomes {
		if !reached[outcome] {
			t.Errorf("no workstation comes to %s.%s", code, outcome)
		}
	}
}

func runs(system diagnostic.System) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.Runs = system }
}

func TestSystemSupported(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "system.supported", []imaginedCase{
		{name: "Windows 11", goos: "windows", outcome: "supported", status: diagnostic.OK},
		{name: "macOS 14", goos: "darwin", outcome: "supported", status: diagnostic.OK},
		{name: "RHEL 9", goos: "linux", set: runs(diagnostic.System{Name: "Red Hat Enterprise Linux", ID: "rhel", Version: "9.4", Arch: "amd64"}),
			outcome: "supported", status: diagnostic.OK},
		{name: "Rocky 9", goos: "linux", set: runs(diagnostic.System{Name: "Rocky Linux", ID: "rocky", Like: "rhel centos fedora", Version: "9.3", Arch: "amd64"}),
			outcome: "related", status: diagnostic.OK},
		{name: "Oracle 8", goos: "linux", set: runs(diagnostic.System{Name: "Oracle Linux Server", ID: "ol", Like: "fedora", Version: "8.10", Arch: "amd64"}),
			outcome: "related", status: diagnostic.OK},
		{name: "Debian", goos: "linux", outcome: "unlisted", status: diagnostic.Skipped, facts: map[string]string{"systemName": "Debian GNU/Linux 12"}},
		{name: "Ubuntu", goos: "linux", set: runs(diagnostic.System{Name: "Ubuntu", ID: "ubuntu", Like: "debian", Version: "24.04", Arch: "amd64"}),
			outcome: "unlisted", status: diagnostic.Skipped},
		{name: "Fedora", goos: "linux", set: runs(diagnostic.System{Name: "Fedora Linux", ID: "fedora", Version: "41", Arch: "amd64"}),
			outcome: "unlisted", status: diagnostic.Skipped},
		{name: "Windows on ARM", goos: "windows", set: runs(diagnostic.System{Name: "Windows 11 Pro", ID: "windows", Version: "10.0.26100", Arch: "arm64"}),
			outcome: "unlisted", status: diagnostic.Skipped},
		{name: "session host", goos: "windows", set: runs(diagnostic.System{Name: "Windows 11 Enterprise multi-session", ID: "windows", Version: "10.0.22631", Arch: "amd64", Server: true}),
			outcome: "supported", status: diagnostic.OK},
		{name: "Server 2025", goos: "windows", set: runs(diagnostic.System{Name: "Windows Server 2025", ID: "windows", Version: "10.0.26100", Arch: "amd64", Server: true}),
			outcome: "newer", status: diagnostic.Skipped},
		{name: "macOS 26", goos: "darwin", set: runs(diagnostic.System{Name: "macOS", ID: "macos", Version: "26.0", Arch: "arm64"}),
			outcome: "newer", status: diagnostic.Skipped},
		{name: "Windows 7", goos: "windows", set: runs(diagnostic.System{Name: "Windows 7 Professional", ID: "windows", Version: "6.1.7601", Arch: "386"}),
			outcome: "older", status: diagnostic.Warning, facts: map[string]string{"announced": "Windows 10"}},
		{name: "CentOS 6", goos: "linux", set: runs(diagnostic.System{Name: "CentOS", ID: "centos", Like: "rhel fedora", Version: "6.10", Arch: "amd64"}),
			outcome: "older", status: diagnostic.Warning},
		{name: "Debian on ARM", goos: "linux", set: runs(diagnostic.System{Name: "Debian GNU/Linux", ID: "debian", Version: "12", Arch: "arm64"}),
			outcome: "processor", status: diagnostic.Warning},
		{name: "RHEL on ARM", goos: "linux", set: runs(diagnostic.System{Name: "Red Hat Enterprise Linux", ID: "rhel", Version: "9.4", Arch: "arm64"}),
			outcome: "processor", status: diagnostic.Warning},
		{name: "not told", goos: "linux", set: func(w *imagined.Workstation) { w.Errs["System"] = errors.New("no os-release") },
			outcome: "unknown", status: diagnostic.Skipped},
		{name: "no name", goos: "linux", set: runs(diagnostic.System{}), outcome: "unknown", status: diagnostic.Skipped},
	})
}

func TestSystemClock(t *testing.T) {
	t.Parallel()
	now := imagined.New("linux").Time
	const annuaire, igc = "https://annuaire.esante.gouv.fr/", "http://igc-sante.esante.gouv.fr/"
	asked := diagnostic.Options{Network: true}
	says := func(url string, date time.Time) func(*imagined.Workstation) {
		return func(w *imagined.Workstation) {
			c := diagnostic.Contact{Status: 200, Date: date}
			if url == annuaire {
				c.Certificates = [][]byte{{0x30}} // trusted
			}
			w.Contacts[url] = c
		}
	}
	file := func(path string, at time.Time) func(*imagined.Workstation) {
		return func(w *imagined.Workstation) { w.File(path, "").Changed(path, at) }
	}
	diagnoseAll(t, "system.clock", []imaginedCase{
		{name: "nothing else", goos: "linux", outcome: "plausible", status: diagnostic.Skipped, facts: map[string]string{"clock": "2026-06-15 10:00"}},
		{name: "a year back", goos: "windows", set: func(w *imagined.Workstation) { w.Time = w.Time.AddDate(-1, 0, 0) },
			outcome: "behind", status: diagnostic.Error, facts: map[string]string{"clock": "2025-06-15 10:00"}},
		{name: "an empty battery", goos: "darwin", set: func(w *imagined.Workstation) { w.Time = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) },
			outcome: "behind", status: diagnostic.Error},
		{name: "before the system was made", goos: "darwin", set: file("/System/Library/CoreServices/SystemVersion.plist", now.AddDate(0, 2, 0)),
			outcome: "behind", status: diagnostic.Error, facts: map[string]string{"notBefore": "2026-08-15 10:00"}},
		{name: "a year ahead, by a server", goos: "windows", set: all(says(annuaire, now), func(w *imagined.Workstation) { w.Time = now.AddDate(1, 0, 0) }), options: asked,
			outcome: "wrong", status: diagnostic.Error, facts: map[string]string{"serverClock": "2026-06-15 10:00", "timeServer": annuaire}},
		{name: "a day back, by a server", goos: "linux", set: says(annuaire, now.Add(25*time.Hour)), options: asked, outcome: "wrong", status: diagnostic.Error},
		{name: "an hour", goos: "darwin", set: all(says(annuaire, now.Add(time.Hour)), says(igc, now.Add(time.Hour))), options: asked, outcome: "inexact", status: diagnostic.Warning,
			facts: map[string]string{"timeServer": annuaire}},
		{name: "confirmed without TLS", goos: "darwin", set: says(igc, now.Add(time.Minute)), options: asked, outcome: "compared", status: diagnostic.OK, facts: map[string]string{"timeServer": igc}},
		{name: "four minutes", goos: "linux", set: says(annuaire, now.Add(-4*time.Minute)), options: asked, outcome: "compared", status: diagnostic.OK},
		{name: "a server without a date", goos: "linux", set: says(annuaire, time.Time{}), options: asked, outcome: "unanswered", status: diagnostic.Skipped},
		{name: "a closed network", goos: "windows", set: func(w *imagined.Workstation) {
			w.ContactErrs[annuaire] = &net.DNSError{Err: "no such host", IsNotFound: true}
		}, options: asked, outcome: "unanswered", status: diagnostic.Skipped},
		{name: "not asked, so not compared", goos: "linux", set: says(annuaire, now.AddDate(-1, 0, 0)), outcome: "plausible", status: diagnostic.Skipped, absent: []string{"timeServer"}},
		{name: "a file from the future", goos: "windows", set: file(`C:\Windows\System32\winevt\Logs\System.evtx`, now.AddDate(0, 3, 0)),
			outcome: "set-back", status: diagnostic.Warning, facts: map[string]string{"futureTime": "2026-09-15 10:00"}},
		{name: "written just now", goos: "linux", set: file("/var/lib/dpkg/status", now.Add(time.Minute)), outcome: "plausible", status: diagnostic.Skipped},
		{name: "set forward since the start", goos: "linux", set: func(w *imagined.Workstation) {
			w.Runs.Since = now.Add(-2 * time.Hour)
			file("/run/systemd/private", now.AddDate(0, -1, 0))(w)
		}, outcome: "stepped", status: diagnostic.Warning, facts: map[string]string{"bootClock": "2026-05-15 10:00"}},
		{name: "set forward by the network", goos: "linux", set: func(w *imagined.Workstation) {
			w.Runs.Since = now.Add(-2 * time.Hour)
			file("/run/systemd/private", now.AddDate(0, -1, 0))(w)
			file("/run/systemd/timesync/synchronized", now.Add(-time.Hour))(w)
		}, outcome: "synchronised", status: diagnostic.OK},
		{name: "systemd was updated", goos: "linux", set: func(w *imagined.Workstation) {
			w.Runs.Since = now.AddDate(0, -1, 0)
			file("/run/systemd/private", now.Add(-time.Hour))(w)
		}, outcome: "plausible", status: diagnostic.Skipped},
	})
}

func TestSystemRights(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "system.rights", []imaginedCase{
		{name: "ordinary", goos: "linux", outcome: "user", status: diagnostic.OK},
		{name: "administrator", goos: "darwin", set: func(w *imagined.Workstation) { w.Who.Administrator = true }, outcome: "administrator", status: diagnostic.OK},
		{name: "root", goos: "linux", set: func(w *imagined.Workstation) { w.Who.Elevated = true }, outcome: "elevated", status: diagnostic.Warning},
		{name: "run as administrator", goos: "windows", set: func(w *imagined.Workstation) { w.Who.Elevated, w.Who.Administrator = true, true },
			outcome: "elevated", status: diagnostic.Warning},
		{name: "not told", goos: "linux", set: func(w *imagined.Workstation) { w.Errs["User"] = errors.New("no user database") }, outcome: "unknown", status: diagnostic.Skipped},
	})
}

func env(name, value string) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.Env[name] = value }
}

func TestSystemRemote(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "system.remote", []imaginedCase{
		{name: "console", goos: "windows", set: env("SESSIONNAME", "Console"), outcome: "local", status: diagnostic.OK},
		{name: "screen", goos: "linux", outcome: "local", status: diagnostic.OK},
		{name: "RDP by name", goos: "windows", set: env("SESSIONNAME", "RDP-Tcp#12"), outcome: "rdp", status: diagnostic.OK},
		{name: "RDP by the system", goos: "windows", set: func(w *imagined.Workstation) { w.Runs.Remote = true }, outcome: "rdp", status: diagnostic.OK},
		{name: "Citrix", goos: "windows", set: func(w *imagined.Workstation) {
			w.Runs.Remote = true
			env("SESSIONNAME", "ICA-TCP#3")(w)
		}, outcome: "citrix", status: diagnostic.OK},
		{name: "xrdp", goos: "linux", set: env("XRDP_SESSION", "1"), outcome: "xrdp", status: diagnostic.OK},
		{name: "SSH", goos: "darwin", set: env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22"), outcome: "ssh", status: diagnostic.OK},
	})
}
