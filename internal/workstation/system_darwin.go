package workstation

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"postecpx/internal/diagnostic"
)

func (w *Workstation) system() (diagnostic.System, error) {
	system := diagnostic.System{Name: "macOS", ID: "macos", Arch: runtime.GOARCH}
	// Set even for a program that runs translated by Rosetta.
	if arm, err := unix.SysctlUint32("hw.optional.arm64"); err == nil && arm == 1 {
		system.Arch = "arm64"
	}
	if boot, err := unix.SysctlTimeval("kern.boottime"); err == nil {
		system.Since = time.Unix(boot.Unix())
	}
	var err error
	if system.Version, err = unix.Sysctl("kern.osproductversion"); err != nil || system.Version == "" {
		system.Version, err = w.versionOfPlist()
	}
	return system, err
}

// versionOfPlist is where macOS before 10.13 kept its version.
func (w *Workstation) versionOfPlist() (string, error) {
	const path = "/System/Library/CoreServices/SystemVersion.plist"
	text, err := w.readFile(path, maxPlist)
	if err != nil {
		return "", err
	}
	found, err := parsePlist(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	dict, _ := found.(map[string]any)
	version := textOf(dict, "ProductVersion")
	if version == "" {
		return "", fmt.Errorf("%s: %w", path, ErrNoVersion)
	}
	return version, nil
}

func currentUser() (diagnostic.User, error) {
	return unixUser("admin", "wheel")
}

func (w *Workstation) machineID(ctx context.Context) ([]byte, error) {
	out, err := command(ctx, maxOutput, "ioreg", "-a", "-r", "-d", "1", "-c", "IOPlatformExpertDevice")
	if err != nil {
		return nil, err
	}
	all, err := parseIOReg(out)
	if err != nil {
		return nil, err
	}
	for _, dict := range all {
		if id := textOf(dict, "IOPlatformUUID"); id != "" {
			return parseMachineID([]byte(id))
		}
	}
	return nil, errors.New("no IOPlatformUUID")
}
