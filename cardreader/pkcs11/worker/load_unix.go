//go:build cgo && unix

package worker

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
*/
import "C"

import (
	"unsafe"

	p11 "github.com/miekg/pkcs11"
)

// open loads the module as other programs do, its functions found when they are
// called, and returns its C_GetFunctionList; else what the loader says.
func open(path string) (symbol unsafe.Pointer, problem string, found bool) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	handle := C.dlopen(name, C.RTLD_LAZY|C.RTLD_LOCAL)
	if handle == nil {
		return nil, loaderMessage(), false
	}
	function := C.CString("C_GetFunctionList")
	defer C.free(unsafe.Pointer(function))
	symbol = C.dlsym(handle, function)
	if symbol == nil {
		return nil, loaderMessage(), true
	}
	return symbol, "", true
}

func loaderMessage() string {
	if message := C.dlerror(); message != nil {
		return decode([]byte(C.GoString(message)))
	}
	return "the loader does not say why"
}

// bind gives the loaded module to the binding.
func bind(path string) *p11.Ctx { return p11.New(path) }
