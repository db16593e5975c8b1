package pkcs11

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fakeHost is a workstation in memory, of any system.
type fakeHost struct {
	goos, goarch string
	env          map[string]string
	home         string
	registry     map[string]RegistryKey // by key, with "|32" for the 32-bit view
	nodes        map[string]*fakeNode   // by system.key of the path
}

type fakeNode struct {
	name   string // as it was written
	mode   fs.FileMode
	data   []byte
	link   string
	denied bool
}

func newFake(goos, goarch, home string) *fakeHost {
	return &fakeHost{goos: goos, goarch: goarch, home: home, env: map[string]string{},
		registry: map[string]RegistryKey{}, nodes: map[string]*fakeNode{}}
}

func (h *fakeHost) put(p string, node *fakeNode) *fakeNode {
	s := system(h.goos)
	node.name = s.base(p)
	h.nodes[s.key(p)] = node
	for parent := s.folder(p); h.nodes[s.key(parent)] == nil; parent = s.folder(parent) {
		h.nodes[s.key(parent)] = &fakeNode{name: s.base(parent), mode: fs.ModeDir | 0o755}
	}
	return node
}

func (h *fakeHost) file(p, data string) *fakeNode {
	return h.put(p, &fakeNode{mode: 0o644, data: []byte(data)})
}

func (h *fakeHost) link(p, to string) {
	h.put(p, &fakeNode{mode: fs.ModeSymlink | 0o777, link: to})
}

func (h *fakeHost) folder(p string, mode fs.FileMode) {
	h.put(p, &fakeNode{mode: fs.ModeDir | mode})
}

// follow resolves links in the folders of a path, and the last one too when
// last is set.
func (h *fakeHost) follow(p string, last bool, hops int) (string, *fakeNode, error) {
	s := system(h.goos)
	fail := func(err error) (string, *fakeNode, error) {
		return "", nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	if hops > 20 {
		return fail(syscall.ELOOP)
	}
	p = s.clean(p)
	if parent := s.folder(p); parent != p {
		real, node, err := h.follow(parent, true, hops+1)
		switch {
		case err != nil:
			return "", nil, err
		case node.denied:
			return fail(fs.ErrPermission)
		case !node.mode.IsDir():
			return fail(syscall.ENOTDIR)
		}
		p = s.join(real, s.base(p))
	}
	node := h.nodes[s.key(p)]
	if node == nil {
		return fail(fs.ErrNotExist)
	}
	if last && node.mode&fs.ModeSymlink != 0 {
		to := node.link
		if !s.absolute(to) {
			to = s.join(s.folder(p), to)
		}
		return h.follow(to, true, hops+1)
	}
	return p, node, nil
}

func (h *fakeHost) GOOS() string              { return h.goos }
func (h *fakeHost) GOARCH() string            { return h.goarch }
func (h *fakeHost) Getenv(name string) string { return h.env[name] }
func (h *fakeHost) Homes() []string           { return []string{h.home} }
func (h *fakeHost) WorkingDirectory() string  { return h.home }

func (h *fakeHost) Stat(p string) (fs.FileInfo, error) {
	_, node, err := h.follow(p, true, 0)
	if err != nil {
		return nil, err
	}
	return fakeInfo{node}, nil
}

func (h *fakeHost) Lstat(p string) (fs.FileInfo, error) {
	_, node, err := h.follow(p, false, 0)
	if err != nil {
		return nil, err
	}
	return fakeInfo{node}, nil
}

func (h *fakeHost) EvalSymlinks(p string) (string, error) {
	real, _, err := h.follow(p, true, 0)
	return real, err
}

func (h *fakeHost) ReadDir(p string) ([]string, error) {
	real, node, err := h.follow(p, true, 0)
	if err != nil {
		return nil, err
	}
	if node.denied {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrPermission}
	}
	s := system(h.goos)
	var names []string
	for key, child := range h.nodes {
		if key != s.key(real) && s.key(s.folder(key)) == s.key(real) {
			names = append(names, child.name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (h *fakeHost) Open(p string) (Source, error) {
	_, node, err := h.follow(p, true, 0)
	if err == nil && !node.mode.IsRegular() {
		err = &fs.PathError{Op: "open", Path: p, Err: errNotRegular}
	}
	if err == nil && node.denied {
		err = &fs.PathError{Op: "open", Path: p, Err: fs.ErrPermission}
	}
	if err != nil {
		return nil, err
	}
	return memory{bytes.NewReader(node.data)}, nil
}

func (h *fakeHost) Registry(key string, view32 bool) (RegistryKey, error) {
	if view32 {
		key += "|32"
	}
	found, ok := h.registry[key]
	if !ok {
		return RegistryKey{}, fs.ErrNotExist
	}
	return found, nil
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

type fakeInfo struct{ node *fakeNode }

func (i fakeInfo) Name() string       { return i.node.name }
func (i fakeInfo) Size() int64        { return int64(len(i.node.data)) }
func (i fakeInfo) Mode() fs.FileMode  { return i.node.mode }
func (i fakeInfo) ModTime() time.Time { return time.Time{} }
func (i fakeInfo) IsDir() bool        { return i.node.mode.IsDir() }
func (i fakeInfo) Sys() any           { return nil }

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		system         system
		path           string
		clean, folder  string
		absolute, bare bool
		remote         bool
	}{
		{"linux", "/a/../b//c", "/b/c", "/b", true, false, false},
		{"linux", "/", "/", "/", true, false, false},
		{"linux", "a.so", "a.so", ".", false, true, false},
		{"linux", `a\b`, `a\b`, ".", false, true, false},
		{"windows", `C:\Windows/System32\x.dll`, `C:\Windows\System32\x.dll`, `C:\Windows\System32`, true, false, false},
		{"windows", `C:\`, `C:\`, `C:\`, true, false, false},
		{"windows", `C:x.dll`, `C:x.dll`, `C:.`, false, false, false},
		{"windows", `\x.dll`, `\x.dll`, `\`, false, false, false},
		{"windows", `x.dll`, `x.dll`, `.`, false, true, false},
		{"windows", `\\server\share\a\..\x.dll`, `\\server\share\x.dll`, `\\server\share\`, true, false, true},
		{"windows", `\\server`, `\\server`, `\\server.`, false, false, true},
	} {
		s := c.system
		if got := s.clean(c.path); got != c.clean {
			t.Errorf("%s: clean(%q) = %q, want %q", s, c.path, got, c.clean)
		}
		if got := s.folder(c.clean); got != c.folder {
			t.Errorf("%s: folder(%q) = %q, want %q", s, c.clean, got, c.folder)
		}
		if got := s.absolute(c.path); got != c.absolute {
			t.Errorf("%s: absolute(%q) = %t", s, c.path, got)
		}
		if got := s.bare(c.path); got != c.bare {
			t.Errorf("%s: bare(%q) = %t", s, c.path, got)
		}
		if got := s.remote(c.path); got != c.remote {
			t.Errorf("%s: remote(%q) = %t", s, c.path, got)
		}
	}
	if got := system("windows").join(`C:\a`, `..\b/c.dll`); got != `C:\b\c.dll` {
		t.Errorf("join on Windows: %q", got)
	}
	if got, want := system("linux").join("/a", "/b"), path.Join("/a", "/b"); got != want || !strings.HasPrefix(got, "/a") {
		t.Errorf("join on Linux: %q, want %q", got, want)
	}
}
