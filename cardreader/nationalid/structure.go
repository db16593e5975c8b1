package nationalid

import "strings"

// Structure is the identifiant national of a structure (Struct_idNat), split.
type Structure struct {
	// Value is the whole identifier, with the type digit of table G07: 10
	// characters for a FINESS, 15 for a SIRET.
	Value string
	Type  Type
	// Number is Value without the type digit.
	Number string
}

// structureTypes is table G07, by type digit. The digits are not those of
// table G08: 3 is a SIRET here and the employee of a FINESS there.
var structureTypes = [5]Type{CabinetADELI, FINESS, SIREN, SIRET, CabinetRPPS}

func newStructure(t Type, number string) Structure {
	for digit, known := range structureTypes {
		if known == t {
			return Structure{Value: string(rune('0'+digit)) + number, Type: t, Number: number}
		}
	}
	return Structure{Type: t, Number: number}
}

// ParseStructure reads the identifiant national of a structure as it stands in
// tag 85 of CPS_ACTIVITY_nn_PS or as the organizational unit of a certificate.
// It trims and refuses as Parse does.
func ParseStructure(s string) (Structure, error) {
	value := trim(s)
	if err := checkForm(value); err != nil {
		return Structure{}, err
	}
	t := Unknown
	if digit := int(value[0] - '0'); digit < len(structureTypes) {
		t = structureTypes[digit]
	}
	return Structure{Value: value, Type: t, Number: value[1:]}, nil
}

// TestRange tells whether the structure lies in a range that ANS keeps for
// tests; see Identifier.TestRange.
func (s Structure) TestRange() bool {
	switch s.Type {
	case CabinetRPPS:
		return strings.HasPrefix(s.Number, "997")
	case SIRET:
		return strings.HasPrefix(s.Number, "000000000")
	}
	return false
}
