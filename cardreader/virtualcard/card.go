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

// Instructions of which the other side of the program has no need.
const (
	insChangeCode        = 0x24
	insSecurityOperation = 0x2A
	insResetRetryCounter = 0x2C
	insAuthenticate      = 0x88
)

// Status words of which the other side of the program has no need.
const (
	swNoChaining  iso7816.StatusWord = 0x6884
	swWrongData   iso7816.StatusWord = 0x6A80
	swNoDiagnosis iso7816.StatusWord = 0x6F00
)

// ErrRemoved: the card was taken out, by the fault that asked for it.
var ErrRemoved = errors.New("card removed")

// Exchange is one APDU pair that the card saw. No code is ever in it: the data
// of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER are replaced by as
// many zeros.
type Exchange struct {
	Command, Response []byte
}

// Counts is what the card saw since it was made.
type Counts struct {
	Exchanges    int
	GetResponses int // of the Exchanges
	BytesIn      int // command APDUs
	BytesOut     int // response APDUs, with status words
	// Presented counts the commands that carried a code: VERIFY, CHANGE
	// REFERENCE DATA and RESET RETRY COUNTER with data.
	Presented int
	// PresentedPUK counts those of the Presented that carried a code de
	// déblocage.
	PresentedPUK int
	Resets       int
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

	keys     map[byte]*privateKey // by the reference on the wire
	porteur  code
	unblock  code
	current  string // path of the current DF, "" for the MF
	ef       *file
	selected bool // the application of the CPS4 was selected
	side     cps2ter
	pending  []byte
	chain    chain

	environment environment
	hash        []byte // left by PSO: HASH
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
		df: fidIAS, aid: aidIAS, faults: faults,
		porteur: code{value: d.PIN.Code, most: maxTries, left: d.PIN.TriesLeft, uses: unlimited},
		unblock: code{value: d.PIN.puk(), most: maxUnblockTries, left: maxUnblockTries, uses: maxUnblockUses},
		side:    cps2ter{files: oldFiles(d)},
	}
	if c.keys, err = d.privateKeys(); err != nil {
		return nil, fmt.Errorf("virtual card %s: %w", d.Name, err)
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
	c.forget()
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

// Reset is a reset or a new power supply: selections, the security environment
// and the presented codes are gone, the counters of the codes stay.
func (c *Card) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Resets++
	c.forget()
}

// forget empties what a card keeps only while it has power.
func (c *Card) forget() {
	c.current, c.ef, c.selected, c.pending = "", nil, false, nil
	c.side.current, c.side.ef = "", nil
	c.chain, c.environment, c.hash = chain{}, environment{}, nil
	c.porteur.presented, c.unblock.presented = false, false
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
	if len(command) > 1 && command[1] == iso7816.InsGetResponse {
		c.counts.GetResponses++
	}
	shown := append([]byte(nil), command...)
	if c.counts.presents(command) {
		clear(shown[5:])
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
	if cmd.CLA == classCPS2ter {
		return c.old(cmd, pending)
	}
	cmd, sw := c.link(cmd)
	if sw != iso7816.SWOK || cmd.CLA&chaining != 0 {
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
		return status(c.verify(cmd))
	case insChangeCode:
		return status(c.changeCode(cmd))
	case insResetRetryCounter:
		return status(c.resetRetryCounter(cmd))
	case iso7816.InsManageSecEnv:
		return status(c.manageSecurityEnvironment(cmd))
	case insSecurityOperation:
		return c.performSecurityOperation(cmd)
	case insAuthenticate:
		return c.internalAuthenticate(cmd)
	}
	return status(iso7816.SWInsNotSupported)
}

// class: a CPS3 answers to class 00, and through its contacts to the class of
// the CPS2ter; a CPS4 to class 01, logical channel 1, once its application is
// selected, and to class 00 only for the selections that lead there. Either
// takes a command in parts.
func (c *Card) class(cmd iso7816.Command) iso7816.StatusWord {
	class := cmd.CLA &^ chaining
	if c.description.Generation == cps.CPS3 {
		if class == 0x00 || cmd.CLA == classCPS2ter && c.description.Interface == cps.Contact {
			return iso7816.SWOK
		}
		return iso7816.SWClassNotSupported
	}
	byName := cmd.INS == iso7816.InsSelect && cmd.P1 == 0x04
	if class > 0x01 || !byName && (class == 0x00 || !c.selected) {
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
	case c.ef.private && !c.porteur.presented:
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
