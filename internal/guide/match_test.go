package guide

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
)

var today = time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC)

// card makes a sound real card of that kind, long before its end.
func card(kind cps.Kind, changes ...func(*cps.Card)) *cps.Card {
	real := false
	c := &cps.Card{
		Kind: kind, Generation: cps.CPS3, Interface: cps.Contact, Test: &real, Expires: cps.Date{Year: 2028, Month: 1, Day: 31},
		PIN:        cps.PIN{Known: true, TriesLeft: 3, TriesMax: 3},
		Identifier: cps.Identifier{Identifier: nationalid.Identifier{Type: nationalid.RPPS}, Status: cps.Verified},
	}
	switch kind {
	case cps.CPE, cps.CDE:
		c.Identifier.Type = nationalid.FINESS
	case cps.CPA, cps.CDA:
		c.Identifier.Type = nationalid.SIRET
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

func blocked(c *cps.Card)     { c.PIN.TriesLeft = 0 }
func lastTry(c *cps.Card)     { c.PIN.TriesLeft = 1 }
func lowPIN(c *cps.Card)      { c.PIN.TriesLeft = 2 }
func expired(c *cps.Card)     { c.Expires = cps.Date{Year: 2026, Month: 6, Day: 14} }
func endsToday(c *cps.Card)   { c.Expires = cps.Date{Year: 2026, Month: 6, Day: 15} }
func endsSoon(c *cps.Card)    { c.Expires = cps.Date{Year: 2026, Month: 9, Day: 13} } // in 90 days
func endsLater(c *cps.Card)   { c.Expires = cps.Date{Year: 2026, Month: 9, Day: 14} } // in 91
func test(c *cps.Card)        { yes := true; c.Test = &yes }
func cps4(c *cps.Card)        { c.Generation = cps.CPS4 }
func adeli(c *cps.Card)       { c.Identifier.Type = nationalid.ADELI }
func responsible(c *cps.Card) { c.Holder.Responsibility.Code = "01" }
func assistant(c *cps.Card)   { c.Holder.Responsibility.Code = "02" }
func contactless(c *cps.Card) {
	c.Interface, c.PIN, c.Expires = cps.Contactless, cps.PIN{}, cps.Date{}
	c.Identifier = cps.Identifier{Status: cps.Absent}
	c.Kind, c.Test = "", nil
}
func wrongKey(c *cps.Card) {
	c.Identifier.Status, c.Identifier.Problems = cps.Unverified, []nationalid.Problem{nationalid.ProblemLuhn}
}
func disagree(c *cps.Card) {
	c.Identifier.Status, c.Identifier.Problems = cps.Unverified, []nationalid.Problem{cps.ProblemDisagree}
}
func noCertificate(c *cps.Card) {
	c.Gaps = []cps.Gap{{Part: "certificates", Err: fmt.Errorf("wrapped: %w", cps.ErrNoCertificate)}}
}
func noIdentifier(c *cps.Card) { c.Identifier = cps.Identifier{Status: cps.Absent} }

func entryIDs(all []Suggestion) []string {
	var list []string
	for _, s := range all {
		list = append(list, s.Entry.ID)
	}
	return list
}

// firstThree are the entries that a caller shows.
func firstThree(all []Suggestion) string { return strings.Join(entryIDs(all[:min(3, len(all))]), " ") }

func TestMatchCards(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	yes, no := true, false
	for name, want := range map[string]struct {
		card    *cps.Card
		private *bool
		first   string
	}{
		"none": {nil, nil, "identifiant-national ecps-activer"},

		"CPS":             {card(cps.CPS), nil, "identifiant-national annuaire-acces-direct annuaire-recherche"},
		"CPS libéral":     {card(cps.CPS), &yes, "annuaire-acces-direct identifiant-national annuaire-recherche"},
		"CPS salarié":     {card(cps.CPS), &no, "annuaire-enrolement identifiant-national annuaire-recherche"},
		"CPS expired":     {card(cps.CPS, expired), nil, "carte-expiree ecps-activer identifiant-national"},
		"CPS last day":    {card(cps.CPS, endsToday), nil, "carte-expiree identifiant-national annuaire-acces-direct"},
		"CPS 90 days":     {card(cps.CPS, endsSoon), nil, "carte-expiree identifiant-national annuaire-acces-direct"},
		"CPS 91 days":     {card(cps.CPS, endsLater), nil, "identifiant-national annuaire-acces-direct annuaire-recherche"},
		"CPS blocked":     {card(cps.CPS, blocked), nil, "code-bloque codes-perdus ecps-activer"},
		"CPS both":        {card(cps.CPS, blocked, expired), nil, "carte-expiree code-bloque codes-perdus"},
		"CPS last try":    {card(cps.CPS, lastTry), nil, "codes-perdus identifiant-national annuaire-acces-direct"},
		"CPS low":         {card(cps.CPS, lowPIN), nil, "codes-perdus identifiant-national annuaire-acces-direct"},
		"CPS test":        {card(cps.CPS, test), nil, "carte-de-test identifiant-national annuaire-acces-direct"},
		"CPS4":            {card(cps.CPS, cps4), nil, "cryptolib-cps4 identifiant-national annuaire-acces-direct"},
		"CPS wrong key":   {card(cps.CPS, wrongKey), nil, "identifiant-incorrect annuaire-acces-direct ecps-activer"},
		"CPS disagree":    {card(cps.CPS, disagree), nil, "identifiant-different annuaire-acces-direct ecps-activer"},
		"CPS none":        {card(cps.CPS, noIdentifier), nil, "identifiant-national annuaire-acces-direct ecps-activer"},
		"CPS ADELI":       {card(cps.CPS, adeli), nil, "adeli annuaire-acces-direct ecps-activer"},
		"CPS contactless": {card(cps.CPS, contactless), nil, "carte-sans-contact"},

		"CPS no certificate":        {card(cps.CPS, noCertificate), nil, "contact ecps-activer identifiant-national"},
		"CPE no certificate":        {card(cps.CPE, noCertificate), nil, "contact ecps-activer carte-cpe-sans-rpps"},
		"test, expired and blocked": {card(cps.CPS, test, expired, blocked), nil, "carte-expiree code-bloque codes-perdus"},
		"contactless shows none":    {card(cps.CPS, contactless, noCertificate), nil, "carte-sans-contact"},

		"CPF":         {card(cps.CPF), nil, "annuaire-enrolement identifiant-national annuaire-recherche"},
		"CPF expired": {card(cps.CPF, expired), nil, "carte-expiree ecps-activer identifiant-national"},
		"CPF blocked": {card(cps.CPF, blocked), nil, "code-bloque codes-perdus ecps-activer"},
		"CPF test":    {card(cps.CPF, test), nil, "carte-de-test identifiant-national annuaire-enrolement"},

		"CPE":           {card(cps.CPE), nil, "annuaire-enrolement carte-cpe-sans-rpps ecps-activer"},
		"CPE assistant": {card(cps.CPE, assistant), nil, "annuaire-enrolement carte-cpe-sans-rpps ecps-activer"},
		"CPE expired":   {card(cps.CPE, expired), nil, "carte-expiree ecps-activer carte-cpe-sans-rpps"},
		"CPE soon":      {card(cps.CPE, endsSoon), nil, "carte-expiree annuaire-enrolement carte-cpe-sans-rpps"},
		"CPE blocked":   {card(cps.CPE, blocked), nil, "code-bloque codes-perdus ecps-activer"},
		"CPE last try":  {card(cps.CPE, lastTry), nil, "codes-perdus annuaire-enrolement carte-cpe-sans-rpps"},
		"CPE test":      {card(cps.CPE, test), nil, "carte-de-test carte-cpe-sans-rpps annuaire-enrolement"},
		"CPE none":      {card(cps.CPE, noIdentifier), nil, "annuaire-enrolement carte-cpe-sans-rpps ecps-activer"},

		"CDE":         {card(cps.CDE, responsible), nil, "annuaire-acces-direct carte-cpe-sans-rpps ecps-activer"},
		"CDE expired": {card(cps.CDE, responsible, expired), nil, "carte-expiree ecps-activer carte-cpe-sans-rpps"},
		"CDE blocked": {card(cps.CDE, responsible, blocked), nil, "code-bloque codes-perdus ecps-activer"},
		"CDE test":    {card(cps.CDE, responsible, test), nil, "carte-de-test carte-cpe-sans-rpps annuaire-acces-direct"},

		"CPA":         {card(cps.CPA), nil, "annuaire-enrolement carte-cpe-sans-rpps ecps-activer"},
		"CPA expired": {card(cps.CPA, expired), nil, "carte-expiree ecps-activer carte-cpe-sans-rpps"},
		"CPA blocked": {card(cps.CPA, blocked), nil, "code-bloque codes-perdus ecps-activer"},
		"CPA CPS4":    {card(cps.CPA, cps4), nil, "annuaire-enrolement carte-cpe-sans-rpps cryptolib-cps4"},

		// The FAQ names neither its direct entry nor its e-CPS.
		"CDA":         {card(cps.CDA, responsible), nil, "annuaire-enrolement carte-cpe-sans-rpps"},
		"CDA expired": {card(cps.CDA, responsible, expired), nil, "carte-expiree carte-cpe-sans-rpps"},
		"CDA blocked": {card(cps.CDA, responsible, blocked), nil, "code-bloque codes-perdus carte-cpe-sans-rpps"},

		"kind unknown":           {card(""), nil, "annuaire-recherche"},
		"kind unknown, employee": {card("", func(c *cps.Card) { c.Identifier.Type = nationalid.SIREN }), nil, "carte-cpe-sans-rpps"},
		"nothing known":          {&cps.Card{}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := OfCard(want.card, today)
			s.PrivatePractice = want.private
			if got := firstThree(c.Match(s, "fr")); got != want.first {
				t.Errorf("first three: %s\n            want %s", got, want.first)
			}
		})
	}
}

// leads gives for each finding that asks for something the entry that it leads
// to first, "" where none of the guide fits. "@" names a system, the others are
// taken on Windows.
var leads = map[string]string{
	"system.supported.older": "cryptolib-installer", "system.supported.processor": "cryptolib-installer", "system.supported.processor@linux": "cryptolib-linux",
	"system.clock.behind": "horloge", "system.clock.inexact": "horloge", "system.clock.set-back": "horloge",
	"system.clock.stepped": "horloge", "system.clock.wrong": "horloge",
	"system.rights.elevated": "", // of this very program

	"pcsc.library.missing":  "service-carte-a-puce",
	"pcsc.service.disabled": "service-carte-a-puce", "pcsc.service.failing": "service-carte-a-puce",
	"pcsc.service.missing": "service-carte-a-puce", "pcsc.service.stopped": "service-carte-a-puce",
	"pcsc.service.unresponsive": "service-carte-a-puce", "pcsc.service.not-kept": "service-carte-a-puce",
	"pcsc.service.remote":     "citrix-rdp",
	"pcsc.service.redirected": "service-carte-a-puce", "pcsc.service.sandboxed": "service-carte-a-puce", "pcsc.protocol.sandbox": "service-carte-a-puce", "pcsc.protocol.versions": "service-carte-a-puce",
	"pcsc.access.refused": "linux-acces-refuse", "pcsc.access.refused-remote": "linux-acces-refuse",
	"pcsc.access.hidden-processes": "linux-acces-refuse",
	"pcsc.access.denied":           "service-carte-a-puce",

	"reader.present.none": "lecteur-absent", "reader.present.unseen-bus": "lecteur-absent",
	"reader.present.driverless": "lecteur-absent", "reader.present.no-package": "lecteur-absent",
	"reader.present.switched-off": "lecteur-absent", "reader.present.troubled": "lecteur-absent",
	"reader.present.unknown-model": "lecteur-absent", "reader.present.unseen": "lecteur-absent",
	"reader.present.unseen@darwin": "macos-lecteur", "reader.present.unknown-model@darwin": "macos-lecteur",
	"reader.present.none@darwin": "lecteur-absent",
	"reader.present.far":         "citrix-rdp", "reader.present.not-redirected": "citrix-rdp",
	"reader.power.suspends": "lecteur-absent",
	"reader.galss.leftover": "lecteur-galss", "reader.galss.old": "lecteur-galss",
	"reader.present.apple-driver": "macos-lecteur",

	"card.present.absent": "carte-muette",
	"card.readable.mute":  "carte-muette", "card.readable.slow": "carte-muette", "card.readable.unreadable": "carte-muette",
	"card.readable.removed-early": "carte-muette", "card.readable.exclusive": "carte-muette", "card.readable.shared": "carte-muette",
	"card.readable.gaps": "carte-muette", "card.readable.service-lost": "service-carte-a-puce",
	"card.readable.refused": "service-carte-a-puce", "card.readable.refused@linux": "linux-acces-refuse",
	"card.family.foreign": "carte-muette", "card.family.unrecognised": "carte-muette",
	"card.family.unknown-generation": "cryptolib-installer",
	"card.expiry.expired":            "carte-expiree", "card.expiry.soon": "carte-expiree", "card.expiry.not-yet": "horloge",
	"card.interface.contactless": "carte-sans-contact",
	"pin.state.blocked":          "code-bloque", "pin.state.last-try": "codes-perdus", "pin.state.low": "codes-perdus",

	"identifier.valid.absent": "contact", "identifier.valid.luhn": "identifiant-incorrect", "identifier.valid.malformed": "identifiant-incorrect",
	"identifier.sources.disagree":   "identifiant-different",
	"identifier.sources.unreadable": "carte-muette",

	"cryptolib.installed.absent": "cryptolib-installer", "cryptolib.installed.incomplete": "cryptolib-installer",
	"cryptolib.installed.absent@linux": "cryptolib-linux", "cryptolib.installed.absent-other": "cryptolib-installer",
	"cryptolib.files.altered": "cryptolib-installer", "cryptolib.files.missing": "cryptolib-installer",
	"cryptolib.files.unlinked": "", "cryptolib.files.unlinked@linux": "cryptolib-linux",
	"cryptolib.version.older": "cryptolib-installer", "cryptolib.version.too-old": "cryptolib-cps4",
	"cryptolib.loads.broken": "cryptolib-installer", "cryptolib.loads.crashed": "cryptolib-installer",
	"cryptolib.loads.crashed@linux": "cryptolib-linux", "cryptolib.loads.failed": "cryptolib-installer",
	"cryptolib.loads.hangs": "cryptolib-installer", "cryptolib.loads.missing-library": "cryptolib-installer",
	"cryptolib.loads.no-symbol": "cryptolib-installer", "cryptolib.loads.wrong-architecture": "cryptolib-installer",
	"cryptolib.loads.refused":         "cryptolib-installer",
	"cryptolib.agrees.card-not-seen":  "carte-muette",
	"cryptolib.agrees.disagrees":      "identifiant-different",
	"cryptolib.agrees.disagrees-code": "code-bloque",
	"cryptolib.folders.missing":       "cryptolib-installer", "cryptolib.folders.rights": "cryptolib-installer",
	"cryptolib.folders.missing@linux": "cryptolib-linux",
	"cryptolib.traces.on":             "", // a setting to undo; the finding says how
	"cryptolib.cache.damaged":         "cryptolib-installer",
	"cryptolib.cache.stale":           "identifiant-different",
	"cryptolib.dico.damaged":          "cryptolib-installer", "cryptolib.dico.missing": "cryptolib-installer",

	"certificates.card.expired": "carte-expiree", "certificates.card.soon": "carte-expiree", "certificates.card.not-yet": "horloge",
	"certificates.card.none": "contact", "certificates.card.signature-wrong": "contact", "certificates.card.unknown-issuer": "contact",
	"certificates.card.unreadable": "carte-muette",
	"certificates.ccm.absent":      "certificat-absent", "certificates.ccm.manual": "certificat-absent", "certificates.ccm.stopped": "certificat-absent",
	"certificates.propagation.disabled": "certificat-absent", "certificates.personal.missing": "certificat-absent",
	"certificates.token.absent": "macos-lecteur",
	"roots.installed.missing":   "igc-sante-autorites", "roots.installed.coffre-missing": "igc-sante-autorites",
	"roots.old.left":        "igc-sante-autorites",
	"firefox.module.broken": "firefox-module", "firefox.module.damaged": "firefox-module", "firefox.module.missing": "firefox-module", "firefox.module.path": "firefox-module",
	"firefox.module.twice": "firefox-module", "firefox.module.width": "firefox-module",
	"firefox.package.snap": "firefox-snap", "firefox.package.flatpak": "firefox-snap",

	"network.names.none": "reseau", "network.names.some": "contact",
	"network.proxy.authentication": "reseau", "network.proxy.refuses": "reseau", "network.proxy.unreachable": "reseau",
	"network.tls.inspected": "reseau", "network.tls.intercepted": "reseau", "network.tls.distrusted": "reseau",
	"network.hosts.none": "reseau", "network.hosts.portal": "reseau", "network.hosts.sign-in": "contact", "network.hosts.some": "contact",
}

func TestMatchFindings(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	outcomes := map[string]diagnostic.Finding{}
	for _, check := range diagnostic.Catalogue() {
		for name, outcome := range check.Outcomes {
			f := diagnostic.Finding{Code: check.Code, Outcome: name, Status: outcome.Status}
			key := string(check.Code) + "." + name
			outcomes[key] = f
			if _, listed := leads[key]; !listed && (f.Status == diagnostic.Error || f.Status == diagnostic.Warning) {
				t.Errorf("%s: no entry, and not listed as having none", key)
			}
		}
	}
	for key, want := range leads {
		name, system, given := strings.Cut(key, "@")
		if !given {
			system = "windows"
		}
		f, known := outcomes[name]
		if !known || !told(f) || f.Status == diagnostic.OK {
			t.Errorf("%s: no such error or warning", key)
			continue
		}
		// A card of which nothing is known: the finding alone speaks.
		s := Situation{Card: &cps.Card{}, System: system, Findings: []diagnostic.Finding{f}}
		got := c.Match(s, "fr")
		first := ""
		if len(got) > 0 {
			first = got[0].Entry.ID
			if !slices.Equal(got[0].From, []diagnostic.Code{f.Code}) {
				t.Errorf("%s: from %v", key, got[0].From)
			}
		}
		if first != want {
			t.Errorf("%s: %q first, want %q", key, first, want)
		}
		if f.Status == diagnostic.Error && first == "" {
			t.Errorf("%s: an error leads nowhere", key)
		}
		// What was not told, whatever it would have been, leads nowhere.
		for _, status := range []diagnostic.Status{diagnostic.Skipped, diagnostic.Crashed} {
			f.Status = status
			s.Findings = []diagnostic.Finding{f}
			if got := c.Match(s, "fr"); len(got) > 0 {
				t.Errorf("%s: %s, and yet %v", key, status, entryIDs(got))
			}
		}
	}
}

// TestErrorsLeadSomewhere: on every system that has the check.
func TestErrorsLeadSomewhere(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, check := range diagnostic.Catalogue() {
		for name, outcome := range check.Outcomes {
			if outcome.Status != diagnostic.Error {
				continue
			}
			for _, system := range []string{"windows", "darwin", "linux"} {
				if len(check.Platforms) > 0 && !slices.Contains(check.Platforms, system) {
					continue
				}
				s := Situation{Card: &cps.Card{}, System: system, Findings: []diagnostic.Finding{finding(check.Code, name, outcome.Status)}}
				if len(c.Match(s, "fr")) == 0 {
					t.Errorf("%s.%s on %s leads nowhere", check.Code, name, system)
				}
			}
		}
	}
}

func finding(code diagnostic.Code, outcome string, status diagnostic.Status) diagnostic.Finding {
	return diagnostic.Finding{Code: code, Outcome: outcome, Status: status}
}

func TestMatchTogether(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for name, want := range map[string]struct {
		situation Situation
		first     string
		not       string // an entry that must not be there
	}{
		"nothing wrong": {
			Situation{Card: card(cps.CPE), Findings: []diagnostic.Finding{finding("pcsc.service", "running", diagnostic.OK)}},
			"annuaire-enrolement carte-cpe-sans-rpps ecps-activer", "service-carte-a-puce",
		},
		"the clock is wrong, so nothing is said of the end of the card": {
			Situation{Card: card(cps.CPS, expired), Expired: true, Findings: []diagnostic.Finding{
				finding("system.clock", "wrong", diagnostic.Error),
				{Code: "card.expiry", Outcome: diagnostic.OutcomeBecause, Because: "system.clock", Status: diagnostic.Skipped},
			}},
			"horloge identifiant-national annuaire-acces-direct", "carte-expiree",
		},
		"the root comes first of two that weigh the same": {
			Situation{Card: card(cps.CPS, blocked), System: "windows", Findings: []diagnostic.Finding{
				finding("pin.state", "blocked", diagnostic.Error), finding("cryptolib.installed", "absent", diagnostic.Error),
			}},
			"code-bloque cryptolib-installer codes-perdus", "",
		},
		"remote": {
			Situation{Card: card(cps.CPS), System: "windows", Findings: []diagnostic.Finding{
				finding("system.remote", "rdp", diagnostic.OK), finding("cryptolib.installed", "absent", diagnostic.Error),
			}},
			"cryptolib-installer citrix-rdp annuaire-poste", "",
		},
		"not remote": {
			Situation{Card: card(cps.CPS), System: "windows", Findings: []diagnostic.Finding{
				finding("system.remote", "local", diagnostic.OK), finding("cryptolib.installed", "absent", diagnostic.Error),
			}},
			"cryptolib-installer annuaire-poste identifiant-national", "citrix-rdp",
		},
		"remote and well": {
			Situation{Card: card(cps.CPS), Findings: []diagnostic.Finding{finding("system.remote", "citrix", diagnostic.OK)}},
			"identifiant-national annuaire-acces-direct annuaire-recherche", "citrix-rdp",
		},
		"sleep of a two-slot reader": {
			Situation{Card: &cps.Card{}, System: "windows", Findings: []diagnostic.Finding{
				finding("reader.power", "suspends", diagnostic.Warning), finding("reader.galss", "current", diagnostic.OK),
			}},
			"lecteur-galss lecteur-absent", "",
		},
		"CPS4 with a Cryptolib that is recent enough": {
			Situation{Card: card(cps.CPS, cps4), Findings: []diagnostic.Finding{finding("cryptolib.version", "current", diagnostic.OK)}},
			"identifiant-national annuaire-acces-direct annuaire-recherche", "cryptolib-cps4",
		},
		"no reader": {
			Situation{System: "windows", Findings: []diagnostic.Finding{finding("reader.present", "none", diagnostic.Error)}},
			"lecteur-absent", "identifiant-national",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.Match(want.situation, "fr")
			if firstThree(got) != want.first {
				t.Errorf("first three: %s\n            want %s", firstThree(got), want.first)
			}
			if slices.Contains(entryIDs(got), want.not) {
				t.Errorf("%s does not fit: %v", want.not, entryIDs(got))
			}
		})
	}
}

func TestMatchReasons(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	unsure := c.Match(OfCard(card(cps.CPE), today), "fr")[0].Because
	sure := c.Match(OfCard(card(cps.CPE, assistant), today), "fr")[0].Because
	if !strings.Contains(unsure, "sauf si c'est celle du directeur") || strings.Contains(sure, "directeur") {
		t.Errorf("a level that is unknown: %q\nknown: %q", unsure, sure)
	}
	if en := c.Match(OfCard(card(cps.CPE), today), "en")[0].Because; !strings.Contains(en, "needs an enrolment") {
		t.Errorf("English: %q", en)
	}
}

// TestMatchPromises: what a sound card allows is promised to no other, whether
// the card tells its state or a finding does.
func TestMatchPromises(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	yes := true
	kinds := []cps.Kind{cps.CPS, cps.CPF, cps.CPE, cps.CDE, cps.CPA, cps.CDA}
	reasons := func(s Situation) string {
		var all []string
		for _, g := range c.Match(s, "fr") {
			all = append(all, g.Because)
		}
		return strings.Join(all, "\n")
	}
	promises := []string{"ouvre directement", "peut activer une e-CPS", "demande un enrôlement", "il faut donc un enrôlement"}
	promised := func(text string) bool {
		return slices.ContainsFunc(promises, func(p string) bool { return strings.Contains(text, p) })
	}
	for _, kind := range kinds {
		for _, change := range []func(*cps.Card){expired, blocked, noCertificate, test} {
			s := OfCard(card(kind, change), today)
			s.PrivatePractice = &yes
			if text := reasons(s); promised(text) {
				t.Errorf("%s: promised to a card in that state:\n%s", kind, text)
			}
		}
		for _, f := range []diagnostic.Finding{
			finding("card.expiry", "expired", diagnostic.Error), finding("certificates.card", "expired", diagnostic.Error),
			finding("certificates.card", "none", diagnostic.Error), finding("pin.state", "blocked", diagnostic.Error),
			finding("card.test", "test", diagnostic.OK),
		} {
			s := OfCard(card(kind), today)
			s.Findings = []diagnostic.Finding{f}
			if text := reasons(s); promised(text) {
				t.Errorf("%s, %s.%s: promised:\n%s", kind, f.Code, f.Outcome, text)
			}
		}
		if text := reasons(OfCard(card(kind), today)); !promised(text) {
			t.Errorf("%s, sound: nothing is promised:\n%s", kind, text)
		}
		if text := reasons(OfCard(card(kind, test), today)); !strings.Contains(text, "Une vraie c") && !strings.Contains(text, "Une vraie CPS") {
			t.Errorf("%s, of test: not what a real one would do:\n%s", kind, text)
		}
	}
	// A finding that sees certificates counts before the card.
	s := OfCard(card(cps.CPS, noCertificate), today)
	s.Findings = []diagnostic.Finding{finding("certificates.card", "proven", diagnostic.OK)}
	if slices.Contains(entryIDs(c.Match(s, "fr")), "contact") {
		t.Error("the card is said to hold no certificate, against the diagnosis")
	}
}

// TestMatchOnce: each entry once, with all the findings that called for it, and
// the same at every call.
func TestMatchOnce(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	s := Situation{Card: card(cps.CPS, cps4, blocked), System: "linux"}
	var names []string
	outcomes := map[string]diagnostic.Finding{}
	for _, check := range diagnostic.Catalogue() {
		// One outcome of each: the first by name that asks for something.
		for _, name := range slices.Sorted(maps.Keys(check.Outcomes)) {
			f := finding(check.Code, name, check.Outcomes[name].Status)
			if f.Status == diagnostic.Error || f.Status == diagnostic.Warning {
				names, outcomes[string(check.Code)] = append(names, string(check.Code)), f
				break
			}
		}
	}
	for _, n := range names {
		s.Findings = append(s.Findings, outcomes[n])
	}
	got := c.Match(s, "fr")
	seen := map[string]bool{}
	for _, g := range got {
		if seen[g.Entry.ID] {
			t.Errorf("%s twice", g.Entry.ID)
		}
		seen[g.Entry.ID] = true
		if g.Entry.ID == "certificat-absent" && !slices.Equal(g.From, []diagnostic.Code{"certificates.ccm", "certificates.propagation", "certificates.personal"}) {
			t.Errorf("certificat-absent: from %v", g.From)
		}
	}
	if !seen["certificat-absent"] || len(got) < 10 {
		t.Errorf("too few: %v", entryIDs(got))
	}
	for range 5 {
		if again := c.Match(s, "fr"); !reflect.DeepEqual(again, got) {
			t.Fatal("another order, of the same situation")
		}
	}
}

func TestSituations(t *testing.T) {
	t.Parallel()
	d := diagnostic.Diagnosis{At: today, GOOS: "darwin", Card: card(cps.CPS, expired), Findings: []diagnostic.Finding{finding("pin.state", "full", diagnostic.OK)}}
	if s := OfDiagnosis(d); !s.Expired || s.ExpiresSoon || s.System != "darwin" || len(s.Findings) != 1 || s.Card == nil {
		t.Errorf("of a diagnosis: %+v", s)
	}
	if s := OfCard(card(cps.CPS, func(c *cps.Card) { c.Expires = cps.Date{} }), today); s.Expired || s.ExpiresSoon {
		t.Errorf("an end that is unknown: %+v", s)
	}
}

// TestSoonAsTheCheck: the card ends soon here on the days when the check
// card.expiry says so.
func TestSoonAsTheCheck(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]bool{0: true, diagnostic.CardEndsSoon: true, diagnostic.CardEndsSoon + 1: false} {
		y, m, d := today.AddDate(0, 0, days).Date()
		if s := OfCard(card(cps.CPS, func(c *cps.Card) { c.Expires = cps.Date{Year: y, Month: m, Day: d} }), today); s.ExpiresSoon != want || s.Expired {
			t.Errorf("in %d days: soon %v, expired %v", days, s.ExpiresSoon, s.Expired)
		}
	}
}
