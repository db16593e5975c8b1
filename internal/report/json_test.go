package report

import (
	"encoding/json"
	"testing"
	"unicode"
)

func TestJSONIsInert(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{"\x1b[31m", "\u009b31m", "a\u202eb\u2067c\u200f", "<script>", "\x00\n\r", "\U000e0041", "é€😀"} {
		text, err := JSON(map[string]string{"v": hostile}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range text {
			if unicode.In(r, unicode.Cc, unicode.Cf) || r == '<' {
				t.Errorf("%q is written with %U: %s", hostile, r, text)
			}
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(text), &back); err != nil || back["v"] != hostile {
			t.Errorf("%q reads back as %q, %v", hostile, back["v"], err)
		}
	}
}
