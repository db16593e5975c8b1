package main

import (
	"runtime/debug"
	"time"
)

// settled is how long the window is let alone before the demonstration card is
// made: making its keys takes a processor as long as the first frames do.
const settled = 300 * time.Millisecond

// quiet is how long after that the memory of the start is given back.
const quiet = 2 * time.Second

// starting is the GOGC of the start: a heap may grow by that many per cent before
// the garbage collector comes.
const starting = 400

// hurry has the garbage collector come less often, until the function that it
// returns is called: it would go through the fonts again and again while they
// are read. Later, what the start has taken and nobody needs
// any more is given back to the system, once: the collector would keep it.
func hurry() (begun func()) {
	before := debug.SetGCPercent(starting)
	return func() {
		debug.SetGCPercent(before)
		time.AfterFunc(quiet, debug.FreeOSMemory)
	}
}
