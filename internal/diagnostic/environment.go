package diagnostic

import (
	"context"
	"errors"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/pkcs11"
)

// Environment is the workstation as the checks see it: everything that they
// ask goes through it. Package workstation is the real one, package imagined
// one in memory, of any system. No method changes anything, and each ends with
// its context. What a system does not have gives an error that is
// errors.ErrUnsupported; what is not there, fs.ErrNotExist; what may not be
// seen, fs.ErrPermission.
type Environment interface {
	// Host gives the system, its files, environment variables and registry.
	pkcs11.Host

	Now() time.Time
	// System says what the workstation runs.
	System(ctx context.Context) (System, error)
	// User says who runs the program.
	User(ctx context.Context) (User, error)
	// Service gives the state of a service by the name that its system uses:
	// "SCardSvr", "pcscd.service", "pcscd.socket", "com.apple.ifdreader".
	Service(ctx context.Context, name string) (Service, error)
	// Processes lists what runs, as far as the user may see it.
	Processes(ctx context.Context) ([]Process, error)
	// USB lists the devices that are plugged in.
	USB(ctx context.Context) ([]USBDevice, error)
	// Command gives the standard output of a read-only command of the system,
	// looked for in its own folders alone: "system_profiler", "security",
	// "defaults", "loginctl". Only commands that the workstation has on a list are run.
	Command(ctx context.Context, name string, args ...string) ([]byte, error)
	// Product gives the version resource of a Windows file or the Info.plist
	// version of a macOS bundle.
	Product(ctx context.Context, path string) (version string, err error)

	// PCSC is the PC/SC service.
	PCSC() cardreader.Source
	// Survey has the PKCS#11 modules of the workstation probed (those of paths
	// alone, when there are any), as pkcs11.Survey does.
	Survey(ctx context.Context, paths []string, options pkcs11.Options) ([]pkcs11.Probe, []error)
	// Certificates gives the certificates of a store in DER.
	Certificates(ctx context.Context, store Store) ([][]byte, error)

	// Resolve gives the addresses of a host name.
	Resolve(ctx context.Context, host string) ([]string, error)
	// Proxy gives the proxy that the system uses for an address, as host:port,
	// "" for none. It never holds a user name or a password. The error is
	// ErrProxyAddress where one is set that cannot be understood.
	Proxy(ctx context.Context, url string) (string, error)
	// Contact asks an address with HEAD, through the proxy of the system; with
	// the scheme tcp it only connects. The error says why nothing answered:
	// *net.DNSError, a time-out (net.Error), syscall errors, or what TLS found.
	// A chain of certificates that is not trusted is no error: see Contact. With
	// an error, the Contact holds what was seen before: a server that wants a
	// certificate of its client refuses after it showed its own.
	Contact(ctx context.Context, url string) (Contact, error)
}

// ErrProxyAddress is the error of Proxy and Contact where a proxy is set whose
// address is none. It does not tell the address: it may hold a password.
var ErrProxyAddress = errors.New("the address of the proxy cannot be read")

// System is what the workstation runs.
type System struct {
	Name    string // "Debian GNU/Linux", "Windows 11 Pro", "macOS"
	ID      string // "debian", "rhel", "windows", "macos": as os-release has it
	Like    string // ID_LIKE of os-release
	Version string // "12", "10.0.22631", "14.4"
	Arch    string // of the system, which may be wider than the program's: GOARCH names
	// Server tells a Windows Server, or a session host.
	Server bool
	// Remote: the session is shown on another machine (SM_REMOTESESSION).
	Remote bool
	// Since is when the system was started, zero when unknown.
	Since time.Time
}

// User is who runs the program.
type User struct {
	Name string
	// Elevated: root, or an administrator's elevated token.
	Elevated bool
	// Administrator: could be elevated.
	Administrator bool
	// Home is the home folder, "" when there is none.
	Home string
	// Host is the name of the machine.
	Host string
}

// Service is a service of the system.
type Service struct {
	Running bool
	// Start is "automatic", "on-demand" (socket, trigger or by hand),
	// "disabled", or "" when unknown.
	Start string
	// Detail is what the system calls the state: "active (running)".
	Detail string
}

// Process is one that runs.
type Process struct {
	PID  int
	Name string // of its file, without folder
	Path string // "" when it may not be seen
	// PCSC: it has loaded the PC/SC library, so that it may hold a card. False
	// when that may not be seen.
	PCSC bool
	// Self: it is this program, or a child of it.
	Self bool
}

// USBDevice is a device on the bus.
type USBDevice struct {
	Vendor, Product uint16
	Manufacturer    string // as the device names itself
	Name            string
	Serial          string
	// Classes are the interface classes; 0x0B is a smart card reader (CCID).
	Classes []uint8
	// Driver is the system's driver of the reader interface, "" when none has
	// taken it. On Linux and macOS readers are driven from user space, and it
	// stays ""; a driver of the Linux kernel that is named here keeps the reader
	// from pcscd (pn533_usb does).
	Driver string
	// Problem is the code of the Windows device manager, 0 when it works.
	Problem int
	// Suspends: the system may switch it off to save power.
	Suspends bool
}

// CCID is the USB class of smart card readers.
const CCID = 0x0B

// Store is a store of certificates of the system.
type Store string

// Stores. Roots and Intermediates are those of the machine (on Linux both are
// in one set), Personal those of the user.
const (
	Roots         Store = "roots"
	Intermediates Store = "intermediates"
	Personal      Store = "personal"
)

// Contact is what answered at an address.
type Contact struct {
	// Proxy that was gone through, as host:port, "" for none.
	Proxy string
	// Certificates is the chain that the server showed, leaf first, in DER.
	Certificates [][]byte
	// Untrusted is why the system does not trust that chain, nil when it does.
	Untrusted error
	// Status of HTTP, 0 with the scheme tcp. When the proxy lets nothing through
	// it is the proxy's (407, 403, 502), and Certificates is empty.
	Status int
	// Date is the server's, zero when it gave none.
	Date time.Time
	// Location is where it leads on, for a redirection.
	Location string
	Took     time.Duration
}
