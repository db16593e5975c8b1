package igcsante

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/iso7816"
)

func TestExtensionValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ oid, value, want string }{
		{oidSubjectKeyID, "0402ABCD", "ABCD"},
		{oidSubjectKeyID, "0402ABCD00", "0402ABCD00"},
		{oidAuthorityKeyID, "30048002ABCD", "keyIdentifier=ABCD"},
		{oidAuthorityKeyID, "3000", "3000"},
		{oidBasicConstraints, "3000", "cA=FALSE"},
		{oidBasicConstraints, "30060101FF020100", "cA=TRUE, pathLenConstraint=0"},
		{oidBasicConstraints, "30020500", "30020500"},
		{oidKeyUsage, "030205A0", "digitalSignature, keyEncipherment"},
		{oidKeyUsage, "03020000", "03020000"},
		{oidKeyUsage, "0300", "0300"},
		{oidExtKeyUsage, "3003020101", "3003020101"},
		{"2.16.840.1.113730.1.1", "030205A0", "sslClient, smime"},
		{"1.3.6.1.5.5.7.48.1.5", "0500", "NULL"},
		// subjectAltName: dNSName, iPAddress, registeredID, directoryName, and what is broken.
		{"2.5.29.17", "3003820161", "dNSName=a"},
		{"2.5.29.17", "300687047F000001", "iPAddress=127.0.0.1"},
		{"2.5.29.17", "300587037F0000", "300587037F0000"},
		{"2.5.29.17", "300488022A03", "registeredID=1.2.3"},
		{"2.5.29.17", "3010A40E300C310A300806035504030C0141", "directoryName=CN=A"},
		{"2.5.29.17", "3004A4023000", "3004A4023000"},
		{"2.5.29.17", "300BA00906022A03A003020105", "1.2.3=#020105"},
		{"2.5.29.17", "3004A0020500", "3004A0020500"},
		{"2.5.29.17", "3003810107", "3003810107"}, // a control character
		// cRLDistributionPoints with reasons and cRLIssuer.
		{"2.5.29.31", "300F300D810206408207", "300F300D810206408207"},
		{"2.5.29.31", "3006300481020640", "reasons=0640"},
		{"2.5.29.31", "300A3008A206820161820162", "cRLIssuer=dNSName=a, cRLIssuer=dNSName=b"},
		// certificatePolicies with a CPS address.
		{"2.5.29.32", "3018301606022A033010300E06082B060105050702011602687A", "1.2.3, cps=hz"},
		{"2.5.29.32", "30023000", "30023000"},
		// ANS: any type, or none.
		{"1.2.250.1.71.1.2.7", "0A0105", "5"},
		{"1.2.250.1.71.1.2.7", "0201FF", "-1"},
		{"1.2.250.1.71.1.2.7", "06022A03", "1.2.3"},
		{"1.2.250.1.71.1.2.7", "170D3236303331343132303030305A", "2026-03-14T12:00:00Z"},
		{"1.2.250.1.71.1.2.7", "0C00", "0C00"},
		{"1.2.250.1.71.1.2.7", "", ""},
		{"1.2.250.1.71.1.2.7", "30800000", "30800000"},
		{"1.2.250.1.71.1.2.7", "300430020500", "300430020500"},
	} {
		value, err := hex.DecodeString(c.value)
		if err != nil {
			t.Fatal(err)
		}
		if got := newExtension(rawExtension{oid: c.oid, value: value}).String(); got != c.want {
			t.Errorf("%s %s: %q, expected %q", c.oid, c.value, got, c.want)
		}
	}
	long := iso7816.AppendTLV(nil, tagUTF8, []byte(strings.Repeat("x", maxText+1)))
	if e := newExtension(rawExtension{oid: "1.2.3", value: long}); e.Text != nil {
		t.Errorf("a text of %d characters is shown", maxText+1)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tag  iso7816.Tag
		text string
		want string // "" for an error
	}{
		{tagUTCTime, "260314120000Z", "2026-03-14T12:00:00Z"},
		{tagUTCTime, "500314120000Z", "1950-03-14T12:00:00Z"},
		{tagUTCTime, "2603141200Z", "2026-03-14T12:00:00Z"},
		{tagUTCTime, "260314120000+0100", "2026-03-14T11:00:00Z"},
		{tagGenTime, "20500314120000Z", "2050-03-14T12:00:00Z"},
		{tagUTCTime, "261314120000Z", ""},
		{tagUTCTime, "2", ""},
		{tagGenTime, "", ""},
		{tagUTF8, "260314120000Z", ""},
	} {
		got, err := readTime(iso7816.TLV{Tag: c.tag, Value: []byte(c.text)})
		if (err != nil) != (c.want == "") || err == nil && got.Format(time.RFC3339) != c.want {
			t.Errorf("%v %q: %s, %v, expected %q", c.tag, c.text, got, err, c.want)
		}
	}
}

func TestKeysThatX509DoesNotTake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ spki, want string }{
		{"300E300906052B8104000A0500030100", "1.3.132.0.10"},
		{"3012300D06092A864886F70D0101010500030100", "RSA"},
		{"300D300B06072A8648CE3D02010500", "EC"},
		{"3000", ""},
		{"", ""},
	} {
		spki, err := hex.DecodeString(c.spki)
		if err != nil {
			t.Fatal(err)
		}
		if got, weak := readKey(spki); got != (Key{Type: c.want}) || weak != nil {
			t.Errorf("%s: %+v, expected %q", c.spki, got, c.want)
		}
	}
}
