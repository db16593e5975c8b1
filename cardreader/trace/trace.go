// Package trace records the exchanges of a reading, says what each of them
// means, takes out what must not be seen, and plays a recording back as a card.
//
// What is secret never enters a recording: the data of VERIFY, CHANGE REFERENCE
// DATA and RESET RETRY COUNTER, of the authentications, and of every command
// that is not one of reading. What says who somebody is (the content of the
// files) leaves it only when that is asked for: see Recording.Masked.
//
// The package is pure: it talks to whatever transmits an APDU.
package trace

import (
	"bytes"
	"context"
	"maps"
	"sync"
	"time"

	"postecpx/cardreader/iso7816"
)

// MaxExchanges bounds a recording: two readings of the longest kind are 400.
const MaxExchanges = 1000

// Masking says why the bytes of an exchange are not shown.
type Masking string

// Shown, Secret: never recorded. Person: it would tell who the holder is.
const (
	Shown  Masking = ""
	Secret Masking = "secret"
	Person Masking = "person"
)

// Exchange is one command APDU and its response. Masked bytes are zeros: their
// number stays, and so do the header of the command and the status word.
type Exchange struct {
	At, Duration    time.Duration // At counts from the beginning of the recording
	Command         []byte
	Response        []byte // nil when no answer came
	CommandMasking  Masking
	ResponseMasking Masking
}

// failed tells whether no answer came.
func (e Exchange) failed() bool { return e.Response == nil }

// Recording is the exchanges of one reading.
type Recording struct {
	RecordedAt time.Time
	Reader     string // "" once masked: its name may hold a serial number
	ATR        []byte
	// Demonstration: the card was a virtual one in the program.
	Demonstration bool
	Exchanges     []Exchange
	// Truncated: there were more than MaxExchanges.
	Truncated bool
	// IsMasked: what says who the person is was taken out.
	IsMasked bool

	// names of the files by their path, for a masked recording, in which the
	// directories can no longer be read.
	names map[string]string
}

// Connection is a shared connection to a card, as package cardreader has it.
type Connection interface {
	ATR() []byte
	Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error
	Close() error
}

// Recorder keeps what passes through the connections that it wraps. Its methods
// may be called from several goroutines.
type Recorder struct {
	now func() time.Time

	mu        sync.Mutex
	began     time.Time
	recording Recording
	secret    bool // what a GET RESPONSE would fetch is secret
}

// NewRecorder begins a recording.
func NewRecorder(now func() time.Time) *Recorder {
	began := now()
	return &Recorder{now: now, began: began, recording: Recording{RecordedAt: began.UTC()}, secret: true}
}

// Connection records what passes through c, a connection to the card in that
// reader.
func (r *Recorder) Connection(reader string, c Connection) Connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recording.Reader, r.recording.ATR = reader, bytes.Clone(c.ATR())
	return &connection{c, r}
}

type connection struct {
	Connection
	recorder *Recorder
}

func (c *connection) Transaction(ctx context.Context, do func(iso7816.Transmitter) error) error {
	return c.Connection.Transaction(ctx, func(t iso7816.Transmitter) error {
		return do(c.recorder.Transmitter(t))
	})
}

// Transmitter records what passes through t.
func (r *Recorder) Transmitter(t iso7816.Transmitter) iso7816.Transmitter { return transmitter{t, r} }

type transmitter struct {
	iso7816.Transmitter
	recorder *Recorder
}

func (t transmitter) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	began := t.recorder.now()
	response, err := t.Transmitter.Transmit(ctx, command)
	if err != nil {
		response = nil
	} else if response == nil {
		response = []byte{} // it answered, with nothing
	}
	t.recorder.keep(began, command, response)
	return response, err
}

func (r *Recorder) keep(began time.Time, command, response []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.recording.Exchanges) >= MaxExchanges {
		r.recording.Truncated = true
		return
	}
	e := Exchange{
		At: began.Sub(r.began), Duration: r.now().Sub(began),
		Command: bytes.Clone(command), Response: bytes.Clone(response),
	}
	e.hideSecrets(&r.secret)
	r.recording.Exchanges = append(r.recording.Exchanges, e)
}

// Recording is what was recorded so far.
func (r *Recorder) Recording() Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.recording.clone()
}

func (r Recording) clone() Recording {
	exchanges := make([]Exchange, len(r.Exchanges))
	for i, e := range r.Exchanges {
		e.Command, e.Response = bytes.Clone(e.Command), bytes.Clone(e.Response)
		exchanges[i] = e
	}
	r.ATR, r.Exchanges, r.names = bytes.Clone(r.ATR), exchanges, maps.Clone(r.names)
	return r
}
