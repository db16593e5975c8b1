package cps

import (
	"errors"

	"postecpx/cardreader/nationalid"
)

// judge compares all that the card says of the identifier. infoErr is why
// CPS_INFO_PS could not be read, nil when it was; listErr why the list of
// certificates could not: a witness that could not be heard leaves the
// identifier unverified, one that the card does not have does not.
func judge(info string, infoErr error, certificates []Certificate, listErr error) Identifier {
	var id Identifier
	value := info
	if info != "" {
		id.Sources = append(id.Sources, SourceInfoPS)
	} else if infoErr != nil {
		id.Problems = append(id.Problems, ProblemInfoPS)
	}
	witnessed, unheard := false, listErr != nil
	for _, c := range certificates {
		if c.Role == Technical {
			continue // it names the card, not the person
		}
		if c.CommonName == "" {
			if c.Err != nil && c.Role != RoleUnknown {
				id.add(ProblemCertificate)
			}
			unheard = unheard || c.Err != nil
			continue
		}
		if c.Role == RoleUnknown && !identifies(c.CommonName) {
			continue // a certificate for something else
		}
		if !witnessed {
			id.Sources = append(id.Sources, SourceCertificate)
			witnessed = true
		}
		if value == "" {
			value = c.CommonName
		} else if !nationalid.Same(value, c.CommonName) {
			id.add(ProblemDisagree)
			if id.CertificateValue == "" {
				id.CertificateValue = c.CommonName
			}
		}
	}
	if unheard && !witnessed {
		id.add(ProblemCertificate)
	}
	if info != "" && infoErr != nil {
		id.add(ProblemInfoPS)
	}
	if value == "" {
		id.Status = Absent
		return id
	}
	parsed, err := nationalid.Parse(value)
	if err != nil {
		parsed = nationalid.Identifier{Value: value}
		var form *nationalid.FormError
		if errors.As(err, &form) {
			id.add(nationalid.Problem(form.Code))
		}
	}
	id.Identifier = parsed
	for _, p := range parsed.Check() {
		id.add(p)
	}
	id.Status = Verified
	if len(id.Problems) > 0 {
		id.Status = Unverified
	}
	return id
}

// identifies tells whether a common name has the form of an identifier.
func identifies(commonName string) bool {
	id, err := nationalid.Parse(commonName)
	if err != nil || id.Type == nationalid.Unknown {
		return false
	}
	for _, p := range id.Check() {
		if p != nationalid.ProblemLuhn && p != nationalid.ProblemKeyUnknown {
			return false
		}
	}
	return true
}

func (id *Identifier) add(p nationalid.Problem) {
	for _, q := range id.Problems {
		if p == q {
			return
		}
	}
	id.Problems = append(id.Problems, p)
}
