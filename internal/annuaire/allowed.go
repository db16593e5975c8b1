package annuaire

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"postecpx/assets/links"
)

// Reasons why an address is not opened.
var (
	ErrForm      = errors.New("not a plain web address")
	ErrNotHTTPS  = errors.New("not an https address")
	ErrForeign   = errors.New("neither its host nor its page is in the table of links")
	ErrUserInfo  = errors.New("it names a user")
	ErrNamesPort = errors.New("it names a port")
)

// maxAddress is more than any link needs, and less than browsers take.
const maxAddress = 2048

// uriCharacters are those of RFC 3986 beside letters and digits.
const uriCharacters = "-._~:/?#[]@!$&'()*+,;=%"

// ownFamilies are the domains whose hosts belong to the State's health services
// and to the Assurance Maladie, whatever the page. On the other hosts of the
// table others publish too: there, only what stands in the table is opened.
var ownFamilies = []string{".esante.gouv.fr", ".sante.gouv.fr", ".ameli.fr"}

// pages are the paths that may be opened, by host: those of the table of links,
// and the directory's. "" stands for the whole host.
var pages = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	addresses := []string{personPage}
	for _, l := range links.All() {
		addresses = append(addresses, l.URL)
	}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil {
			continue
		}
		path := strings.TrimRight(u.EscapedPath(), "/")
		for _, family := range ownFamilies {
			if strings.HasSuffix("."+u.Hostname(), family) {
				path = ""
			}
		}
		all[u.Hostname()] = append(all[u.Hostname()], path)
	}
	return all
})

// known tells whether the page is one of the table, or below one.
func known(u *url.URL) bool {
	path := u.EscapedPath()
	for _, page := range pages()[strings.ToLower(u.Host)] {
		if page == "" || path == page {
			return true
		}
		if strings.HasPrefix(path, page+"/") && !climbs(u.Path) {
			return true
		}
	}
	return false
}

// climbs tells whether a browser would take parts of the path away.
func climbs(path string) bool {
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// Allowed tells whether the programs may open that address, and gives it
// parsed: https, a host of the table of links or the Annuaire Santé (on hosts
// where others publish too, the pages of the table and what is below them), no
// user name, no port, and no character that is not one of an address.
// Everything that opens a browser asks here first.
//
// An http address of the table is shown and never opened: whoever is on the way
// can put another page in its place. (What IGC-Santé publishes so is checked by
// fingerprints where the programs use it.)
func Allowed(address string) (*url.URL, error) {
	refuse := func(why error) (*url.URL, error) { return nil, fmt.Errorf("address not opened: %w", why) }
	if address == "" || len(address) > maxAddress || strings.ContainsFunc(address, noCharacterOfAURI) {
		return refuse(ErrForm)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "":
		return refuse(ErrForm)
	case u.Scheme != "https":
		return refuse(ErrNotHTTPS)
	case u.User != nil:
		return refuse(ErrUserInfo)
	case u.Host != u.Hostname():
		return refuse(ErrNamesPort)
	case !known(u):
		return refuse(ErrForeign)
	}
	return u, nil
}

func noCharacterOfAURI(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(uriCharacters, r)
}
