package ui

import (
	"regexp"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// prose is a label that wraps as French is set: never before a « : » or a
// « ? », nor inside of guillemets. The toolkit wraps at every space, also at
// those that Unicode calls no-break (it asks unicode.IsSpace), so the lines
// are ended here before it sees them. Its Text stays as it was said.
type prose struct {
	widget.Label
}

// newWords is a label that wraps.
func newWords(text string) *prose {
	w := &prose{}
	w.Text, w.Wrapping = text, fyne.TextWrapWord
	w.ExtendBaseWidget(w)
	return w
}

// newHeading is a label in bold letters of that size.
func newHeading(text string, size fyne.ThemeSizeName) *prose {
	w := newWords(text)
	w.SizeName, w.TextStyle.Bold = size, true
	return w
}

// speaking are the labels, that wrap or not.
type speaking interface {
	SetText(string)
	Show()
	Hide()
}

// CreateRenderer is called by the toolkit.
func (w *prose) CreateRenderer() fyne.WidgetRenderer {
	w.ExtendBaseWidget(w)
	r := &proseRenderer{WidgetRenderer: w.Label.CreateRenderer(), of: w}
	for _, o := range r.Objects() {
		if text, ok := o.(*widget.RichText); ok {
			r.text = text
		}
	}
	return r
}

// proseRenderer ends the lines of what the label shows.
type proseRenderer struct {
	fyne.WidgetRenderer
	of   *prose
	text *widget.RichText

	made  wrapping // what the lines were made for
	lines string
}

// wrapping is all that decides where lines end.
type wrapping struct {
	text        string
	style       fyne.TextStyle
	width, size float32
}

// Layout is called by the toolkit.
func (r *proseRenderer) Layout(size fyne.Size) {
	if r.wrap(size.Width) && r.text.Size() == size {
		r.text.Refresh() // it takes no notice of a size that it has
	}
	r.WidgetRenderer.Layout(size)
}

// Refresh is called by the toolkit.
func (r *proseRenderer) Refresh() {
	r.wrap(r.of.Size().Width)
	r.WidgetRenderer.Refresh()
}

// wrap tells whether it changed what is shown.
func (r *proseRenderer) wrap(width float32) bool {
	w := r.of
	if w.Wrapping != fyne.TextWrapWord || r.text == nil {
		return false
	}
	shown := w.Text
	if inner := width - 2*w.Theme().Size(theme.SizeNameInnerPadding); inner > 0 && anyBound(shown) {
		name := w.SizeName
		if name == "" {
			name = theme.SizeNameText
		}
		if now := (wrapping{w.Text, w.TextStyle, inner, w.Theme().Size(name)}); now != r.made {
			r.made, r.lines = now, wrapLines(now)
		}
		shown = r.lines
	}
	segment, ok := r.text.Segments[0].(*widget.TextSegment)
	if !ok || segment.Text == shown {
		return false
	}
	segment.Text = shown
	return true
}

// wrapLines ends lines at the spaces where they may end. What is longer than a
// line is left for the toolkit to break.
func wrapLines(w wrapping) string {
	var b strings.Builder
	b.Grow(len(w.text))
	begin, last := 0, -1 // of the line, the last space where it may end
	for at := 0; at <= len(w.text); at++ {
		end := at == len(w.text) || w.text[at] == '\n'
		if !end && (w.text[at] != ' ' || bound(w.text, at)) {
			continue
		}
		if last >= begin && fyne.MeasureText(w.text[begin:at], w.size, w.style).Width > w.width {
			b.WriteString(w.text[begin:last])
			b.WriteByte('\n')
			begin = last + 1
		}
		last = at
		if end {
			b.WriteString(w.text[begin:at])
			if at < len(w.text) {
				b.WriteByte('\n')
			}
			begin, last = at+1, -1
		}
	}
	return b.String()
}

// anyBound tells whether there is a space at which no line may end.
func anyBound(text string) bool {
	for at := range len(text) {
		if text[at] == ' ' && bound(text, at) {
			return true
		}
	}
	return false
}

// unit is one that stands with its number.
var unit = regexp.MustCompile(`^(ms|s|min|h|[kMG]?o|[KMG]?B|KiB|MiB)\b`)

// bound tells whether the space at that place holds together what stands before
// and after it.
func bound(text string, at int) bool {
	before, after := text[:at], text[at+1:]
	if strings.HasSuffix(before, "«") || strings.HasPrefix(after, "»") {
		return true
	}
	if at > 0 && text[at-1] >= '0' && text[at-1] <= '9' && unit.MatchString(after) {
		return true
	}
	sign := strings.IndexAny(after, ":;?!%") == 0
	return sign && (len(after) == 1 || strings.IndexByte(" \n.,;:?!)»%", after[1]) >= 0 || strings.HasPrefix(after[1:], "»"))
}
