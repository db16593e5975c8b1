package guide

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// field is a part of an entry; a word counts more where it says more.
type field struct {
	weight float64
	// flatten is how much a long field is held against its words, from 0 to 1:
	// Okapi's b.
	flatten float64
}

// The fields of an entry. A question names the subject, other words are there
// to be found by, an answer mentions much in passing.
const (
	inQuestion = iota
	inWords
	inFacets
	inAnswer
	fieldCount
)

var fields = [fieldCount]field{
	inQuestion: {8, 0.3},
	inWords:    {5, 0.3},
	inFacets:   {2, 0.5},
	inAnswer:   {1, 0.7},
}

// saturation is Okapi's k: from there on, saying a word more often adds little.
const saturation = 6

// index is what a search needs of all entries in one language.
type index struct {
	tag     string
	silent  map[string]bool
	terms   []term
	termOf  map[string]int // by stem
	known   map[string]int // by folded word: the terms of forms
	forms   []form         // sorted by their text
	sounds  map[string][]int
	phrases [][]phrase // by entry
	// concepts are the members of several words, by the first.
	concepts map[int][]member
}

// term is a stem, or a group of synonyms, which has none.
type term struct {
	stem     string
	rarity   float64 // Okapi's idf: a word that all entries have says nothing
	known    float64 // how many entries have it, by knownBy
	posts    []post  // by entry, ascending
	concepts []int   // the groups of which it is a member by itself
}

// post is how much of its saturated frequency a term has in an entry, 0 to 1.
type post struct {
	entry  int
	weight float64
}

// form is a word as it is written, folded: what is typed may be its beginning,
// or it with a mistake.
type form struct {
	text string
	term int
}

// phrase is the question, or one of the other words, of an entry.
type phrase struct {
	terms  []int
	spoken []member // those of several words that stand in it
	rarity float64  // of all its terms together
}

// member is a phrase of several words that belongs to a group of synonyms.
type member struct {
	terms   []int
	concept int
}

func newIndex(c *Catalogue, tag string) *index {
	syn := c.synonyms[tag]
	x := &index{tag: tag, silent: syn.silent, termOf: map[string]int{}, known: map[string]int{}, sounds: map[string][]int{}, concepts: map[int][]member{}}
	x.addSynonyms(syn.groups)

	counts := make([]map[int]*[fieldCount]float64, len(c.entries)) // by entry and term
	var lengths, total [fieldCount]float64
	entryLengths := make([][fieldCount]float64, len(c.entries))
	x.phrases = make([][]phrase, len(c.entries))
	for i, e := range c.entries {
		counts[i] = map[int]*[fieldCount]float64{}
		lengths = [fieldCount]float64{}
		add := func(in int, text string) {
			terms := x.read(text)
			lengths[in] += float64(len(terms))
			if in <= inWords && len(terms) > 0 {
				x.phrases[i] = append(x.phrases[i], phrase{terms: distinct(terms), spoken: x.spokenIn(terms)})
			}
			for _, t := range append(terms, x.conceptsIn(terms)...) {
				n := counts[i][t]
				if n == nil {
					n = new([fieldCount]float64)
					counts[i][t] = n
				}
				n[in]++
			}
		}
		text := e.In(tag)
		add(inQuestion, text.Question)
		for _, w := range text.Words {
			add(inWords, w)
		}
		for _, f := range c.facets {
			for _, v := range f.Values {
				if slices.Contains(e.Facets[f.Facet], v.ID) {
					add(inFacets, v.Label.In(tag))
				}
			}
		}
		add(inAnswer, text.Answer)
		entryLengths[i] = lengths
		for in := range total {
			total[in] += lengths[in]
		}
	}
	for i := range c.entries {
		for t, n := range counts[i] {
			var weight float64
			for in, f := range fields {
				if n[in] == 0 {
					continue
				}
				average := total[in] / float64(len(c.entries))
				weight += f.weight * n[in] / (1 - f.flatten + f.flatten*entryLengths[i][in]/average)
			}
			x.terms[t].posts = append(x.terms[t].posts, post{i, weight / (weight + saturation)})
			x.terms[t].known += knownBy(n)
		}
	}
	x.weigh(len(c.entries))
	slices.SortFunc(x.forms, func(a, b form) int { return cmp.Compare(a.text, b.text) })
	return x
}

// weigh sets how much each term and each phrase says.
func (x *index) weigh(entries int) {
	for i := range x.terms {
		n := x.terms[i].known
		x.terms[i].rarity = math.Log(1 + (float64(entries)-n+0.5)/(n+0.5))
	}
	for _, all := range x.phrases {
		for i := range all {
			all[i].rarity = x.together(all[i].terms)
		}
	}
}

// knownBy is for how much an entry counts among those that have a term: one
// that is about it makes it common, a label that many share does not.
func knownBy(n *[fieldCount]float64) float64 {
	switch {
	case n[inQuestion]+n[inWords] > 0:
		return 1
	case n[inAnswer] > 0:
		return 0.5
	}
	return 0.1
}

// read gives the terms of a text, those that are new added to the index.
func (x *index) read(text string) []int {
	var all []int
	for _, w := range split(text) {
		if says(x.tag, w.text, x.silent) {
			all = append(all, x.term(w.text))
		}
	}
	return all
}

// term gives the term of a folded word, and notes the form.
func (x *index) term(folded string) int {
	if t, ok := x.known[folded]; ok {
		return t
	}
	s := stem(x.tag, folded)
	t, ok := x.termOf[s]
	if !ok {
		t = len(x.terms)
		x.terms = append(x.terms, term{stem: s})
		x.termOf[s] = t
		x.sounds[sound(s)] = append(x.sounds[sound(s)], t)
	}
	x.known[folded] = t
	x.forms = append(x.forms, form{folded, t})
	return t
}

// addSynonyms makes a term of each group, and ties its members to it.
func (x *index) addSynonyms(groups [][]string) {
	for n, g := range groups {
		concept := len(x.terms)
		x.terms = append(x.terms, term{stem: "#" + strconv.Itoa(n)})
		for _, text := range g {
			switch terms := x.read(text); len(terms) {
			case 0:
			case 1:
				// "vol" and "volé" of one group are one term.
				if t := &x.terms[terms[0]]; !slices.Contains(t.concepts, concept) {
					t.concepts = append(t.concepts, concept)
				}
			default:
				x.concepts[terms[0]] = append(x.concepts[terms[0]], member{terms, concept})
			}
		}
	}
}

// conceptsIn gives the groups of synonyms that the terms of a text speak of, by
// one word or by several in a row.
func (x *index) conceptsIn(terms []int) []int {
	var all []int
	for _, t := range terms {
		all = append(all, x.terms[t].concepts...)
	}
	for _, m := range x.spokenIn(terms) {
		all = append(all, m.concept)
	}
	return all
}

// spokenIn gives the members of several words that stand there.
func (x *index) spokenIn(terms []int) []member {
	var all []member
	for i, t := range terms {
		for _, m := range x.concepts[t] {
			if len(terms)-i >= len(m.terms) && slices.Equal(terms[i:i+len(m.terms)], m.terms) {
				all = append(all, m)
			}
		}
	}
	return all
}

// together is how much several terms say.
func (x *index) together(terms []int) float64 {
	var sum float64
	for _, t := range terms {
		sum += x.terms[t].rarity
	}
	return sum
}

func distinct(terms []int) []int {
	terms = slices.Clone(terms)
	slices.Sort(terms)
	return slices.Compact(terms)
}
