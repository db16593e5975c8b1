package trace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"postecpx/cardreader/iso7816"
)

// Why a recording cannot be played.
var (
	ErrMasked  = errors.New("the recording is masked: what the card answered is not in it")
	ErrNothing = errors.New("the recording holds no answer of a card")
)

// Counts is what a replayed card saw since it was made.
type Counts struct {
	Exchanges    int
	Unknown      int // of the Exchanges: commands that the recording does not hold
	GetResponses int
	BytesIn      int
	BytesOut     int
	Presented    int // commands that carried a code; none was accepted
	Resets       int
}

// Replay is a card that answers as the one of a recording did. Its state is
// what is selected on each logical channel: a command gets the answer that it
// got in that state, whatever came before. Where the recording holds several,
// they are given in their order, and the last one from then on. A SELECT from
// the MF or by name is answered in every state.
//
// Everything else is unknown: 6A82 (file not found) to a SELECT, 6985
// (conditions of use not satisfied) to what presents a code, 6D00 (instruction
// not supported) to the rest. A code is never accepted, whatever the recording
// says. It may be used from several goroutines.
type Replay struct {
	atr     []byte
	answers map[string][][]byte
	anyhow  map[string]recorded // of the SELECTs that any state allows

	mu     sync.Mutex
	state  follower
	given  map[string]int
	counts Counts
}

// recorded is an answer and what its command was known by.
type recorded struct {
	key    string
	answer []byte
}

// NewReplay makes the card of a recording that was not masked.
func NewReplay(r Recording) (*Replay, error) {
	if r.IsMasked {
		return nil, ErrMasked
	}
	if _, err := iso7816.ParseATR(r.ATR); err != nil {
		return nil, fmt.Errorf("play a recording: %w", err)
	}
	p := &Replay{
		atr: bytes.Clone(r.ATR), answers: make(map[string][][]byte), anyhow: make(map[string]recorded), given: make(map[string]int),
	}
	for i, s := range r.walk() {
		e := r.Exchanges[i]
		if len(e.Response) < 2 || e.CommandMasking != Shown || e.ResponseMasking != Shown || !reads(e.Command) {
			continue
		}
		p.answers[s.key] = append(p.answers[s.key], bytes.Clone(e.Response))
		// The first answer, unless only a later one is a success.
		if known, ok := p.anyhow[string(e.Command)]; s.absolute() && (!ok || done(swOf(e.Response)) && !done(swOf(known.answer))) {
			p.anyhow[string(e.Command)] = recorded{s.key, bytes.Clone(e.Response)}
		}
	}
	if len(p.answers) == 0 {
		return nil, ErrNothing
	}
	return p, nil
}

// absolute tells whether a SELECT means the same wherever the selection stands.
func (s step) absolute() bool {
	if !s.known || s.command.INS != iso7816.InsSelect {
		return false
	}
	fromMF := bytes.HasPrefix(s.command.Data, []byte{0x3F, 0x00})
	switch s.command.P1 {
	case 0x00:
		return len(s.command.Data) == 0 || fromMF
	case 0x01, 0x02, 0x09:
		return fromMF
	case 0x04, 0x08:
		return true
	}
	return false
}

func swOf(response []byte) iso7816.StatusWord {
	r, _ := iso7816.ParseResponse(response)
	return r.SW
}

// ATR is the one that was recorded.
func (p *Replay) ATR() []byte { return bytes.Clone(p.atr) }

// Reset is a reset or a new power supply: nothing is selected any more, and
// answers that differed are given from the first again.
func (p *Replay) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Resets++
	p.state = follower{}
	clear(p.given)
}

// Insert is what happens to a card that is put into a reader.
func (p *Replay) Insert() { p.Reset() }

// Counts tells what the card saw since it was made.
func (p *Replay) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// Transaction runs do with the card, in this process.
func (p *Replay) Transaction(_ context.Context, do func(iso7816.Transmitter) error) error {
	return do(p)
}

// Close does nothing: the card stays as it is.
func (p *Replay) Close() error { return nil }

// Transmit answers one command.
func (p *Replay) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state.place(command)
	key, answer := p.find(s, command)
	if answer == nil {
		p.counts.Unknown++
		answer = unknown(command)
	}
	s.key = key // what GET RESPONSE goes on with is known by the recorded one
	p.state.answered(command, s, answer)
	p.counts.Exchanges++
	p.counts.BytesIn += len(command)
	p.counts.BytesOut += len(answer)
	if presents(command) {
		p.counts.Presented++
	}
	if s.known && s.command.INS == iso7816.InsGetResponse {
		p.counts.GetResponses++
	}
	return bytes.Clone(answer), nil
}

// find gives the recorded answer, nil for none, and what it is known by.
func (p *Replay) find(s step, command []byte) (key string, answer []byte) {
	if !reads(command) {
		return s.key, nil
	}
	if all := p.answers[s.key]; len(all) > 0 {
		n := p.given[s.key]
		p.given[s.key] = min(n+1, len(all)-1)
		return s.key, all[n]
	}
	if known, ok := p.anyhow[string(command)]; ok && s.absolute() {
		return known.key, known.answer
	}
	return s.key, nil
}

// presents tells whether a command carries a code.
func presents(command []byte) bool {
	if len(command) <= 4 {
		return false
	}
	switch command[1] {
	case 0x20, 0x21, 0x24, 0x25, 0x2C, 0x2D:
		return true
	}
	return false
}

func unknown(command []byte) []byte {
	switch {
	case presents(command):
		return status(iso7816.SWConditions)
	case len(command) > 1 && command[1] == iso7816.InsSelect:
		return status(iso7816.SWFileNotFound)
	}
	return status(iso7816.SWInsNotSupported)
}
