package diagnostic

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"postecpx/assets/hosts"
	"postecpx/cardreader/igcsante"
)

// lookForInterception looks at who issued the certificates that the servers
// showed. Where something between reads the exchange, a card cannot be used:
// the server asks the card's certificate of the one in between.
func lookForInterception(ctx context.Context, s *Session) Result {
	for _, cause := range []Code{"network.names", "network.proxy"} {
		if f, _ := s.Found(cause); f.Outcome != "some" && s.wrong(cause) {
			return Result{Because: cause}
		}
	}
	all, err := s.contacted(ctx)
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	if _, portal := s.portal(ctx, all); portal {
		return Result{Because: "network.hosts"}
	}
	var foreign, distrusted, without, seen []shown
	for _, c := range all {
		sh, ok := chainOf(c)
		if !ok || sh.ofIGCSante(s) {
			continue
		}
		seen = append(seen, sh)
		var other x509.HostnameError
		switch {
		case c.answer.Untrusted == nil && sh.logged():
		case c.answer.Untrusted == nil:
			without = append(without, sh)
		case sh.ofPublicAuthority() && !errors.As(c.answer.Untrusted, &other):
			distrusted = append(distrusted, sh)
		default:
			foreign = append(foreign, sh)
		}
	}
	switch {
	case len(seen) == 0 && slices.ContainsFunc(all, contacted.misdirected):
		return Result{Outcome: "unseen", Facts: []Fact{public("cause", "proxy-address")}}
	case len(seen) == 0:
		return Result{Outcome: "unseen", Facts: []Fact{public("cause", "no-certificate")}}
	case len(foreign)+len(distrusted) > 0 && clockDoubtful(s):
		return Result{Because: "system.clock"}
	case len(foreign) > 0:
		return Result{Outcome: "intercepted", Facts: interceptionFacts(foreign)}
	case len(without) == len(seen):
		return Result{Outcome: "inspected", Facts: interceptionFacts(without)}
	}
	if len(distrusted) > 0 {
		return Result{Outcome: "distrusted", Facts: interceptionFacts(distrusted)}
	}
	return Result{Outcome: "genuine"}
}

// shown is the certificate that a server showed.
type shown struct {
	contacted
	leaf *x509.Certificate
}

func chainOf(c contacted) (shown, bool) {
	if !c.shook() {
		return shown{}, false
	}
	leaf, err := x509.ParseCertificate(c.answer.Certificates[0])
	return shown{c, leaf}, err == nil
}

// ofIGCSante tells whether an authority of IGC-Santé issued the certificate:
// by the signature when that authority came along, else by its name. It is not
// trusted where the roots are not installed, which roots.installed says.
func (c shown) ofIGCSante(s *Session) bool {
	pool := igcsante.NewPool(c.Name, c.answer.Certificates[1:]...)
	switch e := igcsante.Examine(c.leaf.Raw, pool, s.Now()); e.Verdict {
	case igcsante.ChainedToIGCSante:
		return true
	case igcsante.IssuerMissing:
		// Only a server that is said to have one: a name can be lent.
		return c.Issuer != hosts.Public
	}
	return false
}

// oidSCT is the list of signed certificate timestamps in a certificate (RFC
// 6962 §3.3). Browsers ask it of every public authority; one that is made on
// the spot by an antivirus or a firewall is in no log.
var oidSCT = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

func (c shown) logged() bool {
	for _, e := range c.leaf.Extensions {
		if e.Id.Equal(oidSCT) {
			return true
		}
	}
	return false
}

// publicAuthorities are the organisations whose authorities issue the
// certificates of most servers in France, as the common store of authorities
// (ccadb.org) has their names.
var publicAuthorities = []string{
	"Actalis", "Amazon", "Atos", "Buypass", "CertEurope", "Certigna", "Certinomis", "Certum", "Asseco", "Cloudflare", "COMODO", "DigiCert",
	"Dhimyotis", "D-Trust", "Entrust", "GEANT", "GlobalSign", "GoDaddy", "Google Trust Services", "HARICA", "Hellenic Academic", "IdenTrust",
	"Internet Security Research Group", "ISRG", "Let's Encrypt", "Microsoft", "QuoVadis", "Sectigo", "SSL Corp", "SwissSign",
	"Telekom Security", "Thawte", "Trustwave", "TERENA", "USERTRUST", "ZeroSSL",
}

// ofPublicAuthority tells whether a chain that is not trusted looks like one of
// the public authorities, so that it is the workstation that lacks them. The
// timestamps are not enough: in a chain that is not trusted, anybody may have
// written them.
func (c shown) ofPublicAuthority() bool {
	issuer := strings.ToLower(strings.Join(append(slices.Clone(c.leaf.Issuer.Organization), c.leaf.Issuer.CommonName), " "))
	return c.logged() && slices.ContainsFunc(publicAuthorities, func(name string) bool { return strings.Contains(issuer, strings.ToLower(name)) })
}

// interceptionFacts name who issued the certificates, each once.
func interceptionFacts(of []shown) []Fact {
	var facts []Fact
	for _, c := range of {
		issuer := c.leaf.Issuer.CommonName
		if issuer == "" {
			issuer, _ = igcsante.DN(c.leaf.RawIssuer)
		}
		if f := local("issuer", issuer); !slices.Contains(facts, f) {
			facts = append(facts, f)
		}
	}
	for _, c := range of {
		facts = append(facts, public("server", c.Name))
	}
	if err := of[0].answer.Untrusted; err != nil {
		facts = append(facts, local("reason", err.Error()))
	}
	return facts
}

func reachHosts(ctx context.Context, s *Session) Result {
	for _, cause := range []Code{"network.names", "network.proxy"} {
		if f, _ := s.Found(cause); f.Outcome != "some" && s.wrong(cause) {
			return Result{Because: cause}
		}
	}
	if tls, _ := s.Found("network.tls"); tls.Outcome == "intercepted" {
		return Result{Because: "network.tls"} // what answers is not them
	}
	all, err := s.contacted(ctx)
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	if where, portal := s.portal(ctx, all); portal {
		return Result{Outcome: "portal", Facts: []Fact{local("portal", where)}}
	}
	if slices.ContainsFunc(all, contacted.misdirected) {
		return Result{Outcome: "unseen", Facts: []Fact{public("cause", "proxy-address")}}
	}
	var facts []Fact
	worst, missed := hosts.Need(""), 0
	servers := map[hosts.Need][]Fact{}
	for _, c := range all {
		var dns *net.DNSError
		switch {
		case c.trouble() == "":
			continue
		case errors.As(c.err, &dns) && s.wrong("network.names"):
			continue // said there
		}
		missed++
		facts = append(append(facts, public("unreached", c.Name)), c.troubleFacts()...)
		servers[c.Need] = append(servers[c.Need], public("server", c.Name))
		if c.Need == hosts.Needed || worst == "" || c.Need == hosts.Useful && worst == hosts.Optional {
			worst = c.Need
		}
	}
	// What a support desk is asked to let through is what is missed most.
	switch {
	case missed == len(all):
		return Result{Outcome: "none", Facts: facts}
	case worst == hosts.Needed:
		return Result{Outcome: "sign-in", Facts: append(facts, servers[worst]...)}
	case worst == hosts.Useful:
		return Result{Outcome: "some", Facts: append(facts, servers[worst]...)}
	}
	return Result{Outcome: "reached", Facts: facts}
}

// trouble says in a word why a server was not reached, "" when it was. An
// answer that refuses is an answer.
func (c contacted) trouble() string {
	var dns *net.DNSError
	switch {
	case errors.As(c.err, &dns):
		return nameTrouble(c.err)
	case timedOut(c.err):
		return "no-answer" // also of a server that stops after its certificate
	case c.https() && c.shook() && c.err != nil:
		return ""
	case c.https() && !c.shook() && c.err == nil:
		return "proxy-refused"
	case c.err == nil && (c.answer.Status == http.StatusBadGateway || c.answer.Status == http.StatusServiceUnavailable || c.answer.Status == http.StatusGatewayTimeout):
		return "unavailable"
	case c.err == nil:
		return ""
	}
	return "not-connected"
}

// troubleFacts are why a server was not reached, and what it answered.
func (c contacted) troubleFacts() []Fact {
	facts := []Fact{public("trouble", c.trouble())}
	if c.answer.Status != 0 {
		facts = append(facts, public("httpStatus", strconv.Itoa(c.answer.Status)))
	}
	return facts
}

// misdirected: nobody was asked, for the proxy that is set has no address.
func (c contacted) misdirected() bool { return errors.Is(c.err, ErrProxyAddress) }

// portal finds a captive portal: a page of the network that stands before the
// internet until the person has signed in. It answers in the place of every
// server: without TLS with 511 (RFC 6585 §6) or by leading elsewhere; with a
// page of its own, at an address of its own network that all names have, or
// with one certificate for all.
func (s *Session) portal(ctx context.Context, all []contacted) (where string, found bool) {
	for _, c := range all {
		if c.err != nil || c.https() || !c.overHTTP() {
			continue
		}
		if c.answer.Status == http.StatusNetworkAuthenticationRequired {
			return c.Name, true
		}
		to, err := url.Parse(c.answer.Location)
		if err != nil || to.Hostname() == "" || c.answer.Status < 300 || c.answer.Status > 399 {
			continue
		}
		if !ofANS(to.Hostname()) {
			return to.Hostname(), true
		}
	}
	answered := false
	for _, c := range all {
		sh, showed := chainOf(c)
		switch {
		case c.answer.Proxy != "":
			return "", false // which asks for the names itself
		case showed && (c.answer.Untrusted == nil || sh.ofIGCSante(s) || sh.ofPublicAuthority() && sh.leaf.VerifyHostname(c.Name) == nil):
			return "", false // a server itself
		}
		answered = answered || showed || c.overHTTP() && c.err == nil
	}
	if !answered {
		return "", false
	}
	if name, ok := oneCertificate(all); ok {
		return name, true
	}
	names, err := s.resolved(ctx)
	if err != nil {
		return "", false
	}
	return ownAddress(names)
}

// oneCertificate tells whether all servers showed the same certificate, which
// is for none of them. What only reads along makes one for each.
func oneCertificate(all []contacted) (name string, found bool) {
	var one *x509.Certificate
	count := 0
	for _, c := range all {
		sh, ok := chainOf(c)
		switch {
		case !ok:
			continue
		case one != nil && !one.Equal(sh.leaf), sh.leaf.VerifyHostname(c.Name) == nil:
			return "", false
		}
		one = sh.leaf
		count++
	}
	if count < 2 {
		return "", false
	}
	if len(one.DNSNames) > 0 {
		return one.DNSNames[0], true
	}
	return one.Subject.CommonName, true
}

// ownAddress tells whether all names have one address, or addresses that no
// server of the internet has.
func ownAddress(names []resolved) (address string, found bool) {
	count := map[string]bool{}
	asked, outside := 0, 0
	for _, r := range names {
		if r.err != nil || len(r.addresses) == 0 {
			continue
		}
		asked++
		for _, a := range r.addresses {
			count[a] = true
			if ip, err := netip.ParseAddr(a); err != nil || !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified() {
				outside++
			}
			address = a
		}
	}
	return address, asked > 1 && (len(count) == 1 || outside == 0)
}

func ofANS(host string) bool {
	host = "." + strings.ToLower(host)
	return strings.HasSuffix(host, ".esante.gouv.fr") || strings.HasSuffix(host, ".sante.fr")
}
