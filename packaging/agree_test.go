// Package packaging holds no code: its test has the files that describe the
// product, each in the form of another system, say the same.
package packaging

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"

	"postecpx/internal/version"
)

// identity is that of the program (cmd/postecpx), and the name of its files.
const identity = "fr.postecpx.postecpx"

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// metadata is what FyneApp.toml says.
type metadata struct {
	Details struct {
		Icon, Name, ID, Version string
		Build                   int
	}
	Migrations  map[string]bool
	LinuxAndBSD struct {
		GenericName, Comment string
		Categories, Keywords []string
	}
}

func fyneApp(t *testing.T) metadata {
	t.Helper()
	var m metadata
	known, err := toml.DecodeFile("../FyneApp.toml", &m)
	if err != nil {
		t.Fatal(err)
	}
	if unknown := known.Undecoded(); len(unknown) > 0 {
		t.Errorf("FyneApp.toml: nothing looks at %v", unknown)
	}
	return m
}

// desktopEntry is the group [Desktop Entry] of the desktop file.
func desktopEntry(t *testing.T) map[string]string {
	t.Helper()
	text, _, _ := strings.Cut(read(t, "linux/"+identity+".desktop"), "\n[Desktop Action")
	entry := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			entry[key] = value
		}
	}
	return entry
}

// list reads a list of a desktop file, which ends each of its words by ";".
func list(value string) []string { return strings.Split(strings.TrimSuffix(value, ";"), ";") }

// component is what the AppStream metadata say.
type component struct {
	ID         string   `xml:"id"`
	Name       string   `xml:"name"`
	License    string   `xml:"project_license"`
	Launchable string   `xml:"launchable"`
	Icon       string   `xml:"icon"`
	Categories []string `xml:"categories>category"`
	Binaries   []string `xml:"provides>binary"`
}

func appStream(t *testing.T) component {
	t.Helper()
	var c component
	if err := xml.Unmarshal([]byte(read(t, "linux/"+identity+".metainfo.xml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNamesAgree(t *testing.T) {
	t.Parallel()
	fyne, entry, stream := fyneApp(t), desktopEntry(t), appStream(t)
	plist, wxs := read(t, "macos/Info.plist"), read(t, "windows/postecpx.wxs")
	for what, got := range map[string]string{
		"FyneApp.toml": fyne.Details.Name, "desktop file": entry["Name"], "AppStream": stream.Name,
		"Info.plist": find(t, plist, `<key>CFBundleName</key>\s*<string>(.*)</string>`),
		"installer":  find(t, wxs, `<Product [^>]*\sName="(.*?)"`),
		"Start menu": find(t, wxs, `<Shortcut [^>]*\sName="(.*?)"`),
	} {
		if got != "Poste CPx" {
			t.Errorf("%s: the name is %q", what, got)
		}
	}
	for what, got := range map[string]string{
		"FyneApp.toml": fyne.Details.ID, "icon of the desktop file": entry["Icon"], "class of the window": entry["StartupWMClass"],
		"AppStream": stream.ID, "icon of AppStream": stream.Icon, "AppStream starts": strings.TrimSuffix(stream.Launchable, ".desktop"),
		"Info.plist": find(t, plist, `<key>CFBundleIdentifier</key>\s*<string>(.*)</string>`),
		"program":    find(t, read(t, "../cmd/postecpx/main.go"), `const identity = "(.*)"`),
	} {
		if got != identity {
			t.Errorf("%s: the identity is %q", what, got)
		}
	}
	if d := cmp.Diff([]string{"postecpx", "cpx"}, stream.Binaries); d != "" {
		t.Error(d)
	}
}

// TestMenuAgrees: the menu shows the same by the desktop file and by what the
// toolkit would write from FyneApp.toml, which has one language.
func TestMenuAgrees(t *testing.T) {
	t.Parallel()
	fyne, entry, stream := fyneApp(t).LinuxAndBSD, desktopEntry(t), appStream(t)
	if fyne.GenericName != entry["GenericName[fr]"] || fyne.Comment != entry["Comment[fr]"] {
		t.Errorf("FyneApp.toml says %q, %q; the desktop file %q, %q", fyne.GenericName, fyne.Comment, entry["GenericName[fr]"], entry["Comment[fr]"])
	}
	if d := cmp.Diff(list(entry["Keywords[fr]"]), fyne.Keywords); d != "" {
		t.Errorf("keywords: %s", d)
	}
	categories := list(entry["Categories"])
	for what, got := range map[string][]string{"FyneApp.toml": fyne.Categories, "AppStream": stream.Categories} {
		if d := cmp.Diff(categories, got); d != "" {
			t.Errorf("categories of %s: %s", what, d)
		}
	}
	// Desktop Menu Specification 1.1: MedicalSoftware is an additional category,
	// which goes with Education or Science; exactly one of the main ones, else
	// the program stands in the menu twice, or under "Other".
	main := []string{"AudioVideo", "Audio", "Video", "Development", "Education", "Game", "Graphics", "Network", "Office", "Science", "Settings", "System", "Utility"}
	var found []string
	for _, c := range categories {
		if slices.Contains(main, c) {
			found = append(found, c)
		}
	}
	if len(found) != 1 || !slices.Contains([]string{"Education", "Science"}, found[0]) || !slices.Contains(categories, "MedicalSoftware") {
		t.Errorf("categories %q", categories)
	}
}

// TestOneVersion: what is written down is the number of package version;
// packaging/build puts that into everything else.
func TestOneVersion(t *testing.T) {
	t.Parallel()
	if got := fyneApp(t).Details.Version; got != version.Number {
		t.Errorf("FyneApp.toml: %s, the program is %s", got, version.Number)
	}
	if got := find(t, read(t, "../CHANGELOG.md"), `(?m)^## (\d+\.\d+\.\d+)`); got != version.Number {
		t.Errorf("CHANGELOG.md begins with %s, the program is %s", got, version.Number)
	}
	for _, path := range []string{
		"linux/control", "linux/" + identity + ".metainfo.xml", "macos/Info.plist", "windows/program.manifest",
	} {
		if text := read(t, path); !strings.Contains(text, "@VERSION@") || strings.Contains(text, version.Number) {
			t.Errorf("%s: it does not take the version from packaging/build alone", path)
		}
	}
}

// TestOneLicence: the repository has none so far, and no package says that it
// has one. Who chooses it finds here what to change with it.
func TestOneLicence(t *testing.T) {
	t.Parallel()
	for path, expression := range map[string]string{
		"linux/" + identity + ".metainfo.xml": `<project_license>(.*)</project_license>`,
		"linux/postecpx.spec":                 `(?m)^License: (.*)$`,
		"linux/copyright":                     `(?m)^License: (.*)$`,
	} {
		if got := strings.TrimPrefix(find(t, read(t, path), expression), "LicenseRef-"); got != "proprietary" {
			t.Errorf("%s: %q", path, got)
		}
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := strings.ToUpper(e.Name()); strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") {
			t.Errorf("there is %s: the packages must say the same", e.Name())
		}
	}
}

// TestPromisesAgree: .deb and .rpm describe the product in the same words.
func TestPromisesAgree(t *testing.T) {
	t.Parallel()
	_, deb, _ := strings.Cut(read(t, "linux/control"), "\nDescription:")
	_, deb, _ = strings.Cut(deb, "\n")
	rpm := find(t, read(t, "linux/postecpx.spec"), `(?s)\n%description\n(.*?)\n%install`)
	words := func(s string) []string { return strings.Fields(strings.ReplaceAll(s, "\n .\n", "\n\n")) }
	if d := cmp.Diff(words(deb), words(rpm)); d != "" {
		t.Error(d)
	}
}

// TestIcon: the picture of FyneApp.toml is there, square and large.
func TestIcon(t *testing.T) {
	t.Parallel()
	picture, err := png.DecodeConfig(bytes.NewReader([]byte(read(t, "../"+fyneApp(t).Details.Icon))))
	if err != nil || picture.Width != picture.Height || picture.Width < 256 {
		t.Errorf("%d×%d, %v", picture.Width, picture.Height, err)
	}
}

// find gives the first group of the expression.
func find(t *testing.T, text, expression string) string {
	t.Helper()
	m := regexp.MustCompile(expression).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s", expression)
	}
	return m[1]
}
