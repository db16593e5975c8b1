package workstation

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
)

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWindowsProxy(t *testing.T) {
	for name, c := range map[string]struct {
		servers, bypass, target, want string
	}{
		"one for all":            {"proxy.cabinet.example:8080", "", "https://esante.gouv.fr/", "proxy.cabinet.example:8080"},
		"by scheme":              {"http=a.example:80;https=b.example:81;socks=c.example", "", "https://esante.gouv.fr/", "b.example:81"},
		"by scheme, http":        {"http=a.example:80;https=b.example:81", "", "http://esante.gouv.fr/", "a.example:80"},
		"socks alone":            {"socks=c.example", "", "https://esante.gouv.fr/", "c.example:1080"},
		"another scheme":         {"ftp=a.example:21", "", "https://esante.gouv.fr/", ""},
		"the first of several":   {"a.example:1 b.example:2", "", "https://esante.gouv.fr/", "a.example:1"},
		"without a port":         {"a.example", "", "https://esante.gouv.fr/", "a.example:80"},
		"with a password":        {"http://user:secret@a.example:3128", "", "https://esante.gouv.fr/", "a.example:3128"},
		"none":                   {"", "", "https://esante.gouv.fr/", ""},
		"passed by":              {"a:1", "*.gouv.fr;<local>", "https://esante.gouv.fr/", ""},
		"passed by, in capitals": {"a:1", "ESANTE.gouv.fr", "https://esante.gouv.fr/", ""},
		"not passed by":          {"a:1", "*.example.fr", "https://esante.gouv.fr/", "a:1"},
		"a local name":           {"a:1", "<local>", "http://intranet/", ""},
		"no local name":          {"a:1", "<local>", "https://esante.gouv.fr/", "a:1"},
		"an address":             {"a:1", "10.*", "http://10.1.2.3/", ""},
		"another port":           {"a:1", "esante.gouv.fr:8443", "https://esante.gouv.fr/", "a:1"},
		"this port":              {"a:1", "https://esante.gouv.fr:443", "https://esante.gouv.fr/", ""},
		"another protocol":       {"a:1", "http://esante.gouv.fr", "https://esante.gouv.fr/", "a:1"},
		"this machine":           {"a:1", "", "http://127.0.0.1:53315/", ""},
		"a broken pattern":       {"a:1", "[", "https://esante.gouv.fr/", "a:1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := windowsProxy(c.servers, c.bypass, address(t, c.target))
			if err != nil || shownProxy(got) != c.want {
				t.Errorf("%q, %v; want %q", shownProxy(got), err, c.want)
			}
		})
	}
	if _, err := windowsProxy("http=http://user:secret@:x", "", address(t, "http://a.fr")); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error("broken:", err)
	}
}

const scutilOutput = `<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
    2 : esante.gouv.fr
  }
  ExcludeSimpleHostnames : 1
  FTPPassive : 1
  HTTPEnable : 1
  HTTPPort : 3128
  HTTPProxy : plain.example
  HTTPSEnable : 1
  HTTPSPort : 3129
  HTTPSProxy : tls.example
  ProxyAutoConfigEnable : 0
  ProxyAutoConfigURLString : http://wpad.example/proxy.pac
  SOCKSEnable : 0
}
`

func TestScutilProxy(t *testing.T) {
	for name, c := range map[string]struct {
		change []string // of the output above, old and new
		target string
		want   string
	}{
		"https":        {nil, "https://annuaire.sante.fr/", "tls.example:3129"},
		"http":         {nil, "http://annuaire.sante.fr/", "plain.example:3128"},
		"passed by":    {nil, "https://esante.gouv.fr/", ""},
		"a star":       {nil, "https://imprimante.local/", ""},
		"a network":    {nil, "http://169.254.3.4/", ""},
		"a name":       {nil, "http://intranet/", ""},
		"switched off": {[]string{"HTTPSEnable : 1", "HTTPSEnable : 0"}, "https://annuaire.sante.fr/", ""},
		"socks":        {[]string{"HTTPSEnable : 1", "HTTPSEnable : 0", "SOCKSEnable : 0", "SOCKSEnable : 1\n  SOCKSProxy : s.example"}, "https://annuaire.sante.fr/", "s.example:1080"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scutilProxy([]byte(strings.NewReplacer(c.change...).Replace(scutilOutput)), address(t, c.target))
			if err != nil || shownProxy(got) != c.want {
				t.Errorf("%q, %v; want %q", shownProxy(got), err, c.want)
			}
		})
	}
	script := strings.Replace(scutilOutput, "ProxyAutoConfigEnable : 0", "ProxyAutoConfigEnable : 1", 1)
	if _, err := scutilProxy([]byte(script), address(t, "https://annuaire.sante.fr/")); !errors.Is(err, ErrProxyScript) || !errors.Is(err, errors.ErrUnsupported) {
		t.Error("script:", err)
	}
}

func TestProxyIsShownWithoutSecrets(t *testing.T) {
	w := New()
	w.proxy = func(context.Context, *url.URL) (*url.URL, error) {
		return &url.URL{Scheme: "http", User: url.UserPassword("camille", "secret"), Host: "proxy.example:3128"}, nil
	}
	got, err := w.Proxy(t.Context(), "https://esante.gouv.fr/")
	if err != nil || got != "proxy.example:3128" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := w.Proxy(t.Context(), "tcp://esante.gouv.fr:389"); err != nil || got != "" {
		t.Errorf("tcp: %q, %v", got, err)
	}
	for _, bad := range []string{"esante.gouv.fr", "ftp://a.fr", "https://", "https://user:secret@a.fr/", "tcp://a.fr", "http://a\x7f"} {
		if _, err := w.Proxy(t.Context(), bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestProxyWithoutAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"http://proxy.example:3128": true, "http://user:secret@proxy.example": true, "http://proxy.example/": true,
		"http://http://a%20b:x": false, "http://:3128": false,
	} {
		proxy, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if addressed(proxy) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	if !addressed(nil) {
		t.Error("no proxy at all is in order")
	}
}
