// Package language says the program's sentences in French or English, from the
// one catalogue in assets/translations.
package language

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"postecpx/assets"
)

// Default is the language spoken when none is asked for.
const Default = "fr"

// Supported lists the languages of the catalogue.
var Supported = []string{"fr", "en"}

// A Speaker gives the sentences of one language.
type Speaker struct {
	tag       string
	localizer *i18n.Localizer
}

// New returns the Speaker of "fr" or "en"; another language is an error that
// names the two.
func New(tag string) (*Speaker, error) {
	bundle := i18n.NewBundle(language.French)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if _, err := bundle.LoadMessageFileFS(assets.Translations, file); err != nil {
			return nil, fmt.Errorf("read the catalogue %s: %w", file, err)
		}
	}
	if !slices.Contains(Supported, tag) {
		return nil, fmt.Errorf("language %q is not spoken here: fr or en", tag)
	}
	return &Speaker{tag: tag, localizer: i18n.NewLocalizer(bundle, tag)}, nil
}

// Tag is "fr" or "en".
func (s *Speaker) Tag() string { return s.tag }

// Say gives the sentence of that key. pairs are the names and values that it
// holds, in turn: Say("reader.count", "Count", 2). A value named Count chooses
// between singular and plural. A key that is not in the catalogue is given
// back as it is.
func (s *Speaker) Say(key string, pairs ...any) string {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
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
	text, err := s.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: map[string]any{}})
	return err == nil && text != ""
}
