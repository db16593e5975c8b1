package cps

import (
	"fmt"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"\xED\x17\x80\x02\x00\x00\x81\x0C899700218896\x82\x01\x28\x9A\x00":     "card-type=00 identifier=899700218896 profession=40(Chirurgien-Dentiste) =",
		"\xE3\x0F\x82\x01\x80\x83\x04\x20\x24\x02\x21\x84\x04\x20\x27\x02\x30": "category=80 issued=2024-02-21 expires=20270230",
		"\xEE\x15\x80\x01\x00\x84\x07CABINET\x86\x04SA07\x81\x01\x05":          "mode-exercice=00 raison-sociale=CABINET secteur=SA07 adeli-codes=05",
		"\xE0\x0A\xA0\x08\x80\x01\x01\x81\x03\x12\x34\x5F":                     "situation=01 billing-identifier=12345",
	} {
		fields, err := Decode([]byte(in))
		if err != nil {
			t.Errorf("%X: %v", in, err)
			continue
		}
		var got []string
		for _, f := range fields {
			text := f.Name + "=" + f.Value
			if f.Name == "profession" {
				text += "(" + f.Label + ")"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%X:\n%s, want\n%s", in, strings.Join(got, " "), want)
		}
	}
	for _, in := range []string{"", "\xE5\x04\x80\x02fr", "\xED\x30\x81", "\xED\x04\x81\x0C89", "\x00\x00"} {
		if fields, err := Decode([]byte(in)); err == nil {
			t.Errorf("%X: %v", in, fields)
		}
	}
}

func TestFromObjects(t *testing.T) {
	t.Parallel()
	c := FromObjects("CPS4v1-8042990299", []Object{
		{"CPS_INFO_PS", []byte("\xED\x11\x80\x01\x02\x81\x0C899700075122")},
		{"CPS_NAME_PS", []byte("\xE4\x40")},
	}, nil)
	if c.Generation != CPS4 || c.Kind != CPE || c.Identifier.Value != "899700075122" || c.Identifier.Status != Verified {
		t.Errorf("%+v", c)
	}
	if got := fmt.Sprint(c.Gaps); !strings.Contains(got, "CPS_NAME_PS") {
		t.Errorf("gaps %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xEE\x15\x80\x01\x00\x84\x07CABINET\x86\x04SA07\x81\x01\x05"))
	f.Add([]byte("\xE0\x0A\xA0\x08\x80\x01\x01\x81\x03\x12\x34\x5F"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fields, err := Decode(b)
		if err == nil && len(b) == 0 {
			t.Fatal("nothing is decoded without an error")
		}
		total := 0
		for _, f := range fields {
			total += len(f.Raw)
		}
		if total > len(b) {
			t.Fatalf("%d bytes of fields in %d", total, len(b))
		}
	})
}
