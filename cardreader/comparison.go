package cardreader

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
)

// Fact is one thing that every way to a card should tell alike.
type Fact string

// Facts that are compared.
const (
	FactNumber         Fact = "number"
	FactIdentifier     Fact = "identifier"
	FactHolder         Fact = "holder"
	FactAuthentication Fact = "authentication-certificate" // SHA-256, shortened
	FactSignature      Fact = "signature-certificate"      // SHA-256, shortened
	FactTries          Fact = "tries"                      // blocked, last-try, low, full
)

var facts = []Fact{FactNumber, FactIdentifier, FactHolder, FactAuthentication, FactSignature, FactTries}

// Witness is one way to the card and what it tells.
type Witness struct {
	// Module is the PKCS#11 module, nil for PC/SC.
	Module *pkcs11.Module
	// Status of the module; OK for PC/SC.
	Status pkcs11.Status
	// Sees is false when the module shows no token of this card.
	Sees bool
	// Card as this witness tells it, decoded in one way for all.
	Card cps.Card
	says map[Fact]string
}

// Row is one fact in the words of each witness, "" where it does not tell.
type Row struct {
	Fact   Fact
	Values []string
}

// Disagreement is a fact that a module tells otherwise than the card itself.
type Disagreement struct {
	Fact   Fact
	Module pkcs11.Module
	Says   string // the module
	Card   string // PC/SC
	// Files of the module's cache on disk that hold what it read in the past,
	// by their names there; a stale one is the usual cause.
	Files []string
}

// Comparison puts what PC/SC and each module say of one card side by side.
type Comparison struct {
	Witnesses     []Witness
	Rows          []Row
	Disagreements []Disagreement
}

// Compare puts the card as PC/SC reads it beside what each probed module says.
// Modules that show no token of this card are witnesses that do not see it.
func Compare(direct *cps.Card, probes []pkcs11.Probe) Comparison {
	c := Comparison{Witnesses: []Witness{{Status: pkcs11.OK, Sees: true, Card: *direct, says: sayings(*direct, triesOf(direct.PIN))}}}
	for _, p := range probes {
		c.Witnesses = append(c.Witnesses, witness(direct.Number, p))
	}
	for _, f := range facts {
		row := Row{Fact: f}
		for _, w := range c.Witnesses {
			row.Values = append(row.Values, w.says[f])
		}
		c.Rows = append(c.Rows, row)
	}
	for _, w := range c.Witnesses[1:] {
		c.Disagreements = append(c.Disagreements, disagreements(direct, c.Witnesses[0], w)...)
	}
	return c
}

// witness makes one of a module.
func witness(number string, p pkcs11.Probe) Witness {
	w := Witness{Module: &p.Module, Status: p.Status}
	slot, ok := SlotOf(number, p)
	if !ok {
		return w
	}
	w.Sees = true
	w.Card = CardOfToken(*slot.Token)
	w.says = sayings(w.Card, triesOfFlags(slot.Token.Flags))
	return w
}

// SlotOf finds the slot in which a module shows the card of that number: of
// several, as OpenSC makes them, the one with most objects.
func SlotOf(number string, p pkcs11.Probe) (pkcs11.Slot, bool) {
	var best pkcs11.Slot
	for _, s := range p.Slots {
		if s.Token == nil || !sameNumber(number, s.Token) {
			continue
		}
		if best.Token == nil || len(s.Token.Objects) > len(best.Token.Objects) {
			best = s
		}
	}
	return best, best.Token != nil
}

// sameNumber tells whether a token is that card: the Cryptolib gives eight
// digits of its number as the serial, OpenSC all of them, and the label of a
// token ends with it.
func sameNumber(number string, t *pkcs11.Token) bool {
	serial := strings.TrimLeft(t.Serial, "0")
	return number != "" && (len(serial) >= 8 && strings.HasPrefix(number, serial) || strings.Contains(t.Label, number))
}

// CardOfToken decodes the objects of a token as a Card.
func CardOfToken(t pkcs11.Token) cps.Card {
	var data, certificates []cps.Object
	for _, o := range t.Objects {
		switch o.Class {
		case "data":
			data = append(data, cps.Object{Label: o.Label, Value: o.Value})
		case "certificate":
			certificates = append(certificates, cps.Object{Label: o.Label, Value: o.Value})
		}
	}
	card := cps.FromObjects(t.Label, data, certificates)
	if card.Number == "" {
		if _, number, ok := strings.Cut(t.Label, "-"); ok && len(number) == 10 && strings.Trim(number, "0123456789") == "" {
			card.Number = number
		}
	}
	return card
}

func sayings(c cps.Card, tries string) map[Fact]string {
	says := map[Fact]string{
		FactNumber: c.Number, FactIdentifier: c.Identifier.Value, FactTries: tries,
		FactHolder: strings.TrimSpace(c.Holder.GivenName + " " + c.Holder.FamilyName),
	}
	for _, certificate := range c.Certificates {
		fact := FactAuthentication
		switch certificate.Role {
		case cps.Authentication:
		case cps.Signature:
			fact = FactSignature
		default:
			continue
		}
		if len(certificate.Raw) > 0 {
			sum := sha256.Sum256(certificate.Raw)
			says[fact] = fmt.Sprintf("%X", sum[:6])
		}
	}
	return says
}

// Words for the state of the code porteur that PC/SC, with its counter, and
// PKCS#11, with its flags, can both say.
const (
	triesBlocked = "blocked"
	triesLast    = "last-try"
	triesLow     = "low"
	triesFull    = "full"
)

// usualTries is the number of tries of a CPx, for a card that gives no maximum.
const usualTries = 3

func triesOf(p cps.PIN) string {
	most := p.TriesMax
	if most == 0 {
		most = usualTries
	}
	switch {
	case !p.Known:
		return ""
	case p.TriesLeft == 0:
		return triesBlocked
	case p.TriesLeft == 1:
		return triesLast
	case p.TriesLeft < most:
		return triesLow
	}
	return triesFull
}

func triesOfFlags(flags []string) string {
	for _, f := range []struct{ flag, word string }{
		{"CKF_USER_PIN_LOCKED", triesBlocked}, {"CKF_USER_PIN_FINAL_TRY", triesLast}, {"CKF_USER_PIN_COUNT_LOW", triesLow},
	} {
		if slices.Contains(flags, f.flag) {
			return f.word
		}
	}
	if slices.Contains(flags, "CKF_USER_PIN_INITIALIZED") && slices.Contains(flags, "CKF_LOGIN_REQUIRED") {
		return triesFull
	}
	return ""
}

func disagreements(direct *cps.Card, card, module Witness) []Disagreement {
	var all []Disagreement
	for _, f := range facts {
		says, said := module.says[f], card.says[f]
		if says == "" || said == "" || says == said {
			continue
		}
		all = append(all, Disagreement{
			Fact: f, Module: *module.Module, Says: says, Card: said, Files: cacheFiles(direct, *module.Module, f),
		})
	}
	return all
}

// objectsOf names the objects that a fact is read from.
var objectsOf = map[Fact][]string{
	FactNumber: {"CPS_ID_CARD"}, FactIdentifier: {"CPS_INFO_PS"}, FactHolder: {"CPS_INFO_PS", "CPS_NAME_PS"},
}

// cacheFiles names the files in which the Cryptolib keeps what it read of this
// card for that fact: eight digits of the card number, and the path of the file
// on the card.
func cacheFiles(direct *cps.Card, module pkcs11.Module, f Fact) []string {
	if module.Family != pkcs11.Cryptolib || len(direct.Number) != 10 {
		return nil
	}
	labels := objectsOf[f]
	for _, c := range direct.Certificates {
		if f == FactAuthentication && c.Role == cps.Authentication || f == FactSignature && c.Role == cps.Signature {
			labels = append(labels, c.Label)
		}
	}
	var files []string
	for _, label := range labels {
		if path := direct.Paths[label]; path != "" {
			files = append(files, direct.Number[:8]+"_"+strings.TrimPrefix(path, "3F00"))
		}
	}
	return files
}
