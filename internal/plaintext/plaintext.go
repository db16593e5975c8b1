// Package plaintext makes foreign text inert. What a card, a reader or a
// certificate calls itself was written by others: it may hold escape codes that
// drive a terminal, marks that turn the reading direction, or no end. Every
// such string passes here before a screen or a terminal shows it.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Replacement stands where a character was taken out, so that the reader sees
// that something was there and no two halves are joined into a new word.
const Replacement = utf8.RuneError

// marksKept is how many combining marks may follow one another: more than any
// living orthography needs, too few to climb over the neighbouring lines.
const marksKept = 3

// Clean gives s on one line and without any power: what is a space, a tab or
// an end of line becomes one space between words and none at the ends;
// controls, escapes, direction and zero-width marks, private and unassigned
// code points and broken UTF-8 become Replacement, one for each run. The
// letters of every script stay. Clean of a cleaned string is that string.
func Clean(s string) string {
	var b strings.Builder
	b.Grow(min(len(s), 1024))
	marks := 0
	var last rune
	put := func(r rune) {
		b.WriteRune(r)
		last = r
	}
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if unicode.IsMark(r) {
			// A mark with nothing under it would sit on what stands before s.
			if space || last == 0 || last == Replacement {
				r = Replacement
			} else if marks++; marks > marksKept {
				continue
			}
		} else {
			marks = 0
			if !unicode.IsPrint(r) {
				r = Replacement
			}
		}
		if space && last != 0 {
			put(' ')
		}
		space = false
		if r == Replacement && last == Replacement {
			continue
		}
		put(r)
	}
	return b.String()
}

// Line is Clean cut to at most limit characters, the last of them "…" when
// something was cut. A limit below one gives "".
func Line(s string, limit int) string {
	if limit < 1 {
		return ""
	}
	// A hostile string of megabytes must not cost more than its beginning. The
	// factor leaves room for what Clean folds together.
	cut := false
	if most := 16 * (limit + 1) * utf8.UTFMax; len(s) > most {
		s, cut = s[:most], true
	}
	s = Clean(s)
	count := 0
	for at := range s {
		if count == limit-1 && (cut || utf8.RuneCountInString(s[at:]) > 1) {
			return strings.TrimRight(s[:at], " ") + "…"
		}
		count++
	}
	if cut {
		return s + "…"
	}
	return s
}
