//go:build !linux

package annuaire

import zalando "github.com/zalando/go-keyring"

// keyringMissing: Windows and macOS always have one.
func keyringMissing() error { return nil }

// findInKeyring reads the secret and forgets it: these systems open what is the
// user's own with their session.
func findInKeyring(service, user string) error {
	_, err := zalando.Get(service, user)
	return err
}
