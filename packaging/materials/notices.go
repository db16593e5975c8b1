package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// notices are the files of a module that are compiled in and bear the notice of
// somebody else, which no file of licences of that module repeats.
var notices = map[string][]string{
	"github.com/go-gl/glfw/v3.4/glfw": {"glfw/deps/glad/*.h", "glfw/deps/mingw/*put.h", "glfw/deps/wayland/*.xml"},
	"github.com/go-gl/gl":             {"v2.1/gl/KHR/khrplatform.h"},
	"github.com/miekg/pkcs11":         {"pkcs11.h"},
}

// notice is where a file tells whose it is: an element of a description of
// Wayland, or the first comment of C that speaks of it.
var notice = regexp.MustCompile(`(?s)<copyright>(.*?)</copyright>|/\*((?:[^*]|\*[^/])*?Copyright(?:[^*]|\*+[^*/])*)\*+/`)

// findNotices finds those of a module. A file that is no longer there, or tells
// no longer whose it is, is an error: the module changed, and is to be looked at.
func findNotices(module, folder string) (texts []text, err error) {
	for _, pattern := range notices[module] {
		files, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no %s", pattern)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			found := notice.FindSubmatch(content)
			if found == nil {
				return nil, fmt.Errorf("%s does not tell whose it is", file)
			}
			name, err := filepath.Rel(folder, file)
			if err != nil {
				return nil, err
			}
			texts = append(texts, text{filepath.ToSlash(name), string(found[1]) + string(found[2])})
		}
	}
	return texts, nil
}
