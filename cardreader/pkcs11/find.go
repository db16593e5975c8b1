package pkcs11

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Bounds of what is taken from a workstation.
const (
	maxModules = 256
	maxPath    = 4096
	maxName    = 256
)

// Find returns every PKCS#11 module that something names on the workstation,
// each once, with all that declares it: what lies at the places where the
// Cryptolib CPS and OpenSC are known to be, the modules of the p11-kit
// configuration, of Mozilla's manifests, of the Firefox profiles and NSS
// databases, of Firefox policies, and the given paths.
//
// A known place is listed only when something lies there; a module that a file
// or the person names is listed even when its file is not there. Two paths
// that lead to the same file are one module, under the path met first. The
// order is: Cryptolib, OpenSC, the others by path, then the given paths that
// nothing else names, in their order.
//
// Left out are the modules that hold no token: NSS's internal module and its
// helpers, and p11-kit's proxy, trust and client modules, which only show again what
// is declared elsewhere or the certificates of the system. A given path is
// never left out.
//
// Each error is a file that could not be read or understood, and names it; the
// modules found elsewhere are returned all the same. When ctx ends, its error
// is the last one. No module is opened or loaded.
func Find(ctx context.Context, host Host, given []string) ([]Module, []error) {
	f := &finder{ctx: ctx, host: host, system: system(host.GOOS()), byKey: map[string]int{}}
	f.knownPlaces()
	f.p11Kit()
	f.manifests()
	f.profiles()
	f.databases()
	f.policies()
	for _, path := range given {
		f.given(path)
	}
	if err := ctx.Err(); err != nil {
		f.errs = append(f.errs, err)
	}

	slices.SortStableFunc(f.found, func(a, b found) int {
		if order := cmp.Compare(a.rank(), b.rank()); order != 0 || a.rank() != rankOther {
			return order
		}
		return cmp.Compare(a.module.Path, b.module.Path)
	})
	var modules []Module
	for _, one := range f.found {
		modules = append(modules, one.module)
	}
	return modules, f.errs
}

// finder collects modules and errors.
type finder struct {
	ctx    context.Context
	host   Host
	system system
	found  []found
	byKey  map[string]int // index in found by the key of a path
	errs   []error
	full   bool
}

type found struct {
	module Module
	info   fs.FileInfo // nil when the file is not there
	given  bool        // only the person names it
}

const (
	rankCryptolib = iota
	rankOpenSC
	rankOther
	rankGiven
)

func (f found) rank() int {
	switch {
	case f.given:
		return rankGiven
	case f.module.Family == Cryptolib:
		return rankCryptolib
	case f.module.Family == OpenSC:
		return rankOpenSC
	}
	return rankOther
}

func (f *finder) fail(file string, err error) {
	if len(f.errs) < maxModules {
		f.errs = append(f.errs, fmt.Errorf("%s: %w", file, err))
	}
}

func (f *finder) ended() bool { return f.ctx.Err() != nil }

// declare adds what a file names. path is as the file spells it; folder is
// what it is relative to, or "" when the system looks for it in its library
// folders.
func (f *finder) declare(path, folder string, by Declaration) {
	by.Name = shortName(by.Name)
	if path == "" || len(path) > maxPath || strings.ContainsRune(path, 0) {
		f.fail(by.File, fmt.Errorf("the path of module %q is empty, too long or holds a NUL", by.Name))
		return
	}
	switch {
	case f.system.absolute(path):
		path = f.system.clean(path)
	case folder != "":
		path = f.system.join(folder, path)
	default:
		path = f.inLibraryFolders(path)
	}
	f.add(path, by)
}

func shortName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	return name
}

// inLibraryFolders returns where the system finds a bare name, or the name.
func (f *finder) inLibraryFolders(name string) string {
	if f.system.bare(name) {
		for _, folder := range libraryFolders(f.host) {
			if path := f.system.join(folder, name); f.lies(path) {
				return path
			}
		}
	}
	return name
}

// lies says whether something lies at a path, a broken link included.
func (f *finder) lies(path string) bool {
	_, err := f.host.Lstat(path)
	if err != nil && !isMissing(err) {
		f.fail(path, err)
	}
	return err == nil
}

// isMissing says whether an error means that there is nothing at a path.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func (f *finder) given(path string) {
	by := Declaration{By: "given"}
	if path == "" || len(path) > maxPath || strings.ContainsRune(path, 0) {
		f.errs = append(f.errs, fmt.Errorf("given path %q: empty, too long or with a NUL", shortName(path)))
		return
	}
	if !f.system.absolute(path) {
		name, start := path, f.host.WorkingDirectory()
		if start != "" {
			path = f.system.join(start, name)
		}
		if f.system.bare(name) && !f.lies(path) {
			if elsewhere := f.inLibraryFolders(name); elsewhere != name {
				path = elsewhere
			}
		}
	}
	f.add(f.system.clean(path), by)
}

// add adds one declaration of the module at a path, to the module that is
// known by it already or as a new one.
func (f *finder) add(path string, by Declaration) {
	key, target := f.system.key(path), path
	index, known := f.byKey[key]
	if !known {
		var info fs.FileInfo
		// Files of a network share are named, not touched: only the probe that
		// the person asked for may reach over the network.
		if f.system.absolute(path) && !f.system.remote(path) {
			if real, err := f.host.EvalSymlinks(path); err == nil {
				target = real
			}
			if stat, err := f.host.Stat(path); err == nil {
				info = stat
			}
		}
		if by.By != "given" && (holdsNoToken(f.system, path) || holdsNoToken(f.system, target)) {
			return
		}
		index, known = f.byKey[f.system.key(target)]
		if !known && info != nil {
			index = slices.IndexFunc(f.found, func(other found) bool {
				return other.info != nil && os.SameFile(info, other.info)
			})
			known = index >= 0
		}
		if !known {
			if len(f.found) >= maxModules {
				if !f.full {
					f.fail(path, fmt.Errorf("more than %d modules are declared; this one and later ones are left out", maxModules))
				}
				f.full = true
				return
			}
			index = len(f.found)
			family, name := familyOf(f.system, path, target)
			f.found = append(f.found, found{
				module: Module{Path: path, Name: name, Family: family},
				info:   info,
				given:  by.By == "given",
			})
			f.byKey[f.system.key(target)] = index
		}
		f.byKey[key] = index
	}
	one := &f.found[index]
	if !slices.Contains(one.module.DeclaredBy, by) && len(one.module.DeclaredBy) < maxModules {
		one.module.DeclaredBy = append(one.module.DeclaredBy, by)
	}
}

// stem is the name of a library without folder, "lib" and extensions.
func stem(s system, path string) string {
	name := strings.ToLower(s.base(path))
	name, _, _ = strings.Cut(name, ".")
	return strings.TrimPrefix(name, "lib")
}

// familyOf recognises a module by the name of its file or of what that links
// to: cps3_pkcs11_w64.dll, libcps3_pkcs11_lux.so.3.1.0, cps_pkcs11_w32.dll of
// older releases, opensc-pkcs11.so, onepin-opensc-pkcs11.so.
func familyOf(s system, path, target string) (Family, string) {
	for _, name := range []string{stem(s, path), stem(s, target)} {
		switch {
		case strings.HasPrefix(name, "cps3_pkcs11"), strings.HasPrefix(name, "cps_pkcs11"):
			return Cryptolib, "Cryptolib CPS"
		case name == "opensc-pkcs11", name == "onepin-opensc-pkcs11", name == "opensc-pkcs11-onepin":
			return OpenSC, "OpenSC"
		}
	}
	return Other, shortName(s.base(path))
}

// holdsNoToken knows the modules of NSS and p11-kit that hold no card: trust
// stores, NSS's own storage, and stand-ins for modules declared elsewhere.
func holdsNoToken(s system, path string) bool {
	switch stem(s, path) {
	case "p11-kit-proxy", "p11-kit-trust", "p11-kit-client",
		"nssckbi", "softokn3", "nsssysinit", "osclientcerts", "ipcclientcerts":
		return true
	}
	return false
}
