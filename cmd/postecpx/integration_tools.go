package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/vpcd"
	"postecpx/internal/report"
	"postecpx/internal/wording"
	"postecpx/ui"
)

var (
	_ ui.Simulator = (*workbench)(nil)
	_ ui.Tracer    = (*workbench)(nil)
)

// VirtualCards are those that are shipped.
func (b *workbench) VirtualCards() []ui.VirtualCard {
	var all []ui.VirtualCard
	for _, name := range virtualcard.Names() {
		if d, err := virtualcard.Shipped(name); err == nil { // a test reads them all
			all = append(all, ui.VirtualCard{Name: name, Summary: d.Summary})
		}
	}
	return all
}

// middle is an exchange in the middle of a reading, before the identifier is
// known on every shipped card.
const middle = 6

// faultsOf makes a card misbehave in the way that the person chose.
func faultsOf(fault ui.Fault) (virtualcard.Faults, error) {
	switch fault {
	case ui.FaultNone:
		return virtualcard.Faults{}, nil
	case ui.FaultRemoved:
		return virtualcard.Faults{RemoveAt: middle}, nil
	case ui.FaultMute:
		return virtualcard.Faults{MuteAt: middle}, nil
	case ui.FaultSlow:
		return virtualcard.Faults{Delay: 200 * time.Millisecond}, nil
	case ui.FaultError:
		return virtualcard.Faults{Status: map[int]iso7816.StatusWord{middle: 0x6F00}}, nil
	case ui.FaultTruncated:
		return virtualcard.Faults{Truncate: map[string]int{"CPS_INFO_PS": 10}}, nil
	case ui.FaultStrictLe:
		return virtualcard.Faults{StrictLe: true}, nil
	}
	return virtualcard.Faults{}, fmt.Errorf("no fault %q", fault)
}

// virtualCard makes the card of an order. A contactless one has no file to cut.
func virtualCard(order ui.SimulateOrder, now time.Time) (*virtualcard.Card, error) {
	description, err := virtualcard.Shipped(order.Card)
	if err != nil {
		return nil, err
	}
	faults, err := faultsOf(order.Fault)
	if err != nil {
		return nil, err
	}
	if description.Interface == cps.Contactless && faults.Truncate != nil {
		faults.Truncate = map[string]int{"EF.ODF": 4}
	}
	return virtualcard.New(description, now, faults)
}

// Simulate keeps a virtual card in the first virtual reader.
func (b *workbench) Simulate(ctx context.Context, order ui.SimulateOrder, inserted func()) (ui.Simulation, error) {
	return b.simulate(ctx, vpcd.DefaultAddress, order, inserted)
}

func (b *workbench) simulate(ctx context.Context, address string, order ui.SimulateOrder, inserted func()) (ui.Simulation, error) {
	ctx, end := b.begin(ctx)
	defer end()
	card, err := virtualCard(order, time.Now())
	if err != nil {
		return ui.Simulation{}, err
	}
	err = vpcd.Insert(ctx, address, card, inserted)
	counts := card.Counts()
	outcome := ui.Simulation{Exchanges: counts.Exchanges, Presented: counts.Presented}
	switch {
	case errors.Is(err, virtualcard.ErrRemoved):
		outcome.Removed = true
		return outcome, nil
	case ctx.Err() != nil:
		return outcome, nil // it was taken out
	case errors.Is(err, vpcd.ErrNoReader):
		return outcome, fmt.Errorf("%w: %w", ui.ErrNoVirtualReader, err)
	}
	return outcome, err
}

// Trace reads the card and gives what passed.
func (b *workbench) Trace(ctx context.Context, reader string) (trace.Recording, error) {
	return b.trace(ctx, cardreader.PCSC(), reader)
}

func (b *workbench) trace(ctx context.Context, source cardreader.Source, reader string) (trace.Recording, error) {
	ctx, end := b.begin(ctx)
	defer end()
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	recorder := trace.NewRecorder(time.Now)
	_, err := cardreader.ReadCard(ctx, cardreader.Record(source, recorder), reader, cps.Options{})
	return recorder.Recording(), err
}

// TraceFolders are those of the user where a file may go.
func (b *workbench) TraceFolders() []string { return userFolders(os.UserHomeDir, isFolder) }

// SaveTrace puts exchanges into a file.
func (b *workbench) SaveTrace(file ui.TraceFile) error {
	text := ""
	switch file.Form {
	case ui.JSON:
		document, err := report.JSON(file.Document, "  ")
		if err != nil {
			return err
		}
		text = document + "\n"
	case ui.Text:
		text = wording.Trace(file.Speaker, file.Document)
	default:
		return fmt.Errorf("exchanges are not written as %q", file.Form)
	}
	return saveFile(file.Path, []byte(text), b.TraceFolders(), file.Replace)
}

// saveFile puts content into that file, for the user alone; a path that is not
// whole is taken from the first of the folders.
func saveFile(path string, content []byte, folders []string, replace bool) error {
	if !filepath.IsAbs(path) {
		if len(folders) == 0 {
			return &fs.PathError{Op: "save", Path: path, Err: wording.ErrPartialPath}
		}
		path = filepath.Join(folders[0], path)
	}
	if _, err := os.Lstat(path); err == nil && !replace {
		return &fs.PathError{Op: "save", Path: path, Err: fs.ErrExist}
	}
	return report.WriteFile(path, content)
}
