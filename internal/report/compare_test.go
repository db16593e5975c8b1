package report

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"postecpx/internal/diagnostic"
)

// finding makes one for a comparison; its outcome is its status.
func finding(code string, status diagnostic.Status, evidence ...Evidence) Finding {
	return Finding{Code: code, Status: string(status), Outcome: string(status), Title: code, Evidence: evidence}
}

func fact(key, value string) Evidence { return Evidence{Key: key, Value: value} }

func made(change func(*Report), findings ...Finding) Report {
	r := Report{Schema: Schema, GeneratedAt: "2026-06-15T10:00:00Z", Workstation: "‹workstation-11111111›", Language: "fr",
		Redaction: Partial, Placeholders: OfWorkstation, Findings: findings}
	if change != nil {
		change(&r)
	}
	return r
}

// inShort gives a comparison on one line.
func inShort(c Changes) string {
	var parts []string
	value := func(v ValueChange) string {
		text := v.Key
		if v.Before != nil {
			text += " -" + *v.Before
		}
		if v.After != nil {
			text += " +" + *v.After
		}
		return text
	}
	for _, n := range c.Notes {
		parts = append(parts, "note "+string(n))
	}
	for _, f := range c.Findings {
		text := string(f.Change) + " " + f.Code
		for _, v := range f.Evidence {
			text += " (" + value(v) + ")"
		}
		parts = append(parts, text)
	}
	for _, values := range [][]ValueChange{c.Card, c.System, c.Program} {
		for _, v := range values {
			parts = append(parts, value(v))
		}
	}
	return strings.Join(parts, "; ")
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const ok, warning, failed, skipped, crashed = diagnostic.OK, diagnostic.Warning, diagnostic.Error, diagnostic.Skipped, diagnostic.Crashed
	card := func(c Card) func(*Report) { return func(r *Report) { r.Card = &c } }
	for name, c := range map[string]struct {
		before, after Report
		want          string
	}{
		"nothing":            {made(nil, finding("a", ok)), made(nil, finding("a", ok)), ""},
		"worse":              {made(nil, finding("a", ok)), made(nil, finding("a", warning)), "worse a"},
		"much worse":         {made(nil, finding("a", warning)), made(nil, finding("a", failed)), "worse a"},
		"better":             {made(nil, finding("a", failed)), made(nil, finding("a", ok)), "better a"},
		"seen, and well":     {made(nil, finding("a", skipped)), made(nil, finding("a", ok)), "better a"},
		"seen, and wrong":    {made(nil, finding("a", crashed)), made(nil, finding("a", failed)), "worse a"},
		"solved by no look":  {made(nil, finding("a", failed)), made(nil, finding("a", skipped)), "unseen a"},
		"no longer seen":     {made(nil, finding("a", ok)), made(nil, finding("a", crashed)), "unseen a"},
		"skipped to crashed": {made(nil, finding("a", skipped)), made(nil, finding("a", crashed)), "changed a"},
		"appeared":           {made(nil), made(nil, finding("a", failed)), "appeared a"},
		"disappeared":        {made(nil, finding("a", failed)), made(nil), "disappeared a"},
		"the order": {
			made(nil, finding("a", ok, fact("k", "1")), finding("b", failed), finding("c", ok), finding("d", ok)),
			made(nil, finding("a", ok, fact("k", "2")), finding("b", ok), finding("c", failed), finding("d", skipped), finding("e", ok)),
			"worse c; better b; unseen d; appeared e; changed a (k -1 +2)",
		},
		"another cause": {
			made(nil, Finding{Code: "a", Status: "skipped", Outcome: "because", Because: "x"}), made(nil, Finding{Code: "a", Status: "skipped", Outcome: "because", Because: "y"}),
			"changed a",
		},
		"evidence": {
			made(nil, finding("a", ok, fact("k", "1"), fact("k", "2"), fact("gone", "x"))), made(nil, finding("a", ok, fact("k", "2"), fact("k", "3"), fact("new", "y"))),
			"changed a (k -1 +3) (gone -x) (new +y)",
		},
		"evidence, in another order": {made(nil, finding("a", ok, fact("k", "1"), fact("k", "2"))), made(nil, finding("a", ok, fact("k", "2"), fact("k", "1"))), ""},
		"the time goes on":           {made(nil, finding("a", ok, fact("clock", "10:00"))), made(nil, finding("a", ok, fact("clock", "11:00"))), ""},
		"another language": {
			made(nil, Finding{Code: "a", Status: "ok", Outcome: "ok", Summary: "bien"}),
			made(func(r *Report) { r.Language = "en" }, Finding{Code: "a", Status: "ok", Outcome: "ok", Summary: "fine"}), "note other-language",
		},
		"another identifier": {
			made(nil, finding("a", ok, fact("identifier", "‹identifier-111›"))), made(nil, finding("a", ok, fact("identifier", "‹identifier-222›"))),
			"changed a (identifier -‹identifier-111› +‹identifier-222›)",
		},
		"another workstation": {
			made(nil, finding("a", ok, fact("p", "~/‹user-111›.x"))),
			made(func(r *Report) { r.Workstation = "‹workstation-22222222›" }, finding("a", ok, fact("p", "~/‹user-222›.x"))),
			"note other-workstation; note placeholders",
		},
		"placeholders of one report": {
			made(func(r *Report) { r.Workstation, r.Placeholders = "", OfReport }, finding("a", ok, fact("p", "‹user-111›"), fact("q", "‹user-111›"))),
			made(nil, finding("a", ok, fact("p", "‹user-222›"), fact("q", "‹host-222›"))),
			"note workstation-unknown; note placeholders; changed a (q -‹user-111› +‹host-222›)",
		},
		"another redaction": {
			made(nil, finding("a", ok, fact("p", "~/x/‹user-111›"), fact("v", "1"))),
			made(func(r *Report) { r.Redaction, r.Placeholders = None, "" }, finding("a", ok, fact("p", "/home/c/x/camille"), fact("v", "2"))),
			"note other-redaction; changed a (v -1 +2)",
		},
		"another redaction, another path": {
			made(nil, finding("a", ok, fact("p", "~/x/‹user-111›"))),
			made(func(r *Report) { r.Redaction = None }, finding("a", ok, fact("p", "/home/c/y/camille"))),
			"note other-redaction; changed a (p -~/x/‹user-111› +/home/c/y/camille)",
		},
		"none hides nothing": {
			made(func(r *Report) { r.Redaction, r.Placeholders = None, "" }, finding("a", ok, fact("p", "1"))),
			made(func(r *Report) { r.Redaction, r.Placeholders = None, "" }, finding("a", ok, fact("p", "2"))),
			"changed a (p -1 +2)",
		},
		"the order of time": {made(func(r *Report) { r.GeneratedAt = "2027-01-01T00:00:00Z" }), made(nil), "note reversed"},
		"network, partial": {
			made(func(r *Report) { r.Network = true }), made(func(r *Report) { r.Partial = true }), "note other-network; note partial",
		},
		"a card came": {made(nil), made(card(Card{Kind: "CPS", Generation: "CPS3"})), "card +CPS CPS3"},
		"a card went": {made(card(Card{Kind: "CPS", Generation: "CPS3"})), made(nil), "card -CPS CPS3"},
		"another card": {
			made(card(Card{Kind: "CPS", Number: "‹number-111›", Exchanges: 8, PIN: &PIN{TriesLeft: 3}})),
			made(card(Card{Kind: "CPE", Number: "‹number-222›", Exchanges: 9, PIN: &PIN{TriesLeft: 2}})),
			"kind -CPS +CPE; number -‹number-111› +‹number-222›; pin.triesLeft -3 +2",
		},
		"system and program": {
			made(func(r *Report) { r.System.Version, r.Program.Version = "12", "0.1.0" }), made(func(r *Report) { r.System.Version, r.Program.Version = "13", "0.2.0" }),
			"version -12 +13; version -0.1.0 +0.2.0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Compare(c.before, c.after)
			if inShort(got) != c.want {
				t.Errorf("%s\nwant %s", inShort(got), c.want)
			}
			changed := slices.ContainsFunc(strings.Split(c.want, "; "), func(part string) bool { return part != "" && !strings.HasPrefix(part, "note ") })
			if got.Same == changed {
				t.Errorf("same: %v", got.Same)
			}
		})
	}
}

// TestCompareWithItself: no report differs from itself, whatever it holds.
func TestCompareWithItself(t *testing.T) {
	t.Parallel()
	for _, redaction := range Redactions() {
		r := New(speaker(t, "fr"), example(), Options{Redaction: redaction, Key: machine})
		if c := Compare(r, r); !c.Same || len(c.Notes) > 0 {
			t.Errorf("%s: %s", redaction, inShort(c))
		}
		for _, other := range Redactions() {
			if c := Compare(r, New(speaker(t, "en"), example(), Options{Redaction: other, Key: machine})); !c.Same {
				t.Errorf("%s and %s: %s", redaction, other, inShort(c))
			}
		}
	}
}

func TestComparisonText(t *testing.T) {
	t.Parallel()
	before := made(nil, finding("a", diagnostic.OK), finding("b", diagnostic.Error), finding("c", diagnostic.OK, fact("k", "1")))
	after := made(nil, finding("a", diagnostic.Error), finding("b", diagnostic.OK), finding("c", diagnostic.OK, fact("k", "2")))
	before.Answer.Title, after.Answer.Title = "un", "deux"
	text := ComparisonText(speaker(t, "fr"), Compare(before, after))
	for _, want := range []string{"Avant : un. Après : deux.", "Ce qui va moins bien\n  a (a)", "Ce qui va mieux\n  b (b)", "k : 1 → 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Index(text, "moins bien") > strings.Index(text, "va mieux") {
		t.Error("what got better stands before what got worse")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	good := `{"schema": "postecpx.report/1", "generatedAt": "2026-06-15T10:00:00Z", "findings": [%s]}`
	wide := func(order binary.AppendByteOrder, mark string, text string) []byte {
		out := []byte(mark)
		for _, u := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, u)
		}
		return out
	}
	one := fmt.Sprintf(good, `{"code": "a", "status": "ok", "of": "tomorrow"}`)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"good":              {[]byte(one), nil},
		"no findings":       {[]byte(fmt.Sprintf(good, "")), nil},
		"with a mark":       {[]byte("\xEF\xBB\xBF" + one), nil},
		"PowerShell":        {wide(binary.LittleEndian, "\xFF\xFE", one), nil},
		"UTF-16BE":          {wide(binary.BigEndian, "\xFE\xFF", one), nil},
		"half a UTF-16":     {[]byte("\xFF\xFE{"), ErrNotJSON},
		"empty":             {nil, ErrNotJSON},
		"text":              {[]byte("La carte"), ErrNotJSON},
		"cut short":         {[]byte(one[:40]), ErrNotJSON},
		"two documents":     {[]byte(one + one), ErrNotJSON},
		"a list":            {[]byte("[]"), ErrOtherSchema},
		"null":              {[]byte("null"), ErrOtherSchema},
		"no schema":         {[]byte("{}"), ErrOtherSchema},
		"schema no text":    {[]byte(`{"schema": 1}`), ErrOtherSchema},
		"a card":            {[]byte(`{"schema": "postecpx.card/1"}`), ErrOtherSchema},
		"newer":             {[]byte(`{"schema": "postecpx.report/2", "findings": 4}`), ErrNewerSchema},
		"older than any":    {[]byte(`{"schema": "postecpx.report/0"}`), ErrOtherSchema},
		"version no number": {[]byte(`{"schema": "postecpx.report/x"}`), ErrOtherSchema},
		"findings missing":  {[]byte(`{"schema": "postecpx.report/1", "generatedAt": "2026-06-15T10:00:00Z"}`), ErrIncomplete},
		"findings no list":  {[]byte(`{"schema": "postecpx.report/1", "generatedAt": "2026-06-15T10:00:00Z", "findings": 4}`), ErrIncomplete},
		"no time":           {[]byte(`{"schema": "postecpx.report/1", "generatedAt": "now", "findings": []}`), ErrIncomplete},
		"no code":           {[]byte(fmt.Sprintf(good, `{"status": "ok"}`)), ErrIncomplete},
		"no status":         {[]byte(fmt.Sprintf(good, `{"code": "a"}`)), ErrIncomplete},
		"a code twice":      {[]byte(fmt.Sprintf(good, `{"code": "a", "status": "ok"}, {"code": "a", "status": "ok"}`)), ErrIncomplete},
		"too many":          {[]byte(fmt.Sprintf(good, strings.Repeat(`{"code": "a", "status": "ok"},`, mostFindings)+`{"code": "a", "status": "ok"}`)), ErrIncomplete},
		"too large":         {make([]byte, Largest+1), ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(c.data)
			if !errors.Is(err, c.want) || c.want != nil && err == nil {
				t.Errorf("%v, want %v", err, c.want)
			}
			var typed *ParseError
			if err != nil && (!errors.As(err, &typed) || strings.ContainsAny(err.Error(), "\x1b\n")) {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

// FuzzCompare: whatever two files hold, they are refused or compared, and
// nothing of them drives the terminal.
func FuzzCompare(f *testing.F) {
	f.Add([]byte(`{"schema":"postecpx.report/1","generatedAt":"2026-06-15T10:00:00Z","findings":[{"code":"a","status":"ok","evidence":[{"key":"k","value":"\u001b‹a-1›~"}]}]}`),
		[]byte(`{"schema":"postecpx.report/1","generatedAt":"2026-06-15T10:00:00Z","redaction":"none","findings":[],"card":{"certificates":[{}]}}`))
	s := speaker(f, "fr")
	f.Fuzz(func(t *testing.T, a, b []byte) {
		before, err := Parse(a)
		if err != nil {
			return
		}
		after, err := Parse(b)
		if err != nil {
			after = before
		}
		c := Compare(before, after)
		if text := ComparisonText(s, c); strings.ContainsAny(text, "\x1b\u202e\u009b\x00") {
			t.Errorf("%q", text)
		}
		if _, err := JSON(c, ""); err != nil {
			t.Error(err)
		}
		if self := Compare(before, before); !self.Same {
			t.Errorf("it differs from itself: %s", inShort(self))
		}
	})
}
