package workstation

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"postecpx/internal/diagnostic"
)

// certificates reads keychains. Roots and intermediates of the machine are in
// one keychain, beside the one with the roots of Apple's programme; that a
// certificate is there does not say that it is trusted.
func (w *Workstation) certificates(ctx context.Context, store diagnostic.Store) ([][]byte, error) {
	keychains := []string{"/Library/Keychains/System.keychain"}
	switch store {
	case diagnostic.Roots:
		keychains = append(keychains, "/System/Library/Keychains/SystemRootCertificates.keychain")
	case diagnostic.Personal:
		homes := w.Homes()
		if len(homes) == 0 {
			return nil, errors.ErrUnsupported // no home, no keychain
		}
		keychains = []string{homes[0] + "/Library/Keychains/login.keychain-db"}
		if _, err := os.Stat(keychains[0]); errors.Is(err, fs.ErrNotExist) {
			keychains[0] = homes[0] + "/Library/Keychains/login.keychain"
		}
	}
	var text []byte
	for _, keychain := range keychains {
		out, err := command(ctx, maxStore, "security", "find-certificate", "-a", "-p", keychain)
		if err != nil {
			return nil, err
		}
		text = append(append(text, out...), '\n')
	}
	return parsePEM(text)
}
