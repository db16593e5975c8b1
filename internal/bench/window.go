//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Budgets of the window, as ratios to the empty one.
const (
	mostTime   = 1.5
	mostMemory = 1.3
)

// showing is how long a window may take; resting, how long after it is
// interactive it is left alone before its rest is measured.
const (
	showing = 20 * time.Second
	resting = 5 * time.Second
)

// cost is what one run of a window costs.
type cost struct {
	frame, interactive time.Duration // from the start of the process
	rss, pss           int           // KiB, at rest
	cpu                time.Duration // over the rest
}

// window measures the product's window beside an empty one of the same toolkit.
func (b *bench) window() error {
	products := []string{b.postecpx, b.empty}
	costs := make([][]cost, len(products))
	answers := make([][]byte, len(products))
	// The toolkit keeps a list of the fonts of the system there, and OpenGL what
	// it compiled.
	home, err := os.MkdirTemp("", "bench-home-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	// The first run of each fills the caches, tells how the answer to the key
	// looks, and does not count.
	for round := range b.windows + 1 {
		for i, path := range products {
			var rest time.Duration
			if round > 0 && round <= b.rests {
				rest = b.rest
			}
			c, answer, err := b.openWindow(path, home, answers[i], rest)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			answers[i] = answer
			if round > 0 {
				costs[i] = append(costs[i], c)
			}
		}
	}
	b.windowTable(costs[0], costs[1])
	return nil
}

func (b *bench) windowTable(ours, empty []cost) {
	b.line("")
	b.line("## The window, beside an empty window of the same toolkit")
	b.line("")
	b.line("Both on the same X server (Xvfb) with software OpenGL, in turn, %d times each, the median; at rest for", b.windows)
	b.line("%v, %d times each, %v after it is interactive. No card is in the reader: the demonstration is shown.", b.rest, b.rests, resting)
	b.line("Both find what an earlier start has left: the list of the fonts, and what OpenGL compiled.")
	b.line("The first frame is seen in the memory of the screen, read each millisecond; the window is interactive when the")
	b.line("answer to a key that is pressed each 25 ms (Alt+4, to the place Intégration) stands there whole.")
	b.line("")
	b.line("| | Poste CPx | empty | ratio | at most |")
	b.line("|---|---:|---:|---:|---:|")
	ms := func(d float64) string { return fmt.Sprintf("%.0f ms", d) }
	mib := func(d float64) string { return fmt.Sprintf("%.1f MiB", d/1024) }
	row := func(name string, of func(cost) float64, unit func(float64) string, rounds int, budget float64) {
		a, e := medianOf(ours[:rounds], of), medianOf(empty[:rounds], of)
		ratio, most := "-", "-"
		if e > 0 {
			ratio = fmt.Sprintf("%.2f", a/e)
		}
		if budget > 0 {
			most = fmt.Sprintf("%.1f", budget)
		}
		b.line("| %s | %s | %s | %s | %s |", name, unit(a), unit(e), ratio, most)
	}
	since := func(of func(cost) time.Duration) func(cost) float64 {
		return func(c cost) float64 { return float64(of(c).Microseconds()) / 1000 }
	}
	row("start → first frame", since(func(c cost) time.Duration { return c.frame }), ms, len(ours), 0)
	row("start → interactive", since(func(c cost) time.Duration { return c.interactive }), ms, len(ours), mostTime)
	row("memory at rest, resident", func(c cost) float64 { return float64(c.rss) }, mib, b.rests, mostMemory)
	row("memory at rest, its share (PSS)", func(c cost) float64 { return float64(c.pss) }, mib, b.rests, mostMemory)
	row("processor time at rest", since(func(c cost) time.Duration { return c.cpu }), ms, b.rests, 1)
}

func medianOf(all []cost, of func(cost) float64) float64 {
	var values []float64
	for _, c := range all {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// openWindow runs the program on a screen of its own until its window answers
// the key as it is known to, and then for that rest. An answer that is not known
// yet is what is seen a while after the key.
func (b *bench) openWindow(path, home string, answer []byte, rest time.Duration) (c cost, seen []byte, err error) {
	folder, err := os.MkdirTemp("", "bench-window-")
	if err != nil {
		return c, nil, err
	}
	defer os.RemoveAll(folder)
	s, err := newScreen(folder)
	if err != nil {
		return c, nil, err
	}
	defer s.close()
	program := exec.CommandContext(b.context, path)
	program.Env = append(os.Environ(), "DISPLAY="+s.name, "WAYLAND_DISPLAY=", "LANG=fr_FR.UTF-8", "HOME="+home,
		"XDG_CACHE_HOME="+filepath.Join(home, ".cache"), "XDG_CONFIG_HOME=", "LIBGL_ALWAYS_SOFTWARE=1")
	program.Stderr = os.Stderr
	began := time.Now()
	if err := program.Start(); err != nil {
		return c, nil, err
	}
	defer end(program)
	first, err := s.await(began, func(now []byte) bool { return now != nil })
	if err != nil {
		return c, nil, fmt.Errorf("no window: %w", err)
	}
	c.frame = time.Since(began)
	if answer == nil {
		time.Sleep(resting)
		s.press("alt+4")
		time.Sleep(resting)
		seen, err = s.look()
		if bytes.Equal(seen, first) {
			err = errors.New("the key does nothing")
		}
		return c, seen, err
	}
	var pressed time.Time
	if _, err := s.await(began, func(now []byte) bool {
		if bytes.Equal(now, answer) {
			return true
		}
		if time.Since(pressed) >= 25*time.Millisecond {
			pressed = time.Now()
			s.press("alt+4")
		}
		return false
	}); err != nil {
		return c, nil, fmt.Errorf("no answer to the key: %w", err)
	}
	c.interactive = time.Since(began)
	if rest == 0 {
		return c, answer, nil
	}
	time.Sleep(resting)
	_, before, err := activity(program.Process.Pid)
	if err != nil {
		return c, nil, err
	}
	time.Sleep(rest)
	_, after, err := activity(program.Process.Pid)
	if err != nil {
		return c, nil, err
	}
	c.cpu = time.Duration(after-before) * 10 * time.Millisecond
	c.rss, c.pss, err = memoryOf(program.Process.Pid)
	return c, answer, err
}

// end asks a program to end, and makes it after a while.
func end(program *exec.Cmd) {
	_ = program.Process.Signal(syscall.SIGTERM) // it may have ended
	killer := time.AfterFunc(3*time.Second, func() { _ = program.Process.Kill() })
	_ = program.Wait() // it was killed
	killer.Stop()
}

// screen is an X server whose pixels lie in a file.
type screen struct {
	name   string
	server *exec.Cmd
	pixels *os.File
	header xwd
}

// xwd is what is used of the header of XWDFile.h; the pixels come after the
// header and the colour map.
type xwd struct{ offset, bytesPerLine, height int }

func newScreen(folder string) (*screen, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1024x700x24", "-nolisten", "tcp", "-br", "-fbdir", folder)
	server.ExtraFiles = []*os.File{write}
	err = server.Start()
	write.Close()
	if err != nil {
		return nil, err
	}
	s := &screen{server: server}
	number, err := bufio.NewReader(read).ReadString('\n')
	if err == nil {
		s.name = ":" + strings.TrimSpace(number)
		s.pixels, err = os.Open(filepath.Join(folder, "Xvfb_screen0"))
	}
	if err == nil {
		s.header, err = readXWD(s.pixels)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func readXWD(from io.Reader) (xwd, error) {
	var words [25]uint32
	if err := binary.Read(from, binary.BigEndian, &words); err != nil {
		return xwd{}, err
	}
	const size, version, height, perLine, colours, colourSize = 0, 1, 5, 12, 19, 12
	if words[version] != 7 {
		return xwd{}, errors.New("the screen is not kept as XWD version 7")
	}
	return xwd{int(words[size] + colourSize*words[colours]), int(words[perLine]), int(words[height])}, nil
}

// bar is how wide the part of the window is that is looked at: the bar of the
// places, which only changes when another place is chosen.
const bar = 80

// look gives the pixels of the bar, nil while all are black.
func (s *screen) look() ([]byte, error) {
	var seen []byte
	line := make([]byte, 4*bar)
	for y := 0; y < 500; y += 4 {
		if _, err := s.pixels.ReadAt(line, int64(s.header.offset+y*s.header.bytesPerLine)); err != nil {
			return nil, err
		}
		seen = append(seen, line...)
	}
	for i := 0; i < len(seen); i += 4 {
		if seen[i]|seen[i+1]|seen[i+2] != 0 {
			return seen, nil
		}
	}
	return nil, nil
}

// await looks each millisecond until what is seen is what is waited for.
func (s *screen) await(began time.Time, good func([]byte) bool) ([]byte, error) {
	for time.Since(began) < showing {
		seen, err := s.look()
		if err != nil {
			return nil, err
		}
		if good(seen) {
			return seen, nil
		}
		time.Sleep(time.Millisecond)
	}
	return nil, fmt.Errorf("not within %v", showing)
}

// press presses a key; nobody waits for what comes of it.
func (s *screen) press(key string) {
	tool := exec.Command("xdotool", "key", key)
	tool.Env = append(os.Environ(), "DISPLAY="+s.name)
	_ = tool.Run() // the next one may get through
}

func (s *screen) close() {
	if s.pixels != nil {
		s.pixels.Close()
	}
	end(s.server)
}

// memoryOf gives the resident memory of a process and its share of what it
// shares, in KiB.
func memoryOf(pid int) (rss, pss int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "Rss:":
			rss, err = strconv.Atoi(fields[1])
		case "Pss:":
			pss, err = strconv.Atoi(fields[1])
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return rss, pss, nil
}
