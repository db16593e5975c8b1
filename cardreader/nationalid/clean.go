package nationalid

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Repair is a stable code for what was done to a text to read an identifier.
type Repair string

// Repairs of what a person typed.
const (
	RepairQuotes     Repair = "quotes-removed"     // quotes or brackets around it
	RepairLabel      Repair = "label-removed"      // "RPPS :", "N° FINESS", "CN="
	RepairFullWidth  Repair = "full-width"         // full-width characters made plain
	RepairInvisible  Repair = "invisible-removed"  // zero-width and other format characters
	RepairSeparators Repair = "separators-removed" // spaces, dashes, dots, commas
	RepairUpperCase  Repair = "upper-case"         // 2a made 2A
	RepairLetterO    Repair = "letter-o"           // O taken for 0
	RepairLetterL    Repair = "letter-l"           // l, I or | taken for 1
	RepairPrefix     Repair = "prefix-added"       // the type digit, before the rest
)

// Repairs lists every Repair, in the order in which they are done.
func Repairs() []Repair {
	return []Repair{RepairFullWidth, RepairInvisible, RepairQuotes, RepairLabel, RepairSeparators,
		RepairUpperCase, RepairLetterO, RepairLetterL, RepairPrefix}
}

// typed is a text that may be an identifier, cleaned.
type typed struct {
	number   string // before "/"
	register string // after it
	employee bool   // there is a "/"
	label    Type   // what the text says that it is
	repairs  []Repair
}

func (t typed) value() string {
	if t.employee {
		return t.number + "/" + t.register
	}
	return t.number
}

// maxTyped bounds the work on a text that was pasted by mistake.
const maxTyped = 256

var (
	// label is what stands before an identifier in letters, forms and
	// certificate subjects, or "=" in a cell of a spreadsheet.
	label = regexp.MustCompile(`^(?i:n[°ºo]\s*|num[ée]ro\s*|identifiant\s*)?(?i:national\s*)?(?i:(RPPS|ADELI|FINESS|SIREN|SIRET|CN)\s*)?(?i:n[°º]\s*)?[:=]?\s*`)
	// spreadsheet is what a cell makes of 12 digits.
	spreadsheet = regexp.MustCompile(`^[0-9][.,][0-9]+[eE]\+?[0-9]{1,2}$`)
	// digitsOf is an identifier with the department of Corsica or 0B at most.
	digitsOf = regexp.MustCompile(`^[0-9]?([0-9]|[02][AB])[0-9]+$`)
)

const around = "\"'`´«»“”„‘’‹›()[]<>{};"

// clean takes a text apart; the Doubt says why it can be no identifier.
func clean(text string) (typed, Doubt) {
	var t typed
	if len(text) > maxTyped {
		return t, DoubtNoIdentifier
	}
	text = t.plain(text)
	text = t.step(RepairQuotes, text, trimAround(text))
	bare := strings.TrimSpace(text[len(label.FindString(text)):])
	if m := label.FindStringSubmatch(text); m[1] != "" && !strings.EqualFold(m[1], "CN") {
		t.label = Type(strings.ToUpper(m[1]))
	}
	text = t.step(RepairLabel, text, bare)
	text = t.step(RepairQuotes, text, trimAround(text))

	number, register, employee := strings.Cut(text, "/")
	switch {
	case text == "":
		return t, DoubtEmpty
	case strings.Contains(text, "@"):
		return t, DoubtMailAddress
	case spreadsheet.MatchString(text):
		return t, DoubtSpreadsheet
	case strings.Contains(register, "/"), strings.Contains(text, "\x00"):
		return t, DoubtNoIdentifier
	}
	t.employee = employee
	t.register = t.step(RepairSeparators, register, remove(register, unicode.IsSpace))
	number = t.step(RepairSeparators, number, remove(number, isSeparator))
	if employee && number+"/" == cardIssuer {
		return t, DoubtCardSerial
	}
	t.number = t.digits(number)
	t.repairs = inDoneOrder(t.repairs)
	return t, ""
}

// plain makes the characters plain and takes away those that cannot be seen.
// Padding around the text is no mistake, and its removal no repair.
func (t *typed) plain(text string) string {
	text = t.step(RepairFullWidth, text, strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // U+FF01 to U+FF5E: ASCII, moved
			return r - '！' + '!'
		}
		return r
	}, text))
	text = t.step(RepairInvisible, text, remove(text, func(r rune) bool { return unicode.Is(unicode.Cf, r) }))
	return strings.TrimFunc(text, func(r rune) bool { return r == 0 || unicode.IsSpace(r) })
}

// digits reads letters as the digits that they look like, when nothing but an
// identifier comes out; else the number is left as it is.
func (t *typed) digits(number string) string {
	upper := strings.Map(func(r rune) rune {
		if r == 'a' || r == 'b' {
			return unicode.ToUpper(r)
		}
		return r
	}, number)
	withO := strings.NewReplacer("O", "0", "o", "0").Replace(upper)
	withL := strings.NewReplacer("l", "1", "I", "1", "i", "1", "|", "1").Replace(withO)
	if !digitsOf.MatchString(withL) {
		return number
	}
	t.step(RepairUpperCase, number, upper)
	t.step(RepairLetterO, upper, withO)
	return t.step(RepairLetterL, withO, withL)
}

// step notes the repair when it changed something.
func (t *typed) step(repair Repair, before, after string) string {
	if before != after {
		t.repairs = append(t.repairs, repair)
	}
	return after
}

func inDoneOrder(done []Repair) []Repair {
	var ordered []Repair
	for _, r := range Repairs() {
		if slices.Contains(done, r) {
			ordered = append(ordered, r)
		}
	}
	return ordered
}

func trimAround(text string) string {
	bare := strings.Trim(text, around)
	if bare == text {
		return text
	}
	return strings.TrimSpace(bare)
}

func isSeparator(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune(".,·\u2212", r)
}

func remove(text string, is func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if is(r) {
			return -1
		}
		return r
	}, text)
}
