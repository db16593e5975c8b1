//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"postecpx/internal/diagnostic"
)

// diagnosis measures the whole diagnostic, without network, beside the
// programs that a support desk would ask for, one after the other; then with
// a PKCS#11 module that hangs.
func (b *bench) diagnosis() error {
	card, remove, err := b.insert("medecin")
	if err != nil {
		return err
	}
	defer remove()
	b.line("")
	b.line("## The whole diagnostic, without network")
	b.line("")
	b.line("With the CPS3 in the reader. The three programs together say which readers and modules there are and what the")
	b.line("card's objects are; `cpx doctor` answers its %d checks.", len(diagnostic.Catalogue()))
	b.line("")
	b.line("| program | exchanges | time, median | ratio |")
	b.line("|---|---:|---:|---:|")
	whole := peer{name: "`cpx doctor --json`", command: []string{b.cpx, "doctor", "--json"}, problems: true}
	own, first, err := b.measure(card, whole)
	if err != nil {
		return err
	}
	b.line("| %s | %d | %.0f ms | 1.0 |", whole.name, own.Exchanges, ms(first))
	var exchanges int
	var sum time.Duration
	for _, p := range []peer{
		{name: "OpenSC `pkcs11-tool -L -O`", command: []string{"pkcs11-tool", "-L", "-O"}},
		{name: "`pcsc_scan -r`", command: []string{"pcsc_scan", "-r"}},
		{name: "OpenSC `opensc-tool -l`", command: []string{"opensc-tool", "-l"}},
	} {
		counts, median, err := b.measure(card, p)
		if err != nil {
			b.line("| %s | failed: %v | | |", p.name, err)
			continue
		}
		exchanges += counts.Exchanges
		sum += median
		b.line("| %s | %d | %.0f ms | %.2f |", p.name, counts.Exchanges, ms(median), float64(median)/float64(first))
	}
	b.line("| the three together | %d | %.0f ms | %.2f |", exchanges, ms(sum), float64(sum)/float64(first))
	return b.hanging()
}

// hanging measures the diagnostic beside a Cryptolib that never comes back.
func (b *bench) hanging() error {
	if _, err := os.Stat(cryptolib); err != nil {
		return nil
	}
	folder, err := os.MkdirTemp("", "bench-hang-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	source, library := filepath.Join(folder, "hang.c"), filepath.Join(folder, "hang.so")
	const code = "#include <unistd.h>\nint C_GetFunctionList(void **list) { for (;;) pause(); }\n"
	if err := os.WriteFile(source, []byte(code), 0o600); err != nil {
		return err
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		return fmt.Errorf("build a module that hangs: %w: %s", err, out)
	}
	// In this namespace alone.
	if err := syscall.Mount(library, cryptolib, "", syscall.MS_BIND, ""); err != nil {
		return err
	}
	defer syscall.Unmount(cryptolib, 0)
	began := time.Now()
	_ = exec.Command(b.cpx, "doctor", "--json").Run() // it exits with 1: there is a problem
	took := time.Since(began)
	longest := slices.MaxFunc(diagnostic.Catalogue(), func(a, c diagnostic.Check) int { return int(a.Deadline - c.Deadline) })
	b.line("| `cpx doctor --json` beside a Cryptolib that hangs (longest deadline: %v, of %s) | | %.0f ms | |",
		longest.Deadline, longest.Code, ms(took))
	return nil
}
