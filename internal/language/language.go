// Package language says the program's sentences in French or English, from the
// one catalogue in assets/translations. The files of a language are read as
// their sentences are needed, so that a short command pays for its own alone.
package language

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"postecpx/assets"
)

// Default is the language spoken when none is asked for.
const Default = "fr"

// Supported lists the languages of the catalogue.
var Supported = []string{"fr", "en"}

// A Speaker gives the sentences of one language. It may be used by several
// goroutines.
type Speaker struct {
	tag string

	mutex     sync.RWMutex
	bundle    *i18n.Bundle
	localizer *i18n.Localizer
	known     map[string]bool // keys of the files that were read
	unread    []string        // files, in the order to read them
}

// New returns the Speaker of "fr" or "en"; another language is an error that
// names the two.
func New(tag string) (*Speaker, error) {
	if !slices.Contains(Supported, tag) {
		return nil, fmt.Errorf("language %q is not spoken here: fr or en", tag)
	}
	files, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil {
		return nil, err
	}
	s := &Speaker{tag: tag, known: map[string]bool{}}
	for _, file := range files {
		if name := path.Base(file); name == tag+".json" || strings.HasSuffix(name, "."+tag+".json") {
			s.unread = append(s.unread, file)
		}
	}
	spoken := language.Make(tag)
	s.bundle = i18n.NewBundle(spoken)
	s.bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	s.localizer = i18n.NewLocalizer(s.bundle, tag)
	return s, nil
}

// Tag is "fr" or "en".
func (s *Speaker) Tag() string { return s.tag }

// Say gives the sentence of that key. pairs are the names and values that it
// holds, in turn: Say("reader.count", "Count", 2). A value named Count chooses
// between singular and plural. A key that is not in the catalogue is given
// back as it is.
func (s *Speaker) Say(key string, pairs ...any) string {
	if !s.Has(key) {
		return key
	}
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	text, err := s.localizer.Localize(&i18n.LocalizeConfig{
		MessageID:    key,
		TemplateData: data,
		PluralCount:  data["Count"],
	})
	if text == "" && err != nil {
		return key
	}
	return text
}

// Has tells whether the catalogue holds that key.
func (s *Speaker) Has(key string) bool {
	s.mutex.RLock()
	known, all := s.known[key], len(s.unread) == 0
	s.mutex.RUnlock()
	if known || all {
		return known
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for !s.known[key] && len(s.unread) > 0 {
		next := s.likeliest(key)
		file := s.unread[next]
		s.unread = slices.Delete(s.unread, next, next+1)
		s.read(file)
	}
	return s.known[key]
}

// likeliest is the unread file to look for a key in: the one that bears its
// first word ("cli.help" stands in cli), for a check its second one
// ("check.pcsc.service" stands in checks-pcsc), else the one without a name,
// which holds what all programs say.
func (s *Speaker) likeliest(key string) int {
	first, rest, _ := strings.Cut(key, ".")
	second, _, _ := strings.Cut(rest, ".")
	for _, name := range []string{first, "checks-" + second, "screen-" + first, s.tag} {
		i := slices.IndexFunc(s.unread, func(file string) bool { return strings.HasPrefix(path.Base(file), name+".") })
		if i >= 0 && (name != "checks-"+second || first == "check") {
			return i
		}
	}
	return 0
}

// read adds the sentences of a file. The files are part of the program and
// tested: one that cannot be read is left out, and its keys are shown.
func (s *Speaker) read(file string) {
	messages, err := s.bundle.LoadMessageFileFS(assets.Translations, file)
	if err != nil {
		return
	}
	for _, m := range messages.Messages {
		s.known[m.ID] = true
	}
}
