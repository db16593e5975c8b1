package workstation

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postecpx/internal/diagnostic"
)

func TestPS(t *testing.T) {
	text := `    1     0 /sbin/launchd
  345     1 /System/Library/CryptoTokenKit/com.apple.ifdreader.slotd/Contents/MacOS/com.apple.ifdreader
  900     1 /Applications/CPS Gestion.app/Contents/MacOS/cpgesosx
  901   900 (helper)
  902   901 /bin/ps

x 1 /bin/no
12 y /bin/no
13
`
	want := []diagnostic.Process{
		{PID: 1, Name: "launchd", Path: "/sbin/launchd"},
		{PID: 345, Name: "com.apple.ifdreader", Path: "/System/Library/CryptoTokenKit/com.apple.ifdreader.slotd/Contents/MacOS/com.apple.ifdreader"},
		{PID: 900, Name: "cpgesosx", Path: "/Applications/CPS Gestion.app/Contents/MacOS/cpgesosx", Self: true},
		{PID: 901, Name: "(helper)", Self: true},
		{PID: 902, Name: "ps", Path: "/bin/ps", Self: true},
	}
	if diff := cmp.Diff(want, listed(parsePS([]byte(text)), 900)); diff != "" {
		t.Error(diff)
	}
}

// Process numbers are used again: parents may lead round in a circle.
func TestParentsInACircle(t *testing.T) {
	all := []running{{Process: diagnostic.Process{PID: 5}, parent: 6}, {Process: diagnostic.Process{PID: 6}, parent: 5}, {Process: diagnostic.Process{PID: 7}, parent: 7}}
	for _, p := range listed(all, 1) {
		if p.Self {
			t.Errorf("process %d is taken for ours", p.PID)
		}
	}
}

func TestStat(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		name   string
		parent int
		ok     bool
	}{
		"plain":          {"42 (pcscd) S 1 42 42 0 -1", "pcscd", 1, true},
		"hostile":        {"42 (a) R 7 (b) S 9 42", "a) R 7 (b", 9, true},
		"ended":          {"42 (pcscd) Z 1 42", "", 0, false},
		"cut short":      {"42 (pcscd) S", "", 0, false},
		"no parenthesis": {"42 pcscd S 1", "", 0, false},
		"turned round":   {"42 )pcscd( S 1", "", 0, false},
		"no number":      {"42 (pcscd) S x", "pcscd", 0, false},
		"empty":          {"", "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, parent, ok := parseStat([]byte(c.text))
			if got != c.name || parent != c.parent || ok != c.ok {
				t.Errorf("%q %d %v, want %q %d %v", got, parent, ok, c.name, c.parent, c.ok)
			}
		})
	}
}
