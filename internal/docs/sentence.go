package docs

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
)

// A sentence of the catalogue is filled with facts of a workstation. In a
// document there is none: a fact stands as ‹its name›, and of words that
// depend on one all are shown, [these | those].

// prose is a sentence as Markdown.
func prose(said map[string]string, text string) (string, error) {
	return unfilled(said, text, escape, `\[`, `\]`)
}

// plain is a sentence to stand as code.
func plain(said map[string]string, text string) (string, error) {
	return unfilled(said, text, func(text string) string { return text }, "[", "]")
}

// special has a meaning in Markdown.
var special = regexp.MustCompile("[\\\\`*_<>\\[\\]#|]")

func escape(text string) string { return special.ReplaceAllString(text, `\$0`) }

func unfilled(said map[string]string, text string, clean func(string) string, open, shut string) (string, error) {
	t, err := template.New("").Parse(text)
	if err != nil {
		return "", fmt.Errorf("%q: %w", text, err)
	}
	w := walk{said: said, clean: clean, open: open, shut: shut}
	out := w.list(t.Root, "")
	return dates.ReplaceAllString(out, "$1"), w.err
}

// dates are facts that a sentence cuts into day, month and year.
var dates = regexp.MustCompile(`\x00(‹[^›]*›)(?:[^\x00‹›]{1,4}\x00‹[^›]*›)*`)

type walk struct {
	said       map[string]string
	clean      func(string) string
	open, shut string
	err        error
}

// list says the nodes in turn; dot is the fact that "." stands for.
func (w *walk) list(l *parse.ListNode, dot string) string {
	var b strings.Builder
	if l == nil {
		return ""
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			b.WriteString(w.clean(string(n.Text)))
		case *parse.ActionNode:
			b.WriteString(w.fact(n.Pipe, dot))
		case *parse.IfNode:
			b.WriteString(w.choice(w.list(n.List, dot), w.list(n.ElseList, dot)))
		case *parse.WithNode:
			inner := w.list(n.List, field(n.Pipe, dot))
			if n.ElseList != nil {
				inner = w.choice(inner, w.list(n.ElseList, dot))
			}
			b.WriteString(inner)
		default:
			w.err = cmp.Or(w.err, fmt.Errorf("%s: no rule for it in a document", n))
		}
	}
	return b.String()
}

// choice shows both. A line that ends within one ends after it.
func (w *walk) choice(yes, no string) string {
	end := ""
	if strings.HasSuffix(yes, "\n") && (no == "" || strings.HasSuffix(no, "\n")) {
		end = "\n"
	}
	inline := func(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", " → ") }
	lead := ""
	if strings.HasPrefix(yes, "\n") {
		lead = "\n"
	} else if strings.HasPrefix(yes, " ") {
		lead = " "
	}
	words := inline(yes)
	if no != "" {
		words += " | " + inline(no)
	}
	return lead + w.open + words + w.shut + end
}

// fact names the fact that an action shows.
func (w *walk) fact(p *parse.PipeNode, dot string) string {
	name := field(p, dot)
	label := cmp.Or(w.said["fact."+name], name)
	mark := ""
	if len(p.Cmds) > 0 && len(p.Cmds[0].Args) > 1 { // slice . 8 10
		mark = "\x00"
	}
	return mark + "‹" + w.clean(label) + "›"
}

// field is the fact that a pipe is about.
func field(p *parse.PipeNode, dot string) string {
	for _, c := range p.Cmds {
		for _, a := range c.Args {
			if f, ok := a.(*parse.FieldNode); ok {
				return f.Ident[0]
			}
		}
	}
	return dot
}
