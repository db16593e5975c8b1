package plaintext

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"empty":              {"", ""},
		"accents":            {"Chirurgien-Dentiste, Épithésiste", "Chirurgien-Dentiste, Épithésiste"},
		"decomposed accent":  {"E\u0301pith\u00e9siste", "E\u0301pith\u00e9siste"},
		"other scripts stay": {"Δρ אבג 医", "Δρ אבג 医"},
		"terminal colour":    {"\x1b[31mROUGE\x1b[0m", "\uFFFD[31mROUGE\uFFFD[0m"},
		"one byte escape":    {"a\u009b31mb", "a\uFFFD31mb"},
		"end of line":        {"DUPONT\r\nDROP", "DUPONT DROP"},
		"line separators":    {"a\u2028b\u2029c\u0085d", "a b c d"},
		"spaces at the ends": {"  a \t b\u00a0 ", "a b"},
		"zero byte":          {"DU\x00\x00PONT", "DU\uFFFDPONT"},
		"turned around":      {"abc\u202eXYZ\u2066q", "abc\uFFFDXYZ\uFFFDq"},
		"zero width":         {"8997\u200b0021", "8997\uFFFD0021"},
		"tag characters":     {"a\U000E0041\U000E0042", "a\uFFFD"},
		"private use":        {"a\ue000", "a\uFFFD"},
		"broken UTF-8":       {"a\xff\xfeb", "a\uFFFDb"},
		"piled marks":        {"a" + strings.Repeat("\u0301", 40) + "b", "a\u0301\u0301\u0301b"},
		"mark on nothing":    {"\u0301a", "\uFFFDa"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Clean(c.in); got != c.want {
				t.Errorf("Clean(%+q) = %+q, want %+q", c.in, got, c.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		want  string
	}{
		"fits":          {"abcde", 5, "abcde"},
		"one too many":  {"abcdef", 5, "abcd…"},
		"no dangling":   {"abc defgh", 5, "abc…"},
		"one":           {"ab", 1, "…"},
		"none":          {"ab", 0, ""},
		"of a megabyte": {strings.Repeat("é", 1<<20), 3, "éé…"},
		"only folds":    {strings.Repeat(" ", 1<<20), 3, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(c.in, c.limit); got != c.want {
				t.Errorf("Line = %+q, want %+q", got, c.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("DUPONT \x1b]0;title\a\u202e\u0301")
	f.Add("\xff\u0300 \u0300\u0300\u0300\u0300")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %+q", got)
		}
		for _, r := range got {
			if r != ' ' && r != Replacement && !unicode.IsPrint(r) {
				t.Fatalf("%U is left in %+q", r, got)
			}
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Fatalf("spaces in %+q", got)
		}
		if again := Clean(got); again != got {
			t.Fatalf("Clean is not stable: %+q then %+q", got, again)
		}
		if line := Line(s, 20); utf8.RuneCountInString(line) > 20 {
			t.Fatalf("Line is longer than asked: %+q", line)
		}
	})
}
