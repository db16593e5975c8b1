package cryptolib

import (
	"slices"
	"testing"
)

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		id, kind, version, arch string
		want                    Support
		name                    string
	}{
		{"windows", "desktop", "10.0.19045", "amd64", Listed, "Windows 10"},
		{"windows", "desktop", "10.0.19045", "386", Listed, "Windows 10"},
		{"windows", "desktop", "10.0.26200", "amd64", Listed, "Windows 11"},
		{"windows", "desktop", "10.0.26100", "arm64", Architecture, "Windows 11"},
		{"windows", "desktop", "6.1.7601", "amd64", Older, "Windows 10"},
		{"windows", "server", "10.0.14393", "amd64", Listed, "Windows Server 2016"},
		{"windows", "server", "10.0.20348", "amd64", Listed, "Windows Server 2022"},
		{"windows", "server", "10.0.26100", "amd64", Newer, "Windows Server 2022"},
		{"windows", "server", "10.0.18363", "amd64", Unlisted, ""},
		{"windows", "server", "6.3.9600", "amd64", Older, "Windows Server 2016"},
		{"macos", "", "14.4", "arm64", Listed, "macOS 12, 13, 14"},
		{"macos", "", "11.7.10", "amd64", Older, "macOS 12, 13, 14"},
		{"macos", "", "26.1", "arm64", Newer, "macOS 12, 13, 14"},
		{"rhel", "", "9.4", "amd64", Listed, "Red Hat Enterprise Linux 7, 8, 9"},
		{"rhel", "", "10.0", "amd64", Newer, "Red Hat Enterprise Linux 7, 8, 9"},
		{"rhel", "", "9", "arm64", Architecture, "Red Hat Enterprise Linux 7, 8, 9"},
		{"debian", "", "12", "amd64", Unlisted, ""},
		{"macos", "", "", "arm64", Unlisted, ""},
		{"macos", "", "sonoma", "arm64", Unlisted, ""},
	} {
		got, system := Judge(c.id, c.kind, c.version, c.arch)
		if got != c.want || system.Name != c.name {
			t.Errorf("%s %s %s %s: %s %q, want %s %q", c.id, c.kind, c.version, c.arch, got, system.Name, c.want, c.name)
		}
	}
}

// The search for the nearest line needs the lines of one kind from old to new,
// and each must hold something.
func TestSystemsInOrder(t *testing.T) {
	last := map[string][]int{}
	for _, s := range Systems() {
		key := s.ID + s.Kind
		if slices.Compare(s.From, s.Below) >= 0 {
			t.Errorf("%s holds no version", s.Name)
		}
		if slices.Compare(s.From, last[key]) < 0 {
			t.Errorf("%s begins before the line above ends", s.Name)
		}
		last[key] = s.Below
	}
}

func TestParseSystemsRefuses(t *testing.T) {
	for _, bad := range []string{"a\tb", "a\t-\tx\t2\tamd64\tn", "a\t-\t1\t-2\tamd64\tn"} {
		if _, err := parseSystems(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
