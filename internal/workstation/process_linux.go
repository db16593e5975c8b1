package workstation

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"postecpx/internal/diagnostic"
)

func processes(ctx context.Context) ([]diagnostic.Process, error) {
	return within(ctx, func() ([]diagnostic.Process, error) { return readProc(ctx, "/proc") })
}

// readProc lists the processes that a proc(5) shows.
func readProc(ctx context.Context, root string) ([]diagnostic.Process, error) {
	dir, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxProcesses)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var all []running
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if p, ok := readProcess(filepath.Join(root, name), pid); ok {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, fs.ErrNotExist // /proc is not mounted: this program is always in it
	}
	return listed(all, self), nil
}

// readProcess reads one; false when it has ended.
func readProcess(folder string, pid int) (running, bool) {
	stat, err := readHead(filepath.Join(folder, "stat"), 4<<10)
	if err != nil {
		return running{}, false
	}
	name, parent, ok := parseStat(stat)
	if !ok {
		return running{}, false
	}
	p := running{Process: diagnostic.Process{PID: pid, Name: name}, parent: parent}
	if target, err := os.Readlink(filepath.Join(folder, "exe")); err == nil {
		// An update leaves the old file to those that run it.
		p.Path = strings.TrimSuffix(target, " (deleted)")
		p.Name = filepath.Base(p.Path)
	} else if line, err := readHead(filepath.Join(folder, "cmdline"), 4<<10); err == nil && len(name) >= 15 {
		// The kernel keeps 15 letters of a name; the command line has it whole.
		first, _, _ := bytes.Cut(line, []byte{0})
		if base := filepath.Base(string(first)); strings.HasPrefix(base, name) {
			p.Name = base
		}
	}
	p.PCSC = mapsHold(filepath.Join(folder, "maps"), "libpcsclite")
	return p, true
}

// maxMaps bounds what is read of the memory map of one process: browsers have
// some 500 KiB.
const maxMaps = 8 << 20

// mapsHold tells whether a file with that in its name is in the memory map.
func mapsHold(path, name string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	lines := bufio.NewScanner(io.LimitReader(file, maxMaps))
	for lines.Scan() {
		if i := bytes.LastIndexByte(lines.Bytes(), '/'); i >= 0 && bytes.Contains(lines.Bytes()[i:], []byte(name)) {
			return true
		}
	}
	return false
}

// readHead reads the beginning of a file of the kernel.
func readHead(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit))
}
