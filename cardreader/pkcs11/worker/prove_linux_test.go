//go:build cgo

package worker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/pkcs11"
)

// attempt proves on the module of ill will, and says how often it saw a code.
func attempt(t *testing.T, path, code string, lastTry bool, variables ...string) (p pkcs11.Proof, logins int, err error) {
	t.Helper()
	seen := filepath.Join(t.TempDir(), "logins")
	secret := []byte(code)
	p, err = pkcs11.Prove(context.Background(), with(append(variables, "VICE_LOGINS="+seen)...), pkcs11.ProveRequest{
		Module: pkcs11.Module{Path: path}, Code: secret, AllowLastTry: lastTry,
		Limits: pkcs11.Limits{Call: time.Second, Initialize: time.Second, Login: time.Second},
	})
	if strings.Trim(string(secret), "\x00") != "" {
		t.Errorf("the code is not wiped: %q", secret)
	}
	if err != nil && strings.Contains(err.Error(), code) {
		t.Errorf("the code is in the error: %v", err)
	}
	raw, readErr := os.ReadFile(seen)
	if readErr == nil {
		if string(raw) != strings.Repeat(code+"\n", strings.Count(string(raw), "\n")) {
			t.Errorf("the module saw %q", raw)
		}
		logins = strings.Count(string(raw), "\n")
	}
	if p.Presented != (logins > 0) {
		t.Errorf("presented: %v, but the module saw %d", p.Presented, logins)
	}
	return p, logins, err
}

// TestRefusals: nothing is presented, whatever the code.
func TestRefusals(t *testing.T) {
	path := build(t)
	for _, c := range []struct {
		flags, code string
		lastTry     bool
		want        pkcs11.LoginOutcome
		logins      int
	}{
		{"4040C", "1928", false, pkcs11.LoginBlocked, 0},
		{"4040C", "1928", true, pkcs11.LoginBlocked, 0},
		{"3040C", "1928", false, pkcs11.LoginLastTry, 0},
		{"3040C", "1928", true, pkcs11.LoginOK, 1},
		{"1040C", "1928", false, pkcs11.LoginOK, 1},
		{"40C", "192", true, pkcs11.LoginWrongLength, 0},
		{"40C", "192837465", true, pkcs11.LoginWrongLength, 0},
		{"40C", strings.Repeat("192837", 20), true, pkcs11.LoginWrongLength, 0},
		{"40C", "19283746", true, pkcs11.LoginOK, 1},
		{"408", "1928", true, pkcs11.LoginNoCode, 0},
	} {
		p, logins, err := attempt(t, path, c.code, c.lastTry, "VICE_FLAGS="+c.flags)
		if err != nil || p.Login != c.want || logins != c.logins {
			t.Errorf("flags %s, %d digits, last try %v: %s, %d logins, %v", c.flags, len(c.code), c.lastTry, p.Login, logins, err)
		}
	}
	p, _, err := attempt(t, path, "1928", false, "VICE=empty")
	if !errors.Is(err, pkcs11.ErrNoToken) || p.Presented {
		t.Errorf("no token: %v, %+v", err, p)
	}
	if p, err := pkcs11.Prove(context.Background(), with(), pkcs11.ProveRequest{Module: pkcs11.Module{Path: path}}); err != nil || p.Login != pkcs11.LoginWrongLength {
		t.Errorf("no code: %v, %+v", err, p)
	}
}

// TestOutcomes: the answer of C_Login, taken once.
func TestOutcomes(t *testing.T) {
	path := build(t)
	for code, want := range map[string]pkcs11.LoginOutcome{
		"A0": pkcs11.LoginWrongCode, "A4": pkcs11.LoginBlocked, "A2": pkcs11.LoginWrongLength, "A1": pkcs11.LoginWrongLength,
		"32": pkcs11.LoginCardRemoved, "B3": pkcs11.LoginCardRemoved, "E0": pkcs11.LoginCardRemoved,
		"5": pkcs11.LoginOther, "30": pkcs11.LoginOther, "100": pkcs11.LoginOther, "80000002": pkcs11.LoginOther,
	} {
		p, logins, err := attempt(t, path, "1928", false, "VICE_LOGIN="+code)
		if err != nil || p.Login != want || logins != 1 || len(p.Keys) != 0 || !strings.HasPrefix(p.LoginCode, "CKR_") {
			t.Errorf("%s: %s %s, %d logins, %v", code, p.Login, p.LoginCode, logins, err)
		}
		if p.CardRemoved() != (want == pkcs11.LoginCardRemoved) {
			t.Errorf("%s: removed %v", code, p.CardRemoved())
		}
	}
}

// TestProveVices: a module that goes wrong before, in and after C_Login sees
// the code at most once, and what it says of it goes nowhere.
func TestProveVices(t *testing.T) {
	path := build(t)
	for _, c := range []struct {
		vice, at string
		status   pkcs11.Status // "" when the proof comes through
		logins   int
		login    pkcs11.LoginOutcome
	}{
		{"crash", "C_OpenSession", pkcs11.Crashed, 0, pkcs11.LoginUnknown},
		{"error", "C_OpenSession", pkcs11.Failed, 0, pkcs11.LoginUnknown},
		{"error", "C_FindObjectsInit", pkcs11.Failed, 0, pkcs11.LoginUnknown},
		{"crash", "C_Login", pkcs11.Crashed, 1, pkcs11.LoginUnknown},
		{"exit", "C_Login", pkcs11.Crashed, 1, pkcs11.LoginUnknown},
		{"hang", "C_Login", pkcs11.TimedOut, 1, pkcs11.LoginUnknown},
		{"talk-crash", "C_Login", pkcs11.Crashed, 1, pkcs11.LoginUnknown},
		{"crash", "C_SignInit", pkcs11.Crashed, 1, pkcs11.LoginOK},
		{"hang", "C_Sign", pkcs11.TimedOut, 1, pkcs11.LoginOK},
		{"crash", "C_Logout", pkcs11.Crashed, 1, pkcs11.LoginOK},
		{"hang", "C_Finalize", pkcs11.TimedOut, 1, pkcs11.LoginOK},
		{"error", "C_GetMechanismList", "", 1, pkcs11.LoginOK},
		{"error", "C_Sign", "", 1, pkcs11.LoginOK},
		{"sign-grows", "C_Sign", "", 1, pkcs11.LoginOK},
		{"removed", "C_SignInit", "", 1, pkcs11.LoginOK},
		{"removed", "C_Logout", "", 1, pkcs11.LoginOK},
		{"error", "C_CloseSession", "", 1, pkcs11.LoginOK},
		{"", "", "", 1, pkcs11.LoginOK},
	} {
		p, logins, err := attempt(t, path, "1928", false, "VICE="+c.vice, "VICE_AT="+c.at)
		var module *pkcs11.ModuleError
		if errors.As(err, &module) != (c.status != "") || module != nil && (module.Status != c.status || module.Call != c.at || !errors.Is(err, pkcs11.ErrModule)) {
			t.Errorf("%s in %s: %v", c.vice, c.at, err)
		}
		if logins != c.logins || p.Login != c.login || p.OK() {
			t.Errorf("%s in %s: %d logins, %s, proved %v", c.vice, c.at, logins, p.Login, p.OK())
		}
		if p.CardRemoved() != (c.vice == "removed") {
			t.Errorf("%s in %s: removed %v", c.vice, c.at, p.CardRemoved())
		}
		if err == nil && (len(p.Keys) != 1 || p.Keys[0].Failure == nil && p.Keys[0].Problem == "") {
			t.Errorf("%s in %s: %+v", c.vice, c.at, p.Keys)
		}
	}
	noChildren(t)
}
