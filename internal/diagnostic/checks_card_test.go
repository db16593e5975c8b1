package diagnostic_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
)

// slot is the name of the reader of these tests.
const slot = "Lecteur CPx 00 00"

// ready is a workstation of that system on which everything below the card
// works: a service that runs, and a reader on the bus.
func ready(goos string) *imagined.Workstation {
	w := imagined.New(goos)
	w.Time = cardtest.Today
	running := diagnostic.Service{Running: true, Start: "automatic", Detail: "running"}
	for _, name := range []string{"SCardSvr", "CertPropSvc", "pcscd.service", "pcscd.socket", "com.apple.ifdreader", "com.apple.ctkpcscd"} {
		w.Services[name] = running
	}
	w.Devices = []diagnostic.USBDevice{{Vendor: 0x08E6, Product: 0x3437, Name: "CCID reader", Classes: []uint8{diagnostic.CCID}, Driver: "usbccid"}}
	w.Source = cardreader.NewVirtual(slot)
	return w
}

// with puts a card into the reader of a workstation that is ready.
func with(t *testing.T, goos, name string, faults virtualcard.Faults) *imagined.Workstation {
	t.Helper()
	w := ready(goos)
	w.Source.(*cardreader.Virtual).Insert(slot, cardtest.New(t, name, w.Time, faults))
	return w
}

// answering is a workstation whose reader holds a card with that ATR, which
// cannot be reached for that reason.
func answering(goos string, atr []byte, reason error) *imagined.Workstation {
	w := ready(goos)
	w.Source = imagined.PCSC{Found: []pcsc.Reader{{Name: slot, ATR: atr, Present: true}}, ConnectErr: reason}
	return w
}

// What the cards of these tests say of their holders.
var secretive = []string{"899700218896", "899700366240", "SPECIALISTE", "ROBERT", "29009", "80429", "3990000010"}

// judge runs a check, and proves that nothing that says who the holder is
// stands in a fact of another sensitivity.
func judge(t *testing.T, w *imagined.Workstation, code diagnostic.Code, options ...diagnostic.Options) diagnostic.Finding {
	t.Helper()
	f := diagnose(t, w, code, options...)
	for _, fact := range f.Facts {
		for _, s := range secretive {
			if fact.Sensitivity != diagnostic.Person && strings.Contains(fact.Value, s) {
				t.Errorf("%s.%s: the %s fact %s holds %q", code, f.Outcome, fact.Sensitivity, fact.Key, fact.Value)
			}
		}
	}
	return f
}

func pcscError(kind pcsc.Kind) error { return &pcsc.Error{Op: "SCardConnect", Kind: kind} }

var (
	cps3ATR   = []byte("\x3B\xAC\x00\x40\x2A\x00\x12\x25\x00\x64\x80\x00\x03\x10\x00\x90\x00")
	early     = []byte("\x3B\xAC\x00\x40\x2A\x00\x12\x25\x00\x64\x80\x82\x02\x12\x00\x90\x00")
	vitaleATR = []byte("\x3F\x65\x25\x00\x22\x09\x69\x90\x00")
	noName    = []byte("\x3B\x04\xDE\xAD\xBE\xEF")
)

func TestCardPresent(t *testing.T) {
	t.Parallel()
	for _, goos := range systems {
		if f := judge(t, ready(goos), "card.present"); f.Outcome != "absent" || f.Status != diagnostic.Error {
			t.Errorf("%s: %+v", goos, f)
		}
	}
	if f := judge(t, with(t, "windows", "medecin", virtualcard.Faults{}), "card.present"); f.Outcome != "present" || f.Get("reader") != slot {
		t.Errorf("%+v", f)
	}
	if f := judge(t, ready("linux"), "card.present", diagnostic.Options{Reader: "another"}); f.Outcome != "reader-absent" {
		t.Errorf("%+v", f)
	}
}

func TestNoCardIsNoFault(t *testing.T) {
	t.Parallel()
	f := judge(t, ready("linux"), "card.present")
	d := diagnostic.Diagnosis{GOOS: "linux", Findings: []diagnostic.Finding{f}}
	if got := d.Verdict(); got != diagnostic.Todo {
		t.Errorf("verdict %s, want that the person inserts the card", got)
	}
}

func TestCardReadable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		workstation *imagined.Workstation
		want        string
	}{
		"sound":            {with(t, "linux", "medecin", virtualcard.Faults{}), "answers"},
		"mute":             {with(t, "windows", "medecin", virtualcard.Faults{MuteAt: 1}), "mute"},
		"taken out":        {with(t, "darwin", "medecin", virtualcard.Faults{RemoveAt: 9}), "removed-early"},
		"cut":              {with(t, "linux", "medecin", virtualcard.Faults{Truncate: map[string]int{"CPS_NAME_PS": 3}}), "gaps"},
		"no application":   {with(t, "linux", "medecin", broken(1, 60)), "unreadable"},
		"held":             {answering("windows", cps3ATR, pcscError(pcsc.ErrBusy)), "exclusive"},
		"reset":            {answering("windows", cps3ATR, pcscError(pcsc.ErrReset)), "shared"},
		"slow":             {answering("linux", cps3ATR, pcscError(pcsc.ErrTimeout)), "slow"},
		"refused":          {answering("linux", cps3ATR, pcscError(pcsc.ErrAccess)), "refused"},
		"refused, Windows": {answering("windows", cps3ATR, pcscError(pcsc.ErrAccess)), "refused"},
		"refused, macOS":   {answering("darwin", cps3ATR, pcscError(pcsc.ErrAccess)), "refused"},
		"service lost":     {answering("linux", cps3ATR, pcscError(pcsc.ErrService)), "service-lost"},
		"mute on the way":  {answering("darwin", cps3ATR, pcscError(pcsc.ErrMute)), "mute"},
		"reader gone":      {answering("darwin", cps3ATR, pcscError(pcsc.ErrNoReader)), "removed-early"},
		"not a CPx":        {answering("linux", vitaleATR, errors.New("nothing is sent to it")), "answers"},
	} {
		f := judge(t, tt.workstation, "card.readable")
		if f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
		if name == "cut" && f.Get("part") != "CPS_NAME_PS" {
			t.Errorf("%s: part %q", name, f.Get("part"))
		}
	}
}

// broken answers these exchanges with a status word that ends everything.
func broken(from, to int) virtualcard.Faults {
	f := virtualcard.Faults{Status: map[int]iso7816.StatusWord{}}
	for n := from; n <= to; n++ {
		f.Status[n] = 0x6F00
	}
	return f
}

func TestHoldersOfTheCard(t *testing.T) {
	t.Parallel()
	w := answering("windows", cps3ATR, pcscError(pcsc.ErrBusy))
	w.Running = []diagnostic.Process{
		{PID: 1, Name: "svchost.exe", PCSC: true}, // of the system: nobody is to close it
		{PID: 2, Name: "postecpx.exe", PCSC: true, Self: true},
		{PID: 3, Name: "logiciel-metier.exe", PCSC: true},
		{PID: 4, Name: "firefox.exe"}, // has not loaded PC/SC
		{PID: 5, Name: "galsvw32.exe"},
		{PID: 6, Name: "CCM.exe", PCSC: true}, {PID: 7, Name: "CCM.exe", PCSC: true},
		{PID: 8, Name: "notepad.exe"},
		{PID: 9, Name: "PosteCPx.exe", PCSC: true}, // left of an earlier run
	}
	f := judge(t, w, "card.readable")
	var got []string
	for _, fact := range f.Facts {
		if fact.Key == "holder" {
			got = append(got, fact.Value)
		}
	}
	if want := []string{"logiciel-metier.exe", "galsvw32.exe (GALSS)", "CCM.exe (CCM, Cryptolib CPS)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// It was waited for in vain, and nobody is there to hold it.
	waited := &pcsc.Error{Op: "SCardConnect", Kind: pcsc.ErrBusy, Err: pcscError(pcsc.ErrTimeout)}
	alone := answering("linux", cps3ATR, waited)
	alone.Running = []diagnostic.Process{{PID: 2, Name: "cpx", PCSC: true, Self: true}, {PID: 3, Name: "cpx", PCSC: true}, {PID: 4, Name: "pcscd", PCSC: true}}
	if f := judge(t, alone, "card.readable"); f.Outcome != "slow" || f.Get("holder") != "" {
		t.Errorf("%+v", f)
	}
	alone.Running = append(alone.Running, diagnostic.Process{PID: 5, Name: "scdaemon"})
	if f := judge(t, alone, "card.readable"); f.Outcome != "exclusive" || f.Get("holder") != "scdaemon (GnuPG)" {
		t.Errorf("%+v", f)
	}
	w.Errs["Processes"] = errors.New("may not be seen")
	if f := judge(t, w, "card.readable"); f.Outcome != "exclusive" || f.Get("holder") != "" {
		t.Errorf("%+v", f)
	}
}

func TestCardFamily(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		workstation *imagined.Workstation
		want        string
		facts       map[string]string
	}{
		"Vitale":      {answering("linux", vitaleATR, pcsc.ErrOther), "foreign", map[string]string{"cardFrench": "Carte Vitale 1", "cardEnglish": "Vitale 1 card (French health insurance)"}},
		"unknown":     {answering("windows", noName, pcsc.ErrOther), "unrecognised", nil},
		"another ATR": {with(t, "linux", "medecin", virtualcard.Faults{ATR: early, Truncate: map[string]int{"EF.TokenInfo": 0}}), "unknown-generation", map[string]string{"kind": "CPS"}},
		"CPS3":        {with(t, "linux", "medecin", virtualcard.Faults{}), "known", map[string]string{"kind": "CPS", "generation": "CPS3", "interface": "contact", "product": "CPS3v3"}},
		"CPS4":        {with(t, "darwin", "pharmacien", virtualcard.Faults{}), "known", map[string]string{"generation": "CPS4"}},
		"employee":    {with(t, "windows", "employe-etablissement", virtualcard.Faults{}), "known", map[string]string{"kind": "CPE"}},
	} {
		f := judge(t, tt.workstation, "card.family")
		if f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
		for key, value := range tt.facts {
			if f.Get(key) != value {
				t.Errorf("%s: %s is %q, want %q", name, key, f.Get(key), value)
			}
		}
	}
	// The ATR is that of a CPx, and the card says that it is none.
	f := judge(t, answering("linux", cps3ATR, cps.ErrNotCPx), "card.family")
	if f.Outcome != "unrecognised" {
		t.Errorf("%+v", f)
	}
}

func TestCardExpiry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		card  string
		after time.Duration // from the day of the card
		want  string
		days  string
	}{
		"valid":         {"medecin", 0, "valid", ""},
		"expired":       {"expiree", 0, "expired", ""},
		"employee":      {"employe-etablissement", 3000 * 24 * time.Hour, "expired", ""},
		"last day":      {"medecin", 696 * 24 * time.Hour, "soon", "0"},
		"the day after": {"medecin", 697 * 24 * time.Hour, "expired", ""},
		"90 days":       {"medecin", 606 * 24 * time.Hour, "soon", "90"},
		"91 days":       {"medecin", 605 * 24 * time.Hour, "valid", ""},
	} {
		for _, goos := range systems {
			w := with(t, goos, tt.card, virtualcard.Faults{})
			w.Time = w.Time.Add(tt.after)
			f := judge(t, w, "card.expiry")
			if f.Outcome != tt.want || f.Get("daysLeft") != tt.days {
				t.Errorf("%s, %s: %s, want %s %s; %v", name, goos, f.Outcome, tt.want, tt.days, f.Facts)
			}
			if (f.Get("orderedBy") != "") != (name == "employee") {
				t.Errorf("%s: ordered by %q", name, f.Get("orderedBy"))
			}
		}
	}
	for age, want := range map[int]string{-1: "valid", -2: "not-yet"} { // a day apart may be the time zone
		w := described(t, func(d *virtualcard.Description) { d.AgeDays = age })
		if f := judge(t, w, "card.expiry"); f.Outcome != want {
			t.Errorf("issued in %d days: %+v, want %s", -age, f, want)
		}
	}
	early := with(t, "linux", "medecin", virtualcard.Faults{})
	early.Time = early.Time.AddDate(-10, 0, 0)
	if f := judge(t, early, "card.expiry"); f.Because != "system.clock" {
		t.Errorf("a clock that is ten years late: %+v", f)
	}
	stepped := with(t, "linux", "medecin", virtualcard.Faults{})
	stepped.Runs.Since, stepped.Time = stepped.Time.AddDate(3, 0, 0), stepped.Time.AddDate(3, 0, 1)
	stepped.File("/run/systemd/private", "").Changed("/run/systemd/private", cardtest.Today)
	if f := judge(t, stepped, "card.expiry"); f.Because != "system.clock" {
		t.Errorf("a clock that was set forward by three years: %+v", f)
	}
	cut := with(t, "linux", "medecin", virtualcard.Faults{Truncate: map[string]int{"CPS_ID_CARD": 0}})
	if f := judge(t, cut, "card.expiry"); f.Outcome != "unknown" || f.Status != diagnostic.Skipped {
		t.Errorf("%+v", f)
	}
}

func TestRestOfTheCard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		card string
		code diagnostic.Code
		want string
	}{
		{"medecin", "card.test", "test"},
		{"medecin", "card.interface", "contact"},
		{"sans-contact", "card.interface", "contactless"},
		{"medecin", "pin.state", "full"},
		{"code-bloque", "pin.state", "blocked"},
		{"un-essai", "pin.state", "last-try"},
		{"sans-contact", "pin.state", "unknown"},
		{"medecin", "identifier.valid", "valid"},
		{"employe-etablissement", "identifier.valid", "valid"},
		{"cle-fausse", "identifier.valid", "luhn"},
		{"medecin", "identifier.sources", "agree"},
		{"sans-certificat", "identifier.sources", "one"},
		{"sources-discordantes", "identifier.sources", "disagree"},
	} {
		for _, goos := range systems {
			if f := judge(t, with(t, goos, tt.card, virtualcard.Faults{}), tt.code); f.Outcome != tt.want {
				t.Errorf("%s, %s: %+v, want %s", tt.card, goos, f, tt.want)
			}
		}
	}
}

// described makes a card of a shipped one, changed.
func described(t *testing.T, change func(*virtualcard.Description)) *imagined.Workstation {
	t.Helper()
	d, err := virtualcard.Shipped("medecin")
	if err != nil {
		t.Fatal(err)
	}
	change(&d)
	card, err := virtualcard.New(d, cardtest.Today, virtualcard.Faults{})
	if err != nil {
		t.Fatal(err)
	}
	w := ready("linux")
	w.Source.(*cardreader.Virtual).Insert(slot, card)
	return w
}

func TestCardsOfNoShelf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		code   diagnostic.Code
		want   string
		change func(*virtualcard.Description)
	}{
		"real": {"card.test", "real", func(d *virtualcard.Description) {
			// A number of no test range, and nobody's.
			d.Category, d.Identifier, d.Certificates.None = 0, "810000000009", true
		}},
		"two tries":     {"pin.state", "low", func(d *virtualcard.Description) { d.PIN.TriesLeft = 2 }},
		"too short":     {"identifier.valid", "malformed", func(d *virtualcard.Description) { d.Identifier = "89970021889" }},
		"ADELI":         {"identifier.valid", "unverifiable", func(d *virtualcard.Description) { d.Identifier = "00B7010446" }},
		"no identifier": {"identifier.valid", "absent", func(d *virtualcard.Description) { d.Identifier, d.Certificates.None = "", true }},
		"blocked, employee": {"pin.state", "blocked", func(d *virtualcard.Description) {
			d.Type, d.PIN.TriesLeft = 3, 0
		}},
	} {
		if f := judge(t, described(t, tt.change), tt.code); f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
	}
}
