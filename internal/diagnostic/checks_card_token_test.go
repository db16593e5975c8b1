package diagnostic_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"postecpx/cardreader/pcsc"
	"postecpx/cardreader/pkcs11"
	"postecpx/cardreader/virtualcard"
	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
)

const listSmartcards = "security list-smartcards"

// A token driver of macOS has the card: nothing is to be blamed, and nothing
// that needs the card to be read is told.
func TestHeldByToken(t *testing.T) {
	t.Parallel()
	listed := func(w *imagined.Workstation) { w.Commands[listSmartcards] = "fr.asip.esante.CPSToken:80250000019\n" }
	shown := func(w *imagined.Workstation) {
		p := cryptolibOf("darwin")
		p.Slots = []pkcs11.Slot{{Description: slot, Token: &pkcs11.Token{Objects: []pkcs11.Object{{Class: "certificate"}}}}}
		w.Probes = []pkcs11.Probe{p}
	}
	empty := func(w *imagined.Workstation) { w.Probes = []pkcs11.Probe{cryptolibOf("darwin")} }
	another := func(w *imagined.Workstation) {
		source := w.Source.(imagined.PCSC)
		source.Found = append(source.Found, pcsc.Reader{Name: "Another 00 00", ATR: cps3ATR, Present: true})
		w.Source = source
	}
	const held = "held-by-token"
	for name, tt := range map[string]struct {
		goos string
		kind pcsc.Kind
		set  func(*imagined.Workstation)
		want string
	}{
		"not transacted":      {"darwin", pcsc.ErrMute, listed, held},
		"exclusive":           {"darwin", pcsc.ErrBusy, listed, held},
		"reset again":         {"darwin", pcsc.ErrReset, listed, held},
		"waits":               {"darwin", pcsc.ErrTimeout, listed, held},
		"whatever":            {"darwin", pcsc.ErrOther, listed, held},
		"shown by a module":   {"darwin", pcsc.ErrMute, shown, held},
		"no token":            {"darwin", pcsc.ErrMute, empty, "mute"},
		"of another reader":   {"darwin", pcsc.ErrMute, all(listed, another), "mute"},
		"not told":            {"darwin", pcsc.ErrMute, func(w *imagined.Workstation) { w.Errs["Command"] = pcsc.ErrOther }, "mute"},
		"taken out":           {"darwin", pcsc.ErrRemoved, listed, "removed-early"},
		"refused":             {"darwin", pcsc.ErrAccess, listed, "refused"},
		"Windows has no such": {"windows", pcsc.ErrMute, shown, "mute"},
	} {
		w := answering(tt.goos, cps3ATR, pcscError(tt.kind))
		tt.set(w)
		if f := judge(t, w, "card.readable", diagnostic.Options{Reader: slot}); f.Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", name, f, tt.want)
		}
	}

	w := installed(answering("darwin", cps3ATR, pcscError(pcsc.ErrMute)))
	w.Folder(macLibrary, 0o755)
	listed(w)
	d, err := diagnostic.Run(t.Context(), w, diagnostic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d.Findings {
		if f.Because != "" && f.Because != "system.clock" && f.Group != diagnostic.GroupNetwork || f.Status == diagnostic.Crashed || f.Status == diagnostic.Error {
			t.Errorf("%s %s.%s because of %q", f.Status, f.Code, f.Outcome, f.Because)
		}
	}
	for _, code := range []diagnostic.Code{
		"card.readable", "card.family", "card.expiry", "card.test", "card.interface", "pin.state", "identifier.valid", "identifier.sources", "cryptolib.agrees",
	} {
		if f, _ := d.Finding(code); f.Outcome != held || f.Status != diagnostic.Skipped {
			t.Errorf("%s: %s %s", code, f.Status, f.Outcome)
		}
	}
	if f, _ := d.Finding("certificates.token"); f.Status != diagnostic.OK {
		t.Errorf("certificates.token: %s %s", f.Status, f.Outcome)
	}
}

// A card that falls silent is told of soon; one that is slow is read.
func TestSilentCard(t *testing.T) {
	for name, tt := range map[string]struct {
		faults virtualcard.Faults
		want   string
		within time.Duration
	}{
		"silent from the first command": {virtualcard.Faults{MuteAt: 2}, "slow", 5 * time.Second},
		"silent on the way":             {virtualcard.Faults{MuteAt: 20}, "slow", 5 * time.Second},
		"slow":                          {virtualcard.Faults{Delay: 250 * time.Millisecond}, "answers", 14 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := with(t, "linux", "medecin", tt.faults)
			w.File(linuxLibrary, "")
			began := time.Now()
			d, err := diagnostic.Run(context.Background(), w, diagnostic.Options{Only: []diagnostic.Code{"card.readable"}})
			if err != nil {
				t.Fatal(err)
			}
			f, _ := d.Finding("card.readable")
			if took := time.Since(began); f.Outcome != tt.want || took > tt.within {
				t.Errorf("%s: %s after %v, want %s within %v (%v)", name, f.Outcome, took, tt.want, tt.within, f.Facts)
			}
		})
	}
}

// surveyed notes how long the modules are given.
type surveyed struct {
	*imagined.Workstation
	whole *time.Duration
}

func (s surveyed) Survey(ctx context.Context, paths []string, o pkcs11.Options) ([]pkcs11.Probe, []error) {
	*s.whole = o.Limits.Whole
	return s.Workstation.Survey(ctx, paths, o)
}

// Beside a card that fell silent, the modules are not waited for as long: what
// they come to is because of the card.
func TestModulesBesideASilentCard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		goos string
		kind pcsc.Kind
		want time.Duration
	}{
		"silent":            {"linux", pcsc.ErrTimeout, 6 * time.Second},
		"silent, Windows":   {"windows", pcsc.ErrTimeout, 6 * time.Second},
		"perhaps a token's": {"darwin", pcsc.ErrTimeout, 12 * time.Second},
		"taken out":         {"linux", pcsc.ErrRemoved, 12 * time.Second},
	} {
		w := installed(answering(tt.goos, cps3ATR, pcscError(tt.kind)))
		w.File(linuxLibrary, "").Folder(macLibrary, 0o755).File(windowsLibrary, "")
		w.Probes[0].Status = pkcs11.TimedOut
		var whole time.Duration
		d, err := diagnostic.Run(t.Context(), surveyed{w, &whole}, diagnostic.Options{Only: []diagnostic.Code{"cryptolib.loads"}})
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := d.Finding("cryptolib.loads"); whole != tt.want || f.Because != "card.readable" {
			t.Errorf("%s: %v, want %v; %s because of %q", name, whole, tt.want, f.Outcome, f.Because)
		}
	}
}
