// Command materials says what the programs are made of: it reads the modules
// from the built programs themselves, finds their licences in the module
// cache, and writes
//
//	postecpx-VERSION.cdx.json  the bill of materials, CycloneDX 1.6
//	THIRD-PARTY-LICENCES.txt   every licence, each text once
//
// A module without a licence, or under one that is not known here, is an error.
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

func main() {
	var o order
	out := flag.String("out", "", "folder to write to")
	flag.StringVar(&o.version, "version", "", "version of the product")
	epoch := flag.Int64("epoch", 0, "time of the documents, in seconds")
	flag.Parse()
	o.time, o.programs = time.Unix(*epoch, 0).UTC(), flag.Args()
	if err := write(o, *out); err != nil {
		fmt.Fprintf(os.Stderr, "materials: %v\n", err)
		os.Exit(1)
	}
}

// order is what is asked for.
type order struct {
	version  string
	time     time.Time
	programs []string // files
}

// A component is a module, or another part that is not of this project.
type component struct {
	name, version string
	purl          string   // package URL
	sum           string   // of the module, as in go.sum
	programs      []string // file names of those that hold it
	texts         []text
}

// A text is a licence as its authors wrote it.
type text struct{ file, content string }

func write(o order, out string) error {
	components, revision, err := collect(o.programs)
	if err != nil {
		return err
	}
	bill, err := billOfMaterials(o, revision, components)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "postecpx-"+o.version+".cdx.json"), bill, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "THIRD-PARTY-LICENCES.txt"), licences(components), 0o644)
}

// collect reads the programs, and returns the commit that they were built from.
func collect(programs []string) (components []component, revision string, err error) {
	found := map[string]*component{}
	add := func(c component, program string) {
		key := c.name + "@" + c.version
		if found[key] == nil {
			found[key] = &c
		}
		found[key].programs = append(found[key].programs, program)
	}
	for _, path := range programs {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		program := filepath.Base(path)
		at := setting(info, "vcs.revision")
		if at == "" || (revision != "" && at != revision) {
			return nil, "", fmt.Errorf("%s: built from commit %q, others from %q", program, at, revision)
		}
		revision = at
		add(component{
			name: "Go", version: strings.TrimPrefix(info.GoVersion, "go"),
			purl: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
		}, program)
		if setting(info, "GOOS") == "windows" && setting(info, "CGO_ENABLED") == "1" {
			for _, c := range mingw() {
				add(c, program)
			}
		}
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			add(component{name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version, sum: m.Sum}, program)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		c := found[key]
		if c.texts == nil {
			if c.texts, err = textsOf(c); err != nil {
				return nil, "", err
			}
		}
		components = append(components, *c)
	}
	return components, revision, nil
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// textsOf finds the licences of Go and of a module.
func textsOf(c *component) ([]text, error) {
	if c.name == "Go" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("go env GOROOT: %w", err)
		}
		content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "LICENSE"))
		if err != nil {
			return nil, err
		}
		if "go"+c.version != runtime.Version() {
			return nil, fmt.Errorf("the programs were built with Go %s, not with %s", c.version, runtime.Version())
		}
		return []text{{"LICENSE", string(content)}}, nil
	}
	command := exec.Command("go", "mod", "download", "-json", c.name+"@"+c.version)
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	texts, err := findTexts(module.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	more, err := findNotices(c.name, module.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return append(texts, more...), nil
}

// skipped are folders of a module that no program is made from.
var skipped = []string{"testdata", "cmd", "examples", "_examples", ".github"}

// findTexts finds the licences of a module, those of what lies in it included:
// fonts, a C library.
func findTexts(folder string) (texts []text, err error) {
	err = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains(skipped, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !isLicence(entry.Name()) {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		texts = append(texts, text{filepath.ToSlash(name), string(content)})
		return err
	})
	if err == nil && len(texts) == 0 {
		err = errors.New("it has no licence")
	}
	return texts, err
}

func isLicence(file string) bool {
	switch strings.ToLower(filepath.Ext(file)) {
	case "", ".txt", ".md":
	default:
		return strings.HasPrefix(file, "LICENSE-")
	}
	name := strings.ToUpper(file)
	for _, start := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS", "OFL"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

// licences is the file of licences: a list, then each text once.
func licences(components []component) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Poste CPx holds parts of these, under the licences that follow.\n\n")
	users := map[string][]string{}
	var order []string
	for _, c := range components {
		fmt.Fprintf(&b, "  %s %s\n", c.name, c.version)
		for _, t := range c.texts {
			content := strings.TrimSpace(strings.ReplaceAll(t.content, "\r\n", "\n"))
			if users[content] == nil {
				order = append(order, content)
			}
			users[content] = append(users[content], c.name+" ("+t.file+")")
		}
	}
	for _, content := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", strings.Repeat("=", 78), strings.Join(users[content], "\n"), strings.Repeat("=", 78), content)
	}
	return b.Bytes()
}
