package nationalid

// Grouped writes an identifier for large print and for the telephone: the type
// digit alone, then the RPPS by three, "8 997 002 188 96". Three digits are how
// a long number is said in French (pairs are misheard: 60 and 13 for 73), and
// the 11 digits of an RPPS have the same groups, "997 002 188 96", so that the
// two can be compared at a glance. Any other value is given back unchanged. It
// is for the eye only: what is copied is the value itself.
func Grouped(v string) string {
	if !all(v, isDigit) {
		return v
	}
	switch {
	case len(v) == 12 && v[0] == '8':
		return v[:1] + " " + byThree(v[1:])
	case len(v) == 11:
		return byThree(v)
	}
	return v
}

func byThree(rpps string) string {
	return rpps[:3] + " " + rpps[3:6] + " " + rpps[6:9] + " " + rpps[9:]
}
