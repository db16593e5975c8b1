package pkcs11

import (
	"io/fs"
	"slices"
)

// worldWritable returns the files and folders that anyone may change and that
// decide what is loaded or trusted: the module, by its path and where links
// lead; their folders up to the root; and for the Cryptolib CPS its settings,
// trust store (Coffre) and cache. A folder where others may add files but not
// replace them (sticky) is passed over, except for the trust store and the
// cache, where an added file is already too much. On Windows it returns
// nothing: rights are not in the mode there.
func worldWritable(host Host, path, target string) []string {
	s := system(host.GOOS())
	if s.windows() {
		return nil
	}
	var open []string
	look := func(p string, stickyIsSafe bool) {
		info, err := host.Stat(p)
		if err != nil || slices.Contains(open, p) {
			return // what is not there, or cannot be seen, is not named
		}
		safe := stickyIsSafe && info.IsDir() && info.Mode()&fs.ModeSticky != 0
		if info.Mode().Perm()&0o002 != 0 && !safe {
			open = append(open, p)
		}
	}
	upwards := func(p string) {
		for range 64 {
			parent := s.folder(p)
			if parent == p {
				return
			}
			p = parent
			look(p, true)
		}
	}
	look(target, true)
	upwards(path)
	upwards(target)
	if family, _ := familyOf(s, path, target); family == Cryptolib {
		for _, p := range trustedByCryptolib(s) {
			look(p, false)
			upwards(p)
			if s.base(p) == "cache" {
				continue // the names there hold card numbers
			}
			names, _ := host.ReadDir(p)
			for _, name := range names[:min(len(names), 64)] {
				look(s.join(p, name), false)
			}
		}
	}
	return open
}

// trustedByCryptolib are what the Cryptolib believes: ANS, "Spécifications
// externes PKCS#11 CryptoLib CPS3", and the Linux package 5.2.
func trustedByCryptolib(s system) []string {
	if s == "darwin" {
		return []string{
			"/Library/Preferences/santesocial/CPS",
			"/Library/Preferences/santesocial/CPS/Coffre",
			"/Library/Caches/santesocial/CPS",
		}
	}
	return []string{
		"/etc/opt/santesocial/CPS",
		"/etc/opt/santesocial/CPS/Coffre",
		"/etc/opt/santesocial/CPS/cache",
	}
}
