package report

import (
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// glyph is one letter or digit of a text as it is compared: without case, accent or
// ligature.
type glyph struct {
	letter rune
	// start and end are where it stands in the text.
	start, end int
	// gap counts the characters between it and the one before that are neither
	// letter nor digit; at the beginning of the text it is 1 at least.
	gap int
	// hidden: something invisible stands before it, which may part two words or
	// stand within one.
	hidden bool
}

// matching is how a value is looked for.
type matching int

const (
	// words: the whole value, not a part of a longer word.
	words matching = iota
	// wordsOfPaths: the same, in a path alone.
	wordsOfPaths
	// partsOfPaths: in a path, or what is built like one, also within a word.
	partsOfPaths
	// grouped: digits that may stand in groups, not within a longer number
	// unless there are many of them.
	grouped
	// hexadecimal: the same for hexadecimal digits.
	hexadecimal
	// anywhere: also within a word.
	anywhere
)

// long is how many digits are never part of another number by accident.
const long = 10

// gaps are how many other characters may stand between two digits of a group,
// or two words of a name.
const (
	gapOfDigits = 2
	gapOfWords  = 3
)

// folded gives letters that Unicode does not take apart.
var folded = map[rune]string{'œ': "oe", 'æ': "ae", 'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ſ': "s"}

// fold gives the letters and digits of a text. Invisible characters count for
// nothing: a name with one in its middle is still that name.
func fold(s string) []glyph {
	all := make([]glyph, 0, len(s))
	gap, hidden := 1, false
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		start := at
		at += size
		switch {
		case unicode.IsMark(r), unicode.In(r, unicode.Cf, unicode.Cc) && !unicode.IsSpace(r), r == utf8.RuneError, s[start:at] == escape:
			hidden = hidden || !unicode.IsMark(r)
			if len(all) > 0 && gap == 0 {
				all[len(all)-1].end = at // it goes with the letter that it follows
			}
			continue
		}
		for _, letter := range letters(r) {
			all = append(all, glyph{letter, start, at, gap, hidden})
			gap, hidden = 0, false
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap++
		}
	}
	return all
}

// letters are what one character is compared as, none for what is no letter.
func letters(r rune) []rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return []rune{r}
		}
		return nil
	}
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return nil
	}
	r = unicode.ToLower(r)
	if s, ok := folded[r]; ok {
		return []rune(s)
	}
	var all []rune
	for _, part := range norm.NFKD.String(string(r)) {
		part = unicode.ToLower(part)
		if s, ok := folded[part]; ok {
			all = append(all, []rune(s)...)
		} else if unicode.IsLetter(part) || unicode.IsDigit(part) {
			all = append(all, part)
		}
	}
	return all
}

// plain joins letters to a text.
func plain(all []glyph) string {
	var b strings.Builder
	for _, g := range all {
		b.WriteRune(g.letter)
	}
	return b.String()
}

// replace puts the placeholders of patterns, the longest first, in the place of
// what they match. What was replaced is not looked at again.
func (s *sweeper) replace(text string) string {
	if len(s.patterns) == 0 || text == "" {
		return text
	}
	all := fold(text)
	known := knownPlaces(text)
	var b strings.Builder
	copied := 0
	for i := 0; i < len(all); i++ {
		for _, p := range s.first[all[i].letter] {
			n := len(p.letters)
			if !p.at(text, all, i) || p.person && overlaps(known, all[i].start, all[i+n-1].end) {
				continue
			}
			b.WriteString(text[copied:all[i].start])
			b.WriteString(s.hold(p.instead))
			copied = all[i+n-1].end
			i += n - 1
			break
		}
	}
	b.WriteString(text[copied:])
	return b.String()
}

// byFirst gives patterns by their first letter.
func byFirst(patterns []pattern) map[rune][]pattern {
	first := map[rune][]pattern{}
	for _, p := range patterns {
		first[p.letters[0].letter] = append(first[p.letters[0].letter], p)
	}
	return first
}

// overlaps tells whether a part of the text is in one of the places.
func overlaps(places [][]int, start, end int) bool {
	at := sort.Search(len(places), func(i int) bool { return places[i][1] > start })
	return at < len(places) && places[at][0] < end
}

// within tells whether the pattern stands somewhere in the text.
func (p pattern) within(text string, all []glyph) bool {
	for i := range all {
		if p.at(text, all, i) {
			return true
		}
	}
	return false
}

// at tells whether the pattern stands at the letter i.
func (p pattern) at(text string, all []glyph, i int) bool {
	n := len(p.letters)
	if i+n > len(all) {
		return false
	}
	for k, want := range p.letters {
		have := all[i+k]
		if have.letter != want.letter || k > 0 && !p.bridges(want.gap, have.gap) {
			return false
		}
	}
	parted := func(g glyph) bool { return g.gap > 0 || g.hidden }
	before, after := parted(all[i]), i+n == len(all) || parted(all[i+n])
	// A number after a name, or before it, is no part of it.
	other := func(a, b glyph) bool { return n > 3 && unicode.IsDigit(a.letter) != unicode.IsDigit(b.letter) }
	wordBefore := before || other(all[i-1], all[i])
	wordAfter := after || other(all[i+n-1], all[i+n])
	switch p.matches {
	case words:
		return wordBefore && wordAfter
	case wordsOfPaths:
		return wordBefore && wordAfter && inPath(text, all[i].start, all[i+n-1].end)
	case partsOfPaths:
		return inName(text, all[i].start, all[i+n-1].end)
	case grouped:
		return n >= long || (before || !unicode.IsDigit(all[i-1].letter)) && (after || !unicode.IsDigit(all[i+n].letter))
	case hexadecimal:
		for !before && all[i-1].letter == '0' {
			i--
			before = parted(all[i])
		}
		return n >= 2*long || before && after
	}
	return true
}

// bridges tells whether two letters of the pattern may stand as far apart.
func (p pattern) bridges(want, have int) bool {
	switch p.matches {
	case grouped, hexadecimal:
		return have <= gapOfDigits
	}
	most := gapOfWords
	if p.near {
		most = 1
	}
	return have == 0 || want > 0 && have <= max(most, want)
}

// inPath tells whether what stands there is part of a path: what surrounds it,
// up to a space, has a separator, or all before it is one path.
func inPath(text string, start, end int) bool {
	left, right := around(text, start, end)
	return strings.ContainsAny(left, `/\`) || strings.ContainsAny(right, `/\`) ||
		beginning.MatchString(text) && !strings.ContainsAny(text[2:max(2, start)], `:;,"'<>|*?`)
}

// beginning is how a text begins that is a path.
var beginning = regexp.MustCompile(`^(?:/|[A-Za-z]:[\\/]|\\\\|~[\\/])`)

// inName tells whether what stands there is part of a path, or of a name that
// is put together as machines have them.
func inName(text string, start, end int) bool {
	if inPath(text, start, end) {
		return true
	}
	left, right := around(text, start, end)
	return strings.ContainsAny(left+right, "@_") || dotted.MatchString(left+text[start:end]+right)
}

var dotted = regexp.MustCompile(`[\p{L}0-9][.:][\p{L}0-9]`)

// longestPart is how much of a text around a word is looked at.
const longestPart = 512

// around is what stands beside a part of the text, up to a space.
func around(text string, start, end int) (left, right string) {
	left, right = text[max(0, start-longestPart):start], text[end:min(len(text), end+longestPart)]
	left = left[strings.LastIndexFunc(left, unicode.IsSpace)+1:]
	if space := strings.IndexFunc(right, unicode.IsSpace); space >= 0 {
		right = right[:space]
	}
	return left, right
}

// path folds a path for comparison: case and the kind of separator count for
// nothing.
func path(s string) []rune {
	all := []rune(strings.ToLower(norm.NFC.String(s)))
	for i, r := range all {
		if r == '\\' {
			all[i] = '/'
		}
	}
	return all
}

// homeFolder stands for the folder of the user.
const homeFolder = "~"

// replaceHomes puts "~" in the place of the user's folder: it is as short, and
// a command still works with it.
func (s *sweeper) replaceHomes(text string) string {
	for _, home := range s.homes {
		text = replaceHome(text, home)
	}
	return text
}

func replaceHome(text string, home []rune) string {
	var b strings.Builder
	for at := 0; at < len(text); {
		end, ok := pathAt(text, at, home)
		if ok && bounded(text, at, end) {
			b.WriteString(homeFolder)
			at = end
			continue
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		b.WriteString(text[at : at+size])
		at += size
	}
	return b.String()
}

// pathAt tells whether the path stands at that place, and where it ends. A
// separator may be doubled, as programs write it within quotes.
func pathAt(text string, at int, want []rune) (end int, ok bool) {
	for _, w := range want {
		r, size := utf8.DecodeRuneInString(text[at:])
		if size == 0 {
			return 0, false
		}
		at += size
		if r = unicode.ToLower(r); r == '\\' {
			r = '/'
			if strings.HasPrefix(text[at:], `\`) {
				at++
			}
		}
		if r != w {
			return 0, false
		}
	}
	return at, true
}

// bounded tells whether a path that stands there neither begins nor ends within
// a longer name.
func bounded(text string, start, end int) bool {
	named := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-", r) }
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, size := utf8.DecodeRuneInString(text[end:])
	if after == '.' {
		after, _ = utf8.DecodeRuneInString(text[end+size:])
	}
	return (start == 0 || !named(before) && before != '.') && (end == len(text) || !named(after))
}
