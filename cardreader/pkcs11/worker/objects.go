//go:build cgo

package worker

// #include "cryptoki.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	p11 "github.com/miekg/pkcs11"

	"postecpx/cardreader/pkcs11"
)

// handles finds all objects that the session sees. Those found before a call
// went wrong are returned with the error.
func (m *module) handles(session p11.SessionHandle) (found []p11.ObjectHandle, e *callError) {
	e = m.do("C_FindObjectsInit", C.F_FIND_OBJECTS_INIT, func() error { return m.ctx.FindObjectsInit(session, nil) })
	if e != nil {
		return nil, e
	}
	found, e = m.find(session)
	if final := m.do("C_FindObjectsFinal", C.F_FIND_OBJECTS_FINAL, func() error { return m.ctx.FindObjectsFinal(session) }); e == nil {
		e = final
	}
	return found, e
}

func (m *module) find(session p11.SessionHandle) (found []p11.ObjectHandle, e *callError) {
	const name = "C_FindObjects"
	var batch [64]C.ck_ulong
	for {
		var count C.ck_ulong
		e := m.do(name, C.F_FIND_OBJECTS, func() error {
			return result(C.ck_find_objects(m.list, C.ck_ulong(session), &batch[0], C.ck_ulong(len(batch)), &count))
		})
		switch {
		case e != nil:
			return found, e
		case count == 0:
			return found, nil
		case count > C.ck_ulong(len(batch)):
			return found, &callError{call: name, detail: fmt.Sprintf("it fills in %d where %d were asked for", uint64(count), len(batch))}
		case len(found)+int(count) > maxObjects:
			return found, &callError{call: name, detail: fmt.Sprintf("more than %d objects", maxObjects)}
		}
		for _, h := range batch[:count] {
			found = append(found, p11.ObjectHandle(h))
		}
	}
}

// attribute is what a module says of one attribute of an object.
type attribute struct {
	kind  uint
	value []byte
	err   *callError
}

// usages are the attributes of a key that say what it is for.
var usages = []struct {
	kind uint
	name string
}{
	{p11.CKA_SIGN, "CKA_SIGN"}, {p11.CKA_SIGN_RECOVER, "CKA_SIGN_RECOVER"}, {p11.CKA_DECRYPT, "CKA_DECRYPT"},
	{p11.CKA_UNWRAP, "CKA_UNWRAP"}, {p11.CKA_DERIVE, "CKA_DERIVE"}, {p11.CKA_VERIFY, "CKA_VERIFY"},
	{p11.CKA_VERIFY_RECOVER, "CKA_VERIFY_RECOVER"}, {p11.CKA_ENCRYPT, "CKA_ENCRYPT"}, {p11.CKA_WRAP, "CKA_WRAP"},
	{p11.CKA_ALWAYS_AUTHENTICATE, "CKA_ALWAYS_AUTHENTICATE"},
}

// attributesOf are those that PKCS#11 v2.40 §4 gives to an object of a class,
// beyond the ones that all have; CKA_VALUE is asked for on its own.
func attributesOf(class string) []uint {
	switch class {
	case "certificate":
		return []uint{p11.CKA_ID}
	case "data":
		return []uint{p11.CKA_APPLICATION}
	case "private-key":
		return []uint{p11.CKA_ID, p11.CKA_KEY_TYPE, p11.CKA_MODULUS, p11.CKA_SIGN, p11.CKA_SIGN_RECOVER,
			p11.CKA_DECRYPT, p11.CKA_UNWRAP, p11.CKA_DERIVE, p11.CKA_ALWAYS_AUTHENTICATE}
	case "public-key":
		return []uint{p11.CKA_ID, p11.CKA_KEY_TYPE, p11.CKA_MODULUS, p11.CKA_VERIFY, p11.CKA_VERIFY_RECOVER,
			p11.CKA_ENCRYPT, p11.CKA_WRAP, p11.CKA_DERIVE}
	}
	return nil
}

// object reads one object. blame names what is a fault of the module and not a
// property of the object.
func (m *module) object(session p11.SessionHandle, handle p11.ObjectHandle, values bool) pkcs11.Object {
	var o pkcs11.Object
	m.take(&o, m.attributes(session, handle, []uint{p11.CKA_CLASS, p11.CKA_LABEL, p11.CKA_PRIVATE, p11.CKA_MODIFIABLE}))
	if more := attributesOf(o.Class); len(more) > 0 {
		m.take(&o, m.attributes(session, handle, more))
	}
	if values && (o.Class == "certificate" || o.Class == "data") {
		m.take(&o, m.attributes(session, handle, []uint{p11.CKA_VALUE}))
	}
	return o
}

// maxName bounds a label or an identifier: those of a card have some tens of
// bytes.
const maxName = 4096

// short cuts what no name is, and the NULs that end a text of C.
func short(b []byte) []byte {
	b = b[:min(len(b), maxName)]
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b[:len(b):len(b)]
}

// take puts attributes where they belong.
func (m *module) take(o *pkcs11.Object, attributes []attribute) {
	for _, a := range attributes {
		if a.err != nil {
			if optional(a) {
				continue
			}
			o.Failures = append(o.Failures, a.err.failure())
			if a.err.code != "CKR_ATTRIBUTE_TYPE_INVALID" && a.err.code != "CKR_ATTRIBUTE_SENSITIVE" {
				m.blame(a.err)
			}
			continue
		}
		switch a.kind {
		case p11.CKA_CLASS:
			o.Class = className(number(a.value))
		case p11.CKA_LABEL:
			o.Label = decode(short(a.value))
		case p11.CKA_ID:
			o.ID = a.value[:min(len(a.value), maxName)]
		case p11.CKA_APPLICATION:
			o.Application = decode(short(a.value))
		case p11.CKA_PRIVATE:
			o.Private = isTrue(a.value)
		case p11.CKA_MODIFIABLE:
			o.Modifiable = isTrue(a.value)
		case p11.CKA_VALUE:
			if m.values += len(a.value); m.values > maxValues {
				o.Failures = append(o.Failures, pkcs11.Failure{Call: getAttributeValue, Detail: fmt.Sprintf("the values together exceed %d bytes", maxValues)})
				continue
			}
			o.Value = a.value
		case p11.CKA_KEY_TYPE:
			o.KeyType = keyTypeName(number(a.value))
		case p11.CKA_MODULUS:
			o.Bits = bits(a.value)
		default:
			for _, u := range usages {
				if u.kind == a.kind && isTrue(a.value) {
					o.Usage = append(o.Usage, u.name)
				}
			}
		}
	}
}

// optional tells whether nothing is lost when a module has no such attribute:
// a usage, what an EC key does not have, or what has a default.
func optional(a attribute) bool {
	if a.err.code != "CKR_ATTRIBUTE_TYPE_INVALID" && a.err.code != "CKR_ATTRIBUTE_SENSITIVE" {
		return false
	}
	switch a.kind {
	case p11.CKA_CLASS, p11.CKA_LABEL, p11.CKA_ID, p11.CKA_VALUE, p11.CKA_KEY_TYPE:
		return false
	}
	return true
}

const getAttributeValue = "C_GetAttributeValue"

// unavailable is CK_UNAVAILABLE_INFORMATION: no such attribute, or not shown.
const unavailable = ^C.ck_ulong(0)

// attributes reads attributes of an object together, and those that this does
// not bring each on its own, so that one does not cost the others.
func (m *module) attributes(session p11.SessionHandle, handle p11.ObjectHandle, kinds []uint) []attribute {
	read := m.together(session, handle, kinds)
	if len(kinds) == 1 {
		return read
	}
	for i := range read {
		if read[i].err != nil {
			read[i] = m.together(session, handle, kinds[i:i+1])[0]
		}
	}
	return read
}

// together reads attributes in two calls: how long they are, and what they are.
func (m *module) together(session p11.SessionHandle, handle p11.ObjectHandle, kinds []uint) []attribute {
	read := make([]attribute, len(kinds))
	types, lengths := make([]C.ck_ulong, len(kinds)), make([]C.ck_ulong, len(kinds))
	for i, k := range kinds {
		read[i].kind, types[i] = k, C.ck_ulong(k)
	}
	ask := func(buffer *byte) *callError {
		return m.do(getAttributeValue, C.F_GET_ATTRIBUTE_VALUE, func() error {
			return result(C.ck_get_attributes(m.list, C.ck_ulong(session), C.ck_ulong(handle),
				C.int(len(kinds)), &types[0], &lengths[0], (*C.uchar)(unsafe.Pointer(buffer))))
		})
	}
	fail := func(e *callError) []attribute {
		for i := range read {
			read[i].err, read[i].value = e, nil
		}
		return read
	}
	if e := ask(nil); e != nil {
		return fail(e)
	}
	rooms, total := make([]C.ck_ulong, len(kinds)), 0
	for i, n := range lengths {
		switch {
		case n == unavailable:
			return fail(&callError{call: getAttributeValue, code: "CKR_ATTRIBUTE_TYPE_INVALID"})
		case n > maxAttribute:
			return fail(&callError{call: getAttributeValue, detail: fmt.Sprintf("an attribute of %d bytes", uint64(n))})
		}
		rooms[i], total = n, total+int(n)
	}
	if total == 0 {
		return read
	}
	buffer := make([]byte, total)
	if e := ask(&buffer[0]); e != nil {
		return fail(e)
	}
	for i, at := 0, 0; i < len(read); i++ {
		if lengths[i] > rooms[i] {
			return fail(&callError{call: getAttributeValue, detail: fmt.Sprintf("an attribute of %d bytes, then of %d", uint64(rooms[i]), uint64(lengths[i]))})
		}
		read[i].value = buffer[at : at+int(lengths[i]) : at+int(lengths[i])]
		at += int(rooms[i])
	}
	return read
}

// number reads a CK_ULONG.
func number(value []byte) uint64 {
	switch len(value) {
	case 4:
		return uint64(binary.NativeEndian.Uint32(value))
	case 8:
		return binary.NativeEndian.Uint64(value)
	}
	return ^uint64(0)
}

func isTrue(value []byte) bool { return len(value) == 1 && value[0] != 0 }

// bits is the length of a modulus, big-endian.
func bits(modulus []byte) int {
	for len(modulus) > 0 && modulus[0] == 0 {
		modulus = modulus[1:]
	}
	if len(modulus) == 0 {
		return 0
	}
	n := len(modulus) * 8
	for mask := byte(0x80); modulus[0]&mask == 0; mask >>= 1 {
		n--
	}
	return n
}
