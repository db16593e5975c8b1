package report

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/nationalid"
	"postecpx/internal/diagnostic"
	"postecpx/internal/plaintext"
)

// sweeper replaces every value that says who somebody is in the texts of
// others: paths, names of slots, error messages. It knows the values of one
// diagnosis, and the forms that such values have in general.
type sweeper struct {
	redactor *redactor
	homes    [][]rune // folded
	patterns []pattern
	first    map[rune][]pattern // by their first letter
	// forms gives the digits that stand for a value, by its letters.
	forms map[string]string
	// holder are the digits that stand for all that says who the holder of the
	// card is; empty when no card was read. kinds are the values of each kind:
	// sources may disagree.
	holder string
	kinds  map[string][]string
	// held are the placeholders that were put into a text under way.
	held []string
}

// pattern is one value to look for.
type pattern struct {
	letters []glyph
	matches matching
	// instead is what stands in its place.
	instead string
	// person: it is of a person or an account, and never a part of a place that
	// every workstation has.
	person, holder bool
	// near: one character at most stands between its words.
	near bool
}

// longestSwept bounds the work for one text. Far less of it is ever shown.
const longestSwept = 64 << 10

func newSweeper(d diagnostic.Diagnosis, r *redactor) *sweeper {
	s := &sweeper{redactor: r, forms: map[string]string{}, kinds: map[string][]string{}}
	s.secrets(d)
	if r.redaction == None {
		s.first = byFirst(s.patterns)
		return s
	}
	// The account comes first: its name stands for the same in the reports
	// without a card.
	for _, f := range d.Persons {
		s.account(f)
	}
	if d.Card != nil {
		s.card(d.Card)
	}
	for _, finding := range d.Findings {
		for _, f := range finding.Facts {
			switch {
			case f.Sensitivity == diagnostic.Secret || !r.redaction.hides(f.Sensitivity):
			case f.Key == "user" || f.Key == "host" || f.Key == "home":
				s.account(f)
			case f.Key == "cardSays" && s.holder != "":
				s.whole(f.Key, f.Value, s.ofHolder(f.Key, f.Value))
			case f.Sensitivity != diagnostic.Workstation || !isPublic(f.Value):
				s.whole(f.Key, f.Value, s.digitsOf(f.Value))
			}
		}
	}
	if r.redaction.hides(diagnostic.Workstation) {
		s.whole("reader", d.Reader, s.digitsOf(d.Reader))
	}
	slices.SortStableFunc(s.patterns, func(a, b pattern) int { return cmp.Compare(len(b.letters), len(a.letters)) })
	s.first = byFirst(s.patterns)
	return s
}

func (s *sweeper) secrets(d diagnostic.Diagnosis) {
	for _, finding := range d.Findings {
		for _, f := range finding.Facts {
			if f.Sensitivity == diagnostic.Secret && len(f.Value) >= 4 {
				s.patterns = append(s.patterns, pattern{letters: fold(f.Value), matches: anywhere, instead: secretPlaceholder})
			}
		}
	}
}

// card learns all that a card says of its holder. One digest stands for all of
// it: several would tell more of who it is than one does.
func (s *sweeper) card(c *cps.Card) {
	id := c.Identifier
	s.holder = s.redactor.digits("holder " + cmp.Or(c.Number, id.Value, id.CertificateValue, c.Holder.FamilyName+" "+c.Holder.GivenName))
	s.digits("identifier", id.Value, s.ofHolder("identifier", id.Value))
	s.digits("identifier", id.Number, s.ofHolder("identifier", cmp.Or(id.Value, id.Number)))
	s.digits("identifier", id.CertificateValue, s.ofHolder("identifier", id.CertificateValue))
	if parsed, err := nationalid.Parse(id.CertificateValue); err == nil {
		s.digits("identifier", parsed.Number, s.ofHolder("identifier", id.CertificateValue))
	}
	s.digits("number", c.Number, s.ofHolder("number", c.Number))
	if len(c.Number) > 8 { // so the Cryptolib names its cache
		s.digits("number", c.Number[:8], s.ofHolder("number", c.Number))
	}
	s.person(c.Holder.FamilyName, c.Holder.GivenName)
	for _, x := range c.Certificates {
		s.certificate(x)
	}
}

func (s *sweeper) certificate(x cps.Certificate) {
	serial := s.ofHolder("serial", x.Serial)
	s.whole("subject", x.DN, s.ofHolder("subject", x.DN))
	s.whole("commonName", x.CommonName, s.ofHolder("commonName", x.CommonName))
	families, givens := []string{x.Surname}, []string{x.GivenName}
	for _, a := range x.Attributes {
		switch a.Name {
		case "CN", "UID", "serialNumber":
			s.whole("commonName", a.Value, s.ofHolder("commonName", a.Value))
		case "SN":
			families = append(families, a.Value)
		case "GN", "initials":
			givens = append(givens, a.Value)
		}
	}
	for i := range max(len(families), len(givens)) {
		s.person(families[min(i, len(families)-1)], givens[min(i, len(givens)-1)])
	}
	if len(x.Raw) > 0 {
		of1, of256 := sha1.Sum(x.Raw), sha256.Sum256(x.Raw)
		s.code("fingerprint", hex.EncodeToString(of256[:]), serial)
		s.code("fingerprint", hex.EncodeToString(of1[:]), serial)
	}
	s.code("serial", x.Serial, serial)
	if n, ok := new(big.Int).SetString(strings.ReplaceAll(x.Serial, ":", ""), 16); ok {
		s.digits("serial", n.String(), serial)
	}
}

// ofHolder are the digits of a value that the card says of its holder. A second
// value of a kind, where sources disagree or certificates are several, has a
// number after them.
func (s *sweeper) ofHolder(kind, value string) string {
	letters := lettersOf(value)
	if letters == "" {
		return s.holder
	}
	at := slices.Index(s.kinds[kind], letters)
	if at < 0 {
		at = len(s.kinds[kind])
		s.kinds[kind] = append(s.kinds[kind], letters)
	}
	if at == 0 {
		return s.holder
	}
	return s.holder + "-" + strconv.Itoa(at+1)
}

// ofCard is the placeholder of a value that the card says of its holder.
func (s *sweeper) ofCard(kind, value, stands string) string {
	if value == "" {
		return ""
	}
	return placeholder(kind, s.ofHolder(kind, stands))
}

// lettersOf is what two values are compared as.
func lettersOf(value string) string {
	if letters := plain(fold(value)); letters != "" {
		return letters
	}
	return value
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
		s.whole(f.Key, value, s.redactor.digits(value))
	}
}

// called learns the name of an account or of a machine. One that is an ordinary
// word, or short, is looked for in paths alone.
func (s *sweeper) called(kind, value string) {
	letters := fold(value)
	if len(letters) == 0 || strings.EqualFold(value, "localhost") {
		return
	}
	digits := s.redactor.digits(value)
	switch {
	case unspaced(letters):
		s.learn(kind, value, digits, anywhere)
	case ordinary[plain(letters)] || len(letters) < 4:
		s.learn(kind, value, digits, wordsOfPaths)
	default:
		s.learn(kind, value, digits, words)
		if len(letters) > 4 {
			s.learn(kind, value, digits, partsOfPaths)
		}
	}
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

// person learns a person's names, apart, and together as accounts and folders
// are called after them.
func (s *sweeper) person(family, given string) {
	family, given = colours.ReplaceAllString(family, ""), colours.ReplaceAllString(given, "")
	s.name("familyName", family)
	s.name("givenName", given)
	f, g := fold(family), fold(given)
	if len(f) == 0 || len(g) == 0 {
		return
	}
	digits := s.ofHolder("familyName", family)
	both := func(a, b []glyph) {
		joined := slices.Concat(a, b)
		joined[len(a)].gap = 1
		how := words
		if len(joined) < 4 {
			how = wordsOfPaths
		}
		s.learnLetters("familyName", joined, digits, how)
		s.patterns[len(s.patterns)-1].near = true
	}
	both(g, f)
	both(f, g)
	initials := initialsOf(given)
	for _, short := range [][]glyph{g[:1], initials} {
		both(short, f)
		both(f, short)
		for _, part := range partsOf(family) {
			if len(part) > 3 {
				both(short, part)
			}
		}
	}
}

// name learns a name: whole, and each of its longer parts, in paths also within
// a word: folders and machines are called "drdupont".
func (s *sweeper) name(kind, value string) {
	letters := fold(value)
	if len(letters) == 0 {
		return
	}
	digits := s.ofHolder(kind, value)
	all := append(partsOf(value), letters)
	for i, part := range all {
		switch whole := i == len(all)-1; {
		case unspaced(part):
			s.learnLetters(kind, part, digits, anywhere)
		case len(part) > 3:
			s.learnLetters(kind, part, digits, words)
			s.learnLetters(kind, part, digits, partsOfPaths)
		case whole && len(part) == 3:
			s.learnLetters(kind, part, digits, words)
		case whole:
			s.learnLetters(kind, part, digits, wordsOfPaths)
		}
	}
}

// partsOf are the halves of a compound name, and the words of those.
func partsOf(name string) [][]glyph {
	var parts [][]glyph
	halves := strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) })
	pieces := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for _, all := range [][]string{halves, pieces} {
		for _, part := range all {
			if letters := fold(part); len(all) > 1 && len(letters) > 0 {
				letters[0].gap = 1
				parts = append(parts, letters)
			}
		}
	}
	return parts
}

// initialsOf are the first letters of the given names.
func initialsOf(name string) []glyph {
	var initials []glyph
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		if letters := fold(word); len(letters) > 0 {
			initials = append(initials, letters[0])
		}
	}
	return initials
}

// unspaced tells whether the letters are of a script that sets no spaces
// between words.
func unspaced(letters []glyph) bool {
	return len(letters) > 0 && !slices.ContainsFunc(letters, func(g glyph) bool {
		return !unicode.In(g.letter, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// digits learns a number, which may be grouped where it stands.
func (s *sweeper) digits(kind, value, digits string) {
	letters := fold(value)
	switch {
	case len(letters) < 5:
	case !slices.ContainsFunc(letters, func(g glyph) bool { return !unicode.IsDigit(g.letter) }):
		s.learn(kind, value, digits, grouped)
	default:
		s.learn(kind, value, digits, words)
	}
}

// code learns a hexadecimal value; zeros before it count for nothing.
func (s *sweeper) code(kind, value, digits string) {
	if trimmed := strings.TrimLeft(value, "0:"); len(fold(trimmed)) >= 6 {
		s.learn(kind, trimmed, digits, hexadecimal)
	}
}

// whole learns a value of unknown form.
func (s *sweeper) whole(kind, value, digits string) {
	letters := fold(value)
	switch {
	case len(letters) < 3:
	case !slices.ContainsFunc(letters, func(g glyph) bool { return !unicode.IsDigit(g.letter) }):
		s.digits(kind, value, digits)
	default:
		s.learn(kind, value, digits, words)
	}
}

func (s *sweeper) learn(kind, value, digits string, how matching) {
	s.learnLetters(kind, fold(colours.ReplaceAllString(value, "")), digits, how)
}

func (s *sweeper) learnLetters(kind string, letters []glyph, digits string, how matching) {
	if len(letters) == 0 || how == words && len(letters) < 3 || len(letters) > 2048 {
		return
	}
	if known, ok := s.forms[plain(letters)]; ok {
		digits = known // the first to teach a value says what it stands for
	} else {
		s.forms[plain(letters)] = digits
	}
	s.patterns = append(s.patterns, pattern{
		letters: letters, matches: how, instead: placeholder(kind, digits),
		person: how == words || how == wordsOfPaths || how == partsOfPaths || how == anywhere,
		holder: s.holder != "" && strings.HasPrefix(digits, s.holder),
	})
}

// digitsOf are the digits that stand for a value. All that names the holder of
// the card has the same.
func (s *sweeper) digitsOf(value string) string {
	if known, ok := s.forms[lettersOf(value)]; ok {
		return known
	}
	if s.holder != "" {
		value := value[:min(len(value), longestSwept)]
		letters := fold(value)
		for _, p := range s.patterns {
			if p.holder && p.within(value, letters) {
				return s.holder
			}
		}
	}
	return s.redactor.digits(value)
}

// text makes a foreign text inert, and replaces in it all that is known, then
// what has the form of a person's value.
func (s *sweeper) text(t string) string {
	if len(t) > longestSwept {
		t = strings.ToValidUTF8(t[:longestSwept], "")
	}
	s.held = s.held[:0]
	if s.redactor.redaction == None {
		return s.shown(s.replace(t))
	}
	// Cleaned first: what would be taken out later may stand within a name.
	t = plaintext.Clean(colours.ReplaceAllString(t, escape))
	if s.redactor.redaction.hides(diagnostic.Workstation) {
		t = s.hidePaths(t)
	}
	t = s.othersHomes(s.replaceHomes(t))
	t = strings.ReplaceAll(s.replace(t), escape, "")
	return s.shown(s.inGeneral(t))
}

// escape is written for a code that a terminal would obey, as long as it is
// told whether a name stands on both sides of it.
const escape = "␛"

// Placeholders stand in a text under way as a private character each, so that
// nothing is looked for in them. Clean has left no other private character.
const (
	heldFirst = 0xF0000
	heldMost  = 0xFFF0
)

// hold gives what stands for a placeholder in a text under way.
func (s *sweeper) hold(placeholder string) string {
	if s.redactor.redaction == None || len(s.held) >= heldMost {
		return placeholder
	}
	s.held = append(s.held, placeholder)
	return string(rune(heldFirst + len(s.held) - 1))
}

// shown puts the placeholders into the text.
func (s *sweeper) shown(t string) string {
	if len(s.held) == 0 {
		return t
	}
	var b strings.Builder
	for _, r := range t {
		if at := int(r) - heldFirst; at >= 0 && at < len(s.held) {
			b.WriteString(s.held[at])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
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

// othersHomes takes out the names of the folders of users.
func (s *sweeper) othersHomes(t string) string {
	return someHome.ReplaceAllStringFunc(t, func(found string) string {
		at := someHome.FindStringSubmatch(found)
		name := strings.TrimSuffix(at[2], `\`)
		if everyones[strings.ToLower(name)] {
			return found
		}
		return at[1] + s.hold(s.redactor.hidden("user", name)) + at[2][len(name):]
	})
}

func (s *sweeper) inGeneral(t string) string {
	t = someReader.ReplaceAllStringFunc(t, func(found string) string {
		at := someReader.FindStringSubmatch(found)
		return "(" + s.hold(s.redactor.hidden("serial", at[1])) + ")" + at[2]
	})
	t = someMail.ReplaceAllStringFunc(t, func(found string) string { return s.hold(s.redactor.hidden("mail", found)) })
	return someNumber.ReplaceAllStringFunc(t, func(found string) string {
		whole := found
		if len(found) == 11 {
			whole = "8" + found // the RPPS without its type
		}
		if id, err := nationalid.Parse(whole); err != nil || id.Type != nationalid.RPPS || len(id.Check()) > 0 {
			return found
		}
		return s.hold(s.redactor.hidden("identifier", whole))
	})
}
