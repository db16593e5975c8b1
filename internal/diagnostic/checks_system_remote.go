package diagnostic

import (
	"context"
	"strings"
)

// remoteKind is how the session is shown on another machine.
type remoteKind string

// Kinds of sessions; the names are those of the outcomes of system.remote.
const (
	remoteNone   remoteKind = "local"
	remoteRDP    remoteKind = "rdp"
	remoteCitrix remoteKind = "citrix"
	remoteXRDP   remoteKind = "xrdp"
	remoteSSH    remoteKind = "ssh"
)

// redirects tells whether the readers of such a session are those of the
// machine in front of the person; otherwise they are the far machine's.
func (k remoteKind) redirects() bool { return k == remoteRDP || k == remoteCitrix }

// remoteSession tells how the session is shown. Several checks ask it: what it
// needs is at hand.
func remoteSession(ctx context.Context, s *Session) remoteKind {
	if s.GOOS() == "windows" {
		name := strings.ToUpper(s.Getenv("SESSIONNAME"))
		system, err := s.System(ctx)
		switch {
		case strings.HasPrefix(name, "ICA"):
			return remoteCitrix
		case strings.HasPrefix(name, "RDP"), err == nil && system.Remote:
			return remoteRDP
		}
	}
	switch {
	case s.Getenv("XRDP_SESSION") != "":
		return remoteXRDP
	case s.Getenv("SSH_CONNECTION") != "" || s.Getenv("SSH_CLIENT") != "":
		return remoteSSH
	}
	return remoteNone
}

func runSystemRemote(ctx context.Context, s *Session) Result {
	return Result{Outcome: string(remoteSession(ctx, s))}
}
