// Package guide holds the guidance that the program gives: one file an entry,
// in French and in English, the rules that match entries to a card and to
// findings, and the words of the facets. Package internal/guide reads them.
package guide

import "embed"

// Files are entries/*.toml, rules.toml, facets.toml and synonyms.toml.
//
//go:embed entries/*.toml rules.toml facets.toml synonyms.toml
var Files embed.FS
