package ui

import (
	"regexp"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// block is a paragraph or an item of a list.
type block struct {
	mark string // "•" or "1.", "" for a paragraph
	text string
	// first: an empty line stands before it.
	first bool
}

var numbered = regexp.MustCompile(`^([0-9]+\.) (.*)$`)

// blocksOf takes the little markup of an answer apart.
func blocksOf(answer string) []block {
	var all []block
	first := true
	for _, line := range strings.Split(strings.TrimSpace(answer), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			first = true
			continue
		}
		b := block{text: line, first: first}
		if item, is := strings.CutPrefix(line, "- "); is {
			b.mark, b.text = "•", item
		} else if parts := numbered.FindStringSubmatch(line); parts != nil {
			b.mark, b.text = parts[1], parts[2]
		} else if n := len(all); n > 0 && !first {
			all[n-1].text += " " + line // a line that goes on
			continue
		}
		all = append(all, b)
		first = false
	}
	return all
}

// newAnswer shows an answer: its paragraphs apart, its lists close.
func newAnswer(answer string) fyne.CanvasObject {
	all := container.New(layout.NewCustomPaddedVBoxLayout(0))
	var group *fyne.Container
	for _, b := range blocksOf(answer) {
		if b.first || group == nil {
			group = tight()
			all.Add(group)
		}
		var shown fyne.CanvasObject = newWords(b.text)
		if b.mark != "" {
			mark := widget.NewLabel(b.mark)
			mark.TextStyle.Bold = true
			shown = container.New(layout.NewCustomPaddedLayout(0, 0, 8, 0),
				container.NewBorder(nil, nil, container.NewVBox(mark), nil, shown))
		}
		group.Add(shown)
	}
	return all
}

var quotes = regexp.MustCompile(`«([^«»]+)»|"([^"]+)"`)

// quoted gives what stands in quotation marks.
func quoted(text string) []string {
	var all []string
	for _, found := range quotes.FindAllStringSubmatch(text, -1) {
		all = append(all, spaced(found[1]+found[2]))
	}
	return all
}

// spaced makes all spaces plain ones, so that texts compare.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }
