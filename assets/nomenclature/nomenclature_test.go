package nomenclature

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryFileParses(t *testing.T) {
	t.Parallel()
	if _, err := loaded(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, table := range Tables() {
		names = append(names, fileName(table))
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(names, entry.Name()) {
			t.Errorf("%s belongs to no table", entry.Name())
		}
	}
	if len(entries) != len(names) {
		t.Errorf("%d files, %d tables", len(entries), len(names))
	}
}

// A constant that Tables forgets would have no file and no test.
func TestTablesListsEveryConstant(t *testing.T) {
	t.Parallel()
	source, err := parser.ParseFile(token.NewFileSet(), "nomenclature.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []Table
	ast.Inspect(source, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Table" {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				constants = append(constants, Table(value))
			}
		}
		return true
	})
	if !slices.Equal(constants, Tables()) {
		t.Errorf("constants %v, Tables() %v", constants, Tables())
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	oid := regexp.MustCompile(`^1\.2\.250\.1\.71(\.\d+)+$`)
	edition := regexp.MustCompile(`^20\d{6}120000$`)
	seen := map[string]Table{}
	for _, table := range Tables() {
		o, ok := About(table)
		if !ok || o.Title == "" || !oid.MatchString(o.OID) || !edition.MatchString(o.Edition) {
			t.Errorf("%s: %+v", table, o)
		}
		if !strings.HasPrefix(o.Name, "TRE_"+string(table)+"-") || !strings.Contains(o.Source, "/"+o.Name+"/") {
			t.Errorf("%s: name %q, source %q", table, o.Name, o.Source)
		}
		if other, twice := seen[o.OID]; twice {
			t.Errorf("%s and %s share the OID %s", table, other, o.OID)
		}
		seen[o.OID] = table
	}
}

func TestCodesAreOfTheirTable(t *testing.T) {
	t.Parallel()
	two := `^\d{2}$`
	tests := map[Table]struct {
		count int
		form  string
	}{
		G01: {6, two},
		G02: {4, two},
		G03: {3, two},
		G04: {3, two},
		G05: {17, `^[A-HM]{1,2}$`},
		G07: {9, `^\d{1,2}$`},
		G08: {11, `^\d{1,2}$`},
		G15: {30, two},
		G16: {4, two},
		G17: {4, two},
		R01: {326, `^(SM|SCH|C|CAPA|CEX|SI|SCD|PAC|DEC|FQ|SST)\d{2}$|^DSM\d{3}$`},
		R02: {69, `^SA\d{2}$`},
	}
	for _, table := range Tables() {
		test, form := tests[table], regexp.MustCompile(tests[table].form)
		codes := Codes(table)
		if len(codes) != test.count {
			t.Errorf("%s: %d codes, expected %d", table, len(codes), test.count)
		}
		for _, code := range codes {
			if !form.MatchString(code) {
				t.Errorf("%s: code %q", table, code)
			}
			if label, ok := Label(table, code); !ok || label == "" {
				t.Errorf("%s: no label for %q", table, code)
			}
		}
	}
}

// The numbered families have no hole; C, CEX and PAC are not numbered through.
func TestSpecialityFamiliesAreComplete(t *testing.T) {
	t.Parallel()
	tests := []struct {
		prefix      string
		first, last int
	}{
		{"SM", 1, 95}, {"SCH", 1, 60}, {"CAPA", 1, 16}, {"DSM", 200, 240},
		{"SI", 1, 7}, {"SCD", 1, 3}, {"DEC", 1, 24}, {"FQ", 1, 5}, {"SST", 1, 27},
	}
	for _, test := range tests {
		for n := test.first; n <= test.last; n++ {
			digits := strconv.Itoa(n)
			if n < 10 {
				digits = "0" + digits
			}
			if _, ok := Label(R01, test.prefix+digits); !ok {
				t.Errorf("R01 has no %s%s", test.prefix, digits)
			}
		}
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		table Table
		code  string
		want  string
		ok    bool
	}{
		{G15, "40", "Chirurgien-Dentiste", true},
		{G15, "10", "Médecin", true},
		{G16, "10", "Médecin en formation", true},
		{G02, "00", "Carte de Professionnel de Santé (CPS)", true},
		{G08, "8", "N° RPPS", true},
		{G07, "3", "SIRET", true}, // in G08, 3 is FINESS: the tables differ
		{G08, "3", "FINESS / N° de registre", true},
		{R01, "SCD01", "Orthopédie dento-faciale (SCD)", true},
		{R01, "C01", "Anatomie et Cytologie pathologiques humaines (C)", true},
		{R01, "DSM220", "Médecine d'urgence (DNQ)", true},
		{R02, "SA07", "Cabinet individuel", true},
		{G15, "99", "", false},
		{G15, "", "", false},
		{G15, "40 ", "", false},
		{R01, "sm01", "", false},
		{"G99", "01", "", false},
		{"", "", "", false},
	}
	for _, test := range tests {
		if got, ok := Label(test.table, test.code); got != test.want || ok != test.ok {
			t.Errorf("Label(%s, %q) = %q, %v; expected %q, %v", test.table, test.code, got, ok, test.want, test.ok)
		}
	}
}

func TestUnknownTable(t *testing.T) {
	t.Parallel()
	if codes := Codes("G99"); len(codes) != 0 {
		t.Errorf("codes %v", codes)
	}
	if origin, ok := About("G99"); ok {
		t.Errorf("origin %+v", origin)
	}
}

func TestCodesIsACopy(t *testing.T) {
	t.Parallel()
	Codes(G02)[0] = "changed"
	if got := Codes(G02)[0]; got != "00" {
		t.Errorf("first code is now %q", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"nothing":            "",
		"only a heading":     "# name: x\n",
		"no tab":             "01 label\n",
		"empty code":         "\tlabel\n",
		"empty label":        "01\t\n",
		"space before":       "01\t label\n",
		"space after":        "01\tlabel \n",
		"two spaces":         "01\ta  b\n",
		"no-break space":     "01\ta\u00a0b\n",
		"carriage return":    "01\tlabel\r\n",
		"second tab":         "01\tlabel\tmore\n",
		"twice":              "01\ta\n01\tb\n",
		"not sorted":         "02\ta\n01\tb\n",
		"not UTF-8":          "01\tM\xe9decin\n",
		"empty line":         "01\ta\n\n02\tb\n",
		"remark among codes": "01\ta\n# remark\n",
	}
	for name, text := range tests {
		if _, err := parse("test.tsv", text); !errors.Is(err, errTable) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# name: TRE_G16\n# remark\n10\tMédecin en formation\n21\tPharmacien\n")
	f.Add("01\ta\n01\tb\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse("fuzz.tsv", text)
		if err != nil {
			return
		}
		if len(got.codes) == 0 || len(got.codes) != len(got.labels) || !slices.IsSorted(got.codes) {
			t.Fatalf("%d codes, %d labels: %v", len(got.codes), len(got.labels), got.codes)
		}
		for code, label := range got.labels {
			if strings.TrimSpace(code) != code || strings.TrimSpace(label) != label || code == "" || label == "" {
				t.Fatalf("%q: %q", code, label)
			}
		}
	})
}
