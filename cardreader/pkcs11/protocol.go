package pkcs11

import "time"

// WorkerArgument is the hidden first argument with which a program of this
// module becomes the child process that loads one PKCS#11 module: its main
// function calls worker.Main before anything else when it sees it.
const WorkerArgument = "pkcs11-worker"

// MaxRequest bounds what the child reads: the request and the code porteur.
const MaxRequest = 64 << 10

// MaxCode bounds the length of a code porteur, in bytes. No card knows such
// long ones: the module says what it takes.
const MaxCode = 64

// WorkerRequest is what the child is asked, as one line of JSON on its
// standard input. The code porteur of a proof follows as CodeLength raw bytes
// and is never part of the JSON, whose encoder would keep a copy of it.
type WorkerRequest struct {
	Module     string       `json:"module"` // absolute path
	Family     Family       `json:"family"`
	Probe      *Options     `json:"probe,omitempty"`
	Prove      *WorkerProve `json:"prove,omitempty"`
	CodeLength int          `json:"codeLength,omitempty"`
}

// WorkerProve is a proof as the child is asked for it.
type WorkerProve struct {
	Token        Selector `json:"token"`
	AllowLastTry bool     `json:"allowLastTry"`
	Challenge    []byte   `json:"challenge"`
}

// WorkerLine is one line of JSON on the child's standard output. One field is
// set. Every call into the module is announced before it is made, so that the
// parent knows where a child ended that says nothing more.
type WorkerLine struct {
	Call string `json:"call,omitempty"`
	Info *Info  `json:"info,omitempty"`
	// Slot replaces what an earlier line said on the slot at that Index.
	Slot *WorkerSlot `json:"slot,omitempty"`
	// Proof replaces the one of an earlier line.
	Proof *Proof     `json:"proof,omitempty"`
	End   *WorkerEnd `json:"end,omitempty"`
}

// WorkerSlot is a slot at its place in the list of the module.
type WorkerSlot struct {
	Index int  `json:"index"`
	Slot  Slot `json:"slot"`
}

// WorkerEnd is the last line: OK, or what the first call that went wrong said.
type WorkerEnd struct {
	Status Status `json:"status"`
	Call   string `json:"call,omitempty"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Limits are the longest times that a module may take. A zero is the default.
type Limits struct {
	Call       time.Duration // one call, or the loading: 10 s
	Initialize time.Duration // C_Initialize: 20 s
	Login      time.Duration // C_Login and C_Sign: 20 s
	Whole      time.Duration // everything: 60 s
}

// Default limits.
const (
	defaultCall       = 10 * time.Second
	defaultInitialize = 20 * time.Second
	defaultLogin      = 20 * time.Second
	defaultWhole      = 60 * time.Second
)

// of is the limit of one call; "" is the start of the child, which is not the
// module's time.
func (l Limits) of(call string) time.Duration {
	switch call {
	case "":
		return defaultCall
	case "C_Initialize":
		return orDefault(l.Initialize, defaultInitialize)
	case "C_Login", "C_Sign":
		return orDefault(l.Login, defaultLogin)
	}
	return orDefault(l.Call, defaultCall)
}

func (l Limits) whole() time.Duration { return orDefault(l.Whole, defaultWhole) }

func orDefault(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}
