package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestReportBeforePage: what the diagnosis came to is said even where the page
// cannot be written, and why it cannot, without a name of ours.
func TestReportBeforePage(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "no", "page.html")
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"doctor", "system.supported", "--html", name}, &stdout, &stderr)
	out, messages := stdout.String(), stderr.String()
	if code != exitProblems || !strings.Contains(out, "Poste CPx") {
		t.Errorf("exit code %d, %q", code, out)
	}
	if !strings.Contains(messages, "le dossier ou le fichier n'existe pas") || strings.Contains(messages, ".postecpx") || strings.Contains(messages, "no such file") {
		t.Errorf("it says %q", messages)
	}
}
