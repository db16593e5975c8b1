//go:build !linux

package annuaire

// keyringMissing: Windows and macOS always have one.
func keyringMissing() error { return nil }
