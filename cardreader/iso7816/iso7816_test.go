package iso7816

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCommandCases(t *testing.T) {
	tests := []struct {
		name    string
		command Command
		want    string
	}{
		{"case 1", Command{CLA: 1, INS: InsVerify, P2: 1}, "01200001"},
		{"case 2", Command{INS: InsReadBinary, Le: 0xE7}, "00B00000E7"},
		{"case 2, 256 bytes", Command{INS: InsReadBinary, Le: 256}, "00B0000000"},
		{"case 3", Command{INS: InsSelect, P1: 9, P2: 4, Data: []byte{0x3F, 0x00}}, "00A4090402 3F00"},
		{"case 4", Command{CLA: 1, INS: InsSelect, P1: 8, Data: []byte{0xD0, 0x03}, Le: 256}, "01A4080002 D003 00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.command.Bytes()
			if err != nil || !bytes.Equal(got, unhex(t, tt.want)) {
				t.Fatalf("Bytes = %X, %v; want %s", got, err, tt.want)
			}
			back, err := ParseCommand(got)
			if err != nil {
				t.Fatal(err)
			}
			again, err := back.Bytes()
			if err != nil || !bytes.Equal(again, got) {
				t.Errorf("parsed and written again: %X, %v", again, err)
			}
		})
	}
}

func TestCommandLimits(t *testing.T) {
	for _, c := range []Command{{Data: make([]byte, 256)}, {Le: 257}, {Le: -1}} {
		if b, err := c.Bytes(); err == nil {
			t.Errorf("%d bytes, Le %d: written as %X", len(c.Data), c.Le, b)
		}
	}
	for _, s := range []string{"", "00A404", "00A40400020102030405", "00A404000500"} {
		if c, err := ParseCommand(unhex(t, s)); !errors.Is(err, ErrCommandForm) {
			t.Errorf("ParseCommand(%s) = %+v, %v", s, c, err)
		}
	}
}

func TestResponse(t *testing.T) {
	r, err := ParseResponse(unhex(t, "ED00 6282"))
	if err != nil || r.SW != SWEndOfFile || !bytes.Equal(r.Data, []byte{0xED, 0x00}) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, b := range [][]byte{nil, {0x90}} {
		if _, err := ParseResponse(b); !errors.Is(err, ErrResponseForm) {
			t.Errorf("%X: %v", b, err)
		}
	}
}

func TestStatusWords(t *testing.T) {
	if n, ok := StatusWord(0x6100).MoreData(); !ok || n != 256 {
		t.Errorf("6100: %d, %v", n, ok)
	}
	if n, ok := StatusWord(0x6C12).RightLe(); !ok || n != 0x12 {
		t.Errorf("6C12: %d, %v", n, ok)
	}
	if n, ok := StatusWord(0x63C2).TriesLeft(); !ok || n != 2 {
		t.Errorf("63C2: %d, %v", n, ok)
	}
	if _, ok := StatusWord(0x6300).TriesLeft(); ok {
		t.Error("6300 gives no counter")
	}
	err := &StatusError{Command: "SELECT", SW: SWFileNotFound}
	if !strings.Contains(err.Error(), "6A82") || !strings.Contains(err.Error(), "not found") {
		t.Errorf("error text %q", err)
	}
}

func TestTLV(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // tags, or the error
	}{
		{"one", "8001AA", "80"},
		{"long form 81", "818180" + strings.Repeat("00", 128), "81"},
		{"two and padding", "8000 00 FF 8101BB 0000", "80 81"},
		{"two-byte tag", "7F4900", "7F49"},
		{"three-byte tag", "BF810101AA", "BF8101"},
		{"empty", "", ""},
		{"truncated value", "8005AA", "byte 0"},
		{"error after a good one", "8001AA 8105", "byte 3"},
		{"indefinite", "308000", "indefinite"},
		{"length on four bytes", "8084FFFFFFFF", "4 bytes"},
		{"length cut", "8082FF", "cut short"},
		{"tag cut", "1F", "cut short"},
		{"tag of four bytes", "1F81818101", "longer than three"},
		{"no length", "80", "length missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects, err := ParseTLV(unhex(t, tt.in))
			if err != nil {
				var te *TLVError
				if !errors.As(err, &te) || tt.want == "" || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("error %v, want %q", err, tt.want)
				}
				return
			}
			var tags []string
			for _, o := range objects {
				tags = append(tags, o.Tag.String())
			}
			if got := strings.Join(tags, " "); got != tt.want {
				t.Errorf("tags %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAppendTLVLengths(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536} {
		b := AppendTLV(nil, 0x7F49, make([]byte, n))
		tlv, rest, err := NextTLV(b)
		if err != nil || len(rest) != 0 || len(tlv.Value) != n || tlv.Tag != 0x7F49 {
			t.Errorf("%d bytes: %v, %d left, %d read", n, err, len(rest), len(tlv.Value))
		}
		if size, err := HeaderLength(b[:min(len(b), 6)]); err != nil || size != len(b) {
			t.Errorf("%d bytes: HeaderLength %d, %v; want %d", n, size, err, len(b))
		}
	}
}

func TestATR(t *testing.T) {
	tests := []struct {
		name, in   string
		protocols  []int
		historical string
		check      bool
	}{
		{"CPS3", "3BAC00402A00122500648000031000 9000", []int{0}, "001225006480000310009000", true},
		{"CPS3 contactless", "3B8F80010031B86404B0ECC1739401808290000E", []int{0, 1}, "0031B86404B0ECC173940180829000", true},
		{"CPS4", "3B9B188001001225006480040100009044", []int{0, 1}, "0012250064800401000090", true},
		{"CPS4, wrong TCK", "3B9B188001001225006480040100009045", []int{0, 1}, "0012250064800401000090", false},
		{"shortest", "3B00", []int{0}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			atr, err := ParseATR(unhex(t, tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(atr.Historical, unhex(t, tt.historical)) || atr.CheckOK != tt.check || len(atr.Protocols) != len(tt.protocols) {
				t.Errorf("%+v", atr)
			}
		})
	}
	for _, s := range []string{"", "3B", "3C00", "3BFF", "3B0F01", "3B" + strings.Repeat("80", 40)} {
		if atr, err := ParseATR(unhex(t, s)); !errors.Is(err, ErrATR) {
			t.Errorf("%s: %+v, %v", s, atr, err)
		}
	}
}

func FuzzParseTLV(f *testing.F) {
	f.Add([]byte("\xED\x30\x80\x02\x00\x00\x81\x0C899700218896"))
	f.Add([]byte{0xBF, 0x81, 0x01, 0x02, 0xA0, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, err := ParseTLV(b)
		total := 0
		for _, o := range objects {
			total += len(o.Value)
			written := AppendTLV(nil, o.Tag, o.Value)
			if back, rest, err := NextTLV(written); err != nil || len(rest) > 0 || back.Tag != o.Tag || !bytes.Equal(back.Value, o.Value) {
				t.Fatalf("%v written as %X reads as %v, %v", o, written, back, err)
			}
		}
		if total > len(b) {
			t.Fatalf("%d bytes of values in %d bytes", total, len(b))
		}
		var te *TLVError
		if errors.As(err, &te) && (te.Offset < 0 || te.Offset > len(b)) {
			t.Fatalf("offset %d in %d bytes", te.Offset, len(b))
		}
	})
}

func FuzzParseATR(f *testing.F) {
	f.Add([]byte("\x3B\xAC\x00\x40\x2A\x00\x12\x25\x00\x64\x80\x00\x03\x10\x00\x90\x00"))
	f.Add([]byte("\x3B\x8F\x80\x01\x00\x31\xB8\x64\x04\xB0\xEC\xC1\x73\x94\x01\x80\x82\x90\x00\x0E"))
	f.Fuzz(func(t *testing.T, b []byte) {
		atr, err := ParseATR(b)
		if err == nil && (len(atr.Historical) > 15 || len(atr.Protocols) == 0 || !bytes.Equal(atr.Raw, b)) {
			t.Fatalf("%X: %+v", b, atr)
		}
	})
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte{0x00, 0xA4, 0x04, 0x00, 0x02, 0x3F, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCommand(b)
		if err != nil {
			return
		}
		written, err := c.Bytes()
		if err != nil || !bytes.Equal(written, b) {
			t.Fatalf("%X: %+v is written %X, %v", b, c, written, err)
		}
	})
}
