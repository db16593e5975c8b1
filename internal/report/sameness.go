package report

import (
	"regexp"
	"strings"
	"time"
)

// sameness tells whether two values of two reports may be the same, where
// placeholders stand in one or in both. The first value is always of the report
// before, the second of the one after.
type sameness struct {
	// digits of the placeholders mean the same in both reports.
	digits bool
	// redacted: one of them hides more than the other.
	redacted bool
	// holders are the digits of the holder of the card in each report, empty
	// when it has no card.
	holders [2]string
}

func newSameness(a, b Report) sameness {
	return sameness{digits: samePlaceholders(a, b), redacted: a.Redaction != b.Redaction, holders: [2]string{holderOf(a), holderOf(b)}}
}

// samePlaceholders tells whether equal values have equal placeholders.
func samePlaceholders(a, b Report) bool {
	return a.Workstation != "" && a.Workstation == b.Workstation && a.Placeholders != OfReport && b.Placeholders != OfReport
}

var (
	placeholderForm   = regexp.MustCompile(`‹([\p{L}0-9]{1,40})(?:-([0-9a-f]{3,8})(-[0-9]{1,2})?)?›`)
	placeholderOrHome = regexp.MustCompile(placeholderForm.String() + `|~`)
)

// holderOf are the digits that stand for the holder of the card of a report.
func holderOf(r Report) string {
	if r.Card == nil {
		return ""
	}
	values := []string{r.Card.Number, r.Card.Identifier.Value, r.Card.Identifier.Number}
	if h := r.Card.Holder; h != nil {
		values = append(values, h.FamilyName, h.GivenName)
	}
	for _, v := range values {
		if parts := placeholderForm.FindStringSubmatch(v); parts != nil && parts[2] != "" {
			return parts[2]
		}
	}
	return ""
}

// Sides of a comparison.
const (
	isBefore = iota
	isAfter
)

// form is what the values of a side are compared as. The kind of a placeholder
// only says how a value was met; that of the holder's tells them apart.
func (as sameness) form(side int, value string) string {
	if !strings.Contains(value, "‹") || as.redacted {
		return value
	}
	return placeholderForm.ReplaceAllStringFunc(value, func(found string) string {
		parts := placeholderForm.FindStringSubmatch(found)
		switch {
		case !as.digits:
			return "‹" + parts[1] + "›"
		case parts[2] == "" || parts[2] == as.holders[side]:
			return found
		}
		return "‹" + parts[2] + parts[3] + "›"
	})
}

// same tells whether nothing shows that the two differ: what is not known to
// differ is no change.
func (as sameness) same(a, b string) bool {
	if a == b || as.form(isBefore, a) == as.form(isAfter, b) {
		return true
	}
	return as.redacted && (couldBe(a, b) || couldBe(b, a) || ofDay(a, b) || ofDay(b, a))
}

// ofDay tells whether a date is the day of a moment.
func ofDay(date, moment string) bool {
	return len(date) == len(time.DateOnly) && strings.HasPrefix(moment, date+"T")
}

// could is same, where only one of the reports has that card: what was found
// out from the card is hidden in that report alone.
func (as sameness) could(a, b string) bool {
	if as.redacted {
		return as.same(a, b)
	}
	wild := func(side int, hidden, shown string) bool {
		holder := as.holders[side]
		return holder != "" && strings.Contains(hidden, "-"+holder) && couldBeWith(splitHolder(hidden, holder), shown)
	}
	ofA, ofB := as.ofHolder(isBefore, a), as.ofHolder(isAfter, b)
	return ofA && !ofB && wild(isBefore, a, b) || ofB && !ofA && wild(isAfter, b, a)
}

// ofHolder tells whether a value holds a placeholder of the holder.
func (as sameness) ofHolder(side int, value string) bool {
	return as.holders[side] != "" && len(splitHolder(value, as.holders[side])) > 1
}

// splitHolder takes the placeholders of the holder out of a value.
func splitHolder(value, holder string) []string {
	var parts []string
	from := 0
	for _, at := range placeholderForm.FindAllStringSubmatchIndex(value, -1) {
		if at[4] >= 0 && value[at[4]:at[5]] == holder {
			parts = append(parts, value[from:at[0]])
			from = at[1]
		}
	}
	return append(parts, value[from:])
}

// couldBe tells whether the redacted text may be that of the other: all that
// was left stands in it, in order.
func couldBe(redacted, whole string) bool {
	if !strings.ContainsAny(redacted, "‹~") {
		return false
	}
	return couldBeWith(placeholderOrHome.Split(redacted, -1), whole)
}

func couldBeWith(parts []string, whole string) bool {
	if len(parts) < 2 {
		return false
	}
	rest, ok := strings.CutPrefix(whole, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, p)
		if at < 0 {
			return false
		}
		rest = rest[at+len(p):]
	}
	return strings.HasSuffix(rest, last)
}

// without gives the values of each side that the other does not have. What is
// plainly the same goes first, so that few are left to be weighed pair by pair.
func (as sameness) without(before, after []string) (gone, come []string) {
	count := map[string]int{}
	for _, v := range after {
		count[as.form(isAfter, v)]++
	}
	met := map[string]int{}
	for _, v := range before {
		form := as.form(isBefore, v)
		if met[form]++; met[form] > count[form] {
			gone = append(gone, v)
		}
	}
	for _, v := range after {
		form := as.form(isAfter, v)
		if met[form]--; met[form] < 0 {
			come = append(come, v)
		}
	}
	if !as.redacted && as.holders[isBefore] == as.holders[isAfter] {
		return gone, come
	}
	return as.weigh(gone, come)
}

// weigh takes out the pairs that may be the same.
func (as sameness) weigh(before, after []string) (gone, come []string) {
	taken := make([]bool, len(after))
next:
	for _, v := range before {
		for i, other := range after {
			if !taken[i] && as.could(v, other) {
				taken[i] = true
				continue next
			}
		}
		gone = append(gone, v)
	}
	for i, v := range after {
		if !taken[i] {
			come = append(come, v)
		}
	}
	return gone, come
}

func moment(r Report) time.Time {
	t, _ := time.Parse(time.RFC3339, r.GeneratedAt) // Parse has seen that it is one
	return t
}
