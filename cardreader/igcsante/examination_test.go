package igcsante

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const fortDN = "CN=AC IGC-SANTE FORT PERSONNES,OU=IGC-SANTE,OU=0002 187512751,O=ASIP-SANTE,C=FR"

func TestVerdicts(t *testing.T) {
	t.Parallel()
	k := testKeys()
	fort := fortPersonnes(t)
	realSKI, err := hex.DecodeString(fort.SubjectKeyID)
	if err != nil {
		t.Fatal(err)
	}
	withSKI := func(ski []byte) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.SubjectKeyId = ski }
	}
	name := authorityName(t, "IGC-SANTE", fort.CommonName)
	genuine := newAuthority(t, name, k.authority, withSKI(realSKI))
	sameName := newAuthority(t, name, k.other, withSKI([]byte("another key")))
	sameNameAndKeyID := newAuthority(t, name, k.other, withSKI(realSKI))
	testCA := newAuthority(t, authorityName(t, TestUnit, "TEST AC IGC-SANTE FORT PERSONNES"), k.other, nil)
	stranger := newAuthority(t, rawName(t, rdn(oidC, "FR"), rdn(oidCN, "AC INCONNUE")), k.other, nil)
	notCA := newAuthority(t, name, k.authority, func(c *x509.Certificate) { c.SubjectKeyId, c.IsCA, c.MaxPathLenZero = realSKI, false, false })
	virtual := newAuthority(t, rawName(t, rdn(oidC, "FR"), rdn(oidO, "TEST"), rdn(oidCN, "TEST AC POSTE CPX")), k.other, nil)

	card := genuine.issue(t, &k.holder.PublicKey, nil)
	tampered := bytes.Clone(card)
	tampered[len(tampered)-3] ^= 1
	inside := bytes.Replace(card, []byte("ROBERT"), []byte("ROGERT"), 1)
	negative := bytes.Replace(card, []byte{0x02, 0x04, 0x11, 0x20, 0x01, 0x02}, []byte{0x02, 0x04, 0x91, 0x20, 0x01, 0x02}, 1)
	pool := adopt(genuine, fort)

	for what, c := range map[string]struct {
		raw     []byte
		pool    *Pool
		verdict Verdict
		first   Signature
		links   int
		test    bool
		missing string
	}{
		"chained":                  {card, pool, ChainedToIGCSante, SignatureVerified, 2, false, ""},
		"padding after":            {append(bytes.Clone(card), 0, 0, 0), pool, ChainedToIGCSante, SignatureVerified, 2, false, ""},
		"chained among same names": {card, adopt(genuine, fort, sameName, sameNameAndKeyID), ChainedToIGCSante, SignatureVerified, 2, false, ""},
		"no pool":                  {card, nil, IssuerMissing, SignatureNotChecked, 1, false, "AC_FORT_PERSONNES"},
		"other pool":               {card, NewPool("x", stranger.certificate.Raw), IssuerMissing, SignatureNotChecked, 1, false, "AC_FORT_PERSONNES"},
		"only a false namesake":    {card, NewPool("x", sameNameAndKeyID.certificate.Raw), IssuerMissing, SignatureNotChecked, 1, false, "AC_FORT_PERSONNES"},
		"signature altered":        {tampered, pool, SignatureWrong, SignatureIsWrong, 1, false, ""},
		"content altered":          {inside, pool, SignatureWrong, SignatureIsWrong, 1, false, ""},
		"forged, with real issuer": {sameNameAndKeyID.issue(t, &k.holder.PublicKey, nil), pool, SignatureWrong, SignatureIsWrong, 1, false, ""},
		"forged, issuer in pool":   {sameNameAndKeyID.issue(t, &k.holder.PublicKey, nil), adopt(genuine, fort, sameNameAndKeyID), UnknownIssuer, SignatureVerified, 2, false, ""},
		"forged, other key id":     {sameName.issue(t, &k.holder.PublicKey, nil), pool, UnknownIssuer, SignatureNotChecked, 1, false, ""},
		"fingerprint unknown":      {card, NewPool("x", genuine.certificate.Raw), UnknownIssuer, SignatureVerified, 2, false, ""},
		"issuer is no CA":          {card, adopt(notCA, fort), SignatureWrong, SignatureIsWrong, 1, false, ""},
		"test hierarchy":           {testCA.issue(t, &k.holder.PublicKey, nil), nil, TestHierarchy, SignatureNotChecked, 1, true, ""},
		"test hierarchy in pool":   {testCA.issue(t, &k.holder.PublicKey, nil), NewPool("x", testCA.certificate.Raw), TestHierarchy, SignatureVerified, 2, true, ""},
		"stranger":                 {stranger.issue(t, &k.holder.PublicKey, nil), nil, UnknownIssuer, SignatureNotChecked, 1, false, ""},
		"stranger in pool":         {stranger.issue(t, &k.holder.PublicKey, nil), NewPool("x", stranger.certificate.Raw), UnknownIssuer, SignatureVerified, 2, false, ""},
		"virtual card":             {virtual.issue(t, &k.holder.PublicKey, nil), nil, UnknownIssuer, SignatureNotChecked, 1, true, ""},
		"self-signed":              {stranger.certificate.Raw, nil, UnknownIssuer, SignatureVerified, 1, false, ""},
		"negative serial":          {negative, pool, Unparsable, SignatureIsWrong, 1, false, ""},
		"empty":                    {nil, pool, Unparsable, "", 0, false, ""},
		"text":                     {[]byte("not a certificate"), pool, Unparsable, "", 0, false, ""},
		"cut":                      {card[:len(card)/2], pool, Unparsable, "", 0, false, ""},
		"too large":                {append(bytes.Clone(card), make([]byte, maxCertificate)...), pool, Unparsable, "", 0, false, ""},
	} {
		e := Examine(c.raw, c.pool, now)
		if e.Verdict != c.verdict || len(e.Chain) != c.links || e.Test != c.test {
			t.Errorf("%s: %s (%s) with %d links, test %v; expected %s, %d, %v", what, e.Verdict, e.Detail, len(e.Chain), e.Test, c.verdict, c.links, c.test)
			continue
		}
		if c.links > 0 && e.Chain[0].Signature != c.first {
			t.Errorf("%s: signature %s, expected %s", what, e.Chain[0].Signature, c.first)
		}
		if (e.Verdict == Unparsable) != (e.Err != nil) {
			t.Errorf("%s: verdict %s with error %v", what, e.Verdict, e.Err)
		}
		if (e.Verdict == ChainedToIGCSante) != (e.Gamme == Fort && e.Use == Personnes) {
			t.Errorf("%s: gamme %q, use %q", what, e.Gamme, e.Use)
		}
		if c.missing != "" && (e.Missing == nil || e.Missing.Authority == nil || e.Missing.Authority.File != c.missing ||
			e.Missing.Published != "http://igc-sante.esante.gouv.fr/AC/ACI-FO-PP.cer" || e.Missing.Name != fortDN) {
			t.Errorf("%s: missing %+v", what, e.Missing)
		}
	}
}

// A card certificate that is an authority by mistake must not make others
// trusted.
func TestOnlyDirectIssuerCounts(t *testing.T) {
	t.Parallel()
	k := testKeys()
	genuine := newAuthority(t, authorityName(t, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.authority, nil)
	middle := must(x509.ParseCertificate(genuine.issue(t, &k.other.PublicKey, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})))
	leaf := authority{middle, k.other}.issue(t, &k.holder.PublicKey, func(c *x509.Certificate) {
		c.RawSubject = rawName(t, rdn(oidCN, "899700218896"))
	})
	e := Examine(leaf, adopt(genuine, fortPersonnes(t), authority{middle, k.other}), now)
	if e.Verdict != UnknownIssuer || len(e.Chain) != 3 || e.Chain[2].Authority == nil {
		t.Errorf("%s with %d links: %s", e.Verdict, len(e.Chain), e.Detail)
	}
}

func TestValidity(t *testing.T) {
	t.Parallel()
	k := testKeys()
	ca := newAuthority(t, authorityName(t, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.authority, nil)
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2026, 3, 14, 23, 59, 59, 0, time.UTC)
	raw := ca.issue(t, &k.holder.PublicKey, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to })
	for _, c := range []struct {
		now   time.Time
		state ValidityState
		days  int
	}{
		{from.Add(-time.Second), NotYetValid, 438},
		{from, Valid, 437},
		{now, Valid, 0},
		{to, Valid, 0},
		{to.Add(time.Second), Expired, -1},
		{to.AddDate(1, 0, 0), Expired, -365},
	} {
		e := Examine(raw, nil, c.now)
		if e.Validity.State != c.state || e.Validity.DaysLeft != c.days || !e.Validity.NotBefore.Equal(from) || !e.Validity.NotAfter.Equal(to) {
			t.Errorf("at %s: %+v, expected %s with %d days", c.now, e.Validity, c.state, c.days)
		}
		if e.Verdict != UnknownIssuer {
			t.Errorf("at %s: the dates changed the verdict to %s", c.now, e.Verdict)
		}
	}
}

func TestKeysAndWeaknesses(t *testing.T) {
	t.Parallel()
	k := testKeys()
	ca := newAuthority(t, authorityName(t, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.rsa, nil)
	short := newAuthority(t, authorityName(t, "IGC-SANTE", "AC COURTE"), k.short, nil)
	exponent := k.rsa.PublicKey
	exponent.E = 3
	for what, c := range map[string]struct {
		raw  []byte
		key  Key
		weak []Weakness
		sign string
	}{
		"RSA 2048":   {ca.issue(t, &k.rsa.PublicKey, nil), Key{Type: "RSA", Bits: 2048}, nil, "sha256WithRSAEncryption"},
		"RSA 1024":   {ca.issue(t, &k.short.PublicKey, nil), Key{Type: "RSA", Bits: 1024}, []Weakness{WeakRSASize}, "sha256WithRSAEncryption"},
		"exponent 3": {ca.issue(t, &exponent, nil), Key{Type: "RSA", Bits: 2048}, []Weakness{WeakRSAExponent}, "sha256WithRSAEncryption"},
		"P-256":      {short.issue(t, &k.holder.PublicKey, nil), Key{Type: "EC", Bits: 256, Curve: "P-256"}, nil, "sha256WithRSAEncryption"},
		"SHA-1":      {replaceAlgorithm(t, ca.issue(t, &k.rsa.PublicKey, nil), 5), Key{Type: "RSA", Bits: 2048}, []Weakness{WeakSignature1}, "sha1WithRSAEncryption"},
		"MD5":        {replaceAlgorithm(t, ca.issue(t, &k.rsa.PublicKey, nil), 4), Key{Type: "RSA", Bits: 2048}, []Weakness{WeakSignatureMD5}, "md5WithRSAEncryption"},
	} {
		e := Examine(c.raw, nil, now)
		if e.Key != c.key || !slices.Equal(e.Weaknesses, c.weak) || e.Signature != c.sign {
			t.Errorf("%s: %+v %v %s, expected %+v %v %s", what, e.Key, e.Weaknesses, e.Signature, c.key, c.weak, c.sign)
		}
	}
	weak := Examine(replaceAlgorithm(t, ca.issue(t, &k.rsa.PublicKey, nil), 5), adopt(ca, fortPersonnes(t)), now)
	if weak.Verdict != SignatureUnchecked || !errors.Is(weak.Chain[0].SignatureErr, errWeakHash) {
		t.Errorf("a SHA-1 signature: %s, %v", weak.Verdict, weak.Chain[0].SignatureErr)
	}
}

// replaceAlgorithm changes the name of the signature algorithm
// (1.2.840.113549.1.1.n) in both places; the signature no longer holds.
func replaceAlgorithm(t *testing.T, der []byte, n byte) []byte {
	t.Helper()
	sha256 := []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B}
	if bytes.Count(der, sha256) != 2 {
		t.Fatal("sha256WithRSAEncryption is not there twice")
	}
	other := bytes.Clone(sha256)
	other[8] = n
	return bytes.ReplaceAll(der, sha256, other)
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	k := testKeys()
	ca := newAuthority(t, authorityName(t, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.authority, nil)
	ans := func(table int, value []byte) pkix.Extension {
		return pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 250, 1, 71, 1, 2, table}, Value: value}
	}
	upn := must(asn1.Marshal(struct {
		Names []asn1.RawValue
	}{[]asn1.RawValue{
		{FullBytes: []byte("\xA0\x1B\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x14\x02\x03\xA0\x0D\x0C\x0Brobert@test")},
		{Class: 2, Tag: 1, Bytes: []byte("robert@example.test")},
	}}))
	// Names is one SEQUENCE in another: the inner one is what is wanted.
	upn = upn[2:]
	raw := ca.issue(t, &k.holder.PublicKey, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageDecipherOnly
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 311, 20, 2, 2}, {1, 2, 3, 4}}
		c.OCSPServer = []string{"http://ocsp.esante.gouv.fr"}
		c.IssuingCertificateURL = []string{"http://igc-sante.esante.gouv.fr/AC/ACI-FO-PP.cer"}
		c.CRLDistributionPoints = []string{"http://igc-sante.esante.gouv.fr/CRL/ACI-FO-PP.crl", "ldap://annuaire-igc.esante.gouv.fr/x"}
		c.Policies = []x509.OID{must(x509.OIDFromInts([]uint64{1, 2, 250, 1, 71, 9}))}
		c.AuthorityKeyId = []byte{1, 2, 3}
		c.ExtraExtensions = []pkix.Extension{
			ans(7, must(asn1.MarshalWithParams("40", "utf8"))),
			ans(2, []byte{0x02, 0x01, 0x00}),
			ans(5, []byte("00")),
			ans(12, []byte{0x01, 0x01, 0xFF}),
			ans(99, []byte{0x04, 0x02, 0xDE, 0xAD}),
			ans(15, []byte{0xFF, 0x80}),
			ans(8, must(asn1.MarshalWithParams("hostile\x1b[31m", "utf8"))),
			ans(22, must(asn1.MarshalWithParams("droite\u202Egauche", "utf8"))),
			{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: upn},
			{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{0x30, 0x05, 0x02, 0x01, 0x07, 0x05, 0x00}},
		}
	})
	e := Examine(raw, nil, now)
	if e.Err != nil || len(e.Problems) > 0 {
		t.Fatalf("%v, %v", e.Err, e.Problems)
	}
	want := map[string]string{
		"1.2.250.1.71.1.2.7":  "40",
		"1.2.250.1.71.1.2.2":  "0",
		"1.2.250.1.71.1.2.5":  "00",
		"1.2.250.1.71.1.2.12": "TRUE",
		"1.2.250.1.71.1.2.99": "DEAD",
		"1.2.250.1.71.1.2.15": "FF80",
		"1.2.250.1.71.1.2.8":  "0C0C686F7374696C651B5B33316D",
		"1.2.250.1.71.1.2.22": "0C0F64726F697465E280AE676175636865",
		"2.5.29.15":           "digitalSignature, nonRepudiation, decipherOnly",
		"2.5.29.17":           "userPrincipalName=robert@test, rfc822Name=robert@example.test",
		"2.5.29.31":           "uniformResourceIdentifier=http://igc-sante.esante.gouv.fr/CRL/ACI-FO-PP.crl, uniformResourceIdentifier=ldap://annuaire-igc.esante.gouv.fr/x",
		"2.5.29.32":           "1.2.250.1.71.9",
		"2.5.29.37":           "clientAuth, smartcardLogon, 1.2.3.4",
		"1.3.6.1.5.5.7.1.1":   "ocsp: uniformResourceIdentifier=http://ocsp.esante.gouv.fr, caIssuers: uniformResourceIdentifier=http://igc-sante.esante.gouv.fr/AC/ACI-FO-PP.cer",
		"1.2.3":               "7, NULL",
	}
	for _, x := range e.Extensions {
		if w, ok := want[x.OID]; ok && x.String() != w {
			t.Errorf("%s: %q, expected %q", x.OID, x.String(), w)
		}
		delete(want, x.OID)
		if x.Critical != (x.OID == "1.2.3" || x.OID == oidKeyUsage) {
			t.Errorf("%s: critical %v", x.OID, x.Critical)
		}
		if (x.OID == "1.2.250.1.71.1.2.7") != (x.Label.Name == "TRE_G15-ProfessionSante") {
			t.Errorf("%s: label %+v", x.OID, x.Label)
		}
	}
	for oid := range want {
		t.Errorf("%s is not shown", oid)
	}
	if e.Role != RoleSignature || !slices.Equal(e.ExtKeyUsage, []string{"clientAuth", "smartcardLogon", "1.2.3.4"}) {
		t.Errorf("role %s, extended usage %v", e.Role, e.ExtKeyUsage)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	k := testKeys()
	ca := newAuthority(t, authorityName(t, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.authority, nil)
	for usage, want := range map[x509.KeyUsage]Role{
		x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment:   RoleAuthentication,
		x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment: RoleSignature,
		x509.KeyUsageContentCommitment:                                 RoleSignature,
		x509.KeyUsageCertSign:                                          RoleAuthority,
		x509.KeyUsageKeyEncipherment:                                   RoleUnknown,
		0:                                                              RoleUnknown,
	} {
		raw := ca.issue(t, &k.holder.PublicKey, func(c *x509.Certificate) { c.KeyUsage = usage })
		if got := Examine(raw, nil, now).Role; got != want {
			t.Errorf("usage %b: role %s, expected %s", usage, got, want)
		}
	}
}

// A certificate that crypto/x509 refuses keeps its fields, and its issuer's
// signature is still verified.
func TestRefusedByX509(t *testing.T) {
	t.Parallel()
	k := testKeys()
	ca := newAuthority(t, authorityName(t, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.authority, nil)
	pool := adopt(ca, fortPersonnes(t))
	card := ca.issue(t, &k.holder.PublicKey, nil)
	serial := []byte{0x02, 0x04, 0x11, 0x20, 0x01, 0x02}
	for what, c := range map[string]struct {
		from, to []byte
		serial   string
	}{
		"negative serial":       {serial, []byte{0x02, 0x04, 0xEE, 0xDF, 0xFE, 0xFE}, "-11200102"},
		"serial not minimal":    {serial, []byte{0x02, 0x04, 0x00, 0x00, 0x01, 0x02}, "0102"},
		"bad character in name": {[]byte("ROBERT"), []byte("ROB\xC9RT"), "11200102"},
		"key usage not BIT STRING": {[]byte{0x06, 0x03, 0x55, 0x1D, 0x0F, 0x01, 0x01, 0xFF, 0x04, 0x04, 0x03},
			[]byte{0x06, 0x03, 0x55, 0x1D, 0x0F, 0x01, 0x01, 0xFF, 0x04, 0x04, 0x04}, "11200102"},
	} {
		if bytes.Count(card, c.from) != 1 {
			t.Fatalf("%s: the bytes to change are not there once", what)
		}
		changed := bytes.Replace(card, c.from, c.to, 1)
		if _, err := x509.ParseCertificate(changed); err == nil {
			t.Fatalf("%s: crypto/x509 accepts it", what)
		}
		raw := resign(t, changed, ca)
		e := Examine(raw, pool, now)
		if e.Verdict != Unparsable || e.Err == nil || e.Detail == "" || e.Certificate() != nil {
			t.Errorf("%s: %s, %v", what, e.Verdict, e.Err)
		}
		if e.Serial != c.serial || e.Issuer != fortDN || !strings.Contains(e.Subject, "CN=899700218896") ||
			e.Validity.State != Valid || e.Validity.DaysLeft != 731 || e.Key.Type != "EC" || len(e.Extensions) != 2 {
			t.Errorf("%s: %s, %s, %s, %+v, %+v, %d extensions", what, e.Serial, e.Issuer, e.Subject, e.Validity, e.Key, len(e.Extensions))
		}
		if (what == "key usage not BIT STRING") != (len(e.KeyUsage) == 0) {
			t.Errorf("%s: key usage %v", what, e.KeyUsage)
		}
		if len(e.Chain) != 2 || e.Chain[0].Signature != SignatureVerified || e.Chain[1].Authority == nil || e.Gamme != "" {
			t.Errorf("%s: chain %+v, gamme %q", what, e.Chain, e.Gamme)
		}
		altered := Examine(changed, pool, now)
		if len(altered.Chain) != 1 || altered.Chain[0].Signature != SignatureIsWrong {
			t.Errorf("%s, not signed again: %+v", what, altered.Chain)
		}
	}
}

// resign signs the tbsCertificate again.
func resign(t *testing.T, der []byte, by authority) []byte {
	t.Helper()
	o, err := readOutline(der)
	if err != nil {
		t.Fatal(err)
	}
	return assemble(t, o.tbs, by)
}

func TestCoffreChains(t *testing.T) {
	t.Parallel()
	files := coffreFiles(t)
	pool := Collect(context.Background(), Workstation{}, []Place{{Store: Coffre, Folder: coffre}})
	for _, file := range files {
		der, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e := Examine(der, pool, now)
		self := e.Chain[0].Authority
		if e.Verdict != ChainedToIGCSante || self == nil || e.Missing != nil || e.Role != RoleAuthority || e.Test || len(e.Weaknesses) > 0 || len(e.Problems) > 0 {
			t.Errorf("%s: %s, missing %+v, role %s, test %v, weak %v, problems %v", file, e.Verdict, e.Missing, e.Role, e.Test, e.Weaknesses, e.Problems)
			continue
		}
		last := e.Chain[len(e.Chain)-1]
		if !last.SelfSigned || last.Authority == nil || last.Authority.Kind != Root || last.Authority.Gamme != self.Gamme ||
			(self.Kind == Root) != (len(e.Chain) == 1) {
			t.Errorf("%s: chain %+v", file, e.Chain)
		}
		for _, l := range e.Chain {
			if l.Signature != SignatureVerified {
				t.Errorf("%s: signature on %s: %s, %v", file, l.Subject, l.Signature, l.SignatureErr)
			}
		}
		for _, x := range e.Extensions {
			if len(x.Text) == 0 || x.Label.Name == "" {
				t.Errorf("%s: extension %s is not decoded", file, x.OID)
			}
		}
	}
	// Signed by nobody of IGC-Santé, under the name and key of one that is here.
	fort := fortPersonnes(t)
	ski := must(hex.DecodeString(fort.SubjectKeyID))
	forger := newAuthority(t, authorityName(t, "IGC-SANTE", fort.CommonName), testKeys().other, func(c *x509.Certificate) { c.SubjectKeyId = ski })
	if e := Examine(forger.issue(t, &testKeys().holder.PublicKey, nil), pool, now); e.Verdict == ChainedToIGCSante {
		t.Errorf("a forgery is %s", e.Verdict)
	}
}

func TestOddSizesDoNotHurt(t *testing.T) {
	t.Parallel()
	k := testKeys()
	ca := newAuthority(t, rawName(t, rdn(oidCN, "AC INCONNUE")), k.authority, nil)
	many := ca.issue(t, &k.holder.PublicKey, func(c *x509.Certificate) {
		for i := range maxExtensions + 10 {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, i}, Value: []byte{5, 0}})
		}
	})
	if e := Examine(many, nil, now); len(e.Extensions) != maxExtensions || len(e.Problems) != 1 {
		t.Errorf("%d extensions, problems %v", len(e.Extensions), e.Problems)
	}
	// A ring of two authorities that certify each other ends.
	a := newAuthority(t, rawName(t, rdn(oidCN, "A")), k.authority, nil)
	b := newAuthority(t, rawName(t, rdn(oidCN, "B")), k.other, nil)
	cross := func(by, of authority) []byte {
		return by.issue(t, of.key.Public(), func(c *x509.Certificate) {
			c.RawSubject, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = of.certificate.RawSubject, true, true, x509.KeyUsageCertSign
			c.SerialNumber = big.NewInt(77)
		})
	}
	pool := NewPool("x", cross(a, b), cross(b, a))
	if e := Examine(a.issue(t, &k.holder.PublicKey, nil), pool, now); len(e.Chain) != 3 || e.Verdict != UnknownIssuer {
		t.Errorf("%d links, %s", len(e.Chain), e.Verdict)
	}
	if u, err := url.Parse(TestPublished); err != nil || u.Host != "igc-sante.esante.gouv.fr" {
		t.Errorf("TestPublished is %q", TestPublished)
	}
}

func FuzzExamine(f *testing.F) {
	k := testKeys()
	ca := newAuthority(f, authorityName(f, "IGC-SANTE", "AC IGC-SANTE FORT PERSONNES"), k.authority, nil)
	pool := adopt(ca, fortPersonnes(f))
	card := ca.issue(f, &k.holder.PublicKey, func(c *x509.Certificate) {
		c.OCSPServer = []string{"http://ocsp.esante.gouv.fr"}
		c.CRLDistributionPoints = []string{"http://igc-sante.esante.gouv.fr/CRL/ACI-FO-PP.crl"}
		c.EmailAddresses = []string{"robert@example.test"}
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 250, 1, 71, 1, 2, 7}, Value: []byte("\x0c\x0240")}}
	})
	f.Add(card)
	f.Add(card[:100])
	f.Add(ca.certificate.Raw)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, raw []byte) {
		e := Examine(raw, pool, now)
		if (e.Verdict == Unparsable) != (e.Err != nil) {
			t.Errorf("verdict %s with error %v", e.Verdict, e.Err)
		}
		if e.Verdict == ChainedToIGCSante && e.Chain[0].Authority == nil && e.Chain[0].Signature != SignatureVerified {
			t.Errorf("chained with the signature %s", e.Chain[0].Signature)
		}
		for _, x := range e.Extensions {
			if strings.ContainsFunc(x.String(), func(r rune) bool { return !visible(r) }) {
				t.Errorf("extension %s shows %q", x.OID, x.String())
			}
		}
		if strings.ContainsFunc(e.Subject+e.Issuer, func(r rune) bool { return !visible(r) }) {
			t.Errorf("names %q, %q", e.Subject, e.Issuer)
		}
	})
}
