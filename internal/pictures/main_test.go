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

// TestPicturesAreTrue: the pictures of the README are what the program draws
// now, but for some points that another processor may round otherwise.
func TestPicturesAreTrue(t *testing.T) {
	for _, sc := range scenes {
		name, ok := shown[sc.name]
		if !ok {
			continue
		}
		now, err := play(sc, views[0].look)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(filepath.Join("../../docs", name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := png.Decode(file)
		file.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n, all := differing(reduce(now), kept), kept.Bounds().Dx()*kept.Bounds().Dy(); n > all/2000 {
			t.Errorf("docs/%s.png: %d of %d points differ (make screenshots draws it anew)", name, n, all)
		}
	}
}

// differing counts the points that differ by more than a little.
func differing(a, b image.Image) (n int) {
	if a.Bounds() != b.Bounds() {
		return a.Bounds().Dx() * a.Bounds().Dy()
	}
	const little = 0x1000
	far := func(x, y uint32) bool { return max(x, y)-min(x, y) > little }
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			if far(r1, r2) || far(g1, g2) || far(b1, b2) {
				n++
			}
		}
	}
	return n
}

// TestSame: a scene with work in it gives the same picture each time, and
// another one in the dark.
func TestSame(t *testing.T) {
	l := look{"fr", theme.VariantLight, 1, fyne.NewSize(1024, 600), false}
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
