package nationalid

import (
	"slices"
	"strings"
)

// Problem is a stable code for what is wrong with an identifier.
type Problem string

// Problems of one identifier.
const (
	// ProblemTypeUnknown: the type digit stands for nothing in the table.
	ProblemTypeUnknown Problem = "type-unknown"
	// ProblemLength: the number is longer or shorter than its type wants.
	ProblemLength Problem = "length"
	// ProblemCharacters: the number holds a character that its type does not
	// allow.
	ProblemCharacters Problem = "characters"
	// ProblemRegisterMissing: an employee without "/" and a register number.
	ProblemRegisterMissing Problem = "register-missing"
	// ProblemZeros: the number is made of zeros only. The check digit holds,
	// and yet it is nobody's.
	ProblemZeros Problem = "all-zeros"
	// ProblemLuhn: the check digit fails; ExpectedKey says which one would
	// hold. One digit at least is wrong, and nothing tells which.
	ProblemLuhn Problem = "luhn"
	// ProblemKeyUnknown: ANS publishes no rule for the check digit of this
	// type, so that nothing more than the form can be verified. It is no sign
	// that the identifier is wrong.
	ProblemKeyUnknown Problem = "check-digit-unknown"
)

// Problems lists every Problem that this package finds.
func Problems() []Problem {
	return []Problem{ProblemTypeUnknown, ProblemLength, ProblemCharacters, ProblemRegisterMissing, ProblemZeros, ProblemLuhn, ProblemKeyUnknown}
}

// Check finds what is wrong with the identifier, or cannot be verified, in the
// order of Problems; nil when its form and its check digit hold. The check
// digit is looked at only when the form holds.
func (i Identifier) Check() []Problem {
	number, form := i.Number, []Problem(nil)
	if i.Type.Employee() {
		var register string
		number, register, _ = strings.Cut(i.Number, "/")
		switch {
		case register == "":
			form = append(form, ProblemRegisterMissing)
		case !all(register, isRegister):
			form = append(form, ProblemCharacters)
		}
	}
	return inOrder(append(form, checkNumber(i.Type, number)...))
}

// Check finds what is wrong with the structure, as Identifier.Check does.
func (s Structure) Check() []Problem { return inOrder(checkNumber(s.Type, s.Number)) }

// ExpectedKey is the check digit, 0 to 9, that the other digits call for: the
// last digit of an RPPS, FINESS, SIREN or SIRET, the 11th of a cabinet RPPS.
// False when the form does not hold, when the rule is not published, and for
// the SIRET of La Poste, whose own rule allows more than one digit.
//
// It serves to explain ProblemLuhn. It must not be used to put an identifier
// right: any of its digits may be the wrong one.
func (i Identifier) ExpectedKey() (int, bool) {
	if s, ok := i.Structure(); ok {
		return s.ExpectedKey()
	}
	return expectedKey(i.Type, i.Number)
}

// ExpectedKey is that of Identifier.ExpectedKey, for a structure.
func (s Structure) ExpectedKey() (int, bool) { return expectedKey(s.Type, s.Number) }

// checkNumber looks at an RPPS, at an ADELI or at the number of a structure.
func checkNumber(t Type, number string) []Problem {
	if t == Unknown {
		return []Problem{ProblemTypeUnknown}
	}
	var found []Problem
	if want := length(t); want != 0 && len(number) != want || number == "" {
		found = append(found, ProblemLength)
	}
	if !allowed(t, number) {
		found = append(found, ProblemCharacters)
	}
	if found != nil {
		return found
	}
	if all(number, func(c byte) bool { return c == '0' }) {
		found = append(found, ProblemZeros)
	}
	digits, known := checked(t, number)
	switch {
	case !known:
		found = append(found, ProblemKeyUnknown)
	case luhnSum(digits)%10 == 0:
	case isLaPoste(t, number) && digitSum(number)%5 == 0:
	default:
		found = append(found, ProblemLuhn)
	}
	return found
}

// length is the number of characters of that type of number, 0 when it is not
// established.
func length(t Type) int {
	switch t {
	case RPPS:
		return 11
	case ADELI, FINESS, SIREN:
		return 9
	case SIRET, CabinetRPPS:
		return 14 // a cabinet: the 11 digits of an RPPS and a rank of 3
	}
	return 0
}

// allowed tells whether the characters of the number are those of its type.
func allowed(t Type, number string) bool {
	switch t {
	case RPPS, SIREN, SIRET, CabinetRPPS:
		return all(number, isDigit)
	case FINESS:
		return all(withoutDepartment(number, "2A", "2B"), isDigit)
	case ADELI:
		return all(withoutDepartment(number, "2A", "2B", "0B"), isDigit)
	}
	return all(number, func(c byte) bool { return isDigit(c) || c >= 'A' && c <= 'Z' })
}

// withoutDepartment takes away a department that holds a letter.
func withoutDepartment(number string, departments ...string) string {
	for _, department := range departments {
		if rest, ok := strings.CutPrefix(number, department); ok {
			return rest
		}
	}
	return number
}

// checked gives the digits that the Luhn sum runs over, key last; false when
// no rule is published. The number has passed length and allowed. The type
// digit is never part of the sum.
func checked(t Type, number string) (string, bool) {
	switch t {
	case RPPS, SIREN, SIRET:
		return number, true
	case CabinetRPPS:
		return number[:11], true
	case FINESS:
		// The letter of Corsica counts as its rank in the alphabet.
		if number[1] == 'A' || number[1] == 'B' {
			return number[:1] + string(rune(number[1]-'A'+'1')) + number[2:], true
		}
		return number, true
	}
	return "", false
}

func expectedKey(t Type, number string) (int, bool) {
	if len(number) != length(t) || !allowed(t, number) || isLaPoste(t, number) {
		return 0, false
	}
	digits, known := checked(t, number)
	if !known {
		return 0, false
	}
	return (10 - luhnSum(digits[:len(digits)-1]+"0")%10) % 10, true
}

// isLaPoste finds the establishments of La Poste: too many for the Luhn key,
// they are numbered so that the sum of the digits is a multiple of 5 (INSEE).
func isLaPoste(t Type, number string) bool {
	return t == SIRET && strings.HasPrefix(number, "356000000")
}

// luhnSum is the sum of ISO/IEC 7812-1 annex B over digits: every second one
// from the right is doubled, and 9 taken away from what passes 9.
func luhnSum(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum
}

func digitSum(digits string) int {
	sum := 0
	for i := range len(digits) {
		sum += int(digits[i] - '0')
	}
	return sum
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isRegister allows what registers of establishments were seen to use.
func isRegister(c byte) bool {
	return isAlphanumeric(c) || c == '.' || c == '_' || c == '-'
}

func isAlphanumeric(c byte) bool {
	return isDigit(c) || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

// inOrder sorts what was found by the order of Problems, each once.
func inOrder(found []Problem) []Problem {
	var sorted []Problem
	for _, p := range Problems() {
		if slices.Contains(found, p) {
			sorted = append(sorted, p)
		}
	}
	return sorted
}
