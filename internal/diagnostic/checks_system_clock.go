package diagnostic

import (
	"context"
	"strings"
	"time"

	"postecpx/internal/version"
)

// How far the clock may be off. No tolerance is published for the services of
// ANS: five minutes is that of Kerberos, and a certificate is valid or not by
// the day.
const (
	clockTolerance = 5 * time.Minute
	clockDay       = 24 * time.Hour
)

func runSystemClock(ctx context.Context, s *Session) Result {
	now := s.Now()
	facts := []Fact{public("clock", clockText(now, now))}
	certain := clockNotBefore(s)
	if now.Before(certain.Add(-clockDay)) {
		return Result{Outcome: "behind", Facts: append(facts, public("notBefore", clockText(certain, now)))}
	}
	if s.Network() {
		if off, server, told := serverDeviation(ctx, s, certain); told {
			facts = append(facts, public("serverClock", clockText(now.Add(-off), now)), public("timeServer", server))
			return Result{Outcome: judgeDeviation(off), Facts: facts}
		}
	}
	if path, at := newestFile(s, writtenFiles[s.GOOS()]); at.After(now.Add(clockDay)) {
		return Result{Outcome: "set-back", Facts: append(facts, local("futureFile", path), public("futureTime", clockText(at, now)))}
	}
	synchronised := clockSynchronised(s, now)
	if ahead, before := clockStepped(ctx, s, now); ahead > clockDay && !synchronised {
		return Result{Outcome: "stepped", Facts: append(facts, public("bootClock", clockText(before, now)))}
	}
	switch {
	case synchronised:
		return Result{Outcome: "synchronised", Facts: facts}
	case s.Network():
		return Result{Outcome: "unanswered", Facts: facts}
	}
	return Result{Outcome: "plausible", Facts: facts}
}

// clockDoubtful tells whether system.clock, which has ended, leaves no date to
// judge others by.
func clockDoubtful(s *Session) bool {
	f, _ := s.Found("system.clock")
	return s.Failed("system.clock") || f.Outcome == "stepped" || f.Outcome == "set-back"
}

func judgeDeviation(off time.Duration) string {
	switch off = off.Abs(); {
	case off >= clockDay:
		return "wrong"
	case off > clockTolerance:
		return "inexact"
	}
	return "compared"
}

// clockNotBefore is the newest moment that is certain to lie in the past: when
// this program was made, and when the makers of the system made it. Their
// files keep the date of the publisher, whatever the clock is here.
func clockNotBefore(s *Session) time.Time {
	certain := version.NotBefore()
	if _, made := newestFile(s, publishedFiles[s.GOOS()]); made.After(certain) {
		return made
	}
	return certain
}

var publishedFiles = map[string][]string{
	"linux":  {"/usr/lib/os-release"},
	"darwin": {"/System/Library/CoreServices/SystemVersion.plist"},
}

// writtenFiles are written as time goes by, by the system alone: one from the
// future tells that the clock showed that time, and was set back.
var writtenFiles = map[string][]string{
	"linux":   {"/var/lib/systemd/timesync/clock", "/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite", "/var/log/wtmp", "/run/systemd/private"},
	"darwin":  {"/var/db/timed/com.apple.timed.plist", "/var/log/system.log"},
	"windows": {`%SystemRoot%\System32\winevt\Logs\System.evtx`, `%SystemRoot%\bootstat.dat`},
}

// newestFile gives the file of them that was changed last. One that cannot be
// seen tells nothing.
func newestFile(s *Session, paths []string) (newest string, at time.Time) {
	for _, path := range paths {
		path = strings.Replace(path, "%SystemRoot%", systemRoot(s), 1)
		if info, err := s.Stat(path); err == nil && info.ModTime().After(at) {
			newest, at = path, info.ModTime()
		}
	}
	return newest, at
}

// systemRoot is the folder of Windows.
func systemRoot(s *Session) string {
	if root := s.Getenv("SystemRoot"); root != "" {
		return root
	}
	return `C:\Windows`
}

// clockSynchronised tells whether systemd-timesyncd set the clock since the
// system was started: it says so with this file. Elsewhere it is not told.
func clockSynchronised(s *Session, now time.Time) bool {
	info, err := s.Stat("/run/systemd/timesync/synchronized")
	return s.GOOS() == "linux" && err == nil && !info.ModTime().After(now)
}

// clockStepped tells by how much the clock was set forward since the system
// was started, and what it showed then. The system reckons its start from the
// present clock; the socket of systemd keeps the time of the clock of then,
// or of later when systemd was updated, so that only "earlier" tells something.
func clockStepped(ctx context.Context, s *Session, now time.Time) (time.Duration, time.Time) {
	system, err := s.System(ctx)
	if s.GOOS() != "linux" || err != nil || system.Since.IsZero() || system.Since.After(now) {
		return 0, time.Time{}
	}
	info, err := s.Stat("/run/systemd/private")
	if err != nil || info.ModTime().IsZero() {
		return 0, time.Time{}
	}
	return system.Since.Sub(info.ModTime()), info.ModTime()
}

// clockText writes a time as the clock on the screen shows it. The sentences
// take the day and the hour out of it, each in the way of its language.
func clockText(t, now time.Time) string { return t.In(now.Location()).Format("2006-01-02 15:04") }
