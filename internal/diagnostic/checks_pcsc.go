package diagnostic

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"postecpx/cardreader/pcsc"
)

var pcscChecks = []Check{
	{
		Code: "pcsc.library", Group: GroupPCSC,
		Outcomes: map[string]Outcome{
			"found": ok(),
			// It answers, and lies where it was not looked for.
			"answers": ok(),
			"missing": failure(),
		},
		Run: runPCSCLibrary,
	},
	{
		Code: "pcsc.service", Group: GroupPCSC, Requires: []Code{"pcsc.library"},
		Outcomes: map[string]Outcome{
			"running": ok(),
			// Windows starts it with the first reader.
			"on-demand":    ok(),
			"dormant":      ok(),
			"not-kept":     advice(),
			"missing":      failure(),
			"stopped":      failure(),
			"disabled":     failure(),
			"unresponsive": failure(),
			"failing":      failure(),
			"redirected":   failure(),
			"sandboxed":    failure(),
			"remote":       failure(),
		},
		Run: runPCSCService,
	},
	{
		Code: "pcsc.access", Group: GroupPCSC, Requires: []Code{"pcsc.service"},
		Outcomes: map[string]Outcome{
			"granted":          ok(),
			"refused":          failure("pcsc-polkit"),
			"refused-remote":   failure("pcsc-polkit"),
			"hidden-processes": failure("pcsc-polkit"),
			"denied":           failure(),
		},
		Run: runPCSCAccess,
	},
	{
		Code: "pcsc.protocol", Group: GroupPCSC, Requires: []Code{"pcsc.service"},
		Outcomes: map[string]Outcome{
			"agrees":   ok(),
			"sandbox":  failure(),
			"versions": failure(),
		},
		Run: runPCSCProtocol,
	},
}

func runPCSCLibrary(ctx context.Context, s *Session) Result {
	var facts []Fact
	for _, path := range pcscLibraryPlaces(s) {
		if _, err := s.Stat(path); err == nil {
			facts = append(facts, local("pcscLibrary", path))
		}
	}
	if len(facts) > 0 {
		return Result{Outcome: "found", Facts: facts}
	}
	// A system that keeps it elsewhere is not to be blamed: what answers is there.
	_, err := s.Readers(ctx)
	var answer *pcsc.Error
	if err == nil || errors.As(err, &answer) && answer.Code != 0 {
		return Result{Outcome: "answers"}
	}
	return Result{Outcome: "missing", Facts: []Fact{public("install", installCommand(ctx, s))}}
}

// pcscLibraryPlaces are where the PC/SC library of the system lies.
func pcscLibraryPlaces(s *Session) []string {
	switch s.GOOS() {
	case "windows":
		return []string{systemRoot(s) + `\System32\winscard.dll`}
	case "darwin":
		return []string{"/System/Library/Frameworks/PCSC.framework"}
	}
	folders := []string{"/usr/lib64", "/usr/lib", "/lib64", "/lib"}
	if triplet := debianTriplets[s.GOARCH()]; triplet != "" {
		folders = slices.Insert(folders, 0, "/usr/lib/"+triplet, "/lib/"+triplet)
	}
	folders = append(folders, "/usr/local/lib64", "/usr/local/lib", "/app/lib")
	var paths, real []string
	for _, folder := range folders {
		path := folder + "/libpcsclite.so.1"
		to, err := s.EvalSymlinks(path)
		if err == nil && slices.Contains(real, to) {
			continue // /lib is often /usr/lib
		}
		paths, real = append(paths, path), append(real, to)
	}
	return paths
}

// debianTriplets are the names of Debian's library folders.
var debianTriplets = map[string]string{
	"386": "i386-linux-gnu", "amd64": "x86_64-linux-gnu", "arm": "arm-linux-gnueabihf", "arm64": "aarch64-linux-gnu",
	"riscv64": "riscv64-linux-gnu", "ppc64le": "powerpc64le-linux-gnu", "s390x": "s390x-linux-gnu",
}

// installCommand installs PC/SC and the driver of the readers.
func installCommand(ctx context.Context, s *Session) string {
	system, _ := s.System(ctx) // an unknown system gets the names of the packages
	for _, family := range []struct{ like, command string }{
		{"debian", "sudo apt install pcscd libpcsclite1 libccid"},
		{"rhel", "sudo dnf install pcsc-lite pcsc-lite-libs pcsc-lite-ccid"},
		{"fedora", "sudo dnf install pcsc-lite pcsc-lite-libs pcsc-lite-ccid"},
		{"suse", "sudo zypper install pcsc-lite libpcsclite1 pcsc-ccid"},
		{"arch", "sudo pacman -S pcsclite ccid"},
		{"alpine", "sudo apk add pcsc-lite ccid"},
	} {
		if systemIsLike(system, family.like) || family.like == "debian" && system.ID == "ubuntu" {
			if system.ID != "fedora" && strings.HasPrefix(system.Version, "7") {
				return strings.Replace(family.command, "dnf", "yum", 1) // RHEL 7 has no dnf
			}
			return family.command
		}
	}
	return "pcsc-lite, ccid"
}

// runPCSCService asks the service itself: only what it answers tells whether it
// works. What the system says of it explains why it does not.
func runPCSCService(ctx context.Context, s *Session) Result {
	readers, err := s.Readers(ctx)
	switch {
	case err == nil:
		return pcscAnswers(ctx, s, len(readers) > 0)
	case errors.Is(err, pcsc.ErrAccess), errors.Is(err, pcsc.ErrProtocolMismatch):
		return Result{Outcome: "running"} // it answers; what, is for the next checks
	case errors.Is(err, pcsc.ErrTimeout):
		r := Result{Outcome: "unresponsive", Facts: pcscErrorFacts(err)}
		r.Facts = append(r.Facts, public("restart", restartCommand(s)))
		return r
	case !errors.Is(err, pcsc.ErrService):
		return Result{Outcome: "failing", Facts: append(pcscErrorFacts(err), public("restart", restartCommand(s)))}
	}
	r := pcscSilent(ctx, s)
	r.Facts = append(r.Facts, pcscErrorFacts(err)...)
	return r
}

// pcscAnswers looks at whether a service that works will do so after the next
// start.
func pcscAnswers(ctx context.Context, s *Session, readers bool) Result {
	switch s.GOOS() {
	case "windows":
		if remoteSession(ctx, s).redirects() {
			return Result{Outcome: "running"} // it is on the other machine
		}
		service, err := s.Service(ctx, "SCardSvr")
		facts := serviceFacts("SCardSvr", service, err)
		switch {
		case err != nil:
		case service.Start == "disabled" && !service.Running && !readers:
			return Result{Outcome: "disabled", Facts: facts}
		case service.Start == "disabled":
			return Result{Outcome: "not-kept", Facts: facts}
		case !service.Running && !readers && readerWaits(ctx, s):
			return Result{Outcome: "stopped", Facts: facts}
		case !service.Running && !readers:
			return Result{Outcome: "dormant", Facts: facts}
		case service.Start == "on-demand":
			return Result{Outcome: "on-demand", Facts: facts}
		}
		return Result{Outcome: "running", Facts: facts}
	case "linux":
		service, err := s.Service(ctx, "pcscd.service")
		socket, errSocket := s.Service(ctx, "pcscd.socket")
		facts := append(serviceFacts("pcscd.service", service, err), serviceFacts("pcscd.socket", socket, errSocket)...)
		noSocket := errors.Is(errSocket, fs.ErrNotExist) || errSocket == nil && !socket.Running && socket.Start == "disabled"
		if err == nil && service.Running && service.Start == "disabled" && noSocket {
			return Result{Outcome: "not-kept", Facts: facts}
		}
		return Result{Outcome: "running", Facts: facts}
	}
	return Result{Outcome: "running"}
}

// readerWaits tells whether a reader is plugged in that works as far as Windows
// sees: it would have started the service.
func readerWaits(ctx context.Context, s *Session) bool {
	devices, err := s.USB(ctx)
	return err == nil && slices.ContainsFunc(devices, func(d USBDevice) bool {
		return isReaderDevice(d) && d.Driver != "" && d.Problem == 0
	})
}

// pcscSilent finds out why nothing answers.
func pcscSilent(ctx context.Context, s *Session) Result {
	switch s.GOOS() {
	case "windows":
		return windowsSilent(ctx, s)
	case "linux":
		return linuxSilent(ctx, s)
	}
	return Result{Outcome: "stopped"}
}

func windowsSilent(ctx context.Context, s *Session) Result {
	service, err := s.Service(ctx, "SCardSvr")
	facts := serviceFacts("SCardSvr", service, err)
	switch {
	case remoteSession(ctx, s).redirects():
		return Result{Outcome: "remote", Facts: facts}
	case errors.Is(err, fs.ErrNotExist):
		return Result{Outcome: "missing", Facts: facts}
	case err == nil && service.Running:
		return Result{Outcome: "unresponsive", Facts: append(facts, public("restart", restartCommand(s)))}
	case err == nil && service.Start == "disabled":
		return Result{Outcome: "disabled", Facts: facts}
	}
	return Result{Outcome: "stopped", Facts: facts}
}

func linuxSilent(ctx context.Context, s *Session) Result {
	if other := s.Getenv("PCSCLITE_CSOCK_NAME"); other != "" {
		if _, err := s.Stat(other); errors.Is(err, fs.ErrNotExist) {
			return Result{Outcome: "redirected", Facts: []Fact{local("socket", other)}}
		}
	}
	if box := sandboxOf(s); box == "flatpak" || box == "snap" {
		return Result{Outcome: "sandboxed", Facts: []Fact{public("sandbox", box)}}
	}
	service, err := s.Service(ctx, "pcscd.service")
	socket, errSocket := s.Service(ctx, "pcscd.socket")
	facts := append(serviceFacts("pcscd.service", service, err), serviceFacts("pcscd.socket", socket, errSocket)...)
	listens := errSocket == nil && socket.Running
	switch {
	case err != nil && !listens && !pcscdInstalled(s):
		return Result{Outcome: "missing", Facts: append(facts, public("install", installCommand(ctx, s)))}
	case service.Running, strings.HasPrefix(service.Detail, "failed"), listens, pcscdRuns(ctx, s):
		return Result{Outcome: "unresponsive", Facts: append(facts, public("restart", restartCommand(s)))}
	case hasSystemd(s) && (err != nil || service.Start == "disabled") && (errSocket != nil || socket.Start == "disabled"):
		return Result{Outcome: "disabled", Facts: facts}
	}
	return Result{Outcome: "stopped", Facts: append(facts, public("start", startCommand(s)))}
}

// pcscdInstalled looks for the daemon where the packages put it.
func pcscdInstalled(s *Session) bool {
	for _, path := range []string{"/usr/sbin/pcscd", "/usr/bin/pcscd", "/usr/local/sbin/pcscd"} {
		if _, err := s.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// pcscdRuns tells whether the daemon of this system runs, by the number that it
// wrote down: the processes of containers are listed too.
func pcscdRuns(ctx context.Context, s *Session) bool {
	text, err := readAtMost(s, "/run/pcscd/pcscd.pid", 64)
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return false
	}
	processes, err := s.Processes(ctx)
	return err == nil && slices.ContainsFunc(processes, func(p Process) bool { return p.Name == "pcscd" && p.PID == pid })
}

// startCommand starts the service now and from now on.
func startCommand(s *Session) string {
	if hasSystemd(s) {
		return "sudo systemctl enable --now pcscd.socket"
	}
	return "sudo service pcscd restart" // "start" does nothing while an ended one is not cleared away
}

// restartCommand ends a service that hangs or fails and starts it anew.
func restartCommand(s *Session) string {
	switch {
	case s.GOOS() == "windows":
		return `powershell -Command "Restart-Service SCardSvr -Force"`
	case s.GOOS() == "darwin":
		return "sudo killall -9 com.apple.ifdreader com.apple.ctkpcscd"
	case hasSystemd(s):
		return "sudo systemctl restart pcscd.socket pcscd.service"
	}
	return "sudo service pcscd restart"
}

// hasSystemd tells whether systemd looks after the services: sd_booted(3).
func hasSystemd(s *Session) bool {
	_, err := s.Stat("/run/systemd/system")
	return err == nil
}

// serviceFacts say what the system says of a service.
func serviceFacts(name string, service Service, err error) []Fact {
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return []Fact{public("pcscState", name+": not installed")}
		}
		return nil
	}
	state := "stopped"
	if service.Running {
		state = "running"
	}
	if service.Detail != "" {
		state = service.Detail
	}
	facts := []Fact{public("pcscState", name+": "+state)}
	if service.Start != "" {
		facts = append(facts, public("pcscStart", name+": "+service.Start))
	}
	return facts
}

// pcscErrorFacts name the error of PC/SC as the support desk looks it up.
func pcscErrorFacts(err error) []Fact {
	var e *pcsc.Error
	if !errors.As(err, &e) {
		return []Fact{local("pcscError", err.Error())}
	}
	// The innermost one is what PC/SC said.
	for inner := e; errors.As(inner.Err, &inner); {
		e = inner
	}
	text := e.Op
	if e.Name != "" {
		text += ": " + e.Name
	} else {
		text += ": " + e.Kind.Error()
	}
	return []Fact{public("pcscError", text)}
}
