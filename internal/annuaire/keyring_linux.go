package annuaire

import (
	"os"
	"path/filepath"
	"strconv"
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
