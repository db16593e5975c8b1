package worker

import "testing"

// TestMechanismList: the list is whole, and each name is there once.
func TestMechanismList(t *testing.T) {
	seen := map[string]bool{}
	for n, name := range mechanismNames() {
		if seen[name] {
			t.Errorf("%s is there twice, at last as %#x", name, n)
		}
		seen[name] = true
	}
	if len(seen) < 300 {
		t.Errorf("%d names", len(seen))
	}
}
