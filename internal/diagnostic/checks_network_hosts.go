package diagnostic

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
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
		return Result{Outcome: "unseen", Facts: []Fact{local("reason", err.Error())}}
	}
	if _, portal := portalOf(all); portal {
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
		case sh.logged() && !errors.As(c.answer.Untrusted, &other):
			distrusted = append(distrusted, sh)
		default:
			foreign = append(foreign, sh)
		}
	}
	switch {
	case len(seen) == 0:
		return Result{Outcome: "unseen", Facts: []Fact{public("reason", "no certificate was shown")}}
	case len(foreign)+len(distrusted) > 0 && s.Failed("system.clock"):
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
		return Result{Outcome: "unseen", Facts: []Fact{local("reason", err.Error())}}
	}
	if where, portal := portalOf(all); portal {
		return Result{Outcome: "portal", Facts: []Fact{local("portal", where)}}
	}
	var facts []Fact
	worst, missed := hosts.Need(""), 0
	for _, c := range all {
		why := c.trouble()
		var dns *net.DNSError
		switch {
		case why == "":
			continue
		case errors.As(c.err, &dns) && s.wrong("network.names"):
			continue // said there
		}
		missed++
		facts = append(facts, public("unreached", c.Name+": "+why))
		if c.Need == hosts.Needed || worst == "" || c.Need == hosts.Useful && worst == hosts.Optional {
			worst = c.Need
		}
	}
	switch {
	case missed == len(all):
		return Result{Outcome: "none", Facts: facts}
	case worst == hosts.Needed:
		return Result{Outcome: "sign-in", Facts: facts}
	case worst == hosts.Useful:
		return Result{Outcome: "some", Facts: facts}
	}
	return Result{Outcome: "reached", Facts: facts}
}

// trouble says in short why a server was not reached, "" when it was. An
// answer that refuses is an answer.
func (c contacted) trouble() string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case c.https() && c.shook() && c.err != nil:
		return ""
	case c.https() && !c.shook() && c.err == nil:
		return fmt.Sprintf("refused by the proxy: HTTP %d", c.answer.Status)
	case c.err == nil && (c.answer.Status == http.StatusBadGateway || c.answer.Status == http.StatusServiceUnavailable || c.answer.Status == http.StatusGatewayTimeout):
		return fmt.Sprintf("HTTP %d", c.answer.Status)
	case c.err == nil:
		return ""
	case errors.As(c.err, &dns):
		return nameTrouble(c.err)
	case errors.As(c.err, &timeout) && timeout.Timeout(), errors.Is(c.err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "not connected"
}

// portalOf finds a captive portal: a page of the network that stands before
// the internet until the person has signed in. It answers in the place of a
// server without TLS, with 511 (RFC 6585 §6) or by leading elsewhere.
func portalOf(all []contacted) (where string, found bool) {
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
	return "", false
}

func ofANS(host string) bool {
	host = "." + strings.ToLower(host)
	return strings.HasSuffix(host, ".esante.gouv.fr") || strings.HasSuffix(host, ".sante.fr")
}
