package atr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// row is one pattern with its name.
type row struct {
	value, mask []byte // an ATR fits when every byte agrees under the mask
	fixed       int    // digits that are not a wildcard
	name        Name
	pattern     string
	example     string // an ATR that fits; the pattern itself when it has no wildcard
}

func (r row) matches(atr []byte) bool {
	if len(atr) != len(r.value) {
		return false
	}
	for i, b := range atr {
		if b&r.mask[i] != r.value[i] {
			return false
		}
	}
	return true
}

var errTable = errors.New("not an ATR table")

// parse reads the table: lines that start with "# " are remarks, the others
// are pattern, kind, French name, English name and, when the pattern has a
// wildcard, an example, between tabs.
func parse(text string) ([]row, error) {
	var rows []row
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		r, err := parseRow(strings.Split(line, "\t"))
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errTable, number, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func parseRow(fields []string) (row, error) {
	if len(fields) != 4 && len(fields) != 5 {
		return row{}, fmt.Errorf("%d fields, expected 4 or 5", len(fields))
	}
	for _, field := range fields {
		if field == "" || strings.TrimSpace(field) != field {
			return row{}, fmt.Errorf("empty field or stray space: %q", field)
		}
	}
	r := row{
		pattern: fields[0],
		example: fields[len(fields)-1],
		name:    Name{Kind: Kind(fields[1]), French: fields[2], English: fields[3]},
	}
	if !slices.Contains(Kinds(), r.name.Kind) {
		return row{}, fmt.Errorf("unknown kind %q", r.name.Kind)
	}
	if err := r.setPattern(); err != nil {
		return row{}, err
	}
	wild := r.fixed < 2*len(r.value)
	if wild != (len(fields) == 5) {
		return row{}, errors.New("a pattern has an example when, and only when, it has a wildcard")
	}
	if !wild {
		r.example = r.pattern
	}
	return r, nil
}

// setPattern reads "3B 7F .. 0. FE": bytes of two digits, each hexadecimal in
// upper case or a dot for any. The first byte is TS, never a wildcard
// (ISO/IEC 7816-3 §8.1); an ATR has 2 to 33 bytes (§8.2.1).
func (r *row) setPattern() error {
	bytes := strings.Split(r.pattern, " ")
	if len(bytes) < 2 || len(bytes) > 33 || bytes[0] != "3B" && bytes[0] != "3F" {
		return fmt.Errorf("pattern %q is no ATR", r.pattern)
	}
	for _, pair := range bytes {
		if len(pair) != 2 {
			return fmt.Errorf("pattern %q: %q is not two digits", r.pattern, pair)
		}
		var value, mask byte
		for _, digit := range []byte(pair) {
			value, mask = value<<4, mask<<4
			if digit == '.' {
				continue
			}
			nibble := strings.IndexByte("0123456789ABCDEF", digit)
			if nibble < 0 {
				return fmt.Errorf("pattern %q: %q is not a hexadecimal digit", r.pattern, digit)
			}
			value, mask = value|byte(nibble), mask|0x0F
			r.fixed++
		}
		r.value, r.mask = append(r.value, value), append(r.mask, mask)
	}
	return nil
}
