package report

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
)

// sweeper replaces every value that says who somebody is in the texts of
// others: paths, names of slots, error messages. It knows the values of one
// diagnosis, and the forms that such values have in general.
type sweeper struct {
	redactor *redactor
	homes    [][]rune // folded
	patterns []pattern
	// forms gives the value that another form stands for: the digits of a
	// grouped identifier.
	forms map[string]string
}

// pattern is one value to look for.
type pattern struct {
	letters []glyph
	matches matching
	// instead is what stands in its place.
	instead string
}

// longestSwept bounds the work for one text. Far less of it is ever shown.
const longestSwept = 64 << 10

func newSweeper(d diagnostic.Diagnosis, r *redactor) *sweeper {
	s := &sweeper{redactor: r, forms: map[string]string{}}
	s.secrets(d)
	if r.redaction == None {
		return s
	}
	if d.Card != nil {
		s.card(d.Card)
	}
	for _, f := range d.Persons {
		s.account(f)
	}
	for _, finding := range d.Findings {
		for _, f := range finding.Facts {
			switch {
			case f.Sensitivity == diagnostic.Secret || !r.redaction.hides(f.Sensitivity):
			case f.Key == "user" || f.Key == "host" || f.Key == "home":
				s.account(f)
			default:
				s.whole(f.Key, f.Value, f.Value)
			}
		}
	}
	slices.SortStableFunc(s.patterns, func(a, b pattern) int { return cmp.Compare(len(b.letters), len(a.letters)) })
	return s
}

func (s *sweeper) secrets(d diagnostic.Diagnosis) {
	for _, finding := range d.Findings {
		for _, f := range finding.Facts {
			if f.Sensitivity == diagnostic.Secret && len(f.Value) >= 4 {
				s.patterns = append(s.patterns, pattern{fold(f.Value), anywhere, secretPlaceholder})
			}
		}
	}
}

// card learns all that a card says of its holder.
func (s *sweeper) card(c *cps.Card) {
	id := c.Identifier
	s.digits("identifier", id.Value, id.Value)
	s.digits("identifier", id.Number, cmp.Or(id.Value, id.Number))
	s.digits("identifier", id.CertificateValue, id.CertificateValue)
	if parsed, err := nationalid.Parse(id.CertificateValue); err == nil {
		s.digits("identifier", parsed.Number, id.CertificateValue)
	}
	s.digits("number", c.Number, c.Number)
	if len(c.Number) > 8 { // so the Cryptolib names its cache
		s.digits("number", c.Number[:8], c.Number)
	}
	s.name("familyName", c.Holder.FamilyName)
	s.name("givenName", c.Holder.GivenName)
	for _, x := range c.Certificates {
		s.certificate(x)
	}
}

func (s *sweeper) certificate(x cps.Certificate) {
	s.whole("subject", x.DN, x.DN)
	s.whole("commonName", x.CommonName, x.CommonName)
	s.name("familyName", x.Surname)
	s.name("givenName", x.GivenName)
	for _, a := range x.Attributes {
		switch a.Name {
		case "CN", "UID", "serialNumber":
			s.whole("commonName", a.Value, a.Value)
		case "SN":
			s.name("familyName", a.Value)
		case "GN", "initials":
			s.name("givenName", a.Value)
		}
	}
	if len(x.Raw) > 0 {
		of1, of256 := sha1.Sum(x.Raw), sha256.Sum256(x.Raw)
		s.code("fingerprint", hex.EncodeToString(of256[:]), x.Serial)
		s.code("fingerprint", hex.EncodeToString(of1[:]), x.Serial)
	}
	s.code("serial", x.Serial, x.Serial)
	if n, ok := new(big.Int).SetString(strings.ReplaceAll(x.Serial, ":", ""), 16); ok {
		s.digits("serial", n.String(), x.Serial)
	}
}

// account learns what an account or a machine is called.
func (s *sweeper) account(f diagnostic.Fact) {
	value := strings.TrimSpace(f.Value)
	switch f.Key {
	case "home":
		home := strings.TrimRight(value, `/\`)
		if strings.Trim(home, `/\.`) == "" || strings.HasSuffix(home, ":") {
			return // the root of a disk is in every path
		}
		s.homes = append(s.homes, path(home))
		s.account(diagnostic.Fact{Key: "user", Value: home[strings.LastIndexAny(home, `/\`)+1:]})
	case "user":
		if domain, name, ok := strings.Cut(value, `\`); ok {
			s.account(diagnostic.Fact{Key: "host", Value: domain})
			value = name
		}
		if name, domain, ok := strings.Cut(value, "@"); ok {
			s.account(diagnostic.Fact{Key: "host", Value: domain})
			value = name
		}
		s.called("user", value)
	case "host":
		s.called("host", value)
		if name, domain, ok := strings.Cut(value, "."); ok {
			s.called("host", name)
			if strings.Contains(domain, ".") {
				s.called("host", domain)
			}
		}
	default:
		s.whole(f.Key, value, value)
	}
}

// called learns the name of an account or of a machine. One that is an ordinary
// word, or short, is looked for in paths alone.
func (s *sweeper) called(kind, value string) {
	letters := fold(value)
	if len(letters) == 0 || strings.EqualFold(value, "localhost") {
		return
	}
	how := words
	if ordinary[plain(letters)] || len(letters) < 4 {
		how = wordsOfPaths
	}
	s.learn(kind, value, value, how)
}

// ordinary are names of accounts and machines that are also words of a sentence
// or of a system.
var ordinary = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(`root user users admin administrator administrateur utilisateur doctor docteur medecin
		cabinet accueil secretariat secretaire poste pharmacie pharmacien dentiste infirmier clinique hopital sante service
		test demo guest invite public default system systeme local localhost home office work station computer desktop laptop
		serveur server client windows linux debian ubuntu fedora macos carte card cards lecteur reader cryptolib firefox mozilla
		program programme running active stopped automatic disabled true false none unknown`) {
		all[w] = true
	}
	return all
}()

// name learns a person's name: whole, and each of its longer parts.
func (s *sweeper) name(kind, value string) {
	s.learn(kind, value, value, words)
	parts := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for _, part := range parts {
		if letters := fold(part); len(parts) > 1 && len(letters) > 3 {
			s.learn(kind, part, value, words)
		}
	}
}

// digits learns a number, which may be grouped where it stands.
func (s *sweeper) digits(kind, value, stands string) {
	letters := fold(value)
	switch {
	case len(letters) < 5:
	case !slices.ContainsFunc(letters, func(g glyph) bool { return !unicode.IsDigit(g.letter) }):
		s.learn(kind, value, stands, grouped)
	default:
		s.learn(kind, value, stands, words)
	}
}

// code learns a hexadecimal value; zeros before it count for nothing.
func (s *sweeper) code(kind, value, stands string) {
	if trimmed := strings.TrimLeft(value, "0:"); len(fold(trimmed)) >= 6 {
		s.learn(kind, trimmed, stands, hexadecimal)
	}
}

// whole learns a value of unknown form.
func (s *sweeper) whole(kind, value, stands string) {
	letters := fold(value)
	switch {
	case len(letters) < 3:
	case !slices.ContainsFunc(letters, func(g glyph) bool { return !unicode.IsDigit(g.letter) }):
		s.digits(kind, value, stands)
	default:
		s.learn(kind, value, stands, words)
	}
}

func (s *sweeper) learn(kind, value, stands string, how matching) {
	letters := fold(value)
	if len(letters) == 0 || how == words && len(letters) < 3 || len(letters) > 2048 {
		return
	}
	if known, ok := s.forms[plain(letters)]; ok {
		stands = known // the first to teach a value says what it stands for
	} else {
		s.forms[plain(letters)] = stands
	}
	s.patterns = append(s.patterns, pattern{letters, how, s.redactor.placeholder(kind, stands)})
}

// canonical is the value that this form stands for.
func (s *sweeper) canonical(value string) string {
	if known, ok := s.forms[plain(fold(value))]; ok {
		return known
	}
	return value
}

// text replaces all that is known, then what has the form of a person's value.
func (s *sweeper) text(t string) string {
	if len(t) > longestSwept {
		t = strings.ToValidUTF8(t[:longestSwept], "")
	}
	if s.redactor.redaction != None {
		t = s.replaceHomes(colours.ReplaceAllString(t, " "))
	}
	t = replace(t, s.patterns)
	if s.redactor.redaction != None {
		t = s.inGeneral(t)
	}
	return t
}

// Forms of values that were not known.
var (
	// The folder of a user; what stands after it is the name of an account.
	someHome = regexp.MustCompile(`(?i)(/home/|/users/|/run/media/|\\+users\\+|\\+documents and settings\\+)([^/\\"'<>|:*?\s‹›]+(?: [^/\\"'<>|:*?\r\n‹›]+?\\)?)`)
	// pcsc-lite puts the serial number of a reader between brackets.
	someReader = regexp.MustCompile(`\(([0-9A-Za-z._-]{4,64})\)( [0-9A-Fa-f]{2} [0-9A-Fa-f]{2})\b`)
	someMail   = regexp.MustCompile(`[\p{L}0-9._%+-]+@[\p{L}0-9-]+(?:\.[\p{L}0-9-]+)+`)
	someNumber = regexp.MustCompile(`\d{11,}`)
)

// colours are the codes that programs write for a terminal; their last letter
// would join the word after it.
var colours = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// everyones are folders beside those of the users.
var everyones = map[string]bool{"public": true, "default": true, "default user": true, "all users": true, "shared": true}

func (s *sweeper) inGeneral(t string) string {
	t = someHome.ReplaceAllStringFunc(t, func(found string) string {
		at := someHome.FindStringSubmatch(found)
		name := strings.TrimSuffix(at[2], `\`)
		if everyones[strings.ToLower(name)] {
			return found
		}
		return at[1] + s.redactor.hidden("user", name) + at[2][len(name):]
	})
	t = someReader.ReplaceAllStringFunc(t, func(found string) string {
		at := someReader.FindStringSubmatch(found)
		return "(" + s.redactor.hidden("serial", at[1]) + ")" + at[2]
	})
	t = someMail.ReplaceAllStringFunc(t, func(found string) string { return s.redactor.hidden("mail", found) })
	return someNumber.ReplaceAllStringFunc(t, func(found string) string {
		whole := found
		if len(found) == 11 {
			whole = "8" + found // the RPPS without its type
		}
		if id, err := nationalid.Parse(whole); err != nil || id.Type != nationalid.RPPS || len(id.Check()) > 0 {
			return found
		}
		return s.redactor.hidden("identifier", whole)
	})
}
