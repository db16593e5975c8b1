package cps

import (
	"fmt"
	"maps"
	"strings"
)

// conclude makes the Card of all that was read so far. Reading on does not
// change it.
func (s *session) conclude() Card {
	c := s.card
	c.Gaps = append([]Gap(nil), s.card.Gaps...)
	c.Paths = maps.Clone(s.paths)
	c.Certificates = append([]Certificate(nil), s.card.Certificates...)
	infoErr := s.infoErr
	if len(s.listed(labelInfoPS)) > 1 {
		infoErr = errListedTwice
	}
	c.Identifier = judge(s.info.identifier, infoErr, c.Certificates, s.listErr)
	c.Test = s.test(c)
	c.Kind = kind(s.info.kind, c.Holder.Responsibility.Code)
	if c.Generation == GenerationUnknown {
		c.Generation = generationOf(c.Product)
	}
	c.Holder.Profession, c.Holder.FutureProfession = s.info.profession, s.info.futureProfession
	c.Holder.Speciality = s.info.speciality
	c.Holder.Civility = s.name.civility
	c.Holder.FamilyName = firstOf(s.info.exerciseName, s.name.names[0], s.name.names[1], s.fromCertificate(func(t Subject) string { return t.Surname }))
	c.Holder.GivenName = firstOf(s.name.usualFirst, firstOf(s.name.firstNames...), s.fromCertificate(func(t Subject) string { return t.GivenName }))
	c.Issued, c.Expires = s.id.issued, s.id.expires
	var err error
	if c.Number, err = cardNumber(s.id.number, s.serial); err != nil {
		c.Gaps = append(c.Gaps, Gap{labelIDCard, err})
	}
	return c
}

func (s *session) fromCertificate(field func(Subject) string) string {
	for _, c := range s.card.Certificates {
		if c.Role == Authentication || c.Role == Signature {
			if v := field(c.Subject); v != "" {
				return v
			}
		}
	}
	return ""
}

// cardNumber is that of CPS_ID_CARD, or of EF.SN.ICC. When the two contradict
// each other neither is given: nothing tells which is right.
func cardNumber(idCard, serial string) (string, error) {
	switch {
	case idCard != "" && len(idCard) != 10:
		return "", fmt.Errorf("%s gives %d digits, not 10", labelIDCard, len(idCard))
	case idCard == "" && len(serial) == 10:
		return serial, nil
	case idCard == "" || serial == "" || strings.HasPrefix(idCard, serial):
		return idCard, nil
	}
	return "", fmt.Errorf("EF.SN.ICC says %s, %s says %s", serial, labelIDCard, idCard)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// test gathers the evidence. The category of the card decides, but for a
// certificate of a test hierarchy, which no real card holds; without a
// category, so does an identifier of the test range.
func (s *session) test(c Card) *bool {
	yes := s.id.test == nil && c.Identifier.TestRange()
	for _, certificate := range c.Certificates {
		yes = yes || certificate.isTest()
	}
	if yes {
		return &yes
	}
	return s.id.test
}

// kind reads the type de carte (G02) and, for the two that share a code with
// their director's, the niveau de responsabilité (G04). A card whose
// certificate gives no level is taken for the employee's card, the common one.
func kind(typeCode []byte, responsibility string) Kind {
	if len(typeCode) == 0 {
		return ""
	}
	director := responsibility == "01"
	switch typeCode[0] {
	case 0x00:
		return CPS
	case 0x01:
		return CPF
	case 0x02:
		if director {
			return CDE
		}
		return CPE
	case 0x03:
		if director {
			return CDA
		}
		return CPA
	}
	return ""
}

// generationOf reads the product label, "CPS3v3-2900999999".
func generationOf(product string) Generation {
	for _, g := range []Generation{CPS3, CPS4} {
		if strings.HasPrefix(product, string(g)) {
			return g
		}
	}
	return GenerationUnknown
}
