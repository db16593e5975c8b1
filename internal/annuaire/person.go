package annuaire

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"postecpx/assets/nomenclature"
	"postecpx/cardreader/cps"
)

// Systems of the identifiers (documentation of the API, version 2; those of
// version 1 began with http).
const (
	systemIDNPS  = "urn:oid:1.2.250.1.71.4.2.1"
	systemRPPS   = "https://rpps.esante.gouv.fr"
	systemFINESS = "https://finess.esante.gouv.fr"
)

// smartCard is the extension of a card (AsSmartCardExtension). The date of an
// opposition is no public data.
const smartCard = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-smartcard"

// Person is a professional as the directory knows them. What it does not say
// is left out.
type Person struct {
	ID string `json:"id"` // of the directory, not of the person
	// Active is nil when the directory does not say.
	Active     *bool  `json:"active,omitempty"`
	Identifier string `json:"identifier,omitempty"` // identifiant national; the one that was asked for
	RPPS       string `json:"rpps,omitempty"`
	// Civility, Title ("DR") and the names under which they practise.
	Civility   string   `json:"civility,omitempty"`
	Title      string   `json:"title,omitempty"`
	FamilyName string   `json:"familyName,omitempty"`
	GivenNames []string `json:"givenNames,omitempty"`

	Professions  []Coded `json:"professions,omitempty"`
	Specialities []Coded `json:"specialities,omitempty"`
	Cards        []Card  `json:"cards,omitempty"`
	// Places is nil when there are none, or when they could not be asked for:
	// PlacesFailure tells.
	Places        []Place  `json:"places,omitempty"`
	PlacesFailure *Failure `json:"-"`
	// MorePlaces: the directory has others, on further pages.
	MorePlaces bool `json:"morePlaces,omitempty"`

	Source string `json:"source,omitempty"` // as the directory names it
	// Updated is when the directory last changed it, in UTC, zero when unknown.
	Updated time.Time `json:"updated,omitzero"`

	identifiers []string // all that the directory gives
}

// Coded is a code of an ANS nomenclature with its label, "" when neither the
// directory nor the tables of the program have one.
type Coded struct {
	Code  string `json:"code"`
	Label string `json:"label,omitempty"`
}

// Card is a CPx of the person. A zero day is unknown.
type Card struct {
	Type   string   `json:"type,omitempty"` // CPS, CPF, CPE, CPA
	Number string   `json:"number,omitempty"`
	Start  cps.Date `json:"-"`
	End    cps.Date `json:"-"`
}

// MarshalJSON writes the days as ISO 8601 has them.
func (c Card) MarshalJSON() ([]byte, error) {
	type plain Card // without this method
	return json.Marshal(struct {
		plain
		From string `json:"start,omitempty"`
		To   string `json:"end,omitempty"`
	}{plain(c), c.Start.String(), c.End.String()})
}

// Place is where they practise.
type Place struct {
	Name   string `json:"name,omitempty"`
	FINESS string `json:"finess,omitempty"`
	// Structure is the identifiant national of the structure.
	Structure string   `json:"structure,omitempty"`
	Address   []string `json:"address,omitempty"` // its lines
	// Mode of practice (R23: L, S …) and function (R21).
	Mode     Coded `json:"mode,omitzero"`
	Function Coded `json:"function,omitzero"`
	Active   *bool `json:"active,omitempty"`
}

// Name is how they are called: civility or title, given names, family name.
func (p Person) Name() string {
	words := append([]string{p.Title}, p.GivenNames...)
	if p.Title == "" {
		words[0] = p.Civility
	}
	return strings.Join(slices.DeleteFunc(append(words, p.FamilyName), func(s string) bool { return s == "" }), " ")
}

// professionTables are those of the professions (JDV_J106); specialityTables
// those of the ordinal specialities. The tables R01 and R38 share their codes.
var (
	professionTables = map[string]nomenclature.Table{
		"G15-ProfessionSante": nomenclature.G15, "G16-ProfessionFormation": nomenclature.G16,
		"R94-ProfessionSocial": "", "R95-UsagerTitre": "", "R291-AutreProfession": "",
	}
	specialityTables = map[string]nomenclature.Table{"R38-SpecialiteOrdinale": nomenclature.R01}
)

// tableName is "G15-ProfessionSante" for
// https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante,
// "" for another system.
func tableName(system string) string {
	_, rest, ok := strings.Cut(system, "mos.esante.gouv.fr/NOS/TRE_")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// codedIn takes the codings of those tables, each once.
func (c *Client) codedIn(tables map[string]nomenclature.Table, all []coding) []Coded {
	var found []Coded
	for _, one := range all {
		table, ok := tables[tableName(one.System)]
		if !ok || one.Code == "" {
			continue
		}
		coded := Coded{Code: c.clean(one.Code), Label: c.clean(one.Display)}
		if label, ok := nomenclature.Label(table, one.Code); ok {
			coded.Label = label
		}
		if !slices.ContainsFunc(found, func(f Coded) bool { return f.Code == coded.Code }) {
			found = append(found, coded)
		}
	}
	return found
}

func (c *Client) person(p practitioner) Person {
	person := Person{ID: p.ID, Active: p.Active, Source: c.clean(p.Meta.Source)}
	person.Updated = instant(p.Meta.LastUpdated)
	for _, i := range p.Identifier {
		value := c.clean(i.Value)
		switch {
		case value == "":
		case i.System == systemIDNPS:
			person.identifiers = append(person.identifiers, value)
			if person.Identifier == "" && i.Use != "old" {
				person.Identifier = value
			}
		case i.System == systemRPPS && (person.RPPS == "" || i.Use != "old"):
			person.RPPS = value
		}
	}
	if person.Identifier == "" && len(person.identifiers) > 0 {
		person.Identifier = person.identifiers[0]
	}
	if len(p.Name) > 0 { // the profile allows one
		n := p.Name[0]
		person.FamilyName = c.clean(n.Family)
		person.Civility, person.Title = c.clean(strings.Join(n.Prefix, " ")), c.clean(strings.Join(n.Suffix, " "))
		for _, g := range n.Given {
			if g = c.clean(g); g != "" {
				person.GivenNames = append(person.GivenNames, g)
			}
		}
	}
	var codings []coding
	for _, q := range p.Qualification {
		codings = append(codings, q.Code.Coding...)
	}
	person.Professions = c.codedIn(professionTables, codings)
	person.Specialities = c.codedIn(specialityTables, codings)
	for _, e := range p.Extension {
		if e.URL == smartCard {
			person.Cards = append(person.Cards, c.card(e))
		}
	}
	return person
}

func (c *Client) card(e extension) Card {
	var card Card
	for _, part := range e.Extension {
		switch part.URL {
		case "type":
			for _, t := range part.ValueCoding.Coding {
				card.Type = c.clean(t.Code)
			}
		case "number":
			card.Number = c.clean(part.ValueString)
		case "period":
			card.Start, card.End = day(part.ValuePeriod.Start), day(part.ValuePeriod.End)
		}
	}
	return card
}

// instant reads a time in UTC. What no calendar of four digits can say is left
// out: others would not read it back.
func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// day reads the date of a FHIR value, zero when it names no day: a year or a
// month is none, and neither is an instant, whose day depends on the zone.
// Midnight as it is written there stands for the day itself.
func day(text string) cps.Date {
	date, hour, _ := strings.Cut(text, "T")
	if hour != "" && !strings.HasPrefix(hour, "00:00:00") {
		return cps.Date{}
	}
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return cps.Date{}
	}
	return cps.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// places pairs the roles of a person with the organizations that came along.
func (c *Client) places(id string, b bundle) []Place {
	byID := map[string]organization{}
	for _, o := range b.organizations {
		byID["Organization/"+o.ID] = o
	}
	var all []Place
	for _, r := range b.roles {
		if local(r.Practitioner.Reference) != "Practitioner/"+id {
			continue // of somebody else
		}
		place := Place{Active: r.Active}
		var codings []coding
		for _, code := range r.Code {
			codings = append(codings, code.Coding...)
		}
		if mode := c.codedIn(map[string]nomenclature.Table{"R23-ModeExercice": ""}, codings); len(mode) > 0 {
			place.Mode = mode[0]
		}
		if function := c.codedIn(map[string]nomenclature.Table{"R21-Fonction": ""}, codings); len(function) > 0 {
			place.Function = function[0]
		}
		if o, ok := byID[local(r.Organization.Reference)]; ok {
			place.Name = c.clean(o.Name)
			for _, i := range o.Identifier {
				switch i.System {
				case systemFINESS:
					place.FINESS = c.clean(i.Value)
				case "urn:oid:1.2.250.1.71.4.2.2":
					place.Structure = c.clean(i.Value)
				}
			}
			if len(o.Address) > 0 {
				place.Address = c.address(o.Address[0])
			}
		}
		all = append(all, place)
	}
	return all
}

// local is the end of a reference, "Organization/003-1", whether the server
// writes it whole or not.
func local(reference string) string {
	parts := strings.Split(reference, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// lineParts are the parts of an address line, in the order in which they are
// written (AsAddressExtendedProfile).
var lineParts = []string{"careOf", "additionalLocator", "houseNumber", "buildingNumberSuffix", "streetNameType", "streetNameBase", "lieu-dit", "postBox"}

func (c *Client) address(a address) []string {
	var lines []string
	keep := func(text string) {
		if text = c.clean(text); text != "" {
			lines = append(lines, text)
		}
	}
	for n := range max(len(a.Line), len(a.LineParts)) {
		if n < len(a.Line) && a.Line[n] != nil && *a.Line[n] != "" {
			keep(*a.Line[n])
			continue
		}
		if n >= len(a.LineParts) || a.LineParts[n] == nil {
			continue
		}
		var words []string
		for _, name := range lineParts {
			for _, e := range a.LineParts[n].Extension {
				if strings.HasSuffix(e.URL, "-"+name) && e.ValueString != "" {
					words = append(words, e.ValueString)
				}
			}
		}
		keep(strings.Join(words, " "))
	}
	keep(strings.TrimSpace(a.PostalCode + " " + a.City))
	if len(lines) == 0 {
		keep(a.Text)
	}
	return lines
}
