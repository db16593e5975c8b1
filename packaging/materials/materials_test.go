package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const mit = `Permission is hereby granted, free of charge, to any person
obtaining a copy. The above copyright notice and
this permission notice shall be included.`

func TestKinds(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		mit: "MIT",
		"Redistribution and use in source and binary forms":                                                   "BSD-2-Clause",
		"Redistribution and use in source\nand binary forms. Nor may the names be used to endorse or promote": "BSD-3-Clause",
		"All rights reserved.": "",
	} {
		if got := kindOf(content); got != want {
			t.Errorf("%q is %q, not %q", content, got, want)
		}
	}
	if _, err := kindsOf(component{name: "x", texts: []text{{"LICENSE", "All rights reserved."}}}); err == nil {
		t.Error("a licence that is not known is no error")
	}
	if _, err := kindsOf(component{name: "x"}); err == nil {
		t.Error("a component without a licence is no error")
	}
}

func TestFindTexts(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, file := range []string{"LICENSE", "font/OFL.txt", "c/COPYING", "testdata/LICENSE", "license.go", "README.md"} {
		path := filepath.Join(folder, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(mit), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := findTexts(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range texts {
		got = append(got, x.file)
	}
	if want := []string{"LICENSE", "c/COPYING", "font/OFL.txt"}; !slices.Equal(got, want) {
		t.Errorf("found %q, not %q", got, want)
	}
	if _, err := findTexts(t.TempDir()); err == nil {
		t.Error("a module without a licence is no error")
	}
}

func TestFindNotices(t *testing.T) {
	t.Parallel()
	const module = "github.com/go-gl/glfw/v3.4/glfw"
	folder := t.TempDir()
	for _, pattern := range notices[module] {
		path := filepath.Join(folder, strings.ReplaceAll(pattern, "*", "x"))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		content := "/* A loader. **/\n#define X /* a * b\n*/\n/*\n** Copyright 2020 Camille.\n** SPDX-License-Identifier: Apache-2.0\n*/\nint x; /* y */"
		if strings.HasSuffix(path, ".xml") {
			content = "<protocol>\n<copyright>\nCopyright 2020 Dominique\n</copyright>\n</protocol>"
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := findNotices(module, folder)
	if err != nil {
		t.Fatal(err)
	}
	want := []text{
		{"glfw/deps/glad/x.h", "\n** Copyright 2020 Camille.\n** SPDX-License-Identifier: Apache-2.0\n"},
		{"glfw/deps/mingw/xput.h", "\n** Copyright 2020 Camille.\n** SPDX-License-Identifier: Apache-2.0\n"},
		{"glfw/deps/wayland/x.xml", "\nCopyright 2020 Dominique\n"},
	}
	if !slices.Equal(texts, want) {
		t.Errorf("found %q", texts)
	}
	if id := kindOf(texts[0].content); id != "Apache-2.0" {
		t.Errorf("it is %q", id)
	}
	if err := os.WriteFile(filepath.Join(folder, "glfw/deps/glad/x.h"), []byte("int x;"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := findNotices(module, folder); err == nil {
		t.Error("a file that tells no longer whose it is is no error")
	}
	if _, err := findNotices(module, t.TempDir()); err == nil {
		t.Error("a file that is gone is no error")
	}
}

func TestBillOfMaterials(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "cpx")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	o := order{version: "1.2.3", time: time.Unix(1780272000, 0).UTC(), programs: []string{program}}
	components := []component{{
		name: "example.org/a", version: "v1.0.0", purl: "pkg:golang/example.org/a@v1.0.0",
		sum: "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", programs: []string{"cpx"}, texts: []text{{"LICENSE", mit}},
	}}
	made, err := billOfMaterials(o, "c0ffee", components)
	if err != nil {
		t.Fatal(err)
	}
	again, err := billOfMaterials(o, "c0ffee", components)
	if err != nil || string(again) != string(made) {
		t.Errorf("the same programs gave another bill (%v)", err)
	}
	var got bill
	if err := json.Unmarshal(made, &got); err != nil {
		t.Fatal(err)
	}
	known := []string{got.Metadata.Component.Ref}
	for _, c := range got.Components {
		known = append(known, c.Ref)
	}
	for _, d := range got.Dependencies {
		for _, ref := range append(d.DependsOn, d.Ref) {
			if !slices.Contains(known, ref) {
				t.Errorf("%s is nowhere described", ref)
			}
		}
	}
	if len(got.Components) != 2 || got.Components[1].Licenses[0].License.ID != "MIT" || !strings.HasPrefix(got.Serial, "urn:uuid:") {
		t.Errorf("%s", made)
	}
	if err := os.WriteFile(program, []byte("another"), 0o755); err != nil {
		t.Fatal(err)
	}
	if other, err := billOfMaterials(o, "c0ffee", components); err != nil || string(other) == string(made) {
		t.Errorf("another program gave the same bill (%v)", err)
	}
}

func TestLicencesOnce(t *testing.T) {
	t.Parallel()
	got := string(licences([]component{
		{name: "a", version: "v1", texts: []text{{"LICENSE", mit}}},
		{name: "b", version: "v2", texts: []text{{"LICENSE", strings.ReplaceAll(mit, "\n", "\r\n")}}},
	}))
	if strings.Count(got, "Permission is hereby granted") != 1 || !strings.Contains(got, "a (LICENSE)\nb (LICENSE)") {
		t.Errorf("the text of two is not there once, under both names:\n%s", got)
	}
}
