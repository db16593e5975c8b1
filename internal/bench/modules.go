//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/pkcs11/worker"
)

// ownArgument makes the bench a process that asks one module again and again
// by itself, without a child: what the module costs on its own.
const ownArgument = "pkcs11-own-time"

// modules measures what the child process adds to the time of a sound module.
func (b *bench) modules() error {
	_, remove, err := b.insert("medecin")
	if err != nil {
		return err
	}
	defer remove()
	b.line("")
	b.line("## PKCS#11 modules, each probed in a child process")
	b.line("")
	b.line("With the CPS3 in the reader; `cpx modules` reads all objects and values, and asks all modules side by side.")
	b.line("")
	b.line("| module | in a child | the same calls without a child | what the child adds |")
	b.line("|---|---:|---:|---:|")
	host := pkcs11.Local()
	found, _ := pkcs11.Find(b.context, host, nil)
	for _, m := range found {
		file := pkcs11.Inspect(host, m.Path)
		if file.Status != pkcs11.OK {
			continue
		}
		var times []time.Duration
		for range b.rounds {
			began := time.Now()
			if p := pkcs11.ProbeModule(b.context, pkcs11.Executable{}, m, file, pkcs11.Everything()); p.Status != pkcs11.OK {
				return fmt.Errorf("%s: %s in %s %s", m.Path, p.Status, p.Call, p.Detail)
			}
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		inChild := times[len(times)/2]
		own, err := ownTime(m.Path, b.rounds)
		if err != nil {
			return err
		}
		b.line("| %s | %.1f ms | %.1f ms | %.1f ms |", m.Name, ms(inChild), ms(own), ms(inChild-own))
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ownTime is the median of a module asked in one process again and again.
func ownTime(path string, rounds int) (time.Duration, error) {
	output, err := exec.Command("/proc/self/exe", ownArgument, path, fmt.Sprint(rounds)).Output()
	if err != nil {
		return 0, fmt.Errorf("%s by itself: %w", path, err)
	}
	return time.ParseDuration(strings.TrimSpace(string(output)))
}

// own is the process of ownTime.
func own(path string, rounds int) error {
	var times []time.Duration
	for range rounds {
		everything := pkcs11.Everything()
		request, err := json.Marshal(pkcs11.WorkerRequest{Module: path, Probe: &everything})
		if err != nil {
			return err
		}
		read, write := io.Pipe() // stays open: its end would end the process
		go write.Write(append(request, '\n'))
		began := time.Now()
		if code := worker.Run(read, io.Discard); code != 0 {
			return fmt.Errorf("worker: code %d", code)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	_, err := fmt.Fprintln(os.Stdout, times[len(times)/2])
	return err
}
