package worker

import (
	"path/filepath"
	"strings"

	"postecpx/cardreader/pkcs11"
)

// loadStatus says what a loader's refusal of the module at path means: the
// messages of dlopen(3) of glibc and musl, of dyld, and the numbers of Windows
// (System Error Codes).
func loadStatus(path, message string) pkcs11.Status {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(message, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("wrong ELF class", "incompatible architecture", "wrong architecture", "no matching architecture", "cannot open shared object file: Exec format", "error 193:"):
		return pkcs11.WrongArchitecture
	case has("invalid ELF header", "file too short", "not a mach-o", "error 5:"):
		return pkcs11.Unreadable
	case has("Library not loaded", "Error loading shared library", "error 126:"):
		return pkcs11.MissingLibrary
	case has("cannot open shared object file"):
		// glibc names the file that it cannot open.
		name, _, _ := strings.Cut(message, ": ")
		if name != path && filepath.Base(name) != filepath.Base(path) {
			return pkcs11.MissingLibrary
		}
		if has("No such file") {
			return pkcs11.Missing
		}
		return pkcs11.Unreadable
	}
	return pkcs11.Failed
}
