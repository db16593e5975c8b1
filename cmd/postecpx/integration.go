package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/workstation"
	"postecpx/ui"
)

// readingTime bounds one reading of the card.
const readingTime = 45 * time.Second

// workbench does the work of the place Intégration on this workstation.
type workbench struct {
	// ctx is that of the program: when it ends, so does the work.
	ctx  context.Context
	work sync.WaitGroup
	// revocation bounds who is asked whether a certificate is revoked.
	revocation igcsante.RevocationOptions
}

var _ ui.Workbench = (*workbench)(nil)

// begin gives the context of one piece of work, and how to end it.
func (b *workbench) begin(ctx context.Context) (context.Context, func()) {
	b.work.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(b.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
		b.work.Done()
	}
}

// wait waits for the work to end after the program's context has: a card that
// was shown its code must be reset.
func (b *workbench) wait(most time.Duration) {
	ended := make(chan struct{})
	go func() {
		b.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(most):
	}
}

// Survey reads the card, asks the modules, and judges the certificates.
func (b *workbench) Survey(ctx context.Context, reader string, progress func(ui.Step)) (ui.Survey, error) {
	ctx, end := b.begin(ctx)
	defer end()
	var survey ui.Survey
	var card *cps.Card
	if reader != "" {
		progress(ui.StepCard)
		card, survey.CardErr = readCard(ctx, reader)
	}
	progress(ui.StepModules)
	survey.Probes, survey.Undeclared = pkcs11.Survey(ctx, pkcs11.Local(), pkcs11.Executable{}, nil, pkcs11.Everything())
	if card != nil {
		progress(ui.StepCertificates)
		comparison := cardreader.Compare(reader, card, survey.Probes)
		survey.Comparison = &comparison
		pool := workstation.New().Authorities(ctx)
		for _, c := range card.Certificates {
			survey.Certificates = append(survey.Certificates, ui.Certificate{
				Role: c.Role, Label: c.Label, Examination: igcsante.Examine(c.Raw, pool, time.Now()),
			})
		}
	}
	return survey, ctx.Err()
}

// revocationTime bounds the question whether the certificates of a card are
// revoked. The list of a large authority takes minutes on a slow network.
const revocationTime = 4 * time.Minute

// Revocation asks the authorities, as "cpx certificates --revocation" does.
func (b *workbench) Revocation(ctx context.Context, certificates []ui.Certificate, answer func(at int, result igcsante.RevocationResult)) error {
	asked, end := b.begin(ctx)
	defer end()
	bounded, cancel := context.WithTimeout(asked, revocationTime)
	defer cancel()
	for at, c := range certificates {
		if asked.Err() != nil {
			break
		}
		answer(at, igcsante.Revocation(bounded, http.DefaultClient, c.Certificate(), c.IssuerCertificate(), b.revocation))
	}
	return asked.Err()
}

// Prove presents the code to the card that was seen on the screen, when it
// still is the one in the reader, has a try to lose, and its module shows it.
func (b *workbench) Prove(ctx context.Context, order ui.ProveOrder) (cardreader.ProofResult, error) {
	ctx, end := b.begin(ctx)
	defer end()
	return cardreader.Prove(ctx, pkcs11.Executable{}, order.ProofOrder, order.Code)
}

func readCard(ctx context.Context, reader string) (*cps.Card, error) {
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	return cardreader.ReadCard(ctx, cardreader.PCSC(), reader, cps.Options{})
}
