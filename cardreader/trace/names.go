package trace

import (
	"maps"
	"regexp"
	"strings"

	"postecpx/cardreader/iso7816"
)

// Names of files that are no label of the card's own.
const (
	nameMF          = "MF"
	nameCertificate = "certificate"
	nameData        = "data"
)

// fixed are the files whose identifiers ISO or ANS fix.
var fixed = map[string]string{
	placeMF:          nameMF,
	placeMF + "2F00": "EF.DIR",
	placeMF + "2F01": "EF.ATR",
	placeMF + "D003": "EF.SN.ICC",
}

// directories of EF.ODF (ISO/IEC 7816-15 §8.3).
var directories = map[iso7816.Tag]string{0xA0: "PrKDF", 0xA1: "PuKDF", 0xA4: "CDF", 0xA7: "DODF", 0xA8: "AODF"}

// labels of the data objects that ANS defines; another label is not shown, for
// it might name somebody.
var labels = regexp.MustCompile(`^CPS2?(TER)?_[A-Z0-9_]{1,28}$`)

// known tells whether a name can stand in a masked recording.
func known(name string) bool {
	if name == nameCertificate || name == nameData || labels.MatchString(name) {
		return true
	}
	for _, d := range directories {
		if d == name {
			return true
		}
	}
	return false
}

// nameOf a place.
func nameOf(names map[string]string, place string) string {
	switch name := fixed[place]; {
	case name != "":
		return name
	case names[place] != "":
		return names[place]
	case strings.HasSuffix(place, "5031") && len(place) > 4:
		return "EF.ODF"
	case strings.HasSuffix(place, "5032") && len(place) > 4:
		return "EF.TokenInfo"
	}
	return ""
}

// maxDirectory bounds what is put together of one directory.
const maxDirectory = 0x8000

// fileNames reads the directories that were read, and names the files after
// them.
func (r Recording) fileNames() map[string]string {
	names := maps.Clone(r.names)
	if names == nil {
		names = make(map[string]string)
	}
	contents := r.contents()
	for place, content := range contents {
		if nameOf(nil, place) == "EF.ODF" {
			entries, _ := iso7816.ParseTLV(content)
			for _, e := range entries {
				if name := directories[e.Tag]; name != "" {
					if p := absolute(findPath(e.Value, nesting), place); p != "" {
						names[p] = name
					}
				}
			}
		}
	}
	for place, directory := range maps.Clone(names) {
		name := map[string]string{"CDF": nameCertificate, "DODF": nameData}[directory]
		if name == "" {
			continue
		}
		entries, _ := iso7816.ParseTLV(contents[place])
		for _, e := range entries {
			p := absolute(findPath(e.Value, nesting), place)
			if p == "" {
				continue
			}
			names[p] = name
			if label := labelOf(e.Value); name == nameData && labels.MatchString(label) {
				names[p] = label
			}
		}
	}
	return names
}

// contents puts together the files that were read from their beginning.
func (r Recording) contents() map[string][]byte {
	contents := make(map[string][]byte)
	for i, s := range r.walk() {
		e := r.Exchanges[i]
		o := s.origin
		if e.failed() || e.ResponseMasking != Shown || o.INS != iso7816.InsReadBinary || o.P1&0x80 != 0 || s.at.file == "" {
			continue
		}
		have := contents[s.at.file]
		// What GET RESPONSE fetches goes on with what is there.
		if s.command.INS != iso7816.InsGetResponse && int(o.P1)<<8|int(o.P2) != len(have) || len(have) > maxDirectory {
			continue
		}
		contents[s.at.file] = append(have, responseBody(e.Response)...)
	}
	return contents
}

// absolute is the place of a path that a directory gives.
func absolute(path []byte, directory string) string {
	p := strings.ToUpper(hexOf(path))
	df := strings.TrimSuffix(directory, last(directory))
	for name, a := range applications {
		if a.place != "" && strings.HasPrefix(p, name) {
			p = placeUnknown + strings.TrimPrefix(p, name)
		}
	}
	switch {
	case len(p) < 4 || len(p)%4 != 0 || len(p) > 2*maxPlace:
		return ""
	case strings.HasPrefix(p, placeMF):
		return p
	case strings.HasPrefix(p, placeUnknown):
		return df + p[4:]
	case len(p) > 4 && strings.HasPrefix(placeMF+p, df):
		return placeMF + p
	}
	return df + p
}

// nesting bounds findPath: a Path lies three SEQUENCEs deep at the most.
const nesting = 5

// findPath returns the first Path, SEQUENCE { path OCTET STRING, … }, of an
// entry: under the type attributes, [1], where it has them.
func findPath(b []byte, depth int) []byte {
	if depth == 0 {
		return nil
	}
	parts, _ := iso7816.ParseTLV(b)
	if attributes, ok := iso7816.Find(parts, 0xA1); ok {
		return findPath(attributes, depth-1)
	}
	for _, p := range parts {
		if p.Tag != 0x30 {
			continue
		}
		if first, _, err := iso7816.NextTLV(p.Value); err == nil && first.Tag == 0x04 && len(first.Value) >= 2 {
			return first.Value
		}
		if found := findPath(p.Value, depth-1); found != nil {
			return found
		}
	}
	return nil
}

// labelOf is the label of an entry, in its common attributes.
func labelOf(entry []byte) string {
	common, _, err := iso7816.NextTLV(entry)
	if err != nil {
		return ""
	}
	fields, _ := iso7816.ParseTLV(common.Value)
	label, _ := iso7816.Find(fields, 0x0C)
	return string(label)
}
