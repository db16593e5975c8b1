package annuaire

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNoOpener: the system has no program that opens an address, or it failed.
var ErrNoOpener = errors.New("the system does not open addresses")

// settle is how long a program that opens an address may take to fail. Some
// stay until the browser is closed: after that time it is left to itself.
const settle = 3 * time.Second

// Open shows the address in the person's browser, when it is Allowed. No shell
// is between: the address reaches the system's opener as one argument.
func Open(ctx context.Context, address string) error {
	u, err := Allowed(address)
	if err != nil {
		return err
	}
	if err := openWithSystem(ctx, u.String()); err != nil {
		return fmt.Errorf("%w: %w", ErrNoOpener, err)
	}
	return nil
}
