package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postecpx/internal/plaintext"
)

// Largest is how many bytes of a report are read.
const Largest = 16 << 20

// Why a file is not a report that can be read.
var (
	ErrTooLarge    = errors.New("larger than any report")
	ErrNotJSON     = errors.New("not a JSON document")
	ErrOtherSchema = errors.New("a document of another kind")
	ErrNewerSchema = errors.New("a report of a newer program")
	ErrIncomplete  = errors.New("a report with parts that are missing or wrong")
)

// ParseError says why a file cannot be read as a report; errors.Is tells it by
// the Err… above.
type ParseError struct {
	Reason error
	// Schema is what the document says it is, "" when it says nothing.
	Schema string
	Cause  error
}

func (e *ParseError) Error() string {
	text := "read a report: " + e.Reason.Error()
	if e.Schema != "" {
		text += " (" + strconv.Quote(e.Schema) + ")"
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *ParseError) Unwrap() []error { return []error{e.Reason, e.Cause} }

// Bounds of a report that was made up: a comparison weighs some of its values
// pair by pair.
const (
	mostFindings = 1000
	mostOfList   = 500
	longestValue = 4096 // of one fact, in bytes
)

// Parse reads the JSON of a report. The marks of byte order that Windows
// programs put before a text are accepted, and their UTF-16 too.
func Parse(data []byte) (Report, error) {
	if len(data) > Largest {
		return Report{}, &ParseError{Reason: ErrTooLarge}
	}
	data = plaintext.UTF8(data)
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			return Report{}, &ParseError{Reason: ErrOtherSchema}
		}
		return Report{}, &ParseError{Reason: ErrNotJSON, Cause: err}
	}
	if head.Schema != Schema {
		reason := ErrOtherSchema
		family, _, _ := strings.Cut(Schema, "/")
		if name, version, ok := strings.Cut(head.Schema, "/"); ok && name == family {
			if n, err := strconv.Atoi(version); err == nil && n > 1 {
				reason = ErrNewerSchema
			}
		}
		return Report{}, &ParseError{Reason: reason, Schema: head.Schema}
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, &ParseError{Reason: ErrIncomplete, Cause: err}
	}
	if err := r.check(); err != nil {
		return Report{}, &ParseError{Reason: ErrIncomplete, Cause: err}
	}
	return r, nil
}

// check finds what the comparison of two reports could not do without.
func (r Report) check() error {
	if _, err := time.Parse(time.RFC3339, r.GeneratedAt); err != nil {
		return fmt.Errorf("generatedAt: %w", err)
	}
	if r.Findings == nil {
		return errors.New("findings: none")
	}
	if len(r.Findings) > mostFindings {
		return fmt.Errorf("findings: %d", len(r.Findings))
	}
	seen := map[string]bool{}
	for i, f := range r.Findings {
		if f.Code == "" || f.Status == "" {
			return fmt.Errorf("findings: number %d has no code or no status", i+1)
		}
		if seen[f.Code] {
			return fmt.Errorf("findings: %q is there twice", f.Code)
		}
		seen[f.Code] = true
		if err := f.check(); err != nil {
			return err
		}
	}
	return r.Card.check()
}

// check refuses more than a report has.
func (f Finding) check() error {
	if len(f.Evidence) > mostOfList || len(f.Links) > mostOfList {
		return fmt.Errorf("findings: %q has %d facts and %d links", f.Code, len(f.Evidence), len(f.Links))
	}
	for _, e := range f.Evidence {
		if len(e.Key)+len(e.Label)+len(e.Value) > longestValue {
			return fmt.Errorf("findings: a fact of %q has %d bytes", f.Code, len(e.Key)+len(e.Label)+len(e.Value))
		}
	}
	return nil
}

func (c *Card) check() error {
	if c == nil {
		return nil
	}
	longest := max(len(c.Certificates), len(c.Unread), len(c.Identifier.Sources), len(c.Identifier.Problems))
	for _, x := range c.Certificates {
		longest = max(longest, len(x.Usage))
	}
	if longest > mostOfList {
		return fmt.Errorf("card: a list of %d", longest)
	}
	return nil
}
