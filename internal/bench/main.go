//go:build linux

// Command bench measures what reading a card costs, ours beside other
// programs, on the same virtual card in a private pcscd, in one run: exchanges,
// bytes and time of a whole process; the way from an insertion to the
// identifier; the wake-ups of a watch with no event. It writes a table in
// Markdown.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/pkcs11/worker"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/vpcd"
	"postecpx/internal/pcscd"
)

// The official Cryptolib CPS, where its package puts it.
const (
	cryptolib      = "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"
	cryptolibCache = "/etc/opt/santesocial/CPS/cache"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == pkcs11.WorkerArgument:
		os.Exit(worker.Main())
	case len(os.Args) == 4 && os.Args[1] == ownArgument:
		rounds, err := strconv.Atoi(os.Args[3])
		if err == nil {
			err = own(os.Args[2], rounds)
		}
		if err != nil {
			fail(err)
		}
		return
	}
	cpx := flag.String("cpx", "bin/cpx", "the cpx to measure")
	out := flag.String("out", "", "file for the table, standard output without it")
	rounds := flag.Int("rounds", 15, "runs of each program; the median counts")
	idle := flag.Duration("idle", time.Minute, "how long the watch has no event")
	postecpx := flag.String("postecpx", "bin/postecpx", "the window to measure")
	empty := flag.String("empty", "bin/emptywindow", "the empty window to measure it beside")
	windows := flag.Int("windows", 9, "runs of each window; the median counts")
	rests := flag.Int("rests", 3, "runs of each window at rest")
	rest := flag.Duration("rest", 30*time.Second, "how long a window rests")
	alone := flag.Bool("window", false, "measure the windows alone")
	flag.Parse()
	if err := pcscd.Enter(); err != nil {
		fail(err)
	}
	b := &bench{context: context.Background(), cpx: *cpx, rounds: *rounds, idle: *idle,
		postecpx: *postecpx, empty: *empty, windows: *windows, rests: *rests, rest: *rest, alone: *alone}
	if err := b.run(); err != nil {
		fail(err)
	}
	if *out == "" {
		os.Stdout.Write(b.table.Bytes())
		return
	}
	if err := os.WriteFile(*out, b.table.Bytes(), 0o644); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

type bench struct {
	context context.Context
	cpx     string
	rounds  int
	idle    time.Duration
	// the windows
	postecpx, empty string
	windows, rests  int
	rest            time.Duration
	alone           bool
	server          *pcscd.Server
	table           bytes.Buffer
}

func (b *bench) run() (err error) {
	if b.server, err = pcscd.Launch(); err != nil {
		return err
	}
	defer b.server.Stop()
	if b.alone {
		return b.window()
	}
	b.head()
	for _, card := range []string{"medecin", "pharmacien"} {
		if err := b.compare(card); err != nil {
			return err
		}
	}
	if err := b.modules(); err != nil {
		return err
	}
	if err := b.diagnosis(); err != nil {
		return err
	}
	if err := b.insertion(); err != nil {
		return err
	}
	if err := b.quiet(); err != nil {
		return err
	}
	return b.window()
}

func (b *bench) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintln(&b.table, text)
	fmt.Fprintln(os.Stderr, text)
}

func (b *bench) head() {
	b.line("# What reading a card costs")
	b.line("")
	b.line("Made by `make bench`. The virtual card is in a real pcscd with vsmartcard's vpcd;")
	b.line("times are those of whole processes and vary with the machine: read them as ratios.")
	b.line("Exchanges include GET RESPONSE, whose number stands in brackets.")
}

// peer is a program that is measured.
type peer struct {
	name    string
	command []string
	cold    bool // the cache of the Cryptolib is emptied before each run
	// problems: it may exit with 1, having found some.
	problems bool
}

func (b *bench) peers(card string) []peer {
	all := []peer{
		{name: "`cpx read --only identifier`", command: []string{b.cpx, "read", "--only", "identifier"}},
		{name: "`cpx read` (the whole card)", command: []string{b.cpx, "read", "--json"}},
	}
	if card == "medecin" { // OpenSC does not know the CPS4
		all = append(all,
			peer{name: "OpenSC `pkcs15-tool --read-data-object CPS_INFO_PS`", command: []string{"pkcs15-tool", "--read-data-object", "CPS_INFO_PS"}},
			peer{name: "OpenSC `pkcs11-tool -L -O`", command: []string{"pkcs11-tool", "-L", "-O"}})
	}
	if _, err := os.Stat(cryptolib); err == nil {
		list := []string{"pkcs11-tool", "--module", cryptolib, "-L", "-O"}
		info := []string{"pkcs11-tool", "--module", cryptolib, "--read-object", "--type", "data", "--label", "CPS_INFO_PS"}
		all = append(all,
			peer{name: "Cryptolib CPS, `pkcs11-tool --read-object` CPS_INFO_PS, cold cache", command: info, cold: true},
			peer{name: "Cryptolib CPS, `pkcs11-tool -L -O`, cold cache", command: list, cold: true},
			peer{name: "Cryptolib CPS, `pkcs11-tool -L -O`, warm cache", command: list})
	}
	return all
}

// insert puts a new card into the first reader and waits until it is seen.
func (b *bench) insert(name string) (card *virtualcard.Card, remove func(), err error) {
	d, err := virtualcard.Shipped(name)
	if err != nil {
		return nil, nil, err
	}
	if card, err = virtualcard.New(d, time.Now(), virtualcard.Faults{}); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() { gone <- vpcd.Insert(ctx, b.server.Address(0), card, nil) }()
	for range 500 {
		if card.Counts().Resets > 1 {
			return card, func() { cancel(); <-gone; time.Sleep(700 * time.Millisecond) }, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	return nil, nil, fmt.Errorf("pcscd does not see the card: %w", <-gone)
}

// compare measures every program on that card.
func (b *bench) compare(name string) error {
	card, remove, err := b.insert(name)
	if err != nil {
		return err
	}
	defer remove()
	d := card.Description()
	b.line("")
	b.line("## %s, card %q", d.Generation, name)
	b.line("")
	b.line("| program | exchanges | bytes to the card | bytes from the card | time, median | ratio |")
	b.line("|---|---:|---:|---:|---:|---:|")
	if err := hideCache(); err != nil {
		return err
	}
	var first time.Duration
	for _, p := range b.peers(name) {
		counts, median, err := b.measure(card, p)
		if err != nil {
			b.line("| %s | failed: %v | | | | |", p.name, err)
			continue
		}
		if first == 0 {
			first = median
		}
		b.line("| %s | %d (%d) | %d | %d | %.1f ms | %.1f |", p.name, counts.Exchanges, counts.GetResponses,
			counts.BytesIn, counts.BytesOut, float64(median.Microseconds())/1000, float64(median)/float64(first))
	}
	return nil
}

// hideCache puts an empty file system, which ends with the namespace, over the
// cache of the Cryptolib: the machine's own is neither used nor changed.
func hideCache() error {
	if _, err := os.Stat(cryptolibCache); err != nil {
		return nil
	}
	return syscall.Mount("tmpfs", cryptolibCache, "tmpfs", 0, "mode=0777")
}

func (b *bench) measure(card *virtualcard.Card, p peer) (virtualcard.Counts, time.Duration, error) {
	var counts virtualcard.Counts
	var times []time.Duration
	for range b.rounds {
		if p.cold {
			if err := emptyCache(); err != nil {
				return counts, 0, err
			}
		}
		before := card.Counts()
		began := time.Now()
		output, err := exec.Command(p.command[0], p.command[1:]...).CombinedOutput()
		times = append(times, time.Since(began))
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 && p.problems {
			err = nil
		}
		if err != nil {
			return counts, 0, fmt.Errorf("%w: %.80s", err, strings.ReplaceAll(string(output), "\n", " "))
		}
		after := card.Counts()
		counts = virtualcard.Counts{
			Exchanges:    after.Exchanges - before.Exchanges,
			GetResponses: after.GetResponses - before.GetResponses,
			BytesIn:      after.BytesIn - before.BytesIn,
			BytesOut:     after.BytesOut - before.BytesOut,
		}
	}
	slices.Sort(times)
	return counts, times[len(times)/2], nil
}

func emptyCache() error {
	files, err := filepath.Glob(filepath.Join(cryptolibCache, "*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return nil
}

// insertion measures the way from the insertion to the identifier, in cpx
// watch.
func (b *bench) insertion() error {
	watch, err := b.watch()
	if err != nil {
		return err
	}
	defer watch.stop()
	if _, err := watch.until("no-card"); err != nil {
		return err
	}
	var noticed, read []time.Duration
	for range 5 {
		d, err := virtualcard.Shipped("medecin")
		if err != nil {
			return err
		}
		card, err := virtualcard.New(d, time.Now(), virtualcard.Faults{})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		inserted := make(chan time.Time, 1)
		gone := make(chan error, 1)
		go func() {
			gone <- vpcd.Insert(ctx, b.server.Address(0), card, func() { inserted <- time.Now() })
		}()
		at := <-inserted
		reading, err := watch.until("reading")
		if err == nil {
			var identified time.Time
			if identified, err = watch.until("identified"); err == nil {
				noticed = append(noticed, reading.Sub(at))
				read = append(read, identified.Sub(reading))
				_, err = watch.until("read")
			}
		}
		cancel()
		<-gone
		if err != nil {
			return err
		}
		if _, err := watch.until("no-card"); err != nil {
			return err
		}
	}
	slices.Sort(noticed)
	slices.Sort(read)
	b.line("")
	b.line("## From the insertion to the identifier, `cpx watch`")
	b.line("")
	b.line("| step | median of %d |", len(read))
	b.line("|---|---:|")
	b.line("| card in the reader → event of pcscd (the virtual reader is polled by pcscd) | %.1f ms |", float64(noticed[len(noticed)/2].Microseconds())/1000)
	b.line("| event → identifier: connection and one transaction | %.1f ms |", float64(read[len(read)/2].Microseconds())/1000)
	return nil
}

// quiet counts the context switches of a watch while nothing happens.
func (b *bench) quiet() error {
	watch, err := b.watch()
	if err != nil {
		return err
	}
	defer watch.stop()
	if _, err := watch.until("no-card"); err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // the start is over
	before, ticks, err := activity(watch.command.Process.Pid)
	if err != nil {
		return err
	}
	time.Sleep(b.idle)
	after, ticksAfter, err := activity(watch.command.Process.Pid)
	if err != nil {
		return err
	}
	b.line("")
	b.line("## Waiting: `cpx watch` for %v with no event", b.idle)
	b.line("")
	b.line("| | |")
	b.line("|---|---:|")
	b.line("| context switches of all its threads | %d |", after-before)
	b.line("| processor time, clock ticks of 10 ms | %d |", ticksAfter-ticks)
	b.line("")
	b.line("The library of pcsc-lite wakes once a minute by itself in an endless wait.")
	return nil
}

// activity sums the voluntary and other context switches of all threads, and
// the processor time of the process.
func activity(pid int) (switches, ticks int, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for _, t := range tasks {
		text, err := os.ReadFile(t)
		if err != nil {
			return 0, 0, err
		}
		for _, l := range strings.Split(string(text), "\n") {
			if name, value, ok := strings.Cut(l, ":"); ok && strings.HasSuffix(name, "ctxt_switches") {
				n, err := strconv.Atoi(strings.TrimSpace(value))
				if err != nil {
					return 0, 0, err
				}
				switches += n
			}
		}
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	for _, i := range []int{11, 12} { // utime, stime: proc(5)
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, 0, err
		}
		ticks += n
	}
	return switches, ticks, nil
}

// watching is a running cpx watch.
type watching struct {
	command *exec.Cmd
	lines   *bufio.Scanner
}

func (b *bench) watch() (*watching, error) {
	command := exec.Command(b.cpx, "watch", "--jsonl")
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &watching{command, bufio.NewScanner(stdout)}, command.Start()
}

// until reads lines up to that event of the first reader and returns its time.
func (w *watching) until(event string) (time.Time, error) {
	for w.lines.Scan() {
		var e struct {
			Event, Reader string
			Time          time.Time
		}
		if err := json.Unmarshal(w.lines.Bytes(), &e); err != nil {
			return time.Time{}, err
		}
		if e.Event == event && strings.HasSuffix(e.Reader, "00 00") {
			return e.Time, nil
		}
	}
	return time.Time{}, fmt.Errorf("the watch ended before %q: %w", event, w.lines.Err())
}

func (w *watching) stop() {
	_ = w.command.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = w.command.Wait()                          // by the signal
}
