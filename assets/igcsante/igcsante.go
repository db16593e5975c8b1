// Package igcsante holds, as tables of tab-separated text, what the program
// knows of IGC-Santé, the public key infrastructure of ANS: its authorities
// and the object identifiers of its certificates. Package cardreader/igcsante
// reads and uses them.
package igcsante

import _ "embed"

// Authorities lists the roots and intermediates, one a line; the last line of
// the heading names the columns.
//
//go:embed authorities.tsv
var Authorities string

// OIDs names object identifiers, one a line; the last line of the heading
// names the columns.
//
//go:embed oids.tsv
var OIDs string
