package cps

// Object is a data object or a certificate of a card, with the label and the
// value that another way to the card gives, a PKCS#11 module for one.
type Object struct {
	Label string
	Value []byte
}

// FromObjects makes a Card of what a PKCS#11 module says, with the decoding and
// the checks that a reading through PC/SC has. What it cannot know is unknown:
// the ATR, the generation but for the product label, the counter of the code
// porteur.
func FromObjects(product string, data, certificates []Object) Card {
	s := &session{card: Card{
		Product: product, Generation: generationOf(product), Interface: Contact,
	}}
	for _, o := range data {
		var err error
		switch o.Label {
		case labelIDCard:
			s.id, err = parseIDCard(o.Value)
		case labelNamePS:
			s.name, err = parseNamePS(o.Value)
		case labelInfoPS:
			s.info, err = parseInfoPS(o.Value)
			s.infoErr = err
		}
		if err != nil {
			s.gap(o.Label, err)
		}
	}
	for _, o := range certificates {
		s.addCertificate(o.Label, o.Value)
	}
	return s.conclude()
}
