package trace

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"postecpx/cardreader/iso7816"
	"postecpx/internal/plaintext"
)

// Schema of the document of a recording.
const Schema = "postecpx.trace/1"

// Document is a recording as it is saved.
type Document struct {
	Schema        string             `json:"schema"`
	Masked        bool               `json:"masked"`
	RecordedAt    string             `json:"recordedAt"` // RFC 3339, UTC
	Demonstration bool               `json:"demonstration,omitempty"`
	Reader        string             `json:"reader,omitempty"`
	ATR           string             `json:"atr"`
	Truncated     bool               `json:"truncated,omitempty"`
	Exchanges     []ExchangeDocument `json:"exchanges"`
}

// ExchangeDocument is one exchange. Two letters X stand for a masked byte.
type ExchangeDocument struct {
	Number         int     `json:"number"`
	AtUs           int64   `json:"atUs"`
	DurationUs     int64   `json:"durationUs"`
	Command        string  `json:"command"`
	CommandMasked  Masking `json:"commandMasked,omitempty"`
	Response       string  `json:"response,omitempty"`
	ResponseMasked Masking `json:"responseMasked,omitempty"`
	// NoAnswer: the card was gone, was reset, or was silent.
	NoAnswer bool `json:"noAnswer,omitempty"`
	Decoded
}

// Document is the recording as it is saved: masked, unless it is unmask.
func (r Recording) Document(unmask bool) Document {
	if !unmask {
		r = r.Masked()
	}
	d := Document{
		Schema: Schema, Masked: r.IsMasked, RecordedAt: r.RecordedAt.UTC().Format(time.RFC3339),
		Demonstration: r.Demonstration, Reader: r.Reader, ATR: hexOf(r.ATR), Truncated: r.Truncated,
		Exchanges: make([]ExchangeDocument, len(r.Exchanges)),
	}
	for i, decoded := range r.Decode() {
		e := r.Exchanges[i]
		d.Exchanges[i] = ExchangeDocument{
			Number: i + 1, AtUs: e.At.Microseconds(), DurationUs: e.Duration.Microseconds(),
			Command: covered(e.Command, commandBody, e.CommandMasking), CommandMasked: e.CommandMasking,
			Response: covered(e.Response, responseBody, e.ResponseMasking), ResponseMasked: e.ResponseMasking,
			NoAnswer: e.failed(), Decoded: decoded,
		}
	}
	return d
}

// MarshalJSON writes the masked document, so that nothing gets out by mistake.
func (r Recording) MarshalJSON() ([]byte, error) { return json.Marshal(r.Document(false)) }

// covered writes bytes in hexadecimal, with XX for each that is masked.
func covered(raw []byte, bodyOf func([]byte) []byte, masking Masking) string {
	text := hexOf(raw)
	if masking == Shown {
		return text
	}
	body := bodyOf(raw)
	if len(body) == 0 {
		return text
	}
	from := 0
	for &raw[from] != &body[0] {
		from++
	}
	return text[:2*from] + strings.Repeat("XX", len(body)) + text[2*(from+len(body)):]
}

// Bounds of what Parse takes.
const (
	Largest        = 8 << 20 // bytes of a document
	longestAPDU    = 65544   // extended: header, lengths, 65535 bytes
	longestATR     = 33
	longestReader  = 512
	longestRunning = 24 * time.Hour
)

// Why a file cannot be read as a recording.
var (
	ErrTooLarge    = errors.New("larger than any recording")
	ErrNotJSON     = errors.New("not a JSON document")
	ErrOtherSchema = errors.New("not a recording of exchanges")
	ErrNewerSchema = errors.New("a recording of a newer program")
	ErrIncomplete  = errors.New("a recording with parts that are missing or wrong")
)

// ParseError says why a file cannot be read as a recording; errors.Is tells it
// by the Err… above.
type ParseError struct{ Reason, Cause error }

func (e *ParseError) Error() string {
	text := "read a recording: " + e.Reason.Error()
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives both.
func (e *ParseError) Unwrap() []error { return []error{e.Reason, e.Cause} }

// Parse reads the document of a recording, with the marks of byte order that
// Windows programs put before a text. A secret that somebody wrote into it is
// taken out again; what the document says that an exchange means is not
// believed, but made anew.
func Parse(data []byte) (Recording, error) {
	if len(data) > Largest {
		return Recording{}, &ParseError{Reason: ErrTooLarge}
	}
	data = plaintext.UTF8(data)
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		if wrongType := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrongType) {
			return Recording{}, &ParseError{Reason: ErrOtherSchema}
		}
		return Recording{}, &ParseError{Reason: ErrNotJSON, Cause: err}
	}
	if head.Schema != Schema {
		reason := ErrOtherSchema
		if version, ok := strings.CutPrefix(head.Schema, "postecpx.trace/"); ok {
			if n, err := strconv.Atoi(version); err == nil && n > 1 {
				reason = ErrNewerSchema
			}
		}
		return Recording{}, &ParseError{Reason: reason}
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		return Recording{}, &ParseError{Reason: ErrIncomplete, Cause: err}
	}
	r, err := d.recording()
	if err != nil {
		return Recording{}, &ParseError{Reason: ErrIncomplete, Cause: err}
	}
	return r, nil
}

func (d Document) recording() (Recording, error) {
	at, err := time.Parse(time.RFC3339, d.RecordedAt)
	if err != nil {
		return Recording{}, fmt.Errorf("recordedAt: %w", err)
	}
	r := Recording{
		RecordedAt: at.UTC(), Reader: d.Reader, Demonstration: d.Demonstration, Truncated: d.Truncated, IsMasked: d.Masked,
	}
	if r.RecordedAt.Year() < 1 || r.RecordedAt.Year() > 9999 {
		return Recording{}, errors.New("recordedAt: outside the calendar")
	}
	if len(d.Reader) > longestReader {
		return Recording{}, fmt.Errorf("reader: %d bytes", len(d.Reader))
	}
	if d.Masked && d.Reader != "" {
		return Recording{}, errors.New("reader: named in a masked recording")
	}
	if r.ATR, err = hex.DecodeString(d.ATR); err != nil || len(r.ATR) > longestATR {
		return Recording{}, errors.New("atr: not one in hexadecimal")
	}
	if len(d.Exchanges) > MaxExchanges {
		return Recording{}, fmt.Errorf("exchanges: %d, at most %d", len(d.Exchanges), MaxExchanges)
	}
	pending := true
	for i, x := range d.Exchanges {
		e, err := x.exchange()
		if err != nil {
			return Recording{}, fmt.Errorf("exchanges: number %d: %w", i+1, err)
		}
		if !d.Masked && e.ResponseMasking == Person {
			return Recording{}, fmt.Errorf("exchanges: number %d: masked, in a recording that says that it is not", i+1)
		}
		e.hideSecrets(&pending)
		r.Exchanges = append(r.Exchanges, e)
		if f := x.File; d.Masked && f != nil && places.MatchString(f.ID) && known(f.Name) {
			if r.names == nil {
				r.names = make(map[string]string)
			}
			r.names[f.ID] = f.Name
		}
	}
	return r, nil
}

var places = regexp.MustCompile(`^([0-9A-F]{4}){1,8}$`)

func (x ExchangeDocument) exchange() (e Exchange, err error) {
	e.At, e.Duration = time.Duration(x.AtUs)*time.Microsecond, time.Duration(x.DurationUs)*time.Microsecond
	for _, us := range []int64{x.AtUs, x.DurationUs} {
		if us < 0 || us > longestRunning.Microseconds() {
			return e, fmt.Errorf("%d µs", us)
		}
	}
	if e.Command, err = uncover(x.Command, commandBody, x.CommandMasked); err != nil {
		return e, fmt.Errorf("command: %w", err)
	}
	if len(e.Command) < 4 {
		return e, fmt.Errorf("command: %d bytes, at least 4", len(e.Command))
	}
	if x.CommandMasked == Person {
		return e, errors.New("command: only a response says who somebody is")
	}
	if x.NoAnswer {
		if x.Response != "" || x.ResponseMasked != Shown {
			return e, errors.New("response: there is one, and no answer")
		}
	} else if e.Response, err = uncover(x.Response, responseBody, x.ResponseMasked); err != nil {
		return e, fmt.Errorf("response: %w", err)
	}
	e.CommandMasking, e.ResponseMasking = x.CommandMasked, x.ResponseMasked
	return e, nil
}

// uncover reads what covered wrote.
func uncover(text string, bodyOf func([]byte) []byte, masking Masking) ([]byte, error) {
	if len(text) > 2*longestAPDU {
		return nil, fmt.Errorf("%d characters", len(text))
	}
	if masking != Shown && masking != Secret && masking != Person {
		return nil, errors.New("masked in a way that is not known")
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "XX", "00"))
	if err != nil {
		return nil, errors.New("not in hexadecimal")
	}
	if masking != Shown && len(bodyOf(raw)) == 0 || covered(raw, bodyOf, masking) != strings.ToUpper(text) {
		return nil, errors.New("XX elsewhere than where something is masked")
	}
	if raw == nil {
		raw = []byte{}
	}
	return raw, nil
}

// status makes a response of a status word alone.
func status(sw iso7816.StatusWord) []byte { return []byte{sw.SW1(), sw.SW2()} }
