//go:build cgo

package worker

// #include "cryptoki.h"
import "C"

import (
	"errors"
	"fmt"
	"path/filepath"

	p11 "github.com/miekg/pkcs11"

	"postecpx/cardreader/pkcs11"
)

// The most that a module may say it has. More is not believed, so that no
// memory is given for it.
const (
	maxSlots      = 1024
	maxMechanisms = 4096
	maxObjects    = 2048
	maxAttribute  = 1 << 20 // bytes
	maxValues     = 8 << 20 // bytes, all CKA_VALUE together
)

// callError is a call into the module that went wrong: with a CKR_… code, or
// with a detail when the module broke a rule of PKCS#11.
type callError struct{ call, code, detail string }

func (e *callError) Error() string { return fmt.Sprintf("%s: %s%s", e.call, e.code, e.detail) }

func (e *callError) failure() pkcs11.Failure {
	return pkcs11.Failure{Call: e.call, Code: e.code, Detail: e.detail}
}

// module is the loaded module.
type module struct {
	*protocol
	family pkcs11.Family
	list   *C.ck_function_list
	ctx    *p11.Ctx
	values int // bytes of CKA_VALUE read so far
	first  *callError
	// forgiving: what goes wrong now costs a part of the answer, not the whole.
	forgiving bool
}

// load loads the module and gets its function table, without which the binding
// would end the process.
func load(p *protocol, path string, family pkcs11.Family) (*module, *pkcs11.WorkerEnd) {
	if !filepath.IsAbs(path) {
		// The loader would look for it in places that nobody named.
		return nil, &pkcs11.WorkerEnd{Status: pkcs11.Failed, Call: "load", Detail: "the path is not absolute"}
	}
	C.ck_default_signals()
	p.call("load")
	symbol, problem, found := open(path)
	switch {
	case !found:
		return nil, &pkcs11.WorkerEnd{Status: loadStatus(path, problem), Call: "load", Detail: problem}
	case symbol == nil:
		return nil, &pkcs11.WorkerEnd{Status: pkcs11.NoSymbol, Call: "load", Detail: problem}
	}
	C.ck_default_signals() // what the module made of them when it was loaded
	m := &module{protocol: p, family: family}
	const name = "C_GetFunctionList"
	p.call(name)
	if rv := C.ck_get_function_list(symbol, &m.list); rv != 0 {
		return nil, &pkcs11.WorkerEnd{Status: pkcs11.Failed, Call: name, Code: pkcs11.CodeName(family, uint64(rv))}
	}
	if m.list == nil {
		return nil, &pkcs11.WorkerEnd{Status: pkcs11.Failed, Call: name, Detail: "it gives no function table"}
	}
	C.ck_has(m.list, 0) // a table that is no memory ends the process here
	if m.ctx = bind(path); m.ctx == nil {
		return nil, &pkcs11.WorkerEnd{Status: pkcs11.Failed, Call: name, Detail: "the binding cannot load it"}
	}
	return m, nil
}

// do makes one call, if the table has it, and turns its error into a *callError.
func (m *module) do(name string, place C.int, call func() error) *callError {
	m.call(name)
	if C.ck_has(m.list, place) == 0 {
		return &callError{call: name, detail: "the function table has no such entry"}
	}
	err := call()
	var code p11.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &code):
		return &callError{call: name, code: pkcs11.CodeName(m.family, uint64(code))}
	}
	return &callError{call: name, detail: err.Error()}
}

// result is the error of a return value.
func result(rv C.ck_ulong) error {
	if rv == 0 {
		return nil
	}
	return p11.Error(rv)
}

// blame notes the first call that went wrong: the result of the whole probe.
// A token that is not there, or that the module does not know, is no fault of
// the module.
func (m *module) blame(e *callError) {
	if e == nil || m.first != nil || m.forgiving || e.code == "CKR_TOKEN_NOT_PRESENT" || e.code == "CKR_TOKEN_NOT_RECOGNIZED" {
		return
	}
	m.first = e
}

// end is the last line.
func (m *module) end() pkcs11.WorkerEnd {
	if m.first == nil {
		return pkcs11.WorkerEnd{Status: pkcs11.OK}
	}
	return pkcs11.WorkerEnd{Status: pkcs11.Failed, Call: m.first.call, Code: m.first.code, Detail: m.first.detail}
}

// initialize also takes modules that refuse the locking of the system: only one
// thread calls here. finalize is what to do at the end: nothing when the module
// was initialised before, which is then not ours to undo.
func (m *module) initialize() (finalize func(), e *callError) {
	const name = "C_Initialize"
	e = m.do(name, C.F_INITIALIZE, func() error { return m.ctx.Initialize() })
	if e != nil && (e.code == "CKR_CANT_LOCK" || e.code == "CKR_NEED_TO_CREATE_THREADS") {
		e = m.do(name, C.F_INITIALIZE, func() error { return m.ctx.Initialize(p11.InitializeWithFlags(0)) })
	}
	switch {
	case e == nil:
		return func() { m.blame(m.do("C_Finalize", C.F_FINALIZE, m.ctx.Finalize)) }, nil
	case e.code == "CKR_CRYPTOKI_ALREADY_INITIALIZED":
		return func() {}, nil
	}
	return nil, e
}

func (m *module) info() (info pkcs11.Info, e *callError) {
	e = m.do("C_GetInfo", C.F_GET_INFO, func() error {
		i, err := m.ctx.GetInfo()
		info = pkcs11.Info{
			Manufacturer: fixed(i.ManufacturerID), Description: fixed(i.LibraryDescription),
			Cryptoki: version(i.CryptokiVersion), Version: fmt.Sprintf("%d.%d", i.LibraryVersion.Major, i.LibraryVersion.Minor),
		}
		return err
	})
	if e != nil {
		return pkcs11.Info{}, e
	}
	return info, nil
}

// version writes a version of PKCS#11, whose minor part counts hundredths.
func version(v p11.Version) string { return fmt.Sprintf("%d.%02d", v.Major, v.Minor) }

// numbers asks for a list that the module counts first: slots or mechanisms. A
// list that grows meanwhile is asked for again.
func (m *module) numbers(name string, place C.int, most C.ck_ulong, ask func(list, count *C.ck_ulong) C.ck_ulong) ([]uint, *callError) {
	var e *callError
	for range 5 {
		var count C.ck_ulong
		e = m.do(name, place, func() error {
			rv := ask(nil, &count)
			if rv == C.ck_ulong(p11.CKR_BUFFER_TOO_SMALL) {
				return nil // some modules say so when they are asked for the count
			}
			return result(rv)
		})
		switch {
		case e != nil:
			return nil, e
		case count > most:
			return nil, &callError{call: name, detail: fmt.Sprintf("it counts %d", uint64(count))}
		case count == 0:
			return nil, nil
		}
		list, room := make([]C.ck_ulong, count), count
		e = m.do(name, place, func() error { return result(ask(&list[0], &count)) })
		if e != nil && e.code == "CKR_BUFFER_TOO_SMALL" {
			continue
		}
		if e != nil {
			return nil, e
		}
		if count > room {
			return nil, &callError{call: name, detail: fmt.Sprintf("it fills in %d where it counted %d", uint64(count), uint64(room))}
		}
		numbers := make([]uint, count)
		for i := range numbers {
			numbers[i] = uint(list[i])
		}
		return numbers, nil
	}
	return nil, e
}

func (m *module) slots() ([]uint, *callError) {
	return m.numbers("C_GetSlotList", C.F_GET_SLOT_LIST, maxSlots, func(list, count *C.ck_ulong) C.ck_ulong {
		return C.ck_get_slot_list(m.list, list, count)
	})
}

func (m *module) slot(id uint) (slot pkcs11.Slot, present bool, e *callError) {
	slot.ID = id
	e = m.do("C_GetSlotInfo", C.F_GET_SLOT_INFO, func() error {
		i, err := m.ctx.GetSlotInfo(id)
		slot.Description, present = fixed(i.SlotDescription), i.Flags&p11.CKF_TOKEN_PRESENT != 0
		return err
	})
	if e != nil {
		return pkcs11.Slot{ID: id}, false, e
	}
	return slot, present, nil
}

// token reads C_GetTokenInfo. flags are those of the names in it.
func (m *module) token(slot uint) (token *pkcs11.Token, flags uint, e *callError) {
	e = m.do("C_GetTokenInfo", C.F_GET_TOKEN_INFO, func() error {
		i, err := m.ctx.GetTokenInfo(slot)
		flags = i.Flags
		token = &pkcs11.Token{
			Label: fixed(i.Label), Manufacturer: fixed(i.ManufacturerID), Model: fixed(i.Model), Serial: fixed(i.SerialNumber),
			Flags: flagNames(i.Flags, tokenFlags), PINLeast: length(i.MinPinLen), PINMost: length(i.MaxPinLen),
		}
		return err
	})
	if e != nil {
		return nil, 0, e
	}
	return token, flags, nil
}

// length is 0 for what no code can be: CK_UNAVAILABLE_INFORMATION among it.
func length(n uint) int {
	if n > 1<<16 {
		return 0
	}
	return int(n)
}

func (m *module) mechanisms(slot uint) (list []pkcs11.Mechanism, failures []pkcs11.Failure) {
	numbers, e := m.numbers("C_GetMechanismList", C.F_GET_MECHANISM_LIST, maxMechanisms, func(list, count *C.ck_ulong) C.ck_ulong {
		return C.ck_get_mechanism_list(m.list, C.ck_ulong(slot), list, count)
	})
	if e != nil {
		m.blame(e)
		return nil, []pkcs11.Failure{e.failure()}
	}
	for _, n := range numbers {
		mechanism := pkcs11.Mechanism{Name: mechanismName(uint64(n))}
		e := m.do("C_GetMechanismInfo", C.F_GET_MECHANISM_INFO, func() error {
			i, err := m.ctx.GetMechanismInfo(slot, []*p11.Mechanism{{Mechanism: n}})
			if err == nil {
				mechanism.LeastKB, mechanism.MostKB = length(i.MinKeySize), length(i.MaxKeySize)
				mechanism.Flags = flagNames(i.Flags, mechanismFlags)
			}
			return err
		})
		list = append(list, mechanism)
		if e != nil && e.code != "CKR_MECHANISM_INVALID" {
			m.blame(e)
			failures = append(failures, e.failure())
			if len(failures) > 8 {
				break // it will not get better
			}
		}
	}
	return list, failures
}

// session opens one for reading, and returns what closes it.
func (m *module) session(slot uint) (session p11.SessionHandle, closeSession func(), e *callError) {
	e = m.do("C_OpenSession", C.F_OPEN_SESSION, func() (err error) {
		session, err = m.ctx.OpenSession(slot, p11.CKF_SERIAL_SESSION)
		return err
	})
	if e != nil {
		return 0, nil, e
	}
	return session, func() {
		m.blame(m.do("C_CloseSession", C.F_CLOSE_SESSION, func() error { return m.ctx.CloseSession(session) }))
	}, nil
}
