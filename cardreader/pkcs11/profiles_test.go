package pkcs11

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const cps3 = "library=/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so\nname=Module CPS\n\n"

func TestProfiles(t *testing.T) {
	t.Parallel()
	h := newFake("linux", "amd64", "/home/c")
	h.file("/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", "")
	ours := "/home/c/.mozilla/firefox"
	h.file(ours+"/profiles.ini", "[Profile1]\nName=default\nIsRelative=1\nPath=a.default\n[Profile0]\nPath=/data/b\n[Profile2]\nName=again\nPath=/data/b/\n")
	h.file(ours+"/a.default/pkcs11.txt", internalModule+cps3+"library=/gone/libcps3_pkcs11_lux.so\nname=old\n\nlibrary=/usr/lib/p11-kit-proxy.so\n")
	h.file(ours+"/a.default/prefs.js", "")
	h.file("/data/b/pkcs11.txt", "\x00")
	snap := "/home/c/snap/firefox/common/.mozilla/firefox"
	h.file(snap+"/profiles.ini", "[Profile0]\nName=snap\nIsRelative=1\nPath=c\nodd\n")
	h.file("/home/c/.var/app/org.mozilla.firefox/.mozilla/firefox/profiles.ini", "[Profile0]\nName=pak\nIsRelative=1\nPath=d\n")

	got, errs := Profiles(context.Background(), h)
	want := []Profile{
		{Name: "default", Folder: ours + "/a.default", Edition: Installed, Position: 2, Used: true, Modules: []ProfileModule{
			{Name: "Module CPS", Path: "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so", Family: Cryptolib},
			{Name: "old", Path: "/gone/libcps3_pkcs11_lux.so", Family: Cryptolib, Missing: true},
			{Path: "/usr/lib/p11-kit-proxy.so", Family: Other, Proxy: true, Missing: true},
		}},
		{Name: "b", Folder: "/data/b", Edition: Installed, Position: 1, Err: errNotText},
		{Name: "snap", Folder: snap + "/c", Edition: Snap, Position: 1},
		{Name: "pak", Folder: "/home/c/.var/app/org.mozilla.firefox/.mozilla/firefox/d", Edition: Flatpak, Position: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), snap+"/profiles.ini") {
		t.Errorf("errors: %v", errs)
	}
}

// A path on a network share is not touched: only looking may take minutes.
func TestProfilesOnWindows(t *testing.T) {
	t.Parallel()
	h := newFake("windows", "amd64", `C:\Users\c`)
	h.env["LOCALAPPDATA"] = `C:\Users\c\AppData\Local`
	root := `C:\Users\c\AppData\Roaming\Mozilla\Firefox`
	h.file(root+`\profiles.ini`, "[Profile0]\r\nName=x\r\nIsRelative=1\r\nPath=Profiles/x\r\n[Profile1]\r\nPath=\\\\server\\p\r\n")
	h.file(root+`\Profiles\x\pkcs11.txt`, "library=\\\\server\\s\\cps3_pkcs11_w64.dll\nname=n\n")
	store := `C:\Users\c\AppData\Local\Packages\Mozilla.Firefox_n80bbvh6b1yt2\LocalCache\Roaming\Mozilla\Firefox`
	h.file(store+`\profiles.ini`, "[Profile0]\nName=y\nIsRelative=1\nPath=Profiles/y\n")
	got, errs := Profiles(context.Background(), h)
	want := []Profile{
		{Name: "y", Folder: store + `\Profiles\y`, Edition: Store, Position: 1},
		{Name: "x", Folder: root + `\Profiles\x`, Edition: Installed, Position: 1, Modules: []ProfileModule{
			{Name: "n", Path: `\\server\s\cps3_pkcs11_w64.dll`, Family: Cryptolib},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" || errs != nil {
		t.Errorf("%v (-want +got):\n%s", errs, diff)
	}
}

func TestProfilesEndWithTheirContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h := newFake("linux", "amd64", "/home/c")
	h.file("/home/c/.mozilla/firefox/profiles.ini", "[Profile0]\nPath=/a\n")
	if all, errs := Profiles(ctx, h); len(all) != 0 || len(errs) != 1 {
		t.Errorf("%v, %v", all, errs)
	}
}

// Without a home folder nothing can be said of Firefox.
func TestProfilesWithoutHome(t *testing.T) {
	t.Parallel()
	aFile := newFake("linux", "amd64", "/dev/null")
	aFile.file("/dev/null", "")
	closed := newFake("linux", "amd64", "/home/c")
	closed.folder("/home/c", 0)
	closed.nodes["/home/c"].denied = true
	for name, test := range map[string]struct {
		host *fakeHost
		want error
	}{
		"none":           {newFake("linux", "amd64", ""), ErrNoHome},
		"relative":       {newFake("linux", "amd64", "."), ErrNoHome},
		"not there":      {newFake("linux", "amd64", "/home/c"), ErrNoHome},
		"a file":         {aFile, ErrNoHome},
		"not to be seen": {closed, fs.ErrPermission},
	} {
		all, errs := Profiles(t.Context(), test.host)
		if len(all) != 0 || len(errs) == 0 || !errors.Is(errs[0], test.want) {
			t.Errorf("%s: %v, %v", name, all, errs)
		}
	}
	there := newFake("linux", "amd64", "/home/c")
	there.folder("/home/c", 0o755)
	if all, errs := Profiles(t.Context(), there); len(all) != 0 || errs != nil {
		t.Errorf("an empty home: %v, %v", all, errs)
	}
}
