package virtualcard

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"math/big"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// purpose is what a private key may be used for, one bit each.
type purpose byte

const (
	sign         purpose = 1 << iota // PSO: COMPUTE DIGITAL SIGNATURE
	authenticate                     // INTERNAL AUTHENTICATE
	decipher                         // PSO: DECIPHER
)

// privateKey is a key that the card holds.
type privateKey struct {
	*rsa.PrivateKey
	purposes  purpose
	protected bool // by the code porteur
}

// algorithm is what a reference in a security environment stands for.
type algorithm struct {
	hash crypto.Hash // 0: the data are signed as they are
	pss  bool
}

// Algorithm references, of IAS ECC for a CPS3 and of the applet of a CPS4, as
// ANS's library sends them.
var (
	algorithmsCPS3 = map[byte]algorithm{
		0x02: {}, 0x12: {hash: crypto.SHA1}, 0x42: {hash: crypto.SHA256},
	}
	algorithmsCPS4 = map[byte]algorithm{
		0x0A: {hash: crypto.SHA1}, 0x28: {hash: crypto.SHA256},
		0x15: {hash: crypto.SHA1, pss: true}, 0x2C: {hash: crypto.SHA256, pss: true},
	}
	hashesCPS3 = map[byte]crypto.Hash{0x10: crypto.SHA1, 0x40: crypto.SHA256}
)

// Control reference templates (ISO/IEC 7816-4): what a security environment is
// for.
const (
	forAuthentication  = 0xA4
	forHash            = 0xAA
	forSignature       = 0xB6
	forConfidentiality = 0xB8
)

// environment is the current security environment, by template.
type environment map[byte]setting

type setting struct {
	algorithm byte
	key       byte
}

// maxAuthentication is how much INTERNAL AUTHENTICATE takes: 40 percent of the
// modulus (IAS ECC).
const maxAuthentication = keySize / 8 * 4 / 10

// manageSecurityEnvironment is MANAGE SECURITY ENVIRONMENT: SET (ISO/IEC
// 7816-4). The key has to be on the card; whether it and the algorithm serve is
// found out when they are used.
func (c *Card) manageSecurityEnvironment(cmd iso7816.Command) iso7816.StatusWord {
	fields, err := iso7816.ParseTLV(cmd.Data)
	if err != nil || len(fields) == 0 {
		return swWrongData
	}
	cps4 := c.description.Generation == cps.CPS4
	form := uint16(cmd.P1)<<8 | uint16(cmd.P2)
	switch {
	case !cps4 && (form == 0x4100|forAuthentication || form == 0x4100|forHash || form == 0x4100|forSignature),
		form == 0x4100|forConfidentiality, cps4 && form == 0x8100|forSignature:
	default:
		return iso7816.SWWrongP1P2
	}
	var s setting
	for _, f := range fields {
		switch {
		case f.Tag == 0x80 && len(f.Value) == 1:
			s.algorithm = f.Value[0]
		case (f.Tag == 0x83 || f.Tag == 0x84) && len(f.Value) == 1:
			s.key = f.Value[0]
		case f.Tag == 0x91 && len(f.Value) == 2 && cps4:
			// Bit 8 of the reference says that a hash value will follow.
			s.algorithm, s.key = f.Value[0], f.Value[1]&^0x80
		default:
			return swWrongData
		}
	}
	if cmd.P2 != forHash && c.keys[s.key] == nil {
		return iso7816.SWDataNotFound
	}
	c.environment[cmd.P2] = s
	return iso7816.SWOK
}

// key gives the private key that the environment names for a purpose.
func (c *Card) key(s setting, p purpose) (*privateKey, iso7816.StatusWord) {
	k := c.keys[s.key]
	switch {
	case k == nil || k.purposes&p == 0:
		return nil, iso7816.SWConditions
	case k.protected && !c.porteur.presented:
		return nil, iso7816.SWSecurityStatus
	}
	return k, iso7816.SWOK
}

// performSecurityOperation is PERFORM SECURITY OPERATION (ISO/IEC 7816-8).
func (c *Card) performSecurityOperation(cmd iso7816.Command) []byte {
	switch uint16(cmd.P1)<<8 | uint16(cmd.P2) {
	case 0x90A0:
		return status(c.takeHash(cmd.Data))
	case 0x9E9A:
		return c.computeSignature(cmd)
	case 0x8086:
		return c.decipher(cmd)
	}
	return status(iso7816.SWWrongP1P2)
}

// computeSignature signs the hash value of the command, or the one that PSO:
// HASH left.
func (c *Card) computeSignature(cmd iso7816.Command) []byte {
	s := c.environment[forSignature]
	k, sw := c.key(s, sign)
	if sw != iso7816.SWOK {
		return status(sw)
	}
	algorithms, digest := algorithmsCPS3, cmd.Data
	if c.description.Generation == cps.CPS4 {
		algorithms = algorithmsCPS4
	}
	a, ok := algorithms[s.algorithm]
	if !ok || a.hash == 0 {
		return status(iso7816.SWConditions)
	}
	if len(digest) == 0 {
		digest, c.hash = c.hash, nil
		if digest == nil {
			return status(iso7816.SWConditions)
		}
	}
	if len(digest) != a.hash.Size() {
		return status(swWrongData)
	}
	var signature []byte
	var err error
	if a.pss {
		signature, err = rsa.SignPSS(rand.Reader, k.PrivateKey, a.hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		signature, err = rsa.SignPKCS1v15(nil, k.PrivateKey, a.hash, digest)
	}
	return c.result(cmd, signature, err)
}

// internalAuthenticate signs the data of the command, with the padding of
// PKCS #1 v1.5 around them.
func (c *Card) internalAuthenticate(cmd iso7816.Command) []byte {
	s := c.environment[forAuthentication]
	k, sw := c.key(s, authenticate)
	a, ok := algorithmsCPS3[s.algorithm]
	switch {
	case cmd.P1 != 0 || cmd.P2 != 0:
		return status(iso7816.SWWrongP1P2)
	case sw != iso7816.SWOK:
		return status(sw)
	case !ok || a.hash != 0:
		return status(iso7816.SWConditions)
	case len(cmd.Data) == 0 || len(cmd.Data) > maxAuthentication:
		return status(iso7816.SWWrongLength)
	}
	signature, err := rsa.SignPKCS1v15(nil, k.PrivateKey, 0, cmd.Data)
	return c.result(cmd, signature, err)
}

// decipher applies the private key: on a CPS4 to the bare block, of which all
// comes back; on a CPS3 to a cryptogram behind its padding indicator 81, of
// which the message comes back.
func (c *Card) decipher(cmd iso7816.Command) []byte {
	k, sw := c.key(c.environment[forConfidentiality], decipher)
	if sw != iso7816.SWOK {
		return status(sw)
	}
	block := cmd.Data
	cps4 := c.description.Generation == cps.CPS4
	if !cps4 {
		if len(block) == 0 || block[0] != 0x81 {
			return status(swWrongData)
		}
		block = block[1:]
	}
	if len(block) != keySize/8 {
		return status(iso7816.SWWrongLength)
	}
	// The keys of a virtual card protect nothing: no blinding is needed.
	value := new(big.Int).SetBytes(block)
	if value.Cmp(k.N) >= 0 {
		return status(swWrongData)
	}
	plain := value.Exp(value, k.D, k.N).FillBytes(make([]byte, keySize/8))
	if !cps4 {
		if plain = message(plain); plain == nil {
			return status(swWrongData)
		}
	}
	return c.result(cmd, plain, nil)
}

// message takes away the padding of PKCS #1 v1.5 for encryption; nil when
// there is none.
func message(block []byte) []byte {
	if subtle.ConstantTimeCompare(block[:2], []byte{0x00, 0x02}) != 1 {
		return nil
	}
	for i := 2; i < len(block); i++ {
		if block[i] == 0 {
			if i < 10 || i+1 == len(block) {
				return nil
			}
			return block[i+1:]
		}
	}
	return nil
}

// result gives what a key made of the data.
func (c *Card) result(cmd iso7816.Command, data []byte, err error) []byte {
	if err != nil {
		return status(swNoDiagnosis)
	}
	return c.give(cmd, data)
}
