//go:build cgo

package worker

// #include "cryptoki.h"
import "C"

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"unsafe"

	p11 "github.com/miekg/pkcs11"

	"postecpx/cardreader/pkcs11"
)

// prove presents the code once and signs with both keys. It tells the parent
// the proof before C_Login and after each step. The result is nil unless the
// token that is meant cannot be told.
func (m *module) prove(r pkcs11.WorkerProve, code []byte) *pkcs11.WorkerEnd {
	id, token, flags, refused := m.choose(r.Token)
	if refused != nil || token == nil {
		return refused
	}
	proof := pkcs11.Proof{Token: *token, Login: pkcs11.LoginUnknown, Before: tries(flags)}
	tell := func() { m.send(pkcs11.WorkerLine{Proof: &proof}) }
	defer tell()
	if outcome := refusal(*token, flags, len(code), r.AllowLastTry); outcome != "" {
		proof.Login, proof.After = outcome, proof.Before
		return nil
	}
	session, closeSession, e := m.session(id)
	if e != nil {
		m.blame(e)
		return nil
	}
	defer closeSession()
	public, e := m.handles(session)
	if e != nil {
		m.blame(e)
		return nil
	}
	// The code goes out here, and nowhere else, and never again.
	proof.Presented, m.forgiving = true, true
	tell()
	e = m.login(session, code)
	proof.Login, proof.LoginCode = pkcs11.LoginOK, "CKR_OK"
	if e != nil {
		proof.LoginCode, proof.Login = e.code, pkcs11.OutcomeOf(e.code)
	}
	tell()
	if proof.Login == pkcs11.LoginOK {
		m.useKeys(&proof, id, session, public, r.Challenge, tell)
		if e := m.do("C_Logout", C.F_LOGOUT, func() error { return m.ctx.Logout(session) }); e != nil {
			proof.Failures = append(proof.Failures, e.failure())
		}
	}
	proof.After = m.triesAfter(id, proof.Login)
	return nil
}

// triesAfter: a right code has all its tries back (ISO/IEC 7816-4 §11.5.6), so
// that nothing is asked; the Cryptolib CPS would take the answer of a CPS4 on
// which the code is verified for that of a blocked one.
func (m *module) triesAfter(slot uint, login pkcs11.LoginOutcome) pkcs11.Tries {
	if login == pkcs11.LoginOK {
		return pkcs11.Tries{Known: true}
	}
	_, flags, e := m.token(slot)
	if e != nil {
		return pkcs11.Tries{}
	}
	return tries(flags)
}

// choose finds the one token that is meant. A module that has no such token, or
// several, refuses; a call that went wrong is blamed.
func (m *module) choose(want pkcs11.Selector) (id uint, token *pkcs11.Token, flags uint, refused *pkcs11.WorkerEnd) {
	slots, e := m.slots()
	if e != nil {
		m.blame(e)
		return 0, nil, 0, nil
	}
	found := 0
	for _, s := range slots {
		if want.Slot != nil && *want.Slot != s {
			continue
		}
		slot, present, e := m.slot(s)
		if e != nil || !present || want.Reader != "" && want.Reader != slot.Description {
			continue
		}
		t, f, e := m.token(s)
		if e != nil || want.Label != "" && want.Label != t.Label || want.Serial != "" && want.Serial != t.Serial {
			continue
		}
		id, token, flags = s, t, f
		found++
	}
	if found != 1 {
		end := pkcs11.NoTokenEnd(fmt.Sprintf("%d tokens fit", found))
		return 0, nil, 0, &end
	}
	return id, token, flags, nil
}

func tries(flags uint) pkcs11.Tries {
	return pkcs11.Tries{
		Known: true, Low: flags&p11.CKF_USER_PIN_COUNT_LOW != 0,
		Final: flags&p11.CKF_USER_PIN_FINAL_TRY != 0, Locked: flags&p11.CKF_USER_PIN_LOCKED != 0,
	}
}

// refusal is why no code is presented, or "".
func refusal(t pkcs11.Token, flags uint, length int, allowLastTry bool) pkcs11.LoginOutcome {
	switch {
	case flags&p11.CKF_LOGIN_REQUIRED == 0:
		return pkcs11.LoginNoCode
	case flags&p11.CKF_USER_PIN_LOCKED != 0:
		return pkcs11.LoginBlocked
	case flags&p11.CKF_USER_PIN_FINAL_TRY != 0 && !allowLastTry:
		return pkcs11.LoginLastTry
	case length == 0 || length < t.PINLeast || t.PINMost > 0 && length > t.PINMost:
		return pkcs11.LoginWrongLength
	}
	return ""
}

// login passes the code from where it lies: the binding would leave a copy of
// it in a string. It is wiped as soon as the module has seen it.
func (m *module) login(session p11.SessionHandle, code []byte) *callError {
	defer clear(code)
	return m.do("C_Login", C.F_LOGIN, func() error {
		return result(C.ck_login(m.list, C.ck_ulong(session), C.ck_ulong(p11.CKU_USER),
			(*C.uchar)(unsafe.Pointer(&code[0])), C.ck_ulong(len(code))))
	})
}

// useKeys signs with the keys of both roles, and reads the data objects that
// were not seen before.
func (m *module) useKeys(proof *pkcs11.Proof, slot uint, session p11.SessionHandle, public []p11.ObjectHandle, challenge []byte, tell func()) {
	mechanisms, failures := m.mechanisms(slot)
	proof.Failures = append(proof.Failures, failures...)
	handles, e := m.handles(session)
	if e != nil {
		proof.Failures = append(proof.Failures, e.failure())
	}
	objects := make([]pkcs11.Object, len(handles))
	for i, h := range handles {
		objects[i] = m.object(session, h, false)
		if objects[i].Class == "certificate" {
			objects[i] = m.object(session, h, true)
		}
	}
	for _, pair := range pkcs11.KeyPairs(objects) {
		proof.Keys = append(proof.Keys, m.sign(session, handles, objects, pair, mechanisms, challenge))
		tell()
	}
	for i, o := range objects {
		if o.Class == "data" && (o.Private || !slices.Contains(public, handles[i])) {
			proof.Objects = append(proof.Objects, m.object(session, handles[i], true))
		}
	}
}

// sha256Prefix is the DER of a DigestInfo before the 32 bytes of the digest
// (RFC 8017 §9.2, note 1).
var sha256Prefix = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// sign signs the challenge. The authentication key of a CPx knows only
// CKM_RSA_PKCS; the signature key hashes itself where the token can.
func (m *module) sign(session p11.SessionHandle, handles []p11.ObjectHandle, objects []pkcs11.Object, pair pkcs11.KeyPair, mechanisms []pkcs11.Mechanism, challenge []byte) pkcs11.KeyProof {
	key := objects[pair.Key]
	proof := pkcs11.KeyProof{Role: pair.Role, Label: key.Label, Mechanism: "CKM_RSA_PKCS"}
	if pair.Certificate >= 0 {
		proof.Certificate = objects[pair.Certificate].Value
	}
	if key.KeyType != "RSA" {
		proof.Problem = "the key is not an RSA key: " + key.KeyType
		return proof
	}
	digest := sha256.Sum256(challenge)
	mechanism, data := uint(p11.CKM_RSA_PKCS), append(slices.Clone(sha256Prefix), digest[:]...)
	hashing := func(listed pkcs11.Mechanism) bool { return listed.Name == "CKM_SHA256_RSA_PKCS" }
	if pair.Role == pkcs11.Signature && slices.ContainsFunc(mechanisms, hashing) {
		mechanism, data, proof.Mechanism = p11.CKM_SHA256_RSA_PKCS, challenge, "CKM_SHA256_RSA_PKCS"
	}
	e := m.do("C_SignInit", C.F_SIGN_INIT, func() error {
		return m.ctx.SignInit(session, []*p11.Mechanism{p11.NewMechanism(mechanism, nil)}, handles[pair.Key])
	})
	if e == nil {
		proof.Signature, e = m.signature(session, data, signatureLength(key, proof.Certificate))
	}
	if e != nil {
		failure := e.failure()
		proof.Failure = &failure
	}
	return proof
}

// signature gives the module a buffer of exactly the length of the signature:
// for the authentication key of a CPS4 the Cryptolib CPS takes no other.
func (m *module) signature(session p11.SessionHandle, data []byte, length int) ([]byte, *callError) {
	buffer, written := make([]byte, length), C.ck_ulong(length)
	e := m.do("C_Sign", C.F_SIGN, func() error {
		return result(C.ck_sign(m.list, C.ck_ulong(session), (*C.uchar)(unsafe.Pointer(&data[0])), C.ck_ulong(len(data)),
			(*C.uchar)(unsafe.Pointer(&buffer[0])), &written))
	})
	switch {
	case e != nil:
		return nil, e
	case int(written) > length || written > maxAttribute:
		return nil, &callError{call: "C_Sign", detail: fmt.Sprintf("it fills in %d bytes where there are %d", uint64(written), length)}
	}
	return buffer[:written], nil
}

// signatureLength is that of the modulus, in bytes: as the key says, else as
// its certificate says, else as every CPx has it.
func signatureLength(key pkcs11.Object, certificate []byte) int {
	if key.Bits > 0 {
		return (key.Bits + 7) / 8
	}
	if cert, err := x509.ParseCertificate(certificate); err == nil {
		if public, ok := cert.PublicKey.(*rsa.PublicKey); ok {
			return public.Size()
		}
	}
	return 256
}
