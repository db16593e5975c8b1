package pkcs11

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// entryPoint is the one symbol that a PKCS#11 module must export: PKCS #11
// v2.20, section 11.4.
const entryPoint = "C_GetFunctionList"

// Inspect says what the file of a module tells before it is loaded: whether it
// is there and can be read, for which system and processor it is, which
// libraries it imports and which of them are not found, whether it exports
// C_GetFunctionList, its version, and what of it anyone may change. It reads
// the file and loads nothing; the file may hold anything.
//
// A path that is not absolute is Missing: no file of the folder that the
// program happens to run in is ever taken.
//
// Libraries are looked for as the system's loader does. A place that cannot be
// known beforehand counts as found: Lacks names only what is surely not there.
// On Linux the libraries of libraries are followed too, and Lacks holds those
// that lack there. World-writable files are looked for on Linux and macOS.
func Inspect(host Host, path string) File {
	s := system(host.GOOS())
	if !s.absolute(path) || strings.ContainsRune(path, 0) {
		return File{Status: Missing, Detail: "not an absolute path, and in no library folder"}
	}
	if device := s.slashed(path); strings.HasPrefix(device, "//./") {
		return File{Status: Unreadable, Detail: "a device, not a file"}
	}
	path = s.clean(path)
	target, failed := reach(host, path)
	if failed.Status != "" {
		return failed
	}
	file := File{WorldWritable: worldWritable(host, path, target)}
	if s.key(target) != s.key(path) {
		file.Target = target
	}
	source, err := host.Open(target)
	if err != nil {
		file.Status, file.Detail = Unreadable, reason(err)
		return file
	}
	defer source.Close()

	read, err := readLibrary(source, host.GOARCH())
	file.Format, file.Arch, file.Version = read.format, read.arch, read.version
	file.Needs = read.needs
	switch {
	case len(read.arch) == 0:
		file.Status, file.Detail = Unreadable, reason(err)
		return file
	case read.format != formatOf(s) || !slices.Contains(read.arch, host.GOARCH()):
		file.Status = WrongArchitecture
		file.Detail = fmt.Sprintf("for %s on %s; this program is for %s on %s",
			systemOf(read.format), strings.Join(read.arch, ", "), host.GOOS(), host.GOARCH())
		return file
	case err != nil:
		file.Status, file.Detail = Unreadable, reason(err)
		return file
	}

	lacking := lacks(host, target, read)
	for _, one := range lacking {
		file.Lacks = append(file.Lacks, one.name)
	}
	switch {
	case len(lacking) > 0:
		file.Status, file.Detail = MissingLibrary, describeLacking(lacking)
	case !read.entry:
		file.Status, file.Detail = NoSymbol, "exports no "+entryPoint
	default:
		file.Status = OK
	}
	return file
}

// reach follows the links of a path to a regular file, or says why there is
// none.
func reach(host Host, path string) (target string, failed File) {
	info, err := host.Stat(path)
	switch {
	case isMissing(err):
		if link, linkErr := host.Lstat(path); linkErr == nil && link.Mode()&fs.ModeSymlink != 0 {
			return "", File{Status: Missing, Detail: "a link to a file that is not there"}
		}
		return "", File{Status: Missing, Detail: "no such file"}
	case err != nil:
		return "", File{Status: Unreadable, Detail: reason(err)}
	case !info.Mode().IsRegular():
		return "", File{Status: Unreadable, Detail: kindOf(info.Mode())}
	}
	target, err = host.EvalSymlinks(path)
	if err != nil {
		// Windows cannot resolve some paths that it opens well: reparse points
		// of other makers, mapped drives.
		target = path
	}
	return target, File{}
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder, not a file"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe, not a file"
	case mode&fs.ModeSocket != 0:
		return "a socket, not a file"
	case mode&fs.ModeDevice != 0:
		return "a device, not a file"
	}
	return "not a regular file"
}

// reason is an error in few words, without the path that stands beside it.
func reason(err error) string {
	var inPath *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "no right to read it"
	case errors.Is(err, syscall.ELOOP):
		return "a link that leads round to itself"
	case errors.As(err, &inPath):
		return inPath.Err.Error()
	}
	return err.Error()
}

// formatOf is the format of libraries on a system.
func formatOf(s system) string {
	switch s {
	case "windows":
		return "pe"
	case "darwin":
		return "macho"
	}
	return "elf"
}

func systemOf(format string) string {
	switch format {
	case "pe":
		return "windows"
	case "macho":
		return "darwin"
	}
	return "linux"
}
