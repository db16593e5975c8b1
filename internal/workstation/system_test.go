package workstation

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postecpx/internal/diagnostic"
)

func TestOSRelease(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want diagnostic.System
	}{
		"debian": {`PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
ID=debian
`, diagnostic.System{Name: "Debian GNU/Linux", ID: "debian", Version: "12"}},
		"red hat, with a comment and single quotes": {"# made by hand\nNAME='Red Hat Enterprise Linux'\nID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.4\"",
			diagnostic.System{Name: "Red Hat Enterprise Linux", ID: "rhel", Like: "fedora", Version: "9.4"}},
		"ubuntu, several parents, CRLF": {"ID_LIKE=\"debian gnu\"\r\nID=ubuntu\r\nNAME=Ubuntu\r\nVERSION_ID=\"24.04\"\r\n",
			diagnostic.System{Name: "Ubuntu", ID: "ubuntu", Like: "debian gnu", Version: "24.04"}},
		"rolling, without a version": {"NAME=\"Arch Linux\"\nID=arch\n", diagnostic.System{Name: "Arch Linux", ID: "arch"}},
		"escapes":                    {`NAME="L\"inux \$1 \\"`, diagnostic.System{Name: `L"inux $1 \`, ID: "linux"}},
		"empty":                      {"", diagnostic.System{Name: "Linux", ID: "linux"}},
		"no such lines":              {"=\n\"\nNAME\nNAME=\"\nID='", diagnostic.System{Name: `"`, ID: "'"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, parseOSRelease([]byte(c.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWindowsName(t *testing.T) {
	for _, c := range []struct {
		product string
		build   uint32
		server  bool
		want    string
	}{
		{"Windows 10 Pro", 22631, false, "Windows 11 Pro"},
		{"Windows 10 Pro", 22000, false, "Windows 11 Pro"},
		{"Windows 10 Pro", 19045, false, "Windows 10 Pro"},
		{"Windows 10 Enterprise LTSC 2024", 26100, false, "Windows 11 Enterprise LTSC 2024"},
		{"Windows Server 2022 Standard", 20348, true, "Windows Server 2022 Standard"},
		{"Windows 10 Enterprise for Virtual Desktops", 22631, true, "Windows 10 Enterprise for Virtual Desktops"},
		{"", 22631, false, "Windows"},
		{"", 20348, true, "Windows Server"},
	} {
		if got := windowsName(c.product, c.build, c.server); got != c.want {
			t.Errorf("%q build %d: %q, want %q", c.product, c.build, got, c.want)
		}
	}
}

func TestArchitectures(t *testing.T) {
	for machine, want := range map[string]string{"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm", "riscv64": "riscv64"} {
		if got := machineArch(machine); got != want {
			t.Errorf("%s: %s, want %s", machine, got, want)
		}
	}
	for machine, want := range map[uint16]string{0x8664: "amd64", 0xAA64: "arm64", 0x14C: "386", 0x1C4: "arm", 0x5064: ""} {
		if got := nativeArch(machine); got != want {
			t.Errorf("0x%X: %q, want %q", machine, got, want)
		}
	}
}

func TestMachineID(t *testing.T) {
	want := []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}
	for _, text := range []string{"0123456789abcdef0123456789abcdef\n", "01234567-89AB-CDEF-0123-456789ABCDEF", "{01234567-89ab-cdef-0123-456789abcdef}"} {
		got, err := parseMachineID([]byte(text))
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "uninitialized\n", "0123", "0123456789abcdef0123456789abcdeg", "00000000-0000-0000-0000-000000000000"} {
		if got, err := parseMachineID([]byte(text)); err == nil {
			t.Errorf("%q: %x, want an error", text, got)
		}
	}
}
