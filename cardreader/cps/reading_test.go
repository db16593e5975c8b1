package cps_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
)

func newCard(t testing.TB, name string, faults virtualcard.Faults) *virtualcard.Card {
	t.Helper()
	return cardtest.New(t, name, cardtest.Today, faults)
}

func read(c *virtualcard.Card, depth cps.Depth) (*cps.Card, error) {
	return cps.Read(context.Background(), c, c.ATR(), cps.Options{Depth: depth})
}

func TestReadShippedCards(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		generation cps.Generation
		kind       cps.Kind
		value      string
		status     cps.IdentifierStatus
		problems   string
		tries      int
		gaps       int
	}{
		"medecin":                  {cps.CPS3, cps.CPS, "899700218896", cps.Verified, "[]", 3, 0},
		"pharmacien":               {cps.CPS4, cps.CPS, "899700075122", cps.Verified, "[]", 3, 0},
		"chirurgien-dentiste-cps4": {cps.CPS4, cps.CPS, "899700366240", cps.Verified, "[]", 3, 0},
		"employe-etablissement":    {cps.CPS3, cps.CPE, "3990000010/000000018", cps.Verified, "[]", 3, 0},
		"directeur":                {cps.CPS3, cps.CDE, "3990000010/000000001", cps.Verified, "[]", 3, 0},
		"personnel-autorise":       {cps.CPS3, cps.CPA, "500000000029751/CPAT0001", cps.Verified, "[]", 3, 0},
		"en-formation":             {cps.CPS3, cps.CPF, "899700296140", cps.Verified, "[]", 3, 0},
		"expiree":                  {cps.CPS3, cps.CPS, "899700218896", cps.Verified, "[]", 3, 0},
		"code-bloque":              {cps.CPS3, cps.CPS, "899700218896", cps.Verified, "[]", 0, 0},
		"un-essai":                 {cps.CPS3, cps.CPS, "899700218896", cps.Verified, "[]", 1, 0},
		"cle-fausse":               {cps.CPS3, cps.CPS, "899700218897", cps.Unverified, "[luhn]", 3, 0},
		"sources-discordantes":     {cps.CPS3, cps.CPS, "899700218896", cps.Unverified, "[sources-disagree]", 3, 0},
		"sans-certificat":          {cps.CPS3, cps.CPS, "899700218896", cps.Verified, "[]", 3, 1},
		"sans-contact":             {cps.CPS3, "", "", cps.Absent, "[]", -1, 0},
	}
	for _, name := range virtualcard.Names() {
		want, ok := tests[name]
		if !ok {
			t.Errorf("%s: nothing is expected of this card", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCard(t, name, virtualcard.Faults{})
			card, err := read(c, cps.Everything)
			if err != nil {
				t.Fatal(err)
			}
			id := card.Identifier
			if card.Generation != want.generation || card.Kind != want.kind || id.Value != want.value || id.Status != want.status {
				t.Errorf("%s %s %q %s, want %+v", card.Generation, card.Kind, id.Value, id.Status, want)
			}
			if got := fmt.Sprint(id.Problems); got != want.problems {
				t.Errorf("problems %s, want %s", got, want.problems)
			}
			if want.tries >= 0 != card.PIN.Known || card.PIN.Known && card.PIN.TriesLeft != want.tries {
				t.Errorf("code porteur %+v, want %d tries", card.PIN, want.tries)
			}
			if len(card.Gaps) != want.gaps {
				t.Errorf("gaps %v, want %d", card.Gaps, want.gaps)
			}
			if card.Test == nil || !*card.Test {
				t.Error("not marked as a test card")
			}
			if card.Number != c.Description().Number {
				t.Errorf("number %q, want %q", card.Number, c.Description().Number)
			}
			if n := c.Counts().Exchanges; n != card.Exchanges || n > 45 {
				t.Errorf("%d exchanges seen, %d told, at most 45", n, card.Exchanges)
			}
		})
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	card, err := read(newCard(t, "chirurgien-dentiste-cps4", virtualcard.Faults{}), cps.Everything)
	if err != nil {
		t.Fatal(err)
	}
	h := card.Holder
	if h.Civility.Label != "Madame" || h.FamilyName != "DENTISTE0036624" || h.GivenName != "HÉLÈNE" {
		t.Errorf("holder %+v", h)
	}
	if h.Profession.Code != "40" || h.Profession.Label != "Chirurgien-Dentiste" || h.Speciality.Code != "SCD01" || h.Speciality.Label == "" {
		t.Errorf("profession %+v, speciality %+v", h.Profession, h.Speciality)
	}
	if card.Issued.String() != "2026-10-24" || card.Expires.String() != "2029-10-24" {
		t.Errorf("valid from %v to %v", card.Issued, card.Expires)
	}
	roles := map[cps.Role]cps.Certificate{}
	for _, c := range card.Certificates {
		roles[c.Role] = c
	}
	auth := roles[cps.Authentication]
	if auth.CommonName != "899700366240" || auth.Surname != "DENTISTE0036624" || auth.GivenName != "HÉLÈNE" || auth.Title != "Chirurgien-Dentiste" {
		t.Errorf("subject of the authentication certificate %+v", auth.Subject)
	}
	if got := fmt.Sprint(roles[cps.Signature].Usage); got != "[digitalSignature nonRepudiation]" {
		t.Errorf("usage of the signature certificate %s", got)
	}
}

func TestIdentifierBudget(t *testing.T) {
	t.Parallel()
	for name, budget := range map[string]int{"medecin": 8, "employe-etablissement": 8, "pharmacien": 10} {
		for _, strict := range []bool{false, true} {
			c := newCard(t, name, virtualcard.Faults{StrictLe: strict})
			card, err := read(c, cps.IdentifierOnly)
			if err != nil {
				t.Fatal(err)
			}
			counts := c.Counts()
			if n := counts.Exchanges - counts.GetResponses; n > budget {
				t.Errorf("%s: %d exchanges without GET RESPONSE, at most %d", name, n, budget)
			}
			if card.Identifier.Status != cps.Pending {
				t.Errorf("%s: %+v", name, card.Identifier)
			}
		}
	}
}

func TestIdentifierFirst(t *testing.T) {
	t.Parallel()
	c := newCard(t, "medecin", virtualcard.Faults{})
	var early []cps.Card
	at := 0
	card, err := cps.Read(context.Background(), c, c.ATR(), cps.Options{Identified: func(known cps.Card) {
		early, at = append(early, known), c.Counts().Exchanges
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(early) != 1 || early[0].Identifier.Value != "899700218896" || len(early[0].Certificates) != 0 {
		t.Fatalf("told %d times: %+v", len(early), early)
	}
	if total := c.Counts().Exchanges; at*3 > total {
		t.Errorf("told after %d of %d exchanges", at, total)
	}
	if len(card.Certificates) != 2 || len(early[0].Identifier.Sources) != 1 {
		t.Errorf("the early card changed: %+v", early[0].Identifier)
	}
}

func TestOtherCardsGetNothing(t *testing.T) {
	t.Parallel()
	for name, atr := range map[string]string{
		"Vitale":        "3B751300004709EA9000",
		"Carte Bleue":   "3F65250827096090 00",
		"empty":         "",
		"damaged":       "3BAC0040",
		"other IAS ECC": "3B7F96000080318065B0850300EF1200F6829000",
	} {
		raw, _ := hex.DecodeString(atr)
		c := newCard(t, "medecin", virtualcard.Faults{})
		_, err := cps.Read(context.Background(), c, raw, cps.Options{})
		if !errors.Is(err, cps.ErrNotCPx) || c.Counts().Exchanges != 0 {
			t.Errorf("%s: %v after %d exchanges", name, err, c.Counts().Exchanges)
		}
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	tests := []struct {
		atr        string
		generation cps.Generation
		reached    cps.Interface
	}{
		{"3BAC00402A001225006480000310009000", cps.CPS3, cps.Contact},
		{"3BAC01402B001225006480000320009000", cps.CPS3, cps.Contact}, // other version bytes
		{"3BAC00402A001225006480820212009000", cps.GenerationUnknown, cps.Contact},
		{"3B8F80010031B86404B0ECC1739401808290000E", cps.CPS3, cps.Contactless},
		{"3B8F80010031B86404B0ECC173940180FFFFFFE3", cps.CPS3, cps.Contactless}, // status bytes lost by the reader
		{"3B9B188001001225006480040100009044", cps.CPS4, cps.Contact},
		{"3B9B188001001225006480000401009044", cps.CPS4, cps.Contact},
		{"3BDC18FF00001225006480000401009000", cps.CPS4, cps.Contact},
	}
	for _, tt := range tests {
		raw, _ := hex.DecodeString(tt.atr)
		r, err := cps.Recognise(raw)
		if err != nil || r.Generation != tt.generation || r.Interface != tt.reached {
			t.Errorf("%s: %s %s, %v", tt.atr, r.Generation, r.Interface, err)
		}
	}
}

// TestOtherATRs reads a CPx whose ATR is not in any table.
func TestOtherATRs(t *testing.T) {
	t.Parallel()
	for name, atr := range map[string]string{
		"medecin":    "3BAC00402A001225006480820212009000",
		"pharmacien": "3B9B188001001225006480050700009044",
	} {
		raw, _ := hex.DecodeString(atr)
		c := newCard(t, name, virtualcard.Faults{ATR: raw})
		card, err := read(c, cps.Everything)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := c.Description().Generation; card.Generation != want || card.Identifier.Status != cps.Verified {
			t.Errorf("%s: %s %+v", name, card.Generation, card.Identifier)
		}
	}
}

func TestRemovalAtEachExchange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"medecin", "pharmacien", "sans-contact"} {
		total := exchanges(t, name)
		for at := 1; at <= total; at++ {
			c := newCard(t, name, virtualcard.Faults{RemoveAt: at})
			card, err := read(c, cps.Everything)
			var lost *cps.TransportError
			if card != nil || !errors.Is(err, virtualcard.ErrRemoved) || !errors.As(err, &lost) {
				t.Fatalf("%s removed at %d: %+v, %v", name, at, card, err)
			}
		}
	}
}

func exchanges(t *testing.T, name string) int {
	t.Helper()
	c := newCard(t, name, virtualcard.Faults{})
	if _, err := read(c, cps.Everything); err != nil {
		t.Fatal(err)
	}
	return c.Counts().Exchanges
}

// TestStatusAtEachExchange answers each exchange in turn with each unusual
// status word: the reading ends, within its bound, and what it calls verified
// is right.
func TestStatusAtEachExchange(t *testing.T) {
	t.Parallel()
	words := []iso7816.StatusWord{
		0x6A82, 0x6982, 0x6985, 0x6700, 0x6B00, 0x6E00, 0x6A86, 0x6D00, 0x6C00, 0x6C05, 0x6100, 0x6105, 0x6282, 0x9000, 0x6F00,
	}
	for _, name := range []string{"medecin", "pharmacien"} {
		want := newCard(t, name, virtualcard.Faults{}).Description().Identifier
		total := exchanges(t, name)
		for _, sw := range words {
			for at := 1; at <= total; at++ {
				c := newCard(t, name, virtualcard.Faults{Status: map[int]iso7816.StatusWord{at: sw}})
				card, err := read(c, cps.Everything)
				if n := c.Counts().Exchanges; n > cps.MaxExchanges {
					t.Errorf("%s, %v at %d: %d exchanges", name, sw, at, n)
				}
				if err != nil {
					if !errors.Is(err, cps.ErrUnreadable) {
						t.Errorf("%s, %v at %d: %v", name, sw, at, err)
					}
					continue
				}
				if id := card.Identifier; id.Value != "" && id.Value != want {
					t.Errorf("%s, %v at %d: identifier %q", name, sw, at, id.Value)
				}
			}
		}
	}
}

// TestRecovery: another program left the card elsewhere; one answer of 6E00 or
// 6A86 costs nothing but two exchanges.
func TestRecovery(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"medecin", "pharmacien"} {
		for _, sw := range []iso7816.StatusWord{0x6E00, 0x6A86} {
			for at := 2; at <= 8; at++ {
				c := newCard(t, name, virtualcard.Faults{Status: map[int]iso7816.StatusWord{at: sw}})
				card, err := read(c, cps.IdentifierOnly)
				if err != nil || card.Identifier.Status != cps.Pending {
					t.Errorf("%s, %v at %d: %v", name, sw, at, err)
				}
			}
		}
	}
}

// TestTruncatedFiles cuts each file at each length: an identifier is right, or
// it is not there.
func TestTruncatedFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"medecin", "pharmacien"} {
		want := newCard(t, name, virtualcard.Faults{}).Description().Identifier
		for _, file := range []string{"EF.ODF", "DODF", "CDF", "CPS_INFO_PS", "CPS_ID_CARD", "CPS_NAME_PS", "EF.TokenInfo", "EF.SN.ICC", "Certificat d'Authentification CPS"} {
			for n := 0; ; n++ {
				d, err := virtualcard.Shipped(name)
				if err != nil {
					t.Fatal(err)
				}
				c, err := virtualcard.New(d, cardtest.Today, virtualcard.Faults{Truncate: map[string]int{file: n}})
				if err != nil {
					if n < 10 {
						t.Fatal(err)
					}
					break // the whole file
				}
				if n > 64 {
					n += 40
				}
				card, err := read(c, cps.Everything)
				if err != nil {
					if !errors.Is(err, cps.ErrUnreadable) {
						t.Errorf("%s, %s of %d bytes: %v", name, file, n, err)
					}
					continue
				}
				if id := card.Identifier; id.Value != "" && id.Value != want {
					t.Errorf("%s, %s of %d bytes: identifier %q", name, file, n, id.Value)
				}
			}
		}
	}
}

// TestDamagedInfoPS: the certificate still tells, and says that it is alone.
func TestDamagedInfoPS(t *testing.T) {
	t.Parallel()
	c := newCard(t, "medecin", virtualcard.Faults{Truncate: map[string]int{"CPS_INFO_PS": 12}})
	card, err := read(c, cps.IdentifierOnly)
	if err != nil {
		t.Fatal(err)
	}
	id := card.Identifier
	if id.Value != "899700218896" || id.Status != cps.Unverified || fmt.Sprint(id.Problems, id.Sources) != "[info-ps-unreadable] [certificate]" {
		t.Errorf("%+v", id)
	}
	if len(card.Gaps) != 1 || !errors.Is(card.Gaps[0], cps.ErrTruncated) {
		t.Errorf("gaps %v", card.Gaps)
	}
}

func TestDamagedCertificate(t *testing.T) {
	t.Parallel()
	c := newCard(t, "medecin", virtualcard.Faults{Truncate: map[string]int{"Certificat d'Authentification CPS": 300}})
	card, err := read(c, cps.Everything)
	if err != nil {
		t.Fatal(err)
	}
	if id := card.Identifier; id.Value != "899700218896" || id.Status != cps.Unverified || fmt.Sprint(id.Problems) != "[certificate-unreadable]" {
		t.Errorf("%+v", id)
	}
	if len(card.Certificates) != 2 || len(card.Gaps) != 1 {
		t.Errorf("%d certificates, gaps %v", len(card.Certificates), card.Gaps)
	}
}

func TestMuteCardEndsWithTheContext(t *testing.T) {
	t.Parallel()
	c := newCard(t, "medecin", virtualcard.Faults{MuteAt: 3})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := cps.Read(ctx, c, c.ATR(), cps.Options{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// endless answers every command with more to come.
type endless struct{ exchanges int }

func (e *endless) Transaction(_ context.Context, do func(iso7816.Transmitter) error) error {
	return do(e)
}

func (e *endless) Transmit(context.Context, []byte) ([]byte, error) {
	e.exchanges++
	return []byte{0x30, 0x61, 0x01}, nil
}

func TestEndlessCard(t *testing.T) {
	t.Parallel()
	card := new(endless)
	raw, _ := hex.DecodeString("3BAC00402A001225006480000310009000")
	_, err := cps.Read(context.Background(), card, raw, cps.Options{})
	if !errors.Is(err, cps.ErrTooLong) || card.exchanges != cps.MaxExchanges {
		t.Errorf("%d exchanges, %v", card.exchanges, err)
	}
}

// script answers from the fuzz input: a length byte, then as many bytes.
type script struct {
	t         *testing.T
	input     []byte
	exchanges int
}

func (s *script) Transaction(_ context.Context, do func(iso7816.Transmitter) error) error {
	return do(s)
}

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	s.exchanges++
	c, err := iso7816.ParseCommand(command)
	if err != nil {
		s.t.Fatalf("command %X: %v", command, err)
	}
	switch c.INS {
	case iso7816.InsSelect, iso7816.InsReadBinary, iso7816.InsGetDataBER, iso7816.InsGetResponse:
	case iso7816.InsVerify:
		if len(command) != 4 {
			s.t.Fatalf("VERIFY with data: %X", command)
		}
	default:
		s.t.Fatalf("command outside the allow-list: %X", command)
	}
	if len(s.input) == 0 {
		return nil, errors.New("removed")
	}
	n := min(int(s.input[0]), len(s.input)-1)
	answer := s.input[1 : 1+n]
	s.input = s.input[1+n:]
	return answer, nil
}

// FuzzCard reads a card whose answers are the input; its first byte chooses
// the ATR.
func FuzzCard(f *testing.F) {
	atrs := []string{
		"3BAC00402A001225006480000310009000", "3B9B188001001225006480040100009044",
		"3B8F80010031B86404B0ECC1739401808290000E", "3BAC00402A001225006480820212009000",
	}
	for i, name := range []string{"medecin", "pharmacien", "sans-contact", "employe-etablissement"} {
		c := newCard(f, name, virtualcard.Faults{})
		if _, err := read(c, cps.Everything); err != nil {
			f.Fatal(err)
		}
		seed := []byte{byte(i % 3)}
		for _, x := range c.Trace() {
			if len(x.Response) < 256 {
				seed = append(append(seed, byte(len(x.Response))), x.Response...)
			}
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		raw, _ := hex.DecodeString(atrs[int(input[0])%len(atrs)])
		s := &script{t: t, input: input[1:]}
		card, err := cps.Read(context.Background(), s, raw, cps.Options{})
		if s.exchanges > cps.MaxExchanges {
			t.Fatalf("%d exchanges", s.exchanges)
		}
		if (card == nil) == (err == nil) {
			t.Fatalf("card %v with error %v", card, err)
		}
		if card != nil && card.Identifier.Status == cps.Verified && len(card.Identifier.Check()) > 0 {
			t.Fatalf("verified: %+v", card.Identifier)
		}
	})
}
