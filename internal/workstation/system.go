package workstation

import (
	"bufio"
	"bytes"
	"strings"

	"postecpx/internal/diagnostic"
)

// parseOSRelease reads os-release(5): lines NAME=value, the value perhaps in
// the quotes of a shell.
func parseOSRelease(text []byte) diagnostic.System {
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		name, value, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") {
			values[name] = unquote(value)
		}
	}
	system := diagnostic.System{Name: values["NAME"], ID: values["ID"], Like: values["ID_LIKE"], Version: values["VERSION_ID"]}
	// What the norm says of a file that leaves them out.
	if system.Name == "" {
		system.Name = "Linux"
	}
	if system.ID == "" {
		system.ID = "linux"
	}
	return system
}

// unquote takes the quotes of a shell away, and the backslashes within.
func unquote(value string) string {
	value = strings.TrimSpace(value)
	if len(value) < 2 || value[0] != value[len(value)-1] || value[0] != '"' && value[0] != '\'' {
		return value
	}
	inner := value[1 : len(value)-1]
	if value[0] == '\'' || !strings.Contains(inner, `\`) {
		return inner
	}
	var out strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		out.WriteByte(inner[i])
	}
	return out.String()
}

// machineArch is the GOARCH name of what uname(1) calls the machine.
func machineArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64", "arm64":
		return "arm64"
	case "i386", "i486", "i586", "i686":
		return "386"
	case "loongarch64":
		return "loong64"
	}
	if strings.HasPrefix(machine, "arm") {
		return "arm"
	}
	return machine // riscv64, ppc64le and s390x are called the same
}

// Machine types of PE, as IsWow64Process2 tells them.
const (
	machine386   = 0x014C
	machineARM   = 0x01C4
	machineAMD64 = 0x8664
	machineARM64 = 0xAA64
)

// nativeArch is the GOARCH name of a machine type, "" when it is another.
func nativeArch(machine uint16) string {
	switch machine {
	case machine386:
		return "386"
	case machineARM:
		return "arm"
	case machineAMD64:
		return "amd64"
	case machineARM64:
		return "arm64"
	}
	return ""
}

// windowsName corrects the product name of the registry: Windows 11 calls
// itself 10 there, and is told by its build number.
func windowsName(product string, build uint32, server bool) string {
	const first11 = 22000
	if product == "" {
		product = "Windows"
		if server {
			product = "Windows Server"
		}
	}
	if rest, ok := strings.CutPrefix(product, "Windows 10"); ok && !server && build >= first11 {
		return "Windows 11" + rest
	}
	return product
}
