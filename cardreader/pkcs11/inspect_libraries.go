package pkcs11

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

// lackingLibrary is a library that is not found, and the library that needs
// it: "" for the module itself.
type lackingLibrary struct{ name, by string }

func describeLacking(lacking []lackingLibrary) string {
	var parts []string
	for _, one := range lacking[:min(len(lacking), 8)] {
		if one.by == "" {
			parts = append(parts, one.name)
		} else {
			parts = append(parts, fmt.Sprintf("%s, which %s needs", one.name, one.by))
		}
	}
	return "not found: " + strings.Join(parts, "; ")
}

// lacks returns the libraries that a module needs and that are not found.
func lacks(host Host, file string, lib library) []lackingLibrary {
	switch lib.format {
	case "pe":
		return lacksOnWindows(host, file, lib)
	case "macho":
		return lacksOnDarwin(host, file, lib)
	}
	search := &elfSearch{host: host, root: lib, seen: map[string]bool{}}
	search.cached, search.hasCache = readLoaderCache(host)
	if !search.hasCache {
		search.configured = loaderFolders(host)
	}
	search.check(file, lib, "", nil, 0)
	return search.lacking
}

// libraryFolders are where a module that is named without folder is looked
// for.
func libraryFolders(host Host) []string {
	switch host.GOOS() {
	case "windows":
		return windowsSystemFolders(host)
	case "darwin":
		return []string{"/usr/local/lib", "/usr/lib"}
	}
	return unique(append(loaderFolders(host), unixLibraryFolders(host)...))
}

func exists(host Host, path string) bool {
	info, err := host.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// elfSearch follows DT_NEEDED as ld.so(8) does.
type elfSearch struct {
	host       Host
	root       library
	cached     map[string][]string // of ld.so.cache: paths by name
	hasCache   bool
	configured []string // of ld.so.conf, when there is no cache
	seen       map[string]bool
	lacking    []lackingLibrary
}

func (e *elfSearch) check(file string, lib library, by string, rpath []string, depth int) {
	// What a DT_RPATH names serves the libraries below it too.
	rpath = append(expandOrigin(lib.rpath, file), rpath...)
	for _, name := range lib.needs {
		if e.seen[name] || len(e.seen) >= 256 {
			continue
		}
		e.seen[name] = true
		found, known := e.find(name, file, lib, rpath)
		switch {
		case !known:
		case found == "":
			e.lacking = append(e.lacking, lackingLibrary{name, by})
		case depth < 16:
			if next, ok := e.open(found); ok {
				e.check(found, next, name, rpath, depth+1)
			}
		}
	}
}

// find returns where a library is, "" when it is nowhere; known is false when
// that cannot be said beforehand.
func (e *elfSearch) find(name, file string, lib library, rpath []string) (found string, known bool) {
	if strings.Contains(name, "/") {
		name = expandOrigin([]string{name}, file)[0]
		if strings.Contains(name, "$") || !strings.HasPrefix(name, "/") {
			return "", false
		}
		if e.fits(name) {
			return name, true
		}
		return "", true
	}
	folders := slices.Concat(rpath,
		splitList(strings.ReplaceAll(e.host.Getenv("LD_LIBRARY_PATH"), ";", ":"), ":"),
		expandOrigin(lib.runpath, file))
	known = true
	for _, folder := range folders {
		if strings.Contains(folder, "$") || !strings.HasPrefix(folder, "/") {
			known = false // $LIB, $PLATFORM, or relative to where the child will run
			continue
		}
		if at := path.Join(folder, name); e.fits(at) {
			return at, true
		}
	}
	for _, at := range e.cached[name] {
		if e.fits(at) {
			return at, true
		}
	}
	usual := []string{"/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib32", "/usr/lib32"}
	if triplet := triplets[e.host.GOARCH()]; triplet != "" {
		usual = append(usual, "/lib/"+triplet, "/usr/lib/"+triplet)
	}
	for _, folder := range slices.Concat(e.configured, usual) {
		if at := path.Join(folder, name); e.fits(at) {
			return at, true
		}
	}
	return "", known
}

// expandOrigin replaces $ORIGIN by the folder of the file that says it.
func expandOrigin(folders []string, file string) []string {
	var expanded []string
	for _, folder := range folders {
		folder = strings.ReplaceAll(folder, "${ORIGIN}", path.Dir(file))
		expanded = append(expanded, strings.ReplaceAll(folder, "$ORIGIN", path.Dir(file)))
	}
	return expanded
}

// fits says whether a file is an ELF file of the module's processor and width:
// the loader passes over the others.
func (e *elfSearch) fits(path string) bool {
	if !exists(e.host, path) {
		return false
	}
	source, err := e.host.Open(path)
	if err != nil {
		return false
	}
	defer source.Close()
	head := make([]byte, 20)
	if n, _ := source.ReadAt(head, 0); n < len(head) || !bytes.HasPrefix(head, []byte("\x7fELF")) {
		return false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	return head[elf.EI_CLASS] == e.root.class && read16(order, head, 18) == e.root.machine
}

func (e *elfSearch) open(path string) (library, bool) {
	source, err := e.host.Open(path)
	if err != nil {
		return library{}, false
	}
	defer source.Close()
	// A library that cannot be understood is not followed; that it lacks
	// something cannot be said then.
	lib, err := readLibrary(source, "")
	return lib, err == nil
}

// readLoaderCache reads /etc/ld.so.cache of the GNU C library, in the format of
// glibc 2.2 and later, alone or after the older table. It gives false when
// there is none or it is not understood.
func readLoaderCache(host Host) (map[string][]string, bool) {
	const maxCache = 16 << 20
	source, err := host.Open("/etc/ld.so.cache")
	if err != nil {
		return nil, false
	}
	defer source.Close()
	if source.Size() > maxCache {
		return nil, false
	}
	data := make([]byte, source.Size())
	n, _ := source.ReadAt(data, 0) // what was not read is missing, as in a cut file
	return parseLoaderCache(data[:n])
}

func parseLoaderCache(data []byte) (map[string][]string, bool) {
	const magic, headSize, entrySize = "glibc-ld.so.cache1.1", 48, 24
	start := bytes.Index(data, []byte(magic))
	if start < 0 || len(data)-start < headSize {
		return nil, false
	}
	data = data[start:]
	// The byte order is the machine's own; the count is sensible in one only.
	var order binary.ByteOrder = binary.LittleEndian
	if read32(order, data, 20) > 1<<24 {
		order = binary.BigEndian
	}
	count := uint64(read32(order, data, 20))
	if headSize+count*entrySize > uint64(len(data)) {
		return nil, false
	}
	text := func(at uint32) string {
		if uint64(at) >= uint64(len(data)) {
			return ""
		}
		value, _, _ := bytes.Cut(data[at:min(uint64(len(data)), uint64(at)+maxPath)], []byte{0})
		return string(value)
	}
	paths := map[string][]string{}
	for i := range min(count, 1<<16) {
		entry := data[headSize+i*entrySize:]
		name, at := text(read32(order, entry, 4)), text(read32(order, entry, 8))
		if name != "" && strings.HasPrefix(at, "/") && len(paths[name]) < 16 {
			paths[name] = append(paths[name], at)
		}
	}
	return paths, true
}

// loaderFolders returns the folders of /etc/ld.so.conf and what it includes.
func loaderFolders(host Host) []string {
	var folders []string
	read := 0
	var follow func(file string)
	follow = func(file string) {
		if read++; read > 64 {
			return
		}
		data, err := readConfig(host, file)
		if err != nil {
			return // nothing configured, or nothing that we may know
		}
		for _, line := range lines(data) {
			line, _, _ = strings.Cut(line, "#")
			fields := strings.Fields(line)
			switch {
			case len(fields) == 0 || len(folders) >= 256:
			case fields[0] == "include":
				for _, pattern := range fields[1:] {
					if !strings.HasPrefix(pattern, "/") {
						pattern = path.Join(path.Dir(file), pattern)
					}
					names, _ := host.ReadDir(path.Dir(pattern))
					for _, name := range names {
						if ok, _ := path.Match(path.Base(pattern), name); ok {
							follow(path.Join(path.Dir(pattern), name))
						}
					}
				}
			case strings.HasPrefix(fields[0], "/"):
				folders = append(folders, fields[0])
			}
		}
	}
	follow("/etc/ld.so.conf")
	return unique(folders)
}

// lacksOnWindows looks for DLLs beside the module, in the system's folders and
// in PATH: Microsoft, "Dynamic-link library search order".
func lacksOnWindows(host Host, file string, lib library) []lackingLibrary {
	s := system("windows")
	folders := append([]string{s.folder(file)}, windowsSystemFolders(host)[0], windowsFolder(host))
	folders = append(folders, splitList(host.Getenv("PATH"), ";")...)
	var lacking []lackingLibrary
	for _, name := range lib.needs {
		if isSuppliedByWindows(strings.ToLower(name)) || !s.bare(name) {
			continue
		}
		if !slices.ContainsFunc(folders, func(folder string) bool {
			return s.absolute(folder) && !s.remote(folder) && exists(host, s.join(folder, name))
		}) {
			lacking = append(lacking, lackingLibrary{name: name})
		}
	}
	return lacking
}

// isSuppliedByWindows knows names that are no files to look for: API sets, and
// the runtimes of Visual C++ 2005 and 2008, which lie side by side in WinSxS
// under the rule of a manifest.
func isSuppliedByWindows(name string) bool {
	for _, prefix := range []string{"api-ms-", "ext-ms-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, runtime := range []string{"msvcr", "msvcp", "msvcm", "mfc", "mfcm", "atl", "vcomp"} {
		for _, release := range []string{"80", "90"} {
			rest, ok := strings.CutPrefix(name, runtime+release)
			if ok && (rest == ".dll" || rest == "u.dll" || rest == "d.dll") {
				return true
			}
		}
	}
	return false
}

// lacksOnDarwin looks for dylibs: dyld(1). What lies in the folders of the
// system is in dyld's shared cache and has no file.
func lacksOnDarwin(host Host, file string, lib library) []lackingLibrary {
	expand := func(p string) string {
		if rest, ok := strings.CutPrefix(p, "@loader_path"); ok {
			return path.Dir(file) + rest
		}
		return p
	}
	var lacking []lackingLibrary
	for _, name := range lib.needs {
		if name == "" || slices.Contains(lib.optional, name) ||
			strings.HasPrefix(name, "/usr/lib/") || strings.HasPrefix(name, "/System/") {
			continue
		}
		candidates := []string{expand(name)}
		if rest, ok := strings.CutPrefix(name, "@rpath/"); ok {
			candidates = nil
			for _, folder := range lib.runpath {
				candidates = append(candidates, expand(folder)+"/"+rest)
			}
		}
		candidates = append(candidates, "/usr/local/lib/"+path.Base(name)) // the fallback of dyld
		if !slices.ContainsFunc(candidates, func(p string) bool {
			// Relative to a program that is not known: found, for all we know.
			return !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "/usr/lib/") ||
				strings.HasPrefix(p, "/System/") || exists(host, path.Clean(p))
		}) {
			lacking = append(lacking, lackingLibrary{name: name})
		}
	}
	return lacking
}
