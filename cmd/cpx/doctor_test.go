package main

import (
	"strings"
	"testing"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

func TestDoctorExit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		findings []diagnostic.Finding
		want     int
	}{
		{"nothing", nil, exitOK},
		{"well", []diagnostic.Finding{{Code: "pcsc.service", Status: diagnostic.OK}}, exitOK},
		{"a warning alone", []diagnostic.Finding{{Code: "card.expiry", Status: diagnostic.Warning}}, exitOK},
		{"skipped", []diagnostic.Finding{{Code: "network.hosts", Status: diagnostic.Skipped}}, exitOK},
		{"crashed", []diagnostic.Finding{{Code: "roots.old", Status: diagnostic.Crashed}}, exitProblems},
		{"warning and crashed", []diagnostic.Finding{{Code: "card.expiry", Status: diagnostic.Warning}, {Code: "roots.old", Status: diagnostic.Crashed}}, exitProblems},
		{"the service", []diagnostic.Finding{{Code: "pcsc.access", Status: diagnostic.Error}}, exitNoService},
		{"the service does not answer the check", []diagnostic.Finding{{Code: "pcsc.service", Status: diagnostic.Crashed}}, exitProblems},
		{"no reader", []diagnostic.Finding{{Code: "card.expiry", Status: diagnostic.Warning}, {Code: "reader.present", Status: diagnostic.Error}}, exitNoReader},
		{"no card", []diagnostic.Finding{{Code: "card.present", Status: diagnostic.Error}}, exitNoCard},
		{"unreadable", []diagnostic.Finding{{Code: "card.readable", Status: diagnostic.Error}}, exitUnreadable},
		{"no CPx", []diagnostic.Finding{{Code: "card.family", Status: diagnostic.Error}}, exitUnreadable},
		{"expired", []diagnostic.Finding{{Code: "card.expiry", Status: diagnostic.Error}}, exitProblems},
		{"the first is the root", []diagnostic.Finding{{Code: "system.clock", Status: diagnostic.Error}, {Code: "card.present", Status: diagnostic.Error}}, exitProblems},
	} {
		if got := doctorExit(diagnostic.Diagnosis{Findings: c.findings}); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	s, err := language.New("en")
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{Speaker: s}
	for code, want := range map[diagnostic.Code]string{
		"pcsc.servise": "pcsc.service", "card": "card.present", "firefox": "firefox.module", "roots.instaled": "roots.installed",
	} {
		if text := term.near(code); !strings.Contains(text, "  "+want+" ") {
			t.Errorf("near %q there is\n%s", code, text)
		}
	}
	if text := term.near("zzzzzzzzzz"); strings.Contains(text, "\n") {
		t.Errorf("near nothing there is\n%s", text)
	}
	if first := strings.Fields(term.near("pcsc.servise"))[1]; first != "pcsc.service" {
		t.Errorf("the nearest is %q", first)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"pcsc", "pcsc", 0}, {"kitten", "sitting", 3}, {strings.Repeat("x", 1000), "a", 1000}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a[:min(9, len(c.a))], c.b, got, c.want)
		}
	}
}
