package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// JSON writes a document, on one line when indent is empty. Characters that a
// terminal could obey or that turn the direction of the text are escaped:
// encoding/json leaves those beyond ASCII as they are.
func JSON(document any, indent string) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(true)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(document); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	var out strings.Builder
	for _, r := range strings.TrimRight(b.String(), "\n") {
		switch {
		case r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) && r > 0xFFFF:
			high, low := (r-0x10000)>>10+0xD800, (r-0x10000)&0x3FF+0xDC00
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		case r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String(), nil
}
