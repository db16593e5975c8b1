// Package virtualcard is an emulated card of the CPx family: the files, the
// code porteur and the habits of a CPS3, a CPS3 contactless or a CPS4, made
// from a short description, with faults on request. It serves the
// demonstration and the tests in this process, and, through package vpcd, any
// program of the workstation in a real PC/SC reader.
//
// Every person on a virtual card is fictitious, every number lies in the test
// ranges of ANS, and the keys are made when the card is.
package virtualcard

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"

	"postecpx/cardreader/cps"
)

// Description says what card to make. Codes are those of the ANS
// nomenclatures, in text.
type Description struct {
	// Name is how a person asks for the card: letters and dashes.
	Name string `toml:"-"`
	// Summary says in one line what the card is, by language: fr, en.
	Summary map[string]string `toml:"summary"`

	Generation cps.Generation `toml:"generation"` // CPS3 or CPS4
	Interface  cps.Interface  `toml:"interface"`  // contact, or contactless for a CPS3
	Number     string         `toml:"number"`     // 10 digits
	Type       byte           `toml:"type"`       // G02
	Category   byte           `toml:"category"`   // G01, 0x80 for a test card
	// AgeDays is how long ago the card was issued, ValidDays how long it is
	// valid from that day.
	AgeDays   int `toml:"age_days"`
	ValidDays int `toml:"valid_days"`

	Identifier       string   `toml:"identifier"`
	Civility         byte     `toml:"civility"` // G03
	FamilyName       string   `toml:"family_name"`
	GivenName        string   `toml:"given_name"`
	FirstNames       []string `toml:"first_names"`
	Profession       byte     `toml:"profession"`        // G15, 0 for none
	FutureProfession byte     `toml:"future_profession"` // G16, 0 for none
	Speciality       string   `toml:"speciality"`        // R01

	PIN          PIN          `toml:"pin"`
	Certificates Certificates `toml:"certificates"`
	Activities   []Activity   `toml:"activity"`
	Billing      []Billing    `toml:"billing"`
}

// PIN is the code porteur of the card and its counter.
type PIN struct {
	Code      string `toml:"code"`
	TriesLeft int    `toml:"tries_left"`
	// PUK is the code de déblocage, 8 digits; 12345678 when empty.
	PUK string `toml:"puk"`
}

func (p PIN) puk() string {
	if p.PUK == "" {
		return defaultUnblock
	}
	return p.PUK
}

// Certificates says what certificates the card holds.
type Certificates struct {
	None bool `toml:"none"`
	// CommonName stands for Identifier in the subjects, when not empty.
	CommonName string `toml:"common_name"`
	// Title is the profession in words.
	Title string `toml:"title"`
	// Responsibility is the niveau de responsabilité (G04) in an extension.
	Responsibility string `toml:"responsibility"`
	// Organisation and Unit are the O and OU of an employee.
	Organisation string `toml:"organisation"`
	Unit         string `toml:"unit"`
}

// Activity is one situation d'exercice, readable after the code porteur.
type Activity struct {
	Mode      byte   `toml:"mode"`      // G17
	Name      string `toml:"name"`      // raison sociale
	Structure string `toml:"structure"` // type digit (G07) and number
	Sector    string `toml:"sector"`    // R02
}

// Billing is one situation de facturation, readable after the code porteur.
type Billing struct {
	Activity   byte   `toml:"activity"`   // number of the situation d'exercice
	Identifier string `toml:"identifier"` // at most 10 digits
	Convention string `toml:"convention"` // at most 6 digits
	Approvals  string `toml:"approvals"`  // at most 6 digits
	Rights     byte   `toml:"rights"`
}

func (b Billing) check() error {
	for name, value := range map[string]struct {
		digits string
		most   int
	}{"identifier": {b.Identifier, 10}, "convention": {b.Convention, 6}, "approvals": {b.Approvals, 6}} {
		if len(value.digits) > value.most || strings.Trim(value.digits, "0123456789") != "" {
			return fmt.Errorf("billing %s %q: at most %d digits", name, value.digits, value.most)
		}
	}
	return nil
}

//go:embed cards/*.toml
var shipped embed.FS

// Names lists the shipped cards, sorted.
func Names() []string {
	files, err := fs.Glob(shipped, "cards/*.toml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(path.Base(f), ".toml")
	}
	sort.Strings(names)
	return names
}

// UnknownError says that no card of that name is shipped.
type UnknownError struct {
	Name  string
	Known []string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("no virtual card %q: there are %s", e.Name, strings.Join(e.Known, ", "))
}

// Shipped returns the description of a shipped card. The error names those
// that there are.
func Shipped(name string) (Description, error) {
	data, err := shipped.ReadFile("cards/" + name + ".toml")
	if err != nil {
		return Description{}, &UnknownError{Name: name, Known: Names()}
	}
	return Parse(name, data)
}

// Parse reads a description written in TOML. A key that means nothing and a
// value that no card can hold are errors.
func Parse(name string, data []byte) (Description, error) {
	d := Description{Name: name}
	meta, err := toml.Decode(string(data), &d)
	if err != nil {
		return Description{}, fmt.Errorf("card description %s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return Description{}, fmt.Errorf("card description %s: unknown key %s", name, unknown[0])
	}
	if err := d.check(); err != nil {
		return Description{}, fmt.Errorf("card description %s: %w", name, err)
	}
	return d, nil
}

func (d *Description) check() error {
	switch {
	case d.Generation != cps.CPS3 && d.Generation != cps.CPS4:
		return fmt.Errorf("generation %q: CPS3 or CPS4", d.Generation)
	case d.Interface != cps.Contact && d.Interface != cps.Contactless:
		return fmt.Errorf("interface %q: contact or contactless", d.Interface)
	case d.Interface == cps.Contactless && d.Generation != cps.CPS3:
		return fmt.Errorf("only a CPS3 is known to be contactless")
	case len(d.Number) != 10 || strings.Trim(d.Number, "0123456789") != "":
		return fmt.Errorf("number %q: 10 digits", d.Number)
	case d.PIN.TriesLeft < 0 || d.PIN.TriesLeft > maxTries:
		return fmt.Errorf("tries left %d: 0 to %d", d.PIN.TriesLeft, maxTries)
	case !isCode(d.PIN.Code):
		return fmt.Errorf("code porteur: %d to %d digits", leastCode, mostCode)
	case !isCode(d.PIN.puk()) || len(d.PIN.puk()) != mostCode:
		return fmt.Errorf("code de déblocage: %d digits", mostCode)
	case len(d.Activities) > 16:
		return fmt.Errorf("%d activities: at most 16", len(d.Activities))
	case len(d.Billing) > 8:
		return fmt.Errorf("%d situations of billing: at most 8", len(d.Billing))
	case d.ValidDays <= 0:
		return fmt.Errorf("valid_days %d: more than 0", d.ValidDays)
	}
	for _, b := range d.Billing {
		if err := b.check(); err != nil {
			return err
		}
	}
	return nil
}
