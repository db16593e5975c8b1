// Command postecpx is the desktop window: it shows the identifiant national of
// the CPx card in the reader, and follows the reader as cards come and go.
//
// Where no window can be opened, it diagnoses the workstation, leaves the report
// in a file and opens that in the browser; so does --report, everywhere.
//
// It exits with 0 when the window was closed, 1 when no window can be opened,
// and 2 for wrong usage; with --report, with 0 when there is a report. What it
// says goes to standard error.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"postecpx/cardreader"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/pkcs11/worker"
	"postecpx/internal/annuaire"
	"postecpx/internal/language"
	"postecpx/ui"
)

// Exit codes, those of cpx.
const (
	exitOK       = 0
	exitNoWindow = 1
	exitUsage    = 2
)

// identity is under which name the system keeps what belongs to the program.
const identity = "fr.postecpx.postecpx"

func main() {
	annuaire.HoldKey() // before anything is started that would inherit it
	if len(os.Args) == 2 && os.Args[1] == pkcs11.WorkerArgument {
		os.Exit(worker.Main()) // the child that loads a PKCS#11 module
	}
	os.Exit(run(os.Args[1:], os.Stderr, reportHere))
}

// reportHere is what is done without a window on this workstation.
func reportHere(o options, s *language.Speaker, stderr io.Writer) bool {
	ctx := context.Background()
	f := fallback{doctor: newDoctor(&workbench{ctx: ctx}, s, o.reader)}
	if displayed(runtime.GOOS, os.Getenv) {
		f.open = func(path string) error { return openFile(runtime.GOOS, launch, path) }
	}
	return f.run(ctx, s, stderr)
}

// run is the program. report is what is done without a window.
func run(args []string, stderr io.Writer, report func(options, *language.Speaker, io.Writer) bool) int {
	options, speaker, code, ok := parse(args, systemLanguage(), stderr)
	if !ok {
		return code
	}
	if options.report {
		if !report(options, speaker, stderr) {
			return exitNoWindow
		}
		return exitOK
	}
	if !displayed(runtime.GOOS, os.Getenv) {
		say(stderr, speaker, "ui.no-display")
		report(options, speaker, stderr)
		return exitNoWindow
	}
	keepCrash()
	troubles := &windowLog{to: stderr, speaker: speaker, end: func() {
		again(options, speaker, stderr)
		os.Exit(exitNoWindow)
	}}
	log.SetOutput(troubles)

	begun := hurry()
	program := app.NewWithID(identity)
	settings := ui.Preferences(program.Preferences())
	speaker = chosenLanguage(settings, args, speaker)
	troubles.speaker = speaker
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	bench := &workbench{ctx: ctx}
	window := ui.New(program, speaker, ui.Options{
		Reader: options.reader, Workbench: bench, Doctor: newDoctor(bench, speaker, options.reader),
		Guide: guidance{}, Directory: directory{ctx: ctx}, Settings: settings, Keyring: keyring{ctx}, Quiet: asksDemonstration(args),
		Voices: options.voices || screenReader(),
	})
	window.Open()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watch(ctx, window)
	}()
	program.Lifecycle().SetOnStarted(func() {
		time.AfterFunc(settled, func() {
			begun()
			demonstrate(ctx, window, speaker, options.demonstration, stderr)
		})
	})
	program.Run()
	cancel()
	bench.wait(5 * time.Second)
	select {
	case <-ended:
	case <-time.After(2 * time.Second): // a reader that hangs must not keep the program
	}
	return exitOK
}

// watch shows what is known of the workstation's readers until ctx ends.
func watch(ctx context.Context, window *ui.Window) {
	show := func(s cardreader.Snapshot) { fyne.Do(func() { window.Show(s) }) }
	if err := cardreader.Monitor(ctx, cardreader.PCSC(), show); err != nil && ctx.Err() == nil {
		show(cardreader.Snapshot{Service: err})
	}
}

// demonstrate gives the window the demonstration card, which it shows while no
// card is in a reader.
func demonstrate(ctx context.Context, window *ui.Window, speaker *language.Speaker, name string, stderr io.Writer) {
	card, err := demonstrationCard(ctx, name, time.Now())
	if err != nil {
		say(stderr, speaker, "ui.demonstration.failed", "Cause", err)
		return
	}
	fyne.Do(func() { window.ShowDemonstration(*card) })
}
