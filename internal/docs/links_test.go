package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = "../.."

// linked is the target of a link or a picture: [words](target "title").
var linked = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)

// code is what stands as code, and holds no links.
var code = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

// pages are the Markdown files of the repository by their paths in it.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || name == "bin" || name == "dist") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		all[filepath.ToSlash(name)] = strings.ReplaceAll(string(text), "\r\n", "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// anchor is how a heading is pointed at.
func anchor(heading string) string {
	heading = strings.ToLower(strings.TrimSpace(heading))
	return strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N}\p{M}_ -]`).ReplaceAllString(heading, ""), " ", "-")
}

// TestLinks: every relative link in a document points to a file that is there,
// and to a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	seen := 0
	for name, text := range all {
		for _, m := range linked.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			target, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %q: %v", name, m[1], err)
				continue
			}
			if target.Scheme != "" {
				continue // of elsewhere: "cpx links --check" asks those
			}
			seen++
			file := name
			if target.Path != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(name), target.Path))
			}
			if strings.HasPrefix(file, "..") || strings.HasPrefix(target.Path, "/") {
				t.Errorf("%s: %q leaves the repository", name, m[1])
			} else if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %q: %v", name, m[1], err)
			} else if target.Fragment != "" && !headed(all[file], target.Fragment) {
				t.Errorf("%s: %q: no such heading", name, m[1])
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d links seen", seen)
	}
}

func headed(text, fragment string) bool {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		if anchor(m[1]) == fragment {
			return true
		}
	}
	return false
}

// named is a test that a document names.
var named = regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Z]\\w+)`")

// pathInCode is a file or folder of the repository that a document names.
var pathInCode = regexp.MustCompile("`((?:cmd|cardreader|internal|ui|assets|docs|scripts|packaging)/[\\w./-]+)`")

// TestNamedInDocuments: the tests and the files that the documents name are
// there. What the changelog names may be gone.
func TestNamedInDocuments(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for name, text := range pages(t) {
		if name == "CHANGELOG.md" {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if seen++; !there[m[1]] {
				t.Errorf("%s: no test %s", name, m[1])
			}
		}
		for _, m := range pathInCode.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "NAME") {
				continue // to be chosen
			}
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d tests named", seen)
	}
}
