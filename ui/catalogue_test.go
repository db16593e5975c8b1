package ui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postecpx/assets"
	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// goFiles parses the files of those folders and all below, without the tests.
func goFiles(t *testing.T, roots []string, look func(path string, set *token.FileSet, file *ast.File)) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err == nil {
				look(path, set, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// literal is the value of a string in the code.
func literal(n ast.Node) (value string, ok bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(lit.Value)
	return value, err == nil
}

func catalogue(t *testing.T, tag string) map[string]any {
	t.Helper()
	raw, err := assets.Translations.ReadFile("translations/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", tag, err)
	}
	return all
}

// keyForm is the form of the keys of what all programs say.
var keyForm = regexp.MustCompile(`^(ui|stage|card|identifier|problem|next)\.[a-z0-9.-]+$`)

// catalogues are the files of sentences that the window says, the form of their
// keys, and where these stand in the code: always whole, never put together.
var catalogues = []struct {
	file  string
	form  *regexp.Regexp
	roots []string
	least int // keys, or the search is broken
}{
	{"", keyForm, []string{".", "../cmd", "../internal"}, 100},
	{"screen-poste.", regexp.MustCompile(`^poste\.[a-z0-9.-]+$`), []string{".", "../cmd/postecpx"}, 60},
	{"screen-guide.", regexp.MustCompile(`^guide\.[a-z0-9.-]+$`), []string{"."}, 30},
	{"screen-integration.", regexp.MustCompile(`^integration\.[a-z0-9.-]+$`), []string{"."}, 100},
	{"screen-settings.", regexp.MustCompile(`^settings\.[a-z0-9.-]+$`), []string{"."}, 30},
}

// TestEveryKeyIsSpokenAndUsed: what the code asks for is in both languages, with
// the same names, and what is in a catalogue is asked for.
func TestEveryKeyIsSpokenAndUsed(t *testing.T) {
	t.Parallel()
	for _, c := range catalogues {
		used := map[string]string{}
		goFiles(t, c.roots, func(path string, _ *token.FileSet, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := literal(n); ok && c.form.MatchString(s) {
					used[s] = path
				}
				return true
			})
		})
		if len(used) < c.least {
			t.Fatalf("%s: only %d keys found in the code: the search is broken", c.file, len(used))
		}
		for _, tag := range language.Supported {
			all := catalogue(t, c.file+tag)
			for key, path := range used {
				// The codes of checks look like some keys.
				if _, check := diagnostic.Find(diagnostic.Code(key)); all[key] == nil && !check {
					t.Errorf("%s%s: %s is used in %s and has no sentence", c.file, tag, key, path)
				}
			}
			for key := range all {
				// The first file also holds what others test.
				if used[key] == "" && (c.file != "" || c.form.MatchString(key)) {
					t.Errorf("%s%s: %s is used nowhere", c.file, tag, key)
				}
			}
		}
		fr, en := catalogue(t, c.file+"fr"), catalogue(t, c.file+"en")
		for _, key := range slices.Sorted(maps.Keys(fr)) {
			if en[key] == nil {
				t.Errorf("%sen lacks %s", c.file, key)
			} else if a, b := names(fr[key]), names(en[key]); !slices.Equal(a, b) {
				t.Errorf("%s: fr names %q, en names %q", key, a, b)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(en)) {
			if fr[key] == nil {
				t.Errorf("%sfr lacks %s", c.file, key)
			}
		}
	}
}

var name = regexp.MustCompile(`\{\{\.[A-Za-z]+\}\}`)

// names are the values that a sentence holds, each once.
func names(sentence any) []string {
	var text string
	switch s := sentence.(type) {
	case string:
		text = s
	case map[string]any:
		for _, form := range s {
			text += form.(string)
		}
	}
	found := name.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

var (
	letters = regexp.MustCompile(`\p{L}`)
	// wordy has two words beside each other, or a letter that only French has.
	wordy = regexp.MustCompile(`\p{L}{2,}[,;:]? \p{L}{2,}|[À-ÿ]`)
	// typed is what is typed into a terminal, or the way to a file.
	typed = regexp.MustCompile(`^(sudo|powershell|reg add|cpx| +cpx) |^/[A-Z]|\\`)
	// errorsOf make what goes to a developer, or after "technical detail".
	errorsOf = []string{"errors.New", "fmt.Errorf", "panic", "regexp.MustCompile", "strings.Fields"}
	// shownBy puts its words on a screen or a terminal.
	shownBy = []string{
		"newWords", "newCaption", "newTitle", "newHeading", "newPrint", "newAction", "newLabel", "newSection", "newFold", "newTick", "newStatement",
		"NewLabel", "NewButton", "NewCheck", "SetText", "SetPlaceHolder", "plain", "out", "talk", "fail",
	}
	// ofOthers are the names of other people's things, and the words of other
	// programs that are looked for.
	ofOthers = regexp.MustCompile(`^(SHA-256 ?|CKA_\w+|[a-z]+(\.[a-z0-9-]+)+|Poste CPx %s .*|` +
		`flag (provided but not defined|needs an argument): -| for flag -|invalid value |parse error|--lang fr\|en|` +
		`window creation error|failed to initialise GLFW|Téléchargements|SRVSVCNAM, SESAM-Vitale|CCM, Cryptolib CPS|CPS Gestion|` +
		`Mozilla Firefox|Google Chrome|Microsoft Edge|C:.Program Files.*|Google Trust Services|Hellenic Academic|` +
		`Internet Security Research Group|SSL Corp|Telekom Security|code porteur|card number|pcsc-lite, ccid|smart card|default user|all users)$`)
	// ofErrors end in an error, after or before what varies.
	ofErrors = regexp.MustCompile(`^(no reader whose name holds $|: not installed$|no check has the code $)`)
)

// TestNoTextOutsideTheCatalogue: no sentence, in any language, and no word that
// reaches a screen or a terminal, stands in the code.
func TestNoTextOutsideTheCatalogue(t *testing.T) {
	t.Parallel()
	seen := 0
	goFiles(t, []string{".", "../cmd/cpx", "../cmd/postecpx", "../internal/report", "../internal/diagnostic", "../internal/wording"}, func(path string, set *token.FileSet, file *ast.File) {
		if strings.Contains(path, "imagined") { // a workstation for tests
			return
		}
		strange := func(s string, pattern *regexp.Regexp) bool {
			return pattern.MatchString(s) && !typed.MatchString(s) && !ofOthers.MatchString(s) && !ofErrors.MatchString(s)
		}
		tell := func(at ast.Node, s string) {
			t.Errorf("%s: %q belongs into assets/translations", set.Position(at.Pos()), s)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				called := nameOf(call.Fun)
				if slices.Contains(errorsOf, called) {
					return false
				}
				if slices.Contains(shownBy, called[strings.LastIndex(called, ".")+1:]) {
					for _, argument := range call.Args {
						if s, ok := literal(argument); ok && strange(s, letters) {
							tell(argument, s)
						}
					}
				}
			}
			if s, ok := literal(n); ok {
				if seen++; strange(s, wordy) {
					tell(n, s)
				}
			}
			return true
		})
	})
	if seen < 2000 {
		t.Errorf("only %d strings were looked at", seen)
	}
}

// nameOf is what is called, as it stands in the code.
func nameOf(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
		return "." + f.Sel.Name
	}
	return ""
}
