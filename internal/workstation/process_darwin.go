package workstation

import (
	"context"

	"postecpx/internal/diagnostic"
)

func processes(ctx context.Context) ([]diagnostic.Process, error) {
	out, err := command(ctx, 4*maxOutput, "ps", "-axo", "pid=,ppid=,comm=")
	if err != nil {
		return nil, err
	}
	return listed(parsePS(out), self), nil
}
