package language

import (
	"encoding/json"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"postecpx/assets"
)

func TestSay(t *testing.T) {
	t.Parallel()
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
	if _, err := New("de"); err == nil {
		t.Error("German was promised")
	}
}

// TestEverySentence: each key of each file is found, in its own language, by
// goroutines that ask at the same time.
func TestEverySentence(t *testing.T) {
	t.Parallel()
	for _, tag := range Supported {
		s, err := New(tag)
		if err != nil {
			t.Fatal(err)
		}
		files, err := fs.Glob(assets.Translations, "translations/*.json")
		if err != nil || len(files) < 4 {
			t.Fatal(files, err)
		}
		var asking sync.WaitGroup
		for _, file := range files {
			if !strings.HasSuffix(file, tag+".json") {
				continue
			}
			data, err := fs.ReadFile(assets.Translations, file)
			if err != nil {
				t.Fatal(err)
			}
			var texts map[string]any
			if err := json.Unmarshal(data, &texts); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			asking.Go(func() {
				for key, text := range texts {
					said := s.Say(key, "Count", 2)
					if plain, ok := text.(string); !s.Has(key) || ok && !strings.Contains(plain, "{{") && said != plain {
						t.Errorf("%s: %s is said %q", file, key, said)
					}
				}
			})
		}
		asking.Wait()
	}
}

// BenchmarkFirst is what a short command pays for its sentences.
func BenchmarkFirst(b *testing.B) {
	for b.Loop() {
		s, err := New("fr")
		if err != nil {
			b.Fatal(err)
		}
		s.Say("cli.help.head")
	}
}
