//go:build !cgo

package worker

import (
	"io"
	"strings"
	"testing"
)

func TestStub(t *testing.T) {
	var out strings.Builder
	// Not closed: the parent stays, and this process with it.
	in, hold := io.Pipe()
	go func() { _, _ = io.WriteString(hold, "{\"module\":\"/m\"}\n") }()
	if code := Run(in, &out); code != 0 || out.String() != `{"end":{"status":"failed","detail":"built without cgo"}}`+"\n" {
		t.Errorf("%d %s", code, out.String())
	}
}
