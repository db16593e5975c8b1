package iso7816

import "fmt"

// StatusWord is SW1-SW2 of a response APDU (ISO/IEC 7816-4 §5.6).
type StatusWord uint16

// Status words that a caller decides on.
const (
	SWOK                 StatusWord = 0x9000
	SWEndOfFile          StatusWord = 0x6282 // end of file reached before Le bytes
	SWWrongLength        StatusWord = 0x6700
	SWSecurityStatus     StatusWord = 0x6982
	SWBlocked            StatusWord = 0x6983
	SWConditions         StatusWord = 0x6985
	SWNoCurrentFile      StatusWord = 0x6986
	SWFunctionNotPresent StatusWord = 0x6A81
	SWFileNotFound       StatusWord = 0x6A82
	SWWrongP1P2          StatusWord = 0x6A86
	SWDataNotFound       StatusWord = 0x6A88
	SWWrongOffset        StatusWord = 0x6B00
	SWInsNotSupported    StatusWord = 0x6D00
	SWClassNotSupported  StatusWord = 0x6E00
)

// SW1 is the first byte.
func (sw StatusWord) SW1() byte { return byte(sw >> 8) }

// SW2 is the second byte.
func (sw StatusWord) SW2() byte { return byte(sw) }

// MoreData tells whether the card holds SW2 more bytes for GET RESPONSE
// (61xx), and how many; 00 stands for 256 or more.
func (sw StatusWord) MoreData() (n int, ok bool) { return le(sw.SW2()), sw.SW1() == 0x61 }

// RightLe tells whether the card wants the command again with another Le
// (6Cxx), and which.
func (sw StatusWord) RightLe() (n int, ok bool) { return le(sw.SW2()), sw.SW1() == 0x6C }

// TriesLeft reads a counter out of 63Cx.
func (sw StatusWord) TriesLeft() (n int, ok bool) {
	return int(sw & 0x0F), sw&0xFFF0 == 0x63C0
}

// String gives the four hexadecimal digits, as every card document writes it.
func (sw StatusWord) String() string { return fmt.Sprintf("%04X", uint16(sw)) }

var meanings = map[StatusWord]string{
	SWOK:                 "success",
	SWEndOfFile:          "end of file reached before the expected length",
	0x6281:               "part of the data may be corrupted",
	0x6283:               "selected file deactivated",
	0x6400:               "execution error, memory unchanged",
	0x6581:               "memory failure",
	SWWrongLength:        "wrong length",
	0x6881:               "logical channel not supported",
	0x6882:               "secure messaging not supported",
	0x6981:               "command incompatible with the file structure",
	SWSecurityStatus:     "security status not satisfied",
	SWBlocked:            "authentication method blocked",
	0x6984:               "reference data not usable",
	SWConditions:         "conditions of use not satisfied",
	SWNoCurrentFile:      "no current file",
	0x6A80:               "incorrect data field",
	SWFunctionNotPresent: "function not supported",
	SWFileNotFound:       "file or application not found",
	0x6A83:               "record not found",
	SWWrongP1P2:          "incorrect P1 or P2",
	SWDataNotFound:       "referenced data not found",
	SWWrongOffset:        "offset outside the file",
	SWInsNotSupported:    "instruction not supported",
	SWClassNotSupported:  "class not supported",
	0x6F00:               "no precise diagnosis",
}

// Meaning is the sense that ISO/IEC 7816-4 table 6 gives to the status word,
// or "" where it gives none.
func (sw StatusWord) Meaning() string {
	if m, ok := meanings[sw]; ok {
		return m
	}
	if n, ok := sw.MoreData(); ok {
		return fmt.Sprintf("%d more bytes available", n)
	}
	if n, ok := sw.RightLe(); ok {
		return fmt.Sprintf("wrong Le, %d expected", n)
	}
	if n, ok := sw.TriesLeft(); ok {
		return fmt.Sprintf("%d tries left", n)
	}
	return ""
}

// StatusError is a status word that made a command fail.
type StatusError struct {
	// Command says what was asked, without data.
	Command string
	SW      StatusWord
}

func (e *StatusError) Error() string {
	if m := e.SW.Meaning(); m != "" {
		return fmt.Sprintf("%s: status %s (%s)", e.Command, e.SW, m)
	}
	return fmt.Sprintf("%s: status %s", e.Command, e.SW)
}
