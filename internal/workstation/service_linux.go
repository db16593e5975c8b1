package workstation

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"time"

	"postecpx/internal/diagnostic"
)

// booted is there when systemd runs the system: sd_booted(3).
const booted = "/run/systemd/system"

func service(ctx context.Context, name string) (diagnostic.Service, error) {
	var told error
	if _, err := os.Lstat(booted); err == nil {
		properties := []string{"show"}
		for _, p := range []string{"LoadState", "ActiveState", "SubState", "UnitFileState", "TriggeredBy"} {
			properties = append(properties, "--property="+p)
		}
		out, err := command(ctx, maxOutput, "systemctl", append(properties, "--", name)...)
		if err == nil {
			var s diagnostic.Service
			if s, err = parseSystemctlShow(out); err == nil || errors.Is(err, fs.ErrNotExist) {
				return s, err
			}
		}
		if ctx.Err() != nil {
			return diagnostic.Service{}, err
		}
		told = err
	}
	switch name {
	case "pcscd.service", "pcscd":
		return pcscdDaemon(ctx)
	case "pcscd.socket":
		return pcscdSocket(ctx, socketPath())
	}
	return diagnostic.Service{}, errors.Join(errors.ErrUnsupported, told)
}

// socketPath is where pcscd listens. Its clients honour the variable.
func socketPath() string {
	if path := os.Getenv("PCSCLITE_CSOCK_NAME"); path != "" {
		return path
	}
	return "/run/pcscd/pcscd.comm"
}

// pcscdDaemon tells, where systemd does not, whether pcscd runs: whether
// something listens on its socket. A process of that name proves nothing, for
// it may be another container's.
func pcscdDaemon(ctx context.Context) (diagnostic.Service, error) {
	if err := ctx.Err(); err != nil {
		return diagnostic.Service{}, err
	}
	if s, err := pcscdSocket(ctx, socketPath()); err != nil || s.Running {
		return s, err
	}
	for _, path := range []string{"/usr/sbin/pcscd", "/sbin/pcscd", "/usr/bin/pcscd", "/usr/local/sbin/pcscd"} {
		if _, err := os.Stat(path); err == nil {
			return diagnostic.Service{Detail: "not running"}, nil
		}
	}
	return diagnostic.Service{}, fs.ErrNotExist
}

// pcscdSocket tells whether something listens on the socket of pcscd. A file
// that a killed pcscd left behind refuses.
func pcscdSocket(ctx context.Context, path string) (diagnostic.Service, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return diagnostic.Service{Detail: "no socket"}, nil
	case err != nil:
		return diagnostic.Service{}, err
	case info.Mode().Type() != fs.ModeSocket:
		return diagnostic.Service{Detail: "not a socket"}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return diagnostic.Service{}, err
	case err != nil:
		return diagnostic.Service{Detail: "nobody listens"}, nil
	}
	connection.Close()
	return diagnostic.Service{Running: true, Detail: "listening"}, nil
}
