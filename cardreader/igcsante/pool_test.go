package igcsante

import (
	"context"
	"encoding/pem"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// disk is a workstation's files in memory, by absolute path.
type disk struct{ files fstest.MapFS }

func (d disk) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "/forbidden" {
		return nil, fs.ErrPermission
	}
	return d.files.ReadDir(strings.TrimPrefix(name, "/"))
}
func (d disk) Stat(name string) (fs.FileInfo, error) {
	return d.files.Stat(strings.TrimPrefix(name, "/"))
}
func (d disk) Open(name string) (fs.File, error) { return d.files.Open(strings.TrimPrefix(name, "/")) }

func TestCollect(t *testing.T) {
	t.Parallel()
	k := testKeys()
	one := newAuthority(t, rawName(t, rdn(oidCN, "UN")), k.authority, nil).certificate.Raw
	two := newAuthority(t, rawName(t, rdn(oidCN, "DEUX")), k.other, nil).certificate.Raw
	armour := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	files := disk{fstest.MapFS{
		"coffre/UN.CER":      {Data: one},
		"coffre/notes.txt":   {Data: two},
		"coffre/broken.cer":  {Data: []byte("not a certificate")},
		"coffre/huge.cer":    {Data: make([]byte, maxFile+1)},
		"coffre/long.cer":    {Data: make([]byte, maxCertificate+1)},
		"coffre/pipe.pem":    {Mode: fs.ModeNamedPipe},
		"coffre/key.pem":     {Data: armour("PRIVATE KEY", []byte("x"))},
		"system/bundle.crt":  {Data: slices.Concat([]byte("# remark\n"), armour("CERTIFICATE", one), armour("CERTIFICATE", two))},
		"system/partial.pem": {Data: slices.Concat(armour("CERTIFICATE", []byte("x")), armour("CERTIFICATE", two))},
	}}
	places := []Place{
		{Store: Coffre, Folder: "/coffre"},
		{Store: System, Folder: "/system"},
		{Store: System, Folder: "/nowhere"},
		{Store: System, Folder: "/forbidden"},
		{Store: System, State: NotReadHere, Err: ErrSystemStore, Certificates: func(context.Context) ([][]byte, error) {
			return [][]byte{two, []byte("x")}, nil
		}},
		{Store: System, Certificates: func(context.Context) ([][]byte, error) { return nil, errors.New("no right") }},
		{Store: Firefox, State: NotReadHere, Err: ErrNSSDatabase},
	}
	p := Collect(context.Background(), files, places)
	for i, want := range []struct {
		state          State
		found, refused int
	}{{Read, 1, 5}, {Read, 3, 1}, {Absent, 0, 0}, {Unreadable, 0, 0}, {Read, 1, 1}, {Unreadable, 0, 0}, {NotReadHere, 0, 0}} {
		got := p.Places()[i]
		if got.State != want.state || got.Found != want.found || len(got.Refused) != want.refused {
			t.Errorf("place %d: %s, %d found, refused %v; expected %+v", i, got.State, got.Found, got.Refused, want)
		}
		if (got.State == Unreadable || got.State == NotReadHere) != (got.Err != nil) {
			t.Errorf("place %d: %s with error %v", i, got.State, got.Err)
		}
	}
	found := p.Found()
	if len(found) != 2 {
		t.Fatalf("%d certificates", len(found))
	}
	if want := []string{"/coffre/UN.CER", "/system/bundle.crt"}; !slices.Equal(found[0].Where, want) || found[0].Authority != nil {
		t.Errorf("the first is in %v, authority %v", found[0].Where, found[0].Authority)
	}
	if want := []string{"/system/bundle.crt", "/system/partial.pem", "system"}; !slices.Equal(found[1].Where, want) {
		t.Errorf("the second is in %v", found[1].Where)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for i, place := range Collect(ctx, files, places[:2]).Places() {
		if place.State != Unreadable || !errors.Is(place.Err, context.Canceled) {
			t.Errorf("after the end, place %d: %s, %v", i, place.State, place.Err)
		}
	}
	if places[0].State != "" {
		t.Error("Collect changed the places it was given")
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		if name == "ALLUSERSPROFILE" {
			return `D:\Data`
		}
		return ""
	}
	none := func(string) string { return "" }
	for _, c := range []struct {
		goos   string
		env    func(string) string
		coffre string
		system State // of the first system store
	}{
		{"windows", env, `D:\Data\santesocial\CPS\coffre`, NotReadHere},
		{"windows", none, `C:\ProgramData\santesocial\CPS\coffre`, NotReadHere},
		{"darwin", none, "/Library/Preferences/santesocial/CPS/Coffre", NotReadHere},
		{"linux", none, "/etc/opt/santesocial/CPS/Coffre", ""},
	} {
		places := Places(c.goos, c.env)
		system := slices.IndexFunc(places, func(p Place) bool { return p.Store == System })
		if places[0].Store != Coffre || places[0].Folder != c.coffre || places[system].State != c.system {
			t.Errorf("%s: %+v", c.goos, places)
		}
		if last := places[len(places)-1]; last.Store != Firefox || last.State != NotReadHere || !errors.Is(last.Err, ErrNSSDatabase) {
			t.Errorf("%s: Firefox is %+v", c.goos, last)
		}
	}
	if got := join(`C:\a`, "b.cer"); got != `C:\a\b.cer` {
		t.Error(got)
	}
}

func TestNilPool(t *testing.T) {
	t.Parallel()
	var p *Pool
	if p.Places() != nil || p.Found() != nil {
		t.Error("the nil pool is not empty")
	}
}
