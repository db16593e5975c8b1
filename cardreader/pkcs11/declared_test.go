package pkcs11

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePKCS11Text(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []namedPath
		bad  string
	}{
		"internal only":       {text: internalModule},
		"two":                 {text: "library=/a.so\nname=A\n\n\n\nname=B\nlibrary=/b.so", want: []namedPath{{"A", "/a.so"}, {"B", "/b.so"}}},
		"Windows":             {text: "library=C:\\a b\\c.dll\r\nname=A\r\n\r\n", want: []namedPath{{"A", `C:\a b\c.dll`}}},
		"quoted":              {text: `library="C:\\a\"b.dll"` + "\nname=\"\"", want: []namedPath{{"", `C:\a"b.dll`}}},
		"quote without end":   {text: "library=\"/a.so\\", want: []namedPath{{"", `/a.so\`}}},
		"comment, upper case": {text: "#library=/no.so\nLIBRARY=/a.so\n", want: []namedPath{{"", "/a.so"}}},
		"equal signs":         {text: "library=/a=b.so\n", want: []namedPath{{"", "/a=b.so"}}},
		"bad line":            {text: "library=/a.so\nwhat\n", want: []namedPath{{"", "/a.so"}}, bad: `line 2 is not understood: "what"`},
		"UTF-16":              {text: "l\x00i\x00", bad: "not UTF-8 text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parsePKCS11Text([]byte(c.text))
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(namedPath{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if text := errorText(err); text != c.bad {
				t.Errorf("error %q, want %q", text, c.bad)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseProfiles(t *testing.T) {
	t.Parallel()
	got, err := parseProfiles([]byte("[Profile0]\nName=a\nIsRelative=1\nPath=Profiles/a\nDefault=1\n" +
		"; comment\n[Profile1]\nPath = /b \n[Profile2]\nName=without path\n[Install1]\nDefault=Profiles/a\nPath=no\nodd line\n"))
	want := []profileFolder{{"a", "Profiles/a", true, 0}, {"", "/b", false, 1}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(profileFolder{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if errorText(err) != `line 14 is not understood: "odd line"` {
		t.Errorf("error: %v", err)
	}
}

func TestParsePolicies(t *testing.T) {
	t.Parallel()
	got, err := parsePolicies([]byte(`{"policies":{"SecurityDevices":{"b":"/b.so","Add":{"a":"/a.so"},"Delete":["c"],"d":[1]},"Other":1}}`))
	if diff := cmp.Diff([]namedPath{{"a", "/a.so"}, {"b", "/b.so"}}, got, cmp.AllowUnexported(namedPath{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err == nil || !strings.Contains(err.Error(), `"d"`) {
		t.Errorf("error: %v", err)
	}
}

// checkEntry holds for what any parser of a text returns.
func checkEntry(t *testing.T, path string) {
	t.Helper()
	if path == "" || strings.ContainsAny(path, "\n\x00") {
		t.Errorf("path %q", path)
	}
}

func FuzzParsePKCS11Text(f *testing.F) {
	f.Add([]byte(internalModule + "library=C:\\a.dll\nname=\"x\\\"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		modules, err := parsePKCS11Text(data)
		if len(modules) > maxEntries {
			t.Errorf("%d modules", len(modules))
		}
		for _, m := range modules {
			checkEntry(t, m.path)
		}
		if err != nil {
			return
		}
		// A written-out list reads the same.
		var text strings.Builder
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		for _, m := range modules {
			text.WriteString(`library="` + quote.Replace(m.path) + "\"\nname=\"" + quote.Replace(m.name) + "\"\n\n")
		}
		again, err := parsePKCS11Text([]byte(text.String()))
		if diff := cmp.Diff(modules, again, cmp.AllowUnexported(namedPath{})); diff != "" || err != nil {
			t.Errorf("%v, (-first +again):\n%s", err, diff)
		}
	})
}

func FuzzParseP11Kit(f *testing.F) {
	f.Add([]byte("# c\nmodule: a.so\nx: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if path, _ := parseP11Kit(data); path != "" {
			checkEntry(t, path)
		}
	})
}

func FuzzParseProfiles(f *testing.F) {
	f.Add([]byte("[Profile0]\nIsRelative=1\nPath=a\n[Install]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		folders, _ := parseProfiles(data)
		if len(folders) > maxEntries {
			t.Errorf("%d profiles", len(folders))
		}
		for _, folder := range folders {
			checkEntry(t, folder.path)
		}
	})
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(manifest52))
	f.Fuzz(func(t *testing.T, data []byte) {
		if module, err := parseManifest(data); err == nil && module.path == "" {
			t.Error("no path and no error")
		}
	})
}

func FuzzParsePolicies(f *testing.F) {
	f.Add([]byte(`{"policies":{"SecurityDevices":{"Add":{"a":"/a"}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		modules, _ := parsePolicies(data)
		if len(modules) > maxEntries {
			t.Errorf("%d modules", len(modules))
		}
		for _, m := range modules {
			if m.path == "" {
				t.Error("an empty path")
			}
		}
	})
}
