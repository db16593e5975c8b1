package pkcs11

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestCodeName(t *testing.T) {
	for _, c := range []struct {
		family Family
		code   uint64
		want   string
	}{
		{Other, 0, "CKR_OK"}, {Other, 0xA0, "CKR_PIN_INCORRECT"}, {OpenSC, 0xE0, "CKR_TOKEN_NOT_PRESENT"},
		{Other, 0x200, "CKR_FUNCTION_REJECTED"}, {Cryptolib, 0x80000001, "CKR_ASIP_BAD_EF_ACTUA"},
		{Other, 0x80000001, "CKR_VENDOR_DEFINED+0x1"}, {Cryptolib, 0x80000000, "CKR_VENDOR_DEFINED+0x0"},
		{Other, 0x999, "CKR_0x999"}, {Other, 1 << 40, "CKR_0x10000000000"},
	} {
		if got := CodeName(c.family, c.code); got != c.want {
			t.Errorf("%s %#x: %s, want %s", c.family, c.code, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	short := Limits{Call: 1, Initialize: 2, Login: 3, Whole: 4}
	for call, want := range map[string][2]time.Duration{
		"C_GetInfo": {10 * time.Second, 1}, "load": {10 * time.Second, 1}, "C_Initialize": {20 * time.Second, 2},
		"C_Login": {20 * time.Second, 3}, "C_Sign": {20 * time.Second, 3}, "": {10 * time.Second, 10 * time.Second},
	} {
		if (Limits{}).of(call) != want[0] || short.of(call) != want[1] {
			t.Errorf("%q: %v, %v", call, (Limits{}).of(call), short.of(call))
		}
	}
	if (Limits{}).whole() != time.Minute || short.whole() != 4 {
		t.Errorf("%v, %v", (Limits{}).whole(), short.whole())
	}
}

func TestReadLine(t *testing.T) {
	r := bufio.NewReaderSize(strings.NewReader("one\n"+strings.Repeat("x", 5000)+"\nlast"), 16)
	for _, want := range []string{"one\n", strings.Repeat("x", 5000) + "\n"} {
		if line, err := readLine(r); err != nil || string(line) != want {
			t.Errorf("%q, %v", line, err)
		}
	}
	if line, err := readLine(r); err != io.EOF || string(line) != "last" {
		t.Errorf("%q, %v", line, err)
	}
	endless := bufio.NewReader(io.LimitReader(zeros{}, 2*maxLine))
	if _, err := readLine(endless); !errors.Is(err, errGarbage) {
		t.Errorf("a line without end: %v", err)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTail(t *testing.T) {
	var kept tail
	for range 5000 {
		_, _ = kept.Write([]byte("some words\n")) // a tail cannot fail
	}
	_, _ = kept.Write([]byte("the end\xff\n"))
	if text := kept.text(); !strings.HasSuffix(text, "the end\uFFFD") || len(text) > maxStderr+2 {
		t.Errorf("%d bytes: %q", len(text), text[max(0, len(text)-40):])
	}
}
