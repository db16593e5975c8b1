package links

import (
	"net/url"
	"regexp"
	"testing"
)

func TestTable(t *testing.T) {
	t.Parallel()
	all, err := parse(table)
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`^[a-z0-9-]+$`)
	seen := map[string]bool{}
	for _, l := range all {
		u, err := url.Parse(l.URL)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			t.Errorf("%s: address %q: %v", l.ID, l.URL, err)
		}
		if seen[l.ID] || !id.MatchString(l.ID) || l.French == "" || l.English == "" {
			t.Errorf("%s: twice, of another form, or without a label", l.ID)
		}
		seen[l.ID] = true
	}
	if l, ok := Find(all[0].ID); !ok || l.Label("en") != l.English || l.Label("fr") != l.French {
		t.Errorf("Find: %+v, %v", l, ok)
	}
	if _, ok := Find("nothing"); ok {
		t.Error("found what is not there")
	}
}

func TestBrokenTable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\thttps://x\t2026-01-01\tA", "a\thttps://x\tyesterday\tA\tB"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
