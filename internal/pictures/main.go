// Command pictures draws the screens of the product for its documents, without
// a display, by the toolkit's own software renderer and its embedded fonts: the
// same pictures on every machine. The workstation and the persons are
// imagined; the cards, the checks and the guide are those of the product.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// Places, in the order of the bar.
const (
	carte = iota
	poste
	guidance
	integration
	reglages
)

// scene is a state of a place: the world, and what the person does there.
type scene struct {
	name  string
	place int
	world func() (*world, error)
	act   func(*stage)
}

// in is a world with that shipped card in the reader.
func in(card string) func() (*world, error) { return func() (*world, error) { return newWorld(card) } }

var scenes = []scene{
	{"carte", carte, in("medecin"), nil},
	{"carte-discordante", carte, in("sources-discordantes"), nil},
	{"carte-code-bloque", carte, in("code-bloque"), nil},
	{"carte-absente", carte, in(""), nil},
	{"carte-service-arrete", carte, stopped, nil},
	{"poste", poste, in("medecin"), diagnose},
	{"poste-service-arrete", poste, stopped, diagnose},
	{"guide", guidance, in("medecin"), nil},
	{"guide-recherche", guidance, in("medecin"), func(s *stage) { test.Type(s.canvas.Focused(), "code porteur bloqué") }},
	{"guide-page", guidance, in("medecin"), func(s *stage) {
		test.Type(s.canvas.Focused(), "code porteur bloqué")
		s.press(fyne.KeyReturn)
	}},
	{"integration", integration, in("medecin"), nil},
	{"integration-examinee", integration, in("medecin"), func(s *stage) {
		s.press(fyne.KeyF5)
		s.await()
	}},
	{"reglages", reglages, in(""), nil},
}

// diagnose waits for the diagnosis, which begins when the person comes.
func diagnose(s *stage) { s.await() }

// view is how a scene is seen.
type view struct {
	suffix string
	look   look
	only   []string // scenes, all when empty
}

// names are those of its scenes.
func (v view) names() []string {
	if len(v.only) > 0 {
		return v.only
	}
	var all []string
	for _, sc := range scenes {
		all = append(all, sc.name)
	}
	return all
}

// at100 is the smallest screen that is promised, at200 the same screen with
// everything twice as large.
var (
	at100 = fyne.NewSize(1024, 600)
	at200 = fyne.NewSize(512, 300)
	main5 = []string{"carte", "poste-service-arrete", "guide", "integration-examinee", "reglages"}
)

var views = []view{
	{"", look{"fr", theme.VariantLight, 1, at100, false}, nil},
	{"-sombre", look{"fr", theme.VariantDark, 1, at100, false}, append(main5, "poste", "guide-page", "carte-discordante")},
	{"-en", look{"en", theme.VariantLight, 1, at100, false}, main5},
	{"-200", look{"fr", theme.VariantLight, 2, at200, false}, main5},
	{"-200-grand", look{"fr", theme.VariantDark, 2, at200, true}, main5},
}

// shown are the pictures of the README, by their names in docs.
var shown = map[string]string{"carte": "carte", "poste-service-arrete": "poste", "guide": "guide", "integration-examinee": "integration"}

func main() {
	out := flag.String("out", "docs", "folder of the documents")
	flag.Parse()
	time.Local = time.UTC     // the hours on the screens
	log.SetOutput(io.Discard) // the toolkit looks for a language of the system
	if err := drawAll(*out); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// drawAll draws every picture into the folder, and takes away those that are
// no longer drawn.
func drawAll(out string) error {
	folder := filepath.Join(out, "pictures")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, v := range views {
		for _, sc := range scenes {
			if !slices.Contains(v.names(), sc.name) {
				continue
			}
			picture, err := play(sc, v.look)
			if err != nil {
				return fmt.Errorf("%s%s: %w", sc.name, v.suffix, err)
			}
			name := sc.name + v.suffix + ".png"
			kept[name] = true
			if err := write(filepath.Join(folder, name), picture); err != nil {
				return err
			}
			if as, ok := shown[sc.name]; ok && v.suffix == "" {
				if err := write(filepath.Join(out, as+".png"), picture); err != nil {
					return err
				}
			}
		}
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.png"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if !kept[filepath.Base(path)] {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// play plays a scene and takes a picture of it.
func play(sc scene, l look) (image.Image, error) {
	w, err := sc.world()
	if err != nil {
		return nil, err
	}
	s, err := newStage(l, w)
	if err != nil {
		return nil, err
	}
	s.window.Show(w.snapshot(context.Background()))
	s.window.GoTo(sc.place)
	if sc.act != nil {
		sc.act(s)
	}
	return s.capture(l.size), nil
}

// write puts a picture into a file, as small as PNG makes it.
func write(path string, picture image.Image) error {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, reduce(picture)); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
