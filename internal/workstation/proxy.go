package workstation

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"postecpx/internal/diagnostic"
)

// ErrProxyScript is the error of Proxy where a script decides (PAC) that cannot
// be run here.
var ErrProxyScript = fmt.Errorf("a proxy script decides: %w", errors.ErrUnsupported)

// Proxy gives the proxy for an address, as host:port, "" for none: that of the
// environment, else that of the system. With the scheme tcp there is none.
func (w *Workstation) Proxy(ctx context.Context, address string) (string, error) {
	target, err := parseTarget(address)
	if err != nil {
		return "", err
	}
	proxy, err := w.proxyFor(ctx, target)
	if err != nil {
		return "", fmt.Errorf("proxy: %w", err)
	}
	return shownProxy(proxy), nil
}

func (w *Workstation) proxyFor(ctx context.Context, target *url.URL) (*url.URL, error) {
	if target.Scheme == "tcp" {
		return nil, nil
	}
	return within(ctx, func() (*url.URL, error) { return w.proxy(ctx, target) })
}

// proxyOf asks the environment, and when it names no proxy at all, the system.
func proxyOf(ctx context.Context, target *url.URL) (*url.URL, error) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		if os.Getenv(name) == "" {
			continue
		}
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
		if err != nil || !addressed(proxy) {
			return nil, diagnostic.ErrProxyAddress
		}
		return proxy, nil
	}
	return systemProxy(ctx, target)
}

// addressed tells whether a proxy, when there is one, has an address. Of one
// that it cannot read, net/http takes the scheme for the host.
func addressed(proxy *url.URL) bool {
	return proxy == nil || proxy.Hostname() != "" && !strings.HasPrefix(proxy.Path, "//")
}

// shownProxy is a proxy without what must not be shown, "" for none.
func shownProxy(proxy *url.URL) string {
	if proxy == nil {
		return ""
	}
	port := proxy.Port()
	if port == "" {
		switch proxy.Scheme {
		case "https":
			port = "443"
		case "socks5", "socks5h":
			port = "1080"
		default:
			port = "80"
		}
	}
	return net.JoinHostPort(proxy.Hostname(), port)
}

// parseProxy reads what a system keeps for one proxy: host:port, perhaps with a
// scheme.
func parseProxy(text, scheme string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = scheme + "://" + text
	}
	proxy, err := url.Parse(text)
	if err != nil || proxy.Hostname() == "" {
		return nil, diagnostic.ErrProxyAddress
	}
	return proxy, nil
}

// windowsProxy chooses from what Windows keeps: one proxy for all, or a list by
// scheme ("http=a:80;https=b:80;socks=c:1080"), and hosts that are reached
// without. See INTERNET_PROXY_INFO.
func windowsProxy(servers, bypass string, target *url.URL) (*url.URL, error) {
	separator := func(r rune) bool { return r == ';' || r == ' ' || r == '\t' || r == '\r' || r == '\n' }
	if isLoopback(target.Hostname()) {
		return nil, nil
	}
	for _, pattern := range strings.FieldsFunc(bypass, separator) {
		if pattern == "<local>" && !strings.Contains(target.Hostname(), ".") || bypasses(pattern, target) {
			return nil, nil
		}
	}
	var whole, own, socks string
	for _, entry := range strings.FieldsFunc(servers, separator) {
		scheme, server, ok := strings.Cut(entry, "=")
		switch {
		case !ok && whole == "":
			whole = entry
		case ok && strings.EqualFold(scheme, target.Scheme):
			own = server
		case ok && strings.EqualFold(scheme, "socks"):
			socks = server
		}
	}
	switch {
	case own != "":
		return parseProxy(own, "http")
	case whole != "":
		return parseProxy(whole, "http")
	case socks != "":
		return parseProxy(socks, "socks5")
	}
	return nil, nil
}

// bypasses tells whether a pattern names the host of an address: with stars,
// perhaps with a scheme before and a port behind.
func bypasses(pattern string, target *url.URL) bool {
	pattern = strings.ToLower(pattern)
	if scheme, rest, ok := strings.Cut(pattern, "://"); ok {
		if scheme != target.Scheme {
			return false
		}
		pattern = rest
	}
	if host, port, err := net.SplitHostPort(pattern); err == nil {
		if port != "*" && port != portOf(target) {
			return false
		}
		pattern = host
	}
	host := strings.ToLower(target.Hostname())
	matched, err := path.Match(pattern, host)
	return err == nil && matched || inNetwork(pattern, host)
}

// inNetwork tells whether an address is in a network like 10.0.0.0/8, that
// macOS also writes 10/8.
func inNetwork(network, host string) bool {
	address, err := netip.ParseAddr(host)
	base, bits, ok := strings.Cut(network, "/")
	if err != nil || !ok {
		return false
	}
	for strings.Count(base, ".") < 3 && !strings.Contains(base, ":") {
		base += ".0"
	}
	prefix, err := netip.ParsePrefix(base + "/" + bits)
	return err == nil && prefix.Contains(address)
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// scutilProxy chooses from what "scutil --proxy" of macOS prints: a dictionary
// of name : value, the exceptions as an array in it.
func scutilProxy(text []byte, target *url.URL) (*url.URL, error) {
	values := map[string]string{}
	var exceptions []string
	list := ""
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		name, value, ok := strings.Cut(line, " : ")
		switch {
		case line == "}":
			list = ""
		case ok && strings.HasSuffix(value, "{"):
			list = name
		case ok && list == "ExceptionsList":
			exceptions = append(exceptions, value)
		case ok && list == "":
			values[name] = value
		}
	}
	host := target.Hostname()
	if isLoopback(host) || values["ExcludeSimpleHostnames"] == "1" && !strings.Contains(host, ".") {
		return nil, nil
	}
	for _, pattern := range exceptions {
		if bypasses(pattern, target) {
			return nil, nil
		}
	}
	if values["ProxyAutoConfigEnable"] == "1" || values["ProxyAutoDiscoveryEnable"] == "1" {
		return nil, ErrProxyScript
	}
	of := func(kind, scheme string) (*url.URL, error) {
		server := values[kind+"Proxy"]
		if values[kind+"Enable"] != "1" || server == "" {
			return nil, nil
		}
		if port, err := strconv.ParseUint(values[kind+"Port"], 10, 16); err == nil && port > 0 {
			server = net.JoinHostPort(server, values[kind+"Port"])
		}
		return parseProxy(server, scheme)
	}
	kind := "HTTPS"
	if target.Scheme == "http" {
		kind = "HTTP"
	}
	if proxy, err := of(kind, "http"); proxy != nil || err != nil {
		return proxy, err
	}
	return of("SOCKS", "socks5")
}
