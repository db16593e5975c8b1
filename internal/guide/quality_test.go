package guide

import (
	_ "embed"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/questions.tsv
var questionTable string

// question is what somebody typed, and the entry that should come first.
type question struct{ tag, set, want, words string }

func questions(t testing.TB) []question {
	t.Helper()
	var all []question
	for n, line := range strings.Split(strings.TrimSpace(questionTable), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			t.Fatalf("questions.tsv, line %d: %d columns in place of 4", n+1, len(f))
		}
		all = append(all, question{f[0], f[1], f[2], f[3]})
	}
	return all
}

// floors are per cent of the questions of a set, or of a language: how many
// find the entry first, and among the first three, at least. They are what was
// measured less some room for entries to be rewritten.
var floors = []struct {
	name           string
	first, inThree float64
}{
	{"tuned", 92, 98},
	{"held", 92, 98},
	{"second", 88, 95},
	{"fr", 92, 98},
	{"en", 90, 98},
}

// TestQuality prints the hit rates, and each question whose entry is not first.
func TestQuality(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	type rate struct{ asked, first, inThree int }
	rates := map[string]*rate{}
	for _, f := range floors {
		rates[f.name] = &rate{}
	}
	for _, q := range questions(t) {
		if _, ok := c.Entry(q.want); !ok || rates[q.set] == nil || rates[q.tag] == nil {
			t.Errorf("%q: entry %q, set %q or language %q does not exist", q.words, q.want, q.set, q.tag)
			continue
		}
		got := ids(c.Search(q.words, q.tag, nil))
		place := slices.Index(got, q.want)
		for _, name := range []string{q.set, q.tag} {
			r := rates[name]
			r.asked++
			if place == 0 {
				r.first++
			}
			if place >= 0 && place < 3 {
				r.inThree++
			}
		}
		if place != 0 {
			t.Logf("%s, %s: %q: %s comes after %s", q.tag, q.set, q.words, q.want, strings.Join(got[:min(3, len(got))], ", "))
		}
	}
	for _, f := range floors {
		r := rates[f.name]
		if r.asked < 15 {
			t.Errorf("%s: %d questions are too few", f.name, r.asked)
			continue
		}
		first, inThree := 100*float64(r.first)/float64(r.asked), 100*float64(r.inThree)/float64(r.asked)
		t.Logf("%-5s %3d questions: first %5.1f %%, in three %5.1f %%", f.name, r.asked, first, inThree)
		if first < f.first || inThree < f.inThree {
			t.Errorf("%s: under the floor of %.0f %% first, %.0f %% in three", f.name, f.first, f.inThree)
		}
	}
}
