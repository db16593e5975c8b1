package annuaire

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

// The shapes of the answers, as far as they are used: FHIR R4
// (https://hl7.org/fhir/R4/bundle.html) under the profiles AsDpPractitioner,
// AsDpPractitionerRole and AsDpOrganization of ANS's implementation guide
// (https://interop.esante.gouv.fr/ig/fhir/annuaire).

// Bounds of an answer, far above those of a sound one.
const (
	maxDepth  = 40
	maxValues = 100_000
)

type bundle struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Total        *int    `json:"total"`
	Link         []link  `json:"link"`
	Entry        []entry `json:"entry"`

	practitioners []practitioner
	roles         []role
	organizations []organization
}

type link struct {
	Relation string `json:"relation"`
}

type entry struct {
	Resource json.RawMessage `json:"resource"`
}

type meta struct {
	Source      string `json:"source"`
	LastUpdated string `json:"lastUpdated"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

type identifier struct {
	Use    string `json:"use"`
	System string `json:"system"`
	Value  string `json:"value"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// extension holds one of its values, or extensions.
type extension struct {
	URL         string      `json:"url"`
	Extension   []extension `json:"extension"`
	ValueString string      `json:"valueString"`
	ValuePeriod period      `json:"valuePeriod"`
	ValueCoding concept     `json:"valueCodeableConcept"`
}

type humanName struct {
	Family string   `json:"family"`
	Given  []string `json:"given"`
	Prefix []string `json:"prefix"`
	Suffix []string `json:"suffix"`
}

type practitioner struct {
	ID            string       `json:"id"`
	Meta          meta         `json:"meta"`
	Extension     []extension  `json:"extension"`
	Identifier    []identifier `json:"identifier"`
	Active        *bool        `json:"active"`
	Name          []humanName  `json:"name"`
	Qualification []struct {
		Code concept `json:"code"`
	} `json:"qualification"`
}

type reference struct {
	Reference string `json:"reference"`
}

type role struct {
	ID           string    `json:"id"`
	Active       *bool     `json:"active"`
	Practitioner reference `json:"practitioner"`
	Organization reference `json:"organization"`
	Code         []concept `json:"code"`
}

type organization struct {
	ID         string       `json:"id"`
	Identifier []identifier `json:"identifier"`
	Name       string       `json:"name"`
	Address    []address    `json:"address"`
}

type address struct {
	Text string `json:"text"`
	// Line is null where its parts stand in LineParts.
	Line       []*string    `json:"line"`
	LineParts  []*extension `json:"_line"`
	PostalCode string       `json:"postalCode"`
	City       string       `json:"city"`
}

type outcome struct {
	ResourceType string `json:"resourceType"`
	Issue        []struct {
		Severity    string `json:"severity"`
		Code        string `json:"code"`
		Diagnostics string `json:"diagnostics"`
		Details     struct {
			Text string `json:"text"`
		} `json:"details"`
	} `json:"issue"`
}

// idForm is that of FHIR; an ID goes into the next question.
var idForm = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

// decode reads a Bundle of search results and the resources that are used.
func decode(body []byte) (bundle, *Failure) {
	if err := bounded(body); err != nil {
		return bundle{}, &Failure{Code: CodeMalformed, Err: err}
	}
	var b bundle
	if err := json.Unmarshal(body, &b); err != nil {
		return bundle{}, malformed("no Bundle: %v", err)
	}
	switch {
	case b.ResourceType == "OperationOutcome":
		return bundle{}, &Failure{Code: CodeRejected, Detail: diagnostics(body)}
	case b.ResourceType != "Bundle":
		return bundle{}, malformed("a %q in place of a Bundle", b.ResourceType)
	case b.Type != "searchset":
		return bundle{}, malformed("a Bundle of the type %q", b.Type)
	case b.Total != nil && *b.Total < 0:
		return bundle{}, malformed("a total of %d", *b.Total)
	}
	for n, e := range b.Entry {
		var kind struct {
			ResourceType string `json:"resourceType"`
		}
		if err := json.Unmarshal(e.Resource, &kind); err != nil {
			return bundle{}, malformed("entry %d: no resource", n)
		}
		var err error
		switch kind.ResourceType {
		case "Practitioner":
			err = add(&b.practitioners, e.Resource)
		case "PractitionerRole":
			err = add(&b.roles, e.Resource)
		case "Organization":
			err = add(&b.organizations, e.Resource)
		case "OperationOutcome": // remarks on the search
		default:
			return bundle{}, malformed("entry %d: a %q", n, kind.ResourceType)
		}
		if err != nil {
			return bundle{}, malformed("entry %d: %v", n, err)
		}
	}
	if len(b.Entry) == 0 && b.Total != nil && *b.Total > 0 {
		return bundle{}, malformed("a total of %d and no entry", *b.Total)
	}
	return b, nil
}

func add[T any](list *[]T, raw json.RawMessage) error {
	var resource T
	if err := json.Unmarshal(raw, &resource); err != nil {
		return err
	}
	*list = append(*list, resource)
	return nil
}

// more tells whether the server has others than those n that came: a further
// page, or a total that is higher.
func (b bundle) more(n int) bool {
	if b.Total != nil && *b.Total > n {
		return true
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			return true
		}
	}
	return false
}

var (
	errDepth  = errors.New("nested too deeply")
	errValues = errors.New("of too many values")
)

// bounded refuses a document that would cost much more to decode than it has
// bytes, before it is decoded.
func bounded(body []byte) error {
	depth, values := 0, 0
	quoted, escaped := false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > maxDepth {
			return errDepth
		}
		if values > maxValues {
			return errValues
		}
	}
	return nil
}

// diagnostics is what an OperationOutcome says, or the message of a gateway,
// "" when the body is neither.
func diagnostics(body []byte) string {
	if bounded(body) != nil {
		return ""
	}
	var o outcome
	if json.Unmarshal(body, &o) == nil && o.ResourceType == "OperationOutcome" {
		var all []string
		for _, i := range o.Issue {
			for _, text := range []string{i.Diagnostics, i.Details.Text, i.Code} {
				if text != "" {
					all = append(all, text)
					break
				}
			}
		}
		return strings.Join(all, "; ")
	}
	var gateway struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &gateway) == nil {
		return gateway.Message
	}
	return ""
}
