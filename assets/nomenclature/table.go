package nomenclature

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table is one parsed file.
type table struct {
	origin Origin
	codes  []string // ascending in byte order
	labels map[string]string
}

var errTable = errors.New("not a nomenclature table")

// parse reads a table: "# key: value" lines, then "code<TAB>label" lines in
// ascending byte order of their codes, each code once. UTF-8, LF.
func parse(name, text string) (table, error) {
	out := table{labels: make(map[string]string)}
	if !utf8.ValidString(text) {
		return table{}, fmt.Errorf("%w: %s is not UTF-8", errTable, name)
	}
	last := ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if comment, isComment := strings.CutPrefix(line, "# "); isComment && last == "" {
			out.origin.set(comment)
			continue
		}
		code, label, found := strings.Cut(line, "\t")
		switch {
		case !found:
			return table{}, fmt.Errorf("%w: %s:%d: no tab", errTable, name, number)
		case !tidy(code) || !tidy(label):
			return table{}, fmt.Errorf("%w: %s:%d: empty field or stray space", errTable, name, number)
		case code <= last:
			return table{}, fmt.Errorf("%w: %s:%d: code %s is not after %s", errTable, name, number, code, last)
		}
		last = code
		out.codes = append(out.codes, code)
		out.labels[code] = label
	}
	if len(out.codes) == 0 {
		return table{}, fmt.Errorf("%w: %s holds no code", errTable, name)
	}
	return out, nil
}

// set takes one "key: value" of the heading; other remarks are for readers.
func (o *Origin) set(comment string) {
	key, value, _ := strings.Cut(comment, ": ")
	switch key {
	case "name":
		o.Name = value
	case "title":
		o.Title = value
	case "oid":
		o.OID = value
	case "edition":
		o.Edition = value
	case "source":
		o.Source = value
	}
}

// tidy: not empty, no control character, single plain spaces, none at the ends.
func tidy(s string) bool {
	space := true
	for _, r := range s {
		if unicode.IsControl(r) || unicode.IsSpace(r) && (r != ' ' || space) {
			return false
		}
		space = r == ' '
	}
	return !space
}
