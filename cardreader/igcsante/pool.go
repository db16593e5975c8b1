package igcsante

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Files gives the files of a workstation by absolute path, in the form of its
// system.
type Files interface {
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error)
	Open(name string) (fs.File, error)
}

// Workstation is the Files of the workstation that the program runs on.
type Workstation struct{}

// ReadDir implements Files.
func (Workstation) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Stat implements Files.
func (Workstation) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Open implements Files.
func (Workstation) Open(name string) (fs.File, error) { return os.Open(name) }

// Store is a kind of place that holds certificates of authorities.
type Store string

// Stores.
const (
	Coffre  Store = "cryptolib-coffre" // of ANS's Cryptolib CPS
	System  Store = "system"           // of the operating system
	Firefox Store = "firefox"          // of its profiles
)

// State is what became of a place.
type State string

// States of a place.
const (
	Read        State = "read"
	Absent      State = "absent"        // there is no such folder: a fact, not an error
	Unreadable  State = "unreadable"    // Err says why
	NotReadHere State = "not-read-here" // this program has no means to read it; Err says why
)

// Reasons why a place is not read here.
var (
	ErrNSSDatabase = errors.New("the store of Firefox (cert9.db) is a database that is not read here")
	ErrSystemStore = errors.New("the certificate store of this system is not read here")
)

// Place is where certificates may be, and after Collect what was found there.
type Place struct {
	Store  Store
	Folder string
	// Certificates, when set, gives the certificates in place of the folder,
	// each in DER: the way into the stores of Windows and macOS.
	Certificates func(context.Context) ([][]byte, error)

	State State
	Err   error
	Found int // certificates read there, duplicates included
	// Refused are the files of the folder that hold no certificate, or that
	// could not be read: path and reason.
	Refused []error
}

// Places lists where certificates of authorities are kept on that system
// ("windows", "darwin", "linux" …: the values of GOOS). env gives environment
// variables. The stores of Windows, macOS and Firefox are listed as not read.
func Places(goos string, env func(string) string) []Place {
	folders := func(store Store, names ...string) (all []Place) {
		for _, name := range names {
			all = append(all, Place{Store: store, Folder: name})
		}
		return all
	}
	var all []Place
	switch goos {
	case "windows":
		common := env("ALLUSERSPROFILE")
		if common == "" {
			common = `C:\ProgramData`
		}
		all = append(folders(Coffre, common+`\santesocial\CPS\coffre`), Place{Store: System, State: NotReadHere, Err: ErrSystemStore})
	case "darwin":
		all = append(folders(Coffre, "/Library/Preferences/santesocial/CPS/Coffre", "/Library/Preferences/santesocial/CPS"),
			Place{Store: System, State: NotReadHere, Err: ErrSystemStore})
	default:
		all = append(folders(Coffre, "/etc/opt/santesocial/CPS/Coffre"), folders(System,
			"/etc/ssl/certs", "/usr/local/share/ca-certificates", // Debian
			"/etc/pki/ca-trust/source/anchors", "/etc/pki/tls/certs", // Fedora
			"/etc/pki/trust/anchors", // SUSE
		)...)
	}
	return append(all, Place{Store: Firefox, State: NotReadHere, Err: ErrNSSDatabase})
}

// Bounds on what is read: a folder that anyone may write to (the Coffre is one
// on Linux) must not cost more than this.
const (
	maxFile         = 1 << 20  // bytes of a file; the bundle of a Linux system has some 250 kB
	maxCertificate  = 64 << 10 // bytes of a certificate
	maxEntries      = 4096     // of a folder
	maxCertificates = 8192     // of a pool
)

// Found is one certificate of an authority that is on the workstation.
type Found struct {
	Certificate *x509.Certificate
	SHA256      string
	// Authority is the one of IGC-Santé that it is, by its fingerprint; nil
	// for every other, which nothing here trusts.
	Authority *Authority
	Where     []string // files, or the names of stores
}

// Pool holds the certificates of authorities found on a workstation. The nil
// Pool is empty.
type Pool struct {
	places []Place
	found  []*Found
	byHash map[[sha256.Size]byte]*Found
}

// NewPool makes a pool of certificates in DER that come from where.
func NewPool(where string, certificates ...[]byte) *Pool {
	p := &Pool{byHash: make(map[[sha256.Size]byte]*Found)}
	for _, der := range certificates {
		p.add(der, where)
	}
	return p
}

// Collect reads the certificates of all places. It never fails: what became of
// each place is in Places. When ctx ends, the places left are unreadable with
// its error.
func Collect(ctx context.Context, files Files, places []Place) *Pool {
	p := NewPool("")
	p.places = slices.Clone(places)
	for i := range p.places {
		place := &p.places[i]
		switch {
		case ctx.Err() != nil:
			place.State, place.Err = Unreadable, ctx.Err()
		case place.Certificates != nil:
			p.readStore(ctx, place)
		case place.State != NotReadHere:
			p.readFolder(ctx, files, place)
		}
	}
	return p
}

// Places tells what was found where.
func (p *Pool) Places() []Place {
	if p == nil {
		return nil
	}
	return slices.Clone(p.places)
}

// Found lists the certificates in the order they were found.
func (p *Pool) Found() []Found {
	if p == nil {
		return nil
	}
	all := make([]Found, len(p.found))
	for i, f := range p.found {
		all[i] = *f
	}
	return all
}

func (p *Pool) readStore(ctx context.Context, place *Place) {
	certificates, err := place.Certificates(ctx)
	if err != nil {
		place.State, place.Err = Unreadable, err
		return
	}
	place.State, place.Err = Read, nil
	for _, der := range certificates {
		if err := p.add(der, string(place.Store)); err != nil {
			place.Refused = append(place.Refused, err)
			continue
		}
		place.Found++
	}
}

func (p *Pool) readFolder(ctx context.Context, files Files, place *Place) {
	entries, err := files.ReadDir(place.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		place.State = Absent
		return
	}
	if err != nil {
		place.State, place.Err = Unreadable, err
		return
	}
	place.State = Read
	for i, entry := range entries {
		if i == maxEntries {
			place.Refused = append(place.Refused, fmt.Errorf("%s: only the first %d files were looked at", place.Folder, maxEntries))
			return
		}
		if ctx.Err() != nil {
			place.State, place.Err = Unreadable, ctx.Err()
			return
		}
		switch strings.ToLower(path.Ext(entry.Name())) {
		case ".cer", ".crt", ".pem":
		default:
			continue
		}
		name := join(place.Folder, entry.Name())
		n, err := p.readFile(files, name)
		place.Found += n
		if err != nil {
			place.Refused = append(place.Refused, fmt.Errorf("%s: %w", name, err))
		}
	}
}

// join adds a file name to a folder in the form of the folder's system.
func join(folder, name string) string {
	if strings.Contains(folder, `\`) {
		return folder + `\` + name
	}
	return path.Join(folder, name)
}

// readFile adds the certificates of one file, in DER or PEM, and counts them.
func (p *Pool) readFile(files Files, name string) (n int, err error) {
	// A named pipe would keep Open waiting.
	info, err := files.Stat(name)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("not a file")
	}
	if info.Size() > maxFile {
		return 0, fmt.Errorf("%d bytes, more than %d", info.Size(), maxFile)
	}
	f, err := files.Open(name)
	if err != nil {
		return 0, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return 0, err
	}
	if !bytes.Contains(content, []byte("-----BEGIN ")) {
		if err := p.add(content, name); err != nil {
			return 0, err
		}
		return 1, nil
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		if addErr := p.add(block.Bytes, name); addErr == nil {
			n++
		} else if err == nil {
			err = addErr
		}
	}
	if n == 0 && err == nil {
		err = errors.New("no certificate in it")
	}
	return n, err
}

// add takes one certificate, once.
func (p *Pool) add(der []byte, where string) error {
	if len(der) > maxCertificate {
		return fmt.Errorf("certificate of %d bytes, more than %d", len(der), maxCertificate)
	}
	hash := sha256.Sum256(der)
	if f, ok := p.byHash[hash]; ok {
		if !slices.Contains(f.Where, where) {
			f.Where = append(f.Where, where)
		}
		return nil
	}
	if len(p.found) >= maxCertificates {
		return fmt.Errorf("more than %d certificates", maxCertificates)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	f := &Found{Certificate: certificate, SHA256: upperHex(hash[:]), Where: []string{where}}
	if a, ok := AuthorityBySHA256(f.SHA256); ok {
		f.Authority = &a
	}
	p.found, p.byHash[hash] = append(p.found, f), f
	return nil
}
