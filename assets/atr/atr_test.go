package atr

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"postecpx/cardreader/iso7816"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func table(t testing.TB) []row {
	t.Helper()
	rows, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 100 {
		t.Fatalf("%d rows", len(rows))
	}
	return rows
}

// Each row is reached: its example is named by it and by no row as specific.
func TestEveryRow(t *testing.T) {
	t.Parallel()
	rows := table(t)
	for i, r := range rows {
		atr := unhex(t, r.example)
		if !r.matches(atr) {
			t.Errorf("%s does not fit its example %s", r.pattern, r.example)
			continue
		}
		if got, ok := Identify(atr); !ok || got != r.name {
			t.Errorf("%s: %+v, %v; expected %+v", r.example, got, ok, r.name)
		}
		for j, other := range rows {
			if j != i && other.fixed >= r.fixed && other.matches(atr) {
				t.Errorf("%s hides %s for %s", other.pattern, r.pattern, r.example)
			}
		}
	}
}

// The examples are ATRs that cards gave: they parse, and their check
// character holds. Some readers replace the last bytes of a contactless ATR,
// and some cards send a wrong TCK: those are not taken as examples.
func TestExamplesAreATRs(t *testing.T) {
	t.Parallel()
	for _, r := range table(t) {
		if atr, err := iso7816.ParseATR(unhex(t, r.example)); err != nil || !atr.CheckOK {
			t.Errorf("%s (%s): check %v, error %v", r.example, r.name.English, atr.CheckOK, err)
		}
	}
}

func TestRowsAreTold(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	used := map[Kind]bool{}
	for _, r := range table(t) {
		if seen[r.pattern] {
			t.Errorf("%s twice", r.pattern)
		}
		seen[r.pattern] = true
		used[r.name.Kind] = true
		if strings.Contains(r.name.French+r.name.English, "CPS") || strings.Contains(r.name.French, "CPx") {
			t.Errorf("%s: %+v names a CPx", r.pattern, r.name)
		}
		if strings.Contains(r.name.French, "probable") != strings.Contains(r.name.English, "probably") {
			t.Errorf("%s: the two names differ in certainty: %+v", r.pattern, r.name)
		}
	}
	for _, kind := range Kinds() {
		if !used[kind] {
			t.Errorf("no card of kind %s", kind)
		}
	}
}

// cpx are the ATRs of CPx cards, and the masks of their families as the
// public drivers (ANS, OpenSC) give them. Some readers fill the end of a
// contactless ATR with FF.
var cpx = []string{
	"3B AC 00 40 2A 00 12 25 00 64 80 00 03 10 00 90 00",
	"3B AC 00 40 2A 00 12 25 00 64 80 82 02 12 00 90 00",
	"3B 8F 80 01 00 31 B8 64 04 B0 EC C1 73 94 01 80 82 90 00 0E",
	"3B 8F 80 01 00 31 B8 64 04 B0 EC C1 73 94 01 80 FF FF FF E3",
	"3B 9B 18 80 01 00 12 25 00 64 80 04 01 00 00 90 44",
	"3B 9B 18 80 01 00 12 25 00 64 80 00 04 01 00 90 44",
	"3B DC 18 FF 00 00 12 25 00 64 80 00 04 01 00 90 00",
	"3B .. .. .. .. 00 12 25 00 64 80 .. .. .. .. .. ..",
	"3B 8F 80 01 00 31 B8 64 .. .. EC .. 73 94 01 80 .. .. .. ..",
}

func TestNoRowFitsACPx(t *testing.T) {
	t.Parallel()
	for _, family := range cpx {
		if !strings.Contains(family, ".") {
			if name, ok := Identify(unhex(t, family)); ok {
				t.Errorf("%s is named %+v", family, name)
			}
		}
		for _, r := range table(t) {
			if overlap(r.pattern, family) {
				t.Errorf("%s (%s) could fit a CPx %s", r.pattern, r.name.English, family)
			}
		}
	}
}

// overlap: some ATR fits both patterns.
func overlap(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && a[i] != '.' && b[i] != '.' {
			return false
		}
	}
	return true
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"3B .0 01", "3B 1. 01", true},
		{"3B .0 01", "3B 11 01", false},
		{"3B 00", "3B 00 01", false},
	}
	for _, test := range tests {
		if got := overlap(test.a, test.b); got != test.want {
			t.Errorf("overlap(%s, %s) = %v", test.a, test.b, got)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		atr    string
		kind   Kind
		french string
	}{
		{"3B 75 13 00 00 49 09 EA 90 00", Vitale, "Carte Vitale 2"},
		{"3B 75 13 00 00 45 09 FA 90 00", Vitale, "Carte Vitale 2"},
		{"3F 65 25 00 2C 09 F9 90 00", Vitale, "Carte Vitale 1"},
		{"3B 65 00 00 20 63 CB A8 20", Bank, "Carte bancaire CB"},
		{"3B 67 00 00 2D 20 16 01 78 90 00", Staff, "Carte agent de l'Assurance maladie"},
		// The more specific of two rows that fit.
		{"3B 6F 00 00 80 5A 3C 11 42 14 10 01 C1 29 54 D4 82 90 00", Transport, "Passe Navigo"},
		{"3B 6F 00 00 80 5A 3B 01 02 15 12 01 79 8D E8 C9 82 90 00", Transport, "Carte de transport (Calypso)"},
		{"3B 88 80 01 E1 F3 5E 11 77 83 95 00 35", Passport, "Passeport français (probable)"},
		{"3B 88 80 01 E1 F3 5E 11 77 81 E1 60 23", EID, "Carte d'identité espagnole (DNIe, sans contact)"},
		{"3B 88 80 01 E1 F3 5E 11 77 81 95 00 37", Passport, "Passeport ou titre d'identité (sans contact)"},
		{"3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 01 00 00 00 00 6A", Memory, "Badge sans contact (MIFARE Classic 1K)"},
		{"3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 FF 20 00 00 00 00 B4", Memory, "Badge ou étiquette sans contact"},
	}
	for _, test := range tests {
		got, ok := Identify(unhex(t, test.atr))
		if !ok || got.Kind != test.kind || got.French != test.french {
			t.Errorf("%s: %+v, %v", test.atr, got, ok)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	tests := map[string][]byte{
		"nothing":              nil,
		"one byte":             {0x3B},
		"not an ATR":           []byte("not an ATR"),
		"no such card":         unhex(t, "3B 02 14 50"),
		"Vitale 2 cut short":   unhex(t, "3B 75 13 00 00 44 09 EA 90"),
		"Vitale 2 and a byte":  unhex(t, "3B 75 13 00 00 44 09 EA 90 00 00"),
		"Vitale 2, other byte": unhex(t, "3B 75 13 00 00 54 09 EA 90 00"),
		"too long":             bytes.Repeat([]byte{0x3B}, 300),
	}
	for name, atr := range tests {
		if got, ok := Identify(atr); ok || got != (Name{}) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"three fields":          "3B 00\tbank\tCarte\n",
		"six fields":            "3B .0\tbank\tCarte\tCard\t3B 00\tmore\n",
		"empty line":            "\n",
		"empty name":            "3B 00\tbank\t\tCard\n",
		"stray space":           "3B 00\tbank\tCarte \tCard\n",
		"carriage return":       "3B 00\tbank\tCarte\tCard\r\n",
		"unknown kind":          "3B 00\tcps\tCarte\tCard\n",
		"TS":                    "3A 00\tbank\tCarte\tCard\n",
		"wildcard for TS":       ".. 00\tbank\tCarte\tCard\t3B 00\n",
		"one byte":              "3B\tbank\tCarte\tCard\n",
		"34 bytes":              "3B" + strings.Repeat(" 00", 33) + "\tbank\tCarte\tCard\n",
		"one digit":             "3B 0\tbank\tCarte\tCard\n",
		"two spaces":            "3B  00\tbank\tCarte\tCard\n",
		"lower case":            "3B fe\tbank\tCarte\tCard\n",
		"not hexadecimal":       "3B 0G\tbank\tCarte\tCard\n",
		"wildcard, no example":  "3B ..\tbank\tCarte\tCard\n",
		"example, no wildcard":  "3B 00\tbank\tCarte\tCard\t3B 00\n",
		"wrong after good rows": "# remark\n3B 00\tbank\tCarte\tCard\n3B 01\n",
	}
	for name, text := range tests {
		if rows, err := parse(text); !errors.Is(err, errTable) || rows != nil {
			t.Errorf("%s: %v, error %v", name, rows, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# remark\n3B 7F .. 0. FE\ttoken\tCarte\tCard\t3B 7F 00 01 FE\n", []byte{0x3B, 0x7F, 0, 1, 0xFE})
	f.Add("3B 00\tbank\tCarte\tCard\n", []byte{0x3B})
	f.Fuzz(func(t *testing.T, text string, atr []byte) {
		rows, err := parse(text)
		if err != nil {
			if !errors.Is(err, errTable) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range rows {
			if len(r.value) != len(r.mask) || len(r.value) < 2 || len(r.value) > 33 || r.fixed < 2 {
				t.Fatalf("%+v", r)
			}
			if !slices.Contains(Kinds(), r.name.Kind) || r.name.French == "" || r.name.English == "" {
				t.Fatalf("%+v", r.name)
			}
			if r.matches(atr) && (len(atr) != len(r.value) || atr[0] != 0x3B && atr[0] != 0x3F) {
				t.Fatalf("%s fits % X", r.pattern, atr)
			}
		}
	})
}

func FuzzIdentify(f *testing.F) {
	f.Add(unhex(f, cpx[0]))
	for _, r := range table(f) {
		f.Add(unhex(f, r.example))
	}
	f.Fuzz(func(t *testing.T, atr []byte) {
		name, ok := Identify(atr)
		if ok != (name != Name{}) {
			t.Fatalf("% X: %+v, %v", atr, name, ok)
		}
		if ok && len(atr) >= 10 && bytes.Equal(atr[5:10], []byte{0x00, 0x12, 0x25, 0x00, 0x64}) && len(atr) == 17 {
			t.Fatalf("% X, a CPx, is named %+v", atr, name)
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	atr := unhex(b, "3B 75 13 00 00 44 09 EA 90 00")
	for b.Loop() {
		if _, ok := Identify(atr); !ok {
			b.Fatal("unknown")
		}
	}
}
