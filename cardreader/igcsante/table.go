package igcsante

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	data "postecpx/assets/igcsante"
)

// Kind of certification authority.
type Kind string

// Kinds of authority.
const (
	Root         Kind = "root"
	Intermediate Kind = "intermediate"
)

// Gamme is the level of assurance that IGC-Santé gives an authority, in ANS's
// word.
type Gamme string

// The three gammes.
const (
	Elementaire Gamme = "élémentaire"
	Standard    Gamme = "standard"
	Fort        Gamme = "fort"
)

// Use is whom an intermediate authority certifies. A root has none.
type Use string

// Uses.
const (
	Personnes     Use = "personnes"
	Organisations Use = "organisations"
)

// Authority is one certification authority of IGC-Santé.
type Authority struct {
	File         string    `json:"file"` // in the Cryptolib's Coffre, without date and extension
	CommonName   string    `json:"commonName"`
	Kind         Kind      `json:"kind"`
	Gamme        Gamme     `json:"gamme"`
	Use          Use       `json:"use,omitempty"`
	NotAfter     time.Time `json:"notAfter"` // UTC
	Serial       string    `json:"serial"`   // upper-case hexadecimal, as the others below
	SubjectKeyID string    `json:"subjectKeyId"`
	SHA1         string    `json:"sha1"`
	SHA256       string    `json:"sha256"`
	// Published is where ANS publishes the file, or the PKCS#7 bundle that
	// holds it: data for the person, never read by this package.
	Published string `json:"published"`
}

// organisation is what the names of all IGC-Santé authorities end with, in
// the form of RFC 4514.
const organisation = ",OU=IGC-SANTE,OU=0002 187512751,O=ASIP-SANTE,C=FR"

// DN is the distinguished name in the form of RFC 4514.
func (a Authority) DN() string { return "CN=" + a.CommonName + organisation }

// The TEST hierarchy of ANS mirrors the real one under these names. Its
// fingerprints are not known here: it is recognised, never trusted.
const (
	// TestUnit is the OU of its authorities.
	TestUnit = "IGC-SANTE TEST"
	// TestPrefix is what stands before the CN of the real authority.
	TestPrefix = "TEST "
	// TestPublished is where ANS publishes its certificates, as a PKCS#7 bundle.
	TestPublished = "http://igc-sante.esante.gouv.fr/AC%20TEST/Chaine_de_certification-IGC-Sante-TEST.p7b"
)

// Authorities lists the three roots and six intermediates.
func Authorities() []Authority { return slices.Clone(tables().authorities) }

// AuthorityBySHA256 finds the authority whose certificate has that
// fingerprint, in hexadecimal of either case.
func AuthorityBySHA256(fingerprint string) (Authority, bool) {
	return tables().authority(func(a Authority) bool { return strings.EqualFold(a.SHA256, fingerprint) })
}

func authorityByDN(dn string) (Authority, bool) {
	return tables().authority(func(a Authority) bool { return a.DN() == dn })
}

// Label names an object identifier.
type Label struct {
	// Name as its norm or nomenclature has it: "keyUsage", "TRE_G15-ProfessionSante".
	Name    string `json:"name"`
	French  string `json:"french"`
	English string `json:"english"`
}

// LabelOf names the dotted object identifier of an extension, a policy or a
// usage; ok is false when it is not in the table.
func LabelOf(oid string) (label Label, ok bool) {
	label, ok = tables().labels[oid]
	return label, ok
}

// nameOf is the name of an object identifier, or its dotted form.
func nameOf(oid string) string {
	if label, ok := LabelOf(oid); ok {
		return label.Name
	}
	return oid
}

type tableSet struct {
	authorities []Authority
	labels      map[string]Label
}

func (t tableSet) authority(fits func(Authority) bool) (Authority, bool) {
	if i := slices.IndexFunc(t.authorities, fits); i >= 0 {
		return t.authorities[i], true
	}
	return Authority{}, false
}

// tables are read at the first question, once. They are part of the program
// and the tests read them: a line that is wrong cannot reach a released one,
// where it would leave its authority untrusted.
func tables() tableSet {
	t, _ := loaded()
	return t
}

var loaded = sync.OnceValues(func() (tableSet, error) {
	authorities, authorityErr := parseAuthorities(data.Authorities)
	labels, labelErr := parseLabels(data.OIDs)
	return tableSet{authorities, labels}, errors.Join(authorityErr, labelErr)
})

func parseAuthorities(text string) ([]Authority, error) {
	var all []Authority
	err := eachLine(text, 11, func(f []string) error {
		notAfter, err := time.Parse(time.DateOnly, f[5])
		if err != nil {
			return err
		}
		a := Authority{
			File: f[0], CommonName: f[1], Kind: Kind(f[2]), Gamme: Gamme(f[3]), Use: Use(f[4]), NotAfter: notAfter,
			Serial: f[6], SubjectKeyID: f[7], SHA1: f[8], SHA256: f[9], Published: f[10],
		}
		switch {
		case a.Kind == Root && a.Use == "-":
			a.Use = ""
		case a.Kind == Intermediate && (a.Use == Personnes || a.Use == Organisations):
		default:
			return fmt.Errorf("kind %q with use %q", a.Kind, a.Use)
		}
		if a.Gamme != Elementaire && a.Gamme != Standard && a.Gamme != Fort {
			return fmt.Errorf("gamme %q", a.Gamme)
		}
		for _, h := range []struct {
			digits string
			size   int
		}{{a.Serial, 18}, {a.SubjectKeyID, 20}, {a.SHA1, 20}, {a.SHA256, 32}} {
			if b, err := hex.DecodeString(h.digits); err != nil || len(b) != h.size || strings.ToUpper(h.digits) != h.digits {
				return fmt.Errorf("%q is not %d bytes in upper-case hexadecimal", h.digits, h.size)
			}
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

func parseLabels(text string) (map[string]Label, error) {
	all := make(map[string]Label)
	err := eachLine(text, 4, func(f []string) error {
		if _, twice := all[f[0]]; twice {
			return fmt.Errorf("%s is there twice", f[0])
		}
		all[f[0]] = Label{Name: f[1], French: f[2], English: f[3]}
		return nil
	})
	return all, err
}

// eachLine gives the fields of every line that is not a remark.
func eachLine(text string, fields int, take func([]string) error) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != fields || slices.Contains(f, "") {
			return fmt.Errorf("IGC-Santé table, line %d: %d fields, expected %d, none empty", number, len(f), fields)
		}
		if err := take(f); err != nil {
			return fmt.Errorf("IGC-Santé table, line %d: %w", number, err)
		}
	}
	return nil
}
