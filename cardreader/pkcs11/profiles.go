package pkcs11

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Edition is how a Firefox is packaged, which decides what it may load.
type Edition string

// Editions. Snap and Flatpak confine Firefox: a module of the workstation is
// outside of what it sees. Installed is every other one on the disk.
const (
	Installed Edition = "installed"
	Snap      Edition = "snap"
	Flatpak   Edition = "flatpak"
	Store     Edition = "store" // Microsoft Store
)

// Profile is a profile of Firefox: NSS keeps the list of modules in each.
type Profile struct {
	Name    string // as profiles.ini has it
	Folder  string
	Edition Edition
	// Position is its place, from 1, in the list that this Firefox shows at
	// about:profiles.
	Position int
	// Modules are those of its pkcs11.txt, in that order, but for the internal
	// one; what leads to no token, such as p11-kit's proxy, is among them.
	Modules []ProfileModule
	// Err is why its pkcs11.txt could not be read or understood; Modules are
	// then those that were. A profile without that file has no error.
	Err error
	// Used: Firefox has written preferences in it, last at UsedAt. It makes
	// some profiles that it never uses.
	Used   bool
	UsedAt time.Time
}

// ProfileModule is one module of a profile.
type ProfileModule struct {
	Name   string
	Path   string // as Firefox looks for it
	Family Family
	// Proxy: it is p11-kit's, which stands for all modules of its configuration.
	Proxy bool
	// Missing: there is no such file.
	Missing bool
}

// Profiles lists the profiles of every edition of Firefox that a profiles.ini
// names, in the order of those files. Each error is a file that could not be
// read or understood, and names it; ErrNoHome is one. Nothing is opened but text files.
func Profiles(ctx context.Context, host Host) ([]Profile, []error) {
	f := &finder{ctx: ctx, host: host, system: system(host.GOOS())}
	f.homes()
	var all []Profile
	for _, p := range f.profileFolders() {
		all = append(all, f.profile(p))
	}
	if err := ctx.Err(); err != nil {
		f.errs = append(f.errs, err)
	}
	return all, f.errs
}

// ErrNoHome is the error of Profiles where there is no home folder to look in:
// that no profile was found says nothing then.
var ErrNoHome = errors.New("no home folder")

// homes looks whether the home folders are there. What is in one that may not
// be entered fails by itself.
func (f *finder) homes() {
	homes := f.host.Homes()
	for _, home := range homes {
		if info, err := f.host.Stat(home); !f.system.absolute(home) || isMissing(err) || err == nil && !info.IsDir() {
			f.fail(home, ErrNoHome)
		}
	}
	if len(homes) == 0 {
		f.errs = append(f.errs, ErrNoHome)
	}
}

// place is a profile that a profiles.ini names.
type place struct {
	name, folder string
	edition      Edition
	position     int
}

// profileFolders gives the profiles of all editions, each once, those on a
// network share left out.
func (f *finder) profileFolders() []place {
	var all []place
	for _, root := range f.firefoxRoots() {
		data, there := f.config(f.system.join(root.folder, "profiles.ini"))
		if !there {
			continue
		}
		folders, err := parseProfiles(data)
		if err != nil {
			f.fail(f.system.join(root.folder, "profiles.ini"), err)
		}
		for i, profile := range folders {
			folder := profile.path
			if profile.relative {
				folder = f.system.join(root.folder, folder)
			}
			same := func(p place) bool { return f.system.key(p.folder) == f.system.key(folder) }
			if !f.system.absolute(folder) || f.system.remote(folder) || slices.ContainsFunc(all, same) {
				continue
			}
			all = append(all, place{shortName(profile.name), f.system.clean(folder), root.edition, position(folders, i)})
		}
	}
	return all
}

// position is where a profile stands when they are put in the order of their
// sections, which a file need not have.
func position(all []profileFolder, of int) int {
	position := 1
	for i, p := range all {
		if p.number < all[of].number || p.number == all[of].number && i < of {
			position++
		}
	}
	return position
}

func (f *finder) profile(p place) Profile {
	profile := Profile{Name: p.name, Folder: p.folder, Edition: p.edition, Position: p.position}
	if profile.Name == "" {
		profile.Name = shortName(f.system.base(p.folder))
	}
	if info, err := f.host.Stat(f.system.join(p.folder, "prefs.js")); err == nil {
		profile.Used, profile.UsedAt = true, info.ModTime()
	}
	data, err := readConfig(f.host, f.system.join(p.folder, "pkcs11.txt"))
	if err != nil {
		if !isMissing(err) {
			profile.Err = err
		}
		return profile
	}
	modules, err := parsePKCS11Text(data)
	profile.Err = err
	for _, m := range modules {
		profile.Modules = append(profile.Modules, f.profileModule(m))
	}
	return profile
}

// profileModule looks at the file of a module, but not over the network.
func (f *finder) profileModule(m namedPath) ProfileModule {
	path := m.path
	if f.system.absolute(path) {
		path = f.system.clean(path)
	} else {
		path = f.inLibraryFolders(path)
	}
	found := ProfileModule{Name: shortName(m.name), Path: path}
	target := path
	if f.system.absolute(path) && !f.system.remote(path) {
		if real, err := f.host.EvalSymlinks(path); err == nil {
			target = real
		}
		_, err := f.host.Stat(path)
		found.Missing = err != nil && isMissing(err)
	}
	found.Family, _ = familyOf(f.system, path, target)
	found.Proxy = stem(f.system, path) == "p11-kit-proxy" || stem(f.system, target) == "p11-kit-proxy"
	return found
}

// firefoxRoot is a folder with a profiles.ini.
type firefoxRoot struct {
	folder  string
	edition Edition
}
