package wording

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"postecpx/assets"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/language"
)

// TestTraceCatalogue: every sentence on an exchange is there in both languages,
// and none is left over.
func TestTraceCatalogue(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	code, err := os.ReadFile("trace.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"(trace\.[a-z0-9.-]*[a-z0-9])"`).FindAllSubmatch(code, -1) {
		used[string(m[1])] = true
	}
	for sw := range 0x10000 {
		word := iso7816.StatusWord(sw)
		_, more := word.MoreData()
		_, le := word.RightLe()
		_, tries := word.TriesLeft()
		if word.Meaning() != "" && !more && !le && !tries {
			used["trace.status."+word.String()] = true
		}
	}
	for _, tag := range language.Supported {
		data, err := assets.Translations.ReadFile("translations/trace." + tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		for key := range used {
			if all[key] == nil || all[key] == "" {
				t.Errorf("%s: %s is missing", tag, key)
			}
		}
		for key := range all {
			if !used[key] {
				t.Errorf("%s: %s is not used", tag, key)
			}
		}
	}
}

func document(t *testing.T, unmask bool) trace.Document {
	t.Helper()
	clock := cardtest.Today
	recorder := trace.NewRecorder(func() time.Time { clock = clock.Add(1250 * time.Microsecond); return clock })
	card := cardtest.New(t, "medecin", cardtest.Today, virtualcard.Faults{})
	transmitter := recorder.Transmitter(card)
	if _, err := cps.Read(context.Background(), through{transmitter}, card.ATR(), cps.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := recorder.Transmitter(answer("\x69\x83")).Transmit(context.Background(), []byte("\x00\x20\x00\x01\x041234")); err != nil {
		t.Fatal(err)
	}
	recording := recorder.Recording()
	recording.ATR = card.ATR()
	return recording.Document(unmask)
}

type through struct{ t iso7816.Transmitter }

func (c through) Transaction(_ context.Context, do func(iso7816.Transmitter) error) error {
	return do(c.t)
}

// answer stands for the card where a code would be presented.
type answer []byte

func (a answer) Transmit(context.Context, []byte) ([]byte, error) { return a, nil }

func TestTraceInWords(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string][]string{
		"fr": {
			"ATR : 3BAC0040", "retiré", "1,2 ms", "SELECT · application CPx avec contact (E828BD080F8025000001FF0010)",
			"READ BINARY · EF.ODF (3F0000015031) · à partir de l'octet 0 · 48 octets demandés", "octets retirés] 9000",
			"GET DATA · compteurs d'un code, sans le présenter", "VERIFY · code de référence 01 · un code est présenté",
			"0020000104 [4 octets retirés]", "6983 code bloqué", "CPS_NAME_PS (3F000001", "certificat (3F000001",
		},
		"en": {"ATR: 3BAC0040", "taken out", "1.2 ms", "READ BINARY · EF.ODF", "success", "6983 authentication method blocked"},
	} {
		text := Trace(speaker(t, tag), document(t, false))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", tag, w, text)
			}
		}
		if regexp.MustCompile(`trace\.[a-z]`).MatchString(text) {
			t.Errorf("%s: a key stands in\n%s", tag, text)
		}
		if open := Trace(speaker(t, tag), document(t, true)); !strings.Contains(open, fmt.Sprintf("%X", "899700218896")) || strings.Contains(open, "31323334") {
			t.Errorf("%s: unmasked:\n%s", tag, open)
		}
	}
}
