package pcsc

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// fakeCard speaks vpcd's protocol: each message is its length on two bytes, big
// endian, and that many bytes. It gives every command the same answer.
type fakeCard struct {
	conn net.Conn

	mu       sync.Mutex
	atr      []byte
	answer   []byte        // to every command
	silent   bool          // never answers a command
	leave    int           // leaves the reader at that command, counted from 1
	delay    time.Duration // before an answer
	commands int
	seen     [][]byte
	resets   int
	powerUps int
}

// Single bytes from vpcd that are no command; the last wants an answer.
const (
	vpcdOff   = 0
	vpcdOn    = 1
	vpcdReset = 2
	vpcdATR   = 4
)

// ATRs without meaning: T=0, T=1 with its check character, and one that is
// longer than an ATR can be, so that pcscd takes the card for a mute one.
var (
	atrOne  = []byte{0x3B, 0x02, 0x14, 0x50}
	atrTwo  = []byte{0x3B, 0x82, 0x01, 0x41, 0x42, 0x80}
	atrMute = make([]byte, maxATR+1)
)

// insert puts the card into the reader that listens at address.
func (c *fakeCard) insert(t testing.TB, address string) *fakeCard {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c.conn = conn
	if c.answer == nil {
		c.answer = []byte{0x90, 0x00}
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		c.serve()
	}()
	t.Cleanup(func() {
		c.remove()
		<-served
	})
	return c
}

func (c *fakeCard) remove() { c.conn.Close() }

func (c *fakeCard) serve() {
	defer c.conn.Close()
	for {
		message, err := c.read()
		if err != nil {
			return
		}
		answer, ok := c.respond(message)
		if !ok {
			return
		}
		if answer == nil {
			continue
		}
		if _, err := c.conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func (c *fakeCard) read() ([]byte, error) {
	length, err := c.readFull(2)
	if err != nil {
		return nil, err
	}
	return c.readFull(int(binary.BigEndian.Uint16(length)))
}

func (c *fakeCard) readFull(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.conn, b); err != nil {
		return nil, err
	}
	return b, quickAck(c.conn)
}

// quickAck keeps vpcd, which sends length and payload apart, from waiting 40 ms
// for an acknowledgement each time. The option lasts for one read.
func quickAck(conn net.Conn) error {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = setQuickAck(fd) })
	return errors.Join(err, failed)
}

func (c *fakeCard) respond(message []byte) (answer []byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(message) == 1 {
		switch message[0] {
		case vpcdOn:
			c.powerUps++
		case vpcdReset:
			c.resets++
		case vpcdATR:
			return append([]byte{}, c.atr...), true
		}
		return nil, true
	}
	c.commands++
	c.seen = append(c.seen, message)
	if c.commands == c.leave {
		return nil, false
	}
	if c.silent {
		return nil, true
	}
	time.Sleep(c.delay)
	return append([]byte{}, c.answer...), true
}

func (c *fakeCard) count() (commands, resets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.commands, c.resets
}
