package main

import (
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, first, others string
		width               int
		want                string
	}{
		"fits":           {"une carte", "", "", 9, "une carte"},
		"one too many":   {"une carte", "", "", 8, "une\ncarte"},
		"hanging":        {"ouvrez la session", "1. ", "   ", 12, "1. ouvrez la\n   session"},
		"long word":      {"tapez sudo/defaults/write puis", "", "  ", 10, "tapez\n  sudo/defaults/write\n  puis"},
		"colon stays":    {"que faire : ceci", "", "", 10, "que\nfaire :\nceci"},
		"quotes stay":    {"voir « code porteur » ici", "", "", 14, "voir « code\nporteur » ici"},
		"letters":        {"éééé éééé", "", "", 9, "éééé éééé"},
		"empty":          {"", "  ", "  ", 10, ""},
		"narrower still": {"a b", "      ", "      ", 3, "      a\n      b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wrap(c.text, c.first, c.others, c.width); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if w := (&terminal{stdout: new(strings.Builder)}).width(); w != usualWidth {
		t.Errorf("no terminal: %d columns", w)
	}
}

func TestListed(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		80: "  nil    Où trouver ou comment obtenir mon NIL quand je ne l'ai pas ?",
		60: "  nil    Où trouver ou comment obtenir mon NIL quand je ne\n         l'ai pas ?",
		59: "  nil\n    Où trouver ou comment obtenir mon NIL quand je ne l'ai\n    pas ?",
		20: "  nil\n    Où trouver ou\n    comment obtenir\n    mon NIL quand je\n    ne l'ai pas ?",
	} {
		if got := listed("nil", "Où trouver ou comment obtenir mon NIL quand je ne l'ai pas ?", 5, width); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}
