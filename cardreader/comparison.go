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
	// AllFiles is the pattern of all that the module keeps of this card: an old
	// copy is removed as a whole.
	AllFiles string
}

// Comparison puts what PC/SC and each module say of one card side by side.
type Comparison struct {
	Witnesses     []Witness
	Rows          []Row
	Disagreements []Disagreement
}

// Compare puts the card that PC/SC reads in that reader beside what each probed
// module says. Modules that show no token of this card are witnesses that do
// not see it.
func Compare(reader string, direct *cps.Card, probes []pkcs11.Probe) Comparison {
	c := Comparison{Witnesses: []Witness{{Status: pkcs11.OK, Sees: true, Card: *direct, says: sayings(*direct, triesOf(direct.PIN))}}}
	for _, p := range probes {
		c.Witnesses = append(c.Witnesses, witness(reader, direct.Number, p))
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

// Compared tells whether any module told anything that could be compared.
func (c Comparison) Compared() bool {
	for _, r := range c.Rows {
		for _, v := range r.Values[1:] {
			if v != "" && r.Values[0] != "" {
				return true
			}
		}
	}
	return false
}

// witness makes one of a module.
func witness(reader, number string, p pkcs11.Probe) Witness {
	w := Witness{Module: &p.Module, Status: p.Status}
	slot, ok := SlotOf(reader, number, p)
	if !ok {
		return w
	}
	w.Sees = true
	w.Card = CardOfToken(*slot.Token)
	w.says = sayings(w.Card, triesOfFlags(slot.Token.Flags))
	// The label and the serial of the token name a card as well: one of
	// another card is the clearest sign of an old copy.
	for _, told := range []string{labelNumber(slot.Token.Label), slot.Token.Serial} {
		if len(told) >= 8 && !strings.HasPrefix(number, told) {
			w.says[FactNumber] = told
		} else if w.says[FactNumber] == "" && told != "" {
			w.says[FactNumber] = number
		}
	}
	return w
}

// SlotOf finds the slot in which a module shows the card of that number in that
// reader: the slot that bears the reader's name and, of several, as OpenSC
// makes them, the one with most objects. A module that names its slots in
// another way is looked through for the number, and must show it in one place
// only.
func SlotOf(reader, number string, p pkcs11.Probe) (pkcs11.Slot, bool) {
	var named, numbered []pkcs11.Slot
	elsewhere := map[string]bool{}
	for _, s := range p.Slots {
		switch {
		case s.Description != "" && strings.HasPrefix(reader, s.Description):
			if s.Token != nil {
				named = append(named, s)
			}
			elsewhere = nil
		case s.Token != nil && sameNumber(number, s.Token):
			numbered = append(numbered, s)
			if elsewhere != nil {
				elsewhere[s.Description] = true
			}
		}
	}
	candidates := named
	if elsewhere != nil && len(elsewhere) == 1 {
		candidates = numbered
	}
	var best pkcs11.Slot
	for _, s := range candidates {
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
	return len(number) == 10 && (len(t.Serial) >= 8 && strings.HasPrefix(number, t.Serial) || labelNumber(t.Label) == number)
}

// labelNumber is the card number in the label of a token, "CPS3v3-2900999999",
// "" when there is none.
func labelNumber(label string) string {
	_, rest, _ := strings.Cut(label, "-")
	number, _, _ := strings.Cut(rest, " ")
	if len(number) != 10 || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	return number
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
		card.Number = labelNumber(t.Label)
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
			Fact: f, Module: *module.Module, Says: says, Card: said, Files: cacheFiles(direct, *module.Module, f), AllFiles: allCacheFiles(direct, *module.Module),
		})
	}
	return all
}

// objectsOf names the objects that a fact is read from.
var objectsOf = map[Fact][]string{
	FactNumber: {"CPS_ID_CARD"}, FactIdentifier: {"CPS_INFO_PS"}, FactHolder: {"CPS_INFO_PS", "CPS_NAME_PS"},
}

// allCacheFiles is the pattern of the files that the Cryptolib keeps of this
// card.
func allCacheFiles(direct *cps.Card, module pkcs11.Module) string {
	if module.Family != pkcs11.Cryptolib || len(direct.Number) != 10 {
		return ""
	}
	return direct.Number[:8] + "_*"
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
