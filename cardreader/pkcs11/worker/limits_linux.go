package worker

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// memory is what a module may take on top of what the process has when it is
// loaded, in bytes.
const memory = 512 << 20

// confine bounds the memory of this process and forbids it to leave an image of
// itself, or others to look into it, while it holds a code porteur. A limit that cannot be set is no
// reason to refuse a diagnosis: the parent has its deadlines.
func confine(secret bool) {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	if secret {
		_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	}
	var pages uint64
	raw, err := os.ReadFile("/proc/self/statm") // proc(5): size in pages comes first
	if err == nil {
		_, err = fmt.Sscan(string(raw), &pages)
	}
	var limit unix.Rlimit
	if err != nil || unix.Getrlimit(unix.RLIMIT_AS, &limit) != nil {
		return
	}
	limit.Cur = min(limit.Max, pages*uint64(os.Getpagesize())+memory)
	_ = unix.Setrlimit(unix.RLIMIT_AS, &limit)
}
