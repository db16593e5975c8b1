package diagnostic_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
	"postecpx/internal/language"
	"postecpx/internal/wording"
)

// leafOf makes a certificate of a server, of its own making or of an
// authority's.
func leafOf(t *testing.T, host string, from, to time.Time, own bool) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: from, NotAfter: to}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Authority"}}
	if own {
		issuer = leaf
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Whoever answers in the place of the servers of ANS does not make a right
// clock wrong.
func TestClockServers(t *testing.T) {
	t.Parallel()
	now := imagined.New("linux").Time
	const host = "annuaire.esante.gouv.fr"
	later := now.AddDate(2, 0, 0) // a clock on the way that is wrong, or the one that is right
	expired := x509.CertificateInvalidError{Reason: x509.Expired}
	there := leafOf(t, host, later.AddDate(0, -1, 0), later.AddDate(0, 1, 0), false)
	type contact = diagnostic.Contact
	trusted := func(date time.Time) contact {
		return contact{Status: 200, Date: date, Certificates: [][]byte{there}}
	}
	spoilt := func(leaf []byte) contact {
		return contact{Status: 200, Date: later, Certificates: [][]byte{leaf}, Untrusted: expired}
	}
	plain := func(status int, date time.Time, location, proxy string) contact {
		return contact{Status: status, Date: date, Location: location, Proxy: proxy}
	}
	for name, tt := range map[string]struct {
		sealed, open contact
		want         string
	}{
		"both agree that it is right":        {trusted(now), plain(200, now, "", ""), "compared"},
		"both agree that it is wrong":        {trusted(later), plain(302, later, "http://igc-sante.esante.gouv.fr/PC/", ""), "wrong"},
		"the servers disagree":               {trusted(now), plain(200, later, "", ""), "unanswered"},
		"a wrong clock spoils the chain":     {spoilt(there), plain(200, later, "", ""), "wrong"},
		"a wrong clock, and no other server": {spoilt(there), contact{}, "wrong"},

		"a date of the past":           {trusted(now.AddDate(-1, 0, 0)), plain(200, now.AddDate(-1, 0, 0), "", ""), "unanswered"},
		"a box without a clock":        {contact{}, plain(200, time.Unix(0, 0), "", ""), "unanswered"},
		"a portal leads elsewhere":     {contact{}, plain(302, later, "http://portal.hotel.example/login", ""), "unanswered"},
		"a portal answers for it":      {contact{}, plain(200, later, "", ""), "unanswered"},
		"a portal wants a sign-in":     {contact{}, plain(511, later, "", ""), "unanswered"},
		"a portal of a right clock":    {contact{}, plain(302, now, "http://portal.hotel.example/login", ""), "unanswered"},
		"a proxy wants a password":     {contact{Status: 407, Date: later, Proxy: "p:3128"}, plain(407, later, "", "p:3128"), "unanswered"},
		"a proxy finds no server":      {contact{Status: 502, Date: later, Proxy: "p:3128"}, plain(502, later, "", "p:3128"), "unanswered"},
		"a man in the middle":          {contact{Status: 200, Date: later, Certificates: [][]byte{there}, Untrusted: x509.UnknownAuthorityError{}}, contact{}, "unanswered"},
		"one who answers both":         {contact{Status: 200, Date: later, Certificates: [][]byte{there}, Untrusted: x509.UnknownAuthorityError{}}, plain(200, later, "", ""), "unanswered"},
		"not trusted for any reason":   {contact{Status: 200, Date: later, Certificates: [][]byte{there}, Untrusted: errors.New("no")}, contact{}, "unanswered"},
		"an old box of its own making": {spoilt(leafOf(t, host, later.AddDate(0, -1, 0), later.AddDate(0, 1, 0), true)), contact{}, "unanswered"},
		"an old box of another name":   {spoilt(leafOf(t, "box.example", later.AddDate(0, -1, 0), later.AddDate(0, 1, 0), false)), contact{}, "unanswered"},
		"an old certificate":           {spoilt(leafOf(t, host, now.AddDate(-9, 0, 0), now.AddDate(-8, 0, 0), false)), contact{}, "unanswered"},
		"a certificate that is none":   {spoilt([]byte{1}), contact{}, "unanswered"},
		"an address that is none":      {contact{}, plain(302, now, "http://[", ""), "unanswered"},
	} {
		w := imagined.New("linux")
		w.Contacts["https://"+host+"/"], w.Contacts["http://igc-sante.esante.gouv.fr/"] = tt.sealed, tt.open
		if f := diagnose(t, w, "system.clock", diagnostic.Options{Network: true}); f.Outcome != tt.want {
			t.Errorf("%s: %s (%v), want %s", name, f.Outcome, f.Facts, tt.want)
		}
	}
}

// The dates of the sentences are those of their language.
func TestClockSentences(t *testing.T) {
	t.Parallel()
	w := imagined.New("linux")
	w.Time = time.Date(2025, 10, 19, 8, 5, 0, 0, time.UTC)
	f := diagnose(t, w, "system.clock")
	for tag, want := range map[string]string{
		"fr": "L'ordinateur indique le 19/10/2025 : cette date est trop ancienne",
		"en": "The computer shows 2025-10-19: that date is too old",
	} {
		s, err := language.New(tag)
		if err != nil {
			t.Fatal(err)
		}
		if got := wording.Finding(s, f, "linux").Summary; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	s, err := language.New("fr")
	if err != nil {
		t.Fatal(err)
	}
	w.Time = time.Date(2026, 10, 9, 8, 5, 0, 0, time.UTC)
	if got, want := wording.Finding(s, diagnose(t, w, "system.clock"), "linux").Summary,
		"La date est vraisemblable, sans avoir été comparée à un serveur : le 09/10/2026 à 08 h 05"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
