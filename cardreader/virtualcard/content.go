package virtualcard

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// File identifiers that ANS or ISO/IEC 7816-15 fix.
const (
	fidMF        = 0x3F00
	fidDIR       = 0x2F00
	fidATR       = 0x2F01
	fidSN        = 0xD003
	fidIAS       = 0x0001
	fidIASCL     = 0x0002
	fidODF       = 0x5031
	fidTokenInfo = 0x5032
	fidAODF      = 0x7001
	fidPrKDF     = 0x7002
	fidCDF       = 0x7005
	fidDODF      = 0x7006
	fidData      = 0xD107
	fidActivity  = 0xD120
)

var (
	aidRoot        = []byte{0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00}
	aidIAS         = []byte{0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10}
	aidIASCL       = []byte{0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x20}
	aidCPS2ter     = []byte{0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x02}
	aidCardManager = []byte{0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00}
)

// Key references on the wire.
const (
	keySignatureCPS3      = 0x81
	keyAuthenticationCPS3 = 0x82
	keySignatureCPS4      = 0x10
	keyAuthenticationCPS4 = 0x20
	keyContactless        = 0x83
)

// efATR is EF.ATR as published from a real card: buffers of 260 and 256 bytes,
// the AID of the root, the file system of IAS ECC.
var efATR = []byte{
	0x80, 0x43, 0x01, 0xB8, 0x46, 0x04, 0x04, 0xB0, 0xEC, 0xC1, 0x47, 0x03, 0x94, 0x01, 0x80,
	0x4F, 0x08, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00,
	0xE0, 0x10, 0x02, 0x02, 0x01, 0x04, 0x02, 0x02, 0x01, 0x04, 0x02, 0x02, 0x01, 0x00, 0x02, 0x02, 0x01, 0x00,
	0x78, 0x08, 0x06, 0x06, 0x2B, 0x81, 0x22, 0xF8, 0x78, 0x02, 0x82, 0x02, 0x90, 0x00,
}

// file is an elementary file. size is what its FCP announces; private files
// want the code porteur.
type file struct {
	content []byte
	size    int
	private bool
}

// builder lays out the files of one card.
type builder struct {
	d     Description
	now   time.Time
	df    uint16
	aid   []byte
	files map[string]*file // by path from the MF, 2-byte steps
	next  uint16           // file identifier of the next data file
}

// build makes the files of the card that d describes, as of now.
func build(d Description, now time.Time) (map[string]*file, error) {
	b := &builder{d: d, now: now, df: fidIAS, aid: aidIAS, files: make(map[string]*file)}
	if d.Interface == cps.Contactless {
		b.df, b.aid = fidIASCL, aidIASCL
	}
	// The identifiers of these files are not published: each virtual card has
	// its own, so that no reader can rely on them.
	b.next = 0xA000 + uint16(checksum(d.Number))<<4
	b.root(fidDIR, b.dir())
	b.root(fidATR, efATR)
	b.root(fidSN, b.serialNumber())
	b.put(fidTokenInfo, false, b.tokenInfo())

	certificates, err := b.certificates()
	if err != nil {
		return nil, err
	}
	b.put(fidCDF, false, certificates)
	b.put(fidPrKDF, false, b.privateKeys())
	odf := [][]byte{reference(0xA0, b.path(fidPrKDF)), reference(0xA4, b.path(fidCDF))}
	if d.Interface == cps.Contact {
		b.put(fidAODF, false, b.authenticationObjects())
		b.put(fidDODF, false, b.dataObjects())
		odf = append(odf, reference(0xA7, b.path(fidDODF)), reference(0xA8, b.path(fidAODF)))
	}
	b.put(fidODF, false, bytes.Join(odf, nil))
	return b.files, nil
}

func checksum(s string) (sum byte) {
	for i := range len(s) {
		sum = sum*31 + s[i]
	}
	return sum
}

func (b *builder) root(fid uint16, content []byte) {
	b.files[key(fid)] = &file{content: content, size: len(content)}
}

func (b *builder) put(fid uint16, private bool, content []byte) {
	b.files[key(b.df, fid)] = &file{content: content, size: len(content), private: private}
}

// add puts a file under the next free identifier, which it returns.
func (b *builder) add(content []byte) uint16 {
	b.next++
	b.put(b.next, false, content)
	return b.next
}

// path is the absolute path of a file of the application, with 3F00.
func (b *builder) path(fid uint16) []byte {
	return []byte(key(fidMF, b.df, fid))
}

// key is a path from the MF as a map key.
func key(fids ...uint16) string {
	var k []byte
	for _, f := range fids {
		k = append(k, byte(f>>8), byte(f))
	}
	return string(k)
}

// node is a data object made of others.
func node(tag iso7816.Tag, children ...[]byte) []byte {
	return iso7816.AppendTLV(nil, tag, bytes.Join(children, nil))
}

func leaf(tag iso7816.Tag, value ...byte) []byte { return iso7816.AppendTLV(nil, tag, value) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func words(tag iso7816.Tag, s string) []byte { return iso7816.AppendTLV(nil, tag, []byte(s)) }

// reference is an entry of EF.ODF.
func reference(tag iso7816.Tag, p []byte) []byte { return node(tag, node(0x30, leaf(0x04, p...))) }

// dir is EF.DIR: the contactless application first, as on a real card.
func (b *builder) dir() []byte {
	template := func(aid []byte, label string, fid uint16) []byte {
		return node(0x61, leaf(0x4F, aid...), words(0x50, label),
			leaf(0x51, []byte(key(fidMF, fid))...), node(0x73, leaf(0x4F, aidIAS...)))
	}
	cl := template(aidIASCL, "CPX IAS CL", fidIASCL)
	if b.d.Interface == cps.Contactless {
		return cl
	}
	return append(cl, template(aidIAS, "CPX IAS", fidIAS)...)
}

func (b *builder) serialNumber() []byte {
	return leaf(0x5A, append(append([]byte{}, aidRoot[:5]...), bcd(b.d.Number)...)...)
}

// bcd packs decimal digits; F fills the last half byte.
func bcd(digits string) []byte {
	if len(digits)%2 != 0 {
		digits += "\x3F" // its low half is F
	}
	packed := make([]byte, len(digits)/2)
	for i := range packed {
		packed[i] = digits[2*i]<<4 | digits[2*i+1]&0x0F
	}
	return packed
}

// product is the label of the token, as test cards carry it.
func (b *builder) product() string {
	switch {
	case b.d.Generation == cps.CPS4:
		return "CPS4v1-" + b.d.Number
	case b.d.Interface == cps.Contactless:
		return "CPS3v3_CL"
	}
	return "CPS3v3-" + b.d.Number
}

// tokenInfo is EF.TokenInfo (ISO/IEC 7816-15 §8.10). OpenSC signs only with
// the algorithms listed here, each with its reference for a security
// environment.
func (b *builder) tokenInfo() []byte {
	const compute, decipher, hash = 0x40, 0x04, 0x02 // of the BIT STRING of operations
	algorithm := func(number, mechanism uint16, operations, reference byte) []byte {
		return node(0x30, leaf(0x02, byte(number)), leaf(0x02, byte(mechanism>>8), byte(mechanism)), leaf(0x05),
			leaf(0x03, 0x01, operations), leaf(0x02, reference))
	}
	return node(0x30,
		leaf(0x02, 0x01),
		leaf(0x04, bcd(b.d.Number)...),
		words(0x0C, "CARTE VIRTUELLE"),
		words(0x80, b.product()),
		leaf(0x03, 0x04, 0x10),
		node(0xA2,
			algorithm(6, 0x0001, compute, 0x02),  // CKM_RSA_PKCS
			algorithm(3, 0x0040, compute, 0x42),  // CKM_SHA256_RSA_PKCS
			algorithm(4, 0x0006, compute, 0x12),  // CKM_SHA1_RSA_PKCS
			algorithm(1, 0x0250, hash, 0x40),     // CKM_SHA256
			algorithm(2, 0x0220, hash, 0x10),     // CKM_SHA_1
			algorithm(5, 0x0001, decipher, 0x1A), // CKM_RSA_PKCS
		),
	)
}

// authenticationObjects is EF.AOD: the code porteur and the code de déblocage.
func (b *builder) authenticationObjects() []byte {
	pin := func(label string, authID, reference, least, most byte, flags ...byte) []byte {
		return node(0x30,
			node(0x30, words(0x0C, label), leaf(0x03, 0x06, 0xC0)),
			node(0x30, leaf(0x04, authID)),
			node(0xA1, node(0x30,
				leaf(0x03, flags...), leaf(0x0A, 0x01), leaf(0x02, least), leaf(0x02, most), leaf(0x02, most),
				leaf(0x80, reference))))
	}
	return append(
		pin("Code porteur", 0x01, 0x01, 4, 8, 0x03, 0x08),
		pin("Code de deblocage", 0x02, 0x02, 8, 8, 0x00, 0x0B)...)
}

// objectID is the identifier that a key shares with its certificate: the AID
// of the contact application and one byte.
func objectID(last byte) []byte { return append(append([]byte{}, aidIAS...), last) }

// pair is a private key and its certificate.
type pair struct {
	role            role
	keyLabel, label string
	id, reference   byte
	usage           []byte // PKCS#15 KeyUsageFlags, BIT STRING
	protected       bool
}

func (d *Description) pairs() []pair {
	if d.Interface == cps.Contactless {
		return []pair{{forContactless, "CPS_PRIV_TECH_AUT", "Certificat Technique CPS", 0x03, keyContactless, []byte{0x05, 0x20}, false}}
	}
	if d.Certificates.None {
		return nil
	}
	signature := pair{forSigning, "CPS_PRIV_SIG", "Certificat de Signature CPS", 0x01, keySignatureCPS3, []byte{0x06, 0x00, 0x40}, true}
	authentication := pair{forProving, "CPS_PRIV_AUT", "Certificat d'Authentification CPS", 0x02, keyAuthenticationCPS3, []byte{0x05, 0x60}, true}
	if d.Generation == cps.CPS4 {
		signature.id, signature.reference = 0x10, keySignatureCPS4
		authentication.id, authentication.reference = 0x20, keyAuthenticationCPS4
	}
	return []pair{signature, authentication}
}

// privateKeys is EF.PrKD (ISO/IEC 7816-15 §8.4).
func (b *builder) privateKeys() []byte {
	var all []byte
	for _, p := range b.d.pairs() {
		common := [][]byte{words(0x0C, p.keyLabel)}
		if p.protected {
			common = append(common, leaf(0x03, 0x06, 0xC0), leaf(0x04, 0x01))
		}
		reference := []byte{p.reference}
		if p.reference >= 0x80 {
			reference = []byte{0x00, p.reference} // a positive INTEGER
		}
		all = append(all, node(0x30,
			node(0x30, common...),
			node(0x30, leaf(0x04, objectID(p.id)...), leaf(0x03, p.usage...), leaf(0x03, 0x03, 0xB8), leaf(0x02, reference...)),
			node(0xA1, node(0x30, node(0x30, leaf(0x04, b.path(0)[:4]...)), leaf(0x02, 0x08, 0x00))))...)
	}
	return all
}

// certificates puts the certificates on the card and returns EF.CD.
func (b *builder) certificates() ([]byte, error) {
	from := b.now.AddDate(0, 0, -b.d.AgeDays).UTC().Truncate(24 * time.Hour)
	to := from.AddDate(0, 0, b.d.ValidDays)
	var all []byte
	for _, p := range b.d.pairs() {
		ring, err := keys()
		if err != nil {
			return nil, err
		}
		subject, usage := b.d.subject(), x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment
		switch p.role {
		case forSigning:
			usage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
		case forContactless:
			subject, usage = b.d.technicalSubject(), x509.KeyUsageDigitalSignature
		}
		der, err := b.d.certificate(p.label, subject, p.role.of(ring), usage, from, to)
		if err != nil {
			return nil, err
		}
		fid := b.add(der)
		all = append(all, node(0x30,
			node(0x30, words(0x0C, p.label)),
			node(0x30, leaf(0x04, objectID(p.id)...)),
			node(0xA1, node(0x30, node(0x30, leaf(0x04, b.path(fid)...)))))...)
	}
	return all, nil
}

// dataObjects puts the business data on the card and returns EF.DCOD.
func (b *builder) dataObjects() []byte {
	var all []byte
	list := func(label string, fid uint16, private bool) {
		common := [][]byte{words(0x0C, label)}
		switch {
		case private:
			common = append(common, leaf(0x03, 0x07, 0x80), leaf(0x04, 0x01))
		case fid == fidData:
			common = append(common, leaf(0x03, 0x06, 0x40))
		}
		all = append(all, node(0x30,
			node(0x30, common...),
			node(0x30, words(0x0C, "CPS")),
			node(0xA1, node(0x30, leaf(0x04, b.path(fid)...))))...)
	}
	list("CPS_ID_CARD", b.add(b.idCard()), false)
	list("CPS_NAME_PS", b.add(b.namePS()), false)
	list("CPS_LANG_PS", b.add(node(0xE5, words(0x80, "fr"))), false)
	list("CPS_INFO_PS", b.add(b.infoPS()), false)
	b.put(fidData, false, make([]byte, 16))
	list("CPS_DATA", fidData, false)
	for i, a := range b.d.Activities {
		fid := fidActivity + uint16(i)
		b.put(fid, true, activity(a))
		list(fmt.Sprintf("CPS_ACTIVITY_%02d_PS", i+1), fid, true)
	}
	// A CPS3 keeps the billing situations on its CPS2ter side, unlisted.
	if len(b.d.Billing) > 0 && b.d.Generation == cps.CPS4 {
		fid := b.add(billing(b.d.Billing))
		b.files[key(b.df, fid)].private = true
		list("CPS_SIT_FACT", fid, true)
	}
	return all
}

func (b *builder) idCard() []byte {
	issued := b.now.AddDate(0, 0, -b.d.AgeDays)
	day := func(t time.Time) []byte { return bcd(t.Format("20060102")) }
	return node(0xE3,
		leaf(0x80, bcd("80250000010")...),
		leaf(0x81, bcd(b.d.Number)...),
		leaf(0x82, b.d.Category),
		leaf(0x83, day(issued)...),
		leaf(0x84, day(issued.AddDate(0, 0, b.d.ValidDays))...))
}

func (b *builder) namePS() []byte {
	var first []byte
	for _, name := range b.d.FirstNames {
		first = append(append(first, latin1(name)...), 0xFF)
	}
	return node(0xE4,
		leaf(0x80, b.d.Civility),
		leaf(0x81, latin1(b.d.FamilyName)...),
		leaf(0x83, first...),
		leaf(0x84, latin1(b.d.GivenName)...))
}

func (b *builder) infoPS() []byte {
	fields := [][]byte{leaf(0x80, b.d.Type, 0x00), words(0x81, b.d.Identifier)}
	if b.d.Profession != 0 {
		fields = append(fields, leaf(0x82, b.d.Profession))
	}
	if b.d.FutureProfession != 0 {
		fields = append(fields, leaf(0x83, b.d.FutureProfession))
	}
	fields = append(fields, leaf(0x84, latin1(b.d.FamilyName)...))
	if b.d.Speciality != "" {
		fields = append(fields, words(0x85, b.d.Speciality))
	}
	return node(0xED, fields...)
}

func activity(a Activity) []byte {
	return node(0xEE, leaf(0x80, a.Mode), leaf(0x84, latin1(a.Name)...), words(0x85, a.Structure), words(0x86, a.Sector))
}

// billing is CPS_SIT_FACT.
func billing(all []Billing) []byte {
	var entries [][]byte
	for _, s := range all {
		entries = append(entries, node(0xA0,
			leaf(0x80, s.Activity), leaf(0x81, bcd(s.Identifier)...), leaf(0x82, bcd(s.Convention)...),
			leaf(0x83, bcd(s.Approvals)...), leaf(0x84, s.Rights)))
	}
	return node(0xE0, entries...)
}

// latin1 encodes text in ISO 8859-1; what does not fit becomes "?".
func latin1(s string) []byte {
	var b []byte
	for _, r := range s {
		if r > 0xFF {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}

// labelled finds the file that holds a data object or a directory, for faults.
func labelled(files map[string]*file, df uint16, name string) (*file, error) {
	fixed := map[string]string{
		"EF.DIR": key(fidDIR), "EF.ATR": key(fidATR), "EF.SN.ICC": key(fidSN),
		"EF.ODF": key(df, fidODF), "EF.TokenInfo": key(df, fidTokenInfo),
		"AODF": key(df, fidAODF), "PrKDF": key(df, fidPrKDF), "CDF": key(df, fidCDF), "DODF": key(df, fidDODF),
	}
	if k, ok := fixed[name]; ok {
		if f := files[k]; f != nil {
			return f, nil
		}
	}
	for _, directory := range []uint16{fidDODF, fidCDF} {
		d := files[key(df, directory)]
		if d == nil {
			continue
		}
		entries, _ := iso7816.ParseTLV(d.content)
		for _, e := range entries {
			if i := bytes.Index(e.Value, words(0x0C, name)); i < 0 {
				continue
			}
			at := bytes.LastIndex(e.Value, []byte(key(fidMF, df)))
			if at >= 0 && at+6 <= len(e.Value) {
				return files[string(e.Value[at+2:at+6])], nil
			}
		}
	}
	return nil, fmt.Errorf("the card has no file %q (try EF.ODF, DODF, CDF, CPS_INFO_PS, or a certificate's label)", strings.TrimSpace(name))
}
