// Package assets holds what the programs carry with them: the catalogue of
// sentences, the icon and the pictures.
package assets

import "embed"

// Translations is the catalogue: files NAME.fr.json and NAME.en.json, or fr.json
// and en.json, one key and one sentence a line.
//
//go:embed translations/*.json
var Translations embed.FS
