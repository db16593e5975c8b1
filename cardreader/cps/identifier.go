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
	witnessed := false
	for _, c := range certificates {
		if c.Role != Authentication && c.Role != Signature {
			continue
		}
		if c.CommonName == "" {
			if c.Err != nil {
				id.add(ProblemCertificate)
			}
			continue
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
	if listErr != nil && !witnessed {
		id.add(ProblemCertificate)
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

func (id *Identifier) add(p nationalid.Problem) {
	for _, q := range id.Problems {
		if p == q {
			return
		}
	}
	id.Problems = append(id.Problems, p)
}
