package diagnostic_test

import (
	"context"
	"strings"
	"testing"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// diagnose runs one check on a workstation, with all that it requires, and
// gives its finding. It fails when the finding cannot be said in a language,
// or when what is wrong comes without a remedy.
func diagnose(t *testing.T, env diagnostic.Environment, code diagnostic.Code, options ...diagnostic.Options) diagnostic.Finding {
	t.Helper()
	var o diagnostic.Options
	if len(options) > 0 {
		o = options[0]
	}
	o.Only = []diagnostic.Code{code}
	d, err := diagnostic.Run(context.Background(), env, o)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := d.Finding(code)
	if !ok {
		t.Fatalf("%s: no finding", code)
	}
	for _, tag := range language.Supported {
		s, err := language.New(tag)
		if err != nil {
			t.Fatal(err)
		}
		w := wording.Finding(s, f, env.GOOS())
		if (f.Status == diagnostic.Error || f.Status == diagnostic.Warning) && len(w.Steps) == 0 {
			t.Errorf("%s.%s (%s, %s): no remedy", code, f.Outcome, tag, env.GOOS())
		}
		for _, text := range append([]string{w.Title, w.Summary, w.Meaning, w.Command}, w.Steps...) {
			if strings.Contains(text, "<no value>") || strings.HasPrefix(text, "check.") {
				t.Errorf("%s.%s (%s): %q", code, f.Outcome, tag, text)
			}
		}
		for _, e := range w.Evidence {
			if e.Label == e.Key {
				t.Errorf("%s.%s (%s): the fact %s has no label (fact.%s)", code, f.Outcome, tag, e.Key, e.Key)
			}
		}
	}
	return f
}
