package workstation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"postecpx/internal/diagnostic"
)

// maxRelease bounds os-release, and every other small file of the system.
const maxRelease = 64 << 10

func (w *Workstation) system() (diagnostic.System, error) {
	system := parseOSRelease(nil)
	var text []byte
	var err error
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if text, err = w.readFile(path, maxRelease); err == nil {
			system = parseOSRelease(text)
			break
		}
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		system.Arch = machineArch(unix.ByteSliceToString(name.Machine[:]))
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		system.Since = time.Now().Add(-time.Duration(info.Uptime) * time.Second).Truncate(time.Second)
	}
	if err != nil {
		return system, fmt.Errorf("os-release: %w", err)
	}
	return system, nil
}

func currentUser() (diagnostic.User, error) {
	return unixUser("sudo", "wheel", "admin")
}

// machineIDPaths are where machine-id(5) and D-Bus keep it.
var machineIDPaths = []string{"/etc/machine-id", "/var/lib/dbus/machine-id"}

func (w *Workstation) machineID(ctx context.Context) ([]byte, error) {
	return within(ctx, func() ([]byte, error) {
		var errs []error
		for _, path := range machineIDPaths {
			text, err := w.readFile(path, maxRelease)
			if err == nil {
				var id []byte
				if id, err = parseMachineID(text); err == nil {
					return id, nil
				}
				err = fmt.Errorf("%s: %w", path, err)
			}
			errs = append(errs, err)
		}
		return nil, errors.Join(errs...)
	})
}
