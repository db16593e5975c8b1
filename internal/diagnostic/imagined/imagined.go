// Package imagined makes workstations in memory, of any system, for the tests
// of what looks at one: a diagnostic.Environment of which each part is set as
// data. The zero parts are those of an empty machine.
package imagined

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/diagnostic"
)

// Workstation is one in memory. Its fields are set before it is used.
type Workstation struct {
	OS, Arch    string // GOOS and GOARCH
	Time        time.Time
	Env         map[string]string
	Home        string // "" for none
	Runs        diagnostic.System
	Who         diagnostic.User
	Services    map[string]diagnostic.Service
	Running     []diagnostic.Process
	Devices     []diagnostic.USBDevice
	Commands    map[string]string // "defaults read x" → standard output
	Products    map[string]string
	RegistryOf  map[string]pkcs11.RegistryKey // key, with "|32" after it for the 32-bit view
	Source      cardreader.Source             // nil: PC/SC with no reader
	Probes      []pkcs11.Probe
	ProbeErrors []error
	Stores      map[diagnostic.Store][][]byte
	Addresses   map[string][]string // of host names; others are not found
	ProxyOf     string
	Contacts    map[string]diagnostic.Contact // by address
	ContactErrs map[string]error
	// Errs make a method fail, by its name: "Service", "USB", "Certificates" …
	Errs map[string]error
	// Hangs make a method wait for its context, by its name.
	Hangs map[string]bool

	mutex sync.Mutex
	nodes map[string]*node
	asked []string
}

var _ diagnostic.Environment = (*Workstation)(nil)

type node struct {
	name string
	mode fs.FileMode
	data []byte
	link string
	at   time.Time
	err  error
}

// New makes an empty one of that system ("linux", "windows", "darwin"), with
// the usual home folder.
func New(goos string) *Workstation {
	w := &Workstation{
		OS: goos, Arch: "amd64", Time: time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC),
		Env: map[string]string{}, Services: map[string]diagnostic.Service{}, Commands: map[string]string{}, Products: map[string]string{},
		RegistryOf: map[string]pkcs11.RegistryKey{}, Stores: map[diagnostic.Store][][]byte{}, Addresses: map[string][]string{},
		Contacts: map[string]diagnostic.Contact{}, ContactErrs: map[string]error{}, Errs: map[string]error{}, Hangs: map[string]bool{},
		nodes: map[string]*node{},
	}
	switch goos {
	case "windows":
		w.Home = `C:\Users\camille`
		w.Runs = diagnostic.System{Name: "Windows 11 Pro", ID: "windows", Version: "10.0.22631", Arch: "amd64"}
		for name, value := range map[string]string{
			"SystemRoot": `C:\Windows`, "WINDIR": `C:\Windows`, "ProgramFiles": `C:\Program Files`, "ProgramFiles(x86)": `C:\Program Files (x86)`,
			"ProgramW6432": `C:\Program Files`, "ALLUSERSPROFILE": `C:\ProgramData`, "ProgramData": `C:\ProgramData`,
			"APPDATA": w.Home + `\AppData\Roaming`, "LOCALAPPDATA": w.Home + `\AppData\Local`,
		} {
			w.Env[name] = value
		}
	case "darwin":
		w.Arch = "arm64"
		w.Home = "/Users/camille"
		w.Runs = diagnostic.System{Name: "macOS", ID: "macos", Version: "14.4", Arch: "arm64"}
	default:
		w.Home = "/home/camille"
		w.Runs = diagnostic.System{Name: "Debian GNU/Linux", ID: "debian", Version: "12", Arch: "amd64"}
	}
	w.Who = diagnostic.User{Name: "camille", Home: w.Home, Host: "poste-7"}
	return w.Folder(w.Home, 0o700)
}

// File puts a file there, with the folders that lead to it.
func (w *Workstation) File(p, content string) *Workstation {
	return w.put(p, &node{mode: 0o644, data: []byte(content)})
}

// FileMode puts a file of that mode there.
func (w *Workstation) FileMode(p, content string, mode fs.FileMode) *Workstation {
	return w.put(p, &node{mode: mode, data: []byte(content)})
}

// Folder puts a folder of that mode there.
func (w *Workstation) Folder(p string, mode fs.FileMode) *Workstation {
	return w.put(p, &node{mode: fs.ModeDir | mode})
}

// Link puts a symbolic link there.
func (w *Workstation) Link(p, to string) *Workstation {
	return w.put(p, &node{mode: fs.ModeSymlink | 0o777, link: to})
}

// Denied makes whatever is there, or is not, fail with that error.
func (w *Workstation) Denied(p string, err error) *Workstation { return w.put(p, &node{err: err}) }

// Changed sets when a file was last changed.
func (w *Workstation) Changed(p string, at time.Time) *Workstation {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.nodes[w.key(p)].at = at
	return w
}

// Asked lists what was asked of commands, the network and PKCS#11, in turn.
func (w *Workstation) Asked() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(w.asked)
}

func (w *Workstation) note(what string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.asked = append(w.asked, what)
}

// key is a path without what its system does not tell apart.
func (w *Workstation) key(p string) string {
	if w.OS == "windows" {
		return strings.ToLower(path.Clean(strings.ReplaceAll(p, `\`, "/")))
	}
	return path.Clean(p)
}

func (w *Workstation) put(p string, n *node) *Workstation {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	slashed := p
	if w.OS == "windows" {
		slashed = strings.ReplaceAll(p, `\`, "/")
	}
	n.name = path.Base(slashed)
	w.nodes[w.key(p)] = n
	for parent := path.Dir(slashed); w.nodes[w.key(parent)] == nil; parent = path.Dir(parent) {
		w.nodes[w.key(parent)] = &node{name: path.Base(parent), mode: fs.ModeDir | 0o755}
	}
	return w
}

// follow resolves links, in folders and, when last is set, at the end.
func (w *Workstation) follow(p string, last bool, hops int) (string, *node, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.resolve(w.key(p), last, hops)
}

func (w *Workstation) resolve(p string, last bool, hops int) (string, *node, error) {
	if hops > 20 {
		return "", nil, errors.New("too many links")
	}
	if dir := path.Dir(p); dir != p {
		real, _, err := w.resolve(dir, true, hops+1)
		if err != nil {
			return "", nil, err
		}
		p = path.Join(real, path.Base(p))
	}
	n := w.nodes[p]
	switch {
	case n == nil:
		return "", nil, fs.ErrNotExist
	case n.err != nil:
		return "", nil, n.err
	case last && n.link != "":
		to := n.link
		if !path.IsAbs(to) && w.OS != "windows" {
			to = path.Join(path.Dir(p), to)
		}
		return w.resolve(w.key(to), true, hops+1)
	}
	return p, n, nil
}

func (w *Workstation) GOOS() string             { return w.OS }
func (w *Workstation) GOARCH() string           { return w.Arch }
func (w *Workstation) WorkingDirectory() string { return w.Home }
func (w *Workstation) Now() time.Time           { return w.Time }

// Getenv gives a variable; Windows does not tell large letters from small.
func (w *Workstation) Getenv(name string) string {
	for n, v := range w.Env {
		if n == name || w.OS == "windows" && strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

func (w *Workstation) Homes() []string {
	if w.Home == "" {
		return nil
	}
	return []string{w.Home}
}

func (w *Workstation) Stat(p string) (fs.FileInfo, error) {
	_, n, err := w.follow(p, true, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: p, Err: err}
	}
	return info{n}, nil
}

func (w *Workstation) Lstat(p string) (fs.FileInfo, error) {
	_, n, err := w.follow(p, false, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: p, Err: err}
	}
	return info{n}, nil
}

func (w *Workstation) EvalSymlinks(p string) (string, error) {
	real, _, err := w.follow(p, true, 0)
	if err != nil {
		return "", &fs.PathError{Op: "lstat", Path: p, Err: err}
	}
	if w.OS == "windows" {
		real = strings.ReplaceAll(real, "/", `\`)
	}
	return real, nil
}

func (w *Workstation) ReadDir(p string) ([]string, error) {
	real, n, err := w.follow(p, true, 0)
	if err == nil && !n.mode.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var names []string
	for at, n := range w.nodes {
		if at != real && path.Dir(at) == real && !errors.Is(n.err, fs.ErrNotExist) {
			names = append(names, n.name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (w *Workstation) Open(p string) (pkcs11.Source, error) {
	_, n, err := w.follow(p, true, 0)
	if err == nil && !n.mode.IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	return source{bytes.NewReader(n.data)}, nil
}

func (w *Workstation) Registry(key string, view32 bool) (pkcs11.RegistryKey, error) {
	wanted := strings.ToLower(key)
	if view32 {
		wanted += "|32"
	}
	for k, v := range w.RegistryOf {
		if strings.ToLower(k) == wanted {
			return v, nil
		}
	}
	return pkcs11.RegistryKey{}, fs.ErrNotExist
}

// trouble is how a method fails or hangs, nil when it does not.
func (w *Workstation) trouble(ctx context.Context, method string) error {
	if w.Hangs[method] {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return w.Errs[method]
}

func (w *Workstation) System(ctx context.Context) (diagnostic.System, error) {
	return w.Runs, w.trouble(ctx, "System")
}

func (w *Workstation) User(ctx context.Context) (diagnostic.User, error) {
	return w.Who, w.trouble(ctx, "User")
}

func (w *Workstation) Service(ctx context.Context, name string) (diagnostic.Service, error) {
	if err := w.trouble(ctx, "Service"); err != nil {
		return diagnostic.Service{}, err
	}
	s, ok := w.Services[name]
	if !ok {
		return s, fmt.Errorf("service %s: %w", name, fs.ErrNotExist)
	}
	return s, nil
}

func (w *Workstation) Processes(ctx context.Context) ([]diagnostic.Process, error) {
	return w.Running, w.trouble(ctx, "Processes")
}

func (w *Workstation) USB(ctx context.Context) ([]diagnostic.USBDevice, error) {
	return w.Devices, w.trouble(ctx, "USB")
}

func (w *Workstation) Command(ctx context.Context, name string, args ...string) ([]byte, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	w.note(line)
	if err := w.trouble(ctx, "Command"); err != nil {
		return nil, err
	}
	out, ok := w.Commands[line]
	if !ok {
		return nil, fmt.Errorf("%s: %w", line, fs.ErrNotExist)
	}
	return []byte(out), nil
}

func (w *Workstation) Product(ctx context.Context, p string) (string, error) {
	if err := w.trouble(ctx, "Product"); err != nil {
		return "", err
	}
	for path, version := range w.Products {
		if w.key(path) == w.key(p) {
			return version, nil
		}
	}
	return "", fs.ErrNotExist
}

func (w *Workstation) PCSC() cardreader.Source {
	if w.Source != nil {
		return w.Source
	}
	return PCSC{}
}

func (w *Workstation) Survey(ctx context.Context, paths []string, _ pkcs11.Options) ([]pkcs11.Probe, []error) {
	w.note("survey " + strings.Join(paths, " "))
	if err := w.trouble(ctx, "Survey"); err != nil {
		return nil, []error{err}
	}
	return w.Probes, w.ProbeErrors
}

func (w *Workstation) Certificates(ctx context.Context, store diagnostic.Store) ([][]byte, error) {
	return w.Stores[store], w.trouble(ctx, "Certificates")
}

func (w *Workstation) Resolve(ctx context.Context, host string) ([]string, error) {
	w.note("resolve " + host)
	if err := w.trouble(ctx, "Resolve"); err != nil {
		return nil, err
	}
	if a := w.Addresses[host]; len(a) > 0 {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (w *Workstation) Proxy(ctx context.Context, _ string) (string, error) {
	return w.ProxyOf, w.trouble(ctx, "Proxy")
}

func (w *Workstation) Contact(ctx context.Context, url string) (diagnostic.Contact, error) {
	w.note("contact " + url)
	if err := w.trouble(ctx, "Contact"); err != nil {
		return diagnostic.Contact{}, err
	}
	if err := w.ContactErrs[url]; err != nil {
		return w.Contacts[url], err // what was seen before
	}
	c, ok := w.Contacts[url]
	if !ok {
		return c, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	return c, nil
}

// PCSC is a PC/SC service whose readers are data. Reading a card needs
// cardreader.NewVirtual in its place.
type PCSC struct {
	Found []pcsc.Reader
	Err   error
	// ConnectErr is what Connect comes to.
	ConnectErr error
}

func (p PCSC) Watch(ctx context.Context, changed func([]pcsc.Reader, error)) error {
	changed(p.Found, p.Err)
	<-ctx.Done()
	return ctx.Err()
}

func (p PCSC) Readers(context.Context) ([]pcsc.Reader, error) { return p.Found, p.Err }

func (p PCSC) Connect(_ context.Context, reader string) (cardreader.Connection, error) {
	if p.ConnectErr != nil {
		return nil, p.ConnectErr
	}
	return nil, &pcsc.Error{Op: "SCardConnect", Kind: pcsc.ErrNoCard}
}

type source struct{ *bytes.Reader }

func (source) Close() error { return nil }

type info struct{ n *node }

func (i info) Name() string       { return i.n.name }
func (i info) Size() int64        { return int64(len(i.n.data)) }
func (i info) Mode() fs.FileMode  { return i.n.mode }
func (i info) ModTime() time.Time { return i.n.at }
func (i info) IsDir() bool        { return i.n.mode.IsDir() }
func (i info) Sys() any           { return nil }
