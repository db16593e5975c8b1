package hosts

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	t.Parallel()
	all, err := parse(table)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	needed := 0
	for _, h := range all {
		if seen[h.URL] || h.French == "" || h.English == "" {
			t.Errorf("%s: there twice, or without a word", h.URL)
		}
		seen[h.URL] = true
		if h.Need == Needed {
			needed++
		}
		if !strings.HasSuffix(h.Name, ".esante.gouv.fr") && !strings.HasSuffix(h.Name, ".sante.fr") {
			t.Errorf("%s is no server of ANS", h.Name)
		}
	}
	if needed == 0 {
		t.Error("nothing is needed")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"https://a\tneeded\tunknown\tx", "ftp://a\tneeded\t-\tx\ty", "https://a\tneeded\t-\tx\ty", "http://a\tneeded\tpublic\tx\ty",
		"https://a\tmaybe\tpublic\tx\ty", "https://a\tneeded\tnobody\tx\ty", "https:///p\tneeded\tpublic\tx\ty", "https://a b\tneeded\tpublic\tx\ty",
	} {
		if _, err := parse(line); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}
