package diagnostic_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"postecpx/assets/hosts"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

const (
	wallet   = "https://wallet.esw.esante.gouv.fr"
	auth     = "https://auth.esw.esante.gouv.fr"
	extracts = "https://service.annuaire.sante.fr"
	igc      = "http://igc-sante.esante.gouv.fr"
	ldap     = "tcp://annuaire-igc.esante.gouv.fr:389"
	gateway  = "https://gateway.api.esante.gouv.fr"
)

// leaf makes a certificate for all servers; a logged one carries timestamps.
func leaf(t testing.TB, issuer string, logged bool) []byte {
	return made(t, pkix.Name{CommonName: "server"}, pkix.Name{CommonName: issuer},
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), func(c *x509.Certificate) {
			for _, h := range hosts.All() {
				c.DNSNames = append(c.DNSNames, h.Name)
			}
			if logged {
				c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: []byte{4, 0}}}
			}
		})
}

// online is a workstation where every server answers.
func online(t testing.TB) *imagined.Workstation {
	w := imagined.New("linux")
	good := leaf(t, "Certigna Services CA", true)
	for i, h := range hosts.All() {
		w.Addresses[h.Name] = []string{fmt.Sprintf("192.0.2.%d", i+1)}
		c := diagnostic.Contact{Status: 200}
		if strings.HasPrefix(h.URL, "https") {
			c.Certificates = [][]byte{good}
		}
		w.Contacts[h.URL] = c
	}
	// The servers of IGC-Santé are not trusted where its roots are not.
	c := w.Contacts[extracts]
	c.Certificates = [][]byte{authorityFiles()[4]}
	c.Untrusted = x509.UnknownAuthorityError{}
	w.Contacts[extracts] = c
	return w
}

// contactsChanged changes each contact of a workstation.
func contactsChanged(w *imagined.Workstation, do func(url string, c *diagnostic.Contact)) *imagined.Workstation {
	for url, c := range w.Contacts {
		do(url, &c)
		w.Contacts[url] = c
	}
	return w
}

func failing(w *imagined.Workstation, err error, urls ...string) *imagined.Workstation {
	for _, u := range urls {
		delete(w.Contacts, u)
		w.ContactErrs[u] = err
	}
	return w
}

func urls(fits func(string) bool) (all []string) {
	for _, h := range hosts.All() {
		if fits(h.URL) {
			all = append(all, h.URL)
		}
	}
	return all
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	every := func(string) bool { return true }
	secure := func(u string) bool { return strings.HasPrefix(u, "https") }
	const proxy = "proxy.example:3128"
	proxied := func() *imagined.Workstation {
		w := online(t)
		w.ProxyOf = proxy
		return contactsChanged(w, func(u string, c *diagnostic.Contact) {
			if strings.HasPrefix(u, "http") {
				c.Proxy = proxy
			}
		})
	}
	// gone: a proxy of one scheme that is not there.
	gone := func(prefix string) *imagined.Workstation {
		w := online(t)
		if prefix == "https:" {
			w.ProxyOf = proxy
		}
		for u := range w.Contacts {
			if strings.HasPrefix(u, prefix) {
				w.Contacts[u], w.ContactErrs[u] = diagnostic.Contact{Proxy: proxy}, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}
			}
		}
		return w
	}
	// at one address, or at addresses of its own, for all names
	at := func(w *imagined.Workstation, address string) *imagined.Workstation {
		for name := range w.Addresses {
			w.Addresses[name] = []string{address}
		}
		return w
	}
	// hotel answers everything with its page, and with one certificate.
	hotel := func(certificate func() []byte) *imagined.Workstation {
		return contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			*c = diagnostic.Contact{Status: 200}
			if secure(u) {
				c.Certificates, c.Untrusted = [][]byte{certificate()}, x509.UnknownAuthorityError{}
			}
		})
	}
	own := made(t, pkix.Name{CommonName: "wifi.hotel.example"}, pkix.Name{CommonName: "wifi.hotel.example"}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), nil)
	each := func() []byte { return leaf(t, "hotel", false) }
	type outcomes = [4]string // names, proxy, tls, hosts
	for _, test := range []struct {
		name string
		w    *imagined.Workstation
		want outcomes
		// first is the finding that the person sees first, "" for none.
		first diagnostic.Code
		fact  string
	}{
		{"all is well", online(t), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},
		{"closed network", failing(imagined.New("linux"), refused, urls(every)...),
			outcomes{"none", "because network.names", "because network.names", "because network.names"}, "network.names", "trouble=no-such-name"},
		{"no name server", func() *imagined.Workstation {
			w := imagined.New("linux")
			w.Errs["Resolve"] = &net.DNSError{Err: "server misbehaving", Server: "192.0.2.53:53"}
			return w
		}(), outcomes{"none", "because network.names", "because network.names", "because network.names"}, "network.names", "trouble=no-name-server"},
		{"one name less", func() *imagined.Workstation {
			w := online(t)
			delete(w.Addresses, "auth.esw.esante.gouv.fr")
			return failing(w, &net.DNSError{IsNotFound: true}, auth)
		}(), outcomes{"some", "direct", "genuine", "reached"}, "network.names", "server=auth.esw.esante.gouv.fr"},
		{"the LDAP directory is gone", func() *imagined.Workstation {
			w := online(t)
			delete(w.Addresses, "annuaire-igc.esante.gouv.fr")
			return failing(w, &net.DNSError{IsNotFound: true}, ldap)
		}(), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},
		{"LDAP closed", failing(online(t), refused, ldap), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},
		{"firewall", failing(online(t), refused, urls(every)...), outcomes{"resolved", "direct", "unseen", "none"}, "network.hosts", ""},
		{"Pro Santé Connect is down", failing(online(t), context.DeadlineExceeded, wallet),
			outcomes{"resolved", "direct", "genuine", "sign-in"}, "network.hosts", "trouble=no-answer"},
		{"the API is down", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if u == gateway {
				c.Status = 503
			}
		}), outcomes{"resolved", "direct", "genuine", "some"}, "network.hosts", "httpStatus=503"},
		{"a refusal is an answer", contactsChanged(online(t), func(_ string, c *diagnostic.Contact) { c.Status = 403 }),
			outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},

		{"proxy", proxied(), outcomes{"resolved", "works", "genuine", "reached"}, "", ""},
		{"proxy that resolves", func() *imagined.Workstation {
			w := proxied()
			clear(w.Addresses)
			return w
		}(), outcomes{"by-proxy", "works", "genuine", "reached"}, "", ""},
		{"proxy asks for a password", contactsChanged(proxied(), func(_ string, c *diagnostic.Contact) { *c = diagnostic.Contact{Status: 407, Proxy: proxy} }),
			outcomes{"resolved", "authentication", "because network.proxy", "because network.proxy"}, "network.proxy", "proxy=proxy.example:3128"},
		{"proxy of https alone is gone", gone("https:"), outcomes{"resolved", "unreachable", "because network.proxy", "because network.proxy"}, "network.proxy", "proxy=" + proxy},
		{"proxy of http alone is gone", gone("http:"), outcomes{"resolved", "unreachable", "because network.proxy", "because network.proxy"}, "network.proxy", "proxy=" + proxy},
		{"proxy of http alone", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if strings.HasPrefix(u, "http:") {
				c.Proxy = proxy
			}
		}), outcomes{"resolved", "works", "genuine", "reached"}, "", ""},
		{"proxy answers all but once", func() *imagined.Workstation {
			w := proxied()
			w.ContactErrs[igc] = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}
			return w
		}(), outcomes{"resolved", "works", "genuine", "some"}, "network.hosts", "server=igc-sante.esante.gouv.fr"},
		{"proxy without an address", func() *imagined.Workstation {
			w := failing(online(t), fmt.Errorf("proxy: %w", diagnostic.ErrProxyAddress), urls(every)...)
			w.Errs["Proxy"] = diagnostic.ErrProxyAddress
			return w
		}(), outcomes{"resolved", "unseen", "unseen", "unseen"}, "", ""},
		{"proxy is gone", failing(proxied(), &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}, urls(every)...),
			outcomes{"resolved", "unreachable", "because network.proxy", "because network.proxy"}, "network.proxy", ""},
		{"proxy refuses", contactsChanged(proxied(), func(u string, c *diagnostic.Contact) {
			if secure(u) {
				*c = diagnostic.Contact{Status: 403, Proxy: proxy}
			}
		}), outcomes{"resolved", "refuses", "because network.proxy", "because network.proxy"}, "network.proxy", "trouble=proxy-refused"},
		{"proxy refuses one", contactsChanged(proxied(), func(u string, c *diagnostic.Contact) {
			if u == wallet {
				*c = diagnostic.Contact{Status: 403, Proxy: proxy}
			}
		}), outcomes{"resolved", "works", "genuine", "sign-in"}, "network.hosts", "server=wallet.esw.esante.gouv.fr"},
		{"proxy by a script", func() *imagined.Workstation {
			w := online(t)
			w.Errs["Proxy"] = errors.ErrUnsupported
			return w
		}(), outcomes{"resolved", "unseen", "genuine", "reached"}, "", ""},
		// A server that asks for a card's certificate may end the handshake.
		{"handshake ended after the certificates", func() *imagined.Workstation {
			w := online(t)
			w.ContactErrs[wallet] = errors.New("remote error: tls: handshake failure")
			return w
		}(), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},

		{"stalled after the certificates", func() *imagined.Workstation {
			w := online(t)
			w.ContactErrs[wallet] = fmt.Errorf("Head: %w", context.DeadlineExceeded)
			return w
		}(), outcomes{"resolved", "direct", "genuine", "sign-in"}, "network.hosts", "server=wallet.esw.esante.gouv.fr"},
		{"the portal of the APIs is down too", failing(online(t), refused, wallet, "https://portal.api.esante.gouv.fr"),
			outcomes{"resolved", "direct", "genuine", "sign-in"}, "network.hosts", "server=wallet.esw.esante.gouv.fr"},

		{"intercepted", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if secure(u) {
				c.Certificates, c.Untrusted = [][]byte{leaf(t, "Pare-feu du cabinet", false)}, x509.UnknownAuthorityError{}
			}
		}), outcomes{"resolved", "direct", "intercepted", "because network.tls"}, "network.tls", "issuer=Pare-feu du cabinet"},
		{"inspected with a root that is trusted", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if secure(u) {
				c.Certificates, c.Untrusted = [][]byte{leaf(t, "Antivirus Web Shield", false)}, nil
			}
		}), outcomes{"resolved", "direct", "inspected", "reached"}, "network.tls", "issuer=Antivirus Web Shield"},
		{"no public authorities", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if secure(u) {
				c.Untrusted = x509.UnknownAuthorityError{}
			}
		}), outcomes{"resolved", "direct", "distrusted", "reached"}, "network.tls", "issuer=Certigna Services CA"},
		{"another's certificate", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if u == wallet {
				c.Untrusted = x509.HostnameError{Certificate: &x509.Certificate{}, Host: "wallet"}
			}
		}), outcomes{"resolved", "direct", "intercepted", "because network.tls"}, "network.tls", "server=wallet.esw.esante.gouv.fr"},
		{"captive portal", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			c.Status, c.Location = 302, "http://wifi.hotel.example/login?to=x"
			if secure(u) {
				c.Certificates, c.Untrusted = [][]byte{leaf(t, "wifi.hotel.example", false)}, x509.HostnameError{Certificate: &x509.Certificate{}, Host: "wallet"}
			}
		}), outcomes{"resolved", "direct", "because network.hosts", "portal"}, "network.hosts", "portal=wifi.hotel.example"},
		{"hotel, one certificate", hotel(func() []byte { return own }), outcomes{"resolved", "direct", "because network.hosts", "portal"}, "network.hosts", "portal=wifi.hotel.example"},
		{"hotel, one address", at(hotel(each), "203.0.113.9"), outcomes{"resolved", "direct", "because network.hosts", "portal"}, "network.hosts", "portal=203.0.113.9"},
		{"hotel, its own addresses", func() *imagined.Workstation {
			w := hotel(each)
			for i, h := range hosts.All() {
				w.Addresses[h.Name] = []string{fmt.Sprintf("10.0.0.%d", i+1)}
			}
			return w
		}(), outcomes{"resolved", "direct", "because network.hosts", "portal"}, "network.hosts", ""},
		{"hotel without TLS", failing(at(hotel(each), "169.254.1.1"), refused, urls(secure)...),
			outcomes{"resolved", "direct", "because network.hosts", "portal"}, "network.hosts", "portal=169.254.1.1"},
		// The servers themselves, behind one address or by an inner network.
		{"one address, genuine", at(online(t), "203.0.113.9"), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},
		{"inner address, genuine", at(online(t), "10.1.1.1"), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},
		{"inner address, closed", failing(at(online(t), "10.1.1.1"), refused, urls(every)...), outcomes{"resolved", "direct", "unseen", "none"}, "network.hosts", ""},
		{"timestamps of an unknown authority", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if secure(u) {
				c.Certificates, c.Untrusted = [][]byte{leaf(t, "Pare-feu du cabinet", true)}, x509.UnknownAuthorityError{}
			}
		}), outcomes{"resolved", "direct", "intercepted", "because network.tls"}, "network.tls", "issuer=Pare-feu du cabinet"},
		{"511", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			if u == igc {
				c.Status = 511
			}
		}), outcomes{"resolved", "direct", "because network.hosts", "portal"}, "network.hosts", ""},
		{"to https, and elsewhere at ANS", contactsChanged(online(t), func(u string, c *diagnostic.Contact) {
			c.Status, c.Location = 301, "https://esante.gouv.fr/x"
			if u == igc {
				c.Location = "https://igc-sante.esante.gouv.fr/"
			}
		}), outcomes{"resolved", "direct", "genuine", "reached"}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			codes := []diagnostic.Code{"network.names", "network.proxy", "network.tls", "network.hosts"}
			d, err := diagnostic.Run(t.Context(), test.w, diagnostic.Options{Only: codes, Network: true})
			if err != nil {
				t.Fatal(err)
			}
			var got outcomes
			for i, code := range codes {
				f, _ := d.Finding(code)
				if got[i] = f.Outcome; f.Because != "" {
					got[i] += " " + string(f.Because)
				}
				if root, ok := d.Root(); ok && code == root.Code {
					f = diagnose(t, test.w, code, diagnostic.Options{Network: true})
					if test.fact != "" {
						holds(t, f, test.fact)
					}
				}
			}
			if got != test.want {
				t.Errorf("%v\nwant %v", got, test.want)
			}
			if root, _ := d.Root(); root.Code != test.first {
				t.Errorf("first: %s, want %s", root.Code, test.first)
			}
		})
	}
}

// Nobody is asked without leave, and each server once with it.
func TestNetworkIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := online(t)
	only := []diagnostic.Code{"network.names", "network.proxy", "network.tls", "network.hosts"}
	d, err := diagnostic.Run(t.Context(), w, diagnostic.Options{Only: only})
	if err != nil || len(w.Asked()) != 0 {
		t.Errorf("asked %v, %v", w.Asked(), err)
	}
	for _, f := range d.Findings {
		if slices.Contains(only, f.Code) && f.Outcome != diagnostic.OutcomeUnasked {
			t.Errorf("%s: %s", f.Code, f.Outcome)
		}
	}
	if _, err := diagnostic.Run(t.Context(), w, diagnostic.Options{Only: only, Network: true}); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, a := range w.Asked() {
		count[a]++
	}
	for _, h := range hosts.All() {
		if n := count["contact "+h.URL]; n != 1 {
			t.Errorf("%s was contacted %d times", h.URL, n)
		}
	}
}

// Servers that never answer cost their own limit only.
func TestNetworkThatHangs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, code, want string
	}{
		{"Contact", "network.hosts", "none"},
		{"Resolve", "network.names", "none"},
		{"Proxy", "network.proxy", "unseen"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := online(t)
			w.Hangs[test.method] = true
			began := time.Now()
			f := diagnose(t, w, diagnostic.Code(test.code), diagnostic.Options{Network: true})
			if f.Outcome != test.want || time.Since(began) > 15*time.Second {
				t.Errorf("%s: %s after %v", test.method, f.Outcome, time.Since(began))
			}
		})
	}
}

// A support desk is asked to let through what is needed, and no more.
func TestOnlyNeededServersAreAskedFor(t *testing.T) {
	t.Parallel()
	w := failing(online(t), context.DeadlineExceeded, wallet, gateway, "https://portal.api.esante.gouv.fr", "https://status.esante.gouv.fr")
	f := diagnose(t, w, "network.hosts", diagnostic.Options{Network: true})
	var asked []string
	for _, fact := range f.Facts {
		if fact.Key == "server" {
			asked = append(asked, fact.Value)
		}
	}
	if !slices.Equal(asked, []string{"wallet.esw.esante.gouv.fr"}) {
		t.Errorf("asked for %v", asked)
	}
	french, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	words := wording.Finding(french, f, "linux")
	if steps := strings.Join(words.Steps, " "); !strings.Contains(steps, "autoriser : wallet.esw.esante.gouv.fr.") {
		t.Errorf("steps: %s", steps)
	}
	if !slices.ContainsFunc(words.Evidence, func(e wording.Evidence) bool { return e.Key == "trouble" && e.Value == "pas de réponse à temps" }) {
		t.Errorf("evidence: %v", words.Evidence)
	}
}

// Every word that a cause or a trouble may be has its sentence.
func TestCausesAreSaid(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		said := sentences(t, tag)
		for _, word := range []string{
			"cause.absent", "cause.denied", "cause.incomplete", "cause.no-card", "cause.no-certificate", "cause.no-home", "cause.proxy-address",
			"cause.roots-unseen", "cause.start-unknown", "cause.timeout", "cause.unreadable", "cause.unsupported",
			"trouble.no-answer", "trouble.no-name-server", "trouble.no-such-name", "trouble.not-connected", "trouble.proxy-refused", "trouble.unavailable",
		} {
			if said["fact."+word] == "" {
				t.Errorf("%s: fact.%s is not said", tag, word)
			}
		}
		for key, text := range said {
			if strings.HasPrefix(key, "check.network.") || strings.HasPrefix(key, "check.firefox.") || strings.HasPrefix(key, "check.certificates.") || strings.HasPrefix(key, "check.roots.") {
				if slices.Contains(fields(text), "reason") {
					t.Errorf("%s: %s holds an error in the words of a program", tag, key)
				}
			}
		}
	}
}
