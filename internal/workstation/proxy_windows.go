package workstation

import (
	"context"
	"errors"
	"net/url"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	winHTTP               = windows.NewLazySystemDLL("winhttp.dll")
	winHTTPUserProxy      = winHTTP.NewProc("WinHttpGetIEProxyConfigForCurrentUser")
	winHTTPOpen           = winHTTP.NewProc("WinHttpOpen")
	winHTTPClose          = winHTTP.NewProc("WinHttpCloseHandle")
	winHTTPProxyForURL    = winHTTP.NewProc("WinHttpGetProxyForUrl")
	globalFree            = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalFree")
	errAutodetectionFails = syscall.Errno(12180) // ERROR_WINHTTP_AUTODETECTION_FAILED
)

// userProxy is WINHTTP_CURRENT_USER_IE_PROXY_CONFIG.
type userProxy struct {
	autoDetect    int32
	autoConfigURL *uint16
	proxy         *uint16
	bypass        *uint16
}

// autoProxyOptions is WINHTTP_AUTOPROXY_OPTIONS.
type autoProxyOptions struct {
	flags           uint32
	autoDetectFlags uint32
	autoConfigURL   *uint16
	_               uintptr
	_               uint32
	autoLogon       int32
}

// proxyInfo is WINHTTP_PROXY_INFO.
type proxyInfo struct {
	access uint32
	proxy  *uint16
	bypass *uint16
}

// autoLimit is how long the network may take to name a proxy script by itself:
// most have none, and Windows waits long to be sure.
const autoLimit = 3 * time.Second

// systemProxy asks Windows for the Internet settings of the user, those of a
// group policy included, and lets it run their script.
func systemProxy(ctx context.Context, target *url.URL) (*url.URL, error) {
	if err := winHTTPUserProxy.Find(); err != nil {
		return nil, err
	}
	var set userProxy
	if ok, _, err := winHTTPUserProxy.Call(uintptr(unsafe.Pointer(&set))); ok == 0 {
		if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
			return nil, nil // none was ever set
		}
		return nil, err
	}
	servers, bypass := takeText(set.proxy), takeText(set.bypass)
	script := takeText(set.autoConfigURL)
	switch {
	case isLoopback(target.Hostname()):
		return nil, nil
	case script != "":
		found, err := within(ctx, func() (named, error) { return runScript(script, target) })
		if err != nil {
			return nil, errors.Join(ErrProxyScript, err)
		}
		return windowsProxy(found.servers, found.bypass, target)
	case servers != "":
		return windowsProxy(servers, bypass, target)
	case set.autoDetect != 0:
		ctx, cancel := context.WithTimeout(ctx, autoLimit)
		defer cancel()
		found, err := within(ctx, func() (named, error) { return runScript("", target) })
		if err != nil {
			return nil, nil // the network names no script, as most do
		}
		return windowsProxy(found.servers, found.bypass, target)
	}
	return nil, nil
}

// named is what a proxy script answers.
type named struct{ servers, bypass string }

// runScript has Windows run the proxy script of that address, or the one that
// the network names when it is "".
func runScript(script string, target *url.URL) (named, error) {
	agent, err := windows.UTF16PtrFromString(userAgent)
	if err != nil {
		return named{}, err
	}
	// Scripts decide by the host; the rest of the address is nobody's business.
	asked, err := windows.UTF16PtrFromString(target.Scheme + "://" + target.Host + "/")
	if err != nil {
		return named{}, err
	}
	const noProxy, namedProxy = 1, 3
	const autoDetect, configURL = 1, 2
	const byDHCP, byDNS = 1, 2
	options := autoProxyOptions{flags: autoDetect, autoDetectFlags: byDHCP | byDNS}
	if script != "" {
		address, err := windows.UTF16PtrFromString(script)
		if err != nil {
			return named{}, err
		}
		options = autoProxyOptions{flags: configURL, autoConfigURL: address}
	}
	session, _, err := winHTTPOpen.Call(uintptr(unsafe.Pointer(agent)), noProxy, 0, 0, 0)
	if session == 0 {
		return named{}, err
	}
	defer winHTTPClose.Call(session)
	var info proxyInfo
	ok, _, err := winHTTPProxyForURL.Call(session, uintptr(unsafe.Pointer(asked)), uintptr(unsafe.Pointer(&options)), uintptr(unsafe.Pointer(&info)))
	runtime.KeepAlive(&options)
	if ok == 0 {
		if errors.Is(err, errAutodetectionFails) {
			return named{}, nil
		}
		return named{}, err
	}
	found := named{takeText(info.proxy), takeText(info.bypass)}
	if info.access != namedProxy {
		return named{}, nil
	}
	return found, nil
}

// takeText copies a text that Windows allocated, and frees it.
func takeText(text *uint16) string {
	if text == nil {
		return ""
	}
	defer globalFree.Call(uintptr(unsafe.Pointer(text)))
	return windows.UTF16PtrToString(text)
}
