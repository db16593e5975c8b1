package virtualcard_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
)

// card makes a shipped card, to which these tests do present codes.
func card(t testing.TB, name string, faults virtualcard.Faults) *virtualcard.Card {
	t.Helper()
	d, err := virtualcard.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := virtualcard.New(d, cardtest.Today, faults)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// send transmits hexadecimal and returns the answer in hexadecimal.
func send(t testing.TB, c *virtualcard.Card, command string) string {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(command, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Transmit(context.Background(), raw)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return strings.ToUpper(hex.EncodeToString(answer))
}

func TestShippedCards(t *testing.T) {
	t.Parallel()
	numbers := map[string]string{}
	for _, name := range virtualcard.Names() {
		d := card(t, name, virtualcard.Faults{}).Description()
		if d.Summary["fr"] == "" || d.Summary["en"] == "" {
			t.Errorf("%s: no summary in both languages", name)
		}
		// The Cryptolib keeps what it read of a card under 8 of its digits.
		if other, taken := numbers[d.Number[:8]]; taken {
			t.Errorf("%s and %s share the digits %s", name, other, d.Number[:8])
		}
		numbers[d.Number[:8]] = name
		if d.Identifier[0] == '8' && !strings.HasPrefix(d.Identifier, "8997") {
			t.Errorf("%s: identifier outside the test range", name)
		}
	}
}

func TestDescriptionErrors(t *testing.T) {
	t.Parallel()
	good := "generation = \"CPS3\"\ninterface = \"contact\"\nnumber = \"2900999999\"\nvalid_days = 10\n[pin]\ncode = \"1234\"\ntries_left = 3\n"
	if _, err := virtualcard.Parse("good", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"unknown key":        {"valid_days", "colour = 1\nvalid_days"},
		"generation":         {"CPS3", "CPS9"},
		"number":             {"2900999999", "29009999"},
		"contactless CPS4":   {"generation = \"CPS3\"\ninterface = \"contact\"", "generation = \"CPS4\"\ninterface = \"contactless\""},
		"tries":              {"tries_left = 3", "tries_left = 4"},
		"code":               {"1234", "12"},
		"not TOML":           {"[pin]", "[pin"},
		"wrong type of code": {"\"1234\"", "1234"},
	} {
		if d, err := virtualcard.Parse("bad", []byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestCPS3Habits(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	for _, step := range []struct{ command, want string }{
		{"00A4040C0D E828BD080F8025000001FF0010", "9000"},
		{"00A4090404 3F00D003", "6116"}, // T=0: GET RESPONSE fetches the FCP
		{"00C0000016", "6214 8002000C 820101 8302D003 8A0105 A1048C020100 9000"},
		{"00B000000C", "5A0A80250000012900999999 9000"},
		{"00B000000D", "5A0A80250000012900999999 6282"},
		{"00A4090C04 3F00D010", "6A82"}, // EF_ACTUA
		{"00B0000001", "5A9000"},        // the failed selection changed nothing
		{"00C0000010", "6985"},
		{"00D6000001AA", "6D00"}, // nothing can be written
		{"80B0000001", "6E00"},
		{"00B0", "6700"},
	} {
		if got, want := send(t, c, step.command), strings.ReplaceAll(step.want, " ", ""); got != want {
			t.Errorf("%s: %s, want %s", step.command, got, want)
		}
	}
}

func TestCPS4Habits(t *testing.T) {
	t.Parallel()
	c := card(t, "pharmacien", virtualcard.Faults{})
	for _, step := range []struct{ command, want string }{
		{"01A4080002 D003 00", "6E00"}, // not before its application is selected
		{"01A4040C08 8025000001FF0100", "9000"},
		{"00B000000C", "6E00"}, // channel 1 only
		{"01A4080002 D003", "61"},
		{"01A4080002 D003 00", "6F"},
		{"01B000000C", "5A0A80250000018042990299 9000"},
		{"01200001", "63C3"},
		{"01200002", "63CA"},
	} {
		if got := send(t, c, step.command); !strings.HasPrefix(got, strings.ReplaceAll(step.want, " ", "")) {
			t.Errorf("%s: %s, want %s…", step.command, got, step.want)
		}
	}
}

func TestCodePorteur(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	private := "00A4090C06 3F000001D120"
	read := "00B0000004"
	steps := []struct{ command, want string }{
		{private, "9000"}, {read, "6982"},
		{"0020000104 39393939", "63C2"},
		{"0020000104 31323334", "9000"},
		{read, "EE"},
		{"0020000104 39393939", "63C2"}, {read, "6982"},
		{"0020000104 39393939", "63C1"}, {"0020000104 39393939", "63C0"},
		{"0020000104 31323334", "6983"},
	}
	for i, step := range steps {
		if got := send(t, c, step.command); !strings.HasPrefix(got, step.want) {
			t.Fatalf("step %d: %s, want %s", i, got, step.want)
		}
	}
	if n := c.Counts().Presented; n != 6 {
		t.Errorf("%d codes presented, want 6", n)
	}
	for _, x := range c.Trace() {
		if bytes.Contains(x.Command, []byte("1234")) || bytes.Contains(x.Command, []byte("9999")) {
			t.Errorf("a code stands in the trace: %X", x.Command)
		}
	}
	c.Reset()
	if got := send(t, c, "00200001"); got != "6983" {
		t.Errorf("the counter does not survive a reset: %s", got)
	}
}

func TestResetForgetsTheCode(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	send(t, c, "0020000104 31323334")
	c.Reset()
	send(t, c, "00A4090C06 3F000001D120")
	if got := send(t, c, "00B0000004"); got != "6982" {
		t.Errorf("%s", got)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{
		RemoveAt: 3, Status: map[int]iso7816.StatusWord{2: 0x6F00},
	})
	selectRoot := "00A4040C08 8025000001FF0100"
	if got := send(t, c, selectRoot) + send(t, c, selectRoot); got != "90006F00" {
		t.Errorf("%s", got)
	}
	if _, err := c.Transmit(context.Background(), []byte{0, 0xB0, 0, 0, 1}); !errors.Is(err, virtualcard.ErrRemoved) {
		t.Errorf("%v", err)
	}
	c.Insert()
	if got := send(t, c, selectRoot); got != "9000" {
		t.Errorf("after it was put in again: %s", got)
	}
	if _, err := virtualcard.New(c.Description(), cardtest.Today, virtualcard.Faults{Truncate: map[string]int{"CPS_NOTHING": 1}}); err == nil {
		t.Error("a file that does not exist is truncated")
	}
}

func FuzzTransmit(f *testing.F) {
	for _, s := range []string{
		"00A4040C08 8025000001FF0100", "01A4040C08 8025000001FF0100", "00B0000000", "01200001", "00CB3FFF0A4D087006BF810102A080",
		"0020000104 31323334", "0120000104 31323334", "0020000208 3132333435363738", "0024000108 3132333435363738",
		"002C020104 31323334", "012C0381", "002241AA03 800140", "002A90A005 9000 800161", "002241B606 800142 840181",
		"002A9E9A00", "002241A406 800102 840182", "0088000001 61 00", "002241B806 80011A 840182", "012241B803 830120",
		"112A808602 0001", "012281B604 91022890", "A0A40000027F01", "A0A40000024000", "A0C0000007", "A0B000001B",
	} {
		b, _ := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		f.Add(b)
	}
	cards := []*virtualcard.Card{card(f, "medecin", virtualcard.Faults{}), card(f, "pharmacien", virtualcard.Faults{})}
	f.Fuzz(func(t *testing.T, command []byte) {
		for _, c := range cards {
			answer, err := c.Transmit(context.Background(), command)
			if err != nil || len(answer) < 2 || len(answer) > 258 {
				t.Fatalf("%X: %X, %v", command, answer, err)
			}
		}
	})
}
