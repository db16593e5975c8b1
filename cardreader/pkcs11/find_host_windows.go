package pkcs11

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/sys/windows/registry"
)

const nonBlocking = 0

func (local) Registry(name string, view32 bool) (RegistryKey, error) {
	hive, rest, _ := strings.Cut(name, `\`)
	var root registry.Key
	switch hive {
	case "HKLM":
		root = registry.LOCAL_MACHINE
	case "HKCU":
		root = registry.CURRENT_USER
	default:
		return RegistryKey{}, fmt.Errorf("registry key %s: unknown hive", name)
	}
	view := uint32(registry.WOW64_64KEY)
	if view32 {
		view = registry.WOW64_32KEY
	}
	key, err := registry.OpenKey(root, rest, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS|view)
	if err != nil {
		return RegistryKey{}, fmt.Errorf("registry key %s: %w", name, err)
	}
	defer key.Close()

	found := RegistryKey{Values: map[string]string{}}
	found.Keys, err = key.ReadSubKeyNames(MaxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		return found, fmt.Errorf("registry key %s: %w", name, err)
	}
	values, err := key.ReadValueNames(MaxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		return found, fmt.Errorf("registry key %s: %w", name, err)
	}
	for _, value := range values {
		text, _, err := key.GetStringValue(value)
		if errors.Is(err, registry.ErrUnexpectedType) {
			var n uint64
			n, _, err = key.GetIntegerValue(value)
			text = strconv.FormatUint(n, 10)
		}
		if errors.Is(err, registry.ErrUnexpectedType) || errors.Is(err, registry.ErrNotExist) {
			continue
		}
		if err != nil {
			return found, fmt.Errorf("registry value %s\\%s: %w", name, value, err)
		}
		found.Values[value] = text
	}
	return found, nil
}
