package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"postecpx/internal/diagnostic"
	"postecpx/internal/language"
)

var hostile = []string{
	"\x1b[2J\x1b]0;owned\x07", "\u009b31m", "a\u202eb\u2066c\u200f", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`,
	"</style></details></html>", "javascript:alert(1)", "line\nline\r\n\x00\x08", strings.Repeat("x", 10<<10), strings.Repeat("é\u0301", 5000),
	"{{.Report}}", "‹identifier-000›", "\U000e0041\ufeff", "\xff\xfe\x80",
}

// TestHostileStringsAreInert puts what others wrote in every place where it
// may come from.
func TestHostileStringsAreInert(t *testing.T) {
	t.Parallel()
	for _, redaction := range Redactions() {
		for _, text := range hostile {
			d := example()
			d.Reader, d.System.Name, d.System.Version = text, text, text
			c := d.Card
			c.Product, c.Number, c.Holder.FamilyName, c.Holder.GivenName, c.Identifier.Value = text, text, text, text, text
			c.Holder.Profession.Label, c.Gaps[0].Part = text, text
			c.Certificates[0].DN, c.Certificates[0].Serial, c.Certificates[0].Issuer, c.Certificates[0].Label = text, text, text, text
			for i := range d.Persons {
				d.Persons[i].Value = text
			}
			for i := range d.Findings {
				d.Findings[i].Facts = []diagnostic.Fact{
					{Key: "detail", Value: text, Sensitivity: diagnostic.Public}, {Key: text, Value: text, Sensitivity: diagnostic.Person},
					{Key: "of no kind", Value: text, Sensitivity: "unheard of"},
				}
			}
			r := New(speaker(t, "fr"), d, Options{Redaction: redaction, Key: machine})
			for form, written := range said(t, r) {
				for _, char := range written {
					if char != '\n' && unicode.In(char, unicode.Cc, unicode.Cf) {
						t.Fatalf("%s, %s: %q is written with %U", redaction, form, text[:min(20, len(text))], char)
					}
				}
				if len(written) > 1<<20 {
					t.Errorf("%s, %s: %d bytes", redaction, form, len(written))
				}
			}
		}
	}
}

// TestPageIsSelfContained: nothing in the page asks another address, or runs.
func TestPageIsSelfContained(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Supported {
		for _, text := range append([]string{"plain"}, hostile...) {
			r := New(speaker(t, tag), example(), Options{Key: machine})
			for i := range r.Findings {
				f := &r.Findings[i]
				f.Title, f.Summary, f.Meaning, f.Remedy, f.Command = text, text, text, text, text
				f.Links = append(f.Links, Link{text, "javascript:alert(1)"}, Link{text, text}, Link{text, "file:///etc/passwd"}, Link{text, "https://esante.gouv.fr/?" + text})
			}
			r.Answer.Title, r.Card.Product, r.Card.Reader = text, text, text
			page := said(t, r)["html"]
			root, err := html.Parse(strings.NewReader(page))
			if err != nil {
				t.Fatal(err)
			}
			level, policy := 0, ""
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				switch n.Data {
				case "script", "img", "iframe", "object", "embed", "link", "base", "form", "audio", "video":
					t.Errorf("%q makes an element %s", text[:min(20, len(text))], n.Data)
				case "html":
					if attribute(n, "lang") != tag {
						t.Errorf("lang is %q", attribute(n, "lang"))
					}
				case "meta":
					if attribute(n, "http-equiv") == "Content-Security-Policy" {
						policy = attribute(n, "content")
					}
				case "a":
					if href := attribute(n, "href"); !strings.HasPrefix(href, "https://esante.gouv.fr/") {
						t.Errorf("a link to %q", href)
					}
				case "th":
					if scope := attribute(n, "scope"); scope != "row" && scope != "col" {
						t.Error("a head of a table without scope")
					}
				case "h1", "h2", "h3":
					if at := int(n.Data[1] - '0'); at > level+1 {
						t.Errorf("%s after a heading of level %d", n.Data, level)
					} else {
						level = at
					}
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" {
						t.Errorf("%s has the attribute %s", n.Data, a.Key)
					}
				}
			}
			if !strings.Contains(policy, "default-src 'none'") {
				t.Errorf("the policy is %q", policy)
			}
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// TestStatusIsAWord: no status is told by its picture alone.
func TestStatusIsAWord(t *testing.T) {
	t.Parallel()
	s := speaker(t, "fr")
	r := New(s, example(), Options{Key: machine})
	forms := said(t, r)
	for _, word := range []string{"à régler", "à voir", "vérification interrompue"} {
		if !strings.Contains(forms["html"], `<span class="mark">`+word+"</span>") || !strings.Contains(forms["text"], "["+word+"]") {
			t.Errorf("%q is not said", word)
		}
	}
}

func TestReportReadsBack(t *testing.T) {
	t.Parallel()
	r := New(speaker(t, "fr"), example(), Options{Key: machine})
	text, err := JSON(r, "  ")
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := JSON(back, "  ")
	if err != nil || again != text {
		t.Errorf("the report reads back as another one: %v", err)
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"schema", "generatedAt", "findings", "card", "program", "answer", "redaction", "network", "language"} {
		if _, ok := document[path]; !ok {
			t.Errorf("%s is not there", path)
		}
	}
}

// TestEvidenceOfWhatIsWrongIsOpen: not every browser prints what is folded.
func TestEvidenceOfWhatIsWrongIsOpen(t *testing.T) {
	t.Parallel()
	d := example()
	d.Findings[0].Facts = []diagnostic.Fact{{Key: "version", Value: "1", Sensitivity: diagnostic.Public}}
	page := said(t, New(speaker(t, "fr"), d, Options{Key: machine}))["html"]
	if strings.Count(page, "<details open>") != 1 || strings.Index(page, "<details open>") > strings.Index(page, "<details><summary>") {
		t.Errorf("%d are open", strings.Count(page, "<details open>"))
	}
	if !strings.Contains(page, "«\u00a0") || strings.Contains(page, "« ") {
		t.Error("a guillemet may stand alone at the end of a line")
	}
}
