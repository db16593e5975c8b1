package workstation

import (
	"bytes"
	"encoding/hex"
	"errors"
)

// parseMachineID reads a machine-id(5), or a UUID in text: 32 hexadecimal
// digits that are not all zero.
func parseMachineID(text []byte) ([]byte, error) {
	text = bytes.ReplaceAll(bytes.Trim(text, " \t\r\n{}\x00"), []byte("-"), nil)
	id := make([]byte, 16)
	if len(text) != 32 {
		return nil, errors.New("not an identifier of 32 hexadecimal digits")
	}
	if _, err := hex.Decode(id, text); err != nil {
		return nil, errors.New("not an identifier of 32 hexadecimal digits")
	}
	if bytes.Equal(id, make([]byte, 16)) {
		return nil, errors.New("an identifier of zeros")
	}
	return id, nil
}
