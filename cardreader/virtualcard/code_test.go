package virtualcard_test

import (
	"bytes"
	"strings"
	"testing"

	"postecpx/cardreader/virtualcard"
)

// The default code de déblocage, and codes porteur, in hexadecimal.
const (
	puk      = "3132333435363738"
	wrongPUK = "3939393939393939"
	code1234 = "31323334"
	code9999 = "39393939"
	code5678 = "35363738"
)

// step is a command and the answer, or how it begins.
type step struct{ command, want string }

// walk sends the commands in order; the first wrong answer ends the test.
func walk(t *testing.T, c *virtualcard.Card, steps []step) {
	t.Helper()
	for i, s := range steps {
		if got, want := send(t, c, s.command), strings.ReplaceAll(s.want, " ", ""); !strings.HasPrefix(got, want) {
			t.Fatalf("step %d: %s: %s, want %s…", i, s.command, got, want)
		}
	}
}

func TestUnblockCPS3(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	walk(t, c, []step{
		{"0020000104" + code9999, "63C2"}, {"0020000104" + code9999, "63C1"}, {"0020000104" + code9999, "63C0"},
		{"0020000104" + code1234, "6983"}, {"00200001", "6983"},
		{"002C020104" + code5678, "6982"}, // not without the code de déblocage
		{"0020000208" + wrongPUK, "63C9"}, {"00200002", "63C9"},
		{"002C020104" + code5678, "6982"},
		{"0020000208" + puk, "9000"}, {"00200002", "9000"},
		{"002C020103 353637", "6A80"}, {"002C020104 35363741", "6A80"}, // no codes porteur
		{"002C020104" + code5678, "9000"},
		{"00200001", "63C3"}, // unblocked, not presented
		{"0020000104" + code1234, "63C2"}, {"0020000104" + code5678, "9000"},
	})
	if n := c.Counts(); n.Presented != 13 || n.PresentedPUK != 2 {
		t.Errorf("presented %d, of which %d codes de déblocage", n.Presented, n.PresentedPUK)
	}
}

// TestUnblockCPS4 repeats what ANS's library sends: the counter first, without
// any data, then the new code.
func TestUnblockCPS4(t *testing.T) {
	t.Parallel()
	c := card(t, "pharmacien", virtualcard.Faults{})
	walk(t, c, []step{
		{"01A4040C08 8025000001FF0100", "9000"},
		{"0120000104" + code9999, "63C2"}, {"0120000104" + code9999, "63C1"}, {"0120000104" + code9999, "63C0"},
		{"012C0381", "6982"}, {"0124010104" + code5678, "6982"},
		{"0120000208" + puk, "9000"},
		{"012C0381", "9000"}, {"0124010104" + code5678, "9000"},
		{"0120000104" + code5678, "9000"},
	})
}

func TestResetRetryCounterForms(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]step{
		"code de déblocage and new code": {
			{"002C000108" + wrongPUK, "63C9"}, {"002C00010C" + puk + code5678, "9000"},
			{"0020000104" + code5678, "9000"}},
		"code de déblocage alone": {
			{"0020000104" + code9999, "63C2"}, {"002C010108" + puk, "9000"}, {"00200001", "63C3"}},
		"neither":           {{"0020000208" + puk, "9000"}, {"002C0301", "9000"}},
		"too long":          {{"002C010109" + puk + "31", "6A80"}},
		"no data":           {{"002C0201", "6700"}},
		"data too many":     {{"002C030104" + code5678, "6700"}},
		"unknown form":      {{"002C040104" + code5678, "6A86"}},
		"unknown code":      {{"002C020304" + code5678, "6A88"}},
		"code de déblocage": {{"0020000208" + puk, "9000"}, {"002C020208" + puk, "6982"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, card(t, "medecin", virtualcard.Faults{}), steps)
		})
	}
}

func TestChangeCode(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]step{
		"old and new": {
			{"0024000108" + code1234 + code5678, "9000"}, {"0020000104" + code1234, "63C2"}, {"0020000104" + code5678, "9000"}},
		"wrong old code":    {{"0024000108" + code9999 + code5678, "63C2"}, {"00200001", "63C2"}},
		"no new code":       {{"0024000104" + code1234, "6A80"}, {"0020000104" + code1234, "9000"}},
		"new without old":   {{"0024010104" + code5678, "6982"}},
		"new after old":     {{"0020000104" + code1234, "9000"}, {"0024010104" + code5678, "9000"}, {"00200001", "9000"}},
		"PUK does not help": {{"0020000208" + puk, "9000"}, {"0024010104" + code5678, "6982"}},
		"code de déblocage": {{"0024000210" + puk + wrongPUK, "6982"}},
		"unknown code":      {{"0024000308" + code1234 + code5678, "6A88"}},
		"unknown form":      {{"0024020108" + code1234 + code5678, "6A86"}},
		"no data":           {{"00240001", "6700"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, card(t, "medecin", virtualcard.Faults{}), steps)
		})
	}
}

// TestUnblockLimit: a code de déblocage serves a hundred times.
func TestUnblockLimit(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	counters := "00CB3FFF0A 4D087006BF810202A080 00"
	walk(t, c, []step{{counters, "701A BF810216 A014 9A010A 9B010A 9D020064 A1088C06F3FF00FFFF00 9000"}})
	for range 100 {
		walk(t, c, []step{{"0020000208" + puk, "9000"}})
	}
	walk(t, c, []step{
		{counters, "701A BF810216 A014 9A010A 9B010A 9D020000"},
		{"0020000208" + puk, "6983"},
	})
	c.Reset()
	walk(t, c, []step{{"00200002", "6983"}, {"002C0301", "6982"}})
}

func TestUnblockTries(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	for _, left := range []string{"63C9", "63C8", "63C7", "63C6", "63C5", "63C4", "63C3", "63C2", "63C1", "63C0", "6983"} {
		walk(t, c, []step{{"0020000208" + wrongPUK, left}})
	}
	walk(t, c, []step{{"0020000208" + puk, "6983"}, {"0020000104" + code1234, "9000"}})
}

func TestOwnPUK(t *testing.T) {
	t.Parallel()
	text := "generation = \"CPS3\"\ninterface = \"contact\"\nnumber = \"2900999999\"\nvalid_days = 10\n[pin]\ncode = \"1234\"\ntries_left = 3\n"
	d, err := virtualcard.Parse("own", []byte(text+"puk = \"99999999\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := virtualcard.New(d, today, virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	walk(t, c, []step{{"0020000208" + puk, "63C9"}, {"0020000208" + wrongPUK, "9000"}})
	for _, bad := range []string{"1234567", "123456789", "1234567A"} {
		if d, err := virtualcard.Parse("bad", []byte(text+"puk = \""+bad+"\"\n")); err == nil {
			t.Errorf("%s: %+v", bad, d.PIN)
		}
	}
}

// TestNoCodeInTheTrace: not even from commands that the card refuses.
func TestNoCodeInTheTrace(t *testing.T) {
	t.Parallel()
	c := card(t, "medecin", virtualcard.Faults{})
	refused := 0
	for _, command := range []string{
		"0020000104" + code1234, "0024000108" + code1234 + code5678, "002C00010C" + puk + code1234,
		"1020000104" + code1234, // in parts
		"0020000103" + code1234, // of the wrong length
		"00200001000004" + code1234,
		"A020000104" + code1234, "8020000104" + code1234, // of another class
		"00200001FF" + code1234,
	} {
		if answer := send(t, c, command); answer != "9000" {
			refused++
		}
	}
	if refused < 6 {
		t.Errorf("%d commands refused", refused)
	}
	for _, x := range c.Trace() {
		if strings.ContainsAny(string(x.Command[5:]), "12345678") {
			t.Errorf("a code stands in the trace: %X", x.Command)
		}
		if bytes.Equal(x.Command[:4], make([]byte, 4)) {
			t.Errorf("no header in the trace: %X", x.Command)
		}
	}
	if n := c.Counts().Presented; n != 9 {
		t.Errorf("%d codes presented, want 9", n)
	}
}
