package ui

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/iso7816"
	"postecpx/cardreader/trace"
	"postecpx/cardreader/virtualcard"
	"postecpx/cardreader/virtualcard/cardtest"
	"postecpx/internal/language"
)

// toolBench is a fakeBench with the tools for editors.
type toolBench struct {
	fakeBench
	recording  trace.Recording
	traceErr   error
	traced     []string
	files      []TraceFile
	saveErr    error
	orders     []SimulateOrder
	simulation Simulation
	simErr     error
	in         bool // it says that the card is in
	taken      bool
}

func (b *toolBench) VirtualCards() []VirtualCard {
	return []VirtualCard{
		{"expiree", map[string]string{"fr": "Une carte périmée", "en": "An expired card"}},
		{"medecin", map[string]string{"fr": "Une médecin " + hostile, "en": "A physician " + hostile}},
	}
}

func (b *toolBench) Simulate(ctx context.Context, order SimulateOrder, inserted func()) (Simulation, error) {
	b.orders = append(b.orders, order)
	if b.in {
		inserted()
	}
	if b.during != nil {
		b.during()
	}
	b.taken = ctx.Err() != nil
	return b.simulation, b.simErr
}

func (b *toolBench) Trace(_ context.Context, reader string) (trace.Recording, error) {
	b.traced = append(b.traced, reader)
	if b.during != nil {
		b.during()
	}
	return b.recording, b.traceErr
}

func (b *toolBench) TraceFolders() []string { return []string{"/home/camille/Documents"} }

func (b *toolBench) SaveTrace(f TraceFile) error {
	b.files = append(b.files, f)
	if f.Replace {
		return nil
	}
	return b.saveErr
}

// recorded is a reading of a shipped card, with a clock of its own.
func recorded(t *testing.T) trace.Recording {
	t.Helper()
	clock := cardtest.Today
	recorder := trace.NewRecorder(func() time.Time { clock = clock.Add(time.Millisecond); return clock })
	card := cardtest.New(t, "medecin", cardtest.Today, virtualcard.Faults{})
	if _, err := cps.Read(context.Background(), recordedCard{recorder.Transmitter(card)}, card.ATR(), cps.Options{Depth: cps.IdentifierOnly}); err != nil {
		t.Fatal(err)
	}
	return recorder.Recording()
}

type recordedCard struct{ t iso7816.Transmitter }

func (c recordedCard) Transaction(_ context.Context, do func(iso7816.Transmitter) error) error {
	return do(c.t)
}

func openTools(t *testing.T, tag string, bench *toolBench) (w *Window, work *[]func()) {
	t.Helper()
	s, err := language.New(tag)
	if err != nil {
		t.Fatal(err)
	}
	w = New(test.NewTempApp(t), s, Options{Now: today, Workbench: bench, Later: func(time.Duration, func()) {}})
	t.Cleanup(w.Close)
	work = new([]func())
	makeAll(w)
	w.integration.spawn = func(do func()) { *work = append(*work, do) }
	w.integration.post = func(do func()) { do() }
	w.integration.desk.choosePath = func(name string, folders []string, chosen func(string)) { chosen(folders[0] + "/" + name) }
	w.Open()
	w.shortcuts[len(w.shortcuts)-1].do()
	wrap(w)
	return w, work
}

var toolStates = []struct {
	name     string
	snapshot cardreader.Snapshot
	bench    toolBench
	then     func(w *Window, work *[]func())
	says     []string
}{
	{name: "nothing", snapshot: one(cardreader.NoCard), says: []string{"Aucune carte virtuelle n'est en place", "Aucune carte CPx n'est dans le lecteur"}},
	{name: "simulated", snapshot: read(), bench: toolBench{in: true},
		then: func(w *Window, work *[]func()) { // it stays in
			w.integration.virtual.Put()
			w.integration.virtual.in = true
			w.integration.update()
		}, says: []string{"La carte est dans le lecteur virtuel", "Retirer la carte"}},
	{name: "no-virtual-reader", snapshot: read(), bench: toolBench{simErr: ErrNoVirtualReader},
		then: func(w *Window, work *[]func()) { w.integration.virtual.Put(); finish(work) },
		says: []string{"Aucun lecteur virtuel n'est sur ce poste", "vsmartcard-vpcd"}},
	{name: "removed", snapshot: read(), bench: toolBench{simulation: Simulation{Exchanges: 5, Removed: true}},
		then: func(w *Window, work *[]func()) { w.integration.virtual.Put(); finish(work) },
		says: []string{"retirée par le défaut choisi", "Échanges : 5"}},
	{name: "recorded", snapshot: read(),
		then: func(w *Window, work *[]func()) { w.integration.exchanges.Record(); finish(work) },
		says: []string{"échanges enregistrés", "EF.ODF (3F0000015031)", "6116 22 octets de plus à prendre", "XXXXXXXX"}},
	{name: "recorded-unmasked", snapshot: read(),
		then: func(w *Window, work *[]func()) {
			w.integration.exchanges.Record()
			finish(work)
			w.integration.exchanges.unmask.SetChecked(true)
		}, says: []string{"Ces échanges contiennent l'identité", "38393937303032313838"}},
	{name: "recording-failed", snapshot: one(cardreader.Unreadable), bench: toolBench{traceErr: errors.New(hostile)},
		then: func(w *Window, work *[]func()) { w.integration.exchanges.Record(); finish(work) },
		says: []string{"La lecture s'est arrêtée après"}},
	{name: "recording", snapshot: read(), then: func(w *Window, _ *[]func()) { w.integration.exchanges.Record() },
		says: []string{"Lecture en cours"}},
}

func showTools(t *testing.T, tag, name string) *Window {
	t.Helper()
	for _, st := range toolStates {
		if st.name != name {
			continue
		}
		bench := st.bench
		bench.recording = recorded(t)
		w, work := openTools(t, tag, &bench)
		w.Show(st.snapshot)
		if st.then != nil {
			st.then(w, work)
		}
		unfold(w)
		wrap(w)
		return w
	}
	t.Fatalf("there is no state %q", name)
	return nil
}

func TestToolScreens(t *testing.T) {
	for _, st := range toolStates {
		t.Run(st.name, func(t *testing.T) {
			w := showTools(t, "fr", st.name)
			got := test.RenderObjectToMarkup(w.integration.content)
			path := filepath.Join("testdata", "integration-tools-"+st.name+".xml")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s differs (-update writes it anew):\n%s", path, d)
			}
			for _, says := range st.says {
				if said := words(w); !strings.Contains(said, says) {
					t.Errorf("%q is not said:\n%s", says, said)
				}
			}
		})
	}
}

func TestToolsSpeakAndStayInside(t *testing.T) {
	hole := regexp.MustCompile(`^(integration|trace)(\.[a-z0-9-]+)+$`)
	for _, tag := range language.Supported {
		for _, st := range toolStates {
			t.Run(tag+"/"+st.name, func(t *testing.T) {
				w := showTools(t, tag, st.name)
				for _, l := range strings.Split(words(w), "\n") {
					if strings.Contains(l, "<no value>") || strings.Contains(l, "{{") || hole.MatchString(l) || strings.ContainsAny(l, "\x1b\x07\u202e\u2066\r") {
						t.Errorf("a hole, or not inert: %q", l)
					}
				}
				staysInside(t, w)
				fitsNarrow(t, w, &w.integration.pane)
			})
		}
	}
}

// TestVirtualCardIsPutAndTaken: the one that was chosen, once, until it is
// taken out.
func TestVirtualCardIsPutAndTaken(t *testing.T) {
	bench := &toolBench{in: true}
	w, work := openTools(t, "fr", bench)
	v := w.integration.virtual
	if v.card.SelectedIndex() != 1 {
		t.Errorf("the card offered first is %q", v.card.Selected)
	}
	v.card.SetSelectedIndex(0)
	v.fault.SetSelectedIndex(1)
	test.Tap(v.put)
	test.Tap(v.put)
	if len(*work) != 1 || !v.takeBox.Visible() || v.putBox.Visible() {
		t.Fatalf("%d cards under way", len(*work))
	}
	bench.during = func() {
		if !v.in {
			t.Error("it is not said to be in")
		}
		test.Tap(v.take)
		test.Tap(v.take)
	}
	finish(work)
	if !bench.taken || v.underWay || !slices.Equal(bench.orders, []SimulateOrder{{"expiree", FaultRemoved}}) {
		t.Errorf("taken %v, under way %v, orders %v", bench.taken, v.underWay, bench.orders)
	}
	bench.simErr, bench.during = errors.New("broken"), nil
	v.Put()
	finish(work)
	unfold(w)
	if got := words(w); !strings.Contains(got, "broken") {
		t.Errorf("the failure is not said:\n%s", got)
	}
}

// TestExchangesAreSaved: masked unless asked for, and over a file only with a
// yes.
func TestExchangesAreSaved(t *testing.T) {
	bench := &toolBench{recording: recorded(t), saveErr: fs.ErrExist}
	w, work := openTools(t, "fr", bench)
	w.Show(read())
	x := w.integration.exchanges
	x.Save()
	x.Record()
	x.Record()
	w.integration.Examine()
	if x.record.Disabled() {
		t.Error("the button that was pressed loses the keyboard")
	}
	if len(*work) != 1 {
		t.Fatalf("%d pieces of work at a time", len(*work))
	}
	finish(work)
	if !slices.Equal(bench.traced, []string{readerName}) {
		t.Errorf("recorded in %q", bench.traced)
	}
	answer := false
	w.integration.desk.confirm = func(_, question, _, _ string, answered func(bool)) {
		if !strings.Contains(question, "/home/camille/Documents/echanges-cpx-2026-11-23.") {
			t.Errorf("asked %q", question)
		}
		answered(answer)
	}
	test.Tap(x.save)
	finish(work)
	if len(bench.files) != 1 || bench.files[0].Form != Text || !bench.files[0].Document.Masked {
		t.Fatalf("saved %+v", bench.files)
	}
	answer = true
	x.form.SetSelectedIndex(1)
	x.unmask.SetChecked(true)
	test.Tap(x.save)
	for len(*work) > 0 { // the answer brings more
		do := (*work)[0]
		*work = (*work)[1:]
		do()
	}
	if len(bench.files) != 3 {
		t.Fatalf("saved %d times", len(bench.files))
	}
	if f := bench.files[2]; f.Form != JSON || f.Document.Masked || !f.Replace {
		t.Errorf("saved %+v", f)
	}
	unfold(w)
	if got := words(w); !strings.Contains(got, "Les échanges sont enregistrés") {
		t.Errorf("not said:\n%s", got)
	}
	bench.saveErr = errors.New("disk full")
	test.Tap(x.save)
	finish(work)
	unfold(w)
	if got := words(w); !strings.Contains(got, "disk full") {
		t.Errorf("not said:\n%s", got)
	}
}

// TestRecordingLeavesWithTheCard: what was recorded, and the wish to see it,
// stay no longer than the card.
func TestRecordingLeavesWithTheCard(t *testing.T) {
	bench := &toolBench{recording: recorded(t)}
	w, work := openTools(t, "fr", bench)
	x := w.integration.exchanges
	record := func() {
		t.Helper()
		x.Record()
		finish(work)
		x.unmask.SetChecked(true)
		if x.recording == nil {
			t.Fatal("nothing was recorded")
		}
	}
	w.Show(one(cardreader.NoCard))
	x.Record()
	if len(*work) != 0 {
		t.Error("recorded without a card")
	}
	w.Show(read())
	record()
	w.Show(one(cardreader.Reading))
	w.Show(read())
	if x.recording == nil {
		t.Error("the same card made it forget")
	}
	w.Show(read(func(c *cps.Card) { c.Number = "2900999998" }))
	if x.recording != nil || x.unmask.Checked || x.kept.Visible() {
		t.Error("it stays with another card")
	}
	record()
	w.Show(one(cardreader.NoCard))
	if x.recording != nil || len(x.list.Objects) > 0 {
		t.Error("it stays without a card")
	}
	w.Show(read())
	bench.during = func() { w.Show(one(cardreader.NoCard)) }
	x.Record()
	finish(work)
	if x.recording != nil {
		t.Error("it stays after a card that left meanwhile")
	}
}
