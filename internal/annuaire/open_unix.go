//go:build !windows

package annuaire

import (
	"context"
	"os/exec"
	"runtime"
	"time"
)

// openWithSystem runs the opener of the desktop. It outlives this program.
func openWithSystem(ctx context.Context, address string) error {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "/usr/bin/open"
	}
	opener := exec.Command(name, address)
	if err := opener.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- opener.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(settle):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
