package workstation

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"postecpx/internal/diagnostic"
)

func (w *Workstation) system() (diagnostic.System, error) {
	version := windows.RtlGetVersion()
	key, err := w.Registry(`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`, false)
	const workstation = 1 // VER_NT_WORKSTATION
	system := diagnostic.System{
		ID:      "windows",
		Version: fmt.Sprintf("%d.%d.%d", version.MajorVersion, version.MinorVersion, version.BuildNumber),
		Arch:    runtime.GOARCH,
		// A session host of Windows 10 and 11 is no workstation either.
		Server: version.ProductType != workstation || strings.HasPrefix(key.Values["InstallationType"], "Server"),
		Remote: remoteSession(),
		Since:  time.Now().Add(-windows.DurationSinceBoot()).Truncate(time.Second),
	}
	system.Name = windowsName(key.Values["ProductName"], version.BuildNumber, system.Server)
	var process, native uint16
	if windows.IsWow64Process2(windows.CurrentProcess(), &process, &native) == nil {
		if arch := nativeArch(native); arch != "" {
			system.Arch = arch
		}
	} else if w.Getenv("PROCESSOR_ARCHITEW6432") == "AMD64" { // before Windows 10 1709
		system.Arch = "amd64"
	}
	if err != nil {
		return system, fmt.Errorf("name of the system: %w", err)
	}
	return system, nil
}

var getSystemMetrics = windows.NewLazySystemDLL("user32.dll").NewProc("GetSystemMetrics")

// remoteSession tells a session that is shown on another machine: Microsoft,
// "Detecting the Remote Desktop Services environment".
func remoteSession() bool {
	const remoteSessionMetric = 0x1000 // SM_REMOTESESSION
	if getSystemMetrics.Find() == nil {
		if set, _, _ := getSystemMetrics.Call(remoteSessionMetric); set != 0 {
			return true
		}
	}
	// RemoteFX shows sessions that the metric does not tell.
	glass, ok := registryNumber(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Terminal Server`, "GlassSessionId")
	var session uint32
	if !ok || windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session) != nil {
		return false
	}
	return session != 0 && uint64(session) != glass // services run in session 0
}

func currentUser() (diagnostic.User, error) {
	who := diagnostic.User{Name: accountName()}
	token := windows.GetCurrentProcessToken()
	who.Elevated = token.IsElevated()
	who.Administrator = who.Elevated
	administrators, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid)
	if err != nil {
		return who, err
	}
	// The token of an administrator who is not elevated has the group too, to
	// deny by it alone.
	groups, err := token.GetTokenGroups()
	if err != nil {
		return who, err
	}
	for _, group := range groups.AllGroups() {
		who.Administrator = who.Administrator || group.Sid.Equals(administrators)
	}
	return who, nil
}

// accountName is the name of the account without its domain. Package os/user
// would ask the domain controller.
func accountName() string {
	buffer := make([]uint16, 512)
	size := uint32(len(buffer))
	if windows.GetUserNameEx(windows.NameSamCompatible, &buffer[0], &size) != nil {
		return ""
	}
	name := windows.UTF16ToString(buffer)
	return name[strings.LastIndexByte(name, '\\')+1:]
}

func (w *Workstation) machineID(ctx context.Context) ([]byte, error) {
	return within(ctx, func() ([]byte, error) {
		key, err := w.Registry(`HKLM\SOFTWARE\Microsoft\Cryptography`, false)
		if err != nil {
			return nil, err
		}
		return parseMachineID([]byte(key.Values["MachineGuid"]))
	})
}
