package workstation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"postecpx/cardreader/pkcs11"
)

// maxPlist bounds an Info.plist.
const maxPlist = 1 << 20

// ErrNoVersion is the error of Product for a file that is there and tells no
// version.
var ErrNoVersion = errors.New("no version in it")

// Product gives the version resource of a Windows file, or the version of a
// macOS bundle. Elsewhere files have none: errors.ErrUnsupported.
func (w *Workstation) Product(ctx context.Context, path string) (string, error) {
	version, err := within(ctx, func() (string, error) { return product(ctx, w.Host, path) })
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", path, err)
	}
	return version, nil
}

func product(ctx context.Context, host pkcs11.Host, path string) (string, error) {
	switch host.GOOS() {
	case "windows":
		return fileVersion(host, path)
	case "darwin":
		info, err := host.Stat(path)
		if err != nil {
			return "", err
		}
		if info.IsDir() {
			return bundleVersion(ctx, host, path)
		}
		return fileVersion(host, path)
	}
	return "", errors.ErrUnsupported
}

// fileVersion reads the version in the file of a library or program.
func fileVersion(host pkcs11.Host, path string) (string, error) {
	if _, err := host.Stat(path); err != nil {
		return "", err // Inspect tells it in words
	}
	file := pkcs11.Inspect(host, path)
	switch {
	case file.Version != "":
		return file.Version, nil
	case file.Status == pkcs11.Missing:
		return "", fs.ErrNotExist
	case file.Format == "" && file.Detail != "":
		return "", errors.New(file.Detail)
	}
	return "", ErrNoVersion
}

// bundleVersion reads the Info.plist of an application, a framework or another
// bundle: Apple, "Bundle Programming Guide".
func bundleVersion(ctx context.Context, host pkcs11.Host, bundle string) (string, error) {
	err := error(fs.ErrNotExist)
	for _, place := range []string{"Contents/Info.plist", "Resources/Info.plist", "Versions/Current/Resources/Info.plist", "Info.plist"} {
		file := path.Join(bundle, place)
		var text []byte
		if text, err = readFile(host, file, maxPlist); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		found, err := parsePlist(text)
		if errors.Is(err, errBinaryPlist) {
			if text, err = command(ctx, maxPlist, "plutil", "-convert", "xml1", "-o", "-", file); err == nil {
				found, err = parsePlist(text)
			}
		}
		if err != nil {
			return "", err
		}
		dict, _ := found.(map[string]any)
		for _, key := range []string{"CFBundleShortVersionString", "CFBundleVersion"} {
			if version := textOf(dict, key); version != "" {
				return version, nil
			}
		}
		return "", ErrNoVersion
	}
	return "", err
}
