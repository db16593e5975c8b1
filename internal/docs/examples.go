package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// A document names an example on a line of its own, "<!-- example: NAME -->";
// the block of code that follows is its text.
var quoted = regexp.MustCompile("(?m)^<!-- example: (\\w+) -->\n(?:```go\n(?s:.*?)\n```\n)?")

// WithExamples puts the functions of the Go source into the document, in the
// place of what stands there.
func WithExamples(document, source string) (string, error) {
	bodies, err := functions(source)
	if err != nil {
		return "", err
	}
	var missing []string
	text := quoted.ReplaceAllStringFunc(document, func(block string) string {
		name := quoted.FindStringSubmatch(block)[1]
		body, ok := bodies[name]
		if !ok {
			missing = append(missing, name)
		}
		return "<!-- example: " + name + " -->\n```go\n" + body + "\n```\n"
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("no such example: %s", strings.Join(missing, ", "))
	}
	return text, nil
}

// functions are those of the source by name: an example by its body, another
// function whole.
func functions(source string) (map[string]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, 0)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from, to := set.Position(f.Pos()).Offset, set.Position(f.End()).Offset
		text := source[from:to]
		if strings.HasPrefix(f.Name.Name, "Example") {
			text = source[set.Position(f.Body.Lbrace).Offset+1 : set.Position(f.Body.Rbrace).Offset]
			text = strings.ReplaceAll(strings.Trim(text, "\n"), "\n\t", "\n")
			text = strings.TrimPrefix(text, "\t")
		}
		all[f.Name.Name] = text
	}
	return all, nil
}
