package annuaire

import (
	"os"
	"path/filepath"
	"strconv"

	zalando "github.com/zalando/go-keyring"
	secretservice "github.com/zalando/go-keyring/secret_service"
)

// keyringMissing tells that there is no session bus. Asked all the same, the
// library would start one, which would stay behind.
func keyringMissing() error {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return nil
	}
	// Where the library looks by itself.
	folder := filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return nil
		}
	}
	return errNoSessionBus
}

// findInKeyring searches by the attributes that the library gives to its items.
// They are open while the secrets are locked, so that nobody is asked to unlock
// them, as the library does before it looks for anything.
func findInKeyring(service, user string) error {
	s, err := secretservice.NewSecretService()
	if err != nil {
		return err
	}
	found, err := s.SearchItems(s.GetLoginCollection(), map[string]string{"service": service, "username": user})
	if err == nil && len(found) == 0 {
		return zalando.ErrNotFound
	}
	return err
}
