package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
	"postecpx/internal/report"
	"postecpx/internal/workstation"
	"postecpx/ui"
)

// doctor does the work of the place Poste on this workstation.
type doctor struct {
	bench   *workbench // whose context, and end, are those of the program
	speaker *language.Speaker
	reader  string // part of the name of the reader to look at
	// key makes the placeholders of redacted reports the same each time.
	key func() []byte
}

var _ ui.Doctor = (*doctor)(nil)

func newDoctor(bench *workbench, speaker *language.Speaker, reader string) *doctor {
	return &doctor{bench: bench, speaker: speaker, reader: reader, key: machineKey}
}

// machineKey is that of this machine, nil when the system tells none.
func machineKey() []byte {
	id, err := workstation.New().MachineID()
	if err != nil {
		return nil // the placeholders are then those of one report alone
	}
	return report.Key(id)
}

// Diagnose looks at this workstation.
func (d *doctor) Diagnose(ctx context.Context, o diagnostic.Options) (diagnostic.Diagnosis, error) {
	ctx, end := d.bench.begin(ctx)
	defer end()
	o.Reader = d.reader
	return diagnostic.Run(ctx, workstation.New(), o)
}

// Report writes a diagnosis down.
func (d *doctor) Report(found diagnostic.Diagnosis, form ui.Form, redacted bool) ([]byte, error) {
	o := report.Options{Redaction: report.None, Key: d.key()}
	if redacted {
		o.Redaction = report.Partial
	}
	r := report.New(d.speaker, found, o)
	switch form {
	case ui.HTML:
		var page bytes.Buffer
		err := report.HTML(&page, d.speaker, r)
		return page.Bytes(), err
	case ui.JSON:
		text, err := report.JSON(r, "  ")
		return []byte(text), err
	case ui.Text:
		return []byte(report.Text(d.speaker, r)), nil
	}
	return nil, fmt.Errorf("a report is not written as %q", form)
}

// Folders are those of the user where a report may go.
func (d *doctor) Folders() []string { return userFolders(os.UserHomeDir, isFolder) }

// userFolders are the folders of a home that people keep documents in, by the
// names that systems give them, and the home itself.
func userFolders(home func() (string, error), isFolder func(string) bool) []string {
	at, err := home()
	if err != nil || !isFolder(at) {
		return nil
	}
	var found []string
	for _, name := range []string{"Documents", "Bureau", "Desktop", "Téléchargements", "Downloads", ""} {
		if folder := filepath.Join(at, name); isFolder(folder) {
			found = append(found, folder)
		}
	}
	return found
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Save puts a report into that file.
func (d *doctor) Save(path string, content []byte, replace bool) error {
	return saveFile(path, content, d.Folders(), replace)
}

// Page puts a report in HTML where a browser can open it.
func (d *doctor) Page(content []byte) (string, error) {
	return writePage(pageFolders(runtime.GOOS, os.TempDir(), d.Folders(), isThere), content)
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// pageFolders are where a page for the browser may go, the best first: among
// what is temporary. A browser that was installed as a snap has a /tmp of its
// own, and only sees the home of the user (snap interface "home").
func pageFolders(goos, temporary string, folders []string, there func(string) bool) []string {
	own := make([]string, 0, len(folders)+1)
	for i := len(folders) - 1; i >= 0; i-- {
		own = append(own, folders[i]) // the home and its downloads before documents
	}
	if goos == "linux" && (there("/snap/bin/firefox") || there("/snap/bin/chromium")) {
		return append(own, temporary)
	}
	return append([]string{temporary}, own...)
}

// writePage writes the page in the first folder that takes it. The file is for
// its owner alone.
func writePage(folders []string, content []byte) (string, error) {
	var failed error
	for _, folder := range folders {
		path, err := writeNew(folder, content)
		if err == nil {
			return path, nil
		}
		failed = errors.Join(failed, err)
	}
	return "", failed
}

func writeNew(folder string, content []byte) (path string, err error) {
	file, err := os.CreateTemp(folder, "poste-cpx-*.html") // with mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return filepath.Abs(file.Name())
}
