package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// optionsOf are the options of each command.
func optionsOf() map[string][]string {
	all := map[string][]string{}
	for _, c := range commands {
		set := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.flags(set)
		options := []string{"lang", "help"}
		set.VisitAll(func(f *flag.Flag) { options = append(options, f.Name) })
		all[c.name] = options
	}
	return all
}

var (
	section    = regexp.MustCompile("(?m)^##+ `cpx ([a-z]+)")
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	codeBlock  = regexp.MustCompile("(?s)```sh\n(.*?)```")
	option     = regexp.MustCompile(`(?:^|[\s\[(|])--([a-z][a-z-]*)`)
	invocation = regexp.MustCompile(`^(?:\$ )?(?:bin/)?cpx(?:\.exe)? ([a-z]+)(.*)$`)
)

// TestCommandLineDocument: docs/command-line.md has a section for every command
// and tells of every option, and what it names is there.
func TestCommandLineDocument(t *testing.T) {
	t.Parallel()
	there := optionsOf()
	data, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	told := map[string][]string{}
	starts := section.FindAllStringSubmatchIndex(text, -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		name := text[at[2]:at[3]]
		if there[name] == nil {
			t.Errorf("there is no command %q", name)
			continue
		}
		told[name] = append(told[name], "")
		for _, span := range codeSpan.FindAllStringSubmatch(text[at[0]:end], -1) {
			if invocation.MatchString(span[1]) {
				continue // of that command: below
			}
			for _, m := range option.FindAllStringSubmatch(span[1], -1) {
				told[name] = append(told[name], m[1])
				if !slices.Contains(there[name], m[1]) {
					t.Errorf("cpx %s has no option --%s", name, m[1])
				}
			}
		}
	}
	for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
		if m := invocation.FindStringSubmatch(span[1]); m != nil {
			for _, o := range option.FindAllStringSubmatch(m[2], -1) {
				told[m[1]] = append(told[m[1]], o[1])
			}
		}
	}
	for name, options := range there {
		if told[name] == nil {
			t.Errorf("docs/command-line.md has no section for cpx %s", name)
			continue
		}
		for _, o := range options {
			if o != "lang" && o != "help" && o != "json" && !slices.Contains(told[name], o) {
				t.Errorf("docs/command-line.md does not tell of cpx %s --%s", name, o)
			}
		}
	}
}

// TestCommandsInDocuments: every line "cpx …" in a document names a command and
// options that there are. The changelog may name what is gone.
func TestCommandsInDocuments(t *testing.T) {
	t.Parallel()
	there := optionsOf()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	others, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range slices.Concat(files, others) {
		if filepath.Base(file) == "CHANGELOG.md" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, block := range codeBlock.FindAllStringSubmatch(string(data), -1) {
			lines = append(lines, strings.Split(block[1], "\n")...)
		}
		for _, span := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(data), ""), -1) {
			lines = append(lines, span[1])
		}
		for _, line := range lines {
			line, _, _ = strings.Cut(line, " #")
			m := invocation.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil {
				continue
			}
			seen++
			if there[m[1]] == nil {
				t.Errorf("%s: %q: no such command", filepath.Base(file), line)
				continue
			}
			for _, o := range option.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(there[m[1]], o[1]) {
					t.Errorf("%s: %q: no option --%s", filepath.Base(file), line, o[1])
				}
			}
		}
	}
	if seen < 40 {
		t.Errorf("%d lines seen", seen)
	}
}
