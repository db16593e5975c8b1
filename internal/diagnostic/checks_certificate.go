package diagnostic

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
)

var certificateChecks = slices.Concat([]Check{
	{
		Code: "certificates.card", Group: GroupCertificates, Card: true, Deadline: 20 * time.Second,
		Requires: []Code{"card.family"}, After: []Code{"system.clock", "card.expiry", "cryptolib.installed"},
		Outcomes: map[string]Outcome{
			"proven":          ok(),
			"soon":            warning("demarches"),
			"expired":         failure("demarches"),
			"not-yet":         failure("assistance"),
			"none":            failure("assistance"),
			"unreadable":      warning("assistance"),
			"signature-wrong": warning("assistance"),
			"unknown-issuer":  warning("assistance", "igc-sante"),
			// No fingerprint of the TEST authorities is known, so nothing is proven.
			"test":        untold("igc-sante"),
			"unchecked":   untold(),
			"no-issuer":   untold("igc-sante-chain"),
			"contactless": untold(),
			"unread":      untold(),
		},
		Run: examineCardCertificates,
	},
	{
		Code: "certificates.ccm", Group: GroupCertificates, Platforms: []string{"windows"},
		Requires: []Code{"cryptolib.installed"},
		Outcomes: map[string]Outcome{
			"running": ok(),
			"manual":  warning(),
			"stopped": warning(),
			"absent":  warning("cryptolib"),
			"unseen":  untold(),
		},
		Run: lookForCCM,
	},
	{
		Code: "certificates.propagation", Group: GroupCertificates, Platforms: []string{"windows"}, Deadline: 20 * time.Second,
		After: []Code{"card.family", "certificates.ccm"},
		Outcomes: map[string]Outcome{
			"running":   ok(),
			"on-demand": ok(),
			"unneeded":  ok(),
			// Whatever put them there, Windows has the certificates of the card.
			"present":  ok(),
			"disabled": warning(),
			"unseen":   untold(),
		},
		Run: lookAtPropagation,
	},
	{
		Code: "certificates.personal", Group: GroupCertificates, Platforms: []string{"windows"}, Card: true,
		Deadline: 20 * time.Second,
		Requires: []Code{"card.family"},
		After:    []Code{"cryptolib.installed", "certificates.ccm", "certificates.propagation"},
		Outcomes: map[string]Outcome{
			"present": ok(),
			"missing": warning("assistance"),
			"none":    untold(),
			"unread":  untold(),
			"unseen":  untold(),
		},
		Run: lookForCardInPersonalStore,
	},
	{
		Code: "certificates.token", Group: GroupCertificates, Platforms: []string{"darwin"}, Card: true,
		// macOS keeps the card to itself once a token driver has it: the driver
		// is looked for even when the card could not be read.
		Requires: []Code{"card.present"}, After: []Code{"card.family"},
		Outcomes: map[string]Outcome{
			"present": ok(),
			"absent":  advice("socle-technique", "assistance"), // Firefox does without
			"unseen":  untold(),
		},
		Run: lookForToken,
	},
}, authorityChecks)

// soonDays is when the end of a certificate is worth a word.
const soonDays = 60

func examineCardCertificates(ctx context.Context, s *Session) Result {
	card, err := s.Card(ctx)
	if err != nil {
		return Result{Outcome: "unread", Facts: unseen(err, local)}
	}
	if len(card.Certificates) == 0 {
		return withoutCertificate(card)
	}
	here := gatherAuthorities(ctx, s)
	worst, facts := Result{Outcome: "proven"}, []Fact(nil)
	for _, c := range card.Certificates {
		e := igcsante.Examine(c.Raw, here.pool, s.Now())
		facts = append(facts, certificateFacts(c, e)...)
		if r := judgeCertificate(s, e); slices.Index(certificateOrder, r.Outcome) < slices.Index(certificateOrder, worst.Outcome) {
			worst = r
		}
	}
	worst.Facts = append(worst.Facts, facts...)
	return worst
}

// certificateOrder puts what is worst first: of several certificates it
// decides. "" is a Result with Because.
var certificateOrder = []string{"expired", "not-yet", "", "unreadable", "signature-wrong", "unknown-issuer", "no-issuer", "unchecked", "soon", "test", "proven"}

// withoutCertificate tells a card that holds none from one that could not be
// read to the end.
func withoutCertificate(card *cps.Card) Result {
	switch {
	case card.Interface == cps.Contactless:
		return Result{Outcome: "contactless"}
	case slices.ContainsFunc(card.Gaps, func(g cps.Gap) bool { return errors.Is(g.Err, cps.ErrNoCertificate) }):
		return Result{Outcome: "none"}
	}
	r := Result{Outcome: "unread", Facts: []Fact{public("cause", "incomplete")}}
	for _, g := range card.Gaps {
		r.Facts = append(r.Facts, local("reason", g.Error()))
	}
	return r
}

func judgeCertificate(s *Session, e igcsante.Examination) Result {
	expiry, _ := s.Found("card.expiry")
	until := public("until", e.Validity.NotAfter.Format(time.DateOnly))
	switch e.Validity.State {
	case igcsante.Expired, igcsante.NotYetValid:
		if clockDoubtful(s) {
			return Result{Because: "system.clock"}
		}
		if s.Failed("card.expiry") {
			return Result{Because: "card.expiry"}
		}
		if e.Validity.State == igcsante.NotYetValid {
			return Result{Outcome: "not-yet", Facts: []Fact{public("from", e.Validity.NotBefore.Format(time.DateOnly))}}
		}
		return Result{Outcome: "expired", Facts: []Fact{until}}
	}
	switch e.Verdict {
	case igcsante.ChainedToIGCSante, igcsante.TestHierarchy, igcsante.UnknownIssuer:
	case igcsante.IssuerMissing:
		return issuerMissing(s, e)
	case igcsante.SignatureWrong:
		return Result{Outcome: "signature-wrong"}
	case igcsante.SignatureUnchecked:
		return Result{Outcome: "unchecked"}
	default:
		return Result{Outcome: "unreadable", Facts: []Fact{local("reason", e.Detail)}}
	}
	switch {
	case e.Validity.DaysLeft < soonDays && expiry.Status != Warning && e.Validity.State == igcsante.Valid:
		return Result{Outcome: "soon", Facts: []Fact{until}}
	case e.Verdict == igcsante.TestHierarchy || e.Test:
		return Result{Outcome: "test"}
	case e.Verdict == igcsante.UnknownIssuer:
		return Result{Outcome: "unknown-issuer"}
	case e.Missing != nil:
		return issuerMissing(s, e)
	}
	return Result{Outcome: "proven"}
}

// issuerMissing is nothing that the card is to blame for: the authority is not
// on the workstation, as roots.installed says when it can.
func issuerMissing(s *Session, e igcsante.Examination) Result {
	if s.wrong("cryptolib.installed") {
		return Result{Because: "cryptolib.installed"}
	}
	return Result{Outcome: "no-issuer", Facts: []Fact{local("authority", commonName(e.Missing.Name))}}
}

// commonName is the CN of a distinguished name in the form of RFC 4514, or all
// of it.
func commonName(dn string) string {
	name := strings.TrimPrefix(dn, "CN=")
	if name == dn {
		return dn
	}
	name, _, _ = strings.Cut(name, ",")
	return name
}

func certificateFacts(c cps.Certificate, e igcsante.Examination) []Fact {
	facts := []Fact{public("certificateRole", string(c.Role)), public("certificateVerdict", string(e.Verdict))}
	if !e.Validity.NotAfter.IsZero() {
		facts = append(facts, public("certificateEnd", e.Validity.NotAfter.Format(time.DateOnly)))
	}
	if e.Issuer != "" {
		facts = append(facts, local("certificateIssuer", commonName(e.Issuer)))
	}
	if e.Subject != "" {
		facts = append(facts, person("certificateSubject", e.Subject))
	}
	for _, w := range e.Weaknesses {
		facts = append(facts, public("certificateWeakness", string(w)))
	}
	return facts
}

// The CAPI Certificate Manager of the Cryptolib puts the certificates of the
// card in the user's store when it is inserted, and takes them out after.
func lookForCCM(ctx context.Context, s *Session) Result {
	if s.wrong("cryptolib.installed") {
		return Result{Because: "cryptolib.installed"}
	}
	processes, err := s.Processes(ctx)
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	if slices.ContainsFunc(processes, func(p Process) bool { return strings.EqualFold(p.Name, "CCM.exe") }) {
		return ccmSettings(s)
	}
	for _, programs := range []string{"ProgramW6432", "ProgramFiles", "ProgramFiles(x86)"} {
		folder := s.Getenv(programs)
		if folder == "" {
			continue
		}
		path := folder + `\santesocial\CPS\CCM.exe`
		if _, err := s.Stat(path); err == nil {
			return Result{Outcome: "stopped", Facts: []Fact{local("ccm", path)}}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Result{Outcome: "unseen", Facts: unseen(err, local)}
		}
	}
	return Result{Outcome: "absent"}
}

// ccmSettings looks whether CCM waits for cards by itself.
func ccmSettings(s *Session) Result {
	for _, view32 := range []bool{false, true} {
		key, err := s.Registry(`HKLM\SOFTWARE\ASIP Sante\CCM`, view32)
		if err != nil {
			continue // without settings it does
		}
		for name, value := range key.Values {
			if strings.EqualFold(name, "autoDetect") && (value == "0" || strings.EqualFold(value, "false")) {
				return Result{Outcome: "manual", Facts: []Fact{public("autoDetect", value)}}
			}
		}
	}
	return Result{Outcome: "running"}
}

func lookAtPropagation(ctx context.Context, s *Session) Result {
	service, err := s.Service(ctx, "CertPropSvc")
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	facts := []Fact{public("service", "CertPropSvc"), public("serviceState", service.Detail)}
	ccm, _ := s.Found("certificates.ccm")
	switch {
	case service.Running:
		return Result{Outcome: "running", Facts: facts}
	case service.Start != "disabled" && service.Start != "":
		return Result{Outcome: "on-demand", Facts: facts}
	case ccm.Status == OK:
		return Result{Outcome: "unneeded", Facts: facts}
	case s.cardInStore(ctx):
		return Result{Outcome: "present", Facts: facts}
	case service.Start == "":
		return Result{Outcome: "unseen", Facts: append(facts, public("cause", "start-unknown"))}
	case s.wrong("certificates.ccm"):
		// Either of the two is enough, and CCM is the one that ANS counts on.
		return Result{Because: "certificates.ccm", Facts: facts}
	}
	return Result{Outcome: "disabled", Facts: facts}
}

// cardInStore tells whether all certificates of the card are in the personal
// store of Windows.
func (s *Session) cardInStore(ctx context.Context) bool {
	if !s.answered("card.family") {
		return false
	}
	card, err := s.Card(ctx)
	if err != nil || len(card.Certificates) == 0 {
		return false
	}
	mine, err := s.Certificates(ctx, Personal)
	return err == nil && len(notAmong(card, mine)) == 0
}

// answered tells whether a check came to an answer of its own.
func (s *Session) answered(code Code) bool {
	f, ok := s.Found(code)
	return ok && f.Because == "" && f.Status != Crashed && f.Status != Error
}

// notAmong are the roles of the certificates of a card that are not in a store.
func notAmong(card *cps.Card, store [][]byte) (missing []Fact) {
	for _, c := range card.Certificates {
		if !slices.ContainsFunc(store, func(der []byte) bool { return bytes.Equal(der, c.Raw) }) {
			missing = append(missing, public("certificateRole", string(c.Role)))
		}
	}
	return missing
}

func lookForCardInPersonalStore(ctx context.Context, s *Session) Result {
	card, err := s.Card(ctx)
	if err != nil {
		return Result{Outcome: "unread", Facts: unseen(err, local)}
	}
	if len(card.Certificates) == 0 || card.Interface == cps.Contactless {
		return Result{Outcome: "none"}
	}
	mine, err := s.Certificates(ctx, Personal)
	if err != nil {
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	}
	missing := notAmong(card, mine)
	switch {
	case len(missing) == 0:
		return Result{Outcome: "present"}
	case s.wrong("cryptolib.installed"):
		return Result{Because: "cryptolib.installed"}
	case s.wrong("certificates.ccm"):
		return Result{Because: "certificates.ccm"}
	case s.wrong("certificates.propagation"):
		return Result{Because: "certificates.propagation"}
	}
	return Result{Outcome: "missing", Facts: missing}
}

// tokenDriver is what the token driver of ANS calls its tokens.
const tokenDriver = "fr.asip.esante.CPSToken"

func lookForToken(ctx context.Context, s *Session) Result {
	out, err := s.Command(ctx, "security", "list-smartcards")
	switch {
	case err != nil:
		return Result{Outcome: "unseen", Facts: unseen(err, local)}
	case strings.Contains(string(out), tokenDriver):
		return Result{Outcome: "present", Facts: []Fact{public("tokenDriver", tokenDriver)}}
	case s.Failed("card.family"):
		return Result{Because: "card.family"}
	}
	return Result{Outcome: "absent"}
}
