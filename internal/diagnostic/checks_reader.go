package diagnostic

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"postecpx/cardreader/pcsc"
)

var readerChecks = []Check{
	{
		Code: "reader.present", Group: GroupReader, Requires: []Code{"pcsc.access", "pcsc.protocol"},
		Outcomes: map[string]Outcome{
			"present": ok(),
			"none":    failure(),
			// As "none", where USB cannot be looked at.
			"unseen-bus":     failure(),
			"not-redirected": failure(),
			"far":            failure(),
			"no-package":     failure(),
			"unknown-model":  failure(),
			"driverless":     failure(),
			"switched-off":   failure(),
			"troubled":       failure(),
			// As "unseen", where macOS has another driver to try.
			"apple-driver": failure("apple-ccid"),
			"unseen":       failure(),
		},
		Run: runReaderPresent,
	},
	{
		// On Linux the driver of the readers asks for that saving itself, and
		// wakes them.
		Code: "reader.power", Group: GroupReader, Platforms: []string{"windows"},
		Outcomes: map[string]Outcome{
			"kept":     ok(),
			"suspends": advice(),
			"none":     untold(),
			"unknown":  untold(),
		},
		Run: runReaderPower,
	},
	{
		Code: "reader.galss", Group: GroupReader,
		Outcomes: map[string]Outcome{
			"absent":   ok(),
			"current":  ok(),
			"old":      advice(),
			"leftover": advice(),
			"untold":   untold(),
		},
		Run: runReaderGALSS,
	},
	{
		Code: "reader.apple-ccid", Group: GroupReader, Platforms: []string{"darwin"}, After: []Code{"reader.present"},
		Outcomes: map[string]Outcome{
			"earlier": ok(),
			"free":    ok("apple-ccid"),
			"apple":   ok("apple-ccid"),
			"unknown": untold("apple-ccid"),
		},
		Run: runReaderAppleCCID,
	},
}

func runReaderPresent(ctx context.Context, s *Session) Result {
	readers, err := s.Readers(ctx)
	if err != nil {
		return Result{Because: "pcsc.service"} // lost since that was looked at
	}
	if len(readers) == 0 {
		return missingReader(ctx, s)
	}
	return Result{Outcome: "present", Facts: append(readerFacts(readers), public("Count", strconv.Itoa(len(readers))))}
}

// serialInName is where pcsc-lite puts the serial number of a reader: "Maker
// Model [Interface] (serial) 00 00".
var serialInName = regexp.MustCompile(`\(([^()]+)\) \d\d \d\d$`)

// readerFacts name the readers. A serial number in a name is a fact of its
// own, so that it can be taken out of both.
func readerFacts(readers []pcsc.Reader) []Fact {
	var facts []Fact
	for _, r := range readers {
		facts = append(facts, local("readerName", r.Name))
		if m := serialInName.FindStringSubmatch(r.Name); m != nil {
			facts = append(facts, person("readerSerial", m[1]))
		}
	}
	return facts
}

// missingReader finds out why PC/SC shows none.
func missingReader(ctx context.Context, s *Session) Result {
	remote := remoteSession(ctx, s)
	if remote.redirects() {
		return Result{Outcome: "not-redirected", Facts: []Fact{public("session", string(remote))}}
	}
	devices, err := s.USB(ctx)
	if err != nil {
		return Result{Outcome: "unseen-bus"}
	}
	for _, d := range devices {
		if isReaderDevice(d) {
			return unseenReader(ctx, s, d)
		}
	}
	if remote != remoteNone {
		return Result{Outcome: "far", Facts: []Fact{public("session", string(remote))}}
	}
	return Result{Outcome: "none"}
}

// unseenReader finds out why a reader that is plugged in is not shown.
func unseenReader(ctx context.Context, s *Session, d USBDevice) Result {
	facts := deviceFacts(d)
	switch s.GOOS() {
	case "windows":
		if d.Problem != 0 {
			facts = append(facts, public("deviceProblem", strconv.Itoa(d.Problem)))
		}
		switch {
		case d.Problem == problemDisabled:
			return Result{Outcome: "switched-off", Facts: facts}
		case d.Problem == problemNoDriver, d.Driver == "":
			return Result{Outcome: "driverless", Facts: facts}
		case d.Problem != 0:
			return Result{Outcome: "troubled", Facts: facts}
		}
	case "linux":
		driver := findCCIDDriver(s)
		switch {
		case !driver.found:
			return Result{Outcome: "no-package", Facts: append(facts, public("install", installCommand(ctx, s)))}
		case driver.listed && !driver.knows(d):
			return Result{Outcome: "unknown-model", Facts: append(facts, public("ccidDriver", driver.version), public("install", installCommand(ctx, s)))}
		}
		facts = append(facts, public("restart", restartCommand(s)))
	case "darwin":
		if appleCCID(ctx, s) == "apple" {
			return Result{Outcome: "apple-driver", Facts: facts}
		}
	}
	return Result{Outcome: "unseen", Facts: facts}
}

// Problem codes of the Windows device manager (CM_PROB_).
const (
	problemDisabled = 22
	problemNoDriver = 28
)

func runReaderPower(ctx context.Context, s *Session) Result {
	devices, err := s.USB(ctx)
	if err != nil {
		return Result{Outcome: "unknown"}
	}
	result := Result{Outcome: "none"}
	for _, d := range devices {
		switch {
		case !isReaderDevice(d):
		case d.Suspends:
			return Result{Outcome: "suspends", Facts: deviceFacts(d)}
		default:
			result = Result{Outcome: "kept", Facts: deviceFacts(d)}
		}
	}
	return result
}

func runReaderAppleCCID(ctx context.Context, s *Session) Result {
	if f, found := s.Found("reader.present"); found && f.Outcome == "apple-driver" {
		return Result{Because: f.Code} // which says what to do about it
	}
	return Result{Outcome: appleCCID(ctx, s)}
}

// appleCCID tells which driver of readers macOS uses: "earlier" where there is
// one only, "apple" for Apple's own, "free", or "unknown".
func appleCCID(ctx context.Context, s *Session) string {
	system, err := s.System(ctx)
	major, _, _ := strings.Cut(system.Version, ".")
	n, notNumber := strconv.Atoi(major)
	switch {
	case err != nil || notNumber != nil:
		return "unknown"
	case n < 14: // Apple's own driver came with macOS 14
		return "earlier"
	}
	out, err := s.Command(ctx, "defaults", "read", "/Library/Preferences/com.apple.security.smartcard", "useIFDCCID")
	switch value := strings.ToLower(strings.TrimSpace(string(out))); {
	case err == nil && (value == "1" || value == "yes" || value == "true"):
		return "free"
	case err != nil && !notSet(err):
		return "unknown"
	}
	return "apple"
}
