package wording

import "testing"

// TestFactsInCommands: whatever a file is called, a shell takes its name for
// one word.
func TestFactsInCommands(t *testing.T) {
	t.Parallel()
	held := func(before, after string) string { return before + string(heldBegin) + "0" + string(heldEnd) + after }
	for _, c := range []struct{ system, template, value, want string }{
		{"linux", held("ldd ", ""), "/opt/a b", "ldd '/opt/a b'"},
		{"linux", held("ldd ", ""), "/opt/$(reboot)", "ldd '/opt/$(reboot)'"},
		{"linux", held("ldd ", ""), "/opt/it's; x", `ldd '/opt/it'\''s; x'`},
		{"linux", held("ldd ", ""), "~/a", `ldd "$HOME"/a`},
		{"linux", held("ldd ", ""), "~/a b", `ldd "$HOME"'/a b'`},
		{"linux", held("ldd ", ""), "~", `ldd "$HOME"`},
		{"linux", held("ldd ", ""), "/a\ufffdb", ""},
		{"linux", held(`x "sql:`, `" y`), "~/.mozilla/a b", `x "sql:$HOME/.mozilla/a b" y`},
		{"linux", held(`x "sql:`, `" y`), "/a\"$(b)`c`\\!", "x \"sql:/a\\\"\\$(b)\\`c\\`\\\\\"'!'\"\" y"},
		{"linux", held(`x 'sql:`, `' y`), "~/it's", `x 'sql:'"$HOME"'/it'\''s' y`},
		{"linux", held(`x "a\"`, `"`), "$b", `x "a\"\$b"`},
		{"linux", held(`x "a" '"' "`, `"`), "$b", `x "a" '"' "\$b"`},
		{"windows", held(`start "" "`, `"`), `C:\Program Files (x86)\a`, `start "" "C:\Program Files (x86)\a"`},
		{"windows", held(`start "" "`, `"`), `~\a`, `start "" "%USERPROFILE%\a"`},
		{"windows", held("x ", ""), `C:\a b`, `x "C:\a b"`},
		{"windows", held("x ", ""), `C:\%PATH%`, ""},
		{"windows", held(`x "`, `"`), `C:\a" & b "`, ""},
		{"windows", held(`x "`, `"`), "C:\\$(a)`b", ""},
	} {
		word := posixWord
		if c.system == "windows" {
			word = windowsWord
		}
		if got := fill(c.template, []string{c.value}, word); got != c.want {
			t.Errorf("%s: %q with %q reads %q, want %q", c.system, c.template, c.value, got, c.want)
		}
	}
}
