package nationalid

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Numbers of ANS's test range, public examples of documentation and public
// establishments, with the digit that the sum calls for.
func TestCheckDigits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ     Type
		numbers []string
		valid   bool
	}{
		{RPPS, []string{"99700218896", "99700366240", "99700296140", "99700075122", "99700234190", "99700343942"}, true},
		{RPPS, []string{"10003461033", "10102727017", "10101201234", "10001234567", "10001766123"}, false}, // invented by their authors
		{FINESS, []string{"750712184", "690781810", "330781196", "750100125", "750000523", "760021832"}, true},
		{FINESS, []string{"2A0000014", "2A0000022", "2A0002606", "2B0000012", "2B0000020"}, true},
		{FINESS, []string{"2B0000014", "2A0000012", "750712185"}, false},
		{SIREN, []string{"187512751", "356000000"}, true},
		{SIREN, []string{"187512750"}, false},
		{SIRET, []string{"18751275100020", "00000000029751", "35600000000048"}, true},
		{SIRET, []string{"18751275100021"}, false},
		{SIRET, []string{"35600000000001", "35600000000010"}, true}, // La Poste: the sum is 15
		{CabinetRPPS, []string{"99700234190004", "99700234190999"}, true},
		{CabinetRPPS, []string{"99700234191004"}, false},
	}
	for _, tt := range tests {
		for _, number := range tt.numbers {
			var want []Problem
			if !tt.valid {
				want = []Problem{ProblemLuhn}
			}
			if got := checkNumber(tt.typ, number); !slices.Equal(got, want) {
				t.Errorf("%s %s: %v, want %v", tt.typ, number, got, want)
			}
		}
	}
	if got := checkNumber(SIRET, "35600000000002"); !slices.Equal(got, []Problem{ProblemLuhn}) {
		t.Errorf("a SIRET of La Poste that fits neither rule: %v", got)
	}
}

func TestExpectedKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		key   int
		known bool
	}{
		{"899700218896", 6, true},
		{"899700218890", 6, true},
		{"810003461033", 4, true},
		{"3760021839/1", 2, true},
		{"32A0000010/1", 4, true},
		{"3760021832", 2, true}, // without its register
		{"699700234199004/1", 0, true},
		{"89970021889", 0, false},
		{"89970021889O", 0, false},
		{"00B7010446", 0, false},
		{"10B701044601/5", 0, false},
		{"1/5", 0, false},
		{"2123456", 0, false},
		{"7123456", 0, false},
		{"535600000000002/1", 0, false},
	}
	for _, tt := range tests {
		id, err := Parse(tt.value)
		if err != nil {
			t.Fatal(err)
		}
		if key, known := id.ExpectedKey(); key != tt.key || known != tt.known {
			t.Errorf("%s: %d, %v, want %d, %v", tt.value, key, known, tt.key, tt.known)
		}
	}
}

// Luhn finds every single wrong digit and every exchange of two neighbours but
// 0 and 9: the promise that the explanation of ProblemLuhn makes.
func TestEverySingleErrorIsFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 997))
	for _, typ := range []Type{RPPS, FINESS, SIREN, SIRET} {
		for range 200 {
			number := []byte("997")
			for len(number) < length(typ) {
				number = append(number, byte('0'+random.IntN(10)))
			}
			key, ok := expectedKey(typ, string(number))
			if !ok {
				t.Fatalf("%s %s has no key", typ, number)
			}
			number[len(number)-1] = byte('0' + key)
			if got := checkNumber(typ, string(number)); got != nil {
				t.Fatalf("%s %s: %v", typ, number, got)
			}
			for i := range number {
				for wrong := byte('0'); wrong <= '9'; wrong++ {
					broken := slices.Clone(number)
					broken[i] = wrong
					if got := checkNumber(typ, string(broken)); wrong != number[i] && !slices.Equal(got, []Problem{ProblemLuhn}) {
						t.Fatalf("%s %s for %s: %v", typ, broken, number, got)
					}
				}
				if i == 0 || number[i] == number[i-1] || int(number[i])+int(number[i-1]) == '0'+'9' && (number[i] == '0' || number[i] == '9') {
					continue
				}
				swapped := slices.Clone(number)
				swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
				if got := checkNumber(typ, string(swapped)); !slices.Equal(got, []Problem{ProblemLuhn}) {
					t.Fatalf("%s %s for %s: %v", typ, swapped, number, got)
				}
			}
		}
	}
}

// The type digit is no part of the sum: counted in, it would fail every RPPS.
func TestTypeDigitIsNotSummed(t *testing.T) {
	t.Parallel()
	for rank := range 50 {
		body := fmt.Sprintf("9970%06d", rank*7919)
		key, _ := expectedKey(RPPS, body+"0")
		number := fmt.Sprintf("%s%d", body, key)
		if luhnSum(number)%10 != 0 || luhnSum("8"+number)%10 == 0 {
			t.Errorf("8%s: sums %d and %d", number, luhnSum(number), luhnSum("8"+number))
		}
	}
}
