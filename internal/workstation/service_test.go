package workstation

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postecpx/internal/diagnostic"
)

func TestSystemctlShow(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want diagnostic.Service
	}{
		"runs by its socket": {"LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=indirect\nTriggeredBy=pcscd.socket\n",
			diagnostic.Service{Running: true, Start: "on-demand", Detail: "active (running)"}},
		"waits for its socket": {"LoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=disabled\nTriggeredBy=pcscd.socket",
			diagnostic.Service{Start: "on-demand", Detail: "inactive (dead)"}},
		"socket":          {"LoadState=loaded\nActiveState=active\nSubState=listening\nUnitFileState=enabled", diagnostic.Service{Running: true, Start: "automatic", Detail: "active (listening)"}},
		"enabled for now": {"LoadState=loaded\nActiveState=active\nSubState=listening\nUnitFileState=enabled-runtime", diagnostic.Service{Running: true, Start: "automatic", Detail: "active (listening)"}},
		"disabled":        {"LoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=disabled\nTriggeredBy=", diagnostic.Service{Start: "disabled", Detail: "inactive (dead)"}},
		"masked":          {"LoadState=masked\nActiveState=inactive\nSubState=dead\nUnitFileState=masked", diagnostic.Service{Start: "disabled", Detail: "masked, inactive (dead)"}},
		"failed":          {"LoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=static", diagnostic.Service{Start: "on-demand", Detail: "failed (failed)"}},
		"reloads":         {"LoadState=loaded\nActiveState=reloading\nSubState=reload\nUnitFileState=", diagnostic.Service{Running: true, Detail: "reloading (reload)"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseSystemctlShow([]byte(c.text))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
	if _, err := parseSystemctlShow([]byte("LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("not found:", err)
	}
	if _, err := parseSystemctlShow([]byte("Failed to connect to bus")); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Error("no answer:", err)
	}
}

const launchctlReader = `system/com.apple.ifdreader = {
	active count = 1
	path = /System/Library/LaunchDaemons/com.apple.ifdreader.plist
	type = LaunchDaemon
	state = STATE

	program = /System/Library/CryptoTokenKit/com.apple.ifdreader.slotd/Contents/MacOS/com.apple.ifdreader
	arguments = {
		/System/Library/CryptoTokenKit/com.apple.ifdreader.slotd/Contents/MacOS/com.apple.ifdreader
	}

	default environment = {
		PATH => /usr/bin:/bin:/usr/sbin:/sbin
	}

	endpoints = {
		"com.apple.ifdreader" = {
			port = 0x2a803
			state = 2
			active = 1
		}
	}

	event triggers = {
		com.apple.ifdreader => {
			state = 0
			descriptor = {
				"IOProviderClass" => "IOUSBHostInterface"
			}
		}
	}

	properties = PROPERTIES
}
`

func TestLaunchctl(t *testing.T) {
	for name, c := range map[string]struct {
		state, properties string
		want              diagnostic.Service
	}{
		"runs":        {"running", "supports transactions | inferred program | system service", diagnostic.Service{Running: true, Start: "on-demand", Detail: "running"}},
		"waits":       {"not running", "inferred program", diagnostic.Service{Start: "on-demand", Detail: "not running"}},
		"from a boot": {"running", "runatload | inferred program", diagnostic.Service{Running: true, Start: "automatic", Detail: "running"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("STATE", c.state, "PROPERTIES", c.properties).Replace(launchctlReader)
			got, err := parseLaunchctlPrint([]byte(text))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
	if got, err := parseLaunchctlPrint([]byte("Could not find service")); err == nil {
		t.Error("no answer:", got)
	}

	list := "disabled services = {\n\t\"com.apple.ifdreader\" => disabled\n\t\"com.openssh.sshd\" => true\n\t\"com.apple.ftpd\" => enabled\n}\n"
	for name, want := range map[string]bool{"com.apple.ifdreader": true, "com.openssh.sshd": true, "com.apple.ftpd": false, "ifdreader": false} {
		if got := launchctlDisabled([]byte(list), name); got != want {
			t.Errorf("%s: disabled %v, want %v", name, got, want)
		}
	}
}

func TestWindowsService(t *testing.T) {
	for name, c := range map[string]struct {
		start, state       uint32
		delayed, triggered bool
		want               diagnostic.Service
	}{
		"runs":          {2, 4, false, false, diagnostic.Service{Running: true, Start: "automatic", Detail: "RUNNING"}},
		"later":         {2, 1, true, false, diagnostic.Service{Start: "automatic", Detail: "STOPPED (delayed)"}},
		"by a trigger":  {3, 1, false, true, diagnostic.Service{Start: "on-demand", Detail: "STOPPED (trigger)"}},
		"switched off":  {4, 1, true, false, diagnostic.Service{Start: "disabled", Detail: "STOPPED"}},
		"starting":      {3, 2, false, false, diagnostic.Service{Start: "on-demand", Detail: "START_PENDING"}},
		"start unknown": {0xFFFFFFFF, 4, false, false, diagnostic.Service{Running: true, Detail: "RUNNING"}},
		"state unknown": {2, 99, false, true, diagnostic.Service{Start: "automatic"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, windowsService(c.start, c.state, c.delayed, c.triggered)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
