package trace

import (
	"bytes"

	"postecpx/cardreader/iso7816"
)

// reads tells whether a command is one of the reading list, whose data may be
// shown: the plain classes of the four channels, without chaining and without
// secure messaging, and the instructions that only read. VERIFY is one of them
// in its empty form, which presents nothing and asks for the counter.
func reads(raw []byte) bool {
	c, err := iso7816.ParseCommand(raw)
	if err != nil || c.CLA > 0x03 {
		return false
	}
	switch c.INS {
	case iso7816.InsSelect, iso7816.InsReadBinary, iso7816.InsReadRecord,
		iso7816.InsGetData, iso7816.InsGetDataBER, iso7816.InsGetResponse:
		return true
	case iso7816.InsVerify:
		return len(raw) == 4
	}
	return false
}

// hideSecrets takes out what is never recorded. pending is whether what GET
// RESPONSE would fetch is secret; it is followed from one exchange to the next.
func (e *Exchange) hideSecrets(pending *bool) {
	secret := !reads(e.Command)
	if !secret && e.Command[1] == iso7816.InsGetResponse {
		secret = *pending // it goes on with the answer of the command before it
	} else {
		*pending = secret
	}
	if !reads(e.Command) {
		e.CommandMasking = hide(commandBody(e.Command), e.CommandMasking, Secret)
	}
	if secret {
		e.ResponseMasking = hide(responseBody(e.Response), e.ResponseMasking, Secret)
	}
}

// hide clears the bytes, unless there are none to clear.
func hide(body []byte, already, why Masking) Masking {
	switch {
	case len(body) == 0:
		return Shown
	case already == Secret:
		why = Secret
	}
	clear(body)
	return why
}

// commandBody is the data field; all that follows the header where the command
// cannot be understood, for it may hold a code all the same.
func commandBody(raw []byte) []byte {
	c, err := iso7816.ParseCommand(raw)
	if err == nil {
		if len(c.Data) == 0 {
			return nil
		}
		return raw[5 : 5+len(c.Data)]
	}
	return raw[min(4, len(raw)):]
}

// responseBody is what stands before the status word.
func responseBody(raw []byte) []byte {
	if len(raw) < 2 {
		return raw
	}
	return raw[:len(raw)-2]
}

// Masked gives a copy in which nothing says who the person is: the content of
// every file is taken out but for EF.DIR, EF.ATR and EF.ODF, which hold names of
// applications and places of files, and so is the name of the reader. Whatever
// the package cannot place is taken out too.
func (r Recording) Masked() Recording {
	names := r.fileNames()
	r = r.clone()
	r.IsMasked, r.Reader, r.names = true, "", names
	for i, s := range r.walk() {
		e := &r.Exchanges[i]
		if !s.impersonal(e.Response) {
			e.ResponseMasking = hide(responseBody(e.Response), e.ResponseMasking, Person)
		}
	}
	return r
}

// impersonal tells whether an answer can be shown to anybody.
func (s step) impersonal(response []byte) bool {
	data := responseBody(response)
	switch s.origin.INS {
	case iso7816.InsSelect:
		return isTemplate(data)
	case iso7816.InsReadBinary:
		return s.origin.P1&0x80 == 0 && s.at.impersonal()
	case iso7816.InsGetDataBER:
		return s.origin.isCounter()
	}
	return false
}

// isTemplate tells whether that is the description of a file, whole and alone.
func isTemplate(data []byte) bool {
	t, rest, err := iso7816.NextTLV(data)
	return err == nil && len(rest) == 0 && (t.Tag == 0x62 || t.Tag == 0x64 || t.Tag == 0x6F)
}

// counterTemplate begins the request for the public part of the security data
// object of a code (IAS ECC): its counters.
var counterTemplate = []byte{0x4D, 0x08, 0x70, 0x06, 0xBF, 0x81}

// isCounter tells whether a GET DATA asks for the counters of a code.
func (o origin) isCounter() bool {
	return o.INS == iso7816.InsGetDataBER && o.P1 == 0x3F && o.P2 == 0xFF && bytes.HasPrefix(o.Data, counterTemplate)
}
