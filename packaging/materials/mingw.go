package main

import (
	"os"
	"os/exec"
	"strings"
)

// mingw are the parts of the C compiler that a Windows program holds, with the
// licences that Debian packs with them.
func mingw() []component {
	var all []component
	for _, p := range []struct{ name, from string }{
		{"mingw-w64", "mingw-w64-x86-64-dev"},
		{"gcc-mingw-w64", "gcc-mingw-w64-base"},
	} {
		c := component{name: p.name}
		file := "/usr/share/doc/" + p.from + "/copyright"
		if content, err := os.ReadFile(file); err == nil {
			c.texts = []text{{"copyright", string(content)}}
		}
		if out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}\n", p.from).Output(); err == nil {
			c.version, _, _ = strings.Cut(string(out), "\n")
			c.purl = "pkg:deb/debian/" + p.from + "@" + strings.NewReplacer("+", "%2B", "~", "~").Replace(c.version)
		}
		all = append(all, c)
	}
	return all
}
