package cps

import (
	"context"
	"errors"
	"fmt"

	"postecpx/cardreader/iso7816"
)

// form is one way to write SELECT by path. Cards differ in the one that they
// take; the first that works is kept for the whole reading.
type form struct {
	p1     byte
	fcp    byte // P2 that asks for the FCP or FCI
	silent byte // P2 that asks for nothing
	root   bool // the path begins with 3F00
	le     bool // Le = 00 is sent, as T=1, T=CL and the CPS4 want it
	steps  bool // one SELECT by file identifier for each level
	child  bool // the application by its name, then the file below it
}

var (
	// What ANS's library sends to a CPS3: P1 = 09 with a path from 3F00.
	formCPS3 = form{p1: 0x09, fcp: 0x04, silent: 0x0C, root: true}
	// What it sends to a CPS4: P1 = 08, the path without 3F00, P2 = 00.
	formCPS4 = form{p1: 0x08, fcp: 0x00, silent: 0x00, le: true}
	// ISO/IEC 7816-4 §7.1.1, for cards that take neither.
	formISO   = form{p1: 0x08, fcp: 0x04, silent: 0x0C}
	formSteps = form{p1: 0x00, fcp: 0x04, silent: 0x0C, steps: true}
	formChild = form{p1: 0x02, fcp: 0x04, silent: 0x0C, child: true}
)

// fileSystem selects and reads the files of one card.
type fileSystem struct {
	exchange
	cla    byte
	block  int    // bytes a READ BINARY asks for at the most
	aid    []byte // of the application
	forms  []form // to try, the proven one first
	proven bool   // forms[0] has selected a file
	// fcpOnly and fcpNever are learnt from a card that refuses the other P2.
	fcpOnly, fcpNever bool
	// elsewhere: another program may have selected something since.
	elsewhere bool
}

// useForms sets the ways to write SELECT, most likely first.
func (fs *fileSystem) useForms(forms ...form) { fs.forms, fs.proven = forms, false }

// ErrTruncated: a file ends before its content does.
var ErrTruncated = errors.New("file cut short")

// selectAID selects an application by its name and asks for no answer, unless
// the card refuses to select without one.
func (fs *fileSystem) selectAID(ctx context.Context, cla byte, aid []byte) (iso7816.StatusWord, error) {
	c := iso7816.Command{CLA: cla, INS: iso7816.InsSelect, P1: 0x04, P2: 0x0C, Data: aid}
	r, err := fs.send(ctx, c)
	if err == nil && r.SW == iso7816.SWWrongP1P2 {
		c.P2 = 0x00
		r, err = fs.send(ctx, c)
	}
	return r.SW, err
}

// recoverable are the two answers of a card that another program left in
// another application: ANS's library then selects the root and repeats once.
func recoverable(sw iso7816.StatusWord) bool {
	return sw == iso7816.SWClassNotSupported || sw == iso7816.SWWrongP1P2
}

// selectFile makes a file current and returns its size as the FCP or FCI gives
// it, or -1 when it was not asked for or does not say.
func (fs *fileSystem) selectFile(ctx context.Context, p path, wantFCP bool) (size int, err error) {
	if p.relative() {
		child := formChild
		child.le = fs.forms[0].le
		r, err := fs.selectAs(ctx, child, p, wantFCP)
		if err == nil && !selected(r.SW) {
			err = &iso7816.StatusError{Command: "SELECT " + p.String(), SW: r.SW}
		}
		return fcpSize(r.Data), err
	}
	var last error
	for i := 0; i < len(fs.forms); i++ {
		r, err := fs.selectAs(ctx, fs.forms[i], p, wantFCP)
		if err == nil && fs.proven && fs.elsewhere && r.SW == iso7816.SWFileNotFound {
			// Perhaps not found only because another application is selected.
			fs.elsewhere = false
			if _, err = fs.selectAID(ctx, fs.cla, aidRoot); err == nil {
				r, err = fs.selectAs(ctx, fs.forms[i], p, wantFCP)
			}
		}
		if err != nil {
			return 0, err
		}
		if selected(r.SW) {
			fs.elsewhere = false
			f := fs.forms[i]
			copy(fs.forms[1:i+1], fs.forms[:i])
			fs.forms[0], fs.proven = f, true
			return fcpSize(r.Data), nil
		}
		last = &iso7816.StatusError{Command: "SELECT " + p.String(), SW: r.SW}
		if fs.proven && !recoverable(r.SW) {
			break // the card understands this form: the file is not there
		}
	}
	return 0, last
}

// selectAs tries one form, with the recovery, and then with the other P2 where
// the card takes only one.
func (fs *fileSystem) selectAs(ctx context.Context, f form, p path, wantFCP bool) (iso7816.Response, error) {
	wantFCP = (wantFCP || fs.fcpOnly) && !fs.fcpNever
	r, err := fs.selectOnce(ctx, f, p, wantFCP)
	if err != nil || !recoverable(r.SW) {
		return r, err
	}
	if sw, err := fs.selectAID(ctx, fs.cla, aidRoot); err != nil {
		return r, err
	} else if sw == iso7816.SWOK {
		if r, err = fs.selectOnce(ctx, f, p, wantFCP); err != nil || !recoverable(r.SW) {
			return r, err
		}
	}
	if r.SW != iso7816.SWWrongP1P2 || f.silent == f.fcp {
		return r, nil
	}
	if r, err = fs.selectOnce(ctx, f, p, !wantFCP); err == nil && selected(r.SW) {
		fs.fcpOnly, fs.fcpNever = !wantFCP, wantFCP
	}
	return r, err
}

// selected tells whether a SELECT succeeded: 62xx are warnings.
func selected(sw iso7816.StatusWord) bool { return sw == iso7816.SWOK || sw.SW1() == 0x62 }

func (fs *fileSystem) selectOnce(ctx context.Context, f form, p path, wantFCP bool) (iso7816.Response, error) {
	c := iso7816.Command{CLA: fs.cla, INS: iso7816.InsSelect, P1: f.p1, P2: f.silent}
	if wantFCP {
		c.P2 = f.fcp
	}
	if f.le && c.P2 != 0x0C {
		c.Le = iso7816.MaxShort
	}
	full := p
	if f.child {
		if sw, err := fs.selectAID(ctx, fs.cla, fs.aid); err != nil || !selected(sw) {
			return iso7816.Response{SW: sw}, err
		}
		full = p[len(currentDF):]
	}
	if f.root || f.steps {
		full = append(path{0x3F, 0x00}, p...)
	}
	if !f.steps {
		c.Data = full
		return fs.send(ctx, c)
	}
	var r iso7816.Response
	for i := 0; i+2 <= len(full); i += 2 {
		c.Data = full[i : i+2]
		var err error
		if r, err = fs.send(ctx, c); err != nil {
			return r, err
		}
		if !selected(r.SW) {
			return r, nil
		}
	}
	return r, nil
}

// fcpSize reads the file size out of an FCP (62) or FCI (6F) template: tag 80,
// or 81 when structural information is counted (ISO/IEC 7816-4 §7.4.3).
func fcpSize(b []byte) int {
	template, _, err := iso7816.NextTLV(b)
	if err != nil {
		return -1
	}
	fields, _ := iso7816.ParseTLV(template.Value)
	for _, tag := range []iso7816.Tag{0x80, 0x81} {
		v, ok := iso7816.Find(fields, tag)
		if !ok || len(v) == 0 || len(v) > 3 {
			continue
		}
		n := 0
		for _, b := range v {
			n = n<<8 | int(b)
		}
		return n
	}
	return -1
}

// maxFile bounds a file: READ BINARY has 15 bits of offset.
const maxFile = 0x8000

// plan says how to read a file in the fewest exchanges.
type plan struct {
	// fcp asks for the size at the selection, so that a short file costs one
	// READ BINARY whatever the card answers to an Le that is too long.
	fcp bool
	// size is the size of the file where a specification fixes it.
	size int
	// single: the content is one data object, whose header gives the size of
	// a file that was selected without FCP, and where padding begins.
	single bool
	// enough stops the reading as soon as it is content with what is there.
	enough func([]byte) bool
}

// readFile selects a file and reads it. A file that ends early gives what it
// holds: the caller's decoder says what is missing. One that announces a size
// and gives nothing is an error.
func (fs *fileSystem) readFile(ctx context.Context, p path, how plan) ([]byte, error) {
	size, err := fs.selectFile(ctx, p, how.fcp)
	if err != nil {
		return nil, err
	}
	data, err := fs.readSelected(ctx, p, how, size)
	if err == nil && len(data) == 0 && size > 0 {
		err = fmt.Errorf("%w: %v is empty, and announces %d bytes", ErrTruncated, p, size)
	}
	return data, err
}

// readSelected reads the file that was selected just now.
func (fs *fileSystem) readSelected(ctx context.Context, p path, how plan, size int) ([]byte, error) {
	if how.size > 0 {
		size = how.size
	}
	var data []byte
	recovered := false
	for len(data) < maxFile && (size < 0 || len(data) < size) {
		want := fs.block
		if size >= 0 {
			want = min(want, size-len(data))
		}
		r, err := fs.send(ctx, iso7816.Command{
			CLA: fs.cla, INS: iso7816.InsReadBinary,
			P1: byte(len(data) >> 8), P2: byte(len(data)), Le: want,
		})
		if err != nil {
			return nil, err
		}
		if len(r.Data) > want {
			return nil, fmt.Errorf("READ BINARY %v: %d bytes answered, %d asked", p, len(r.Data), want)
		}
		switch {
		case r.SW == iso7816.SWOK, r.SW == iso7816.SWEndOfFile:
			data = append(data, r.Data...)
			if how.single {
				// What follows the one data object is padding.
				if n, err := iso7816.HeaderLength(data); err == nil && (size < 0 || n < size) {
					size = n
				}
			}
			// Fewer bytes than asked end the file, unless its size is known:
			// some cards give less at a time than they are asked for.
			short := len(r.Data) < want && (size < 0 || len(r.Data) == 0)
			if short || r.SW == iso7816.SWEndOfFile {
				return data, nil
			}
		case r.SW == iso7816.SWWrongOffset && len(data) > 0:
			return data, nil // read to its last byte
		case r.SW == iso7816.SWWrongLength && want > 16:
			fs.block = want / 2 // the card refuses so long an Le
			continue
		case recoverable(r.SW) && !recovered:
			recovered = true
			if _, err := fs.selectAID(ctx, fs.cla, aidRoot); err != nil {
				return nil, err
			}
			if _, err := fs.selectFile(ctx, p, false); err != nil {
				return nil, err
			}
			continue
		default:
			return nil, &iso7816.StatusError{Command: "READ BINARY " + p.String(), SW: r.SW}
		}
		if how.enough != nil && how.enough(data) {
			return data, nil
		}
	}
	return data, nil
}
