package pkcs11

import (
	"context"
	"slices"
	"strings"
)

// Survey finds the modules of the workstation, looks at their files, and
// probes them side by side in child processes of exe. With paths it asks those
// alone. The errors are of files that declare modules and could not be read:
// they cost nothing else.
func Survey(ctx context.Context, host Host, exe Executable, paths []string, o Options) ([]Probe, []error) {
	modules, errs := Find(ctx, host, paths)
	if len(paths) > 0 {
		modules = givenOnly(modules)
	}
	files := make([]File, len(modules))
	for i, m := range modules {
		if strings.HasPrefix(m.Path, `\\`) && !isGiven(m) {
			// A file that the user can write may name it: nothing is loaded from
			// the network unasked.
			files[i] = File{Status: Unreadable, Detail: "on a network share: not looked at unless it is named"}
			continue
		}
		files[i] = Inspect(host, m.Path)
	}
	return ProbeAll(ctx, exe, modules, files, o), errs
}

// givenOnly keeps the modules that the person named.
func givenOnly(modules []Module) []Module {
	var given []Module
	for _, m := range modules {
		if isGiven(m) {
			given = append(given, m)
		}
	}
	return given
}

func isGiven(m Module) bool {
	return slices.ContainsFunc(m.DeclaredBy, func(d Declaration) bool { return d.By == "given" })
}
