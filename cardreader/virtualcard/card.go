package virtualcard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
)

// maxTries is how many tries a code porteur has.
const maxTries = 3

// ErrRemoved: the card was taken out, by the fault that asked for it.
var ErrRemoved = errors.New("card removed")

// Exchange is one APDU pair that the card saw. The code porteur is never in
// it: the data of VERIFY are replaced by as many zeros.
type Exchange struct {
	Command, Response []byte
}

// Counts is what the card saw since it was made.
type Counts struct {
	Exchanges    int
	GetResponses int // of the Exchanges
	BytesIn      int // command APDUs
	BytesOut     int // response APDUs, with status words
	// Presented counts the VERIFY commands that carried a code.
	Presented int
	Resets    int
}

// Card is an emulated card. Its methods may be called from several goroutines;
// it answers one command at a time, as a card does.
type Card struct {
	description Description
	atr         []byte
	df          uint16
	aid         []byte

	mu       sync.Mutex
	files    map[string]*file
	faults   Faults
	counts   Counts
	trace    []Exchange
	inserted int // exchanges since the last insertion, for the faults

	current   string // path of the current DF, "" for the MF
	ef        *file
	selected  bool // the application of the CPS4 was selected
	pending   []byte
	triesLeft int
	verified  bool
}

// ATRs that ANS's own library accepts, byte for byte.
var atrs = map[cps.Generation]map[cps.Interface][]byte{
	cps.CPS3: {
		cps.Contact:     {0x3B, 0xAC, 0x00, 0x40, 0x2A, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x03, 0x10, 0x00, 0x90, 0x00},
		cps.Contactless: {0x3B, 0x8F, 0x80, 0x01, 0x00, 0x31, 0xB8, 0x64, 0x04, 0xB0, 0xEC, 0xC1, 0x73, 0x94, 0x01, 0x80, 0x82, 0x90, 0x00, 0x0E},
	},
	cps.CPS4: {
		cps.Contact: {0x3B, 0x9B, 0x18, 0x80, 0x01, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x04, 0x01, 0x00, 0x00, 0x90, 0x44},
	},
}

// New makes the card that d describes, with its dates counted from now, and
// with those faults.
func New(d Description, now time.Time, faults Faults) (*Card, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("virtual card %s: %w", d.Name, err)
	}
	files, err := build(d, now)
	if err != nil {
		return nil, fmt.Errorf("virtual card %s: %w", d.Name, err)
	}
	c := &Card{
		description: d, atr: atrs[d.Generation][d.Interface], files: files,
		df: fidIAS, aid: aidIAS, faults: faults, triesLeft: d.PIN.TriesLeft,
	}
	if d.Interface == cps.Contactless {
		c.df, c.aid = fidIASCL, aidIASCL
	}
	if faults.ATR != nil {
		c.atr = faults.ATR
	}
	if err := faults.cut(files, c.df); err != nil {
		return nil, err
	}
	return c, nil
}

// Description is what the card was made from.
func (c *Card) Description() Description { return c.description }

// ATR is the Answer-To-Reset, or nil for a card that is mute from the start.
func (c *Card) ATR() []byte {
	if c.faults.MuteAt == 1 {
		return nil
	}
	return append([]byte(nil), c.atr...)
}

// Reset is a reset or a new power supply: selections and the presented code are
// gone, the counter of the code stays.
func (c *Card) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Resets++
	c.current, c.ef, c.selected, c.pending, c.verified = "", nil, false, nil, false
}

// Counts tells what the card saw since it was made.
func (c *Card) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Trace gives every exchange since the card was made.
func (c *Card) Trace() []Exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Exchange(nil), c.trace...)
}

// maxTrace bounds the memory that a card keeps of its exchanges.
const maxTrace = 10_000

// Transmit answers one command APDU. A fault may make it fail with ErrRemoved,
// or keep it silent until ctx ends.
func (c *Card) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if err := c.faults.strike(ctx, c.arrive()); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	response := c.answer(command)
	if sw, ok := c.faults.Status[c.inserted]; ok {
		response = []byte{sw.SW1(), sw.SW2()}
	}
	c.record(command, response)
	return response, nil
}

func (c *Card) arrive() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inserted++
	return c.inserted
}

func (c *Card) record(command, response []byte) {
	c.counts.Exchanges++
	c.counts.BytesIn += len(command)
	c.counts.BytesOut += len(response)
	shown := append([]byte(nil), command...)
	if parsed, err := iso7816.ParseCommand(command); err == nil {
		switch parsed.INS {
		case iso7816.InsGetResponse:
			c.counts.GetResponses++
		case iso7816.InsVerify, 0x24, 0x2C:
			if len(parsed.Data) > 0 {
				c.counts.Presented++
				clear(shown[5 : 5+len(parsed.Data)])
			}
		}
	}
	if len(c.trace) < maxTrace {
		c.trace = append(c.trace, Exchange{shown, append([]byte(nil), response...)})
	}
}

// answer dispatches a command. Everything that is not in the list is 6D00.
func (c *Card) answer(raw []byte) []byte {
	cmd, err := iso7816.ParseCommand(raw)
	if err != nil {
		return status(iso7816.SWWrongLength)
	}
	pending := c.pending
	c.pending = nil
	if sw := c.class(cmd); sw != iso7816.SWOK {
		return status(sw)
	}
	switch cmd.INS {
	case iso7816.InsSelect:
		return c.selectCommand(cmd)
	case iso7816.InsReadBinary:
		return c.readBinary(cmd)
	case iso7816.InsGetResponse:
		return c.getResponse(cmd, pending)
	case iso7816.InsGetDataBER:
		return c.getData(cmd)
	case iso7816.InsVerify:
		return c.verify(cmd)
	}
	return status(iso7816.SWInsNotSupported)
}

// class: a CPS3 answers to class 00; a CPS4 to class 01, logical channel 1,
// once its application is selected, and to class 00 only for the selections
// that lead there.
func (c *Card) class(cmd iso7816.Command) iso7816.StatusWord {
	if c.description.Generation == cps.CPS3 {
		if cmd.CLA != 0x00 {
			return iso7816.SWClassNotSupported
		}
		return iso7816.SWOK
	}
	byName := cmd.INS == iso7816.InsSelect && cmd.P1 == 0x04
	if cmd.CLA > 0x01 || !byName && (cmd.CLA == 0x00 || !c.selected) {
		return iso7816.SWClassNotSupported
	}
	return iso7816.SWOK
}

func status(sw iso7816.StatusWord) []byte { return []byte{sw.SW1(), sw.SW2()} }

// give answers with data. Over T=0 a command with data gets 61xx first, unless
// it came with an Le (ISO/IEC 7816-3 §12.2).
func (c *Card) give(cmd iso7816.Command, data []byte) []byte {
	if len(data) == 0 {
		return status(iso7816.SWOK)
	}
	if len(cmd.Data) > 0 && cmd.Le == 0 && c.description.Interface == cps.Contact {
		c.pending = data
		return status(0x6100 | iso7816.StatusWord(byte(min(len(data), 256))))
	}
	return append(append([]byte(nil), data...), 0x90, 0x00)
}

func (c *Card) getResponse(cmd iso7816.Command, pending []byte) []byte {
	if pending == nil {
		return status(iso7816.SWConditions)
	}
	n := min(cmd.Le, len(pending))
	if n == 0 {
		n = len(pending)
	}
	c.pending = nil
	if rest := pending[n:]; len(rest) > 0 {
		c.pending = rest
		return append(append([]byte(nil), pending[:n]...), 0x61, byte(min(len(rest), 256)))
	}
	return append(append([]byte(nil), pending...), 0x90, 0x00)
}

func (c *Card) readBinary(cmd iso7816.Command) []byte {
	switch {
	case cmd.P1&0x80 != 0:
		return status(iso7816.SWFunctionNotPresent) // short file identifiers
	case c.ef == nil:
		return status(iso7816.SWNoCurrentFile)
	case c.ef.private && !c.verified:
		return status(iso7816.SWSecurityStatus)
	case len(cmd.Data) > 0 || cmd.Le == 0:
		return status(iso7816.SWWrongLength)
	}
	offset := int(cmd.P1)<<8 | int(cmd.P2)
	if offset > len(c.ef.content) || offset == len(c.ef.content) && offset > 0 {
		return status(iso7816.SWWrongOffset)
	}
	rest := c.ef.content[offset:]
	sw := iso7816.SWOK
	if len(rest) < cmd.Le {
		sw = iso7816.SWEndOfFile
		if c.faults.StrictLe && len(rest) > 0 {
			return status(0x6C00 | iso7816.StatusWord(byte(len(rest))))
		}
	}
	n := min(cmd.Le, len(rest))
	return append(append([]byte(nil), rest[:n]...), sw.SW1(), sw.SW2())
}

// getData answers the question for the counters of a code, in the form that
// ANS's library and OpenSC use on a CPS3: the public part of its security data
// object.
func (c *Card) getData(cmd iso7816.Command) []byte {
	if c.description.Generation != cps.CPS3 || cmd.P1 != 0x3F || cmd.P2 != 0xFF {
		return status(iso7816.SWWrongP1P2)
	}
	request, err := iso7816.ParseTLV(cmd.Data)
	if err != nil || len(request) != 1 || request[0].Tag != 0x4D {
		return status(0x6A80)
	}
	list := request[0].Value // 70 06 BF81 ref 02 A080
	if len(list) != 8 || list[2] != 0xBF || list[3] != 0x81 {
		return status(iso7816.SWDataNotFound)
	}
	var attributes []byte
	switch list[4] {
	case 0x01:
		attributes = append(leaf(0x9A, maxTries), leaf(0x9B, byte(c.triesLeft))...)
	case 0x02:
		attributes = append(append(leaf(0x9A, 10), leaf(0x9B, 10)...), leaf(0x9D, 0x00, 0x64)...)
	default:
		return status(iso7816.SWDataNotFound)
	}
	acl := leaf(0x8C, 0xF3, 0x00, 0x00, 0x13, 0xFF, 0x00)
	sdo := iso7816.AppendTLV(nil, 0xBF8100|iso7816.Tag(list[4]), append(node(0xA0, attributes), node(0xA1, acl)...))
	return c.give(cmd, node(0x70, sdo))
}

func (c *Card) verify(cmd iso7816.Command) []byte {
	if cmd.P1 != 0 || cmd.P2 != 0x01 && cmd.P2 != 0x02 {
		return status(iso7816.SWDataNotFound)
	}
	left := &c.triesLeft
	if cmd.P2 == 0x02 {
		if len(cmd.Data) == 0 {
			return status(0x63CA) // code de déblocage: ten tries
		}
		return status(iso7816.SWConditions)
	}
	switch {
	case *left == 0:
		return status(iso7816.SWBlocked)
	case len(cmd.Data) == 0 && c.verified:
		return status(iso7816.SWOK)
	case len(cmd.Data) == 0:
		return status(0x63C0 | iso7816.StatusWord(*left))
	case string(cmd.Data) == c.description.PIN.Code:
		*left, c.verified = maxTries, true
		return status(iso7816.SWOK)
	}
	*left--
	c.verified = false
	return status(0x63C0 | iso7816.StatusWord(*left))
}
