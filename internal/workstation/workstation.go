// Package workstation is the workstation that the program runs on, as the
// checks of package diagnostic ask for it: on Linux, macOS and Windows. It
// changes nothing there, and has no cgo of its own.
//
// What a system says is read in files without build tags, so that this is
// tested on every system; only the asking differs.
package workstation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"crypto/x509"

	"postecpx/cardreader"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/diagnostic"
)

// Workstation is the one that the program runs on.
type Workstation struct {
	pkcs11.Host

	// proxy gives the proxy for an address with the user name and password that
	// the system has for it, nil for none.
	proxy func(context.Context, *url.URL) (*url.URL, error)
	// roots are trusted in place of those of the system, when set.
	roots *x509.CertPool
	// resolver answers for host names.
	resolver *net.Resolver
}

var _ diagnostic.Environment = (*Workstation)(nil)

// New returns the workstation that the program runs on. Nothing is asked of it
// yet.
func New() *Workstation {
	return &Workstation{Host: pkcs11.Local(), proxy: proxyOf, resolver: net.DefaultResolver}
}

// Now is the time by the clock of the system.
func (w *Workstation) Now() time.Time { return time.Now() }

// PCSC is the PC/SC service of the system.
func (w *Workstation) PCSC() cardreader.Source { return cardreader.PCSC() }

// Survey probes the PKCS#11 modules in children of this program.
func (w *Workstation) Survey(ctx context.Context, paths []string, options pkcs11.Options) ([]pkcs11.Probe, []error) {
	return pkcs11.Survey(ctx, w.Host, pkcs11.Executable{}, paths, options)
}

// System says what the workstation runs. What cannot be found out of it stays
// empty.
func (w *Workstation) System(ctx context.Context) (diagnostic.System, error) {
	return within(ctx, func() (diagnostic.System, error) {
		system, err := w.system()
		system.Remote = system.Remote || w.remote()
		return system, err
	})
}

// remote tells a session over SSH or xrdp by what they leave in the
// environment.
func (w *Workstation) remote() bool {
	for _, name := range []string{"SSH_CONNECTION", "SSH_TTY", "XRDP_SESSION"} {
		if w.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// User says who runs the program.
func (w *Workstation) User(ctx context.Context) (diagnostic.User, error) {
	return within(ctx, func() (diagnostic.User, error) {
		user, err := currentUser()
		if homes := w.Homes(); len(homes) > 0 {
			user.Home = homes[0]
		}
		host, hostErr := os.Hostname()
		user.Host = host
		return user, errors.Join(err, hostErr)
	})
}

// Service gives the state of a service.
func (w *Workstation) Service(ctx context.Context, name string) (diagnostic.Service, error) {
	// The name goes to a command of the system: no option, no pattern.
	if name == "" || strings.HasPrefix(name, "-") || strings.ContainsAny(name, "/\\*?[] \t\r\n\x00") {
		return diagnostic.Service{}, fmt.Errorf("service %q: not the name of a service", name)
	}
	found, err := service(ctx, name)
	if err != nil {
		return diagnostic.Service{}, fmt.Errorf("service %s: %w", name, err)
	}
	return found, nil
}

// Processes lists what runs, as far as the user may see it.
func (w *Workstation) Processes(ctx context.Context) ([]diagnostic.Process, error) {
	found, err := processes(ctx)
	if err != nil {
		return nil, fmt.Errorf("processes: %w", err)
	}
	return found, nil
}

// USB lists the devices that are plugged in.
func (w *Workstation) USB(ctx context.Context) ([]diagnostic.USBDevice, error) {
	found, err := usbDevices(ctx)
	if err != nil {
		return nil, fmt.Errorf("USB devices: %w", err)
	}
	return found, nil
}

// Certificates gives the certificates of a store in DER.
func (w *Workstation) Certificates(ctx context.Context, store diagnostic.Store) ([][]byte, error) {
	switch store {
	case diagnostic.Roots, diagnostic.Intermediates, diagnostic.Personal:
	default:
		return nil, fmt.Errorf("certificate store %q: %w", store, errors.ErrUnsupported)
	}
	found, err := w.certificates(ctx, store)
	if err != nil {
		return nil, fmt.Errorf("certificate store %s: %w", store, err)
	}
	return found, nil
}

// ErrNoMachineID is the error of MachineID when the system has none.
var ErrNoMachineID = errors.New("the system has no identifier of its own")

// machineIDLimit is how long the system may take to say its identifier.
const machineIDLimit = 3 * time.Second

// MachineID gives what the system tells this machine from all others by, and
// keeps from one start to the next. It is a key, made to stand for names, and
// must not be shown: systemd's machine-id(5) asks for that.
func (w *Workstation) MachineID() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), machineIDLimit)
	defer cancel()
	id, err := w.machineID(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoMachineID, err)
	}
	return id, nil
}

// within asks something that knows no context, and leaves it behind when ctx
// ends first: a folder of the network or a domain controller that does not
// answer keeps it waiting.
func within[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, context.Cause(ctx)
	}
	came := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if broken := recover(); broken != nil {
				a.err = fmt.Errorf("broken: %v\n%s", broken, debug.Stack())
			}
			came <- a
		}()
		a.value, a.err = ask()
	}()
	select {
	case a := <-came:
		return a.value, a.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}
