package virtualcard

import (
	"crypto"
	"encoding"
	"encoding/binary"

	"postecpx/cardreader/iso7816"
)

// blockSize is how many bytes SHA-1 and SHA-256 take at a time.
const blockSize = 64

// takeHash is PSO: HASH (ISO/IEC 7816-8) of IAS ECC: the host did all but the
// last round. The data are 90, the state of the hash and how many bits it
// covers on 8 bytes, or nothing when there was no round before; then 80, the
// last block.
func (c *Card) takeHash(data []byte) iso7816.StatusWord {
	c.hash = nil
	s, ok := c.environment[forHash]
	hash, known := hashesCPS3[s.algorithm]
	fields, err := iso7816.ParseTLV(data)
	switch {
	case !ok || !known:
		return iso7816.SWConditions
	case err != nil || len(fields) != 2 || fields[0].Tag != 0x90 || fields[1].Tag != 0x80 || len(fields[1].Value) > blockSize:
		return swWrongData
	}
	if c.hash = finish(hash, fields[0].Value, fields[1].Value); c.hash == nil {
		return swWrongData
	}
	return iso7816.SWOK
}

// finish resumes a hash from its state and bit count, both in one, and closes
// it over the last block. It is nil for a state that cannot be.
func finish(hash crypto.Hash, state, last []byte) []byte {
	h := hash.New()
	if len(state) > 0 {
		if len(state) != hash.Size()+8 {
			return nil
		}
		words, bits := state[:hash.Size()], binary.BigEndian.Uint64(state[hash.Size():])
		if bits%(8*blockSize) != 0 {
			return nil
		}
		// What crypto/sha1 and crypto/sha256 restore themselves from: a
		// name, the state, the bytes not yet taken, the count of bytes.
		saved := []byte("sha\x01")
		if hash == crypto.SHA256 {
			saved = []byte("sha\x03")
		}
		saved = append(append(saved, words...), make([]byte, blockSize)...)
		saved = binary.BigEndian.AppendUint64(saved, bits/8)
		restored, ok := h.(encoding.BinaryUnmarshaler)
		if !ok || restored.UnmarshalBinary(saved) != nil {
			return nil
		}
	}
	h.Write(last)
	return h.Sum(nil)
}
