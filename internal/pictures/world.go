package main

import (
	"context"
	"errors"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
	"postecpx/internal/guide"
	"postecpx/ui"
)

// slot is the reader of the pictures.
const slot = "Exemple USB 0"

// world is a workstation of which everything is imagined but what is looked at:
// the card answers as a true one, the checks and the guide are those of the
// product.
type world struct {
	*imagined.Workstation
	readers *cardreader.Virtual
	// end tells the stage that a piece of work is done but for its news.
	end func()
}

var (
	_ ui.Doctor    = (*world)(nil)
	_ ui.Workbench = (*world)(nil)
	_ ui.Simulator = (*world)(nil)
	_ ui.Tracer    = (*world)(nil)
	_ ui.Guide     = book{}
)

// newWorld is a workstation with Windows where all is well, with that shipped
// card in the reader ("" for none).
func newWorld(card string) (*world, error) {
	w := &world{Workstation: imagined.New("windows"), readers: cardreader.NewVirtual(slot)}
	w.Time = today()
	w.Source = w.readers
	running := diagnostic.Service{Running: true, Start: "automatic", Detail: "running"}
	w.Services["SCardSvr"], w.Services["CertPropSvc"] = running, running
	w.Devices = []diagnostic.USBDevice{{Vendor: 0x08E6, Product: 0x3437, Name: "CCID", Classes: []uint8{diagnostic.CCID}, Driver: "usbccid"}}
	if card == "" {
		return w, nil
	}
	description, err := virtualcard.Shipped(card)
	if err != nil {
		return nil, err
	}
	inserted, err := virtualcard.New(description, today(), virtualcard.Faults{})
	if err != nil {
		return nil, err
	}
	w.readers.Insert(slot, inserted)
	w.Probes = []pkcs11.Probe{w.cryptolib()}
	const ccm = `C:\Program Files\santesocial\CPS\CCM.exe`
	w.File(ccm, "").Running = []diagnostic.Process{{PID: 1200, Name: "CCM.exe", Path: ccm}}
	read, err := w.read(context.Background())
	if err != nil {
		return nil, err
	}
	for _, c := range read.Certificates {
		w.Stores[diagnostic.Personal] = append(w.Stores[diagnostic.Personal], c.Raw)
	}
	return w, nil
}

// stopped is a workstation whose smart card service does not run.
func stopped() (*world, error) {
	w, err := newWorld("")
	if err != nil {
		return nil, err
	}
	w.Services["SCardSvr"] = diagnostic.Service{Start: "disabled", Detail: "stopped"}
	w.Source = imagined.PCSC{Err: noService}
	return w, nil
}

var noService = &pcsc.Error{Op: "SCardEstablishContext", Kind: pcsc.ErrService, Code: 0x8010001D, Name: "SCARD_E_NO_SERVICE"}

// snapshot is what the window is told of the readers.
func (w *world) snapshot(ctx context.Context) cardreader.Snapshot {
	readers, err := w.Source.Readers(ctx)
	if err != nil {
		return cardreader.Snapshot{Service: err}
	}
	var s cardreader.Snapshot
	for _, r := range readers {
		status := cardreader.ReaderStatus{Reader: r.Name, Stage: cardreader.NoCard}
		if r.Present {
			status.Stage = cardreader.Read
			if status.Card, status.Err = w.read(ctx); status.Err != nil {
				status.Stage = cardreader.Unreadable
			}
		}
		s.Readers = append(s.Readers, status)
	}
	return s
}

func (w *world) read(ctx context.Context) (*cps.Card, error) {
	return cardreader.ReadCard(ctx, w.Source, slot, cps.Options{})
}

// Revocation asks nobody: no picture shows an answer.
func (w *world) Revocation(context.Context, []ui.Certificate, func(int, igcsante.RevocationResult)) error {
	return errors.New("no network in a picture")
}

// cryptolib is what ANS's module says of the card in the reader.
func (w *world) cryptolib() pkcs11.Probe {
	probe := pkcs11.Probe{
		Module: pkcs11.Module{Path: `C:\Windows\System32\cps3_pkcs11_w64.dll`, Name: "Cryptolib CPS", Family: pkcs11.Cryptolib},
		File:   pkcs11.File{Status: pkcs11.OK, Format: "pe", Arch: []string{"amd64"}}, Status: pkcs11.OK,
		Info:  pkcs11.Info{Manufacturer: "ANS", Description: "Cryptolib CPS", Cryptoki: "2.20", Version: "3.1"},
		Slots: []pkcs11.Slot{{Description: slot}},
	}
	card, err := w.read(context.Background())
	if err != nil {
		return probe
	}
	token := &pkcs11.Token{Label: string(card.Generation), Serial: card.Number, Manufacturer: "ASIP Santé", Model: string(card.Generation),
		Flags: []string{"CKF_LOGIN_REQUIRED", "CKF_USER_PIN_INITIALIZED", "CKF_TOKEN_INITIALIZED"}}
	for _, c := range card.Certificates {
		token.Objects = append(token.Objects, pkcs11.Object{Class: "certificate", Label: c.Label, Value: c.Raw})
	}
	probe.Slots[0].Token = token
	return probe
}

// Diagnose runs the checks of the product. What took how long is not shown as
// it was: it differs each time.
func (w *world) Diagnose(ctx context.Context, o diagnostic.Options) (diagnostic.Diagnosis, error) {
	defer w.end()
	found, err := diagnostic.Run(ctx, w.Workstation, o)
	found.Duration = 1800 * time.Millisecond
	for i := range found.Findings {
		found.Findings[i].Duration = 40 * time.Millisecond
	}
	return found, err
}

// Survey is what the place Intégration finds.
func (w *world) Survey(ctx context.Context, _ string, _ func(ui.Step)) (ui.Survey, error) {
	defer w.end()
	survey := ui.Survey{Probes: w.Probes}
	card, err := w.read(ctx)
	if err != nil {
		survey.CardErr = err
		return survey, nil
	}
	comparison := cardreader.Compare(slot, card, w.Probes)
	survey.Comparison = &comparison
	for _, c := range card.Certificates {
		survey.Certificates = append(survey.Certificates, ui.Certificate{Role: c.Role, Label: c.Label, Examination: igcsante.Examine(c.Raw, nil, today())})
	}
	return survey, nil
}

// Trace records one reading, each exchange after the same while.
func (w *world) Trace(ctx context.Context, reader string) (trace.Recording, error) {
	defer w.end()
	now := today()
	recorder := trace.NewRecorder(func() time.Time {
		now = now.Add(6 * time.Millisecond)
		return now
	})
	_, err := cardreader.ReadCard(ctx, cardreader.Record(w.Source, recorder), reader, cps.Options{})
	return recorder.Recording(), err
}

// book is the guide of the product.
type book struct{ end func() }

// Load reads it.
func (b book) Load() (ui.Guidebook, error) {
	defer b.end()
	return guide.Load()
}

// VirtualCards are those that are shipped.
func (w *world) VirtualCards() []ui.VirtualCard {
	var all []ui.VirtualCard
	for _, name := range virtualcard.Names() {
		if d, err := virtualcard.Shipped(name); err == nil { // a test of theirs reads them all
			all = append(all, ui.VirtualCard{Name: name, Summary: d.Summary})
		}
	}
	return all
}

// What no picture asks for.

func (w *world) Prove(context.Context, ui.ProveOrder) (cardreader.ProofResult, error) {
	panic("no picture presents a code")
}

func (w *world) Simulate(context.Context, ui.SimulateOrder, func()) (ui.Simulation, error) {
	panic("no picture simulates")
}

func (w *world) Report(diagnostic.Diagnosis, ui.Form, bool) ([]byte, error) {
	panic("no picture makes a report")
}

func (w *world) SaveTrace(ui.TraceFile) error    { panic("no picture saves") }
func (w *world) TraceFolders() []string          { return nil }
func (w *world) Folders() []string               { return nil }
func (w *world) Save(string, []byte, bool) error { panic("no picture saves") }
func (w *world) Page([]byte) (string, error)     { panic("no picture browses") }
