package workstation

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"

	"postecpx/cardreader/igcsante"
	"postecpx/internal/diagnostic"
)

// Bounds on a store of certificates.
const (
	maxCertificates = 8192
	maxCertificate  = 64 << 10
	maxStore        = 16 << 20
)

// parsePEM gives the certificates of a text in PEM, once each.
func parsePEM(text []byte) ([][]byte, error) {
	all := [][]byte{}
	seen := map[string]bool{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" || len(block.Bytes) > maxCertificate || seen[string(block.Bytes)] {
			continue
		}
		if len(all) == maxCertificates {
			return all, fmt.Errorf("more than %d certificates", maxCertificates)
		}
		seen[string(block.Bytes)] = true
		all = append(all, block.Bytes)
	}
	return all, nil
}

// Authorities collects the certificates of authorities that lie on the
// workstation: those of the Cryptolib CPS and those of the system, whatever the
// system.
func (w *Workstation) Authorities(ctx context.Context) *igcsante.Pool {
	places := igcsante.Places(w.GOOS(), w.Getenv)
	for i := range places {
		if places[i].Store == igcsante.System && places[i].State == igcsante.NotReadHere {
			places[i].Certificates = w.systemAuthorities
		}
	}
	return igcsante.Collect(ctx, igcsante.Workstation{}, places)
}

// systemAuthorities are the roots of the system, then its intermediates, as
// far as they can be read.
func (w *Workstation) systemAuthorities(ctx context.Context) ([][]byte, error) {
	roots, err := w.Certificates(ctx, diagnostic.Roots)
	intermediates, other := w.Certificates(ctx, diagnostic.Intermediates)
	if all := append(roots, intermediates...); len(all) > 0 {
		return all, nil
	}
	return nil, errors.Join(err, other)
}
