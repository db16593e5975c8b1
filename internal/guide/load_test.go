package guide

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	assets "postecpx/assets/guide"
)

func loaded(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoad(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	names, err := fs.Glob(assets.Files, "entries/*.toml")
	if err != nil || len(names) == 0 || len(names) != len(c.Entries()) {
		t.Fatalf("%d files, %d entries, %v", len(names), len(c.Entries()), err)
	}
	for _, e := range c.Entries() {
		if again, ok := c.Entry(e.ID); !ok || again.ID != e.ID {
			t.Errorf("Entry(%q) gives %q, %v", e.ID, again.ID, ok)
		}
		if e.In("fr").Question == e.In("en").Question {
			t.Errorf("%s: one question in both languages", e.ID)
		}
		if e.FactDate.Year() < 2020 || e.FactDate.Location() != time.UTC {
			t.Errorf("%s: date %v", e.ID, e.FactDate)
		}
	}
	if _, ok := c.Entry("nothing"); ok {
		t.Error("found what is not there")
	}
}

func TestFacets(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	var ids []Facet
	for _, f := range c.Facets() {
		ids = append(ids, f.Facet)
		if f.Label.In("fr") == f.Label.In("en") || len(f.Values) == 0 {
			t.Errorf("%s: %+v", f.Facet, f)
		}
	}
	if !slices.Equal(ids, order) {
		t.Errorf("facets %v", ids)
	}
	c.Facets()[0].Values[0].ID = "changed"
	if c.Facets()[0].Values[0].ID == "changed" {
		t.Error("the catalogue can be changed from outside")
	}
	if err := c.Check(Filter{Produit: {"cps"}, Thematique: nil}); err != nil {
		t.Error(err)
	}
	for part, f := range map[string]Filter{
		`facet "colour": unknown`:                {"colour": {"red"}},
		`facet produit: value "sps": unknown`:    {Produit: {"cps", "sps"}},
		`offre, couloir, dispositif, produit, t`: {"": nil},
	} {
		if err := c.Check(f); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v: %v, without %q", f, err, part)
		}
	}
}

const (
	goodFacets = `
[[facet]]
id = "offre"
fr = "Offre"
en = "Offer"
[[facet]]
id = "couloir"
fr = "Couloir"
en = "Corridor"
[[facet]]
id = "dispositif"
fr = "Dispositif"
en = "Scheme"
[[facet]]
id = "produit"
fr = "Produit"
en = "Product"
[[facet.value]]
id = "cps"
fr = "CPS"
en = "CPS"
[[facet]]
id = "thematique"
fr = "Thématique"
en = "Theme"
[[facet.value]]
id = "poste"
fr = "Poste"
en = "Workstation"
`
	goodSynonyms = `
[fr]
silent = "le la"
groups = "NIL = numéro de logiciel"
[en]
silent = "the"
groups = ""
`
	goodEntry = `
links = ["annuaire"]
factDate = 2026-10-01
sources = ["FAQ"]
[facets]
thematique = ["poste"]
[fr]
question = "Quoi ?"
answer = "Ceci."
words = ["chose"]
[en]
question = "What?"
answer = "This."
`
)

// made gives files of a small catalogue that is right, with one text replaced.
func made(name, old, by string) fstest.MapFS {
	files := map[string]string{"facets.toml": goodFacets, "synonyms.toml": goodSynonyms, "entries/a.toml": goodEntry}
	if old != "" && !strings.Contains(files[name], old) {
		panic(name + " does not have " + old)
	}
	if name != "" {
		files[name] = strings.Replace(files[name], old, by, 1)
	}
	all := fstest.MapFS{}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

func TestStrict(t *testing.T) {
	t.Parallel()
	if _, err := load(made("entries/a.toml", "", "")); err != nil {
		t.Fatal(err)
	}
	const entry = "entries/a.toml"
	for _, tc := range []struct {
		file, old, by string
		want          []string // parts of the error
	}{
		{entry, `sources`, `colour = "red"` + "\nsources", []string{entry, "colour", "unknown key"}},
		{entry, `words = ["chose"]`, `word = ["chose"]`, []string{entry, "fr.word", "unknown key"}},
		{entry, "[en]", "[de]", []string{entry, "de", "unknown key"}},
		{entry, goodEntry[strings.Index(goodEntry, "[en]"):], "", []string{entry, "en: missing"}},
		{entry, `"What?"`, `" "`, []string{entry, "en.question"}},
		{entry, `"Ceci."`, `""`, []string{entry, "fr.answer"}},
		{entry, `["annuaire"]`, `["nowhere"]`, []string{entry, "links", `"nowhere"`}},
		{entry, `["annuaire"]`, `["annuaire", "annuaire"]`, []string{entry, "links", "twice"}},
		{entry, `["annuaire"]`, `[]`, []string{entry, "links: missing"}},
		{entry, `["FAQ"]`, `[""]`, []string{entry, "sources"}},
		{entry, `2026-10-01`, `2026-13-01`, []string{entry, "factDate", "line 3"}},
		{entry, `2026-10-01`, `"yesterday"`, []string{entry, "factDate"}},
		{entry, `2026-10-01`, `2026-10-01T12:00:00Z`, []string{entry, "factDate", "without an hour"}},
		{entry, "factDate = 2026-10-01\n", "", []string{entry, "factDate: missing"}},
		{entry, `["poste"]`, `["post"]`, []string{entry, "facets.thematique", `"post"`, "the values are poste"}},
		{entry, `["poste"]`, `["poste", "poste"]`, []string{entry, "facets.thematique", "twice"}},
		{entry, `thematique = ["poste"]`, `theme = ["poste"]`, []string{entry, "facets.theme", "unknown facet"}},
		{entry, `thematique = ["poste"]`, `produit = ["cps"]`, []string{entry, "facets.thematique: missing"}},
		{entry, `[fr]`, `[fr`, []string{entry, "line 8"}},
		{"facets.toml", `id = "couloir"`, `id = "corridor"`, []string{"facets.toml", "facet.id", "corridor"}},
		{"facets.toml", `en = "Offer"`, ``, []string{"facets.toml", `"offre"`, "en"}},
		{"facets.toml", `en = "Workstation"`, ``, []string{"facets.toml", `"poste"`, "en"}},
		{"facets.toml", `id = "poste"`, `id = "Le poste"`, []string{"facets.toml", "value.id", "Le poste"}},
		{"facets.toml", `en = "Workstation"`, "de = \"Arbeitsplatz\"\n", []string{"facets.toml", "de", "unknown key"}},
		{"facets.toml", `en = "Workstation"`, "en = \"W\"\n[[facet.value]]\nid = \"poste\"\nfr = \"P\"\nen = \"W\"", []string{"facets.toml", `"poste"`, "twice"}},
		{"synonyms.toml", `NIL = `, ``, []string{"synonyms.toml", "fr.groups", "two members"}},
		{"synonyms.toml", `NIL = `, `NIL =  = `, []string{"synonyms.toml", "fr.groups", "two members"}},
		{"synonyms.toml", `[en]`, `[de]`, []string{"synonyms.toml", "de", "unknown key"}},
	} {
		_, err := load(made(tc.file, tc.old, tc.by))
		if err == nil {
			t.Errorf("%s with %q was accepted", tc.file, tc.by)
			continue
		}
		for _, part := range tc.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s with %q: %v: without %q", tc.file, tc.by, err, part)
			}
		}
	}
}

// TestAllErrors: whoever writes entries sees all that is wrong at once.
func TestAllErrors(t *testing.T) {
	t.Parallel()
	files := made("entries/a.toml", `["FAQ"]`, "[]")
	files["entries/B.toml"] = &fstest.MapFile{Data: []byte(goodEntry)}
	_, err := load(files)
	if err == nil || !strings.Contains(err.Error(), "a.toml: sources") || !strings.Contains(err.Error(), `B.toml: name: "B"`) {
		t.Error(err)
	}
	files = made("entries/a.toml", "factDate", "day")
	files["entries/B.toml"] = &fstest.MapFile{Data: []byte("[")}
	_, err = load(files)
	if err == nil || !strings.Contains(err.Error(), "a.toml: day") || !strings.Contains(err.Error(), "B.toml, line 1") {
		t.Error(err)
	}
	files = made("", "", "")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		less := maps.Clone(files)
		delete(less, name)
		if _, err := load(less); err == nil {
			t.Errorf("accepted without %s", name)
		}
	}
}

// TestSynonyms: each member holds a word that says something, or it would never
// be met; and none stands in its group twice.
func TestSynonyms(t *testing.T) {
	t.Parallel()
	for tag, syn := range loaded(t).synonyms {
		if len(syn.groups) == 0 || len(syn.silent) == 0 {
			t.Errorf("%s: no synonyms", tag)
		}
		for _, g := range syn.groups {
			seen := map[string]bool{}
			for _, m := range g {
				said := ""
				for _, w := range split(m) {
					if says(tag, w.text, syn.silent) {
						said += w.text + " "
					}
				}
				if said == "" || seen[said] {
					t.Errorf("%s: %q: %q says nothing, or what another member says", tag, g, m)
				}
				seen[said] = true
			}
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
