package guide

import (
	"slices"
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	if near := c.Near("pour mon certifiquat", "fr"); len(near) == 0 || len(near) > 5 || near[0] != "certificat" {
		t.Errorf("certifiquat: %v", near)
	}
	if near := c.Near("blokced", "en"); len(near) == 0 || near[0] != "blocked" {
		t.Errorf("English: %v", near)
	}
	for _, words := range []string{"", "xyzxyzxyz", "1234567", "<<< >>>", strings.Repeat("é", 5000), "\xff\xfe\x1b[31m"} {
		if near := c.Near(words, "fr"); len(near) > 0 {
			t.Errorf("%.20q: %v", words, near)
		}
	}
	for range 5 {
		if !slices.Equal(c.Near("certifiquats", "fr"), c.Near("certifiquats", "fr")) {
			t.Fatal("another order")
		}
	}
}
