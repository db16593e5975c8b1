package iso7816

import (
	"fmt"
)

// Tag is a BER-TLV tag as its bytes read: 0x80, 0x30, 0x7F49, 0xBF8101.
type Tag uint32

// String gives the tag bytes in hexadecimal.
func (t Tag) String() string { return fmt.Sprintf("%02X", uint32(t)) }

// Constructed tells whether the value is itself a sequence of data objects
// (bit 6 of the first tag byte).
func (t Tag) Constructed() bool {
	for t > 0xFF {
		t >>= 8
	}
	return t&0x20 != 0
}

// TLV is one BER-TLV data object (ISO/IEC 7816-4 §5.2.2, ITU-T X.690).
type TLV struct {
	Tag   Tag
	Value []byte
}

// TLVError says where in a buffer the BER-TLV coding breaks.
type TLVError struct {
	Offset int // of the data object, in bytes from the start of the buffer
	Reason string
}

func (e *TLVError) Error() string { return fmt.Sprintf("BER-TLV at byte %d: %s", e.Offset, e.Reason) }

// maxLengthBytes bounds a length field: no file of a card reaches 16 MiB.
const maxLengthBytes = 3

// NextTLV reads the data object at the start of b and returns it with what
// follows. Tags of one to three bytes and definite lengths are accepted; an
// indefinite length, which ISO/IEC 7816-4 forbids, is an error, and so is a
// value longer than b. The value shares memory with b.
func NextTLV(b []byte) (tlv TLV, rest []byte, err error) {
	tag, n, err := tagAt(b)
	if err != nil {
		return TLV{}, nil, err
	}
	length, m, err := lengthAt(b[n:])
	if err != nil {
		return TLV{}, nil, err
	}
	body := b[n+m:]
	if length > len(body) {
		return TLV{}, nil, &TLVError{Reason: fmt.Sprintf("tag %v announces %d bytes, %d present", tag, length, len(body))}
	}
	return TLV{Tag: tag, Value: body[:length:length]}, body[length:], nil
}

func tagAt(b []byte) (tag Tag, n int, err error) {
	if len(b) == 0 {
		return 0, 0, &TLVError{Reason: "tag missing"}
	}
	tag = Tag(b[0])
	if b[0]&0x1F != 0x1F {
		return tag, 1, nil
	}
	for n = 1; n < 3; n++ {
		if n >= len(b) {
			return 0, 0, &TLVError{Reason: "tag cut short"}
		}
		tag = tag<<8 | Tag(b[n])
		if b[n]&0x80 == 0 {
			return tag, n + 1, nil
		}
	}
	return 0, 0, &TLVError{Reason: "tag longer than three bytes"}
}

func lengthAt(b []byte) (length, n int, err error) {
	if len(b) == 0 {
		return 0, 0, &TLVError{Reason: "length missing"}
	}
	if b[0] < 0x80 {
		return int(b[0]), 1, nil
	}
	count := int(b[0] & 0x7F)
	switch {
	case count == 0:
		return 0, 0, &TLVError{Reason: "indefinite length"}
	case count > maxLengthBytes:
		return 0, 0, &TLVError{Reason: fmt.Sprintf("length on %d bytes", count)}
	case count >= len(b):
		return 0, 0, &TLVError{Reason: "length cut short"}
	}
	for _, v := range b[1 : 1+count] {
		length = length<<8 | int(v)
	}
	return length, 1 + count, nil
}

// HeaderLength reads only the tag and the length at the start of b and returns
// the size of the whole data object, header included. It serves to know how
// much of a file is left to read.
func HeaderLength(b []byte) (int, error) {
	_, n, err := tagAt(b)
	if err != nil {
		return 0, err
	}
	length, m, err := lengthAt(b[n:])
	if err != nil {
		return 0, err
	}
	return n + m + length, nil
}

// ParseTLV reads a sequence of data objects. Bytes 00 and FF between or after
// them are padding (ISO/IEC 7816-4 §5.2.2.1) and end nothing. On an error the
// objects before it are returned with it.
func ParseTLV(b []byte) ([]TLV, error) {
	var all []TLV
	for rest := b; len(rest) > 0; {
		if rest[0] == 0x00 || rest[0] == 0xFF {
			rest = rest[1:]
			continue
		}
		tlv, next, err := NextTLV(rest)
		if err != nil {
			if te, ok := err.(*TLVError); ok {
				te.Offset += len(b) - len(rest)
			}
			return all, err
		}
		all, rest = append(all, tlv), next
	}
	return all, nil
}

// Find returns the value of the first data object with that tag.
func Find(objects []TLV, tag Tag) ([]byte, bool) {
	for _, o := range objects {
		if o.Tag == tag {
			return o.Value, true
		}
	}
	return nil, false
}

// AppendTLV appends a data object, with the shortest length field.
func AppendTLV(b []byte, tag Tag, value []byte) []byte {
	for shift := 24; shift > 0; shift -= 8 {
		if v := byte(tag >> shift); v != 0 {
			b = append(b, v)
		}
	}
	b = append(b, byte(tag))
	switch n := len(value); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	case n < 0x10000:
		b = append(b, 0x82, byte(n>>8), byte(n))
	default:
		b = append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, value...)
}
