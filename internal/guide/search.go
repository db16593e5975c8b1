package guide

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// How sure it is that the word typed is the word found.
const (
	sureSynonym = 0.8
	sureBegun   = 0.75 // the word being typed, and this is how one goes on
	sureTypo    = 0.7  // for each mistake
)

// phraseWeight is what a question, or other words, that say just what was asked
// add, against the words one by one.
const phraseWeight = 1.5

// least is the part of the best score below which an entry is not shown: it has
// a word in common, and no more.
const least = 0.2

// asked is a word that was typed, with the terms that it may stand for, the
// likeliest first. None of them says more than that one: a rare word is no
// better guess because it is rare.
type asked struct{ may []reading }

// reading is a term and how sure it is that this one is meant.
type reading struct {
	term int
	sure float64
}

// found is an entry and its score.
type found struct {
	entry int
	score float64
}

// sureOther is how sure it is that words are of the language that was not asked
// for, when that one understands them better.
const sureOther = 0.85

// find searches in the language, and in the other when that understands more of
// the words: people know the French names of French things, and ask in French
// a program that speaks English.
func (c *Catalogue) find(words, tag string) []found {
	if strings.TrimSpace(words) == "" {
		all := make([]found, len(c.entries))
		for i := range all {
			all[i].entry = i
		}
		return all
	}
	words = bounded(words)
	asked, other := sides(tag)
	hits, grasped := c.indexes[asked]().find(words)
	if grasped == 1 {
		return hits
	}
	others, better := c.indexes[other]().find(words)
	if better <= grasped {
		return hits
	}
	return merged(hits, grasped*grasped, others, better*better*sureOther)
}

// sides gives the language to search in first, and the other.
func sides(tag string) (asked, other string) {
	if tag == languages[1] {
		return languages[1], languages[0]
	}
	return languages[0], languages[1]
}

// merged joins what two languages found, each entry with the better of its
// scores, best first.
func merged(a []found, weighA float64, b []found, weighB float64) []found {
	scores := map[int]float64{}
	for _, h := range a {
		scores[h.entry] = h.score * weighA
	}
	for _, h := range b {
		scores[h.entry] = max(scores[h.entry], h.score*weighB)
	}
	all := make([]found, 0, len(scores))
	for e, score := range scores {
		all = append(all, found{e, score})
	}
	return ranked(all)
}

// ranked orders by the scores, entries of one score by their place, and leaves
// out those that have hardly anything to do with what was asked.
func ranked(all []found) []found {
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.entry, b.entry))
	})
	return slices.DeleteFunc(all, func(h found) bool { return h.score < least*all[0].score })
}

// Silence is why words cannot be searched for.
type Silence string

// Reasons for finding nothing. Searchable words hold something to look for.
const (
	Searchable Silence = ""
	OnlyNumber Silence = "number" // that of a person, a card or a telephone
	OnlyNoise  Silence = "noise"  // "?", "comment faire", or no word at all
)

// Silence tells whether there is something to look for in the words.
func (c *Catalogue) Silence(words, tag string) Silence {
	words = bounded(words)
	asked, _ := sides(tag)
	for _, w := range split(words) {
		if says(asked, w.text, c.indexes[asked]().silent) {
			return Searchable
		}
	}
	if holdsIdentifier(words) {
		return OnlyNumber
	}
	return OnlyNoise
}

// bounded cuts a text after longestText runes.
func bounded(s string) string {
	n := 0
	for i := range s {
		if n == longestText {
			s = s[:i]
			break
		}
		n++
	}
	return strings.ToValidUTF8(s, " ")
}

// find gives the entries by their scores, and how much of the words this
// language understands, from 0 to 1.
func (x *index) find(words string) (hits []found, grasped float64) {
	query, grasped := x.understand(words)
	scores := make([]float64, len(x.phrases))
	matched := make([]float64, len(x.phrases)) // how much of what was asked
	sure := make(map[int]float64, len(query)*4)
	var whole float64 // all that was asked
	best := make([]float64, len(x.phrases))
	clarity := make([]float64, len(x.phrases))
	for _, q := range query {
		clear(best)
		clear(clarity)
		var weight float64
		for _, r := range q.may {
			t := &x.terms[r.term]
			says := r.sure * min(t.rarity, x.terms[q.may[0].term].rarity)
			weight = max(weight, says)
			sure[r.term] = max(sure[r.term], r.sure)
			for _, p := range t.posts {
				best[p.entry] = max(best[p.entry], says*p.weight)
				clarity[p.entry] = max(clarity[p.entry], says)
			}
		}
		whole += weight
		for e := range best {
			scores[e] += best[e]
			matched[e] += clarity[e]
		}
	}
	if whole == 0 {
		return nil, 0
	}
	for e, score := range scores {
		if score == 0 {
			continue
		}
		// An entry that answers to all words goes before one that answers
		// more loudly to one of them.
		score *= matched[e] / whole
		score += phraseWeight * whole * x.likeness(e, sure, whole)
		hits = append(hits, found{e, score})
	}
	return ranked(hits), grasped
}

// likeness is how much of the phrase of the entry that is nearest to what was
// asked, and of what was asked, the two have in common: 1 when they say the
// same, 0 when nothing.
func (x *index) likeness(entry int, sure map[int]float64, whole float64) float64 {
	var most float64
	for _, p := range x.phrases[entry] {
		var common float64
		for _, t := range p.terms {
			s := sure[t]
			for _, c := range x.terms[t].concepts {
				s = max(s, sure[c])
			}
			common += s * x.terms[t].rarity
		}
		for _, m := range p.spoken {
			common = max(common, sure[m.concept]*x.together(m.terms))
		}
		common = min(common, whole)
		if common > 0 {
			most = max(most, common/(p.rarity+whole-common))
		}
	}
	return most
}

// understand reads what was typed. Words that no entry has are left out; grasped
// is what part of them is understood, a word that may be another for less.
func (x *index) understand(text string) (query []asked, grasped float64) {
	words := split(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	typing := partOfWord(last)
	seen := map[string]bool{}
	var row []int
	var said float64
	for i, w := range words {
		if !says(x.tag, w.text, x.silent) {
			continue
		}
		if seen[w.text] {
			continue
		}
		seen[w.text] = true
		atEnd := i == len(words)-1 || i == len(words)-2 && words[i+1].whole
		may := x.readings(w.text, typing && atEnd)
		if !w.whole { // its parts are counted
			said++
		}
		if len(may) == 0 {
			continue
		}
		if !w.whole {
			grasped += may[0].sure
		}
		row = append(row, may[0].term)
		// A synonym is as sure as the word that it is one of.
		for _, r := range may {
			for _, c := range x.terms[r.term].concepts {
				may = append(may, reading{c, r.sure * sureSynonym})
			}
		}
		query = append(query, asked{may})
	}
	for _, m := range x.spokenIn(row) {
		query = append(query, asked{[]reading{{m.concept, sureSynonym}}})
	}
	return query, grasped / max(said, 1)
}

// readings gives the terms that a word may stand for, the surest first.
func (x *index) readings(word string, typing bool) []reading {
	may := map[int]float64{}
	note := func(t int, sure float64) { may[t] = max(may[t], sure) }
	if t, ok := x.termOf[stem(x.tag, word)]; ok {
		note(t, 1)
	}
	if typing {
		// What is a word already is less likely to go on.
		sure := sureBegun
		if len(may) > 0 {
			sure *= sureBegun
		}
		x.begun(word, sure, note)
	}
	if len(may) == 0 && !number(word) {
		x.misspelt(word, typing, note)
	}
	all := make([]reading, 0, len(may))
	for t, sure := range may {
		all = append(all, reading{t, sure})
	}
	slices.SortFunc(all, func(a, b reading) int {
		return cmp.Or(cmp.Compare(b.sure, a.sure), cmp.Compare(x.terms[a.term].rarity, x.terms[b.term].rarity), cmp.Compare(a.term, b.term))
	})
	return all
}

// begun notes the terms with a form that begins with the word; the more of it
// is there, the surer.
func (x *index) begun(word string, sure float64, note func(int, float64)) {
	from := sort.Search(len(x.forms), func(i int) bool { return x.forms[i].text >= word })
	for _, f := range x.forms[from:] {
		if !strings.HasPrefix(f.text, word) {
			return
		}
		note(f.term, sure*(0.5+0.5*float64(len(word))/float64(len(f.text))))
	}
}

// misspelt notes the terms with a form, or a stem, from which the word is a
// mistake or two away; while it is being typed, from the beginning of a form.
func (x *index) misspelt(word string, typing bool, note func(int, float64)) {
	allowed := mistakes(word)
	if allowed == 0 {
		return
	}
	n, stemmed := utf8.RuneCountInString(word), stem(x.tag, word)
	for _, t := range x.sounds[sound(stemmed)] {
		note(t, sureTypo)
	}
	for _, f := range x.forms {
		d := distance(word, f.text, allowed)
		d = min(d, distance(stemmed, x.terms[f.term].stem, mistakes(stemmed)))
		if d <= allowed {
			note(f.term, power(sureTypo, d))
			continue
		}
		if !typing || len(f.text) <= n || utf8.RuneCountInString(f.text) <= n {
			continue
		}
		if d := distance(word, string([]rune(f.text)[:n]), allowed); d <= allowed {
			note(f.term, sureBegun*power(sureTypo, d)*float64(n)/float64(len(f.text)))
		}
	}
}

const tooMany = 99

// mistakes is how many a word of that length may have: none in a short one,
// where each letter makes another word.
func mistakes(word string) int {
	switch n := utf8.RuneCountInString(word); {
	case n >= 8:
		return 2
	case n >= 4:
		return 1
	}
	return 0
}

// distance counts the letters that were left out, put in, mistaken or swapped
// with their neighbours. Where more than allowed are sure it does not count.
func distance(a, b string, allowed int) int {
	if allowed == 0 || len(b) > len(a)+4*allowed || len(a) > len(b)+4*allowed {
		return tooMany
	}
	d := levenshtein.ComputeDistance(a, b)
	if d <= 1 || d > allowed+1 {
		return d
	}
	// The library counts two neighbours swapped as two mistakes: look whether
	// one swap and less than that would do.
	letters := []rune(a)
	for i := 0; i+1 < len(letters); i++ {
		if letters[i] == letters[i+1] {
			continue
		}
		letters[i], letters[i+1] = letters[i+1], letters[i]
		d = min(d, 1+levenshtein.ComputeDistance(string(letters), b))
		letters[i], letters[i+1] = letters[i+1], letters[i]
	}
	return d
}

func power(x float64, n int) float64 {
	p := 1.0
	for range n {
		p *= x
	}
	return p
}
