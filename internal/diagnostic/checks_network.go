package diagnostic

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"postecpx/assets/hosts"
)

// A closed network gives one line: names comes before proxy, proxy before tls
// and hosts, and each is skipped because of the one before. All are warnings:
// the card itself works without a network.
var networkChecks = []Check{
	{
		Code: "network.names", Group: GroupNetwork, Network: true, Deadline: networkDeadline,
		Outcomes: map[string]Outcome{
			"resolved": ok(),
			"some":     warning("status"),
			"none":     warning(),
			// It is for the proxy to resolve them.
			"by-proxy": untold(),
			"unseen":   untold(),
		},
		Run: resolveHosts,
	},
	{
		Code: "network.proxy", Group: GroupNetwork, Network: true, Deadline: networkDeadline,
		After: []Code{"network.names"},
		Outcomes: map[string]Outcome{
			"direct":         ok(),
			"works":          ok(),
			"authentication": warning(),
			"unreachable":    warning(),
			"refuses":        warning(),
			"unseen":         untold(),
		},
		Run: lookAtProxy,
	},
	{
		Code: "network.tls", Group: GroupNetwork, Network: true, Deadline: networkDeadline,
		After: []Code{"system.clock", "network.names", "network.proxy"},
		Outcomes: map[string]Outcome{
			"genuine":     ok(),
			"intercepted": warning(),
			"inspected":   warning(),
			// The certificates are public, and the workstation does not know who
			// issued them.
			"distrusted": warning(),
			"unseen":     untold(),
		},
		Run: lookForInterception,
	},
	{
		Code: "network.hosts", Group: GroupNetwork, Network: true, Deadline: networkDeadline,
		After: []Code{"network.names", "network.proxy", "network.tls"},
		Outcomes: map[string]Outcome{
			"reached": ok(),
			"sign-in": warning("status", "assistance"),
			"some":    warning("status"),
			"none":    warning(),
			"portal":  warning(),
			"unseen":  untold(),
		},
		Run: reachHosts,
	},
}

// Limits of the network. Names, proxy and contacts follow each other within
// the deadline.
const (
	networkDeadline = 20 * time.Second
	nameLimit       = 5 * time.Second
	proxyLimit      = 3 * time.Second
	contactLimit    = 5 * time.Second
	contactsLimit   = 6 * time.Second
)

// wrong tells whether a check found something to solve, or was kept from
// looking by one that did.
func (s *Session) wrong(code Code) bool {
	f, ok := s.Found(code)
	return ok && (f.Status == Warning || f.stops())
}

func resolveHosts(ctx context.Context, s *Session) Result {
	all := hosts.All()
	errs := make([]error, len(all))
	var asking sync.WaitGroup
	for i, h := range all {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, nameLimit)
			defer cancel()
			_, errs[i] = s.Resolve(ctx, h.Name)
		})
	}
	proxy, _ := s.proxyFor(ctx, all[0].URL)
	asking.Wait()

	var facts []Fact
	failed, matters := 0, false
	for i, h := range all {
		if errs[i] == nil {
			continue
		}
		failed++
		matters = matters || h.Need != hosts.Optional
		facts = append(facts, public("unresolved", h.Name+": "+nameTrouble(errs[i])))
	}
	switch {
	case failed == 0 || failed < len(all) && !matters:
		return Result{Outcome: "resolved", Facts: facts}
	case proxy != "":
		return Result{Outcome: "by-proxy", Facts: facts}
	case slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errors.ErrUnsupported) }):
		return Result{Outcome: "unseen", Facts: []Fact{local("reason", errors.Join(errs...).Error())}}
	case failed == len(all):
		// One reason is enough: they all have it.
		return Result{Outcome: "none", Facts: []Fact{public("trouble", nameTrouble(errs[0]))}}
	}
	return Result{Outcome: "some", Facts: facts}
}

// nameTrouble says in short why a name was not resolved, without the address
// of the name server.
func nameTrouble(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.As(err, &dns) && dns.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "name server not reached"
}

func lookAtProxy(ctx context.Context, s *Session) Result {
	if names, _ := s.Found("network.names"); names.Outcome == "none" {
		return Result{Because: "network.names"}
	}
	all, err := s.contacted(ctx)
	if err != nil {
		return Result{Outcome: "unseen", Facts: []Fact{local("reason", err.Error())}}
	}
	proxy, err := s.proxyFor(ctx, all[0].URL)
	for _, c := range all {
		if proxy == "" {
			proxy = c.answer.Proxy
		}
	}
	switch {
	case proxy == "" && err != nil:
		return Result{Outcome: "unseen", Facts: []Fact{local("reason", err.Error())}}
	case proxy == "":
		return Result{Outcome: "direct"}
	}
	facts := []Fact{local("proxy", proxy)}
	through := func(fits func(contacted) bool) bool {
		return slices.ContainsFunc(all, func(c contacted) bool { return c.overHTTP() && fits(c) })
	}
	switch {
	case through(contacted.asksForProxyPassword):
		return Result{Outcome: "authentication", Facts: facts}
	case through(func(c contacted) bool { return c.https() && c.shook() }):
		return Result{Outcome: "works", Facts: facts}
	case through(contacted.lacksProxy):
		return Result{Outcome: "unreachable", Facts: facts}
	}
	for _, c := range all {
		if why := c.trouble(); c.https() && why != "" {
			facts = append(facts, public("trouble", why))
			break
		}
	}
	return Result{Outcome: "refuses", Facts: facts}
}

// proxyFor asks the system for its proxy: where it runs a script to choose one
// (PAC), that may take its time.
func (s *Session) proxyFor(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, proxyLimit)
	defer cancel()
	return s.Proxy(ctx, url)
}

// contacted is one server and what it answered.
type contacted struct {
	hosts.Host
	answer Contact
	err    error
}

// contacted asks all servers at once, one time for all checks.
func (s *Session) contacted(ctx context.Context) ([]contacted, error) {
	return s.contacts.get(ctx, s.run, contactsLimit, func(ctx context.Context) ([]contacted, error) {
		all := make([]contacted, len(hosts.All()))
		var asking sync.WaitGroup
		for i, h := range hosts.All() {
			asking.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, contactLimit)
				defer cancel()
				answer, err := s.Contact(ctx, h.URL)
				all[i] = contacted{h, answer, err}
			})
		}
		asking.Wait()
		return all, nil
	})
}

func (c contacted) https() bool    { return strings.HasPrefix(c.URL, "https:") }
func (c contacted) overHTTP() bool { return strings.HasPrefix(c.URL, "http") }

// shook: the server itself answered, with its certificate. It may have ended
// the exchange after, to ask for that of a card.
func (c contacted) shook() bool { return len(c.answer.Certificates) > 0 }

// asksForProxyPassword: the answer 407 (RFC 9110 §15.5.8).
func (c contacted) asksForProxyPassword() bool {
	return c.answer.Status == http.StatusProxyAuthRequired
}

// lacksProxy: the proxy itself was not reached.
func (c contacted) lacksProxy() bool {
	var op *net.OpError
	return errors.As(c.err, &op) && op.Op == "proxyconnect"
}
