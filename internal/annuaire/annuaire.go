// Package annuaire leads to the Annuaire Santé, and out of the program: which
// page of the directory belongs to an identifier (Page), which addresses may be
// opened at all (Allowed, Open), what the public API says of a professional
// (Client), and whether the addresses that the program knows still answer
// (Check).
//
// Nothing here is asked of the network unless a person wants it. What comes
// back was written by others: it is bounded, checked against the question, and
// cleaned before it is shown. Sentences are under "annuaire." in the catalogue
// of translations; the window and the terminal say the same ones.
package annuaire

import (
	"slices"
	"strings"

	"postecpx/cardreader/nationalid"
)

// Addresses of the directory. The first takes the 11 digits of an RPPS. No
// parameter of the search page is published, so that none is used.
const (
	personPage = "https://annuaire.esante.gouv.fr/pp/detail/"
	searchPage = "https://annuaire.esante.gouv.fr/search"
)

// Kind says what a page of the directory shows.
type Kind string

// Kinds of page.
const (
	KindPerson    Kind = "person"    // the page of one professional
	KindSearch    Kind = "search"    // the search, for a person
	KindStructure Kind = "structure" // the search, for the structure of an employee
)

// Address is a page of the directory.
type Address struct {
	Kind Kind   `json:"kind"`
	URL  string `json:"url"`
	// Type is what to type into the search, "" where nothing is to be typed.
	Type string `json:"type,omitempty"`
	// Test: the identifier lies in ANS's test range. Nobody has it, so that the
	// directory has no page for it.
	Test bool `json:"test,omitempty"`
}

// Page is the page of the Annuaire Santé for the identifier of a person: their
// own when it is an RPPS of the right form, else the search page. An employee
// is known by their structure, which is what to search for. The address holds
// the number of an RPPS, or nothing of the identifier.
//
// A check digit that fails does not keep the page from being given: the
// directory is where to see whether the number is somebody's.
func Page(id nationalid.Identifier) Address {
	if s, ok := id.Structure(); ok {
		return StructurePage(s)
	}
	a := Address{Kind: KindSearch, URL: searchPage, Test: id.TestRange()}
	switch problems := id.Check(); {
	case id.Value == "" || !wellFormed(problems):
	case id.Type == nationalid.RPPS && !slices.Contains(problems, nationalid.ProblemZeros):
		a.Kind, a.URL = KindPerson, personPage+id.Number
	default:
		a.Type = id.Number
	}
	return a
}

// StructurePage is the search page, for a structure.
func StructurePage(s nationalid.Structure) Address {
	a := Address{Kind: KindStructure, URL: searchPage, Test: s.TestRange()}
	if s.Number != "" && wellFormed(s.Check()) {
		a.Type = s.Number
	}
	return a
}

// wellFormed tells whether nothing is wrong with the length and the characters.
func wellFormed(problems []nationalid.Problem) bool {
	for _, p := range problems {
		switch p {
		case nationalid.ProblemLuhn, nationalid.ProblemKeyUnknown, nationalid.ProblemZeros:
		default:
			return false
		}
	}
	return true
}

// hasDigits tells whether s is made of n digits.
func hasDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}
