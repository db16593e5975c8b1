package igcsante

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"

	"postecpx/cardreader/iso7816"
)

// Key is the public key of a certificate.
type Key struct {
	Type  string `json:"type,omitempty"` // "RSA", "EC", "Ed25519", or the dotted OID of another; "" unknown
	Bits  int    `json:"bits,omitempty"`
	Curve string `json:"curve,omitempty"` // "P-256"
}

// Weakness is a stable code for what makes a certificate easier to forge than
// it should be today.
type Weakness string

// Weaknesses. The bounds are those of the Référentiel général de sécurité of
// ANSSI, annex B1.
const (
	WeakRSASize      Weakness = "rsa-short"      // modulus under 2048 bits
	WeakRSAExponent  Weakness = "rsa-exponent"   // public exponent under 65537
	WeakCurve        Weakness = "ec-short"       // curve under 256 bits
	WeakSignatureMD5 Weakness = "signature-md5"  // signed with MD2 or MD5
	WeakSignature1   Weakness = "signature-sha1" // signed with SHA-1
)

const (
	leastRSA      = 2048
	leastExponent = 65537
	leastCurve    = 256
	// mostBits bounds the keys with which signatures are verified: a longer
	// one only costs time.
	mostBits = 16384
)

// signatureAlgorithms are those that crypto/x509 can verify, with the name that
// RFC 8017, RFC 5758 or RFC 8410 gives them. RSASSA-PSS has its parameters
// elsewhere and is left to crypto/x509.
var signatureAlgorithms = map[string]struct {
	name      string
	algorithm x509.SignatureAlgorithm
	weak      Weakness
}{
	"1.2.840.113549.1.1.2":  {"md2WithRSAEncryption", x509.UnknownSignatureAlgorithm, WeakSignatureMD5},
	"1.2.840.113549.1.1.4":  {"md5WithRSAEncryption", x509.UnknownSignatureAlgorithm, WeakSignatureMD5},
	"1.2.840.113549.1.1.5":  {"sha1WithRSAEncryption", x509.SHA1WithRSA, WeakSignature1},
	"1.2.840.113549.1.1.10": {"id-RSASSA-PSS", x509.UnknownSignatureAlgorithm, ""},
	"1.2.840.113549.1.1.11": {"sha256WithRSAEncryption", x509.SHA256WithRSA, ""},
	"1.2.840.113549.1.1.12": {"sha384WithRSAEncryption", x509.SHA384WithRSA, ""},
	"1.2.840.113549.1.1.13": {"sha512WithRSAEncryption", x509.SHA512WithRSA, ""},
	"1.2.840.10045.4.1":     {"ecdsa-with-SHA1", x509.ECDSAWithSHA1, WeakSignature1},
	"1.2.840.10045.4.3.2":   {"ecdsa-with-SHA256", x509.ECDSAWithSHA256, ""},
	"1.2.840.10045.4.3.3":   {"ecdsa-with-SHA384", x509.ECDSAWithSHA384, ""},
	"1.2.840.10045.4.3.4":   {"ecdsa-with-SHA512", x509.ECDSAWithSHA512, ""},
	"1.3.101.112":           {"Ed25519", x509.PureEd25519, ""},
}

func algorithmName(oid string) string {
	if a, ok := signatureAlgorithms[oid]; ok {
		return a.name
	}
	return oid
}

// readKey reads a subjectPublicKeyInfo (RFC 5280 §4.1.2.7). A key of a kind or
// encoding that crypto/x509 does not take is known by its algorithm only.
func readKey(spki []byte) (Key, []Weakness) {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return Key{Type: keyAlgorithm(spki)}, nil
	}
	return keyOf(parsed)
}

func keyOf(public any) (Key, []Weakness) {
	var weak []Weakness
	switch k := public.(type) {
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		if bits < leastRSA {
			weak = append(weak, WeakRSASize)
		}
		if k.E < leastExponent {
			weak = append(weak, WeakRSAExponent)
		}
		return Key{Type: "RSA", Bits: bits}, weak
	case *ecdsa.PublicKey:
		curve := k.Curve.Params()
		if curve.BitSize < leastCurve {
			weak = append(weak, WeakCurve)
		}
		return Key{Type: "EC", Bits: curve.BitSize, Curve: curve.Name}, weak
	case ed25519.PublicKey:
		return Key{Type: "Ed25519", Bits: 256}, nil
	}
	return Key{}, nil
}

func keyAlgorithm(spki []byte) string {
	fields, ok := sequence(spki)
	if !ok || len(fields) == 0 {
		return ""
	}
	oid, _, err := iso7816.NextTLV(fields[0].Value)
	if err != nil || oid.Tag != tagOID {
		return ""
	}
	switch d := dotted(oid.Value); d {
	case "1.2.840.113549.1.1.1":
		return "RSA"
	case "1.2.840.10045.2.1":
		return "EC"
	default:
		return d
	}
}
