package nationalid

import "slices"

// Owner says what an identifier names.
type Owner string

// Owners.
const (
	Person        Owner = "person"
	StructureOnly Owner = "structure" // a structure, and no person in it
)

// Candidate is one reading of what a person typed.
type Candidate struct {
	Of Owner
	// Value is the identifier proposed, type digit included: of table G08 for
	// a Person (Parse reads it), of G07 for a StructureOnly (ParseStructure).
	Value  string
	Type   Type
	Number string // Value without the type digit
	// Repairs are what was done to the text to read it so, in order.
	Repairs []Repair
	// Problems are those of the Value, as Check finds them.
	Problems []Problem
}

// ExpectedKey is that of Identifier.ExpectedKey, for the candidate.
func (c Candidate) ExpectedKey() (int, bool) {
	if c.Of == StructureOnly {
		return expectedKey(c.Type, c.Number)
	}
	return Identifier{Value: c.Value, Type: c.Type, Number: c.Number}.ExpectedKey()
}

// Doubt is a stable code for why a reading is a suggestion, or why there is
// none.
type Doubt string

// Doubts with which there is no candidate.
const (
	DoubtEmpty        Doubt = "empty"
	DoubtNoIdentifier Doubt = "not-an-identifier"
	DoubtMailAddress  Doubt = "mail-address"        // an address, as of MSSanté
	DoubtCardSerial   Doubt = "card-serial"         // the number of the card, not of its holder
	DoubtSpreadsheet  Doubt = "scientific-notation" // 8,997E+11: the digits are lost
)

// Doubts about the candidates.
const (
	DoubtSeveral       Doubt = "several-readings" // more than one candidate
	DoubtReplaced      Doubt = "letters-replaced" // a letter was taken for a digit
	DoubtDigitMissing  Doubt = "digit-missing"    // perhaps an RPPS short of a digit
	DoubtDigitExtra    Doubt = "digit-extra"      // perhaps an RPPS with a digit too many
	DoubtCardNumber    Doubt = "card-number"      // perhaps the number of the card, not of its holder
	DoubtLabelDisagree Doubt = "label-disagrees"  // a label such as "FINESS" that no reading bears out
	DoubtProblems      Doubt = "problems"         // the first candidate has Problems
)

// Doubts lists every Doubt.
func Doubts() []Doubt {
	return []Doubt{DoubtEmpty, DoubtNoIdentifier, DoubtMailAddress, DoubtCardSerial, DoubtSpreadsheet, DoubtSeveral,
		DoubtReplaced, DoubtDigitMissing, DoubtDigitExtra, DoubtCardNumber, DoubtLabelDisagree, DoubtProblems}
}

// Interpretation is what a text may mean.
type Interpretation struct {
	// Candidates are all the readings that the text allows, the best first:
	// those that hold, then those that cannot be verified, then those whose
	// check digit fails. When no reading has the right form there is one at
	// most, as the text stands, with its Problems.
	Candidates []Candidate
	// Doubts are why it is not certain, in the order of Doubts.
	Doubts []Doubt
}

// Certain tells whether there is one reading, whose form and check digit hold
// and for which no character was guessed. Everything else is a suggestion, for
// the person to confirm. An ADELI is never certain: it cannot be verified.
func (i Interpretation) Certain() bool { return len(i.Candidates) == 1 && len(i.Doubts) == 0 }

// Interpret reads what a person typed or pasted, and repairs the usual
// mistakes: the 11 digits of an RPPS without the 8, spaces and other
// separators, letters in the place of digits, a label in front. What was done
// is in Repairs. Digits are never added but the type digit, never changed and
// never taken away.
func Interpret(text string) Interpretation {
	cleaned, doubt := clean(text)
	if doubt != "" {
		return Interpretation{Doubts: []Doubt{doubt}}
	}
	found := cleaned.readings()
	var doubts []Doubt
	if cleaned.label != Unknown {
		labelled := slices.DeleteFunc(slices.Clone(found), func(c Candidate) bool { return c.Type != cleaned.label })
		if len(labelled) != 0 {
			found = labelled
		} else {
			doubts = append(doubts, DoubtLabelDisagree)
		}
	}
	if len(found) == 0 {
		asItStands, ok := cleaned.asItStands()
		if !ok {
			return Interpretation{Doubts: []Doubt{DoubtNoIdentifier}}
		}
		found = []Candidate{asItStands}
	}
	slices.SortStableFunc(found, func(a, b Candidate) int { return weight(a) - weight(b) })

	if len(found) > 1 {
		doubts = append(doubts, DoubtSeveral)
	}
	if slices.Contains(cleaned.repairs, RepairLetterO) || slices.Contains(cleaned.repairs, RepairLetterL) {
		doubts = append(doubts, DoubtReplaced)
	}
	doubts = append(doubts, cleaned.miscount()...)
	if cleaned.cardNumber() {
		doubts = append(doubts, DoubtCardNumber)
	}
	if len(found[0].Problems) != 0 {
		doubts = append(doubts, DoubtProblems)
	}
	var ordered []Doubt
	for _, d := range Doubts() {
		if slices.Contains(doubts, d) {
			ordered = append(ordered, d)
		}
	}
	return Interpretation{Candidates: found, Doubts: ordered}
}

// readings gives every identifier of the right form that the text can be, the
// text as it stands before the text with a type digit added. DRASS and student
// numbers are left out: their form is not established, so that any text that
// begins with 2 or 9 would be one, and none is in use.
func (t typed) readings() []Candidate {
	var found []Candidate
	keep := func(c Candidate, err error) {
		if err == nil && !c.Type.Withdrawn() && rightForm(c.Problems) {
			found = append(found, c)
		}
	}
	person := func(prefix string) { keep(t.person(prefix)) }
	structure := func(prefix string) { keep(t.structure(prefix)) }

	person("")
	if t.employee {
		switch len(t.number) {
		case 9:
			person("3")
			person("4")
		case 14:
			person("5")
			person("6")
		}
		return found
	}
	switch len(t.number) {
	case 9:
		structure("1")
		structure("2")
		person("0")
	case 11:
		person("8")
	case 14:
		structure("3")
		structure("4")
	default:
		if t.number != "" && t.number[0] != '0' { // 0 is a cabinet ADELI: its form is not established either
			structure("")
		}
	}
	return found
}

// asItStands is the text read without a type digit added, whatever its form.
// Words are not worth reading so: there are letters and digits only, and half
// of them at least are digits.
func (t typed) asItStands() (Candidate, bool) {
	if !all(t.number, isAlphanumeric) || !all(t.register, isRegister) {
		return Candidate{}, false
	}
	digits := 0
	for i := range len(t.number) {
		if isDigit(t.number[i]) {
			digits++
		}
	}
	if 2*digits < len(t.number) {
		return Candidate{}, false
	}
	c, err := t.person("")
	return c, err == nil
}

func (t typed) person(prefix string) (Candidate, error) {
	id, err := Parse(prefix + t.value())
	return Candidate{Of: Person, Value: id.Value, Type: id.Type, Number: id.Number, Repairs: t.with(prefix), Problems: id.Check()}, err
}

func (t typed) structure(prefix string) (Candidate, error) {
	s, err := ParseStructure(prefix + t.value())
	return Candidate{Of: StructureOnly, Value: s.Value, Type: s.Type, Number: s.Number, Repairs: t.with(prefix), Problems: s.Check()}, err
}

func (t typed) with(prefix string) []Repair {
	repairs := slices.Clone(t.repairs)
	if prefix != "" {
		repairs = append(repairs, RepairPrefix)
	}
	return repairs
}

// miscount suspects an RPPS that was typed with a digit too few or too many.
// A label that says another type clears it.
func (t typed) miscount() []Doubt {
	if t.employee || !all(t.number, isDigit) || t.label != Unknown && t.label != RPPS {
		return nil
	}
	switch n := len(t.number); {
	case n == 10, n == 11 && t.number[0] == '8':
		return []Doubt{DoubtDigitMissing}
	case n == 12 && t.number[0] != '8', n == 13:
		return []Doubt{DoubtDigitExtra}
	}
	return nil
}

// cardNumber suspects the number of a card: its 10 digits, or the first 8 of
// them, which is what a PKCS#11 module tells. A label clears it.
func (t typed) cardNumber() bool {
	return !t.employee && t.label == Unknown && all(t.number, isDigit) && (len(t.number) == 10 || len(t.number) == 8)
}

func rightForm(problems []Problem) bool {
	for _, p := range problems {
		if p != ProblemLuhn && p != ProblemKeyUnknown && p != ProblemZeros {
			return false
		}
	}
	return true
}

// weight orders candidates: what holds, what cannot be verified, what fails.
func weight(c Candidate) int {
	switch {
	case len(c.Problems) == 0:
		return 0
	case slices.Equal(c.Problems, []Problem{ProblemKeyUnknown}):
		return 1
	}
	return 2
}
