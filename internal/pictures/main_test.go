package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// TestPicturesAreThere: every picture of the documents that is drawn is kept
// with them, of the size that it is drawn in; none else is.
func TestPicturesAreThere(t *testing.T) {
	t.Parallel()
	want := map[string]image.Point{}
	for _, v := range views {
		for _, name := range v.names() {
			want[name+v.suffix+".png"] = image.Pt(int(v.look.size.Width*v.look.scale), int(v.look.size.Height*v.look.scale))
		}
	}
	kept, err := filepath.Glob("../../docs/pictures/*.png")
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != len(want) {
		t.Errorf("%d pictures, want %d (make screenshots draws them)", len(kept), len(want))
	}
	var all int64
	for _, path := range kept {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := png.DecodeConfig(file)
		info, _ := file.Stat()
		file.Close()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all += info.Size()
		if got := image.Pt(c.Width, c.Height); got != want[filepath.Base(path)] {
			t.Errorf("%s is %v, want %v", path, got, want[filepath.Base(path)])
		}
	}
	if all > 3<<20 {
		t.Errorf("the pictures weigh %d bytes", all)
	}
}

// TestSame: a scene with work in it gives the same picture each time, and
// another one in the dark.
func TestSame(t *testing.T) {
	l := look{"fr", theme.VariantLight, 1, fyne.NewSize(1024, 600)}
	var drawn [][]byte
	for range 2 {
		drawn = append(drawn, pngOf(t, l))
	}
	if !bytes.Equal(drawn[0], drawn[1]) {
		t.Error("two pictures of one scene differ")
	}
	l.variant = theme.VariantDark
	if bytes.Equal(drawn[0], pngOf(t, l)) {
		t.Error("the dark picture is the light one")
	}
}

func pngOf(t *testing.T, l look) []byte {
	t.Helper()
	picture, err := play(scene{"poste", poste, in("medecin"), diagnose}, l)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, reduce(picture)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
