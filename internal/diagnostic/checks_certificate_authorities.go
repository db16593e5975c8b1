package diagnostic

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
)

var authorityChecks = []Check{
	{
		Code: "roots.installed", Group: GroupCertificates, After: []Code{"cryptolib.installed"},
		Outcomes: map[string]Outcome{
			"complete": ok(),
			// On Linux the module uses its own, and browsers have theirs.
			"coffre":         ok(),
			"missing":        warning("igc-sante-chain", "cryptolib", "igc-sante"),
			"coffre-missing": warning("cryptolib", "igc-sante-chain"),
			"unseen":         untold("igc-sante"),
		},
		Run: lookForAuthorities,
	},
	{
		Code: "roots.old", Group: GroupCertificates, After: []Code{"system.clock"},
		Outcomes: map[string]Outcome{
			"none":   ok(),
			"left":   advice(),
			"unseen": untold(),
		},
		Run: lookForOldAuthorities,
	},
}

// authorities are the certificates of authorities on the workstation.
type authorities struct {
	pool *igcsante.Pool
	// system and coffre hold, by SHA-256, those of IGC-Santé that are in the
	// stores of the system and in the Cryptolib's folder of authorities.
	system, coffre map[string]bool
	// systemErr and coffreErr are why one of them could not be read.
	systemErr, coffreErr error
}

// gatherAuthorities reads the stores of the system and the Coffre of the
// Cryptolib.
func gatherAuthorities(ctx context.Context, s *Session) authorities {
	places := []igcsante.Place{{Store: igcsante.System, Certificates: func(ctx context.Context) ([][]byte, error) {
		roots, err := s.Certificates(ctx, Roots)
		if err != nil || s.GOOS() != "windows" && s.GOOS() != "darwin" {
			return roots, err
		}
		intermediates, err := s.Certificates(ctx, Intermediates)
		return slices.Concat(roots, intermediates), err
	}}}
	for _, p := range igcsante.Places(s.GOOS(), s.Getenv) {
		if p.Store == igcsante.Coffre {
			places = append(places, p)
		}
	}
	a := authorities{pool: igcsante.Collect(ctx, hostFiles{s.Environment}, places), system: map[string]bool{}, coffre: map[string]bool{}}
	for _, p := range a.pool.Places() {
		switch {
		case p.State != igcsante.Unreadable:
		case p.Store == igcsante.System:
			a.systemErr = p.Err
		default:
			a.coffreErr = p.Err
		}
	}
	for _, f := range a.pool.Found() {
		for _, where := range f.Where {
			if where == string(igcsante.System) {
				a.system[f.SHA256] = true
			} else {
				a.coffre[f.SHA256] = true
			}
		}
	}
	return a
}

// lacks lists the authorities of IGC-Santé that are not among these.
func lacks(there map[string]bool) []Fact {
	var facts []Fact
	for _, a := range igcsante.Authorities() {
		if !there[a.SHA256] {
			facts = append(facts, local("authority", a.CommonName))
		}
	}
	return facts
}

func lookForAuthorities(ctx context.Context, s *Session) Result {
	a := gatherAuthorities(ctx, s)
	missing := lacks(a.system)
	switch {
	case len(missing) == 0:
		return Result{Outcome: "complete"}
	case s.GOOS() != "windows" && s.GOOS() != "darwin":
		return judgeCoffre(s, a)
	case a.systemErr != nil:
		return Result{Outcome: "unseen", Facts: unseen(a.systemErr, local)}
	case s.GOOS() == "windows" && s.wrong("cryptolib.installed"):
		return Result{Because: "cryptolib.installed"} // its installer brings them
	}
	return Result{Outcome: "missing", Facts: missing}
}

// judgeCoffre is for Linux, where the Cryptolib puts the authorities in a
// folder of its own and nothing puts them in the store of the system.
func judgeCoffre(s *Session, a authorities) Result {
	missing := lacks(a.coffre)
	switch {
	case len(missing) == 0:
		return Result{Outcome: "coffre"}
	case s.wrong("cryptolib.installed"):
		return Result{Because: "cryptolib.installed"}
	case a.coffreErr != nil:
		return Result{Outcome: "unseen", Facts: unseen(a.coffreErr, local)}
	}
	return Result{Outcome: "coffre-missing", Facts: missing}
}

// oldNames are what the names of the authorities before IGC-Santé hold: those
// of the GIP "CPS" and of the IGC-CPS2bis, all expired by 2020. The installer
// of the Cryptolib CPS takes them away.
var oldNames = []string{"GIP-CPS", "CPS2BIS"}

func lookForOldAuthorities(ctx context.Context, s *Session) Result {
	var left []Fact
	for _, store := range []Store{Roots, Intermediates} {
		if store == Intermediates && s.GOOS() == "linux" {
			continue // the same set
		}
		certificates, err := s.Certificates(ctx, store)
		if err != nil {
			return Result{Outcome: "unseen", Facts: unseen(err, local)}
		}
		left = append(left, oldAuthorities(certificates, s.Now())...)
	}
	if len(left) == 0 {
		return Result{Outcome: "none"}
	}
	// A clock that is wrong makes valid certificates look expired.
	if clockDoubtful(s) {
		return Result{Because: "system.clock"}
	}
	return Result{Outcome: "left", Facts: left}
}

func oldAuthorities(certificates [][]byte, now time.Time) []Fact {
	var left []Fact
	for _, f := range igcsante.NewPool("", certificates...).Found() {
		c := f.Certificate
		if f.Authority != nil || !c.IsCA && c.Version == 3 || now.Before(c.NotAfter) {
			continue
		}
		name, attributes := igcsante.DN(c.RawSubject)
		old := slices.ContainsFunc(attributes, func(a igcsante.Attribute) bool {
			return slices.ContainsFunc(oldNames, func(n string) bool { return strings.Contains(strings.ToUpper(a.Value), n) })
		})
		if fact := public("oldAuthority", name); old && !slices.Contains(left, fact) {
			left = append(left, fact)
		}
	}
	return left
}

// hostFiles are the files of the workstation as package igcsante reads them.
type hostFiles struct{ host pkcs11.Host }

func (h hostFiles) Stat(name string) (fs.FileInfo, error) { return h.host.Stat(name) }

func (h hostFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	names, err := h.host.ReadDir(name)
	var entries []fs.DirEntry
	for _, n := range names {
		entries = append(entries, fileName(n))
	}
	return entries, err
}

func (h hostFiles) Open(name string) (fs.File, error) {
	source, err := h.host.Open(name)
	if err != nil {
		return nil, err
	}
	return &hostFile{io.NewSectionReader(source, 0, source.Size()), source}, nil
}

// fileName is the entry of a folder of which only the name is known.
type fileName string

func (n fileName) Name() string               { return string(n) }
func (n fileName) IsDir() bool                { return false }
func (n fileName) Type() fs.FileMode          { return 0 }
func (n fileName) Info() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

type hostFile struct {
	*io.SectionReader
	source io.Closer
}

func (f *hostFile) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }
func (f *hostFile) Close() error               { return f.source.Close() }
