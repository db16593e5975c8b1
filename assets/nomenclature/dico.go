package nomenclature

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// MaxDICO is the largest DICO-FR.GIP accepted, in bytes. The file of ANS
// (version 02.18) has 43 067.
const MaxDICO = 1 << 20

// ErrDICO is wrapped by every error about the content of a DICO stream.
var ErrDICO = errors.New("not a DICO-FR.GIP table")

// ChecksumError says that the content of a DICO is not what its last line
// promises: it was changed or damaged after ANS made it. It wraps ErrDICO.
type ChecksumError struct {
	Stated   string // SHA-1 that the file states, 40 upper-case hexadecimal digits
	Computed string // SHA-1 of what comes before that line
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("DICO-FR.GIP: the file states SHA-1 %s, its content has %s", e.Stated, e.Computed)
}

// Unwrap makes errors.Is(err, ErrDICO) hold.
func (e *ChecksumError) Unwrap() error { return ErrDICO }

// Dictionary is a DICO-FR.GIP, read and verified. The nil Dictionary knows
// nothing and may be asked.
type Dictionary struct {
	version string
	tables  map[Table]map[string]string
}

// Version is what the file says of itself, "02.18 - 28/02/2020".
func (d *Dictionary) Version() string {
	if d == nil {
		return ""
	}
	return d.version
}

// Label gives the label of a code in any table of the file, the tables that
// this package does not embed included ("G100", "R03"). Codes whose meaning
// depends on a second key (tariff zones, G102) have no label here.
func (d *Dictionary) Label(t Table, code string) (label string, ok bool) {
	if d == nil {
		return "", false
	}
	label, ok = d.tables[t][code]
	return label, ok
}

// ReadDICO reads the table file that ANS ships with the Cryptolib CPS:
// ISO-8859-1, one row a line, six fields between tabs: table, code, two
// further keys that most rows leave empty, length of the label, label. The
// last but one row gives the version ("G999", "Version"), the last one
// ("G999", "Checksum") the SHA-1 of every byte before it.
//
// At most MaxDICO bytes are read. The error wraps ErrDICO when the content is
// wrong, is a *ChecksumError when only the sum is, and otherwise is that of r.
func ReadDICO(r io.Reader) (*Dictionary, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxDICO+1))
	if err != nil {
		return nil, fmt.Errorf("read DICO-FR.GIP: %w", err)
	}
	if len(raw) > MaxDICO {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrDICO, MaxDICO)
	}
	body, err := verifySum(raw)
	if err != nil {
		return nil, err
	}
	// ISO-8859-1 gives a character to every byte: decoding cannot fail on content.
	text, err := charmap.ISO8859_1.NewDecoder().Bytes(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDICO, err)
	}
	d := &Dictionary{tables: make(map[Table]map[string]string)}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if err := d.add(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrDICO, number, err)
		}
	}
	if d.version == "" {
		return nil, fmt.Errorf("%w: no version row", ErrDICO)
	}
	return d, nil
}

// verifySum takes the checksum row off and compares it with what is before.
func verifySum(raw []byte) (body []byte, err error) {
	last := bytes.LastIndexByte(bytes.TrimRight(raw, "\r\n"), '\n') + 1
	body, row := raw[:last], strings.TrimRight(string(raw[last:]), "\r\n")
	fields := strings.Split(row, "\t")
	if len(fields) != 6 || fields[0] != "G999" || fields[1] != "Checksum" {
		return nil, fmt.Errorf("%w: the last line is no checksum", ErrDICO)
	}
	stated, found := strings.CutPrefix(fields[5], "SHA-1 : ")
	want, err := hex.DecodeString(stated)
	if !found || err != nil || len(want) != sha1.Size {
		return nil, fmt.Errorf("%w: the last line holds no SHA-1", ErrDICO)
	}
	if sum := sha1.Sum(body); !bytes.Equal(sum[:], want) {
		return nil, &ChecksumError{
			Stated:   strings.ToUpper(stated),
			Computed: strings.ToUpper(hex.EncodeToString(sum[:])),
		}
	}
	return body, nil
}

// add takes one row. The length field is not compared: the official file has
// a row where it is wrong.
func (d *Dictionary) add(line string) error {
	fields := strings.Split(line, "\t")
	if len(fields) != 6 {
		return fmt.Errorf("%d fields, expected 6", len(fields))
	}
	name, code, label := Table(fields[0]), fields[1], strings.TrimSpace(fields[5])
	if name == "" || code == "" || label == "" {
		return errors.New("empty table, code or label")
	}
	if name == "G999" && code == "Version" {
		d.version = strings.TrimPrefix(label, "Version : ")
		return nil
	}
	if fields[2] != "" || fields[3] != "" {
		return nil
	}
	rows := d.tables[name]
	if rows == nil {
		rows = make(map[string]string)
		d.tables[name] = rows
	}
	if _, twice := rows[code]; twice {
		return fmt.Errorf("code %s twice in table %s", code, name)
	}
	rows[code] = label
	return nil
}
