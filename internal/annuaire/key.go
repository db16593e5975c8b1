package annuaire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// KeyVariable is the environment variable that may hold the key of the API.
const KeyVariable = "ESANTE_API_KEY"

// maxKey is more than the keys that ANS's portal gives (36 characters).
const maxKey = 512

// Key is the person's own key of the API. It never shows: whatever formats or
// encodes it gets "[key]". It is behind a pointer because fmt looks into the
// fields of a struct without asking them how they want to be shown.
type Key struct{ secret *string }

const hiddenKey = "[key]"

// NewKey takes a key as it was typed; spaces around it are no part of it.
func NewKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Key{}, &Failure{Code: CodeNoKey}
	case len(text) > maxKey, strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Key{}, &Failure{Code: CodeKeyForm}
	}
	return Key{&text}, nil
}

// IsZero tells whether there is no key.
func (k Key) IsZero() bool { return k.secret == nil }

// String hides the key.
func (k Key) String() string { return hiddenKey }

// Format hides the key, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, hiddenKey) }

// MarshalText hides the key.
func (k Key) MarshalText() ([]byte, error) { return []byte(hiddenKey), nil }

// scrub takes the key out of a text that a server wrote: one that repeats the
// request must not make it show. Fewer than 6 characters are no secret, and
// would mangle ordinary words.
func (k Key) scrub(text string) string {
	if k.secret == nil || len(*k.secret) < 6 {
		return text
	}
	return strings.ReplaceAll(text, *k.secret, hiddenKey)
}

// KeySource is where a key was found.
type KeySource string

// Sources of a key.
const (
	FromEnvironment KeySource = "environment"
	FromKeyring     KeySource = "keyring"
)

// held is what the environment gave at the start of the program; nil before
// HoldKey.
var held *string

// HoldKey takes the key out of the environment and keeps it in this process: no
// program that this one starts (the browser, a PKCS#11 module in its child
// process, this program anew) gets to see it. It is called once, first of all.
func HoldKey() {
	text := os.Getenv(KeyVariable)
	held = &text
	_ = os.Unsetenv(KeyVariable) // it fails for an empty name only
}

// environmentKey is what the environment gives, or gave.
func environmentKey() string {
	if held != nil {
		return *held
	}
	return os.Getenv(KeyVariable)
}

// FindKey takes the key from the environment, else from the system's keyring.
// The error is a *Failure: CodeNoKey, CodeKeyForm, or why the keyring could not
// be asked.
//
// The key of the keyring was given for ANS's API: it is not asked for when the
// request goes elsewhere (base is not DefaultBase).
func FindKey(ctx context.Context, base string) (Key, KeySource, error) {
	if text := environmentKey(); strings.TrimSpace(text) != "" {
		key, err := NewKey(text)
		return key, FromEnvironment, err
	}
	if !official(base) {
		return Key{}, "", &Failure{Code: CodeKeyElsewhere}
	}
	text, err := keep(ctx, keyringPatience, func(r keyring) (string, error) { return r.Get(keyringService, keyringUser) })
	if err != nil {
		return Key{}, "", err
	}
	key, err := NewKey(text)
	return key, FromKeyring, err
}

// LocateKey tells where FindKey would take the key for ANS's API from, and asks
// the person nothing: a keyring that is locked is searched, and stays locked. Its
// errors are those of FindKey.
func LocateKey(ctx context.Context) (KeySource, error) {
	if text := environmentKey(); strings.TrimSpace(text) != "" {
		_, err := NewKey(text)
		return FromEnvironment, err
	}
	_, err := keep(ctx, keyringPatience, func(r keyring) (string, error) { return "", r.Find(keyringService, keyringUser) })
	if err != nil {
		return "", err
	}
	return FromKeyring, nil
}

// StoreKey puts the key into the system's keyring, and proves that it is there.
func StoreKey(ctx context.Context, k Key) error {
	if k.IsZero() {
		return &Failure{Code: CodeNoKey}
	}
	_, err := keep(ctx, keyringDialogue, func(r keyring) (string, error) {
		if err := r.Set(keyringService, keyringUser, *k.secret); err != nil {
			return "", err
		}
		// The tool that macOS has for it says nothing when it fails.
		if kept, err := r.Get(keyringService, keyringUser); err != nil {
			return "", err
		} else if kept != *k.secret {
			return "", errNotKept
		}
		return "", nil
	})
	var failure *Failure
	if errors.As(err, &failure) && failure.Err != nil && k.scrub(failure.Err.Error()) != failure.Err.Error() {
		failure.Err = errNotKept // what it says repeats the key
	}
	return err
}

// DeleteKey takes the key out of the system's keyring; CodeNoKey when there
// was none.
func DeleteKey(ctx context.Context) error {
	_, err := keep(ctx, keyringDialogue, func(r keyring) (string, error) { return "", r.Delete(keyringService, keyringUser) })
	return err
}
