package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A program is what "cpx help" and "cpx COMMAND --help" say.
type program struct {
	Commands []command
	Exits    []exit
}

// Names of the commands.
func (p program) Names() (names []string) {
	for _, c := range p.Commands {
		names = append(names, c.Name)
	}
	return names
}

// A command is one verb of cpx. Arguments are those beside the options.
type command struct {
	Name, Arguments, Meaning string
	Options                  []option
}

// Flags of the command, with their dashes.
func (c command) Flags() (flags []string) {
	for _, o := range c.Options {
		flags = append(flags, "--"+o.Name)
	}
	return flags
}

// An option is written as Form, "--reader TEXT".
type option struct{ Name, Form, Meaning string }

// An exit is a code that the program ends with.
type exit struct {
	Code    int
	Meaning string
}

// A window is what "postecpx --help" says.
type window struct {
	Meaning string
	Options []option
}

// Flags of the window, with their dashes.
func (w window) Flags() []string { return command{Options: w.Options}.Flags() }

// longest is how long a program may take to tell its help.
const longest = 30 * time.Second

// ask runs a program that is to show its help. Its language is an argument;
// the locale is set for what the libraries below it say of one.
func ask(path string, arguments ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	var out, talk bytes.Buffer
	c := exec.CommandContext(ctx, path, arguments...)
	c.Env = append(os.Environ(), "LC_ALL=en_US.UTF-8", "LANG=en_US.UTF-8")
	c.Stdout, c.Stderr = &out, &talk
	if err := c.Run(); err != nil {
		return "", "", fmt.Errorf("%s %s: %w: %s", path, strings.Join(arguments, " "), err, talk.String())
	}
	return out.String(), talk.String(), nil
}

func askCPx(path, language string) (program, error) {
	help, _, err := ask(path, "help", "--lang", language)
	if err != nil {
		return program{}, err
	}
	p, err := readHelp(help)
	if err != nil {
		return program{}, err
	}
	for i, c := range p.Commands {
		usage, _, err := ask(path, c.Name, "--help", "--lang", language)
		if err != nil {
			return program{}, err
		}
		if p.Commands[i], err = readUsage(c, usage); err != nil {
			return program{}, err
		}
	}
	return p, nil
}

func askWindow(path, language string) (window, error) {
	_, help, err := ask(path, "--lang", language, "--help")
	if err != nil {
		return window{}, err
	}
	return readWindow(help)
}

var (
	commandLine = regexp.MustCompile(`^  cpx (\S+) +(\S.*)$`)
	exitCode    = regexp.MustCompile(`(\d+) ([^,]*[^,.])`)
	optionLine  = regexp.MustCompile(`^  --(\S+) +(\S.*)$`)
	windowLine  = regexp.MustCompile(`^  (--([a-z-]+)\S*(?: [\p{Lu}|a-z]+)?)  +(\S.*)$`)
)

// readHelp reads what "cpx help" writes: the commands, then a hint on one
// line, then the exit codes.
func readHelp(help string) (p program, err error) {
	foot, listed := "", false
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		if m := commandLine.FindStringSubmatch(line); m != nil {
			p.Commands = append(p.Commands, command{Name: m[1], Meaning: m[2]})
			listed = true
			continue
		}
		if listed {
			foot += line + " "
		}
	}
	_, foot, _ = strings.Cut(foot, "0 ")
	for _, m := range exitCode.FindAllStringSubmatch("0 "+strings.TrimSpace(foot), -1) {
		code, err := strconv.Atoi(m[1])
		if err != nil {
			return p, err
		}
		if code != len(p.Exits) {
			return p, fmt.Errorf("cpx help: exit code %d where %d was to come", code, len(p.Exits))
		}
		p.Exits = append(p.Exits, exit{code, m[2]})
	}
	if len(p.Commands) == 0 || len(p.Exits) < 2 {
		return p, fmt.Errorf("cpx help lists %d commands and %d exit codes", len(p.Commands), len(p.Exits))
	}
	return p, nil
}

// readUsage reads what "cpx COMMAND --help" writes.
func readUsage(c command, usage string) (command, error) {
	lines := strings.Split(strings.TrimRight(usage, "\n"), "\n")
	head, ok := strings.CutPrefix(lines[0], "cpx "+c.Name)
	if !ok || len(lines) < 3 {
		return c, fmt.Errorf("cpx %s --help starts with %q", c.Name, lines[0])
	}
	c.Arguments = strings.TrimSpace(head)
	c.Options = nil
	for _, line := range lines[2:] {
		m := optionLine.FindStringSubmatch(line)
		if m == nil {
			return c, fmt.Errorf("cpx %s --help: no option in %q", c.Name, line)
		}
		c.Options = append(c.Options, option{Name: m[1], Form: "--" + m[1], Meaning: m[2]})
	}
	return c, nil
}

// readWindow reads what "postecpx --help" writes: a sentence, then the
// options. A library may speak before.
func readWindow(help string) (w window, err error) {
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		if m := windowLine.FindStringSubmatch(line); m != nil {
			w.Options = append(w.Options, option{Name: m[2], Form: m[1], Meaning: m[3]})
		} else if strings.HasPrefix(line, "  --") {
			return w, fmt.Errorf("postecpx --help: no option in %q", line)
		} else if strings.HasPrefix(line, "postecpx ") {
			w.Meaning = line
		}
	}
	if w.Meaning == "" || len(w.Options) == 0 {
		return w, fmt.Errorf("postecpx --help: no sentence or no option in %q", help)
	}
	return w, nil
}
