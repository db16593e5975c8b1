package pkcs11

import (
	"context"
	"path/filepath"
	"sync"
	"time"
)

// Options say what a probe reads beyond the module, its slots and tokens. A
// probe never logs in, whatever they say.
type Options struct {
	Mechanisms bool `json:"mechanisms"`
	// Objects reads the objects that are seen without a login.
	Objects bool `json:"objects"`
	// Values reads, of those, the bytes of certificates and data objects.
	Values bool   `json:"values"`
	Limits Limits `json:"-"`
}

// Everything reads all that is seen without a login.
func Everything() Options { return Options{Mechanisms: true, Objects: true, Values: true} }

// ProbeModule asks one module, in a child process of exe, all that o names. It
// always comes back, at the latest when a limit of o or ctx ends: whatever went
// wrong is in the result, with what was learned before.
//
// A file whose Status is not OK is not loaded: the result has its Status.
func ProbeModule(ctx context.Context, exe Executable, m Module, f File, o Options) Probe {
	began := time.Now()
	p := Probe{Module: m, File: f, Status: f.Status, Detail: f.Detail}
	if f.Status == OK {
		p.load(ctx, exe, o)
	}
	p.Duration = time.Since(began)
	return p
}

func (p *Probe) load(ctx context.Context, exe Executable, o Options) {
	request := WorkerRequest{Module: p.Module.Path, Family: p.Module.Family, Probe: &o}
	end := exe.run(ctx, errand{request: request, limits: o.Limits, keepStderr: true}, func(line WorkerLine) {
		switch {
		case line.Info != nil:
			p.Info = *line.Info
		case line.Slot != nil && line.Slot.Index == len(p.Slots):
			p.Slots = append(p.Slots, line.Slot.Slot)
		case line.Slot != nil && line.Slot.Index >= 0 && line.Slot.Index < len(p.Slots):
			p.Slots[line.Slot.Index] = line.Slot.Slot
		}
	})
	p.Status, p.Call, p.Code, p.Detail = end.Status, end.Call, end.Code, end.Detail
}

// ProbeAll asks all modules side by side, so that it takes as long as the
// slowest. files are what their files say, in the same order. A path that is
// there twice is asked once. The results have the order of the modules.
func ProbeAll(ctx context.Context, exe Executable, modules []Module, files []File, o Options) []Probe {
	probes := make([]Probe, len(modules))
	same := make([]int, len(modules)) // where the same path stands first
	first := map[string]int{}
	var all sync.WaitGroup
	for i, m := range modules {
		path := filepath.Clean(m.Path)
		if at, ok := first[path]; ok {
			same[i] = at
			continue
		}
		first[path], same[i] = i, i
		all.Go(func() {
			// No file is the answer of a caller that did not look: it is said so.
			f := File{Status: Unreadable, Detail: "the file was not looked at"}
			if i < len(files) {
				f = files[i]
			}
			probes[i] = ProbeModule(ctx, exe, m, f, o)
		})
	}
	all.Wait()
	for i, at := range same {
		if at != i {
			probes[i] = probes[at]
			probes[i].Module = modules[i]
		}
	}
	return probes
}
