package worker

import (
	"strings"
	"unicode/utf8"
)

// decode reads text as UTF-8, which PKCS#11 asks for, or else as ISO 8859-1,
// which modules write all the same.
func decode(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	runes := make([]rune, len(raw))
	for i, b := range raw {
		runes[i] = rune(b)
	}
	return string(runes)
}

// fixed reads a field of fixed width. PKCS#11 pads it with spaces, some modules
// with NUL.
func fixed(field string) string { return decode([]byte(strings.Trim(field, " \x00"))) }
