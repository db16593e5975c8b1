// Command manual makes the man pages, in English and French, and the
// completions of bash, zsh and fish from what the built programs say of
// themselves: no option is written down twice.
package main

import (
	"bytes"
	"embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed templates
var templates embed.FS

func main() {
	programs := flag.String("programs", "", "folder of cpx and postecpx")
	version := flag.String("version", "", "version of the product")
	epoch := flag.Int64("epoch", 0, "date of the pages, in seconds")
	out := flag.String("out", "", "folder to write to, as /usr/share")
	flag.Parse()
	if err := write(*programs, *version, time.Unix(*epoch, 0).UTC(), *out); err != nil {
		fmt.Fprintf(os.Stderr, "manual: %v\n", err)
		os.Exit(1)
	}
}

// pages are the files, each with its template and its language.
var pages = []struct{ file, template, language string }{
	{"man/man1/cpx.1", "cpx.en.1", "en"},
	{"man/fr/man1/cpx.1", "cpx.fr.1", "fr"},
	{"man/man1/postecpx.1", "postecpx.en.1", "en"},
	{"man/fr/man1/postecpx.1", "postecpx.fr.1", "fr"},
	{"bash-completion/completions/cpx", "cpx.bash", "fr"},
	{"bash-completion/completions/postecpx", "postecpx.bash", "fr"},
	{"zsh/_cpx", "cpx.zsh", "fr"},
	{"zsh/_postecpx", "postecpx.zsh", "fr"},
	{"fish/vendor_completions.d/cpx.fish", "cpx.fish", "fr"},
	{"fish/vendor_completions.d/postecpx.fish", "postecpx.fish", "fr"},
}

// page is what a template is given.
type page struct {
	Version, Date string
	CPx           program
	Window        window
}

func write(programs, version string, date time.Time, out string) error {
	for _, p := range pages {
		var err error
		given := page{Version: version, Date: date.Format(time.DateOnly)}
		if given.CPx, err = askCPx(filepath.Join(programs, "cpx"), p.language); err != nil {
			return err
		}
		if given.Window, err = askWindow(filepath.Join(programs, "postecpx"), p.language); err != nil {
			return err
		}
		text, err := render(p.template, given)
		if err != nil {
			return err
		}
		file := filepath.Join(out, p.file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func render(name string, given page) ([]byte, error) {
	made, err := template.New(name).Funcs(template.FuncMap{
		"roff": roff, "quote": quote, "zsh": zsh, "fish": fish, "join": strings.Join,
	}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := made.Execute(&b, given); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// roff writes a text so that troff shows it as it is.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\u00a0", `\ `, "\u202f", `\ `).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// quote makes one word of a text, for a shell of the family of sh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// zsh makes the description of an option, or of a command, for _arguments and
// _describe.
func zsh(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(s)
}

// fish makes one word of a text, for fish.
func fish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
