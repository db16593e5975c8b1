package cps

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"

	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/iso7816"
)

func TestAllowList(t *testing.T) {
	t.Parallel()
	refused := []iso7816.Command{
		{INS: 0x20, P2: 1, Data: []byte("1234")},
		{INS: 0x20, P2: 1, Le: 1},
		{CLA: 1, INS: 0x20, P1: 1, P2: 1},
		{INS: 0x24, P2: 1}, {INS: 0x2C}, {INS: 0x2A}, {INS: 0x22}, {INS: 0x88}, {INS: 0xD6}, {INS: 0xE4}, {INS: 0xDB},
		{CLA: 0x10, INS: 0xA4}, {CLA: 0x80, INS: 0xCA}, {CLA: 0xA0, INS: 0xA4},
	}
	for _, c := range refused {
		if allowed(c) {
			t.Errorf("CLA %02X INS %02X P1 %02X with %d bytes is let through", c.CLA, c.INS, c.P1, len(c.Data))
		}
	}
	for ins := range 256 {
		c := iso7816.Command{INS: byte(ins), Data: []byte{1}}
		if allowed(c) {
			switch ins {
			case 0xA4, 0xB0, 0xB2, 0xC0, 0xCA, 0xCB:
			default:
				t.Errorf("INS %02X with data is let through", ins)
			}
		}
	}
}

func TestResolvePaths(t *testing.T) {
	t.Parallel()
	df := path{0x00, 0x01}
	for raw, want := range map[string]string{
		"\x3F\x00\x00\x01\xA0\x01": "3F000001A001",
		"\xA0\x01":                 "3F000001A001",
		"\x00\x01\xA0\x01":         "3F000001A001",
		"\x3F\xFF\xA0\x01":         "3F000001A001",
		"\xE8\x28\xBD\x08\x0F\x80\x25\x00\x00\x01\xFF\x00\x10\xA0\x01": "3F000001A001",
		"\x3F\x00\xD0\x03": "3F00D003",
	} {
		got, err := resolve([]byte(raw), df)
		if err != nil || got.String() != want {
			t.Errorf("%X: %v, %v; want %s", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", "\x3F", "\x3F\x00\x01"} {
		if got, err := resolve([]byte(raw), df); err == nil {
			t.Errorf("%X: %v", raw, got)
		}
	}
}

func TestInfoPS(t *testing.T) {
	t.Parallel()
	// The example that ANS's own tool decodes.
	example := "\xED\x30\x80\x02\x00\x00\x81\x0C899700218896\x82\x01\x28\x84\x12SPECIALISTE0021889\x85\x05SCD01"
	info, err := parseInfoPS([]byte(example + "\x00\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if info.identifier != "899700218896" || info.profession.Code != "40" || info.exerciseName != "SPECIALISTE0021889" || info.speciality.Code != "SCD01" {
		t.Errorf("%+v", info)
	}
	for name, bad := range map[string]string{
		"empty":             "",
		"other container":   "\xE3" + example[1:],
		"cut":               example[:30],
		"two identifiers":   "\xED\x1C\x81\x0C899700218896\x81\x0C899700366240",
		"field beyond":      "\xED\x04\x81\x0C89",
		"indefinite length": "\xED\x80\x81\x0C899700218896",
		"no identifier":     "\xED\x03\x82\x01\x28",
	} {
		if info, err := parseInfoPS([]byte(bad)); err == nil {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

func TestBCD(t *testing.T) {
	t.Parallel()
	if d, err := bcdDate([]byte{0x20, 0x24, 0x02, 0x29}); err != nil || d.String() != "2024-02-29" {
		t.Errorf("%v, %v", d, err)
	}
	for _, b := range [][]byte{{0x20, 0x23, 0x02, 0x29}, {0x20, 0x23, 0x13, 0x01}, {0x20, 0x2A, 0x01, 0x01}, {0x20}, {}} {
		if d, err := bcdDate(b); err == nil {
			t.Errorf("%X: %v", b, d)
		}
	}
	if s, err := bcd([]byte{0x29, 0x00, 0x9F}); err != nil || s != "29009" {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := bcd([]byte{0xF2, 0x00}); err == nil {
		t.Error("a filler in the middle is accepted")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"H\xC9L\xC8NE\x00\x00": "HÉLÈNE", "HÉLÈNE  ": "HÉLÈNE", "": "", "\x00": "",
	} {
		if got := text([]byte(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestSubjectWithManyValuesInOneRDN(t *testing.T) {
	t.Parallel()
	attribute := func(oid asn1.ObjectIdentifier, v string) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: oid, Value: v}
	}
	der, err := asn1.Marshal(pkix.RDNSequence{
		{attribute(asn1.ObjectIdentifier{2, 5, 4, 6}, "FR")},
		{attribute(asn1.ObjectIdentifier{2, 5, 4, 12}, "Pharmacien, \"titulaire\"")},
		{
			attribute(asn1.ObjectIdentifier{2, 5, 4, 4}, "PHARMACH0007512"),
			attribute(asn1.ObjectIdentifier{2, 5, 4, 3}, "899700075122"),
			attribute(asn1.ObjectIdentifier{2, 5, 4, 42}, "CAROLE"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := parseSubject(der)
	if s.CommonName != "899700075122" || s.Surname != "PHARMACH0007512" || s.GivenName != "CAROLE" {
		t.Errorf("%+v", s)
	}
	if want := `GN=CAROLE+CN=899700075122+SN=PHARMACH0007512,title=Pharmacien\, \"titulaire\",C=FR`; s.DN != want {
		t.Errorf("DN %s, want %s", s.DN, want)
	}
}

func TestSDO(t *testing.T) {
	t.Parallel()
	pin, err := parseSDO([]byte("\x70\x0C\xBF\x81\x01\x08\xA0\x06\x9A\x01\x03\x9B\x01\x02"))
	if err != nil || !pin.Known || pin.TriesLeft != 2 || pin.TriesMax != 3 {
		t.Errorf("%+v, %v", pin, err)
	}
	if pin, err := parseSDO([]byte("\x9A\x01\x03\x9B\x01\x03\x9D\x02\x00\x00")); err != nil || !pin.Blocked() {
		t.Errorf("no uses left: %+v, %v", pin, err)
	}
	for _, b := range []string{"", "\x70\x00", "\x9B\x02\x00\x01", "\x9B\x01\xFF", "\x9A\x01\x03\x9B\x01\x09"} {
		if pin, err := parseSDO([]byte(b)); err == nil {
			t.Errorf("%X: %+v", b, pin)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code           string
		responsibility string
		want           Kind
	}{
		{"\x00", "", CPS}, {"\x01\x00", "", CPF}, {"\x02", "", CPE}, {"\x02", "01", CDE}, {"\x02", "02", CPE},
		{"\x03", "00", CPA}, {"\x03", "01", CDA}, {"\x04", "", ""}, {"", "", ""},
	} {
		if got := kind([]byte(tt.code), tt.responsibility); got != tt.want {
			t.Errorf("G02 %X, G04 %q: %q, want %q", tt.code, tt.responsibility, got, tt.want)
		}
	}
}

func TestCardNumber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		idCard, serial, want string
		fails                bool
	}{
		{"2900999999", "2900999999", "2900999999", false},
		{"2900999999", "290099999", "2900999999", false}, // filler at the end of EF.SN.ICC
		{"2900999999", "", "2900999999", false},
		{"", "2900999999", "2900999999", false},
		{"", "290099999", "", false},
		{"2900999999", "2900999998", "", true},
		{"29", "", "", true},
	} {
		got, err := cardNumber(tt.idCard, tt.serial)
		if got != tt.want || err != nil != tt.fails {
			t.Errorf("%q, %q: %q, %v", tt.idCard, tt.serial, got, err)
		}
	}
}

func FuzzSubject(f *testing.F) {
	der, err := asn1.Marshal(pkix.RDNSequence{{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "899700075122"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parseSubject(b)
		if s.DN == "" && len(s.Attributes) > 0 {
			t.Fatalf("%+v", s)
		}
	})
}

func FuzzCertificate(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x30, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, _ := parseCertificate("label", b)
		if c.Err == nil && c.DN == "" && c.Serial == "" {
			t.Fatalf("a certificate without a name or an error: %+v", c)
		}
	})
}

func FuzzBusinessData(f *testing.F) {
	f.Add([]byte("\xED\x30\x80\x02\x00\x00\x81\x0C899700218896"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if info, err := parseInfoPS(b); err != nil && info.identifier != "" {
			t.Fatalf("identifier %q beside %v", info.identifier, err)
		}
		parseIDCard(b)
		parseNamePS(b)
		parseDirectory(b)
		if _, err := parseODF(b); err == nil && len(b) == 0 {
			t.Fatal("an empty EF.ODF is accepted")
		}
		_ = fmt.Sprint(parseDIR(b))
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const doctor, other = "899700218896", "899700366240"
	broken := fmt.Errorf("broken")
	certificate := func(role Role, commonName string, err error) Certificate {
		return Certificate{Role: role, Subject: Subject{CommonName: commonName}, Err: err}
	}
	for name, tt := range map[string]struct {
		info         string
		infoErr      error
		certificates []Certificate
		listErr      error
		want         string
	}{
		"agree":                          {doctor, nil, []Certificate{certificate(Authentication, doctor, nil)}, nil, "899700218896 verified []"},
		"no certificate":                 {doctor, nil, nil, nil, "899700218896 verified []"},
		"certificate of unknown role":    {doctor, nil, []Certificate{certificate(RoleUnknown, other, nil)}, nil, "899700218896 unverified [sources-disagree]"},
		"refused by x509, name readable": {doctor, nil, []Certificate{certificate(RoleUnknown, other, broken)}, nil, "899700218896 unverified [sources-disagree]"},
		"unknown role, unreadable":       {doctor, nil, []Certificate{certificate(RoleUnknown, "", broken)}, nil, "899700218896 unverified [certificate-unreadable]"},
		"unreadable beside a good one":   {doctor, nil, []Certificate{certificate(Authentication, doctor, nil), certificate(RoleUnknown, "", broken)}, nil, "899700218896 verified []"},
		"for something else":             {doctor, nil, []Certificate{certificate(RoleUnknown, "www.example.test", nil)}, nil, "899700218896 verified []"},
		"technical":                      {doctor, nil, []Certificate{certificate(Technical, "8025000001/2900999999", nil)}, nil, "899700218896 verified []"},
		"list unreadable":                {doctor, nil, nil, broken, "899700218896 unverified [certificate-unreadable]"},
		"signature disagrees":            {doctor, nil, []Certificate{certificate(Authentication, doctor, nil), certificate(Signature, other, nil)}, nil, "899700218896 unverified [sources-disagree]"},
		"certificate alone":              {"", broken, []Certificate{certificate(Authentication, doctor, nil)}, nil, "899700218896 unverified [info-ps-unreadable]"},
		"listed twice":                   {doctor, errListedTwice, []Certificate{certificate(Authentication, doctor, nil)}, nil, "899700218896 unverified [info-ps-unreadable]"},
		"nothing":                        {"", nil, nil, nil, " absent []"},
		"ADELI":                          {"00B7010446", nil, nil, nil, "00B7010446 unverified [check-digit-unknown]"},
	} {
		id := judge(tt.info, tt.infoErr, tt.certificates, tt.listErr)
		if got := fmt.Sprint(id.Value, " ", id.Status, " ", id.Problems); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestTestCertificates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		issuer, subject igcsante.Attribute
		want            bool
	}{
		{igcsante.Attribute{Name: "CN", Value: "TEST AC IGC-SANTE FORT PERSONNES"}, igcsante.Attribute{Name: "SN", Value: "NOM"}, true},
		{igcsante.Attribute{Name: "OU", Value: "IGC-SANTE TEST"}, igcsante.Attribute{Name: "SN", Value: "NOM"}, true},
		{igcsante.Attribute{Name: "CN", Value: "AC IGC-SANTE FORT PERSONNES"}, igcsante.Attribute{Name: "O", Value: "TEST"}, true},
		{igcsante.Attribute{Name: "CN", Value: "AC IGC-SANTE FORT PERSONNES"}, igcsante.Attribute{Name: "SN", Value: "TEST"}, false},
		{igcsante.Attribute{Name: "CN", Value: "AC IGC-SANTE FORT PERSONNES"}, igcsante.Attribute{Name: "O", Value: "CENTRE DE TEST"}, false},
	} {
		c := Certificate{issuer: []igcsante.Attribute{tt.issuer}, Subject: Subject{Attributes: []igcsante.Attribute{tt.subject}}}
		if c.isTest() != tt.want {
			t.Errorf("%v, %v: %v", tt.issuer, tt.subject, !tt.want)
		}
	}
}

func TestDirectoryEntries(t *testing.T) {
	t.Parallel()
	entry := func(label string, body string) string {
		attributes := ""
		if label != "" {
			attributes = "\x0C" + string(rune(len(label))) + label
		}
		inner := "\x30" + string(rune(len(attributes))) + attributes + body
		return "\x30" + string(rune(len(inner))) + inner
	}
	path := "\xA1\x06\x30\x04\x04\x02\xA0\x01"
	objects, err := parseDirectory([]byte(entry("one", path) + entry("", path) + entry("direct", "\xA1\x02\x30\x00")))
	if err != nil || len(objects) != 2 || objects[0].label != "one" || objects[1].label != "" {
		t.Errorf("%+v, %v", objects, err)
	}
	if objects, err := parseDirectory([]byte(entry("damaged", "\xA1\x7F\x30"))); err == nil || len(objects) != 0 {
		t.Errorf("damaged: %+v, %v", objects, err)
	}
	if d, err := parseODF([]byte("\xA7\x06\x30\x04\x04\x02\x70\x06\xA4\x20\x30")); err == nil || len(d) != 1 {
		t.Errorf("EF.ODF that breaks off: %v, %v", d, err)
	}
}
