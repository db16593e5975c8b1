package worker

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"postecpx/cardreader/pkcs11"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"IAS ECC\x00\x00": "IAS ECC", "label   ": "label", " \x00 ": "", "é  ": "é", "\xe9t\xe9 ": "été", "a\x00b": "a\x00b",
	} {
		if got := fixed(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for n, want := range map[uint64]string{0: "CKM_RSA_PKCS_KEY_PAIR_GEN", 1: "CKM_RSA_PKCS", 0x40: "CKM_SHA256_RSA_PKCS", 0x250: "CKM_SHA256", 1 << 33: "CKM_0x200000000"} {
		if got := mechanismName(n); got != want {
			t.Errorf("%#x: %s, want %s", n, got, want)
		}
	}
	if className(3) != "private-key" || className(99) != "CKO_0x00000063" || keyTypeName(3) != "EC" || keyTypeName(99) != "CKK_0x00000063" {
		t.Error(className(3), className(99), keyTypeName(3), keyTypeName(99))
	}
	if got := flagNames(0x40404, tokenFlags); strings.Join(got, " ") != "CKF_LOGIN_REQUIRED CKF_TOKEN_INITIALIZED CKF_USER_PIN_LOCKED" {
		t.Error(got)
	}
}

func TestLoadStatus(t *testing.T) {
	const path = "/opt/lib/module.so"
	for message, want := range map[string]pkcs11.Status{
		"libx.so.1: cannot open shared object file: No such file or directory":                 pkcs11.MissingLibrary,
		path + ": cannot open shared object file: No such file or directory":                   pkcs11.Missing,
		path + ": cannot open shared object file: Permission denied":                           pkcs11.Unreadable,
		path + ": wrong ELF class: ELFCLASS32":                                                 pkcs11.WrongArchitecture,
		path + ": invalid ELF header":                                                          pkcs11.Unreadable,
		path + ": file too short":                                                              pkcs11.Unreadable,
		path + ": undefined symbol: x":                                                         pkcs11.Failed,
		"Error loading shared library libx.so.1: No such file or directory (needed by m)":      pkcs11.MissingLibrary,
		"dlopen(m, 1): Library not loaded: /usr/local/lib/libx.dylib":                          pkcs11.MissingLibrary,
		"dlopen(m, 1): tried: 'm' (mach-o file, but is an incompatible architecture (x86_64))": pkcs11.WrongArchitecture,
		"error 126: The specified module could not be found.":                                  pkcs11.MissingLibrary,
		"error 193: %1 is not a valid Win32 application.":                                      pkcs11.WrongArchitecture,
		"error 1114: A dynamic link library (DLL) initialization routine failed.":              pkcs11.Failed,
		"": pkcs11.Failed,
	} {
		if got := loadStatus(path, message); got != want {
			t.Errorf("%q: %s, want %s", message, got, want)
		}
	}
}

func TestReadRequest(t *testing.T) {
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "halves": iotest.HalfReader,
	} {
		request, code, err := readRequest(reader(strings.NewReader(`{"module":"/m","codeLength":4}` + "\n1928")))
		if err != nil || request.Module != "/m" || string(code) != "1928" {
			t.Errorf("%s: %+v %q %v", name, request, code, err)
		}
	}
	for _, bad := range []string{"", "{}", "x\n", `{"codeLength":4}` + "\n123", `{"codeLength":-1}` + "\n", `{"codeLength":65}` + "\n" + strings.Repeat("1", 65),
		strings.Repeat(" ", pkcs11.MaxRequest+1) + "{}\n"} {
		if _, code, err := readRequest(strings.NewReader(bad)); err == nil || code != nil {
			t.Errorf("%.20q: %q", bad, code)
		}
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte("{\"module\":\"/m\",\"codeLength\":4}\n1234"))
	f.Add([]byte("{\"codeLength\":64}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		request, code, err := readRequest(bytes.NewReader(raw))
		if err == nil && (len(code) != request.CodeLength || len(code) > pkcs11.MaxCode || !bytes.Contains(raw, code)) {
			t.Errorf("%d bytes of code, %d said", len(code), request.CodeLength)
		}
	})
}

// A parent that is gone gets no more lines.
func TestSendFails(t *testing.T) {
	p := &protocol{out: failing{}}
	p.send(pkcs11.WorkerLine{Call: "a"})
	if !errors.Is(p.err, io.ErrClosedPipe) {
		t.Errorf("%v", p.err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
