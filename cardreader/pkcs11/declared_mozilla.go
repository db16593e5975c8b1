package pkcs11

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// manifests adds the modules of Mozilla's PKCS #11 manifests: MDN, "Native
// manifests". A file on Linux and macOS, named by the registry on Windows.
func (f *finder) manifests() {
	if f.system.windows() {
		f.manifestsOfRegistry()
		return
	}
	var folders []string
	if f.system == "darwin" {
		folders = []string{"/Library/Application Support/Mozilla/PKCS11Modules"}
		for _, home := range f.host.Homes() {
			folders = append(folders, f.system.join(home, "Library/Application Support/Mozilla/PKCS11Modules"))
		}
	} else {
		for _, folder := range []string{"/usr/lib64", "/usr/lib", "/usr/share"} {
			folders = append(folders, folder+"/mozilla/pkcs11-modules")
		}
		for _, home := range f.host.Homes() {
			folders = append(folders, f.system.join(home, ".mozilla/pkcs11-modules"))
		}
	}
	for _, folder := range folders {
		for _, file := range f.entries(folder, isJSON) {
			f.manifest(file)
		}
	}
}

func isJSON(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".json") }

func (f *finder) manifestsOfRegistry() {
	const list = `SOFTWARE\Mozilla\PKCS11Modules`
	var read []string
	for _, hive := range []string{`HKLM\`, `HKCU\`} {
		for _, view32 := range []bool{false, true} {
			for _, name := range f.registry(hive+list, view32).Keys {
				if f.ended() {
					return
				}
				key := hive + list + `\` + name
				file := f.registry(key, view32).Values[""]
				switch {
				case file == "":
					continue
				case !f.system.absolute(file):
					f.fail(key, fmt.Errorf("names the manifest %q, which is no absolute path", shortName(file)))
					continue
				case f.system.remote(file):
					f.fail(key, fmt.Errorf("names the manifest %q on the network, which is not read", shortName(file)))
					continue
				}
				// Both views show the same key where Windows shares it.
				if read = append(read, f.system.key(file)); slices.Contains(read[:len(read)-1], f.system.key(file)) {
					continue
				}
				if !f.lies(file) {
					f.fail(key, fmt.Errorf("names the manifest %q, which is not there", shortName(file)))
					continue
				}
				f.manifest(f.system.clean(file))
			}
		}
	}
}

// registry reads a key; one that is not there is empty.
func (f *finder) registry(key string, view32 bool) RegistryKey {
	found, err := f.host.Registry(key, view32)
	if err != nil && !isMissing(err) {
		f.fail(key, err)
	}
	found.Keys = found.Keys[:min(len(found.Keys), maxEntries)]
	slices.Sort(found.Keys)
	return found
}

func (f *finder) manifest(file string) {
	data, there := f.config(file)
	if !there {
		return
	}
	module, err := parseManifest(data)
	if err != nil {
		f.fail(file, err)
		return
	}
	folder := ""
	if f.system.windows() {
		folder = f.system.folder(file)
	} else if !f.system.absolute(module.path) {
		f.fail(file, fmt.Errorf("the path %q is not absolute, which Firefox refuses", shortName(module.path)))
	}
	f.declare(module.path, folder, Declaration{By: "mozilla-manifest", File: file, Name: module.name})
}

// parseManifest reads a manifest of type "pkcs11".
func parseManifest(data []byte) (namedPath, error) {
	var manifest struct {
		Name, Description, Path, Type string
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return namedPath{}, fmt.Errorf("no manifest: %w", err)
	}
	if manifest.Type != "pkcs11" {
		return namedPath{}, fmt.Errorf("the type of the manifest is %q, not pkcs11", shortName(manifest.Type))
	}
	if manifest.Path == "" {
		return namedPath{}, fmt.Errorf("the manifest has no path")
	}
	name := manifest.Description
	if name == "" {
		name = manifest.Name
	}
	return namedPath{name: name, path: manifest.Path}, nil
}
