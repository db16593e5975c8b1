// Package nationalid reads the identifiant national of a person (PS_IdNat, OID
// 1.2.250.1.71.4.2.1) and of a structure (Struct_idNat, OID
// 1.2.250.1.71.4.2.2): a type digit followed by a number. It is pure.
//
// Three questions are kept apart. Parse says what an identifier is, as it
// stands on a card or in a certificate. Check says what is wrong with it: a
// check digit that fails is a Problem and not an error, for the identifier was
// read all the same. Interpret says what a person may have meant by what they
// typed. Nothing here corrects an identifier.
package nationalid

import (
	"fmt"
	"strings"
)

// Type says which register gave an identifier. A person's type stands in table
// TRE_G08-TypeIdentifiantPersonne of ANS, a structure's in table G07; the two
// tables give different digits to the same type.
type Type string

// Types that stand on a card. FINESS, SIREN, SIRET, CabinetRPPS and
// CabinetADELI, as the type of a person, are employees: the number of their
// structure, "/", and their number in its register. The codes 10 (adresse
// MSSanté) and 30 (situation opérationnelle du ROR) of table G08 never stand
// on a card and have no Type.
const (
	Unknown      Type = "" // 7, which is not allocated
	RPPS         Type = "RPPS"
	ADELI        Type = "ADELI"
	FINESS       Type = "FINESS"
	SIREN        Type = "SIREN"
	SIRET        Type = "SIRET"
	CabinetRPPS  Type = "CABINET-RPPS"
	CabinetADELI Type = "CABINET-ADELI"
	DRASS        Type = "DRASS"
	Student      Type = "STUDENT"
)

// personTypes is table G08, by type digit.
var personTypes = [10]Type{ADELI, CabinetADELI, DRASS, FINESS, SIREN, SIRET, CabinetRPPS, Unknown, RPPS, Student}

// Employee tells whether a person of that type is known by a structure and
// their number in its register.
func (t Type) Employee() bool {
	switch t {
	case FINESS, SIREN, SIRET, CabinetRPPS, CabinetADELI:
		return true
	}
	return false
}

// Withdrawn tells whether ANS ended that type in table G08 (29 May 2020: DRASS
// and Student). It is a note and no Problem: such an identifier was right, and
// the dates of its card say that it is over.
func (t Type) Withdrawn() bool { return t == DRASS || t == Student }

// Identifier is the identifiant national of a person, split.
type Identifier struct {
	// Value is the whole identifier as it stands on the card, type digit
	// included: 12 digits for an RPPS.
	Value string
	Type  Type
	// Number is Value without the type digit.
	Number string
}

// Register is the number of an employee in the register of their structure,
// "" for any other person and when it is missing.
func (i Identifier) Register() string {
	if !i.Type.Employee() {
		return ""
	}
	_, register, _ := strings.Cut(i.Number, "/")
	return register
}

// Structure is the structure of an employee, under the type digit of table
// G07; false for any other person.
func (i Identifier) Structure() (Structure, bool) {
	if !i.Type.Employee() {
		return Structure{}, false
	}
	number, _, _ := strings.Cut(i.Number, "/")
	return newStructure(i.Type, number), true
}

// TestRange tells whether the identifier lies in a range that ANS keeps for
// tests: an RPPS or the RPPS of a cabinet that starts with 997, an ADELI of the
// department 0B, a SIRET of the SIREN 000000000. False means that no such
// range is known, not that the person is real.
func (i Identifier) TestRange() bool {
	switch i.Type {
	case RPPS:
		return strings.HasPrefix(i.Number, "997")
	case ADELI:
		return strings.HasPrefix(i.Number, "0B")
	}
	s, ok := i.Structure()
	return ok && s.TestRange()
}

// FormCode is a stable code for why a text is no identifier at all.
type FormCode string

// Reasons of a FormError.
const (
	FormEmpty         FormCode = "empty"          // nothing, or padding only
	FormTooLong       FormCode = "too-long"       // more than 64 characters
	FormUnreadable    FormCode = "unreadable"     // a control character, or one that is not ASCII
	FormTypeDigit     FormCode = "type-digit"     // the first character is not a digit
	FormNumberMissing FormCode = "number-missing" // nothing after the type digit
	FormMailAddress   FormCode = "mail-address"   // an address, as of MSSanté
	FormCardSerial    FormCode = "card-serial"    // the serial of a card: 8025000001/ and its number
)

// FormCodes lists every FormCode.
func FormCodes() []FormCode {
	return []FormCode{FormEmpty, FormTooLong, FormUnreadable, FormTypeDigit, FormNumberMissing, FormMailAddress, FormCardSerial}
}

// FormError says why a text is no identifier at all. It does not repeat the
// text, which may name a person.
type FormError struct {
	Code FormCode
	// Offset of the first wrong byte in the trimmed text, 0 when it is the
	// whole that is wrong.
	Offset int
}

func (e *FormError) Error() string {
	if e.Code == FormUnreadable {
		return fmt.Sprintf("not an identifiant national: %s at byte %d", e.Code, e.Offset)
	}
	return fmt.Sprintf("not an identifiant national: %s", e.Code)
}

// maxLength is the upper bound of a common name (X.520, ub-common-name).
const maxLength = 64

// cardIssuer begins the serial of a CPx in its technical certificate: the
// number of ANS as an issuer of cards. Its 8 is not the type digit of an RPPS.
const cardIssuer = "8025000001/"

// Parse reads the identifiant national of a person as it stands in tag 81 of
// CPS_INFO_PS or as the common name of a certificate. Spaces and NULs around
// it are padding; nothing else is changed. What is wrong with an identifier is
// for Check to say; the error is a *FormError, for a text that is none at all.
func Parse(s string) (Identifier, error) {
	value := trim(s)
	if err := checkForm(value); err != nil {
		return Identifier{}, err
	}
	if strings.HasPrefix(value, cardIssuer) {
		return Identifier{}, &FormError{Code: FormCardSerial}
	}
	return Identifier{Value: value, Type: personTypes[value[0]-'0'], Number: value[1:]}, nil
}

// Same tells whether two sources hold the same identifier, character for
// character once the padding spaces and NULs around it are taken away. Two
// empty values are not the same: an identifier that is absent confirms nothing.
func Same(a, b string) bool {
	a, b = trim(a), trim(b)
	return a != "" && a == b
}

func trim(s string) string { return strings.Trim(s, " \x00") }

// checkForm finds why a trimmed text is neither a type digit nor a number.
func checkForm(value string) error {
	switch {
	case value == "":
		return &FormError{Code: FormEmpty}
	case len(value) > maxLength:
		return &FormError{Code: FormTooLong, Offset: maxLength}
	}
	for offset := range len(value) {
		if value[offset] < ' ' || value[offset] > '~' {
			return &FormError{Code: FormUnreadable, Offset: offset}
		}
	}
	switch {
	case strings.Contains(value, "@"):
		return &FormError{Code: FormMailAddress}
	case !isDigit(value[0]):
		return &FormError{Code: FormTypeDigit}
	case len(value) == 1:
		return &FormError{Code: FormNumberMissing, Offset: 1}
	}
	return nil
}
