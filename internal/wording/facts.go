package wording

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/internal/language"
	"postecpx/internal/plaintext"
)

// longest is how much of one foreign string is shown.
const longest = 120

// foreign makes a string that was read from outside fit to be shown.
func foreign(s string) string { return plaintext.Line(s, longest) }

// Fact is one thing that the card says, with the tone it deserves: Plain when
// there is nothing to judge.
type Fact struct {
	Tone         Tone
	Label, Value string
}

// kindKeys name each kind of card.
var kindKeys = map[cps.Kind]string{
	cps.CPS: "card.kind.cps",
	cps.CPF: "card.kind.cpf",
	cps.CPE: "card.kind.cpe",
	cps.CDE: "card.kind.cde",
	cps.CPA: "card.kind.cpa",
	cps.CDA: "card.kind.cda",
}

// Facts are the holder and the card, in the order to show them. What the card
// does not give says so, and whether that is because its part was not read;
// while the reading goes on (not complete), it says that it is awaited.
func Facts(s *language.Speaker, c *cps.Card, complete bool, now time.Time) []Fact {
	// known is the value, or why it is unknown; parts are those that give it.
	known := func(value string, parts ...string) string {
		switch {
		case value != "":
			return value
		case !complete:
			return s.Say("card.awaited")
		case slices.ContainsFunc(c.Gaps, func(g cps.Gap) bool { return slices.Contains(parts, g.Part) }):
			return s.Say("card.not-read")
		}
		return s.Say("card.unknown")
	}
	plain := func(label, value string) Fact { return Fact{Label: label, Value: value, Tone: Plain} }
	facts := []Fact{
		plain(s.Say("card.holder"), known(Holder(c.Holder), "CPS_NAME_PS")),
		plain(s.Say("card.profession"), known(profession(s, c), "CPS_INFO_PS")),
		pin(s, c, known("", "code porteur")),
		validity(s, c, known("", "CPS_ID_CARD"), now),
	}
	if speciality := coded(s, c.Holder.Speciality); speciality != "" {
		facts = append(facts, plain(s.Say("card.speciality"), speciality))
	}
	return append(facts,
		plain(s.Say("card.kind"), known(kind(s, c), "CPS_INFO_PS")),
		plain(s.Say("card.number"), known(number(s, c), "CPS_ID_CARD", "EF.SN.ICC", "card number")),
		plain(s.Say("card.issued"), known(Date(s, c.Issued), "CPS_ID_CARD")),
	)
}

// Holder is the name of the person on one line, "" when unknown.
func Holder(h cps.Holder) string {
	return strings.Join(present(h.Civility.Label, h.GivenName, h.FamilyName), " ")
}

// present are the strings that hold something, made fit to be shown.
func present(all ...string) []string {
	var kept []string
	for _, s := range all {
		if s = foreign(s); s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// coded is the label of a code, or the code itself when no table has it.
func coded(s *language.Speaker, c cps.Coded) string {
	if label := foreign(c.Label); label != "" {
		return label
	}
	if code := foreign(c.Code); code != "" {
		return s.Say("card.code", "Code", code)
	}
	return ""
}

func profession(s *language.Speaker, c *cps.Card) string {
	if p := coded(s, c.Holder.Profession); p != "" {
		return p
	}
	return coded(s, c.Holder.FutureProfession)
}

func kind(s *language.Speaker, c *cps.Card) string {
	if key, ok := kindKeys[c.Kind]; ok {
		return s.Say(key)
	}
	return foreign(string(c.Kind))
}

// number is the card number, then what kind of chip it is and how it was
// reached, when that is not by contact.
func number(s *language.Speaker, c *cps.Card) string {
	number := foreign(c.Number)
	var chip []string
	if c.Generation != "" && c.Generation != cps.GenerationUnknown {
		chip = append(chip, foreign(string(c.Generation)))
	}
	if c.Interface == cps.Contactless {
		chip = append(chip, s.Say("card.contactless"))
	}
	if number == "" || len(chip) == 0 {
		return number
	}
	return number + " (" + strings.Join(chip, ", ") + ")"
}

func validity(s *language.Speaker, c *cps.Card, unknown string, now time.Time) Fact {
	f := Fact{Tone: Plain, Label: s.Say("card.validity")}
	switch {
	case c.Expires.IsZero():
		f.Value = unknown
	case Expired(c, now):
		f.Tone, f.Value = Bad, s.Say("card.validity.over", "To", Date(s, c.Expires))
	default:
		f.Tone, f.Value = Good, s.Say("card.validity.until", "To", Date(s, c.Expires))
	}
	return f
}

func pin(s *language.Speaker, c *cps.Card, unknown string) Fact {
	f := Fact{Tone: Plain, Label: s.Say("card.pin")}
	switch {
	case !c.PIN.Known:
		f.Value = unknown
	case c.PIN.Blocked():
		f.Tone, f.Value = Bad, s.Say("card.pin.blocked")
	default:
		f.Tone, f.Value = Good, s.Say("card.pin.tries", "Count", c.PIN.TriesLeft)
		if c.PIN.TriesLeft == 1 {
			f.Tone = Warning
		}
	}
	return f
}

// Date is a day as that language writes it, "" when unknown.
func Date(s *language.Speaker, d cps.Date) string {
	if d.IsZero() {
		return ""
	}
	return s.Say("card.date",
		"Year", fmt.Sprintf("%04d", d.Year),
		"Month", fmt.Sprintf("%02d", d.Month),
		"Day", fmt.Sprintf("%02d", d.Day))
}

// Gaps names the parts that could not be read, separated by commas. That a card
// lists no certificate is not one of them.
func Gaps(c *cps.Card) string {
	var parts []string
	for _, g := range c.Gaps {
		if !errors.Is(g, cps.ErrNoCertificate) {
			parts = append(parts, present(g.Part)...)
		}
	}
	return plaintext.Line(strings.Join(parts, ", "), 2*longest)
}

// shortKeys say in a few words what is in a reader.
var shortKeys = map[cardreader.Stage]string{
	cardreader.NoCard:     "stage.short.no-card",
	cardreader.Mute:       "stage.short.mute",
	cardreader.NotCPx:     "stage.short.not-cpx",
	cardreader.Reading:    "stage.short.reading",
	cardreader.Identified: "stage.short.cpx",
	cardreader.Read:       "stage.short.cpx",
	cardreader.Unreadable: "stage.short.unreadable",
	cardreader.Busy:       "stage.short.busy",
}

// ReaderLine is a reader's name and what is in it, in a few words.
func ReaderLine(s *language.Speaker, r cardreader.ReaderStatus) string {
	key, ok := shortKeys[r.Stage]
	if !ok {
		key = "stage.short.unreadable"
	}
	state := s.Say(key)
	if r.Stage == cardreader.NotCPx {
		if name := foreign(r.CardName.In(s.Tag())); name != "" {
			state = s.Say("stage.short.not-cpx-named", "Name", name)
		}
	}
	return s.Say("stage.short.line", "Reader", ReaderName(s, r.Reader), "State", state)
}

// ReaderName is a reader's name fit to be shown.
func ReaderName(s *language.Speaker, name string) string {
	if name = plaintext.Line(name, 60); name != "" {
		return name
	}
	return s.Say("stage.reader-unnamed")
}

// Cause is the technical reason of an error on one line, "" for none. It is in
// the words of the program that failed, for a support desk.
func Cause(err error) string {
	if err == nil {
		return ""
	}
	return plaintext.Line(err.Error(), 2*longest)
}
