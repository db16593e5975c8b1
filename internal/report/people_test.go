package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"postecpx/cardreader/cps"
	"postecpx/internal/diagnostic"
)

// named is the example with another holder and account, and one text of others.
func named(family, given, user, text string) diagnostic.Diagnosis {
	d := example()
	if family != "" {
		d.Card.Holder.FamilyName, d.Card.Holder.GivenName = family, given
		d.Card.Certificates[0].Subject = cps.Subject{DN: "CN=899700218896+SN=" + family + "+GN=" + given, CommonName: "899700218896", Surname: family, GivenName: given}
	} else {
		d.Card = nil
	}
	d.Persons = []diagnostic.Fact{{Key: "user", Value: user, Sensitivity: diagnostic.Person}, {Key: "home", Value: "/home/" + user, Sensitivity: diagnostic.Person}}
	d.Findings = []diagnostic.Finding{{Code: "cryptolib.loads", Status: diagnostic.Error, Outcome: "failed", Facts: []diagnostic.Fact{
		{Key: "detail", Value: text, Sensitivity: diagnostic.Workstation},
	}}}
	return d
}

// TestNamesInPaths: folders and machines are called after their people.
func TestNamesInPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ family, given, text, want string }{
		{"DUPONT", "Marie", "/srv/drdupont/lib.so", "/srv/dr‹›/lib.so"},
		{"DUPONT", "Marie", "/srv/dupont2/lib.so", "/srv/‹›2/lib.so"},
		{"DUPONT", "Marie", "/srv/MarieDupont/lib.so", "/srv/‹›/lib.so"},
		{"DUPONT", "Marie", "/srv/mdupont/lib.so", "/srv/‹›/lib.so"},
		{"DUPONT", "Marie", "user mdupont", "user ‹›"},
		{"DUPONT", "Marie", `\\SRVDUPONT\profils$\mdupont\x.dll`, `\\SRV‹›\profils$\‹›\x.dll`},
		{"DUPONT", "Marie", "srvdupont.local:3128", "srv‹›.local:3128"},
		{"DUPONT", "Marie", "dupontel et dupontine", "dupontel et dupontine"},
		{"LY", "Bo", "/srv/cabinet-ly/lib.so", "/srv/cabinet-‹›/lib.so"},
		{"LY", "Bo", `C:\Cabinet du Dr ly`, `C:\Cabinet du Dr ‹›`},
		{"LY", "Bo", "slot of Dr Bo LY, bo or ly", "slot of Dr ‹›, bo or ly"},
		{"LY", "Bo", "slot of LY Bo", "slot of ‹›"},
		{"O'NEIL-L'ÉCUYER", "Anne", "/srv/oneil/x", "/srv/‹›/x"},
		{"O'NEIL-L'ÉCUYER", "Anne", "/srv/lecuyer/x", "/srv/‹›/x"},
		{"DE LA TOUR", "Jean-Pierre", "/srv/delatour/x /srv/jpdelatour", "/srv/‹›/x /srv/‹›"},
		{"李", "明", "李明 in /srv/李明的文件", "‹›‹› in /srv/‹›‹›的文件"},
		{"DUPONT", "Marie", "DU\x1b[0mPONT, \x1b[31mDupont\x1b[0m, x\x1b[1mDupont", "‹›, ‹›, x‹›"},
		{"DU\x1b[1mPONT", "Ma\x00rie", "Dupont marie@x", "‹›@x"},
		{"DUPONT", "Marie", "8997   0021   8896", "‹›"},
		{"DUPONT", "Marie", "8997\x00\x00\x00\x000021889 6", "‹›"},
		// Places that every workstation has are nobody's.
		{"BIN", "ETC", "/usr/bin/pcscd /etc/opt/santesocial", "/usr/bin/pcscd /etc/opt/santesocial"},
		{"LINUX", "Opt", "/usr/lib/x86_64-linux-gnu/libpcsclite.so.1 /opt/santesocial", "/usr/lib/x86_64-linux-gnu/libpcsclite.so.1 /opt/santesocial"},
		{"PROGRAM", "Cps", `C:\Program Files\santesocial\CPS\CCM.exe`, `C:\Program Files\santesocial\CPS\CCM.exe`},
		{"LINUX", "Opt", "/srv/linux/x /srv/opt/x ~/opt/x", "/srv/‹›/x /srv/‹›/x ~/‹›/x"},
		{"LINUX", "Opt", "/usr/bin/drlinux", "/usr/bin/dr‹›"},
	} {
		hide := newRedactor(named(c.family, c.given, "u1234567", ""), Options{Redaction: Partial, Key: machine})
		if got := placeholderForm.ReplaceAllString(hide.text(c.text), "‹›"); got != c.want {
			t.Errorf("%s %s: %q becomes %q, want %q", c.given, c.family, c.text, got, c.want)
		}
	}
}

// TestOneDigestOfTheHolder: all that says whose card it is has the same digits;
// the account and the machine have others.
func TestOneDigestOfTheHolder(t *testing.T) {
	t.Parallel()
	d := example()
	d.Findings[1].Facts = append(d.Findings[1].Facts,
		diagnostic.Fact{Key: "holder", Value: "Loïc DUPRÉ-MARTIN", Sensitivity: diagnostic.Person},
		diagnostic.Fact{Key: "cardSays", Value: "5B:AE:11:00:FF:42", Sensitivity: diagnostic.Person},
		diagnostic.Fact{Key: "cacheFile", Value: "29009999_cache.bin", Sensitivity: diagnostic.Person})
	d.Card.Identifier.CertificateValue = "899700218888" // the sources disagree
	r := New(speaker(t, "fr"), d, Options{Key: machine})
	document, err := JSON(r, "")
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]map[string]bool{}
	for _, m := range regexp.MustCompile(`‹([a-zA-Z]+)-([0-9a-f]{3})(-[0-9]+)?›`).FindAllStringSubmatch(document, -1) {
		if of[m[1]] == nil {
			of[m[1]] = map[string]bool{}
		}
		of[m[1]][m[2]] = true
	}
	holder := holderOf(r)
	for _, kind := range []string{"identifier", "number", "familyName", "givenName", "subject", "holder", "cacheFile", "cardSays"} {
		if len(of[kind]) != 1 || !of[kind][holder] {
			t.Errorf("%s has the digits %v, the holder %s", kind, of[kind], holder)
		}
	}
	if r.Card.Identifier.Certificate != "‹identifier-"+holder+"-2›" {
		t.Errorf("another identifier is %s", r.Card.Identifier.Certificate)
	}
	if hide := newRedactor(d, Options{Redaction: Partial, Key: machine}); strings.Contains(hide.text("camille"), holder) {
		t.Error("the account has the digits of the holder")
	}
}

// TestCardBetweenReports: with a card, more is known to be a person's; that is
// no change of the workstation.
func TestCardBetweenReports(t *testing.T) {
	t.Parallel()
	s := speaker(t, "fr")
	for _, user := range []string{"dupont", "camille"} {
		of := func(family, module string) Report {
			d := named(family, "Marie", user, "owned by "+user)
			d.Findings[0].Facts = append(d.Findings[0].Facts,
				diagnostic.Fact{Key: "module", Value: module, Sensitivity: diagnostic.Workstation},
				diagnostic.Fact{Key: "profile", Value: "Dupont", Sensitivity: diagnostic.Person},
				diagnostic.Fact{Key: "folder", Value: "/home/dupont2/x", Sensitivity: diagnostic.Workstation})
			return New(s, d, Options{Key: machine})
		}
		without, with := of("", "/opt/dupont/lib.so"), of("DUPONT", "/opt/dupont/lib.so")
		for name, c := range map[string]Changes{"inserted": Compare(without, with), "removed": Compare(with, without)} {
			if len(c.Findings) > 0 || len(c.Card) != 1 {
				t.Errorf("%s, the card %s: %s", user, name, inShort(c))
			}
		}
		if c := Compare(without, of("DUPONT", "/opt/dupont/other.so")); len(c.Findings) != 1 || len(c.Findings[0].Evidence) != 1 {
			t.Errorf("%s, another module: %s", user, inShort(c))
		}
	}
}

// TestFullKeepsPublicPaths: a remedy is of no use without its path.
func TestFullKeepsPublicPaths(t *testing.T) {
	t.Parallel()
	for value, kept := range map[string]bool{
		"/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so": true, "/usr/lib/x86_64-linux-gnu/libpcsclite.so.1": true,
		"/Library/Frameworks/cps3.framework/cps3_pkcs11": true, `C:\Windows\System32\cps3_pkcs11_w64.dll`: true,
		`C:\Program Files (x86)\santesocial\CPS\CCM.exe`: true, `HKLM\SOFTWARE\ASIP Sante\CCM`: true, "libcps3_pkcs11_lux.so": true,
		"/opt/logiciel/lib.so": false, "/usr/lib/../../srv/x": false, "/usr/lib/drdupré/x.so": false, "/usr/lib/dr-dupre/x.so": false,
		`D:\cabinet\x.dll`: false, "~/x": false, "/usr/library/x": false, "/opt/santesocial2/x": false, "/usr/lib/$(x)": false,
	} {
		d := named("DUPRÉ", "Loïc", "u1234567", "")
		d.Findings[0].Facts = []diagnostic.Fact{
			{Key: "module", Value: value, Sensitivity: diagnostic.Workstation}, {Key: "reason", Value: "cannot open " + value + ": refused", Sensitivity: diagnostic.Public},
		}
		d.Findings[0].Outcome = "missing-library"
		r := New(speaker(t, "fr"), d, Options{Redaction: Full, Key: machine})
		for _, e := range r.Findings[0].Evidence {
			if strings.Contains(e.Value, value) != kept {
				t.Errorf("%s: %s reads %q", value, e.Key, e.Value)
			}
		}
	}
}

// TestFullHidesPathsInTexts: also where another wrote them into a sentence.
func TestFullHidesPathsInTexts(t *testing.T) {
	t.Parallel()
	hide := newRedactor(named("DUPONT", "Marie", "camille", ""), Options{Redaction: Full, Key: machine})
	for text, want := range map[string]string{
		"open /srv/My Folder/x.so: denied":            "open ‹path›: denied",
		`load "D:\Mes logiciels\a.dll" failed`:        `load "‹path›" failed`,
		"file:///data/x and /data/y":                  "file://‹path› and ‹path›",
		"https://esante.gouv.fr/x/y":                  "https://esante.gouv.fr/x/y",
		"/home/camille/x":                             "‹path›",
		`\\server\share\x`:                            "‹path›",
		"libpcsclite.so.1 2026/06/15 1/2 and/or":      "libpcsclite.so.1 2026/06/15 1/2 and/or",
		"/opt/santesocial/CPS/lib/x.so: no such file": "/opt/santesocial/CPS/lib/x.so: no such file",
	} {
		if got := placeholderForm.ReplaceAllString(hide.text(text), "‹$1›"); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestCommandsOfTheHome: a command with a folder of the user works, whoever
// types it.
func TestCommandsOfTheHome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ goos, home, module, want string }{
		{"linux", "/home/camille", "/home/camille/a b/lib.so", `"$HOME"'/a b/lib.so'`},
		{"linux", "/home/camille", "/srv/$(reboot)/lib.so", `'/srv/$(reboot)/lib.so'`},
		{"linux", "/home/camille", `/srv/a"; reboot; "/lib.so`, `'/srv/a"; reboot; "/lib.so'`},
		{"linux", "/home/camille", "/opt/santesocial/CPS/lib/x.so", "ldd /opt/santesocial/CPS/lib/x.so"},
	} {
		d := named("", "", "camille", "")
		d.GOOS = c.goos
		d.Findings = []diagnostic.Finding{{Code: "cryptolib.loads", Status: diagnostic.Error, Outcome: "missing-library",
			Facts: []diagnostic.Fact{{Key: "module", Value: c.module, Sensitivity: diagnostic.Workstation}}}}
		r := New(speaker(t, "fr"), d, Options{Key: machine})
		if got := r.Findings[0].Command; !strings.Contains(got, c.want) {
			t.Errorf("%s: the command is %q, want %q", c.module, got, c.want)
		}
	}
}

// TestCompareIsBounded: a report that was made up is refused, or compared in no
// time.
func TestCompareIsBounded(t *testing.T) {
	t.Parallel()
	whole := func(list string) []byte {
		return []byte(`{"schema":"postecpx.report/1","generatedAt":"2026-06-15T10:00:00Z","redaction":"full","findings":[{"code":"a","status":"ok"` + list + `}]}`)
	}
	many := func(key, one string, n int) string {
		return `,"` + key + `":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]`
	}
	for name, data := range map[string][]byte{
		"evidence": whole(many("evidence", `{"key":"k","value":"v"}`, mostOfList+1)),
		"links":    whole(many("links", `{}`, mostOfList+1)),
		"a value":  whole(many("evidence", `{"key":"k","value":"`+strings.Repeat("v", longestValue)+`"}`, 1)),
		"card":     []byte(strings.Replace(string(whole("")), `"findings"`, `"card":{"certificates":[`+strings.Repeat("{},", mostOfList)+`{}]},"findings"`, 1)),
	} {
		if _, err := Parse(data); err == nil {
			t.Errorf("too much %s is accepted", name)
		}
	}
	if _, err := Parse(whole(many("evidence", `{"key":"k","value":"v"}`, mostOfList))); err != nil {
		t.Error(err)
	}
	var before, after []string
	for i := range 200_000 {
		before, after = append(before, fmt.Sprint("v", i)), append(after, fmt.Sprint("w", i))
	}
	gone, come := sameness{digits: true}.without(before, append(after, "v7"))
	if len(gone) != len(before)-1 || len(come) != len(after) {
		t.Errorf("%d went, %d came", len(gone), len(come))
	}
}
