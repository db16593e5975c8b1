package workstation

import (
	"context"
	"errors"
	"io/fs"

	"postecpx/cardreader/igcsante"
	"postecpx/internal/diagnostic"
)

// certificates reads the folders of the system, where roots and intermediates
// are in one set. A store of the person there is none.
func (w *Workstation) certificates(ctx context.Context, store diagnostic.Store) ([][]byte, error) {
	if store == diagnostic.Personal {
		return nil, errors.ErrUnsupported
	}
	var places []igcsante.Place
	for _, place := range igcsante.Places("linux", w.Getenv) {
		if place.Store == igcsante.System {
			places = append(places, place)
		}
	}
	return within(ctx, func() ([][]byte, error) {
		return collected(ctx, igcsante.Collect(ctx, igcsante.Workstation{}, places))
	})
}

// collected gives what was read; an error when nothing could be.
func collected(ctx context.Context, pool *igcsante.Pool) ([][]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // a part would look like the whole
	}
	read := false
	var errs []error
	for _, place := range pool.Places() {
		read = read || place.State == igcsante.Read
		errs = append(errs, place.Err)
	}
	if !read {
		return nil, errors.Join(append(errs, fs.ErrNotExist)...)
	}
	all := [][]byte{}
	for _, found := range pool.Found() {
		all = append(all, found.Certificate.Raw)
	}
	return all, nil
}
