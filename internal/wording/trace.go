package wording

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/trace"
	"postecpx/internal/language"
)

// Trace gives the recorded exchanges as a text to read: of each what was asked,
// the bytes, and what the answer means.
func Trace(s *language.Speaker, d trace.Document) string {
	var b strings.Builder
	line := func(text string) { fmt.Fprintln(&b, text) }
	line(s.Say("trace.head", "At", foreign(d.RecordedAt)))
	if d.Demonstration {
		line(s.Say("trace.demonstration"))
	}
	if d.Reader != "" {
		line(s.Say("trace.reader", "Reader", foreign(d.Reader)))
	}
	line(s.Say("trace.atr", "ATR", d.ATR))
	if d.Masked {
		line(s.Say("trace.masked"))
	} else {
		line(s.Say("trace.unmasked"))
	}
	line(s.Say("trace.secret"))
	var whole int64
	for _, e := range d.Exchanges {
		whole += e.DurationUs
	}
	line(s.Say("trace.count", "Count", len(d.Exchanges), "Time", milliseconds(s, whole)))
	for _, e := range d.Exchanges {
		line("")
		line(fmt.Sprintf("%3d  +%s  (%s)  %s", e.Number, milliseconds(s, e.AtUs), milliseconds(s, e.DurationUs), ExchangeAsked(s, e)))
		line(apdu(s, "     > ", e.Command))
		if e.NoAnswer {
			line("     < " + s.Say("trace.no-answer"))
			continue
		}
		line(apdu(s, "     < ", e.Response))
		line("       " + ExchangeAnswered(s, e))
	}
	if d.Truncated {
		line("")
		line(s.Say("trace.truncated"))
	}
	return b.String()
}

// milliseconds with one decimal, as the language writes it.
func milliseconds(s *language.Speaker, us int64) string {
	value := strconv.FormatFloat(float64(us)/float64(time.Millisecond/time.Microsecond), 'f', 1, 64)
	if s.Tag() == "fr" {
		value = strings.Replace(value, ".", ",", 1)
	}
	return s.Say("trace.ms", "Value", value)
}

var hidden = regexp.MustCompile(`(XX)+`)

// bytesInLine is how many bytes of an APDU stand on one line.
const bytesInLine = 32

// apdu writes the bytes, in lines of equal length, and says how many are not
// shown.
func apdu(s *language.Speaker, lead, text string) string {
	if text == "" {
		return lead + s.Say("trace.nothing")
	}
	text = hidden.ReplaceAllStringFunc(text, func(run string) string {
		return " " + s.Say("trace.hidden", "Count", len(run)/2) + " "
	})
	text = strings.TrimSpace(text)
	if strings.Contains(text, "[") {
		return lead + text
	}
	var lines []string
	for len(text) > 2*bytesInLine {
		lines, text = append(lines, text[:2*bytesInLine]), text[2*bytesInLine:]
	}
	return lead + strings.Join(append(lines, text), "\n"+strings.Repeat(" ", len(lead)))
}

var (
	applicationKeys = map[string]string{
		"root": "trace.application.root", "contact": "trace.application.contact", "contactless": "trace.application.contactless",
		"CPS2ter": "trace.application.cps2ter", "card-manager": "trace.application.card-manager",
	}
	byKeys = map[string]string{
		trace.ByIdentifier: "trace.by.identifier", trace.ByChildDF: "trace.by.child-df", trace.ByChildEF: "trace.by.child-ef",
		trace.ByParent: "trace.by.parent", trace.ByName: "trace.by.name", trace.ByPathMF: "trace.by.path-from-mf",
		trace.ByPathDF: "trace.by.path-from-df",
	}
	answerKeys = map[string]string{
		"fci": "trace.answer.fci", "fcp": "trace.answer.fcp", "fmd": "trace.answer.fmd", "none": "trace.answer.none",
	}
	fileKeys = map[string]string{"certificate": "trace.file.certificate", "data": "trace.file.data"}
)

// ExchangeAsked says what the command of an exchange asks for.
func ExchangeAsked(s *language.Speaker, e trace.ExchangeDocument) string {
	var parts []string
	add := func(key string, pairs ...any) {
		if key != "" {
			parts = append(parts, s.Say(key, pairs...))
		}
	}
	if e.Of != "" {
		add("trace.of", "Instruction", e.Of)
	}
	if e.Application != nil {
		name := foreign(e.Application.ID)
		if key := applicationKeys[e.Application.Name]; key != "" {
			name = s.Say(key) + " (" + name + ")"
		}
		add("trace.application", "Name", name)
	}
	if e.File != nil {
		name := foreign(e.File.ID)
		switch key := fileKeys[e.File.Name]; {
		case key != "":
			name = s.Say(key) + " (" + name + ")"
		case e.File.Name != "":
			name = foreign(e.File.Name) + " (" + name + ")"
		}
		parts = append(parts, name)
	}
	add(byKeys[e.By])
	add(answerKeys[e.Answer])
	if e.Offset != nil {
		add("trace.offset", "Offset", *e.Offset)
	}
	switch e.Object {
	case "":
	case "tries":
		add("trace.object.tries")
	default:
		add("trace.object", "Tag", foreign(e.Object))
	}
	if e.Reference != nil {
		add("trace.reference", "Reference", fmt.Sprintf("%02X", *e.Reference))
		if e.Presents {
			add("trace.presents")
		} else {
			add("trace.asks")
		}
	}
	if e.Expected > 0 {
		add("trace.expected", "Count", e.Expected)
	}
	if e.Channel > 0 {
		add("trace.channel", "Channel", e.Channel)
	}
	if len(parts) == 0 {
		return e.Instruction
	}
	return e.Instruction + " · " + strings.Join(parts, " · ")
}

// ExchangeAnswered says what the answer of an exchange means.
func ExchangeAnswered(s *language.Speaker, e trace.ExchangeDocument) string {
	var parts []string
	if e.Length > 0 {
		parts = append(parts, s.Say("trace.length", "Count", e.Length))
	}
	if sw, err := strconv.ParseUint(e.Status, 16, 16); err == nil {
		text := e.Status
		if meaning := statusMeaning(s, iso7816.StatusWord(sw)); meaning != "" {
			text += " " + meaning
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return s.Say("trace.nothing")
	}
	return strings.Join(parts, " · ")
}

// statusMeaning is the sense of a status word, "" where ISO/IEC 7816-4 gives
// none.
func statusMeaning(s *language.Speaker, sw iso7816.StatusWord) string {
	if sw.Meaning() == "" {
		return ""
	}
	if n, ok := sw.MoreData(); ok {
		return s.Say("trace.status.more", "Count", n)
	}
	if n, ok := sw.RightLe(); ok {
		return s.Say("trace.status.le", "Count", n)
	}
	if n, ok := sw.TriesLeft(); ok {
		return s.Say("trace.status.tries", "Count", n)
	}
	return s.Say("trace.status." + sw.String())
}
