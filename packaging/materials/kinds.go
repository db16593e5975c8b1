package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// other is the kind of a text that has no identifier of its own.
const other = "other"

// kinds are how a licence is known by its words, the more particular first.
var kinds = []struct {
	id    string
	words []string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0"}},
	{"Apache-2.0", []string{"SPDX-License-Identifier: Apache-2.0"}},
	{"LGPL-2.1-or-later", []string{"Lesser General Public License", "version 2.1 of the License, or (at your option) any later"}},
	{"OFL-1.1", []string{"SIL Open Font License", "Version 1.1"}},
	{"OFL-1.1", []string{"SIL OPEN FONT LICENSE", "Version 1.1"}},
	{"CC-BY-4.0", []string{"Creative Commons Attribution 4.0"}},
	{"Bitstream-Vera", []string{"Bitstream Vera Fonts Copyright"}},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "endorse or promote"}},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}},
	{"ISC", []string{"Permission to use, copy, modify, and"}},
	{"MIT", []string{"Permission is hereby granted, free of charge", "The above copyright notice and this permission notice"}},
	{"Zlib", []string{"This software is provided 'as-is'", "Altered source versions must be plainly marked"}},
	{other, []string{"Additional IP Rights Grant"}},
	{other, []string{"HarfBuzz is licensed under the so-called \"Old MIT\" license"}},
	{other, []string{"This package is part of the mingw-w64"}},
	{other, []string{"Copyright (c) OASIS Open", "OASIS IPR Policy"}},
}

// kindsOf names the licences of a component, each once.
func kindsOf(c component) (ids []string, err error) {
	for _, t := range c.texts {
		id := kindOf(t.content)
		if c.purl != "" && strings.HasPrefix(c.purl, "pkg:deb/") {
			id = other // Debian's file holds many
		}
		if id == "" {
			return nil, fmt.Errorf("%s: the licence of %s is not one of those known here", c.name, t.file)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s has no licence", c.name)
	}
	return ids, nil
}

func kindOf(content string) string {
	// The stars that lead the lines of a comment are not of its words.
	content = strings.Join(strings.FieldsFunc(content, func(r rune) bool { return unicode.IsSpace(r) || r == '*' }), " ")
	for _, k := range kinds {
		all := true
		for _, w := range k.words {
			all = all && strings.Contains(content, w)
		}
		if all {
			return k.id
		}
	}
	return ""
}
