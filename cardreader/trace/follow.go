package trace

import (
	"encoding/hex"
	"strings"

	"postecpx/cardreader/iso7816"
)

// Places of files are hexadecimal: "3F000001A071" from the MF, "3FFFA071" below
// an application of which it is not known where it lies (ISO/IEC 7816-15
// §8.2.5), "" for nothing selected.
const (
	placeMF      = "3F00"
	placeUnknown = "3FFF"
)

// applications that are known by their names.
var applications = map[string]struct{ code, place string }{
	"8025000001FF0100":           {"root", placeMF},
	"E828BD080F8025000001FF0010": {"contact", placeMF + "0001"},
	"E828BD080F8025000001FF0020": {"contactless", placeUnknown},
	"8025000001FF0002":           {"CPS2ter", placeUnknown},
	"A0000001510000":             {"card-manager", placeUnknown},
}

// selection is what a channel of the card has current, as the commands tell.
type selection struct {
	application string // its name in hexadecimal
	df, file    string // places; file is "" while a DF is selected
}

// place is the file that is selected, or else the DF.
func (s selection) place() string {
	if s.file != "" {
		return s.file
	}
	return s.df
}

// impersonal: EF.DIR and EF.ATR of the MF, and the EF.ODF of any application.
// Their identifiers are reserved (ISO/IEC 7816-4 §7.4.1, 7816-15 §8.2).
func (s selection) impersonal() bool {
	return s.file == placeMF+"2F00" || s.file == placeMF+"2F01" || strings.HasSuffix(s.file, "5031") && len(s.file)%4 == 0
}

// origin is the command that an answer belongs to: of a GET RESPONSE the one
// whose answer it fetches.
type origin struct{ iso7816.Command }

// follower follows what is selected from one exchange to the next.
type follower struct {
	channels map[byte]selection
	last     origin
	lastOK   bool
	pending  string // key of the command whose answer waits to be fetched
}

// step is one exchange, placed.
type step struct {
	command iso7816.Command
	known   bool // command could be read
	origin  origin
	at      selection // for SELECT, the one it asks for
	key     string    // what a replay knows the command by
}

// place says where a command finds the card.
func (f *follower) place(raw []byte) step {
	c, err := iso7816.ParseCommand(raw)
	s := step{command: c, known: err == nil, origin: origin{c}, at: f.channels[channel(raw)]}
	if err == nil && c.INS == iso7816.InsGetResponse {
		s.origin = origin{}
		if f.lastOK {
			s.origin = f.last
		}
		s.key = f.pending + ">" + string(raw)
		return s
	}
	s.key = strings.Join([]string{s.at.application, s.at.df, s.at.file, string(raw)}, "|")
	if err == nil && c.INS == iso7816.InsSelect {
		s.at = s.at.to(c)
	}
	return s
}

// channel is what a selection belongs to: the class, without the bits that do
// not change it.
func channel(raw []byte) byte {
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// answered takes the response; nil when none came, after which nothing is
// known to be selected.
func (f *follower) answered(raw []byte, s step, response []byte) {
	if len(response) < 2 {
		*f = follower{}
		return
	}
	sw := iso7816.StatusWord(response[len(response)-2])<<8 | iso7816.StatusWord(response[len(response)-1])
	f.last, f.lastOK, f.pending = s.origin, s.known, ""
	if more := sw.SW1() == 0x61 || sw.SW1() == 0x9F; more {
		f.pending = s.key
	}
	if !s.known || s.command.INS != iso7816.InsSelect || !done(sw) {
		return
	}
	at := s.at
	if at.file != "" && isDF(responseBody(response)) {
		at.df, at.file = at.file, ""
	}
	if f.channels == nil {
		f.channels = make(map[byte]selection)
	}
	f.channels[channel(raw)] = at
}

// done tells whether a SELECT succeeded.
func done(sw iso7816.StatusWord) bool {
	return sw == iso7816.SWOK || sw.SW1() == 0x61 || sw.SW1() == 0x62 || sw.SW1() == 0x9F
}

// isDF tells whether the description of a file says that it is a DF (tag 82,
// ISO/IEC 7816-4 §7.4.5).
func isDF(data []byte) bool {
	t, _, err := iso7816.NextTLV(data)
	if err != nil {
		return false
	}
	fields, _ := iso7816.ParseTLV(t.Value)
	v, ok := iso7816.Find(fields, 0x82)
	return ok && len(v) > 0 && v[0]&0x3F == 0x38
}

// to is the selection that a SELECT asks for.
func (s selection) to(c iso7816.Command) selection {
	p := strings.ToUpper(hex.EncodeToString(c.Data))
	switch c.P1 {
	case 0x00:
		if p == "" || p == placeMF {
			return selection{application: s.application, df: placeMF}
		}
		return s.within(s.df + p)
	case 0x01, 0x02, 0x09:
		if !strings.HasPrefix(p, placeMF) {
			p = s.df + p
		}
		return s.within(p)
	case 0x03:
		s.df, s.file = strings.TrimSuffix(s.df, last(s.df)), ""
		return s
	case 0x04:
		place := placeUnknown
		if a, ok := applications[p]; ok {
			place = a.place
		}
		return selection{application: p, df: place}
	case 0x08:
		if !strings.HasPrefix(p, placeMF) {
			p = placeMF + p
		}
		return s.within(p)
	}
	return selection{application: s.application}
}

// within is the selection of what lies at that place: a DF where it is known to
// be one, else a file.
func (s selection) within(place string) selection {
	if strings.Trim(place, "0123456789ABCDEF") != "" || len(place)%4 != 0 || len(place) > 2*maxPlace {
		return selection{application: s.application}
	}
	switch place {
	case placeMF, placeMF + "0001", placeMF + "0002":
		return selection{application: s.application, df: place}
	}
	return selection{application: s.application, df: strings.TrimSuffix(place, last(place)), file: place}
}

// maxPlace bounds a path, in bytes: ISO/IEC 7816-15 has eight levels at most.
const maxPlace = 16

// last is the file identifier at the end of a place.
func last(place string) string { return place[max(0, len(place)-4):] }

// walk places every exchange.
func (r Recording) walk() []step {
	var f follower
	steps := make([]step, len(r.Exchanges))
	for i, e := range r.Exchanges {
		steps[i] = f.place(e.Command)
		f.answered(e.Command, steps[i], e.Response)
	}
	return steps
}
