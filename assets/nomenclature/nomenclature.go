// Package nomenclature names the codes that a CPx card holds: the ANS tables
// of its category, type, civility, profession, speciality, sector and
// identifier types.
//
// Two sources, both pure: the tables embedded here (Label), taken from the
// reference terminologies TRE_* of the Nomenclatures des objets de santé
// (https://mos.esante.gouv.fr/NOS), and the table file DICO-FR.GIP that ANS
// ships with its Cryptolib CPS (ReadDICO), for the codes these tables do not
// hold. A code in neither has no label: none is invented.
package nomenclature

import (
	"embed"
	"slices"
	"strings"
	"sync"
)

// Table names a nomenclature as ANS's card documents and DICO-FR.GIP do.
type Table string

// The tables embedded here.
const (
	G01 Table = "G01" // catégorie de produit: card or security module, real or test
	G02 Table = "G02" // type de carte: CPS, CPF, CDE/CPE, CDA/CPA
	G03 Table = "G03" // civilité
	G04 Table = "G04" // niveau de responsabilité
	G05 Table = "G05" // tableau de l'Ordre des pharmaciens
	G07 Table = "G07" // type d'identifiant de structure
	G08 Table = "G08" // type d'identifiant de personne
	G15 Table = "G15" // profession de santé
	G16 Table = "G16" // profession en formation
	G17 Table = "G17" // mode d'exercice
	R01 Table = "R01" // spécialités et savoir-faire RPPS
	R02 Table = "R02" // secteur d'activité RPPS
)

// Tables lists the tables embedded here, in the order of their names.
func Tables() []Table {
	return []Table{G01, G02, G03, G04, G05, G07, G08, G15, G16, G17, R01, R02}
}

// Origin says where the content of a table comes from.
type Origin struct {
	Name    string // official name, "TRE_G15-ProfessionSante"
	Title   string // what it lists, in French
	OID     string // of the table, dotted
	Edition string // version that ANS gives it, "20250328120000"
	Source  string // publisher and address
}

// Label gives the official French label of a code, as it is on the card: no
// case folding, no trimming. ok is false when the table or the code is not
// known here.
func Label(t Table, code string) (label string, ok bool) {
	label, ok = tableOf(t).labels[code]
	return label, ok
}

// Codes lists the codes of a table in byte order; empty for an unknown table.
func Codes(t Table) []string { return slices.Clone(tableOf(t).codes) }

// About tells where a table comes from; ok is false for an unknown table.
func About(t Table) (origin Origin, ok bool) {
	f := tableOf(t)
	return f.origin, f.codes != nil
}

//go:embed *.tsv
var files embed.FS

// loaded parses every table at the first question, once, so that importing
// the package costs nothing. The files are part of the program and the tests
// parse each of them: an error here cannot reach a released program, where
// the table would be unknown.
var loaded = sync.OnceValues(func() (map[Table]table, error) {
	all := make(map[Table]table)
	for _, t := range Tables() {
		text, err := files.ReadFile(fileName(t))
		if err != nil {
			return all, err
		}
		if all[t], err = parse(fileName(t), string(text)); err != nil {
			delete(all, t)
			return all, err
		}
	}
	return all, nil
})

func tableOf(t Table) table {
	all, _ := loaded()
	return all[t]
}

func fileName(t Table) string { return strings.ToLower(string(t)) + ".tsv" }
