//go:build cgo && linux

package pcsc

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"

	"postecpx/internal/pcscd"
)

// fakeDaemon stands in for pcscd in front of the real library, where readers
// have to be plugged in and out: pcscd does that only with hardware. It speaks
// the messages of pcsc-lite's winscard_msg.h, version 4:4, as far as readers go.
type fakeDaemon struct {
	t        *testing.T
	listener net.Listener

	mu       sync.Mutex
	readers  []daemonReader
	contexts map[uint32]net.Conn
	waiting  map[net.Conn]bool
	next     uint32 // context
	messages int
	onWait   func() // runs once, before a wait begins
}

type daemonReader struct {
	name   string
	events uint32
	atr    []byte // nil: empty
}

// Commands of winscard_msg.h.
const (
	cmdEstablish = 0x01
	cmdRelease   = 0x02
	cmdCancel    = 0x0D
	cmdVersion   = 0x11
	cmdStates    = 0x12
	cmdWait      = 0x13
	cmdStopWait  = 0x14
)

func startFakeDaemon(t *testing.T, readers ...string) *fakeDaemon {
	t.Helper()
	server := pcscd.Start(t) // for its skip, and for its place
	if err := server.Halt(); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", pcscd.Socket)
	if err != nil {
		t.Fatal(err)
	}
	d := &fakeDaemon{t: t, listener: listener, contexts: map[uint32]net.Conn{}, waiting: map[net.Conn]bool{}}
	for _, r := range readers {
		d.readers = append(d.readers, daemonReader{name: r})
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { d.serve(c) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		d.mu.Lock()
		for _, c := range d.contexts {
			c.Close()
		}
		d.mu.Unlock()
		all.Wait()
	})
	return d
}

// set changes the readers and tells those who wait.
func (d *fakeDaemon) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	for c := range d.waiting {
		delete(d.waiting, c)
		d.send(c, 0, 0)
	}
}

func (d *fakeDaemon) plug(name string) {
	d.set(func() { d.readers = append(d.readers, daemonReader{name: name}) })
}

func (d *fakeDaemon) unplug(name string) {
	d.set(func() {
		d.readers = slices.DeleteFunc(d.readers, func(r daemonReader) bool { return r.name == name })
	})
}

func (d *fakeDaemon) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.messages
}

func (d *fakeDaemon) send(c net.Conn, words ...uint32) {
	var b []byte
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	if _, err := c.Write(b); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
		d.t.Logf("fake daemon: %v", err)
	}
}

func (d *fakeDaemon) serve(c net.Conn) {
	defer c.Close()
	for {
		var header [8]byte
		if _, err := io.ReadFull(c, header[:]); err != nil {
			return
		}
		body := make([]byte, binary.NativeEndian.Uint32(header[:]))
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		d.respond(c, binary.NativeEndian.Uint32(header[4:]), body)
	}
}

func (d *fakeDaemon) respond(c net.Conn, command uint32, body []byte) {
	word := func(n int) uint32 { return binary.NativeEndian.Uint32(body[4*n:]) }
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages++
	switch command {
	case cmdVersion:
		d.send(c, word(0), word(1), 0)
	case cmdEstablish:
		d.next++
		d.contexts[d.next] = c
		d.send(c, word(0), d.next, 0)
	case cmdRelease:
		delete(d.contexts, word(0))
		d.send(c, word(0), 0)
	case cmdStates:
		d.sendStates(c)
	case cmdWait:
		if before := d.onWait; before != nil {
			d.onWait = nil
			d.mu.Unlock()
			before()
			d.mu.Lock()
		}
		d.waiting[c] = true
		d.sendStates(c)
	case cmdStopWait:
		if d.waiting[c] {
			delete(d.waiting, c)
			d.send(c, 0, 0)
		}
	case cmdCancel:
		if target := d.contexts[word(0)]; d.waiting[target] {
			delete(d.waiting, target)
			d.send(target, 0, uint32(codeCancelled))
		}
		d.send(c, word(0), 0)
	default:
		d.t.Errorf("fake daemon: command %#x", command)
		c.Close()
	}
}

// sendStates sends 16 READER_STATEs of eventhandler.h.
func (d *fakeDaemon) sendStates(c net.Conn) {
	const (
		places, size             = 16, 184
		events, readerState, atr = 128, 132, 140
		atrLength                = 176
		absent                   = 0x02
		presentPoweredNegotiable = 0x04 | 0x10 | 0x20
	)
	table := make([]byte, places*size)
	for i, r := range d.readers {
		b := table[i*size:]
		copy(b, r.name)
		binary.NativeEndian.PutUint32(b[events:], r.events)
		binary.NativeEndian.PutUint32(b[readerState:], absent)
		if r.atr != nil {
			binary.NativeEndian.PutUint32(b[readerState:], presentPoweredNegotiable)
			copy(b[atr:], r.atr)
			binary.NativeEndian.PutUint32(b[atrLength:], uint32(len(r.atr)))
		}
	}
	if _, err := c.Write(table); err != nil {
		d.t.Logf("fake daemon: %v", err)
	}
}
