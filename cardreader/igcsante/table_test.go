package igcsante

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The reading of the tables checks every fingerprint, so a table that reads
// without error is well-formed.
func TestTables(t *testing.T) {
	t.Parallel()
	if _, err := loaded(); err != nil {
		t.Fatal(err)
	}
	roots, intermediates := 0, 0
	seen := map[string]bool{}
	for _, a := range Authorities() {
		for _, unique := range []string{a.CommonName, a.SHA256, a.SHA1, a.Serial, a.SubjectKeyID} {
			if seen[unique] {
				t.Errorf("%s: %s is there twice", a.File, unique)
			}
			seen[unique] = true
		}
		if u, err := url.Parse(a.Published); err != nil || u.Host != "igc-sante.esante.gouv.fr" {
			t.Errorf("%s: published at %q", a.File, a.Published)
		}
		if got, ok := AuthorityBySHA256(strings.ToLower(a.SHA256)); !ok || got != a {
			t.Errorf("%s is not found by its fingerprint", a.File)
		}
		switch a.Kind {
		case Root:
			roots++
		case Intermediate:
			intermediates++
		}
	}
	if roots != 3 || intermediates != 6 {
		t.Errorf("%d roots and %d intermediates", roots, intermediates)
	}
	if label, ok := LabelOf("1.2.250.1.71.1.2.7"); !ok || label.French != "Profession de santé" || label.English != "Health profession" {
		t.Errorf("label of G15: %+v, %v", label, ok)
	}
	if _, ok := LabelOf("1.2.250.1.71.1.2.9999"); ok {
		t.Error("an unknown OID has a label")
	}
}

func TestTablesRefuse(t *testing.T) {
	t.Parallel()
	good := "F\tCN\troot\tfort\t-\t2033-06-25\t" + strings.Repeat("1A", 18) + "\t" + strings.Repeat("1A", 20) + "\t" +
		strings.Repeat("1A", 20) + "\t" + strings.Repeat("1A", 32) + "\thttp://x\n"
	if _, err := parseAuthorities(good); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"lower case":    strings.Replace(good, "1A", "1a", 1),
		"short":         strings.Replace(good, "1A", "", 1),
		"not hex":       strings.Replace(good, "1A", "1G", 1),
		"kind":          strings.Replace(good, "root", "leaf", 1),
		"root's use":    strings.Replace(good, "\t-\t", "\tpersonnes\t", 1),
		"gamme":         strings.Replace(good, "fort", "faible", 1),
		"date":          strings.Replace(good, "2033-06-25", "25/06/2033", 1),
		"empty field":   strings.Replace(good, "CN", "", 1),
		"missing field": strings.Replace(good, "CN\t", "", 1),
	} {
		if _, err := parseAuthorities(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := parseLabels("1.2\ta\tb\tc\n1.2\ta\tb\tc\n"); err == nil {
		t.Error("an OID twice: accepted")
	}
}

const coffre = "/etc/opt/santesocial/CPS/Coffre"

// coffreFiles are the files of ANS's Cryptolib, when it is installed.
func coffreFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(coffre + "/*.cer")
	if err != nil || len(files) == 0 {
		t.Skipf("the Cryptolib CPS of ANS is not installed: no certificate in %s", coffre)
	}
	return files
}

func TestCoffreAgreesWithTable(t *testing.T) {
	t.Parallel()
	byFile := map[string]Authority{}
	for _, a := range Authorities() {
		byFile[a.File] = a
	}
	for _, file := range coffreFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".cer")
		name = name[:strings.LastIndex(name, "_")]
		a, ok := byFile[name]
		if !ok {
			t.Errorf("%s is not in the table", file)
			continue
		}
		delete(byFile, name)
		der, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		e := Examine(der, nil, now)
		sum := sha1.Sum(der)
		subject, _ := DN(c.RawSubject)
		for what, pair := range map[string][2]string{
			"CN":       {c.Subject.CommonName, a.CommonName},
			"DN":       {subject, a.DN()},
			"serial":   {e.Serial, a.Serial},
			"notAfter": {c.NotAfter.Format("2006-01-02"), a.NotAfter.Format("2006-01-02")},
			"SHA-1":    {strings.ToUpper(hex.EncodeToString(sum[:])), a.SHA1},
			"SHA-256":  {e.SHA256, a.SHA256},
			"SKI":      {strings.ToUpper(hex.EncodeToString(c.SubjectKeyId)), a.SubjectKeyID},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s: the file has %s, the table %s", name, what, pair[0], pair[1])
			}
		}
	}
	for name := range byFile {
		t.Errorf("%s is not in the Coffre", name)
	}
}
