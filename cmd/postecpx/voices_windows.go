package main

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// spiGetScreenReader is SPI_GETSCREENREADER of SystemParametersInfo (winuser.h):
// NVDA, JAWS and others set it while they run.
const spiGetScreenReader = 0x0046

// screenReader tells whether a screen reader runs. On Windows the window speaks
// to one that says so, and to nobody else: the toolkit (2.8.0) frees what it has
// handed out as soon as the words change, whoever still holds it, and programs
// that merely watch the screen ask too.
func screenReader() bool {
	var running uint32 // BOOL
	call := windows.NewLazySystemDLL("user32.dll").NewProc("SystemParametersInfoW")
	done, _, _ := call.Call(spiGetScreenReader, 0, uintptr(unsafe.Pointer(&running)), 0)
	return done != 0 && running != 0
}
