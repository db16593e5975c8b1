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

// resolved is one server and its addresses.
type resolved struct {
	hosts.Host
	addresses []string
	err       error
}

// resolved asks for the names of all servers at once, one time for all checks.
func (s *Session) resolved(ctx context.Context) ([]resolved, error) {
	return s.names.get(ctx, s.run, nameLimit+time.Second, func(ctx context.Context) ([]resolved, error) {
		all := make([]resolved, len(hosts.All()))
		var asking sync.WaitGroup
		for i, h := range hosts.All() {
			asking.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, nameLimit)
				defer cancel()
				addresses, err := s.Resolve(ctx, h.Name)
				all[i] = resolved{h, addresses, err}
			})
		}
		asking.Wait()
		return all, nil
	})
}

func resolveHosts(ctx context.Context, s *Session) Result {
	all, err := s.resolved(ctx)
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	proxy, _ := s.proxyFor(ctx, all[0].URL)
	var facts []Fact
	failed, matters := 0, false
	for _, r := range all {
		if r.err == nil {
			continue
		}
		failed++
		facts = append(facts, public("unresolved", r.Name), public("trouble", nameTrouble(r.err)))
		if r.Need != hosts.Optional {
			matters = true
			facts = append(facts, public("server", r.Name))
		}
	}
	unsupported := func(r resolved) bool { return errors.Is(r.err, errors.ErrUnsupported) }
	switch {
	case failed == 0 || failed < len(all) && !matters:
		return Result{Outcome: "resolved", Facts: facts}
	case proxy != "":
		return Result{Outcome: "by-proxy", Facts: facts}
	case slices.ContainsFunc(all, unsupported):
		return Result{Outcome: "unseen", Facts: unseen(all[slices.IndexFunc(all, unsupported)].err, local)}
	case failed == len(all):
		// One reason is enough: they all have it.
		return Result{Outcome: "none", Facts: []Fact{public("trouble", nameTrouble(all[0].err))}}
	}
	return Result{Outcome: "some", Facts: facts}
}

// nameTrouble says in a word why a name was not resolved.
func nameTrouble(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no-such-name"
	case timedOut(err):
		return "no-answer"
	}
	return "no-name-server"
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errDeadline)
}

func lookAtProxy(ctx context.Context, s *Session) Result {
	if names, _ := s.Found("network.names"); names.Outcome == "none" {
		return Result{Because: "network.names"}
	}
	all, err := s.contacted(ctx)
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	asked, err := s.proxyFor(ctx, all[0].URL)
	if all[0].answer.Proxy == "" {
		all[0].answer.Proxy = asked // what was contacted may not have come as far
	}
	via := slices.DeleteFunc(all, func(c contacted) bool { return c.answer.Proxy == "" })
	switch {
	case len(via) == 0 && err != nil:
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	case len(via) == 0:
		return Result{Outcome: "direct"}
	}
	find := func(fits func(contacted) bool) (Fact, bool) {
		i := slices.IndexFunc(via, fits)
		return local("proxy", via[max(i, 0)].answer.Proxy), i >= 0
	}
	// A proxy may be set for one scheme alone, or another one for each.
	alive := func(proxy string) bool {
		return slices.ContainsFunc(via, func(c contacted) bool { return c.answer.Proxy == proxy && c.reachedProxy() })
	}
	if proxy, ok := find(contacted.asksForProxyPassword); ok {
		return Result{Outcome: "authentication", Facts: []Fact{proxy}}
	}
	if proxy, ok := find(func(c contacted) bool { return c.lacksProxy() && !alive(c.answer.Proxy) }); ok {
		return Result{Outcome: "unreachable", Facts: []Fact{proxy}}
	}
	secure := slices.DeleteFunc(slices.Clone(via), func(c contacted) bool { return !c.https() })
	if slices.ContainsFunc(secure, contacted.shook) || len(secure) == 0 && slices.ContainsFunc(via, contacted.reachedProxy) {
		proxy, _ := find(contacted.reachedProxy)
		return Result{Outcome: "works", Facts: []Fact{proxy}}
	}
	if len(secure) > 0 {
		via = secure
	}
	proxy, _ := find(func(contacted) bool { return true })
	return Result{Outcome: "refuses", Facts: append([]Fact{proxy}, via[0].troubleFacts()...)}
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
	all, err := s.contacts.get(ctx, s.run, contactsLimit, func(ctx context.Context) ([]contacted, error) {
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
	return slices.Clone(all), err
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

// reachedProxy: the proxy answered, or let the server answer.
func (c contacted) reachedProxy() bool { return c.err == nil || c.shook() }

// lacksProxy: the proxy itself was not reached.
func (c contacted) lacksProxy() bool {
	var op *net.OpError
	return errors.As(c.err, &op) && op.Op == "proxyconnect"
}
