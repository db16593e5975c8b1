//go:build cgo

package worker

import (
	"runtime"

	"postecpx/cardreader/pkcs11"
)

// answer does what the request asks.
func answer(p *protocol, request pkcs11.WorkerRequest, code []byte) pkcs11.WorkerEnd {
	// Modules may keep things by thread.
	runtime.LockOSThread()
	confine(len(code) > 0)
	m, end := load(p, request.Module, request.Family)
	if end != nil {
		return *end
	}
	finalize, e := m.initialize()
	if e != nil {
		m.blame(e)
		return m.end()
	}
	var refused *pkcs11.WorkerEnd
	switch {
	case request.Prove != nil:
		refused = m.prove(*request.Prove, code)
	case request.Probe != nil:
		m.probe(*request.Probe)
	}
	finalize()
	if refused != nil {
		return *refused
	}
	return m.end()
}

// probe says all that the module says, each part as soon as it is known.
func (m *module) probe(o pkcs11.Options) {
	info, e := m.info()
	m.blame(e)
	if e == nil {
		m.send(pkcs11.WorkerLine{Info: &info})
	}
	slots, e := m.slots()
	m.blame(e)
	for index, id := range slots {
		m.probeSlot(index, id, o)
	}
}

func (m *module) probeSlot(index int, id uint, o pkcs11.Options) {
	slot, present, e := m.slot(id)
	tell := func() { m.send(pkcs11.WorkerLine{Slot: &pkcs11.WorkerSlot{Index: index, Slot: slot}}) }
	fail := func(e *callError) {
		m.blame(e)
		failure := e.failure()
		slot.Failure = &failure
		tell()
	}
	if e != nil {
		fail(e)
		return
	}
	tell()
	if !present {
		return
	}
	token, _, e := m.token(id)
	if e != nil {
		fail(e)
		return
	}
	slot.Token = token
	tell()
	if o.Mechanisms {
		var failures []pkcs11.Failure
		token.Mechanisms, failures = m.mechanisms(id)
		token.Failures = append(token.Failures, failures...)
		tell()
	}
	if o.Objects {
		m.probeObjects(id, token, o.Values)
		tell()
	}
}

func (m *module) probeObjects(slot uint, token *pkcs11.Token, values bool) {
	note := func(e *callError) {
		m.blame(e)
		token.Failures = append(token.Failures, e.failure())
	}
	session, closeSession, e := m.session(slot)
	if e != nil {
		note(e)
		return
	}
	handles, e := m.handles(session)
	if e != nil {
		note(e)
	}
	for _, h := range handles {
		token.Objects = append(token.Objects, m.object(session, h, values))
	}
	closeSession()
}
