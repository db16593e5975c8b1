package workstation

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"postecpx/internal/diagnostic"
)

// How a service starts: see diagnostic.Service.
const (
	automatic = "automatic"
	onDemand  = "on-demand"
	disabled  = "disabled"
)

// parseSystemctlShow reads what systemctl(1) show says of one unit:
// properties, one a line.
func parseSystemctlShow(text []byte) (diagnostic.Service, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			values[name] = value
		}
	}
	load, active := values["LoadState"], values["ActiveState"]
	switch {
	case load == "" || active == "":
		return diagnostic.Service{}, fmt.Errorf("systemctl: no state in what it says")
	case load == "not-found":
		return diagnostic.Service{}, fs.ErrNotExist
	}
	s := diagnostic.Service{
		Running: active == "active" || active == "reloading" || active == "refreshing",
		Start:   systemdStart(load, values["UnitFileState"], values["TriggeredBy"] != ""),
		Detail:  active,
	}
	if sub := values["SubState"]; sub != "" {
		s.Detail += " (" + sub + ")"
	}
	if load != "loaded" { // masked, error, bad-setting
		s.Detail = load + ", " + s.Detail
	}
	return s, nil
}

// systemdStart says what the state of a unit file comes to.
func systemdStart(load, file string, triggered bool) string {
	if load == "masked" {
		return disabled
	}
	switch strings.TrimSuffix(file, "-runtime") {
	case "enabled", "alias":
		return automatic
	case "static", "indirect", "linked", "generated", "transient":
		return onDemand
	case "masked", "bad":
		return disabled
	case "disabled":
		if triggered { // a socket starts it
			return onDemand
		}
		return disabled
	}
	return ""
}

// parseLaunchctlPrint reads what launchctl print says of one service: a tree
// whose first level holds its state.
func parseLaunchctlPrint(text []byte) (diagnostic.Service, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxOutput)
	depth := 0
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "}" {
			depth--
			continue
		}
		name, value, ok := strings.Cut(line, " = ")
		switch {
		case strings.HasSuffix(line, "{"):
			depth++
		case ok && depth == 1:
			values[name] = value
		}
	}
	state := values["state"]
	if state == "" {
		return diagnostic.Service{}, fmt.Errorf("launchctl: no state in what it says")
	}
	s := diagnostic.Service{Running: state == "running", Start: onDemand, Detail: state}
	for property := range strings.SplitSeq(values["properties"], "|") {
		switch strings.TrimSpace(property) {
		case "runatload", "keepalive":
			s.Start = automatic
		}
	}
	return s, nil
}

// launchctlDisabled tells whether launchctl print-disabled names a service as
// disabled: "=> disabled", or "=> true" before macOS 13.
func launchctlDisabled(text []byte, name string) bool {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		found, state, ok := strings.Cut(lines.Text(), "=>")
		if ok && strings.Trim(found, " \t\"") == name {
			state = strings.TrimSpace(state)
			return state == "disabled" || state == "true"
		}
	}
	return false
}

// windowsService says what the service manager of Windows tells by numbers:
// the start type and the current state (SERVICE_STATUS).
func windowsService(start, state uint32, delayed, triggered bool) diagnostic.Service {
	states := []string{"", "STOPPED", "START_PENDING", "STOP_PENDING", "RUNNING", "CONTINUE_PENDING", "PAUSE_PENDING", "PAUSED"}
	s := diagnostic.Service{Running: state == 4}
	if state < uint32(len(states)) {
		s.Detail = states[state]
	}
	switch start {
	case 0, 1, 2: // BOOT, SYSTEM, AUTO
		s.Start = automatic
	case 3:
		s.Start = onDemand
	case 4:
		s.Start = disabled
	}
	var how []string
	if delayed && start == 2 {
		how = append(how, "delayed")
	}
	if triggered {
		how = append(how, "trigger")
	}
	if len(how) > 0 && s.Detail != "" {
		s.Detail += " (" + strings.Join(how, ", ") + ")"
	}
	return s
}
