package workstation

import (
	"fmt"
	"io"

	"postecpx/cardreader/pkcs11"
)

// readFile reads a regular file of at most limit bytes.
func (w *Workstation) readFile(path string, limit int64) ([]byte, error) {
	return readFile(w.Host, path, limit)
}

func readFile(host pkcs11.Host, path string, limit int64) ([]byte, error) {
	file, err := host.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// Files of /proc and /sys have no size beforehand.
	content, err := io.ReadAll(io.NewSectionReader(file, 0, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return content, nil
}
