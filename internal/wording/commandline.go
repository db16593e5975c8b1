package wording

import (
	"fmt"
	"strings"
	"unicode"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

// ownCommands are facts that are command lines themselves. The checks write
// them, out of their own words alone.
var ownCommands = map[string]bool{"install": true, "restart": true, "start": true}

// commandLine says the command of a finding, "" when there is none, or when a
// fact cannot be written into it. Facts may be the names that others gave to
// their files: however they read, a shell takes each for one word, or for a
// part of the word in which the template quotes it.
func commandLine(s *language.Speaker, key, goos string, f diagnostic.Finding) string {
	var pairs []any
	var held []string
	seen := map[string]bool{}
	for _, fact := range f.Facts {
		if fact.Sensitivity == diagnostic.Secret || seen[fact.Key] {
			continue
		}
		seen[fact.Key] = true
		value := foreign(fact.Value)
		if !ownCommands[fact.Key] && !plainWord(value) {
			held = append(held, value)
			value = fmt.Sprintf("%c%d%c", heldBegin, len(held)-1, heldEnd)
		}
		pairs = append(pairs, fact.Key, value)
	}
	template := ofSystem(s, key, goos, pairs)
	if goos == "windows" {
		return fill(template, held, windowsWord)
	}
	return fill(template, held, posixWord)
}

// A fact that needs quotes is put in once it is known in which it stands. The
// marks around its number are private characters, which no fact can hold:
// foreign has taken them out.
const (
	heldBegin = '\ue000'
	heldEnd   = '\ue001'
)

// plainWord tells whether every shell takes a value for itself.
func plainWord(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+:,@", r)
	})
}

// fill puts the facts where their marks stand. quote is the quote around that
// place, 0 when there is none.
func fill(template string, held []string, word func(value string, quote rune) (string, bool)) string {
	var b strings.Builder
	var quote rune
	escaped := false
	for i := 0; i < len(template); {
		rest := template[i:]
		var n int
		if _, err := fmt.Sscanf(rest, string(heldBegin)+"%d"+string(heldEnd), &n); err == nil && n < len(held) {
			text, ok := word(held[n], quote)
			if !ok {
				return ""
			}
			b.WriteString(text)
			i += strings.IndexRune(rest, heldEnd) + len(string(heldEnd))
			continue
		}
		c := rest[0]
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (c == '"' || c == '\''):
			quote = rune(c)
		case rune(c) == quote:
			quote = 0
		}
		b.WriteByte(c)
		i++
	}
	return b.String()
}

// posixWord writes a value for sh. A shell does not put the home in the place
// of "~" within quotes; it does so for $HOME. What was cut short, or held what
// cannot be typed, is no value any more.
func posixWord(value string, quote rune) (string, bool) {
	if strings.ContainsAny(value, "\ufffd…") {
		return "", false
	}
	rest, ofHome := strings.CutPrefix(value, "~")
	ofHome = ofHome && (rest == "" || rest[0] == '/')
	switch quote {
	case '\'':
		value = strings.ReplaceAll(value, `'`, `'\''`)
		if ofHome {
			return `'"$HOME"'` + value[1:], true
		}
		return value, true
	case '"':
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`", `!`, `"'!'"`)
		if ofHome {
			return "$HOME" + escape.Replace(rest), true
		}
		return escape.Replace(value), true
	}
	if ofHome {
		return `"$HOME"` + unlessEmpty(rest), true
	}
	return unlessEmpty(value), true
}

func unlessEmpty(value string) string {
	if value == "" || plainWord(value) {
		return value
	}
	return `'` + strings.ReplaceAll(value, `'`, `'\''`) + `'`
}

// windowsWord writes a value for cmd, which has no way to write every character
// in a command that is typed: with the others there is no command.
func windowsWord(value string, quote rune) (string, bool) {
	rest, ofHome := strings.CutPrefix(value, "~")
	if ofHome = ofHome && (rest == "" || rest[0] == '\\' || rest[0] == '/'); ofHome {
		value = rest
	}
	unsafe := strings.ContainsFunc(value, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`/\._-+:,@ ()~=#{}[]'‹›`, r)
	})
	if unsafe || quote == '\'' {
		return "", false
	}
	if ofHome {
		value = "%USERPROFILE%" + value
	}
	if quote == 0 {
		return `"` + value + `"`, true
	}
	return value, true
}
