package main

import (
	"os"

	"golang.org/x/sys/windows"

	"postecpx/cardreader/pkcs11"
)

// init has every library that is loaded from now on come from System32: a
// program that is run from the downloads folder must not load one that lies
// beside it. The child that loads a PKCS#11 module is left as it is: modules
// are to be judged as they work in other programs.
func init() {
	if len(os.Args) == 2 && os.Args[1] == pkcs11.WorkerArgument {
		return
	}
	_ = windows.SetDefaultDllDirectories(windows.LOAD_LIBRARY_SEARCH_SYSTEM32) // Windows 8 and later all have it
}
