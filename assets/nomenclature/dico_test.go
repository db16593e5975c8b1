package nomenclature

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const version = "G999\tVersion\t\t\t28\tVersion : 09.99 - 01/01/2025\r\n"

// dico makes a file: rows in UTF-8, encoded, with a checksum row that fits.
func dico(t testing.TB, rows ...string) []byte {
	t.Helper()
	body, err := charmap.ISO8859_1.NewEncoder().Bytes([]byte(strings.Join(rows, "")))
	if err != nil {
		t.Fatal(err)
	}
	return sealed(body)
}

func sealed(body []byte) []byte {
	return fmt.Appendf(bytes.Clone(body), "G999\tChecksum\t\t\t48\tSHA-1 : %X\r\n", sha1.Sum(body))
}

func TestReadDICO(t *testing.T) {
	t.Parallel()
	d, err := ReadDICO(bytes.NewReader(dico(t,
		"NOM_TABLE\tG15\t\t\t11\tProfessions\r\n",
		"G15\t10\t\t\t7\tMédecin\r\n",
		"G15\t93\t\t\t11\tPsychologue\r\n",
		"G20\t07\t\t\t31\tDiplôme d'Etat de puériculture \r\n",
		"G12\t131\t\t\t16\tlength field that is wrong\r\n",
		"G102\t10\t1\t\t6\tZone A\r\n",
		"G102\t10\t2\t\t6\tZone B\r\n",
		version,
	)))
	if err != nil {
		t.Fatal(err)
	}
	if d.Version() != "09.99 - 01/01/2025" {
		t.Errorf("version %q", d.Version())
	}
	tests := []struct {
		table Table
		code  string
		want  string
		ok    bool
	}{
		{G15, "10", "Médecin", true},
		{G15, "93", "Psychologue", true},
		{"G20", "07", "Diplôme d'Etat de puériculture", true},
		{"G12", "131", "length field that is wrong", true},
		{"NOM_TABLE", "G15", "Professions", true},
		{"G102", "10", "", false}, // two keys
		{G15, "40", "", false},
		{R01, "SM01", "", false},
	}
	for _, test := range tests {
		if got, ok := d.Label(test.table, test.code); got != test.want || ok != test.ok {
			t.Errorf("Label(%s, %s) = %q, %v; expected %q, %v", test.table, test.code, got, ok, test.want, test.ok)
		}
	}
}

func TestReadDICOWithLineFeedsOnly(t *testing.T) {
	t.Parallel()
	body := "G15\t10\t\t\t7\tlabel\n" + strings.Replace(version, "\r", "", 1)
	d, err := ReadDICO(bytes.NewReader(sealed([]byte(body))))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := d.Label(G15, "10"); got != "label" || d.Version() != "09.99 - 01/01/2025" {
		t.Errorf("label %q, version %q", got, d.Version())
	}
}

func TestNilDictionary(t *testing.T) {
	t.Parallel()
	var d *Dictionary
	if label, ok := d.Label(G15, "10"); ok || label != "" || d.Version() != "" {
		t.Errorf("%q, %v, version %q", label, ok, d.Version())
	}
}

func TestReadDICOChecksum(t *testing.T) {
	t.Parallel()
	file := dico(t, "G15\t10\t\t\t7\tMédecin\r\n", version)
	// Up to the line end before the sum: without it there is no last line.
	for i := range bytes.Index(file, []byte("\nG999\tChecksum")) {
		changed := bytes.Clone(file)
		changed[i] ^= 0x01
		_, err := ReadDICO(bytes.NewReader(changed))
		var sum *ChecksumError
		if !errors.As(err, &sum) || !errors.Is(err, ErrDICO) {
			t.Fatalf("byte %d changed: error %v", i, err)
		}
		if len(sum.Stated) != 40 || len(sum.Computed) != 40 || sum.Stated == sum.Computed {
			t.Fatalf("byte %d changed: %+v", i, sum)
		}
	}
}

func TestReadDICORefuses(t *testing.T) {
	t.Parallel()
	good := dico(t, "G15\t10\t\t\t7\tlabel\r\n", version)
	tests := map[string][]byte{
		"nothing":             nil,
		"line ends":           []byte("\r\n\r\n"),
		"no checksum":         []byte(version),
		"text after the sum":  append(bytes.Clone(good), version...),
		"not a SHA-1":         []byte(version + "G999\tChecksum\t\t\t48\tSHA-1 : 00\r\n"),
		"not hexadecimal":     []byte(version + "G999\tChecksum\t\t\t48\tSHA-1 : " + strings.Repeat("Z", 40) + "\r\n"),
		"another sum":         []byte(version + "G999\tChecksum\t\t\t48\tMD5 : " + strings.Repeat("0", 40) + "\r\n"),
		"five fields":         dico(t, "G15\t10\t\t7\tlabel\r\n", version),
		"seven fields":        dico(t, "G15\t10\t\t\t7\tlabel\tmore\r\n", version),
		"no code":             dico(t, "G15\t\t\t\t7\tlabel\r\n", version),
		"no label":            dico(t, "G15\t10\t\t\t0\t\r\n", version),
		"blank label":         dico(t, "G15\t10\t\t\t1\t \r\n", version),
		"same code twice":     dico(t, "G15\t10\t\t\t1\ta\r\n", "G15\t10\t\t\t1\tb\r\n", version),
		"empty line":          dico(t, "\r\n", version),
		"no version":          dico(t, "G15\t10\t\t\t7\tlabel\r\n"),
		"more than the limit": bytes.Repeat([]byte("x"), MaxDICO+1),
	}
	for name, file := range tests {
		d, err := ReadDICO(bytes.NewReader(file))
		if !errors.Is(err, ErrDICO) || d != nil {
			t.Errorf("%s: %v, error %v", name, d, err)
		}
	}
}

// The reader stops at the limit: an endless stream must not fill the memory.
func TestReadDICOIsBounded(t *testing.T) {
	t.Parallel()
	endless := &counter{}
	if _, err := ReadDICO(endless); !errors.Is(err, ErrDICO) {
		t.Errorf("error %v", err)
	}
	if endless.read > 2*MaxDICO {
		t.Errorf("%d bytes read", endless.read)
	}
}

type counter struct{ read int }

func (c *counter) Read(p []byte) (int, error) {
	c.read += len(p)
	return len(p), nil
}

func TestReadDICOReaderError(t *testing.T) {
	t.Parallel()
	if _, err := ReadDICO(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrDICO) {
		t.Errorf("error %v", err)
	}
}

// The file as ANS installs it with the Cryptolib CPS on Linux, when it is here.
func TestReadDICOOfTheCryptolib(t *testing.T) {
	t.Parallel()
	const path = "/etc/opt/santesocial/CPS/DICO-FR.GIP"
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the Cryptolib CPS is not installed: no %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d, err := ReadDICO(file)
	if err != nil {
		t.Fatal(err)
	}
	if d.Version() == "" {
		t.Error("no version")
	}
	if got, _ := d.Label(G15, "10"); got != "Médecin" {
		t.Errorf("G15 10 is %q", got)
	}
	for _, table := range Tables() {
		for code, label := range d.tables[table] {
			if _, ok := Label(table, code); !ok {
				t.Logf("version %s names %s %s %q, the embedded table does not", d.Version(), table, code, label)
			}
		}
	}
}

func FuzzReadDICO(f *testing.F) {
	f.Add(dico(f, "G15\t10\t\t\t7\tMédecin\r\n", version))
	f.Add([]byte("G15\t10\t\t\t7\tlabel\r\n" + version))
	f.Add([]byte("G102\t10\t1\t\t6\tZone A\r\n" + version))
	f.Add([]byte("\r\n\n\t"))
	f.Fuzz(func(t *testing.T, input []byte) {
		// As it is, and as rows under a sum that fits, so that rows are reached.
		for _, file := range [][]byte{input, sealed(input)} {
			d, err := ReadDICO(bytes.NewReader(file))
			if err != nil {
				if !errors.Is(err, ErrDICO) || d != nil {
					t.Fatalf("%v, error %v", d, err)
				}
				continue
			}
			if d.Version() == "" {
				t.Fatal("no version")
			}
			for table, rows := range d.tables {
				for code, label := range rows {
					if table == "" || code == "" || strings.TrimSpace(label) == "" || !utf8.ValidString(label) {
						t.Fatalf("%q %q %q", table, code, label)
					}
				}
			}
		}
	})
}
