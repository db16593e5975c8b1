package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"

	"postecpx/internal/version"
)

func versionCommand(set *flag.FlagSet) func(context.Context, *terminal, []string) int {
	asJSON := set.Bool("json", false, "")
	return func(_ context.Context, t *terminal, args []string) int {
		if !t.noArguments(args) {
			return exitUsage
		}
		if *asJSON {
			t.printJSON(map[string]any{
				"schema": "postecpx.version/1", "version": version.Number, "revision": version.Revision(),
				"go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH,
			})
			return exitOK
		}
		t.out(fmt.Sprintf("Poste CPx %s (%s, %s %s/%s)", version.Number, version.Revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
		return exitOK
	}
}
