package annuaire

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/assets"
	"postecpx/assets/links"
	"postecpx/cardreader/cps"
	"postecpx/internal/language"
)

// sentences are those of the catalogue, plural forms joined.
func sentences(t *testing.T, tag string) map[string]string {
	t.Helper()
	data, err := assets.Translations.ReadFile("translations/annuaire." + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]any
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for key, text := range texts {
		switch text := text.(type) {
		case string:
			all[key] = text
		case map[string]any:
			for _, form := range slices.Sorted(maps.Keys(text)) {
				all[key] += text[form].(string) + " "
			}
		}
	}
	return all
}

// TestCatalogue: every sentence is there in both languages with the same
// values in it, and none is left over.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	used := usedKeys(t)
	french, english := sentences(t, "fr"), sentences(t, "en")
	value := regexp.MustCompile(`\{\{\.\w+\}\}`)
	values := func(text string) []string {
		found := value.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, key := range used {
		if strings.TrimSpace(french[key]) == "" || strings.TrimSpace(english[key]) == "" {
			t.Errorf("%s is missing: %q, %q", key, french[key], english[key])
		}
		if !slices.Equal(values(french[key]), values(english[key])) {
			t.Errorf("%s: %q and %q hold other values", key, french[key], english[key])
		}
	}
	for tag, all := range map[string]map[string]string{"fr": french, "en": english} {
		for key := range all {
			if !slices.Contains(used, key) {
				t.Errorf("%s: %s is not used", tag, key)
			}
		}
	}
}

// usedKeys are the keys written whole in the code of this package and of the
// command, and those that are put together.
func usedKeys(t *testing.T) []string {
	t.Helper()
	used := map[string]bool{}
	whole := regexp.MustCompile(`"(annuaire\.[a-z0-9.-]*[a-z0-9])"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join("..", "..", "cmd", "cpx", "annuaire.go")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range whole.FindAllSubmatch(text, -1) {
			if !strings.HasSuffix(file, "_test.go") {
				used[string(m[1])] = true
			}
		}
	}
	for _, c := range Codes() {
		used["annuaire.failure."+string(c)], used["annuaire.failure."+string(c)+".next"] = true, true
	}
	for _, k := range []Kind{KindPerson, KindSearch, KindStructure} {
		used["annuaire.page."+string(k)] = true
	}
	for _, o := range Outcomes() {
		used["annuaire.outcome."+string(o)] = true
	}
	for _, a := range Aspects() {
		used["annuaire.compare."+string(a)] = true
	}
	for _, a := range Agreements() {
		used["annuaire.agreement."+string(a)] = true
	}
	for _, s := range LinkStates() {
		used["annuaire.link."+string(s)] = true
	}
	for _, c := range linkFailures {
		used["annuaire.link.failure."+string(c)] = true
	}
	for _, fact := range []string{"name", "identifier", "profession", "speciality", "card", "place"} {
		used["annuaire.fact."+fact] = true
	}
	return slices.Sorted(maps.Keys(used))
}

// TestEverythingIsSaid: no sentence has a hole, whatever is known.
func TestEverythingIsSaid(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	people := []Person{
		{},
		{Active: &no, MorePlaces: true, Cards: []Card{{}, {Type: "CPS", Number: "2900999999", End: cps.Date{Year: 2028, Month: 1, Day: 2}}}},
		{
			Active: &yes, FamilyName: "X", GivenNames: []string{"Y"}, Title: "DR", Professions: []Coded{{"10", "Médecin"}, {"99", ""}},
			Places: []Place{{}, {Name: "A", FINESS: "990000010", Mode: Coded{Code: "L"}, Active: &no}}, Updated: time.Now(),
		},
		{PlacesFailure: &Failure{Code: CodeQuota, Status: 429}},
	}
	for _, tag := range language.Supported {
		s := speaker(t, tag)
		var said []string
		for _, code := range Codes() {
			for _, f := range []*Failure{{Code: code}, {Code: code, Status: 500, RetryAfter: time.Millisecond, Detail: "x", Host: "h"}, {Code: code, RetryAfter: time.Hour}, {Code: code, RetryAfter: 3 * time.Hour}} {
				w := f.Say(s)
				if w.Title == "" || w.Next == "" {
					t.Errorf("%s %s says nothing", tag, code)
				}
				said = append(said, w.Title, w.Meaning, w.Next)
			}
		}
		for _, o := range Outcomes() {
			for _, a := range []Answer{{Outcome: o, By: ByIdentifier}, {Outcome: o, By: ByCardNumber, People: people, Host: "h"}, {Outcome: o, CardHolders: []string{"899700296140"}}, {Outcome: o, CardUnclear: true, Unsure: true}, {Outcome: o, CardFailure: &Failure{Code: CodeQuota, Status: 429}}} {
				for _, q := range []Question{{}, question(t, "899700218896", "2900999999")} {
					w := a.Say(s, q)
					said = append(said, w.Title, w.Meaning, w.Next, SayQuestion(s, q, "h"))
				}
				said = append(said, a.SaySource(s)...)
			}
		}
		for _, p := range people {
			for _, f := range p.Facts(s) {
				said = append(said, f.Label, f.Value)
			}
			for _, c := range Compare(&cps.Card{Number: "2900000001", Holder: cps.Holder{FamilyName: "Z", GivenName: "Y"}}, false, p) {
				said = append(said, c.Say(s).Label, c.Say(s).Value)
			}
		}
		for _, k := range []Kind{KindPerson, KindSearch, KindStructure} {
			said = append(said, SayPage(s, Address{Kind: k, Type: "x", Test: true})...)
		}
		for _, state := range LinkStates() {
			for _, code := range Codes() {
				r := LinkResult{Link: links.Link{ID: "x"}, State: state, Status: 200, IGCSante: true, Intercepted: true, Location: "y", Failure: &Failure{Code: code}}
				value := r.Say(s).Value
				if strings.Contains(value, "Annuaire") { // the address may be anybody's
					t.Errorf("%s: %q", tag, value)
				}
				said = append(said, value)
			}
		}
		for _, text := range said {
			if strings.Contains(text, "annuaire.") && !strings.Contains(text, "annuaire.esante") || strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
				t.Errorf("%s: %q", tag, text)
			}
		}
	}
}
