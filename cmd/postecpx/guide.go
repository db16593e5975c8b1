package main

import (
	"context"
	"time"

	"postecpx/internal/annuaire"
	"postecpx/internal/guide"
	"postecpx/ui"
)

// guidance is the guide that is embedded in the program.
type guidance struct{}

var _ ui.Guide = guidance{}

// Load reads the guide.
func (guidance) Load() (ui.Guidebook, error) {
	catalogue, err := guide.Load()
	if err != nil {
		return nil, err
	}
	return catalogue, nil
}

// lookupPatience is how long a look-up may take, the keyring with it.
const lookupPatience = 30 * time.Second

// directory is ANS's API of the Annuaire Santé, asked with the person's key: that
// of the environment, else that of the keyring.
type directory struct {
	ctx  context.Context // ends with the program
	base string          // that of ANS when empty; only tests have another
}

var _ ui.Directory = directory{}

// Locate tells where the key is.
func (d directory) Locate(ctx context.Context) (annuaire.KeySource, error) {
	ctx, end := keyring{d.ctx}.within(ctx)
	defer end()
	return annuaire.LocateKey(ctx)
}

// Host is that of ANS.
func (d directory) Host() string {
	base, err := annuaire.ParseBase(d.base)
	if err != nil {
		return ""
	}
	return base.Host
}

// Lookup asks.
func (d directory) Lookup(ctx context.Context, q annuaire.Question) (annuaire.Answer, error) {
	ctx, end := keyring{d.ctx}.within(ctx)
	defer end()
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	key, _, err := annuaire.FindKey(ctx, d.base)
	if err != nil {
		return annuaire.Answer{}, err
	}
	client, err := annuaire.New(annuaire.Options{Key: key, Base: d.base})
	if err != nil {
		return annuaire.Answer{}, err
	}
	return client.Lookup(ctx, q)
}
