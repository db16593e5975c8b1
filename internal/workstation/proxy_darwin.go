package workstation

import (
	"context"
	"net/url"
)

func systemProxy(ctx context.Context, target *url.URL) (*url.URL, error) {
	out, err := command(ctx, maxOutput, "scutil", "--proxy")
	if err != nil {
		return nil, err
	}
	return scutilProxy(out, target)
}
