package guide

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func ids(hits []Hit) []string {
	var all []string
	for _, h := range hits {
		all = append(all, h.Entry.ID)
	}
	return all
}

func TestForgives(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, tc := range []struct{ tag, plain, typed string }{
		{"fr", "télésurveillance", "telesurveillance"},              // accents
		{"fr", "télésurveillance", "TÉLÉSURVEILLANCE"},              // case
		{"fr", "sanction", "sanctions"},                             // plural
		{"fr", "pré-examen", "preexamen"},                           // hyphen
		{"fr", "pré-examen", "pre examen"},                          //
		{"fr", "e-CPS", "e cps"},                                    //
		{"fr", "télésurveillance ", "telesurvellance "},             // a letter left out
		{"fr", "télésurveillance ", "tleesurveillance "},            // two swapped
		{"fr", "télésurveillance ", "telesurveilance prestatire "},  // in two words
		{"fr", "télésurveillance", "télésurv"},                      // not finished
		{"fr", "télésurveillance", "telessurv"},                     // nor right
		{"fr", "télésurveillance", "la télésurveillance, svp ?"},    // words that say nothing
		{"fr", "l'enrôlement", "lenrolement"},                       // no apostrophe
		{"fr", "télésurveillance", "télésurveillance 899700218896"}, // an identifier is not searched
		{"fr", "bloquée", "blocké"},                                 // as it is heard
		{"en", "remote monitoring ", "remote monitorng "},
		{"en", "sanctions", "sanction"},
	} {
		want, got := ids(c.Search(tc.plain, tc.tag, nil)), ids(c.Search(tc.typed, tc.tag, nil))
		if len(want) == 0 || len(got) == 0 || len(want) == len(c.Entries()) || want[0] != got[0] {
			t.Errorf("%q gives %v, %q gives %v", tc.plain, want, tc.typed, got)
		}
	}
}

// TestAsTyped: from the third letter on, what will be asked is in sight.
func TestAsTyped(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for words, want := range map[string]string{
		"télésurveillance": "dmn-telesurveillance", "galss": "lecteur-galss", "citrix": "citrix-rdp", "horloge": "horloge",
	} {
		letters := []rune(words)
		for n := 3; n <= len(letters); n++ {
			if got := ids(c.Search(string(letters[:n]), "fr", nil)); !slices.Contains(got, want) {
				t.Errorf("%q: %s is not in %v", string(letters[:n]), want, got)
			}
		}
	}
}

func TestAcronyms(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for words, want := range map[string]string{
		"NIL": "nil-obtenir", "NIE": "nie-nil", "CPE": "carte-cpe-sans-rpps", "CDE": "annuaire-acces-direct",
		"RPPS": "identifiant-national", "INSi": "insi-dmp-vague-2", "DMP": "insi-dmp-vague-2", "DMN": "dmn-parcours",
		"ApCV": "apcv", "CNDA": "cnda-demarches", "DSR": "cnda-demarches", "PSC": "ecps-activer", "IGC": "igc-sante-autorites",
		"FINESS": "identifiants-tableau", "ADELI": "adeli", "TOM": "codes-perdus", "TOPS": "codes-perdus",
		"RDP": "citrix-rdp", "Citrix": "citrix-rdp", "snap": "firefox-snap", "numéro d'identification logiciel": "nil-obtenir",
	} {
		got := ids(c.Search(words, "fr", nil))
		if len(got) == 0 || !slices.Contains(got[:min(3, len(got))], want) {
			t.Errorf("%s: %s is not in the first three of %v", words, want, got)
		}
	}
}

func TestNothingAsked(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	var all []string
	for _, e := range c.Entries() {
		all = append(all, e.ID)
	}
	for _, words := range []string{"", "  ", "\t\n"} {
		if got := ids(c.Search(words, "fr", nil)); !slices.Equal(got, all) {
			t.Errorf("%q gives %d of %d entries, or another order", words, len(got), len(all))
		}
	}
	for words, want := range map[string]Silence{
		"?": OnlyNoise, "comment faire": OnlyNoise, "l": OnlyNoise, "le la les": OnlyNoise, strings.Repeat("a", 100000): OnlyNoise,
		"\xff\xfe": OnlyNoise, "899700218896": OnlyNumber, "8 99 70 02 18 89 6": OnlyNumber, "pour 899700218896 ?": OnlyNumber,
		"carte": Searchable, "8": Searchable, "carte 899700218896": Searchable,
	} {
		for _, tag := range languages {
			if got := c.Silence(words, tag); got != want {
				t.Errorf("%s: %.30q: %q, want %q", tag, words, got, want)
			}
			if got := c.Search(words, tag, nil); want != Searchable && len(got) > 0 {
				t.Errorf("%s: %.30q gives %v", tag, words, ids(got))
			}
		}
	}
	for _, words := range []string{"xyzzyx", "qqqqqqqqqqqq zzzzzzzzzzz"} {
		if got := c.Search(words, "fr", nil); len(got) > 0 {
			t.Errorf("%q gives %v", words, ids(got))
		}
	}
}

func TestOtherLanguage(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, tc := range []struct{ tag, words, want string }{
		{"en", "carte bloquee", "code-bloque"},
		{"en", "j'ai oublié mon code", "codes-perdus"},
		{"en", "lecteur non reconnu", "lecteur-absent"},
		{"en", "télésurveillance fabricant ventilation", "dmn-telesurveillance"},
		{"en", "on m'a volé ma carte", "carte-perdue-volee"},
		{"en", "mettre à jour la criptolib", "cryptolib-installer"},
		{"fr", "foreign manufacturer", "convergence-candidat"},
		{"fr", "reader not detected", "lecteur-absent"},
		{"fr", "who do i call about ransomware", "cert-sante"},
	} {
		got := ids(c.Search(tc.words, tc.tag, nil))
		if !slices.Contains(got[:min(3, len(got))], tc.want) {
			t.Errorf("%s: %q: %s is not in the first three of %v", tc.tag, tc.words, tc.want, got)
		}
	}
	if a, b := ids(c.Search("carte", "fr", nil)), ids(c.Search("carte", "", nil)); !slices.Equal(a, b) {
		t.Error("French is not what is searched when no language is known")
	}
}

// TestFilterAndCounts holds the counts against what a search then gives.
func TestFilterAndCounts(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, words := range []string{"", "carte", "certification"} {
		for _, f := range []Filter{nil, {Offre: {"segur"}}, {Offre: {"segur", "dmn"}, Produit: {"convergence"}}, {Thematique: {"poste"}, Produit: nil}} {
			counts := c.Counts(words, "fr", f)
			for _, facet := range c.Facets() {
				for _, v := range facet.Values {
					alone := Filter{}
					for k, values := range f {
						alone[k] = values
					}
					alone[facet.Facet] = []string{v.ID}
					hits := c.Search(words, "fr", alone)
					if n, ok := counts[facet.Facet][v.ID]; !ok || n != len(hits) {
						t.Errorf("%q, %v: %s=%s counts %d, %v, and gives %d", words, f, facet.Facet, v.ID, n, ok, len(hits))
					}
					for _, h := range hits {
						if !slices.Contains(h.Entry.Facets[facet.Facet], v.ID) {
							t.Errorf("%q, %v: %s passed", words, alone, h.Entry.ID)
						}
					}
				}
			}
		}
	}
	one, two := len(c.Search("", "fr", Filter{Offre: {"segur"}})), len(c.Search("", "fr", Filter{Offre: {"dmn"}}))
	both := len(c.Search("", "fr", Filter{Offre: {"segur", "dmn"}}))
	if one == 0 || two == 0 || both != one+two {
		t.Errorf("values do not combine by OR: %d, %d, both %d", one, two, both)
	}
	if got := c.Search("", "fr", Filter{Offre: {"segur"}, Thematique: {"telesurveillance"}}); len(got) != 0 {
		t.Errorf("facets do not combine by AND: %v", ids(got))
	}
}

// TestDeterministic: the same order from a catalogue loaded anew, and from
// several goroutines that ask at once, first when there is no index yet.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	a, b := loaded(t), loaded(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for _, q := range questions(t) {
				x, y := a.Search(q.words, q.tag, nil), b.Search(q.words, q.tag, nil)
				if !slices.EqualFunc(x, y, func(x, y Hit) bool { return x.Entry.ID == y.Entry.ID && x.Score == y.Score }) {
					t.Errorf("%q: %v, then %v", q.words, ids(x), ids(y))
				}
			}
		})
	}
	work.Wait()
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"L'identifiant à 12 chiffres":       "identifiant 12 chiffres",
		"Œuvre pré-examen":                  "oeuvre pre examen preexamen",
		"e-CPS, e CPS":                      "cps ecps ecps cps",
		"PKCS#11":                           "pkcs 11 pkcs11",
		"n° 899700218896 du 2026":           "du 2026",
		"09 72 43 91 25 ou 60 jours":        "ou 60 jours",
		"00B7010446 3760021832/000000018":   "",
		"le 8 devant, RPPS 997 00 21 889 6": "le 8 devant rpps",
		"Ô\u0301 \ufb01che":                 "fiche",
		"\xff\xfe":                          "",
	} {
		var got []string
		for _, w := range split(text) {
			got = append(got, w.text)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, not %q", text, s, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b          string
		allowed, want int
	}{
		{"carte", "carte", 1, 0}, {"crate", "carte", 1, 1}, {"carrte", "carte", 1, 1}, {"lecteur", "lectuer", 1, 1},
		{"certificat", "cretificta", 2, 4}, {"certificat", "cretifict", 2, 2}, {"crta", "carte", 1, 2},
	} {
		if got := distance(tc.a, tc.b, tc.allowed); got != tc.want {
			t.Errorf("%s, %s: %d, not %d", tc.a, tc.b, got, tc.want)
		}
	}
	for word, want := range map[string]int{"nil": 0, "cpse": 1, "lecteur": 1, "certifié": 2, "éàç": 0} {
		if got := mistakes(word); got != want {
			t.Errorf("%s: %d, not %d", word, got, want)
		}
	}
}

// hostile are texts that cost the most to read.
var hostile = []string{
	strings.Repeat("abcdefghi ", 100_000),
	strings.Repeat("a\u0301", 100_000),
	strings.Repeat("\ufdfa", 100_000), // one letter that stands for eighteen
	strings.Repeat("certifikat ", 50),
	strings.Repeat("zq", 1_000_000),
	strings.Repeat("\xff", 1000),
	strings.Repeat("-", 1000) + "e" + strings.Repeat("-", 1000),
}

func TestHostile(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, text := range hostile {
		c.Search(text, "fr", nil) // must come back
	}
	long := strings.Repeat("xyzzyx ", 40)
	if got := c.Search(long+"télésurveillance", "fr", nil); len(got) > 0 {
		t.Errorf("%d runes were looked at", utf8.RuneCountInString(long))
	}
}

func FuzzSearch(f *testing.F) {
	for _, q := range questions(f)[:40] {
		f.Add(q.words, q.tag)
	}
	for _, text := range hostile {
		f.Add(text[:min(len(text), 1000)], "fr")
	}
	c := loaded(f)
	f.Fuzz(func(t *testing.T, words, tag string) {
		hits := c.Search(words, tag, nil)
		seen := map[string]bool{}
		last := math.Inf(1)
		for _, h := range hits {
			if seen[h.Entry.ID] || h.Score > last || h.Score < 0 || math.IsNaN(h.Score) || math.IsInf(h.Score, 0) {
				t.Fatalf("%q: %s, %v after %v", words, h.Entry.ID, h.Score, last)
			}
			seen[h.Entry.ID], last = true, h.Score
		}
		n := 0
		for _, count := range c.Counts(words, tag, nil)[Thematique] {
			n += count
		}
		if n < len(hits) {
			t.Fatalf("%q: %d hits, %d counted", words, len(hits), n)
		}
	})
}

// BenchmarkSearch is a keystroke: each beginning of some questions.
func BenchmarkSearch(b *testing.B) {
	c := loaded(b)
	var typed []string
	for _, words := range []string{"mon numéro a 11 chiffres", "incident cyber qui appeler", "mettre a jour la criptolib", "combien de temps certification"} {
		for i := range words {
			typed = append(typed, words[:i])
		}
		typed = append(typed, words)
	}
	c.Search("x", "fr", nil)
	n := 0
	for b.Loop() {
		c.Search(typed[n%len(typed)], "fr", nil)
		n++
	}
}

// BenchmarkFirstSearch is the first one, which builds the index.
func BenchmarkFirstSearch(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		c := loaded(b)
		b.StartTimer()
		c.Search("carte", "fr", nil)
	}
}

func BenchmarkHostile(b *testing.B) {
	c := loaded(b)
	c.Search("x", "fr", nil)
	n := 0
	for b.Loop() {
		c.Search(hostile[n%len(hostile)], "fr", nil)
		n++
	}
}

// TestWordsCanMatch: other words in which nothing is searched for, as a
// telephone number, would never find their entry.
func TestWordsCanMatch(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, e := range c.Entries() {
		for _, tag := range languages {
			for _, w := range e.In(tag).Words {
				if why := c.Silence(w, tag); why != Searchable {
					t.Errorf("%s, %s: %q can find nothing: %s", e.ID, tag, w, why)
				}
			}
		}
	}
}
