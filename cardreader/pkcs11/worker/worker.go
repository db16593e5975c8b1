// Package worker is the child process that loads one PKCS#11 module, asks it
// what package pkcs11 wants to know, and may crash, hang or be killed. It is
// the only importer of github.com/miekg/pkcs11, and only commands import it:
// their main function calls Main before anything else when their first argument
// is pkcs11.WorkerArgument.
package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"postecpx/cardreader/pkcs11"
)

// Main answers the request on standard input by lines on standard output, and
// returns the exit code of the process. The module gets neither of the two:
// what it reads is empty, and what it writes goes to standard error. The
// process ends at once when its parent does.
func Main() int {
	requests, answers, err := takeChannel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pkcs11 worker:", err)
		return 2
	}
	return Run(requests, answers)
}

// Run reads one request from stdin and writes lines to stdout. While it works,
// the end of stdin ends the process. It returns an exit code: 0 when the last
// line was written, whatever it says, or 2.
func Run(stdin io.Reader, stdout io.Writer) int {
	request, code, err := readRequest(stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pkcs11 worker:", err)
		return 2
	}
	defer clear(code)
	go func() {
		// Nothing more is sent: this returns when the parent is gone.
		_, _ = stdin.Read(make([]byte, 1))
		os.Exit(2)
	}()
	p := &protocol{out: stdout}
	end := answer(p, request, code)
	p.send(pkcs11.WorkerLine{End: &end})
	if p.err != nil {
		fmt.Fprintln(os.Stderr, "pkcs11 worker:", p.err)
		return 2
	}
	return 0
}

// readRequest reads the line of the request and the code porteur behind it. It
// keeps no copy of the code but the returned one.
func readRequest(stdin io.Reader) (request pkcs11.WorkerRequest, code []byte, err error) {
	buffer := make([]byte, pkcs11.MaxRequest)
	defer clear(buffer)
	filled, newline := 0, -1
	for newline < 0 {
		n, err := stdin.Read(buffer[filled:])
		newline = bytes.IndexByte(buffer[:filled+n], '\n')
		filled += n
		if newline < 0 && err != nil {
			return request, nil, fmt.Errorf("read the request: %w", err)
		}
		if newline < 0 && filled == len(buffer) {
			return request, nil, errors.New("the request is too long")
		}
	}
	if err := json.Unmarshal(buffer[:newline], &request); err != nil {
		return request, nil, fmt.Errorf("read the request: %w", err)
	}
	n := request.CodeLength
	if n < 0 || n > pkcs11.MaxCode || newline+1+n > len(buffer) {
		return request, nil, fmt.Errorf("the code has %d bytes", n)
	}
	if missing := newline + 1 + n - filled; missing > 0 {
		if _, err := io.ReadFull(stdin, buffer[filled:filled+missing]); err != nil {
			return request, nil, fmt.Errorf("read the code: %w", err)
		}
	}
	return request, bytes.Clone(buffer[newline+1 : newline+1+n]), nil
}

// protocol writes the lines to the parent. After an error it writes no more.
type protocol struct {
	out io.Writer
	err error
}

func (p *protocol) send(line pkcs11.WorkerLine) {
	if p.err != nil {
		return
	}
	raw, err := json.Marshal(line)
	if err == nil {
		_, err = p.out.Write(append(raw, '\n'))
	}
	p.err = err
}

// call announces a call into the module.
func (p *protocol) call(name string) {
	p.send(pkcs11.WorkerLine{Call: name})
	if p.err != nil {
		// A parent that does not know where the module is must not be misled.
		fmt.Fprintln(os.Stderr, "pkcs11 worker:", p.err)
		os.Exit(2)
	}
}
