package cardreader

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/virtualcard"
)

// tokenOf is a module's view of a card that was read.
func tokenOf(c *cps.Card, identifier string, flags ...string) *pkcs11.Token {
	t := &pkcs11.Token{Label: c.Product, Serial: c.Number[:8], Flags: append([]string{"CKF_LOGIN_REQUIRED", "CKF_USER_PIN_INITIALIZED"}, flags...)}
	info := "\x81\x0C" + identifier + "\x84\x12SPECIALISTE0021889"
	t.Objects = append(t.Objects, pkcs11.Object{Class: "data", Label: "CPS_INFO_PS", Value: append([]byte{0xED, byte(len(info))}, info...)})
	for _, certificate := range c.Certificates {
		t.Objects = append(t.Objects, pkcs11.Object{Class: "certificate", Label: certificate.Label, Value: certificate.Raw})
	}
	return t
}

func TestCompare(t *testing.T) {
	t.Parallel()
	source := NewVirtual("one")
	source.Insert("one", shipped(t, "medecin", virtualcard.Faults{}))
	card, err := ReadCard(context.Background(), source, "one", cps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cryptolib := pkcs11.Module{Path: "/cps.so", Name: "Cryptolib CPS", Family: pkcs11.Cryptolib}
	probe := func(token *pkcs11.Token) pkcs11.Probe {
		return pkcs11.Probe{Module: cryptolib, Status: pkcs11.OK, Slots: []pkcs11.Slot{{ID: 1, Description: "two"}, {ID: 0, Description: "one", Token: token}}}
	}
	for name, tt := range map[string]struct {
		token *pkcs11.Token
		sees  bool
		want  []string
	}{
		"agrees":           {tokenOf(card, doctor), true, nil},
		"stale identifier": {tokenOf(card, "899700366240"), true, []string{"identifier 899700366240 [29009999_" + card.Paths["CPS_INFO_PS"][4:] + "]"}},
		"blocked":          {tokenOf(card, doctor, "CKF_USER_PIN_LOCKED"), true, []string{"tries blocked []"}},
		"no token":         {nil, false, nil},
		"another card":     {&pkcs11.Token{Label: "CPS3v3-2900111111 (PIN)", Serial: "29001111"}, true, []string{"number 29001111 [29009999_" + card.Paths["CPS_ID_CARD"][4:] + "]"}},
	} {
		c := Compare("one", card, []pkcs11.Probe{probe(tt.token)})
		var got []string
		for _, d := range c.Disagreements {
			got = append(got, fmt.Sprint(d.Fact, " ", d.Says, " ", d.Files))
		}
		if c.Witnesses[1].Sees != tt.sees || !slices.Equal(got, tt.want) {
			t.Errorf("%s: sees %v, disagreements %q, want %q", name, c.Witnesses[1].Sees, got, tt.want)
		}
		for _, r := range c.Rows {
			if len(r.Values) != 2 || r.Values[0] == "" {
				t.Errorf("%s: row %+v", name, r)
			}
		}
	}
}
