package annuaire

import (
	"context"
	"errors"
	"fmt"
	"time"

	zalando "github.com/zalando/go-keyring"
)

// Where the key lies in the keyring.
const (
	keyringService = "postecpx"
	keyringUser    = "ESANTE-API-KEY"
)

// A keyring may be locked, and then asks the person, or hangs. Reading it for
// a look-up waits a little; storing and deleting are what the person is busy
// with, and leave the time to unlock it.
const (
	keyringPatience = 10 * time.Second
	keyringDialogue = 60 * time.Second
)

var (
	errNotKept      = errors.New("the keyring did not keep the key")
	errNoSessionBus = errors.New("no session bus, and so no Secret Service")
)

// keyring is the system's, or a test's.
type keyring interface {
	// Find tells whether there is a secret, zalando.ErrNotFound when there is
	// none. What is locked stays locked.
	Find(service, user string) error
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// systemKeyring is the Windows credential manager, the macOS keychain, or the
// Secret Service of a Linux session.
type systemKeyring struct{}

func (systemKeyring) Find(service, user string) error          { return findInKeyring(service, user) }
func (systemKeyring) Get(service, user string) (string, error) { return zalando.Get(service, user) }
func (systemKeyring) Set(service, user, secret string) error {
	return zalando.Set(service, user, secret)
}
func (systemKeyring) Delete(service, user string) error { return zalando.Delete(service, user) }

// ring is the keyring in use, and why there is none.
var ring = func() (keyring, error) {
	if err := keyringMissing(); err != nil {
		return nil, err
	}
	return systemKeyring{}, nil
}

// keep does something with the keyring within a deadline. What hangs is left
// behind: no call of a keyring can be interrupted.
func keep(ctx context.Context, patience time.Duration, do func(keyring) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := ring()
	if err != nil {
		return "", &Failure{Code: CodeKeyringAbsent, Err: err}
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil { // the library trusts what the session bus says
				a = answer{err: fmt.Errorf("the keyring broke: %v", p)}
			}
			answers <- a
		}()
		a.text, a.err = do(r)
	}()
	select {
	case a := <-answers:
		switch {
		case a.err == nil:
			return a.text, nil
		case errors.Is(a.err, zalando.ErrNotFound):
			return "", &Failure{Code: CodeNoKey}
		}
		return "", &Failure{Code: CodeKeyringAbsent, Err: a.err}
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return "", &Failure{Code: CodeCancelled, Err: context.Cause(ctx)}
		}
		return "", &Failure{Code: CodeKeyringSilent}
	}
}
