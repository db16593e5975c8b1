package diagnostic

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"postecpx/cardreader"
	"postecpx/cardreader/pkcs11"
)

// loadOutcomes are how a module that does not answer is spoken of.
var loadOutcomes = map[pkcs11.Status]string{
	pkcs11.MissingLibrary:    "missing-library",
	pkcs11.WrongArchitecture: "wrong-architecture",
	pkcs11.Unreadable:        "broken",
	pkcs11.NoSymbol:          "no-symbol",
	pkcs11.Failed:            "failed",
	pkcs11.Crashed:           "crashed",
	pkcs11.TimedOut:          "hangs",
	pkcs11.OK:                "loads",
}

// cryptolibLoads says what became of the module of the Cryptolib in the
// program that it was loaded into.
func cryptolibLoads(ctx context.Context, s *Session) Result {
	p, found := fitting(installedProbes(ctx, s))
	if !found {
		return late(s) // it is installed: the answer did not come
	}
	facts := []Fact{local("module", p.Module.Path)}
	for _, f := range []Fact{
		public("libraryVersion", p.Info.Version), public("call", p.Call), public("returned", p.Code), local("detail", p.Detail),
	} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	for _, name := range p.File.Lacks {
		facts = append(facts, public("library", name))
	}
	for _, arch := range p.File.Arch {
		facts = append(facts, public("moduleArch", arch))
	}
	facts = append(facts, public("programArch", s.GOARCH()))
	if cause, ok := causeOfModule(s, p); ok {
		return Result{Because: cause, Facts: facts}
	}
	outcome, known := loadOutcomes[p.Status]
	if !known {
		outcome = "failed"
	}
	if outcome == "broken" && forbidden(s, p.Module.Path) {
		outcome = "refused"
	}
	return Result{Outcome: outcome, Facts: facts}
}

// fitting is the module that a program like this one loads: one that answers,
// else one for its processor, else any.
func fitting(probes []pkcs11.Probe) (pkcs11.Probe, bool) {
	if len(probes) == 0 {
		return pkcs11.Probe{}, false
	}
	best := probes[0]
	for _, p := range probes[1:] {
		if fit(p) > fit(best) {
			best = p
		}
	}
	return best, true
}

func fit(p pkcs11.Probe) int {
	switch p.Status {
	case pkcs11.OK:
		return 2
	case pkcs11.WrongArchitecture:
		return 0
	}
	return 1
}

// beforeCard are the functions of PKCS#11 that need no card to answer.
var beforeCard = []string{"", "C_GetFunctionList", "C_Initialize", "C_GetInfo", "C_GetSlotList"}

// causeOfCard is the check of the card that explains why a module failed where
// it speaks to the card.
func causeOfCard(s *Session, call string) (Code, bool) {
	card, _ := s.Found("card.readable")
	switch {
	case slices.Contains(beforeCard, call):
		return "", false
	case card.Status == Error, card.Status == Warning:
		return card.Code, true
	}
	return firstFailed(s, "card.family")
}

// causeOfModule is the check that explains why a module does not answer: it
// cannot do without PC/SC, and not with a card that does not answer well.
func causeOfModule(s *Session, p pkcs11.Probe) (Code, bool) {
	switch p.Status {
	case pkcs11.Failed, pkcs11.Crashed:
		if cause, ok := firstFailed(s, pcscCauses...); ok {
			return cause, true
		}
		return causeOfCard(s, p.Call)
	case pkcs11.TimedOut:
		if cause, ok := firstFailed(s, pcscCauses...); ok {
			return cause, true
		}
		// A card that is not there holds nothing up.
		card, _ := s.Found("card.readable")
		return card.Code, card.Status == Error
	case pkcs11.MissingLibrary:
		if strings.Contains(strings.ToLower(strings.Join(p.File.Lacks, " ")), "pcsc") {
			return firstFailed(s, "pcsc.library")
		}
	}
	return "", false
}

// forbidden tells whether the person has no right to read a file.
func forbidden(s *Session, path string) bool {
	source, err := s.Open(path)
	if err == nil {
		source.Close()
	}
	return errors.Is(err, fs.ErrPermission)
}

// cryptolibAgrees puts what the Cryptolib says of the card beside what the card
// itself says.
func cryptolibAgrees(ctx context.Context, s *Session) Result {
	if isHeldByToken(s) {
		return Result{Outcome: heldByToken}
	}
	probe, found := fitting(installedProbes(ctx, s))
	card, err := s.Card(ctx)
	if !found || err != nil {
		return late(s)
	}
	status, _, _ := s.Reader(ctx)
	facts := []Fact{local("reader", status.Reader), local("module", probe.Module.Path), public("generation", string(card.Generation))}
	compared := cardreader.Compare(status.Reader, card, []pkcs11.Probe{probe})
	if !compared.Witnesses[1].Sees {
		if cause, ok := firstFailed(s, "cryptolib.version"); ok {
			return Result{Because: cause, Facts: facts}
		}
		for _, slot := range probe.Slots {
			facts = append(facts, local("slot", slot.Description))
			if slot.Failure != nil {
				facts = append(facts, public("call", slot.Failure.Call), public("returned", slot.Failure.Code))
			}
		}
		return Result{Outcome: "card-not-seen", Facts: facts}
	}
	outcome := "agrees"
	for _, d := range compared.Disagreements {
		facts = append(facts, public("disagreement", string(d.Fact)))
		if d.Fact == cardreader.FactTries {
			// Words for a state, and not one of the person.
			facts = append(facts, public("moduleSays", d.Says), public("cardSays", d.Card))
			if outcome == "agrees" {
				outcome = "disagrees-code"
			}
			continue
		}
		outcome = "disagrees"
		facts = append(facts, person("moduleSays", d.Says), person("cardSays", d.Card))
		for _, file := range d.Files {
			facts = append(facts, person("cacheFile", file)) // it begins with the card number
		}
	}
	if outcome == "agrees" && !compared.Compared() {
		outcome = "nothing-compared"
	}
	if outcome == "disagrees" {
		facts = append(facts, local("cacheFolder", foldersOf(s).cache))
	}
	return Result{Outcome: outcome, Facts: facts}
}
