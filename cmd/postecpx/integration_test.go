package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/igcsante"
	"postecpx/ui"
)

// authority issues certificates, and publishes the list of those it revoked.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	server      *httptest.Server
	list        []byte
	asked       int
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.asked++
		_, _ = w.Write(a.list)
	}))
	t.Cleanup(a.server.Close)
	a.key = newKey(t)
	a.certificate = issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AC EXEMPLE"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3, 4},
	}, nil, a.key, a.key)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func issue(t *testing.T, template, by *x509.Certificate, key, with *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if by == nil {
		by = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, with)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// of gives the certificate of that number as the place Intégration holds it.
func (a *authority) of(t *testing.T, number int64) ui.Certificate {
	t.Helper()
	c := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: "899700218896"},
		CRLDistributionPoints: []string{a.server.URL + "/list.crl"},
	}, a.certificate, newKey(t), a.key)
	return ui.Certificate{Examination: igcsante.Examine(c.Raw, igcsante.NewPool("test", a.certificate.Raw), time.Now())}
}

func (a *authority) revoke(t *testing.T, numbers ...int64) {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour)}
	for _, n := range numbers {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: big.NewInt(n), RevocationTime: time.Now().Add(-time.Minute), ReasonCode: 1,
		})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.certificate, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.list = der
}

// TestRevocation asks a server of its own: one certificate is on its list, one
// is not, and of one the server may not be asked.
func TestRevocation(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.revoke(t, 7)
	b := bench()
	b.revocation.Hosts = []string{strings.TrimPrefix(a.server.URL, "http://")}
	ask := func(ctx context.Context, all ...ui.Certificate) (got []igcsante.RevocationStatus, err error) {
		err = b.Revocation(ctx, all, func(at int, r igcsante.RevocationResult) {
			if at != len(got) {
				t.Errorf("answer %d comes in place of %d", at, len(got))
			}
			got = append(got, r.Status)
		})
		return got, err
	}
	got, err := ask(t.Context(), a.of(t, 6), a.of(t, 7), ui.Certificate{})
	if want := []igcsante.RevocationStatus{igcsante.Good, igcsante.Revoked, igcsante.NotChecked}; err != nil || len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("answers %v, %v, want %v", got, err, want)
	}
	if a.asked != 2 {
		t.Errorf("the server was asked %d times", a.asked)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := ask(ended, a.of(t, 6)); len(got) != 0 || err == nil || a.asked != 2 {
		t.Errorf("it goes on: %v, %v", got, err)
	}
	b.revocation.Hosts = nil
	if got, _ := ask(t.Context(), a.of(t, 6)); len(got) != 1 || got[0] != igcsante.NotChecked || a.asked != 2 {
		t.Errorf("a host that is not of ANS is asked: %v", got)
	}
}
