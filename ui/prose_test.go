package ui

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// rows are the lines that a label shows at that width.
func rows(o fyne.CanvasObject, width float32) []string {
	o.Resize(fyne.NewSize(width, o.MinSize().Height))
	o.Resize(fyne.NewSize(width, o.MinSize().Height))
	var all []string
	walk(o, 0, func(o fyne.CanvasObject, _ float32) {
		if text, ok := o.(*canvas.Text); ok {
			all = append(all, text.Text)
		}
	})
	return all
}

// stranded tells whether a line is one that French does not know: with a sign
// first that belongs to the word before, or with an open guillemet last.
func stranded(line string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(line))
	return strings.ContainsRune(":;?!%»", first) || strings.HasSuffix(strings.TrimSpace(line), "«")
}

// TestProseKeepsSignsWithWords: at no width does a sign stand apart from its
// word, and not a letter is lost.
func TestProseKeepsSignsWithWords(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(Theme())
	for _, text := range []string{
		"Que faire : ouvrez « Gestion des cartes », puis vérifiez ; est-ce bien fait ? Oui ! À 100 %.",
		"La carte (CPS : lue) est « bonne » : tout va bien.\nCause : aucune.\n\nFin ?",
		"a : b ; c ? d ! e % « f »",
	} {
		label := newWords(text)
		for width := float32(120); width < 500; width++ {
			shown := rows(label, width)
			if slices.ContainsFunc(shown, stranded) {
				t.Fatalf("%g: %q", width, shown)
			}
			if got := strings.Join(shown, " "); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
				t.Fatalf("%g: %q", width, shown)
			}
		}
		if label.Text != text {
			t.Errorf("what is said has become %q", label.Text)
		}
	}
}

// TestToolkitBreaksAtNoBreakSpaces is why prose is there: when it fails, the
// toolkit has learned it, and no-break spaces are enough.
func TestToolkitBreaksAtNoBreakSpaces(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(Theme())
	for name, space := range map[string]string{"U+00A0": "\u00a0", "U+202F": "\u202f"} {
		label := &widget.Label{Text: strings.ReplaceAll("La carte est lue~: c’est bien", "~", space), Wrapping: fyne.TextWrapWord}
		broken := false
		for width := float32(60); width < 260; width++ {
			broken = broken || slices.ContainsFunc(rows(label, width), stranded)
		}
		if !broken {
			t.Errorf("%s is never broken", name)
		}
	}
}

// TestProseFollows: new words, another width and other letters are wrapped anew.
func TestProseFollows(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(Theme())
	label := newWords("Première phrase : elle est assez longue pour deux lignes ?")
	one := rows(label, 200)
	label.SetText("Autre phrase : elle est, elle aussi, assez longue pour deux lignes ?")
	if now := rows(label, 200); slices.Equal(now, one) || !strings.HasPrefix(now[0], "Autre") {
		t.Errorf("the words before are still shown: %q", now)
	}
	if wide := rows(label, 900); len(wide) != 1 {
		t.Errorf("wide: %q", wide)
	}
	narrow := rows(label, 200)
	app.Settings().SetTheme(scaledTheme(2))
	label.Refresh()
	if large := rows(label, 200); len(large) <= len(narrow) {
		t.Errorf("large letters take %d lines, small ones %d", len(large), len(narrow))
	}
}

// TestBound tells which spaces hold together.
func TestBound(t *testing.T) {
	for text, want := range map[string]bool{
		"a~: b": true, "a~:": true, "a~? b": true, "a~!\nb": true, "100~% de": true, "(a~?) b": true, "a~?»": true,
		"0,3~s.": true, "12~Mo (": true, "0~sur 2": false, "en~s": false, "«~a": true, "a~».": true, "a~; b": true,
		"a~b": false, "a~:8080": false, "a~%PATH%": false, "a~?x=1": false, "a:~b": false, "»~a": false,
	} {
		at := strings.Index(text, "~")
		if got := bound(strings.Replace(text, "~", " ", 1), at); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
