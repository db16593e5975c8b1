//go:build cgo

package worker

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	p11 "github.com/miekg/pkcs11"
	"golang.org/x/sys/windows"
)

// open loads the module with the libraries of its own folder and the system's,
// and returns its C_GetFunctionList; else what the system says.
func open(path string) (symbol unsafe.Pointer, problem string, found bool) {
	handle, err := windows.LoadLibraryEx(path, 0, windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR|windows.LOAD_LIBRARY_SEARCH_DEFAULT_DIRS)
	if err != nil {
		return nil, systemMessage(err), false
	}
	address, err := windows.GetProcAddress(handle, "C_GetFunctionList")
	if err != nil {
		return nil, systemMessage(err), true
	}
	// Code of a library that is never unloaded: no memory of Go.
	return *(*unsafe.Pointer)(unsafe.Pointer(&address)), "", true
}

func systemMessage(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return fmt.Sprintf("error %d: %v", uint32(number), err)
	}
	return err.Error()
}

// bind gives the loaded module to the binding, which knows only names of the
// ANSI code page: the short name has no others.
func bind(path string) *p11.Ctx {
	long, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil
	}
	short := make([]uint16, windows.MAX_LONG_PATH)
	if n, err := windows.GetShortPathName(long, &short[0], uint32(len(short))); err == nil && n > 0 && int(n) < len(short) {
		path = windows.UTF16ToString(short[:n])
	}
	return p11.New(path)
}
