package cardreader_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/virtualcard"
)

// desk is a source in this process, with a virtual card in the first of its
// two readers. In a program it is cardreader.PCSC().
func desk() *cardreader.Virtual {
	description, err := virtualcard.Shipped("medecin")
	if err != nil {
		log.Fatal(err)
	}
	card, err := virtualcard.New(description, time.Now(), virtualcard.Faults{})
	if err != nil {
		log.Fatal(err)
	}
	source := cardreader.NewVirtual("Reader 1", "Reader 2")
	source.Insert("Reader 1", card)
	return source
}

// The readers, and what can be said of their cards before anything is sent.
func Example_readers() {
	source := desk() // in a program: cardreader.PCSC()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	readers, err := source.Readers(ctx)
	if err != nil {
		log.Fatal(err) // errors.Is(err, pcsc.ErrService): no PC/SC service
	}
	for _, r := range readers {
		switch cardreader.Look(r).Stage {
		case cardreader.NoCard:
			fmt.Println(r.Name, "is empty")
		case cardreader.Reading:
			fmt.Println(r.Name, "holds a card that may be a CPx")
		default:
			fmt.Println(r.Name, "holds something else")
		}
	}
	// Output:
	// Reader 1 holds a card that may be a CPx
	// Reader 2 is empty
}

// Reading a card, with what keeps it from being read.
func ExampleReadCard() {
	source := desk() // in a program: cardreader.PCSC()
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()

	card, err := cardreader.ReadCard(ctx, source, "Reader 1", cps.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(card.Kind, card.Generation, "of", card.Holder.FamilyName)
	fmt.Println(card.Identifier.Value, card.Identifier.Status, card.Identifier.Sources)
	fmt.Println(len(card.Certificates), "certificates,", len(card.Gaps), "gaps")

	_, err = cardreader.ReadCard(ctx, source, "Reader 2", cps.Options{})
	fmt.Println("no card:", errors.Is(err, pcsc.ErrNoCard))
	// Output:
	// CPS CPS3 of SPECIALISTE0021889
	// 899700218896 verified [CPS_INFO_PS certificate]
	// 2 certificates, 0 gaps
	// no card: true
}

// The identifier alone, in few exchanges: it is not compared with the
// certificate, and stays pending.
func ExampleReadCard_identifierOnly() {
	source := desk()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	card, err := cardreader.ReadCard(ctx, source, "Reader 1", cps.Options{Depth: cps.IdentifierOnly})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(card.Identifier.Value, card.Identifier.Status)
	// Output:
	// 899700218896 pending
}

// Watching: one call for each change, until the context ends.
func ExampleMonitor() {
	source := desk() // in a program: cardreader.PCSC()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	err := cardreader.Monitor(ctx, source, func(s cardreader.Snapshot) {
		if s.Service != nil {
			return // unavailable; the Monitor waits for it to come back
		}
		for _, r := range s.Readers {
			if r.Stage == cardreader.Read {
				fmt.Println(r.Reader, "has", r.Card.Identifier.Value)
				cancel() // this example has seen enough
			}
		}
	})
	fmt.Println(errors.Is(err, context.Canceled))
	// Output:
	// Reader 1 has 899700218896
	// true
}

// Comparing what the PKCS#11 modules say of a card with what it says itself.
// In a program the probes come from pkcs11.Survey, which loads each module in
// a child process; here is the answer of one that kept an old copy.
func ExampleCompare() {
	source := desk()
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	card, err := cardreader.ReadCard(ctx, source, "Reader 1", cps.Options{})
	if err != nil {
		log.Fatal(err)
	}

	stale := pkcs11.Token{Label: card.Product, Serial: card.Number[:8], Objects: []pkcs11.Object{
		{Class: "data", Label: "CPS_INFO_PS", Value: []byte("\xED\x0E\x81\x0C899700366240")},
	}}
	probes := []pkcs11.Probe{{
		Module: pkcs11.Module{Path: "/usr/lib/libcps3_pkcs11_lux.so", Name: "Cryptolib CPS", Family: pkcs11.Cryptolib},
		Status: pkcs11.OK,
		Slots:  []pkcs11.Slot{{Description: "Reader 1", Token: &stale}},
	}}
	for _, d := range cardreader.Compare("Reader 1", card, probes).Disagreements {
		fmt.Printf("%s says %s %s, the card %s\n", d.Module.Name, d.Fact, d.Says, d.Card)
	}
	// Output:
	// Cryptolib CPS says identifier 899700366240, the card 899700218896
}

// Asking every module of the workstation. A program that does so answers to
// pkcs11.WorkerArgument with worker.Main, as the first thing in its main.
func Example_modules() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	// As its main begins:
	//	if len(os.Args) == 2 && os.Args[1] == pkcs11.WorkerArgument {
	//		os.Exit(worker.Main())
	//	}
	probes, errs := pkcs11.Survey(ctx, pkcs11.Local(), pkcs11.Executable{}, nil, pkcs11.Everything())
	for _, err := range errs {
		log.Println(err) // a place that could not be looked at
	}
	for _, p := range probes {
		fmt.Println(p.Module.Name, p.Status, p.Call, p.Code)
	}
}

// Verifying an identifier without a card: as it stands on a card, and as
// somebody typed it.
func Example_identifier() {
	id, err := nationalid.Parse("899700218896")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id.Type, id.Number, id.Check(), id.TestRange())

	wrong, _ := nationalid.Parse("899700218897")
	fmt.Println(wrong.Check())

	typed := nationalid.Interpret("99700 218 896")
	fmt.Println(typed.Certain(), typed.Candidates[0].Value, typed.Candidates[0].Repairs)
	// Output:
	// RPPS 99700218896 [] true
	// [luhn]
	// true 899700218896 [separators-removed prefix-added]
}

// A card that fails, to see how a program takes it: this one is taken out
// instead of answering the ninth exchange.
func Example_faults() {
	description, err := virtualcard.Shipped("medecin")
	if err != nil {
		log.Fatal(err)
	}
	card, err := virtualcard.New(description, time.Now(), virtualcard.Faults{RemoveAt: 9})
	if err != nil {
		log.Fatal(err)
	}
	source := cardreader.NewVirtual("Reader 1")
	source.Insert("Reader 1", card)

	_, err = cardreader.ReadCard(context.Background(), source, "Reader 1", cps.Options{})
	fmt.Println(cardreader.StageOf(err), errors.Is(err, pcsc.ErrRemoved))
	fmt.Println("codes presented:", card.Counts().Presented)
	// Output:
	// no-card true
	// codes presented: 0
}
