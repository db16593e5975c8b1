package report

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// sameness tells whether two values of two reports may be the same, where
// placeholders stand in one or in both.
type sameness struct {
	// digits of the placeholders mean the same in both reports.
	digits bool
	// redacted: one of them hides more than the other.
	redacted bool
}

func newSameness(a, b Report) sameness {
	return sameness{digits: samePlaceholders(a, b), redacted: a.Redaction != b.Redaction}
}

// samePlaceholders tells whether equal values have equal placeholders.
func samePlaceholders(a, b Report) bool {
	return a.Workstation != "" && a.Workstation == b.Workstation && a.Placeholders != OfReport && b.Placeholders != OfReport
}

var (
	placeholderForm   = regexp.MustCompile(`‹([\p{L}0-9]{1,40})(?:-[0-9a-f]{3,8})?›`)
	placeholderOrHome = regexp.MustCompile(placeholderForm.String() + `|~`)
)

// same tells whether nothing shows that the two differ: what is not known to
// differ is no change.
func (as sameness) same(a, b string) bool {
	switch {
	case a == b:
		return true
	case as.redacted:
		return couldBe(a, b) || couldBe(b, a)
	case !as.digits:
		return placeholderForm.ReplaceAllString(a, "‹$1›") == placeholderForm.ReplaceAllString(b, "‹$1›")
	}
	return false
}

// couldBe tells whether the redacted text may be that of the other: all that
// was left stands in it, in order.
func couldBe(redacted, whole string) bool {
	parts := placeholderOrHome.Split(redacted, -1)
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

// without gives the values of each side that the other does not have.
func (as sameness) without(before, after []string) (gone, come []string) {
	come = slices.Clone(after)
	for _, v := range before {
		i := slices.IndexFunc(come, func(other string) bool { return as.same(v, other) })
		if i < 0 {
			gone = append(gone, v)
			continue
		}
		come = slices.Delete(come, i, i+1)
	}
	return gone, come
}

func moment(r Report) time.Time {
	t, _ := time.Parse(time.RFC3339, r.GeneratedAt) // Parse has seen that it is one
	return t
}
