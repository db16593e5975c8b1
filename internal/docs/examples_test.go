package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLibraryDocument: the examples in docs/library.md are those that the tests
// compile and run, and none is left out.
func TestLibraryDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join(folder, "library.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../cardreader/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	want, err := WithExamples(strings.ReplaceAll(string(document), "\r\n", "\n"), strings.ReplaceAll(string(source), "\r\n", "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^func (Example\w+)`).FindAllStringSubmatch(string(source), -1) {
		if !strings.Contains(want, "<!-- example: "+m[1]+" -->\n") {
			t.Errorf("%s is not in docs/library.md", m[1])
		}
	}
	if outside := strings.Count(want, "```go\n") - strings.Count(want, "-->\n```go\n"); outside != 0 {
		t.Errorf("%d blocks of code in docs/library.md are no examples", outside)
	}
	held(t, "library.md", want)
}

func TestWithExamples(t *testing.T) {
	t.Parallel()
	source := "package p\n\n// Told.\nfunc ExampleOne() {\n\tone() // why\n\tif x {\n\t\ttwo()\n\t}\n}\n\nfunc helper() {\n\tone()\n}\n"
	one := "<!-- example: ExampleOne -->\n```go\none() // why\nif x {\n\ttwo()\n}\n```\n"
	for text, want := range map[string]string{
		"a\n\n<!-- example: ExampleOne -->\n\nb\n":                           "a\n\n" + one + "\nb\n",
		"<!-- example: ExampleOne -->\n```go\nold\n```\n\n```go\nown\n```\n": one + "\n```go\nown\n```\n",
		"<!-- example: helper -->\n":                                         "<!-- example: helper -->\n```go\nfunc helper() {\n\tone()\n}\n```\n",
		one:                                                                  one,
	} {
		if got, err := WithExamples(text, source); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := WithExamples("<!-- example: ExampleTwo -->\n", source); err == nil {
		t.Error("an example that is not there is accepted")
	}
}
