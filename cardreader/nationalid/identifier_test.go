package nationalid

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in        string
		want      Identifier
		structure Structure
		register  string
		test      bool
		problems  []Problem
	}{
		{"899700218896", Identifier{"899700218896", RPPS, "99700218896"}, Structure{}, "", true, nil},
		{"  899700218896\x00\x00 ", Identifier{"899700218896", RPPS, "99700218896"}, Structure{}, "", true, nil},
		{"810003461033", Identifier{"810003461033", RPPS, "10003461033"}, Structure{}, "", false, []Problem{ProblemLuhn}},
		{"89970021889", Identifier{"89970021889", RPPS, "9970021889"}, Structure{}, "", true, []Problem{ProblemLength}},
		{"89970021889O", Identifier{"89970021889O", RPPS, "9970021889O"}, Structure{}, "", true, []Problem{ProblemCharacters}},
		{"8 99700218896", Identifier{"8 99700218896", RPPS, " 99700218896"}, Structure{}, "", false, []Problem{ProblemLength, ProblemCharacters}},
		{"899700218896/1", Identifier{"899700218896/1", RPPS, "99700218896/1"}, Structure{}, "", true, []Problem{ProblemLength, ProblemCharacters}},
		{"800000000000", Identifier{"800000000000", RPPS, "00000000000"}, Structure{}, "", false, []Problem{ProblemZeros}},

		{"00B7010446", Identifier{"00B7010446", ADELI, "0B7010446"}, Structure{}, "", true, []Problem{ProblemKeyUnknown}},
		{"02A9999999", Identifier{"02A9999999", ADELI, "2A9999999"}, Structure{}, "", false, []Problem{ProblemKeyUnknown}},
		{"00b7010446", Identifier{"00b7010446", ADELI, "0b7010446"}, Structure{}, "", false, []Problem{ProblemCharacters}},
		{"00B701044", Identifier{"00B701044", ADELI, "0B701044"}, Structure{}, "", true, []Problem{ProblemLength}},

		{"3760021832/000000018", Identifier{"3760021832/000000018", FINESS, "760021832/000000018"},
			Structure{"1760021832", FINESS, "760021832"}, "000000018", false, nil},
		{"32A0000014/A.b_c-1", Identifier{"32A0000014/A.b_c-1", FINESS, "2A0000014/A.b_c-1"},
			Structure{"12A0000014", FINESS, "2A0000014"}, "A.b_c-1", false, nil},
		{"3760021833/1", Identifier{"3760021833/1", FINESS, "760021833/1"},
			Structure{"1760021833", FINESS, "760021833"}, "1", false, []Problem{ProblemLuhn}},
		{"3760021832", Identifier{"3760021832", FINESS, "760021832"},
			Structure{"1760021832", FINESS, "760021832"}, "", false, []Problem{ProblemRegisterMissing}},
		{"3760021832/", Identifier{"3760021832/", FINESS, "760021832/"},
			Structure{"1760021832", FINESS, "760021832"}, "", false, []Problem{ProblemRegisterMissing}},
		{"3/1", Identifier{"3/1", FINESS, "/1"}, Structure{"1", FINESS, ""}, "1", false, []Problem{ProblemLength}},
		{"3760021832/A/1", Identifier{"3760021832/A/1", FINESS, "760021832/A/1"},
			Structure{"1760021832", FINESS, "760021832"}, "A/1", false, []Problem{ProblemCharacters}},
		{"30B0021832/*", Identifier{"30B0021832/*", FINESS, "0B0021832/*"},
			Structure{"10B0021832", FINESS, "0B0021832"}, "*", false, []Problem{ProblemCharacters}},
		{"4187512751/7", Identifier{"4187512751/7", SIREN, "187512751/7"},
			Structure{"2187512751", SIREN, "187512751"}, "7", false, nil},
		{"500000000029751/CPAT0001", Identifier{"500000000029751/CPAT0001", SIRET, "00000000029751/CPAT0001"},
			Structure{"300000000029751", SIRET, "00000000029751"}, "CPAT0001", true, nil},
		{"699700234190004/12", Identifier{"699700234190004/12", CabinetRPPS, "99700234190004/12"},
			Structure{"499700234190004", CabinetRPPS, "99700234190004"}, "12", true, nil},
		{"699700234191004/12", Identifier{"699700234191004/12", CabinetRPPS, "99700234191004/12"},
			Structure{"499700234191004", CabinetRPPS, "99700234191004"}, "12", true, []Problem{ProblemLuhn}},
		{"10B701044601/5", Identifier{"10B701044601/5", CabinetADELI, "0B701044601/5"},
			Structure{"00B701044601", CabinetADELI, "0B701044601"}, "5", false, []Problem{ProblemKeyUnknown}},

		{"2123456", Identifier{"2123456", DRASS, "123456"}, Structure{}, "", false, []Problem{ProblemKeyUnknown}},
		{"9123456", Identifier{"9123456", Student, "123456"}, Structure{}, "", false, []Problem{ProblemKeyUnknown}},
		{"7123456", Identifier{"7123456", Unknown, "123456"}, Structure{}, "", false, []Problem{ProblemTypeUnknown}},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			structure, ok := got.Structure()
			if structure != tt.structure || ok != (tt.structure != Structure{}) {
				t.Errorf("structure %+v, %v, want %+v", structure, ok, tt.structure)
			}
			if got.Register() != tt.register {
				t.Errorf("register %q, want %q", got.Register(), tt.register)
			}
			if got.TestRange() != tt.test {
				t.Errorf("test range %v, want %v", got.TestRange(), tt.test)
			}
			if problems := got.Check(); !slices.Equal(problems, tt.problems) {
				t.Errorf("problems %v, want %v", problems, tt.problems)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in     string
		code   FormCode
		offset int
	}{
		{"", FormEmpty, 0},
		{" \x00 ", FormEmpty, 0},
		{"8" + strings.Repeat("1", 64), FormTooLong, 64},
		{"8997\x0000218896", FormUnreadable, 4},
		{"8997\u00a000218896", FormUnreadable, 4},
		{"８99700218896", FormUnreadable, 0},
		{"SPECIALISTE0021889", FormTypeDigit, 0},
		{"/1", FormTypeDigit, 0},
		{"8", FormNumberMissing, 1},
		{"10robert@example.fr", FormMailAddress, 0},
		{"8025000001/2900999999", FormCardSerial, 0},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		var form *FormError
		if !errors.As(err, &form) {
			t.Errorf("Parse(%q): error %v, want a FormError", tt.in, err)
			continue
		}
		if form.Code != tt.code || form.Offset != tt.offset || got != (Identifier{}) {
			t.Errorf("Parse(%q) = %+v, %s at %d, want nothing, %s at %d", tt.in, got, form.Code, form.Offset, tt.code, tt.offset)
		}
		if !slices.Contains(FormCodes(), form.Code) {
			t.Errorf("%s is not in FormCodes", form.Code)
		}
		if len(tt.in) > 4 && strings.Contains(form.Error(), tt.in) {
			t.Errorf("the error repeats what was read: %v", form)
		}
	}
}

// The same digit means two things in tables G07 and G08.
func TestParseStructure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in       string
		want     Structure
		test     bool
		problems []Problem
	}{
		{"1760021832", Structure{"1760021832", FINESS, "760021832"}, false, nil},
		{"2187512751", Structure{"2187512751", SIREN, "187512751"}, false, nil},
		{"318751275100020", Structure{"318751275100020", SIRET, "18751275100020"}, false, nil},
		{"300000000029751\x00", Structure{"300000000029751", SIRET, "00000000029751"}, true, nil},
		{"499700234190004", Structure{"499700234190004", CabinetRPPS, "99700234190004"}, true, nil},
		{"00B701044601", Structure{"00B701044601", CabinetADELI, "0B701044601"}, false, []Problem{ProblemKeyUnknown}},
		{"3760021832", Structure{"3760021832", SIRET, "760021832"}, false, []Problem{ProblemLength}},
		{"899700218896", Structure{"899700218896", Unknown, "99700218896"}, false, []Problem{ProblemTypeUnknown}},
		{"1760021832/1", Structure{"1760021832/1", FINESS, "760021832/1"}, false, []Problem{ProblemLength, ProblemCharacters}},
	}
	for _, tt := range tests {
		got, err := ParseStructure(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseStructure(%q) = %+v, %v, want %+v", tt.in, got, err, tt.want)
		}
		if got.TestRange() != tt.test {
			t.Errorf("ParseStructure(%q).TestRange() = %v", tt.in, got.TestRange())
		}
		if problems := got.Check(); !slices.Equal(problems, tt.problems) {
			t.Errorf("ParseStructure(%q).Check() = %v, want %v", tt.in, problems, tt.problems)
		}
	}
	var form *FormError
	if _, err := ParseStructure("Cabinet"); !errors.As(err, &form) || form.Code != FormTypeDigit {
		t.Errorf("error %v, want %s", err, FormTypeDigit)
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"899700218896", "899700218896", true},
		{"899700218896\x00\x00", " 899700218896  ", true},
		{"899700218896", "99700218896", false},
		{"8 99700218896", "899700218896", false},
		{"899700218896\n", "899700218896", false},
		{"8997\x0000218896", "899700218896", false},
		{"00b7010446", "00B7010446", false},
		{"", "", false},
		{" ", "\x00", false},
	}
	for _, tt := range tests {
		if got := Same(tt.a, tt.b); got != tt.want {
			t.Errorf("Same(%q, %q) = %v", tt.a, tt.b, got)
		}
		if Same(tt.b, tt.a) != tt.want {
			t.Errorf("Same(%q, %q) depends on the order", tt.a, tt.b)
		}
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"899700218896":         "8 997 002 188 96",
		"99700218896":          "997 002 188 96",
		"3760021832/000000018": "3760021832/000000018",
		"00B7010446":           "00B7010446",
		"123456789012":         "123456789012",
		"89970021889O":         "89970021889O",
		"":                     "",
	}
	for in, want := range tests {
		got := Grouped(in)
		if got != want {
			t.Errorf("Grouped(%q) = %q, want %q", in, got, want)
		}
		if strings.ReplaceAll(got, " ", "") != in {
			t.Errorf("Grouped(%q) = %q loses characters", in, got)
		}
	}
}

func TestTypeNotes(t *testing.T) {
	t.Parallel()
	employees := []Type{CabinetADELI, FINESS, SIREN, SIRET, CabinetRPPS}
	withdrawn := []Type{DRASS, Student}
	for _, typ := range personTypes {
		if typ.Employee() != slices.Contains(employees, typ) {
			t.Errorf("%q: Employee() = %v", typ, typ.Employee())
		}
		if typ.Withdrawn() != slices.Contains(withdrawn, typ) {
			t.Errorf("%q: Withdrawn() = %v", typ, typ.Withdrawn())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"899700218896", "00B7010446", "3760021832/000000018", "500000000029751/CPAT0001",
		"699700234190004/1", "32A0000014/1", "8025000001/2900999999", "7", "\x00", "10a@b.fr", "535600000000000/1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := Parse(s)
		if err != nil {
			var form *FormError
			if !errors.As(err, &form) || id != (Identifier{}) {
				t.Fatalf("refused with %+v and %v", id, err)
			}
			return
		}
		if id.Value != trim(s) || id.Value[1:] != id.Number || !Same(id.Value, s) {
			t.Fatalf("%q read as %+v", s, id)
		}
		again, err := Parse(id.Value)
		if err != nil || again != id {
			t.Fatalf("read again: %+v, %v", again, err)
		}
		problems := id.Check()
		key, known := id.ExpectedKey()
		if key < 0 || key > 9 || !known && slices.Contains(problems, ProblemLuhn) && !strings.HasPrefix(id.Number, "356000000") {
			t.Fatalf("%+v: problems %v, expected key %d, %v", id, problems, key, known)
		}
		if structure, ok := id.Structure(); ok {
			parsed, err := ParseStructure(structure.Value)
			if structure.Number != "" && (err != nil || parsed != structure) && !strings.HasPrefix(structure.Number, " ") && !strings.HasSuffix(structure.Number, " ") {
				t.Fatalf("structure %+v read as %+v, %v", structure, parsed, err)
			}
			if rest := strings.TrimPrefix(id.Number, structure.Number); rest != "" && rest != "/"+id.Register() {
				t.Fatalf("%+v: structure %+v, register %q", id, structure, id.Register())
			}
			if len(problems) == 0 && len(structure.Check()) != 0 {
				t.Fatalf("%+v has no problem, its structure %v", id, structure.Check())
			}
		}
		if g := Grouped(id.Value); g != id.Value && strings.ReplaceAll(g, " ", "") != id.Value {
			t.Fatalf("%q grouped as %q", id.Value, g)
		}
	})
}
