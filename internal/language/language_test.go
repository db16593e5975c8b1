package language

import "testing"

func TestSay(t *testing.T) {
	s, err := New("fr")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Say("program.name"); got != "Poste CPx" {
		t.Errorf("Say = %q", got)
	}
	if got := s.Say("no.such.key"); got != "no.such.key" {
		t.Errorf("missing key = %q", got)
	}
}
