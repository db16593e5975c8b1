package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const help = `Poste CPx: reads CPx cards.

Usage: cpx COMMAND [OPTIONS]

  cpx read         reads the card
  cpx certificates examines the certificates

cpx COMMAND --help shows the options; --lang fr speaks French.
Exit codes: 0 fine, 1 done but with a problem,
2 card unreadable or not a CPx.
`

func TestReadHelp(t *testing.T) {
	t.Parallel()
	got, err := readHelp(help)
	if err != nil {
		t.Fatal(err)
	}
	want := program{
		Commands: []command{{Name: "read", Meaning: "reads the card"}, {Name: "certificates", Meaning: "examines the certificates"}},
		Exits:    []exit{{0, "fine"}, {1, "done but with a problem"}, {2, "card unreadable or not a CPx"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "Usage\n", strings.Replace(help, "1 done", "3 done", 1), strings.Replace(help, "Exit codes: 0", "", 1)} {
		if _, err := readHelp(bad); err == nil {
			t.Errorf("a help that is not one was read: %q", bad)
		}
	}
}

func TestReadUsage(t *testing.T) {
	t.Parallel()
	got, err := readUsage(command{Name: "id"}, "cpx id IDENTIFIER\n  checks an identifier\n  --json         one document\n  --lang         fr or en\n")
	if err != nil {
		t.Fatal(err)
	}
	want := command{Name: "id", Arguments: "IDENTIFIER", Options: []option{
		{"json", "--json", "one document"}, {"lang", "--lang", "fr or en"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "cpx read\n  reads\n  --lang  x\n", "cpx id\n  checks\nwhat is this\n"} {
		if _, err := readUsage(command{Name: "id"}, bad); err == nil {
			t.Errorf("a usage that is not one was read: %q", bad)
		}
	}
}

func TestReadWindow(t *testing.T) {
	t.Parallel()
	got, err := readWindow("a library: speaks\npostecpx opens the window.\n  --lang fr|en    language\n  --demo[=CARD]   the card\n  --reader TEXTE  the reader\n")
	if err != nil {
		t.Fatal(err)
	}
	want := window{Meaning: "postecpx opens the window.", Options: []option{
		{"lang", "--lang fr|en", "language"}, {"demo", "--demo[=CARD]", "the card"}, {"reader", "--reader TEXTE", "the reader"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "postecpx opens.\n", "postecpx opens.\n  --lang\n"} {
		if _, err := readWindow(bad); err == nil {
			t.Errorf("a help that is not one was read: %q", bad)
		}
	}
}

// TestRender: what a program says cannot break a page or a completion.
func TestRender(t *testing.T) {
	t.Parallel()
	hostile := `.it's [a] "b": $(c) \d`
	given := page{
		Version: "1.2.3", Date: "2026-06-01",
		CPx: program{
			Commands: []command{{Name: "read", Arguments: "[X…]", Meaning: hostile, Options: []option{{"json", "--json", hostile}}}},
			Exits:    []exit{{0, hostile}},
		},
		Window: window{Meaning: hostile, Options: []option{{"lang", "--lang fr|en", hostile}}},
	}
	want := map[string]string{
		".1":    `\&.it's [a] "b": $(c) \ed`,
		".bash": "--json",
		".zsh":  `'--json[.it'\''s \[a\] "b"\: $(c) \\d]'`,
		".fish": `'.it\'s [a] "b": $(c) \\d'`,
	}
	for _, p := range pages {
		got, err := render(p.template, given)
		if err != nil {
			t.Fatal(err)
		}
		words := want[p.template[strings.LastIndex(p.template, "."):]]
		if strings.HasPrefix(p.template, "postecpx") {
			words = strings.ReplaceAll(words, "--json", "--lang")
		}
		if !strings.Contains(string(got), words) {
			t.Errorf("%s does not hold %s:\n%s", p.template, words, got)
		}
	}
}
