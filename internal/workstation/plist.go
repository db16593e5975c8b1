package workstation

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds on a property list: those of macOS and its bundles have some hundred
// entries, the USB registry some thousand.
const (
	maxPlistDepth  = 64
	maxPlistValues = 1 << 18
)

// errBinaryPlist is the error for a property list in its binary form.
var errBinaryPlist = errors.New("a property list in binary form")

// parsePlist reads a property list in XML: Apple, PropertyList-1.0. The values
// are map[string]any, []any, string, int64 and bool; dates, data and real
// numbers stay text.
func parsePlist(text []byte) (any, error) {
	if bytes.HasPrefix(text, []byte("bplist")) {
		return nil, errBinaryPlist
	}
	r := &plistReader{decoder: xml.NewDecoder(bytes.NewReader(text))}
	for {
		start, err := r.start()
		if err != nil {
			return nil, fmt.Errorf("property list: %w", err)
		}
		if start == nil {
			return nil, errors.New("property list: empty")
		}
		if start.Name.Local == "plist" {
			continue
		}
		value, err := r.value(*start, 0)
		if err != nil {
			return nil, fmt.Errorf("property list: %w", err)
		}
		return value, nil
	}
}

type plistReader struct {
	decoder *xml.Decoder
	values  int
}

// start gives the next element, nil at the end of the one that holds it, or of
// the text.
func (r *plistReader) start() (*xml.StartElement, error) {
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

func (r *plistReader) text(of xml.StartElement) (string, error) {
	var text string
	err := r.decoder.DecodeElement(&text, &of)
	return text, err
}

func (r *plistReader) value(start xml.StartElement, depth int) (any, error) {
	if r.values++; depth > maxPlistDepth || r.values > maxPlistValues {
		return nil, errors.New("more in it than is read")
	}
	switch start.Name.Local {
	case "dict":
		return r.dict(depth)
	case "array":
		var all []any
		for {
			next, err := r.start()
			if err != nil || next == nil {
				return all, err
			}
			value, err := r.value(*next, depth+1)
			if err != nil {
				return all, err
			}
			all = append(all, value)
		}
	case "true", "false":
		return start.Name.Local == "true", r.decoder.Skip()
	case "integer":
		text, err := r.text(start)
		if err != nil {
			return nil, err
		}
		return strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	case "string", "date", "data", "real":
		return r.text(start)
	}
	return nil, fmt.Errorf("element %q", start.Name.Local)
}

func (r *plistReader) dict(depth int) (map[string]any, error) {
	dict := map[string]any{}
	for {
		key, err := r.start()
		if err != nil || key == nil {
			return dict, err
		}
		if key.Name.Local != "key" {
			return dict, fmt.Errorf("element %q where a key belongs", key.Name.Local)
		}
		name, err := r.text(*key)
		if err != nil {
			return dict, err
		}
		next, err := r.start()
		if err != nil {
			return dict, err
		}
		if next == nil {
			return dict, fmt.Errorf("key %q without a value", name)
		}
		if dict[name], err = r.value(*next, depth+1); err != nil {
			return dict, err
		}
	}
}

// textOf gives a string of a dictionary, "" when there is none of that name.
func textOf(dict map[string]any, name string) string {
	text, _ := dict[name].(string)
	return text
}
