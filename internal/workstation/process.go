package workstation

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"

	"postecpx/internal/diagnostic"
)

// maxProcesses bounds how many are listed.
const maxProcesses = 1 << 16

// running is a process with the one that started it.
type running struct {
	diagnostic.Process
	parent int
}

// listed marks this program and its children, and gives the plain list.
func listed(all []running, self int) []diagnostic.Process {
	parents := make(map[int]int, len(all))
	for _, p := range all {
		parents[p.PID] = p.parent
	}
	ours := func(pid int) bool {
		for range 64 { // a number used again may lead round
			if pid == self {
				return true
			}
			parent, ok := parents[pid]
			if !ok || parent == pid {
				return false
			}
			pid = parent
		}
		return false
	}
	found := make([]diagnostic.Process, len(all))
	for i, p := range all {
		p.Self = ours(p.PID)
		found[i] = p.Process
	}
	return found
}

// parsePS reads "ps -axo pid=,ppid=,comm=" of macOS, where the last column is
// the path of the program, with its spaces.
func parsePS(text []byte) []running {
	var found []running
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxOutput)
	for lines.Scan() && len(found) < maxProcesses {
		first, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		second, command, ok := strings.Cut(strings.TrimSpace(rest), " ")
		pid, err := strconv.Atoi(first)
		parent, parentErr := strconv.Atoi(second)
		command = strings.TrimSpace(command)
		if !ok || err != nil || parentErr != nil || command == "" {
			continue
		}
		p := running{Process: diagnostic.Process{PID: pid, Name: path.Base(command)}, parent: parent}
		if strings.HasPrefix(command, "/") {
			p.Path = command
		}
		found = append(found, p)
	}
	return found
}

// parseStat reads /proc/PID/stat: the name in parentheses, which may hold
// anything, then the state and the parent. See proc_pid_stat(5). False for one
// that has ended and waits to be taken away.
func parseStat(text []byte) (name string, parent int, ok bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return "", 0, false
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 2 || fields[0] == "Z" || fields[0] == "X" {
		return "", 0, false
	}
	parent, err := strconv.Atoi(fields[1])
	return string(text[open+1 : end]), parent, err == nil
}

// self is the number of this program.
var self = os.Getpid()
