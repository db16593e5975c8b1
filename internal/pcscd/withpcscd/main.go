// Command withpcscd runs a command beside a private pcscd with two virtual
// readers, on TCP ports 35963 and 35964 of a loopback interface of its own:
//
//	go run ./internal/pcscd/withpcscd -- COMMAND ARGUMENT…
//
// It needs Linux, pcscd and vpcd; with -v the output of pcscd goes to stderr at
// the end. The exit code is the command's own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"postecpx/internal/pcscd"
)

func main() {
	verbose := flag.Bool("v", false, "write the output of pcscd to stderr at the end")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: withpcscd [-v] [--] COMMAND ARGUMENT…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := run(flag.Args(), *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpcscd:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

func run(command []string, verbose bool) (code int, err error) {
	if err := pcscd.Enter(); err != nil {
		return 0, err
	}
	var options []pcscd.Option
	if verbose {
		options = append(options, pcscd.Verbose())
	}
	server, err := pcscd.Launch(options...)
	if err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, server.Stop())
		if verbose {
			fmt.Fprint(os.Stderr, server.Output())
		}
	}()
	child := exec.Command(command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return 0, err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range signals {
			_ = child.Process.Signal(s) // it may have ended meanwhile
		}
	}()
	err = child.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err // also when a signal ended it
}
