package guide

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/french"
	"golang.org/x/text/unicode/norm"
)

// longestWord and longestText, in runes, bound what a search looks at; nothing
// that a person types in a field of search is longer.
const (
	longestWord = 40
	longestText = 200
)

// identifierDigits is from how many digits in a row a number is taken for that
// of a person, a card or a telephone. Those are not searched: an identifier
// typed here should find nothing that its digits happen to stand in. "12
// chiffres", "60 jours" and "2026" are.
const identifierDigits = 8

// fold gives s in small letters without accents or ligatures: what is left of
// a text typed in a hurry.
func fold(s string) string {
	s = strings.ToLower(s)
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return strings.ToLower(b.String())
}

// word is one word of a text, folded. Of "pré-examen" there are three: its
// parts, and the whole that some people write without the hyphen.
type word struct {
	text string
	// whole is one that was joined of the words before it.
	whole bool
}

// split gives the words of a text, folded, in their order. Single letters say
// nothing in French (l', d', n°) and are left out, digits of identifiers too.
func split(text string) []word {
	var all []word
	text = fold(text)
	for _, run := range strings.FieldsFunc(text, func(r rune) bool { return !partOfWord(r) && !hyphen(r) }) {
		if strings.IndexFunc(run, hyphen) < 0 {
			all = append(all, word{text: run})
			continue
		}
		parts := strings.FieldsFunc(run, hyphen)
		for _, p := range parts {
			all = append(all, word{text: p})
		}
		if len(parts) == 2 || len(parts) == 3 {
			all = append(all, word{strings.Join(parts, ""), true})
		}
	}
	all = withoutIdentifiers(all)
	kept := all[:0]
	for i, w := range all {
		// "e CPS" is a word of two pieces, like "e-CPS".
		if w.text == "e" && i+1 < len(all) && !all[i+1].whole && (i+2 >= len(all) || !all[i+2].whole) {
			w = word{"e" + all[i+1].text, true}
		}
		if n := utf8.RuneCountInString(w.text); n <= longestWord && (n > 1 || number(w.text)) {
			kept = append(kept, w)
		}
	}
	return kept
}

func partOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// hyphen is what joins the parts of a name: pré-examen, PKCS#11, dss-sd1c.
func hyphen(r rune) bool { return r == '-' || r == '‑' || r == '#' || r == '_' }

func number(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}

// holdsIdentifier tells whether there is a number in the text that is not
// searched for.
func holdsIdentifier(text string) bool {
	words := strings.FieldsFunc(fold(text), func(r rune) bool { return !partOfWord(r) })
	all := make([]word, len(words))
	for i, w := range words {
		all[i].text = w
	}
	return len(withoutIdentifiers(all)) < len(words)
}

// withoutIdentifiers takes out long numbers, those written in groups too.
func withoutIdentifiers(all []word) []word {
	kept := all[:0]
	for i := 0; i < len(all); {
		n, digits := i, 0
		for n < len(all) && number(all[n].text) {
			digits += len(all[n].text)
			n++
		}
		if n == i {
			n = i + 1
			digits = strings.Count(strings.Map(func(r rune) rune {
				if unicode.IsDigit(r) {
					return '0'
				}
				return 'x'
			}, all[i].text), "0")
		}
		if digits < identifierDigits {
			kept = append(kept, all[i:n]...)
		}
		i = n
	}
	return kept
}

// stem gives what the forms of a word have in common. The text is folded before
// and not after, so that "bloquée" and the "bloquee" of a person in a hurry
// come out as one; the last e that the French stemmer leaves without its accent
// goes too. A word of three letters is left as it is: CPS and CPE are two cards.
func stem(tag, folded string) string {
	if len(folded) <= 3 {
		return folded
	}
	if tag == "en" {
		return english.Stem(folded, false)
	}
	return strings.TrimRight(french.Stem(folded, false), "e")
}

// says tells whether a word carries meaning by itself, in that language. The
// small words of French say nothing in English either: English texts quote
// French ones.
func says(tag, folded string, silent map[string]bool) bool {
	if silent[folded] {
		return false
	}
	if tag == "en" {
		return !english.IsStopWord(folded) && !french.IsStopWord(folded)
	}
	return !french.IsStopWord(folded)
}

// spellings are ways to write a sound, each made one: "blocké", "telefone".
var spellings = strings.NewReplacer("ph", "f", "qu", "k", "q", "k", "ck", "k", "cq", "k", "ca", "ka", "co", "ko",
	"cu", "ku", "cl", "kl", "cr", "kr", "ct", "kt", "th", "t", "y", "i", "z", "s", "eau", "o", "au", "o", "ei", "e", "ai", "e")

// sound gives stems that are heard alike as one: a person in a hurry writes
// what is heard. Letters that stand twice are one.
func sound(stem string) string {
	var b strings.Builder
	var last rune
	for _, r := range spellings.Replace(stem) {
		if r != last {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}
