package pkcs11

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// ErrModule: the module did not get through the proof. The *ModuleError that
// wraps it says where.
var ErrModule = errors.New("the module failed")

// ErrNoToken: no token of the module, or more than one, is the one meant.
var ErrNoToken = errors.New("the token is not there, or not alone")

// ModuleError is a module that failed, crashed or hung during a proof.
type ModuleError struct {
	Status Status // Failed, Crashed, TimedOut, or what the loading says
	Call   string
	Code   string
	Detail string
}

func (e *ModuleError) Error() string {
	text := fmt.Sprintf("%v: %s", ErrModule, e.Status)
	for _, s := range []string{e.Call, e.Code, e.Detail} {
		if s != "" {
			text += ": " + s
		}
	}
	return text
}

// Is tells that it is an ErrModule.
func (e *ModuleError) Is(target error) bool { return target == ErrModule }

// Selector says which token of a module is meant. What is not set fits every
// token; exactly one must fit all that is set.
type Selector struct {
	Slot   *uint  `json:"slot,omitempty"`   // slot identifier
	Reader string `json:"reader,omitempty"` // slot description
	Label  string `json:"label,omitempty"`
	Serial string `json:"serial,omitempty"`
}

// ProveRequest is the test that a person asked for.
type ProveRequest struct {
	Module Module
	Token  Selector
	// Code is the code porteur. Prove wipes it before it returns.
	Code []byte
	// AllowLastTry: the person confirmed that a wrong code may block the card.
	AllowLastTry bool
	Limits       Limits
}

// LoginOutcome is what became of the code porteur.
type LoginOutcome string

// Outcomes. At the "refused" ones nothing was sent to the card.
const (
	LoginOK          LoginOutcome = "ok"
	LoginWrongCode   LoginOutcome = "wrong-code"
	LoginBlocked     LoginOutcome = "blocked"      // refused when Presented is false
	LoginWrongLength LoginOutcome = "wrong-length" // refused when Presented is false
	LoginLastTry     LoginOutcome = "last-try-refused"
	LoginNoCode      LoginOutcome = "no-code" // refused: the token asks for none
	LoginCardRemoved LoginOutcome = "card-removed"
	LoginOther       LoginOutcome = "other" // LoginCode says what
	// LoginUnknown: the child ended before C_Login, or without its answer.
	LoginUnknown LoginOutcome = "unknown"
)

// Tries is what the flags of a token say on the tries of the code porteur.
type Tries struct {
	Known  bool `json:"known"`
	Low    bool `json:"low"`    // CKF_USER_PIN_COUNT_LOW: a wrong code since the last right one
	Final  bool `json:"final"`  // CKF_USER_PIN_FINAL_TRY
	Locked bool `json:"locked"` // CKF_USER_PIN_LOCKED
}

// Role of a key and its certificate.
type Role string

// Roles.
const (
	Authentication Role = "authentication"
	Signature      Role = "signature"
)

// KeyProof is what one private key did with the challenge.
type KeyProof struct {
	Role        Role     `json:"role"`
	Label       string   `json:"label,omitempty"`
	Mechanism   string   `json:"mechanism,omitempty"` // CKM_…
	OK          bool     `json:"ok"`                  // the certificate's public key verifies the signature
	Failure     *Failure `json:"failure,omitempty"`   // of the module
	Problem     string   `json:"problem,omitempty"`   // English: why it is not OK without a Failure
	Signature   []byte   `json:"signature,omitempty"`
	Certificate []byte   `json:"certificate,omitempty"` // the CKA_VALUE that verified it
}

// Proof is the result.
type Proof struct {
	Token     Token        `json:"token"` // the one that was asked, without its objects
	Login     LoginOutcome `json:"login"`
	LoginCode string       `json:"loginCode,omitempty"` // CKR_… of C_Login
	// Presented: C_Login was called, so the card may have seen the code.
	Presented bool       `json:"presented"`
	Before    Tries      `json:"before"`
	After     Tries      `json:"after"`
	Keys      []KeyProof `json:"keys,omitempty"`
	// Objects are the data objects that are seen only after the login.
	Objects []Object `json:"objects,omitempty"`
	// Failures are the calls outside the keys that failed after the login.
	Failures  []Failure     `json:"failures,omitempty"`
	Challenge []byte        `json:"challenge,omitempty"`
	Duration  time.Duration `json:"durationNs"`
}

// OK tells that the code was right and both keys proved themselves.
func (p Proof) OK() bool {
	proved := map[Role]bool{}
	for _, k := range p.Keys {
		if !k.OK {
			return false
		}
		proved[k.Role] = true
	}
	return p.Login == LoginOK && proved[Authentication] && proved[Signature]
}

// CardRemoved tells that the card left before the end.
func (p Proof) CardRemoved() bool {
	if p.Login == LoginCardRemoved {
		return true
	}
	for _, f := range p.Failures {
		if RemovalCode(f.Code) {
			return true
		}
	}
	for _, k := range p.Keys {
		if k.Failure != nil && RemovalCode(k.Failure.Code) {
			return true
		}
	}
	return false
}

// RemovalCode tells whether modules return that code when the card has left.
func RemovalCode(code string) bool {
	switch code {
	case "CKR_DEVICE_REMOVED", "CKR_TOKEN_NOT_PRESENT", "CKR_SESSION_HANDLE_INVALID", "CKR_SESSION_CLOSED":
		return true
	}
	return false
}

// OutcomeOf is what a return value of C_Login means.
func OutcomeOf(code string) LoginOutcome {
	switch code {
	case "CKR_OK":
		return LoginOK
	case "CKR_PIN_INCORRECT":
		return LoginWrongCode
	case "CKR_PIN_LOCKED":
		return LoginBlocked
	case "CKR_PIN_LEN_RANGE", "CKR_PIN_INVALID":
		return LoginWrongLength
	}
	if RemovalCode(code) {
		return LoginCardRemoved
	}
	return LoginOther
}

// challengeLength is in bytes.
const challengeLength = 32

// Prove presents the code porteur once, through one module in a child process
// of exe, and has the authentication and the signature key sign a challenge
// that was never seen before. It presents nothing when the code is blocked, has
// its last try left (unless AllowLastTry) or is not of the length that the
// token takes, and it never presents twice, whatever comes.
//
// The error is an *ModuleError, or ErrNoToken, or why no challenge could be
// made; the Proof then holds what was known, and above all whether the code was
// presented. A code that is wrong is no error: Proof.Login says so. The card
// stays verified until it is reset, which is left to the caller.
func Prove(ctx context.Context, exe Executable, r ProveRequest) (Proof, error) {
	defer clear(r.Code)
	began := time.Now()
	proof := Proof{Login: LoginUnknown}
	if len(r.Code) == 0 || len(r.Code) > MaxCode {
		proof.Login = LoginWrongLength
		return proof, nil
	}
	challenge := make([]byte, challengeLength)
	if _, err := rand.Read(challenge); err != nil {
		return proof, fmt.Errorf("make a challenge: %w", err)
	}
	request := WorkerRequest{
		Module: r.Module.Path, Family: r.Module.Family, CodeLength: len(r.Code),
		Prove: &WorkerProve{Token: r.Token, AllowLastTry: r.AllowLastTry, Challenge: challenge},
	}
	// What the module says on standard error may hold the code: it is not kept.
	end := exe.run(ctx, errand{request: request, code: r.Code, limits: r.Limits}, func(line WorkerLine) {
		if line.Proof != nil {
			proof = *line.Proof
		}
	})
	proof.Challenge = challenge
	for i := range proof.Keys {
		verify(&proof.Keys[i], challenge)
	}
	proof.Duration = time.Since(began)
	switch {
	case end.Status == OK:
		return proof, nil
	case end.Status == Failed && end.Call == "" && end.Code == noToken:
		return proof, fmt.Errorf("%w: %s", ErrNoToken, end.Detail)
	}
	return proof, &ModuleError{Status: end.Status, Call: end.Call, Code: end.Code, Detail: end.Detail}
}

// noToken stands in place of a CKR_… when the selector fits no one token.
const noToken = "no-token"

// NoTokenEnd is how the child says that the selector fits no one token.
func NoTokenEnd(detail string) WorkerEnd {
	return WorkerEnd{Status: Failed, Code: noToken, Detail: detail}
}
