package diagnostic_test

import (
	"testing"

	"postecpx/cardreader/virtualcard"
	"postecpx/internal/diagnostic"
)

func TestIdentifiersAreOfThePerson(t *testing.T) {
	t.Parallel()
	f := judge(t, with(t, "linux", "sources-discordantes", virtualcard.Faults{}), "identifier.sources")
	for key, value := range map[string]string{"identifier": "899700218896", "certificateIdentifier": "899700366240"} {
		if f.Get(key) != value {
			t.Errorf("%s is %q, want %q", key, f.Get(key), value)
		}
	}
	for _, fact := range f.Facts {
		if (fact.Key == "identifier" || fact.Key == "certificateIdentifier") && fact.Sensitivity != diagnostic.Person {
			t.Errorf("%s is %s", fact.Key, fact.Sensitivity)
		}
	}
}

// What is wrong with one source is no reason to call the identifier itself bad.
func TestUnreadSource(t *testing.T) {
	t.Parallel()
	faults := virtualcard.Faults{Truncate: map[string]int{"Certificat d'Authentification CPS": 20, "Certificat de Signature CPS": 20}}
	w := with(t, "linux", "medecin", faults)
	if f := judge(t, w, "identifier.valid"); f.Outcome != "valid" {
		t.Errorf("%+v", f)
	}
	if f := judge(t, w, "identifier.sources"); f.Because != "card.readable" || f.Get("unreadSource") != "certificate" {
		t.Errorf("%+v", f)
	}
	w = with(t, "linux", "medecin", virtualcard.Faults{Truncate: map[string]int{"CPS_INFO_PS": 0}})
	if f := judge(t, w, "identifier.sources"); f.Because != "card.readable" || f.Get("unreadSource") != "CPS_INFO_PS" {
		t.Errorf("%+v", f)
	}
}

func TestContactlessGivesNoIdentifier(t *testing.T) {
	t.Parallel()
	w := with(t, "linux", "sans-contact", virtualcard.Faults{})
	if f := judge(t, w, "identifier.valid"); f.Outcome != "absent-contactless" || f.Status != diagnostic.Skipped {
		t.Errorf("%+v", f)
	}
	if f := judge(t, w, "identifier.sources"); f.Outcome != "none" || f.Status != diagnostic.Skipped {
		t.Errorf("%+v", f)
	}
}

func TestIdentifierThatCannotBeTrustedIsTheCause(t *testing.T) {
	t.Parallel()
	f := judge(t, with(t, "linux", "cle-fausse", virtualcard.Faults{}), "identifier.sources")
	if f.Outcome != diagnostic.OutcomeBecause || f.Because != "identifier.valid" {
		t.Errorf("%+v", f)
	}
}

// What the card did not give is said once.
func TestGapsAreToldOnce(t *testing.T) {
	t.Parallel()
	w := with(t, "linux", "medecin", virtualcard.Faults{Truncate: map[string]int{"CPS_INFO_PS": 3}})
	w.File(linuxLibrary, "")
	d, err := diagnostic.Run(t.Context(), w, diagnostic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := d.Finding("card.readable"); f.Outcome != "gaps" {
		t.Errorf("%+v", f)
	}
	if f, _ := d.Finding("identifier.sources"); f.Because != "card.readable" {
		t.Errorf("%+v", f)
	}
}
