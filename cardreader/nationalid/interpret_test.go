package nationalid

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestInterpret(t *testing.T) {
	t.Parallel()
	type reading struct {
		of      Owner
		value   string
		typ     Type
		repairs []Repair
	}
	rpps := func(repairs ...Repair) []reading {
		return []reading{{Person, "899700218896", RPPS, repairs}}
	}
	tests := []struct {
		name, in string
		want     []reading
		doubts   []Doubt // none: certain
	}{
		{"as on the card", "899700218896", rpps(), nil},
		{"padding is no mistake", " 899700218896\r\n", rpps(), nil},
		{"the RPPS", "99700218896", rpps(RepairPrefix), nil},
		{"by three", "8 997 002 188 96", rpps(RepairSeparators), nil},
		{"as copied from a page", "8\u00a0997\u202f002\u2009188\u00a096", rpps(RepairSeparators), nil},
		{"dashes", "8-9970‑0218–896", rpps(RepairSeparators), nil},
		{"dots", "8.997.0021.8896", rpps(RepairSeparators), nil},
		{"thousands", "899,700,218,896", rpps(RepairSeparators), nil},
		{"two lines", "8997\n00218896", rpps(RepairSeparators), nil},
		{"full-width", "８９９７００２１８８９６", rpps(RepairFullWidth), nil},
		{"zero width", "\ufeff8997\u200b00218896", rpps(RepairInvisible), nil},
		{"quotes", `"899700218896"`, rpps(RepairQuotes), nil},
		{"French quotes", "« 899700218896 »", rpps(RepairQuotes), nil},
		{"brackets", "(899700218896)", rpps(RepairQuotes), nil},
		{"a cell", `="899700218896"`, rpps(RepairQuotes, RepairLabel), nil},
		{"label", "RPPS : 99700218896", rpps(RepairLabel, RepairPrefix), nil},
		{"label, lower case", "n° rpps 997 0021 8896", rpps(RepairLabel, RepairSeparators, RepairPrefix), nil},
		{"label, long", "Identifiant national : 899700218896", rpps(RepairLabel), nil},
		{"certificate", "CN=899700218896", rpps(RepairLabel), nil},

		{"letter O", "8997OO2l8896", rpps(RepairLetterO, RepairLetterL), []Doubt{DoubtReplaced}},
		{"letter o, without the 8", "997oo2I8896", rpps(RepairLetterO, RepairLetterL, RepairPrefix), []Doubt{DoubtReplaced}},
		{"a wrong digit", "899700218897", []reading{{Person, "899700218897", RPPS, nil}}, []Doubt{DoubtProblems}},
		{"a wrong digit, without the 8", "10003461033", []reading{{Person, "810003461033", RPPS, []Repair{RepairPrefix}}}, []Doubt{DoubtProblems}},
		{"12 digits short of one", "89970021889", []reading{{Person, "889970021889", RPPS, []Repair{RepairPrefix}}}, []Doubt{DoubtDigitMissing, DoubtProblems}},
		{"13 digits", "8997002188961", []reading{{Person, "8997002188961", RPPS, nil}}, []Doubt{DoubtDigitExtra, DoubtProblems}},
		{"12 digits, one too many", "997002188961", []reading{{Person, "997002188961", Student, nil}}, []Doubt{DoubtDigitExtra, DoubtProblems}},
		{"10 digits", "9970021889", []reading{{Person, "9970021889", Student, nil}}, []Doubt{DoubtDigitMissing, DoubtCardNumber, DoubtProblems}},
		{"another letter", "8997002188X6", []reading{{Person, "8997002188X6", RPPS, nil}}, []Doubt{DoubtProblems}},
		{"zeros", "00000000000", []reading{{Person, "800000000000", RPPS, []Repair{RepairPrefix}}}, []Doubt{DoubtProblems}},

		{"ADELI as on the card", "00B7010446", []reading{{Person, "00B7010446", ADELI, nil}}, []Doubt{DoubtProblems}},
		{"ADELI", "0B7010446", []reading{{Person, "00B7010446", ADELI, []Repair{RepairPrefix}}}, []Doubt{DoubtProblems}},
		{"ADELI, letter O", "Ob 7010446", []reading{{Person, "00B7010446", ADELI, []Repair{RepairSeparators, RepairUpperCase, RepairLetterO, RepairPrefix}}}, []Doubt{DoubtReplaced, DoubtProblems}},
		{"ADELI, label", "ADELI 009999991", []reading{{Person, "0009999991", ADELI, []Repair{RepairLabel, RepairPrefix}}}, []Doubt{DoubtProblems}},
		{"10 digits that begin with 0", "0009999991", []reading{{Person, "0009999991", ADELI, nil}}, []Doubt{DoubtDigitMissing, DoubtCardNumber, DoubtProblems}},

		{"9 digits", "760021832", []reading{
			{StructureOnly, "1760021832", FINESS, []Repair{RepairPrefix}},
			{StructureOnly, "2760021832", SIREN, []Repair{RepairPrefix}},
			{Person, "0760021832", ADELI, []Repair{RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"9 digits whose key fails", "760021833", []reading{
			{Person, "0760021833", ADELI, []Repair{RepairPrefix}},
			{StructureOnly, "1760021833", FINESS, []Repair{RepairPrefix}},
			{StructureOnly, "2760021833", SIREN, []Repair{RepairPrefix}},
		}, []Doubt{DoubtSeveral, DoubtProblems}},
		{"FINESS, label", "FINESS 760021832", []reading{{StructureOnly, "1760021832", FINESS, []Repair{RepairLabel, RepairPrefix}}}, nil},
		{"SIREN, label", "SIREN : 187 512 751", []reading{{StructureOnly, "2187512751", SIREN, []Repair{RepairLabel, RepairSeparators, RepairPrefix}}}, nil},
		{"FINESS of Corsica", "2a0000014", []reading{
			{StructureOnly, "12A0000014", FINESS, []Repair{RepairUpperCase, RepairPrefix}},
			{Person, "02A0000014", ADELI, []Repair{RepairUpperCase, RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"FINESS with its digit", "1760021832", []reading{{StructureOnly, "1760021832", FINESS, nil}}, []Doubt{DoubtDigitMissing, DoubtCardNumber}},
		{"14 digits", "187 512 751 00020", []reading{
			{StructureOnly, "318751275100020", SIRET, []Repair{RepairSeparators, RepairPrefix}},
			{StructureOnly, "418751275100020", CabinetRPPS, []Repair{RepairSeparators, RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"14 digits of a cabinet", "99700234190005", []reading{
			{StructureOnly, "499700234190005", CabinetRPPS, []Repair{RepairPrefix}},
			{StructureOnly, "399700234190005", SIRET, []Repair{RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"SIRET with its digit", "300000000029751", []reading{{StructureOnly, "300000000029751", SIRET, nil}}, nil},
		{"label that disagrees", "SIREN 899700218896", rpps(RepairLabel), []Doubt{DoubtLabelDisagree}},

		{"employee", "3760021832/000000018", []reading{{Person, "3760021832/000000018", FINESS, nil}}, nil},
		{"employee, spaces", "3 760021832 / 0000 00018", []reading{{Person, "3760021832/000000018", FINESS, []Repair{RepairSeparators}}}, nil},
		{"the register keeps its letters", "5OOOOOOOOO29751/OIlo-1.2", []reading{{Person, "500000000029751/OIlo-1.2", SIRET, []Repair{RepairLetterO}}}, []Doubt{DoubtReplaced}},
		{"employee without the digit", "760021832/18", []reading{
			{Person, "3760021832/18", FINESS, []Repair{RepairPrefix}},
			{Person, "4760021832/18", SIREN, []Repair{RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"employee without the digit, SIRET", "00000000029751/CPAT0001", []reading{
			{Person, "500000000029751/CPAT0001", SIRET, []Repair{RepairPrefix}},
			{Person, "600000000029751/CPAT0001", CabinetRPPS, []Repair{RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"employee without the register", "3760021832", []reading{{Person, "3760021832", FINESS, nil}}, []Doubt{DoubtDigitMissing, DoubtCardNumber, DoubtProblems}},
		{"DRASS", "2123456", []reading{{Person, "2123456", DRASS, nil}}, []Doubt{DoubtProblems}},
		{"type 7", "7123456", []reading{{Person, "7123456", Unknown, nil}}, []Doubt{DoubtProblems}},

		{"nothing", "  ", nil, []Doubt{DoubtEmpty}},
		{"quotes only", `""`, nil, []Doubt{DoubtEmpty}},
		{"label only", "RPPS :", nil, []Doubt{DoubtEmpty}},
		{"a name", "SPECIALISTE0021889", nil, []Doubt{DoubtNoIdentifier}},
		{"words", "1 rue de la Paix", nil, []Doubt{DoubtNoIdentifier}},
		{"one digit", "8", nil, []Doubt{DoubtNoIdentifier}},
		{"a date", "21/02/2027", nil, []Doubt{DoubtNoIdentifier}},
		{"a NUL inside", "\"8997002188\x0096\"", nil, []Doubt{DoubtNoIdentifier}},
		{"not UTF-8", "8997002188\xff6", nil, []Doubt{DoubtNoIdentifier}},
		{"a page", strings.Repeat("8", 300), nil, []Doubt{DoubtNoIdentifier}},
		{"mail", "robert.specialiste@example.fr", nil, []Doubt{DoubtMailAddress}},
		{"card", "8025000001/2900999999", nil, []Doubt{DoubtCardSerial}},
		{"number of a card", "3100603746", []reading{{Person, "3100603746", FINESS, nil}}, []Doubt{DoubtDigitMissing, DoubtCardNumber, DoubtProblems}},
		{"number of a card, in groups", "8042 4100 07", []reading{{Person, "8042410007", RPPS, []Repair{RepairSeparators}}}, []Doubt{DoubtDigitMissing, DoubtCardNumber, DoubtProblems}},
		{"number of a card, of a module", "29009999", []reading{{Person, "29009999", DRASS, nil}}, []Doubt{DoubtCardNumber, DoubtProblems}},
		{"RPPS short of a digit", "RPPS 9970021889", []reading{{Person, "9970021889", Student, []Repair{RepairLabel}}}, []Doubt{DoubtDigitMissing, DoubtLabelDisagree, DoubtProblems}},
		{"nine digits", "750712184", []reading{
			{StructureOnly, "1750712184", FINESS, []Repair{RepairPrefix}},
			{StructureOnly, "2750712184", SIREN, []Repair{RepairPrefix}},
			{Person, "0750712184", ADELI, []Repair{RepairPrefix}},
		}, []Doubt{DoubtSeveral}},
		{"cell", "8,997E+11", nil, []Doubt{DoubtSpreadsheet}},
	}
	seen := map[Doubt]bool{}
	repaired := map[Repair]bool{}
	for _, tt := range tests {
		got := Interpret(tt.in)
		if !slices.Equal(got.Doubts, tt.doubts) {
			t.Errorf("%s: doubts %v, want %v", tt.name, got.Doubts, tt.doubts)
		}
		if got.Certain() != (len(tt.doubts) == 0) {
			t.Errorf("%s: certain is %v", tt.name, got.Certain())
		}
		readings := []reading{}
		for _, c := range got.Candidates {
			readings = append(readings, reading{c.Of, c.Value, c.Type, c.Repairs})
			for _, r := range c.Repairs {
				repaired[r] = true
			}
		}
		if !slices.EqualFunc(readings, tt.want, func(a, b reading) bool {
			return a.of == b.of && a.value == b.value && a.typ == b.typ && slices.Equal(a.repairs, b.repairs)
		}) {
			t.Errorf("%s: read as %+v, want %+v", tt.name, readings, tt.want)
		}
		for _, d := range got.Doubts {
			seen[d] = true
		}
		mustBeHonest(t, tt.in, got)
	}
	if len(seen) != len(Doubts()) || len(repaired) != len(Repairs()) {
		t.Errorf("the table shows %d of %d doubts and %d of %d repairs", len(seen), len(Doubts()), len(repaired), len(Repairs()))
	}
}

func TestCandidateExpectedKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"899700218890": 6, "FINESS 760021839": 2, "3760021839/1": 2} {
		if key, ok := Interpret(in).Candidates[0].ExpectedKey(); !ok || key != want {
			t.Errorf("%s: %d, %v, want %d", in, key, ok, want)
		}
	}
}

// mustBeHonest holds every promise that Interpret makes, whatever the text.
func mustBeHonest(t *testing.T, text string, got Interpretation) {
	t.Helper()
	if got.Certain() == (len(got.Doubts) != 0) || len(got.Candidates) == 0 && len(got.Doubts) != 1 {
		t.Fatalf("%q: certain %v with doubts %v", text, got.Certain(), got.Doubts)
	}
	for _, c := range got.Candidates {
		value, typ, problems := "", Unknown, []Problem(nil)
		if c.Of == Person {
			id, err := Parse(c.Value)
			if err != nil {
				t.Fatalf("%q: %q is proposed: %v", text, c.Value, err)
			}
			value, typ, problems = id.Value, id.Type, id.Check()
		} else {
			s, err := ParseStructure(c.Value)
			if err != nil {
				t.Fatalf("%q: %q is proposed: %v", text, c.Value, err)
			}
			value, typ, problems = s.Value, s.Type, s.Check()
		}
		if value != c.Value || typ != c.Type || c.Value[1:] != c.Number || !slices.Equal(problems, c.Problems) {
			t.Fatalf("%q: %+v is parsed as %s %q, %v", text, c, typ, value, problems)
		}
		if got.Certain() && len(problems) != 0 {
			t.Fatalf("%q: %+v is certain", text, c)
		}

		again := Interpret(c.Value)
		if got.Certain() && c.Of == Person && !again.Certain() {
			t.Fatalf("%q is certain, %q is not: %+v", text, c.Value, again)
		}
		if !slices.ContainsFunc(again.Candidates, func(d Candidate) bool {
			return d.Of == c.Of && d.Value == c.Value && len(d.Repairs) == 0
		}) {
			t.Fatalf("%q: %+v is read again as %+v", text, c, again)
		}

		digits := digitsIn(c.Value)
		if slices.Contains(c.Repairs, RepairPrefix) {
			digits = digits[1:]
		}
		if !slices.Contains(c.Repairs, RepairLetterO) && !slices.Contains(c.Repairs, RepairLetterL) && digits != digitsIn(text) {
			t.Fatalf("%q: the digits of %+v are others", text, c)
		}
	}
}

// digitsIn gives the plain and full-width digits of a text, plain.
func digitsIn(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r < unicode.MaxASCII && unicode.IsDigit(r):
			return r
		}
		return -1
	}, text)
}

func FuzzInterpret(f *testing.F) {
	for _, seed := range []string{"899700218896", "997 0021 8896", "8997OO2l8896", "８９９７００２１８８９６", "760021832", "2a0000014",
		"187 512 751 00020", "3760021832 / 000000018", "RPPS : 99700218896", `="899700218896"`, "CN=00B7010446", "n° finess 2B0000012",
		"\ufeff8997\u200b00218896", "8,997E+11", "8025000001/2900999999", "1760021832", "10B701044601/5", "«»", "a@b", "\x00", "SIREN 8997/", "100\" , ", " \x0000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { mustBeHonest(t, text, Interpret(text)) })
}
