package trace_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
)

const reader = "Reader 00 00"

// record reads a shipped card to its end, and gives what was recorded.
func record(t testing.TB, name string, faults virtualcard.Faults) (trace.Recording, *cps.Card, error) {
	t.Helper()
	source := cardreader.NewVirtual(reader)
	source.Insert(reader, cardtest.New(t, name, cardtest.Today, faults))
	clock := cardtest.Today
	recorder := trace.NewRecorder(func() time.Time {
		clock = clock.Add(1500 * time.Microsecond)
		return clock
	})
	card, err := cardreader.ReadCard(context.Background(), cardreader.Record(source, recorder), reader, cps.Options{})
	return recorder.Recording(), card, err
}

func encode(t testing.TB, document any) []byte {
	t.Helper()
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t testing.TB, data []byte) trace.Recording {
	t.Helper()
	r, err := trace.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func replay(t testing.TB, r trace.Recording) *trace.Replay {
	t.Helper()
	card, err := trace.NewReplay(r)
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// TestReplayIsTheSameCard: what is read of a recording, saved and read back, is
// what was read of the card; again without a reset; and whatever was read
// before.
func TestReplayIsTheSameCard(t *testing.T) {
	t.Parallel()
	for _, name := range virtualcard.Names() {
		for fault, faults := range map[string]virtualcard.Faults{"": {}, "strict-le": {StrictLe: true}} {
			t.Run(name+fault, func(t *testing.T) {
				t.Parallel()
				recording, want, err := record(t, name, faults)
				if err != nil {
					t.Fatal(err)
				}
				card := replay(t, parse(t, encode(t, recording.Document(true))))
				if len(recording.Exchanges) != want.Exchanges {
					t.Errorf("%d exchanges recorded of %d", len(recording.Exchanges), want.Exchanges)
				}
				read := func(depth cps.Depth) *cps.Card {
					t.Helper()
					got, err := cps.Read(context.Background(), card, card.ATR(), cps.Options{Depth: depth})
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				card.Insert()
				for _, when := range []string{"first", "again"} {
					if got := read(cps.Everything); !reflect.DeepEqual(got, want) {
						t.Errorf("%s: %+v, want %+v", when, got, want)
					}
				}
				if n := card.Counts(); n.Unknown != 0 || n.Presented != 0 || n.Exchanges != 2*want.Exchanges {
					t.Errorf("counts: %+v", n)
				}
				if got := read(cps.IdentifierOnly).Identifier.Value; got != want.Identifier.Value {
					t.Errorf("identifier alone: %q, want %q", got, want.Identifier.Value)
				}
				if got := read(cps.Everything); !reflect.DeepEqual(got, want) {
					t.Errorf("after the identifier alone: %+v, want %+v", got, want)
				}
			})
		}
	}
}

// shown is every byte of a document that can be seen, as one string.
func shown(t *testing.T, d trace.Document) string {
	t.Helper()
	var all []byte
	for _, x := range d.Exchanges {
		for _, text := range []string{x.Command, x.Response} {
			b, err := hex.DecodeString(strings.ReplaceAll(text, "XX", "00"))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
	}
	return string(all)
}

// TestMaskedSaysNobody: nothing of the person, the card number or the
// certificates is in a masked recording; all of it is in one that is not.
func TestMaskedSaysNobody(t *testing.T) {
	t.Parallel()
	for _, name := range virtualcard.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recording, card, err := record(t, name, virtualcard.Faults{})
			if err != nil {
				t.Fatal(err)
			}
			personal := map[string]string{"reader": reader}
			for what, value := range map[string]string{
				"identifier": card.Identifier.Value, "number": card.Number,
				"family name": card.Holder.FamilyName, "given name": card.Holder.GivenName,
			} {
				if value != "" {
					personal[what] = value
				}
			}
			if packed, err := hex.DecodeString(card.Number); err == nil && len(packed) > 0 {
				personal["packed number"] = string(packed)
			}
			for _, c := range card.Certificates {
				personal["certificate"] = string(c.Raw[4:36])                       // in the first block
				personal["modulus"] = string(c.Raw[len(c.Raw)/2 : len(c.Raw)/2+16]) // perhaps in two
				personal["subject"] = c.CommonName
			}
			masked, open := recording.Document(false), recording.Document(true)
			text := shown(t, masked) + string(encode(t, masked)) + string(encode(t, recording))
			clear := shown(t, open) + string(encode(t, open))
			for what, value := range personal {
				if value == "" {
					continue
				}
				if strings.Contains(text, value) {
					t.Errorf("%s is in the masked recording", what)
				}
				whole := what == "reader" || what == "identifier" || what == "packed number" || what == "certificate"
				if whole && !strings.Contains(clear, value) {
					t.Errorf("%s is not in the whole recording: the test looks for nothing", what)
				}
			}
			for i, x := range masked.Exchanges {
				if len(x.Response) != len(open.Exchanges[i].Response) || !reflect.DeepEqual(x.Decoded, open.Exchanges[i].Decoded) {
					t.Errorf("exchange %d lost more than bytes: %+v, was %+v", i+1, x, open.Exchanges[i])
				}
			}
			if _, err := trace.NewReplay(parse(t, encode(t, masked))); !errors.Is(err, trace.ErrMasked) {
				t.Errorf("a masked recording is played: %v", err)
			}
		})
	}
}

// answering gives the same answer to everything.
type answering []byte

func (a answering) Transmit(context.Context, []byte) ([]byte, error) { return bytes.Clone(a), nil }

// TestSecretsAreNeverRecorded: in memory, in either document, and when somebody
// wrote them into one.
func TestSecretsAreNeverRecorded(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"VERIFY":                    "0020000104FEDCBA98",
		"VERIFY, odd":               "0021000104FEDCBA98",
		"VERIFY with an Le":         "0020000104FEDCBA9800",
		"VERIFY, extended":          "00200001000004FEDCBA98",
		"VERIFY, wrong length":      "0020000108FEDCBA98",
		"VERIFY on a channel":       "0120000104FEDCBA98",
		"VERIFY, old class":         "A020000104FEDCBA98",
		"CHANGE REFERENCE DATA":     "0024000108FEDCBA98FEDCBA98",
		"RESET RETRY COUNTER":       "002C000108FEDCBA98FEDCBA98",
		"GENERAL AUTHENTICATE":      "0086000004FEDCBA98",
		"INTERNAL AUTHENTICATE":     "0088000004FEDCBA9800",
		"not one of reading":        "00DA000004FEDCBA98",
		"chained":                   "10A4040004FEDCBA98",
		"secure messaging":          "0CB0000004FEDCBA98",
		"pseudo command of readers": "FFA4000004FEDCBA98",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := hex.DecodeString(command)
			if err != nil {
				t.Fatal(err)
			}
			recorder := trace.NewRecorder(time.Now)
			card := recorder.Transmitter(answering("\xFE\xDC\xBA\x98\x61\x04"))
			for _, c := range [][]byte{raw, {0x00, 0xC0, 0x00, 0x00, 0x04}} { // its answer, and the rest of it
				if got, err := card.Transmit(context.Background(), c); err != nil || len(got) != 6 {
					t.Fatal(got, err)
				}
			}
			if !bytes.Contains(raw, []byte{0xFE, 0xDC, 0xBA, 0x98}) {
				t.Fatal("the command itself was changed")
			}
			recording := recorder.Recording()
			for i, e := range recording.Exchanges {
				if bytes.Contains(e.Command, []byte{0xFE, 0xDC}) || bytes.Contains(e.Response, []byte{0xFE, 0xDC}) {
					t.Errorf("exchange %d: %+v", i+1, e)
				}
			}
			if e := recording.Exchanges[0]; e.CommandMasking != trace.Secret || e.ResponseMasking != trace.Secret ||
				len(e.Command) != len(raw) || !bytes.Equal(e.Command[:4], raw[:4]) {
				t.Errorf("%+v", e)
			}
			for _, unmask := range []bool{true, false} {
				if text := string(encode(t, recording.Document(unmask))); strings.Contains(text, "FEDC") || !strings.Contains(text, "XXXXXXXX6104") {
					t.Errorf("unmask %v: %s", unmask, text)
				}
			}
			written := `{"schema":"postecpx.trace/1","recordedAt":"2026-11-23T10:00:00Z","atr":"3B00","exchanges":[{"command":"` +
				command + `","response":"FEDCBA989000"}]}`
			if text := string(encode(t, parse(t, []byte(written)).Document(true))); strings.Contains(text, "FEDC") {
				t.Errorf("written by somebody: %s", text)
			}
		})
	}
}

func transmit(t *testing.T, card iso7816.Transmitter, command string) string {
	t.Helper()
	raw, err := hex.DecodeString(command)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := card.Transmit(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToUpper(hex.EncodeToString(answer))
}

// TestReplayAnswers: by what is selected, in any order; nothing else is known.
func TestReplayAnswers(t *testing.T) {
	t.Parallel()
	document := `{"schema":"postecpx.trace/1","recordedAt":"2026-11-23T10:00:00Z","atr":"3B00","exchanges":[
		{"command":"00A4080C022F00","response":"9000"},
		{"command":"00B0000004","response":"AABBCCDD9000"},
		{"command":"00A4080C022F01","response":"9000"},
		{"command":"00B0000004","response":"111122229000"},
		{"command":"00A40804022F01","response":"6104"},
		{"command":"00C0000004","response":"6202A1009000"},
		{"command":"00200001","response":"63C3"},
		{"command":"00200001","response":"63C2"},
		{"command":"002000010431323334","response":"9000"},
		{"command":"00CB3FFF","noAnswer":true}]}`
	card := replay(t, parse(t, []byte(document)))
	for _, step := range []struct{ command, want string }{
		{"00B0000004", "6D00"}, // nothing is selected yet
		{"00A4080C022F01", "9000"},
		{"00B0000004", "111122229000"},
		{"00A4080C022F00", "9000"},
		{"00B0000004", "AABBCCDD9000"},
		{"00B0000004", "AABBCCDD9000"},
		{"00B0000008", "6D00"},         // another length
		{"00C0000004", "6D00"},         // nothing waits
		{"00A4080C02D003", "6A82"},     // another file
		{"00B0000004", "AABBCCDD9000"}, // which changed nothing
		{"00A40804022F01", "6104"},
		{"00C0000004", "6202A1009000"},
		{"00200001", "63C3"},
		{"00200001", "63C2"},
		{"00200001", "63C2"},
		{"002000010431323334", "6985"}, // never accepted
		{"0024000108313233343132333400", "6985"},
		{"002C000108313233343132333400", "6985"},
		{"00200001000004313233340000", "6985"},
		{"00CB3FFF", "6D00"},
		{"0088000004AABBCCDD", "6D00"},
		{"00", "6D00"},
	} {
		if got := transmit(t, card, step.command); got != step.want {
			t.Errorf("%s: %s, want %s", step.command, got, step.want)
		}
	}
	if n := card.Counts(); n.Presented != 4 || n.GetResponses != 2 {
		t.Errorf("counts: %+v", n)
	}
	card.Reset()
	if got := transmit(t, card, "00B0000004"); got != "6D00" {
		t.Errorf("a selection outlives the reset: %s", got)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := card.Transmit(ended, []byte{0, 0xA4, 0, 0}); !errors.Is(err, context.Canceled) {
		t.Errorf("it answers after the end: %v", err)
	}
}

// TestInterruptedReading: what there was is recorded, and the lack of an answer
// too.
func TestInterruptedReading(t *testing.T) {
	t.Parallel()
	recording, _, err := record(t, "medecin", virtualcard.Faults{RemoveAt: 5})
	if err == nil {
		t.Fatal("the reading succeeded")
	}
	d := parse(t, encode(t, recording.Document(true))).Document(true)
	if len(d.Exchanges) != 5 || !d.Exchanges[4].NoAnswer || d.Exchanges[3].NoAnswer {
		t.Errorf("%d exchanges: %+v", len(d.Exchanges), d.Exchanges[len(d.Exchanges)-1])
	}
}

// TestRecorderIsBounded: a card that never ends does not fill the memory.
func TestRecorderIsBounded(t *testing.T) {
	t.Parallel()
	recorder := trace.NewRecorder(time.Now)
	card := recorder.Transmitter(answering("\x90\x00"))
	for range trace.MaxExchanges + 1 {
		transmit(t, card, "00B0000004")
	}
	if r := recorder.Recording(); len(r.Exchanges) != trace.MaxExchanges || !r.Truncated {
		t.Errorf("%d exchanges, truncated %v", len(r.Exchanges), r.Truncated)
	}
}

// TestDecode: what an exchange means, on the card of a physician.
func TestDecode(t *testing.T) {
	t.Parallel()
	recording, card, err := record(t, "medecin", virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	var first, counter *trace.Decoded
	for _, d := range recording.Decode() {
		if d.File != nil {
			files[d.File.Name] = d.File.ID
		}
		if first == nil {
			first = &d
		}
		if d.Object == "tries" {
			counter = &d
		}
	}
	for _, label := range []string{"CPS_INFO_PS", "CPS_NAME_PS", "CPS_ID_CARD"} {
		if files[label] == "" || files[label] != card.Paths[label] {
			t.Errorf("%s is %q, read at %q", label, files[label], card.Paths[label])
		}
	}
	for name, place := range map[string]string{
		"EF.ODF": "3F0000015031", "EF.TokenInfo": "3F0000015032", "EF.SN.ICC": "3F00D003", "DODF": "3F0000017006", "CDF": "3F0000017005", "MF": "3F00",
	} {
		if files[name] != place {
			t.Errorf("%s is at %q, want %q", name, files[name], place)
		}
	}
	if files["certificate"] == "" || files[""] != "" {
		t.Errorf("files: %v", files)
	}
	want := trace.Decoded{
		Instruction: "SELECT", By: trace.ByName, Answer: "none", Status: "9000", Meaning: "success",
		Application: &trace.Named{ID: "E828BD080F8025000001FF0010", Name: "contact"},
	}
	if !reflect.DeepEqual(*first, want) {
		t.Errorf("first: %+v, want %+v", *first, want)
	}
	if counter == nil || counter.Instruction != "GET DATA" {
		t.Errorf("counter: %+v", counter)
	}
}

// TestParseRefuses says why, by the errors that a caller decides on.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	whole := func(exchange string) string {
		return `{"schema":"postecpx.trace/1","recordedAt":"2026-11-23T10:00:00Z","atr":"3B00","exchanges":[` + exchange + `]}`
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":           {"", trace.ErrNotJSON},
		"text":              {"Échanges", trace.ErrNotJSON},
		"cut":               {whole("")[:60], trace.ErrNotJSON},
		"list":              {"[]", trace.ErrOtherSchema},
		"report":            {`{"schema":"postecpx.report/1"}`, trace.ErrOtherSchema},
		"newer":             {`{"schema":"postecpx.trace/2"}`, trace.ErrNewerSchema},
		"no time":           {`{"schema":"postecpx.trace/1"}`, trace.ErrIncomplete},
		"too large":         {strings.Repeat(" ", trace.Largest+1), trace.ErrTooLarge},
		"too many":          {whole(strings.TrimSuffix(strings.Repeat(`{"command":"00A40000","response":"9000"},`, trace.MaxExchanges+1), ",")), trace.ErrIncomplete},
		"no hexadecimal":    {whole(`{"command":"00A4000G","response":"9000"}`), trace.ErrIncomplete},
		"short command":     {whole(`{"command":"00A4","response":"9000"}`), trace.ErrIncomplete},
		"XX unannounced":    {whole(`{"command":"0020000104XXXXXXXX","response":"9000"}`), trace.ErrIncomplete},
		"XX in a header":    {whole(`{"command":"XX20000104XXXXXXXX","commandMasked":"secret","response":"9000"}`), trace.ErrIncomplete},
		"XX for nothing":    {whole(`{"command":"00A40000","response":"9000","responseMasked":"secret"}`), trace.ErrIncomplete},
		"person, unmasked":  {whole(`{"command":"00B0000001","response":"XX9000","responseMasked":"person"}`), trace.ErrIncomplete},
		"unknown masking":   {whole(`{"command":"00B0000001","response":"XX9000","responseMasked":"because"}`), trace.ErrIncomplete},
		"two answers":       {whole(`{"command":"00B0000001","response":"9000","noAnswer":true}`), trace.ErrIncomplete},
		"before the start":  {whole(`{"atUs":-1,"command":"00B0000001","response":"9000"}`), trace.ErrIncomplete},
		"number for a text": {whole(`{"command":7}`), trace.ErrIncomplete},
		"named in a mask":   {`{"schema":"postecpx.trace/1","masked":true,"recordedAt":"2026-11-23T10:00:00Z","reader":"R"}`, trace.ErrIncomplete},
		"long ATR":          {`{"schema":"postecpx.trace/1","recordedAt":"2026-11-23T10:00:00Z","atr":"` + strings.Repeat("00", 34) + `"}`, trace.ErrIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var wrong *trace.ParseError
			if _, err := trace.Parse([]byte(c.text)); !errors.Is(err, c.want) || !errors.As(err, &wrong) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	if _, err := trace.NewReplay(parse(t, []byte(whole("")))); !errors.Is(err, trace.ErrNothing) {
		t.Errorf("an empty recording: %v", err)
	}
	if _, err := trace.NewReplay(trace.Recording{}); !errors.Is(err, iso7816.ErrATR) {
		t.Errorf("without an ATR: %v", err)
	}
}

// TestParseWindowsText: PowerShell writes UTF-16 with a mark of byte order.
func TestParseWindowsText(t *testing.T) {
	t.Parallel()
	recording, _, err := record(t, "pharmacien", virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	plain := encode(t, recording.Document(true))
	wide := []byte{0xFF, 0xFE}
	for _, b := range plain {
		wide = append(wide, b, 0)
	}
	for _, data := range [][]byte{wide, append([]byte("\xEF\xBB\xBF"), plain...)} {
		if !bytes.Equal(encode(t, parse(t, data).Document(true)), plain) {
			t.Error("read back as something else")
		}
	}
}

// FuzzParse: what is accepted is written back the same, is masked where it must
// be, and never is a card that accepts a code.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"medecin", "pharmacien", "sans-contact"} {
		recording, _, err := record(f, name, virtualcard.Faults{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encode(f, recording.Document(true)))
		f.Add(encode(f, recording.Document(false)))
	}
	f.Add([]byte(`{"schema":"postecpx.trace/1","recordedAt":"2026-11-23T10:00:00Z","atr":"3B00","exchanges":[{"command":"002000010431323334","response":"9000"},{"command":"00B08501","noAnswer":true}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := trace.Parse(data)
		if err != nil {
			return
		}
		for _, unmask := range []bool{true, false} {
			once := encode(t, r.Document(unmask))
			again := encode(t, parse(t, once).Document(unmask))
			if !bytes.Equal(once, again) {
				t.Fatalf("unmask %v:\n%s\n%s", unmask, once, again)
			}
		}
		for _, x := range r.Document(false).Exchanges {
			data := strings.TrimSuffix(strings.ReplaceAll(x.Response, "XX", ""), x.Status)
			if x.Instruction == "READ BINARY" && data != "" && (x.File == nil || !strings.HasSuffix(x.File.ID, "2F00") &&
				!strings.HasSuffix(x.File.ID, "2F01") && !strings.HasSuffix(x.File.ID, "5031")) {
				t.Fatalf("content is shown: %+v", x)
			}
			if x.Presents && len(x.Command) > 10 && x.CommandMasked != trace.Secret {
				t.Fatalf("a code is shown: %+v", x)
			}
		}
		card, err := trace.NewReplay(r)
		if err != nil {
			return
		}
		for _, e := range r.Exchanges {
			for _, command := range [][]byte{e.Command, append([]byte{0x00, 0x20, 0x00, 0x01, 0x04}, "1234"...)} {
				answer, err := card.Transmit(context.Background(), command)
				if err != nil || len(answer) < 2 {
					t.Fatalf("%X: %X, %v", command, answer, err)
				}
				if command[1] == 0x20 && len(command) > 4 && bytes.HasSuffix(answer, []byte{0x90, 0x00}) {
					t.Fatalf("a code was accepted: %X", command)
				}
			}
		}
	})
}
