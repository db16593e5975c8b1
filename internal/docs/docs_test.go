package docs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postecpx/internal/diagnostic"
)

var update = flag.Bool("update", false, "write the documents anew")

// folder is that of the documents.
const folder = "../../docs"

// held fails when the document is not what it should be, or writes it anew.
func held(t *testing.T, name, want string) {
	t.Helper()
	file := filepath.Join(folder, name)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, expected := strings.Split(strings.ReplaceAll(string(there), "\r\n", "\n"), "\n"), strings.Split(want, "\n")
	for i := range max(len(got), len(expected)) {
		if i >= len(got) || i >= len(expected) || got[i] != expected[i] {
			t.Fatalf("docs/%s is not what the program says, from line %d on; \"make docs\" writes it anew", name, i+1)
		}
	}
}

func TestChecksDocument(t *testing.T) {
	t.Parallel()
	for tag, name := range map[string]string{"fr": "checks.md", "en": "checks.en.md"} {
		text, err := Checks(tag)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range diagnostic.Catalogue() {
			if strings.Count(text, "### `"+string(c.Code)+"`\n") != 1 {
				t.Errorf("%s: %s is not there once", tag, c.Code)
			}
			for name := range c.Outcomes {
				if !strings.Contains(text, "* `"+name+"`, **") {
					t.Errorf("%s: %s.%s is not there", tag, c.Code, name)
				}
			}
		}
		for _, bad := range []string{"{{", "}}", "<no value>", "\x00", "****"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q in the text", tag, bad)
			}
		}
		held(t, name, text)
	}
}

func TestSentencesWithoutFacts(t *testing.T) {
	t.Parallel()
	said := map[string]string{"fact.today": "date du poste"}
	for text, want := range map[string]string{
		"rien":                        "rien",
		"C:\\x_y *z*":                 `C:\\x\_y \*z\*`,
		"dans {{.other}}":             "dans ‹other›",
		"{{if .a}}A{{else}}B{{end}}":  `\[A | B\]`,
		"un{{if .a}} ({{.a}}){{end}}": `un \[(‹a›)\]`,
		"{{if .a}}1\n2\n{{end}}3":     "\\[1 → 2\\]\n3",
		"le {{with .today}}{{slice . 8 10}}/{{slice . 5 7}}/{{slice . 0 4}}{{end}}.": "le ‹date du poste›.",
	} {
		if got, err := prose(said, text); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, wrong := range []string{"{{", "{{range .a}}x{{end}}"} {
		if _, err := prose(said, wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
