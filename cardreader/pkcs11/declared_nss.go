package pkcs11

import "strings"

// parsePKCS11Text returns the modules of a pkcs11.txt, NSS's list of modules:
// NSS documentation, "PKCS #11 Module Specs". One block of lines for each
// module, blocks separated by empty lines. The internal module, whose library
// is empty, is left out. What is understood is returned beside the error.
func parsePKCS11Text(data []byte) (modules []namedPath, err error) {
	if err := checkText(data); err != nil {
		return nil, err
	}
	var current namedPath
	end := func() bool {
		if current.path != "" {
			if len(modules) == maxEntries {
				err = errTooMany
				return false
			}
			modules = append(modules, current)
		}
		current = namedPath{}
		return true
	}
	for number, line := range lines(data) {
		if line == "" {
			if !end() {
				return modules, err
			}
			continue
		}
		if line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			err = badLine(err, number, line)
			continue
		}
		switch strings.ToLower(name) {
		case "library":
			current.path = unquote(value)
		case "name":
			current.name = unquote(value)
		}
	}
	end()
	return modules, err
}

// unquote reads a value of pkcs11.txt: as it stands, a Windows path with its
// single backslashes included; or between double quotes, where a backslash
// escapes.
func unquote(value string) string {
	if !strings.HasPrefix(value, `"`) {
		return value
	}
	var text strings.Builder
	for i := 1; i < len(value) && value[i] != '"'; i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		text.WriteByte(value[i])
	}
	return text.String()
}
