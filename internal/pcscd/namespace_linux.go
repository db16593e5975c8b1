package pcscd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"
)

// stage tells a process where it stands: not set outside, "enter" in a new
// namespace that is still bare, "ready" once it is furnished. Programs that a
// test starts inherit "ready" and so do not enter a second time.
const stage = "POSTECPX_PCSCD_NAMESPACE"

// runDirectory holds the socket of pcscd.
const runDirectory = "/run/pcscd"

// outside says why this process has no namespace of its own.
var outside = errors.New("this process did not call pcscd.Main or pcscd.Enter")

// reenter runs this same program again in a namespace and returns its exit
// code. ran is false when the caller has to go on itself: it is in the
// namespace, or none can be had.
func reenter() (code int, ran bool) {
	switch os.Getenv(stage) {
	case "ready":
		outside = nil
		return 0, false
	case "enter":
		outside = furnish()
		state := "ready"
		if outside != nil {
			state = ""
		}
		if err := os.Setenv(stage, state); err != nil {
			outside = err
		}
		return 0, false
	}
	if _, _, err := programs(); err != nil {
		outside = err
		return 0, false
	}
	child, err := clone()
	if err != nil {
		outside = err
		return 0, false
	}
	return follow(child), true
}

// clone starts this program again with its arguments in new namespaces. Root
// needs no user namespace; others become root in their own, where the kernel
// lets them.
func clone() (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	attributes := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	child := exec.Command(self, os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), stage+"=enter")
	child.SysProcAttr = attributes
	runtime.LockOSThread() // Pdeathsig follows the thread, not the process
	if err := child.Start(); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("%w: the kernel gives no namespace (%v); run as root, or allow user namespaces", ErrMissing, err)
	}
	return child, nil
}

// follow passes the signals on and returns the exit code.
func follow(child *exec.Cmd) int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for s := range signals {
			_ = child.Process.Signal(s) // it may have ended meanwhile
		}
	}()
	err := child.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "in the namespace:", err)
		return 2
	}
}

// usbDrivers are the drivers with which pcscd takes the readers that are really
// plugged into the machine.
const usbDrivers = "/usr/lib*/pcsc/drivers/*.bundle"

// furnish prepares the new namespace: no mount reaches the outside, the
// loopback interface is up, the directory of pcscd's socket is empty, and
// pcscd finds no driver for the real readers.
func furnish() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("%w: private mounts: %v", ErrMissing, err)
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("%w: loopback interface: %v", ErrMissing, err)
	}
	target := runDirectory
	if _, err := os.Stat(target); err != nil {
		target = "/run" // never create anything in the /run of the machine
	}
	if err := syscall.Mount("tmpfs", target, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("%w: private %s: %v", ErrMissing, target, err)
	}
	if err := os.MkdirAll(runDirectory, 0o755); err != nil {
		return fmt.Errorf("%w: %v", ErrMissing, err)
	}
	bundles, err := filepath.Glob(usbDrivers)
	if err != nil {
		return err
	}
	for _, b := range bundles {
		if err := syscall.Mount("tmpfs", b, "tmpfs", syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("%w: hide %s: %v", ErrMissing, b, err)
		}
	}
	return nil
}

// interfaceFlags is struct ifreq of netdevice(7) with its ifr_flags.
type interfaceFlags struct {
	name  [syscall.IFNAMSIZ]byte
	flags uint16
	_     [22]byte
}

func loopbackUp() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	request := interfaceFlags{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}
