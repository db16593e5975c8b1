package pkcs11

import (
	"path"
	"strings"
)

// system is a GOOS that knows how paths are written there, so that a Windows
// path is understood on every system.
type system string

func (s system) windows() bool { return s == "windows" }

// split cuts a path in its volume, "C:" or `\\server\share`, and the rest with
// slashes.
func (s system) split(p string) (volume, rest string) {
	if !s.windows() {
		return "", p
	}
	p = strings.ReplaceAll(p, `\`, "/")
	if len(p) >= 2 && p[1] == ':' && isLetter(p[0]) {
		return p[:2], p[2:]
	}
	if strings.HasPrefix(p, "//") {
		end := 2
		for range 2 {
			next := strings.IndexByte(p[end:], '/')
			if next < 0 {
				return p, ""
			}
			end += next + 1
		}
		return p[:end-1], p[end-1:]
	}
	return "", p
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func (s system) clean(p string) string {
	volume, rest := s.split(p)
	if rest != "" || volume == "" {
		rest = path.Clean(rest)
	}
	return s.written(volume + rest)
}

func (s system) written(p string) string {
	if s.windows() {
		return strings.ReplaceAll(p, "/", `\`)
	}
	return p
}

// absolute says whether a path means the same file from every folder.
func (s system) absolute(p string) bool {
	volume, rest := s.split(p)
	if s.windows() && volume == "" {
		return false
	}
	return strings.HasPrefix(rest, "/")
}

// remote says whether only looking at a path may reach over the network.
func (s system) remote(p string) bool {
	volume, _ := s.split(p)
	return strings.HasPrefix(volume, "//")
}

func (s system) join(folder, name string) string {
	volume, rest := s.split(folder)
	return s.clean(volume + rest + "/" + strings.TrimLeft(s.slashed(name), "/"))
}

func (s system) slashed(p string) string {
	if s.windows() {
		return strings.ReplaceAll(p, `\`, "/")
	}
	return p
}

// folder returns the folder of a path; the root is its own folder.
func (s system) folder(p string) string {
	volume, rest := s.split(p)
	return s.written(volume + path.Dir(rest))
}

func (s system) base(p string) string {
	_, rest := s.split(p)
	return path.Base(rest)
}

// bare says whether a name has no folder, so that the system looks for it.
func (s system) bare(name string) bool {
	volume, rest := s.split(name)
	return volume == "" && !strings.Contains(rest, "/")
}

// key is the same for two spellings of one path.
func (s system) key(p string) string {
	if s.windows() {
		return strings.ToLower(s.clean(p))
	}
	return s.clean(p)
}
