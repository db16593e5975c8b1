package igcsante

import (
	"encoding/hex"
	"testing"

	"postecpx/cardreader/iso7816"
)

// oneValue is a name of one RDN with one value, encoded by hand so that what no
// encoder would write can be tried.
func oneValue(oid string, tag iso7816.Tag, value []byte) []byte {
	content, err := hex.DecodeString(oid)
	if err != nil {
		panic(err)
	}
	pair := iso7816.AppendTLV(iso7816.AppendTLV(nil, tagOID, content), tag, value)
	set := iso7816.AppendTLV(nil, tagSet, iso7816.AppendTLV(nil, tagSequence, pair))
	return iso7816.AppendTLV(nil, tagSequence, set)
}

func TestDN(t *testing.T) {
	t.Parallel()
	const cn = "550403"
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"multi-valued":      {holderName(t), "GN=ROBERT+CN=899700218896+SN=SPECIALISTE0021889,title=Chirurgien-Dentiste,C=FR"},
		"empty name":        {[]byte{0x30, 0x00}, ""},
		"no name":           {[]byte{0x02, 0x01, 0x05}, ""},
		"nothing":           {nil, ""},
		"specials":          {oneValue(cn, tagUTF8, []byte(`#a,b+c"d\e<f>g;h=i `)), `CN=\#a\,b\+c\"d\\e\<f\>g\;h\=i\ `},
		"leading space":     {oneValue(cn, tagUTF8, []byte(" x")), `CN=\ x`},
		"NUL and newline":   {oneValue(cn, tagUTF8, []byte("a\x00b\nc")), `CN=a\00b\0Ac`},
		"right to left":     {oneValue(cn, tagUTF8, []byte("a\u202Eb")), `CN=a\E2\80\AEb`},
		"accents":           {oneValue(cn, tagUTF8, []byte("É")), "CN=É"},
		"Latin-1 printable": {oneValue(cn, tagPrintable, []byte("HEL\xC8NE")), "CN=HELÈNE"},
		"teletex":           {oneValue(cn, tagTeletex, []byte("Ren\xE9")), "CN=René"},
		"BMP":               {oneValue(cn, tagBMP, []byte{0, 'A', 0, 0xE9}), "CN=Aé"},
		"universal":         {oneValue(cn, tagUniversal, []byte{0, 0, 0, 'A', 0, 1, 0xF6, 0}), "CN=A😀"},
		"broken UTF-8":      {oneValue(cn, tagUTF8, []byte{0xC3}), "CN=#0C01C3"},
		"odd BMP":           {oneValue(cn, tagBMP, []byte{0}), "CN=#1E0100"},
		"integer":           {oneValue(cn, tagInteger, []byte{5}), "CN=#020105"},
		"unknown type":      {oneValue("2A0304", tagUTF8, []byte("x")), "1.2.3.4=x"},
		"bad type":          {oneValue("80", tagUTF8, []byte("x")), "#80=x"},
	} {
		if got, _ := DN(c.raw); got != c.want {
			t.Errorf("%s: %s, expected %s", name, got, c.want)
		}
	}
	_, attributes := DN(holderName(t))
	byName := map[string]Attribute{}
	for _, a := range attributes {
		byName[a.Name] = a
	}
	if len(attributes) != 5 || byName["CN"].Value != "899700218896" || byName["CN"].RDN != 2 || byName["GN"].RDN != 2 ||
		byName["title"].RDN != 1 || byName["title"].Type != "2.5.4.12" {
		t.Errorf("attributes %+v", attributes)
	}
	// What is before an error is kept.
	whole := holderName(t)
	cut := iso7816.AppendTLV(nil, tagSequence, append(whole[2:2+13:2+13], 0x31, 0x7F))
	if got, _ := DN(cut); got != "C=FR" {
		t.Errorf("cut short: %q", got)
	}
}
