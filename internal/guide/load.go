package guide

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	assets "postecpx/assets/guide"
	"postecpx/assets/links"
)

// languages are those that every entry must be written in.
var languages = []string{"fr", "en"}

var validID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Load reads the catalogue that is embedded in the program. An error names each
// file and key that is wrong.
func Load() (*Catalogue, error) { return load(assets.Files) }

// load reads the files side by side: decoding them is nearly all that it takes.
func load(files fs.FS) (*Catalogue, error) {
	var (
		work    sync.WaitGroup
		facets  []FacetValues
		syn     map[string]synonyms
		read    []entryFile
		errs    [3]error
		entries []Entry
	)
	work.Go(func() { facets, errs[0] = loadFacets(files, "facets.toml") })
	work.Go(func() { syn, errs[1] = loadSynonyms(files, "synonyms.toml") })
	read, errs[2] = readEntries(files, "entries")
	work.Wait()
	if errs[0] == nil && errs[2] == nil { // else all entries would seem wrong
		entries, errs[2] = checkEntries(read, facets)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("guide: %w", err)
	}
	return newCatalogue(entries, facets, syn), nil
}

// decode reads a TOML file into v, and refuses a key that v does not have.
func decode(files fs.FS, name string, v any) (toml.MetaData, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return toml.MetaData{}, err
	}
	md, err := toml.Decode(string(data), v)
	if err != nil {
		var p toml.ParseError
		if errors.As(err, &p) {
			return md, fmt.Errorf("%s, line %d: %s: %s", name, p.Position.Line, p.LastKey, p.Message)
		}
		return md, fmt.Errorf("%s: %w", name, err)
	}
	if unknown := md.Undecoded(); len(unknown) > 0 {
		return md, fmt.Errorf("%s: %s: unknown key", name, unknown[0])
	}
	return md, nil
}

func loadFacets(files fs.FS, name string) ([]FacetValues, error) {
	type value struct{ ID, Fr, En string }
	var file struct {
		Facet []struct {
			value
			ID, Fr, En string
			Value      []value
		}
	}
	if _, err := decode(files, name, &file); err != nil {
		return nil, err
	}
	var all []FacetValues
	var ids []Facet
	for _, f := range file.Facet {
		facet := FacetValues{Facet(f.ID), Label{f.Fr, f.En}, nil}
		if f.Fr == "" || f.En == "" {
			return nil, fmt.Errorf("%s: facet %q: fr, en: a label is missing", name, f.ID)
		}
		for _, v := range f.Value {
			switch {
			case !validID.MatchString(v.ID):
				return nil, fmt.Errorf("%s: facet %q: value.id: %q is not of small letters, digits and hyphens", name, f.ID, v.ID)
			case facet.has(v.ID):
				return nil, fmt.Errorf("%s: facet %q: value.id: %q stands there twice", name, f.ID, v.ID)
			case v.Fr == "" || v.En == "":
				return nil, fmt.Errorf("%s: facet %q: value %q: fr, en: a label is missing", name, f.ID, v.ID)
			}
			facet.Values = append(facet.Values, Value{v.ID, Label{v.Fr, v.En}})
		}
		all, ids = append(all, facet), append(ids, facet.Facet)
	}
	if !slices.Equal(ids, order) {
		return nil, fmt.Errorf("%s: facet.id: the facets are %s, in this order, and not %s", name, joined(order), joined(ids))
	}
	return all, nil
}

// entryFile is an entry as its file has it.
type entryFile struct {
	name     string
	Links    []string
	FactDate time.Time
	Sources  []string
	Facets   map[Facet][]string
	Fr, En   *textFile
}

type textFile struct {
	Question, Answer string
	Words            []string
}

// readEntries decodes the files of a folder, in the order of their names. All
// that cannot be decoded are named in the error.
func readEntries(files fs.FS, folder string) ([]entryFile, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.toml"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no entries", folder)
	}
	read, errs := make([]entryFile, len(names)), make([]error, len(names))
	next := make(chan int, len(names))
	for i := range names {
		next <- i
	}
	close(next)
	var work sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		work.Go(func() {
			for i := range next {
				read[i].name = names[i]
				_, errs[i] = decode(files, names[i], &read[i])
			}
		})
	}
	work.Wait()
	return read, errors.Join(errs...)
}

// checkEntries gives the entries of the files; the error names all that is
// wrong with them, a file a line.
func checkEntries(read []entryFile, facets []FacetValues) ([]Entry, error) {
	known := map[string]bool{}
	for _, l := range links.All() {
		known[l.ID] = true
	}
	entries, errs := make([]Entry, len(read)), make([]error, len(read))
	for i, file := range read {
		entries[i], errs[i] = file.entry(facets, known)
	}
	return entries, errors.Join(errs...)
}

func (file entryFile) entry(facets []FacetValues, knownLinks map[string]bool) (Entry, error) {
	fail := func(key, format string, args ...any) (Entry, error) {
		return Entry{}, fmt.Errorf("%s: %s: %s", file.name, key, fmt.Sprintf(format, args...))
	}
	id := strings.TrimSuffix(path.Base(file.name), ".toml")
	if !validID.MatchString(id) {
		return fail("name", "%q is not of small letters, digits and hyphens", id)
	}
	e := Entry{ID: id, Facets: file.Facets, Links: file.Links, Sources: file.Sources, texts: map[string]Text{}}

	if key, why := wrongValue(file.Facets, facets); key != "" {
		return fail(key, "%s", why)
	}
	if len(file.Links) == 0 {
		return fail("links", "missing")
	}
	for i, l := range file.Links {
		if !knownLinks[l] {
			return fail("links", "%q is not in the table of links", l)
		}
		if slices.Contains(file.Links[:i], l) {
			return fail("links", "%q stands there twice", l)
		}
	}
	if len(file.Sources) == 0 || slices.Contains(file.Sources, "") {
		return fail("sources", "missing or empty")
	}
	d := file.FactDate
	if d.IsZero() {
		return fail("factDate", "missing")
	}
	if h, m, s := d.Clock(); h+m+s+d.Nanosecond() != 0 {
		return fail("factDate", "a day without an hour is wanted: 2026-10-01")
	}
	e.FactDate = time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
	for i, t := range []*textFile{file.Fr, file.En} {
		tag := languages[i]
		switch {
		case t == nil:
			return fail(tag, "missing: every entry is written in %s", joined(languages))
		case strings.TrimSpace(t.Question) == "":
			return fail(tag+".question", "missing or empty")
		case strings.TrimSpace(t.Answer) == "":
			return fail(tag+".answer", "missing or empty")
		}
		e.texts[tag] = Text{strings.TrimSpace(t.Question), strings.TrimSpace(t.Answer), t.Words}
	}
	return e, nil
}

// wrongValue gives the key and the reason of the first facet or value that does
// not exist, "" when all do. A theme is wanted: the entries are ordered by it.
func wrongValue(of map[Facet][]string, facets []FacetValues) (key, why string) {
	for _, facet := range slices.Sorted(maps.Keys(of)) {
		if !slices.Contains(order, facet) {
			return "facets." + string(facet), "unknown facet; the facets are " + joined(order)
		}
	}
	for _, f := range facets {
		values := of[f.Facet]
		for i, v := range values {
			if !f.has(v) {
				return "facets." + string(f.Facet), fmt.Sprintf("unknown value %q; the values are %s", v, joined(f.ids()))
			}
			if slices.Contains(values[:i], v) {
				return "facets." + string(f.Facet), fmt.Sprintf("%q stands there twice", v)
			}
		}
	}
	if len(of[Thematique]) == 0 {
		return "facets." + string(Thematique), "missing"
	}
	return "", ""
}
