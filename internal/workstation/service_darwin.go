package workstation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"postecpx/internal/diagnostic"
)

func service(ctx context.Context, name string) (diagnostic.Service, error) {
	out, err := command(ctx, maxOutput, "launchctl", "print", "system/"+name)
	var refused *CommandError
	if errors.As(err, &refused) {
		// launchd does not know it: switched off, or not there.
		if off, offErr := command(ctx, maxOutput, "launchctl", "print-disabled", "system"); offErr == nil && launchctlDisabled(off, name) {
			return diagnostic.Service{Start: disabled, Detail: "disabled"}, nil
		}
		return diagnostic.Service{}, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	if err != nil {
		return diagnostic.Service{}, err
	}
	return parseLaunchctlPrint(out)
}
